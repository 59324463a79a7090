//! `debconf`: answers to the questions that packages of Debian ask when they are installed.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::shared::ids::text_of;
use super::shared::required_command;
use super::shared::run::{change, look};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::base::python;
use crate::system::Effect;

/// The declaration of `debconf`.
pub static MODULE: Spec = Spec {
    name: "debconf",
    collections: BUILTIN,
    summary: "Answer the questions of a package before it asks them",
    description: &[
        "Puts an answer into debconf's database, where the package finds it when it is installed or configured again; a package that is installed already is not configured again by this.",
        "Without `question` it only tells the answers that are there. Passwords are shown nowhere.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "The package.").required().aliases(&["pkg"]),
        Opt::new("question", Kind::Str, "The question: `tzdata/Areas`.").aliases(&["selection", "setting"]),
        Opt::new(
            "vtype",
            Kind::Str,
            "What kind of question it is. `seen`: not the answer is set, but whether the question counts as asked.",
        )
        .choices(&["boolean", "error", "multiselect", "note", "password", "seen", "select", "string", "text", "title"]),
        Opt::new("value", Kind::Raw, "The answer; a list for `multiselect`.").aliases(&["answer"]),
        Opt::new("unseen", Kind::Bool, "Whether the question is asked all the same.").default("false"),
    ],
    rules: &[Rule::Together(&["question", "vtype", "value"])],
    free_form: None,
    returns: &[
        Return { name: "current", kind: "dict", when: "always", doc: "The answers by question; only the one that was set, when one was." },
        Return { name: "previous", kind: "dict", when: "changed", doc: "The answers before." },
    ],
    examples: "
- name: The service of the package is not asked for
  debconf:
    name: locales
    question: locales/default_environment_locale
    vtype: select
    value: C.UTF-8
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    question: Option<String>,
    vtype: Option<String>,
    value: Value,
    unseen: bool,
}

/// What stands for a password.
const HIDDEN: &str = "(password omitted)";
/// Where debconf keeps passwords; only root may read it.
const PASSWORDS: &str = "/var/cache/debconf/passwords.dat";

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let purpose = format!("manage the answers of the package `{}`", args.name);
    let plain = |text: &str| !text.is_empty() && !text.starts_with('-') && !text.contains(char::is_whitespace);
    if !plain(&args.name) || args.question.as_deref().is_some_and(|question| !plain(question)) {
        return Err(Failure::new(format!(
            "failed to {purpose}: the name of a package or question has no blanks and does not begin with `-`"
        )));
    }
    let show = required_command(ctx.system, &["debconf-show"], &purpose)?;
    let answers = parse(&look(ctx, &ctx.command([show.as_str(), &args.name]), &purpose)?.stdout_text());
    let all = |answers: &[Answer]| -> Map<String, Value> {
        answers.iter().map(|answer| (answer.question.clone(), answer.value.as_str().into())).collect()
    };
    let (Some(question), Some(vtype)) = (&args.question, args.vtype.as_deref()) else {
        return Ok(Outcome::new().with("msg", "").with("current", all(&answers)));
    };
    let wanted = text(vtype, &args.value);
    if wanted.contains(['\n', '\r']) {
        return Err(Failure::new(format!("failed to answer `{question}`: an answer has no line break")));
    }
    let known = answers.iter().find(|answer| answer.question == *question);
    let same = match vtype {
        "password" => known.is_some() && password(ctx, question)?.as_deref() == Some(&wanted),
        "seen" => known.is_some_and(|answer| answer.seen == (wanted == "true")),
        "multiselect" => known.is_some_and(|answer| parts(&answer.value) == parts(&wanted)),
        "boolean" => known.is_some_and(|answer| answer.value.eq_ignore_ascii_case(&wanted)),
        _ => known.is_some_and(|answer| answer.value == wanted),
    };
    if same {
        return Ok(Outcome::new().with("msg", "").with("current", all(&answers)));
    }
    let shown = if vtype == "password" { HIDDEN } else { wanted.as_str() };
    let mut argv = vec![required_command(ctx.system, &["debconf-set-selections"], &purpose)?];
    argv.extend(args.unseen.then(|| "-u".to_owned()));
    let mut command = ctx.command(argv);
    command.stdin = Some(format!("{} {question} {vtype} {wanted}\n", args.name).into_bytes());
    change(ctx, &command, &[Effect::Other(format!("answer to {question}: {shown}"))], &format!("answer `{question}`"))?;
    let mut previous = all(&answers);
    previous.entry(question.clone()).or_insert_with(|| "".into());
    Ok(Outcome::new().with("msg", "").with("previous", previous).with("current", json!({ question.as_str(): shown })))
}

/// The answer as debconf takes it.
fn text(vtype: &str, value: &Value) -> String {
    match (vtype, value) {
        ("multiselect", Value::Array(items)) => items.iter().map(python::text).collect::<Vec<_>>().join(", "),
        ("boolean" | "seen", value) => python::text(value).trim().to_lowercase(),
        (_, value) => python::text(value),
    }
}

