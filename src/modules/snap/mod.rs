//! `snap`: snaps, the packages of snapd, and their settings.

mod settings;
mod snapd;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::json;

use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use settings::Setting;
use snapd::Snapd;

/// The declaration of `snap`.
pub static MODULE: Spec = Spec {
    name: "snap",
    collections: GENERAL,
    summary: "Keep snaps installed, removed, enabled or disabled",
    description: &[
        "Installs snaps and removes them, makes installed ones follow a channel, switches them on and off, and sets what can be set of them. Needs `snap` on the host, \
         and snapd running.",
    ],
    options: &[
        Opt::new("name", Kind::List(&Kind::Str), "The snaps. With `state: present` a `.snap` file of the host is one too.").required(),
        Opt::new("state", Kind::Str, "How they are to be. `disabled` leaves alone what is not installed; `enabled` needs it to be.")
            .choices(&["absent", "present", "enabled", "disabled"])
            .default("\"present\""),
        Opt::new(
            "channel",
            Kind::Str,
            "The channel to install from and to follow: `edge`, which is `latest/edge`, or `2/stable`. Without it an installed snap follows what it follows.",
        ),
        Opt::new("classic", Kind::Bool, "Whether they may be installed that are not confined.").default("false"),
        Opt::new("dangerous", Kind::Bool, "Whether files may be installed that nobody signed.").default("false"),
        Opt::new(
            "options",
            Kind::List(&Kind::Str),
            "What is to be set once they are installed: `key=value` of all, `snap:key=value` of one. Dots in a key lead into a mapping, a value that is JSON is that, \
             and `null` unsets. Only with `state: present`.",
        ),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "version", kind: "dict", when: "always", doc: "What `snap version` says." },
        Return { name: "cmd", kind: "str", when: "changed", doc: "The commands, with `; ` between them." },
        Return { name: "channel", kind: "str", when: "the state is `present`", doc: "What `channel` says; `stable` without it." },
        Return { name: "classic", kind: "bool", when: "the state is `present`", doc: "What `classic` says." },
        Return { name: "snap_names", kind: "list", when: "the state is `present`", doc: "The names of the snaps, those of files too." },
        Return {
            name: "snaps_installed",
            kind: "list",
            when: "some were",
            doc: "What was installed or has another channel now, as `name` says it.",
        },
        Return { name: "snaps_removed", kind: "list", when: "some were", doc: "What was removed." },
        Return { name: "snaps_enabled", kind: "list", when: "some were", doc: "What was switched on." },
        Return { name: "snaps_disabled", kind: "list", when: "some were", doc: "What was switched off." },
        Return { name: "options_changed", kind: "list", when: "some were", doc: "What was set, as `snap:key=value`." },
    ],
    examples: "
- name: The tools of the operators
  community.general.snap:
    name: [jq, yq]

- name: One that is not confined, from a channel of its own
  community.general.snap:
    name: go
    channel: 1.22/stable
    classic: true

- name: A cloud with settings
  community.general.snap:
    name: nextcloud
    options:
      - ports.http=81
      - nextcloud:mode=production
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: Vec<String>,
    state: State,
    channel: Option<String>,
    classic: bool,
    dangerous: bool,
    options: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Absent,
    Present,
    Enabled,
    Disabled,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let mut args: Arguments = args.parse()?;
    args.channel = args.channel.filter(|channel| !channel.is_empty());
    let mut names: Vec<String> = Vec::new();
    for name in std::mem::take(&mut args.name) {
        if name.is_empty() || name.starts_with('-') || !is_file(&name) && name.contains(char::is_whitespace) {
            return Err(Failure::new(format!("failed to manage snaps: `{name}` is no name of one")));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut snapd = Snapd::open(ctx)?;
    let outcome = match args.state {
        State::Present => present(ctx, &mut snapd, &args, &names)?,
        State::Absent => {
            let there: Vec<String> = names.into_iter().filter(|name| snapd.find(ctx, name).is_some()).collect();
            for name in &there {
                snapd.remove(ctx, name)?;
            }
            listed(Outcome::new(), "snaps_removed", there)
        }
        State::Enabled | State::Disabled => {
            let is_on = args.state == State::Enabled;
            let mut switched = Vec::new();
            for name in names {
                match snapd.find(ctx, &name) {
                    None if is_on => return Err(snapd.missing(ctx, &name)),
                    Some(snap) if snap.is_enabled != is_on => switched.push(name),
                    _ => {}
                }
            }
            for name in &switched {
                snapd.switch(ctx, name, is_on)?;
            }
            listed(Outcome::new(), if is_on { "snaps_enabled" } else { "snaps_disabled" }, switched)
        }
    };
    let outcome = outcome.with("version", snapd.version.clone());
    Ok(if snapd.done.is_empty() { outcome } else { outcome.with("cmd", snapd.done.join("; ")) })
}

fn listed(outcome: Outcome, key: &str, names: Vec<String>) -> Outcome {
    if names.is_empty() { outcome } else { outcome.with(key, names) }
}

fn present(ctx: &mut Context<'_>, snapd: &mut Snapd, args: &Arguments, given: &[String]) -> ModuleResult {
    let mut names = Vec::new();
    for given in given {
        names.push(if is_file(given) { snapd.name_of(ctx, given)? } else { given.clone() });
    }
    let mut settings = Vec::new();
    for text in args.options.iter().flatten() {
        settings.push(Setting::parse(text, &names)?);
    }
    let mut installed = Vec::new();
    for (given, name) in given.iter().zip(&names) {
        match snapd.find(ctx, name) {
            None => snapd.install(ctx, args, given, name)?,
            Some(snap) => match &args.channel {
                Some(channel) if !snapd.follows(ctx, name, &snap, channel)? => snapd.refresh(ctx, args, name, channel)?,
                _ => continue,
            },
        }
        installed.push(given.clone());
    }
    let mut changed = Vec::new();
    for name in &names {
        let own: Vec<&Setting> = settings.iter().filter(|setting| setting.is_of(name)).collect();
        if own.is_empty() {
            continue;
        }
        let there = snapd.settings(ctx, name)?;
        let other: Vec<&Setting> = own.into_iter().filter(|setting| !setting.is_in(ctx, name, &there)).collect();
        if !other.is_empty() {
            snapd.set(ctx, name, &other)?;
        }
        changed.extend(other.iter().map(|setting| format!("{name}:{}", setting.text())));
    }
    let outcome = Outcome::new()
        .with("channel", args.channel.as_deref().unwrap_or("stable"))
        .with("classic", args.classic)
        .with("snap_names", json!(names));
    Ok(listed(listed(outcome, "snaps_installed", installed), "options_changed", changed))
}

/// Whether that is a file and no name.
fn is_file(name: &str) -> bool {
    name.ends_with(".snap") || name.contains('/')
}
