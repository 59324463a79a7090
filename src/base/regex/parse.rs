//! From the syntax of Python's `re` to that of the engine.

use std::fmt;

use super::Flags;
use super::class::set;

/// How deep groups may lie in groups.
const DEPTH_LIMIT: usize = 60;
/// The characters of ASCII that are part of words.
const WORD: &str = "[0-9A-Za-z_]";

/// A pattern for the engine.
#[derive(Debug)]
pub(super) struct Translation {
    pub(super) pattern: String,
    /// The names of the groups, by number; the first is the whole match.
    pub(super) groups: Vec<Option<String>>,
    /// The flags that hold for all of it.
    pub(super) flags: Flags,
}

/// What is wrong with a pattern, and where, counted from 0 in its units.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    reason: String,
    at: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at position {})", self.reason, self.at)
    }
}

/// Translates a pattern given in its units: code points, or bytes.
pub(super) fn translate(units: &[u32], bytes: bool, flags: Flags) -> Result<Translation, Fault> {
    let mut parser = Parser { units, at: 0, bytes, groups: vec![None], open: Vec::new(), out: String::new() };
    let flags = parser.global_flags(flags)?;
    let flags = Flags { ascii: flags.ascii || bytes, ..flags };
    if flags.ignore_case {
        parser.out.push_str("(?i:");
    }
    parser.alternatives(flags, 0)?;
    if parser.peek().is_some() {
        return Err(parser.fault_at(parser.at, "the `)` closes nothing"));
    }
    if flags.ignore_case {
        parser.out.push(')');
    }
    Ok(Translation { pattern: parser.out, groups: parser.groups, flags })
}

pub(super) struct Parser<'p> {
    units: &'p [u32],
    pub(super) at: usize,
    pub(super) bytes: bool,
    groups: Vec<Option<String>>,
    /// The numbers of the groups that are not closed yet.
    open: Vec<usize>,
    out: String,
}

/// What stands before a place where a quantifier could.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing that can be repeated.
    Nothing,
    /// Something that can.
    Atom,
    /// Something that is repeated already.
    Repeated,
}

