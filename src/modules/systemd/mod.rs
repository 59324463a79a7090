//! `systemd_service`, also known as `systemd`: units of systemd.

mod unit;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::shared::required_command;
use super::shared::run::{change, said};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Command, Effect};
use unit::{Enabled, Manager, Unit};

/// The declaration of `systemd`, the older name.
pub static SYSTEMD: Spec = Spec {
    name: "systemd",
    examples: "
- name: A new version is taken into use
  systemd:
    name: kscn
    state: restarted
    daemon_reload: true
",
    ..SPEC
};

/// The declaration of `systemd_service`.
pub static SYSTEMD_SERVICE: Spec = SPEC;

const SPEC: Spec = Spec {
    name: "systemd_service",
    collections: BUILTIN,
    summary: "Start, stop, enable and mask units of systemd",
    description: &[
        "Tells systemd to read its files again when asked to, then masks or unmasks the unit, then enables or disables it, then starts, stops, \
         restarts or reloads it. Only restarting and reloading are done each time.",
        "In check mode a unit whose file an earlier task would write counts as there: stopped and not enabled.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "The unit. Without a suffix it is a `.service`. Patterns are not allowed.").aliases(&["service", "unit"]),
        Opt::new(
            "state",
            Kind::Str,
            "`started`, `stopped`: what it is to be. `restarted`: stopped and started. `reloaded`: told to read its configuration again. Both start it if it does not run.",
        )
        .choices(&["reloaded", "restarted", "started", "stopped"]),
        Opt::new("enabled", Kind::Bool, "Whether it starts at boot. A unit that cannot be enabled or disabled (static, generated) stays as it is."),
        Opt::new("masked", Kind::Bool, "Whether it is masked: nothing can start it then."),
        Opt::new("daemon_reload", Kind::Bool, "Whether systemd reads all unit files again before anything else.").default("false").aliases(&["daemon-reload"]),
        Opt::new("daemon_reexec", Kind::Bool, "Whether systemd executes itself again before anything else.").default("false").aliases(&["daemon-reexec"]),
        Opt::new("force", Kind::Bool, "Whether links that are in the way are replaced."),
        Opt::new("no_block", Kind::Bool, "Whether not to wait until the unit is started, stopped, restarted or reloaded.").default("false"),
        Opt::new(
            "scope",
            Kind::Str,
            "Which manager: `system`; `user`: the manager of the user that the task runs as, who has to be logged in or to linger; `global`: the settings for the managers of all users.",
        )
        .choices(&["system", "user", "global"])
        .default("\"system\""),
    ],
    rules: &[Rule::By("state", &["name"]), Rule::By("enabled", &["name"]), Rule::By("masked", &["name"])],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "The unit as given." },
        Return { name: "status", kind: "dict", when: "always", doc: "The properties of the unit as `systemctl show` names them, before anything was changed." },
        Return { name: "state", kind: "str", when: "state is given", doc: "`started` or `stopped`." },
        Return { name: "enabled", kind: "bool", when: "enabled is given", doc: "Whether it starts at boot." },
    ],
    examples: "
- name: The service runs, now and after a boot
  systemd_service:
    name: chrony
    state: started
    enabled: true

- name: A timer is out of the way
  systemd_service:
    name: apt-daily.timer
    masked: true
    state: stopped
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: Option<String>,
    state: Option<State>,
    enabled: Option<bool>,
    masked: Option<bool>,
    daemon_reload: bool,
    daemon_reexec: bool,
    force: Option<bool>,
    no_block: bool,
    scope: Scope,
}

/// What a unit is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Reloaded,
    Restarted,
    Started,
    Stopped,
}

/// Whose units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scope {
    System,
    User,
    Global,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let manager = Manager::new(ctx, args.scope)?;
    for (verb, wanted) in [("daemon-reexec", args.daemon_reexec), ("daemon-reload", args.daemon_reload)] {
        if wanted {
            let command = manager.command(ctx, [verb]);
            // Systemd knows its own files afterwards: no change of the machine.
            change(ctx, &command, &[], if verb == "daemon-reload" { "reload systemd" } else { "re-execute systemd" })?;
        }
    }
    let Some(name) = &args.name else { return Ok(Outcome::new().with("name", Value::Null).with("status", Map::new()).changed(false)) };
    let task = Task {
        manager: &manager,
        name,
        state: args.state,
        enabled: args.enabled,
        masked: args.masked,
        force: args.force.unwrap_or(false),
        no_block: args.no_block,
    };
    task.run(ctx)
}

/// A unit of this host's own manager, for the module `service`.
///
/// # Errors
/// When systemd cannot do it.
pub(super) fn service(ctx: &mut Context<'_>, name: &str, state: Option<State>, enabled: Option<bool>) -> ModuleResult {
    let manager = Manager::new(ctx, Scope::System)?;
    Task { manager: &manager, name, state, enabled, masked: None, force: false, no_block: false }.run(ctx)
}

struct Task<'a> {
    manager: &'a Manager,
    name: &'a str,
    state: Option<State>,
    enabled: Option<bool>,
    masked: Option<bool>,
    force: bool,
    no_block: bool,
}

