//! `yum_repository`: repositories of packages of Red Hat's relatives.

mod repo_file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::state::State;
use super::shared::write::{self, NewFile, Source};
use super::spec::{BUILTIN, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::base::python;
use crate::system::Follow;
use repo_file::RepoFile;

const OWN: &[Opt] = &[
    Opt::new("name", Kind::Str, "The name of the repository, by which it is found again.").required(),
    Opt::new("state", Kind::Str, "Whether it is to be there.").choices(&["absent", "present"]).default("\"present\""),
    Opt::new("description", Kind::Str, "What the repository is, for people. Needed with `state: present`."),
    Opt::new("file", Kind::Str, "The file to keep it in, without `.repo`; `name` when it is not given."),
    Opt::new("reposdir", Kind::Path, "The folder of the file.").default("\"/etc/yum.repos.d\""),
    Opt::new("async", Kind::Bool, "Whether packages and lists are fetched side by side. Of old versions of yum only."),
    Opt::new("bandwidth", Kind::Str, "Bytes a second that `throttle` is a percentage of."),
    Opt::new("baseurl", Kind::List(&Kind::Str), "URLs of the folder that holds `repodata`."),
    Opt::new("cost", Kind::Str, "How costly the repository is beside others."),
    Opt::new("countme", Kind::Bool, "Whether the repository may count hosts once a week."),
    Opt::new(
        "deltarpm_metadata_percentage",
        Kind::Str,
        "From which size on the lists of differences are not fetched, in percent of the packages.",
    ),
    Opt::new("deltarpm_percentage", Kind::Str, "From which size on differences are not used, in percent of the package."),
    Opt::new("enabled", Kind::Bool, "Whether the repository is used."),
    Opt::new("enablegroups", Kind::Bool, "Whether groups of packages are used."),
    Opt::new("exclude", Kind::List(&Kind::Str), "Packages to leave out, as names or shell patterns.").aliases(&["excludepkgs"]),
    Opt::new("failovermethod", Kind::Str, "How the next URL is chosen: by chance, or in their order.").choices(&["roundrobin", "priority"]),
    Opt::new("gpgcakey", Kind::Str, "URL of the key that signed the keys."),
    Opt::new("gpgcheck", Kind::Bool, "Whether signatures of packages are checked."),
    Opt::new("gpgkey", Kind::List(&Kind::Str), "URLs of the keys that sign packages."),
    Opt::new("http_caching", Kind::Str, "What caches on the way may keep.").choices(&["all", "packages", "none"]),
    Opt::new("include", Kind::Str, "A file or URL with more settings."),
    Opt::new("includepkgs", Kind::List(&Kind::Str), "The only packages to use, as names or shell patterns."),
    Opt::new("ip_resolve", Kind::Str, "Which addresses names are resolved to.").choices(&["4", "6", "IPv4", "IPv6", "whatever"]),
    Opt::new("keepalive", Kind::Bool, "Whether connections are kept for several files."),
    Opt::new("keepcache", Kind::Str, "Whether packages are kept after they are installed.").choices(&["0", "1"]),
    Opt::new("metadata_expire", Kind::Str, "Seconds for which fetched lists are good enough."),
    Opt::new("metadata_expire_filter", Kind::Str, "Which commands do not need lists as new as that.").choices(&[
        "never",
        "read-only:past",
        "read-only:present",
        "read-only:future",
    ]),
    Opt::new("metalink", Kind::Str, "URL of a list of mirrors with digests."),
    Opt::new("mirrorlist", Kind::Str, "URL of a list of mirrors."),
    Opt::new("mirrorlist_expire", Kind::Str, "Seconds for which the list of mirrors is good enough."),
    Opt::new("module_hotfixes", Kind::Bool, "Whether packages count whatever modules say."),
    Opt::new("password", Kind::Str, "Password for the repository.").secret(),
    Opt::new("priority", Kind::Str, "The order among repositories; the lowest number comes first."),
    Opt::new("protect", Kind::Bool, "Whether packages of other repositories do not replace those of this one."),
    Opt::new("proxy", Kind::Str, "URL of the proxy; `_none_`: none."),
    Opt::new("proxy_password", Kind::Str, "Password for the proxy.").secret(),
    Opt::new("proxy_username", Kind::Str, "User name for the proxy."),
    Opt::new("repo_gpgcheck", Kind::Bool, "Whether the signature of the lists is checked."),
    Opt::new("retries", Kind::Str, "How often fetching a file is tried; `0`: for ever."),
    Opt::new("s3_enabled", Kind::Bool, "Whether the repository is in S3, with the plugin for it."),
    Opt::new("skip_if_unavailable", Kind::Bool, "Whether to go on without the repository when it cannot be reached."),
    Opt::new("ssl_check_cert_permissions", Kind::Bool, "Whether it matters who may read the certificates."),
    Opt::new("sslcacert", Kind::Str, "The certificate authorities to trust.").aliases(&["ca_cert"]),
    Opt::new("sslclientcert", Kind::Str, "The certificate to show to the server.").aliases(&["client_cert"]),
    Opt::new("sslclientkey", Kind::Str, "The key of that certificate.").aliases(&["client_key"]),
    Opt::new("sslverify", Kind::Bool, "Whether the certificate of the server is checked.").aliases(&["validate_certs"]),
    Opt::new("throttle", Kind::Str, "The most bytes a second, or a percentage of `bandwidth`."),
    Opt::new("timeout", Kind::Str, "Seconds to wait for a connection."),
    Opt::new("ui_repoid_vars", Kind::Str, "Variables that are shown behind the name of the repository."),
    Opt::new("username", Kind::Str, "User name for the repository."),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `yum_repository`.
pub static MODULE: Spec = Spec {
    name: "yum_repository",
    collections: BUILTIN,
    summary: "Add and remove repositories of packages of Red Hat's relatives",
    description: &[
        "Keeps a repository in a file in `/etc/yum.repos.d`, with exactly the settings that are given. A file that changes loses its comments; one without repositories is removed.",
        "The lists of packages are not fetched.",
    ],
    options: &OPTIONS,
    rules: &[Rule::If("state", "present", &["description"]), Rule::IfAny("state", "present", &["baseurl", "mirrorlist", "metalink"])],
    free_form: None,
    returns: &[
        Return { name: "repo", kind: "str", when: "success", doc: "What `name` says." },
        Return { name: "state", kind: "str", when: "success", doc: "What `state` says." },
    ],
    examples: "
- name: Packages of our own
  yum_repository:
    name: own
    description: Packages of our own
    baseurl: https://packages.example.com/el9/$basearch
    gpgkey: https://packages.example.com/own.asc
    gpgcheck: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
struct Arguments {
    name: String,
    state: State,
    description: Option<String>,
    file: Option<String>,
    reposdir: PathBuf,
    /// The settings of the repository, under their own names.
    #[serde(flatten)]
    settings: BTreeMap<String, Value>,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let wrong = |why: &str| Failure::new(format!("failed to manage the repository `{}`: {why}", args.name));
    if args.name.is_empty() || args.name.contains([']', '\n', '\r']) {
        return Err(wrong("a repository cannot be called so"));
    }
    let name = args.file.as_ref().unwrap_or(&args.name);
    if name.contains('/') || name.is_empty() {
        return Err(wrong("`file` is the name of a file without a path").hint("set `reposdir` for another folder"));
    }
    let path = args.reposdir.join(format!("{name}.repo"));
    let there = ctx.system.stat(&path, Follow::Yes)?.is_some();
    let text = if there {
        String::from_utf8(ctx.system.read(&path)?).map_err(|_| wrong(&format!("`{}` is not UTF-8", path.display())))?
    } else {
        String::new()
    };
    let old = RepoFile::parse(&text).map_err(|line| wrong(&format!("line {line} of `{}` makes no sense", path.display())))?;
    let mut new = old.clone();
    match args.state {
        State::Absent => new.remove(&args.name),
        State::Present => {
            let folder_is_there = ctx.system.stat(&args.reposdir, Follow::Yes)?.is_some_and(|stat| stat.is_dir());
            if !folder_is_there {
                return Err(wrong(&format!("there is no directory `{}`", args.reposdir.display())).missing_on(ctx.system));
            }
            new.set(&args.name, settings(&args));
        }
    }
    if new != old && new.is_empty() {
        ctx.system.remove(&path)?;
    } else if new != old {
        write(ctx, &path, &new.text(), &options)?;
    } else if there {
        options.apply(ctx, &path, Follow::Yes)?;
    }
    Ok(Outcome::new().with("repo", args.name).with("state", if args.state == State::Present { "present" } else { "absent" }))
}

/// Puts the file in place, behind a link if there is one.
fn write(ctx: &mut Context<'_>, path: &Path, text: &str, options: &FileOptions) -> Result<(), Failure> {
    let is_link = ctx.system.stat(path, Follow::No)?.is_some_and(|stat| stat.is_link());
    let path = if is_link { ctx.system.real_path(path)? } else { path.to_path_buf() };
    let file = NewFile { path: &path, source: Source::Bytes(text.as_bytes()), options, validate: None, backup: false };
    write::put(ctx, &file).map(drop)
}

/// The settings that are given, as the file has them.
fn settings(args: &Arguments) -> BTreeMap<String, String> {
    let given = args.settings.iter().filter_map(|(key, value)| {
        let text = match value {
            Value::Null => return None,
            Value::Bool(flag) => u8::from(*flag).to_string(),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(python::text).collect();
                items.join(if matches!(key.as_str(), "baseurl" | "gpgkey") { "\n" } else { " " })
            }
            other => python::text(other),
        };
        Some((key.clone(), text))
    });
    given.chain(args.description.iter().map(|text| ("name".to_owned(), text.replace('\n', " ")))).collect()
}

#[cfg(test)]
mod tests;
