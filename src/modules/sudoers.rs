//! `sudoers`: what users may do as others, by sudo.

use std::path::Path;

use serde::Deserialize;

use super::shared::file_options::FileOptions;
use super::shared::mode;
use super::shared::state::State;
use super::shared::write::{self, NewFile, Source};
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Rule, Spec};
use crate::base::shlex;
use crate::system::Follow;

/// The declaration of `sudoers`.
pub static MODULE: Spec = Spec {
    name: "sudoers",
    collections: GENERAL,
    summary: "Let users do things as others, by sudo",
    description: &[
        "Keeps one rule in a file of its own in `/etc/sudoers.d`, which `visudo` of the host accepts before it is put in place.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "The name of the rule, which is that of its file.").required(),
        Opt::new("state", Kind::Str, "Whether the rule is to be there.").choices(&["present", "absent"]).default("\"present\""),
        Opt::new("user", Kind::Str, "The user it is for."),
        Opt::new("group", Kind::Str, "The group it is for."),
        Opt::new("commands", Kind::List(&Kind::Str), "The commands, with their full paths; `ALL` for all."),
        Opt::new("host", Kind::Str, "The host it is for.").default("\"ALL\""),
        Opt::new("runas", Kind::Str, "Whom the commands may run as; root when it is not given."),
        Opt::new("nopassword", Kind::Bool, "Whether no password is asked for.").default("true"),
        Opt::new("noexec", Kind::Bool, "Whether commands are kept from starting others.").default("false"),
        Opt::new("setenv", Kind::Bool, "Whether the environment may be kept.").default("false"),
        Opt::new("sudoers_path", Kind::Str, "The folder of the file.").default("\"/etc/sudoers.d\""),
        Opt::new(
            "validation",
            Kind::Str,
            "Whether `visudo` has to accept the rule: always (`required`), when the host has it (`detect`), never (`absent`).",
        )
        .choices(&["absent", "detect", "required"])
        .default("\"detect\""),
    ],
    rules: &[
        Rule::Exclusive(&["user", "group"]),
        Rule::If("state", "present", &["commands"]),
        Rule::IfAny("state", "present", &["user", "group"]),
    ],
    free_form: None,
    returns: &[],
    examples: "
- name: Operators restart the node
  community.general.sudoers:
    name: operators
    group: operators
    commands:
      - /usr/bin/systemctl restart kscnd
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    state: State,
    user: Option<String>,
    group: Option<String>,
    commands: Option<Vec<String>>,
    host: String,
    runas: Option<String>,
    nopassword: bool,
    noexec: bool,
    setenv: bool,
    sudoers_path: String,
    validation: Validation,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Validation {
    Absent,
    Detect,
    Required,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let wrong = |why: &str| Failure::new(format!("failed to manage the rule `{}` of sudo: {why}", args.name));
    if args.name.is_empty() || args.name.contains('/') || args.name == ".." {
        return Err(wrong("a file cannot be called so"));
    }
    let path = Path::new(&args.sudoers_path).join(&args.name);
    if args.state == State::Absent {
        ctx.system.remove(&path)?;
        return Ok(Outcome::new());
    }
    let rule = rule(&args);
    if rule.trim_end_matches('\n').contains(['\n', '\r']) {
        return Err(wrong("a line break would end it"));
    }
    let options = FileOptions { mode: mode::parse("0440").ok(), ..FileOptions::default() };
    let there = ctx.system.stat(&path, Follow::No)?.is_some_and(|stat| stat.is_file());
    if there && ctx.system.read(&path)? == rule.as_bytes() {
        options.apply(ctx, &path, Follow::No)?;
    } else {
        let visudo = if args.validation == Validation::Absent { None } else { ctx.system.which("visudo")? };
        if visudo.is_none() && args.validation == Validation::Required {
            return Err(wrong("the machine has no `visudo` that could accept it").missing_on(ctx.system));
        }
        let validate = visudo.map(|program| format!("{} -c -f %s", shlex::join(&[program.to_string_lossy().into_owned()])));
        let file = NewFile {
            path: &path,
            source: Source::Bytes(rule.as_bytes()),
            options: &options,
            validate: validate.as_deref(),
            backup: false,
        };
        write::put(ctx, &file)?;
    }
    let outcome = Outcome::new();
    if args.name.contains('.') || args.name.ends_with('~') {
        return Ok(outcome.warn(format!("sudo passes over files like `{}`: with a dot in the name, or `~` at its end", path.display())));
    }
    Ok(outcome)
}

/// The line of the rule.
fn rule(args: &Arguments) -> String {
    let who = match (&args.user, &args.group) {
        (Some(user), _) => user.clone(),
        (None, group) => format!("%{}", group.as_deref().unwrap_or_default().trim_start_matches('%')),
    };
    let runas = args.runas.as_ref().map_or_else(String::new, |runas| format!("({runas})"));
    let tags: String = [(args.noexec, "NOEXEC:"), (args.nopassword, "NOPASSWD:"), (args.setenv, "SETENV:")]
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, tag)| *tag)
        .collect();
    format!("{who} {}={runas}{tags} {}\n", args.host, args.commands.as_deref().unwrap_or_default().join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{apply, apply_once, predict, refused};
    use crate::system::fake::{Fake, Fault};

    const FILE: &str = "/etc/sudoers.d/a";

    fn machine() -> Fake {
        Fake::new().dir("/etc/sudoers.d").program("/usr/sbin/visudo").answer(&["/usr/sbin/visudo", "-c", "-f"], 0, "parsed OK\n", "")
    }

    fn args(more: Value) -> Value {
        let mut args = more;
        args["name"] = json!("a");
        args
    }

    /// As community.general 11 writes them.
    #[test]
    fn rules() {
        for (more, text) in [
            (json!({"user": "ada", "commands": "/bin/x"}), "ada ALL=NOPASSWD: /bin/x\n"),
            (json!({"user": "ada", "commands": ["/bin/x", "/bin/y -z"], "nopassword": false}), "ada ALL= /bin/x, /bin/y -z\n"),
            (
                json!({"group": "ops", "commands": "ALL", "runas": "root", "noexec": true, "setenv": true, "host": "h"}),
                "%ops h=(root)NOEXEC:NOPASSWD:SETENV: ALL\n",
            ),
            (json!({"group": "ops", "commands": "ALL", "runas": "root:grp", "setenv": true}), "%ops ALL=(root:grp)NOPASSWD:SETENV: ALL\n"),
            (json!({"group": "%ops", "commands": "ALL"}), "%ops ALL=NOPASSWD: ALL\n"),
        ] {
            let applied = apply(&MODULE, machine(), args(more));
            assert!(applied.changed);
            assert_eq!((applied.machine.text(FILE).as_str(), applied.machine.stat_of(FILE).mode), (text, 0o440));
        }
        let open = machine().file(FILE, "ada ALL=NOPASSWD: /bin/x\n");
        let closed = apply(&MODULE, open, args(json!({"user": "ada", "commands": "/bin/x"})));
        assert!(closed.changed && closed.machine.stat_of(FILE).mode == 0o440);
        let gone = apply(&MODULE, machine().file(FILE, ""), args(json!({"state": "absent"})));
        assert!(gone.changed && !gone.machine.has(FILE));
        assert!(!apply(&MODULE, machine(), args(json!({"state": "absent"}))).changed);
        let odd = apply(&MODULE, machine(), json!({"name": "a.b", "user": "ada", "commands": "/bin/x"}));
        assert_eq!(odd.answer.as_ref().map(|outcome| outcome.warnings.len()).ok(), Some(1));
    }

    #[test]
    fn visudo_has_the_last_word() {
        let refusing =
            || Fake::new().dir("/etc/sudoers.d").program("/usr/sbin/visudo").answer(&["/usr/sbin/visudo"], 1, "", "syntax error\n");
        let rule = |validation: &str| args(json!({"user": "u", "commands": "bad (", "validation": validation}));
        let refused = apply(&MODULE, refusing(), rule("detect"));
        assert!(refused.failure().message.ends_with("syntax error"), "{}", refused.failure().message);
        assert!(!refused.machine.has(FILE));
        assert!(predict(&MODULE, refusing(), rule("detect")).answer.is_err());
        assert!(apply(&MODULE, refusing(), rule("absent")).machine.has(FILE));
        let none = || Fake::new().dir("/etc/sudoers.d");
        assert!(apply(&MODULE, none(), rule("detect")).changed);
        let missing = apply(&MODULE, none(), rule("required"));
        assert_eq!(missing.failure().message, "failed to manage the rule `a` of sudo: the machine has no `visudo` that could accept it");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (more, word) in [
            (json!({"user": "a", "group": "b", "commands": "/x"}), "group"),
            (json!({"user": "a"}), "commands"),
            (json!({"commands": "/x"}), "user"),
        ] {
            assert!(refused(&MODULE, args(more)).contains(word));
        }
        let message = |fake: Fake, name: &str, commands: &str| {
            apply_once(&MODULE, fake, json!({"name": name, "user": "u", "commands": [commands]})).failure().message.clone()
        };
        assert_eq!(message(machine(), "../x", "/x"), "failed to manage the rule `../x` of sudo: a file cannot be called so");
        assert_eq!(message(machine(), "a", "/x\nada ALL=ALL"), "failed to manage the rule `a` of sudo: a line break would end it");
        assert_eq!(
            message(machine().fault(Fault::NoSpace, "/etc"), "a", "/x"),
            format!("failed to write `{FILE}`: No space left on device")
        );
    }
}
