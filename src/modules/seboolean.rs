//! `seboolean`: the switches of the SELinux policy.

use std::path::Path;

use serde::Deserialize;

use super::shared::ids::text_of;
use super::shared::run::{change, look};
use super::shared::{required_command, selinux};
use super::spec::POSIX;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::Effect;

/// Where the kernel shows the switches: the value now, and the one that is about to be set.
const BOOLEANS: &str = "/sys/fs/selinux/booleans";

/// The declaration of `seboolean`.
pub static MODULE: Spec = Spec {
    name: "seboolean",
    collections: POSIX,
    summary: "Set a switch of the SELinux policy",
    description: &[
        "Calls `setsebool` of the host; with `persistent` also `semanage`, which tells what the policy has for the next boot.",
        "The kernel must have SELinux switched on, unless `ignore_selinux_state` is set.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "The switch: `httpd_can_network_connect`.").required(),
        Opt::new("state", Kind::Bool, "Whether it is on.").required(),
        Opt::new("persistent", Kind::Bool, "Whether it is set for the next boot too.").default("false"),
        Opt::new(
            "ignore_selinux_state",
            Kind::Bool,
            "Whether a host without SELinux in its kernel is taken too, as below another root directory. Only `persistent` can be set there.",
        )
        .default("false"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "The switch." },
        Return { name: "state", kind: "bool", when: "always", doc: "Whether it is on." },
        Return { name: "persistent", kind: "bool", when: "always", doc: "Whether that holds for the next boot too." },
    ],
    examples: "
- name: The web server may talk to others
  ansible.posix.seboolean:
    name: httpd_can_network_connect
    state: true
    persistent: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    state: bool,
    persistent: bool,
    ignore_selinux_state: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let purpose = format!("set the SELinux switch `{}`", args.name);
    let fail = |reason: &str| Failure::new(format!("failed to {purpose}: {reason}"));
    if args.name.is_empty() || !args.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) {
        return Err(fail("this is no name of a switch"));
    }
    let place = Path::new(BOOLEANS).join(&args.name);
    let enabled = selinux::enabled(ctx.system)?;
    let now = match (enabled, args.ignore_selinux_state) {
        (true, _) => {
            let text = text_of(ctx.system, &place.to_string_lossy())?;
            Some(text.split_whitespace().next().ok_or_else(|| fail("the policy has no such switch").missing_on(ctx.system))? == "1")
        }
        (false, false) => {
            return Err(
                fail("SELinux is not enabled on the machine").hint("`ignore_selinux_state: true` sets what is `persistent` all the same")
            );
        }
        (false, true) if !args.persistent => return Err(fail("without SELinux in the kernel only what is `persistent` can be set")),
        (false, true) => None,
    };
    let later = if args.persistent {
        Some(at_boot(ctx, &args.name, &purpose)?.ok_or_else(|| fail("the policy has no such switch"))?)
    } else {
        None
    };
    if now.is_some_and(|now| now != args.state) || later.is_some_and(|later| later != args.state) {
        let program = required_command(ctx.system, &["setsebool"], &purpose)?;
        let value = if args.state { "1" } else { "0" };
        let mut effects = Vec::new();
        if now.is_some() {
            effects.push(Effect::FileContent { path: place, content: format!("{value} {value}").into_bytes() });
        }
        if later.is_some() {
            effects.push(Effect::Known { subject: subject(&args.name), value: value.to_owned() });
            effects.push(Effect::Other(format!("{} at boot: {}", args.name, if args.state { "off -> on" } else { "on -> off" })));
        }
        let words = [program.as_str()].into_iter().chain(args.persistent.then_some("-P")).chain([args.name.as_str(), value]);
        let command = ctx.command(words);
        change(ctx, &command, &effects, &purpose)?;
    }
    Ok(Outcome::new().with("name", args.name).with("state", args.state).with("persistent", args.persistent))
}

/// The name under which check mode knows what a switch is at boot.
fn subject(name: &str) -> String {
    format!("seboolean\n{name}")
}

/// What the switch is after a boot; `None` when the policy has no such switch.
fn at_boot(ctx: &Context<'_>, name: &str, purpose: &str) -> Result<Option<bool>, Failure> {
    if let Some(known) = ctx.system.known(&subject(name)) {
        return Ok(Some(known == "1"));
    }
    let program = required_command(ctx.system, &["semanage"], purpose)
        .map_err(|failure| failure.hint("install the package that has it: `policycoreutils-python-utils`"))?;
    let listed = look(ctx, &ctx.command([program.as_str(), "boolean", "-l", "-n"]), purpose)?;
    Ok(listed_at_boot(&listed.stdout_text(), name))
}

