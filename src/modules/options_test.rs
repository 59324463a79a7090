//! Compares the options that modules declare with those that Ansible's have, as `tests/compat/record-options` recorded them. Whatever differs
//! has to be in the tables of `docs/compatibility.md`, and nothing else may be there.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::check::default_of;
use super::coerce::coerce;
use super::{Kind, Opt, Rule, find};

fn record() -> Map<String, Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/module_options.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut record: Map<String, Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    match record.remove("modules") {
        Some(Value::Object(modules)) => modules,
        _ => panic!("{} has no modules", path.display()),
    }
}

/// The rows under a heading of `docs/compatibility.md`, without that of titles.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (_, behind) =
        text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("{} has no heading `{heading}`", path.display()));
    let part = behind.split("\n## ").next().unwrap_or_default();
    let rows = part.lines().filter_map(|line| line.trim().strip_prefix('|')?.strip_suffix('|'));
    rows.skip(2).map(|row| row.split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn options_are_those_of_ansible_but_for_what_is_written_down() {
    let mut found = BTreeSet::new();
    for (full_name, options) in &record() {
        let (Some(spec), Some(theirs)) = (find(full_name), options.as_object()) else { continue };
        let open = spec.rules.iter().any(|rule| matches!(rule, Rule::Open(_)));
        let mut differences = Vec::new();
        compare("", spec.options, theirs, &mut differences);
        for (option, difference) in differences {
            // The text behind the name of a module, and keys of the user's own, are no options.
            let is_text = (spec.free_form.is_some() || open) && matches!(option.as_str(), "free_form" | "free-form" | "key_value");
            if !is_text {
                found.insert(format!("`{}` | `{option}` | {difference}", spec.name));
            }
        }
    }
    let written: BTreeSet<String> = rows("Options of modules").iter().map(|row| row.get(..3).unwrap_or(row).join(" | ")).collect();
    let lines = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other).map(|row| format!("| {row} |")).collect::<Vec<_>>().join("\n")
    };
    let (new, gone) = (lines(&found, &written), lines(&written, &found));
    assert!(new.is_empty() && gone.is_empty(), "docs/compatibility.md lacks\n{new}\nand has in vain\n{gone}");
}

#[test]
fn every_difference_has_a_reason() {
    for row in rows("Options of modules") {
        assert!(row.len() == 4 && row.iter().all(|cell| cell.len() > 2), "{row:?}");
    }
}

#[test]
fn modules_that_are_missing_are_written_down() {
    let missing: Vec<String> =
        record().keys().filter(|name| name.starts_with("ansible.builtin.") && find(name).is_none() && !is_keyword(name)).cloned().collect();
    let written: Vec<String> = rows("Modules of `ansible.builtin` that are missing")
        .iter()
        .map(|row| format!("ansible.builtin.{}", row.first().map_or("", |cell| cell.trim_matches('`'))))
        .collect();
    assert_eq!(missing, written, "what is missing (left) is not what docs/compatibility.md says (right)");
}

/// Handled by plan and engine, which know more of them than a declaration could say.
fn is_keyword(name: &str) -> bool {
    name.contains(".import_") || name.ends_with(".include_role") || name.ends_with(".include_tasks") || name.ends_with(".meta")
}

fn compare(path: &str, ours: &[Opt], theirs: &Map<String, Value>, differences: &mut Vec<(String, String)>) {
    for (name, option) in theirs {
        let full = format!("{path}{name}");
        match ours.iter().find(|opt| opt.name == name) {
            None => {
                let alias = ours.iter().find(|opt| opt.aliases.contains(&name.as_str()));
                let difference = alias.map_or_else(|| "missing".to_owned(), |opt| format!("another name of `{}`", opt.name));
                differences.push((full, difference));
            }
            Some(opt) => one(&full, opt, option, differences),
        }
    }
    for opt in ours.iter().filter(|opt| !opt.name.starts_with('_') && !theirs.contains_key(opt.name)) {
        differences.push((format!("{path}{}", opt.name), "of kconf alone".to_owned()));
    }
}

fn one(full: &str, opt: &Opt, theirs: &Value, differences: &mut Vec<(String, String)>) {
    let mut differs = |text: String| differences.push((full.to_owned(), text));
    let elements = theirs.get("elements").and_then(Value::as_str).unwrap_or("raw");
    // Without a type it is the controller half that knows.
    if let Some(is) = theirs.get("type").and_then(Value::as_str)
        && !fits(opt.kind, is, elements)
    {
        differs(format!("takes {:?}, there {is}", opt.kind));
    }
    let required = theirs.get("required").and_then(Value::as_bool).unwrap_or(false);
    if required != opt.required {
        differs(if required { "optional".to_owned() } else { "required".to_owned() });
    }
    let default = theirs.get("default").cloned().unwrap_or(Value::Null);
    let default = if default.is_null() { default } else { coerce(opt.kind, default.clone(), opt.choices).unwrap_or(default) };
    if default != default_of(opt) {
        differs(format!("default `{}`, there `{default}`", default_of(opt)));
    }
    let texts = |key: &str| -> BTreeSet<String> {
        let list = theirs.get(key).and_then(Value::as_array).into_iter().flatten();
        list.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
    };
    for (what, ours, theirs) in [("alias", opt.aliases, texts("aliases")), ("choice", opt.choices, texts("choices"))] {
        let ours: BTreeSet<String> = ours.iter().map(|text| (*text).to_owned()).collect();
        theirs.difference(&ours).for_each(|text| differs(format!("{what} `{}` missing", text.escape_debug())));
        ours.difference(&theirs).for_each(|text| differs(format!("{what} `{}` of kconf alone", text.escape_debug())));
    }
    if let Some(suboptions) = theirs.get("suboptions").and_then(Value::as_object) {
        compare(&format!("{full}."), opt.suboptions, suboptions, differences);
    }
}

/// Whether a kind takes what Ansible's type does. A mode is `raw` there, and numbers are texts now and then.
fn fits(kind: Kind, is: &str, elements: &str) -> bool {
    match kind {
        Kind::Str => is == "str",
        Kind::Bool => is == "bool",
        Kind::Int => is == "int",
        Kind::Float => is == "float",
        Kind::Path => is == "path",
        Kind::Mode => is == "raw",
        Kind::Bytes => matches!(is, "bytes" | "str"),
        Kind::Dict => is == "dict",
        Kind::List(element) => is == "list" && fits(*element, elements, ""),
        Kind::Json => matches!(is, "json" | "jsonarg"),
        Kind::Raw => matches!(is, "raw" | "any"),
        Kind::Content => false,
    }
}
