//! Debian's packages, from the status file of dpkg.

use std::io::{BufRead, BufReader};
use std::path::Path;

use super::plain;
use crate::system::{Error, Package, Result, System};

/// dpkg's database.
pub(super) const STATUS: &str = "/var/lib/dpkg/status";

/// The installed package `name`, which may carry an architecture: `libc6:i386`.
pub(super) fn installed(system: &dyn System, name: &str) -> Result<Option<Package>> {
    let (name, architecture) = match name.split_once(':') {
        Some((name, architecture)) => (name, Some(architecture)),
        None => (name, None),
    };
    let path = Path::new(STATUS);
    let reader = BufReader::new(system.open(path)?);
    scan(reader, name, architecture).map_err(|error| Error::io("read", path, &error))
}

/// The same by asking dpkg.
pub(super) fn query(system: &dyn System, name: &str) -> Result<Option<Package>> {
    let format = "--showformat=${Package}\\t${Status}\\t${Version}\\t${Architecture}\\n";
    let output = system.probe(&plain(["dpkg-query", "--show", format, "--", name]))?;
    let wanted = name.split_once(':').map(|(_, architecture)| architecture);
    Ok(output.stdout_text().lines().find_map(|line| {
        let mut fields = line.split('\t');
        let name = fields.next()?;
        let mut field = || fields.next().map(str::to_owned);
        let stanza = Stanza { status: field()?, version: field()?, architecture: field()? };
        stanza.matches(wanted).then(|| stanza.into_package(name))
    }))
}

/// The first stanza that matches and is installed.
fn scan(reader: impl BufRead, name: &str, architecture: Option<&str>) -> std::io::Result<Option<Package>> {
    let mut stanza = Stanza::default();
    let mut ours = false;
    for line in reader.split(b'\n') {
        let line = line?;
        if line.is_empty() {
            if ours && stanza.matches(architecture) {
                return Ok(Some(stanza.into_package(name)));
            }
            (stanza, ours) = (Stanza::default(), false);
        } else if let Some(value) = field(&line, "Package") {
            ours = value == name;
        } else if ours {
            if let Some(value) = field(&line, "Status") {
                value.clone_into(&mut stanza.status);
            } else if let Some(value) = field(&line, "Version") {
                value.clone_into(&mut stanza.version);
            } else if let Some(value) = field(&line, "Architecture") {
                value.clone_into(&mut stanza.architecture);
            }
        }
    }
    Ok((ours && stanza.matches(architecture)).then(|| stanza.into_package(name)))
}

fn field<'a>(line: &'a [u8], name: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
    std::str::from_utf8(rest).ok().map(str::trim)
}

#[derive(Default)]
struct Stanza {
    status: String,
    version: String,
    architecture: String,
}

impl Stanza {
    fn matches(&self, architecture: Option<&str>) -> bool {
        let installed =
            self.status.ends_with(" installed") || self.status.ends_with(" triggers-pending") || self.status.ends_with(" triggers-awaited");
        installed && architecture.is_none_or(|wanted| wanted == self.architecture || wanted == "any")
    }

    fn into_package(self, name: &str) -> Package {
        let held = self.status.starts_with("hold ");
        Package { name: name.to_owned(), version: self.version, architecture: self.architecture, held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Package: zlib\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: amd64\n\n\
        Package: nginx\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 1.22.1-9\nDescription: web\n server\n Package: fake\n\n\
        Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36\n\n\
        Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.36\n";

    #[test]
    fn finds_what_is_installed() {
        let find = |name, architecture| scan(TEXT.as_bytes(), name, architecture).unwrap();
        let nginx = find("nginx", None).unwrap();
        assert_eq!((nginx.version.as_str(), nginx.architecture.as_str(), nginx.held), ("1.22.1-9", "amd64", true));
        assert_eq!(find("zlib", None), None, "removed, configuration left");
        assert_eq!(find("libc6", Some("i386")).unwrap().architecture, "i386");
        assert_eq!(find("libc6", Some("arm64")), None);
        assert_eq!(find("fake", None), None);
    }

    #[test]
    fn dpkg_answers_the_same() {
        let text = "libc6\tinstall ok installed\t2.36\tamd64\nlibc6\thold ok installed\t2.36\ti386\n";
        let fake = crate::system::fake::Fake::new().answer(&["dpkg-query"], 0, text, "");
        assert_eq!(query(&fake, "libc6").unwrap().unwrap().architecture, "amd64");
        assert!(query(&fake, "libc6:i386").unwrap().unwrap().held);
        assert_eq!(query(&fake, "libc6:arm64").unwrap(), None);
    }
}
