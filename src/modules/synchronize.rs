//! `synchronize`: files kept the same by `rsync`.

use super::spec::POSIX;
use super::{Kind, Opt, Place, Return, Spec};

/// The declaration of `synchronize`.
pub static MODULE: Spec = Spec {
    name: "synchronize",
    collections: POSIX,
    summary: "Keep files of the controller and of the host the same with `rsync`",
    description: &[
        "Runs `rsync` on the controller, which needs one on the host too. It goes through the connection that the run has already: its bastions, keys, \
         passwords and known hosts are those of every other task. Only what differs is sent; in check mode `rsync` only says what it would do.",
        "With `delegate_to` it is the host named there that runs `rsync`; when that is not the host of the task, it gets there by its own `ssh`. Both \
         paths are on one machine when a task is delegated to its own host, or when its connection is `local`.",
        "`become` holds for the host, not for the controller.",
    ],
    options: &[
        Opt::new(
            "src",
            Kind::Path,
            "What is copied. On the controller it is looked for as with `copy`. With `/` at its end, what is in the directory and not the directory.",
        )
        .required(),
        Opt::new("dest", Kind::Path, "Where it goes.").required(),
        Opt::new("mode", Kind::Str, "`push`: from the controller to the host. `pull`: from the host to the controller.")
            .choices(&["pull", "push"])
            .default("\"push\""),
        Opt::new("archive", Kind::Bool, "Directories with all in them, links, permissions, times, owner, group, devices and special files.")
            .default("true"),
        Opt::new("recursive", Kind::Bool, "Directories with all in them; when it is not said, as `archive`."),
        Opt::new("links", Kind::Bool, "Symbolic links as links; when it is not said, as `archive`."),
        Opt::new("perms", Kind::Bool, "Permissions; when it is not said, as `archive`."),
        Opt::new("times", Kind::Bool, "Times of change; when it is not said, as `archive`."),
        Opt::new("owner", Kind::Bool, "Owners, which only root can give; when it is not said, as `archive`."),
        Opt::new("group", Kind::Bool, "Groups; when it is not said, as `archive`."),
        Opt::new("copy_links", Kind::Bool, "What symbolic links lead to in place of the links.").default("false"),
        Opt::new("dirs", Kind::Bool, "Directories without what is in them.").default("false"),
        Opt::new("delete", Kind::Bool, "Remove from `dest` what is not in `src`, after all was copied.").default("false"),
        Opt::new("existing_only", Kind::Bool, "Make no files that are not there yet.").default("false"),
        Opt::new("checksum", Kind::Bool, "Compare files by their content, not by time and size.").default("false"),
        Opt::new("compress", Kind::Bool, "Compress what is sent.").default("true"),
        Opt::new("delay_updates", Kind::Bool, "Put all changed files in place together at the end; filters in files named `.rsync-filter` hold.")
            .default("true"),
        Opt::new("partial", Kind::Bool, "Keep a file of which only a part came, so that the next run goes on from there.").default("false"),
        Opt::new("link_dest", Kind::List(&Kind::Path), "Directories of the other side: a file that is the same there becomes a hard link to it."),
        Opt::new("rsync_path", Kind::Str, "The command that is `rsync` on the host. With it `become` does not count."),
        Opt::new("rsync_timeout", Kind::Int, "Seconds without data after which `rsync` gives up; 0: never.").default("0"),
        Opt::new("rsync_opts", Kind::List(&Kind::Str), "More options for `rsync`. With `--rsh` among them it does not use kconf's connection.")
            .default("[]"),
        Opt::new("dest_port", Kind::Int, "The port of SSH on the host, when it is not that of its other tasks."),
        Opt::new("private_key", Kind::Path, "A key to log in with, tried before the others when there is no connection yet."),
        Opt::new("verify_host", Kind::Bool, "Refuse unknown host keys, whatever else was set. Without it they are checked as for every task.")
            .default("false"),
        Opt::new("set_remote_user", Kind::Bool, "Name the user in front of the path of the other side.").default("true"),
        Opt::new("use_ssh_args", Kind::Bool, "Hand `ansible_ssh_args` and the like to an `ssh` that a delegate runs; kconf's own connection follows them anyway.")
            .default("false"),
        Opt::new("ssh_connection_multiplexing", Kind::Bool, "Let an `ssh` that a delegate runs share connections; kconf's own is shared anyway.")
            .default("false"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "cmd", kind: "str", when: "rsync ran", doc: "The command line of `rsync`." },
        Return { name: "rc", kind: "int", when: "rsync ran", doc: "Its exit code." },
        Return { name: "msg", kind: "str", when: "always", doc: "What it changed, a line for each file, in the words of `rsync --itemize-changes`; or its errors." },
        Return { name: "stdout_lines", kind: "list", when: "success", doc: "`msg` by lines." },
    ],
    examples: "
- name: The site as it is in the role
  ansible.posix.synchronize:
    src: site/
    dest: /srv/site
    delete: true
    owner: false
    group: false
  become: true

- name: Reports of the host
  ansible.posix.synchronize:
    mode: pull
    src: /var/log/reports/
    dest: reports/{{ inventory_hostname }}
",
    place: Place::Controller,
};
