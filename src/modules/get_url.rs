//! `get_url`: fetches a file from a server to the host.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::http::{self, HTTP_OPTIONS, HttpOptions};
use super::shared::write::{self, NewFile, Source};
use super::shared::{describe, folder, times};
use super::spec::{BUILTIN, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::base::url::{self, Url};
use crate::system::file::Algorithm;
use crate::system::{Follow, HttpRequest, HttpResponse, Stat};

const OWN: &[Opt] = &[
    Opt::new("url", Kind::Str, "Where from, beginning with `http://` or `https://`, or with `file://` for a file of the host.").required(),
    Opt::new("dest", Kind::Path, "Where to put it; a directory takes it under the name that the server gives it, or that ends the URL.").required(),
    Opt::new(
        "checksum",
        Kind::Str,
        "What the file must be: `ALGORITHM:DIGEST`, with md5, sha1, sha224, sha256, sha384 or sha512. Instead of the digest the URL of a file with \
         digests of several files can stand. A file that is there and fits is not fetched again; one that does not fit is not put in place.",
    )
    .default("\"\""),
    Opt::new("force", Kind::Bool, "Fetch it although a file is there. Without it, and without `checksum`, a file that is there is left alone.").default("false"),
    Opt::new("backup", Kind::Bool, "Keep a copy of a file that is replaced.").default("false"),
    Opt::new("timeout", Kind::Int, "Seconds that the connection, and each wait for data, may take.").default("10"),
];

const URL: [Opt; OWN.len() + HTTP_OPTIONS.len()] = join(OWN, HTTP_OPTIONS);
static OPTIONS: [Opt; URL.len() + FILE_OPTIONS.len()] = join(&URL, FILE_OPTIONS);

/// The declaration of `get_url`.
pub static MODULE: Spec = Spec {
    name: "get_url",
    collections: BUILTIN,
    summary: "Fetch a file from a server to the host",
    description: &[
        "Fetches a file over HTTP or HTTPS and puts it in place at once, when all of it is there and its checksum, if one is given, fits.",
        "In check mode the file is fetched but not put in place, so that later tasks see what it will be.",
    ],
    options: &OPTIONS,
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "dest", kind: "str", when: "always", doc: "The file, and its `mode`, `owner`, `group`, `size` and `state`." },
        Return { name: "url", kind: "str", when: "always", doc: "Where it was asked for." },
        Return { name: "status_code", kind: "int", when: "a request was made", doc: "The status of the answer." },
        Return { name: "msg", kind: "str", when: "always", doc: "What the server said, and how much came." },
        Return { name: "checksum_src", kind: "str", when: "a request was made", doc: "SHA-1 of what came." },
        Return { name: "md5sum", kind: "str", when: "the content came", doc: "MD5 of the file." },
        Return { name: "checksum_dest", kind: "str", when: "always", doc: "SHA-1 of the file as it was before." },
        Return { name: "elapsed", kind: "int", when: "a request was made", doc: "Seconds that it took." },
        Return { name: "backup_file", kind: "str", when: "backup and changed", doc: "The copy of the replaced file." },
    ],
    examples: "
- name: Fetch the package, and be sure that it is the right one
  get_url:
    url: https://packages.klaytn.net/klaytn/v1.12.1/kscn-v1.12.1-0-linux-amd64.tar.gz
    dest: /opt/klaytn/archives/
    checksum: sha256:{{ digest }}
    mode: '0644'
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    url: String,
    dest: PathBuf,
    checksum: String,
    force: bool,
    backup: bool,
    timeout: u64,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let http = HttpOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let timeout = Duration::from_secs(args.timeout.max(1));
    let wanted = wanted_checksum(ctx, &args, &http, timeout)?;
    let is_dir = ctx.system.stat(&args.dest, Follow::Yes)?.as_ref().is_some_and(Stat::is_dir);
    // Under what name a directory takes it is known for sure only from the answer; the URL's own name is the first guess.
    let guess = if is_dir { args.dest.join(name_in_url(&args.url)) } else { args.dest.clone() };
    let before = ctx.system.stat(&guess, Follow::Yes)?.filter(Stat::is_file);
    if before.is_some() && !args.force {
        let fits = match &wanted {
            Some((algorithm, digest)) => ctx.system.checksum(&guess, *algorithm)? == *digest,
            None => !is_dir,
        };
        if fits {
            options.apply(ctx, &guess, Follow::Yes)?;
            return finish(ctx, &args, &guess, Outcome::new().with("msg", "file already exists"));
        }
    }
    let mut request = http.request(ctx, &args.url, "GET", timeout)?;
    if args.force {
        http::set_header(&mut request, "Cache-Control", "no-cache");
    } else if let Some(stat) = before.as_ref().filter(|_| wanted.is_none()) {
        http::set_header(&mut request, "If-Modified-Since", &times::http(Duration::from_secs_f64(stat.mtime.max(0.0))));
    }
    let start = ctx.system.clock()?.epoch;
    let (response, file) = match file_of(&args.url) {
        Some(file) => (own_file(ctx, &args.url, &file)?, file),
        None => fetch(ctx, &request)?,
    };
    let put = place(ctx, &args, &options, &response, &file, wanted.as_ref(), is_dir);
    ctx.system.discard(&file);
    let elapsed = ctx.system.clock()?.epoch.saturating_sub(start).as_secs();
    let (path, outcome) = put?;
    finish(ctx, &args, &path, outcome.with("elapsed", elapsed).with("status_code", response.status))
}

