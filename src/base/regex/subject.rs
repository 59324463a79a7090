//! What is searched: text or bytes.

use std::ops::Range;

use fancy_regex::{BytesMode, Input};

/// Text or bytes.
pub trait Subject: Input + ToOwned {
    /// Whether its units are bytes.
    const BYTES: bool;
    /// How the engine reads it.
    const MODE: BytesMode;

    /// A pattern in the units of the subject: code points or bytes.
    fn units(pattern: &str) -> Vec<u32>;
    /// A part of it. The range lies within it, on boundaries of characters; else the part is empty.
    fn part(&self, range: Range<usize>) -> &Self;
    /// Adds to the end.
    fn push(out: &mut Self::Owned, part: &Self);
    /// Adds one unit to the end.
    fn push_unit(out: &mut Self::Owned, unit: u32);
    /// Where a match of the engine lies.
    fn span(found: &Self::Match<'_>) -> Range<usize>;
}

impl Subject for str {
    const BYTES: bool = false;
    const MODE: BytesMode = BytesMode::Unicode;

    fn units(pattern: &str) -> Vec<u32> {
        pattern.chars().map(u32::from).collect()
    }

    fn part(&self, range: Range<usize>) -> &Self {
        self.get(range).unwrap_or_default()
    }

    fn push(out: &mut String, part: &Self) {
        out.push_str(part);
    }

    fn push_unit(out: &mut String, unit: u32) {
        out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    fn span(found: &Self::Match<'_>) -> Range<usize> {
        found.range()
    }
}

impl Subject for [u8] {
    const BYTES: bool = true;
    const MODE: BytesMode = BytesMode::Ascii;

    fn units(pattern: &str) -> Vec<u32> {
        pattern.bytes().map(u32::from).collect()
    }

    fn part(&self, range: Range<usize>) -> &Self {
        self.get(range).unwrap_or_default()
    }

    fn push(out: &mut Vec<u8>, part: &Self) {
        out.extend_from_slice(part);
    }

    fn push_unit(out: &mut Vec<u8>, unit: u32) {
        out.push(u8::try_from(unit).unwrap_or(b'?'));
    }

    fn span(found: &Self::Match<'_>) -> Range<usize> {
        found.range()
    }
}
