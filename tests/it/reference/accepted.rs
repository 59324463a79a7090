//! What kconf accepts is valid: this repository's playbooks and roles, and every project under `tests/compat/cases`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kconf::foreign::Sources;
use kconf::plan::{self, Inputs, Selection};
use kconf::template::Templates;

use super::validator::{VALIDATOR, kind_of};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The YAML files below a folder.
fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
            found.push(path);
        }
    }
}

/// What is invalid below `folder`, and how many files were looked at.
fn invalid(folder: &Path) -> (Vec<String>, usize) {
    let mut paths = Vec::new();
    yaml_files(folder, &mut paths);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in paths {
        let text = fs::read_to_string(&path).expect("the file can be read");
        let Some(of) = kind_of(&path, &text) else { continue };
        count += 1;
        if let Some(error) = VALIDATOR.wrong(of, &text) {
            let path = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            wrong.push(format!("{path} as {of}: {error}"));
        }
    }
    (wrong, count)
}

/// Whether kconf finds nothing wrong with a project, and nothing in what it may include later.
fn is_accepted(folder: &Path) -> bool {
    let playbook = folder.join("playbook.yml");
    let inputs = Inputs {
        playbooks: vec![playbook],
        texts: Vec::new(),
        roles_path: vec![folder.join("roles")],
        collections_path: Vec::new(),
        foreign: Sources::default(),
        extra_vars: Default::default(),
        selection: Selection::default(),
        templates: Arc::new(Templates::without_vault()),
        cwd: folder.to_owned(),
    };
    plan::compile(inputs).is_ok_and(|compiled| !compiled.later.has_errors())
}

/// Whether a project has modules of its own, whose names no schema can know.
fn has_own_modules(folder: &Path) -> bool {
    let mut inside = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    inside.any(|path| path.ends_with("library") || path.ends_with("plugins/modules") || has_own_modules(&path))
}

#[test]
fn the_repository_itself_is_valid() {
    for folder in ["playbooks", "roles"] {
        let (wrong, count) = invalid(&root().join(folder));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(count > 3, "only {count} files were found in {folder}");
    }
}

#[test]
fn what_kconf_accepts_is_valid() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    let areas = fs::read_dir(root().join("tests/compat/cases")).expect("the cases are there").flatten();
    for case in areas.flat_map(|area| fs::read_dir(area.path()).into_iter().flatten().flatten()) {
        if is_accepted(&case.path()) && !has_own_modules(&case.path()) {
            let (more, files) = invalid(&case.path());
            wrong.extend(more);
            count += files;
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 300, "only {count} files were looked at");
}

/// The examples in the documentation of modules.
#[test]
fn examples_of_modules_are_valid() {
    for page in kconf::reference::pages(kconf::reference::Topic::Module) {
        for example in &page.examples {
            let wrong = VALIDATOR.wrong(kconf::reference::SchemaOf::Tasks, &example.text);
            assert!(wrong.is_none(), "{}: {}", page.name, wrong.unwrap_or_default());
        }
    }
}
