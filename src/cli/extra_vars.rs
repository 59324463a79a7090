//! `--extra-vars`: `key=value` pairs, JSON, YAML, or `@FILE`.

use std::path::Path;
use std::sync::Arc;

use super::exit::Failure;
use crate::base::{Diagnostic, Source};
use crate::inventory::{Vars, read};
use crate::playbook::freeform;
use crate::template::Templates;
use crate::yaml::{self, Mapping, Node};

/// All of them; later ones win.
///
/// # Errors
/// A file that cannot be read, or text that is none of the forms.
pub fn parse(texts: &[String], templates: &Templates) -> Result<Arc<Vars>, Failure> {
    let mut vars = Vars::new();
    for text in texts {
        let (read, ignored) = one(text, templates)?;
        if let Some(words) = ignored {
            super::messages::error(&Diagnostic::warning(format!("`{words}` in --extra-vars is no `key=value` and is passed over")));
        }
        for entry in read.entries {
            vars.insert(entry.key.key_text(), Arc::new(entry.value));
        }
    }
    Ok(Arc::new(vars))
}

/// The variables of one `-e`, and the words in it that are none and are passed over.
///
/// # Errors
/// As [`parse`].
pub fn one(text: &str, templates: &Templates) -> Result<(Mapping, Option<String>), Failure> {
    let all = |map| (map, None);
    if let Some(path) = text.strip_prefix('@') {
        let mut content = read::read_text(Path::new(path))?;
        if crate::vault::is_encrypted(&content) {
            let text = templates.keyring().decrypt(&content).map_err(|error| {
                Diagnostic::error(format!("failed to decrypt `{path}`"))
                    .caused_by(error.to_string())
                    .maybe_hint(error.hint().map(str::to_owned))
            })?;
            content = String::from_utf8_lossy(&text).into_owned();
        }
        return yaml_mapping(path, content).map(all);
    }
    if text.trim_start().starts_with(['{', '[']) {
        return yaml_mapping("--extra-vars", text.to_owned()).map(all);
    }
    let source = Source::new("--extra-vars", text);
    let span = crate::base::Span::new(source, 0..text.len());
    if !text.contains('=') && text.contains(':') {
        return yaml_mapping("--extra-vars", text.to_owned()).map(all);
    }
    let node = Node::text(span.clone(), text);
    let args = freeform::parse(&node, false).map_err(|_| {
        Failure::usage(Diagnostic::at(&span, "a quote or a brace is never closed").hint("expected key=value pairs, JSON, YAML, or @FILE"))
    })?;
    match args.free_form {
        // Words beside pairs are passed over by Ansible too.
        Some(raw) if !args.map.entries.is_empty() => Ok((args.map, Some(raw.as_str().unwrap_or_default().to_owned()))),
        Some(raw) => Err(Failure::usage(
            Diagnostic::at(&raw.span, "expected `key=value`").hint("--extra-vars takes key=value pairs, JSON, YAML, or @FILE"),
        )),
        None => Ok(all(args.map)),
    }
}

fn yaml_mapping(name: &str, text: String) -> Result<Mapping, Failure> {
    let source = Source::new(name, text);
    let Some(root) = yaml::load(&source).map_err(Failure::invalid)? else { return Ok(Mapping::default()) };
    match root.as_map() {
        Some(map) => Ok(map.clone()),
        None => Err(Failure::invalid(Diagnostic::at(&root.span, format!("expected a mapping of variables, found {}", root.kind_name())))),
    }
}
