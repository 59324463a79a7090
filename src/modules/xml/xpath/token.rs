//! XPath text as tokens.

use super::Error;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `( ) [ ] . .. @ , :: / // | + - = != < <= > >=` and the operators `and or mod div *`.
    Sign(&'static str),
    /// A name, perhaps with a prefix; the local part may be `*`.
    Name(Option<String>, String),
    Literal(String),
    Number(f64),
}

const SIGNS: [&str; 19] = ["::", "//", "..", "!=", "<=", ">=", "(", ")", "[", "]", ".", "@", ",", "/", "|", "+", "-", "=", "<"];

/// The tokens, each with the place of its first character, from 1.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, Error> {
    let characters: Vec<char> = text.chars().collect();
    let mut found: Vec<(Token, usize)> = Vec::new();
    let mut at = 0;
    while let Some(&first) = characters.get(at) {
        let wrong = |message: String| Error { message, at: at + 1 };
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let next = characters.get(at + 1).copied();
        let (token, length) = if matches!(first, '"' | '\'') {
            let inside: String = characters.iter().skip(at + 1).take_while(|c| **c != first).collect();
            let length = inside.chars().count() + 2;
            if at + length > characters.len() {
                return Err(wrong(format!("the text that begins with {first} does not end")));
            }
            (Token::Literal(inside), length)
        } else if first.is_ascii_digit() || (first == '.' && next.is_some_and(|c| c.is_ascii_digit())) {
            let mut dots = 0;
            let digits: String = characters
                .iter()
                .skip(at)
                .take_while(|c| {
                    dots += usize::from(**c == '.');
                    c.is_ascii_digit() || (**c == '.' && dots == 1)
                })
                .collect();
            let number = digits.parse().map_err(|_| wrong(format!("`{digits}` is no number")))?;
            (Token::Number(number), digits.chars().count())
        } else if first == '$' {
            return Err(wrong("variables are not supported".to_owned()));
        } else if first == '*' {
            (if is_operand_before(&found) { Token::Sign("*") } else { Token::Name(None, "*".to_owned()) }, 1)
        } else if is_start(first) {
            name(&characters, at, is_operand_before(&found))
        } else {
            let two: String = characters.iter().skip(at).take(2).collect();
            let sign = SIGNS.iter().copied().chain([">"]).find(|sign| two.starts_with(sign));
            let sign = sign.ok_or_else(|| wrong(format!("`{first}` is not part of XPath")))?;
            (Token::Sign(sign), sign.len())
        };
        found.push((token, at + 1));
        at += length;
    }
    Ok(found)
}

/// A name at `at`, or one of the operators that look like names, which come behind operands only.
fn name(characters: &[char], at: usize, behind_operand: bool) -> (Token, usize) {
    let word = |from: usize| characters.iter().skip(from).take_while(|c| is_start(**c) || is_inner(**c)).collect::<String>();
    let first = word(at);
    let end = at + first.chars().count();
    if behind_operand && let Some(operator) = ["and", "or", "mod", "div"].into_iter().find(|operator| *operator == first) {
        return (Token::Sign(operator), operator.len());
    }
    let length = end - at;
    match (characters.get(end), characters.get(end + 1)) {
        (Some(':'), Some('*')) => (Token::Name(Some(first), "*".to_owned()), length + 2),
        (Some(':'), Some(second)) if is_start(*second) => {
            let local = word(end + 1);
            let length = length + 1 + local.chars().count();
            (Token::Name(Some(first), local), length)
        }
        _ => (Token::Name(None, first), length),
    }
}

fn is_operand_before(found: &[(Token, usize)]) -> bool {
    match found.last() {
        None => false,
        Some((Token::Sign(sign), _)) => matches!(*sign, ")" | "]" | "." | ".."),
        Some(_) => true,
    }
}

pub(super) fn is_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}
