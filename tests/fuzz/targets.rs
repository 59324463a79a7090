//! What reads text that anybody may have written, each as a function of bytes that must neither panic nor hang nor grow without
//! bound. Where there is one, a law that holds for every input is held too.

use std::sync::Arc;

use kconf::base::{Diagnostics, Secret, Source, Span};
use kconf::inventory::{Inventory, ini, pattern};
use kconf::playbook::{Words, freeform, playbook};
use kconf::template::{FileOptions, MapScope, Scope, Templates, from_json};
use kconf::vault::{Keyring, is_encrypted};
use kconf::yaml::{self, Layout, Node};
use serde_json::json;

/// Reads its input.
pub type Target = fn(&[u8]);

/// All of them, by the names of their folders under `corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("yaml", yaml_loader),
    ("playbook", playbook_parser),
    ("ini", ini_inventory),
    ("arguments", free_form_arguments),
    ("pattern", host_pattern),
    ("template", template_text),
    ("vault", vault_reader),
];

fn source(data: &[u8]) -> Option<Arc<Source>> {
    Some(Source::new("input", std::str::from_utf8(data).ok()?))
}

fn shown(diagnostics: &Diagnostics) {
    assert!(!diagnostics.to_string().is_empty());
}

/// What is read can be written, and is then read as the same.
fn yaml_loader(data: &[u8]) {
    let Some(source) = source(data) else { return };
    match yaml::read(&source) {
        Ok(document) => {
            let Some(root) = document.root else { return };
            let written = yaml::to_yaml(&root.to_json(), &Layout::default());
            let again = yaml::load(&Source::new("written", written.as_str()));
            let again = again.ok().flatten().map(|node| node.to_json());
            assert_eq!(again.as_ref(), Some(&root.to_json()), "written as {written:?}");
        }
        Err(errors) => shown(&errors),
    }
}

/// The same parser, with all that is built on it for a playbook.
fn playbook_parser(data: &[u8]) {
    let Some(source) = source(data) else { return };
    let Ok(Some(root)) = yaml::load(&source) else { return };
    let words = Words {
        has_option: &|_, _| true,
        is_module: &|name| matches!(name, "command" | "debug" | "copy"),
        modules: &["command", "debug", "copy"],
        explain: &|_| None,
    };
    let mut errors = Diagnostics::default();
    playbook(&root, &words, &mut errors);
    if !errors.0.is_empty() {
        shown(&errors);
    }
}

fn ini_inventory(data: &[u8]) {
    let Some(source) = source(data) else { return };
    let mut inventory = Inventory::default();
    match ini::read(&source, &mut inventory) {
        Ok(()) => {
            inventory.settle();
            for host in inventory.group_hosts("all") {
                assert!(inventory.groups_of(&host).iter().all(|group| inventory.groups.contains_key(group)));
            }
        }
        Err(errors) => shown(&errors),
    }
}

fn free_form_arguments(data: &[u8]) {
    let Some(source) = source(data) else { return };
    let node = Node::text(Span::new(Arc::clone(&source), 0..source.text().len()), source.text());
    for is_command in [false, true] {
        if let Ok(args) = freeform::parse(&node, is_command) {
            for entry in &args.map.entries {
                assert!(entry.key.as_str().is_some());
            }
        }
    }
}

/// Only hosts that there are can be selected, each once.
fn host_pattern(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // It would read files.
    if text.contains('@') {
        return;
    }
    let mut inventory = Inventory::default();
    let hosts = Source::new("hosts", "[web]\nweb[01:12]\n[db]\ndb-a\ndb-b.example.com\n[prod:children]\nweb\ndb\n");
    ini::read(&hosts, &mut inventory).expect("it is right");
    inventory.settle();
    match pattern::select(&inventory, text, Some("all")) {
        Ok(selection) => {
            let mut hosts = selection.hosts.clone();
            hosts.sort();
            hosts.dedup();
            assert_eq!(hosts.len(), selection.hosts.len());
            assert!(hosts.iter().all(|host| inventory.hosts.contains_key(host)));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// As the text of a task and as that of a file.
fn template_text(data: &[u8]) {
    let Some(source) = source(data) else { return };
    let text = source.text();
    // They would read files and run commands.
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    if words.into_iter().any(|word| matches!(word, "lookup" | "query" | "q") || word.contains("glob")) || text.contains("include") {
        return;
    }
    let templates = Templates::without_vault();
    let variables = json!({"number": 7, "text": "a b c", "list": [1, "two", null, [3.5]], "dict": {"key": "value", "items": [1]}});
    let scope = variables
        .as_object()
        .into_iter()
        .flatten()
        .fold(MapScope::new(), |scope, (name, value)| scope.with_value(name.clone(), from_json(value)));
    let scope: Arc<dyn Scope> = Arc::new(scope);
    let span = Span::new(Arc::clone(&source), 0..text.len());
    for error in [
        templates.render_str(text, &span, &scope).err(),
        templates.expression(text, &span, &scope).err(),
        templates.render_file(&source, &scope, &FileOptions::default()).err(),
    ]
    .into_iter()
    .flatten()
    {
        assert!(!error.to_string().is_empty());
    }
}

fn vault_reader(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert!(Keyring::default().decrypt(text).is_err(), "without a password");
    // Trying a password takes long on purpose.
    if is_encrypted(text) && data.len() < 600 {
        let mut keyring = Keyring::default();
        keyring.add("default", Secret::new("test"));
        if let Err(error) = keyring.decrypt(text) {
            assert!(!error.to_string().is_empty());
        }
    }
}