/// From lines such as `allow_execmem    (off  ,   on)  Allow execmem`: now, and at boot.
fn listed_at_boot(text: &str, name: &str) -> Option<bool> {
    let line = text.lines().find_map(|line| line.strip_prefix(name).filter(|rest| rest.starts_with(char::is_whitespace)))?;
    let (_, rest) = line.split_once(',')?;
    Some(rest.split(')').next()?.trim() == "on")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict_after};
    use crate::system::fake::Fake;

    /// As `semanage` 3.4 of Debian 12 lists them.
    const LISTED: &str = "allow_execheap                 (off  ,  off)  Allow allow to execheap\n\
                          allow_execmem                  (off  ,   on)  Allow allow to execmem\n";

    fn machine(now: &str) -> Fake {
        let listed = LISTED.replace("(off  ,   on)", "(off  ,  off)");
        Fake::new()
            .program("/usr/sbin/setsebool")
            .program("/usr/sbin/semanage")
            .answer(&["/usr/sbin/semanage", "boolean", "-l", "-n"], 0, &listed, "")
            .answer(&["/usr/sbin/semanage", "boolean", "-l", "-n"], 0, LISTED, "")
            .file("/sys/fs/selinux/enforce", "1")
            .file("/sys/fs/selinux/booleans/allow_execmem", now)
    }

    fn ran(applied: &Applied) -> Vec<String> {
        applied.machine.runs().iter().map(|command| command.argv[1..].join(" ")).collect()
    }

    fn args(more: &Value) -> Value {
        let mut args = json!({"name": "allow_execmem", "state": true});
        args.as_object_mut().expect("a mapping").extend(more.as_object().cloned().unwrap_or_default());
        args
    }

    #[test]
    fn a_switch_is_set_now_and_for_the_next_boot() {
        for (now, more, calls) in [
            ("0 0", json!({}), vec!["allow_execmem 1"]),
            ("1 1", json!({}), vec![]),
            ("1 1", json!({"state": "no"}), vec!["allow_execmem 0"]),
            ("0 0", json!({"persistent": true}), vec!["-P allow_execmem 1"]),
            ("1 1", json!({"persistent": true}), vec!["-P allow_execmem 1"]),
            ("0 0", json!({"persistent": true, "state": false}), vec![]),
        ] {
            let applied = apply_once(&MODULE, machine(now), args(&more));
            assert_eq!(
                (ran(&applied), applied.changed),
                (calls.iter().map(|call| (*call).to_owned()).collect(), !calls.is_empty()),
                "{now} {more}"
            );
        }
        let applied = apply(&MODULE, machine("0 0"), args(&json!({})));
        assert_eq!(applied.machine.text("/sys/fs/selinux/booleans/allow_execmem"), "1 1");
        let got = ["name", "state", "persistent"].map(|key| applied.get(key).clone());
        assert_eq!(got, [json!("allow_execmem"), json!(true), json!(false)]);
    }

    #[test]
    fn check_mode_knows_what_earlier_tasks_would_do() {
        let persistent = args(&json!({"persistent": true}));
        let after = |now: &Value| {
            predict_after(&MODULE, machine("0 0"), now.clone(), |system| assert!(apply_on(&MODULE, system, &persistent).0)).changed
        };
        assert!(!after(&persistent) && after(&args(&json!({"persistent": true, "state": false}))));
    }

    #[test]
    fn what_cannot_be_is_told() {
        let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
        let off = || {
            Fake::new().program("/usr/sbin/setsebool").program("/usr/sbin/semanage").answer(
                &["/usr/sbin/semanage", "boolean", "-l", "-n"],
                0,
                LISTED,
                "",
            )
        };
        let start = "failed to set the SELinux switch `allow_execmem`: ";
        assert_eq!(message(off(), args(&json!({}))), format!("{start}SELinux is not enabled on the machine"));
        let ignoring = json!({"ignore_selinux_state": true});
        assert_eq!(message(off(), args(&ignoring)), format!("{start}without SELinux in the kernel only what is `persistent` can be set"));
        let offline = apply_once(&MODULE, off(), args(&json!({"ignore_selinux_state": true, "persistent": true, "state": false})));
        assert_eq!(ran(&offline), ["-P allow_execmem 0"]);
        for name in ["none", "-x", "a/b"] {
            let told = message(machine("0 0"), json!({"name": name, "state": true}));
            assert!(told.contains("no such switch") || told.contains("no name"), "{told}");
        }
        assert_eq!((listed_at_boot(LISTED, "allow_exec"), listed_at_boot(LISTED, "allow_execmem")), (None, Some(true)));
        let without = Fake::new().file("/sys/fs/selinux/enforce", "1").file("/sys/fs/selinux/booleans/allow_execmem", "0 0");
        assert!(message(without, args(&json!({"persistent": true}))).contains("`semanage`"));
    }
}
