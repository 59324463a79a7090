//! `sysctl`: settings of the kernel.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::ids::text_of;
use super::shared::required_command;
use super::shared::run::change;
use super::shared::state::State;
use super::spec::POSIX;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Rule, Spec};
use crate::system::{Attributes, Content, Effect, Follow};

/// The declaration of `sysctl`.
pub static MODULE: Spec = Spec {
    name: "sysctl",
    collections: POSIX,
    summary: "Set settings of the kernel, now and for the next boot",
    description: &[
        "Writes the setting into a file of settings, of which all other lines stay as they are, and lets `sysctl` of the host load that file when it changed or when the kernel has another value.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "The setting: `net.core.somaxconn`.").required().aliases(&["key"]),
        Opt::new("value", Kind::Str, "Its value. `yes`, `on`, `true` mean 1; `no`, `off`, `false` mean 0. Needed with `state: present`.")
            .aliases(&["val"]),
        Opt::new("state", Kind::Str, "Whether the file has the setting. With `absent` the kernel keeps the value it has.")
            .choices(&["present", "absent"])
            .default("\"present\""),
        Opt::new("sysctl_file", Kind::Path, "The file.").default("\"/etc/sysctl.conf\""),
        Opt::new(
            "sysctl_set",
            Kind::Bool,
            "Whether the setting is also set on its own, by `sysctl -w`, when the kernel has another value.",
        )
        .default("false"),
        Opt::new("reload", Kind::Bool, "Whether the file is loaded.").default("true"),
        Opt::new("ignoreerrors", Kind::Bool, "Whether settings that the kernel does not know are passed over.").default("false"),
    ],
    rules: &[Rule::If("state", "present", &["value"])],
    free_form: None,
    returns: &[],
    examples: "
- name: Many connections may wait
  sysctl:
    name: net.core.somaxconn
    value: \"4096\"
    sysctl_file: /etc/sysctl.d/90-klaytn.conf
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    value: Option<String>,
    state: State,
    sysctl_file: PathBuf,
    sysctl_set: bool,
    reload: bool,
    ignoreerrors: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let fail = |reason: &str| Failure::new(format!("failed to set the kernel's `{}`: {reason}", args.name));
    if args.name.trim().is_empty() || args.name.contains(['\n', '=', ' ']) || args.name.starts_with('-') {
        return Err(fail("this is no name of a setting"));
    }
    let wanted = match (args.state, &args.value) {
        (State::Present, Some(value)) if value.trim().is_empty() => return Err(fail("`value` is empty")),
        (State::Present, Some(value)) if value.contains('\n') => return Err(fail("`value` holds a line break")),
        (State::Present, Some(value)) => Some(number_of(value.trim()).to_owned()),
        _ => None,
    };
    let kernel = Path::new("/proc/sys").join(place(&args.name));
    let current = ctx.system.stat(&kernel, Follow::Yes)?.map(|_| text_of(ctx.system, &kernel.to_string_lossy())).transpose()?;
    let differs = matches!((&wanted, &current), (Some(wanted), Some(current)) if !same(current, wanted));
    let sets = args.sysctl_set && differs;
    let text = text_of(ctx.system, &args.sysctl_file.to_string_lossy())?;
    let new = edited(&text, &args.name, wanted.as_deref());
    let loads = args.reload && (new.is_some() || differs);
    if wanted.is_some() && current.is_none() && (args.sysctl_set || args.reload) && !args.ignoreerrors {
        return Err(fail("the kernel does not know it")
            .hint("correct the name, load the kernel module that brings it, or set `ignoreerrors: true`"));
    }
    let effects: Vec<Effect> = match (&wanted, &current) {
        (Some(wanted), Some(_)) => vec![Effect::FileContent { path: kernel, content: format!("{wanted}\n").into_bytes() }],
        _ => vec![Effect::Other(format!("settings of {} loaded", args.sysctl_file.display()))],
    };
    if let (true, Some(wanted)) = (sets, &wanted) {
        let word = format!("{}={wanted}", args.name);
        sysctl(ctx, &args, &["-w", &word], &effects)?;
    }
    if let Some(new) = &new {
        write(ctx, &args.sysctl_file, new)?;
    }
    if loads {
        sysctl(ctx, &args, &["-p", &args.sysctl_file.to_string_lossy()], &effects)?;
    }
    Ok(Outcome::new())
}

