//! `modprobe`: modules of the kernel, now and for the next boot.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::ids::text_of;
use super::shared::required_command;
use super::shared::run::{change, look};
use super::shared::state::State;
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::base::shlex;
use crate::system::{Attributes, Content, Effect, ErrorKind};

/// What is loaded at boot.
const LOADED: &str = "/etc/modules-load.d";
/// With which parameters modules are loaded.
const PARAMETERS: &str = "/etc/modprobe.d";

/// The declaration of `modprobe`.
pub static MODULE: Spec = Spec {
    name: "modprobe",
    collections: GENERAL,
    summary: "Load and unload modules of the kernel",
    description: &["A module that is loaded already stays as it is, whatever its parameters are. One that is part of the kernel counts as loaded."],
    options: &[
        Opt::new("name", Kind::Str, "The module.").required(),
        Opt::new("params", Kind::Str, "Its parameters: `max_loop=16`.").default("\"\""),
        Opt::new("state", Kind::Str, "Whether it is to be loaded.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new(
            "persistent",
            Kind::Str,
            "`present`: it is loaded at boot too, with its parameters. `absent`: lines that load it or set its parameters are made comments. `disabled`: what happens at boot stays.",
        )
        .choices(&["disabled", "absent", "present"])
        .default("\"disabled\""),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "What `name` says." },
        Return { name: "params", kind: "str", when: "always", doc: "What `params` says." },
        Return { name: "state", kind: "str", when: "always", doc: "What `state` says." },
    ],
    examples: "
- name: Packets between containers go through the filter
  community.general.modprobe:
    name: br_netfilter
    persistent: present
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    params: String,
    state: State,
    persistent: Persistent,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Persistent {
    Disabled,
    Absent,
    Present,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let name = args.name.as_str();
    if name.is_empty()
        || name.starts_with('-')
        || name.contains(|c: char| c == '/' || c.is_whitespace())
        || args.params.contains(['\n', '\r'])
    {
        return Err(Failure::new(format!("failed to manage the kernel module `{name}`: a module cannot be called so")));
    }
    match (args.state, is_loaded(ctx, name)?) {
        (State::Present, false) => load(ctx, &args)?,
        (State::Absent, true) => unload(ctx, name)?,
        _ => {}
    }
    match args.persistent {
        Persistent::Disabled => {}
        Persistent::Present => keep(ctx, &args)?,
        Persistent::Absent => {
            comment_out(ctx, LOADED, &|line| line == name)?;
            comment_out(ctx, PARAMETERS, &|line| parameters(line, name).is_some())?;
        }
    }
    let state = if args.state == State::Present { "present" } else { "absent" };
    Ok(Outcome::new().with("name", name).with("params", args.params.as_str()).with("state", state))
}

/// Under this name check mode knows whether an earlier task would have loaded it.
fn subject(name: &str) -> String {
    format!("kernel module {}", name.replace('-', "_"))
}

fn is_loaded(ctx: &Context<'_>, name: &str) -> Result<bool, Failure> {
    if let Some(known) = ctx.system.known(&subject(name)) {
        return Ok(known == "loaded");
    }
    // The kernel has one name for `-` and `_`.
    let plain = name.replace('-', "_");
    let loaded = text_of(ctx.system, "/proc/modules")?;
    if loaded.lines().any(|line| line.split_whitespace().next() == Some(&plain)) {
        return Ok(true);
    }
    let release = ctx.system.platform()?.kernel_release;
    let builtin = text_of(ctx.system, &format!("/lib/modules/{release}/modules.builtin"))?;
    Ok(builtin.lines().any(|line| {
        let file = line.trim().rsplit('/').next().unwrap_or_default();
        file.strip_suffix(".ko").is_some_and(|own| own.replace('-', "_") == plain)
    }))
}

