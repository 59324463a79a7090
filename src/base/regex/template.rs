//! What matches are replaced by: text with `\1`, `\g<1>`, `\g<name>`.

use std::marker::PhantomData;

use super::{Found, Regex, RegexError, Subject};

/// The replacement of `re.sub`, read for one pattern.
#[derive(Debug)]
pub struct Template<S: Subject + ?Sized> {
    parts: Vec<Part>,
    subject: PhantomData<fn(&S)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Unit(u32),
    Group(usize),
}

impl<S: Subject + ?Sized> Template<S> {
    /// Reads `text`, in which groups are those of `regex`.
    ///
    /// # Errors
    /// When it names a group that the pattern does not have, or has an escape that means nothing.
    pub fn new(text: &str, regex: &Regex<S>) -> Result<Self, RegexError> {
        let units = S::units(text);
        let mut reader = Reader { units: &units, at: 0, regex };
        let mut parts = Vec::with_capacity(units.len());
        while let Some(unit) = reader.next() {
            if unit == u32::from(b'\\') {
                reader.escape(&mut parts).map_err(|reason| RegexError(format!("`{text}` is no replacement: {reason}")))?;
            } else {
                parts.push(Part::Unit(unit));
            }
        }
        Ok(Self { parts, subject: PhantomData })
    }

    /// The text as it is, without a meaning of backslashes.
    pub fn literal(text: &str) -> Self {
        Self { parts: S::units(text).into_iter().map(Part::Unit).collect(), subject: PhantomData }
    }

    /// What a match becomes (`Match.expand`). A group that took no part in it is empty.
    pub fn expand(&self, subject: &S, found: &Found) -> S::Owned {
        let mut out = subject.part(0..0).to_owned();
        self.expand_into(subject, found, &mut out);
        out
    }

    pub(super) fn expand_into(&self, subject: &S, found: &Found, out: &mut S::Owned) {
        for part in &self.parts {
            match part {
                Part::Unit(unit) => S::push_unit(out, *unit),
                Part::Group(number) => S::push(out, subject.part(found.group(*number).unwrap_or(0..0))),
            }
        }
    }
}

struct Reader<'t, S: Subject + ?Sized> {
    units: &'t [u32],
    at: usize,
    regex: &'t Regex<S>,
}

impl<S: Subject + ?Sized> Reader<'_, S> {
    fn next(&mut self) -> Option<u32> {
        let unit = self.units.get(self.at).copied();
        self.at += 1;
        unit
    }

    fn peek(&self) -> Option<char> {
        self.units.get(self.at).copied().and_then(char::from_u32)
    }

    fn digit(&mut self, radix: u32) -> Option<u32> {
        let digit = self.peek()?.to_digit(radix)?;
        self.at += 1;
        Some(digit)
    }

    /// What follows a backslash.
    fn escape(&mut self, parts: &mut Vec<Part>) -> Result<(), String> {
        let Some(unit) = self.next() else { return Err("it ends with a backslash".to_owned()) };
        let c = char::from_u32(unit).unwrap_or_default();
        let plain = match c {
            'g' => {
                parts.push(Part::Group(self.named()?));
                return Ok(());
            }
            '0' => {
                let mut code = 0;
                for _ in 0..2 {
                    code = self.digit(8).map_or(code, |digit| code * 8 + digit);
                }
                code
            }
            '1'..='9' => {
                parts.push(self.number(c)?);
                return Ok(());
            }
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '\\' => u32::from(b'\\'),
            c if c.is_ascii_alphabetic() => return Err(format!("`\\{c}` means nothing")),
            _ => {
                parts.push(Part::Unit(u32::from(b'\\')));
                unit
            }
        };
        parts.push(Part::Unit(plain));
        Ok(())
    }

    /// A group of one or two digits, or a character in three octal digits.
    fn number(&mut self, first: char) -> Result<Part, String> {
        let mut number = first.to_digit(10).unwrap_or(0);
        let octal = first.to_digit(8);
        if let Some(second) = self.digit(10) {
            if let (Some(first), true, Some(third)) = (octal, second < 8, self.peek().and_then(|c| c.to_digit(8))) {
                self.at += 1;
                let code = first * 64 + second * 8 + third;
                return if code > 0o377 { Err(format!("`\\{code:o}` is beyond `\\377`")) } else { Ok(Part::Unit(code)) };
            }
            number = number * 10 + second;
        }
        self.group(number as usize).map(Part::Group)
    }

    /// The group in `<…>`.
    fn named(&mut self) -> Result<usize, String> {
        if self.peek() != Some('<') {
            return Err("`\\g` needs the name or number of a group in `<…>`".to_owned());
        }
        self.at += 1;
        let mut name = String::new();
        loop {
            match self.next().and_then(char::from_u32) {
                None => return Err("`\\g<` is not closed".to_owned()),
                Some('>') => break,
                Some(c) => name.push(c),
            }
        }
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.group(name.parse().unwrap_or(usize::MAX));
        }
        self.regex.number_of(&name).ok_or_else(|| format!("the pattern has no group `{name}`"))
    }

    fn group(&self, number: usize) -> Result<usize, String> {
        if number <= self.regex.group_count() { Ok(number) } else { Err(format!("the pattern has no group {number}")) }
    }
}
