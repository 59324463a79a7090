//! Files of the controller.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::Value;

use super::{Lookup, Request, listed};
use crate::base::Source;
use crate::template::data;
use crate::template::eval::{Ctx, Frame, Interp, syntax_fault};
use crate::template::fault::{Eval, Origin};
use crate::template::files::{self, Files};
use crate::template::python::show;
use crate::template::scope::{Binding, Scope};
use crate::template::syntax::{Markers, Mode};

pub(super) static TABLE: &[Lookup] = &[
    Lookup {
        name: "file",
        options: &["rstrip", "lstrip"],
        doc: "The texts of files, without blanks at the end unless asked otherwise.",
        example: "lookup('file', '/dev/null')",
        gives: "",
        run: |request| {
            let (rstrip, lstrip) = (request.flag("rstrip", true), request.flag("lstrip", false));
            let mut texts = Vec::new();
            for name in request.text_terms() {
                let path = request.find_file(&name, "files")?;
                let text = files::read_text(&path, &request.ctx.core)?;
                let text = if lstrip { text.trim_start() } else { &text };
                texts.push(Value::from(if rstrip { text.trim_end() } else { text }));
            }
            Ok(texts)
        },
    },
    Lookup {
        name: "unvault",
        options: &[],
        doc: "The texts of files, encrypted or not, as they are.",
        example: "lookup('unvault', '/dev/null')",
        gives: "",
        run: |request| {
            let mut texts = Vec::new();
            for name in request.text_terms() {
                let path = request.find_file(&name, "files")?;
                texts.push(Value::from(files::read_text(&path, &request.ctx.core)?));
            }
            Ok(texts)
        },
    },
    Lookup {
        name: "fileglob",
        options: &[],
        doc: "The files of one folder that a pattern names.",
        example: "q('fileglob', '/no/such/folder/*')",
        gives: "[]",
        run: |request| {
            let mut found = Vec::new();
            for term in request.text_terms() {
                let path = PathBuf::from(&term);
                let (folder, pattern) = (
                    path.parent().unwrap_or(Path::new("")),
                    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                );
                let folders: Vec<PathBuf> = if folder.is_absolute() {
                    vec![folder.to_path_buf()]
                } else {
                    files::folders(&*request.ctx.scope, "files").into_iter().map(|base| base.join(folder)).collect()
                };
                let matches =
                    folders.iter().map(|folder| glob(request.ctx.core.files(), folder, &pattern)).find(|matches| !matches.is_empty());
                found.extend(matches.unwrap_or_default().into_iter().map(|path| Value::from(path.display().to_string())));
            }
            Ok(found)
        },
    },
    Lookup {
        name: "first_found",
        options: &["files", "paths", "skip"],
        doc: "The first of several files that exists, of files in folders if `paths` is given.",
        example: "lookup('first_found', ['/no/such/file', '/dev/null'])",
        gives: "/dev/null",
        run: first_found,
    },
    Lookup {
        name: "template",
        options: &[
            "convert_data",
            "variable_start_string",
            "variable_end_string",
            "comment_start_string",
            "comment_end_string",
            "template_vars",
            "jinja2_native",
            "trim_blocks",
            "lstrip_blocks",
        ],
        doc: "What template files give, with further variables in `template_vars`.",
        example: "lookup('template', '/dev/null')",
        gives: "",
        run: template,
    },
];

/// The files (no folders) that `pattern` names in `folder`, in order. `pattern` may itself have folders.
pub(crate) fn glob(disk: &dyn Files, folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut paths = vec![folder.to_path_buf()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for path in &paths {
            if part.contains(['*', '?', '[']) {
                let mut names: Vec<String> = disk.names(path).into_iter().filter(|name| fits(part, name)).collect();
                names.sort();
                next.extend(names.into_iter().map(|name| path.join(name)));
            } else if disk.exists(&path.join(part)) {
                next.push(path.join(part));
            }
        }
        paths = next;
    }
    paths.retain(|path| disk.is_file(path));
    paths
}

/// Whether a name fits a pattern with `*`, `?` and `[...]`; hidden names need a dot in the pattern.
fn fits(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    fits_chars(&pattern, &name)
}

fn fits_chars(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=name.len()).any(|skip| name.get(skip..).is_some_and(|name| fits_chars(rest, name))),
        (['?', rest @ ..], [_, name @ ..]) => fits_chars(rest, name),
        (['[', rest @ ..], [c, tail @ ..]) => match rest.iter().skip(1).position(|c| *c == ']') {
            Some(end) => {
                let (class, rest) = rest.split_at(end + 1);
                let (negated, class) = match class {
                    ['!', class @ ..] => (true, class),
                    class => (false, class),
                };
                let mut found = false;
                let mut at = 0;
                while let Some(low) = class.get(at) {
                    match (class.get(at + 1), class.get(at + 2)) {
                        (Some('-'), Some(high)) => {
                            found |= (low..=high).contains(&c);
                            at += 3;
                        }
                        _ => {
                            found |= low == c;
                            at += 1;
                        }
                    }
                }
                found != negated && rest.get(1..).is_some_and(|rest| fits_chars(rest, tail))
            }
            None => *c == '[' && fits_chars(rest, tail),
        },
        ([p, rest @ ..], [c, name @ ..]) => p == c && fits_chars(rest, name),
        _ => false,
    }
}

