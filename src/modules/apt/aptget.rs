//! `apt-get`: how it is called, asked and waited for.

use std::cell::OnceCell;
use std::path::Path;
use std::time::Duration;

use super::elsewhere::{Elsewhere, Own, SETTINGS};
use super::simulation::Simulation;
use super::{Arguments, contents};
use crate::modules::shared::required_command;
use crate::modules::shared::run::{look, said, tell};
use crate::modules::{Context, Failure, Outcome};
use crate::system::{Command, Effect, ErrorKind, Output};

/// Where the binary cache of apt is; what it holds depends on the lists that were fetched.
pub(super) const CACHE: &str = "/var/cache/apt/pkgcache.bin";
const ARCHIVES: &str = "/var/cache/apt/archives";
/// How long to wait before the lock is tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// `apt-get` as the task wants it called.
pub(in crate::modules) struct AptGet {
    program: String,
    /// Options for installing and removing.
    options: Vec<String>,
    allow_held: bool,
    allow_downgrade: bool,
    lock_timeout: Duration,
    unauthenticated: bool,
    /// A place beside the machine's own, made when it is first needed.
    elsewhere: OnceCell<Elsewhere>,
}

impl AptGet {
    pub(super) fn new(ctx: &Context<'_>, args: &Arguments) -> Result<Self, Failure> {
        let mut options = Vec::new();
        for option in args.dpkg_options.split(',').map(str::trim).filter(|option| !option.is_empty()) {
            options.extend(["-o".to_owned(), format!("Dpkg::Options::=--{option}")]);
        }
        if let Some(recommends) = args.install_recommends {
            options.extend(["-o".to_owned(), format!("APT::Install-Recommends={}", if recommends { "yes" } else { "no" })]);
        }
        if let Some(release) = &args.default_release {
            options.extend(["-t".to_owned(), release.clone()]);
        }
        let flags = [
            ("--allow-downgrades", args.allow_downgrade || args.force),
            ("--allow-change-held-packages", args.allow_change_held_packages || args.force),
            ("--allow-unauthenticated", args.allow_unauthenticated || args.force),
            ("--allow-remove-essential", args.force),
            ("--no-remove", args.fail_on_autoremove),
            ("--only-upgrade", args.only_upgrade),
            ("--auto-remove", args.autoremove),
            ("--purge", args.purge),
        ];
        options.extend(flags.iter().filter(|(_, set)| *set).map(|(flag, _)| (*flag).to_owned()));
        Ok(Self {
            options,
            allow_held: args.allow_change_held_packages || args.force,
            allow_downgrade: args.allow_downgrade || args.force,
            unauthenticated: args.allow_unauthenticated || args.force,
            ..Self::plain(ctx, args.lock_timeout)?
        })
    }

    /// Without options; `lock_timeout` in seconds.
    pub(in crate::modules) fn plain(ctx: &Context<'_>, lock_timeout: u64) -> Result<Self, Failure> {
        let program = required_command(ctx.system, &["apt-get"], "manage packages")
            .map_err(|failure| failure.hint("the module `apt` is for Debian, Ubuntu and their relatives"))?;
        Ok(Self {
            program,
            options: Vec::new(),
            allow_held: false,
            allow_downgrade: false,
            lock_timeout: Duration::from_secs(lock_timeout),
            unauthenticated: false,
            elsewhere: OnceCell::new(),
        })
    }

    /// A call that asks nobody anything.
    pub(super) fn command<'w>(&self, ctx: &Context<'_>, words: impl IntoIterator<Item = &'w str>) -> Command {
        let start = [self.program.clone(), "-y".to_owned()].into_iter().chain(self.options.iter().cloned());
        let mut command = ctx.command(start.chain(words.into_iter().map(str::to_owned)));
        for (name, value) in [
            ("DEBIAN_FRONTEND", "noninteractive"),
            ("DEBIAN_PRIORITY", "critical"),
            ("APT_LISTCHANGES_FRONTEND", "none"),
            ("NEEDRESTART_MODE", "l"),
        ] {
            command.env.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        command
    }

