//! Regular expressions as Python's `re` reads them.
//!
//! Imported by `modules` and `template`; imports nothing of the crate. Guarantees: a pattern means what it means in Python (`$` in front of
//! a last line break, `\Z`, `(?P<name>…)`, octal escapes, classes without nesting, empty matches beside others), or it is refused. Patterns
//! are translated to the syntax of the engine below; nothing above sees that syntax.
//! Two differences remain: look-behind may be of varying width, and beside combining marks `\b` follows Unicode's idea of a word.
//! To add a piece of syntax: teach it to `parse.rs`, and add cases that Python has answered to `cases.json`.

mod class;
mod parse;
mod subject;
mod template;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::OnceLock;

use fancy_regex::{RegexBuilder, RegexInput};

pub use subject::Subject;
pub use template::Template;

/// Steps after which the search for a match is given up: a pattern that needs more would keep a machine busy for minutes.
const STEP_LIMIT: usize = 20_000_000;

/// A regular expression over text.
pub type TextRegex = Regex<str>;
/// A regular expression over bytes: `.` is any byte but a line break, `\w`, `\d`, `\s`, `\b` and the ignoring of case know ASCII only.
pub type BytesRegex = Regex<[u8]>;

/// The flags that Python's `re` takes beside the pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `re.ASCII`
    pub ascii: bool,
    /// `re.DOTALL`
    pub dot_all: bool,
    /// `re.IGNORECASE`
    pub ignore_case: bool,
    /// `re.MULTILINE`
    pub multi_line: bool,
    /// `re.VERBOSE`
    pub verbose: bool,
}

/// What is wrong with a pattern, or with a search that it caused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexError(pub String);

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RegexError {}

/// A compiled pattern.
pub struct Regex<S: Subject + ?Sized> {
    engine: fancy_regex::Regex,
    translated: String,
    /// The name of each group, by number; the first is the whole match.
    groups: Vec<Option<String>>,
    flags: Flags,
    /// For matches that must not be empty; `None` when there can be none.
    longer: OnceLock<Option<fancy_regex::Regex>>,
    /// For matches that must reach to the end.
    whole: OnceLock<Option<fancy_regex::Regex>>,
    subject: PhantomData<fn(&S)>,
}

/// A match: where it and its groups lie in the subject, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    span: Range<usize>,
    groups: Vec<Option<Range<usize>>>,
}

impl Found {
    /// Where the match lies.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where group `number` lies; 0 is the match itself. `None` when it took no part in the match or there is no such group.
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        match number.checked_sub(1) {
            None => Some(self.span()),
            Some(at) => self.groups.get(at).cloned().flatten(),
        }
    }

    /// Where the groups from 1 on lie.
    pub fn groups(&self) -> &[Option<Range<usize>>] {
        &self.groups
    }
}

impl<S: Subject + ?Sized> Regex<S> {
    /// Reads `pattern`.
    ///
    /// # Errors
    /// When it is no pattern of Python's, saying what and where.
    pub fn new(pattern: &str, flags: Flags) -> Result<Self, RegexError> {
        let wrong = |reason: String| RegexError(format!("`{pattern}` is no regular expression: {reason}"));
        let parse::Translation { pattern: translated, groups, flags } =
            parse::translate(&S::units(pattern), S::BYTES, flags).map_err(|fault| wrong(fault.to_string()))?;
        let engine = builder::<S>(&translated).build().map_err(|error| wrong(error.to_string()))?;
        Ok(Self { engine, translated, groups, flags, longer: OnceLock::new(), whole: OnceLock::new(), subject: PhantomData })
    }

    /// The flags that hold for all of the pattern: those given, and those at its start.
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// The names of the groups from 1 on.
    pub fn names(&self) -> impl Iterator<Item = Option<&str>> {
        self.groups.iter().skip(1).map(Option::as_deref)
    }

