//! `vars_files:`: read for each host, since their names may depend on its variables and facts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::play_context::PlayContext;
use super::scope::TaskScope;
use super::scope::layers::{Layer, vars_of};
use super::task::keywords;
use super::world::World;
use crate::base::{Diagnostic, text};
use crate::yaml::{Node, Value};

/// Reads the files of a host and makes their variables visible. Those whose names depend on what is not known yet are left out, and
/// true comes back: it is to be tried again when facts are known.
///
/// # Errors
/// A file is not there or is no mapping.
pub fn load(world: &Arc<World>, play: &Arc<PlayContext>, host: &str, last: bool) -> Result<bool, Diagnostic> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut missing = false;
    for entry in &play.play.vars_files {
        // Names may use variables of the files before.
        play.set_files(host, layers.iter().rev().cloned().collect());
        let scope = TaskScope::of_play(world, play, host);
        let choices = entry.as_list().unwrap_or(std::slice::from_ref(entry));
        let mut found = None;
        let mut tried: Vec<PathBuf> = Vec::new();
        let mut unknown = false;
        for choice in choices {
            match keywords::text(&scope, "vars_files", Some(choice)) {
                Ok(Some(name)) => {
                    let places = places(&play.play.dir, &name);
                    found = places.iter().find(|path| world.files(world.settings.check).is_file(path)).cloned();
                    tried.extend(places);
                }
                Ok(None) => {}
                Err(wrong) if last => return Err(wrong),
                Err(_) => unknown = true,
            }
            if found.is_some() {
                break;
            }
        }
        match found {
            Some(path) => layers.extend(read(world, entry, &path)?),
            None if unknown => missing = true,
            None => {
                let looked: Vec<String> = tried.iter().map(|path| path.display().to_string()).collect();
                let wrong = Diagnostic::at(&entry.span, "there is no such file of variables");
                return Err(wrong.hint(format!("looked for {}", text::list(&looked))));
            }
        }
    }
    play.set_files(host, layers.into_iter().rev().collect());
    Ok(missing)
}

fn places(dir: &Path, name: &str) -> Vec<PathBuf> {
    match Path::new(name).is_absolute() {
        true => vec![PathBuf::from(name)],
        false => vec![dir.join("vars").join(name), dir.join(name)],
    }
}

fn read(world: &World, entry: &Node, path: &Path) -> Result<Option<Layer>, Diagnostic> {
    let node = world.read_yaml(path).map_err(|wrong| wrong.with_span(&entry.span))?;
    match node.as_deref() {
        None | Some(Node { value: Value::Null, .. }) => Ok(None),
        Some(Node { value: Value::Map(map), .. }) => Ok(Some(Arc::new(vars_of(map)))),
        Some(other) => Err(Diagnostic::at(&other.span, format!("a file of variables must be a mapping, not {}", other.kind_name()))),
    }
}
