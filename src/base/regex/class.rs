//! Sets of characters: `[a-z]`, and the sets behind `\d`, `\s`, `\w`.

use super::parse::{Fault, Parser};

/// What stands for one unit or several in a set.
enum Item {
    Unit(u32),
    Set(String),
}

impl Parser<'_> {
    /// A set behind its `[`, in the syntax of the engine.
    pub(super) fn class(&mut self, ascii: bool) -> Result<String, Fault> {
        let start = self.at - 1;
        let mut out = String::from("[");
        if self.eat('^') {
            out.push('^');
        }
        let mut is_first = true;
        loop {
            let Some(c) = self.next_char() else { return Err(self.fault_at(start, "the `[` is not closed")) };
            if c == ']' && !is_first {
                break;
            }
            is_first = false;
            let item_start = self.at - 1;
            let low = self.item(c, ascii)?;
            // A `-` in the last place is a member.
            if self.peek() != Some('-') || self.peek_second() == Some(']') {
                self.add(&low, &mut out);
                continue;
            }
            self.at += 1;
            let Some(c) = self.next_char() else { return Err(self.fault_at(start, "the `[` is not closed")) };
            match (low, self.item(c, ascii)?) {
                (Item::Unit(low), Item::Unit(high)) if low <= high => {
                    out.push_str(&format!("{}-{}", self.member(low), self.member(high)));
                }
                (Item::Unit(_), Item::Unit(_)) => return Err(self.fault_at(item_start, "the range runs backwards")),
                _ => return Err(self.fault_at(item_start, "a range needs single characters at its ends")),
            }
        }
        out.push(']');
        Ok(out)
    }

    fn item(&mut self, c: char, ascii: bool) -> Result<Item, Fault> {
        if c != '\\' {
            return Ok(Item::Unit(u32::from(c)));
        }
        let start = self.at - 1;
        let Some(c) = self.next_char() else { return Err(self.fault_at(start, "it ends with a backslash")) };
        if let Some(set) = set(c, ascii) {
            return Ok(Item::Set(set.to_owned()));
        }
        match c {
            'b' => Ok(Item::Unit(8)),
            '0'..='7' => {
                let mut code = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    if let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) {
                        self.at += 1;
                        code = code * 8 + digit;
                    }
                }
                if code > 0o377 { Err(self.fault_at(start, "the octal number is beyond `\\377`")) } else { Ok(Item::Unit(code)) }
            }
            '8' | '9' => Err(self.fault_at(start, &format!("`\\{c}` means nothing in a set"))),
            c => self.character(c, start).map(Item::Unit),
        }
    }

    fn add(&self, item: &Item, out: &mut String) {
        match item {
            Item::Unit(unit) => out.push_str(&self.member(*unit)),
            Item::Set(set) => out.push_str(set),
        }
    }

    fn member(&self, unit: u32) -> String {
        match char::from_u32(unit) {
            Some(c) if c.is_ascii_alphanumeric() => c.to_string(),
            Some(c) if unit > 0x7f && !self.bytes => c.to_string(),
            _ => format!("\\x{unit:02X}"),
        }
    }
}

/// What `\d`, `\D`, `\s`, `\S`, `\w` and `\W` stand for, as a set that can be a part of another.
pub(super) fn set(letter: char, ascii: bool) -> Option<&'static str> {
    Some(match (letter, ascii) {
        ('d', true) => "[0-9]",
        ('D', true) => "[^0-9]",
        ('s', true) => "[\\x09-\\x0D\\x20]",
        ('S', true) => "[^\\x09-\\x0D\\x20]",
        ('w', true) => "[0-9A-Z\\x5Fa-z]",
        ('W', true) => "[^0-9A-Z\\x5Fa-z]",
        ('d', false) => "[\\p{Nd}]",
        ('D', false) => "[^\\p{Nd}]",
        // Python counts the separators of files, groups, records and units among the white space.
        ('s', false) => "[\\s\\x1C-\\x1F]",
        ('S', false) => "[^\\s\\x1C-\\x1F]",
        ('w', false) => "[\\p{L}\\p{N}\\x5F]",
        ('W', false) => "[^\\p{L}\\p{N}\\x5F]",
        _ => return None,
    })
}