fn first_found(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let split = |value: &Value, separators: &[char]| -> Vec<String> {
        listed(value)
            .iter()
            .flat_map(|part| show(part).split(separators).map(|part| part.trim().to_owned()).collect::<Vec<_>>())
            .filter(|part| !part.is_empty())
            .collect()
    };
    let entry = |term: &Value, name: &str| term.as_object().and_then(|object| object.get_value(&Value::from(name)));
    let mut skip = request.flag("skip", false);
    let mut candidates: Vec<String> = Vec::new();
    let combine = |files: Vec<String>, paths: Vec<String>| -> Vec<String> {
        match paths.is_empty() {
            true => files,
            false => paths.iter().flat_map(|path| files.iter().map(move |file| format!("{}/{file}", path.trim_end_matches('/')))).collect(),
        }
    };
    let own_paths = request.option("paths").map(|paths| split(paths, &[',', ':', ';'])).unwrap_or_default();
    if let Some(files) = request.option("files") {
        candidates.extend(combine(split(files, &[',', ';']), own_paths.clone()));
    }
    for term in request.terms.iter().flat_map(listed) {
        if data::is_mapping(&term) {
            skip |= entry(&term, "skip").is_some_and(|skip| crate::template::filters::to_bool(&skip).is_true());
            let files = entry(&term, "files").map(|files| split(&files, &[',', ';'])).unwrap_or_default();
            let paths = entry(&term, "paths").map(|paths| split(&paths, &[',', ':', ';'])).unwrap_or_default();
            candidates.extend(combine(files, paths));
        } else {
            candidates.extend(combine(vec![show(&term)], own_paths.clone()));
        }
    }
    for kind in ["files", "templates", "vars"] {
        for candidate in &candidates {
            if let Some(path) = files::first_existing(candidate, files::folders(&*request.ctx.scope, kind), &request.ctx.core) {
                return Ok(vec![Value::from(path.display().to_string())]);
            }
        }
    }
    if skip {
        return Ok(Vec::new());
    }
    Err(request
        .error(format!("none of the files was found: {}", crate::base::text::list(&candidates)))
        .hint("`skip=true` gives nothing instead"))
}

/// A scope with further variables on top.
struct Layered {
    extra: Value,
    below: Arc<dyn Scope>,
}

impl Scope for Layered {
    fn get(&self, name: &str) -> Option<Binding> {
        match self.extra.as_object().and_then(|object| object.get_value(&Value::from(name))) {
            Some(value) => Some(Binding::Value(value)),
            None => self.below.get(name),
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = data::iterate(&self.extra).unwrap_or_default().iter().map(show).collect();
        names.extend(self.below.names());
        names
    }

    fn search_path(&self) -> Vec<PathBuf> {
        self.below.search_path()
    }
}

fn template(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let markers = Markers {
        variable: (request.text_or("variable_start_string", "{{"), request.text_or("variable_end_string", "}}")),
        comment: (request.text_or("comment_start_string", "{#"), request.text_or("comment_end_string", "#}")),
        trim_blocks: request.flag("trim_blocks", true),
        lstrip_blocks: request.flag("lstrip_blocks", false),
        ..Markers::default()
    };
    let markers = Arc::new(markers);
    let extra = request.option("template_vars").cloned().unwrap_or_else(|| data::dict([]));
    if !data::is_mapping(&extra) {
        return Err(request.error("`template_vars` must be a mapping"));
    }
    let scope: Arc<dyn Scope> = Arc::new(Layered { extra, below: request.ctx.scope.clone() });
    let mut rendered = Vec::new();
    for name in request.text_terms() {
        let path = request.find_file(&name, "templates")?;
        let source = Source::new(path.display().to_string(), files::read_text(&path, &request.ctx.core)?.replace("\r\n", "\n"));
        let folders = path.parent().map(Path::to_path_buf).into_iter().collect();
        let ctx = Ctx::for_file(&request.ctx.core, &scope, folders, markers.clone());
        let origin = Arc::new(Origin::File { source: source.clone(), offset: 0 });
        let compiled =
            ctx.core.cache.compile(source.text(), &Mode::File(markers.clone())).map_err(|faults| syntax_fault(&faults, &origin))?;
        let value = crate::template::eval::finish(&Interp::new(&ctx, origin, Frame::root(false)).run(&compiled)?)?;
        rendered.push(if value.is_none() { Value::from("") } else { value });
    }
    Ok(rendered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, name, wanted) in [
            ("*.txt", "a.txt", true),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[!a]x", "ax", false),
            ("*", ".hidden", false),
            (".*", ".hidden", true),
            ("a*b*c", "aXbYc", true),
            ("a", "b", false),
        ] {
            assert_eq!(fits(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
