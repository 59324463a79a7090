//! `git_config`: settings of git.

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::run::{change, said};
use super::shared::state::State;
use super::shared::{exists, required_command};
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Command, Effect, ErrorKind};

/// The declaration of `git_config`.
pub static MODULE: Spec = Spec {
    name: "git_config",
    collections: GENERAL,
    summary: "Set settings of git",
    description: &["Reads and writes settings by `git config` of the host, for the user that the task runs as."],
    options: &[
        Opt::new("name", Kind::Str, "The setting: `user.email`.").required(),
        Opt::new("value", Kind::Str, "Its value. Needed with `state: present`."),
        Opt::new("state", Kind::Str, "Whether it is set.").choices(&["present", "absent"]).default("\"present\""),
        Opt::new(
            "scope",
            Kind::Str,
            "Where it is set: for the machine (`system`, which is meant when nothing is given), the user (`global`), a repository (`local`), or in a `file`.",
        )
        .choices(&["file", "local", "global", "system"]),
        Opt::new("repo", Kind::Path, "The repository, for the scope `local`."),
        Opt::new("file", Kind::Path, "The file, for the scope `file`."),
        Opt::new("add_mode", Kind::Str, "Whether the value takes the place of others of the setting, or comes beside them.")
            .choices(&["add", "replace-all"])
            .default("\"replace-all\""),
    ],
    rules: &[
        Rule::If("scope", "local", &["repo"]),
        Rule::If("scope", "file", &["file"]),
        Rule::If("state", "present", &["value"]),
    ],
    free_form: None,
    returns: &[Return { name: "msg", kind: "str", when: "always", doc: "What was done." }],
    examples: "
- name: Commits of this machine tell who made them
  community.general.git_config:
    name: user.email
    value: ops@example.com
    scope: global
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    value: Option<String>,
    state: State,
    scope: Option<String>,
    repo: Option<PathBuf>,
    file: Option<PathBuf>,
    add_mode: Mode,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Add,
    ReplaceAll,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let purpose = format!("set `{}` of git", args.name);
    if args.name.starts_with('-') || !args.name.contains('.') {
        return Err(Failure::new(format!("failed to {purpose}: the name of a setting has a section, like `user.email`")));
    }
    let program = required_command(ctx.system, &["git"], &purpose)?;
    let settings = Settings { program, args: &args };
    let old = settings.read(ctx, &purpose)?;
    let value = args.value.as_deref().unwrap_or_default();
    let (words, new): (Vec<&str>, Vec<String>) = match (args.state, args.add_mode) {
        (State::Absent, _) if old.is_empty() => return Ok(Outcome::new().with("msg", "no setting to unset")),
        (State::Absent, _) => (vec!["--unset-all", &args.name], Vec::new()),
        (State::Present, _) if value.is_empty() => {
            return Err(Failure::new(format!("failed to {purpose}: `value` is empty")).hint("`state: absent` removes a setting"));
        }
        (State::Present, Mode::Add) if old.iter().any(|own| own == value) => return Ok(Outcome::new().with("msg", "")),
        (State::Present, Mode::Add) => (vec!["--add", &args.name, value], old.iter().cloned().chain([value.to_owned()]).collect()),
        (State::Present, Mode::ReplaceAll) if old == [value] => return Ok(Outcome::new().with("msg", "")),
        (State::Present, Mode::ReplaceAll) => (vec!["--replace-all", &args.name, value], vec![value.to_owned()]),
    };
    let command = settings.command(ctx, &words);
    let shown = |values: &[String]| if values.is_empty() { "absent".to_owned() } else { values.join(", ") };
    let effects = [
        Effect::Other(format!("{}: {} -> {}", args.name, shown(&old), shown(&new))),
        Effect::Known { subject: settings.subject(), value: new.iter().map(|value| format!("{value}\0")).collect() },
    ];
    change(ctx, &command, &effects, &purpose)?;
    Ok(Outcome::new().with("msg", "setting changed"))
}

struct Settings<'a> {
    program: String,
    args: &'a Arguments,
}