    /// A call that only looks. What would be written and fetched by now, but is not, is put into a place beside the machine's own.
    pub(super) fn looking<'w>(&self, ctx: &Context<'_>, words: impl IntoIterator<Item = &'w str>) -> Result<Command, Failure> {
        let mut command = self.command(ctx, words);
        self.lead(ctx, &mut command)?;
        Ok(command)
    }

    /// What `apt-cache` says.
    pub(super) fn cache(&self, ctx: &Context<'_>, words: &[&str]) -> Result<String, Failure> {
        let purpose = "look packages up";
        let program = required_command(ctx.system, &["apt-cache"], purpose)?;
        let mut command = ctx.command([program.as_str()].iter().chain(words).copied());
        self.lead(ctx, &mut command)?;
        Ok(look(ctx, &command, purpose)?.stdout_text())
    }

    /// Lets a command that only looks see what will be there.
    fn lead(&self, ctx: &Context<'_>, command: &mut Command) -> Result<(), Failure> {
        let own = foreseen(ctx)?;
        if own.lists || own.settings {
            self.elsewhere(ctx)?.lead(command);
        }
        Ok(())
    }

    /// A place beside the machine's own, with the settings and lists that will be there.
    pub(super) fn elsewhere(&self, ctx: &Context<'_>) -> Result<&Elsewhere, Failure> {
        if let Some(elsewhere) = self.elsewhere.get() {
            return Ok(elsewhere);
        }
        let own = foreseen(ctx)?;
        let elsewhere = Elsewhere::new(ctx, own)?;
        if own.lists {
            elsewhere.fetch(ctx, self, self.unauthenticated)?;
        }
        Ok(self.elsewhere.get_or_init(|| elsewhere))
    }

    /// Removes what was put beside the machine's own.
    pub(super) fn leave(&self, ctx: &Context<'_>) {
        if let Some(elsewhere) = self.elsewhere.get() {
            elsewhere.leave(ctx);
        }
    }

    /// What apt would do. An objection it would have in earnest is an error here already.
    pub(super) fn simulate(&self, ctx: &Context<'_>, words: &[&str], purpose: &str) -> Result<Simulation, Failure> {
        let command = self.looking(ctx, ["-s"].into_iter().chain(words.iter().copied()))?;
        let output = ctx.system.probe(&command)?;
        if !output.success() {
            return Err(failed(&command, &output, purpose));
        }
        let simulation = Simulation::parse(&output.stdout_text());
        if let Some((reason, hint)) = simulation.objection(self.allow_held, self.allow_downgrade) {
            return Err(Failure::command(format!("failed to {purpose}: {reason}"), &command.argv, &output).hint(hint));
        }
        Ok(simulation.without_what_is_there(ctx)?)
    }

    /// Does what was simulated; whether there was anything to do.
    pub(super) fn perform(&self, ctx: &mut Context<'_>, words: &[&str], purpose: &str, outcome: &mut Outcome) -> Result<bool, Failure> {
        let simulation = self.simulate(ctx, words, purpose)?;
        if simulation.is_empty() {
            return Ok(false);
        }
        let command = self.command(ctx, words.iter().copied());
        let effects = [simulation.effects(), contents::effects(ctx, self, words, &simulation)?].concat();
        let output = self.run(ctx, &command, &effects, purpose)?;
        tell(&mut outcome.result, &output);
        Ok(true)
    }

    /// Runs a command of apt, again and again while another process holds the lock it needs.
    pub(in crate::modules) fn run(
        &self,
        ctx: &mut Context<'_>,
        command: &Command,
        effects: &[Effect],
        purpose: &str,
    ) -> Result<Output, Failure> {
        let start = ctx.system.clock()?.epoch;
        loop {
            let output = ctx.system.run(command, effects)?;
            if output.success() {
                return Ok(output);
            }
            let Some(holder) = lock_holder(&output.stderr_text()) else { return Err(failed(command, &output, purpose)) };
            if ctx.system.clock()?.epoch.saturating_sub(start) >= self.lock_timeout {
                let reason = format!("{holder} held the lock of apt for longer than {}", crate::base::text::seconds(self.lock_timeout));
                return Err(Failure::command(format!("failed to {purpose}: {reason}"), &command.argv, &output)
                    .hint("try again when it is done, or set a longer `lock_timeout`"));
            }
            ctx.system.sleep(PAUSE)?;
        }
    }

    /// Deletes all fetched package files; whether there were any.
    pub(super) fn clean(&self, ctx: &mut Context<'_>, outcome: &mut Outcome) -> Result<bool, Failure> {
        let files = ctx.system.list(Path::new(ARCHIVES)).unwrap_or_default();
        let files: Vec<_> = files.iter().filter(|entry| entry.name.to_string_lossy().ends_with(".deb")).collect();
        if files.is_empty() {
            return Ok(false);
        }
        let effects: Vec<Effect> = files.iter().map(|entry| Effect::FileRemoved(Path::new(ARCHIVES).join(&entry.name))).collect();
        let command = self.command(ctx, ["clean"]);
        let output = self.run(ctx, &command, &effects, "delete fetched package files")?;
        tell(&mut outcome.result, &output);
        Ok(true)
    }

    /// Deletes fetched package files that cannot be fetched any more; whether there were any.
    pub(super) fn autoclean(&self, ctx: &mut Context<'_>, outcome: &mut Outcome) -> Result<bool, Failure> {
        let purpose = "delete outdated package files";
        let simulated = self.command(ctx, ["-s", "autoclean"]);
        let output = ctx.system.probe(&simulated)?;
        if !output.success() {
            return Err(failed(&simulated, &output, purpose));
        }
        if !output.stdout_text().lines().any(|line| line.starts_with("Del ")) {
            return Ok(false);
        }
        let command = self.command(ctx, ["autoclean"]);
        let output = self.run(ctx, &command, &[Effect::Other("outdated package files deleted".to_owned())], purpose)?;
        tell(&mut outcome.result, &output);
        Ok(true)
    }
}

