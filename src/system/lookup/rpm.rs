//! Packages of rpm, by asking it (its database has no stable format).

use super::plain;
use crate::system::{Package, Result, System};

const FORMAT: &str = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\n";

/// The installed package `name`, the newest when there are several (kernels).
pub(super) fn installed(system: &dyn System, name: &str) -> Result<Option<Package>> {
    let output = system.probe(&plain(["rpm", "-q", "--qf", FORMAT, "--", name]))?;
    Ok(if output.success() { output.stdout_text().lines().rev().find_map(parse) } else { None })
}

fn parse(line: &str) -> Option<Package> {
    let mut fields = line.split('\t');
    let (name, version, architecture) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Package { name: name.to_owned(), version: version.to_owned(), architecture: architecture.to_owned(), held: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::fake::Fake;

    #[test]
    fn the_last_line_is_the_newest() {
        let fake = Fake::new()
            .answer(&["rpm", "-q", "--qf", FORMAT, "--", "kernel"], 0, "kernel\t4.1-1\tx86_64\nkernel\t1:5.0-2\tx86_64\n", "")
            .answer(&["rpm"], 1, "package x is not installed\n", "");
        assert_eq!(installed(&fake, "kernel").unwrap().unwrap().version, "1:5.0-2");
        assert_eq!(installed(&fake, "x").unwrap(), None);
    }
}
