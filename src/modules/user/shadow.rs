//! Passwords and when they and the account expire: the lines of `/etc/shadow`.

use std::path::{Path, PathBuf};

use super::Arguments;
use crate::base::Secret;
use crate::modules::shared::run::{change, tell};
use crate::modules::shared::{ids, required_command};
use crate::modules::{Context, Failure, Outcome};
use crate::system::{Civil, Effect, ErrorKind, Result, System};

const PATH: &str = "/etc/shadow";
const DAY: u64 = 86_400;

/// The file; empty when there is none or it may not be read.
pub(super) struct Shadow {
    text: Option<String>,
}

/// A line of it. Numbers are days; empty means none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) password: String,
    pub(super) changed: String,
    pub(super) min: String,
    pub(super) max: String,
    pub(super) warn: String,
    pub(super) inactive: String,
    pub(super) expire: String,
    pub(super) flag: String,
}

impl Shadow {
    pub(super) fn read(system: &dyn System) -> Result<Self> {
        match system.read(Path::new(PATH)) {
            Ok(bytes) => Ok(Self { text: Some(String::from_utf8_lossy(&bytes).into_owned()) }),
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::PermissionDenied) => Ok(Self { text: None }),
            Err(error) => Err(error),
        }
    }

    /// The line of a user; an empty one when there is none.
    pub(super) fn entry(&self, name: &str) -> Entry {
        let text = self.text.as_deref().unwrap_or_default();
        let line = text.lines().find(|line| line.split(':').next() == Some(name)).unwrap_or_default();
        let mut fields = line.split(':').skip(1).map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        Entry { password: next(), changed: next(), min: next(), max: next(), warn: next(), inactive: next(), expire: next(), flag: next() }
    }

    /// What a command does that gives the user this line, or takes it away.
    pub(super) fn effect(&self, name: &str, entry: Option<&Entry>) -> Vec<Effect> {
        let Some(text) = &self.text else { return Vec::new() };
        let new = entry.map(|entry| {
            let Entry { password, changed, min, max, warn, inactive, expire, flag } = entry;
            format!("{name}:{password}:{changed}:{min}:{max}:{warn}:{inactive}:{expire}:{flag}")
        });
        let is_ours = |line: &str| line.split(':').next() == Some(name);
        let mut lines: Vec<&str> = text.lines().collect();
        match lines.iter().position(|line| is_ours(line)) {
            Some(at) => drop(lines.splice(at..=at, new.as_deref())),
            None => lines.extend(new.as_deref()),
        }
        let content = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"]).flatten().copied().collect();
        vec![Effect::FileContent { path: PathBuf::from(PATH), content }]
    }
}

/// Today in days since 1970.
pub(super) fn today(system: &dyn System) -> Result<String> {
    Ok((system.clock()?.epoch.as_secs() / DAY).to_string())
}

/// The day on which an account expires, in days since 1970; empty for never.
pub(super) fn day(expires: f64) -> String {
    if expires < 0.0 {
        return String::new();
    }
    (std::time::Duration::from_secs_f64(expires.min(4e12)).as_secs() / DAY).to_string()
}

