//! Action groups: the modules that `group/NAME` under `module_defaults` means.
//!
//! A collection names its groups in `meta/runtime.yml`. Those of collections that people have without having them in their project are
//! known here by the collections they are for.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use crate::base::{Diagnostic, Diagnostics, text};
use crate::modules::{self, Spec};
use crate::playbook::fields::node_is_template;
use crate::yaml::{Mapping, Node};

use super::compiler::Compiler;
use super::roles::collection_bases;
use super::session::Session;

/// The beginning of a key that names a group.
const PREFIX: &str = "group/";

/// The groups of `ansible.builtin`: each stands for groups of collections.
const BUILTIN: &[(&str, &[&str])] = &[
    ("acme", &["community.crypto.acme"]),
    ("aws", &["amazon.aws.aws", "community.aws.aws"]),
    ("azure", &["azure.azcollection.azure"]),
    ("cpm", &["wti.remote.cpm"]),
    ("docker", &["community.general.docker", "community.docker.docker"]),
    ("gcp", &["google.cloud.gcp"]),
    ("k8s", &["community.kubernetes.k8s", "community.general.k8s", "community.kubevirt.k8s", "community.okd.k8s", "kubernetes.core.k8s"]),
    ("os", &["openstack.cloud.os"]),
    ("ovirt", &["ovirt.ovirt.ovirt", "community.general.ovirt"]),
    ("vmware", &["community.vmware.vmware"]),
];

/// Groups that all modules of their collection belong to.
const WHOLE: &[&str] = &["amazon.aws.aws", "community.aws.aws", "community.docker.docker", "kubernetes.core.k8s"];

/// Modules that do not, though they are in the collection of such a group: this one needs no access to AWS.
const APART: &[&str] = &["amazon.aws.ec2_metadata_facts"];

/// The modules of a group.
#[derive(Debug, Default)]
pub struct Group {
    modules: BTreeSet<String>,
    collections: BTreeSet<String>,
}

impl Group {
    /// Whether a module belongs to it that is none of kconf's own.
    pub fn has_foreign(&self, name: &str) -> bool {
        let in_collection = name.rsplit_once('.').is_some_and(|(collection, _)| self.collections.contains(collection));
        in_collection && !APART.contains(&name) || self.modules.contains(name)
    }

    /// Whether a module belongs to it.
    pub fn has(&self, spec: &Spec) -> bool {
        let is_apart = |collection: &str| APART.contains(&format!("{collection}.{}", spec.name).as_str());
        spec.collections.iter().any(|collection| self.collections.contains(*collection) && !is_apart(collection))
            || self.modules.iter().filter_map(|name| modules::find(name)).any(|found| found.name == spec.name)
    }
}

/// The groups that were named so far in a play.
#[derive(Clone, Debug, Default)]
pub struct Groups(Arc<RwLock<HashMap<String, Arc<Group>>>>);

impl Groups {
    /// The group that a key of `module_defaults` names; `None` for keys that name modules.
    pub fn of_key(&self, key: &str) -> Option<Arc<Group>> {
        let name = key.strip_prefix(PREFIX)?;
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn add(&self, name: &str, group: Group) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::new(group));
    }
}

