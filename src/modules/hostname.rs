//! `hostname`: the name of the host.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::shared::ids::text_of;
use super::shared::run::change;
use super::shared::{exists, required_command};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{Attributes, Content, Effect, Follow};

/// The declaration of `hostname`.
pub static MODULE: Spec = Spec {
    name: "hostname",
    collections: BUILTIN,
    summary: "Set the name of the host",
    description: &["Sets the name that the host has now and the one it has after the next boot. `/etc/hosts` stays as it is; change it by another task."],
    options: &[
        Opt::new("name", Kind::Str, "The name, at most 64 characters.").required(),
        Opt::new(
            "use",
            Kind::Str,
            "Where the name is kept. `systemd`: `hostnamectl`. `debian`, `alpine`: `/etc/hostname`. `redhat`: `/etc/sysconfig/network`. `sles`: `/etc/HOSTNAME`. `openrc`: `/etc/conf.d/hostname`. \
             Without it the host is looked at.",
        )
        .choices(&["alpine", "debian", "openrc", "redhat", "sles", "systemd"]),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "The name." },
        Return { name: "ansible_facts", kind: "dict", when: "always", doc: "The facts that follow from it: `ansible_hostname`, `ansible_nodename`, `ansible_fqdn`, `ansible_domain`." },
    ],
    examples: "
- name: The host is called as in the inventory
  hostname:
    name: \"{{ inventory_hostname }}\"
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    #[serde(rename = "use")]
    strategy: Option<Strategy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Strategy {
    Alpine,
    Debian,
    Openrc,
    Redhat,
    Sles,
    Systemd,
}

/// Where the kernel shows the name.
const KERNEL: &str = "/proc/sys/kernel/hostname";

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let name = args.name.as_str();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) || name.starts_with(['-', '.']) {
        return Err(Failure::new(format!("failed to set the name of the host to `{name}`: it is none"))
            .hint("letters, digits, `-` and `.`, at most 64 of them"));
    }
    let strategy = match args.strategy {
        Some(strategy) => strategy,
        None => detect(ctx)?,
    };
    if permanent(ctx, strategy)? != name {
        set_permanent(ctx, strategy, name)?;
    }
    if current(ctx)? != name {
        set_current(ctx, strategy, name)?;
    }
    let (short, domain) = name.split_once('.').unwrap_or((name, ""));
    let facts = json!({"ansible_hostname": short, "ansible_nodename": name, "ansible_fqdn": name, "ansible_domain": domain});
    Ok(Outcome::new().with("name", name).with("ansible_facts", facts))
}

fn detect(ctx: &Context<'_>) -> Result<Strategy, Failure> {
    // The directory exists exactly while systemd is the init of the machine; see sd_booted(3).
    if exists(ctx.system, Path::new("/run/systemd/system"))? && ctx.system.which("hostnamectl")?.is_some() {
        return Ok(Strategy::Systemd);
    }
    let platform = ctx.system.platform()?;
    Ok(match platform.os_release.get("ID").map_or("", String::as_str) {
        "alpine" => Strategy::Alpine,
        "gentoo" => Strategy::Openrc,
        "sles" | "sled" => Strategy::Sles,
        _ => Strategy::Debian,
    })
}

fn file(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Alpine | Strategy::Debian | Strategy::Systemd => "/etc/hostname",
        Strategy::Openrc => "/etc/conf.d/hostname",
        Strategy::Redhat => "/etc/sysconfig/network",
        Strategy::Sles => "/etc/HOSTNAME",
    }
}

/// The name of the setting, in files that hold more than the name.
fn setting(strategy: Strategy) -> Option<&'static str> {
    match strategy {
        Strategy::Openrc => Some("hostname"),
        Strategy::Redhat => Some("HOSTNAME"),
        _ => None,
    }
}

/// The name after the next boot; empty when none is set.
fn permanent(ctx: &Context<'_>, strategy: Strategy) -> Result<String, Failure> {
    let text = text_of(ctx.system, file(strategy))?;
    let lines = text.lines().map(str::trim);
    let name = match setting(strategy) {
        None => lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).next(),
        Some(setting) => {
            let values = lines.filter_map(|line| line.strip_prefix(setting)?.trim_start().strip_prefix('='));
            values.map(|value| value.trim().trim_matches('"').to_owned()).next_back()
        }
    };
    Ok(name.unwrap_or_default())
}

