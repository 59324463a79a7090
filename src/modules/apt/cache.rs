//! The lists of packages that apt fetches.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Arguments;
use super::aptget::{AptGet, CACHE};
use crate::modules::{Context, Failure};
use crate::system::{Effect, Follow, Output};

const STAMP: &str = "/var/lib/apt/periodic/update-success-stamp";
const LISTS: &str = "/var/lib/apt/lists";

/// What became of the lists.
pub(super) struct Cache {
    /// They were fetched.
    pub(super) updated: bool,
    /// They are other ones now.
    pub(super) news: bool,
    /// When they were fetched last.
    pub(super) time: u64,
}

/// Fetches the lists if the task wants that and they are too old.
pub(super) fn update_if_due(ctx: &mut Context<'_>, args: &Arguments) -> Result<Cache, Failure> {
    let before = fetched(ctx)?;
    let wanted = args.update_cache.unwrap_or(args.cache_valid_time > 0);
    let valid = u64::try_from(args.cache_valid_time).unwrap_or(0);
    let fresh = before.as_secs().saturating_add(valid) >= ctx.system.clock()?.epoch.as_secs();
    if !wanted || (valid > 0 && fresh) {
        return Ok(Cache { updated: false, news: false, time: before.as_secs() });
    }
    let apt = AptGet::plain(ctx, args.lock_timeout)?;
    refresh(ctx, &apt, args.allow_unauthenticated || args.force, args.update_cache_retries, args.update_cache_retry_max_delay)?;
    let after = fetched(ctx)?;
    Ok(Cache { updated: true, news: after != before, time: after.as_secs() })
}

/// Fetches the lists, again when a server does not answer.
///
/// # Errors
/// When they still cannot be fetched.
pub(in crate::modules) fn refresh(
    ctx: &mut Context<'_>,
    apt: &AptGet,
    unauthenticated: bool,
    retries: u32,
    max_delay: u64,
) -> Result<(), Failure> {
    let purpose = "fetch the lists of packages";
    // Since apt 2.1 this makes it say by its exit code that a server did not answer; older ones do not know it.
    let mut words = vec!["-o", "APT::Update::Error-Mode=any"];
    if unauthenticated {
        words.extend(["-o", "Acquire::AllowInsecureRepositories=true"]);
    }
    words.push("update");
    let command = apt.command(ctx, words);
    let effects = [Effect::FileWritten(PathBuf::from(CACHE)), Effect::FileWritten(PathBuf::from(STAMP))];
    let mut delay = 1;
    let mut tries = 0;
    loop {
        let failure = match apt.run(ctx, &command, &effects, purpose) {
            Ok(output) if is_complete(&output) => return Ok(()),
            Ok(output) => Failure::command(format!("failed to {purpose}: {}", warnings(&output)), &command.argv, &output),
            Err(failure) if failure.unpredictable || tries >= retries => return Err(failure),
            Err(failure) => failure,
        };
        if tries >= retries {
            return Err(failure);
        }
        tries += 1;
        ctx.system.sleep(Duration::from_secs(delay.min(max_delay)))?;
        delay = delay.saturating_mul(2);
    }
}

/// Whether no list was left out.
fn is_complete(output: &Output) -> bool {
    let stderr = output.stderr_text();
    !stderr.contains("Some index files failed to download") && !stderr.contains("Failed to fetch")
}

fn warnings(output: &Output) -> String {
    let stderr = output.stderr_text();
    stderr.lines().map(|line| line.trim_start_matches("W: ").trim_start_matches("E: ")).collect::<Vec<_>>().join("; ")
}

/// When the lists were fetched last, in whole seconds; zero when nobody knows.
fn fetched(ctx: &Context<'_>) -> Result<Duration, Failure> {
    for path in [STAMP, LISTS] {
        if let Some(stat) = ctx.system.stat(Path::new(path), Follow::Yes)? {
            return Ok(Duration::from_secs(Duration::try_from_secs_f64(stat.mtime).unwrap_or_default().as_secs()));
        }
    }
    Ok(Duration::ZERO)
}
