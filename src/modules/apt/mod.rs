//! `apt`: packages of Debian and its relatives.

pub(super) mod aptget;
pub(super) mod cache;
mod contents;
mod deb;
mod elsewhere;
mod install;
mod names;
mod policy;
mod signing;
mod simulation;
pub(super) mod version;

use serde::Deserialize;

use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use aptget::AptGet;
use policy::Policy;

/// The declaration of `apt`.
pub static MODULE: Spec = Spec {
    name: "apt",
    collections: BUILTIN,
    summary: "Install, upgrade and remove packages with apt",
    description: &[
        "Asks `apt-get` of the host what it would do, so that a task changes something exactly if apt would; check mode knows the same. When all packages of a task are installed already, apt is not \
         started at all. Nothing but apt is needed on the host: no Python, no aptitude.",
        "Names are taken literally, or as shell patterns; never as the regular expressions that `apt-get` would make of them.",
        "When another process holds the lock of apt, the task waits for `lock_timeout` and then says which process it is.",
    ],
    options: &[
        Opt::new(
            "name",
            Kind::List(&Kind::Str),
            "Packages: `foo`, `foo=1.2`, `foo=1.2*`, `foo>=1.2`, `foo:i386`, `foo*`. The pattern `*` with `state: latest` means all that is installed.",
        )
        .aliases(&["package", "pkg"]),
        Opt::new(
            "state",
            Kind::Str,
            "`present`: installed. `latest`: installed in the newest version. `absent`: not installed. `build-dep`: what is needed to build them is installed. `fixed`: broken \
             dependencies on the host are mended too.",
        )
        .choices(&["absent", "build-dep", "latest", "present", "fixed"])
        .default("\"present\""),
        Opt::new("update_cache", Kind::Bool, "Whether the lists of packages are fetched first. Not done by default.").aliases(&["update-cache"]),
        Opt::new("cache_valid_time", Kind::Int, "Seconds for which fetched lists are good enough. When it is given, `update_cache` is on.").default("0"),
        Opt::new("update_cache_retries", Kind::Int, "How often fetching the lists is tried again.").default("5"),
        Opt::new("update_cache_retry_max_delay", Kind::Int, "The most seconds between two tries; the wait doubles each time until then.").default("12"),
        Opt::new(
            "upgrade",
            Kind::Str,
            "Upgrades all that is installed. `yes`, `safe`: without removing anything. `dist`, `full`: removing what is in the way.",
        )
        .choices(&["dist", "full", "no", "safe", "yes"])
        .default("\"no\""),
        Opt::new("deb", Kind::Path, "A package file on the host, or a URL that the host fetches. What it depends on is installed too."),
        Opt::new("purge", Kind::Bool, "Whether configuration files go too when packages are removed.").default("false"),
        Opt::new("autoremove", Kind::Bool, "Whether packages that were installed as dependencies and are not needed any more are removed. Also on its own.").default("false"),
        Opt::new("autoclean", Kind::Bool, "Whether fetched package files that cannot be fetched any more are deleted. On its own only.").default("false"),
        Opt::new("clean", Kind::Bool, "Whether all fetched package files are deleted first. Also on its own.").default("false"),
        Opt::new("only_upgrade", Kind::Bool, "Whether packages that are not installed are passed over.").default("false"),
        Opt::new("default_release", Kind::Str, "The release to prefer: `bookworm-backports`.").aliases(&["default-release"]),
        Opt::new("install_recommends", Kind::Bool, "Whether recommended packages are installed too; the host's settings decide without it.").aliases(&["install-recommends"]),
        Opt::new("allow_downgrade", Kind::Bool, "Whether a newer version may be replaced by an older one.")
            .default("false")
            .aliases(&["allow-downgrade", "allow_downgrades", "allow-downgrades"]),
        Opt::new("allow_change_held_packages", Kind::Bool, "Whether packages on hold may change.").default("false"),
        Opt::new("allow_unauthenticated", Kind::Bool, "Whether packages that nobody signed are installed.").default("false").aliases(&["allow-unauthenticated"]),
        Opt::new("fail_on_autoremove", Kind::Bool, "Fail rather than remove any package on the way.").default("false"),
        Opt::new(
            "force",
            Kind::Bool,
            "Everything that can go wrong is allowed: downgrades, unsigned packages, packages on hold, removal of what the system needs. Dangerous.",
        )
        .default("false"),
        Opt::new("dpkg_options", Kind::Str, "Options for dpkg without `--`, separated by commas.").default("\"force-confdef,force-confold\""),
        Opt::new("lock_timeout", Kind::Int, "Seconds to wait for another process that holds the lock of apt.").default("60"),
        Opt::new(
            "policy_rc_d",
            Kind::Int,
            "The exit code of `/usr/sbin/policy-rc.d` meanwhile; with 101 no service is started. A file that is there is put back afterwards.",
        ),
        Opt::new("force_apt_get", Kind::Bool, "`apt-get` is used in any case, so this changes nothing.").default("false"),
        Opt::new("auto_install_module_deps", Kind::Bool, "The module needs nothing on the host, so this changes nothing.").default("true"),
    ],
    rules: &[Rule::Exclusive(&["deb", "name", "upgrade"])],
    free_form: None,
    returns: &[
        Return { name: "cache_updated", kind: "bool", when: "success", doc: "Whether the lists of packages were fetched." },
        Return { name: "cache_update_time", kind: "int", when: "success", doc: "When they were fetched last, in seconds since 1970; 0 if unknown." },
        Return { name: "stdout", kind: "str", when: "apt did something", doc: "What it wrote (`stderr`: to standard error)." },
    ],
    examples: "
- name: The clock is kept
  apt:
    name: chrony
    update_cache: true
    cache_valid_time: 3600

- name: A version of our own
  apt:
    name: lab-demo=1.0*
    allow_downgrade: true

- name: All security updates
  apt:
    upgrade: dist
    update_cache: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: Option<Vec<String>>,
    state: State,
    update_cache: Option<bool>,
    cache_valid_time: i64,
    update_cache_retries: u32,
    update_cache_retry_max_delay: u64,
    upgrade: Upgrade,
    deb: Option<String>,
    purge: bool,
    autoremove: bool,
    autoclean: bool,
    clean: bool,
    only_upgrade: bool,
    default_release: Option<String>,
    install_recommends: Option<bool>,
    allow_downgrade: bool,
    allow_change_held_packages: bool,
    allow_unauthenticated: bool,
    fail_on_autoremove: bool,
    force: bool,
    dpkg_options: String,
    lock_timeout: u64,
    policy_rc_d: Option<i64>,
    #[serde(rename = "force_apt_get")]
    _force_apt_get: bool,
    #[serde(rename = "auto_install_module_deps")]
    _auto_install_module_deps: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Absent,
    BuildDep,
    Latest,
    Present,
    Fixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Upgrade {
    Dist,
    Full,
    No,
    Safe,
    Yes,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let apt = AptGet::new(ctx, &args)?;
    let result = work(ctx, &apt, &args);
    apt.leave(ctx);
    result
}

fn work(ctx: &mut Context<'_>, apt: &AptGet, args: &Arguments) -> ModuleResult {
    let names: Vec<&str> = args.name.iter().flatten().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
    let everything = names.contains(&"*");
    if everything && (args.state != State::Latest || names.len() > 1) {
        return Err(Failure::new(
            "failed to install packages: the pattern `*` stands for all that is installed, alone and with `state: latest` only",
        ));
    }
    let mut outcome = Outcome::new();
    let mut changed = false;
    if args.clean {
        changed |= apt.clean(ctx, &mut outcome)?;
    }
    let cache = cache::update_if_due(ctx, args)?;
    let upgrade = match args.upgrade {
        Upgrade::No if everything => Upgrade::Yes,
        other => other,
    };
    if upgrade != Upgrade::No {
        changed |= with_policy(ctx, args, |ctx| install::upgrade(ctx, apt, upgrade, &mut outcome))?;
    } else if let Some(file) = &args.deb {
        changed |= with_policy(ctx, args, |ctx| deb::install(ctx, apt, args, file, &mut outcome))?;
    } else if names.is_empty() {
        if args.autoclean {
            changed |= apt.autoclean(ctx, &mut outcome)?;
        }
        if args.autoremove {
            changed |= install::autoremove(ctx, apt, &mut outcome)?;
        }
        if args.state == State::Fixed {
            changed |= with_policy(ctx, args, |ctx| install::fix(ctx, apt, &mut outcome))?;
        }
        let alone = !args.autoclean && !args.autoremove && args.state != State::Fixed;
        changed |= cache.news && alone;
    } else if args.state == State::Absent {
        changed |= install::remove(ctx, apt, args, &names, &mut outcome)?;
    } else {
        changed |= with_policy(ctx, args, |ctx| install::install(ctx, apt, args, &names, &mut outcome))?;
    }
    Ok(outcome.with("cache_updated", cache.updated).with("cache_update_time", cache.time).changed(changed))
}

/// Does `work` while `/usr/sbin/policy-rc.d` says what the task wants.
fn with_policy(
    ctx: &mut Context<'_>,
    args: &Arguments,
    work: impl FnOnce(&mut Context<'_>) -> Result<bool, Failure>,
) -> Result<bool, Failure> {
    let Some(code) = args.policy_rc_d else { return work(ctx) };
    let policy = Policy::set(ctx, code)?;
    let done = work(ctx);
    policy.put_back(ctx)?;
    done
}

#[cfg(test)]
mod tests;
