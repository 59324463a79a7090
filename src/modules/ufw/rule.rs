//! Rules in the words of ufw, and those that are there.

use std::path::Path;

use super::super::Failure;
use super::Arguments;
use crate::system::{ErrorKind, System};

/// Where versions of ufw keep their rules.
const FOLDERS: &[&str] = &["/etc/ufw", "/lib/ufw", "/var/lib/ufw"];

/// What begins the line that describes a rule.
const MARK: &str = "### tuple ###";

impl Arguments {
    /// Why they make no sense, if they do not.
    pub(super) fn check(&self) -> Result<(), String> {
        let direction = self.direction.as_deref();
        if self.default.is_some() && matches!(direction, Some("in" | "out")) {
            return Err("`direction` of `default` is `incoming`, `outgoing` or `routed`".to_owned());
        }
        if self.rule.is_some() && !matches!(direction, None | Some("in" | "out")) {
            return Err("`direction` of a rule is `in` or `out`".to_owned());
        }
        if !self.route && self.interface_in.is_some() && self.interface_out.is_some() {
            return Err("only a rule with `route` has `interface_in` and `interface_out`".to_owned());
        }
        let texts = [&self.from_port, &self.to_port, &self.name, &self.interface, &self.interface_in, &self.interface_out];
        let mut texts = texts.into_iter().flatten().chain([&self.from_ip, &self.to_ip]);
        if let Some(text) = texts.find(|text| text.is_empty() || text.starts_with('-') || text.contains(['\n', '\''])) {
            return Err(format!("`{text}` is no part of a rule"));
        }
        match &self.comment {
            Some(comment) if comment.contains(['\n', '\'']) => Err("a comment has neither line breaks nor `'`".to_owned()),
            _ => Ok(()),
        }
    }

    /// The rule, without its place and comment.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = vec![self.rule.clone().unwrap_or_default()];
        let mut say = |parts: &[&str]| words.extend(parts.iter().map(|part| (*part).to_owned()));
        if let Some(direction) = &self.direction {
            say(&[direction]);
        }
        if let Some(interface) = &self.interface {
            say(&["on", interface]);
        }
        if let Some(interface) = &self.interface_in {
            say(&["in", "on", interface]);
        }
        if let Some(interface) = &self.interface_out {
            say(&["out", "on", interface]);
        }
        if self.log {
            say(&["log"]);
        }
        for (word, ip, port) in [("from", &self.from_ip, &self.from_port), ("to", &self.to_ip, &self.to_port)] {
            say(&[word, ip]);
            if let Some(port) = port {
                say(&["port", port]);
            }
        }
        if let Some(proto) = &self.proto {
            say(&["proto", proto]);
        }
        if let Some(name) = &self.name {
            say(&["app", name]);
        }
        words
    }
}

/// The lines that describe rules, of IPv4 and of IPv6.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tuples {
    v4: Vec<String>,
    v6: Vec<String>,
}

impl Tuples {
    pub(super) fn counts(&self) -> (i64, i64) {
        let count = |list: &[String]| i64::try_from(list.len()).unwrap_or(i64::MAX);
        (count(&self.v4), count(&self.v6))
    }
}

fn tuples(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with(MARK)).map(|line| line.trim_end().to_owned()).collect()
}

pub(super) fn tuples_of_files(system: &dyn System) -> Result<Tuples, Failure> {
    let read = |name: &str| -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        for folder in FOLDERS {
            match system.read(&Path::new(folder).join(name)) {
                Ok(bytes) => found.extend(tuples(&String::from_utf8_lossy(&bytes))),
                Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    };
    Ok(Tuples { v4: read("user.rules")?, v6: read("user6.rules")? })
}

/// Whether `ufw --dry-run` would write other rules: it shows whole files, and nothing but a remark when a rule is there already.
pub(super) fn differs(said: &str, now: &Tuples) -> bool {
    said.split("*filter\n").skip(1).any(|file| {
        let is = if file.contains(":ufw6-") { &now.v6 } else { &now.v4 };
        tuples(file) != *is
    })
}

/// How many rules of IPv4 and IPv6 `ufw status numbered` shows.
pub(super) fn numbered(status: &str) -> (i64, i64) {
    let rules = status.lines().filter(|line| line.trim_start().starts_with('['));
    rules.fold((0, 0), |(v4, v6), line| if line.contains("(v6)") { (v4, v6 + 1) } else { (v4 + 1, v6) })
}

/// The number that `number` means, counted from a rule, when there are so many of IPv4 and IPv6; `None`: behind all of them.
pub(super) fn position(number: i64, relative: &str, (v4, v6): (i64, i64)) -> Option<i64> {
    let base = match relative {
        "first-ipv4" => 1,
        "last-ipv4" => v4.max(1),
        "first-ipv6" => v4 + 1,
        _ => v4 + v6.max(1),
    };
    let position = base.saturating_add(number).max(1);
    (position <= v4 + v6).then_some(position)
}