impl Task<'_> {
    fn run(&self, ctx: &mut Context<'_>) -> ModuleResult {
        if self.name.is_empty() || self.name.starts_with('-') || self.name.contains(['*', '?', '[', '/', '\n', ' ']) {
            return Err(Failure::new(format!("failed to manage the unit `{}`: this is not the name of one unit", self.name)));
        }
        let unit = self.manager.unit(ctx, self.name)?;
        let mut outcome = Outcome::new().with("name", self.name).with("status", unit.status());
        let mut changed = self.mask(ctx, &unit)?;
        if self.enabled.is_none() && self.state.is_none() {
            return Ok(outcome.changed(changed));
        }
        if !unit.exists {
            return Err(self.missing());
        }
        if let Some(enabled) = self.enabled {
            changed |= self.enable(ctx, &unit, enabled)?;
            outcome = outcome.with("enabled", enabled);
        }
        if let Some(state) = self.state {
            if self.manager.is_offline() {
                let why = "systemd does not run here, so the state of the unit is left alone";
                return Ok(outcome.with("state", shown(state)).changed(changed).warn(why));
            }
            changed |= self.bring(ctx, &unit, state)?;
            outcome = outcome.with("state", shown(state));
        }
        Ok(outcome.changed(changed))
    }

    fn missing(&self) -> Failure {
        Failure::new(format!("failed to find the unit `{}`: systemd knows no such unit", crate::system::lookup::unit_name(self.name)))
            .hint("install what brings it or write its file in an earlier task; `systemctl list-unit-files` shows what there is")
    }

    fn mask(&self, ctx: &mut Context<'_>, unit: &Unit) -> Result<bool, Failure> {
        let Some(masked) = self.masked.filter(|masked| *masked != unit.masked) else { return Ok(false) };
        let verb = if masked { "mask" } else { "unmask" };
        if masked && !self.force && unit.file_in_the_way(ctx)? {
            return Err(Failure::new(format!("failed to mask the unit `{}`: its own file is where the mask would be", unit.name))
                .hint("remove the file first, or set `force: true`"));
        }
        self.act(ctx, unit, verb, &[], Effect::Service { name: unit.name.clone(), active: None, enabled: None, masked: Some(masked) })
    }

    fn enable(&self, ctx: &mut Context<'_>, unit: &Unit, wanted: bool) -> Result<bool, Failure> {
        // A mask that is about to go hides what is below; enabling is harmless where it was enabled.
        let is = if unit.masked && self.masked == Some(false) { Enabled::No } else { unit.enabled };
        match (is, wanted) {
            (Enabled::Fixed, _) | (Enabled::Yes, true) | (Enabled::No, false) => return Ok(false),
            _ => {}
        }
        let verb = if wanted { "enable" } else { "disable" };
        let force: &[&str] = if self.force { &["--force"] } else { &[] };
        self.act(ctx, unit, verb, force, Effect::Service { name: unit.name.clone(), active: None, enabled: Some(wanted), masked: None })
    }

    fn bring(&self, ctx: &mut Context<'_>, unit: &Unit, state: State) -> Result<bool, Failure> {
        let verb = match (state, unit.active) {
            (State::Started, true) => return Ok(false),
            (State::Stopped, false) if !unit.stopping => return Ok(false),
            (State::Stopped, _) => "stop",
            (State::Restarted, true) => "restart",
            (State::Reloaded, true) => "reload",
            (_, false) => "start",
        };
        let no_block: &[&str] = if self.no_block { &["--no-block"] } else { &[] };
        let active = Some(state != State::Stopped);
        self.act(ctx, unit, verb, no_block, Effect::Service { name: unit.name.clone(), active, enabled: None, masked: None })
    }

    fn act(&self, ctx: &mut Context<'_>, unit: &Unit, verb: &str, options: &[&str], effect: Effect) -> Result<bool, Failure> {
        let force: &[&str] = if verb == "mask" && self.force { &["--force"] } else { &[] };
        let words = [verb].into_iter().chain(options.iter().copied()).chain(force.iter().copied()).chain([unit.name.as_str()]);
        let command = self.manager.command(ctx, words);
        let effect = if self.manager.is_system() { effect } else { Effect::Other(format!("{} {}", verb, unit.name)) };
        let output = ctx.system.run(&command, &[effect])?;
        if output.success() {
            return Ok(true);
        }
        let mut message = format!("failed to {verb} the unit `{}`: {}", unit.name, said(&output));
        if let Some(journal) = self.journal(ctx, unit, verb) {
            message.push_str(&format!("\nthe end of its journal:\n{journal}"));
        }
        Err(Failure::command(message, &command.argv, &output))
    }

    /// The last lines of the unit's journal, where they may tell why it did not do as asked.
    fn journal(&self, ctx: &Context<'_>, unit: &Unit, verb: &str) -> Option<String> {
        if !matches!(verb, "start" | "restart" | "reload" | "stop") || !self.manager.is_system() {
            return None;
        }
        let program = ctx.system.which("journalctl").ok()??.to_string_lossy().into_owned();
        let command: Command = ctx.command([program.as_str(), "--no-pager", "-q", "-n", "10", "-o", "cat", "-u", &unit.name]);
        let output = ctx.system.probe(&command).ok().filter(crate::system::Output::success)?;
        Some(output.stdout_text().trim_end().to_owned()).filter(|text| !text.is_empty())
    }
}

fn shown(state: State) -> &'static str {
    if state == State::Stopped { "stopped" } else { "started" }
}

/// The full path of `systemctl`.
fn systemctl(ctx: &Context<'_>) -> Result<String, Failure> {
    required_command(ctx.system, &["systemctl"], "manage units of systemd")
}

#[cfg(test)]
mod tests;
