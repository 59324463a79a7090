//! The map in `src/lib.rs` is kept: no file imports a folder that its row does not name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Folder (or file) name to the names it may import, read from the table in the crate's documentation.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string("src/lib.rs").expect("src/lib.rs is read");
    let mut rows = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("//! | `")) {
        let cells: Vec<&str> = line.split('|').collect();
        let [name, _, imports, ..] = cells.as_slice() else { continue };
        let name = name.trim().trim_matches('`').to_owned();
        let imports = imports.split(',').map(|name| name.trim().to_owned()).filter(|name| name != "nothing").collect();
        rows.insert(name, imports);
    }
    assert!(rows.len() >= 15, "the table in src/lib.rs was not understood");
    rows
}

fn rust_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("the folder is read") {
        let path = entry.expect("the entry is read").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn imports_go_one_way() {
    let table = table();
    let mut files = Vec::new();
    rust_files(Path::new("src"), &mut files);
    let mut broken = Vec::new();
    for file in files {
        let inner = file.strip_prefix("src").expect("it is below src");
        let first = inner.iter().next().and_then(|name| name.to_str()).unwrap_or_default().trim_end_matches(".rs").to_owned();
        if matches!(first.as_str(), "lib" | "bin") {
            continue;
        }
        let Some(allowed) = table.get(&first) else {
            broken.push(format!("{}: `{first}` has no row in the table of src/lib.rs", file.display()));
            continue;
        };
        let text = fs::read_to_string(&file).expect("the file is read");
        for (number, line) in text.lines().enumerate() {
            // Tests inside a file may use what they like.
            if line.trim_start().starts_with("#[cfg(test)]") {
                break;
            }
            let code = line.split("//").next().unwrap_or_default();
            for (at, _) in code.match_indices("crate::") {
                let rest = &code[at + "crate::".len()..];
                let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if !name.is_empty() && name != first && table.contains_key(&name) && !allowed.contains(&name) {
                    broken.push(format!("{}:{}: `{first}` may not import `{name}`", file.display(), number + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "imports that break the map in src/lib.rs:\n{}", broken.join("\n"));
}

#[test]
fn every_folder_explains_itself() {
    let mut silent = Vec::new();
    for name in table().keys() {
        let path = [format!("src/{name}/mod.rs"), format!("src/{name}.rs")].into_iter().find(|path| Path::new(path).exists());
        let Some(path) = path else {
            silent.push(format!("{name}: in the table, but there is no such folder"));
            continue;
        };
        if !fs::read_to_string(&path).expect("the file is read").starts_with("//!") {
            silent.push(format!("{path} does not open with what it is for"));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
