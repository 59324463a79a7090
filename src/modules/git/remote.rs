//! What the repository has.

use super::Arguments;
use super::program::Git;
use crate::base::url::Url;
use crate::modules::{Context, Failure};

/// What the checkout is to be at.
pub(super) enum Target {
    /// The tip of a branch.
    Branch {
        /// Its name.
        name: String,
        /// Its commit.
        commit: String,
    },
    /// A tag.
    Tag {
        /// Its name.
        name: String,
        /// The commit it stands for.
        commit: String,
    },
    /// A commit, as written.
    Commit(String),
}

impl Target {
    /// Asks the repository what the version is.
    pub(super) fn find(ctx: &Context<'_>, git: &Git, args: &Arguments) -> Result<Self, Failure> {
        let version = args.version.as_str();
        let plain = version.strip_prefix("refs/heads/").or_else(|| version.strip_prefix("refs/tags/")).unwrap_or(version);
        let (branch, tag) = (format!("refs/heads/{plain}"), format!("refs/tags/{plain}"));
        let peeled = format!("{tag}^{{}}");
        let command = git.command(ctx, None, ["ls-remote", "--symref", &args.repo, "HEAD", &branch, &tag, &peeled]);
        let output = ctx.system.probe(&command)?;
        if !output.success() {
            return Err(git.failed(&command, &output, "ask the repository"));
        }
        let text = output.stdout_text();
        let of = |name: &str| {
            let found = text
                .lines()
                .filter_map(|line| line.split_once('\t'))
                .find(|(first, reference)| *reference == name && !first.starts_with("ref: "));
            found.map(|(commit, _)| commit.to_owned())
        };
        if version == "HEAD" {
            let symbolic = text.lines().find_map(|line| line.strip_prefix("ref: refs/heads/")?.strip_suffix("\tHEAD"));
            return match (symbolic, of("HEAD")) {
                (Some(name), Some(commit)) => Ok(Self::Branch { name: name.to_owned(), commit }),
                (None, Some(commit)) => Ok(Self::Commit(commit)),
                _ => Err(Failure::new(format!("failed to check out `{}`: the repository is empty", shown(&args.repo)))),
            };
        }
        if let Some(commit) = of(&branch).filter(|_| !version.starts_with("refs/tags/")) {
            return Ok(Self::Branch { name: plain.to_owned(), commit });
        }
        match of(&peeled).or_else(|| of(&tag)) {
            Some(commit) => Ok(Self::Tag { name: plain.to_owned(), commit }),
            None if version.len() >= 7 && version.bytes().all(|byte| byte.is_ascii_hexdigit()) || args.refspec.is_some() => {
                Ok(Self::Commit(version.to_owned()))
            }
            None => Err(Failure::new(format!(
                "failed to check out `{version}` of `{}`: the repository has neither a branch nor a tag of this name",
                shown(&args.repo)
            ))),
        }
    }

    /// The commit it stands for.
    pub(super) fn commit(&self) -> &str {
        match self {
            Self::Branch { commit, .. } | Self::Tag { commit, .. } | Self::Commit(commit) => commit,
        }
    }
}

/// A repository without the password in its URL.
pub(super) fn shown(repo: &str) -> String {
    match Url::parse(repo) {
        Some(url) if url.login.is_some() => url.text(),
        _ => repo.to_owned(),
    }
}
