//! Keys that sources name and that are there only in the prediction of check mode.

use std::path::Path;

use crate::modules::shared::replica;
use crate::modules::shared::run::look;
use crate::modules::{Context, Failure};
use crate::system::{FileKind, Follow};

/// What the copy of the file at `path`, one of the settings of apt, is to hold: where it is a list of sources, the files of keys that earlier
/// tasks would write are copied to the folder `keys`, and the copy names them there.
pub(super) fn redirect(ctx: &Context<'_>, path: &Path, content: Vec<u8>, keys: &Path) -> Result<Vec<u8>, Failure> {
    if !path.extension().is_some_and(|end| end == "list" || end == "sources") {
        return Ok(content);
    }
    let Ok(text) = std::str::from_utf8(&content) else { return Ok(content) };
    let text = renamed(text, &mut |word| {
        if !is_foreseen_file(ctx, word)? {
            return Ok(None);
        }
        // Two keys with one name in different folders stay two.
        let copy = keys.join(word.replace('/', "_"));
        look(ctx, &ctx.command(["mkdir", "-p", "--", &keys.to_string_lossy()]), "make a directory for keys")?;
        replica::place(ctx, &ctx.system.read(Path::new(word))?, &copy)?;
        Ok(Some(copy.to_string_lossy().into_owned()))
    })?;
    Ok(text.into_bytes())
}

/// `text` with other words where `other` has one.
fn renamed(text: &str, other: &mut dyn FnMut(&str) -> Result<Option<String>, Failure>) -> Result<String, Failure> {
    let mut renamed = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_between) {
        let word = piece.trim_end_matches(is_between);
        renamed.push_str(&other(word)?.unwrap_or_else(|| word.to_owned()));
        renamed.push_str(piece.strip_prefix(word).unwrap_or_default());
    }
    Ok(renamed)
}

/// What stands between the words of both formats: `deb [signed-by=/a,/b] URI` and `Signed-By: /a`.
fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '=' | '[' | ']' | ',')
}

fn is_foreseen_file(ctx: &Context<'_>, word: &str) -> Result<bool, Failure> {
    let path = Path::new(word);
    if !path.is_absolute() || !ctx.system.differs(path)? {
        return Ok(false);
    }
    Ok(ctx.system.stat(path, Follow::Yes)?.is_some_and(|stat| stat.kind == FileKind::File))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_both_formats() {
        let copy = |word: &str| Ok((word == "/k/a.asc").then(|| "/copy".to_owned()));
        for (text, expected) in [
            (
                "deb [arch=amd64 signed-by=/k/a.asc] http://x/k/a.asc stable main\n",
                "deb [arch=amd64 signed-by=/copy] http://x/k/a.asc stable main\n",
            ),
            ("deb [signed-by=/k/b.asc,/k/a.asc] http://x /\n", "deb [signed-by=/k/b.asc,/copy] http://x /\n"),
            ("Types: deb\nSigned-By: /k/a.asc", "Types: deb\nSigned-By: /copy"),
            ("Signed-By:\n  /k/a.asc\n  /k/a.asc.old\n", "Signed-By:\n  /copy\n  /k/a.asc.old\n"),
            ("", ""),
        ] {
            assert_eq!(renamed(text, &mut { copy }).expect("nothing fails"), expected);
        }
    }
}
