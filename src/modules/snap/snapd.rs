//! Talking to snapd through `snap`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Arguments;
use super::settings::Setting;
use crate::modules::shared::required_command;
use crate::modules::shared::run::{change, look, said};
use crate::modules::{Context, Failure};
use crate::system::{Command, Effect};

/// The snaps of a machine.
pub(super) struct Snapd {
    program: String,
    /// What `snap version` says.
    pub(super) version: Value,
    installed: BTreeMap<String, Snap>,
    /// The commands that changed something.
    pub(super) done: Vec<String>,
}

/// A snap that is installed.
#[derive(Clone)]
pub(super) struct Snap {
    /// The channel it follows, as `snap list` shows it.
    tracking: String,
    pub(super) is_enabled: bool,
}

/// Under this name check mode knows what earlier tasks would make of a snap: whether it is there, and beneath that all else.
pub(super) fn subject(name: &str, what: &str) -> String {
    if what.is_empty() { format!("snap\n{name}") } else { format!("snap\n{name}\n{what}") }
}

/// A channel with its track and its risk.
pub(super) fn whole_channel(channel: &str) -> String {
    match channel {
        "stable" | "candidate" | "beta" | "edge" => format!("latest/{channel}"),
        _ if channel.contains('/') && ["stable/", "candidate/", "beta/", "edge/"].iter().any(|risk| channel.starts_with(risk)) => {
            format!("latest/{channel}")
        }
        _ if channel.contains('/') => channel.to_owned(),
        _ => format!("{channel}/stable"),
    }
}

impl Snapd {
    /// Asks what is there.
    ///
    /// # Errors
    /// When there is no `snap`, or snapd does not answer.
    pub(super) fn open(ctx: &Context<'_>) -> Result<Self, Failure> {
        let program = required_command(ctx.system, &["snap"], "manage snaps")?;
        let ask = |word: &str| look(ctx, &ctx.command([program.as_str(), word]), "ask for the snaps of the machine");
        let version = ask("version")?.stdout_text();
        let pairs = version.lines().filter_map(|line| line.split_once(char::is_whitespace));
        let version = pairs.map(|(name, value)| (name.to_owned(), value.trim().into())).collect::<Map<_, Value>>();
        let list = ask("list")?.stdout_text();
        let installed = list.lines().skip(1).filter_map(row).collect();
        Ok(Self { program, version: json!(version), installed, done: Vec::new() })
    }

    /// The snap with this name, if it is installed by now.
    pub(super) fn find(&self, ctx: &Context<'_>, name: &str) -> Option<Snap> {
        let foreseen = ctx.system.known(&subject(name, ""));
        let mut snap = match foreseen.as_deref() {
            Some("absent") => return None,
            Some(_) => Snap { tracking: String::new(), is_enabled: true },
            None => self.installed.get(name)?.clone(),
        };
        if let Some(tracking) = ctx.system.known(&subject(name, "tracking")) {
            snap.tracking = tracking;
        }
        if let Some(enabled) = ctx.system.known(&subject(name, "enabled")) {
            snap.is_enabled = enabled == "yes";
        }
        Some(snap)
    }

    /// That a snap is not there.
    pub(super) fn missing(&self, ctx: &Context<'_>, name: &str) -> Failure {
        Failure::new(format!("failed to switch the snap `{name}` on: it is not installed")).missing_on(ctx.system)
    }

