//! Operators on values, as Python defines them.

use minijinja::Value;

use super::concat;
use crate::template::data::{self, int, type_name};
use crate::template::fault::{Eval, Fault};
use crate::template::python::{datetime, percent, show};
use crate::template::syntax::ast::Binary;

/// Bytes of a text made by repeating one at most.
const REPEATED: usize = 50_000_000;

/// Items of a list made by repeating one at most: each takes some thirty bytes.
const REPEATED_ITEMS: usize = 2_000_000;

/// `left operator right`.
pub(super) fn binary(operator: Binary, left: &Value, right: &Value) -> Eval {
    match operator {
        Binary::Concat => Ok(Value::from(format!("{}{}", show(left), show(right)))),
        Binary::Rem if data::text(left).is_some() => percent::format(data::text(left).unwrap_or(""), right),
        Binary::Add => add(left, right),
        Binary::Mul => multiply(left, right),
        Binary::Sub => match datetime::arithmetic(left, right, true) {
            Some(result) => Ok(result),
            None => arithmetic(operator, left, right),
        },
        _ => arithmetic(operator, left, right),
    }
}

/// `-value`.
pub(super) fn negate(value: &Value) -> Eval {
    if let Some(float) = data::float(value) {
        return Ok(Value::from(-float));
    }
    match data::integer(value).and_then(i128::checked_neg) {
        Some(negated) => Ok(int(negated)),
        None => Err(Fault::error(format!("`{}` cannot be negated", type_name(value)))),
    }
}

fn unsupported(operator: Binary, left: &Value, right: &Value) -> Fault {
    let fault = Fault::error(format!("`{}` cannot be applied to `{}` and `{}`", operator.symbol(), type_name(left), type_name(right)));
    let is_number = |value: &Value| data::number(value).is_some();
    let is_numeric_text = |value: &Value| data::text(value).is_some_and(|text| text.trim().parse::<f64>().is_ok());
    if is_number(left) && is_numeric_text(right) || is_numeric_text(left) && is_number(right) {
        return fault.hint("convert the text with `| int`, or join texts with `~`");
    }
    match (data::text(left), data::text(right)) {
        (Some(_), None) | (None, Some(_)) if operator == Binary::Add => fault.hint("join texts with `~`, which converts both sides"),
        _ => fault,
    }
}

/// `left + right`.
pub(crate) fn add(left: &Value, right: &Value) -> Eval {
    if let Some(result) = datetime::arithmetic(left, right, false) {
        return Ok(result);
    }
    if let (Some(left), Some(right)) = (data::text(left), data::text(right)) {
        return Ok(Value::from(format!("{left}{right}")));
    }
    if left.is_tuple() == right.is_tuple()
        && let (Some(mut items), Some(more)) = (data::items(left), data::items(right))
    {
        items.extend(more);
        return Ok(if left.is_tuple() { data::tuple(items) } else { data::list(items) });
    }
    arithmetic(Binary::Add, left, right)
}

fn multiply(left: &Value, right: &Value) -> Eval {
    let (repeated, times) = match (data::integer(left), data::integer(right)) {
        (None, Some(times)) => (left, times),
        (Some(times), None) => (right, times),
        _ => return arithmetic(Binary::Mul, left, right),
    };
    let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
    let too_large = |length: usize, most: usize| length.checked_mul(times).is_none_or(|size| size > most);
    if let Some(text) = data::text(repeated) {
        if too_large(text.len(), REPEATED) {
            return Err(Fault::error("the repeated text would be too large"));
        }
        return Ok(Value::from(text.repeat(times)));
    }
    if let Some(items) = data::items(repeated) {
        if too_large(items.len(), REPEATED_ITEMS) {
            return Err(Fault::error("the repeated list would be too large"));
        }
        let items = items.iter().cycle().take(items.len() * times).cloned().collect();
        return Ok(if repeated.is_tuple() { data::tuple(items) } else { data::list(items) });
    }
    arithmetic(Binary::Mul, left, right)
}

fn arithmetic(operator: Binary, left: &Value, right: &Value) -> Eval {
    if let (Some(a), Some(b)) = (data::integer(left), data::integer(right)) {
        return integers(operator, a, b);
    }
    match (data::number(left), data::number(right)) {
        (Some(a), Some(b)) => floats(operator, a, b).map(Value::from),
        _ => Err(unsupported(operator, left, right)),
    }
}

fn integers(operator: Binary, a: i128, b: i128) -> Eval {
    let result = match operator {
        Binary::Add => a.checked_add(b),
        Binary::Sub => a.checked_sub(b),
        Binary::Mul => a.checked_mul(b),
        Binary::FloorDiv | Binary::Rem if b == 0 => return Err(division_by_zero()),
        Binary::FloorDiv => a.checked_div_euclid(b).map(|quotient| if b < 0 && a.rem_euclid(b) != 0 { quotient - 1 } else { quotient }),
        Binary::Rem => a.checked_rem_euclid(b).map(|rest| if b < 0 && rest != 0 { rest + b } else { rest }),
        Binary::Pow if b >= 0 => u32::try_from(b).ok().and_then(|power| a.checked_pow(power)),
        #[expect(clippy::cast_precision_loss, reason = "Python converts to float here too")]
        Binary::Pow | Binary::Div => return floats(operator, a as f64, b as f64).map(Value::from),
        Binary::Concat => return concat(&[int(a), int(b)]),
    };
    result.map(int).ok_or_else(|| Fault::error(format!("the result of `{a} {} {b}` is too large", operator.symbol())))
}

fn floats(operator: Binary, a: f64, b: f64) -> Eval<f64> {
    Ok(match operator {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div | Binary::FloorDiv | Binary::Rem if b == 0.0 => return Err(division_by_zero()),
        Binary::Div => a / b,
        Binary::FloorDiv => (a / b).floor(),
        Binary::Rem => {
            let rest = a % b;
            if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
        }
        Binary::Pow if a == 0.0 && b < 0.0 => return Err(Fault::error("zero cannot be raised to a negative power")),
        Binary::Pow | Binary::Concat => a.powf(b),
    })
}

fn division_by_zero() -> Fault {
    Fault::error("division by zero")
}