fn load(ctx: &mut Context<'_>, args: &Arguments) -> Result<(), Failure> {
    let purpose = format!("load the kernel module `{}`", args.name);
    let program = required_command(ctx.system, &["modprobe"], &purpose)?;
    let params = shlex::split(&args.params).map_err(|reason| Failure::new(format!("failed to read `params`: {reason}")))?;
    if ctx.system.foresees() {
        // It says what it would do, and whether it could.
        look(ctx, &ctx.command([program.as_str(), "-n", &args.name]), &purpose)?;
    }
    let command = ctx.command([program, args.name.clone()].into_iter().chain(params));
    let effects = [
        Effect::Other(format!("kernel module {}: absent -> loaded", args.name)),
        Effect::Known { subject: subject(&args.name), value: "loaded".to_owned() },
    ];
    change(ctx, &command, &effects, &purpose).map(drop)
}

fn unload(ctx: &mut Context<'_>, name: &str) -> Result<(), Failure> {
    let purpose = format!("unload the kernel module `{name}`");
    let program = required_command(ctx.system, &["modprobe"], &purpose)?;
    let command = ctx.command([program.as_str(), "-r", name]);
    let effects = [
        Effect::Other(format!("kernel module {name}: loaded -> absent")),
        Effect::Known { subject: subject(name), value: "absent".to_owned() },
    ];
    change(ctx, &command, &effects, &purpose).map(drop)
}

/// The files of a folder of settings, with their lines.
fn files(ctx: &Context<'_>, folder: &str) -> Result<Vec<(PathBuf, String)>, Failure> {
    let entries = match ctx.system.list(Path::new(folder)) {
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths = entries.into_iter().map(|entry| Path::new(folder).join(entry.name));
    let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "conf"));
    paths.map(|path| Ok((path.clone(), text_of(ctx.system, &path.to_string_lossy())?))).collect()
}

/// The parameters that a line sets for a module.
fn parameters<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let rest = line.strip_prefix("options")?.trim_start();
    let rest = rest.strip_prefix(name)?;
    rest.starts_with(char::is_whitespace).then(|| rest.trim())
}

/// Has it loaded at boot, with these parameters and no others.
fn keep(ctx: &mut Context<'_>, args: &Arguments) -> Result<(), Failure> {
    let name = args.name.as_str();
    let is_kept = files(ctx, LOADED)?.iter().any(|(_, text)| text.lines().any(|line| line.trim() == name));
    if !is_kept {
        put(ctx, LOADED, name, &format!("{name}\n"))?;
    }
    if args.params.is_empty() {
        return Ok(());
    }
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let wanted = words(&args.params);
    let is_set = files(ctx, PARAMETERS)?
        .iter()
        .any(|(_, text)| text.lines().any(|line| parameters(line.trim(), name).is_some_and(|own| words(own) == wanted)));
    comment_out(ctx, PARAMETERS, &|line| parameters(line, name).is_some_and(|own| words(own) != wanted))?;
    if !is_set {
        put(ctx, PARAMETERS, name, &format!("options {name} {}\n", args.params))?;
    }
    Ok(())
}

/// Adds a line to the file of the module's own.
fn put(ctx: &mut Context<'_>, folder: &str, name: &str, line: &str) -> Result<(), Failure> {
    let path = Path::new(folder).join(format!("{name}.conf"));
    let mut text = text_of(ctx.system, &path.to_string_lossy())?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if ctx.system.stat(Path::new(folder), crate::system::Follow::Yes)?.is_none() {
        ctx.system.make_dir(Path::new(folder), 0o755)?;
    }
    ctx.system.write(&path, Content::Bytes((text + line).as_bytes()), &Attributes::default())?;
    Ok(())
}

