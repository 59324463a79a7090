//! `git`: a checkout of a repository.

mod archive;
mod program;
mod remote;
mod work;

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use program::Git;
use remote::Target;
use work::Work;

/// The declaration of `git`.
pub static MODULE: Spec = Spec {
    name: "git",
    collections: BUILTIN,
    summary: "Check out a repository of git",
    description: &[
        "Clones the repository where it is not there yet, and brings it to a version: a branch as the repository has it now, a tag, or a commit.",
        "Nothing is fetched when the checkout is at the version already. Changes of tracked files are an error, unless `force` throws them away.",
        "The repository is asked for its versions in check mode too.",
    ],
    options: &[
        Opt::new("repo", Kind::Str, "The repository: an URL, `USER@HOST:PATH`, or a path on the host.").required().aliases(&["name"]),
        Opt::new("dest", Kind::Path, "Where it is checked out.").required(),
        Opt::new(
            "version",
            Kind::Str,
            "A branch, a tag, a commit by its full hash, or `HEAD`: the branch that the repository gives when none is asked for.",
        )
        .default("\"HEAD\""),
        Opt::new("clone", Kind::Bool, "Whether to clone it where it is not there yet.").default("true"),
        Opt::new("update", Kind::Bool, "Whether a checkout that is there is brought to the version.").default("true"),
        Opt::new("force", Kind::Bool, "Whether changes of tracked files are thrown away.").default("false"),
        Opt::new("bare", Kind::Bool, "Whether it is a repository without a checkout.").default("false"),
        Opt::new("depth", Kind::Int, "How many commits of history to fetch; all of it without."),
        Opt::new("single_branch", Kind::Bool, "Whether only the history of the version is cloned.").default("false"),
        Opt::new("remote", Kind::Str, "The name that the repository gets in the checkout.").default("\"origin\""),
        Opt::new("refspec", Kind::Str, "What else to fetch, for commits that no branch or tag leads to."),
        Opt::new("reference", Kind::Str, "A repository on the host to take objects from."),
        Opt::new(
            "separate_git_dir",
            Kind::Path,
            "Where the repository itself goes, apart from the checkout. One that is elsewhere is moved.",
        ),
        Opt::new("recursive", Kind::Bool, "Whether submodules are checked out too.").default("true"),
        Opt::new(
            "track_submodules",
            Kind::Bool,
            "Whether submodules go to the latest commit of their branch, not to that which the repository names.",
        )
        .default("false"),
        Opt::new("verify_commit", Kind::Bool, "Whether the commit or tag must be signed by a key of the host's keyring.").default("false"),
        Opt::new("gpg_allowlist", Kind::List(&Kind::Str), "Fingerprints of keys, one of which must be that of the signature.")
            .default("[]")
            .aliases(&["gpg_whitelist"]),
        Opt::new("key_file", Kind::Path, "A private key on the host to log in with."),
        Opt::new("ssh_opts", Kind::Str, "More options for `ssh`."),
        Opt::new("accept_hostkey", Kind::Bool, "Whether any key of the server is accepted, which opens the door to whoever is in between.")
            .default("false"),
        Opt::new("accept_newhostkey", Kind::Bool, "Whether the key of a server that is not known yet is accepted.").default("false"),
        Opt::new("umask", Kind::Raw, "The file mode creation mask that git works with, an octal number."),
        Opt::new("executable", Kind::Path, "The git to use."),
        Opt::new("archive", Kind::Path, "An archive of the version to make: `.zip`, `.tar`, `.tar.gz` or `.tgz`."),
        Opt::new("archive_prefix", Kind::Str, "What stands in front of each path in the archive."),
    ],
    rules: &[Rule::By("archive_prefix", &["archive"]), Rule::Exclusive(&["separate_git_dir", "bare"])],
    free_form: None,
    returns: &[
        Return { name: "before", kind: "str", when: "always", doc: "The commit before; null when there was none." },
        Return { name: "after", kind: "str", when: "always", doc: "The commit after." },
        Return {
            name: "remote_url_changed",
            kind: "bool",
            when: "the checkout was there, and update",
            doc: "Whether the checkout had another repository before.",
        },
        Return { name: "git_dir_before", kind: "str", when: "the repository was moved", doc: "Where it was." },
        Return { name: "git_dir_now", kind: "str", when: "the repository was moved", doc: "Where it is." },
    ],
    examples: "
- name: The tools of the chain
  git:
    repo: https://github.com/klaytn/klaytn.git
    dest: /opt/klaytn/src
    version: v1.12.1
    depth: 1
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    repo: String,
    dest: PathBuf,
    version: String,
    clone: bool,
    update: bool,
    force: bool,
    bare: bool,
    depth: Option<i64>,
    single_branch: bool,
    remote: String,
    refspec: Option<String>,
    reference: Option<String>,
    separate_git_dir: Option<PathBuf>,
    recursive: bool,
    track_submodules: bool,
    verify_commit: bool,
    gpg_allowlist: Vec<String>,
    key_file: Option<PathBuf>,
    ssh_opts: Option<String>,
    accept_hostkey: bool,
    accept_newhostkey: bool,
    umask: Value,
    executable: Option<PathBuf>,
    archive: Option<PathBuf>,
    archive_prefix: Option<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let mut args: Arguments = args.parse()?;
    if args.repo.starts_with('/') {
        // As an URL, so that `depth` has a meaning.
        args.repo = format!("file://{}", args.repo);
    }
    for (name, word) in [("repo", &args.repo), ("version", &args.version), ("remote", &args.remote)] {
        if word.starts_with('-') || word.is_empty() || word.contains(['\n', '\0']) {
            return Err(Failure::new(format!("failed to check out `{}`: `{name}` cannot be `{word}`", remote::shown(&args.repo))));
        }
    }
    let git = Git::new(ctx, &args)?;
    let work = Work::new(ctx, &git, &args)?;
    let target = if work.is_there && !args.update { None } else { Some(Target::find(ctx, &git, &args)?) };
    let mut outcome = Outcome::new();
    let mut changed = false;
    let after = match &target {
        None => work.before.clone(),
        Some(target) if !work.is_there && !args.clone => {
            // Says what would be there.
            return Ok(outcome.with("before", Value::Null).with("after", target.commit()).changed(true));
        }
        Some(target) if !work.is_there => {
            work.clone(ctx, target)?;
            changed = true;
            Some(target.commit().to_owned())
        }
        Some(target) => {
            let moved = work.move_repository(ctx)?;
            if let Some((before, now)) = &moved {
                outcome = outcome.with("git_dir_before", before.as_str()).with("git_dir_now", now.as_str());
            }
            let updated = work.update(ctx, target)?;
            if let Some(message) = updated.message {
                outcome = outcome.with("msg", message);
            }
            outcome = outcome.with("remote_url_changed", updated.url_changed);
            changed = updated.changed || moved.is_some();
            Some(updated.after)
        }
    };
    if let Some(path) = &args.archive {
        changed |= archive::make(ctx, &git, &args, path, after.as_deref().unwrap_or("HEAD"), changed)?;
    }
    Ok(outcome.with("before", json!(work.before)).with("after", json!(after)).changed(changed))
}

#[cfg(test)]
mod tests;
