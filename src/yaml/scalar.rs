//! How a scalar is written: without quotes where it reads back the same, else in the plainest quotes that can hold it.

use super::node::{Node, Style, Value};
use super::resolve;

/// Where a node stands.
#[derive(Clone, Copy, Default)]
pub(super) struct Context {
    /// A key: never broken over lines.
    pub is_key: bool,
    /// The value of a key.
    pub is_value: bool,
}

/// The text so far, and where in the line it ends.
pub(super) struct Out {
    text: String,
    column: usize,
    /// Spaces before a new line of the innermost collection; `None` outside of all.
    indent: Option<usize>,
    step: usize,
    width: usize,
    /// The last thing written was a space or an opening bracket.
    spaced: bool,
    /// Only indentation and dashes stand on this line.
    indenting: bool,
    brackets: usize,
    /// Texts of several lines are written as literal blocks.
    pub(super) blocks: bool,
}

impl Out {
    pub(super) fn new(step: usize, width: usize) -> Self {
        Self { blocks: false, text: String::new(), column: 0, indent: None, step, width, spaced: true, indenting: true, brackets: 0 }
    }

    pub(super) fn finish(mut self) -> String {
        if !self.text.ends_with('\n') || self.column > 0 {
            self.text.push('\n');
        }
        self.text
    }

    pub(super) fn is_flow(&self) -> bool {
        self.brackets > 0
    }

    pub(super) fn at_indentation(&self) -> bool {
        self.indenting
    }

    pub(super) fn same_indent(&mut self) -> Option<usize> {
        let outer = self.indent;
        self.indent = Some(outer.unwrap_or(0));
        outer
    }

    /// One level in; gives the level to come [back to](Self::back_to).
    pub(super) fn deeper(&mut self, flow: bool) -> Option<usize> {
        let outer = self.indent;
        self.indent = Some(match outer {
            Some(indent) => indent + self.step,
            None if flow => self.step,
            None => 0,
        });
        outer
    }

    pub(super) fn back_to(&mut self, outer: Option<usize>) {
        self.indent = outer;
    }

    fn put(&mut self, c: char) {
        self.text.push(c);
        if c == '\n' { self.column = 0 } else { self.column += 1 }
    }