impl Parser<'_> {
    pub(super) fn fault_at(&self, at: usize, reason: &str) -> Fault {
        Fault { reason: reason.to_owned(), at }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.units.get(self.at).map(|unit| as_char(*unit))
    }

    pub(super) fn peek_second(&self) -> Option<char> {
        self.units.get(self.at + 1).map(|unit| as_char(*unit))
    }

    pub(super) fn next_char(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += 1;
        c
    }

    pub(super) fn eat(&mut self, c: char) -> bool {
        let is_there = self.peek() == Some(c);
        self.at += usize::from(is_there);
        is_there
    }

    fn eat_all(&mut self, text: &str) -> bool {
        let is_there = text.chars().enumerate().all(|(offset, c)| self.units.get(self.at + offset) == Some(&u32::from(c)));
        self.at += if is_there { text.len() } else { 0 };
        is_there
    }

    /// Flags at the very start, `(?im)`, which hold for all of the pattern.
    fn global_flags(&mut self, mut flags: Flags) -> Result<Flags, Fault> {
        loop {
            let start = self.at;
            if !self.eat_all("(?") {
                return Ok(flags);
            }
            let mut given = flags;
            while let Some(c) = self.peek().filter(char::is_ascii_alphabetic) {
                if !self.set_flag(&mut given, c, true) {
                    break;
                }
                self.at += 1;
            }
            if self.at == start + 2 || !self.eat(')') {
                self.at = start;
                return Ok(flags);
            }
            flags = given;
        }
    }

    fn alternatives(&mut self, flags: Flags, depth: usize) -> Result<(), Fault> {
        if depth > DEPTH_LIMIT {
            return Err(self.fault_at(self.at, "groups lie too deep in each other"));
        }
        loop {
            self.sequence(flags, depth)?;
            if !self.eat('|') {
                return Ok(());
            }
            self.out.push('|');
        }
    }

    /// What stands between `|`.
    fn sequence(&mut self, flags: Flags, depth: usize) -> Result<(), Fault> {
        let mut before = Before::Nothing;
        while let Some(c) = self.peek() {
            let start = self.at;
            if matches!(c, '|' | ')') {
                break;
            }
            self.at += 1;
            before = match c {
                ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' if flags.verbose => before,
                '#' if flags.verbose => {
                    while self.next_char().is_some_and(|c| c != '\n') {}
                    self.at = self.at.min(self.units.len());
                    before
                }
                '*' | '+' | '?' | '{' => match self.repetition(c, start)? {
                    None => self.literal(u32::from('{')),
                    Some(quantifier) => {
                        match before {
                            Before::Atom => self.out.push_str(&quantifier),
                            Before::Nothing => return Err(self.fault_at(start, &format!("there is nothing that `{c}` could repeat"))),
                            Before::Repeated => return Err(self.fault_at(start, &format!("`{c}` repeats what is repeated already"))),
                        }
                        Before::Repeated
                    }
                },
                '.' => self.push(if flags.dot_all { "(?s:.)" } else { "." }),
                '^' => self.assertion(if flags.multi_line { "(?m:^)" } else { "\\A" }),
                '$' => self.assertion(if flags.multi_line { "(?m:$)" } else { "(?=\\n?\\z)" }),
                '[' => {
                    let class = self.class(flags.ascii)?;
                    self.push(&class)
                }
                '\\' => self.escape(flags, start)?,
                '(' => self.group(flags, depth, start, before)?,
                _ => self.literal(self.units.get(start).copied().unwrap_or_default()),
            };
        }
        Ok(())
    }

    fn push(&mut self, text: &str) -> Before {
        self.out.push_str(text);
        Before::Atom
    }

    fn assertion(&mut self, text: &str) -> Before {
        self.out.push_str(text);
        Before::Nothing
    }

    fn literal(&mut self, unit: u32) -> Before {
        let c = as_char(unit);
        if "\\.+*?()|[]{}^$".contains(c) {
            self.out.push('\\');
            self.out.push(c);
        } else if unit < 0x20 || (unit > 0x7e && self.bytes) {
            self.out.push_str(&format!("\\x{unit:02X}"));
        } else {
            self.out.push(c);
        }
        Before::Atom
    }

    /// The quantifier that begins with `first`; `None` for a brace that is none.
    fn repetition(&mut self, first: char, start: usize) -> Result<Option<String>, Fault> {
        let mut quantifier = first.to_string();
        if first == '{' {
            let Some(counts) = self.counts(start)? else {
                self.at = start + 1;
                return Ok(None);
            };
            quantifier = counts;
        }
        if self.eat('?') {
            quantifier.push('?');
        } else if self.eat('+') {
            quantifier.push('+');
        }
        Ok(Some(quantifier))
    }

    /// `2}`, `2,}`, `,3}` or `2,3}`.
    fn counts(&mut self, start: usize) -> Result<Option<String>, Fault> {
        if self.peek() == Some('}') {
            return Ok(None);
        }
        let low = self.digits();
        let high = if self.eat(',') { self.digits() } else { low.clone() };
        if !self.eat('}') || (low.is_empty() && high.is_empty() && self.units.get(start + 1) != Some(&u32::from(','))) {
            return Ok(None);
        }
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| self.fault_at(start, "the number of repetitions is too large"));
        let least = if low.is_empty() { 0 } else { number(&low)? };
        if high.is_empty() {
            return Ok(Some(format!("{{{least},}}")));
        }
        let most = number(&high)?;
        if least > most {
            return Err(self.fault_at(start, "the least number of repetitions is greater than the greatest"));
        }
        Ok(Some(format!("{{{least},{most}}}")))
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            digits.push(c);
            self.at += 1;
        }
        digits
    }

    fn escape(&mut self, flags: Flags, start: usize) -> Result<Before, Fault> {
        let Some(c) = self.next_char() else { return Err(self.fault_at(start, "it ends with a backslash")) };
        if let Some(set) = set(c, flags.ascii) {
            return Ok(self.push(set));
        }
        match c {
            'A' => Ok(self.assertion("\\A")),
            'Z' => Ok(self.assertion("\\z")),
            'b' | 'B' if flags.ascii && !self.bytes => {
                let boundary = format!("(?:(?<={WORD})(?!{WORD})|(?<!{WORD})(?={WORD}))");
                Ok(self.assertion(&if c == 'b' { boundary } else { format!("(?!{boundary})") }))
            }
            'b' => Ok(self.assertion("\\b")),
            'B' => Ok(self.assertion("\\B")),
            '0'..='9' => self.number(c, start),
            c => {
                let unit = self.character(c, start)?;
                Ok(self.literal(unit))
            }
        }
    }

    /// `\0`, `\12`, `\123`: a character in octal digits, or a group.
    fn number(&mut self, first: char, start: usize) -> Result<Before, Fault> {
        let mut digits = first.to_string();
        let octal = |c: Option<char>| c.filter(|c| c.is_digit(8));
        if first == '0' {
            while digits.len() < 3
                && let Some(c) = octal(self.peek())
            {
                digits.push(c);
                self.at += 1;
            }
        } else if let Some(c) = self.peek().filter(char::is_ascii_digit) {
            digits.push(c);
            self.at += 1;
            if let (Some(_), Some(_), Some(c)) = (octal(Some(first)), octal(Some(c)), octal(self.peek())) {
                digits.push(c);
                self.at += 1;
            }
        }
        if first == '0' || digits.len() == 3 {
            return match u32::from_str_radix(&digits, 8) {
                Ok(code) if code <= 0o377 => Ok(self.literal(code)),
                _ => Err(self.fault_at(start, "the octal number is beyond `\\377`")),
            };
        }
        let number = digits.parse().unwrap_or(usize::MAX);
        self.reference(number, start)
    }

    fn reference(&mut self, number: usize, start: usize) -> Result<Before, Fault> {
        if number >= self.groups.len() {
            return Err(self.fault_at(start, &format!("there is no group {number} before it")));
        }
        if self.open.contains(&number) {
            return Err(self.fault_at(start, &format!("group {number} is not closed yet")));
        }
        Ok(self.push(&format!("(?:\\{number})")))
    }

    /// The unit that an escape with the letter `c` stands for.
    pub(super) fn character(&mut self, c: char, start: usize) -> Result<u32, Fault> {
        let digits = match c {
            'a' => return Ok(7),
            'f' => return Ok(12),
            'n' => return Ok(10),
            'r' => return Ok(13),
            't' => return Ok(9),
            'v' => return Ok(11),
            'x' => 2,
            'u' if !self.bytes => 4,
            'U' if !self.bytes => 8,
            'N' if !self.bytes => return Err(self.fault_at(start, "characters by name, `\\N{…}`, are not supported")),
            c if c.is_ascii_alphabetic() => return Err(self.fault_at(start, &format!("`\\{c}` means nothing"))),
            c => return Ok(u32::from(c)),
        };
        let mut code = 0;
        for _ in 0..digits {
            let digit = self.next_char().and_then(|c| c.to_digit(16));
            let digit = digit.ok_or_else(|| self.fault_at(start, &format!("`\\{c}` needs {digits} hexadecimal digits")))?;
            code = code * 16 + digit;
        }
        if !self.bytes && char::from_u32(code).is_none() {
            return Err(self.fault_at(start, "there is no character with this number"));
        }
        Ok(code)
    }

    fn group(&mut self, flags: Flags, depth: usize, start: usize, before: Before) -> Result<Before, Fault> {
        if !self.eat('?') {
            return self.capture(None, flags, depth, start);
        }
        for opening in [":", "=", "!", "<=", "<!", ">"] {
            if self.eat_all(opening) {
                return self.enclosed(&format!("(?{opening}"), flags, depth, start);
            }
        }
        if self.eat_all("P<") {
            let name = self.name('>', start)?;
            if self.groups.iter().any(|known| known.as_ref() == Some(&name)) {
                return Err(self.fault_at(start, &format!("there is a group `{name}` already")));
            }
            return self.capture(Some(name), flags, depth, start);
        }
        if self.eat_all("P=") {
            let name = self.name(')', start)?;
            let number = self.by_name(&name, start)?;
            return self.reference(number, start);
        }
        if self.eat('#') {
            while let Some(c) = self.next_char() {
                if c == ')' {
                    return Ok(before);
                }
            }
            return Err(self.fault_at(start, "the comment is not closed"));
        }
        if self.eat('(') {
            return self.conditional(flags, depth, start);
        }
        self.flagged(flags, depth, start)
    }

    fn capture(&mut self, name: Option<String>, flags: Flags, depth: usize, start: usize) -> Result<Before, Fault> {
        let number = self.groups.len();
        self.groups.push(name);
        self.open.push(number);
        let before = self.enclosed("(", flags, depth, start);
        self.open.pop();
        before
    }

    fn enclosed(&mut self, opening: &str, flags: Flags, depth: usize, start: usize) -> Result<Before, Fault> {
        self.out.push_str(opening);
        self.alternatives(flags, depth + 1)?;
        self.close(start)
    }

    fn close(&mut self, start: usize) -> Result<Before, Fault> {
        if !self.eat(')') {
            return Err(self.fault_at(start, "the `(` is not closed"));
        }
        Ok(self.push(")"))
    }

    /// The name up to `end`, which is eaten too.
    fn name(&mut self, end: char, start: usize) -> Result<String, Fault> {
        let mut name = String::new();
        while let Some(c) = self.next_char() {
            if c == end {
                let is_name =
                    name.chars().enumerate().all(|(at, c)| c == '_' || if at == 0 { c.is_alphabetic() } else { c.is_alphanumeric() });
                return if is_name && !name.is_empty() {
                    Ok(name)
                } else {
                    Err(self.fault_at(start, &format!("`{name}` is no name of a group")))
                };
            }
            name.push(c);
        }
        Err(self.fault_at(start, &format!("the name of a group lacks its `{end}`")))
    }

    fn by_name(&self, name: &str, start: usize) -> Result<usize, Fault> {
        let known = self.groups.iter().position(|known| known.as_deref() == Some(name));
        known.ok_or_else(|| self.fault_at(start, &format!("there is no group `{name}` before it")))
    }

    /// `(?(1)yes|no)` behind its second `(`.
    fn conditional(&mut self, flags: Flags, depth: usize, start: usize) -> Result<Before, Fault> {
        let number = if self.peek().is_some_and(|c| c.is_ascii_digit()) {
            let digits = self.digits();
            if !self.eat(')') {
                return Err(self.fault_at(start, "the number of a group lacks its `)`"));
            }
            digits.parse().unwrap_or(usize::MAX)
        } else {
            let name = self.name(')', start)?;
            self.by_name(&name, start)?
        };
        if number == 0 || number >= self.groups.len() {
            return Err(self.fault_at(start, &format!("there is no group {number} before it")));
        }
        if depth > DEPTH_LIMIT {
            return Err(self.fault_at(start, "groups lie too deep in each other"));
        }
        self.out.push_str(&format!("(?({number})"));
        self.sequence(flags, depth + 1)?;
        if self.eat('|') {
            self.out.push('|');
            self.sequence(flags, depth + 1)?;
        }
        if self.peek() == Some('|') {
            return Err(self.fault_at(start, "a condition has more than two branches"));
        }
        self.close(start)
    }

    /// `(?i-s:…)` behind its `?`.
    fn flagged(&mut self, outer: Flags, depth: usize, start: usize) -> Result<Before, Fault> {
        let (mut flags, mut on) = (outer, true);
        loop {
            match self.next_char() {
                Some(':') => break,
                Some(')') => {
                    return Err(self.fault_at(start, "flags for all of the pattern stand at its start, those for a part as in `(?i:…)`"));
                }
                Some('-') if on => on = false,
                Some(c) if self.set_flag(&mut flags, c, on) => {}
                _ => return Err(self.fault_at(start, "what follows `(?` means nothing")),
            }
        }
        let opening = match (outer.ignore_case, flags.ignore_case) {
            (false, true) => "(?i:",
            (true, false) => "(?-i:",
            _ => "(?:",
        };
        self.enclosed(opening, flags, depth, start)
    }

    /// Sets the flag of a letter; `false` when it is none.
    fn set_flag(&self, flags: &mut Flags, letter: char, on: bool) -> bool {
        match letter {
            'a' if on => flags.ascii = true,
            'i' => flags.ignore_case = on,
            'm' => flags.multi_line = on,
            's' => flags.dot_all = on,
            'u' if on && !self.bytes => flags.ascii = false,
            'x' => flags.verbose = on,
            _ => return false,
        }
        true
    }
}

fn as_char(unit: u32) -> char {
    char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
}
