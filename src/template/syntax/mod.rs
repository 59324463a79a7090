//! From a template's text to the tree the evaluator walks.
//!
//! The grammar is minijinja's: its parser reads the text, [`lower`] turns its tree, which borrows from the text, into ours, which
//! owns it, knows the place of every part and holds the filters and tests themselves instead of their names.

pub(crate) mod ast;
mod calls;
mod explain;
mod lower;
mod strings;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::machinery;
use minijinja::syntax::SyntaxConfig;

use self::ast::Template;
pub(crate) use self::lower::trailing_breaks;

/// How a text is to be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// A value in YAML. Backslashes in the quotes of `{{ }}` stand for themselves: `regex_replace('\.', '-')` means what it says.
    Text,
    /// The inside of `{{ }}`, as in `when`.
    Expression,
    /// A file of its own.
    File(Arc<Markers>),
}

/// The marks and whitespace rules of a template file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Markers {
    /// `{{` and `}}`.
    pub variable: (String, String),
    /// `{%` and `%}`.
    pub block: (String, String),
    /// `{#` and `#}`.
    pub comment: (String, String),
    /// What starts a line that is a statement, if anything does.
    pub line_statement: Option<String>,
    /// What starts a line that is a comment, if anything does.
    pub line_comment: Option<String>,
    /// The line break behind a block is removed.
    pub trim_blocks: bool,
    /// Spaces in front of a block that starts a line are removed.
    pub lstrip_blocks: bool,
    /// What a line break of the text becomes; those in values stay as they are.
    pub newline: String,
    /// What the line breaks at the end of the text become.
    pub last_newline: String,
}

impl Default for Markers {
    fn default() -> Self {
        let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
        Self {
            variable: pair("{{", "}}"),
            block: pair("{%", "%}"),
            comment: pair("{#", "#}"),
            line_statement: None,
            line_comment: None,
            trim_blocks: true,
            lstrip_blocks: false,
            newline: "\n".to_owned(),
            last_newline: "\n".to_owned(),
        }
    }
}

/// A text that is no template.
#[derive(Clone, Debug)]
pub(crate) struct SyntaxFault {
    /// A lowercase fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The bytes at fault.
    pub range: Range<usize>,
}

/// Compiled templates by their text.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<(Mode, Arc<str>), Compiled>>);

type Compiled = Result<Arc<Template>, Arc<Vec<SyntaxFault>>>;

/// The cache starts anew beyond this many texts, so that generated ones cannot fill the memory.
const CACHED: usize = 20_000;

impl Cache {
    /// The template `text` is; all its faults when it is none.
    pub(crate) fn compile(&self, text: &str, mode: &Mode) -> Compiled {
        let key = (mode.clone(), Arc::from(text));
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = cache.get(&key) {
            return compiled.clone();
        }
        drop(cache);
        let compiled = compile(text, mode).map(Arc::new).map_err(Arc::new);
        cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert(key, compiled.clone());
        compiled
    }
}

/// Whether a text has anything to render.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

fn compile(text: &str, mode: &Mode) -> Result<Template, Vec<SyntaxFault>> {
    if text.len() > 8 * 1024 * 1024 {
        return Err(vec![SyntaxFault { message: "the template is larger than 8 MiB".to_owned(), hint: None, range: 0..0 }]);
    }
    if *mode == Mode::Expression {
        let readable = without_plus(text.into(), |text| machinery::parse_expr(text).err());
        let parsed = machinery::parse_expr(&readable).map_err(|error| vec![explain::syntax_fault(&error, text)])?;
        return lower::expression(&parsed, text);
    }
    let syntax = config(mode).map_err(|error| vec![SyntaxFault { message: error.to_string(), hint: None, range: 0..0 }])?;
    let readable = if *mode == Mode::Text { strings::neutral(text) } else { Cow::Borrowed(text) };
    let readable = without_plus(readable, |text| machinery::parse(text, "template", syntax.clone()).err());
    let parsed = machinery::parse(&readable, "template", syntax).map_err(|error| vec![explain::syntax_fault(&error, text)])?;
    lower::template(&parsed, text, mode)
}

/// `text` with a space for every plus sign that stands in front of a value, where it says nothing: `{{ +3 }}`. The parser does not know
/// them, so those that it stops at are taken out; positions stay.
fn without_plus(mut text: Cow<'_, str>, fails: impl Fn(&str) -> Option<minijinja::Error>) -> Cow<'_, str> {
    if !text.contains('+') {
        return text;
    }
    while let Some(error) = fails(&text) {
        let plus = error.range().filter(|range| error.detail() == Some("unexpected `+`") && text.get(range.clone()) == Some("+"));
        let Some(range) = plus else { break };
        text.to_mut().replace_range(range, " ");
    }
    text
}

fn config(mode: &Mode) -> Result<SyntaxConfig, minijinja::Error> {
    let mut builder = SyntaxConfig::builder();
    match mode {
        Mode::File(markers) => {
            let pair = |pair: &(String, String)| pair.clone();
            let (open, close) = pair(&markers.variable);
            builder.variable_delimiters(open, close);
            let (open, close) = pair(&markers.block);
            builder.block_delimiters(open, close);
            let (open, close) = pair(&markers.comment);
            builder.comment_delimiters(open, close);
            if let Some(prefix) = &markers.line_statement {
                builder.line_statement_prefix(prefix.clone());
            }
            if let Some(prefix) = &markers.line_comment {
                builder.line_comment_prefix(prefix.clone());
            }
            builder.trim_blocks(markers.trim_blocks).lstrip_blocks(markers.lstrip_blocks);
        }
        Mode::Text | Mode::Expression => {
            builder.trim_blocks(true);
        }
    }
    builder.build()
}
