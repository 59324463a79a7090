//! What can be asked of a task.

use std::path::{Path, PathBuf};

use crate::base::{Diagnostic, Span};

use super::model::{Action, Meta, Task};

impl Task {
    /// The module or action as people know it.
    pub fn action_name(&self) -> &str {
        match &self.action {
            Action::Module { written, .. } => &written.value,
            Action::Meta(_) => "meta",
            Action::IncludeTasks { .. } => "include_tasks",
            Action::IncludeRole { .. } => "include_role",
        }
    }

    /// Its name as written, behind that of its role (but for `include_role`); the action's when it has none.
    pub fn written_name(&self) -> String {
        match (&self.name, &self.role) {
            (None, _) => self.action_name().to_owned(),
            (Some(name), Some(_)) if matches!(self.action, Action::IncludeRole { .. }) => name.key_text(),
            (Some(name), None) => name.key_text(),
            (Some(name), Some(role)) => format!("{} : {}", role.name, name.key_text()),
        }
    }

    /// Whether nobody wrote it.
    pub fn is_implicit(&self) -> bool {
        matches!(self.action, Action::Meta(Meta::RoleComplete))
    }

    /// `file:line:col`.
    pub fn place(&self) -> String {
        self.span.to_string()
    }

    /// The source line on which it starts, with its number and a caret.
    pub fn excerpt(&self) -> String {
        excerpt(&self.span)
    }

    /// The folders in which its relative paths are looked up, nearest first: of its role and of the roles that use it, of the file
    /// that it is written in, of the playbook.
    pub fn search_path(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = Vec::new();
        if let Some(role) = &self.role {
            folders.push(role.dir.clone());
            folders.extend(role.outer_dirs.iter().cloned());
        }
        folders.extend(self.origin.dirs.first().map(PathBuf::as_path).or(Some(&self.origin.play.dir)).map(Path::to_owned));
        folders.push(self.origin.play.dir.clone());
        let mut seen = std::collections::HashSet::new();
        folders.retain(|folder| seen.insert(folder.clone()));
        folders
    }

    /// Where a file of the controller is looked for, in this order: under `kind` (`files`, `templates`) and beside it.
    pub fn file_places(&self, kind: &str, given: &Path) -> Vec<PathBuf> {
        if given.is_absolute() {
            return vec![given.to_owned()];
        }
        let mut places: Vec<PathBuf> = Vec::new();
        for base in self.search_path() {
            for place in [base.join(kind).join(given), base.join(given)] {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }
}

/// The source line at `span` with a caret, as diagnostics show it; empty for what nobody wrote.
pub fn excerpt(span: &Span) -> String {
    if span.source().text().is_empty() {
        return String::new();
    }
    let whole = Diagnostic::at(span, "").to_string();
    // Without the heading, which is empty, and the line with the place.
    whole.lines().skip(2).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;

    #[test]
    fn an_excerpt_is_the_line_with_a_caret() {
        let source = Source::new("site.yml", "- hosts: all\n  tasks:\n    - ping:\n      when: x\n");
        let span = Span::new(source, 28..48);
        assert_eq!(excerpt(&span), "  |\n3 |     - ping:\n  |       ^^^^^");
        assert_eq!(excerpt(&Span::synthetic("made")), "");
    }
}
