//! Settings by name from environment and files: `KCONF_*`, `ANSIBLE_*`, then `kconf.toml`, then `ansible.cfg`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::text::did_you_mean;
use crate::base::{Diagnostic, Diagnostics, Source, Span};

/// A setting that can stand in the environment or in a file.
pub struct Setting {
    /// Its key in `kconf.toml`; `KCONF_` with it in capitals is its variable.
    pub name: &'static str,
    /// Ansible's variable without `ANSIBLE_`, when Ansible has the setting too.
    pub variable: Option<&'static str>,
    /// Section and key in `ansible.cfg`, likewise.
    pub ini: Option<(&'static str, &'static str)>,
}

const fn setting(name: &'static str, variable: &'static str, section: &'static str, key: &'static str) -> Setting {
    Setting { name, variable: Some(variable), ini: Some((section, key)) }
}

/// A setting that Ansible has not.
const fn own(name: &'static str) -> Setting {
    Setting { name, variable: None, ini: None }
}

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    setting("inventory", "INVENTORY", "defaults", "inventory"),
    setting("forks", "FORKS", "defaults", "forks"),
    setting("host_key_checking", "HOST_KEY_CHECKING", "defaults", "host_key_checking"),
    setting("private_key_file", "PRIVATE_KEY_FILE", "defaults", "private_key_file"),
    setting("remote_user", "REMOTE_USER", "defaults", "remote_user"),
    setting("ask_pass", "ASK_PASS", "defaults", "ask_pass"),
    setting("ask_vault_pass", "ASK_VAULT_PASS", "defaults", "ask_vault_pass"),
    setting("connection", "TRANSPORT", "defaults", "transport"),
    setting("verbosity", "VERBOSITY", "defaults", "verbosity"),
    setting("managed", "MANAGED_STR", "defaults", "ansible_managed"),
    setting("output", "STDOUT_CALLBACK", "defaults", "stdout_callback"),
    setting("result_format", "CALLBACK_RESULT_FORMAT", "defaults", "callback_result_format"),
    setting("display_skipped_hosts", "DISPLAY_SKIPPED_HOSTS", "defaults", "display_skipped_hosts"),
    setting("timeout", "TIMEOUT", "defaults", "timeout"),
    setting("roles_path", "ROLES_PATH", "defaults", "roles_path"),
    setting("collections_path", "COLLECTIONS_PATH", "defaults", "collections_path"),
    setting("library", "LIBRARY", "defaults", "library"),
    setting("module_utils", "MODULE_UTILS", "defaults", "module_utils"),
    setting("action_plugins", "ACTION_PLUGINS", "defaults", "action_plugins"),
    setting("python_interpreter", "PYTHON_INTERPRETER", "defaults", "interpreter_python"),
    setting("python_modules", "PYTHON_MODULES", "kconf", "python_modules"),
    setting("ansible_core", "CORE", "kconf", "ansible_core"),
    setting("vault_password_file", "VAULT_PASSWORD_FILE", "defaults", "vault_password_file"),
    setting("vault_identity_list", "VAULT_IDENTITY_LIST", "defaults", "vault_identity_list"),
    setting("vault_encrypt_identity", "VAULT_ENCRYPT_IDENTITY", "defaults", "vault_encrypt_identity"),
    setting("gathering", "GATHERING", "defaults", "gathering"),
    setting("force_handlers", "FORCE_HANDLERS", "defaults", "force_handlers"),
    setting("any_errors_fatal", "ANY_ERRORS_FATAL", "defaults", "any_errors_fatal"),
    setting("strategy", "STRATEGY", "defaults", "strategy"),
    setting("hash_behaviour", "HASH_BEHAVIOUR", "defaults", "hash_behaviour"),
    setting("task_timeout", "TASK_TIMEOUT", "defaults", "task_timeout"),
    setting("tags", "RUN_TAGS", "tags", "run"),
    setting("skip_tags", "SKIP_TAGS", "tags", "skip"),
    setting("become", "BECOME", "privilege_escalation", "become"),
    setting("become_user", "BECOME_USER", "privilege_escalation", "become_user"),
    setting("become_method", "BECOME_METHOD", "privilege_escalation", "become_method"),
    setting("become_flags", "BECOME_FLAGS", "privilege_escalation", "become_flags"),
    setting("become_exe", "BECOME_EXE", "privilege_escalation", "become_exe"),
    setting("become_ask_pass", "BECOME_ASK_PASS", "privilege_escalation", "become_ask_pass"),
    setting("ssh_common_args", "SSH_COMMON_ARGS", "ssh_connection", "ssh_common_args"),
    setting("ssh_extra_args", "SSH_EXTRA_ARGS", "ssh_connection", "ssh_extra_args"),
    setting("diff", "DIFF_ALWAYS", "diff", "always"),
    own("journal"),
    own("journal_keep"),
];

