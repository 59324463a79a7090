//! What goes wrong while an expression is evaluated, and undefined values, which are faults nobody has stumbled over yet.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};

use crate::base::{Diagnostic, Source, Span};
use crate::yaml::{Node, Style};

/// The result of evaluating something.
pub(crate) type Eval<T = Value> = Result<T, Fault>;

/// Where a template's text is written.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// In a YAML scalar.
    Scalar(Node),
    /// In a file of its own, from this byte on.
    File { source: Arc<Source>, offset: usize },
    /// Somewhere in this place.
    Place(Span),
}

impl Origin {
    /// The place of the bytes `range` of the template's text.
    pub(crate) fn locate(&self, range: &Range<usize>) -> Span {
        match self {
            Self::Scalar(node) => node.locate(range.clone()),
            Self::File { source, offset } => Span::new(source.clone(), range.start + offset..range.end + offset),
            Self::Place(span) => span.clone(),
        }
    }

    /// A text that stands at `span`, or exactly is it.
    pub(crate) fn text(text: &str, span: &Span) -> Self {
        if span.text() == text {
            Self::Scalar(Node::text(span.clone(), text))
        } else if span.text().contains(text) {
            Self::Scalar(Node::new(span.clone(), crate::yaml::Value::Str { text: text.to_owned(), style: Style::Quoted, is_unsafe: false }))
        } else {
            Self::Place(span.clone())
        }
    }
}

/// Why an expression has no value. Cheap to clone, since undefined values carry one.
#[derive(Clone)]
pub(crate) struct Fault(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: FaultKind,
    message: String,
    hint: Option<String>,
    place: Option<(Arc<Origin>, Range<usize>)>,
    /// The variables it came through, innermost first, with the places where they were used.
    through: Vec<(String, Arc<Origin>, Range<usize>)>,
}

/// What kind of fault it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// A value is not there: `default` and `is defined` may deal with it.
    Undefined,
    /// As `Undefined`, but it prints as nothing: an inline `if` without `else`.
    Nothing,
    /// Anything else.
    Error,
}

impl Fault {
    fn new(kind: FaultKind, message: String) -> Self {
        Self(Arc::new(Inner { kind, message, hint: None, place: None, through: Vec::new() }))
    }

    /// A value that is not there. The message is a lowercase fragment.
    pub(crate) fn undefined(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Undefined, message.into())
    }

    /// A value that is not there and prints as nothing.
    pub(crate) fn nothing(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Nothing, message.into())
    }

    /// Something that cannot be done.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Error, message.into())
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).hint = Some(hint.into());
        self
    }

    /// [`Fault::hint`], when there is one.
    pub(crate) fn maybe_hint(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Says where; the first, innermost place is kept.
    pub(crate) fn at(mut self, origin: &Arc<Origin>, range: &Range<usize>) -> Self {
        if self.0.place.is_none() {
            Arc::make_mut(&mut self.0).place = Some((origin.clone(), range.clone()));
        }
        self
    }

    /// Says that the value was needed for the variable `name`, used at this place.
    pub(crate) fn through(mut self, name: &str, origin: &Arc<Origin>, range: &Range<usize>) -> Self {
        if self.0.through.len() < 5 {
            Arc::make_mut(&mut self.0).through.push((name.to_owned(), origin.clone(), range.clone()));
        }
        self
    }

    /// Puts `context` in front of the message.
    pub(crate) fn context(mut self, context: impl fmt::Display) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.message = format!("{context}: {}", inner.message);
        self
    }

    /// The same as an error: a value that had to be there is not.
    pub(crate) fn fatal(mut self) -> Self {
        Arc::make_mut(&mut self.0).kind = FaultKind::Error;
        self
    }

    /// Whether it is known where.
    pub(crate) fn has_place(&self) -> bool {
        self.0.place.is_some()
    }

    pub(crate) fn kind(&self) -> &FaultKind {
        &self.0.kind
    }

    /// Whether it is an undefined value.
    pub(crate) fn is_undefined(&self) -> bool {
        self.0.kind != FaultKind::Error
    }

    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// The value that stands for the fault until somebody uses it.
    pub(crate) fn into_value(self) -> Value {
        Value::from_object(Marker(self))
    }

    /// For people.
    pub(crate) fn diagnostic(&self) -> Diagnostic {
        let inner = &self.0;
        let mut diagnostic = Diagnostic::error(inner.message.as_str()).maybe_hint(inner.hint.clone());
        if let Some((origin, range)) = &inner.place {
            diagnostic = diagnostic.with_span(&origin.locate(range));
        }
        for (name, origin, range) in &inner.through {
            diagnostic = diagnostic.with_related(&origin.locate(range), format!("variable `{name}` is used here"));
        }
        diagnostic
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// A value that is not there.
#[derive(Debug)]
struct Marker(Fault);

impl Object for Marker {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Undefined")
    }
}

/// The fault of a value that is not there; `None` for every real value.
pub(crate) fn fault_of(value: &Value) -> Option<Fault> {
    if value.is_undefined() {
        return Some(Fault::undefined("the value is undefined"));
    }
    value.downcast_object_ref::<Marker>().map(|marker| marker.0.clone())
}

/// The value, or its fault when it is not there.
pub(crate) fn solid(value: Value) -> Eval {
    match fault_of(&value) {
        Some(fault) => Err(fault),
        None => Ok(value),
    }
}
