//! What of a command line is not written down: values that may be secrets. Who goes on with the run gives them again.

use super::extra_vars;
use super::typed::{EXTRA_VARS, option};
use crate::base::secret::MASK;
use crate::inventory::Vars;
use crate::template::Templates;
use crate::yaml::{Node, Value};

/// Parts of names whose values may be secrets. A value too much that is left out costs its being typed again; one too few is written down.
const SECRET_NAMES: [&str; 18] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "cred",
    "auth",
    "private",
    "cert",
    "vault",
    "mnemonic",
    "seed",
    "salt",
    "cookie",
    "session",
    "bearer",
    "login",
    "signature",
];

/// Whole words in names, too short to be looked for inside of others.
const SECRET_WORDS: [&str; 6] = ["pw", "pin", "dsn", "otp", "pat", "psk"];

/// Options whose value is the arguments of another program, which may be given passwords.
const ARGUMENTS_OF_OTHERS: [&str; 2] = ["--ssh-common-args", "--ssh-extra-args"];

/// Shorter values are not looked for in what a run says: they occur everywhere.
const SHORTEST: usize = 6;

/// The words of a command line as they are written down.
pub fn masked(words: &[String], templates: &Templates) -> Vec<String> {
    words.iter().map(|word| masked_word(word, templates)).collect()
}

/// Names of variables and options among `words` whose values were left out and not given since. `vars` are those of the command line.
pub fn missing(words: &[String], vars: &Vars) -> Vec<String> {
    let of_options =
        words.iter().filter_map(|word| word.strip_suffix(&format!("={MASK}"))).filter(|name| ARGUMENTS_OF_OTHERS.contains(name));
    let of_vars = vars.iter().filter(|(_, node)| node.as_str() == Some(MASK)).map(|(name, _)| name.as_str());
    of_options.chain(of_vars).map(str::to_owned).collect()
}

/// The values of variables that are left out, so that they can be masked elsewhere.
pub fn values(words: &[String], templates: &Templates) -> Vec<String> {
    let texts = words.iter().filter_map(|word| word.strip_prefix(EXTRA_VARS)?.strip_prefix('='));
    let mut found = Vec::new();
    for text in texts.filter(|text| !text.starts_with('@')) {
        let Ok((vars, _)) = extra_vars::one(text, templates) else { continue };
        for entry in vars.entries.iter().filter(|entry| is_out(&entry.key.key_text(), &entry.value, templates)) {
            leaves(&entry.value.to_json(), &mut found);
        }
    }
    found.retain(|value| value.len() >= SHORTEST);
    found
}

fn leaves(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        serde_json::Value::Object(map) => map.values().for_each(|value| leaves(value, found)),
        serde_json::Value::Number(number) => found.push(number.to_string()),
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}

fn is_out(name: &str, node: &Node, templates: &Templates) -> bool {
    is_secret_name(name) || holds_secret(node, templates)
}

fn masked_word(word: &str, templates: &Templates) -> String {
    let Some((name, value)) = option(word).and_then(|name| Some((name, word.strip_prefix(name)?.strip_prefix('=')?))) else {
        return word.to_owned();
    };
    if name == EXTRA_VARS {
        return format!("{name}={}", masked_vars(value, templates));
    }
    if ARGUMENTS_OF_OTHERS.contains(&name) && (is_secret_name(value) || is_secret(value, templates)) {
        return format!("{name}={MASK}");
    }
    word.to_owned()
}

/// One `-e`: as it is, or, when something in it is left out, as JSON.
fn masked_vars(text: &str, templates: &Templates) -> String {
    // What stands in a file stays there.
    if text.starts_with('@') {
        return text.to_owned();
    }
    // What could not be read would have ended the run.
    let Ok((vars, ignored)) = extra_vars::one(text, templates) else { return MASK.to_owned() };
    if ignored.is_none() && !vars.entries.iter().any(|entry| is_out(&entry.key.key_text(), &entry.value, templates)) {
        return text.to_owned();
    }
    let kept = vars.entries.iter().map(|entry| {
        let name = entry.key.key_text();
        let value = if is_out(&name, &entry.value, templates) { MASK.into() } else { entry.value.to_json() };
        (name, value)
    });
    serde_json::Value::Object(kept.collect()).to_string()
}

