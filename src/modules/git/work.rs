//! The checkout on the host.

use std::path::{Path, PathBuf};

use super::Arguments;
use super::program::Git;
use super::remote::Target;
use crate::modules::shared::{exists, parent};
use crate::modules::{Context, Failure};
use crate::system::{Follow, Stat};

/// The checkout.
pub(super) struct Work<'a> {
    git: &'a Git,
    args: &'a Arguments,
    /// Whether it was there.
    pub(super) is_there: bool,
    /// The commit it was at.
    pub(super) before: Option<String>,
}

/// What bringing it to a version came to.
pub(super) struct Updated {
    pub(super) changed: bool,
    pub(super) url_changed: bool,
    pub(super) after: String,
    pub(super) message: Option<String>,
}

impl<'a> Work<'a> {
    pub(super) fn new(ctx: &Context<'_>, git: &'a Git, args: &'a Arguments) -> Result<Self, Failure> {
        let mark = if args.bare { args.dest.join("objects") } else { args.dest.join(".git") };
        let is_there = exists(ctx.system, &mark)?;
        if !is_there && let Some(stat) = ctx.system.stat(&args.dest, Follow::Yes)? {
            let is_free = stat.is_dir() && ctx.system.list(&args.dest)?.is_empty();
            if !is_free && args.clone {
                let what = if stat.is_dir() { "a directory that is not empty" } else { "not a directory" };
                return Err(Failure::new(format!("failed to clone into `{}`: it is {what}, and no checkout", args.dest.display())));
            }
        }
        let before = if is_there { git.ask(ctx, &args.dest, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])? } else { None };
        Ok(Self { git, args, is_there, before })
    }

    /// Makes it.
    pub(super) fn clone(&self, ctx: &mut Context<'_>, target: &Target) -> Result<(), Failure> {
        let args = self.args;
        let dest = args.dest.to_string_lossy().into_owned();
        let depth = args.depth.filter(|depth| *depth >= 1).map(|depth| depth.to_string());
        let mut words = vec!["clone", "--origin", args.remote.as_str()];
        match target {
            _ if args.bare => words.push("--bare"),
            Target::Branch { name, .. } | Target::Tag { name, .. } => words.extend(["--branch", name.as_str()]),
            Target::Commit(_) => words.push("--no-checkout"),
        }
        if args.recursive && !args.bare && !matches!(target, Target::Commit(_)) && !args.verify_commit {
            words.push("--recursive");
        }
        if args.verify_commit && !args.bare && !words.contains(&"--no-checkout") {
            words.push("--no-checkout");
        }
        if let Some(depth) = &depth {
            words.extend(["--depth", depth.as_str()]);
        }
        if args.single_branch {
            words.push("--single-branch");
        } else if depth.is_some() {
            words.push("--no-single-branch");
        }
        if let Some(reference) = &args.reference {
            words.extend(["--reference", reference.as_str()]);
        }
        let separate = args.separate_git_dir.as_ref().map(|dir| dir.to_string_lossy().into_owned());
        if let Some(separate) = &separate {
            words.extend(["--separate-git-dir", separate.as_str()]);
        }
        words.extend(["--", args.repo.as_str(), dest.as_str()]);
        make_dirs(ctx, &parent(&args.dest))?;
        self.git.perform(ctx, None, &words, "clone")?;
        if args.bare {
            return self.fetch_more(ctx);
        }
        if matches!(target, Target::Commit(_)) || args.verify_commit {
            self.fetch_more(ctx)?;
            self.verify(ctx, target)?;
            self.check_out(ctx, target)?;
        }
        if args.recursive && (args.track_submodules || words.contains(&"--no-checkout")) {
            self.submodules(ctx)?;
        }
        Ok(())
    }

    /// Moves the repository to where it is to be; from where to where, if it was elsewhere.
    pub(super) fn move_repository(&self, ctx: &mut Context<'_>) -> Result<Option<(String, String)>, Failure> {
        let Some(wanted) = &self.args.separate_git_dir else { return Ok(None) };
        let Some(is) = self.git.ask(ctx, &self.args.dest, &["rev-parse", "--absolute-git-dir"])? else { return Ok(None) };
        let wanted = ctx.system.real_path(wanted)?.to_string_lossy().into_owned();
        if is == wanted {
            return Ok(None);
        }
        if exists(ctx.system, Path::new(&wanted))? {
            return Err(Failure::new(format!("failed to move the repository `{is}`: something is at `{wanted}` already")));
        }
        self.git.perform(ctx, Some(&self.args.dest), &["init", "--quiet", "--separate-git-dir", &wanted], "move the repository of")?;
        Ok(Some((is, wanted)))
    }

    /// Brings it to a version.
    pub(super) fn update(&self, ctx: &mut Context<'_>, target: &Target) -> Result<Updated, Failure> {
        let (args, dest) = (self.args, self.args.dest.as_path());
        let url_changed = self.set_url(ctx)?;
        let mut message = None;
        let mut changed = url_changed;
        if !args.bare && self.is_modified(ctx)? {
            let text = format!("tracked files of `{}` are modified", dest.display());
            if !args.force {
                return Err(Failure::new(format!("failed to update the checkout: {text}"))
                    .hint("set `force: true` to throw the changes away")
                    .with("before", self.before.clone()));
            }
            message = Some(text);
            changed = true;
            self.git.perform(ctx, Some(dest), &["reset", "--quiet", "--hard", "HEAD"], "throw away changes of")?;
        }
        let known = self.git.ask(ctx, dest, &["rev-parse", "--verify", "--quiet", &format!("{}^{{commit}}", target.commit())])?;
        let wanted = known.clone().unwrap_or_else(|| target.commit().to_owned());
        let branch = self.git.ask(ctx, dest, &["symbolic-ref", "--quiet", "--short", "HEAD"])?;
        let at_branch = match target {
            Target::Branch { name, .. } => branch.as_deref() == Some(name),
            _ => true,
        };
        let is_new = self.before.as_ref() != Some(&wanted);
        if is_new || !at_branch {
            self.fetch(ctx, target, known.is_some())?;
            if !args.bare {
                self.verify(ctx, target)?;
                self.check_out(ctx, target)?;
            }
        }
        changed |= is_new;
        if args.recursive && !args.bare {
            changed |= self.submodules(ctx)?;
        }
        Ok(Updated { changed, url_changed, after: wanted, message })
    }

    /// Makes it a checkout of the repository of the task; whether it was one of another.
    fn set_url(&self, ctx: &mut Context<'_>) -> Result<bool, Failure> {
        let (dest, remote, repo) = (&self.args.dest, self.args.remote.as_str(), self.args.repo.as_str());
        let is = self.git.ask(ctx, dest, &["config", "--get", &format!("remote.{remote}.url")])?;
        match is {
            Some(url) if url == repo || format!("file://{url}") == repo => Ok(false),
            Some(_) => self.git.perform(ctx, Some(dest), &["remote", "set-url", remote, repo], "set the repository").map(|()| true),
            None => self.git.perform(ctx, Some(dest), &["remote", "add", remote, repo], "set the repository").map(|()| true),
        }
    }

    fn is_modified(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        let listed = self.git.ask(ctx, &self.args.dest, &["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"])?;
        Ok(listed.is_some_and(|listed| !listed.is_empty()))
    }

    fn fetch(&self, ctx: &mut Context<'_>, target: &Target, is_known: bool) -> Result<(), Failure> {
        let args = self.args;
        let depth = args.depth.filter(|depth| *depth >= 1).map(|depth| depth.to_string());
        let refspec = match target {
            _ if args.bare => Some("+refs/heads/*:refs/heads/*".to_owned()),
            Target::Branch { name, .. } => Some(format!("+refs/heads/{name}:refs/remotes/{}/{name}", args.remote)),
            Target::Tag { name, .. } => Some(format!("+refs/tags/{name}:refs/tags/{name}")),
            Target::Commit(_) if is_known => return Ok(()),
            Target::Commit(_) => None,
        };
        let mut words = vec!["fetch", "--quiet", "--force"];
        if let Some(depth) = &depth {
            words.extend(["--depth", depth.as_str()]);
        } else {
            words.push("--tags");
        }
        words.push(&args.remote);
        words.extend(refspec.as_deref());
        self.git.perform(ctx, Some(&args.dest), &words, "fetch from")?;
        self.fetch_more(ctx)
    }

    /// Fetches what `refspec` names.
    fn fetch_more(&self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        match &self.args.refspec {
            Some(refspec) => {
                self.git.perform(ctx, Some(&self.args.dest), &["fetch", "--quiet", "--force", &self.args.remote, refspec], "fetch from")
            }
            None => Ok(()),
        }
    }

    fn check_out(&self, ctx: &mut Context<'_>, target: &Target) -> Result<(), Failure> {
        let dest = Some(self.args.dest.as_path());
        match target {
            Target::Branch { name, .. } => {
                let upstream = format!("{}/{name}", self.args.remote);
                self.git.perform(ctx, dest, &["checkout", "--quiet", "--force", "-B", name, &upstream, "--"], "check out")
            }
            Target::Tag { name, .. } => self.git.perform(
                ctx,
                dest,
                &["checkout", "--quiet", "--force", "--detach", &format!("refs/tags/{name}"), "--"],
                "check out",
            ),
            Target::Commit(commit) => {
                self.git.perform(ctx, dest, &["checkout", "--quiet", "--force", "--detach", commit, "--"], "check out")
            }
        }
    }

    /// Brings submodules to their commits; whether they were elsewhere.
    fn submodules(&self, ctx: &mut Context<'_>) -> Result<bool, Failure> {
        let dest = self.args.dest.as_path();
        // In check mode of a new checkout nobody knows.
        if !ctx.system.stat(&dest.join(".gitmodules"), Follow::Yes)?.as_ref().is_some_and(Stat::is_file) {
            return Ok(false);
        }
        let status = |ctx: &Context<'_>| self.git.ask(ctx, dest, &["submodule", "status", "--recursive"]);
        let before = status(ctx)?;
        let differs = before.as_deref().unwrap_or_default().lines().any(|line| line.starts_with(['+', '-', 'U']));
        if !differs && !self.args.track_submodules {
            return Ok(false);
        }
        self.git.perform(ctx, Some(dest), &["submodule", "--quiet", "sync", "--recursive"], "update submodules of")?;
        let mut words = vec!["submodule", "--quiet", "update", "--init", "--recursive", "--force"];
        if self.args.track_submodules {
            words.push("--remote");
        }
        self.git.perform(ctx, Some(dest), &words, "update submodules of")?;
        Ok(differs || status(ctx)? != before)
    }

    /// Demands a signature of the version, if the task does.
    fn verify(&self, ctx: &Context<'_>, target: &Target) -> Result<(), Failure> {
        if !self.args.verify_commit {
            return Ok(());
        }
        let dest = Some(self.args.dest.as_path());
        let (kind, name) = match target {
            Target::Tag { name, commit } => {
                let own = self.git.ask(ctx, &self.args.dest, &["rev-parse", "--verify", "--quiet", &format!("refs/tags/{name}")])?;
                // A tag without an object of its own cannot be signed; its commit can.
                if own.as_ref() == Some(commit) { ("verify-commit", commit.as_str()) } else { ("verify-tag", name.as_str()) }
            }
            Target::Branch { commit, .. } | Target::Commit(commit) => ("verify-commit", commit.as_str()),
        };
        let command = self.git.command(ctx, dest, [kind, "--raw", name]);
        let output = match ctx.system.probe(&command) {
            // In check mode what was not fetched cannot be judged.
            Err(error) if error.kind == crate::system::ErrorKind::Unpredictable => return Ok(()),
            output => output?,
        };
        if !output.success() {
            return Err(self.git.failed(&command, &output, &format!("verify the signature of `{name}` of")));
        }
        let said = format!("{}{}", output.stderr_text(), output.stdout_text());
        let fingerprints: Vec<&str> =
            said.lines().filter_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG ")?.split_whitespace().next()).collect();
        let allowed = &self.args.gpg_allowlist;
        let fits = allowed.is_empty()
            || fingerprints.iter().any(|found| allowed.iter().any(|wanted| wanted.replace(' ', "").eq_ignore_ascii_case(found)));
        if fits {
            return Ok(());
        }
        Err(Failure::new(format!(
            "failed to verify the signature of `{name}`: it is by the key {}, which `gpg_allowlist` does not have",
            fingerprints.join(", ")
        )))
    }
}

fn make_dirs(ctx: &mut Context<'_>, dir: &Path) -> Result<(), Failure> {
    let mut missing: Vec<PathBuf> = Vec::new();
    for above in dir.ancestors() {
        if above.as_os_str().is_empty() || exists(ctx.system, above)? {
            break;
        }
        missing.push(above.to_path_buf());
    }
    let mode = 0o777 & !ctx.system.umask()?;
    for above in missing.iter().rev() {
        ctx.system.make_dir(above, mode)?;
    }
    Ok(())
}
