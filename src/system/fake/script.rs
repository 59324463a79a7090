//! What commands answer, which commands there were, and what goes wrong.

use std::collections::VecDeque;

use crate::system::{Command, Error, ErrorKind, Output, Result};

/// Something that goes wrong with every change at or beneath a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The file system is full.
    NoSpace,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The identity may not; reading fails too.
    Denied,
}

impl Fault {
    pub(super) fn kind(self) -> ErrorKind {
        match self {
            Self::NoSpace => ErrorKind::NoSpace,
            Self::ReadOnly => ErrorKind::ReadOnly,
            Self::Denied => ErrorKind::PermissionDenied,
        }
    }

    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::NoSpace => "No space left on device",
            Self::ReadOnly => "Read-only file system",
            Self::Denied => "Permission denied",
        }
    }
}

type Reply = Box<dyn FnMut(&Command) -> Result<Output> + Send>;

struct Rule {
    /// The first arguments of the commands it answers.
    prefix: Vec<String>,
    /// Fixed answers, in turn; the last one stays.
    fixed: VecDeque<Result<Output>>,
    /// Or an answer that is computed.
    computed: Option<Reply>,
}

#[derive(Default)]
pub(super) struct Script {
    rules: Vec<Rule>,
    log: Vec<(&'static str, Command)>,
}

impl Script {
    /// Another answer to the commands that begin with `prefix`, given after those there are.
    pub(super) fn add(&mut self, prefix: &[&str], answer: Result<Output>) {
        match self.rules.iter_mut().find(|rule| rule.prefix == prefix) {
            Some(rule) => rule.fixed.push_back(answer),
            None => self.rules.push(Rule { prefix: owned(prefix), fixed: [answer].into(), computed: None }),
        }
    }

    pub(super) fn compute(&mut self, prefix: &[&str], reply: Reply) {
        self.rules.push(Rule { prefix: owned(prefix), fixed: VecDeque::new(), computed: Some(reply) });
    }

    pub(super) fn note(&mut self, how: &'static str, command: &Command) {
        self.log.push((how, command.clone()));
    }

    pub(super) fn log(&self) -> &[(&'static str, Command)] {
        &self.log
    }

    /// The answers, by the first arguments of the commands; `None` when one is computed or is an error.
    pub(super) fn fixed(&self) -> Option<Vec<(Vec<String>, Vec<Output>)>> {
        let outputs = |rule: &Rule| rule.fixed.iter().map(|answer| answer.clone().ok()).collect::<Option<Vec<_>>>();
        let rules = self.rules.iter().map(|rule| Some((rule.prefix.clone(), outputs(rule).filter(|outputs| !outputs.is_empty())?)));
        rules.collect()
    }

    /// The answer of the rule with the longest prefix of the command.
    pub(super) fn answer(&mut self, command: &Command) -> Option<Result<Output>> {
        let fitting = self.rules.iter_mut().filter(|rule| command.argv.starts_with(&rule.prefix));
        let rule = fitting.max_by_key(|rule| rule.prefix.len())?;
        if let Some(reply) = &mut rule.computed {
            return Some(reply(command));
        }
        if rule.fixed.len() > 1 { rule.fixed.pop_front() } else { rule.fixed.front().cloned() }
    }
}

/// An error for a command that cannot be run.
pub(super) fn failure(kind: ErrorKind, program: &str, reason: &str) -> Error {
    Error::new(kind, format!("run `{program}`"), reason)
}

fn owned(prefix: &[&str]) -> Vec<String> {
    prefix.iter().map(|&text| text.to_owned()).collect()
}
