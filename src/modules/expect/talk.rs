//! Which answer comes next.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use crate::base::regex::{BytesRegex, Flags};
use crate::base::{Secret, python};
use crate::modules::Failure;
use crate::system::{Error, ErrorKind, Result};

/// How much of the output that nothing matched is searched again when more comes.
const WINDOW: usize = 1 << 16;

struct Question {
    pattern: String,
    regex: BytesRegex,
    answers: Answers,
}

enum Answers {
    Always(Secret),
    InTurn(VecDeque<Secret>),
}

/// A conversation.
pub(super) struct Talk {
    questions: Vec<Question>,
    heard: Vec<u8>,
    /// Where in `heard` that begins which no question was found in yet.
    unread: usize,
}

impl Talk {
    pub(super) fn new(responses: &Map<String, Value>) -> std::result::Result<Self, Failure> {
        let questions = responses.iter().map(|(pattern, value)| {
            let flags = Flags { dot_all: true, ..Flags::default() };
            let regex = BytesRegex::new(pattern, flags).map_err(|error| Failure::new(format!("failed to read `responses`: {error}")))?;
            let answers = match value {
                Value::Array(values) => Answers::InTurn(values.iter().map(answer).collect()),
                value => Answers::Always(answer(value)),
            };
            Ok(Question { pattern: pattern.clone(), regex, answers })
        });
        Ok(Self { questions: questions.collect::<std::result::Result<_, Failure>>()?, heard: Vec::new(), unread: 0 })
    }

    /// Takes what was written since, and says what is answered.
    ///
    /// # Errors
    /// When no answer is left, or a search takes too long.
    pub(super) fn hear(&mut self, new: &[u8]) -> Result<Option<Secret>> {
        self.heard.extend_from_slice(new);
        self.unread = self.unread.max(self.heard.len().saturating_sub(WINDOW + new.len()));
        let unread = self.heard.get(self.unread..).unwrap_or_default();
        let mut first: Option<(usize, usize, &mut Question)> = None;
        for question in &mut self.questions {
            let found = question.regex.search(unread);
            let found = found.map_err(|error| failed(&question.pattern, error.to_string()))?;
            if let Some(span) = found.map(|found| found.span())
                && first.as_ref().is_none_or(|(start, ..)| span.start < *start)
            {
                first = Some((span.start, span.end, question));
            }
        }
        let Some((_, end, question)) = first else { return Ok(None) };
        if end == 0 {
            return Err(failed(&question.pattern, "it matches where nothing is written, and would be answered without end"));
        }
        self.unread += end;
        match &mut question.answers {
            Answers::Always(answer) => Ok(Some(answer.clone())),
            Answers::InTurn(answers) => match answers.pop_front() {
                Some(answer) => Ok(Some(answer)),
                None => Err(failed(&question.pattern, "it was asked more often than `responses` has answers")),
            },
        }
    }

    /// Whether nothing was written.
    pub(super) fn is_silent(&self) -> bool {
        self.heard.is_empty()
    }

    /// All that was written.
    pub(super) fn transcript(&self) -> String {
        String::from_utf8_lossy(&self.heard).trim_end_matches(['\r', '\n']).to_owned()
    }
}

fn failed(pattern: &str, reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Other, format!("answer `{pattern}`"), reason)
}

/// An answer with exactly one line break at its end.
fn answer(value: &Value) -> Secret {
    let text = match value {
        Value::String(text) => text.clone(),
        other => python::repr(other),
    };
    Secret::new(format!("{}\n", text.trim_end_matches('\n')))
}
