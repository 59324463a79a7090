//! `package`: packages of whatever package manager the host has.

use serde_json::{Map, Value};

use super::expand::expand_paths;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Place, Return, Rule, Spec, apt, dnf, resolve};

/// The declaration of `package`.
pub static MODULE: Spec = Spec {
    name: "package",
    collections: BUILTIN,
    summary: "Install and remove packages with the package manager of the host",
    description: &[
        "Hands the task to the module of the host's package manager, which is `apt`, `dnf` or `dnf5` so far; on other hosts it says which package manager it found. Names of packages are not \
         translated.",
    ],
    options: &[
        Opt::new("name", Kind::List(&Kind::Str), "The packages, as the package manager writes them.").required(),
        Opt::new("state", Kind::Str, "`present`, `absent`, and what else the module of the package manager knows: `latest`.").required(),
        Opt::new("use", Kind::Str, "The module to use; `auto` looks which package manager the host has.").default("\"auto\""),
    ],
    rules: &[Rule::Open("the options of the package manager's own module")],
    free_form: None,
    returns: &[Return {
        name: "stdout",
        kind: "str",
        when: "it did something",
        doc: "What the package manager wrote, and what else its module returns.",
    }],
    examples: "
- name: A tool that is called the same everywhere
  package:
    name: jq
    state: present
",
    place: Place::Target(run),
};

/// The modules that tasks are handed to.
const MANAGERS: &[&Spec] = &[&apt::MODULE, &dnf::DNF, &dnf::DNF5, &dnf::YUM];

/// Commands that give a package manager away, each with its name.
const OTHERS: &[(&str, &str)] = &[
    // It decides itself which version of dnf is the usual one.
    ("dnf", "dnf"),
    ("dnf5", "dnf"),
    ("yum", "yum"),
    ("zypper", "zypper"),
    ("apk", "apk"),
    ("pacman", "pacman"),
    ("emerge", "portage"),
    ("xbps-install", "xbps"),
    ("opkg", "opkg"),
];

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let Args(mut given) = args;
    let wanted = match given.remove("use") {
        Some(Value::String(name)) if name != "auto" => name,
        _ => manager(ctx)?,
    };
    let short = wanted.rsplit('.').next().unwrap_or(&wanted);
    let Some(module) = MANAGERS.iter().find(|module| module.name == short) else {
        let names: Vec<String> = MANAGERS.iter().map(|module| format!("`{}`", module.name)).collect();
        let reason = format!("the package manager `{short}` is not supported yet; {} are", names.join(", "));
        return Err(Failure::new(format!("failed to manage packages: {reason}")));
    };
    let given: Map<String, Value> = given.into_iter().filter(|(_, value)| !value.is_null()).collect();
    let mut args = resolve(module, given).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::new(format!("failed to manage packages with `{short}`: {}", errors.join("; ")))
    })?;
    expand_paths(module.options, &mut args.0, ctx.system, &ctx.environment)?;
    let Place::Target(manage) = module.place else {
        return Err(Failure::new(format!("the module `{short}` does not run on the host")));
    };
    manage(ctx, args)
}

/// The package manager of the host.
fn manager(ctx: &Context<'_>) -> Result<String, Failure> {
    if ctx.system.which("apt-get")?.is_some() {
        return Ok("apt".to_owned());
    }
    for (command, name) in OTHERS {
        if ctx.system.which(command)?.is_some() {
            return Ok((*name).to_owned());
        }
    }
    Err(Failure::new("failed to manage packages: the host has no package manager that is known here"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{apply, refused};
    use crate::system::fake::Fake;

    fn debian() -> Fake {
        Fake::new().program("/usr/bin/apt-get").package("jq", "1.6")
    }

    #[test]
    fn the_task_is_handed_to_the_package_manager() {
        for args in [
            json!({"name": "jq", "state": "present"}),
            json!({"name": ["jq"], "state": "present", "use": "ansible.builtin.apt", "cache_valid_time": "0"}),
        ] {
            let applied = apply(&MODULE, debian(), args);
            assert!(!applied.changed);
            assert_eq!(applied.get("cache_updated"), false);
        }
        let text = "Inst hello (2.10 L [amd64])\n";
        let fake = debian().answer(
            &["/usr/bin/apt-get", "-y", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold", "-s"],
            0,
            text,
            "",
        );
        assert!(apply(&MODULE, fake, json!({"name": "hello", "state": "present"})).changed);
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (machine, args, message) in [
            (
                Fake::new().program("/usr/bin/zypper"),
                json!({"name": "jq", "state": "present"}),
                "failed to manage packages: the package manager `zypper` is not supported yet; `apt`, `dnf`, `dnf5`, `yum` are",
            ),
            (
                debian(),
                json!({"name": "jq", "state": "present", "use": "pacman"}),
                "failed to manage packages: the package manager `pacman` is not supported yet; `apt`, `dnf`, `dnf5`, `yum` are",
            ),
            (
                Fake::new().program("/usr/bin/yum"),
                json!({"name": "jq", "state": "present"}),
                "failed to manage packages: the machine has no `dnf-3` or `dnf`",
            ),
            (
                Fake::new(),
                json!({"name": "jq", "state": "present"}),
                "failed to manage packages: the host has no package manager that is known here",
            ),
            (
                debian(),
                json!({"name": "jq", "state": "present", "purg": true}),
                "failed to manage packages with `apt`: `apt` has no option `purg` (did you mean `purge`?)",
            ),
        ] {
            assert_eq!(apply(&MODULE, machine, args).failure().message, message);
        }
        assert!(refused(&MODULE, json!({"name": "jq"})).contains("state"));
    }
}