    /// The number of the group called `name`.
    pub fn number_of(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|known| known.as_deref() == Some(name))
    }

    /// How many groups there are, not counting the whole match.
    pub fn group_count(&self) -> usize {
        self.groups.len().saturating_sub(1)
    }

    /// Whether it matches anywhere (`re.search`).
    ///
    /// # Errors
    /// When the search takes too long.
    pub fn is_match(&self, subject: &S) -> Result<bool, RegexError> {
        self.engine.is_match(subject).map_err(|error| self.too_long(&error))
    }

    /// The first match (`re.search`).
    ///
    /// # Errors
    /// When the search takes too long.
    pub fn search(&self, subject: &S) -> Result<Option<Found>, RegexError> {
        self.run(&self.engine, RegexInput::new(subject))
    }

    /// A match at the start (`re.match`).
    ///
    /// # Errors
    /// When the search takes too long.
    pub fn match_start(&self, subject: &S) -> Result<Option<Found>, RegexError> {
        self.run(&self.engine, RegexInput::new(subject).anchored(true))
    }

    /// A match of everything (`re.fullmatch`).
    ///
    /// # Errors
    /// When the search takes too long.
    pub fn match_whole(&self, subject: &S) -> Result<Option<Found>, RegexError> {
        let whole = self.whole.get_or_init(|| builder::<S>(&format!("(?:{})\\z", self.translated)).build().ok());
        let Some(whole) = whole else { return Ok(None) };
        self.run(whole, RegexInput::new(subject).anchored(true))
    }

    /// All matches that do not overlap (`re.finditer`).
    ///
    /// # Errors
    /// When the search takes too long.
    pub fn find_all(&self, subject: &S) -> Result<Vec<Found>, RegexError> {
        self.find_some(subject, usize::MAX)
    }

    fn find_some(&self, subject: &S, limit: usize) -> Result<Vec<Found>, RegexError> {
        let mut all: Vec<Found> = Vec::new();
        while all.len() < limit {
            let next = match all.last() {
                None => self.search(subject)?,
                Some(last) if !last.span.is_empty() => self.run(&self.engine, RegexInput::new(subject).from_pos(last.span.end))?,
                Some(last) => self.after_empty(subject, last.span.end)?,
            };
            match next {
                Some(found) => all.push(found),
                None => break,
            }
        }
        Ok(all)
    }

    /// Behind an empty match at `at`: one at the same place that is not empty, else the next one.
    fn after_empty(&self, subject: &S, at: usize) -> Result<Option<Found>, RegexError> {
        let longer = self.longer.get_or_init(|| builder::<S>(&self.translated).find_not_empty(true).build().ok());
        if let Some(longer) = longer
            && let Some(found) = self.run(longer, RegexInput::new(subject).from_pos(at).anchored(true))?
        {
            return Ok(Some(found));
        }
        if at >= subject.len() {
            return Ok(None);
        }
        self.run(&self.engine, RegexInput::new(subject).from_pos(subject.advance_position(at)))
    }

    /// `subject` with up to `limit` matches replaced by what `template` makes of them, and how many there were (`re.subn`).
    ///
    /// # Errors
    /// When the search takes too long.
    pub fn replace(&self, subject: &S, template: &Template<S>, limit: usize) -> Result<(S::Owned, usize), RegexError> {
        let all = self.find_some(subject, limit)?;
        let mut out = S::part(subject, 0..0).to_owned();
        let mut done = 0;
        for found in &all {
            S::push(&mut out, subject.part(done..found.span.start));
            template.expand_into(subject, found, &mut out);
            done = found.span.end;
        }
        S::push(&mut out, subject.part(done..subject.len()));
        Ok((out, all.len()))
    }

    fn run(&self, engine: &fancy_regex::Regex, input: RegexInput<'_, S>) -> Result<Option<Found>, RegexError> {
        let captures = engine.captures_input(input).map_err(|error| self.too_long(&error))?;
        let Some(captures) = captures else { return Ok(None) };
        let span = |number: usize| captures.get(number).map(|found| S::span(&found));
        let Some(whole) = span(0) else { return Ok(None) };
        Ok(Some(Found { span: whole, groups: (1..self.groups.len()).map(span).collect() }))
    }

    fn too_long(&self, error: &fancy_regex::Error) -> RegexError {
        RegexError(format!("the search for a match was given up: {error}"))
    }
}

impl<S: Subject + ?Sized> fmt::Debug for Regex<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Regex({})", self.translated)
    }
}

fn builder<S: Subject + ?Sized>(translated: &str) -> RegexBuilder {
    let mut builder = RegexBuilder::new(translated);
    builder.bytes_mode(S::MODE).backtrack_limit(STEP_LIMIT);
    builder
}

/// `text` with a backslash before every character that means something in a pattern (`re.escape`).
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests;