/// The file of the host that a URL names.
fn file_of(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("file://")?;
    Some(url::decode(path.strip_prefix("localhost").unwrap_or(path)).into())
}

/// What a server that has the file would answer.
fn own_file(ctx: &Context<'_>, url: &str, file: &Path) -> Result<HttpResponse, Failure> {
    if !ctx.system.stat(file, Follow::Yes)?.as_ref().is_some_and(Stat::is_file) {
        return Err(Failure::new(format!("failed to fetch `{url}`: the host has no file `{}`", file.display())));
    }
    Ok(HttpResponse { status: 200, reason: "OK".to_owned(), ..HttpResponse::default() })
}

/// The answer, and a scratch file with its content.
fn fetch(ctx: &Context<'_>, request: &HttpRequest) -> Result<(HttpResponse, PathBuf), Failure> {
    let mut response = HttpResponse::default();
    let file = ctx.system.scratch(0o600, &mut |sink| {
        response = ctx.system.http_probe(request, sink)?;
        Ok(())
    })?;
    Ok((response, file))
}

/// Puts what came in its place, if it is what was asked for.
fn place(
    ctx: &mut Context<'_>,
    args: &Arguments,
    options: &FileOptions,
    response: &HttpResponse,
    file: &Path,
    wanted: Option<&(Algorithm, String)>,
    is_dir: bool,
) -> Result<(PathBuf, Outcome), Failure> {
    let shown = http::shown(&args.url);
    let path = if is_dir { args.dest.join(name_of(response, &args.url)) } else { args.dest.clone() };
    if response.status == 304 {
        options.apply(ctx, &path, Follow::Yes)?;
        return Ok((path, Outcome::new().with("msg", "the file on the server is not newer")));
    }
    if response.status != 200 {
        return Err(Failure::new(format!("failed to fetch `{shown}`: the server answers {} {}", response.status, response.reason))
            .with("status_code", response.status)
            .with("url", shown)
            .with("dest", path.display().to_string()));
    }
    if let Some((algorithm, digest)) = wanted {
        let found = ctx.system.checksum(file, *algorithm)?;
        if found != *digest {
            return Err(Failure::new(format!("the checksum of what came from `{shown}` does not fit: expected {digest}, found {found}"))
                .hint("nothing was put in place; check the version, the server, and the checksum that is written down")
                .with("url", shown)
                .with("dest", path.display().to_string()));
        }
    }
    folder::require(ctx.system, &path)?;
    let came = ctx.system.checksum(file, Algorithm::Sha1)?;
    let size = ctx.system.stat(file, Follow::Yes)?.map_or(0, |stat| stat.size);
    let there = ctx.system.stat(&path, Follow::Yes)?.filter(Stat::is_file);
    let before = if there.is_some() { Some(ctx.system.checksum(&path, Algorithm::Sha1)?) } else { None };
    let mut outcome =
        Outcome::new().with("msg", format!("OK ({size} bytes)")).with("checksum_src", came.clone()).with("checksum_dest", before.clone());
    if before.as_deref() == Some(came.as_str()) {
        options.apply(ctx, &path, Follow::Yes)?;
    } else {
        let new = NewFile { path: &path, source: Source::File(file), options, validate: None, backup: args.backup };
        if let Some(kept) = write::put(ctx, &new)? {
            outcome = outcome.with("backup_file", kept.display().to_string());
        }
    }
    // In check mode the content may not be there to read; then the digest is left out.
    if let Ok(md5) = ctx.system.checksum(&path, Algorithm::Md5) {
        outcome = outcome.with("md5sum", md5);
    }
    Ok((path, outcome))
}

