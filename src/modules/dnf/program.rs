//! The program `dnf`: how it is called, asked and waited for.

use std::path::Path;
use std::time::Duration;

use super::options::Arguments;
use super::table::Transaction;
use crate::modules::shared::replica::{ScratchDir, replicate};
use crate::modules::shared::run::said;
use crate::modules::shared::{exists, required_command};
use crate::modules::{Context, Failure};
use crate::system::{Command, Effect, Output};

/// How long to wait before the lock is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// Where the repositories of the host are written down.
const REPOSITORIES: &str = "/etc/yum.repos.d";

/// Which dnf a host is worked on with; their command lines and words differ a little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Four,
    Five,
}

/// `dnf` as the task wants it called.
pub(super) struct Dnf {
    program: String,
    pub(super) version: Version,
    /// Options that go with every call.
    options: Vec<String>,
    pub(super) root: Option<String>,
    lock_timeout: Duration,
    /// The repositories as earlier tasks of check mode would write them down.
    foreseen: Option<ScratchDir>,
}

/// What dnf would do.
pub(super) struct Plan {
    pub(super) transaction: Transaction,
    /// What it wrote, for what it says beside the table.
    pub(super) text: String,
    /// Packages that have no upgrade of the kind that was asked for. As long as there are any, the rest is not planned.
    pub(super) without_advisory: Vec<String>,
}

impl Dnf {
    pub(super) fn new(ctx: &Context<'_>, version: Version, args: &Arguments) -> Result<Self, Failure> {
        let names: &[&str] = match version {
            // Where dnf 5 is the usual one, `dnf` is another name of it.
            Version::Four => &["dnf-3", "dnf"],
            Version::Five => &["dnf5"],
        };
        let program = required_command(ctx.system, names, "manage packages")
            .map_err(|failure| failure.hint("`dnf` and `dnf5` are for Fedora, Red Hat Enterprise Linux and their relatives"))?;
        if let Some(file) = &args.conf_file
            && !exists(ctx.system, Path::new(file))?
        {
            return Err(Failure::new(format!("failed to read the configuration of dnf: `{file}` is not there")).missing_on(ctx.system));
        }
        Ok(Self {
            program,
            version,
            options: options(version, args),
            root: args.root().map(str::to_owned),
            lock_timeout: Duration::from_secs(u64::try_from(args.lock_timeout).unwrap_or(0)),
            foreseen: foreseen_repositories(ctx, args.root())?,
        })
    }

    /// Removes what was put beside the machine's own.
    pub(super) fn leave(&self, ctx: &Context<'_>) {
        if let Some(repositories) = &self.foreseen {
            repositories.leave(ctx);
        }
    }

    fn command(&self, ctx: &Context<'_>, answer: &str, words: &[String]) -> Command {
        let start = [self.program.as_str(), answer].into_iter().map(str::to_owned);
        ctx.command(start.chain(self.options.iter().cloned()).chain(words.iter().cloned()))
    }

    /// A call that only looks. In check mode it sees the repositories that earlier tasks would write down.
    pub(super) fn ask(&self, ctx: &Context<'_>, answer: &str, words: &[String]) -> Result<(Command, Output), Failure> {
        let mut command = self.command(ctx, answer, words);
        if let Some(repositories) = &self.foreseen {
            command.argv.push(format!("--setopt=reposdir={}", repositories.path.display()));
        }
        let output = self.wait_for_lock(ctx, || Ok(ctx.system.probe(&command)?))?;
        Ok((command, output))
    }

    /// What dnf would do.
    pub(super) fn plan(&self, ctx: &Context<'_>, words: &[String], purpose: &str) -> Result<Plan, Failure> {
        let (command, output) = self.ask(ctx, "--assumeno", words)?;
        let text = format!("{}\n{}", output.stdout_text(), output.stderr_text());
        let without_advisory = without_advisory(&text);
        if !output.success() && !without_advisory.is_empty() {
            return Ok(Plan { transaction: Transaction::default(), text, without_advisory });
        }
        if !output.success() && !text.lines().any(|line| line.starts_with("Operation aborted")) {
            return Err(failed(&command, &output, purpose).missing_on(ctx.system));
        }
        let transaction = Transaction::parse(&output.stdout_text());
        if !output.success() && transaction == Transaction::default() {
            return Err(Failure::command(format!("failed to {purpose}: what dnf would do cannot be read"), &command.argv, &output));
        }
        Ok(Plan { transaction, text, without_advisory })
    }

