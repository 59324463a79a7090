//! What is wrong, where, and what to do about it: the one shape of every error a person sees.

use std::fmt;

use super::span::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The run goes on.
    Warning,
    /// The run does not start, or the task fails.
    Error,
}

/// One message about one place.
///
/// The message is a lowercase fragment without a final period that fits behind "failed to …" or stands alone; names are in backticks.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    severity: Severity,
    message: String,
    label: Option<(Span, String)>,
    related: Vec<(Span, String)>,
    causes: Vec<String>,
    hints: Vec<String>,
}

impl Diagnostic {
    /// An error without a place (yet).
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), label: None, related: Vec::new(), causes: Vec::new(), hints: Vec::new() }
    }

    /// A warning without a place (yet).
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// An error at a place.
    pub fn at(span: &Span, message: impl Into<String>) -> Self {
        Self::error(message).with_span(span)
    }

    /// Points at `span`; the first place set wins, so that the innermost, most exact one is kept.
    #[must_use]
    pub fn with_span(self, span: &Span) -> Self {
        self.with_label(span, "")
    }

    /// Points at `span` and writes `label` beside the caret. The first place set wins.
    #[must_use]
    pub fn with_label(mut self, span: &Span, label: impl Into<String>) -> Self {
        if self.label.is_none() {
            self.label = Some((span.clone(), label.into()));
        }
        self
    }

    /// Another place that explains the first ("first defined here").
    #[must_use]
    pub fn with_related(mut self, span: &Span, note: impl Into<String>) -> Self {
        self.related.push((span.clone(), note.into()));
        self
    }

    /// Why it happened; called outermost first.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// [`Diagnostic::hint`], when there is one.
    #[must_use]
    pub fn maybe_hint(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Puts `context` in front: the message becomes "context: message".
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// The same as a warning.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The message alone.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place, if it has one.
    pub fn span(&self) -> Option<&Span> {
        self.label.as_ref().map(|(span, _)| span)
    }

    /// The causes, outermost first.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// The hints.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The message in one line with its causes, without place and hints: for results and logs.
    pub fn one_line(&self) -> String {
        let mut line = self.message.clone();
        for cause in &self.causes {
            line.push_str(": ");
            line.push_str(cause);
        }
        line
    }
}

/// The full text for people: message, place with the source line and a caret, causes, hints. No colours; reporters add them.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{heading}: {}", self.message)?;
        if let Some((span, label)) = &self.label {
            write_excerpt(f, "-->", span, label)?;
        }
        for (span, note) in &self.related {
            write_excerpt(f, ":::", span, note)?;
        }
        for cause in &self.causes {
            write!(f, "\n  caused by: {cause}")?;
        }
        for hint in &self.hints {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

fn write_excerpt(f: &mut fmt::Formatter<'_>, arrow: &str, span: &Span, label: &str) -> fmt::Result {
    let (line, column) = span.start();
    let text = span.source().line(line);
    let number = line.to_string();
    let pad = " ".repeat(number.len());
    write!(f, "\n{pad}{arrow} {span}")?;
    if span.source().text().is_empty() {
        return if label.is_empty() { Ok(()) } else { write!(f, ": {label}") };
    }
    // Tabs are shown as one character, so that the caret stands under the character it means.
    let shown: String = text.chars().map(|c| if c == '\t' { '→' } else { c }).collect();
    let length = shown.chars().count();
    let first_line = span.text().lines().next().unwrap_or("");
    let width = first_line.trim_end().chars().count().clamp(1, (length + 1).saturating_sub(column - 1).max(1));
    write!(f, "\n{pad} |\n{number} | {shown}\n{pad} | {}{}", " ".repeat(column - 1), "^".repeat(width))?;
    if !label.is_empty() {
        write!(f, " {label}")?;
    }
    Ok(())
}

impl std::error::Error for Diagnostic {}

/// Several messages, reported together. Never empty when returned as an error.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::super::span::Source;
    use super::*;

    #[test]
    fn shows_the_line_with_a_caret_causes_and_hints() {
        let source = Source::new("site.yml", "- hosts: all\n  taks: []\n");
        let span = Span::new(source, 15..19);
        let shown = Diagnostic::at(&span, "unknown play keyword `taks`").hint("did you mean `tasks`?").to_string();
        assert_eq!(
            shown,
            "error: unknown play keyword `taks`\n --> site.yml:2:3\n  |\n2 |   taks: []\n  |   ^^^^\n  hint: did you mean `tasks`?"
        );
    }
}
