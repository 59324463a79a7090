//! The options that `dnf` and `dnf5` have in common, and their values.

use serde::Deserialize;

use crate::modules::{Args, Failure, Kind, Opt};

/// Their declarations.
pub(super) const SHARED: &[Opt] = &[
    Opt::new(
        "name",
        Kind::List(&Kind::Str),
        "Packages: `foo`, `foo-1.0`, `foo*`, `foo.i686`, `foo >= 1.0` (with blanks around the operator), a file `/usr/bin/foo` that some package holds, what packages provide, \
         a package file on the host or its URL, a group `@Development tools`, a stream `@nodejs:20/minimal`. `*` with `state: latest` means all that is installed.",
    )
    .default("[]")
    .aliases(&["pkg"]),
    Opt::new(
        "state",
        Kind::Str,
        "`present`, `installed`: installed. `latest`: installed in the newest version. `absent`, `removed`: not installed. Without it `present`, or `absent` with `autoremove`.",
    )
    .choices(&["absent", "present", "installed", "removed", "latest"]),
    Opt::new(
        "list",
        Kind::Str,
        "Lists packages in `results` and changes nothing: `installed`, `updates`, `available`, `repos`, or those of a name. `package_facts` does this better.",
    ),
    Opt::new("allow_downgrade", Kind::Bool, "Whether a newer version may be replaced by an older one that `name` asks for.").default("false"),
    Opt::new("allowerasing", Kind::Bool, "Whether installed packages that are in the way may be removed.").default("false"),
    Opt::new(
        "autoremove",
        Kind::Bool,
        "Whether packages that were installed as dependencies and are not needed any more are removed; alone, or with `state: absent`.",
    )
    .default("false"),
    Opt::new("best", Kind::Bool, "Take the newest version or fail (`true`), or an older one where the newest cannot be installed (`false`). The host's settings decide without it."),
    Opt::new("nobest", Kind::Bool, "The opposite of `best`."),
    Opt::new("bugfix", Kind::Bool, "With `state: latest`, only upgrades that mend bugs.").default("false"),
    Opt::new("security", Kind::Bool, "With `state: latest`, only upgrades that make the host safer.").default("false"),
    Opt::new("cacheonly", Kind::Bool, "Use what was fetched earlier and fetch nothing.").default("false"),
    Opt::new("conf_file", Kind::Str, "Another configuration file on the host."),
    Opt::new("disable_excludes", Kind::Str, "Disregard what the configuration excludes: `all`, `main`, or the id of a repository."),
    Opt::new("disable_gpg_check", Kind::Bool, "Install packages that nobody signed, from repositories and from files.").default("false"),
    Opt::new("disable_plugin", Kind::List(&Kind::Str), "Plugins to switch off.").default("[]"),
    Opt::new("enable_plugin", Kind::List(&Kind::Str), "Plugins to switch on.").default("[]"),
    Opt::new("disablerepo", Kind::List(&Kind::Str), "Ids of repositories to leave out, also as patterns.").default("[]"),
    Opt::new("enablerepo", Kind::List(&Kind::Str), "Ids of repositories to take in, also as patterns.").default("[]"),
    Opt::new("download_only", Kind::Bool, "Fetch the packages and do not install them.").default("false"),
    Opt::new("download_dir", Kind::Str, "The folder that `download_only` puts them into."),
    Opt::new("exclude", Kind::List(&Kind::Str), "Packages to leave alone, with `state` `present` or `latest`.").default("[]"),
    Opt::new("install_repoquery", Kind::Bool, "Means nothing any more.").default("true"),
    Opt::new("install_weak_deps", Kind::Bool, "Whether packages that others only recommend are installed too.").default("true"),
    Opt::new("installroot", Kind::Str, "Install into the system whose root is this folder of the host.").default("\"/\""),
    Opt::new("lock_timeout", Kind::Int, "Seconds to wait for another process that holds the lock of dnf.").default("30"),
    Opt::new("releasever", Kind::Str, "The release of the distribution to take packages from."),
    Opt::new("skip_broken", Kind::Bool, "Leave out packages that there are not or that cannot be installed, and do the rest.").default("false"),
    Opt::new("sslverify", Kind::Bool, "Whether certificates of repositories are checked.").default("true"),
    Opt::new("update_cache", Kind::Bool, "Look whether the lists of packages are still those of the repositories. Also on its own.")
        .default("false")
        .aliases(&["expire-cache"]),
    Opt::new("update_only", Kind::Bool, "Whether packages that are not installed are passed over.").default("false"),
    Opt::new("validate_certs", Kind::Bool, "Whether the certificate of the server is checked when `name` has the URL of a package file.").default("true"),
];

/// Their values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    pub(super) name: Vec<String>,
    state: Option<State>,
    pub(super) list: Option<String>,
    pub(super) allow_downgrade: bool,
    pub(super) allowerasing: bool,
    pub(super) autoremove: bool,
    best: Option<bool>,
    nobest: Option<bool>,
    pub(super) bugfix: bool,
    pub(super) security: bool,
    pub(super) cacheonly: bool,
    pub(super) conf_file: Option<String>,
    pub(super) disable_excludes: Option<String>,
    pub(super) disable_gpg_check: bool,
    pub(super) disable_plugin: Vec<String>,
    pub(super) enable_plugin: Vec<String>,
    pub(super) disablerepo: Vec<String>,
    pub(super) enablerepo: Vec<String>,
    pub(super) download_only: bool,
    pub(super) download_dir: Option<String>,
    pub(super) exclude: Vec<String>,
    #[serde(rename = "install_repoquery")]
    _install_repoquery: bool,
    pub(super) install_weak_deps: bool,
    pub(super) installroot: String,
    pub(super) lock_timeout: i64,
    pub(super) releasever: Option<String>,
    pub(super) skip_broken: bool,
    pub(super) sslverify: bool,
    pub(super) update_cache: bool,
    pub(super) update_only: bool,
    pub(super) validate_certs: bool,
}

/// What is to be true of the packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    #[serde(alias = "removed")]
    Absent,
    #[serde(alias = "installed")]
    Present,
    Latest,
}

impl Arguments {
    pub(super) fn parse(args: Args) -> Result<Self, Failure> {
        let mut parsed: Self = args.parse()?;
        for list in [
            &mut parsed.name,
            &mut parsed.disable_plugin,
            &mut parsed.enable_plugin,
            &mut parsed.disablerepo,
            &mut parsed.enablerepo,
            &mut parsed.exclude,
        ] {
            // Each element may be a list of its own.
            let words = list.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|word| !word.is_empty());
            *list = words.map(str::to_owned).collect();
        }
        Ok(parsed)
    }

    /// What is asked for, said or not.
    pub(super) fn state(&self) -> State {
        self.state.unwrap_or(if self.autoremove { State::Absent } else { State::Present })
    }

    /// Whether only the newest version will do, where the task says so.
    pub(super) fn best(&self) -> Option<bool> {
        self.best.or(self.nobest.map(|nobest| !nobest))
    }

    /// The root of another system to work on.
    pub(super) fn root(&self) -> Option<&str> {
        Some(self.installroot.as_str()).filter(|root| !root.is_empty() && *root != "/")
    }
}
