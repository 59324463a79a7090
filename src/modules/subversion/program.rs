//! How `svn` is called, and what it says.

use std::path::Path;

use super::Arguments;
use crate::base::Secret;
use crate::modules::shared::http::shown;
use crate::modules::shared::required_command;
use crate::modules::shared::run::said;
use crate::modules::{Context, Failure};
use crate::system::{Command, Effect, Executed};

pub(super) struct Svn<'a> {
    program: String,
    args: &'a Arguments,
}

/// What `svn info` tells of a working copy or a URL.
pub(super) struct Info {
    pub(super) url: String,
    /// The revision it is at.
    pub(super) revision: u64,
    /// The last revision that changed anything there.
    pub(super) last_change: u64,
}

impl Info {
    fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::trim));
        let revision = field("Revision")?.parse().ok()?;
        let last_change = field("Last Changed Rev").and_then(|text| text.parse().ok()).unwrap_or(revision);
        Some(Self { url: field("URL")?.to_owned(), revision, last_change })
    }

    /// Whether it is of this URL.
    pub(super) fn is_at(&self, url: &str) -> bool {
        self.url.trim_end_matches('/') == url.trim_end_matches('/')
    }
}

impl<'a> Svn<'a> {
    pub(super) fn find(ctx: &Context<'_>, args: &'a Arguments) -> Result<Self, Failure> {
        let program = match &args.executable {
            Some(path) => path.to_string_lossy().into_owned(),
            None => required_command(ctx.system, &["svn"], &format!("check out `{}`", shown(&args.repo)))
                .map_err(|failure| failure.hint("install the package `subversion` in an earlier task"))?,
        };
        if args.password.is_some() {
            let output = ctx.system.probe(&ctx.command([program.as_str(), "--version", "--quiet"]))?;
            let text = output.stdout_text();
            let mut numbers = text.trim().split('.').map(|number| number.parse::<u32>().unwrap_or(0));
            if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < (1, 10) {
                return Err(Failure::new(format!(
                    "failed to log in to `{}`: Subversion {} of the host takes a password only where every user of the host can read it",
                    shown(&args.repo),
                    text.trim()
                ))
                .hint("Subversion 1.10 or newer is needed"));
            }
        }
        Ok(Self { program, args })
    }

    fn command(&self, ctx: &Context<'_>, words: &[&str]) -> Command {
        let mut all = vec![self.program.as_str(), "--non-interactive", "--no-auth-cache"];
        if !self.args.validate_certs {
            all.push("--trust-server-cert");
        }
        if let Some(name) = &self.args.username {
            all.extend(["--username", name]);
        }
        if self.args.password.is_some() {
            all.push("--password-from-stdin");
        }
        all.extend(words);
        let mut command = ctx.command(all);
        command.secret_stdin = self.args.password.as_ref().map(|password| Secret::new(password.clone()));
        command
    }

    /// That the repository has no such thing.
    pub(super) fn unknown(&self) -> Failure {
        Failure::new(format!("failed to look at `{}`: there is no such repository or revision", shown(&self.args.repo)))
    }

    /// What is at a place; `None` when there is no working copy, or no such thing in the repository.
    pub(super) fn info(&self, ctx: &Context<'_>, place: &str, revision: Option<&str>) -> Result<Option<Info>, Failure> {
        let mut words = vec!["info"];
        if let Some(revision) = revision {
            words.extend(["-r", revision]);
        }
        words.push(place);
        let command = self.command(ctx, &words);
        let output = ctx.system.probe(&command)?;
        if output.success() {
            return Ok(Info::parse(&output.stdout_text()));
        }
        let text = output.stderr_text();
        // Not a working copy; no such URL or revision.
        if ["E155007", "E155010", "W155010", "E200009"].iter().any(|code| text.contains(code)) {
            return Ok(None);
        }
        Err(Failure::command(format!("failed to look at `{}`: {}", shown(place), said(&output)), &command.argv, &output))
    }

    /// Under this name check mode knows the working copy that earlier tasks would leave.
    fn subject(dest: &Path) -> String {
        format!("working copy {}", dest.display())
    }

    /// Check mode: the working copy that an earlier task would leave.
    pub(super) fn foreseen(ctx: &Context<'_>, dest: &Path) -> Option<Info> {
        Info::parse(&ctx.system.known(&Self::subject(dest))?)
    }

