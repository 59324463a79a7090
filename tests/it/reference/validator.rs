//! The schemas, compiled by a validator that knows nothing of kconf.

use std::path::Path;
use std::sync::LazyLock;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use kconf::base::Source;
use kconf::reference::{SCHEMAS, SchemaOf, schema};
use kconf::yaml;

/// Compiled once: that takes longer than all that is done with them.
pub static VALIDATOR: LazyLock<Validator> = LazyLock::new(Validator::new);

/// All schemas.
pub struct Validator {
    schemas: Schemas,
    indices: Vec<(SchemaOf, SchemaIndex)>,
}

impl Validator {
    fn new() -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V7);
        let mut indices = Vec::new();
        for of in SCHEMAS {
            let place = format!("file:///{of}.json");
            let text = schema(*of);
            let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("the schema of {of} is no JSON: {error}"));
            compiler.add_resource(&place, value).expect("the place is an address");
            let index = compiler.compile(&place, &mut schemas).unwrap_or_else(|error| panic!("the schema of {of}: {error:#}"));
            indices.push((*of, index));
        }
        Self { schemas, indices }
    }

    /// What is wrong with a text; `None` when it is valid.
    pub fn wrong(&self, of: SchemaOf, text: &str) -> Option<String> {
        let node = yaml::load(&Source::new("test.yml", text)).unwrap_or_else(|error| panic!("{error:?}\n{text}"))?;
        let (_, index) = self.indices.iter().find(|(known, _)| *known == of)?;
        self.schemas.validate(&node.to_json(), *index).err().map(|error| format!("{error:#}"))
    }
}

/// The schema for a file at `path` within a role or beside a playbook; `None` for what is none of these.
pub fn kind_of(path: &Path, text: &str) -> Option<SchemaOf> {
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let stem = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    match (folder, stem) {
        ("meta", "argument_specs") => Some(SchemaOf::ArgumentSpecs),
        ("meta", "main") => Some(SchemaOf::Meta),
        ("handlers", _) => Some(SchemaOf::Handlers),
        ("vars" | "defaults" | "group_vars" | "host_vars" | "files" | "templates", _) => None,
        _ => {
            let node = yaml::load(&Source::new("test.yml", text)).ok()??;
            let list = node.as_list()?;
            list.first()?.as_map()?;
            let maps = || list.iter().filter_map(yaml::Node::as_map);
            let is_play = ["hosts", "import_playbook", "ansible.builtin.import_playbook"]
                .iter()
                .any(|word| maps().any(|map| map.get(word).is_some()));
            Some(if is_play { SchemaOf::Playbook } else { SchemaOf::Tasks })
        }
    }
}
