//! Identifiers of file systems by the devices that hold them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::system::System;

/// What udev tells.
pub struct Uuids(BTreeMap<String, String>);

impl Uuids {
    /// Reads them; none where there is no udev.
    pub fn read(system: &dyn System) -> Self {
        let folder = Path::new("/dev/disk/by-uuid");
        let entries = system.list(folder).unwrap_or_default().into_iter().filter_map(|entry| {
            let target = system.read_link(&folder.join(&entry.name)).ok()?;
            Some((target.file_name()?.to_string_lossy().into_owned(), entry.name.to_string_lossy().into_owned()))
        });
        Self(entries.collect())
    }

    /// That of the file system on `device`; links like `/dev/mapper/…` are followed.
    pub fn of(&self, system: &dyn System, device: &str) -> Option<String> {
        if self.0.is_empty() || !device.starts_with('/') {
            return None;
        }
        let real = system.real_path(Path::new(device)).ok()?;
        self.0.get(&*real.file_name()?.to_string_lossy()).cloned()
    }
}
