//! Alpine's packages, from the database of apk.

use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::system::{Error, Package, Result, System};

/// apk's database.
pub(super) const INSTALLED: &str = "/lib/apk/db/installed";

/// The installed package `name`.
pub(super) fn installed(system: &dyn System, name: &str) -> Result<Option<Package>> {
    let path = Path::new(INSTALLED);
    let reader = BufReader::new(system.open(path)?);
    scan(reader, name).map_err(|error| Error::io("read", path, &error))
}

/// The paragraph of `name`: one letter, a colon and the value per line; `P` is the name and need not come first.
fn scan(reader: impl BufRead, name: &str) -> std::io::Result<Option<Package>> {
    let mut package = Package::default();
    for line in reader.split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        match line.split_once(':') {
            Some(("P", value)) => value.clone_into(&mut package.name),
            Some(("V", value)) => value.clone_into(&mut package.version),
            Some(("A", value)) => value.clone_into(&mut package.architecture),
            None if line.is_empty() => {
                if package.name == name {
                    return Ok(Some(package));
                }
                package = Package::default();
            }
            _ => {}
        }
    }
    Ok((package.name == name).then_some(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_paragraph() {
        let text = "C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\n\nC:Q2\nP:busybox\nV:1.36.1-r5\nA:x86_64\nF:bin\nR:busybox\n";
        let found = scan(text.as_bytes(), "busybox").unwrap().unwrap();
        assert_eq!((found.version.as_str(), found.architecture.as_str()), ("1.36.1-r5", "x86_64"));
        assert_eq!(scan(text.as_bytes(), "bash").unwrap(), None);
    }
}
