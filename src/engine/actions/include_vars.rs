//! `include_vars`: variables from files of the controller, for the rest of the run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use regex::Regex;
use serde_json::{Map, Value as Json};

use super::Action;
use crate::base::{Diagnostic, python};
use crate::engine::scope::layers::vars_of;
use crate::engine::task::{Call, Effect, Reply, Trouble};
use crate::template::{self, Binding};
use crate::yaml::{Node, Value as Yaml};

/// See the module documentation.
pub struct IncludeVars;

#[async_trait]
impl Action for IncludeVars {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let files = match (call.text("dir"), call.text("file")) {
            (Some(dir), None) => Folder::new(call)?.files(&call.find_file("vars", "dir", dir)?)?,
            (None, Some(file)) => {
                let path = call.find_file("vars", "file", file)?;
                vec![path]
            }
            _ => return Err(call.wrong("`include_vars` needs either `file` or `dir`").into()),
        };
        let mut vars: Vec<(String, Binding)> = Vec::new();
        for path in &files {
            add(call, path, &mut vars)?;
        }
        if call.text("hash_behaviour") == Some("merge") {
            merge(call, &mut vars)?;
        }
        let shown: Map<String, Json> = vars.iter().map(|(name, binding)| (name.clone(), shown(binding))).collect();
        let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
        let effect = Effect::IncludeVars { host: call.facts_host()?, vars };
        let result = [("changed", false.into()), ("ansible_facts", Json::Object(shown)), ("ansible_included_var_files", names.into())];
        Ok(Reply::of(result).with(effect))
    }
}

fn shown(binding: &Binding) -> Json {
    match binding {
        Binding::Template(node) => node.to_json(),
        Binding::Value(value) => template::to_json(value),
    }
}

/// Adds the variables of a file; with `name:` all of them as one.
fn add(call: &Call<'_>, path: &Path, vars: &mut Vec<(String, Binding)>) -> Result<(), Diagnostic> {
    let node = call.job.world.read_yaml(path).map_err(|wrong| wrong.with_span(&call.job.due.task.span))?;
    let empty = Arc::new(Node::new(call.job.due.task.span.clone(), Yaml::Map(Default::default())));
    let node = node.filter(|node| !node.is_null()).unwrap_or(empty);
    let Some(map) = node.as_map() else {
        return Err(Diagnostic::at(&node.span, format!("a file of variables must be a mapping, not {}", node.kind_name())));
    };
    match call.text("name") {
        None => vars.extend(vars_of(map).into_iter().map(|(name, node)| (name, Binding::Template(node)))),
        Some(name) => match vars.iter_mut().find(|(known, _)| known == name) {
            // Several files of a folder under one name: later ones win.
            Some((_, Binding::Template(known))) => {
                let mut all = (**known).clone();
                if let Yaml::Map(entries) = &mut all.value {
                    for entry in &map.entries {
                        entries.entries.retain(|other| other.key.as_str() != entry.key.as_str());
                        entries.entries.push(entry.clone());
                    }
                }
                *known = Arc::new(all);
            }
            _ => vars.push((name.to_owned(), Binding::Template(node.clone()))),
        },
    }
    Ok(())
}

/// `hash_behaviour: merge`: mappings are merged into those that the host has.
fn merge(call: &Call<'_>, vars: &mut [(String, Binding)]) -> Result<(), Diagnostic> {
    for (name, binding) in vars {
        let Binding::Template(node) = binding else { continue };
        let (Some(_), Some(known)) = (node.as_map(), call.ready.scope.value(name)?) else { continue };
        let (Json::Object(mut known), Json::Object(new)) = (template::to_json(&known), template::to_json(&call.ready.scope.render(node)?))
        else {
            continue;
        };
        merge_into(&mut known, new);
        *binding = Binding::Value(template::from_json(&Json::Object(known)));
    }
    Ok(())
}

