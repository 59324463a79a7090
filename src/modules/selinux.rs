//! `selinux`: whether SELinux works, and with which policy.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::ids::text_of;
use super::shared::run::{change, look};
use super::shared::{required_command, selinux};
use super::spec::POSIX;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Attributes, Content, Effect, Follow};

const ENFORCE: &str = "/sys/fs/selinux/enforce";
/// Under this name check mode knows whether kernels are started with SELinux.
const KERNELS: &str = "selinux\nkernels";

/// The declaration of `selinux`.
pub static MODULE: Spec = Spec {
    name: "selinux",
    collections: POSIX,
    summary: "Switch SELinux on or off, and choose its policy",
    description: &[
        "Writes state and policy into the file that is read at boot, of which all other lines stay as they are, and switches a kernel that works \
         with SELinux between enforcing and permissive by `setenforce`.",
        "Whether the kernel works with SELinux at all is decided at boot: `reboot_required` tells when one is needed.",
    ],
    options: &[
        Opt::new("state", Kind::Str, "Whether SELinux forbids (`enforcing`), only tells what it would forbid (`permissive`), or is off.")
            .required()
            .choices(&["disabled", "enforcing", "permissive"]),
        Opt::new("policy", Kind::Str, "The policy: `targeted`. Needed unless `state` is `disabled`."),
        Opt::new("configfile", Kind::Str, "The file.").default("\"/etc/selinux/config\"").aliases(&["conf", "file"]),
        Opt::new(
            "update_kernel_param",
            Kind::Bool,
            "Whether kernels are started without SELinux when it is disabled, and with it otherwise. Needs `grubby` on the host.",
        )
        .default("false"),
    ],
    rules: &[Rule::If("state", "enforcing", &["policy"]), Rule::If("state", "permissive", &["policy"])],
    free_form: None,
    returns: &[
        Return { name: "msg", kind: "str", when: "always", doc: "What was changed." },
        Return { name: "configfile", kind: "str", when: "always", doc: "The file." },
        Return { name: "policy", kind: "str", when: "always", doc: "The policy." },
        Return { name: "state", kind: "str", when: "always", doc: "The state." },
        Return { name: "reboot_required", kind: "bool", when: "always", doc: "Whether something takes effect at the next boot only." },
    ],
    examples: "
- name: SELinux forbids what its policy does not allow
  ansible.posix.selinux:
    policy: targeted
    state: enforcing
  register: selinux

- name: Now, if it was off until now
  reboot:
  when: selinux.reboot_required
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    state: String,
    policy: Option<String>,
    configfile: PathBuf,
    update_kernel_param: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let file = args.configfile.to_string_lossy().into_owned();
    let fail = |reason: String| Failure::new(format!("failed to set up SELinux: {reason}"));
    if ctx.system.stat(&args.configfile, Follow::Yes)?.is_none() {
        return Err(fail(format!("`{file}` is not there"))
            .hint("install a package with a policy, such as `selinux-policy-targeted`")
            .missing_on(ctx.system));
    }
    let old = text_of(ctx.system, &file)?;
    let configured = value_of(&old, "SELINUXTYPE").unwrap_or_default();
    let policy = args.policy.clone().unwrap_or_else(|| configured.clone());
    if policy.chars().any(|c| c.is_whitespace() || c == '#') {
        return Err(fail(format!("`{policy}` is no name of a policy")));
    }
    let mut done = Vec::new();
    let mut new = old.clone();
    if policy != configured {
        new = with_value(&new, "SELINUXTYPE", &policy);
        done.push(format!("policy in {file}: {configured} -> {policy}"));
    }
    let at_boot = value_of(&old, "SELINUX").unwrap_or_default();
    if args.state != at_boot {
        new = with_value(&new, "SELINUX", &args.state);
        done.push(format!("state in {file}: {at_boot} -> {}", args.state));
    }
    let (now, mut reboot_required) = (now(ctx)?, false);
    let mut outcome = Outcome::new();
    if args.state != now {
        reboot_required = now == "disabled" || args.state == "disabled";
        let aim = match (now, args.state.as_str()) {
            // Off it is after the next boot only; until then it shall forbid nothing.
            ("enforcing", "disabled") => Some("permissive"),
            ("disabled", _) | (_, "disabled") => None,
            (_, state) => Some(state),
        };
        if let Some(aim) = aim {
            enforce(ctx, now, aim)?;
            done.push(format!("state now: {now} -> {aim}"));
        }
        if reboot_required {
            outcome = outcome.warn(format!("SELinux is {} after the next boot", args.state));
        }
    }
    if new != old {
        let place = ctx.system.real_path(&args.configfile)?;
        ctx.system.write(&place, Content::Bytes(new.as_bytes()), &Attributes::default())?;
    }
    if args.update_kernel_param && update_kernels(ctx, args.state != "disabled")? {
        done.push("what kernels are started with".to_owned());
        reboot_required = true;
    }
    Ok(outcome
        .with("msg", done.join(", "))
        .with("configfile", file)
        .with("policy", policy)
        .with("state", args.state)
        .with("reboot_required", reboot_required))
}