    /// Fetches the lists of packages if the repositories have other ones.
    pub(super) fn refresh(&self, ctx: &Context<'_>) -> Result<(), Failure> {
        let (command, output) = self.ask(ctx, "-y", &["makecache".to_owned()])?;
        if output.success() { Ok(()) } else { Err(failed(&command, &output, "fetch the lists of packages")) }
    }

    /// Runs a command that changes the host as `effects` say.
    pub(super) fn run(&self, ctx: &mut Context<'_>, words: &[String], effects: &[Effect], purpose: &str) -> Result<Output, Failure> {
        let command = self.command(ctx, "-y", words);
        let start = ctx.system.clock()?.epoch;
        loop {
            let output = ctx.system.run(&command, effects)?;
            if output.success() {
                return Ok(output);
            }
            let Some(holder) = lock_holder(&output) else { return Err(failed(&command, &output, purpose)) };
            self.pause(ctx, start, &holder, &command, &output)?;
        }
    }

    fn wait_for_lock(&self, ctx: &Context<'_>, mut run: impl FnMut() -> Result<Output, Failure>) -> Result<Output, Failure> {
        let start = ctx.system.clock()?.epoch;
        loop {
            let output = run()?;
            match lock_holder(&output) {
                Some(holder) if !output.success() => self.pause(ctx, start, &holder, &Command::new([self.program.clone()]), &output)?,
                _ => return Ok(output),
            }
        }
    }

    /// Waits before the lock is tried again, if there is time for it.
    fn pause(&self, ctx: &Context<'_>, start: Duration, holder: &str, command: &Command, output: &Output) -> Result<(), Failure> {
        if ctx.system.clock()?.epoch.saturating_sub(start) >= self.lock_timeout {
            let seconds = crate::base::text::seconds(self.lock_timeout);
            let reason = format!("{holder} held the lock of dnf for longer than {seconds}");
            return Err(Failure::command(format!("failed to run dnf: {reason}"), &command.argv, output)
                .hint("try again when it is done, or set a longer `lock_timeout`"));
        }
        Ok(ctx.system.sleep(PAUSE)?)
    }
}

/// A copy of the repositories as they will be; `None`: as the machine has them.
fn foreseen_repositories(ctx: &Context<'_>, root: Option<&str>) -> Result<Option<ScratchDir>, Failure> {
    let repositories = Path::new(REPOSITORIES);
    if !ctx.system.differs(repositories)? {
        return Ok(None);
    }
    if root.is_some() {
        // Another system may have repositories of its own, and which of them count is for dnf to say.
        let message = format!("failed to ask dnf: `{REPOSITORIES}` is as it needs it only after the real run");
        return Err(Failure { unpredictable: true, ..Failure::new(message) });
    }
    let copy = ScratchDir::new(ctx)?;
    replicate(ctx, repositories, &copy.path, &mut |_, content| Ok(content))?;
    Ok(Some(copy))
}

/// The options that say what the task says.
fn options(version: Version, args: &Arguments) -> Vec<String> {
    let five = version == Version::Five;
    let mut options = Vec::new();
    let mut set = |name: &str, value: &str| options.push(format!("--setopt={name}={value}"));
    if !five {
        // Version 5 waits for the lock by itself, for as long as it takes.
        set("exit_on_lock", "True");
    }
    if !args.disable_gpg_check {
        set("localpkg_gpgcheck", "True");
    }
    if !args.install_weak_deps {
        set("install_weak_deps", "False");
    }
    if !args.sslverify {
        set("sslverify", "False");
    }
    set("clean_requirements_on_remove", if args.autoremove { "True" } else { "False" });
    if let Some(best) = args.best() {
        set("best", if best { "True" } else { "False" });
    }
    if args.skip_broken && five {
        set("skip_broken", "True");
    }
    if let (Some(folder), true) = (&args.download_dir, args.download_only) {
        set("destdir", folder);
    }
    if let (Some(excludes), true) = (&args.disable_excludes, five) {
        set("disable_excludes", if excludes == "all" { "*" } else { excludes });
    }
    let values = [
        ("--config", &args.conf_file),
        ("--releasever", &args.releasever),
        ("--installroot", &args.root().map(str::to_owned)),
        ("--disableexcludes", if five { &None } else { &args.disable_excludes }),
    ]
    .map(|(name, value)| value.as_ref().map(|value| format!("{name}={value}")));
    options.extend(values.into_iter().flatten());
    let (disable, enable) = if five { ("--disable-plugin", "--enable-plugin") } else { ("--disableplugin", "--enableplugin") };
    let lists = [
        (disable, &args.disable_plugin),
        (enable, &args.enable_plugin),
        // In this order, so that `*` can be switched off and one switched on.
        (if five { "--disable-repo" } else { "--disablerepo" }, &args.disablerepo),
        (if five { "--enable-repo" } else { "--enablerepo" }, &args.enablerepo),
        ("--exclude", &args.exclude),
    ];
    options.extend(lists.iter().flat_map(|(name, values)| values.iter().map(move |value| format!("{name}={value}"))));
    let flags = [
        (if five { "--no-gpgchecks" } else { "--nogpgcheck" }, args.disable_gpg_check),
        ("--cacheonly", args.cacheonly),
        ("--refresh", args.update_cache),
        ("--skip-broken", args.skip_broken && !five),
        // Without it the repositories are those in the root.
        ("--use-host-config", five && args.root().is_some()),
    ];
    options.extend(flags.iter().filter(|(_, given)| *given).map(|(flag, _)| (*flag).to_owned()));
    options
}