impl Settings<'_> {
    /// Where they are, in the words of git.
    fn place(&self) -> Vec<String> {
        match (self.args.scope.as_deref(), &self.args.file) {
            (Some("file"), Some(file)) => vec!["-f".to_owned(), file.to_string_lossy().into_owned()],
            (Some(scope), _) => vec![format!("--{scope}")],
            (None, _) => vec!["--system".to_owned()],
        }
    }

    fn command(&self, ctx: &Context<'_>, words: &[&str]) -> Command {
        let start = [self.program.as_str(), "config", "--includes"].map(str::to_owned);
        let all = start.into_iter().chain(self.place()).chain(words.iter().map(|word| (*word).to_owned()));
        let mut command = ctx.command(all);
        // Elsewhere a repository that the task starts in would have a say.
        let is_local = self.args.scope.as_deref() == Some("local");
        command.cwd = Some(self.args.repo.clone().filter(|_| is_local).unwrap_or_else(|| PathBuf::from("/")));
        command
    }

    /// Under this name check mode knows the values that earlier tasks would leave.
    fn subject(&self) -> String {
        let repo = self.args.repo.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        format!("git config {} {repo}\n{}", self.place().join(" "), self.args.name)
    }

    /// Whether none of the files is there in which the settings could be. What is in a repository only git can tell.
    fn has_no_file(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        let home = ctx.system.identity()?.home;
        let files = match (self.args.scope.as_deref(), &self.args.file) {
            (Some("file"), Some(file)) => vec![file.clone()],
            (Some("global"), _) => vec![home.join(".gitconfig"), home.join(".config/git/config")],
            (Some("system") | None, _) => vec![PathBuf::from("/etc/gitconfig")],
            _ => return Ok(false),
        };
        for file in files {
            if exists(ctx.system, &file)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn read(&self, ctx: &Context<'_>, purpose: &str) -> Result<Vec<String>, Failure> {
        if let Some(known) = ctx.system.known(&self.subject()) {
            return Ok(known.split_terminator('\0').map(str::to_owned).collect());
        }
        let command = self.command(ctx, &["--get-all", &self.args.name]);
        let output = match ctx.system.probe(&command) {
            // A git that is only foreseen will read what is there now.
            Err(error)
                if error.kind == ErrorKind::Unpredictable && ctx.system.doubt_of_commands().is_none() && self.has_no_file(ctx)? =>
            {
                return Ok(Vec::new());
            }
            asked => asked?,
        };
        match output.rc {
            0 => Ok(output.stdout_text().lines().map(str::to_owned).collect()),
            // There is none. Some versions say so too when a file of settings is missing.
            1 => Ok(Vec::new()),
            128 if output.stderr_text().contains("unable to read config file") => Ok(Vec::new()),
            _ => Err(Failure::command(format!("failed to {purpose}: {}", said(&output)), &command.argv, &output)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{Applied, apply, apply_once, predict_after, refused};
    use crate::system::fake::Fake;
    use crate::system::{Package, Placed};

    /// A machine on which git tells these values, one after another time it is asked.
    fn machine(place: &[&str], name: &str, values: &[&str]) -> Fake {
        let argv: Vec<&str> = ["/usr/bin/git", "config", "--includes"].iter().chain(place).chain(&["--get-all", name]).copied().collect();
        let fake = Fake::new().program("/usr/bin/git").answer(&["/usr/bin/git"], 0, "", "");
        values.iter().fold(fake, |fake, text| fake.answer(&argv, i32::from(text.is_empty()), text, ""))
    }

    fn ran(applied: &Applied) -> Vec<String> {
        applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/git config --includes ", "")).collect()
    }

    /// The words that community.general 11 hands to git.
    #[test]
    fn settings_are_set_once() {
        let name = "user.name";
        for (values, more, words) in [
            (vec!["", "", "Ada\n"], json!({"value": "Ada"}), Some("--global --replace-all user.name Ada")),
            (vec!["Ada\n"], json!({"value": "Ada"}), None),
            (vec!["Ada\nBob\n", "Ada\nBob\n", "Eve\n"], json!({"value": "Eve"}), Some("--global --replace-all user.name Eve")),
            (vec!["Ada\n", "Ada\n", "Ada\nBob\n"], json!({"value": "Bob", "add_mode": "add"}), Some("--global --add user.name Bob")),
            (vec!["Ada\nBob\n"], json!({"value": "Bob", "add_mode": "add"}), None),
            (vec!["Eve\n", "Eve\n", ""], json!({"state": "absent"}), Some("--global --unset-all user.name")),
            (vec![""], json!({"state": "absent"}), None),
        ] {
            let mut args = more;
            (args["name"], args["scope"]) = (json!(name), json!("global"));
            let applied = apply(&MODULE, machine(&["--global"], name, &values), args.clone());
            assert_eq!((ran(&applied), applied.changed), (words.into_iter().map(str::to_owned).collect(), words.is_some()), "{args}");
            let message = match (words, args.get("state")) {
                (Some(_), _) => "setting changed",
                (None, Some(_)) => "no setting to unset",
                (None, None) => "",
            };
            assert_eq!(applied.get("msg"), message);
        }
    }

    #[test]
    fn places() {
        for (more, place, cwd) in [
            (json!({}), vec!["--system"], "/"),
            (json!({"scope": "file", "file": "/etc/x"}), vec!["-f", "/etc/x"], "/"),
            (json!({"scope": "local", "repo": "/srv/r"}), vec!["--local"], "/srv/r"),
        ] {
            let mut args = more;
            (args["name"], args["value"]) = (json!("core.x"), json!("1"));
            let applied = apply_once(&MODULE, machine(&place, "core.x", &[""]).dir("/srv/r"), args);
            assert_eq!(ran(&applied), [format!("{} --replace-all core.x 1", place.join(" "))]);
            assert_eq!(applied.machine.runs()[0].cwd, Some(cwd.into()));
        }
    }

    #[test]
    fn check_mode_knows_what_earlier_tasks_would_do() {
        let set = json!({"name": "a.b", "value": "1", "scope": "global"});
        let after = |now: Value| {
            predict_after(&MODULE, machine(&["--global"], "a.b", &[""]), now, |system| {
                assert!(crate::modules::testing::apply_on(&MODULE, system, &set).0);
            })
        };
        assert!(!after(set.clone()).changed);
        assert!(after(json!({"name": "a.b", "state": "absent", "scope": "global"})).changed);
        assert!(after(json!({"name": "a.b", "value": "1", "scope": "file", "file": "/x"})).changed, "another place");
    }

    #[test]
    fn a_git_that_is_only_foreseen_has_no_settings() {
        let after = |machine: Fake, args: Value| {
            predict_after(&MODULE, machine.dir("/usr/bin"), args, |system| {
                let git = Effect::Placed { path: "/usr/bin/git".into(), mode: 0o755, what: Placed::File { size: 1, content: None } };
                let package = Effect::PackageInstalled(Package { name: "git".into(), version: "2.0".into(), ..Package::default() });
                system.run(&Command::new(["apt-get"]), &[package, git]).unwrap();
            })
        };
        let set = json!({"name": "a.b", "value": "1"});
        assert!(after(Fake::new(), set.clone()).changed);
        assert!(!after(Fake::new(), json!({"name": "a.b", "state": "absent"})).changed);
        assert!(after(Fake::new().file("/etc/gitconfig", ""), set).failure().unpredictable);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (args, word) in [
            (json!({"name": "a.b", "value": "1", "scope": "local"}), "repo"),
            (json!({"name": "a.b", "value": "1", "scope": "file"}), "file"),
            (json!({"name": "a.b"}), "value"),
        ] {
            assert!(refused(&MODULE, args).contains(word));
        }
        let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
        assert_eq!(
            message(Fake::new(), json!({"name": "bad", "value": "1"})),
            "failed to set `bad` of git: the name of a setting has a section, like `user.email`"
        );
        assert_eq!(message(Fake::new(), json!({"name": "a.b", "value": "1"})), "failed to set `a.b` of git: the machine has no `git`");
        let empty = machine(&["--system"], "a.b", &[""]);
        assert_eq!(message(empty, json!({"name": "a.b", "value": ""})), "failed to set `a.b` of git: `value` is empty");
        let broken =
            Fake::new().program("/usr/bin/git").answer(&["/usr/bin/git"], 3, "", "fatal: bad config line 1 in file /etc/gitconfig\n");
        assert_eq!(
            message(broken, json!({"name": "a.b", "value": "1"})),
            "failed to set `a.b` of git: fatal: bad config line 1 in file /etc/gitconfig"
        );
    }
}
