//! The arguments of a foreign module, in the form that it reads.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::base::{python, shlex};

/// How a module wants its arguments.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// On standard input, for the wrapper of the archive.
    Archive,
    /// In a file, as JSON.
    Json,
    /// In a file, as `name=value` words.
    Pairs,
    /// In its own text.
    Inside,
}

impl Format {
    /// What it reads.
    pub(super) fn input(self, entry: &str, arguments: &Map<String, Value>) -> Vec<u8> {
        match self {
            Self::Archive => json!({"module": entry, "arguments": arguments}).to_string().into_bytes(),
            Self::Json => Value::Object(arguments.clone()).to_string().into_bytes(),
            Self::Pairs => pairs(arguments).into_bytes(),
            Self::Inside => Vec::new(),
        }
    }
}

/// Words as a shell would split them; values as Python shows them. Those of the task come first, by name.
fn pairs(arguments: &Map<String, Value>) -> String {
    let (mut own, told): (Vec<_>, Vec<_>) = arguments.iter().partition(|(name, _)| !super::is_internal(name));
    own.sort_by_key(|(name, _)| *name);
    let text = |value: &Value| if value.is_null() { "None".to_owned() } else { python::text(value) };
    own.into_iter().chain(told).map(|(name, value)| format!("{name}={} ", shlex::quote(&text(value)))).collect()
}

/// The text of a module with its arguments, and what it wants to know of kconf, in the place of the marks for them.
pub(super) fn fill(text: &str, arguments: &Map<String, Value>) -> String {
    let plain = |name: &str| arguments.get(name).map(python::text).unwrap_or_default();
    let special = arguments.get("_ansible_selinux_special_fs").and_then(Value::as_array).cloned().unwrap_or_default();
    let special: Vec<&str> = special.iter().filter_map(Value::as_str).collect();
    text.replace("<<ANSIBLE_VERSION>>", &plain("_ansible_version"))
        .replace("<<SELINUX_SPECIAL_FILESYSTEMS>>", &special.join(","))
        // Last: arguments are data, no mark in them is one.
        .replace("<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>", &Value::Object(arguments.clone()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments() -> Map<String, Value> {
        let value = json!({"a": 1, "b": [1, "x y"], "e": true, "n": null, "s": "it's", "_ansible_selinux_special_fs": ["nfs", "9p"]});
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn pairs_are_words_of_a_shell_with_values_of_python() {
        let expected = "a=1 b='[1, '\"'\"'x y'\"'\"']' e=True n=None s='it'\"'\"'s' _ansible_selinux_special_fs=";
        assert!(pairs(&arguments()).starts_with(expected), "{}", pairs(&arguments()));
    }

    #[test]
    fn marks_in_the_text_are_filled_and_those_in_arguments_are_not() {
        let mut arguments = arguments();
        arguments.insert("t".to_owned(), "<<ANSIBLE_VERSION>>".into());
        arguments.insert("_ansible_version".to_owned(), "2.19".into());
        let filled =
            fill("v='<<ANSIBLE_VERSION>>' f='<<SELINUX_SPECIAL_FILESYSTEMS>>' a='''<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'''", &arguments);
        assert!(filled.starts_with("v='2.19' f='nfs,9p' a='''{\"a\":1,"), "{filled}");
        assert!(filled.contains("\"t\":\"<<ANSIBLE_VERSION>>\""), "{filled}");
    }

    #[test]
    fn the_wrapper_gets_the_name_of_the_module() {
        let input: Value = serde_json::from_slice(&Format::Archive.input("ansible.legacy.x", &arguments())).unwrap();
        assert_eq!((input["module"].as_str(), input["arguments"]["a"].as_i64()), (Some("ansible.legacy.x"), Some(1)));
    }
}
