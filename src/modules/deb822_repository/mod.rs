//! `deb822_repository`: sources of packages of Debian and Ubuntu, in the style of fields.

mod stanza;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::describe::describe;
use super::shared::exists;
use super::shared::file_options::FileOptions;
use super::shared::http;
use super::shared::state::State;
use super::shared::write::{self, NewFile, Source};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{Attributes, Content, Follow};

const TYPES: &[&str] = &["deb", "deb-src"];

/// The declaration of `deb822_repository`.
pub static MODULE: Spec = Spec {
    name: "deb822_repository",
    collections: BUILTIN,
    summary: "Add and remove sources of packages of Debian and Ubuntu, with their keys",
    description: &[
        "Keeps one source in `/etc/apt/sources.list.d/NAME.sources`, and its key, when `signed_by` is a URL, in `/etc/apt/keyrings`.",
        "The lists of packages are not fetched; `apt` with `update_cache` does that.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "The name of the source; those of its files follow from it.").required(),
        Opt::new("state", Kind::Str, "Whether it is to be there.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new("types", Kind::List(&Kind::Str), "`deb`: packages; `deb-src`: their sources.").choices(TYPES).default("[\"deb\"]"),
        Opt::new("uris", Kind::List(&Kind::Str), "Where the archive is."),
        Opt::new("suites", Kind::List(&Kind::Str), "The releases, like `bookworm`; or a path that ends with `/`, without components then."),
        Opt::new("components", Kind::List(&Kind::Str), "The parts of a release, like `main`."),
        Opt::new("architectures", Kind::List(&Kind::Str), "The architectures; those of the host when it is not given."),
        Opt::new("languages", Kind::List(&Kind::Str), "The languages of descriptions to fetch, or `none`."),
        Opt::new("targets", Kind::List(&Kind::Str), "What to fetch of the archive."),
        Opt::new(
            "signed_by",
            Kind::Str,
            "The key that signs the archive: the URL of a key, which is fetched, a keyring on the host, fingerprints, or the key itself in its text form.",
        ),
        Opt::new("enabled", Kind::Bool, "Whether the source is used."),
        Opt::new("trusted", Kind::Bool, "Whether it counts as authentic without a signature (`true`), or never (`false`)."),
        Opt::new("allow_insecure", Kind::Bool, "Whether an archive without signature is used."),
        Opt::new("allow_weak", Kind::Bool, "Whether signatures with weak digests are taken."),
        Opt::new("allow_downgrade_to_insecure", Kind::Bool, "Whether an archive that was signed may be so no longer."),
        Opt::new("by_hash", Kind::Bool, "Whether indexes are fetched by their digests."),
        Opt::new("check_date", Kind::Bool, "Whether an archive from the future is refused."),
        Opt::new("check_valid_until", Kind::Bool, "Whether an archive that is no longer valid is refused."),
        Opt::new("date_max_future", Kind::Int, "Seconds that an archive may come from the future."),
        Opt::new("inrelease_path", Kind::Str, "Where the file `InRelease` is, relative to where it is normally."),
        Opt::new("pdiffs", Kind::Bool, "Whether indexes are brought up to date by differences."),
        Opt::new("mode", Kind::Mode, "The mode of the file.").default("\"0644\""),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return {
            name: "dest",
            kind: "str",
            when: "always",
            doc: "The file; and its `mode`, `owner`, `group`, `uid`, `gid`, `size` and `state` when it is there.",
        },
        Return { name: "key_filename", kind: "str", when: "always", doc: "The file of the key that was fetched." },
        Return { name: "repo", kind: "str", when: "always", doc: "What the file holds." },
    ],
    examples: "
- name: Packages of our own
  deb822_repository:
    name: own
    uris: https://packages.example.com/debian
    suites: bookworm
    components: main
    signed_by: https://packages.example.com/own.asc
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    state: State,
    types: Vec<String>,
    uris: Option<Vec<String>>,
    suites: Option<Vec<String>>,
    components: Option<Vec<String>>,
    architectures: Option<Vec<String>>,
    languages: Option<Vec<String>>,
    targets: Option<Vec<String>>,
    signed_by: Option<String>,
    enabled: Option<bool>,
    trusted: Option<bool>,
    allow_insecure: Option<bool>,
    allow_weak: Option<bool>,
    allow_downgrade_to_insecure: Option<bool>,
    by_hash: Option<bool>,
    check_date: Option<bool>,
    check_valid_until: Option<bool>,
    date_max_future: Option<i64>,
    inrelease_path: Option<String>,
    pdiffs: Option<bool>,
}

const KEYRINGS: &str = "/etc/apt/keyrings";

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let wrong = |why: &str| Failure::new(format!("failed to manage the source `{}`: {why}", args.name));
    let slug = stanza::slug(&args.name);
    if slug.is_empty() {
        return Err(wrong("its name has neither letters nor digits"));
    }
    let file = PathBuf::from(format!("/etc/apt/sources.list.d/{slug}.sources"));
    let key = |end: &str| Path::new(KEYRINGS).join(format!("{slug}.{end}"));
    let outcome = Outcome::new().with("dest", file.to_string_lossy().into_owned());
    if args.state == State::Absent {
        for path in [&key("asc"), &key("gpg"), &file] {
            ctx.system.remove(path)?;
        }
        return Ok(outcome.with("key_filename", key("gpg").to_string_lossy().into_owned()).with("repo", None::<String>));
    }
    let signed_by = args.signed_by.as_deref();
    let (signed_by, key_file) = match signed_by.filter(|text| text.starts_with("http://") || text.starts_with("https://")) {
        Some(url) => {
            let content = fetch(ctx, url)?;
            let is_text = content.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----");
            let path = key(if is_text { "asc" } else { "gpg" });
            put_key(ctx, &path, &content)?;
            let path = path.to_string_lossy().into_owned();
            (Some(path.clone()), Some(path))
        }
        None => (signed_by.map(str::to_owned), None),
    };
    let text = stanza::text(&args, signed_by.as_deref()).map_err(|why| wrong(&why))?;
    if ctx.system.read(&file).ok().as_deref() == Some(text.as_bytes()) {
        options.apply(ctx, &file, Follow::Yes)?;
    } else {
        write::put(
            ctx,
            &NewFile { path: &file, source: Source::Bytes(text.as_bytes()), options: &options, validate: None, backup: false },
        )?;
    }
    let mut outcome = outcome.with("key_filename", key_file).with("repo", text);
    describe(ctx.system, &file, &mut outcome.result)?;
    Ok(outcome)
}

fn put_key(ctx: &mut Context<'_>, path: &Path, content: &[u8]) -> Result<(), Failure> {
    if !exists(ctx.system, Path::new(KEYRINGS))? {
        ctx.system.make_dir(Path::new(KEYRINGS), 0o755)?;
    }
    // Equal content is no change.
    ctx.system.write(path, Content::Bytes(content), &Attributes { mode: Some(0o644), ..Attributes::default() })?;
    Ok(())
}

fn fetch(ctx: &Context<'_>, url: &str) -> Result<Vec<u8>, Failure> {
    http::fetch(ctx, &http::get(ctx, url, true), &format!("fetch the key `{url}`"))
}

#[cfg(test)]
mod tests;
