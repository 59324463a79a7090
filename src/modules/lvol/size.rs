//! Sizes as tasks write them: `512m`, `+2g`, `80%VG`.

use serde_json::{Value, json};

/// Units by their letter, smallest first, each with its bytes.
const UNITS: &[(char, u64)] =
    &[('b', 1), ('s', 512), ('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30), ('t', 1 << 40), ('p', 1 << 50), ('e', 1 << 60)];

/// What percentages are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Group,
    Devices,
    Free,
    Origin,
}

/// Whether a size is one, or a difference to what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    None,
    Plus,
    Minus,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Amount {
    Bytes(f64),
    Percent(f64, Of),
}

/// A size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Size {
    pub(super) sign: Sign,
    pub(super) amount: Amount,
    /// As commands take it, without sign.
    text: String,
    /// The letter of its unit.
    unit: char,
}

impl Size {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (sign, rest) = match text.chars().next() {
            Some('+') => (Sign::Plus, &text[1..]),
            Some('-') => (Sign::Minus, &text[1..]),
            _ => (Sign::None, text),
        };
        let bad = || format!("`size` is `{text}`, and not a number with a unit like `512m` or a percentage like `80%VG`");
        let number = |text: &str| text.parse::<f64>().ok().filter(|_| text.chars().all(|sign| sign.is_ascii_digit() || sign == '.'));
        if !rest.starts_with(|sign: char| sign.is_ascii_digit()) {
            return Err(bad());
        }
        if let Some((percent, of)) = rest.split_once('%') {
            let value = percent.parse::<u32>().map_err(|_| bad())?;
            let of = match of {
                "VG" => Of::Group,
                "PVS" => Of::Devices,
                "FREE" => Of::Free,
                "ORIGIN" => Of::Origin,
                _ => return Err(format!("`size` is `{text}`, and percentages are of `VG`, `PVS`, `FREE` or `ORIGIN`")),
            };
            if value > 100 {
                return Err(format!("`size` is `{text}`, which is more than 100%"));
            }
            return Ok(Self { sign, amount: Amount::Percent(f64::from(value), of), text: rest.to_owned(), unit: 'm' });
        }
        let letter = rest.chars().last().filter(char::is_ascii_alphabetic);
        let unit = letter.map_or('m', |letter| letter.to_ascii_lowercase());
        let digits = rest.strip_suffix(|sign: char| sign.is_ascii_alphabetic()).unwrap_or(rest);
        let bytes = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes).ok_or_else(bad)?;
        let value = number(digits).ok_or_else(bad)?;
        Ok(Self { sign, amount: Amount::Bytes(value * float(bytes)), text: format!("{digits}{unit}"), unit })
    }

    pub(super) fn is_percentage(&self) -> bool {
        matches!(self.amount, Amount::Percent(..))
    }

    /// The option of commands, and its value.
    pub(super) fn words(&self) -> [String; 2] {
        let sign = match self.sign {
            Sign::None => "",
            Sign::Plus => "+",
            Sign::Minus => "-",
        };
        let option = if self.is_percentage() { "-l" } else { "-L" };
        [option.to_owned(), format!("{sign}{}", self.text)]
    }

    /// The value without a sign.
    pub(super) fn value(&self) -> &str {
        &self.text
    }
}

/// Bytes as results show them, in the unit of the size that was asked for.
pub(super) fn shown(bytes: u64, size: Option<&Size>) -> Value {
    let unit = size.map_or('m', |size| size.unit);
    let one = UNITS.iter().find(|(name, _)| *name == unit).map_or(1, |(_, bytes)| *bytes);
    let value = float(bytes) / float(one);
    json!((value * 100.0).round() / 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "sizes are compared in extents, of which no volume has that many")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float beyond the range of bytes becomes its end")]
pub(super) fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}
