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

/// A turn of a conversation on a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turn {
    /// The command writes this.
    Says(&'static str),
    /// It waits for an answer, which has to be this.
    Hears(&'static str),
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
    conversations: Vec<(Vec<String>, Vec<Turn>, i32)>,
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

    pub(super) fn talk(&mut self, prefix: &[&str], turns: &[Turn], rc: i32) {
        self.conversations.push((owned(prefix), turns.to_vec(), rc));
    }

    /// How a command talks on a terminal, and its exit code.
    pub(super) fn conversation(&self, command: &Command) -> Option<(Vec<Turn>, i32)> {
        let fitting = self.conversations.iter().find(|(prefix, ..)| command.argv.starts_with(prefix));
        fitting.map(|(_, turns, rc)| (turns.clone(), *rc))
    }

    pub(super) fn note(&mut self, how: &'static str, command: &Command) {
        self.log.push((how, command.clone()));
    }

    pub(super) fn log(&self) -> &[(&'static str, Command)] {
        &self.log
    }

    /// The answers, by the first arguments of the commands; `None` when one is computed or is an error, or when commands talk.
    pub(super) fn fixed(&self) -> Option<Vec<(Vec<String>, Vec<Output>)>> {
        if !self.conversations.is_empty() {
            return None;
        }
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

impl super::Fake {
    /// Commands that begin with these arguments talk so when they are run on a terminal.
    pub(crate) fn talk(self, argv: &[&str], turns: &[Turn], rc: i32) -> Self {
        self.script.borrow_mut().talk(argv, turns, rc);
        self.with_program_of(argv)
    }
}

/// An error for a command that cannot be run.
pub(super) fn failure(kind: ErrorKind, program: &str, reason: &str) -> Error {
    Error::new(kind, format!("run `{program}`"), reason)
}

fn owned(prefix: &[&str]) -> Vec<String> {
    prefix.iter().map(|&text| text.to_owned()).collect()
}
