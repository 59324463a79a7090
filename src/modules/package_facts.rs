//! `package_facts`: all installed packages, as facts.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::shared::exists;
use super::shared::ids::text_of;
use super::shared::run::look;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};

/// The declaration of `package_facts`.
pub static MODULE: Spec = Spec {
    name: "package_facts",
    collections: BUILTIN,
    summary: "Tell which packages are installed, as facts",
    description: &[
        "The fact `packages` maps the name of each package to a list of what is installed of it: `name`, `version`, `arch`, `source` (the package manager) and what else it tells.",
        "In check mode, `category` and `origin` of packages that tasks before would install are empty.",
    ],
    options: &[
        Opt::new("manager", Kind::List(&Kind::Str), "The package managers to ask: `apt`, `rpm` (also under the names `dnf`, `dnf5`, `yum`, `zypper`), `apk`; `auto`: those that the host has.")
            .choices(&["apk", "apt", "auto", "dnf", "dnf5", "rpm", "yum", "zypper"])
            .default("[\"auto\"]"),
        Opt::new("strategy", Kind::Str, "`first`: the first package manager that the host has. `all`: all of them.").choices(&["first", "all"]).default("\"first\""),
    ],
    rules: &[],
    free_form: None,
    returns: &[Return { name: "ansible_facts", kind: "dict", when: "always", doc: "The packages, under `packages`." }],
    examples: "
- name: Which packages are there?
  package_facts:
    manager: auto
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    manager: Vec<String>,
    strategy: String,
}

type Packages = BTreeMap<String, Vec<Value>>;

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let mut managers: Vec<&str> = Vec::new();
    for name in &args.manager {
        match name.as_str() {
            "auto" => managers.extend(["apt", "rpm", "apk"]),
            "dnf" | "dnf5" | "yum" | "zypper" => managers.push("rpm"),
            other => managers.push(other),
        }
    }
    let mut packages = Packages::new();
    let mut found = false;
    for (at, manager) in managers.iter().enumerate() {
        if managers.get(..at).is_some_and(|earlier| earlier.contains(manager)) {
            continue;
        }
        let (is_there, list): (bool, fn(&Context<'_>, &mut Packages) -> Result<(), Failure>) = match *manager {
            "apt" => (ctx.system.which("dpkg-query")?.is_some(), apt),
            "rpm" => (ctx.system.which("rpm")?.is_some(), rpm),
            _ => (exists(ctx.system, Path::new(APK))?, apk),
        };
        if is_there {
            list(ctx, &mut packages)?;
            found = true;
            if args.strategy == "first" {
                break;
            }
        }
    }
    if !found {
        let names: Vec<String> = managers.iter().map(|name| format!("`{name}`")).collect();
        return Err(Failure::new(format!("failed to list packages: the host has no {}", names.join(", "))));
    }
    Ok(Outcome::new().with("ansible_facts", json!({ "packages": packages })).changed(false))
}

fn add(packages: &mut Packages, name: &str, fields: &[(&str, Value)]) {
    let mut entry: Map<String, Value> = fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    entry.insert("name".to_owned(), name.into());
    packages.entry(name.to_owned()).or_default().push(entry.into());
}

/// From dpkg, with the origin of each package as the lists of apt know it.
fn apt(ctx: &Context<'_>, packages: &mut Packages) -> Result<(), Failure> {
    let format = "${db:Status-Status}\\t${Package}\\t${binary:Package}\\t${Version}\\t${Architecture}\\t${Section}\\n";
    let text = look(ctx, &ctx.command(["dpkg-query", "-W", "-f", format]), "list packages")?.stdout_text();
    let installed: Vec<Vec<&str>> =
        text.lines().filter_map(|line| line.strip_prefix("installed\t")).map(|line| line.split('\t').collect()).collect();
    let keys: Vec<&str> = installed.iter().filter_map(|fields| fields.get(1).copied()).collect();
    let origins = origins(ctx, &keys)?;
    for fields in &installed {
        let [name, key, version, arch, category] = fields.as_slice() else { continue };
        let origin = origins.get(*key).map_or("", String::as_str);
        let fields = [("version", *version), ("arch", *arch), ("category", *category), ("origin", origin), ("source", "apt")];
        add(packages, name, &fields.map(|(key, value)| (key, value.into())));
    }
    foreseen(ctx, packages)
}

