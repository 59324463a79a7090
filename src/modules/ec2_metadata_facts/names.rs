//! Documents as facts: their names, and what is made of some of them.

use serde_json::{Map, Value};

use super::service::Document;

/// The value of what is not there.
pub(super) const NOTHING: &str = "None";
const PREFIX: &str = "ansible_ec2_";
/// Lists that become texts with commas.
const COMMA_LISTS: &[&str] = &["security-groups", "security-group-ids"];
/// Fields of documents that are secrets.
const SECRET_FIELDS: &[&str] = &["secretaccesskey", "token"];

/// Facts by the names that the service has for them, with `-` between the parts of a path.
#[derive(Default)]
pub(super) struct Facts {
    values: Map<String, Value>,
    secrets: Vec<String>,
}

impl Facts {
    /// Adds what a document says.
    pub(super) fn add(&mut self, document: &Document) {
        let name = document.name();
        let text = document.content.as_deref().unwrap_or(NOTHING);
        let path: Vec<&str> = document.path.iter().map(String::as_str).collect();
        if let ["iam", "security-credentials", role] = path.as_slice()
            && !role.contains(':')
        {
            self.set("iam-instance-profile-role", (*role).into());
        }
        let is_list = path.last().is_some_and(|last| COMMA_LISTS.contains(last));
        self.set(&name, if is_list { text.replace('\n', ",").into() } else { text.into() });
        let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return };
        for (field, value) in fields {
            let field = field.to_lowercase();
            if let (true, Value::String(secret)) = (SECRET_FIELDS.contains(&field.as_str()), &value) {
                self.secrets.push(secret.clone());
            }
            self.set(&format!("{name}-{field}"), value);
        }
    }

    /// Sets the value of `name`.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// The value of `name`.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// The facts under their final names, and texts among them that are secrets.
    pub(super) fn finish(self) -> (Map<String, Value>, Vec<String>) {
        // Of names that become the same, one that had to be changed wins, as with Ansible.
        let (changed, kept): (Vec<_>, Vec<_>) = self.values.into_iter().partition(|(name, _)| name.contains(['-', ':']));
        let facts = kept.into_iter().chain(changed).map(|(name, value)| (format!("{PREFIX}{}", name.replace(['-', ':'], "_")), value));
        (facts.collect(), self.secrets)
    }
}

/// The tags of the instance, which the service has when the instance allows it.
pub(super) fn tags(documents: &[Document]) -> Map<String, Value> {
    let tag = |document: &Document| match document.path.as_slice() {
        [tags, instance, name] if tags == "tags" && instance == "instance" => {
            Some((name.clone(), document.content.as_deref().unwrap_or(NOTHING).into()))
        }
        _ => None,
    };
    documents.iter().filter_map(tag).collect()
}
