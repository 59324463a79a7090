//! What ansible-core makes of a template, recorded, against what we make of it.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::sync::Arc;

use super::{MapScope, Scope, Templates, to_json};
use crate::base::{Source, Span};
use crate::yaml::{Node, load};

/// Runs the recorded cases of a file; the differences.
fn differences(name: &str, recorded: &str) -> Vec<String> {
    let templates = Templates::without_vault();
    let mut scope: Arc<dyn Scope> = Arc::new(MapScope::new());
    let mut found = Vec::new();
    let mut case = None;
    for (number, line) in recorded.lines().enumerate() {
        let Some((kind, rest)) = line.split_once(' ') else { continue };
        match kind {
            "#" => {}
            "vars" => scope = Arc::new(MapScope::new().with_node(&load(&Source::new("vars", rest)).unwrap().unwrap())),
            "json" | "when" | "text" => case = Some((kind, rest)),
            "=>" | "!!" => {
                let Some((case_kind, text)) = case.take() else { panic!("{name}:{}: a result without a case", number + 1) };
                let given = match case_kind {
                    "json" => {
                        let data: serde_json::Value = serde_json::from_str(text).unwrap();
                        let mut node = Node::from_json(&data, &Span::synthetic("case"));
                        trust(&mut node);
                        templates.render_node(&node, &scope).map(|value| to_json(&value))
                    }
                    "when" => templates.condition(&Node::text(Span::synthetic("case"), text), &scope).map(Into::into),
                    _ => templates.render_str(text, &Span::synthetic("case"), &scope).map(|value| to_json(&value)),
                };
                let difference = match (kind, given) {
                    ("=>", Ok(value)) => {
                        let wanted: serde_json::Value = serde_json::from_str(rest).unwrap();
                        (value != wanted).then(|| format!("gives {value}"))
                    }
                    ("=>", Err(error)) => Some(format!("fails: {}", error.one_line())),
                    // Where the recorded one refuses what is neither true nor false, ours warns and goes on.
                    (_, Ok(value))
                        if rest.starts_with(if value == true { "Conditional result (True)" } else { "Conditional result (False)" }) =>
                    {
                        None
                    }
                    (_, Ok(value)) => Some(format!("gives {value}")),
                    (_, Err(_)) => None,
                };
                if let Some(difference) = difference {
                    found.push(format!("{name}:{number}: {text}\n    {difference}\n    wanted: {line}"));
                }
            }
            _ => panic!("{name}:{}: {line}", number + 1),
        }
    }
    found
}

fn trust(node: &mut Node) {
    use crate::yaml::Value;
    match &mut node.value {
        Value::Str { is_unsafe, .. } => *is_unsafe = false,
        Value::List(items) => items.iter_mut().for_each(trust),
        Value::Map(map) => map.entries.iter_mut().for_each(|entry| trust(&mut entry.value)),
        _ => {}
    }
}

macro_rules! recorded {
    ($($test:ident),* $(,)?) => {$(
        #[test]
        fn $test() {
            let found = differences(stringify!($test), include_str!(concat!("../../tests/template/", stringify!($test), ".txt")));
            assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
        }
    )*};
}

recorded!(undefined_and_types, expressions, variables, filters, filters_of_collections);

/// Template files, rendered to the byte.
#[test]
fn files() {
    let recorded: serde_json::Value = serde_json::from_str(include_str!("../../tests/template/files.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let all = recorded["templates"].as_object().unwrap();
    for (name, case) in all {
        std::fs::write(folder.path().join(format!("{name}.j2")), case["template"].as_str().unwrap()).unwrap();
    }
    let variables = Node::from_json(&recorded["vars"], &Span::synthetic("vars"));
    let scope: Arc<dyn Scope> = Arc::new(MapScope::new().with_node(&variables).with_search_path(vec![folder.path().to_path_buf()]));
    let templates = Templates::without_vault();
    let mut found = Vec::new();
    for (name, case) in all {
        let path = folder.path().join(format!("{name}.j2"));
        let source = Source::new(path.display().to_string(), case["template"].as_str().unwrap());
        let wanted = case["gives"].as_str().unwrap();
        match templates.render_file(&source, &scope, &super::FileOptions::default()) {
            Ok(text) if text == wanted => {}
            Ok(text) => found.push(format!("{name} gives {text:?}\n    wanted {wanted:?}")),
            Err(error) => found.push(format!("{name}\n{error}")),
        }
    }
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
}

/// Every example of every table gives what it says.
#[test]
fn examples_give_what_they_say() {
    let templates = Templates::without_vault();
    let scope: Arc<dyn Scope> = Arc::new(MapScope::new());
    for doc in super::documentation() {
        let text = format!("{{{{ {} }}}}", doc.example);
        match templates.render_str(&text, &Span::synthetic("example"), &scope) {
            Ok(value) => {
                let shown = super::python::show(&value);
                assert!(doc.gives.is_empty() || shown == doc.gives, "{} `{}`: {text} gives {shown}, not {}", doc.kind, doc.name, doc.gives);
            }
            Err(error) => panic!("{} `{}`: {text}\n{error}", doc.kind, doc.name),
        }
    }
}

#[test]
fn names_are_unique() {
    for kind in ["filter", "test", "function", "lookup"] {
        let mut names: Vec<String> = Vec::new();
        for doc in super::documentation().into_iter().filter(|doc| doc.kind == kind) {
            names.push(doc.name.to_owned());
            names.extend(doc.aliases.iter().map(|alias| (*alias).to_owned()));
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a {kind} has a name twice");
    }
}

#[test]
fn a_few_letters_do_not_fill_the_memory() {
    let templates = Templates::without_vault();
    let scope: Arc<dyn Scope> = Arc::new(MapScope::new());
    for text in [
        "{{ [1] * 35555555 }}",
        "{{ 'x' * 3000000000 }}",
        "{{ ('x' * 40000000).replace('x', 'y' * 40000000) }}",
        "{{ ('x' * 40000000) | replace('x', 'y' * 40000000) }}",
        "{{ [1] | slice(200000000) | list }}",
        "{{ [1] | batch(200000000, 0) | list }}",
        "{{ range(300000000) | list }}",
    ] {
        assert!(templates.render_str(text, &Span::synthetic("case"), &scope).is_err(), "{text}");
    }
    let fine = templates.render_str("{{ ('ab' * 3).replace('a', 'xyz', 2) }}", &Span::synthetic("case"), &scope);
    assert_eq!(fine.map(|value| to_json(&value)).ok(), Some("xyzbxyzbab".into()));
}
