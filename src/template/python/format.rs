//! `str.format` and the mini-language behind the colon.

use minijinja::Value;

use super::percent::float_digits;
use super::{index, repr, show};
use crate::template::call::Given;
use crate::template::data::{self, integer, type_name};
use crate::template::fault::{Eval, Fault};

/// `template.format(...)`.
pub(super) fn format(template: &str, given: &Given) -> Eval {
    let mut automatic = 0;
    fill(template, given, &mut automatic, 0).map(Value::from)
}

fn fill(template: &str, given: &Given, automatic: &mut usize, depth: usize) -> Eval<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(rest.get(..at).unwrap_or(""));
        let tail = rest.get(at..).unwrap_or("");
        if tail.starts_with("{{") || tail.starts_with("}}") {
            out.push_str(tail.get(..1).unwrap_or(""));
            rest = tail.get(2..).unwrap_or("");
            continue;
        }
        if tail.starts_with('}') {
            return Err(Fault::error("a single `}` in the text to format").hint("write it twice"));
        }
        let end = closing(tail)
            .ok_or_else(|| Fault::error("a `{` in the text to format is not closed").hint("write it twice if it is meant as such"))?;
        let field = tail.get(1..end).unwrap_or("");
        out.push_str(&replacement(field, given, automatic, depth)?);
        rest = tail.get(end + 1..).unwrap_or("");
    }
    out.push_str(rest);
    Ok(out)
}

/// Where the brace that opens `text` is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn replacement(field: &str, given: &Given, automatic: &mut usize, depth: usize) -> Eval<String> {
    let (head, spec) = field.split_once(':').unwrap_or((field, ""));
    let (path, conversion) = head.split_once('!').unwrap_or((head, ""));
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let name = path.get(..end).unwrap_or("");
    let mut value = if name.is_empty() || name.bytes().all(|b| b.is_ascii_digit()) {
        let at = if name.is_empty() {
            *automatic += 1;
            *automatic - 1
        } else {
            name.parse().unwrap_or(usize::MAX)
        };
        given.positional.get(at).cloned().ok_or_else(|| Fault::error(format!("`format` got no value number {}", at + 1)))?
    } else {
        given
            .named
            .iter()
            .find(|(given, _)| &**given == name)
            .map(|(_, value)| value.clone())
            .ok_or_else(|| Fault::error(format!("`format` got no value `{name}`")))?
    };
    let mut rest = path.get(end..).unwrap_or("");
    while !rest.is_empty() {
        let (key, tail) = if let Some(inner) = rest.strip_prefix('[') {
            inner.split_once(']').unwrap_or((inner, ""))
        } else {
            let inner = rest.strip_prefix('.').unwrap_or(rest);
            let end = inner.find(['.', '[']).unwrap_or(inner.len());
            (inner.get(..end).unwrap_or(""), inner.get(end..).unwrap_or(""))
        };
        let by_number = key.parse::<i64>().ok().and_then(|at| index(&value, &Value::from(at)));
        value = by_number
            .or_else(|| index(&value, &Value::from(key)))
            .ok_or_else(|| Fault::error(format!("`format`: there is no `{key}` in `{path}`")))?;
        rest = tail;
    }
    let value = match conversion {
        "r" | "a" => Value::from(repr(&value)),
        "s" => Value::from(show(&value)),
        _ => value,
    };
    if spec.contains('{') && depth == 0 {
        let spec = fill(spec, given, automatic, depth + 1)?;
        return format_spec(&value, &spec);
    }
    format_spec(&value, spec)
}