fn set_permanent(ctx: &mut Context<'_>, strategy: Strategy, name: &str) -> Result<(), Failure> {
    let path = file(strategy);
    if strategy == Strategy::Systemd {
        let effect = Effect::FileContent { path: path.into(), content: format!("{name}\n").into_bytes() };
        hostnamectl(ctx, "--static", name, effect)?;
        // What people are shown follows the name, as with Ansible.
        return hostnamectl(ctx, "--pretty", name, Effect::Other(format!("pretty name of the host: {name}")));
    }
    let text = match setting(strategy) {
        None => format!("{name}\n"),
        Some(setting) => {
            let old = text_of(ctx.system, path)?;
            let is_setting = |line: &&str| line.trim().strip_prefix(setting).is_some_and(|rest| rest.trim_start().starts_with('='));
            let quote = if strategy == Strategy::Openrc { "\"" } else { "" };
            let kept = old.lines().filter(|line| !is_setting(line)).map(str::to_owned);
            kept.chain([format!("{setting}={quote}{name}{quote}")]).map(|line| line + "\n").collect()
        }
    };
    let path = Path::new(path);
    // A file that is a link, or bound to another one in a container, stays where it is.
    let real = if ctx.system.stat(path, Follow::No)?.is_some_and(|stat| stat.is_link()) {
        ctx.system.real_path(path)?
    } else {
        path.to_path_buf()
    };
    ctx.system.write(&real, Content::Bytes(text.as_bytes()), &Attributes::default())?;
    Ok(())
}

/// The name now.
fn current(ctx: &Context<'_>) -> Result<String, Failure> {
    let text = text_of(ctx.system, KERNEL)?;
    let name = text.trim();
    Ok(if name.is_empty() { ctx.system.platform()?.nodename } else { name.to_owned() })
}

fn set_current(ctx: &mut Context<'_>, strategy: Strategy, name: &str) -> Result<(), Failure> {
    let effect = Effect::FileContent { path: KERNEL.into(), content: format!("{name}\n").into_bytes() };
    if strategy == Strategy::Systemd {
        return hostnamectl(ctx, "--transient", name, effect);
    }
    let purpose = format!("set the name of the host to `{name}`");
    let command = ctx.command([required_command(ctx.system, &["hostname"], &purpose)?, name.to_owned()]);
    change(ctx, &command, &[effect], &purpose).map(drop)
}

fn hostnamectl(ctx: &mut Context<'_>, kind: &str, name: &str, effect: Effect) -> Result<(), Failure> {
    let purpose = format!("set the name of the host to `{name}`");
    let program = required_command(ctx.system, &["hostnamectl"], &purpose)?;
    let command = ctx.command([program.as_str(), kind, "set-hostname", name]);
    change(ctx, &command, &[effect], &purpose).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{Applied, apply, refused};
    use crate::system::fake::Fake;

    fn ran(applied: &Applied) -> Vec<String> {
        applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/", "")).collect()
    }

    fn booted() -> Fake {
        Fake::new().service("x", true, true).program("/usr/bin/hostnamectl").file("/etc/hostname", "fake\n").file(KERNEL, "fake\n")
    }

    #[test]
    fn systemd_keeps_the_name() {
        let applied = apply(&MODULE, booted(), json!({"name": "scn-1.example.com"}));
        assert_eq!(
            ran(&applied),
            [
                "hostnamectl --static set-hostname scn-1.example.com",
                "hostnamectl --pretty set-hostname scn-1.example.com",
                "hostnamectl --transient set-hostname scn-1.example.com"
            ]
        );
        let facts = applied.get("ansible_facts");
        assert_eq!((&facts["ansible_hostname"], &facts["ansible_domain"]), (&json!("scn-1"), &json!("example.com")));
        assert!(!apply(&MODULE, booted(), json!({"name": "fake"})).changed);
    }

    #[test]
    fn files_keep_the_name() {
        for (strategy, path, old, new) in [
            ("debian", "/etc/hostname", "# x\nold\n", "new\n"),
            ("alpine", "/etc/hostname", "", "new\n"),
            ("sles", "/etc/HOSTNAME", "old\n", "new\n"),
            ("openrc", "/etc/conf.d/hostname", "# comment\nhostname=\"old\"\n", "# comment\nhostname=\"new\"\n"),
            ("redhat", "/etc/sysconfig/network", "HOSTNAME=old\nNETWORKING=yes\n", "NETWORKING=yes\nHOSTNAME=new\n"),
        ] {
            let machine = || Fake::new().program("/usr/bin/hostname").file(KERNEL, "fake\n").file(path, old);
            let applied = apply(&MODULE, machine(), json!({"name": "new", "use": strategy}));
            assert_eq!(applied.machine.text(path), new, "{strategy}");
            assert_eq!(ran(&applied), ["hostname new"]);
        }
        let detected = apply(&MODULE, Fake::new().program("/usr/bin/hostname").file(KERNEL, "x"), json!({"name": "new"}));
        assert_eq!(detected.machine.text("/etc/hostname"), "new\n");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["", "a b", "-x", &"x".repeat(65), "a/b"] {
            assert!(apply(&MODULE, booted(), json!({"name": name})).answer.is_err(), "{name}");
        }
        assert!(refused(&MODULE, json!({"name": "x", "use": "macos"})).contains("must be one of"));
    }
}
