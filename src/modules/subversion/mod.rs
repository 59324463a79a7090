//! `subversion`: checkouts of Subversion repositories.

mod program;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::shared::exists;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use program::{Info, Svn};

/// The declaration of `subversion`.
pub static MODULE: Spec = Spec {
    name: "subversion",
    collections: BUILTIN,
    summary: "Check out Subversion repositories and keep them at a revision",
    description: &[
        "Makes a working copy, or brings the one that is there to a revision. Externals are left alone.",
        "Needs `svn` on the host.",
    ],
    options: &[
        Opt::new("repo", Kind::Str, "The URL of the repository.").required().aliases(&["name", "repository"]),
        Opt::new("dest", Kind::Path, "The directory of the working copy. Not needed when nothing is checked out, updated or exported."),
        Opt::new("revision", Kind::Str, "The revision.").default("\"HEAD\"").aliases(&["rev", "version"]),
        Opt::new(
            "force",
            Kind::Bool,
            "Whether changed files are given up; without it they are an error. With `export`: whether files that are there are replaced.",
        )
        .default("false"),
        Opt::new("in_place", Kind::Bool, "Whether a directory that is no working copy becomes one, around the files that are there.")
            .default("false"),
        Opt::new("username", Kind::Str, "User name for the repository."),
        Opt::new("password", Kind::Str, "Password for the repository. Needs Subversion 1.10 on the host.").secret(),
        Opt::new("executable", Kind::Path, "The `svn` to call."),
        Opt::new("checkout", Kind::Bool, "Whether a working copy is made when there is none.").default("true"),
        Opt::new("update", Kind::Bool, "Whether a working copy that is there is brought to the revision.").default("true"),
        Opt::new("export", Kind::Bool, "Whether files are fetched without a working copy around them. Reported as a change each time.")
            .default("false"),
        Opt::new("switch", Kind::Bool, "Whether a working copy of another URL is switched to this one.").default("true"),
        Opt::new("validate_certs", Kind::Bool, "Whether a certificate of the server that nobody vouches for is refused.").default("false"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return {
            name: "before",
            kind: "list",
            when: "there may be a working copy",
            doc: "Revision and URL of the working copy before; null when there was none.",
        },
        Return { name: "after", kind: "list", when: "not with export", doc: "Revision and URL of the working copy." },
    ],
    examples: "
- name: The scripts of operations
  subversion:
    repo: https://svn.example.com/ops/trunk
    dest: /opt/ops
    revision: '1234'
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    repo: String,
    dest: Option<PathBuf>,
    revision: String,
    force: bool,
    in_place: bool,
    username: Option<String>,
    password: Option<String>,
    executable: Option<PathBuf>,
    checkout: bool,
    update: bool,
    export: bool,
    switch: bool,
    validate_certs: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    for (name, value) in [("repo", &args.repo), ("revision", &args.revision)] {
        if value.is_empty() || value.starts_with('-') {
            return Err(Failure::new(format!("failed to read `{name}`: it cannot be `{value}`")));
        }
    }
    let svn = Svn::find(ctx, &args)?;
    if !args.export && !args.update && !args.checkout {
        let info = svn.info(ctx, &args.repo, None)?.ok_or_else(|| svn.unknown())?;
        return Ok(Outcome::new().with("after", format!("Revision: {}", info.revision)).changed(false));
    }
    let Some(dest) = args.dest.clone() else {
        return Err(Failure::new("failed to read `dest`: it is needed to check out, update or export"));
    };
    if args.export {
        if exists(ctx.system, &dest)? && !args.force {
            return Err(Failure::new(format!("failed to export to `{}`: it is there already", dest.display()))
                .hint("set `force: true` to replace what is there"));
        }
        svn.export(ctx, &dest, args.force)?;
        return Ok(Outcome::new().changed(true));
    }
    let foreseen = Svn::foreseen(ctx, &dest);
    if foreseen.is_none() && !exists(ctx.system, &dest)? {
        return if args.checkout { check_out(ctx, &svn, &args, &dest) } else { Ok(Outcome::new().changed(false)) };
    }
    let place = dest.to_string_lossy().into_owned();
    let found = if foreseen.is_some() { foreseen } else { svn.info(ctx, &place, None)? };
    match found {
        Some(_) if !args.update => Ok(Outcome::new().changed(false)),
        Some(before) => update(ctx, &svn, &args, &dest, &before),
        None if args.in_place => check_out(ctx, &svn, &args, &dest),
        None => Err(Failure::new(format!("failed to check out to `{}`: it is there already, and no working copy", dest.display()))
            .hint("set `in_place: true` to make it one")),
    }
}

/// Makes the working copy.
fn check_out(ctx: &mut Context<'_>, svn: &Svn<'_>, args: &Arguments, dest: &Path) -> ModuleResult {
    let outcome = Outcome::new().with("before", Value::Null).changed(true);
    let place = dest.to_string_lossy().into_owned();
    // In check mode the repository tells what there will be.
    let foreseen = if ctx.system.foresees() { svn.info(ctx, &args.repo, Some(&args.revision))? } else { None };
    svn.check_out(ctx, dest, args.in_place)?;
    if let Some(info) = foreseen {
        svn.foresee(ctx, dest, &info)?;
        return Ok(outcome.with("after", info.shown()));
    }
    if ctx.system.foresees() {
        return Err(svn.unknown());
    }
    if args.in_place && args.force && svn.is_modified(ctx, dest)? {
        svn.revert(ctx, dest)?;
    }
    let after = svn.info(ctx, &place, None)?.ok_or_else(|| svn.unknown())?;
    Ok(outcome.with("after", after.shown()))
}

/// Brings the working copy to the revision.
fn update(ctx: &mut Context<'_>, svn: &Svn<'_>, args: &Arguments, dest: &Path, before: &Info) -> ModuleResult {
    let place = dest.to_string_lossy().into_owned();
    let is_modified = svn.is_modified(ctx, dest)?;
    if is_modified && !args.force {
        return Err(Failure::new(format!("failed to update `{}`: it has changed files", dest.display()))
            .hint("set `force: true` to give the changes up"));
    }
    let switches = args.switch && !before.is_at(&args.repo);
    let outcome = Outcome::new().with("before", before.shown());
    if ctx.system.foresees() {
        let url = if switches { &args.repo } else { &before.url };
        let aim = svn.info(ctx, url, Some(&args.revision))?.ok_or_else(|| svn.unknown())?;
        // Whether a commit between the two revisions touched anything here.
        let moves = if aim.revision >= before.revision { aim.last_change > before.revision } else { before.last_change > aim.revision };
        let changed = is_modified || switches || moves;
        if changed {
            svn.update(ctx, dest)?;
            svn.foresee(ctx, dest, &aim)?;
        }
        return Ok(outcome.with("after", aim.shown()).changed(changed));
    }
    let mut changed = is_modified;
    if is_modified {
        svn.revert(ctx, dest)?;
    }
    if switches {
        svn.switch(ctx, dest)?;
        changed = true;
    }
    changed |= svn.update(ctx, dest)?;
    let after = svn.info(ctx, &place, None)?.ok_or_else(|| svn.unknown())?;
    Ok(outcome.with("after", after.shown()).changed(changed))
}

impl Info {
    /// As results show it.
    fn shown(&self) -> Value {
        json!([format!("Revision: {}", self.revision), format!("URL: {}", self.url)])
    }
}

#[cfg(test)]
mod tests;
