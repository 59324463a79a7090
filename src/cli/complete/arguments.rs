//! The arguments of a module on the command line: `-a 'src=a dest='`.

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;

use super::words;
use crate::modules::{self, Kind, Opt, Spec};

/// Options of the module that was chosen by `-m`, and the values of those whose values are known.
pub fn arguments(current: &OsStr) -> Vec<CompletionCandidate> {
    let module = words::option("-m", "--module").pop().unwrap_or_else(|| "command".to_owned());
    let spec = modules::find(&module);
    spec.map(|spec| candidates(spec, &current.to_string_lossy())).unwrap_or_default()
}

fn candidates(spec: &'static Spec, typed: &str) -> Vec<CompletionCandidate> {
    let start = typed.rfind([' ', '\n']).map_or(0, |at| at + 1);
    let (before, word) = typed.split_at(start);
    let options = || spec.options.iter().filter(|option| !option.name.starts_with('_'));
    if let Some((name, value)) = word.split_once('=') {
        let option = options().find(|option| option.name == name || option.aliases.contains(&name));
        let values = option.map(values).unwrap_or_default();
        let fitting = values.into_iter().filter(|known| known.starts_with(value));
        return fitting.map(|known| CompletionCandidate::new(format!("{before}{name}={known}"))).collect();
    }
    let given: Vec<&str> = before.split_whitespace().filter_map(|word| word.split_once('=')).map(|(name, _)| name).collect();
    let is_given = |option: &Opt| given.iter().any(|name| option.name == *name || option.aliases.contains(name));
    let fitting = options().filter(|option| option.name.starts_with(word) && !is_given(option));
    // What must be given comes first.
    let (required, others): (Vec<&Opt>, Vec<&Opt>) = fitting.partition(|option| option.required);
    let all = required.into_iter().chain(others);
    all.map(|option| CompletionCandidate::new(format!("{before}{}=", option.name)).help(Some(option.doc.into()))).collect()
}

fn values(option: &Opt) -> Vec<&'static str> {
    match option.kind {
        Kind::Bool => vec!["true", "false"],
        _ => option.choices.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(module: &str, typed: &str) -> Vec<String> {
        let spec = modules::find(module).unwrap();
        candidates(spec, typed).iter().map(|candidate| candidate.get_value().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn options_come_with_what_stands_before_them() {
        assert_eq!(values("copy", "")[0], "dest=", "what is required comes first");
        assert_eq!(values("copy", "dest=/x sr"), ["dest=/x src="]);
        assert!(!values("copy", "dest=/x ").contains(&"dest=/x dest=".to_owned()), "what is given is not offered again");
        assert!(!values("copy", "").iter().any(|name| name.starts_with('_')));
    }

    #[test]
    fn values_are_offered_where_they_are_known() {
        assert_eq!(values("file", "path=/x state=d"), ["path=/x state=directory"]);
        assert_eq!(values("file", "recurse="), ["recurse=true", "recurse=false"]);
        assert!(values("file", "owner=").is_empty());
    }
}
