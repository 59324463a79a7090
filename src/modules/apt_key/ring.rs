//! A ring of keys as `apt-key` shows and changes it. In check mode its keys are made known under its name.

use std::path::Path;

use crate::modules::shared::openpgp::{Key, parse};
use crate::modules::shared::required_command;
use crate::modules::shared::run::{change, look};
use crate::modules::{Context, Failure};
use crate::system::{Command, Effect};

/// How often a key server is asked: they are often busy.
const TRIES: usize = 5;

pub(super) struct Ring<'a> {
    program: String,
    file: Option<&'a Path>,
}

/// A key, or a part of the key before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// 16 digits.
    pub(super) id: String,
    is_subkey: bool,
}

impl Entry {
    pub(super) fn of(key: &Key) -> Self {
        Self { id: key.id().to_owned(), is_subkey: key.is_subkey }
    }
}

impl<'a> Ring<'a> {
    pub(super) fn find(ctx: &Context<'_>, file: Option<&'a Path>) -> Result<Self, Failure> {
        let program = required_command(ctx.system, &["apt-key"], "manage keys of apt").map_err(|failure| {
            failure
                .hint("new releases have no `apt-key`: use `deb822_repository` with `signed_by`, or put the key into `/etc/apt/keyrings`")
        })?;
        Ok(Self { program, file })
    }

    fn command(&self, ctx: &Context<'_>, words: &[&str]) -> Command {
        let file = self.file.map(|file| ["--keyring".to_owned(), file.to_string_lossy().into_owned()]);
        let start = [self.program.clone()].into_iter().chain(file.into_iter().flatten());
        ctx.command(start.chain(words.iter().map(|word| (*word).to_owned()))).env("APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE", "1")
    }

    fn subject(&self) -> String {
        format!("apt-key {}", self.file.unwrap_or(Path::new("")).display())
    }

    /// The keys, without those whose time is over.
    pub(super) fn keys(&self, ctx: &Context<'_>) -> Result<Vec<Entry>, Failure> {
        if let Some(known) = ctx.system.known(&self.subject()) {
            let entry = |word: &str| Entry { id: word.trim_start_matches('+').to_owned(), is_subkey: word.starts_with('+') };
            return Ok(known.split_whitespace().map(entry).collect());
        }
        let command = self.command(ctx, &["adv", "--list-public-keys", "--with-fingerprint", "--with-colons"]);
        let output = look(ctx, &command, "list the keys of apt")?;
        Ok(parse(&output.stdout_text()).iter().filter(|key| !key.is_expired).map(Entry::of).collect())
    }

    fn effects(&self, what: String, keys: &[Entry]) -> Vec<Effect> {
        let word = |key: &Entry| format!("{}{}", if key.is_subkey { "+" } else { "" }, key.id);
        let known = Effect::Known { subject: self.subject(), value: keys.iter().map(word).collect::<Vec<_>>().join(" ") };
        let file = self.file.map(|file| Effect::FileWritten(file.to_path_buf()));
        [Effect::Other(what), known].into_iter().chain(file).collect()
    }

    pub(super) fn add(&self, ctx: &mut Context<'_>, content: Vec<u8>, new: &[Entry], before: &[Entry]) -> Result<(), Failure> {
        let mut command = self.command(ctx, &["add", "-"]);
        command.stdin = Some(content);
        let missing: Vec<Entry> = new.iter().filter(|key| !before.contains(key)).cloned().collect();
        let ids: Vec<&str> = missing.iter().filter(|key| !key.is_subkey).map(|key| key.id.as_str()).collect();
        let what = format!("key of apt {}: absent -> present", ids.join(" "));
        let effects = self.effects(what, &[before, missing.as_slice()].concat());
        change(ctx, &command, &effects, &format!("add the key {}", ids.join(" "))).map(drop)
    }

    /// Adds a key of a server.
    pub(super) fn receive(&self, ctx: &mut Context<'_>, key: &str, server: &str, id: &str, before: &[Entry]) -> Result<(), Failure> {
        let command = self.command(ctx, &["adv", "--no-tty", "--keyserver", server, "--recv", key]);
        let new = [Entry { id: id.to_owned(), is_subkey: false }];
        let effects = self.effects(format!("key of apt {key}: absent -> present"), &[before, new.as_slice()].concat());
        let purpose = format!("get the key {key} from `{server}`");
        for _ in 1..TRIES {
            if change(ctx, &command, &effects, &purpose).is_ok() {
                return Ok(());
            }
        }
        change(ctx, &command, &effects, &purpose).map(drop)
    }

    pub(super) fn remove(&self, ctx: &mut Context<'_>, key: &str, end: &str, before: &[Entry]) -> Result<(), Failure> {
        let command = self.command(ctx, &["del", key]);
        let mut left = Vec::new();
        // The parts of a key stand behind it, and go with it.
        let mut goes = false;
        for own in before {
            goes = if own.is_subkey { goes } else { own.id.ends_with(end) };
            if !goes {
                left.push(own.clone());
            }
        }
        let effects = self.effects(format!("key of apt {key}: present -> absent"), &left);
        change(ctx, &command, &effects, &format!("remove the key {key}")).map(drop)
    }
}
