//! The words typed so far, as the completion script hands them over: behind `--`, the program first.

/// All words behind the program.
fn typed() -> Vec<String> {
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    words.skip_while(|word| word != "--").skip(2).collect()
}

/// The position of the word that is being typed: the last one, unless the shell says otherwise.
fn position(words: &[String]) -> usize {
    let said = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse::<usize>().ok());
    said.map_or(words.len().saturating_sub(1), |index| index.saturating_sub(1))
}

/// The word that is being typed.
pub fn current() -> String {
    let words = typed();
    words.get(position(&words)).cloned().unwrap_or_default()
}

/// The values of an option among the other words: `-m ping`, `-mping`, `--module ping`, `--module=ping`.
pub fn option(short: &str, long: &str) -> Vec<String> {
    let words = typed();
    values(&words, position(&words), short, long)
}

/// The other words that are neither options nor the values of an inventory or of variables.
pub fn others() -> Vec<String> {
    let words = typed();
    let at = position(&words);
    let is_value = |index: usize| {
        let before = index.checked_sub(1).and_then(|before| words.get(before)).map(String::as_str);
        matches!(before, Some("-i" | "--inventory" | "-e" | "--extra-vars" | "--vault-id" | "--vault-password-file" | "--private-key"))
    };
    let kept = words.iter().enumerate().filter(|(index, word)| *index != at && !word.starts_with('-') && !is_value(*index));
    kept.map(|(_, word)| word.clone()).collect()
}

fn values(words: &[String], current: usize, short: &str, long: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate().filter(|(index, _)| *index != current) {
        if word == short || word == long {
            found.extend(words.get(index + 1).filter(|_| index + 1 != current).cloned());
        } else if let Some(value) = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
            found.push(value.to_owned());
        } else if let Some(value) = word.strip_prefix(short).filter(|_| !word.starts_with("--")) {
            found.push(value.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_in_all_their_forms() {
        let words: Vec<String> = "exec all -m ping -mcopy --module=file --module stat -a".split(' ').map(str::to_owned).collect();
        assert_eq!(values(&words, 99, "-m", "--module"), ["ping", "copy", "file", "stat"]);
        assert_eq!(values(&words, 3, "-m", "--module"), ["copy", "file", "stat"], "what is being typed is no value yet");
        assert!(values(&words, 99, "-a", "--args").is_empty());
    }
}
