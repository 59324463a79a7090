//! Tags of the playbooks that are on the command line.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use clap_complete::engine::CompletionCandidate;

use super::{hosts, words};
use crate::plan::{self, Selection, list};

/// The tags of all tasks.
pub fn tags(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let known = of_playbooks().unwrap_or_default();
    known.into_iter().filter(|tag| tag.starts_with(&*current)).map(CompletionCandidate::new).collect()
}

fn of_playbooks() -> Option<BTreeSet<String>> {
    let playbooks: Vec<PathBuf> = words::others().into_iter().map(PathBuf::from).filter(|path| path.is_file()).collect();
    let everything = Selection::new(["all", "never"], []);
    let compiled = plan::compile(hosts::context()?.plan_inputs(&playbooks, everything.clone())).ok()?;
    Some(list::listing(&compiled.plan, &everything).iter().flat_map(list::PlayListing::task_tags).collect())
}