    /// A new line at the current level, unless this line is still empty up to there.
    pub(super) fn start_line(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indenting || self.column > indent || (self.column == indent && !self.spaced) {
            self.put('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.spaced = true;
        self.indenting = true;
    }

    pub(super) fn indicator(&mut self, mark: &str, needs_space: bool, spaced: bool, indenting: bool) {
        if needs_space && !self.spaced {
            self.put(' ');
        }
        mark.chars().for_each(|c| self.put(c));
        self.spaced = spaced;
        self.indenting = self.indenting && indenting;
    }

    pub(super) fn open_bracket(&mut self, bracket: &str) -> Option<usize> {
        self.indicator(bracket, true, true, false);
        self.brackets += 1;
        self.deeper(true)
    }

    pub(super) fn next_in_brackets(&mut self, number: usize) {
        if number > 0 {
            self.indicator(",", false, false, false);
        }
        if self.column > self.width {
            self.start_line();
        }
    }

    pub(super) fn close_bracket(&mut self, bracket: &str, outer: Option<usize>) {
        self.brackets -= 1;
        self.back_to(outer);
        self.indicator(bracket, false, false, false);
    }

    /// Text without quotes.
    fn plain(&mut self, text: &str, may_break: bool) {
        if !self.spaced && (!text.is_empty() || self.is_flow()) {
            self.put(' ');
        }
        let mut after_space = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c == ' ' && may_break && !after_space && self.column > self.width && chars.peek() != Some(&' ') {
                self.start_line();
            } else {
                self.put(c);
            }
            after_space = c == ' ';
        }
        self.spaced = false;
        self.indenting = false;
    }

    fn single_quoted(&mut self, text: &str, may_break: bool) {
        self.indicator("'", true, false, false);
        let last = text.chars().count().saturating_sub(1);
        let (mut after_space, mut after_break) = (false, false);
        let mut chars = text.chars().enumerate().peekable();
        while let Some((at, c)) = chars.next() {
            if c == ' ' {
                let fold = may_break && !after_space && self.column > self.width && at > 0 && at < last;
                if fold && chars.peek().is_none_or(|(_, next)| *next != ' ') {
                    self.start_line()
                } else {
                    self.put(' ')
                }
                after_space = true;
            } else if c == '\n' {
                // The first line break of a row is doubled: a single one would be folded into a space.
                if !after_break {
                    self.put('\n');
                }
                self.put(c);
                self.indenting = true;
                after_break = true;
            } else {
                if after_break {
                    self.start_line();
                }
                if c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indenting = false;
                (after_space, after_break) = (false, false);
            }
        }
        if after_break {
            self.start_line();
        }
        self.indicator("'", false, false, false);
        self.spaced = false;
        self.indenting = false;
    }

    fn double_quoted(&mut self, text: &str, may_break: bool) {
        self.indicator("\"", true, false, false);
        let last = text.chars().count().saturating_sub(1);
        let mut after_space = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((at, c)) = chars.next() {
            if c == ' ' {
                if may_break && !after_space && self.column > self.width && at > 0 && at < last {
                    self.start_line();
                    if chars.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                after_space = true;
                continue;
            }
            after_space = false;
            if is_printable(c) && !is_break(c) && c != '"' && c != '\\' {
                self.put(c);
            } else {
                escape(c).chars().for_each(|c| self.put(c));
            }
        }
        self.indicator("\"", false, false, false);
        self.spaced = false;
        self.indenting = false;
    }

    /// A `|` block, for encrypted values.
    /// A text of several lines as a literal block. Blanks at the ends of its lines and what cannot be seen are lost, tabs become blanks.
    fn literal(&mut self, text: &str) {
        let hint = if text.starts_with([' ', '\n']) { self.step.to_string() } else { String::new() };
        self.indicator(&format!("|{hint}-"), true, false, false);
        for line in text.trim_end().lines() {
            let mut shown = String::new();
            for c in line.chars().filter(|c| *c == '\t' || !c.is_control()) {
                match c {
                    '\t' => shown.extend(std::iter::repeat_n(' ', 8 - shown.chars().count() % 8)),
                    c => shown.push(c),
                }
            }
            self.indenting = false;
            match shown.trim_end() {
                "" => self.put('\n'),
                shown => {
                    self.start_line();
                    shown.chars().for_each(|c| self.put(c));
                }
            }
        }
        self.spaced = false;
        self.indenting = false;
    }

    fn block(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        for line in text.lines() {
            self.indenting = false;
            self.start_line();
            line.chars().for_each(|c| self.put(c));
        }
        self.spaced = false;
        self.indenting = false;
    }
}

/// Writes a node that is neither list nor mapping.
pub(super) fn write_scalar(out: &mut Out, node: &Node, context: Context) {
    let outer = out.deeper(true);
    let may_break = !context.is_key;
    match &node.value {
        Value::Null => out.plain("null", false),
        Value::Bool(value) => out.plain(if *value { "true" } else { "false" }, false),
        Value::Int(value) => out.plain(&value.to_string(), false),
        Value::Float(value) => out.plain(&float(*value), false),
        // A whole number too large for `Int`.
        Value::Str { text, style: Style::Plain, .. } if is_large_int(text) => out.plain(text, false),
        Value::Str { text, .. } if out.blocks && text.contains('\n') && !context.is_key && !out.is_flow() => out.literal(text),
        Value::Str { text, .. } => {
            let text_is = Traits::of(text);
            let plain = if out.is_flow() { text_is.plain_in_brackets } else { text_is.plain }
                && !(text.is_empty() && (out.is_flow() || context.is_key));
            if plain && !means_something_else(text) {
                out.plain(text, may_break);
            } else if text_is.single_quoted && !(context.is_key && text.contains('\n')) {
                out.single_quoted(text, may_break);
            } else {
                out.double_quoted(text, may_break);
            }
        }
        Value::Vault(text) => {
            out.indicator("!vault", true, false, false);
            out.block(text);
        }
        Value::List(_) | Value::Map(_) => {}
    }
    out.back_to(outer);
}

/// A number as Python writes it, with the point that YAML 1.1 asks for.
fn float(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = crate::base::text::python_float(value);
    match text.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0e{exponent}"),
        _ => text,
    }
}

fn is_large_int(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.len() > 18 && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0') && text.parse::<i64>().is_err()
}

/// Whether PyYAML would read the text, without quotes, as something other than text.
fn means_something_else(text: &str) -> bool {
    if resolve::plain(text).is_some() || matches!(text, "<<" | "=") {
        return true;
    }
    let Some(first) = text.chars().next() else { return true };
    if !(first.is_ascii_digit() || matches!(first, '-' | '+')) {
        return false;
    }
    looks_like_large_number(text) || looks_like_base_60(text) || looks_like_date(text)
}

/// A whole number that this program keeps as text because it is too large.
fn looks_like_large_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (radix, digits) = match (digits.strip_prefix("0x"), digits.strip_prefix("0b")) {
        (Some(digits), _) => (16, digits),
        (_, Some(digits)) => (2, digits),
        _ if digits.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    !digits.is_empty() && digits.chars().all(|c| c == '_' || c.is_digit(radix)) && digits.chars().any(|c| c != '_')
}

/// `12:30`, `1:2:3.5`.
fn looks_like_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, is_float) = match unsigned.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') => (whole, true),
        Some(_) => return false,
        None => (unsigned, false),
    };
    let mut parts = whole.split(':');
    let Some(first) = parts.next() else { return false };
    let starts =
        if is_float { first.starts_with(|c: char| c.is_ascii_digit()) } else { first.starts_with(|c: char| ('1'..='9').contains(&c)) };
    let mut count = 0;
    let rest_fits = parts.all(|part| {
        count += 1;
        matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
    });
    starts && first.bytes().all(|b| b.is_ascii_digit() || b == b'_') && rest_fits && count > 0
}

