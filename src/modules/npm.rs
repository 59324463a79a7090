//! `npm`: packages of Node.js.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::shared::run::{change, said};
use super::shared::{make_parents, required_command};
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Rule, Spec};
use crate::system::{Command, Effect, Follow};

/// The declaration of `npm`.
pub static MODULE: Spec = Spec {
    name: "npm",
    collections: GENERAL,
    summary: "Install packages of Node.js",
    description: &[
        "Calls `npm` of the host, for a package or, without `name`, for all that the `package.json` in `path` needs. `ci` is done each time.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "The package; all that `package.json` names when it is not given."),
        Opt::new("version", Kind::Str, "Its version."),
        Opt::new("path", Kind::Path, "The directory of the project; it is made when it is missing. Needed unless `global` is set."),
        Opt::new("global", Kind::Bool, "Whether the package is installed for the whole machine.").default("false"),
        Opt::new(
            "state",
            Kind::Str,
            "`present`: it is installed. `latest`: in its latest version; for all packages, the latest that `package.json` lets in. `absent`: \
             it is gone.",
        )
        .choices(&["present", "absent", "latest"])
        .default("\"present\""),
        Opt::new("executable", Kind::Path, "The program, in place of `npm` on the search path."),
        Opt::new("registry", Kind::Str, "Where packages come from."),
        Opt::new("production", Kind::Bool, "Leave out packages that only developers need.").default("false"),
        Opt::new("ignore_scripts", Kind::Bool, "Run no scripts of packages.").default("false"),
        Opt::new("unsafe_perm", Kind::Bool, "Run scripts as root, in versions of npm that do not do so by themselves.").default("false"),
        Opt::new("ci", Kind::Bool, "Install exactly what the lock file says, and nothing else.").default("false"),
        Opt::new("force", Kind::Bool, "Say `--force`.").default("false"),
        Opt::new("no_optional", Kind::Bool, "Leave out packages that are optional.").default("false"),
        Opt::new("no_bin_links", Kind::Bool, "Make no links to programs of packages.").default("false"),
    ],
    rules: &[Rule::If("state", "absent", &["name"]), Rule::If("global", "false", &["path"]), Rule::If("global", "true", &["name"])],
    free_form: None,
    returns: &[],
    examples: "
- name: The dashboard has what it needs
  community.general.npm:
    path: /opt/dashboard
    production: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: Option<String>,
    version: Option<String>,
    path: Option<PathBuf>,
    global: bool,
    state: State,
    executable: Option<String>,
    registry: Option<String>,
    production: bool,
    ignore_scripts: bool,
    unsafe_perm: bool,
    ci: bool,
    force: bool,
    no_optional: bool,
    no_bin_links: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Present,
    Absent,
    Latest,
}

/// What a project has: versions by name, `None` where one is missing or not the one that it needs.
type Installed = BTreeMap<String, Option<String>>;

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let what = args.name.as_deref().map_or_else(|| "the packages".to_owned(), |name| format!("`{name}`"));
    let purpose = format!("manage {what} by npm");
    let wrong = |why: &str| Failure::new(format!("failed to {purpose}: {why}"));
    for text in args.name.iter().chain(&args.version).chain(&args.registry) {
        if text.is_empty() || text.starts_with('-') || text.contains(char::is_whitespace) {
            return Err(wrong(&format!("`{text}` is neither a package, a version nor an address")));
        }
    }
    let program = match &args.executable {
        Some(program) => program.clone(),
        None => required_command(ctx.system, &["npm"], &purpose)?,
    };
    let place = args.path.clone().filter(|_| !args.global);
    if let Some(path) = &place {
        match ctx.system.stat(path, Follow::Yes)? {
            Some(stat) if !stat.is_dir() => return Err(wrong(&format!("`{}` is not a directory", path.display()))),
            Some(_) => {}
            None if args.state == State::Absent => return Ok(Outcome::new()),
            None => make_parents(ctx, &path.join("node_modules"), None)?,
        }
    }
    let npm = Npm { program, args: &args, place, purpose };
    if args.ci {
        npm.change(ctx, &["ci"], None, None)?;
        return Ok(Outcome::new());
    }
    let installed = npm.installed(ctx)?;
    let Some(name) = &args.name else {
        let lacks = installed.values().any(Option::is_none);
        if args.state == State::Latest && npm.is_outdated(ctx, None)? {
            npm.change(ctx, &["update"], None, None)?;
        } else if lacks {
            npm.change(ctx, &["install"], None, None)?;
        }
        return Ok(Outcome::new());
    };
    let is = installed.get(name).cloned().flatten();
    match (args.state, &args.version) {
        (State::Absent, _) if is.is_some() => npm.change(ctx, &["uninstall", name], Some(name), Some("absent"))?,
        (State::Absent, _) => {}
        (_, Some(version)) if is.as_ref() != Some(version) => {
            npm.change(ctx, &["install", &format!("{name}@{version}")], Some(name), Some(version))?;
        }
        (_, Some(_)) => {}
        (State::Present, None) if is.is_none() => npm.change(ctx, &["install", name], Some(name), Some("present"))?,
        (State::Latest, None) if is.is_none() || npm.is_outdated(ctx, Some(name))? => {
            npm.change(ctx, &["install", &format!("{name}@latest")], Some(name), Some("latest"))?;
        }
        _ => {}
    }
    Ok(Outcome::new())
}