impl Session<'_> {
    /// Checks the layers of `module_defaults`, and looks up the groups in them.
    pub(super) fn module_defaults(&mut self, node: &Node) {
        for layer in node.as_list().unwrap_or(std::slice::from_ref(node)) {
            match layer.as_map() {
                Some(map) => self.defaults_layer(map),
                // What is neither was reported when it was read.
                None if node_is_template(layer) => self.out.push(
                    Diagnostic::at(&layer.span, "`module_defaults` names its modules itself, it cannot be a template")
                        .hint("what the modules get can be one: `command: \"{{ defaults }}\"`"),
                ),
                None => {}
            }
        }
    }

    fn defaults_layer(&mut self, map: &Mapping) {
        for entry in &map.entries {
            let name = entry.key.key_text();
            if !(entry.value.is_null() || entry.value.as_map().is_some() || node_is_template(&entry.value)) {
                self.out.push(
                    Diagnostic::at(&entry.value.span, format!("the defaults of `{name}` must be a mapping"))
                        .hint("write each default as `option: value`"),
                );
            }
            match name.strip_prefix(PREFIX) {
                Some(group) => self.group(group, &entry.key),
                None if modules::find(&name).is_none() && !self.compiler.foreign.knows(&name) => self.unknown(&name, &entry.key),
                None => {}
            }
        }
    }

    fn group(&mut self, name: &str, key: &Node) {
        let mut group = Group::default();
        let full = if name.matches('.').count() >= 2 { name.to_owned() } else { format!("ansible.builtin.{name}") };
        if collect(self.compiler, &self.play.dir, &full, &mut group, &mut BTreeSet::new(), &mut self.out) {
            self.play.groups.add(name, group);
            return;
        }
        let error = Diagnostic::at(&key.span, format!("there is no group of modules `{name}`"));
        self.out.push(match full.strip_prefix("ansible.builtin.") {
            Some(short) => {
                let known = BUILTIN.iter().map(|(name, _)| *name);
                error
                    .maybe_hint(text::did_you_mean(short, known))
                    .hint("a group of a collection is written with it: `group/NAMESPACE.COLLECTION.NAME`")
            }
            None => error.hint("groups are looked up in `meta/runtime.yml` of their collection"),
        });
    }

    /// A module that is not known. Those of other collections may be good for something elsewhere.
    fn unknown(&mut self, name: &str, key: &Node) {
        let message = format!("the module `{name}` is not known, its defaults have no effect");
        let own = name.rsplit_once('.').is_none_or(|(collection, _)| matches!(collection, "ansible.builtin" | "ansible.legacy"));
        let short = name.rsplit('.').next().unwrap_or(name);
        let near = text::did_you_mean(short, modules::MODULES.iter().map(|spec| spec.name));
        self.out.push(match own {
            true => Diagnostic::at(&key.span, format!("unknown module `{name}`")).maybe_hint(near),
            false => Diagnostic::warning(message).with_span(&key.span),
        });
    }
}

/// Adds the modules of the group `full` to `group`; whether there is such a group. `seen` are the groups on the way.
fn collect(
    compiler: &Compiler,
    play_dir: &Path,
    full: &str,
    group: &mut Group,
    seen: &mut BTreeSet<String>,
    out: &mut Diagnostics,
) -> bool {
    if !seen.insert(full.to_owned()) {
        return true;
    }
    let Some((collection, name)) = full.rsplit_once('.') else { return false };
    if collection == "ansible.builtin" {
        let Some((_, others)) = BUILTIN.iter().find(|(known, _)| *known == name) else { return false };
        for other in *others {
            collect(compiler, play_dir, other, group, seen, out);
        }
        return true;
    }
    let folder = collection.replace('.', "/");
    let files = collection_bases(compiler, play_dir).into_iter();
    let file = files.map(|base| base.join("ansible_collections").join(&folder).join("meta/runtime.yml")).find(|path| path.is_file());
    let root = file.and_then(|path| compiler.read_node(&path, out));
    let members = root.as_ref().and_then(|root| root.as_map()?.get("action_groups")?.as_map()?.get(name)?.as_list());
    let Some(members) = members else {
        let known = BUILTIN.iter().any(|(_, others)| others.contains(&full));
        if WHOLE.contains(&full) {
            group.collections.insert(collection.to_owned());
        }
        return known;
    };
    let qualified = |name: &str| if name.matches('.').count() >= 2 { name.to_owned() } else { format!("{collection}.{name}") };
    for member in members {
        if let Some(module) = member.as_str() {
            group.modules.insert(qualified(module));
        }
        let extended = member.as_map().and_then(|map| map.get("metadata")?.as_map()?.get("extend_group")?.as_list());
        for other in extended.unwrap_or_default().iter().filter_map(Node::as_str) {
            collect(compiler, play_dir, &qualified(other), group, seen, out);
        }
    }
    true
}
