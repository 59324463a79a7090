//! Numbers that Python writes and that results cannot hold as such.

/// Digits of a whole number that results hold without loss.
const MOST_DIGITS: usize = 18;

/// Words that Python writes for numbers which JSON does not have.
const WORDS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// JSON in which whole numbers of many digits, and what is no number of JSON, stand as texts; `None` when there are none.
pub(super) fn quoted(json: &str) -> Option<String> {
    let mut changed = false;
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string(rest),
            '-' | '0'..='9' | 'I' | 'N' => {
                let length = word(rest);
                let token = rest.get(..length).unwrap_or("");
                let is_long = token.len() > MOST_DIGITS && token.bytes().skip(usize::from(c == '-')).all(|byte| byte.is_ascii_digit());
                if is_long || WORDS.contains(&token) {
                    changed = true;
                    text.push('"');
                    text.push_str(token);
                    text.push('"');
                    rest = rest.get(length..).unwrap_or("");
                    continue;
                }
                length
            }
            other => other.len_utf8(),
        };
        let (taken, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        text.push_str(taken);
        rest = behind;
    }
    changed.then_some(text)
}

/// Bytes of the text in quotes with which `json` begins.
fn string(json: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

/// Bytes of the number or word with which `json` begins.
fn word(json: &str) -> usize {
    let end = json.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')));
    end.unwrap_or(json.len()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_held_becomes_text() {
        assert_eq!(quoted(r#"{"a": 123456789012345678, "b": -1.5e300, "c": "12345678901234567890 \" NaN", "d": null}"#), None);
        let given = r#"{"a": 12345678901234567890, "b": [-12345678901234567890, NaN, -Infinity], "c": 1}"#;
        let expected = r#"{"a": "12345678901234567890", "b": ["-12345678901234567890", "NaN", "-Infinity"], "c": 1}"#;
        assert_eq!(quoted(given).as_deref(), Some(expected));
        for broken in ["", "\"", "\"\\", "-", "NaN", "é-"] {
            quoted(broken);
        }
    }
}
