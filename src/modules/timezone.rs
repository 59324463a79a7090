//! `timezone`: the time zone of a machine, and that of its hardware clock.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::ids::text_of;
use super::shared::run::change;
use super::shared::{exists, required_command};
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Rule, Spec};
use crate::system::{Attributes, Content, Effect, Follow};

const ZONES: &str = "/usr/share/zoneinfo";
const LOCAL: &str = "/etc/localtime";
/// Debian and its relatives have the name here too.
const NAME: &str = "/etc/timezone";
const CLOCK: &str = "/etc/adjtime";

/// The declaration of `timezone`.
pub static MODULE: Spec = Spec {
    name: "timezone",
    collections: GENERAL,
    summary: "Set the time zone of a machine",
    description: &[
        "Makes `/etc/localtime` a link to the zone, and writes its name to `/etc/timezone` where that file is used. Programs that run already keep the zone they started with.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "The time zone: `UTC`, `Asia/Seoul`."),
        Opt::new("hwclock", Kind::Str, "What the hardware clock shows: `UTC`, or the time of the zone (`local`).")
            .choices(&["local", "UTC"])
            .aliases(&["rtc"]),
    ],
    rules: &[Rule::OneOf(&["name", "hwclock"])],
    free_form: None,
    returns: &[],
    examples: "
- name: Logs of all nodes tell the same time
  community.general.timezone:
    name: UTC
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: Option<String>,
    hwclock: Option<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    if let Some(name) = &args.name {
        set_zone(ctx, name)?;
    }
    if let Some(shows) = &args.hwclock {
        set_clock(ctx, shows)?;
    }
    Ok(Outcome::new())
}

fn set_zone(ctx: &mut Context<'_>, name: &str) -> Result<(), Failure> {
    let wrong = |why: &str| Failure::new(format!("failed to set the time zone `{name}`: {why}"));
    let is_name = !name.is_empty() && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    let zone = Path::new(ZONES).join(name);
    if !is_name || !ctx.system.stat(&zone, Follow::Yes)?.is_some_and(|stat| stat.is_file()) {
        return Err(wrong(&format!("`{ZONES}` has no such zone"))
            .hint("names are like `Asia/Seoul`; the package `tzdata` brings them")
            .missing_on(ctx.system));
    }
    let local = Path::new(LOCAL);
    let is = match ctx.system.stat(local, Follow::No)? {
        Some(stat) if stat.is_link() => zone_of(&ctx.system.read_link(local)?),
        _ => None,
    };
    if is.as_deref() != Some(name) {
        ctx.system.symlink(&zone, local)?;
    }
    let file = Path::new(NAME);
    if exists(ctx.system, file)? && text_of(ctx.system, NAME)?.trim() != name {
        let is_link = ctx.system.stat(file, Follow::No)?.is_some_and(|stat| stat.is_link());
        let file = if is_link { ctx.system.real_path(file)? } else { file.to_path_buf() };
        ctx.system.write(&file, Content::Bytes(format!("{name}\n").as_bytes()), &Attributes::default())?;
    }
    Ok(())
}

/// The zone that a link leads to.
fn zone_of(target: &Path) -> Option<String> {
    let text = target.to_string_lossy();
    text.split_once("/zoneinfo/").map(|(_, name)| name.to_owned())
}

