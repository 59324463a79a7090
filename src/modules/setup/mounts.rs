//! Mounted file systems with a device behind them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::{Facts, Source};
use crate::modules::shared::describe;
use crate::modules::shared::uuids::Uuids;

pub(super) fn mounts(source: &Source<'_, '_>) -> Facts {
    let text = source.text("/proc/mounts").unwrap_or_default();
    let parts = partial(&source.text("/proc/self/mountinfo").unwrap_or_default());
    let ids = Uuids::read(source.system());
    let mut list: Vec<Value> = Vec::new();
    for line in text.lines() {
        let fields: Vec<String> = line.split(' ').map(unescape).collect();
        let [device, mount, fstype, options, dump, pass] = fields.as_slice() else { continue };
        let has_device = device.starts_with(['/', '\\']) || device.contains(":/");
        if !has_device || fstype == "none" {
            continue;
        }
        let mut options = options.clone();
        if parts.contains_key(mount.as_str()) {
            options.push_str(",bind");
        }
        let number = |text: &String| text.parse::<u32>().unwrap_or(0);
        let mut value = json!({
            "mount": mount,
            "device": device,
            "fstype": fstype,
            "options": options,
            "dump": number(dump),
            "passno": number(pass),
            "uuid": ids.of(source.system(), device).unwrap_or_else(|| "N/A".to_owned()),
        });
        if let (Ok(space), Value::Object(map)) = (source.system().space(Path::new(mount)), &mut value) {
            describe::space(map, &space);
        }
        list.push(value);
    }
    [("mounts".to_owned(), list.into())].into_iter().collect()
}

/// Spaces in the fields are written as `\040`.
fn unescape(field: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(field.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Mount points that show only a part of a file system: what is mounted there is not its root.
fn partial(mountinfo: &str) -> BTreeMap<String, String> {
    let entries = mountinfo.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, mount) = (fields.next()?, fields.next()?);
        (root != "/").then(|| (unescape(mount), unescape(root)))
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_file_systems_are_told_from_whole_ones() {
        let text = "36 35 98:0 / / rw - ext4 /dev/vda rw\n40 36 98:0 /var/x /mnt/a\\040b rw - ext4 /dev/vda rw\n";
        let parts = partial(text);
        assert_eq!(parts.get("/mnt/a b").map(String::as_str), Some("/var/x"));
        assert_eq!(parts.len(), 1);
    }
}