/// Puts in what tasks before would do to packages of dpkg.
fn foreseen(ctx: &Context<'_>, packages: &mut Packages) -> Result<(), Failure> {
    for name in ctx.system.foreseen().packages {
        let Some(package) = ctx.system.package(&name)? else {
            packages.remove(&name);
            continue;
        };
        let is_same = |entry: &Value| entry.get("version").and_then(Value::as_str) == Some(&package.version);
        if packages.get(&name).is_some_and(|entries| entries.iter().any(is_same)) {
            continue;
        }
        packages.remove(&name);
        let fields = [("version", package.version), ("arch", package.architecture), ("source", "apt".to_owned())];
        let fields = fields.into_iter().chain(["category", "origin"].map(|key| (key, String::new())));
        let fields: Vec<(&str, Value)> = fields.map(|(key, value)| (key, value.into())).collect();
        add(packages, &name, &fields);
    }
    Ok(())
}

/// Where the installed versions come from; nothing for those that no list holds.
fn origins(ctx: &Context<'_>, names: &[&str]) -> Result<BTreeMap<String, String>, Failure> {
    if ctx.system.which("apt-cache")?.is_none() || names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let purpose = "look up where packages come from";
    let sources = look(ctx, &ctx.command(["apt-cache", "policy"]), purpose)?.stdout_text();
    let versions = look(ctx, &ctx.command(["apt-cache", "policy"].iter().chain(names).copied()), purpose)?.stdout_text();
    Ok(parse_origins(&sources, &versions))
}

fn parse_origins(sources: &str, versions: &str) -> BTreeMap<String, String> {
    let mut origin_of: BTreeMap<&str, &str> = BTreeMap::new();
    let mut source = "";
    for line in sources.lines() {
        match line.trim().strip_prefix("release ") {
            Some(release) => {
                let origin = release.split(',').find_map(|field| field.strip_prefix("o="));
                origin_of.insert(source, origin.unwrap_or_default());
            }
            None => source = line.trim().split_once(' ').map_or("", |(_, source)| source),
        }
    }
    let mut found = BTreeMap::new();
    let (mut name, mut installed) = ("", false);
    for line in versions.lines() {
        let plain = line.trim();
        if !line.starts_with(' ') {
            (name, installed) = (plain.trim_end_matches(':'), false);
        } else if plain.starts_with("*** ") {
            installed = true;
        } else if line.starts_with("     ") && !line.starts_with("      ") {
            installed = false;
        } else if installed
            && let Some((_, source)) = plain.split_once(' ')
            && let Some(origin) = origin_of.get(source)
            && !source.starts_with("/var/lib/dpkg")
        {
            found.entry(name.to_owned()).or_insert_with(|| (*origin).to_owned());
        }
    }
    found
}

fn rpm(ctx: &Context<'_>, packages: &mut Packages) -> Result<(), Failure> {
    let format = "%{NAME}\\t%{VERSION}\\t%{RELEASE}\\t%|EPOCH?{%{EPOCH}}|\\t%{ARCH}\\n";
    let text = look(ctx, &ctx.command(["rpm", "-qa", "--qf", format]), "list packages")?.stdout_text();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, version, release, epoch, arch] = fields.as_slice() else { continue };
        let none_or = |text: &str| if text.is_empty() || text == "(none)" { Value::Null } else { text.into() };
        let epoch = epoch.parse::<u64>().map_or(Value::Null, Value::from);
        let fields = [
            ("version", (*version).into()),
            ("release", (*release).into()),
            ("epoch", epoch),
            ("arch", none_or(arch)),
            ("source", "rpm".into()),
        ];
        add(packages, name, &fields);
    }
    Ok(())
}

const APK: &str = "/lib/apk/db/installed";