struct Npm<'a> {
    program: String,
    args: &'a Arguments,
    /// The directory of the project.
    place: Option<PathBuf>,
    purpose: String,
}

impl Npm<'_> {
    fn command(&self, ctx: &Context<'_>, words: &[&str]) -> Command {
        let args = self.args;
        let changes = !matches!(words.first(), Some(&("list" | "outdated")));
        let flags = [
            (args.global, "--global"),
            (args.production && changes, "--production"),
            (args.ignore_scripts, "--ignore-scripts"),
            (args.unsafe_perm, "--unsafe-perm"),
            (args.no_optional, "--no-optional"),
            (args.no_bin_links, "--no-bin-links"),
            (args.force && changes, "--force"),
        ];
        let flags = flags.iter().filter(|(is, _)| *is).map(|(_, flag)| *flag);
        let registry = args.registry.iter().flat_map(|address| ["--registry", address.as_str()]);
        let mut command = ctx.command([self.program.as_str()].into_iter().chain(words.iter().copied()).chain(flags).chain(registry));
        command.cwd = self.place.clone();
        command
    }

    /// Under this name check mode knows what earlier tasks would install.
    fn subject(&self, name: &str) -> String {
        let place = self.place.as_ref().map_or_else(|| "(all)".to_owned(), |path| path.display().to_string());
        format!("packages of npm\n{place}\n{name}")
    }

    fn installed(&self, ctx: &Context<'_>) -> Result<Installed, Failure> {
        let command = self.command(ctx, &["list", "--json", "--long"]);
        let output = ctx.system.probe(&command)?;
        let mut installed = Installed::new();
        // It ends with 1 when something is missing, and says what all the same.
        let told: Option<Map<String, Value>> = serde_json::from_slice(&output.stdout).ok();
        let told = told.filter(|_| output.rc <= 1);
        let told =
            told.ok_or_else(|| Failure::command(format!("failed to {}: {}", self.purpose, said(&output)), &command.argv, &output))?;
        for (name, package) in told.get("dependencies").and_then(Value::as_object).into_iter().flatten() {
            let is_bad = ["missing", "invalid"].iter().any(|key| package.get(*key).is_some_and(|value| *value != Value::Bool(false)));
            let version = package.get("version").and_then(Value::as_str).filter(|_| !is_bad);
            installed.insert(name.clone(), version.map(str::to_owned));
        }
        if let Some(name) = &self.args.name
            && let Some(known) = ctx.system.known(&self.subject(name))
        {
            installed.insert(name.clone(), Some(known).filter(|known| known != "absent"));
        }
        Ok(installed)
    }

    /// Whether there is a later version: of a package the latest there is, of all those that the project lets in.
    fn is_outdated(&self, ctx: &Context<'_>, name: Option<&str>) -> Result<bool, Failure> {
        if name.is_some_and(|name| ctx.system.known(&self.subject(name)).is_some()) {
            return Ok(false);
        }
        let words: Vec<&str> = ["outdated", "--json"].into_iter().chain(name).collect();
        let command = self.command(ctx, &words);
        let output = ctx.system.probe(&command)?;
        if output.success() && output.stdout.trim_ascii().is_empty() {
            return Ok(false);
        }
        let told: Option<Map<String, Value>> = serde_json::from_slice(&output.stdout).ok();
        let told = told.filter(|told| output.rc <= 1 && !told.contains_key("error"));
        let told =
            told.ok_or_else(|| Failure::command(format!("failed to {}: {}", self.purpose, said(&output)), &command.argv, &output))?;
        let key = if name.is_some() { "latest" } else { "wanted" };
        Ok(told.values().any(|package| package.get("current") != package.get(key)))
    }

    fn change(&self, ctx: &mut Context<'_>, words: &[&str], name: Option<&str>, value: Option<&str>) -> Result<(), Failure> {
        let mut effects = vec![Effect::Other(format!("npm: {}", words.join(" ")))];
        if let (Some(name), Some(value)) = (name, value) {
            effects.push(Effect::Known { subject: self.subject(name), value: value.to_owned() });
        }
        change(ctx, &self.command(ctx, words), &effects, &self.purpose).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict, predict_after, refused};
    use crate::system::fake::Fake;

    const NPM: &str = "/usr/bin/npm";
    /// Said by npm 11.
    const LIST: &str = r#"{"name": "p", "problems": ["missing: b"], "dependencies": {"a": {"version": "1.2.3", "overridden": false},
        "b": {"required": "^2", "missing": true}, "c": {"version": "3.0.0", "invalid": "\"^4\" from the root project"}, "@s/x": {"version": "1.0.0"}}}"#;
    const WHOLE: &str = r#"{"dependencies": {"a": {"version": "1.2.3"}, "new": {"version": "1.0.0"}}}"#;
    const OUTDATED: &str = r#"{"a": {"current": "1.2.3", "wanted": "1.2.4", "latest": "2.0.0"}}"#;

    fn machine(lists: &[&str]) -> Fake {
        let fake = Fake::new().dir("/srv/p").program(NPM).answer(&[NPM], 0, "", "");
        lists.iter().fold(fake, |fake, list| fake.answer(&[NPM, "list"], i32::from(list.contains("problems")), list, ""))
    }

    fn args(more: Value) -> Value {
        let mut args = more;
        args["path"] = json!("/srv/p");
        args
    }

    fn ran(applied: &Applied) -> String {
        applied.machine.runs().iter().map(|command| command.argv[1..].join(" ")).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn packages_come_and_go() {
        for (more, calls) in [
            (json!({"name": "a"}), ""),
            (json!({"name": "@s/x"}), ""),
            (json!({"name": "a", "version": "1.2.3"}), ""),
            (json!({"name": "a", "version": "2.0.0"}), "install a@2.0.0"),
            (json!({"name": "b"}), "install b"),
            (json!({"name": "c"}), "install c"),
            (json!({"name": "new"}), "install new"),
            (json!({"name": "new", "state": "latest"}), "install new@latest"),
            (json!({"name": "a", "state": "absent"}), "uninstall a"),
            (json!({"name": "b", "state": "absent"}), ""),
            (json!({"name": "new", "state": "absent"}), ""),
            (json!({}), "install"),
            (json!({"ci": true}), "ci"),
            (json!({"ci": true, "production": true}), "ci --production"),
            (
                json!({"name": "new", "registry": "http://r", "production": true, "ignore_scripts": true, "unsafe_perm": true, "force": true,
                       "no_optional": true, "no_bin_links": true}),
                "install new --production --ignore-scripts --unsafe-perm --no-optional --no-bin-links --force --registry http://r",
            ),
        ] {
            let applied = apply_once(&MODULE, machine(&[LIST]), args(more.clone()));
            assert_eq!((ran(&applied).as_str(), applied.changed), (calls, !calls.is_empty()), "{more}");
            assert!(applied.machine.runs().iter().all(|command| command.cwd == Some("/srv/p".into())));
        }
        let new = apply(&MODULE, machine(&[LIST, LIST, WHOLE]), args(json!({"name": "new"})));
        assert!(new.changed);
        assert!(!apply(&MODULE, machine(&[WHOLE]), args(json!({}))).changed);
        let global = apply_once(&MODULE, machine(&[LIST]), json!({"name": "new", "global": true}));
        assert_eq!((ran(&global).as_str(), &global.machine.runs()[0].cwd), ("install new --global", &None));
        let own = machine(&[]).program("/opt/n/npm").answer(&["/opt/n/npm"], 0, "{}", "");
        let own = apply_once(&MODULE, own, args(json!({"name": "a", "executable": "/opt/n/npm"})));
        assert_eq!(own.machine.runs()[0].argv.join(" "), "/opt/n/npm install a");
    }

    #[test]
    fn the_latest() {
        let latest = |outdated: (i32, &str), more: Value| {
            let fake = machine(&[WHOLE]).answer(&[NPM, "outdated"], outdated.0, outdated.1, "");
            let mut more = args(more);
            more["state"] = json!("latest");
            ran(&apply_once(&MODULE, fake, more))
        };
        assert_eq!(latest((1, OUTDATED), json!({"name": "a"})), "install a@latest");
        assert_eq!(latest((0, ""), json!({"name": "a"})), "");
        assert_eq!(latest((0, "{}\n"), json!({"name": "a"})), "");
        assert_eq!(latest((1, OUTDATED), json!({})), "update");
        assert_eq!(latest((1, &OUTDATED.replace("1.2.4", "1.2.3")), json!({})), "", "no later one is let in");
    }

    #[test]
    fn the_directory_is_made() {
        let new = || Fake::new().program(NPM).answer(&[NPM], 0, "", "").answer(&[NPM, "list"], 0, "{}", "");
        let made = apply_once(&MODULE, new(), args(json!({"name": "a"})));
        assert!(made.changed && made.machine.stat_of("/srv/p").is_dir());
        assert!(predict(&MODULE, new(), args(json!({"name": "a"}))).changed);
        assert!(!apply(&MODULE, new(), args(json!({"name": "a", "state": "absent"}))).changed);
    }

    #[test]
    fn check_mode_knows_what_earlier_tasks_would_do() {
        let add = args(json!({"name": "new"}));
        let gone = args(json!({"name": "a", "state": "absent"}));
        let after = |now: &Value, earlier: &Value| {
            predict_after(&MODULE, machine(&[LIST]), now.clone(), |system| assert!(apply_on(&MODULE, system, earlier).0)).changed
        };
        assert!(!after(&add, &add) && !after(&gone, &gone));
        assert!(after(&args(json!({"name": "a"})), &gone) && after(&args(json!({"name": "new", "state": "absent"})), &add));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (args, word) in [
            (json!({"name": "a"}), "path"),
            (json!({"global": true}), "name"),
            (args(json!({"state": "absent"})), "name"),
            (args(json!({"state": "newest"})), "must be one of"),
        ] {
            assert!(refused(&MODULE, args.clone()).contains(word), "{args}");
        }
        let message = |fake: Fake, more: Value| apply_once(&MODULE, fake, args(more)).failure().message.clone();
        assert_eq!(message(Fake::new(), json!({"name": "a"})), "failed to manage `a` by npm: the machine has no `npm`");
        assert_eq!(
            message(machine(&[]), json!({"name": "--evil"})),
            "failed to manage `--evil` by npm: `--evil` is neither a package, a version nor an address"
        );
        let file = Fake::new().program(NPM).file("/srv/p", "");
        assert_eq!(message(file, json!({"name": "a"})), "failed to manage `a` by npm: `/srv/p` is not a directory");
        let broken = Fake::new().dir("/srv/p").program(NPM).answer(&[NPM, "list"], 1, "", "npm error code EJSONPARSE\n");
        assert_eq!(message(broken, json!({"name": "a"})), "failed to manage `a` by npm: npm error code EJSONPARSE");
        let closed = machine(&["{}"]).answer(&[NPM, "install"], 1, "", "npm error 404\n");
        assert_eq!(message(closed, json!({"name": "a"})), "failed to manage `a` by npm: npm error 404");
        let cut = machine(&[WHOLE]).answer(&[NPM, "outdated"], 1, r#"{"error": {"code": "ENOTCACHED"}}"#, "npm error network\n");
        assert_eq!(message(cut, json!({"name": "a", "state": "latest"})), "failed to manage `a` by npm: npm error network");
    }
}
