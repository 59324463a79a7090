//! `dnf` and `dnf5`: packages of Fedora, Red Hat Enterprise Linux and their relatives. `yum` is another name of `dnf`.

mod groups;
mod install;
mod installed;
mod list;
mod names;
mod options;
mod perform;
mod program;
mod remove;
mod table;

use serde_json::Value;

use super::spec::{BUILTIN, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use installed::Rpm;
use options::{Arguments, SHARED, State};
use perform::Job;
use program::{Dnf, Version};

/// The declaration of `dnf`.
pub static DNF: Spec = Spec {
    name: "dnf",
    collections: BUILTIN,
    summary: "Install, upgrade and remove packages with dnf",
    description: &[
        "Asks `dnf` of the host what it would do, so that a task changes something exactly if dnf would; check mode knows the same. When all packages of a task are installed already, \
         dnf is not started at all: rpm knows that. The host needs no Python but that of dnf.",
        "An installed package is not upgraded unless `state` is `latest`, and does not become older unless `allow_downgrade` is set. A pattern brings all that it matches, in the newest versions.",
    ],
    options: &DNF_OPTIONS,
    rules: RULES,
    free_form: None,
    returns: RETURNS,
    examples: "
- name: A web server, and a tool in at least this version
  dnf:
    name:
      - nginx
      - jq >= 1.6

- name: All security updates
  dnf:
    name: '*'
    state: latest
    security: true

- name: A group, from a repository that is off by default
  dnf:
    name: '@Development tools'
    enablerepo: crb
",
    place: Place::Target(run_dnf),
};

/// The declaration of `dnf5`.
pub static DNF5: Spec = Spec {
    name: "dnf5",
    summary: "Install, upgrade and remove packages with dnf 5",
    options: &DNF5_OPTIONS,
    examples: "
- name: A web server in its newest version
  dnf5:
    name: nginx
    state: latest

- name: What was only installed for other packages goes with the last of them
  dnf5:
    name: nginx
    state: absent
    autoremove: true
",
    place: Place::Target(run_dnf5),
    ..DNF
};

/// The declaration of `yum`, under which `dnf` is still called.
pub static YUM: Spec = Spec {
    name: "yum",
    summary: "Install, upgrade and remove packages with dnf, under its older name",
    examples: "
- name: A package file with what it depends on
  yum:
    name: /srv/agent-1.0-1.noarch.rpm
    disable_gpg_check: true
",
    ..DNF
};

static DNF_OPTIONS: [Opt; SHARED.len() + 1] = join(
    SHARED,
    &[Opt::new(
        "use_backend",
        Kind::Str,
        "Which dnf does the work: `dnf4` (also `dnf`, `yum4`) or `dnf5`; `auto` (also `yum`) takes the one that the host's distribution uses.",
    )
    .choices(&["auto", "dnf", "dnf4", "dnf5", "yum", "yum4"])
    .default("\"auto\"")],
);

static DNF5_OPTIONS: [Opt; SHARED.len() + 1] = join(
    SHARED,
    &[Opt::new("auto_install_module_deps", Kind::Bool, "The module needs nothing on the host, so this changes nothing.").default("true")],
);

const RULES: &[Rule] = &[Rule::Exclusive(&["name", "list"]), Rule::Exclusive(&["best", "nobest"])];

const RETURNS: &[Return] = &[
    Return {
        name: "results",
        kind: "list",
        when: "success",
        doc: "What was done, a text each (`Installed: jq-1.6-2.x86_64`), or the entries of `list`.",
    },
    Return { name: "failures", kind: "list", when: "failure", doc: "What could not be had." },
    Return { name: "rc", kind: "int", when: "always", doc: "0, or an exit code of dnf." },
];

fn run_dnf(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let version = match args.0.remove("use_backend").as_ref().and_then(Value::as_str) {
        Some("dnf" | "dnf4" | "yum4") => Version::Four,
        Some("dnf5") => Version::Five,
        _ => usual(ctx)?,
    };
    run(ctx, version, args)
}

fn run_dnf5(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    args.0.remove("auto_install_module_deps");
    run(ctx, Version::Five, args)
}

/// The dnf that the distribution uses.
fn usual(ctx: &Context<'_>) -> Result<Version, Failure> {
    let release = ctx.system.platform()?.os_release;
    let number: u32 = release.get("VERSION_ID").and_then(|text| text.split('.').next()?.parse().ok()).unwrap_or(0);
    let is_new_fedora = release.get("ID").is_some_and(|id| id == "fedora") && number >= 41;
    let has_five = ctx.system.which("dnf5")?.is_some();
    Ok(if has_five && (is_new_fedora || ctx.system.which("dnf-3")?.is_none()) { Version::Five } else { Version::Four })
}

fn run(ctx: &mut Context<'_>, version: Version, args: Args) -> ModuleResult {
    let args = Arguments::parse(args)?;
    let dnf = Dnf::new(ctx, version, &args)?;
    let result = work(ctx, &dnf, &args);
    dnf.leave(ctx);
    result
}

fn work(ctx: &mut Context<'_>, dnf: &Dnf, args: &Arguments) -> ModuleResult {
    let mut job = Job { rpm: Rpm::new(dnf.root.as_deref()), dnf, args, results: Vec::new(), changed: false };
    if let Some(what) = &args.list {
        return Ok(Outcome::new().with("results", job.list(ctx, what)?).with("rc", 0).with("msg", "").changed(false));
    }
    let mut said = "Nothing to do";
    match (args.name.as_slice(), args.state()) {
        ([], _) if args.autoremove => job.autoremove(ctx)?,
        ([], _) if args.update_cache => {
            dnf.refresh(ctx)?;
            said = "Cache updated";
        }
        ([], _) => {}
        (_, State::Present | State::Latest) if args.autoremove => {
            return Err(Failure::new(
                "failed to remove packages that are not needed any more: `autoremove` goes alone or with `state: absent`",
            ));
        }
        (names, State::Absent) => job.remove(ctx, names)?,
        (names, State::Present | State::Latest) => job.install(ctx, names)?,
    }
    let said = if job.changed { "" } else { said };
    Ok(Outcome::new().with("results", job.results).with("rc", 0).with("msg", said).changed(job.changed))
}

#[cfg(test)]
mod tests;
