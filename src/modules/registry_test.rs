#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::super::check::default_of;
use super::super::coerce::coerce;
use super::super::{Kind, Opt, Rule, check_static};
use super::*;

/// What in the folder is not a module.
const OTHERS: &[&str] =
    &["args", "check", "coerce", "expand", "mod", "outcome", "registry", "rules", "shared", "spec", "tally", "testing", "twins"];

#[test]
fn every_file_is_registered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/modules");
    let mut files = HashSet::new();
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).flatten() {
        let name = entry.file_name().to_string_lossy().trim_end_matches(".rs").to_owned();
        if !name.ends_with("_test") && !OTHERS.contains(&name.as_str()) {
            files.insert(name);
        }
    }
    for file in &files {
        let declared = MODULES.iter().any(|spec| spec.name == file || file_of(spec.name) == file);
        let declared = declared || INTERNAL.iter().any(|spec| spec.name.trim_start_matches('_') == file);
        assert!(declared, "`{file}` is in the folder of modules but not in the list");
    }
}

/// Modules that share a file with another.
fn file_of(name: &str) -> &str {
    match name {
        "import_playbook" | "import_role" | "import_tasks" | "include_role" | "include_tasks" => "include",
        "dnf5" | "yum" => "dnf",
        "systemd_service" => "systemd",
        "openssl_certificate" => "x509_certificate",
        other => other,
    }
}

#[test]
fn names_are_sorted_and_unique() {
    let names: Vec<&str> = MODULES.iter().map(|spec| spec.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
}

#[test]
fn modules_are_found_under_their_collections_only() {
    assert!(find("ping").is_some());
    assert!(find("ansible.builtin.ping").is_some());
    assert!(find("ansible.legacy.ping").is_some());
    assert!(find("community.general.ping").is_none());
    assert!(find("pin").is_none());
    assert!(INTERNAL.iter().all(|spec| find(spec.name).is_none() && find_internal(spec.name).is_some()));
}

#[test]
fn everything_is_documented() {
    for spec in MODULES {
        let name = spec.name;
        assert!(!spec.summary.is_empty() && !spec.summary.ends_with('.'), "summary of `{name}`");
        assert!(!spec.description.is_empty() && spec.description.iter().all(|text| text.ends_with('.')), "description of `{name}`");
        for opt in options(spec.options) {
            assert!(opt.doc.len() > 3 && opt.doc.ends_with(['.', ')']), "`{}` of `{name}`: {}", opt.name, opt.doc);
            assert!(!opt.doc.contains("  "), "`{}` of `{name}`", opt.name);
        }
        for key in spec.returns {
            assert!(!key.doc.is_empty() && !key.when.is_empty(), "result `{}` of `{name}`", key.name);
        }
    }
}

#[test]
fn options_are_consistent() {
    for spec in MODULES {
        unique(spec.name, spec.options);
        for opt in options(spec.options) {
            let place = format!("`{}` of `{}`", opt.name, spec.name);
            assert!(!(opt.required && opt.default.is_some()), "{place} is required and has a default");
            let Some(json) = opt.default else { continue };
            let value: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("default of {place}: {error}"));
            assert_eq!(coerce(opt.kind, value.clone(), opt.choices), Ok(value.clone()), "default of {place}");
            let words: Vec<&Value> = value.as_array().map_or_else(|| vec![&value], |items| items.iter().collect());
            for word in words {
                let known = opt.choices.is_empty() || word.as_str().is_none_or(|word| opt.choices.contains(&word));
                assert!(known, "default of {place} is no choice");
            }
            assert_eq!(default_of(opt), value);
        }
        for rule in spec.rules {
            for option in names_in(rule) {
                assert!(spec.options.iter().any(|opt| opt.name == option), "a rule of `{}` speaks of `{option}`", spec.name);
            }
        }
        if let Some(option) = spec.free_form {
            assert!(spec.options.iter().any(|opt| opt.name == option), "the free form of `{}`", spec.name);
        }
    }
}

fn options(list: &'static [Opt]) -> Vec<&'static Opt> {
    list.iter().flat_map(|opt| std::iter::once(opt).chain(options(opt.suboptions))).collect()
}

fn unique(module: &str, list: &[Opt]) {
    let mut seen = HashSet::new();
    for opt in list {
        for name in opt.aliases.iter().chain([&opt.name]) {
            assert!(seen.insert(*name), "`{name}` twice in `{module}`");
        }
        unique(module, opt.suboptions);
        let takes_options = matches!(opt.kind, Kind::Dict | Kind::List(Kind::Dict));
        assert!(opt.suboptions.is_empty() || takes_options, "`{}` of `{module}`", opt.name);
    }
}

fn names_in(rule: &Rule) -> Vec<&'static str> {
    match rule {
        Rule::Exclusive(names) | Rule::Together(names) | Rule::OneOf(names) => names.to_vec(),
        Rule::If(option, _, names) | Rule::IfAny(option, _, names) | Rule::By(option, names) => {
            names.iter().copied().chain([*option]).collect()
        }
        Rule::Open(_) => Vec::new(),
    }
}

#[cfg(feature = "controller")]
#[test]
fn examples_are_tasks_that_pass_the_static_check() {
    for spec in MODULES {
        let tasks: Vec<Map<String, Value>> =
            serde_yaml::from_str(spec.examples).unwrap_or_else(|error| panic!("the examples of `{}`: {error}", spec.name));
        assert!(!tasks.is_empty(), "`{}` has no example", spec.name);
        let mut shown = false;
        for task in &tasks {
            for (key, value) in task {
                let Some(used) = find(key) else { continue };
                shown |= used.name == spec.name;
                let mut args = match value {
                    Value::Object(map) => map.clone(),
                    Value::String(text) => used.free_form.map(|option| (option.to_owned(), text.as_str().into())).into_iter().collect(),
                    _ => Map::new(),
                };
                args.extend(task.get("args").and_then(Value::as_object).cloned().unwrap_or_default());
                let errors = check_static(used, &args, &|text| text.contains("{{"));
                assert!(
                    errors.is_empty(),
                    "an example of `{}`: {}",
                    spec.name,
                    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
                );
            }
        }
        assert!(shown, "no example of `{}` uses it", spec.name);
    }
}
