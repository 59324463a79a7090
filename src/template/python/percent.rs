//! The `%` operator on texts.

use minijinja::Value;

use super::{repr, show};
use crate::base::text::python_float;
use crate::template::data::{self, integer, type_name};
use crate::template::fault::{Eval, Fault};

/// `template % arguments`: a tuple gives several, a mapping gives them by name, anything else is the only one.
pub(crate) fn format(template: &str, arguments: &Value) -> Eval {
    let positional = if arguments.is_tuple() { data::items(arguments).unwrap_or_default() } else { vec![arguments.clone()] };
    let mut next = positional.into_iter();
    let mut named = false;
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut key = None;
        if chars.peek() == Some(&'(') {
            chars.next();
            let name: String = chars.by_ref().take_while(|c| *c != ')').collect();
            let found = arguments
                .as_object()
                .filter(|_| data::is_mapping(arguments))
                .and_then(|object| object.get_value(&Value::from(name.as_str())));
            key = Some(found.ok_or_else(|| Fault::error(format!("the mapping behind `%` has no key `{name}`")))?);
            named = true;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | ' ' | '0' | '#')) {
            spec.flag(flag);
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| -> Eval<Option<i128>> {
            if chars.next_if_eq(&'*').is_some() {
                return Ok(next.next().as_ref().and_then(integer));
            }
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            Ok(digits.parse().ok())
        };
        if let Some(width) = number(&mut chars)? {
            spec.left |= width < 0;
            spec.width = usize::try_from(width.abs().min(10_000)).unwrap_or(0);
        }
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(usize::try_from(number(&mut chars)?.unwrap_or(0).clamp(0, 10_000)).unwrap_or(0));
        }
        while chars.next_if(|c| matches!(c, 'h' | 'l' | 'L')).is_some() {}
        let Some(kind) = chars.next() else { return Err(Fault::error("the text before `%` ends inside of a placeholder")) };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = match key {
            Some(value) => value,
            None => next.next().ok_or_else(|| Fault::error("there are more placeholders than values behind `%`"))?,
        };
        out.push_str(&spec.apply(kind, &value)?);
    }
    let left = next.next().is_some();
    if left && !named && !data::is_mapping(arguments) {
        return Err(Fault::error("there are more values behind `%` than placeholders"));
    }
    Ok(Value::from(out))
}

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

impl Spec {
    fn flag(&mut self, flag: char) {
        match flag {
            '-' => self.left = true,
            '+' => self.plus = true,
            ' ' => self.space = true,
            '0' => self.zero = true,
            _ => self.alternate = true,
        }
    }

    fn apply(&self, kind: char, value: &Value) -> Eval<String> {
        let wrong = |wanted: &str| Fault::error(format!("`%{kind}` needs {wanted}, not `{}`", type_name(value)));
        let truncated = |text: String| match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        };
        Ok(match kind {
            's' => self.pad(&truncated(show(value)), false),
            'r' | 'a' => self.pad(&truncated(repr(value)), false),
            'c' => match (integer(value), data::text(value)) {
                (Some(code), _) => {
                    let c = u32::try_from(code).ok().and_then(char::from_u32).ok_or_else(|| wrong("a character"))?;
                    self.pad(&c.to_string(), false)
                }
                (None, Some(text)) if text.chars().count() == 1 => self.pad(text, false),
                _ => return Err(wrong("a character")),
            },
            'd' | 'i' | 'u' => {
                #[expect(clippy::cast_possible_truncation, reason = "Python truncates towards zero here too")]
                let number =
                    integer(value).or_else(|| data::float(value).map(|float| float.trunc() as i128)).ok_or_else(|| wrong("a number"))?;
                self.number(number < 0, "", &self.digits(number.unsigned_abs().to_string()))
            }
            'o' | 'x' | 'X' => {
                let number = integer(value).ok_or_else(|| wrong("a whole number"))?;
                let size = number.unsigned_abs();
                let (prefix, digits) = match kind {
                    'o' => ("0o", format!("{size:o}")),
                    'x' => ("0x", format!("{size:x}")),
                    _ => ("0X", format!("{size:X}")),
                };
                self.number(number < 0, if self.alternate { prefix } else { "" }, &self.digits(digits))
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let number = data::number(value).ok_or_else(|| wrong("a number"))?;
                let digits = float_digits(number.abs(), kind, self.precision.unwrap_or(6), self.alternate);
                self.number(number.is_sign_negative() && !number.is_nan(), "", &digits)
            }
            _ => return Err(Fault::error(format!("`%{kind}` is not a placeholder"))),
        })
    }

    fn digits(&self, digits: String) -> String {
        let wanted = self.precision.unwrap_or(0);
        format!("{}{digits}", "0".repeat(wanted.saturating_sub(digits.len())))
    }

    fn number(&self, negative: bool, prefix: &str, digits: &str) -> String {
        let sign = match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        if self.zero && !self.left {
            let missing = self.width.saturating_sub(sign.len() + prefix.len() + digits.len());
            return format!("{sign}{prefix}{}{digits}", "0".repeat(missing));
        }
        self.pad(&format!("{sign}{prefix}{digits}"), true)
    }

    fn pad(&self, text: &str, _number: bool) -> String {
        let missing = " ".repeat(self.width.saturating_sub(text.chars().count()));
        if self.left { format!("{text}{missing}") } else { format!("{missing}{text}") }
    }
}