fn set_clock(ctx: &mut Context<'_>, shows: &str) -> Result<(), Failure> {
    let is_local = shows == "local";
    let text = text_of(ctx.system, CLOCK)?;
    // The third line says it; without the file it is UTC. See hwclock(8).
    let was_local = text.lines().nth(2).is_some_and(|line| line.trim() == "LOCAL");
    if is_local == was_local {
        return Ok(());
    }
    let purpose = format!("set the hardware clock to {}", if is_local { "the time of the zone" } else { "UTC" });
    let words: Vec<String> = if exists(ctx.system, Path::new("/run/systemd/system"))? {
        let program = required_command(ctx.system, &["timedatectl"], &purpose)?;
        vec![program, "set-local-rtc".to_owned(), if is_local { "1" } else { "0" }.to_owned()]
    } else {
        let program = required_command(ctx.system, &["hwclock"], &purpose)?;
        vec![program, "--systohc".to_owned(), if is_local { "--localtime" } else { "--utc" }.to_owned()]
    };
    let mut lines: Vec<&str> = text.lines().take(2).collect();
    lines.extend(["0.0 0 0", "0"].iter().skip(lines.len()));
    let content = format!("{}\n{}\n", lines.join("\n"), if is_local { "LOCAL" } else { "UTC" });
    let effect = Effect::FileContent { path: PathBuf::from(CLOCK), content: content.into_bytes() };
    let command = ctx.command(words);
    change(ctx, &command, &[effect], &purpose).map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{Applied, apply, refused};
    use crate::system::System;
    use crate::system::fake::{Fake, Fault};

    fn machine() -> Fake {
        Fake::new()
            .file("/usr/share/zoneinfo/Asia/Seoul", "TZif")
            .file("/usr/share/zoneinfo/UTC", "TZif")
            .link(LOCAL, "/usr/share/zoneinfo/UTC")
    }

    fn link(applied: &Applied) -> String {
        applied.machine.read_link(Path::new(LOCAL)).unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn the_zone_is_a_link() {
        let applied = apply(&MODULE, machine(), json!({"name": "Asia/Seoul"}));
        assert_eq!((link(&applied).as_str(), applied.machine.has(NAME)), ("/usr/share/zoneinfo/Asia/Seoul", false));
        let debian = apply(&MODULE, machine().file(NAME, "Etc/UTC\n"), json!({"name": "Asia/Seoul"}));
        assert_eq!((link(&debian).as_str(), debian.machine.text(NAME).as_str()), ("/usr/share/zoneinfo/Asia/Seoul", "Asia/Seoul\n"));
        assert!(!apply(&MODULE, machine().file(NAME, "UTC\n"), json!({"name": "UTC"})).changed);
        let relative = machine().link(LOCAL, "../usr/share/zoneinfo/Asia/Seoul");
        assert!(!apply(&MODULE, relative, json!({"name": "Asia/Seoul"})).changed);
        let copy = Fake::new().file("/usr/share/zoneinfo/UTC", "TZif").file(LOCAL, "TZif");
        assert_eq!(link(&apply(&MODULE, copy, json!({"name": "UTC"}))), "/usr/share/zoneinfo/UTC");
    }

    #[test]
    fn the_hardware_clock() {
        let ran = |applied: &Applied| applied.machine.runs().iter().map(|command| command.argv.join(" ")).collect::<Vec<_>>();
        let plain = || machine().program("/usr/sbin/hwclock");
        let local = apply(&MODULE, plain(), json!({"hwclock": "local"}));
        assert_eq!(ran(&local), ["/usr/sbin/hwclock --systohc --localtime"]);
        let back = apply(&MODULE, local.machine, json!({"rtc": "UTC"}));
        assert_eq!(ran(&back).last().map(String::as_str), Some("/usr/sbin/hwclock --systohc --utc"));
        assert_eq!(back.machine.text(CLOCK), "0.0 0 0\n0\nUTC\n");
        assert!(!apply(&MODULE, machine(), json!({"hwclock": "UTC"})).changed);
        let booted = machine().dir("/run/systemd/system").program("/usr/bin/timedatectl").file(CLOCK, "1.0 5 0\n5\nLOCAL\n");
        let booted = apply(&MODULE, booted, json!({"hwclock": "UTC", "name": "UTC"}));
        assert_eq!(ran(&booted), ["/usr/bin/timedatectl set-local-rtc 0"]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(refused(&MODULE, json!({})).contains("needs one of"));
        let message = |fake: Fake, args: Value| apply(&MODULE, fake, args).failure().message.clone();
        for name in ["Asia/Nowhere", "../../etc/passwd", "", "Asia"] {
            assert_eq!(
                message(machine(), json!({"name": name})),
                format!("failed to set the time zone `{name}`: `/usr/share/zoneinfo` has no such zone")
            );
        }
        assert_eq!(
            message(machine(), json!({"hwclock": "local"})),
            "failed to set the hardware clock to the time of the zone: the machine has no `hwclock`"
        );
        let fixed = machine().fault(Fault::ReadOnly, "/etc");
        assert_eq!(message(fixed, json!({"name": "Asia/Seoul"})), "failed to make the link `/etc/localtime`: Read-only file system");
    }
}
