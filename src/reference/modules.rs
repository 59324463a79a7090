//! Pages of modules, and of the actions that are part of the language.

use super::page::{Example, OptionDoc, Page, ResultKey, Topic};
use crate::base::text;
use crate::modules::{Kind, MODULES, Opt, Place, Rule, Spec};
use crate::playbook::{keywords, language};

/// What is true of every module on a target: a test of each holds its prediction against the real run.
const PREDICTED: &str = "What it would change is said, and shown with `--diff`, but not done. Tasks behind it see it as done.";

/// What is true of every module on the controller that says nothing else.
const SAME: &str = "Runs as it does in a real run.";

/// All pages.
pub(super) fn pages() -> Vec<Page> {
    MODULES.iter().map(|spec| module(spec)).chain(language::ACTIONS.iter().map(action)).collect()
}

/// Under which names a module is known beside its short one.
pub(super) fn full_names(spec: &Spec) -> Vec<String> {
    spec.collections.iter().map(|collection| format!("{collection}.{}", spec.name)).collect()
}

/// As [`full_names`], for an action of the language.
pub(super) fn full_names_of_action(name: &str) -> Vec<String> {
    crate::modules::spec::BUILTIN.iter().map(|collection| format!("{collection}.{name}")).collect()
}

fn module(spec: &Spec) -> Page {
    let mut page = Page::new(Topic::Module, spec.name, spec.summary);
    page.names = full_names(spec);
    page.description = spec.description.iter().map(|text| (*text).to_owned()).collect();
    page.runs_on = Some(match spec.place {
        Place::Target(_) => "host",
        Place::Controller => "controller",
    });
    page.free_form = spec.free_form;
    page.options = options(spec.options);
    page.rules = spec.rules.iter().map(rule).collect();
    page.returns =
        spec.returns.iter().map(|key| ResultKey { name: key.name, kind: key.kind, returned: key.when, description: key.doc }).collect();
    let says_itself = spec.description.iter().any(|text| text.to_lowercase().contains("check mode"));
    page.check_mode = (!says_itself).then_some(match spec.place {
        Place::Target(_) => PREDICTED,
        Place::Controller if matches!(spec.name, "reboot" | "template") => PREDICTED,
        Place::Controller => SAME,
    });
    page.examples = vec![example(spec.examples)];
    page
}

/// The options that a user can write.
pub(super) fn written(options: &'static [Opt]) -> impl Iterator<Item = &'static Opt> {
    options.iter().filter(|option| !option.name.starts_with('_'))
}

fn options(list: &'static [Opt]) -> Vec<OptionDoc> {
    written(list).map(option).collect()
}

fn option(option: &'static Opt) -> OptionDoc {
    OptionDoc {
        name: option.name.to_owned(),
        kind: kind(option.kind),
        elements: match option.kind {
            Kind::List(inner) => Some(kind(*inner)),
            _ => None,
        },
        required: option.required,
        default: option.default.and_then(|json| serde_json::from_str(json).ok()),
        choices: option.choices,
        aliases: option.aliases.to_vec(),
        secret: option.secret,
        description: option.doc,
        options: options(option.suboptions),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Str => "str",
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::Path => "path",
        Kind::Mode => "mode",
        Kind::Bytes => "bytes",
        Kind::Dict => "dict",
        Kind::List(_) => "list",
        Kind::Json => "json",
        Kind::Raw | Kind::Content => "raw",
    }
}

fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Exclusive(names) => format!("At most one of {} can be given.", text::list(names)),
        Rule::Together(names) => format!("{} go together.", text::list(names)),
        Rule::OneOf(names) => format!("At least one of {} must be given.", text::list(names)),
        Rule::If(option, value, needed) => format!("`{option}: {value}` needs {}.", text::list(needed)),
        Rule::IfAny(option, value, needed) => format!("`{option}: {value}` needs at least one of {}.", text::list(needed)),
        Rule::By(option, needed) => format!("`{option}` needs {} too.", text::list(needed)),
        Rule::Open(what) => format!("Other options are taken as they are: {what}."),
    }
}

fn action(action: &language::LanguageAction) -> Page {
    let mut page = Page::new(Topic::Module, action.name, action.summary);
    page.names = full_names_of_action(action.name);
    page.description = action.description.iter().map(|text| (*text).to_owned()).collect();
    page.runs_on = Some("controller");
    page.free_form = action.free_form;
    page.options = action.options.iter().map(action_option).collect();
    if action.name == "meta" {
        page.rules = crate::plan::meta_words().map(|(word, doc)| format!("`{word}`: {doc}.")).collect();
    }
    page.check_mode = Some(SAME);
    page.examples = vec![example(action.examples)];
    page
}

fn action_option(option: &language::ActionOption) -> OptionDoc {
    let kind = match option.kind {
        keywords::Kind::Bool => "bool",
        keywords::Kind::Mapping => "dict",
        _ => "str",
    };
    OptionDoc {
        name: option.name.to_owned(),
        kind,
        required: option.required,
        aliases: option.alias.into_iter().collect(),
        description: option.doc,
        ..OptionDoc::default()
    }
}

fn example(text: &str) -> Example {
    Example { text: format!("{}\n", text.trim()), gives: None }
}
