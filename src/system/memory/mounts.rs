//! What is mounted: which paths are read-only, and the mount tables as they would be.

use std::path::{Path, PathBuf};

use super::View;
use crate::system::{ErrorKind, Result};

/// Where the kernel shows the mount table in the format of fstab.
const TABLES: &[&str] = &["/proc/mounts", "/proc/self/mounts", "/etc/mtab"];
/// Where it shows it with more detail.
const DETAILED: &str = "/proc/self/mountinfo";

impl View<'_> {
    /// Whether `place` is on a file system that is mounted read-only.
    pub(super) fn is_read_only(&self, place: &Path) -> bool {
        let table = self.memory.mounts.get_or_init(|| {
            let below = self.below.and_then(|below| below.read(Path::new("/proc/mounts")).ok());
            below.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
        });
        if self.memory.catalogue.mounts().any(|(target, _)| place.starts_with(target)) {
            return false;
        }
        let mut best: Option<(PathBuf, bool)> = None;
        for line in table.lines() {
            let mut fields = line.split(' ').skip(1);
            let (Some(target), Some(options)) = (fields.next(), fields.nth(1)) else { continue };
            let target = PathBuf::from(unescape(target));
            // A later mount hides an earlier one on the same directory.
            if place.starts_with(&target) && best.as_ref().is_none_or(|(other, _)| target.starts_with(other)) {
                best = Some((target, options.split(',').any(|option| option == "ro")));
            }
        }
        best.is_some_and(|(_, read_only)| read_only)
    }

    /// The text of a mount table with the mounts that differ; `None` when `path` is none or nothing differs.
    pub(super) fn mount_table(&self, path: &Path) -> Result<Option<String>> {
        let detailed = path == Path::new(DETAILED);
        if self.memory.catalogue.mounts().next().is_none() || !(detailed || TABLES.iter().any(|table| path == Path::new(table))) {
            return Ok(None);
        }
        let text = match self.below.map(|below| below.read(path)) {
            Some(Err(error)) if error.kind != ErrorKind::NotFound => return Err(error),
            Some(Ok(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        };
        let target_field = if detailed { 4 } else { 1 };
        let differs = |line: &str| {
            let target = PathBuf::from(unescape(line.split(' ').nth(target_field).unwrap_or_default()));
            self.memory.catalogue.mounts().any(|(other, _)| *other == target)
        };
        let mut lines: Vec<String> = text.lines().filter(|line| !differs(line)).map(str::to_owned).collect();
        for (target, mount) in self.memory.catalogue.mounts() {
            let Some((source, fstype)) = mount else { continue };
            let (source, target) = (escape(source), escape(&target.to_string_lossy()));
            lines.push(if detailed {
                format!("0 0 0:0 / {target} rw,relatime - {fstype} {source} rw")
            } else {
                format!("{source} {target} {fstype} rw,relatime 0 0")
            });
        }
        lines.push(String::new());
        Ok(Some(lines.join("\n")))
    }
}

/// Blanks and backslashes as the kernel writes them.
fn escape(text: &str) -> String {
    text.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011").replace('\n', "\\012")
}

fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}
