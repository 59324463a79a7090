//! kconf as the remote shell of a program that an own run started; see [`crate::transport::relay`].

use super::exit;
use super::messages;
use crate::base::Diagnostic;
use crate::transport::relay;

/// Does what such a program asks, if one does: the exit code then.
pub fn answer() -> Option<u8> {
    let socket = std::env::var_os(relay::VARIABLE)?;
    let line = line(std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()));
    Some(relay::call(socket.as_ref(), &line, std::io::stdin(), std::io::stdout().lock()).unwrap_or_else(|error| {
        messages::error(&Diagnostic::error("failed to reach the run that this belongs to").caused_by(error.to_string()));
        exit::CANNOT_START
    }))
}

/// What is to run: all behind the host, as `ssh` takes it. The host is known already.
fn line(words: impl Iterator<Item = String>) -> String {
    let mut words = words.peekable();
    if words.next_if(|word| word == "-l").is_some() {
        words.next();
    }
    words.skip(1).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_line_is_all_behind_the_host() {
        let line = |words: &[&str]| super::line(words.iter().map(ToString::to_string));
        assert_eq!(line(&["-l", "deploy", "web", "rsync", "--server", "."]), "rsync --server .");
        assert_eq!(line(&["web", "sudo", "-l", "x"]), "sudo -l x");
        assert_eq!(line(&[]), "");
    }
}
