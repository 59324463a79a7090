//! Reading the files that inventories consist of.

use std::path::Path;

use crate::base::Diagnostic;

/// The text of a file that the user named.
///
/// # Errors
/// It cannot be read or is not UTF-8.
#[expect(clippy::disallowed_methods, reason = "the one place where inventory files are read")]
pub fn read_text(path: &Path) -> Result<String, Diagnostic> {
    let bytes = std::fs::read(path)
        .map_err(|error| Diagnostic::error(format!("failed to read `{}`", path.display())).caused_by(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Diagnostic::error(format!("`{}` is not UTF-8 (first bad byte at offset {at})", path.display()))
    })
}