/// `2001-12-14`, with or without a time.
fn looks_like_date(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ', '\t']) {
        Some(at) => (text.get(..at).unwrap_or(""), Some(text.get(at + 1..).unwrap_or("").trim_start())),
        None => (text, None),
    };
    let digits =
        |part: &str, lengths: std::ops::RangeInclusive<usize>| lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    match time {
        None => digits(year, 4..=4) && digits(month, 2..=2) && digits(day, 2..=2),
        Some(time) => {
            digits(year, 4..=4) && digits(month, 1..=2) && digits(day, 1..=2) && {
                let clock: String = time.chars().take_while(|c| c.is_ascii_digit() || *c == ':').collect();
                let fields: Vec<&str> = clock.split(':').collect();
                matches!(fields.as_slice(), [h, m, s] if digits(h, 1..=2) && digits(m, 2..=2) && digits(s, 2..=2))
            }
        }
    }
}

/// In which styles a text can be written.
struct Traits {
    plain: bool,
    plain_in_brackets: bool,
    single_quoted: bool,
}

impl Traits {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self { plain: false, plain_in_brackets: false, single_quoted: true };
        }
        // Characters that mean something to YAML, outside and inside of brackets.
        let (mut outside, mut inside) = (false, false);
        if text.starts_with("---") || text.starts_with("...") {
            (outside, inside) = (true, true);
        }
        let (mut special, mut breaks, mut space_then_break, mut break_then_space) = (false, false, false, false);
        let mut previous: Option<char> = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let before_space = chars.peek().is_none_or(|next| *next == ' ' || *next == '\t' || is_break(*next));
            match (previous, c) {
                (None, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`') => {
                    (outside, inside) = (true, true)
                }
                (None, '?' | ':') => {
                    inside = true;
                    outside |= before_space;
                }
                (None, '-') if before_space => (outside, inside) = (true, true),
                (Some(_), ',' | '?' | '[' | ']' | '{' | '}') => inside = true,
                (Some(_), ':') => {
                    inside = true;
                    outside |= before_space;
                }
                (Some(' ' | '\t' | '\n'), '#') => (outside, inside) = (true, true),
                _ => {}
            }
            // PyYAML writes the line breaks of Unicode as they are, and reads some of what it wrote back as another text.
            special |= !is_printable(c) || is_break(c) && c != '\n';
            breaks |= is_break(c);
            if let Some(previous) = previous {
                space_then_break |= previous == ' ' && is_break(c);
                break_then_space |= is_break(previous) && c == ' ';
            }
            previous = Some(c);
        }
        let edge = text.starts_with(|c| c == ' ' || is_break(c)) || text.ends_with(|c| c == ' ' || is_break(c));
        let single_quoted = !special && !space_then_break && !break_then_space;
        let plain = single_quoted && !edge && !breaks;
        Self { plain: plain && !outside, plain_in_brackets: plain && !inside, single_quoted }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// `c` as an escape sequence between double quotes.
fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let code = u32::from(c);
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}