fn sysctl(ctx: &mut Context<'_>, args: &Arguments, words: &[&str], effects: &[Effect]) -> Result<(), Failure> {
    let purpose = if words.first() == Some(&"-p") {
        format!("load the settings in `{}`", args.sysctl_file.display())
    } else {
        format!("set the kernel's `{}`", args.name)
    };
    let program = required_command(ctx.system, &["sysctl"], &purpose)?;
    let ignore: &[&str] = if args.ignoreerrors { &["-e"] } else { &[] };
    let command = ctx.command([program.as_str()].iter().chain(ignore).chain(words).copied());
    change(ctx, &command, effects, &purpose).map(drop)
}

fn write(ctx: &mut Context<'_>, path: &Path, text: &str) -> Result<(), Failure> {
    let is_link = ctx.system.stat(path, Follow::No)?.is_some_and(|stat| stat.is_link());
    let path = if is_link { ctx.system.real_path(path)? } else { path.to_path_buf() };
    ctx.system.write(&path, Content::Bytes(text.as_bytes()), &Attributes::default())?;
    Ok(())
}

/// Where the setting is below `/proc/sys`. The first separator decides, as with sysctl(8): `net.ipv4.conf.eth0/1.forwarding`.
fn place(name: &str) -> String {
    match name.find(['.', '/']).and_then(|at| name.get(at..at + 1)) {
        Some("/") => name.to_owned(),
        _ => name
            .chars()
            .map(|c| {
                if c == '.' {
                    '/'
                } else if c == '/' {
                    '.'
                } else {
                    c
                }
            })
            .collect(),
    }
}

/// Words for yes and no as numbers.
fn number_of(value: &str) -> &str {
    match value.to_lowercase().as_str() {
        "yes" | "on" | "true" | "y" | "t" => "1",
        "no" | "off" | "false" | "n" | "f" => "0",
        _ => value,
    }
}