/// Keys of `ansible.cfg` that concern what kconf does not need: Python on targets, pipelining, control sockets. They are passed over silently.
const IRRELEVANT: &[&str] = &[
    "callbacks_enabled",
    "control_path",
    "control_path_dir",
    "deprecation_warnings",
    "fact_caching",
    "fact_caching_connection",
    "fact_caching_timeout",
    "local_tmp",
    "module_lang",
    "nocows",
    "pipelining",
    "remote_tmp",
    "retry_files_enabled",
    "scp_if_ssh",
    "ssh_args",
    "system_warnings",
    "transfer_method",
];

/// A value and where it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The text.
    pub value: String,
    /// "the environment variable `X`", "`ansible.cfg`".
    pub origin: String,
    /// The folder that relative paths in it are relative to.
    pub dir: PathBuf,
    /// Where it is written, when that is a file.
    pub span: Option<Span>,
}

/// The values that were found, by setting.
#[derive(Debug, Default)]
pub struct Values {
    found: BTreeMap<&'static str, Found>,
    /// The `ansible.cfg` that was read.
    pub file: Option<PathBuf>,
    /// What should be said about the files.
    pub warnings: Vec<Diagnostic>,
}

impl Values {
    /// The value of a setting.
    pub fn get(&self, name: &str) -> Option<&Found> {
        self.found.get(name)
    }
}

/// Reads environment and files as seen from the folder `dir`.
///
/// # Errors
/// A file that cannot be read or parsed, or a key that `kconf.toml` does not have.
pub fn read(dir: &Path, home: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Values, Diagnostics> {
    let mut values = Values::default();
    let mut take = |name: &'static str, found: Found| {
        values.found.entry(name).or_insert(found);
    };
    for setting in SETTINGS {
        let theirs = setting.variable.map(|variable| format!("ANSIBLE_{variable}"));
        for name in std::iter::once(format!("KCONF_{}", setting.name.to_uppercase())).chain(theirs) {
            if let Some(value) = variable(&name).filter(|value| !value.is_empty()) {
                take(setting.name, Found { value, origin: format!("the environment variable `{name}`"), dir: dir.to_owned(), span: None });
            }
        }
    }
    let toml = dir.join("kconf.toml");
    if let Some(text) = read_if_there(&toml)? {
        for (name, value, span) in parse_toml("kconf.toml", &text)? {
            take(name, Found { value, origin: "`kconf.toml`".to_owned(), dir: dir.to_owned(), span: Some(span) });
        }
    }
    let candidates = variable("ANSIBLE_CONFIG").map(PathBuf::from).into_iter().chain([
        dir.join("ansible.cfg"),
        home.join(".ansible.cfg"),
        PathBuf::from("/etc/ansible/ansible.cfg"),
    ]);
    let mut warnings = Vec::new();
    let mut read_file = None;
    for path in candidates {
        let Some(text) = read_if_there(&path)? else { continue };
        let base = path.parent().map(Path::to_owned).unwrap_or_default();
        read_file = Some(path.clone());
        let mut unused = Vec::new();
        let source = Source::new(path.display().to_string(), text);
        let (lines, wrong) = ini_lines(&source);
        warnings.extend(wrong);
        for Line { section, key, value } in lines {
            match SETTINGS.iter().find(|s| s.ini == Some((section, key.text()))) {
                Some(setting) => take(
                    setting.name,
                    Found {
                        value: value.text().to_owned(),
                        origin: format!("`{}`", near(&path, dir)),
                        dir: base.clone(),
                        span: Some(value),
                    },
                ),
                None if IRRELEVANT.contains(&key.text()) => {}
                None => {
                    let here = SETTINGS.iter().filter_map(|setting| setting.ini).filter(|ini| ini.0 == section).map(|ini| ini.1);
                    match did_you_mean(key.text(), here) {
                        Some(hint) => warnings.push(
                            Diagnostic::warning(format!("unknown setting `{}` in `[{section}]`", key.text())).with_span(&key).hint(hint),
                        ),
                        None => unused.push(format!("[{section}] {}", key.text())),
                    }
                }
            }
        }
        if !unused.is_empty() {
            let text = format!("`{}` has settings that kconf does not use: {}", near(&path, dir), unused.join(", "));
            warnings.push(Diagnostic::warning(text));
        }
        break;
    }
    values.warnings = warnings;
    values.file = read_file;
    Ok(values)
}