/// A day as `usermod` wants it: `2031-05-04`; empty stays empty.
pub(super) fn date(day: &str) -> String {
    let Ok(days) = day.parse::<u64>() else { return String::new() };
    let Civil { year, month, day, .. } = Civil::at(std::time::Duration::from_secs(days.saturating_mul(DAY)), 0);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Gives the account this hash.
pub(super) fn set_password(ctx: &mut Context<'_>, name: &str, hash: &str, outcome: &mut Outcome) -> std::result::Result<(), Failure> {
    let purpose = format!("set the password of the user `{name}`");
    let shadow = Shadow::read(ctx.system)?;
    let entry = Entry { password: hash.to_owned(), changed: today(ctx.system)?, ..shadow.entry(name) };
    let mut effects = shadow.effect(name, Some(&entry));
    effects.push(Effect::Other(format!("user {name}: password changed")));
    let mut command = ctx.command([required_command(ctx.system, &["chpasswd"], &purpose)?, "-e".to_owned()]);
    command.secret_stdin = Some(Secret::new(format!("{name}:{hash}\n")));
    let output = change(ctx, &command, &effects, &purpose)?;
    tell(&mut outcome.result, &output);
    Ok(())
}

/// The options of `usermod` (with `local`: of `lchage`) that set when the account expires, where that differs; `entry` becomes what it is then.
pub(super) fn expiry(args: &Arguments, entry: &mut Entry) -> Vec<String> {
    let mut options = Vec::new();
    if let Some(day) = args.expires.map(day).filter(|day| *day != entry.expire) {
        let never = if day.is_empty() { "-1" } else { &day };
        options.extend(if args.local { ["-E".to_owned(), never.to_owned()] } else { ["-e".to_owned(), date(&day)] });
        entry.expire = day;
    }
    if let Some(days) = args.password_expire_account_disable {
        let field = if days < 0 { String::new() } else { days.to_string() };
        if field != entry.inactive {
            options.extend([if args.local { "-I" } else { "-f" }.to_owned(), days.to_string()]);
            entry.inactive = field;
        }
    }
    options
}

/// Sets when an account of libuser expires.
pub(super) fn expire_account_local(ctx: &mut Context<'_>, args: &Arguments, outcome: &mut Outcome) -> std::result::Result<(), Failure> {
    let shadow = Shadow::read(ctx.system)?;
    let mut entry = shadow.entry(&args.name);
    let options = expiry(args, &mut entry);
    chage(ctx, args, &format!("set when the account of the user `{}` expires", args.name), options, &shadow, &entry, outcome)
}

fn chage(
    ctx: &mut Context<'_>,
    args: &Arguments,
    purpose: &str,
    options: Vec<String>,
    shadow: &Shadow,
    entry: &Entry,
    outcome: &mut Outcome,
) -> std::result::Result<(), Failure> {
    if options.is_empty() || *entry == shadow.entry(&args.name) {
        return Ok(());
    }
    let mut argv = vec![args.program(ctx, "chage", purpose)?];
    argv.extend(options);
    argv.push(args.name.clone());
    let mut effects = shadow.effect(&args.name, Some(entry));
    effects.push(Effect::Other(format!("user {}: expiry changed", args.name)));
    let command = ctx.command(argv);
    let output = change(ctx, &command, &effects, purpose)?;
    tell(&mut outcome.result, &output);
    Ok(())
}

/// Sets the ages of the password.
pub(super) fn expire_password(ctx: &mut Context<'_>, args: &Arguments, outcome: &mut Outcome) -> std::result::Result<(), Failure> {
    let wanted = [("-M", args.password_expire_max), ("-m", args.password_expire_min), ("-W", args.password_expire_warn)];
    if wanted.iter().all(|(_, days)| days.is_none()) || ids::user_named(ctx.system, &args.name)?.is_none() {
        return Ok(());
    }
    let shadow = Shadow::read(ctx.system)?;
    let mut entry = shadow.entry(&args.name);
    let mut options = Vec::new();
    for ((option, days), field) in wanted.into_iter().zip([&mut entry.max, &mut entry.min, &mut entry.warn]) {
        let Some(days) = days.map(|days| days.to_string()).filter(|days| days != field) else { continue };
        options.extend([option.to_owned(), days.clone()]);
        // -1 takes the limit away.
        *field = if days == "-1" { String::new() } else { days };
    }
    chage(ctx, args, &format!("set when the password of the user `{}` expires", args.name), options, &shadow, &entry, outcome)
}

/// Whether a text has the form of a hash (or of a lock).
pub(super) fn looks_hashed(password: &str) -> bool {
    let hash = password.trim_start_matches('!');
    if hash.is_empty() || hash.chars().all(|c| c == '*') {
        return true;
    }
    let of_hash = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "./".contains(c));
    match hash.strip_prefix('$') {
        Some(rest) => {
            let fields: Vec<&str> = rest.split('$').collect();
            fields.len() >= 3 && fields.last().is_some_and(|last| last.len() >= 22 && of_hash(last))
        }
        None => (hash.len() == 13 && of_hash(hash)) || (hash.starts_with('_') && hash.len() == 20),
    }
}