/// Whether two values are the same but for blanks.
fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// The text with this value of the setting, or without the setting; `None` when it is so already.
fn edited(text: &str, name: &str, value: Option<&str>) -> Option<String> {
    let mut lines = Vec::new();
    let (mut found, mut changed) = (false, false);
    for line in text.lines() {
        // A dash in front says that errors do not matter.
        let plain = line.trim_start();
        let setting = if plain.starts_with(['#', ';']) { None } else { plain.trim_start_matches('-').split_once('=') };
        match (setting.filter(|(key, _)| key.trim() == name), value) {
            (None, _) => lines.push(line.to_owned()),
            // Only the last one counts, so one is enough.
            (Some(_), None) => changed = true,
            (Some(_), Some(_)) if found => changed = true,
            (Some((_, old)), Some(value)) => {
                found = true;
                let is_same = old.trim() == value;
                changed |= !is_same;
                lines.push(if is_same { line.to_owned() } else { format!("{name}={value}") });
            }
        }
    }
    if let Some(value) = value.filter(|_| !found) {
        lines.push(format!("{name}={value}"));
        changed = true;
    }
    changed.then(|| lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{Applied, apply, refused};
    use crate::system::fake::Fake;

    fn machine() -> Fake {
        Fake::new()
            .program("/usr/sbin/sysctl")
            .file("/proc/sys/vm/swappiness", "60\n")
            .file("/proc/sys/net/ipv4/tcp_rmem", "4096\t87380\t6291456\n")
            .file("/etc/sysctl.conf", "# vm.swappiness=1\nvm.swappiness = 60\nkernel.x=1\n")
    }

    fn ran(applied: &Applied) -> Vec<String> {
        applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/sbin/", "")).collect()
    }

    #[test]
    fn the_file_and_the_kernel_get_the_value() {
        let applied = apply(&MODULE, machine(), json!({"name": "vm.swappiness", "value": 10}));
        assert_eq!(ran(&applied), ["sysctl -p /etc/sysctl.conf"]);
        assert_eq!(applied.machine.text("/etc/sysctl.conf"), "# vm.swappiness=1\nvm.swappiness=10\nkernel.x=1\n");
        assert!(!apply(&MODULE, machine(), json!({"name": "vm.swappiness", "value": "60"})).changed);
        let quiet = apply(&MODULE, machine(), json!({"name": "vm.swappiness", "value": 10, "reload": false}));
        assert!(quiet.changed && ran(&quiet).is_empty());
        let both = apply(&MODULE, machine(), json!({"name": "vm.swappiness", "value": 10, "sysctl_set": true}));
        assert_eq!(ran(&both), ["sysctl -w vm.swappiness=10", "sysctl -p /etc/sysctl.conf"]);
        let known = machine().file("/etc/sysctl.d/x.conf", "net.ipv4.tcp_rmem=4096 87380 6291456\n");
        let args = json!({"name": "net.ipv4.tcp_rmem", "value": "4096 87380 6291456", "sysctl_file": "/etc/sysctl.d/x.conf"});
        assert!(!apply(&MODULE, known, args).changed);
        let drifted = apply(&MODULE, machine().file("/proc/sys/vm/swappiness", "1\n"), json!({"name": "vm.swappiness", "value": 60}));
        assert_eq!(ran(&drifted), ["sysctl -p /etc/sysctl.conf"]);
    }

    #[test]
    fn the_setting_leaves_the_file() {
        let applied = apply(&MODULE, machine(), json!({"name": "vm.swappiness", "state": "absent"}));
        assert_eq!(applied.machine.text("/etc/sysctl.conf"), "# vm.swappiness=1\nkernel.x=1\n");
        assert_eq!(ran(&applied), ["sysctl -p /etc/sysctl.conf"]);
        assert!(!apply(&MODULE, machine(), json!({"name": "none", "state": "absent"})).changed);
    }

    #[test]
    fn what_the_kernel_does_not_know() {
        let applied = apply(&MODULE, machine(), json!({"name": "no.such", "value": "1"}));
        assert_eq!(applied.failure().message, "failed to set the kernel's `no.such`: the kernel does not know it");
        let ignored = apply(&MODULE, machine(), json!({"name": "no.such", "value": "1", "ignoreerrors": true}));
        assert_eq!(ran(&ignored), ["sysctl -e -p /etc/sysctl.conf"]);
        assert!(apply(&MODULE, machine(), json!({"name": "no.such", "value": "1", "reload": false})).changed);
    }

    #[test]
    fn lines_are_edited() {
        for (text, name, value, expected) in [
            ("", "a.b", Some("1"), Some("a.b=1\n")),
            ("a.b=1", "a.b", Some("1"), None),
            ("-a.b = 2\n", "a.b", Some("1"), Some("a.b=1\n")),
            ("a.b=1\nc=2\na.b=3\n", "a.b", Some("1"), Some("a.b=1\nc=2\n")),
            ("; a.b=1\nx\n", "a.b", Some("1"), Some("; a.b=1\nx\na.b=1\n")),
            ("a.b=1\nc=2\n", "a.b", None, Some("c=2\n")),
            ("c=2\n", "a.b", None, None),
        ] {
            assert_eq!(edited(text, name, value).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn names_and_values() {
        assert_eq!(place("net.ipv4.conf.eth0/1.forwarding"), "net/ipv4/conf/eth0.1/forwarding");
        assert_eq!(place("net/ipv4/ip_forward"), "net/ipv4/ip_forward");
        assert_eq!((number_of("Yes"), number_of("off"), number_of("10")), ("1", "0", "10"));
        assert!(refused(&MODULE, json!({"name": "a.b"})).contains("value"));
        assert!(apply(&MODULE, machine(), json!({"name": "a.b", "value": ""})).answer.is_err());
        assert!(apply(&MODULE, machine(), json!({"name": "a b", "value": "1"})).answer.is_err());
    }
}
