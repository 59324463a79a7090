//! Where files of tasks are looked up.

use std::path::PathBuf;

use super::files::{Files, first_file};
use super::model::PlayOrigin;
use super::session::Place;

/// The file of tasks that `path` means at `place`, or all the files that were looked for: beside the files that led here, innermost
/// first; then in the role; then beside the playbook.
pub(super) fn task_file(files: &Files, path: &str, place: &Place, play: &PlayOrigin) -> Result<PathBuf, Vec<PathBuf>> {
    let mut bases = place.dirs.clone();
    if let Some(role) = &place.role {
        bases.push(role.dir.join(if place.handler { "handlers" } else { "tasks" }));
        bases.push(role.dir.clone());
    }
    bases.push(play.dir.clone());
    let mut candidates: Vec<PathBuf> = Vec::new();
    for base in bases {
        let candidate = files.absolute(&base, path);
        if !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    }
    first_file(candidates.iter().cloned()).ok_or(candidates)
}
