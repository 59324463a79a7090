//! What an unquoted scalar means: YAML 1.1 as PyYAML resolves it.
//!
//! Two differences on purpose: numbers of base 60 (`12:30`) and dates stay text, since nobody means them.

use base64::Engine as _;

use super::node::Value;

/// The value of a plain scalar; `None` when it is text.
pub(super) fn plain(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Some(Value::Bool(true)),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Some(Value::Bool(false)),
        _ => {}
    }
    // Only these can start a number: all other text is left alone at once.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    int(text).or_else(|| float(text))
}

/// The value of a bare word in JSON; `None` when it is none (which valid JSON does not contain). A number too large to be kept
/// exactly stays text.
pub(super) fn json(text: &str) -> Option<Value> {
    match text {
        "null" => Some(Value::Null),
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ if text.contains(['.', 'e', 'E']) => text.parse().ok().map(Value::Float),
        _ => text.parse().ok().map(Value::Int),
    }
}

/// The value of a scalar with one of YAML's own tags; the error is a message.
pub(super) fn tagged(tag: &str, text: &str) -> Result<Value, String> {
    match tag {
        "!!bool" => match plain(&text.to_lowercase()) {
            Some(value @ Value::Bool(_)) => Ok(value),
            _ => Err(format!("`{text}` is not a boolean")),
        },
        "!!int" => int(text).ok_or_else(|| format!("`{text}` is not a whole number")),
        "!!float" => match float(text).or_else(|| text.replace('_', "").parse().ok().map(Value::Float)) {
            Some(value) => Ok(value),
            None => Err(format!("`{text}` is not a number")),
        },
        "!!binary" => {
            let packed: String = text.split_whitespace().collect();
            let bytes = base64::engine::general_purpose::STANDARD.decode(packed).map_err(|_| "this is not base64".to_owned())?;
            match String::from_utf8(bytes) {
                Ok(text) => Ok(Value::Str { text, style: super::node::Style::Quoted, is_unsafe: true }),
                Err(_) => Err("binary data that is not text cannot be a value".to_owned()),
            }
        }
        _ => Err(format!("unknown tag `{tag}`")),
    }
}

fn int(text: &str) -> Option<Value> {
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (radix, digits) = if let Some(rest) = digits.strip_prefix("0b") {
        (2, rest)
    } else if let Some(rest) = digits.strip_prefix("0x") {
        (16, rest)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, digits)
    } else {
        (10, digits)
    };
    if digits.starts_with('_') && radix == 10 || !digits.chars().all(|c| c == '_' || c.is_digit(radix)) {
        return None;
    }
    let digits = digits.replace('_', "");
    if digits.is_empty() {
        return None;
    }
    // What does not fit stays text: every digit is kept.
    let digits = if negative { format!("-{digits}") } else { digits };
    i64::from_str_radix(&digits, radix).ok().map(Value::Int)
}

fn float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(Value::Float(sign * f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => return Some(Value::Float(f64::NAN)),
        _ => {}
    }
    // A point is needed, and an exponent needs its sign: `1e3` is text.
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = number.split_once('.')?;
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let whole_fits = whole.starts_with(|c: char| c.is_ascii_digit()) && digits(whole);
    let fraction_only = whole.is_empty() && unsigned.len() == text.len() && fraction.starts_with(|c: char| c.is_ascii_digit());
    if !(whole_fits || fraction_only) || !digits(fraction) {
        return None;
    }
    if let Some(exponent) = exponent {
        let power = exponent.strip_prefix(['-', '+'])?;
        if power.is_empty() || !power.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
    }
    text.replace('_', "").parse().ok().map(Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from PyYAML through ansible-core 2.19, but for base 60 and dates.
    #[test]
    fn scalars_as_pyyaml_reads_them() {
        let int = |value: i64| format!("{:?}", Some(Value::Int(value)));
        let float = |value: f64| format!("{:?}", Some(Value::Float(value)));
        let text = || "None".to_owned();
        let bool = |value| format!("{:?}", Some(Value::Bool(value)));
        for (written, read) in [
            ("yes", bool(true)),
            ("Off", bool(false)),
            ("TRUE", bool(true)),
            ("tRue", text()),
            ("y", text()),
            ("n", text()),
            ("0644", int(420)),
            ("0o644", text()),
            ("0x1F", int(31)),
            ("-0x1F", int(-31)),
            ("0b101", int(5)),
            ("1_000", int(1000)),
            ("1__0", int(10)),
            ("00", int(0)),
            ("0_7", int(7)),
            ("089", text()),
            ("08", text()),
            ("-08", text()),
            ("+12", int(12)),
            ("0b", text()),
            ("0x", text()),
            ("-0", int(0)),
            ("9223372036854775808", text()),
            ("-9223372036854775808", int(i64::MIN)),
            ("1e3", text()),
            ("1.0e3", text()),
            ("1.5e+3", float(1500.0)),
            ("1.", float(1.0)),
            ("0.", float(0.0)),
            (".5", float(0.5)),
            ("-.5", text()),
            ("._5", text()),
            ("6.e+5", float(600_000.0)),
            (".5e1", text()),
            ("1_0.5", float(10.5)),
            (".inf", float(f64::INFINITY)),
            ("-.INF", float(f64::NEG_INFINITY)),
            ("+.inf", float(f64::INFINITY)),
            (".nan", float(f64::NAN)),
            ("-.nan", text()),
            ("1.2.3", text()),
            ("1,000", text()),
            ("12:30:45", text()),
            ("12:30", text()),
            ("2001-12-14", text()),
            ("~", format!("{:?}", Some(Value::Null))),
            ("NULL", format!("{:?}", Some(Value::Null))),
            ("nUll", text()),
            ("-", text()),
            ("+", text()),
            (".", text()),
            ("..", text()),
            ("_1", text()),
            ("=", text()),
            ("192.168.1.1", text()),
            ("1-2", text()),
            ("-1.5", float(-1.5)),
        ] {
            assert_eq!(format!("{:?}", plain(written)), read, "{written}");
        }
    }
}
