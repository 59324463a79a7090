//! Where roles are looked up.

use std::path::{Path, PathBuf};

use crate::plan::compiler::Compiler;
use crate::plan::files;

/// A role that was found: its name as users know it, and its folder.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::plan) struct Found {
    pub name: String,
    pub dir: PathBuf,
    /// The collection that it is part of.
    pub collection: Option<String>,
}

/// The role `name`, or all the folders that were looked for. `beside` is the folder of the role that uses it; `collections` are searched for
/// names without a collection.
pub(in crate::plan) fn find(
    compiler: &Compiler,
    name: &str,
    play_dir: &Path,
    beside: Option<&Path>,
    collections: &[String],
) -> Result<Found, Vec<PathBuf>> {
    let mut searched = Vec::new();
    let mut try_dir = |dir: PathBuf| {
        let there = dir.is_dir();
        if !there && !searched.contains(&dir) {
            searched.push(dir.clone());
        }
        there.then_some(dir)
    };
    let full = name.split('.').count() >= 3 && !name.contains('/');
    let in_collections: Vec<String> = match full {
        true => vec![name.to_owned()],
        false if name.contains(['/', '.']) => Vec::new(),
        false => collections.iter().map(|collection| format!("{collection}.{name}")).collect(),
    };
    for full_name in in_collections {
        let mut parts = full_name.splitn(3, '.');
        let (Some(namespace), Some(collection), Some(role)) = (parts.next(), parts.next(), parts.next()) else { continue };
        for base in collection_bases(compiler, play_dir) {
            let dir = base.join("ansible_collections").join(namespace).join(collection).join("roles").join(role);
            if let Some(dir) = try_dir(dir) {
                return Ok(Found { dir, collection: Some(format!("{namespace}.{collection}")), name: full_name });
            }
        }
    }
    let files = &compiler.files;
    let mut bases = vec![play_dir.join("roles")];
    bases.extend(compiler.inputs.roles_path.iter().map(|path| files.absolute(Path::new(""), &path.to_string_lossy())));
    bases.extend(beside.map(Path::to_owned));
    bases.push(play_dir.to_owned());
    for base in bases {
        if let Some(dir) = try_dir(files.absolute(&base, name)) {
            return Ok(Found { name: name.to_owned(), dir, collection: None });
        }
    }
    // A path, from where the program was started.
    if name.contains('/')
        && let Some(dir) = try_dir(files.absolute(Path::new(""), name))
    {
        let short = dir.file_name().map_or_else(|| name.to_owned(), |short| short.to_string_lossy().into_owned());
        return Ok(Found { name: short, dir, collection: None });
    }
    Err(searched)
}

/// Folders that may hold `ansible_collections/`.
pub(in crate::plan) fn collection_bases(compiler: &Compiler, play_dir: &Path) -> Vec<PathBuf> {
    let mut bases = vec![play_dir.join("collections")];
    bases.extend(compiler.inputs.collections_path.iter().map(|path| compiler.files.absolute(Path::new(""), &path.to_string_lossy())));
    bases
}

/// Names of roles that could have been meant: all folders in the places where roles are.
pub(in crate::plan) fn known(compiler: &Compiler, play_dir: &Path) -> Vec<String> {
    let mut bases = vec![play_dir.join("roles")];
    bases.extend(compiler.inputs.roles_path.iter().map(|path| compiler.files.absolute(Path::new(""), &path.to_string_lossy())));
    let mut names: Vec<String> = bases
        .iter()
        .flat_map(|base| files::entries(base))
        .filter(|path| path.is_dir())
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}