/// Makes lines of all files of a folder comments.
fn comment_out(ctx: &mut Context<'_>, folder: &str, which: &dyn Fn(&str) -> bool) -> Result<(), Failure> {
    for (path, text) in files(ctx, folder)? {
        let lines = text.lines().map(|line| if which(line.trim()) { format!("#{line}\n") } else { format!("{line}\n") });
        let new: String = lines.collect();
        if new.lines().ne(text.lines()) {
            ctx.system.write(&path, Content::Bytes(new.as_bytes()), &Attributes::default())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{Applied, apply, apply_once, predict, predict_after, refused};
    use crate::system::fake::Fake;

    fn machine(loaded: &str) -> Fake {
        Fake::new()
            .program("/usr/sbin/modprobe")
            .answer(&["/usr/sbin/modprobe"], 0, "", "")
            .file("/proc/modules", loaded)
            .file("/lib/modules/6.1.0/modules.builtin", "kernel/fs/ext4/ext4.ko\nkernel/x/a-b.ko\n")
            .dir("/etc/modprobe.d")
    }

    fn ran(applied: &Applied) -> Vec<String> {
        applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/sbin/", "")).collect()
    }

    #[test]
    fn modules_are_loaded_and_unloaded() {
        let loaded = "br_netfilter 32768 0 - Live 0x0\n";
        let applied = apply_once(&MODULE, machine(""), json!({"name": "br_netfilter", "params": "a=1 b='2 3'"}));
        assert_eq!(ran(&applied), ["modprobe br_netfilter a=1 b=2 3"]);
        let said = ["name", "params", "state"].map(|key| applied.get(key).clone());
        assert_eq!(json!(said), json!(["br_netfilter", "a=1 b='2 3'", "present"]));
        assert!(predict(&MODULE, machine(""), json!({"name": "br_netfilter"})).changed);
        for name in ["br_netfilter", "br-netfilter", "ext4", "a_b"] {
            assert!(!apply(&MODULE, machine(loaded), json!({"name": name})).changed, "{name}");
        }
        let gone = apply_once(&MODULE, machine(loaded), json!({"name": "br_netfilter", "state": "absent"}));
        assert_eq!(ran(&gone), ["modprobe -r br_netfilter"]);
        assert!(!apply(&MODULE, machine(""), json!({"name": "br_netfilter", "state": "absent"})).changed);
        let twice = predict_after(&MODULE, machine(""), json!({"name": "x"}), |system| {
            assert!(crate::modules::testing::apply_on(&MODULE, system, &json!({"name": "x"})).0);
        });
        assert!(!twice.changed, "it is loaded by then");
    }

    #[test]
    fn for_the_next_boot() {
        let there = || machine("x 1 0 - Live 0x0\n");
        let args = |how: &str, params: &str| json!({"name": "x", "persistent": how, "params": params});
        let kept = apply(&MODULE, there(), args("present", "a=1 b=2"));
        assert_eq!(kept.machine.text("/etc/modules-load.d/x.conf"), "x\n");
        assert_eq!(kept.machine.text("/etc/modprobe.d/x.conf"), "options x a=1 b=2\n");
        let other = apply(&MODULE, kept.machine, args("present", "a=3"));
        assert_eq!(other.machine.text("/etc/modprobe.d/x.conf"), "#options x a=1 b=2\noptions x a=3\n");
        let gone = apply(&MODULE, other.machine, args("absent", ""));
        assert_eq!(gone.machine.text("/etc/modules-load.d/x.conf"), "#x\n");
        assert_eq!(gone.machine.text("/etc/modprobe.d/x.conf"), "#options x a=1 b=2\n#options x a=3\n");
        let elsewhere =
            there().file("/etc/modules-load.d/all.conf", "y\nx\n").file("/etc/modprobe.d/all.conf", "options  x  a=1\noptions xy b=2\n");
        assert!(!apply(&MODULE, elsewhere, args("present", "a=1")).changed);
        let named = there().file("/etc/modules-load.d/all.conf", "xy\n").file("/etc/modprobe.d/all.conf", "options xy b=2\n");
        assert!(!apply(&MODULE, named, args("absent", "")).changed, "another module");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(refused(&MODULE, json!({"name": "x", "persistent": "yes please"})).contains("must be one of"));
        let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
        assert_eq!(message(machine(""), json!({"name": "-r"})), "failed to manage the kernel module `-r`: a module cannot be called so");
        let broken =
            || Fake::new().program("/usr/sbin/modprobe").answer(&["/usr/sbin/modprobe"], 1, "", "modprobe: FATAL: Module x not found.\n");
        let expected = "failed to load the kernel module `x`: modprobe: FATAL: Module x not found.";
        assert_eq!(message(broken(), json!({"name": "x"})), expected);
        assert_eq!(predict(&MODULE, broken(), json!({"name": "x"})).failure().message, expected);
        assert_eq!(message(Fake::new(), json!({"name": "x"})), "failed to load the kernel module `x`: the machine has no `modprobe`");
    }
}