/// The digits of a number that is not negative, as the formats `e`, `f` and `g` (upper case for upper-case digits) write it.
pub(super) fn float_digits(number: f64, kind: char, precision: usize, alternate: bool) -> String {
    let upper = kind.is_ascii_uppercase();
    let text = if number.is_nan() || number.is_infinite() {
        python_float(number)
    } else {
        match kind.to_ascii_lowercase() {
            'e' => exponent(number, precision),
            'g' => general(number, precision.max(1), alternate),
            _ => format!("{number:.precision$}"),
        }
    };
    if upper { text.to_uppercase() } else { text }
}

fn exponent(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    match text.split_once('e') {
        Some((mantissa, power)) => {
            let power: i32 = power.parse().unwrap_or(0);
            format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
        }
        None => text,
    }
}

fn general(number: f64, precision: usize, alternate: bool) -> String {
    let rounded = exponent(number, precision - 1);
    let power: i32 = rounded.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let digits = i32::try_from(precision).unwrap_or(i32::MAX);
    let text = if power < -4 || power >= digits {
        rounded
    } else {
        let decimals = usize::try_from(digits - 1 - power).unwrap_or(0);
        format!("{number:.decimals$}")
    };
    if alternate {
        return text;
    }
    let (mantissa, power) = match text.split_once('e') {
        Some((mantissa, power)) => (mantissa.to_owned(), format!("e{power}")),
        None => (text, String::new()),
    };
    let trimmed = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { &mantissa };
    format!("{trimmed}{power}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_as_in_python() {
        let of = |template: &str, values: Vec<Value>| show(&format(template, &data::tuple(values)).unwrap());
        let f = Value::from(1234.5678);
        assert_eq!(of("%s-%d-%05.2f-%x", vec!["a".into(), 3.into(), 1.5.into(), 255.into()]), "a-3-01.50-ff");
        assert_eq!(
            of("[%5s|%-5s|%05d|%+d|% d]", vec!["a".into(), "b".into(), (-3).into(), 4.into(), 5.into()]),
            "[    a|b    |-0003|+4| 5]"
        );
        assert_eq!(of("%e %g %.3g %G", vec![f.clone(), f.clone(), f.clone(), 1e-10.into()]), "1.234568e+03 1234.57 1.23e+03 1E-10");
        assert_eq!(of("%#x %o %c %r %% %.2s", vec![255.into(), 8.into(), 65.into(), "q".into(), "xyz".into()]), "0xff 10 A 'q' % xy");
        assert_eq!(show(&format("%(a)s %(b)03d", &data::dict([("a".into(), 1.into()), ("b".into(), 2.into())])).unwrap()), "1 002");
        assert_eq!(of("%*d", vec![5.into(), 3.into()]), "    3");
        assert!(format("%s %s", &Value::from("a")).is_err());
        assert!(format("%s", &data::tuple(vec![1.into(), 2.into()])).is_err());
        assert!(format("%d", &Value::from("x")).is_err());
    }
}