/// `value` by a format specification such as `>8.2f`.
fn format_spec(value: &Value, spec: &str) -> Eval<String> {
    if spec.is_empty() {
        return Ok(show(value));
    }
    let chars: Vec<char> = spec.chars().collect();
    let mut at = 0;
    let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '=' | '^'));
    let (mut fill, mut align) = (' ', None);
    if is_align(chars.get(1)) {
        fill = chars.first().copied().unwrap_or(' ');
        align = chars.get(1).copied();
        at = 2;
    } else if is_align(chars.first()) {
        align = chars.first().copied();
        at = 1;
    }
    let mut next_is = |wanted: &[char]| match chars.get(at).filter(|c| wanted.contains(c)) {
        Some(c) => {
            at += 1;
            Some(*c)
        }
        None => None,
    };
    let sign = next_is(&['+', '-', ' ']);
    let alternate = next_is(&['#']).is_some();
    if next_is(&['0']).is_some() && align.is_none() {
        fill = '0';
        align = Some('=');
    }
    let number = |at: &mut usize| {
        let digits: String = chars.iter().skip(*at).take_while(|c| c.is_ascii_digit()).collect();
        *at += digits.len();
        digits.parse::<usize>().ok().map(|number| number.min(10_000))
    };
    let width = number(&mut at).unwrap_or(0);
    let grouping = chars.get(at).copied().filter(|c| matches!(c, ',' | '_'));
    at += usize::from(grouping.is_some());
    let mut precision = None;
    if chars.get(at) == Some(&'.') {
        at += 1;
        precision = number(&mut at);
    }
    let kind = chars.get(at).copied();
    if chars.len() > at + 1 {
        return Err(Fault::error(format!("`{spec}` is not a format")));
    }
    let wrong = || Fault::error(format!("the format `{spec}` does not fit a `{}`", type_name(value)));
    let is_text = data::text(value).is_some();
    let (sign_text, prefix, mut body) = match kind {
        None | Some('s') if data::number(value).is_none() || kind == Some('s') && is_text => {
            let text = show(value);
            (String::new(), "", precision.map_or(text.clone(), |precision| text.chars().take(precision).collect()))
        }
        Some('d' | 'n') | None if integer(value).is_some() => whole(integer(value).unwrap_or(0), sign, "", |size| size.to_string()),
        Some('x') => whole(integer(value).ok_or_else(wrong)?, sign, if alternate { "0x" } else { "" }, |size| format!("{size:x}")),
        Some('X') => whole(integer(value).ok_or_else(wrong)?, sign, if alternate { "0X" } else { "" }, |size| format!("{size:X}")),
        Some('o') => whole(integer(value).ok_or_else(wrong)?, sign, if alternate { "0o" } else { "" }, |size| format!("{size:o}")),
        Some('b') => whole(integer(value).ok_or_else(wrong)?, sign, if alternate { "0b" } else { "" }, |size| format!("{size:b}")),
        Some('c') => {
            let c = integer(value).and_then(|code| u32::try_from(code).ok()).and_then(char::from_u32).ok_or_else(wrong)?;
            (String::new(), "", c.to_string())
        }
        Some('%') => {
            let number = data::number(value).ok_or_else(wrong)? * 100.0;
            (sign_of(number < 0.0, sign), "", format!("{}%", float_digits(number.abs(), 'f', precision.unwrap_or(6), false)))
        }
        Some(kind @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G')) => {
            let number = data::number(value).ok_or_else(wrong)?;
            (sign_of(number < 0.0, sign), "", float_digits(number.abs(), kind, precision.unwrap_or(6), alternate))
        }
        None => {
            let number = data::number(value).ok_or_else(wrong)?;
            let digits = match precision {
                Some(precision) => float_digits(number.abs(), 'g', precision, true),
                None => crate::base::text::python_float(number.abs()),
            };
            (sign_of(number < 0.0, sign), "", digits)
        }
        _ => return Err(wrong()),
    };
    if let Some(separator) = grouping {
        body = grouped(&body, separator);
    }
    let align = align.unwrap_or(if data::number(value).is_some() { '>' } else { '<' });
    let missing = width.saturating_sub(sign_text.chars().count() + prefix.chars().count() + body.chars().count());
    let fills = |count: usize| fill.to_string().repeat(count);
    Ok(match align {
        '<' => format!("{sign_text}{prefix}{body}{}", fills(missing)),
        '^' => format!("{}{sign_text}{prefix}{body}{}", fills(missing / 2), fills(missing - missing / 2)),
        '=' => format!("{sign_text}{prefix}{}{body}", fills(missing)),
        _ => format!("{}{sign_text}{prefix}{body}", fills(missing)),
    })
}

fn sign_of(negative: bool, sign: Option<char>) -> String {
    match (negative, sign) {
        (true, _) => "-".to_owned(),
        (false, Some(c @ ('+' | ' '))) => c.to_string(),
        _ => String::new(),
    }
}

fn whole(number: i128, sign: Option<char>, prefix: &'static str, digits: impl Fn(u128) -> String) -> (String, &'static str, String) {
    (sign_of(number < 0, sign), prefix, digits(number.unsigned_abs()))
}

/// Digits in groups of three.
fn grouped(digits: &str, separator: char) -> String {
    let (whole, fraction) = match digits.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(separator);
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_in_python() {
        let of = |template: &str, positional: Vec<Value>, named: Vec<(&str, Value)>| {
            let given = Given { positional, named: named.into_iter().map(|(name, value)| (name.into(), value)).collect() };
            show(&format(template, &given).unwrap())
        };
        assert_eq!(of("{} {x} {0} {{}}", vec![1.into()], vec![("x", 2.into())]), "1 2 1 {}");
        assert_eq!(
            of("{:>5}|{:<5}|{:^5}|{:*^7}|", vec!["a".into(), "b".into(), "c".into(), "d".into()], vec![]),
            "    a|b    |  c  |***d***|"
        );
        assert_eq!(
            of(
                "{:05d} {:+} {:,} {:.2f} {:x} {:#x} {:08b} {:.1%} {:e}",
                vec![42.into(), 3.into(), 1234567.into(), 1.005.into(), 255.into(), 255.into(), 5.into(), 0.256.into(), 12345.678.into()],
                vec![]
            ),
            "00042 +3 1,234,567 1.00 ff 0xff 00000101 25.6% 1.234568e+04"
        );
        assert_eq!(
            of("{0[k]} {0.k} {1[0]} {2!r:>6}", vec![data::dict([("k".into(), 1.into())]), data::list(vec![9.into()]), "x".into()], vec![]),
            "1 1 9    'x'"
        );
        assert_eq!(of("{:{w}}|", vec!["a".into()], vec![("w", 4.into())]), "a   |");
        assert!(format("{} {}", &Given { positional: vec!["a".into()], named: Vec::new() }).is_err());
        assert!(format("{", &Given::default()).is_err());
    }
}