/// What the kernel does now.
fn now(ctx: &Context<'_>) -> Result<&'static str, Failure> {
    if !selinux::enabled(ctx.system)? {
        return Ok("disabled");
    }
    Ok(if text_of(ctx.system, ENFORCE)?.trim() == "1" { "enforcing" } else { "permissive" })
}

fn enforce(ctx: &mut Context<'_>, now: &str, aim: &str) -> Result<(), Failure> {
    let purpose = format!("switch SELinux from {now} to {aim}");
    let program = required_command(ctx.system, &["setenforce"], &purpose)?;
    let value = if aim == "enforcing" { "1" } else { "0" };
    let command = ctx.command([program.as_str(), value]);
    let effect = Effect::FileContent { path: Path::new(ENFORCE).to_owned(), content: value.as_bytes().to_vec() };
    change(ctx, &command, &[effect], &purpose).map(drop)
}

/// Lets all kernels be started with SELinux, or without; whether that is news.
fn update_kernels(ctx: &mut Context<'_>, wanted: bool) -> Result<bool, Failure> {
    let purpose = "set what kernels are started with";
    let program = required_command(ctx.system, &["grubby"], purpose)?;
    let is = match ctx.system.known(KERNELS) {
        Some(known) => Some(known == "on"),
        None => with_selinux(&look(ctx, &ctx.command([program.as_str(), "--info=ALL"]), purpose)?.stdout_text()),
    };
    if is == Some(wanted) {
        return Ok(false);
    }
    let (how, value) = if wanted { ("--remove-args=selinux=0", "on") } else { ("--args=selinux=0", "off") };
    let command = ctx.command([program.as_str(), "--update-kernel=ALL", how]);
    let effects =
        [Effect::Known { subject: KERNELS.to_owned(), value: value.to_owned() }, Effect::Other(format!("SELinux of kernels: {value}"))];
    change(ctx, &command, &effects, purpose)?;
    Ok(true)
}

/// Whether the kernels that `grubby` shows are started with SELinux; `None` when some are and some are not.
fn with_selinux(shown: &str) -> Option<bool> {
    let arguments = shown.lines().filter_map(|line| line.trim().strip_prefix("args="));
    let mut each = arguments.map(|line| !line.trim_matches('"').split_whitespace().any(|word| word == "selinux=0"));
    let first = each.next().unwrap_or(true);
    each.all(|other| other == first).then_some(first)
}

fn setting<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.trim().strip_prefix(name)?.trim_start().strip_prefix('=').map(str::trim)
}

/// The last value of a setting.
fn value_of(text: &str, name: &str) -> Option<String> {
    text.lines().rev().find_map(|line| setting(line, name)).map(str::to_owned)
}

