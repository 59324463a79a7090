//! What kind of program a module is, told from its text.

/// How a module wants its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Python that uses Ansible's own library, which goes along with it.
    Library,
    /// The path of a file with JSON: for those that ask for it, and for programs that are not text.
    Json,
    /// JSON in the place of a mark in its own text.
    Inside,
    /// The path of a file with `name=value` words.
    Pairs,
}

impl Kind {
    /// The word for it in the request to the host.
    pub fn word(self) -> &'static str {
        match self {
            Self::Library => "archive",
            Self::Json => "json",
            Self::Inside => "inside",
            Self::Pairs => "pairs",
        }
    }
}

/// What the text of a module says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub kind: Kind,
    /// The program that runs it, with its options; none for programs that are not text.
    pub interpreter: Vec<String>,
    /// It looks at whether it is to change anything.
    pub knows_check_mode: bool,
}

/// Older modules bring in the library by this mark.
pub(super) const COMMON: &str = "<<INCLUDE_ANSIBLE_MODULE_COMMON>>";

/// Where the arguments stand in a module of [`Kind::Inside`].
const INSIDE: &str = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>";

/// Why modules for Windows are refused.
pub(super) const POWERSHELL: &str = "it is written in PowerShell, and kconf does not manage Windows";

/// Bytes that are looked at to tell a text from a program.
const START: usize = 1024;

/// Looks at a module.
///
/// # Errors
/// Why it cannot be run.
pub(super) fn look(bytes: &[u8]) -> Result<Head, String> {
    let start = bytes.get(..bytes.len().min(START)).unwrap_or_default();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if !start.contains(&0) => text,
        _ => return Ok(Head { kind: Kind::Json, interpreter: Vec::new(), knows_check_mode: has(bytes, b"check_mode") }),
    };
    if text.contains("#Requires -Module") || text.contains("#AnsibleRequires") || text.contains("#POWERSHELL") {
        return Err(POWERSHELL.to_owned());
    }
    let interpreter: Vec<String> = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("#!"))
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default();
    let kind = match () {
        () if uses_library(text) => Kind::Library,
        () if text.contains(INSIDE) => Kind::Inside,
        () if text.contains("WANT_JSON") => Kind::Json,
        () => Kind::Pairs,
    };
    if kind != Kind::Library && interpreter.is_empty() {
        return Err("its first line does not say which program runs it (`#!/usr/bin/python`)".to_owned());
    }
    Ok(Head { kind, interpreter, knows_check_mode: kind == Kind::Library || text.contains("check_mode") })
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Whether it imports something of Ansible's library, or has the mark that stands for that.
fn uses_library(text: &str) -> bool {
    text.contains(COMMON)
        || super::scan::imports(text).iter().any(|import| {
            let full = match &import.name {
                Some(name) => format!("{}.{name}", import.module),
                None => import.module.clone(),
            };
            let of_collection = full.starts_with("ansible_collections.") && full.contains(".module_utils");
            full.starts_with("ansible.module_utils") || of_collection || (import.level > 0 && full.contains("module_utils"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        look(text.as_bytes()).unwrap().kind
    }

    #[test]
    fn each_kind_is_known_by_its_text() {
        assert_eq!(kind("#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n"), Kind::Library);
        assert_eq!(kind("from ansible.module_utils import basic\n"), Kind::Library);
        assert_eq!(kind("from ..module_utils.x import y\n"), Kind::Library);
        assert_eq!(kind("#!/usr/bin/python\n#<<INCLUDE_ANSIBLE_MODULE_COMMON>>\n"), Kind::Library);
        assert_eq!(kind("#!/usr/bin/python\nargs = '<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'\n"), Kind::Inside);
        assert_eq!(kind("#!/usr/bin/perl\n# WANT_JSON\n"), Kind::Json);
        assert_eq!(kind("#!/bin/sh\n. \"$1\"\n"), Kind::Pairs);
        assert_eq!(look(b"\x7fELF\x02\x01\x01\0\0\0").unwrap(), Head { kind: Kind::Json, interpreter: vec![], knows_check_mode: false });
    }

    #[test]
    fn the_first_line_names_the_interpreter_with_its_options() {
        assert_eq!(look(b"#!/usr/bin/env python3 -u\n").unwrap().interpreter, ["/usr/bin/env", "python3", "-u"]);
        assert!(look(b"echo hi\n").unwrap_err().contains("first line"));
        assert!(look(b"#!powershell\n#Requires -Module Ansible.ModuleUtils.Legacy\n").unwrap_err().contains("PowerShell"));
    }

    #[test]
    fn a_comment_that_speaks_of_the_library_is_no_import() {
        assert_eq!(kind("#!/bin/sh\n# unlike those that say: from ansible.module_utils.basic import AnsibleModule\n"), Kind::Pairs);
    }
}