#[expect(clippy::disallowed_methods, reason = "the configuration files of the program itself")]
fn read_if_there(path: &Path) -> Result<Option<String>, Diagnostic> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Diagnostic::error(format!("failed to read `{}`", path.display())).caused_by(error.to_string())),
    }
}

/// A path as people know it.
fn near<'p>(path: &'p Path, dir: &Path) -> std::path::Display<'p> {
    path.strip_prefix(dir).unwrap_or(path).display()
}

fn parse_toml(name: &str, text: &str) -> Result<Vec<(&'static str, String, Span)>, Diagnostics> {
    let source = Source::new(name, text);
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let place = error.span().unwrap_or(0..0);
        Diagnostic::at(&Span::new(source.clone(), place), "this is not valid TOML").caused_by(error.message().replace('\n', "; "))
    })?;
    // The parser keeps no places: each key is looked for where lines begin.
    let place = |key: &str| {
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let lead = line.len() - line.trim_start().len();
            if line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) {
                return Span::new(source.clone(), at + lead..at + lead + key.len());
            }
            at += line.len();
        }
        Span::synthetic(name)
    };
    let mut values = Vec::new();
    let mut errors = Diagnostics::default();
    for (key, value) in table {
        let Some(setting) = SETTINGS.iter().find(|s| s.name == key) else {
            let hint = did_you_mean(&key, SETTINGS.iter().map(|s| s.name));
            errors.push(Diagnostic::at(&place(&key), format!("unknown setting `{key}`")).maybe_hint(hint));
            continue;
        };
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Array(items) => {
                let texts: Vec<String> = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
                texts.join(if is_path_list(setting.name) { ":" } else { "," })
            }
            other => other.to_string(),
        };
        values.push((setting.name, text, place(&key)));
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

/// Whether a setting is a list of paths.
fn is_path_list(name: &str) -> bool {
    name.ends_with("_path") || matches!(name, "library" | "module_utils" | "action_plugins")
}

/// A setting of an INI file.
struct Line<'s> {
    section: &'s str,
    key: Span,
    value: Span,
}

/// The settings of an INI file, and what should be said of lines that are none.
fn ini_lines(source: &Arc<Source>) -> (Vec<Line<'_>>, Vec<Diagnostic>) {
    let mut section = "";
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    let mut offset = 0;
    for line in source.text().split_inclusive('\n') {
        let start = offset + (line.len() - line.trim_start().len());
        let (is_indented, line_length) = (start > offset, line.len());
        offset += line_length;
        let line = line.trim();
        let part = |text: &str, at: usize| Span::new(source.clone(), start + at..start + at + text.len());
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            match name.strip_suffix(']') {
                Some(name) => section = name.trim(),
                None => {
                    wrong.push(Diagnostic::warning("this section has no `]`").with_span(&part(line, 0)).hint(format!("write `{line}]`")));
                    section = name.trim();
                }
            }
        } else if let Some((key, value)) = line.split_once(['=', ':']) {
            // A comment behind a value begins with ` ;`, as Ansible reads it; `#` belongs to the value.
            let written = value.split(" ;").next().unwrap_or(value).trim();
            let at = line.len() - value.trim_start().len();
            lines.push(Line { section, key: part(key.trim_end(), 0), value: part(written, at) });
        } else if !is_indented {
            // What is indented continues the value above.
            wrong.push(Diagnostic::warning("this line is no setting: it has no `=`").with_span(&part(line, 0)));
        }
    }
    (lines, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_over_files_and_unknown_keys_are_named() {
        let dir = tempfile::tempdir().unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test writes its own files")]
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("ansible.cfg", "[defaults]\nforks = 7 ; a comment\nremote_user=old\npipelining=True\nstrange=1\n");
        write("kconf.toml", "remote_user = \"ubuntu\"\n");
        let values = read(dir.path(), dir.path(), |name| (name == "ANSIBLE_TIMEOUT").then(|| "3".to_owned())).unwrap();
        assert_eq!(values.get("forks").unwrap().value, "7");
        assert_eq!(values.get("remote_user").unwrap().value, "ubuntu");
        assert_eq!(values.get("timeout").unwrap().value, "3");
        assert!(values.warnings[0].message().contains("[defaults] strange"));
        write("kconf.toml", "remote_usr = \"x\"\n");
        let error = read(dir.path(), dir.path(), |_| None).unwrap_err().to_string();
        assert!(error.contains("did you mean `remote_user`?"), "{error}");
    }
}
