//! `reboot`: restarts the host and waits until it is back.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Spec};

/// The declaration of `reboot`.
pub static MODULE: Spec = Spec {
    name: "reboot",
    collections: BUILTIN,
    summary: "Restart the host and wait until it is back",
    description: &[
        "Starts `shutdown -r` on the host, waits until the host has started anew, which its boot id shows, and until a test command succeeds.",
        "Needs rights to restart the host, so most often `become: true`.",
    ],
    options: &[
        Opt::new("pre_reboot_delay", Kind::Int, "Seconds before the restart, rounded down to minutes.").default("0"),
        Opt::new("post_reboot_delay", Kind::Int, "Seconds to wait before the first try to reach the host.").default("0"),
        Opt::new("reboot_timeout", Kind::Int, "Seconds that the restart may take, and that the test command may take after it.")
            .default("600"),
        Opt::new("connect_timeout", Kind::Int, "Seconds that one try to reach the host may take."),
        Opt::new("test_command", Kind::Str, "A command that must succeed before the host counts as back.").default("\"whoami\""),
        Opt::new("msg", Kind::Str, "What users of the host are told.").default("\"Reboot initiated by Ansible\""),
        Opt::new("search_paths", Kind::List(&Kind::Str), "Where the command is looked for.")
            .default("[\"/sbin\", \"/bin\", \"/usr/sbin\", \"/usr/bin\", \"/usr/local/sbin\"]"),
        Opt::new("boot_time_command", Kind::Str, "A command whose output is different after every start.")
            .default("\"cat /proc/sys/kernel/random/boot_id\""),
        Opt::new("reboot_command", Kind::Str, "The command that restarts the host; with it the two delays and `msg` do not count."),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "rebooted", kind: "bool", when: "always", doc: "Whether the host was restarted." },
        Return { name: "elapsed", kind: "int", when: "always", doc: "Seconds that it took." },
    ],
    examples: "
- name: Use the new kernel
  reboot:
    reboot_timeout: 300
  become: true
",
    place: Place::Controller,
};
