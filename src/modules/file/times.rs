//! The times of files.

use std::path::Path;

use super::super::shared::times;
use super::super::{Context, Failure};
use crate::system::{Attributes, Command, Follow};

/// What a time is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Time {
    Preserve,
    Now,
    /// Seconds since the epoch.
    At(f64),
}

/// Both times of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Times {
    modified: Time,
    accessed: Time,
}

impl Times {
    /// From what the user gave: time and format, of which the time may be missing.
    pub(super) fn resolve(
        ctx: &Context<'_>,
        modified: (Option<&str>, &str),
        accessed: (Option<&str>, &str),
        is_touch: bool,
    ) -> Result<Self, Failure> {
        let missing = if is_touch { Time::Now } else { Time::Preserve };
        let one = |(text, format): (Option<&str>, &str)| match text {
            None => Ok(missing),
            Some("preserve") => Ok(Time::Preserve),
            Some("now") => Ok(Time::Now),
            Some(text) => at(ctx, text, format),
        };
        Ok(Self { modified: one(modified)?, accessed: one(accessed)? })
    }

    /// Sets what differs. "Now" always differs.
    pub(super) fn apply(self, ctx: &mut Context<'_>, path: &Path, follow: Follow) -> Result<(), Failure> {
        if self.modified == Time::Preserve && self.accessed == Time::Preserve {
            return Ok(());
        }
        let Some(stat) = ctx.system.stat(path, follow)? else { return Ok(()) };
        let now = ctx.system.clock()?.epoch.as_secs_f64();
        let differing = |time: Time, current: f64| match time {
            Time::Preserve => None,
            Time::Now => Some(now),
            Time::At(wanted) => ((wanted - current).abs() > 1e-6).then_some(wanted),
        };
        let attributes = Attributes {
            mtime: differing(self.modified, stat.mtime),
            atime: differing(self.accessed, stat.atime),
            ..Attributes::default()
        };
        if attributes != Attributes::default() {
            ctx.system.set_attributes(path, &attributes, follow)?;
        }
        Ok(())
    }
}

/// The moment that `text` means on the machine. `date` of the machine knows its time zone and when its clocks change.
fn at(ctx: &Context<'_>, text: &str, format: &str) -> Result<Time, Failure> {
    let civil = times::parse(text, format).map_err(|reason| Failure::new(format!("failed to read the time: {reason} `{format}`")))?;
    let command = Command::new(["date", "-d", &civil, "+%s"]);
    let output = ctx.system.probe(&command)?;
    match output.stdout_text().trim().parse() {
        Ok(seconds) if output.success() => Ok(Time::At(seconds)),
        _ => Err(Failure::command(format!("failed to read the time `{text}` on the machine"), &command.argv, &output)),
    }
}