    /// Check mode: makes known what this task would leave.
    pub(super) fn foresee(&self, ctx: &mut Context<'_>, dest: &Path, info: &Info) -> Result<(), Failure> {
        let Info { url, revision, last_change } = info;
        let value = format!("URL: {url}\nRevision: {revision}\nLast Changed Rev: {last_change}\n");
        let effects = [Effect::DirectoryMade(dest.to_path_buf()), Effect::Known { subject: Self::subject(dest), value }];
        ctx.system.run(&self.command(ctx, &["update", &dest.to_string_lossy()]), &effects)?;
        Ok(())
    }

    /// Whether files of the working copy were changed.
    pub(super) fn is_modified(&self, ctx: &Context<'_>, dest: &Path) -> Result<bool, Failure> {
        if Self::foreseen(ctx, dest).is_some() {
            return Ok(false);
        }
        let command = self.command(ctx, &["status", "--quiet", "--ignore-externals", &dest.to_string_lossy()]);
        let output = ctx.system.probe(&command)?;
        if !output.success() {
            let why = said(&output);
            return Err(Failure::command(format!("failed to look at `{}`: {why}", dest.display()), &command.argv, &output));
        }
        Ok(output.stdout_text().lines().any(|line| !line.trim().is_empty() && !line.starts_with(['?', 'X'])))
    }

    /// Does something of which nobody can say what it does to files; what it says. In check mode it is not done.
    fn perform(&self, ctx: &mut Context<'_>, words: &[&str], purpose: &str) -> Result<String, Failure> {
        let command = self.command(ctx, words);
        match ctx.system.execute(&command, &mut *ctx.live)? {
            Executed::WouldRun => Ok(String::new()),
            Executed::Done(output) if output.success() => Ok(output.stdout_text()),
            Executed::Done(output) => {
                let message = format!("failed to {purpose} `{}`: {}", shown(&self.args.repo), said(&output));
                Err(Failure::command(message, &command.argv, &output))
            }
        }
    }

    pub(super) fn check_out(&self, ctx: &mut Context<'_>, dest: &Path, over: bool) -> Result<(), Failure> {
        let (revision, place) = (self.args.revision.as_str(), dest.to_string_lossy());
        let force: &[&str] = if over { &["--force"] } else { &[] };
        let words = [&["checkout"][..], force, &["-r", revision, &self.args.repo, &place][..]].concat();
        self.perform(ctx, &words, "check out").map(drop)
    }

    pub(super) fn export(&self, ctx: &mut Context<'_>, dest: &Path, over: bool) -> Result<(), Failure> {
        let (revision, place) = (self.args.revision.as_str(), dest.to_string_lossy());
        let force: &[&str] = if over { &["--force"] } else { &[] };
        let words = [&["export"][..], force, &["-r", revision, &self.args.repo, &place][..]].concat();
        self.perform(ctx, &words, "export").map(drop)
    }

    pub(super) fn switch(&self, ctx: &mut Context<'_>, dest: &Path) -> Result<(), Failure> {
        let place = dest.to_string_lossy();
        let words = ["switch", "--revision", &self.args.revision, &self.args.repo, &place];
        self.perform(ctx, &words, "switch to").map(drop)
    }

    pub(super) fn revert(&self, ctx: &mut Context<'_>, dest: &Path) -> Result<(), Failure> {
        self.perform(ctx, &["revert", "-R", &dest.to_string_lossy()], "give up changes of").map(drop)
    }

    /// Whether files changed by it.
    pub(super) fn update(&self, ctx: &mut Context<'_>, dest: &Path) -> Result<bool, Failure> {
        let said = self.perform(ctx, &["update", "-r", &self.args.revision, &dest.to_string_lossy()], "update from")?;
        Ok(said.lines().any(is_change))
    }
}

/// Whether a line tells of a file: four columns of letters and a blank in front of its path.
fn is_change(line: &str) -> bool {
    let Some((columns, path)) = line.split_at_checked(5) else { return false };
    let letters = columns.trim();
    !path.trim().is_empty() && !letters.is_empty() && columns.ends_with(' ') && columns.chars().all(|c| " ADUCGERB".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_tell_of_files() {
        for (line, expected) in [
            ("A    file", true),
            (" U   .", true),
            ("UU   a b", true),
            ("Updating '.':", false),
            ("At revision 2.", false),
            ("Updated to revision 2.", false),
            ("", false),
        ] {
            assert_eq!(is_change(line), expected, "{line}");
        }
    }
}
