//! `include:`, which older playbooks wrote before there were `import_playbook`, `import_tasks` and `include_tasks`.
//!
//! It is read as the one of them that it meant: tasks are imported, unless there is a loop or the name of the file is a template, which
//! can be known only at run time.

use crate::base::{Diagnostic, Diagnostics, Span, Spanned};
use crate::yaml::{Entry, Mapping, Node, Value};

use super::actions::short_name;
use super::ast::{Action, Args, Field, Fields};
use super::fields::{check_variable_names, literal_bool, node_is_template, wrong_kind};
use super::freeform;
use super::keywords::{self, Place};
use super::tasks::BESIDE_INCLUDE;

/// Whether `name` is the old word, with or without its collection.
pub(super) fn is_include(name: &str) -> bool {
    short_name(name) == "include"
}

/// What else the task says.
pub(super) struct Beside<'a> {
    /// It has a loop.
    pub looped: bool,
    /// `static:`.
    pub is_static: Option<&'a Node>,
    /// What the task is.
    pub place: Place,
}

/// The import or include that a task with `include:` means. Parameters beside the file's name become variables of the task, and what a
/// task that is included at run time cannot take for itself applies to what it includes.
pub(super) fn tasks(name: &Spanned<String>, args: Args, beside: &Beside<'_>, fields: &mut Fields, out: &mut Diagnostics) -> Option<Action> {
    let (file, params) = file_and_params(name, args, out)?;
    let wanted = beside.is_static.and_then(literal_bool);
    if let Some(node) = beside.is_static.filter(|_| wanted.is_none()) {
        out.push(wrong_kind("static", node, "`true` or `false`"));
    }
    let dynamic = match wanted {
        Some(is_static) => !is_static,
        None => beside.looped || node_is_template(&file),
    };
    out.push(replaced_by(name, if dynamic { "include_tasks" } else { "import_tasks" }));
    add_vars(params, &name.span, beside.place, fields);
    if !dynamic {
        return Some(Action::ImportTasks(file));
    }
    let mut apply = Fields::default();
    let (own, handed): (Vec<Field>, Vec<Field>) = std::mem::take(&mut fields.0)
        .into_iter()
        .partition(|field| BESIDE_INCLUDE.contains(&field.keyword.name) || keywords::find(field.keyword.name, Place::Block).is_none());
    apply.0.extend(own.iter().filter(|field| field.keyword.name == "tags").cloned());
    apply.0.extend(handed);
    fields.0 = own;
    Some(Action::IncludeTasks { file, apply })
}

/// The file of an `include:` among plays, and the variables behind it.
pub(super) fn playbook(entry: &Entry, out: &mut Diagnostics) -> Option<(Node, Mapping)> {
    let name = Spanned::new("include".to_owned(), entry.key.span.clone());
    let args = freeform::parse(&entry.value, false).unwrap_or_default();
    let found = file_and_params(&name, args, out)?;
    out.push(replaced_by(&name, "import_playbook"));
    Some(found)
}

fn replaced_by(name: &Spanned<String>, word: &str) -> Diagnostic {
    Diagnostic::warning(format!("`include` is gone from the language, it is read as `{word}`"))
        .with_span(&name.span)
        .hint(format!("write `{word}:`"))
}

fn file_and_params(name: &Spanned<String>, args: Args, out: &mut Diagnostics) -> Option<(Node, Mapping)> {
    let mut params = args.map;
    let named = params.get("file").cloned();
    let file = args.free_form.or(args.template).or(named);
    let Some(file) = file.filter(|file| file.as_str().is_some_and(|text| !text.trim().is_empty())) else {
        out.push(Diagnostic::at(&name.span, "`include` needs the file to include"));
        return None;
    };
    params.entries.retain(|entry| entry.key.as_str() != Some("file"));
    let keyword = params.entries.iter().find(|entry| matches!(entry.key.as_str(), Some("tags" | "when" | "static")));
    if let Some(entry) = keyword {
        let word = entry.key.as_str().unwrap_or_default();
        out.push(
            Diagnostic::at(&entry.key.span, format!("`{word}` stands behind the file"))
                .hint(format!("make it a keyword of its own, on a line below: `{word}: {}`", entry.value.key_text())),
        );
        return None;
    }
    check_variable_names(&params, out);
    Some((file, params))
}

/// Adds variables to those of the keyword `vars`; what stands behind the file wins.
pub(super) fn add_vars(params: Mapping, span: &Span, place: Place, fields: &mut Fields) {
    if params.is_empty() {
        return;
    }
    match fields.0.iter_mut().find(|field| field.keyword.name == "vars") {
        Some(field) => {
            if let Value::Map(map) = &mut field.value.value {
                params.entries.into_iter().for_each(|entry| freeform::set(map, entry));
            }
        }
        None => {
            let value = Node::new(span.clone(), Value::Map(params));
            fields.0.extend(keywords::find("vars", place).map(|keyword| Field { keyword, key: span.clone(), value }));
        }
    }
}