fn apk(ctx: &Context<'_>, packages: &mut Packages) -> Result<(), Failure> {
    for stanza in text_of(ctx.system, APK)?.split("\n\n") {
        let field = |letter: &str| stanza.lines().find_map(|line| line.strip_prefix(letter)?.strip_prefix(':')).unwrap_or_default();
        let (name, version) = (field("P"), field("V"));
        if name.is_empty() {
            continue;
        }
        let (version, release) =
            version.rsplit_once("-r").map_or((version, String::new()), |(version, release)| (version, format!("r{release}")));
        let fields = [("version", version), ("release", &release), ("arch", field("A")), ("source", "apk")];
        add(packages, name, &fields.map(|(key, value)| (key, value.into())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{apply, predict_after, refused};
    use crate::system::fake::Fake;
    use crate::system::{Command, Effect, Package};

    const SOURCES: &str = "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\n 500 http://x/debian bookworm/main amd64 Packages\n     release v=12.5,o=Debian,a=stable\n     origin x\nPinned packages:\n";

    #[test]
    fn packages_of_debian() {
        let list = "installed\tjq\tjq\t1.6-2\tamd64\tutils\nconfig-files\told\told\t1\tall\tmisc\ninstalled\tlibc6\tlibc6:amd64\t2.36\tamd64\tlibs\ninstalled\tlibc6\tlibc6:i386\t2.36\ti386\tlibs\n";
        let versions = "jq:\n  Installed: 1.6-2\n  Candidate: 1.7\n  Version table:\n     1.7 500\n        500 http://y/z other Packages\n *** 1.6-2 500\n        500 http://x/debian bookworm/main amd64 Packages\n        100 /var/lib/dpkg/status\nlibc6:\n  Version table:\n *** 2.36 100\n        100 /var/lib/dpkg/status\n";
        let machine = Fake::new().answer(&["dpkg-query", "-W"], 0, list, "").answer(&["apt-cache", "policy"], 0, SOURCES, "").answer(
            &["apt-cache", "policy", "jq"],
            0,
            versions,
            "",
        );
        let applied = apply(&MODULE, machine, json!({}));
        let packages = &applied.get("ansible_facts")["packages"];
        let jq = json!([{"name": "jq", "version": "1.6-2", "arch": "amd64", "category": "utils", "origin": "Debian", "source": "apt"}]);
        assert_eq!(packages["jq"], jq);
        assert_eq!((packages["libc6"].as_array().map(Vec::len), &packages["libc6"][0]["origin"]), (Some(2), &json!("")));
        assert_eq!(packages["old"], Value::Null);
    }

    #[test]
    fn packages_that_earlier_tasks_would_install_or_remove() {
        let list = "installed\tjq\tjq\t1.6-2\tamd64\tutils\ninstalled\told\told\t1\tall\tmisc\n";
        let machine = Fake::new().package("old", "1").package("jq", "1.6-2").answer(&["dpkg-query", "-W"], 0, list, "");
        let package = |name: &str| Package {
            name: name.to_owned(),
            version: "2.0".to_owned(),
            architecture: "amd64".to_owned(),
            ..Package::default()
        };
        let effects =
            [Effect::PackageInstalled(package("tree")), Effect::PackageInstalled(package("jq")), Effect::PackageRemoved("old".to_owned())];
        let applied = predict_after(&MODULE, machine, json!({"manager": "apt"}), |system| {
            system.run(&Command::new(["apt-get", "install"]), &effects).unwrap();
        });
        let packages = &applied.get("ansible_facts")["packages"];
        let tree = json!([{"name": "tree", "version": "2.0", "arch": "amd64", "category": "", "origin": "", "source": "apt"}]);
        assert_eq!(packages["tree"], tree);
        assert_eq!((&packages["jq"][0]["version"], packages.get("old")), (&json!("2.0"), None));
    }

    #[test]
    fn packages_of_others() {
        let rpm = || Fake::new().answer(&["rpm", "-qa"], 0, "bash\t5.2\t3.el9\t\tx86_64\nbind\t9.16\t1.el9\t32\tx86_64\n", "");
        let applied = apply(&MODULE, rpm(), json!({"manager": "dnf"}));
        let packages = &applied.get("ansible_facts")["packages"];
        assert_eq!(
            packages["bash"],
            json!([{"name": "bash", "version": "5.2", "release": "3.el9", "epoch": null, "arch": "x86_64", "source": "rpm"}])
        );
        assert_eq!(packages["bind"][0]["epoch"], 32);
        let both = rpm().file("/lib/apk/db/installed", "C:x\nP:musl\nV:1.2.4-r2\nA:x86_64\n\nP:zlib\nV:1.3\nA:x86_64\n");
        let applied = apply(&MODULE, both, json!({"strategy": "all"}));
        let packages = &applied.get("ansible_facts")["packages"];
        assert_eq!(packages["musl"], json!([{"name": "musl", "version": "1.2.4", "release": "r2", "arch": "x86_64", "source": "apk"}]));
        assert!(packages.get("bash").is_some());
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            apply(&MODULE, Fake::new(), json!({"manager": ["apt"]})).failure().message,
            "failed to list packages: the host has no `apt`"
        );
        assert!(refused(&MODULE, json!({"manager": "pacman"})).contains("must be one of"));
    }
}
