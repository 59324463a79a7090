//! The table in which dnf says what it would do.

use crate::system::Package;

/// What dnf would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transaction {
    /// Its rows, without those that are left out.
    pub(super) rows: Vec<Row>,
    /// Titles and names of groups and streams that it would remember: "Installing Groups: My Group".
    pub(super) notes: Vec<String>,
}

/// A package in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) step: Step,
    pub(super) package: Package,
}

/// What becomes of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Install,
    Upgrade,
    Downgrade,
    Remove,
    /// Another one takes its place.
    Replaced,
}

/// What the lines below a title are.
#[derive(Clone, Copy)]
enum Section<'t> {
    Packages(Step),
    Notes(&'t str),
    /// What is left out, or nothing that changes.
    Other,
}

impl Transaction {
    /// Reads what dnf 4 and dnf 5 write.
    pub(super) fn parse(text: &str) -> Self {
        let mut found = Self::default();
        let mut section = Section::Other;
        let mut cells: Vec<&str> = Vec::new();
        for line in text.lines() {
            if line.starts_with("Transaction Summary") {
                break;
            }
            if !line.starts_with(' ') {
                section = line.strip_suffix(':').map_or(section, section_of);
                cells.clear();
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            match section {
                Section::Other => {}
                Section::Notes(title) => found.notes.push(format!("{title}: {}", words.join(" "))),
                Section::Packages(_) if words.first() == Some(&"replacing") => {
                    found.rows.extend(replaced(words.get(1..).unwrap_or_default()).map(|package| Row { step: Step::Replaced, package }));
                }
                Section::Packages(step) => {
                    // A name that is too wide has the line to itself, and the rest comes in the next one.
                    cells.extend(words);
                    if let [name, architecture, version, _, ..] = cells.as_slice() {
                        found.rows.push(Row { step, package: package(name, architecture, version) });
                        cells.clear();
                    }
                }
            }
        }
        found
    }

    /// Packages that come, in this version.
    pub(super) fn coming(&self) -> impl Iterator<Item = &Package> {
        self.rows.iter().filter(|row| !matches!(row.step, Step::Remove | Step::Replaced)).map(|row| &row.package)
    }

    /// Packages that go, with no other version of them in their place.
    pub(super) fn going(&self) -> impl Iterator<Item = &Package> {
        self.rows.iter().filter(|row| matches!(row.step, Step::Remove | Step::Replaced)).map(|row| &row.package)
    }
}

fn section_of(title: &str) -> Section<'_> {
    let lower = title.to_lowercase();
    let of_packages = lower.contains("packages") || lower.contains("dependencies") || !lower.contains(' ');
    match lower.split(' ').next() {
        Some("installing" | "reinstalling") if of_packages => Section::Packages(Step::Install),
        Some("upgrading") if of_packages => Section::Packages(Step::Upgrade),
        Some("downgrading") if of_packages => Section::Packages(Step::Downgrade),
        Some("removing") if of_packages => Section::Packages(Step::Remove),
        Some("installing" | "upgrading" | "removing" | "enabling" | "switching" | "disabling" | "resetting") => Section::Notes(title),
        _ => Section::Other,
    }
}

/// `tool.noarch 1.0-1` of dnf 4, `tool noarch 0:1.0-1 base 4.0 B` of dnf 5.
fn replaced(words: &[&str]) -> Option<Package> {
    match words {
        [name, architecture, version, _, ..] => Some(package(name, architecture, version)),
        [name, version] => {
            let (name, architecture) = name.rsplit_once('.')?;
            Some(package(name, architecture, version))
        }
        _ => None,
    }
}

fn package(name: &str, architecture: &str, version: &str) -> Package {
    // The epoch 0 is none.
    let version = version.strip_prefix("0:").unwrap_or(version);
    Package { name: name.to_owned(), version: version.to_owned(), architecture: architecture.to_owned(), held: false }
}

/// How results name a package: `app-2:1.0-1.noarch`.
pub(super) fn shown(package: &Package) -> String {
    format!("{}-{}.{}", package.name, package.version, package.architecture)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<String> {
        Transaction::parse(text).rows.iter().map(|row| format!("{:?} {}", row.step, shown(&row.package))).collect()
    }

    #[test]
    fn the_table_of_dnf_4_is_read() {
        let text = "Dependencies resolved.\n==========\n Package   Arch    Version Repo   Size\n==========\nInstalling:\n renamed   noarch  2.0-1  extra  6.0 k\n     replacing  tool.noarch 1.0-1\n\
            a-title-that-nobody-knows:\n nothing noarch 1 x 1 k\nInstalling dependencies:\n a-package-with-a-very-long-name\n           noarch  2:1.0-1 base  5.9 k\nDowngrading:\n app noarch 1.0-1 base 5.9 k\n\
            Removing unused dependencies:\n lib             noarch             1.0-1               @base               4  \n\
            Installing group/module packages:\n weak noarch 1.0-1 base 5.9 k\nInstalling Groups:\n My Group    \nEnabling module streams:\n nodejs 20\n\
            Skipping packages with conflicts:\n(add '--best --allowerasing' to command line to force their upgrade):\n lost noarch 1.0-1 base 1 k\n\
            Skipping packages with broken dependencies:\n broken noarch 1.0-1 base 5.9 k\n\nTransaction Summary\n====\nInstall  1 Package\n";
        assert_eq!(
            steps(text),
            [
                "Install renamed-2.0-1.noarch",
                "Replaced tool-1.0-1.noarch",
                "Install a-package-with-a-very-long-name-2:1.0-1.noarch",
                "Downgrade app-1.0-1.noarch",
                "Remove lib-1.0-1.noarch",
                "Install weak-1.0-1.noarch",
            ]
        );
        assert_eq!(Transaction::parse(text).notes, ["Installing Groups: My Group", "Enabling module streams: nodejs 20"]);
        assert_eq!(Transaction::parse("Dependencies resolved.\nNothing to do.\nComplete!\n"), Transaction::default());
    }

    #[test]
    fn the_table_of_dnf_5_is_read() {
        let text = "Updating and loading repositories:\n base    100% |   9.3 MiB/s |   9.5 KiB |  00m00s\nRepositories loaded.\nPackage          Arch   Version Repository      Size\nUpgrading:\n \
            app             noarch 0:2.0-1 base         4.0   B\n   replacing app noarch 0:1.0-1 base         4.0   B\nRemoving dependent packages:\n tool   noarch 2:1.0-1 base         4.0   B\n\
            Installing groups:\n My Group\n\nTransaction Summary:\n Upgrading:          1 package\n Replacing:          1 package\n";
        assert_eq!(steps(text), ["Upgrade app-2.0-1.noarch", "Replaced app-1.0-1.noarch", "Remove tool-2:1.0-1.noarch"]);
        assert_eq!(Transaction::parse(text).notes, ["Installing groups: My Group"]);
    }
}
