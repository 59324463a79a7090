//! Names of modules and of what else is documented, and files that can be playbooks.

use std::ffi::OsStr;

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};

use super::words;
use crate::reference::{Page, Topic, pages};

/// The modules.
pub fn modules(current: &OsStr) -> Vec<CompletionCandidate> {
    of(&[Topic::Module], &current.to_string_lossy())
}

/// What `kconf doc` has a page of: of the type that was given, else the modules, and the rest once something is typed.
pub fn documented(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let asked = words::option("-t", "--type").pop();
    match asked.and_then(|name| Topic::ALL.into_iter().find(|topic| topic.name() == name)) {
        Some(topic) => of(&[topic], &current),
        None if current.is_empty() => of(&[Topic::Module], &current),
        None => of(&Topic::ALL, &current),
    }
}

fn of(topics: &[Topic], current: &str) -> Vec<CompletionCandidate> {
    let mut candidates: Vec<CompletionCandidate> = Vec::new();
    for page in topics.iter().flat_map(|topic| pages(*topic)) {
        let full = |page: &Page| page.names.iter().filter(|name| name.contains('.') && current.contains('.')).cloned().collect::<Vec<_>>();
        for name in full(&page).into_iter().chain([page.name.clone()]).filter(|name| name.starts_with(current)) {
            if !candidates.iter().any(|known| known.get_value() == OsStr::new(&name)) {
                candidates.push(CompletionCandidate::new(name).help(Some(page.summary.clone().into())));
            }
        }
    }
    candidates
}

/// Files that can be playbooks, and the folders on the way to them.
pub fn playbooks(current: &OsStr) -> Vec<CompletionCandidate> {
    let is_yaml =
        |path: &std::path::Path| path.is_file() && path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
    PathCompleter::any().filter(is_yaml).complete(current)
}
