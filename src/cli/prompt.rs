//! Questions at the terminal.

use std::io::IsTerminal;

use crate::base::{Diagnostic, Secret};

/// Asks for a password without showing what is typed.
///
/// # Errors
/// There is no terminal to ask at.
pub fn password(question: &str) -> Result<Secret, Diagnostic> {
    rpassword::prompt_password(format!("{question}: ")).map(Secret::new).map_err(|error| {
        Diagnostic::error(format!("failed to ask for: {question}"))
            .caused_by(error.to_string())
            .hint("a password can also come from a variable or a file")
    })
}

/// Asks for a password that is new, twice, so that a slip of the fingers does not become one.
///
/// # Errors
/// There is no terminal to ask at, or what was typed differs.
pub fn new_password(question: &str) -> Result<Secret, Diagnostic> {
    let first = password(question)?;
    if first.expose().is_empty() {
        return Err(Diagnostic::error("an empty password protects nothing"));
    }
    if password(&format!("{question} again"))? != first {
        return Err(Diagnostic::error("the two passwords differ"));
    }
    Ok(first)
}

/// The person at the terminal, for `vars_prompt` and `pause`.
pub struct Terminal;

impl crate::engine::Prompter for Terminal {
    fn is_there(&self) -> bool {
        std::io::stdin().is_terminal()
    }

    fn ask(&self, text: &str, private: bool) -> std::io::Result<String> {
        if private {
            return rpassword::prompt_password(text);
        }
        super::messages::status(text);
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line)? == 0 {
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "standard input ended"));
        }
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    }
}