/// What will be other than it is on the machine.
fn foreseen(ctx: &Context<'_>) -> Result<Own, Failure> {
    let lists =
        ctx.system.foresees() && ctx.system.read_at(Path::new(CACHE), 0, 1).is_err_and(|error| error.kind == ErrorKind::Unpredictable);
    Ok(Own { lists, settings: ctx.system.differs(Path::new(SETTINGS))? })
}

/// Who holds the lock that apt could not get; `None` when that is not what went wrong.
fn lock_holder(stderr: &str) -> Option<String> {
    let signs = ["Could not get lock", "Unable to acquire the dpkg frontend lock", "frontend lock was locked by another process"];
    let line = stderr.lines().find(|line| signs.iter().any(|sign| line.contains(sign)))?;
    // Without the permission there is nothing to wait for.
    if line.contains("13: Permission denied") || line.contains("are you root") || line.contains("30: Read-only") {
        return None;
    }
    let holder = line.split_once("held by process ").map(|(_, rest)| format!("the process {}", rest.trim_end_matches('.')));
    Some(holder.unwrap_or_else(|| "another process".to_owned()))
}

/// The errors of apt, without what it says beside them.
pub(super) fn failed(command: &Command, output: &Output, purpose: &str) -> Failure {
    let stderr = output.stderr_text();
    let errors: Vec<&str> = stderr.lines().filter_map(|line| line.strip_prefix("E: ")).collect();
    let reason = if errors.is_empty() { said(output) } else { errors.join("; ") };
    let failure = Failure::command(format!("failed to {purpose}: {reason}"), &command.argv, output);
    if reason.contains("Unable to locate package") || reason.contains("has no installation candidate") {
        return failure.hint("correct the name, or set `update_cache: true` if the host's lists of packages are old");
    }
    if reason.contains("Permission denied") || reason.contains("are you root") {
        return failure.hint("set `become: true`");
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_the_lock_is_known() {
        for (stderr, holder) in [
            (
                "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)\nE: Unable to",
                Some("the process 812 (unattended-upgr)"),
            ),
            ("E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)", Some("another process")),
            ("E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)", None),
            ("E: Could not get lock /var/lib/dpkg/lock - open (13: Permission denied)", None),
            ("E: Unable to locate package x", None),
        ] {
            assert_eq!(lock_holder(stderr).as_deref(), holder, "{stderr}");
        }
    }
}
