//! `sysvinit`: services that scripts in `/etc/init.d` start, whatever else the host has.

mod levels;

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::shared::run::change;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::base::shlex;
use crate::system::{Effect, Follow, Output};

/// The declaration of `sysvinit`.
pub static MODULE: Spec = Spec {
    name: "sysvinit",
    collections: BUILTIN,
    summary: "Start, stop and enable services by their scripts in /etc/init.d",
    description: &[
        "Calls the script of the service, whatever runs the services of the host; `service` finds out what that is.",
        "Restarting and reloading are done each time.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "Name of the service: that of its script.").required().aliases(&["service"]),
        Opt::new(
            "state",
            Kind::Str,
            "`started`, `stopped`: what it is to be. `restarted`: stopped and started. `reloaded`: told to read its configuration again. Both start it if it does not run.",
        )
        .choices(&["started", "stopped", "restarted", "reloaded"]),
        Opt::new("enabled", Kind::Bool, "Whether it starts at boot."),
        Opt::new("runlevels", Kind::List(&Kind::Str), "The runlevels that `enabled` is about; those that the script names by default."),
        Opt::new("sleep", Kind::Int, "Seconds between stopping and starting when it is restarted.").default("1"),
        Opt::new("pattern", Kind::Str, "A text that the list of processes holds exactly while the service runs, for scripts that cannot tell."),
        Opt::new("arguments", Kind::Str, "More arguments for the script.").aliases(&["args"]),
        Opt::new("daemonize", Kind::Bool, "Whether the script gets a session of its own, for services that do not leave that of the script.")
            .default("false"),
    ],
    rules: &[Rule::OneOf(&["state", "enabled"])],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "Name of the service." },
        Return {
            name: "status",
            kind: "dict",
            when: "always",
            doc: "For `enabled`, and for the state that was asked for: whether it `changed`, and the `rc`, `stdout` and `stderr` of what was called.",
        },
    ],
    examples: "
- name: The old service runs, now and after a boot
  sysvinit:
    name: legacyd
    state: started
    enabled: true
    runlevels: ['3', '5']
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    state: Option<State>,
    enabled: Option<bool>,
    runlevels: Option<Vec<String>>,
    sleep: u64,
    pattern: Option<String>,
    arguments: Option<String>,
    daemonize: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Started,
    Stopped,
    Restarted,
    Reloaded,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Restarted => "restarted",
            Self::Reloaded => "reloaded",
        }
    }
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    if args.name.is_empty() || args.name.contains('/') || args.name.starts_with('-') {
        return Err(Failure::new(format!("failed to find the service `{}`: a service cannot be called so", args.name)));
    }
    let script = Path::new("/etc/init.d").join(&args.name);
    if !ctx.system.stat(&script, Follow::Yes)?.is_some_and(|stat| stat.is_file()) {
        return Err(Failure::new(format!("failed to find the service `{}`: there is no `{}`", args.name, script.display()))
            .hint("install what brings it, or correct the name")
            .missing_on(ctx.system));
    }
    let mut status = Map::new();
    let levels = args.runlevels.as_deref().filter(|levels| !levels.is_empty());
    let output = match args.enabled {
        Some(enabled) => levels::enable(ctx, &args.name, enabled, levels)?,
        None => None,
    };
    let mut said = entry(output.as_ref());
    if let (Some(levels), Value::Object(said)) = (levels, &mut said) {
        said.insert("runlevels".to_owned(), json!(levels));
    }
    status.insert("enabled".to_owned(), said);
    if let Some(state) = args.state {
        let output = bring(ctx, &args, &script, state)?;
        status.insert(state.name().to_owned(), entry(output.as_ref()));
    }
    Ok(Outcome::new().with("name", args.name).with("status", status))
}

/// What results say of one thing that was asked for.
fn entry(output: Option<&Output>) -> Value {
    json!({
        "changed": output.is_some(),
        "rc": output.map(|output| output.rc),
        "stdout": output.map(Output::stdout_text),
        "stderr": output.map(Output::stderr_text),
    })
}

/// What the script said last; `None` when it had nothing to do.
fn bring(ctx: &mut Context<'_>, args: &Arguments, script: &Path, state: State) -> Result<Option<Output>, Failure> {
    let runs = runs(ctx, args, script)?;
    let verbs: &[&str] = match (state, runs) {
        (State::Started, true) | (State::Stopped, false) => &[],
        (State::Stopped, true) => &["stop"],
        (State::Restarted, true) => &["stop", "start"],
        (State::Reloaded, true) => &["reload"],
        (_, false) => &["start"],
    };
    let mut last = None;
    for (at, verb) in verbs.iter().enumerate() {
        // In check mode nothing stops, so there is nothing to wait for.
        if at > 0 && args.sleep > 0 && !ctx.system.foresees() {
            ctx.system.sleep(Duration::from_secs(args.sleep))?;
        }
        last = Some(call(ctx, args, script, verb)?);
    }
    Ok(last)
}

fn call(ctx: &mut Context<'_>, args: &Arguments, script: &Path, verb: &str) -> Result<Output, Failure> {
    let more = shlex::split(args.arguments.as_deref().unwrap_or_default())
        .map_err(|reason| Failure::new(format!("failed to read `arguments` of the service `{}`: {reason}", args.name)))?;
    let setsid: &[&str] = if args.daemonize { &["setsid", "--wait"] } else { &[] };
    let start = setsid.iter().map(|word| (*word).to_owned()).chain([script.to_string_lossy().into_owned(), verb.to_owned()]);
    let command = ctx.command(start.chain(more));
    let active = verb != "stop";
    let effects = [
        Effect::Service { name: args.name.clone(), active: Some(active), enabled: None, masked: None },
        Effect::Known { subject: subject(&args.name), value: active.to_string() },
    ];
    change(ctx, &command, &effects, &format!("{verb} the service `{}`", args.name))
}

/// Under this name check mode knows whether the script would have started the service.
fn subject(name: &str) -> String {
    format!("service of /etc/init.d/{name}")
}

fn runs(ctx: &Context<'_>, args: &Arguments, script: &Path) -> Result<bool, Failure> {
    if let Some(known) = ctx.system.known(&subject(&args.name)) {
        return Ok(known == "true");
    }
    if let Some(pattern) = &args.pattern {
        let output = ctx.system.probe(&ctx.command(["ps", "auxww"]))?;
        return Ok(output.stdout_text().lines().any(|line| line.contains(pattern)));
    }
    let output = ctx.system.probe(&ctx.command([script.to_string_lossy().into_owned(), "status".to_owned()]))?;
    // Some scripts say it in words only.
    let text = output.stdout_text().to_lowercase();
    Ok(output.success() && !["not running", "is stopped", "is dead"].iter().any(|words| text.contains(words)))
}

#[cfg(test)]
mod tests;
