//! `dpkg_selections`: what dpkg is to do with a package when everything is brought up to date.

use serde::Deserialize;

use super::shared::required_command;
use super::shared::run::change;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{Effect, Package};

/// The declaration of `dpkg_selections`.
pub static MODULE: Spec = Spec {
    name: "dpkg_selections",
    collections: BUILTIN,
    summary: "Set the selection of a package: hold, install, deinstall, purge",
    description: &["Nothing is installed or removed by it; `apt` does that. A package on hold is left alone by upgrades."],
    options: &[
        Opt::new("name", Kind::Str, "The package.").required(),
        Opt::new("selection", Kind::Str, "What is to be done with it.").required().choices(&["install", "hold", "deinstall", "purge"]),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "before", kind: "str", when: "always", doc: "The selection as it was." },
        Return { name: "after", kind: "str", when: "always", doc: "The selection as it is." },
    ],
    examples: "
- name: The node is updated by its own playbook only
  dpkg_selections:
    name: kscn
    selection: hold
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    selection: String,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let Arguments { name, selection } = args.parse()?;
    let purpose = format!("set the selection of the package `{name}`");
    if name.is_empty() || name.starts_with('-') || name.contains(char::is_whitespace) {
        return Err(Failure::new(format!("failed to {purpose}: a package cannot be called so")));
    }
    let program = required_command(ctx.system, &["dpkg"], &purpose)?;
    let listed = ctx.system.probe(&ctx.command([program.as_str(), "--get-selections", &name]))?.stdout_text();
    let known = listed.lines().find_map(|line| {
        let (package, rest) = line.split_once(char::is_whitespace)?;
        (package == name || package.split(':').next() == Some(&name)).then(|| rest.trim().to_owned())
    });
    let installed = ctx.system.package(&name)?;
    // What tasks before would have changed, check mode knows.
    let before = match (known, &installed) {
        (_, Some(package)) if package.held => "hold".to_owned(),
        (Some(known), Some(_)) if known != "hold" => known,
        (_, Some(_)) => "install".to_owned(),
        (Some(known), None) => known,
        (None, None) => {
            return Err(Failure::new(format!("failed to {purpose}: dpkg knows no such package")).hint("install it in an earlier task"));
        }
    };
    if before != selection {
        let mut command = ctx.command([program.as_str(), "--set-selections"]);
        command.stdin = Some(format!("{name} {selection}\n").into_bytes());
        let effect = match installed {
            Some(package) if matches!(selection.as_str(), "hold" | "install") => {
                Effect::PackageInstalled(Package { held: selection == "hold", ..package })
            }
            _ => Effect::Other(format!("selection of {name}: {selection}")),
        };
        change(ctx, &command, &[effect], &purpose)?;
    }
    Ok(Outcome::new().with("before", before).with("after", selection))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{Applied, apply, apply_once, refused};
    use crate::system::fake::Fake;

    fn machine(listed: &str) -> Fake {
        Fake::new().program("/usr/bin/dpkg").answer(&["/usr/bin/dpkg", "--get-selections", "jq"], 0, listed, "")
    }

    fn answers(applied: &Applied) -> (bool, Value, Value) {
        (applied.changed, applied.get("before").clone(), applied.get("after").clone())
    }

    #[test]
    fn the_selection_is_set_once() {
        let args = json!({"name": "jq", "selection": "hold"});
        let applied = apply(&MODULE, machine("jq\t\t\tinstall\n").package("jq", "1.6"), args.clone());
        assert_eq!(answers(&applied), (true, json!("install"), json!("hold")));
        assert_eq!(applied.machine.runs()[0].stdin.as_deref(), Some(b"jq hold\n".as_slice()));
        assert!(!apply(&MODULE, applied.machine, args).changed);
        let same = apply(&MODULE, machine("jq:amd64\t\t\tinstall\n").package("jq", "1.6"), json!({"name": "jq", "selection": "install"}));
        assert_eq!(answers(&same), (false, json!("install"), json!("install")));
        let purged = apply_once(&MODULE, machine("jq deinstall\n"), json!({"name": "jq", "selection": "purge"}));
        assert_eq!(answers(&purged), (true, json!("deinstall"), json!("purge")));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (name, message) in [
            ("jq", "failed to set the selection of the package `jq`: dpkg knows no such package"),
            ("a b", "failed to set the selection of the package `a b`: a package cannot be called so"),
        ] {
            assert_eq!(apply(&MODULE, machine(""), json!({"name": name, "selection": "hold"})).failure().message, message);
        }
        assert!(refused(&MODULE, json!({"name": "jq", "selection": "keep"})).contains("must be one of"));
    }
}