fn holds_secret(node: &Node, templates: &Templates) -> bool {
    match &node.value {
        Value::Vault(_) => true,
        Value::Str { text, .. } => is_secret(text, templates),
        Value::List(items) => items.iter().any(|item| holds_secret(item, templates)),
        Value::Map(map) => map.entries.iter().any(|entry| is_secret_name(&entry.key.key_text()) || holds_secret(&entry.value, templates)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    SECRET_NAMES.iter().any(|part| name.contains(part)) || words.any(|word| SECRET_WORDS.contains(&word))
}

/// Texts that are secrets by what they look like: private keys, logins in URLs, what a vault held.
fn is_secret(text: &str, templates: &Templates) -> bool {
    let has_login = text.split("://").skip(1).any(|rest| rest.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')));
    has_login || text.contains("-----BEGIN") || text.contains("$ANSIBLE_VAULT") || templates.secrets().mask(text) != text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(word: &str) -> String {
        masked_word(word, &Templates::without_vault())
    }

    #[test]
    fn plain_values_are_written_as_they_were_typed() {
        for word in [
            "--extra-vars=klaytn_version=v1.12.1 timeout=30",
            "--extra-vars={\"a\": [1, {\"b\": true}]}",
            "--extra-vars=@secrets.yml",
            "--limit=web:!secret",
            "--ssh-common-args=-o ProxyJump=bastion",
            "--check",
            "site.yml",
        ] {
            assert_eq!(written(word), word);
        }
    }

    #[test]
    fn what_may_be_a_secret_is_not_written() {
        for (word, expected) in [
            ("--extra-vars=db_password=hunter2 user=ops", r#"--extra-vars={"user":"ops","db_password":"********"}"#),
            ("--extra-vars={\"api\": {\"token\": \"hunter2\"}, \"n\": 1}", r#"--extra-vars={"api":"********","n":1}"#),
            ("--extra-vars=a: [{nodeKey: hunter2}]", r#"--extra-vars={"a":"********"}"#),
            ("--extra-vars=db=postgres://ops:hunter2@db/x", r#"--extra-vars={"db":"********"}"#),
            ("--extra-vars=a=1 hunter2", r#"--extra-vars={"a":"1"}"#),
            ("--extra-vars=my_pw=hunter2", r#"--extra-vars={"my_pw":"********"}"#),
            ("--extra-vars=x='-----BEGIN hunter2'", r#"--extra-vars={"x":"********"}"#),
            ("--extra-vars=\"hunter2", "--extra-vars=********"),
            ("--ssh-common-args=-o ProxyCommand='sshpass -p hunter2 ssh'", "--ssh-common-args=********"),
        ] {
            let said = written(word);
            assert!(!said.contains("hunter2"), "{said}");
            let order = |text: &str| text.chars().collect::<std::collections::BTreeSet<_>>();
            assert_eq!(order(&said), order(expected), "{said}");
        }
    }

    #[test]
    fn what_a_vault_held_is_not_written() {
        let templates = Templates::without_vault();
        templates.secrets().add("hunter22");
        assert_eq!(masked_word("--extra-vars=x=say-hunter22", &templates), r#"--extra-vars={"x":"********"}"#);
    }

    #[test]
    fn values_that_were_left_out_can_be_masked() {
        let words = [
            "--extra-vars=db_password=hunter2 user=operator",
            "--extra-vars={\"key\": [\"abcdefg\", 12345678, \"abc\"]}",
            "--limit=password=x",
        ];
        assert_eq!(values(&words.map(str::to_owned), &Templates::without_vault()), ["hunter2", "abcdefg", "12345678"]);
    }

    #[test]
    fn what_was_left_out_is_known() {
        let templates = Templates::without_vault();
        let words = ["--extra-vars={\"pw\":\"********\",\"n\":1}", "--ssh-extra-args=********", "--limit=********"].map(str::to_owned);
        let vars =
            |texts: &[&str]| extra_vars::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), &templates).unwrap();
        assert_eq!(missing(&words, &vars(&["{\"pw\":\"********\",\"n\":1}"])), ["--ssh-extra-args", "pw"]);
        assert_eq!(missing(&words[..1], &vars(&["{\"pw\":\"********\"}", "pw=given"])), Vec::<String>::new());
    }
}
