//! Started under the name of one of Ansible's programs (by a link), kconf takes that program's command line.
//!
//! Options that both have are passed on as they are; here stands what is called or written differently.

use std::path::Path;

use super::exit;

/// The program that kconf was started as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guise {
    /// Itself.
    Kconf,
    /// `ansible-playbook`.
    Playbook,
    /// `ansible`.
    Adhoc,
    /// `ansible-inventory`.
    Inventory,
    /// `ansible-vault`.
    Vault,
    /// `ansible-doc`.
    Doc,
}

impl Guise {
    /// By the path that the program was started with.
    pub fn of(program: &str) -> Self {
        match Path::new(program).file_name().and_then(|name| name.to_str()) {
            Some("ansible-playbook") => Self::Playbook,
            Some("ansible") => Self::Adhoc,
            Some("ansible-inventory") => Self::Inventory,
            Some("ansible-vault") => Self::Vault,
            Some("ansible-doc") => Self::Doc,
            _ => Self::Kconf,
        }
    }

    /// The command line as kconf's own. `given` begins with the program.
    pub fn arguments(self, given: Vec<String>) -> Vec<String> {
        let rest = given.iter().skip(1).cloned();
        match self {
            Self::Kconf => given,
            Self::Playbook => own(&["run"]).chain(rest).collect(),
            Self::Adhoc => adhoc(rest),
            Self::Inventory => inventory(rest),
            Self::Vault => own(&["vault"]).chain(rest).collect(),
            Self::Doc => doc(rest),
        }
    }

    /// The exit code as the program would give it.
    pub fn exit_code(self, code: u8) -> u8 {
        match (self, code) {
            (Self::Kconf, code) => code,
            // Errors in playbooks and inventories have the number of unreachable hosts there; a wrong command line is Python's.
            (_, exit::INVALID) => exit::UNREACHABLE,
            (_, exit::BAD_COMMAND_LINE) => 2,
            (_, code) => code,
        }
    }

    /// What `--version` says; `None`: the program's own version.
    pub fn version(self, given: &[String], language: &str) -> Option<String> {
        let name = match self {
            Self::Kconf => return None,
            Self::Playbook => "ansible-playbook",
            Self::Adhoc => "ansible",
            Self::Inventory => "ansible-inventory",
            Self::Vault => "ansible-vault",
            Self::Doc => "ansible-doc",
        };
        let asked = given.iter().skip(1).any(|word| word == "--version");
        asked.then(|| format!("{name} [core {language}]\n  program = kconf {}", env!("CARGO_PKG_VERSION")))
    }
}

fn own(words: &[&str]) -> std::vec::IntoIter<String> {
    let words = ["kconf"].iter().chain(words);
    words.map(|word| (*word).to_owned()).collect::<Vec<_>>().into_iter()
}

fn adhoc(given: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = given.collect();
    let before = words.len();
    words.retain(|word| word != "-o" && word != "--one-line");
    let format = if words.len() < before { "oneline" } else { "minimal" };
    own(&["exec", "--output", format]).chain(words).collect()
}

fn doc(given: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = given.collect();
    let before = words.len();
    words.retain(|word| word != "-j" && word != "--json");
    let format: &[&str] = if words.len() < before { &["doc", "--output", "ansible-json"] } else { &["doc"] };
    own(format).chain(words).collect()
}

fn inventory(given: impl Iterator<Item = String>) -> Vec<String> {
    let mut command = None;
    let (mut yaml, mut rest) = (false, Vec::new());
    for word in given {
        match word.as_str() {
            "--list" | "--host" | "--graph" => command = Some(word.trim_start_matches('-').to_owned()),
            "-y" | "--yaml" => yaml = true,
            // Python on the other side of an export is of no concern here: variables are shown as written either way.
            "--export" => {}
            _ => match word.strip_prefix("--host=") {
                Some(host) => {
                    command = Some("host".to_owned());
                    rest.push(host.to_owned());
                }
                None => rest.push(word),
            },
        }
    }
    let command = command.unwrap_or_else(|| "--help".to_owned());
    let format = match command.as_str() {
        "list" | "host" => vec!["--output".to_owned(), if yaml { "yaml" } else { "json" }.to_owned()],
        _ => Vec::new(),
    };
    own(&["inventory"]).chain([command]).chain(format).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Guise::of(&words[0]).arguments(words).join(" ")
    }

    #[test]
    fn command_lines_become_kconfs_own() {
        assert_eq!(translated("/usr/bin/ansible-playbook site.yml -i x"), "kconf run site.yml -i x");
        assert_eq!(translated("ansible all -m ping"), "kconf exec --output minimal all -m ping");
        assert_eq!(translated("ansible all -o"), "kconf exec --output oneline all");
        assert_eq!(translated("ansible-inventory -i x --list -y"), "kconf inventory list --output yaml -i x");
        assert_eq!(translated("ansible-inventory --host=h1"), "kconf inventory host --output json h1");
        assert_eq!(translated("ansible-inventory --graph web"), "kconf inventory graph web");
        assert_eq!(translated("ansible-vault view f"), "kconf vault view f");
        assert_eq!(translated("ansible-doc -t filter -l -j"), "kconf doc --output ansible-json -t filter -l");
        assert_eq!(translated("ansible-doc -s copy"), "kconf doc -s copy");
        assert_eq!(translated("kconf ping all"), "kconf ping all");
    }

    #[test]
    fn exit_codes_are_those_of_the_program() {
        assert_eq!(Guise::Playbook.exit_code(exit::INVALID), 4);
        assert_eq!(Guise::Kconf.exit_code(exit::INVALID), exit::INVALID);
        assert_eq!(Guise::Adhoc.exit_code(exit::TASK_FAILED), 2);
    }
}