fn finish(ctx: &mut Context<'_>, args: &Arguments, path: &Path, mut outcome: Outcome) -> ModuleResult {
    describe::describe(ctx.system, path, &mut outcome.result)?;
    Ok(outcome.with("dest", path.display().to_string()).with("url", http::shown(&args.url)))
}

/// The algorithm and the digest that the file must have, in lower case.
fn wanted_checksum(
    ctx: &Context<'_>,
    args: &Arguments,
    http: &HttpOptions,
    timeout: Duration,
) -> Result<Option<(Algorithm, String)>, Failure> {
    if args.checksum.is_empty() {
        return Ok(None);
    }
    let wrong = |why: &str| {
        Failure::new(format!("`checksum` {why}: `{}`", args.checksum))
            .hint("write `sha256:` and the digest, or the URL of a file with digests")
    };
    let (name, rest) = args.checksum.split_once(':').ok_or_else(|| wrong("must name its algorithm"))?;
    let algorithm = match name.to_lowercase().as_str() {
        "md5" => Algorithm::Md5,
        "sha1" => Algorithm::Sha1,
        "sha224" => Algorithm::Sha224,
        "sha256" => Algorithm::Sha256,
        "sha384" => Algorithm::Sha384,
        "sha512" => Algorithm::Sha512,
        _ => return Err(wrong("names an algorithm that is not known")),
    };
    let rest = rest.trim();
    if !rest.contains("://") {
        let digest = rest.to_lowercase();
        return if is_digest(&digest) { Ok(Some((algorithm, digest))) } else { Err(wrong("has a digest that is not hexadecimal")) };
    }
    let request = http.request(ctx, rest, "GET", timeout)?;
    let mut text = Vec::new();
    let response = ctx.system.http_probe(&request, &mut text)?;
    if response.status != 200 {
        return Err(Failure::new(format!(
            "failed to fetch the checksums `{}`: the server answers {} {}",
            http::shown(rest),
            response.status,
            response.reason
        )));
    }
    let file = name_in_url(&args.url);
    match digest_in(&String::from_utf8_lossy(&text), &file) {
        Some(digest) => Ok(Some((algorithm, digest))),
        None => Err(Failure::new(format!("`{}` has no checksum of `{file}`", http::shown(rest)))),
    }
}

fn is_digest(text: &str) -> bool {
    text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The digest of `file` in a list as `sha256sum` writes it, `DIGEST  FILE`, or in a file that holds one digest alone.
fn digest_in(list: &str, file: &str) -> Option<String> {
    let lines: Vec<&str> = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    if let [only] = lines.as_slice()
        && is_digest(only)
    {
        return Some(only.to_lowercase());
    }
    lines.iter().find_map(|line| {
        let (digest, name) = line.split_once(char::is_whitespace)?;
        let name = name.trim().trim_start_matches('*').rsplit('/').next()?;
        (name == file && is_digest(digest)).then(|| digest.to_lowercase())
    })
}

fn name_in_url(url: &str) -> String {
    let name = match file_of(url) {
        Some(file) => file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        None => Url::parse(url).map(|url| url.file_name()).unwrap_or_default(),
    };
    let last = name.rsplit('/').next().unwrap_or_default();
    if matches!(last, "" | "." | "..") { "index.html".to_owned() } else { last.to_owned() }
}

/// The name that the server gives the file, or that ends the URL it came from. A server does not choose the directory.
fn name_of(response: &HttpResponse, url: &str) -> String {
    let header = response.header("content-disposition").unwrap_or_default();
    let given = header.split(';').map(str::trim).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("filename")
            .then(|| value.trim().trim_matches('"').rsplit('/').next().unwrap_or_default().to_owned())
    });
    let usable = |name: &String| !matches!(name.as_str(), "" | "." | "..") && !name.contains('\0');
    given.filter(usable).unwrap_or_else(|| name_in_url(if response.url.is_empty() { url } else { &response.url }))
}

#[cfg(test)]
#[path = "get_url_test.rs"]
mod tests;
