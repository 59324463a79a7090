//! A page: what can be said of one module, keyword, filter, test, function or lookup. Its JSON form is described in `docs/reference.md`.

use serde::Serialize;
use serde_json::Value;

/// What a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// What a task runs.
    Module,
    /// A word of plays, roles, blocks and tasks.
    Keyword,
    /// `value | NAME`.
    Filter,
    /// `value is NAME`.
    Test,
    /// `NAME(…)` in an expression.
    Function,
    /// `lookup('NAME', …)` and `with_NAME`.
    Lookup,
}

impl Topic {
    /// All of them, in the order in which a name is looked for.
    pub const ALL: [Self; 6] = [Self::Module, Self::Keyword, Self::Filter, Self::Test, Self::Function, Self::Lookup];

    /// "module".
    pub fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Keyword => "keyword",
            Self::Filter => "filter",
            Self::Test => "test",
            Self::Function => "function",
            Self::Lookup => "lookup",
        }
    }
}

/// A page.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What it is about.
    pub topic: Topic,
    /// The name that people write.
    pub name: String,
    /// Other names: those with a collection, and aliases.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// One line, no final period.
    pub summary: String,
    /// Paragraphs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub description: Vec<String>,
    /// How it is written; of filters and their like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// The names of what stands in parentheses; of filters, tests, functions and lookups.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub arguments: &'static [&'static str],
    /// Where it may stand; of keywords.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<&'static str>,
    /// The words that it takes; of keywords.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub choices: &'static [&'static str],
    /// Where it runs: `host` or `controller`; of modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs_on: Option<&'static str>,
    /// The option that a text behind the module's name goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_form: Option<&'static str>,
    /// The options; of modules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionDoc>,
    /// What holds between options, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The keys of the result beside `changed`, `failed`, `msg`, `diff` and `skipped`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<ResultKey>,
    /// What it does in check mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_mode: Option<&'static str>,
    /// Tasks in YAML, or expressions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

impl Page {
    /// A page that says nothing but what it is.
    pub(super) fn new(topic: Topic, name: &str, summary: &str) -> Self {
        Self {
            topic,
            name: name.to_owned(),
            names: Vec::new(),
            summary: summary.to_owned(),
            description: Vec::new(),
            usage: None,
            arguments: &[],
            places: Vec::new(),
            choices: &[],
            runs_on: None,
            free_form: None,
            options: Vec::new(),
            rules: Vec::new(),
            returns: Vec::new(),
            check_mode: None,
            examples: Vec::new(),
        }
    }
}

/// An option.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OptionDoc {
    /// Its name.
    pub name: String,
    /// `str`, `bool`, `int`, `float`, `path`, `mode`, `bytes`, `dict`, `list`, `json`, `raw`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The type of the elements of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elements: Option<&'static str>,
    /// Whether it must be given.
    pub required: bool,
    /// The value when it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The values it may have; of a mode: words it takes beside modes.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub choices: &'static [&'static str],
    /// Other names it goes by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<&'static str>,
    /// Its value is a secret and masked wherever it would be shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// What it means, one paragraph.
    pub description: &'static str,
    /// The options of a mapping with fixed keys, or of each mapping of a list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionDoc>,
}

impl OptionDoc {
    /// The type in words: "list of paths".
    pub(super) fn kind_in_words(&self) -> String {
        match self.elements {
            Some(elements) => format!("list of {}", words(elements).1),
            None => words(self.kind).0.to_owned(),
        }
    }
}

/// A type in words: one, and many.
fn words(kind: &str) -> (&str, &str) {
    match kind {
        "str" => ("text", "texts"),
        "bool" => ("true or false", "booleans"),
        "int" => ("whole number", "whole numbers"),
        "float" => ("number", "numbers"),
        "path" => ("path", "paths"),
        "mode" => ("file mode", "file modes"),
        "bytes" => ("size", "sizes"),
        "dict" => ("mapping", "mappings"),
        "list" => ("list", "lists"),
        "json" => ("JSON", "JSON texts"),
        "raw" => ("anything", "anything"),
        other => (other, other),
    }
}

/// A key of a module's result.
#[derive(Clone, Debug, Serialize)]
pub struct ResultKey {
    /// Its name.
    pub name: &'static str,
    /// `str`, `int`, `bool`, `list`, `dict`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When it is there.
    pub returned: &'static str,
    /// What it means.
    pub description: &'static str,
}

/// An example.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// A YAML list of tasks, or an expression.
    pub text: String,
    /// What the expression gives, where that is the same on every machine and day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gives: Option<&'static str>,
}
