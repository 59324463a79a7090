//! The tree.

use crate::base::Span;

/// A value with its position.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it is written (for a scalar: without its quotes' meaning, but with the quotes).
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, `~`, nothing.
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// A whole number in any of YAML 1.1's notations but base 60.
    Int(i64),
    /// A number with a fraction or exponent, infinities and not-a-number.
    Float(f64),
    /// Text. It may contain a template unless `is_unsafe`.
    Str {
        /// The text.
        text: String,
        /// How it was written.
        style: Style,
        /// Tagged `!unsafe`: never a template.
        is_unsafe: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Mapping),
    /// Tagged `!vault`: encrypted text with its header line.
    Vault(String),
}

/// How a text was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// As `|` or `>` block.
    Block,
}

/// A mapping in the order it was written. Keys are unique (by their text).
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// One entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
}

impl Mapping {
    /// The value of the entry whose key is the text `name`.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// The entry whose key is the text `name`.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.as_str() == Some(name))
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Node {
    /// A node at `span`.
    pub fn new(span: Span, value: Value) -> Self {
        Self { span, value }
    }

    /// A plain text at `span`.
    pub fn text(span: Span, text: impl Into<String>) -> Self {
        Self::new(span, Value::Str { text: text.into(), style: Style::Plain, is_unsafe: false })
    }

    /// The text of a string node.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The mapping of a mapping node.
    pub fn as_map(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The elements of a list node.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What it is, for messages: "a list", "a mapping", "text".
    pub fn kind_name(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Str { .. } => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Vault(_) => "an encrypted value",
        }
    }
}
