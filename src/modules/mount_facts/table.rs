//! Tables of mounts as Linux writes them: `/proc/mounts`, `/etc/fstab`, what `mount` prints.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

/// A line of a table.
pub(super) struct Mount {
    /// What is mounted.
    pub(super) device: String,
    /// Where.
    pub(super) mount: String,
    /// The type of file system.
    pub(super) fstype: String,
    options: String,
    dump: Option<u32>,
    pass: Option<u32>,
    /// Which table it is from.
    pub(super) source: String,
    line: String,
}

impl Mount {
    /// What results say of it.
    pub(super) fn value(&self) -> Map<String, Value> {
        let entries = [
            ("mount", json!(self.mount)),
            ("device", json!(self.device)),
            ("fstype", json!(self.fstype)),
            ("options", json!(self.options)),
            ("ansible_context", json!({"source": self.source, "source_data": self.line})),
        ];
        let numbers = [("dump", self.dump), ("passno", self.pass)];
        let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name, json!(number?))));
        entries.into_iter().chain(numbers).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// The mounts that a file lists; `None` when it is no table.
pub(super) fn of_file(text: &str, source: &str) -> Option<Vec<Mount>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| entry(line, source)).collect()
}

fn entry(line: &str, source: &str) -> Option<Mount> {
    let fields: Vec<String> = line.split_whitespace().take_while(|field| !field.starts_with('#')).map(unescape).collect();
    let [device, mount, fstype, options, rest @ ..] = fields.as_slice() else { return None };
    if rest.len() > 2 {
        return None;
    }
    let numbers: Vec<u32> = rest.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
    Some(Mount {
        device: device.clone(),
        mount: mount.clone(),
        fstype: fstype.clone(),
        options: options.clone(),
        dump: numbers.first().copied(),
        pass: numbers.get(1).copied(),
        source: source.to_owned(),
        line: line.to_owned(),
    })
}

/// The mounts that a command lists; `None` when it lists something else.
pub(super) fn of_command(text: &str, source: &str) -> Option<Vec<Mount>> {
    static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^(.+?) on (/.*) type (\S+) \((.*?)\)(?: \[.*\])?$").ok());
    let expression = LINE.as_ref()?;
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mounts = lines.map(|line| {
        let found = expression.captures(line)?;
        let part = |at: usize| found.get(at).map(|part| part.as_str().to_owned());
        Some(Mount {
            device: part(1)?,
            mount: part(2)?,
            fstype: part(3)?,
            options: part(4)?,
            dump: None,
            pass: None,
            source: source.to_owned(),
            line: line.to_owned(),
        })
    });
    mounts.collect()
}

/// Blanks and backslashes in fields are written as octal numbers.
fn unescape(field: &str) -> String {
    let mut text = String::new();
    let mut rest = field;
    while let Some((before, behind)) = rest.split_once('\\') {
        text.push_str(before);
        let code = behind.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(u8::is_ascii);
        match code {
            Some(code) => {
                text.push(char::from(code));
                rest = behind.get(3..).unwrap_or_default();
            }
            None => {
                text.push('\\');
                rest = behind;
            }
        }
    }
    text + rest
}
