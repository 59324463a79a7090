//! `group_vars` and `host_vars`, beside the inventory and beside the playbook.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::model::{Inventory, Vars};
use super::read::read_text;
use super::source::Options;
use crate::base::{Diagnostic, Diagnostics, Source};
use crate::template::Templates;
use crate::yaml;

/// Reads the files of all groups and hosts of `inventory`.
///
/// # Errors
/// Everything that is wrong with the files, each with its place.
pub fn attach(inventory: &mut Inventory, options: &Options) -> Result<(), Diagnostics> {
    let mut errors = Diagnostics::default();
    let mut inventory_dirs: Vec<PathBuf> = Vec::new();
    for source in &inventory.sources {
        let dir = if source.is_dir() { source.clone() } else { source.parent().map(Path::to_owned).unwrap_or_default() };
        if !inventory_dirs.contains(&dir) {
            inventory_dirs.push(dir);
        }
    }
    for dir in &inventory_dirs {
        attach_dir(inventory, dir, Level::Inventory, options, &mut errors);
    }
    for dir in &options.playbook_dirs {
        if !inventory_dirs.iter().any(|known| same_dir(known, dir)) {
            attach_dir(inventory, dir, Level::Playbook, options, &mut errors);
        }
    }
    if errors.has_errors() { Err(errors) } else { Ok(()) }
}

fn same_dir(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| if path.as_os_str().is_empty() { Path::new(".").canonicalize() } else { path.canonicalize() };
    matches!((real(a), real(b)), (Ok(a), Ok(b)) if a == b)
}

#[derive(Clone, Copy)]
enum Level {
    Inventory,
    Playbook,
}

fn attach_dir(inventory: &mut Inventory, dir: &Path, level: Level, options: &Options, errors: &mut Diagnostics) {
    let groups = named_files(&dir.join("group_vars"));
    for (name, files) in &groups {
        let Some(group) = inventory.groups.get_mut(name) else { continue };
        for file in files {
            match read_vars(file, options) {
                Ok(vars) => {
                    if let Some(yaml::Value::Int(number)) = vars.get("ansible_group_priority").map(|priority| &priority.value) {
                        group.priority = *number;
                    }
                    match level {
                        Level::Inventory => group.inventory_files.push(vars),
                        Level::Playbook => group.playbook_files.push(vars),
                    }
                }
                Err(found) => errors.extend(found),
            }
        }
    }
    let hosts = named_files(&dir.join("host_vars"));
    for (name, files) in &hosts {
        let Some(host) = inventory.hosts.get_mut(name) else { continue };
        for file in files {
            match read_vars(file, options) {
                Ok(vars) => match level {
                    Level::Inventory => host.inventory_files.push(vars),
                    Level::Playbook => host.playbook_files.push(vars),
                },
                Err(found) => errors.extend(found),
            }
        }
    }
}

/// The files under `dir` by the name they are for: `web`, `web.yml`, or all files below the folder `web`.
#[expect(clippy::disallowed_methods, reason = "looking for variable files beside what the user named")]
fn named_files(dir: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut named: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(dir) else { return named };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        let Some(file_name) = path.file_name().and_then(|n| n.to_str()) else { continue };
        if path.is_dir() {
            let files = named.entry(file_name.to_owned()).or_default();
            collect_below(&path, files);
        } else if let Some(name) = stem(file_name) {
            named.entry(name.to_owned()).or_default().push(path);
        }
    }
    named
}

#[expect(clippy::disallowed_methods, reason = "looking for variable files beside what the user named")]
fn collect_below(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if path.is_dir() && !name.starts_with('.') {
            collect_below(&path, files);
        } else if stem(name).is_some() {
            files.push(path);
        }
    }
}

/// The name without `.yml`, `.yaml` or `.json`; `None` for hidden files, backups and other endings.
fn stem(file_name: &str) -> Option<&str> {
    if file_name.starts_with('.') || file_name.ends_with('~') {
        return None;
    }
    match file_name.rsplit_once('.') {
        Some((stem, "yml" | "yaml" | "json")) => Some(stem),
        Some((_, "bak" | "swp" | "orig" | "md" | "txt" | "rst" | "example" | "retry" | "pyc")) => None,
        // A host name has dots: `host_vars/web1.example.com`.
        _ => Some(file_name),
    }
}

/// The variables of one file; a vault file is decrypted first.
///
/// # Errors
/// It cannot be read, decrypted or parsed, or is not a mapping.
pub fn read_vars(path: &Path, options: &Options) -> Result<Arc<Vars>, Diagnostics> {
    let mut text = read_text(path)?;
    if crate::vault::is_encrypted(&text) {
        text = decrypt(path, &text, &options.templates)?;
    }
    let source = Source::new(path.display().to_string(), text);
    let Some(root) = yaml::load(&source)? else { return Ok(Arc::new(Vars::new())) };
    let Some(map) = root.as_map() else {
        return Err(Diagnostic::at(&root.span, format!("expected a mapping of variables, found {}", root.kind_name())).into());
    };
    let vars = map.entries.iter().filter_map(|entry| Some((entry.key.as_str()?.to_owned(), Arc::new(entry.value.clone()))));
    Ok(Arc::new(vars.collect()))
}

/// The text inside the vault text of the file `path`.
///
/// # Errors
/// No password fits, the text is damaged, or what is inside is not UTF-8.
pub fn decrypt(path: &Path, text: &str, templates: &Templates) -> Result<String, Diagnostic> {
    let failed = |cause: String| Diagnostic::error(format!("failed to decrypt `{}`", path.display())).caused_by(cause);
    let content =
        templates.keyring().decrypt(text).map_err(|error| failed(error.to_string()).maybe_hint(error.hint().map(str::to_owned)))?;
    String::from_utf8(content).map_err(|_| failed("the content is not UTF-8".to_owned()))
}