/// Who holds the lock that dnf could not get; `None` when that is not what went wrong.
fn lock_holder(output: &Output) -> Option<String> {
    let text = format!("{}\n{}", output.stdout_text(), output.stderr_text());
    let (_, behind) = text.split_once("already locked by ")?;
    let number = behind.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    Some(format!("the process {number}"))
}

/// What went wrong, without what dnf says beside it.
pub(super) fn failed(command: &Command, output: &Output, purpose: &str) -> Failure {
    let text = format!("{}\n{}", output.stderr_text(), output.stdout_text());
    let told = || reason(&output.stderr_text()).or_else(|| reason(&output.stdout_text()));
    let reason = if output.rc < 0 { None } else { told() }.unwrap_or_else(|| said(output));
    let missing = unavailable(&text);
    let failures: Vec<String> = missing.iter().cloned().chain(problems(&text)).collect();
    let failure = Failure::command(format!("failed to {purpose}: {reason}"), &command.argv, output).with("failures", failures);
    if !missing.is_empty() {
        return failure.hint("correct the name, or name a repository that has it in `enablerepo`");
    }
    if reason.contains("superuser privileges") || reason.contains("Permission denied") {
        return failure.hint("set `become: true`");
    }
    if reason.contains("is not signed") || reason.contains("GPG check FAILED") {
        return failure.hint("import the key with `rpm_key`, or set `disable_gpg_check: true` for packages that you trust");
    }
    failure
}

/// The sentences that say what is wrong.
fn reason(text: &str) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let line = line.trim_end();
        if line.starts_with("(try to add") || line.starts_with("You can try") {
            break;
        }
        let begins = line.starts_with("Error:") || line.starts_with("Failed to resolve") || line.starts_with("Transaction failed");
        inside |= begins;
        if inside
            || line.contains("No match for argument")
            || line.contains("is not signed")
            || line.contains("filtered out")
            || line.contains("is not available")
        {
            let line = line.trim_start_matches("Error:").trim_start_matches("Failed to resolve the transaction:").trim();
            kept.extend(Some(line).filter(|line| !line.is_empty()));
        }
    }
    (!kept.is_empty()).then(|| kept.join("; "))
}

/// What was asked for and is not there, in the words of results.
pub(super) fn unavailable(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some((_, name)) = line.split_once("No match for argument: ") {
            found.push(format!("No package {} available.", name.trim()));
        } else if let Some((_, name)) = line.split_once("filtered out by exclude filtering for argument: ") {
            found.push(format!("{} {line}", name.trim()));
        } else if line.contains("matches only excluded packages") {
            found.push(line.to_owned());
        }
    }
    found.dedup();
    found
}

/// What dnf 5 knows no upgrade of that is good for what was asked.
fn without_advisory(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| line.strip_prefix("No match for argument '")?.strip_suffix("' in selected advisories"));
    names.map(str::to_owned).collect()
}

/// Problems that dnf 5 tells of, as one text.
fn problems(text: &str) -> Option<String> {
    let (_, behind) = text.split_once("Failed to resolve the transaction:\n")?;
    let lines: Vec<&str> = behind.lines().take_while(|line| !line.starts_with("You can try") && !line.is_empty()).collect();
    let text = lines.join("\n");
    text.starts_with("Problem").then_some(text)
}
