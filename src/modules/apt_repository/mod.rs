//! `apt_repository`: sources of packages of Debian and Ubuntu, in the one-line style.

mod ppa;
mod sources;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::apt::aptget::AptGet;
use super::apt::cache;
use super::shared::mode;
use super::shared::state::State;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use ppa::Ppa;
use sources::{PARTS, Source, Sources};

/// The declaration of `apt_repository`.
pub static MODULE: Spec = Spec {
    name: "apt_repository",
    collections: BUILTIN,
    summary: "Add and remove sources of packages of Debian and Ubuntu",
    description: &[
        "Looks in `/etc/apt/sources.list` and in the lists of `/etc/apt/sources.list.d`. A source that is there but switched off is switched on; a new one gets a list of its own.",
        "When the packages of the new sources cannot be listed, the lists are put back.",
    ],
    options: &[
        Opt::new(
            "repo",
            Kind::Str,
            "The source: `deb [OPTIONS] URI SUITE COMPONENTS`, or `ppa:OWNER/NAME` for an archive of Launchpad, whose key is fetched too.",
        )
        .required(),
        Opt::new("state", Kind::Str, "Whether it is to be there.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new("filename", Kind::Str, "The list for a new source, without `.list`; its name follows from the URI when it is not given."),
        Opt::new("mode", Kind::Mode, "The mode of lists that are written."),
        Opt::new("codename", Kind::Str, "The release of Ubuntu whose packages an archive of Launchpad is to give."),
        Opt::new("update_cache", Kind::Bool, "Whether the lists of packages are fetched when something changed.")
            .default("true")
            .aliases(&["update-cache"]),
        Opt::new("update_cache_retries", Kind::Int, "How often to try again to fetch them.").default("5"),
        Opt::new(
            "update_cache_retry_max_delay",
            Kind::Int,
            "The longest pause between two tries in seconds; the first is one second, and each is twice the one before.",
        )
        .default("12"),
        Opt::new("validate_certs", Kind::Bool, "Whether certificates are checked when the key of an archive of Launchpad is fetched.")
            .default("true"),
        Opt::new("install_python_apt", Kind::Bool, "Without meaning: Python is not needed on the host.").default("true"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "repo", kind: "str", when: "always", doc: "What `repo` says." },
        Return { name: "state", kind: "str", when: "always", doc: "What `state` says." },
        Return { name: "sources_added", kind: "list", when: "always", doc: "Lists that were not there before." },
        Return { name: "sources_removed", kind: "list", when: "always", doc: "Lists that became empty and were removed." },
    ],
    examples: "
- name: Packages of our own
  apt_repository:
    repo: deb [signed-by=/etc/apt/keyrings/own.asc] https://packages.example.com/debian bookworm main
    filename: own
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    repo: String,
    state: State,
    filename: Option<String>,
    mode: Option<String>,
    codename: Option<String>,
    update_cache: bool,
    update_cache_retries: u32,
    update_cache_retry_max_delay: u64,
    validate_certs: bool,
    #[serde(rename = "install_python_apt")]
    _install_python_apt: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    // On another kind of host nothing would ever read the lists.
    let apt = AptGet::plain(ctx, 60)?;
    let mode = match args.mode.as_deref().map(mode::parse) {
        Some(Ok(mode)) => Some(mode.apply(0o644, false, ctx.system.umask()?)),
        Some(Err(reason)) => return Err(Failure::new(format!("failed to read `mode`: {reason}"))),
        None => None,
    };
    let ppa = Ppa::parse(ctx, &args.repo, args.codename.as_deref())?;
    let source = match &ppa {
        Some(ppa) => ppa.source(),
        None => Source::parse(&args.repo).filter(|source| source.enabled).ok_or_else(|| {
            Failure::new(format!("failed to read the repository `{}`: it is no line of a list of sources", args.repo))
                .hint("`deb URI SUITE COMPONENTS`, like `deb https://deb.debian.org/debian bookworm main`")
        })?,
    };
    let mut sources = Sources::read(ctx)?;
    match args.state {
        State::Present => {
            let name = args.filename.clone().unwrap_or_else(|| ppa.as_ref().map_or_else(|| source.list_name(), Ppa::list_name));
            sources.add(&source, &list_path(&name));
            if let Some(ppa) = &ppa {
                ppa.add_key(ctx, args.validate_certs)?;
            }
        }
        State::Absent => sources.remove(&source),
    }
    let written = sources.save(ctx, mode)?;
    if written.anything() && args.update_cache {
        let refreshed = cache::refresh(ctx, &apt, false, args.update_cache_retries, args.update_cache_retry_max_delay);
        if let Err(failure) = refreshed {
            // In check mode there is nothing to go back from.
            if !failure.unpredictable {
                written.undo(ctx)?;
            }
            return Err(failure);
        }
    }
    let shown = |paths: &[PathBuf]| paths.iter().map(|path| Value::from(path.to_string_lossy())).collect::<Vec<_>>();
    Ok(Outcome::new()
        .with("repo", args.repo.as_str())
        .with("state", if args.state == State::Present { "present" } else { "absent" })
        .with("sources_added", shown(&written.added))
        .with("sources_removed", shown(&written.removed)))
}

/// Where the list called `name` is; a name with a path stays.
fn list_path(name: &str) -> PathBuf {
    Path::new(PARTS).join(format!("{name}.list"))
}

#[cfg(test)]
mod tests;
