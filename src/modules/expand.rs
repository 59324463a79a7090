//! `~` and `$VARIABLES` in paths, which only the target can expand.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::system::{self, System};

use super::spec::{Kind, Opt};

/// Expands every path among the arguments: `~`, `~user`, `$NAME` and `${NAME}`. `task` holds the variables of the task, which win over
/// those of the machine. What is not known stays as it is.
///
/// # Errors
/// When the machine cannot tell who or in what environment it acts.
pub fn expand_paths(
    options: &[Opt],
    args: &mut Map<String, Value>,
    system: &dyn System,
    task: &BTreeMap<String, String>,
) -> system::Result<()> {
    for opt in options {
        let Some(value) = args.get_mut(opt.name) else { continue };
        match (opt.kind, value) {
            (Kind::Path, Value::String(text)) => *text = expand(text, system, task)?,
            (Kind::List(Kind::Path), Value::Array(items)) => {
                for item in items {
                    if let Value::String(text) = item {
                        *text = expand(text, system, task)?;
                    }
                }
            }
            (Kind::Dict, Value::Object(map)) => expand_paths(opt.suboptions, map, system, task)?,
            (Kind::List(Kind::Dict), Value::Array(items)) => {
                for map in items.iter_mut().filter_map(Value::as_object_mut) {
                    expand_paths(opt.suboptions, map, system, task)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// One path, expanded as [`expand_paths`] does.
///
/// # Errors
/// When the machine cannot tell who or in what environment it acts.
pub fn expand(path: &str, system: &dyn System, task: &BTreeMap<String, String>) -> system::Result<String> {
    // Variables are replaced first, so that one whose value starts with `~` is expanded too.
    let path = if path.contains('$') { variables(path, &system.environment()?, task) } else { path.to_owned() };
    let Some(rest) = path.strip_prefix('~') else { return Ok(path) };
    let (user, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home = if user.is_empty() {
        match task.get("HOME").or(system.environment()?.get("HOME")).filter(|home| !home.is_empty()) {
            Some(home) => Some(home.clone()),
            None => Some(system.identity()?.home.to_string_lossy().into_owned()),
        }
    } else {
        system.user(user)?.map(|user| user.home.to_string_lossy().into_owned())
    };
    Ok(match home {
        Some(home) if rest.is_empty() => home,
        Some(home) => format!("{}{rest}", home.trim_end_matches('/')),
        None => path,
    })
}

/// `text` with `$NAME` and `${NAME}` replaced; unknown names stay.
pub fn variables(text: &str, environment: &BTreeMap<String, String>, task: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from_dollar) = rest.split_at(at);
        out.push_str(before);
        let after = from_dollar.get(1..).unwrap_or("");
        let (name, length) = match after.strip_prefix('{') {
            Some(braced) => match braced.split_once('}') {
                Some((name, _)) => (name, name.len() + 3),
                None => ("", 1),
            },
            None => {
                let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
                (after.get(..end).unwrap_or(""), end + 1)
            }
        };
        let (written, next) = from_dollar.split_at(length);
        match task.get(name).or_else(|| environment.get(name)) {
            Some(value) if !name.is_empty() => out.push_str(value),
            _ => out.push_str(written),
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_known_variables_only() {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>();
        let (environment, task) = (map(&[("A", "1"), ("B_2", "two")]), map(&[("A", "task")]));
        for (text, expected) in [
            ("$A/x", "task/x"),
            ("${B_2}$A", "twotask"),
            ("$NONE/${NONE}", "$NONE/${NONE}"),
            ("a$", "a$"),
            ("${A", "${A"),
            ("$$A", "$task"),
            ("ü$A", "ütask"),
        ] {
            assert_eq!(variables(text, &environment, &task), expected);
        }
    }
}