fn parts(list: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = list.split(',').map(str::trim).collect();
    parts.sort_unstable();
    parts
}

/// A line of `debconf-show`.
struct Answer {
    question: String,
    value: String,
    seen: bool,
}

fn parse(listed: &str) -> Vec<Answer> {
    let lines = listed.lines().filter_map(|line| {
        let (mark, rest) = line.split_at_checked(2)?;
        let (question, value) = rest.split_once(':')?;
        Some(Answer { question: question.trim().to_owned(), value: value.trim().to_owned(), seen: mark.starts_with('*') })
    });
    lines.collect()
}

/// The password in debconf's database; `None` when there is none.
fn password(ctx: &Context<'_>, question: &str) -> Result<Option<String>, Failure> {
    let stanzas = text_of(ctx.system, PASSWORDS)?;
    let name = format!("Name: {question}");
    let stanza = stanzas.split("\n\n").find(|stanza| stanza.lines().any(|line| line == name));
    Ok(stanza.and_then(|stanza| stanza.lines().find_map(|line| line.strip_prefix("Value: "))).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{Applied, apply, apply_once, refused};
    use crate::system::fake::Fake;

    const BEFORE: &str = "* pkg/p: (password omitted)\n  pkg/b: true\n* pkg/q: v: 1\n  pkg/m: a, b\n";

    fn machine() -> Fake {
        Fake::new()
            .program("/usr/bin/debconf-set-selections")
            .answer(&["/usr/bin/debconf-show", "pkg"], 0, BEFORE, "")
            .program("/usr/bin/debconf-show")
            .file(PASSWORDS, "Name: other/p\nValue: x\n\nName: pkg/p\nTemplate: pkg/p\nValue: old\nOwners: pkg\n")
    }

    fn set(question: &str, vtype: &str, value: Value) -> Applied {
        apply_once(&MODULE, machine(), json!({"name": "pkg", "question": question, "vtype": vtype, "value": value}))
    }

    #[test]
    fn answers_are_told() {
        let applied = apply(&MODULE, machine(), json!({"name": "pkg"}));
        assert_eq!(*applied.get("current"), json!({"pkg/p": HIDDEN, "pkg/b": "true", "pkg/q": "v: 1", "pkg/m": "a, b"}));
        assert!(!applied.changed);
    }

    #[test]
    fn only_what_differs_is_set() {
        for (question, vtype, value, line) in [
            ("pkg/q", "string", json!("v: 1"), None),
            ("pkg/q", "string", json!("v 2"), Some("pkg pkg/q string v 2\n")),
            ("pkg/new", "select", json!(5), Some("pkg pkg/new select 5\n")),
            ("pkg/b", "boolean", json!(true), None),
            ("pkg/b", "boolean", json!(false), Some("pkg pkg/b boolean false\n")),
            ("pkg/m", "multiselect", json!(["b", "a"]), None),
            ("pkg/m", "multiselect", json!(["b", "c"]), Some("pkg pkg/m multiselect b, c\n")),
            ("pkg/q", "seen", json!(true), None),
            ("pkg/q", "seen", json!("false"), Some("pkg pkg/q seen false\n")),
            ("pkg/p", "password", json!("old"), None),
            ("pkg/p", "password", json!("new"), Some("pkg pkg/p password new\n")),
        ] {
            let applied = set(question, vtype, value);
            let ran = applied.machine.runs();
            let stdin = ran.first().and_then(|command| command.stdin.as_deref()).map(String::from_utf8_lossy);
            assert_eq!((applied.changed, stdin.as_deref()), (line.is_some(), line), "{question} {vtype}");
        }
        let new = set("pkg/new", "string", json!("x"));
        assert_eq!((new.get("current"), &new.get("previous")["pkg/new"]), (&json!({"pkg/new": "x"}), &json!("")));
    }

    #[test]
    fn passwords_are_shown_nowhere() {
        let applied = set("pkg/p", "password", json!("geheim"));
        let seen = format!("{:?} {:?} {:?}", applied.result(), applied.diff, applied.machine.commands());
        assert!(!seen.contains("geheim"), "{seen}");
    }

    #[test]
    fn a_question_may_be_asked_all_the_same() {
        let after = machine().answer(&["/usr/bin/debconf-show", "pkg"], 0, BEFORE, "").answer(
            &["/usr/bin/debconf-show", "pkg"],
            0,
            "  pkg/q: n\n",
            "",
        );
        let applied = apply(&MODULE, after, json!({"name": "pkg", "question": "pkg/q", "vtype": "string", "value": "n", "unseen": true}));
        assert_eq!(applied.machine.runs()[0].argv, ["/usr/bin/debconf-set-selections", "-u"]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(refused(&MODULE, json!({"name": "pkg", "question": "q"})).contains("go together"));
        assert_eq!(set("pkg/q", "string", json!("a\nb")).failure().message, "failed to answer `pkg/q`: an answer has no line break");
        let none = apply(&MODULE, Fake::new(), json!({"name": "pkg"}));
        assert_eq!(none.failure().message, "failed to manage the answers of the package `pkg`: the machine has no `debconf-show`");
    }
}
