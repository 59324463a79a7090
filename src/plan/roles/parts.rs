//! The files of a role: `tasks/main.yml` and its siblings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::{Diagnostic, Diagnostics, Span};
use crate::plan::compiler::Compiler;
use crate::plan::files::entries;
use crate::yaml::Mapping;

/// How a part of a role may be written, in order of preference.
const EXTENSIONS: &[&str] = &["yml", "yaml", "json"];

/// The file of a part (`tasks`, `handlers`, `meta`) of the role in `dir`. `from` is the file asked for in place of `main`.
pub(super) fn file(dir: &Path, part: &str, from: Option<&str>) -> Option<PathBuf> {
    let base = dir.join(part).join(from.unwrap_or("main"));
    candidates(&base, from.is_some()).into_iter().find(|path| path.is_file())
}

/// With and without extension: a name that was asked for counts as it stands first.
fn candidates(base: &Path, bare_first: bool) -> Vec<PathBuf> {
    let with_extension = EXTENSIONS.iter().map(|extension| PathBuf::from(format!("{}.{extension}", base.display())));
    match bare_first {
        true => std::iter::once(base.to_owned()).chain(with_extension).collect(),
        false => with_extension.chain(std::iter::once(base.to_owned())).collect(),
    }
}

/// The files of `vars` or `defaults`: one file, or all in a folder of that name, by their names.
fn variable_files(dir: &Path, part: &str, from: Option<&str>) -> Vec<PathBuf> {
    let base = dir.join(part).join(from.unwrap_or("main"));
    let Some(found) = candidates(&base, from.is_some()).into_iter().find(|path| path.exists()) else { return Vec::new() };
    if found.is_file() {
        return vec![found];
    }
    let mut files = Vec::new();
    collect(&found, &mut files);
    files
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for path in entries(dir) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        if path.is_dir() {
            collect(&path, files);
        } else if extension.is_none_or(|extension| EXTENSIONS.contains(&extension.as_str())) {
            files.push(path);
        }
    }
}

/// The variables in `vars` or `defaults`, file by file.
pub(super) fn variables(
    compiler: &Compiler,
    dir: &Path,
    part: &str,
    from: Option<&str>,
    span: &Span,
    out: &mut Diagnostics,
) -> Vec<Arc<Mapping>> {
    let files = variable_files(dir, part, from);
    if files.is_empty()
        && let Some(from) = from
    {
        out.push(missing(compiler, dir, part, from, span));
    }
    let mut layers = Vec::new();
    for path in files {
        let Some(node) = compiler.read_node(&path, out).filter(|node| !node.is_null()) else { continue };
        match node.as_map() {
            Some(map) => {
                crate::playbook::fields::check_names_of_role(map, out);
                layers.push(Arc::new(map.clone()));
            }
            None => {
                let shown = compiler.files.shown(&path);
                out.push(Diagnostic::at(&node.span, format!("`{shown}` must hold a mapping of variables, not {}", node.kind_name())));
            }
        }
    }
    layers
}

/// The error for a file that was asked for and is not there.
pub(super) fn missing(compiler: &Compiler, dir: &Path, part: &str, from: &str, span: &Span) -> Diagnostic {
    let shown = compiler.files.shown(&dir.join(part));
    let there = entries(&dir.join(part));
    let names: Vec<String> = there.iter().filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    Diagnostic::at(span, format!("the role has no file `{from}` in `{part}`"))
        .maybe_hint(crate::base::text::did_you_mean(from, names.iter().map(String::as_str)))
        .hint(format!("looked in `{shown}`"))
}
