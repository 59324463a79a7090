//! Facts that the host's owner has put down in `/etc/ansible/facts.d`.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Facts, Source};
use crate::system::Command;

pub(super) fn local(source: &Source<'_, '_>) -> Facts {
    let folder = Path::new(source.fact_path);
    let mut facts = Map::new();
    for name in source.names(folder) {
        let Some(short) = name.strip_suffix(".fact") else { continue };
        let path = folder.join(&name);
        facts.insert(short.to_owned(), one(source, &path));
    }
    [("local".to_owned(), json!(facts))].into_iter().collect()
}

/// The value of one file. What is wrong with it becomes its value, so that it can be seen and does not stop the rest.
fn one(source: &Source<'_, '_>, path: &Path) -> Value {
    let stat = source.system().stat(path, crate::system::Follow::Yes).ok().flatten();
    let text = match stat {
        None => return json!("error: it cannot be read"),
        Some(stat) if stat.mode & 0o111 != 0 => {
            let mut command: Command = source.ctx.command([path.to_string_lossy().into_owned()]);
            command.timeout = Some(source.timeout);
            match source.system().probe(&command) {
                Ok(output) if output.success() => output.stdout_text(),
                Ok(output) => {
                    return json!(format!("error: the program ended with exit code {}: {}", output.rc, output.stderr_text().trim()));
                }
                Err(error) => return json!(format!("error: {error}")),
            }
        }
        Some(_) => match source.system().read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => return json!(format!("error: {error}")),
        },
    };
    if let Ok(value) = serde_json::from_str::<Value>(&text) {
        return value;
    }
    match ini(&text) {
        Some(sections) => Value::Object(sections),
        None => json!(format!("error: `{}` holds neither JSON nor INI", path.display())),
    }
}

/// Sections with their settings; names of settings are in lower case, values are text. An indented line continues the value before it.
fn ini(text: &str) -> Option<Map<String, Value>> {
    let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push((name.to_owned(), Vec::new()));
            continue;
        }
        let (_, settings) = sections.last_mut()?;
        match settings.last_mut() {
            Some((_, value)) if line.starts_with([' ', '\t']) => {
                value.push('\n');
                value.push_str(trimmed);
            }
            _ => {
                let (name, value) = trimmed.split_once(['=', ':'])?;
                settings.push((name.trim().to_lowercase(), value.trim().to_owned()));
            }
        }
    }
    if sections.is_empty() {
        return None;
    }
    let section = |settings: Vec<(String, String)>| settings.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    Some(sections.into_iter().map(|(name, settings)| (name, Value::Object(section(settings)))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ini() {
        let text = "# c\n[General]\nName = web\nport: 80\nlist=[1, 'a']\n more\n\n[other]\nx=\n";
        assert_eq!(
            ini(text).map(Value::Object),
            Some(json!({"General": {"name": "web", "port": "80", "list": "[1, 'a']\nmore"}, "other": {"x": ""}}))
        );
        assert_eq!(ini("no section\n"), None);
        assert_eq!(ini("k: v\n"), None);
    }
}