    /// The name of the snap in a file.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(super) fn name_of(&self, ctx: &Context<'_>, file: &str) -> Result<String, Failure> {
        let info = self.info(ctx, file, &format!("look at the snap `{file}`"))?;
        let name = field(&info, "name:").map(str::to_owned);
        name.ok_or_else(|| Failure::new(format!("failed to look at the snap `{file}`: `snap info` tells no name")))
    }

    /// Whether it follows the channel.
    ///
    /// # Errors
    /// When that cannot be told.
    pub(super) fn follows(&self, ctx: &Context<'_>, name: &str, snap: &Snap, channel: &str) -> Result<bool, Failure> {
        let mut tracking = snap.tracking.clone();
        // The name of a branch is cut off in a list.
        if tracking.ends_with('…') {
            let info = self.info(ctx, name, &format!("look at the snap `{name}`"))?;
            tracking = field(&info, "tracking:").unwrap_or_default().to_owned();
        }
        Ok(whole_channel(&tracking) == whole_channel(channel))
    }

    /// Installs what `given` says, whose name is `name`.
    ///
    /// # Errors
    /// When it cannot be.
    pub(super) fn install(&mut self, ctx: &mut Context<'_>, args: &Arguments, given: &str, name: &str) -> Result<(), Failure> {
        let purpose = format!("install the snap `{name}`");
        let channel = whole_channel(args.channel.as_deref().unwrap_or("stable"));
        if ctx.system.foresees() && !super::is_file(given) {
            let info = self.info(ctx, name, &purpose)?;
            if !args.classic && is_classic(&info, &channel) {
                return Err(needs_classic(&purpose));
            }
        }
        let channel_words = args.channel.iter().flat_map(|channel| ["--channel", channel.as_str()]);
        let flags = [(args.classic, "--classic"), (args.dangerous, "--dangerous")];
        let [classic, dangerous] = flags.map(|(is, flag)| is.then_some(flag));
        let words: Vec<&str> = ["install"].into_iter().chain(classic).chain(channel_words).chain(dangerous).chain([given]).collect();
        let effects = [known(name, "", "present"), known(name, "tracking", &channel)];
        self.change(ctx, &words, &effects, &purpose)
    }

    /// Makes it follow the channel.
    ///
    /// # Errors
    /// When it cannot.
    pub(super) fn refresh(&mut self, ctx: &mut Context<'_>, args: &Arguments, name: &str, channel: &str) -> Result<(), Failure> {
        let classic = args.classic.then_some("--classic");
        let words: Vec<&str> = ["refresh"].into_iter().chain(classic).chain(["--channel", channel, name]).collect();
        let effect = known(name, "tracking", &whole_channel(channel));
        self.change(ctx, &words, &[effect], &format!("make the snap `{name}` follow the channel `{channel}`"))
    }

    /// Removes it.
    ///
    /// # Errors
    /// When it cannot be.
    pub(super) fn remove(&mut self, ctx: &mut Context<'_>, name: &str) -> Result<(), Failure> {
        self.change(ctx, &["remove", name], &[known(name, "", "absent")], &format!("remove the snap `{name}`"))
    }

    /// Switches it on or off.
    ///
    /// # Errors
    /// When it cannot be.
    pub(super) fn switch(&mut self, ctx: &mut Context<'_>, name: &str, is_on: bool) -> Result<(), Failure> {
        let (verb, effect, word) = if is_on { ("enable", "yes", "on") } else { ("disable", "no", "off") };
        self.change(ctx, &[verb, name], &[known(name, "enabled", effect)], &format!("switch the snap `{name}` {word}"))
    }

    /// All its settings.
    ///
    /// # Errors
    /// When snapd does not tell.
    pub(super) fn settings(&self, ctx: &Context<'_>, name: &str) -> Result<Value, Failure> {
        // What is only foreseen has none yet.
        if ctx.system.known(&subject(name, "")).is_some() {
            return Ok(json!({}));
        }
        let purpose = format!("ask for the settings of the snap `{name}`");
        let command = self.command(ctx, &["get", "-d", name]);
        let output = ctx.system.probe(&command)?;
        // Older releases say so of a snap without settings.
        if output.stderr_text().contains("has no configuration") {
            return Ok(json!({}));
        }
        let told = Some(&output).filter(|output| output.success()).and_then(|output| serde_json::from_slice(&output.stdout).ok());
        told.ok_or_else(|| Failure::command(format!("failed to {purpose}: {}", said(&output)), &command.argv, &output))
    }

    /// Sets these.
    ///
    /// # Errors
    /// When it cannot be.
    pub(super) fn set(&mut self, ctx: &mut Context<'_>, name: &str, settings: &[&Setting]) -> Result<(), Failure> {
        let texts: Vec<String> = settings.iter().map(|setting| setting.text()).collect();
        let words: Vec<&str> = ["set", name].into_iter().chain(texts.iter().map(String::as_str)).collect();
        let effect = |setting: &&Setting| Effect::Known { subject: setting.subject(name), value: setting.value().to_string() };
        let effects: Vec<Effect> = settings.iter().map(effect).collect();
        self.change(ctx, &words, &effects, &format!("change the settings of the snap `{name}`"))
    }

    fn info(&self, ctx: &Context<'_>, name: &str, purpose: &str) -> Result<String, Failure> {
        Ok(look(ctx, &self.command(ctx, &["info", name]), purpose)?.stdout_text())
    }

    fn command(&self, ctx: &Context<'_>, words: &[&str]) -> Command {
        ctx.command([self.program.as_str()].iter().chain(words).copied())
    }

    fn change(&mut self, ctx: &mut Context<'_>, words: &[&str], effects: &[Effect], purpose: &str) -> Result<(), Failure> {
        let command = self.command(ctx, words);
        let line = format!("snap {}", words.join(" "));
        let effects = [&[Effect::Other(line.clone())], effects].concat();
        change(ctx, &command, &effects, purpose).map_err(|failure| match failure.message.contains("--classic") {
            true => Failure { message: needs_classic(purpose).message, ..failure }.hint("`classic: true` allows it"),
            false => failure,
        })?;
        self.done.push(line);
        Ok(())
    }
}

fn needs_classic(purpose: &str) -> Failure {
    Failure::new(format!("failed to {purpose}: it is not confined")).hint("`classic: true` allows it")
}

fn known(name: &str, what: &str, value: &str) -> Effect {
    Effect::Known { subject: subject(name, what), value: value.to_owned() }
}

/// A snap out of a row of `snap list`: name, version, revision, channel, publisher, notes.
fn row(line: &str) -> Option<(String, Snap)> {
    let cells: Vec<&str> = line.split_whitespace().collect();
    let [name, _, _, tracking, .., notes] = cells.as_slice() else { return None };
    let is_enabled = !notes.split(',').any(|note| note == "disabled");
    Some(((*name).to_owned(), Snap { tracking: (*tracking).to_owned(), is_enabled }))
}

fn field<'t>(info: &'t str, name: &str) -> Option<&'t str> {
    info.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().trim_matches('"'))
}

/// Whether what `snap info` says of a channel is that what is there is not confined.
fn is_classic(info: &str, channel: &str) -> bool {
    let line = info.lines().find_map(|line| line.trim_start().strip_prefix(channel)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().last()).is_some_and(|notes| notes.split(',').any(|note| note == "classic"))
}