/// The text with all lines of a setting set to a value, or with one at its end.
fn with_value(text: &str, name: &str, value: &str) -> String {
    let new = format!("{name}={value}");
    let mut found = false;
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        let is_it = setting(line, name).is_some();
        found |= is_it;
        lines.push(if is_it { &new } else { line });
    }
    if !found {
        lines.push(&new);
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{Applied, apply, apply_once, refused};
    use crate::system::fake::Fake;

    const CONFIG: &str = "# SELINUX= can take one of these\nSELINUX=permissive\nSELINUXTYPE=targeted\n\nSETLOCALDEFS=0\n";

    fn machine(enforce: Option<&str>) -> Fake {
        let fake = Fake::new().file("/etc/selinux/config", CONFIG).program("/usr/sbin/setenforce");
        match enforce {
            Some(value) => fake.file("/sys/fs/selinux/enforce", value),
            None => fake,
        }
    }

    fn ran(applied: &Applied) -> Vec<String> {
        applied.machine.runs().iter().map(|command| command.argv[1..].join(" ")).collect()
    }

    #[test]
    fn the_file_and_the_kernel_are_set() {
        for (enforce, state, policy, calls, reboot, changed) in [
            (Some("0"), "permissive", Some("targeted"), vec![], false, false),
            (Some("0"), "enforcing", Some("targeted"), vec!["1"], false, true),
            (Some("1"), "permissive", Some("targeted"), vec!["0"], false, true),
            (Some("1"), "permissive", Some("mls"), vec!["0"], false, true),
            (Some("1"), "disabled", None, vec!["0"], true, true),
            (Some("0"), "disabled", None, vec![], true, true),
            (None, "enforcing", Some("targeted"), vec![], true, true),
            (None, "permissive", Some("targeted"), vec![], true, false),
            (None, "disabled", None, vec![], false, true),
        ] {
            let applied = apply(&MODULE, machine(enforce), json!({"state": state, "policy": policy}));
            let what = format!("{enforce:?} {state} {policy:?}");
            assert_eq!((ran(&applied), applied.changed), (calls.iter().map(|call| (*call).to_owned()).collect(), changed), "{what}");
            assert_eq!(*applied.get("reboot_required"), json!(reboot), "{what}");
            assert_eq!((applied.get("state"), applied.get("policy")), (&json!(state), &json!(policy.unwrap_or("targeted"))), "{what}");
            let expected = CONFIG.replace("=permissive", &format!("={state}")).replace("targeted", policy.unwrap_or("targeted"));
            assert_eq!(applied.machine.text("/etc/selinux/config"), expected, "{what}");
        }
    }

    #[test]
    fn lines_of_the_file() {
        assert_eq!(with_value("SELINUX = x\n#SELINUX=y\n", "SELINUX", "z"), "SELINUX=z\n#SELINUX=y\n");
        assert_eq!(with_value("SELINUXTYPE=a\n", "SELINUX", "z"), "SELINUXTYPE=a\nSELINUX=z\n");
        assert_eq!(value_of("SELINUX=a\nSELINUXTYPE=b\nSELINUX=c\n", "SELINUX").as_deref(), Some("c"));
    }

    #[test]
    fn what_kernels_are_started_with() {
        let kernels = |args: [&str; 2]| format!("index=0\nargs=\"{}\"\nroot=/\nindex=1\nargs=\"{}\"\n", args[0], args[1]);
        for (shown, state, call) in [
            (kernels(["ro quiet", "ro"]), "disabled", Some("--update-kernel=ALL --args=selinux=0")),
            (kernels(["ro selinux=0", "ro selinux=0"]), "disabled", None),
            (kernels(["ro selinux=0", "ro"]), "permissive", Some("--update-kernel=ALL --remove-args=selinux=0")),
            (kernels(["ro", "ro"]), "permissive", None),
        ] {
            let fake = machine(None).program("/usr/sbin/grubby").answer(&["/usr/sbin/grubby"], 0, &shown, "");
            let applied = apply_once(&MODULE, fake, json!({"state": state, "policy": "targeted", "update_kernel_param": true}));
            assert_eq!(ran(&applied), call.into_iter().collect::<Vec<_>>(), "{shown} {state}");
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert!(refused(&MODULE, json!({"state": "enforcing"})).contains("policy"));
        let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
        let args = json!({"state": "disabled"});
        assert_eq!(message(Fake::new(), args.clone()), "failed to set up SELinux: `/etc/selinux/config` is not there");
        assert_eq!(
            message(machine(None), json!({"state": "permissive", "policy": "a b"})),
            "failed to set up SELinux: `a b` is no name of a policy"
        );
        let without = Fake::new().file("/etc/selinux/config", CONFIG).file("/sys/fs/selinux/enforce", "1");
        assert!(message(without, args).contains("`setenforce`"));
    }
}
