//! Names that must be known before anything runs: files and roles that are imported, tags.

use std::path::Path;
use std::sync::Arc;

use crate::base::{Diagnostic, Diagnostics, text};
use crate::playbook::{Fields, fields};
use crate::template::{self, MapScope, Scope};
use crate::yaml::{Mapping, Node, Value};

use super::session::{Place, Session};

impl Session<'_> {
    /// The text of `node`, a template over variables that are known without a host; `None` when that failed, and was said.
    pub(super) fn render(&mut self, node: &Node, place: &Place) -> Option<String> {
        match &node.value {
            Value::Str { text, is_unsafe, .. } if *is_unsafe || !fields::is_template(text) => Some(text.clone()),
            Value::Str { .. } | Value::Vault(_) => match self.compiler.inputs.templates.render_text(node, &self.scope(place)) {
                Ok(text) => Some(text),
                Err(error) => {
                    self.out.push(error.hint(NO_HOST));
                    None
                }
            },
            _ => Some(node.key_text()),
        }
    }

    /// The tags of something: a comma-separated text, or a list of tags. A template may give several.
    pub(super) fn tags(&mut self, fields: &Fields, place: &Place) -> Vec<String> {
        let mut tags = Vec::new();
        match fields.get("tags") {
            None => {}
            Some(Node { value: Value::Str { text, .. }, .. }) if !fields::is_template(text) => {
                tags.extend(text.split(',').map(|tag| tag.trim().to_owned()));
            }
            Some(_) => {
                for node in fields.list("tags") {
                    self.add_tags(&node, place, &mut tags);
                }
            }
        }
        tags.retain(|tag| !tag.is_empty());
        tags
    }

    fn add_tags(&mut self, node: &Node, place: &Place, tags: &mut Vec<String>) {
        if !fields::node_is_template(node) {
            tags.push(node.key_text());
            return;
        }
        let rendered = self.compiler.inputs.templates.render_node(node, &self.scope(place)).map(|value| template::to_json(&value));
        match rendered {
            Ok(serde_json::Value::Array(items)) => tags.extend(items.iter().map(crate::base::python::text)),
            Ok(one) => tags.push(crate::base::python::text(&one)),
            Err(error) => self.out.push(error.hint(NO_HOST)),
        }
    }

    /// The variables that are known at `place` without a host.
    fn scope(&self, place: &Place) -> Arc<dyn Scope> {
        let mut layers: Vec<Arc<Mapping>> = self.roles.iter().flat_map(|role| role.defaults.iter().cloned()).collect();
        let role = place.role.as_deref();
        layers.extend(role.map(|role| role.default_layers()).unwrap_or_default());
        layers.push(self.play.vars.clone());
        layers.extend(self.play.vars_files.iter().filter_map(|node| self.vars_file(node)));
        layers.extend(self.roles.iter().flat_map(|role| role.vars.iter().cloned()));
        layers.extend(role.map(|role| role.var_layers()).unwrap_or_default());
        layers.extend(place.keywords.vars.iter().cloned());
        layers.extend(place.keywords.include_params.iter().cloned());
        layers.extend(role.map(|role| role.params.clone()));
        let mut scope = MapScope::new().with_value("playbook_dir", shown(&self.play.dir));
        for entry in layers.iter().flat_map(|layer| &layer.entries) {
            scope = scope.with_template(entry.key.key_text(), Arc::new(entry.value.clone()));
        }
        if let Some(role) = role {
            scope = scope
                .with_value("role_name", role.name.as_str())
                .with_value("ansible_role_name", role.name.as_str())
                .with_value("role_path", shown(&role.dir));
        }
        for (name, node) in &self.compiler.inputs.extra_vars {
            scope = scope.with_template(name, node.clone());
        }
        let folders = role.map(|role| role.dir.clone()).into_iter().chain(place.dirs.iter().cloned()).chain([self.play.dir.clone()]);
        Arc::new(scope.with_search_path(folders.collect()))
    }

    /// Reads the files of variables of the play whose names are written out. Where nothing runs before the play, they must be there.
    pub(super) fn check_vars_files(&mut self, is_first: bool) {
        let files = &self.compiler.files;
        let play = self.play.clone();
        for node in &play.vars_files {
            let Some(name) = node.as_str().filter(|name| !fields::is_template(name)) else { continue };
            let places = [files.absolute(&play.dir.join("vars"), name), files.absolute(&play.dir, name)];
            match places.iter().find(|path| path.is_file()) {
                Some(path) => {
                    let root = self.compiler.read_node(path, &mut self.out);
                    if let Some(root) = root.filter(|root| !root.is_null() && root.as_map().is_none()) {
                        let what = format!("a file of variables must be a mapping, not {}", root.kind_name());
                        self.out.push(Diagnostic::at(&root.span, what));
                    }
                }
                None if is_first => {
                    let looked: Vec<String> = places.iter().map(|path| files.shown(path)).collect();
                    self.out.push(
                        Diagnostic::at(&node.span, "there is no such file of variables")
                            .maybe_hint(
                                places.iter().find(|path| path.parent().is_some_and(Path::is_dir)).and_then(|path| files.near(path)),
                            )
                            .hint(format!("looked for {}", text::list(&looked))),
                    );
                }
                None => {}
            }
        }
    }

    /// What a file of `vars_files:` holds, if its name is no template. What is wrong with it comes up when the play starts.
    fn vars_file(&self, node: &Node) -> Option<Arc<Mapping>> {
        let names = node.as_list().unwrap_or_else(|| std::slice::from_ref(node));
        let files = &self.compiler.files;
        let paths = names
            .iter()
            .filter_map(Node::as_str)
            .filter(|name| !fields::is_template(name))
            .map(|name| files.absolute(&self.play.dir, name));
        let path = paths.into_iter().find(|path| path.is_file())?;
        let root = self.compiler.read_node(&path, &mut Diagnostics::default())?;
        Some(Arc::new(root.as_map()?.clone()))
    }
}

/// What is known here, for those who used something else.
const NO_HOST: &str = "this is read before any host is known: it can use variables of the command line, of the play and of roles; \
                       what depends on hosts needs `include_tasks` or `include_role`";

fn shown(path: &Path) -> String {
    path.display().to_string()
}