fn merge_into(known: &mut Map<String, Json>, new: Map<String, Json>) {
    for (name, value) in new {
        match (known.get_mut(&name), value) {
            (Some(Json::Object(inner)), Json::Object(value)) => merge_into(inner, value),
            (_, value) => drop(known.insert(name, value)),
        }
    }
}

/// Which files of a folder are wanted.
struct Folder<'a> {
    call: &'a Call<'a>,
    depth: u64,
    matching: Option<Regex>,
    ignored: Vec<Regex>,
    extensions: Vec<String>,
    ignore_unknown: bool,
}

impl<'a> Folder<'a> {
    fn new(call: &'a Call<'a>) -> Result<Self, Diagnostic> {
        let regex = |name: &str, text: &str| {
            Regex::new(text).map_err(|error| call.wrong_at(name, format!("`{text}` is no regular expression")).caused_by(error.to_string()))
        };
        let list = |name: &str| match call.arg(name) {
            Json::Array(items) => items.iter().map(python::text).collect(),
            Json::Null => Vec::new(),
            one => vec![python::text(one)],
        };
        let ignored = list("ignore_files").iter().map(|text| regex("ignore_files", &format!("{text}$"))).collect::<Result<_, _>>()?;
        Ok(Self {
            call,
            depth: call.arg("depth").as_u64().unwrap_or(0),
            matching: call.text("files_matching").map(|text| regex("files_matching", text)).transpose()?,
            ignored,
            extensions: list("extensions"),
            ignore_unknown: call.is_true("ignore_unknown_extensions"),
        })
    }

    fn files(&self, dir: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
        if !self.call.files().is_dir(dir) {
            return Err(self.call.wrong_at("dir", format!("{} is no directory", dir.display())));
        }
        let mut files = Vec::new();
        self.walk(dir, 1, &mut files)?;
        Ok(files)
    }

    /// Files of a folder by name, then its folders.
    fn walk(&self, dir: &Path, level: u64, files: &mut Vec<PathBuf>) -> Result<(), Diagnostic> {
        let unreadable =
            |error: std::io::Error| self.call.wrong_at("dir", format!("cannot read {}", dir.display())).caused_by(error.to_string());
        let paths = self.call.files().list(dir).map_err(unreadable)?;
        for path in paths.iter().filter(|path| self.call.files().is_file(path)) {
            if self.wants(dir, path)? {
                files.push(path.clone());
            }
        }
        if self.depth == 0 || level < self.depth {
            for path in paths.iter().filter(|path| self.call.files().is_dir(path)) {
                self.walk(path, level + 1, files)?;
            }
        }
        Ok(())
    }

    fn wants(&self, dir: &Path, path: &Path) -> Result<bool, Diagnostic> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // The role has read its own `vars/main` already.
        let role_vars = self.call.job.due.task.role.as_ref().is_some_and(|role| role.dir.join("vars") == dir);
        let is_main = role_vars && path.file_stem().is_some_and(|stem| stem == "main");
        if is_main || self.ignored.iter().any(|regex| regex.is_match(&name)) {
            return Ok(false);
        }
        if self.matching.as_ref().is_some_and(|regex| !regex.is_match(&name)) {
            return Ok(false);
        }
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        match extension {
            None => Ok(true),
            Some(extension) if self.extensions.contains(&extension) => Ok(true),
            Some(_) if self.ignore_unknown => Ok(false),
            Some(_) => {
                let wrong = self.call.wrong_at("dir", format!("{} has an extension that is not one of `extensions`", path.display()));
                Err(wrong.hint("set `ignore_unknown_extensions: true` to pass over such files"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn mappings_merge_deeply_and_all_else_is_replaced() {
        let map = |value: Json| value.as_object().cloned().unwrap_or_default();
        let mut known = map(json!({"a": {"x": 1, "y": [1]}, "b": 1}));
        merge_into(&mut known, map(json!({"a": {"y": [2], "z": 3}, "b": {"c": 1}})));
        assert_eq!(Json::Object(known), json!({"a": {"x": 1, "y": [2], "z": 3}, "b": {"c": 1}}));
    }
}
