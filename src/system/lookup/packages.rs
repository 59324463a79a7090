//! Which package manager answers.

use std::path::Path;

use super::{apk, dpkg, rpm};
use crate::system::{Follow, Package, Result, System};

/// An installed package of the machine's package manager; `None` also when it has no manager that is known here.
///
/// # Errors
/// When the package manager's files cannot be read or it cannot be asked.
pub fn package(system: &dyn System, name: &str) -> Result<Option<Package>> {
    if name.is_empty() || name.starts_with('-') {
        return Ok(None);
    }
    for (database, find) in
        [(dpkg::STATUS, dpkg::installed as fn(&dyn System, &str) -> Result<Option<Package>>), (apk::INSTALLED, apk::installed)]
    {
        if system.stat(Path::new(database), Follow::Yes)?.is_some() {
            return find(system, name);
        }
    }
    if system.which("rpm")?.is_some() { rpm::installed(system, name) } else { Ok(None) }
}

/// As [`package`], for machines from which reading a large database is costly: the package manager is asked where it can be.
///
/// # Errors
/// As [`package`].
pub fn package_by_query(system: &dyn System, name: &str) -> Result<Option<Package>> {
    if name.is_empty() || name.starts_with('-') {
        return Ok(None);
    }
    if system.which("dpkg-query")?.is_some() { dpkg::query(system, name) } else { package(system, name) }
}
