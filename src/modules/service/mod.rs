//! `service`: services of whatever service manager the host has.

mod openrc;
mod script;

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::shared::exists;
use super::shared::run::change;
use super::spec::BUILTIN;
use super::systemd::{self, State};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Command, Effect, Service};

/// The declaration of `service`.
pub static MODULE: Spec = Spec {
    name: "service",
    collections: BUILTIN,
    summary: "Start, stop and enable services",
    description: &[
        "Uses what runs the services of the host: systemd, OpenRC, or scripts in `/etc/init.d`. With systemd it does what `systemd_service` does.",
        "Restarting and reloading are done each time.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "Name of the service.").required(),
        Opt::new(
            "state",
            Kind::Str,
            "`started`, `stopped`: what it is to be. `restarted`: stopped and started. `reloaded`: told to read its configuration again. Both start it if it does not run.",
        )
        .choices(&["reloaded", "restarted", "started", "stopped"]),
        Opt::new("enabled", Kind::Bool, "Whether it starts at boot."),
        Opt::new("sleep", Kind::Int, "Seconds between stopping and starting when it is restarted. Not with systemd."),
        Opt::new(
            "pattern",
            Kind::Str,
            "A text that the list of processes holds exactly while the service runs, for scripts that cannot tell. Not with systemd.",
        ),
        Opt::new("arguments", Kind::Str, "More arguments for the script. Not with systemd.").default("\"\"").aliases(&["args"]),
        Opt::new("runlevel", Kind::Str, "The runlevel to enable it in, with OpenRC.").default("\"default\""),
        Opt::new("use", Kind::Str, "What runs the services: `systemd`, `openrc` or `sysvinit`; `auto` looks what the host has.").default("\"auto\""),
    ],
    rules: &[Rule::OneOf(&["state", "enabled"])],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "Name of the service." },
        Return { name: "state", kind: "str", when: "state is given", doc: "`started` or `stopped`." },
        Return { name: "enabled", kind: "bool", when: "enabled is given", doc: "Whether it starts at boot." },
        Return { name: "status", kind: "dict", when: "with systemd", doc: "The properties of the unit before anything was changed." },
    ],
    examples: "
- name: The clock is kept, now and after a boot
  service:
    name: chrony
    state: started
    enabled: true
",
    place: Place::Target(run),
};

/// As the declaration of `runlevel` says.
const DEFAULT_RUNLEVEL: &str = "default";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    state: Option<State>,
    enabled: Option<bool>,
    sleep: Option<u64>,
    pattern: Option<String>,
    arguments: String,
    runlevel: String,
    #[serde(rename = "use")]
    manager: String,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let wanted = args.manager.rsplit('.').next().unwrap_or(&args.manager);
    let manager = match wanted {
        // `service` is the name of the module that looks for itself, with Ansible.
        "auto" | "service" => detect(ctx)?,
        "systemd" | "systemd_service" => Manager::Systemd,
        "openrc" => Manager::OpenRc,
        "sysvinit" => Manager::Scripts,
        other => {
            return Err(Failure::new(format!(
                "failed to manage the service `{}`: what `use` names, `{other}`, is not supported",
                args.name
            ))
            .hint("`systemd`, `openrc` and `sysvinit` are"));
        }
    };
    match manager {
        Manager::Systemd => with_systemd(ctx, &args),
        Manager::OpenRc => with_scripts(ctx, &args, true),
        Manager::Scripts => with_scripts(ctx, &args, false),
    }
}

/// What runs the services of a host.
enum Manager {
    Systemd,
    OpenRc,
    Scripts,
}

fn detect(ctx: &Context<'_>) -> Result<Manager, Failure> {
    // The directory exists exactly while systemd is the init of the machine; see sd_booted(3).
    if exists(ctx.system, Path::new("/run/systemd/system"))? {
        return Ok(Manager::Systemd);
    }
    Ok(if ctx.system.which("rc-service")?.is_some() { Manager::OpenRc } else { Manager::Scripts })
}

fn with_systemd(ctx: &mut Context<'_>, args: &Arguments) -> ModuleResult {
    let outcome = systemd::service(ctx, &args.name, args.state, args.enabled)?;
    let given = [
        ("sleep", args.sleep.is_some()),
        ("pattern", args.pattern.is_some()),
        ("arguments", !args.arguments.is_empty()),
        ("runlevel", args.runlevel != DEFAULT_RUNLEVEL),
    ];
    let ignored = given.iter().filter(|(_, given)| *given);
    Ok(ignored.fold(outcome, |outcome, (name, _)| outcome.warn(format!("`{name}` has no meaning with systemd and was ignored"))))
}

/// A service whose script is in `/etc/init.d`.
fn with_scripts(ctx: &mut Context<'_>, args: &Arguments, openrc: bool) -> ModuleResult {
    let Some(service) = ctx.system.service(&args.name)? else {
        return Err(Failure::new(format!("failed to find the service `{}`: there is no `/etc/init.d/{}`", args.name, args.name))
            .hint("install what brings it, or correct the name")
            .missing_on(ctx.system));
    };
    let mut outcome = Outcome::new().with("name", args.name.as_str());
    if let Some(enabled) = args.enabled {
        if enabled != service.enabled {
            let command = if openrc { openrc::enable(ctx, args, enabled)? } else { script::enable(ctx, args, enabled)? };
            act(ctx, args, &command, if enabled { "enable" } else { "disable" }, None, Some(enabled))?;
        }
        outcome = outcome.with("enabled", enabled);
    }
    if let Some(state) = args.state {
        bring(ctx, args, openrc, &service, state)?;
        outcome = outcome.with("state", if state == State::Stopped { "stopped" } else { "started" });
    }
    Ok(outcome)
}

fn bring(ctx: &mut Context<'_>, args: &Arguments, openrc: bool, service: &Service, state: State) -> Result<(), Failure> {
    let active = match &args.pattern {
        Some(pattern) => is_in_processes(ctx, pattern)?,
        None => service.active,
    };
    let verbs: &[&str] = match (state, active) {
        (State::Started, true) | (State::Stopped, false) => &[],
        (State::Stopped, true) => &["stop"],
        (State::Restarted, true) if args.sleep.is_some() => &["stop", "start"],
        (State::Restarted, true) => &["restart"],
        (State::Reloaded, true) => &["reload"],
        (_, false) => &["start"],
    };
    for (at, verb) in verbs.iter().enumerate() {
        if at > 0 {
            ctx.system.sleep(Duration::from_secs(args.sleep.unwrap_or(0)))?;
        }
        let command = if openrc { openrc::act(ctx, args, verb)? } else { script::act(ctx, args, verb)? };
        act(ctx, args, &command, verb, Some(*verb != "stop"), None)?;
    }
    Ok(())
}

fn act(
    ctx: &mut Context<'_>,
    args: &Arguments,
    command: &Command,
    verb: &str,
    active: Option<bool>,
    enabled: Option<bool>,
) -> Result<(), Failure> {
    let effect = Effect::Service { name: args.name.clone(), active, enabled, masked: None };
    change(ctx, command, &[effect], &format!("{verb} the service `{}`", args.name)).map(drop)
}

fn is_in_processes(ctx: &Context<'_>, pattern: &str) -> Result<bool, Failure> {
    let output = ctx.system.probe(&ctx.command(["ps", "auxww"]))?;
    Ok(output.stdout_text().lines().any(|line| line.contains(pattern)))
}

#[cfg(test)]
mod tests;
