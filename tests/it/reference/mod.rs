//! What is made from the declarations: the pages and schemas under `docs/` are current, and the schemas agree with kconf itself.

mod accepted;
mod refused;
mod validator;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything below `docs/` that is made, and nothing that is not made any more.
#[test]
fn pages_and_schemas_are_current() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let files = kconf::reference::files();
    let mut stale: Vec<String> = Vec::new();
    for (name, text) in &files {
        match fs::read_to_string(docs.join(name)) {
            Ok(written) if written == *text => {}
            Ok(_) => stale.push(format!("docs/{} is stale", name.display())),
            Err(_) => stale.push(format!("docs/{} is missing", name.display())),
        }
    }
    let made: BTreeSet<&PathBuf> = files.iter().map(|(name, _)| name).collect();
    for folder in ["modules", "schema"] {
        for entry in fs::read_dir(docs.join(folder)).into_iter().flatten().flatten() {
            let name = Path::new(folder).join(entry.file_name());
            if !made.contains(&name) {
                stale.push(format!("docs/{} is about nothing that is there: delete it", name.display()));
            }
        }
    }
    assert!(stale.is_empty(), "run `make docs` and commit what it writes:\n{}", stale.join("\n"));
}
