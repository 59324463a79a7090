//! Numbers and sizes.

use minijinja::Value;

use super::basic::path_value;
use super::sequence::folded;
use crate::template::call::{Call, Filter, def};
use crate::template::data::{self, type_name};
use crate::template::eval::{compare, plus};
use crate::template::fault::{Eval, Fault, solid};
use crate::template::python::show;
use crate::template::random::Random;

pub(super) static TABLE: &[Filter] = &[
    def("abs", &[], "The number without its sign.", "-5 | abs", "5", |call| match (data::integer(&call.input), data::float(&call.input)) {
        (Some(whole), _) => Ok(data::int(whole.abs())),
        (None, Some(float)) => Ok(Value::from(float.abs())),
        _ => Err(call.error(format!("a number is needed, not `{}`", type_name(&call.input)))),
    }),
    def(
        "round",
        &["precision", "method"],
        "Rounded to so many digits; `method` is common, ceil or floor.",
        "2.567 | round(1)",
        "2.6",
        round,
    ),
    def("pow", &["power"], "The number to a power, as a float.", "2 | pow(3)", "8.0", |call| {
        let power = need_number(call, call.need(0)?)?;
        Ok(Value::from(need_number(call, &call.input)?.powf(power)))
    }),
    def("root", &["base"], "The square root, or that of another base.", "9 | root", "3.0", |call| {
        let base = call.some(0).map_or(Ok(2.0), |base| need_number(call, base))?;
        let number = need_number(call, &call.input)?;
        if number < 0.0 {
            return Err(call.error("a number below zero has no root"));
        }
        Ok(Value::from(if base == 2.0 { number.sqrt() } else { number.powf(1.0 / base) }))
    }),
    def("log", &["base"], "The natural logarithm, or that of another base.", "100 | log(10)", "2.0", |call| {
        let number = need_number(call, &call.input)?;
        if number <= 0.0 {
            return Err(call.error("a number above zero is needed"));
        }
        let log = match call.some(0).map(|base| need_number(call, base)).transpose()? {
            None => number.ln(),
            Some(10.0) => number.log10(),
            Some(2.0) => number.log2(),
            Some(base) => number.ln() / base.ln(),
        };
        Ok(Value::from(log))
    }),
    def("max", &["case_sensitive", "attribute"], "The largest element, or the one whose attribute is.", "[3, 1, 2] | max", "3", |call| {
        extreme(call, true)
    }),
    def("min", &["case_sensitive", "attribute"], "The smallest element, or the one whose attribute is.", "[3, 1, 2] | min", "1", |call| {
        extreme(call, false)
    }),
    def("sum", &["attribute", "start"], "All elements, or their attributes, added up.", "[1, 2.5] | sum", "3.5", |call| {
        let attribute = call.some(0).cloned();
        let mut total = call.get(1).cloned().unwrap_or_else(|| Value::from(0));
        for item in call.input_items()? {
            let item = match &attribute {
                Some(attribute) => solid(path_value(&item, attribute))?,
                None => solid(item)?,
            };
            total = plus(&total, &item)?;
        }
        Ok(total)
    }),
    def(
        "random",
        &["start", "step", "seed"],
        "A random element of a list, or a random number below the input; with a seed the same every time.",
        "100 | random(seed='abc')",
        "98",
        random,
    ),
    def(
        "shuffle",
        &["seed"],
        "The elements in random order; with a seed in the same order every time.",
        "[1, 2, 3, 4, 5] | shuffle(seed='x')",
        "[5, 2, 1, 4, 3]",
        |call| {
            let mut items = call.input_items()?;
            let mut random = generator(call.some(0));
            for at in (1..items.len()).rev() {
                let other = random.below(at as u128 + 1);
                items.swap(at, usize::try_from(other).unwrap_or(at));
            }
            Ok(data::list(items))
        },
    ),
    def(
        "filesizeformat",
        &["binary"],
        "A number of bytes for people: in steps of 1000, or of 1024 if asked.",
        "1000000 | filesizeformat",
        "1.0 MB",
        |call| {
            let binary = call.is_set(0, false);
            let bytes = data::number(&call.input)
                .or_else(|| data::text(&call.input)?.trim().parse().ok())
                .ok_or_else(|| call.error("a number is needed"))?;
            let base = if binary { 1024.0 } else { 1000.0 };
            if (bytes - 1.0).abs() < f64::EPSILON {
                return Ok(Value::from("1 Byte"));
            }
            if bytes < base {
                return Ok(Value::from(format!("{} Bytes", bytes.trunc())));
            }
            let mut size = bytes / base;
            let units = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
            let mut unit = 0;
            while size >= base && unit + 1 < units.len() {
                size /= base;
                unit += 1;
            }
            let prefix = units.get(unit).copied().unwrap_or("Y");
            Ok(Value::from(if binary { format!("{size:.1} {}iB", prefix.to_uppercase()) } else { format!("{size:.1} {prefix}B") }))
        },
    ),
    def(
        "human_readable",
        &["isbits", "unit"],
        "A number of bytes or bits for people, in the unit asked for.",
        "1048576 | human_readable(unit='K')",
        "1024.00 KB",
        |call| {
            let number = need_number(call, &call.input)?;
            let unit = call.some(1).map(|unit| show(unit).to_uppercase());
            let bits = call.is_set(0, false);
            let base = if bits { "bits" } else { "Bytes" };
            let mut chosen = (1.0, base.to_owned());
            for (letter, size) in UNITS {
                let fits = match &unit {
                    Some(unit) => unit.starts_with(*letter),
                    None => number >= *size,
                };
                if fits {
                    let suffix = if *letter == 'B' { base.to_owned() } else { format!("{letter}{}", if bits { "b" } else { "B" }) };
                    chosen = (*size, suffix);
                    break;
                }
            }
            Ok(Value::from(format!("{:.2} {}", number / chosen.0, chosen.1)))
        },
    ),
    def(
        "human_to_bytes",
        &["default_unit", "isbits"],
        "The number of bytes, or bits, of a text like `10 KB`.",
        "'10 KB' | human_to_bytes",
        "10240",
        |call| {
            let text = show(&call.input);
            let bytes = to_bytes(&text, call.some(0).map(show).as_deref(), call.some(1).map(Value::is_true))
                .map_err(|message| call.error(message))?;
            Ok(data::int(bytes))
        },
    ),
];

/// Units by their size, largest first.
const UNITS: &[(char, f64)] = &[
    ('Y', 1.208_925_819_614_629_2e24),
    ('Z', 1.180_591_620_717_411_3e21),
    ('E', 1_152_921_504_606_846_976.0),
    ('P', 1_125_899_906_842_624.0),
    ('T', 1_099_511_627_776.0),
    ('G', 1_073_741_824.0),
    ('M', 1_048_576.0),
    ('K', 1024.0),
    ('B', 1.0),
];

fn need_number(call: &Call<'_, '_>, value: &Value) -> Eval<f64> {
    data::number(value)
        .or_else(|| data::text(value).and_then(|text| text.trim().parse().ok()))
        .ok_or_else(|| call.error(format!("a number is needed, not `{}`", type_name(value))))
}

fn round(call: &mut Call<'_, '_>) -> Eval {
    let precision = i32::try_from(call.int_or(0, 0)?.clamp(-300, 300)).unwrap_or(0);
    let method = call.text_or(1, "common")?;
    let number = data::number(&call.input).ok_or_else(|| call.error(format!("a number is needed, not `{}`", type_name(&call.input))))?;
    let scale = 10f64.powi(precision);
    match method.as_str() {
        "common" => {
            if data::integer(&call.input).is_some() && precision >= 0 {
                return Ok(call.input.clone());
            }
            // Python rounds the decimal digits of the number, half to even, not its scaled binary value.
            let rounded = match usize::try_from(precision) {
                Ok(digits) => format!("{number:.digits$}").parse().unwrap_or(number),
                Err(_) => {
                    let scaled = number * scale;
                    scaled.round_ties_even() / scale
                }
            };
            if data::integer(&call.input).is_some() {
                #[expect(clippy::cast_possible_truncation, reason = "it was an integer before")]
                return Ok(data::int(rounded as i128));
            }
            Ok(Value::from(rounded))
        }
        "ceil" => Ok(Value::from((number * scale).ceil() / scale)),
        "floor" => Ok(Value::from((number * scale).floor() / scale)),
        other => Err(call.error(format!("`{other}` is neither `common`, `ceil` nor `floor`"))),
    }
}

fn extreme(call: &mut Call<'_, '_>, largest: bool) -> Eval {
    let case_sensitive = call.is_set(0, false);
    let attribute = call.some(1).cloned();
    let mut best: Option<(Value, Value)> = None;
    for item in call.input_items()? {
        let key = match &attribute {
            Some(attribute) => solid(path_value(&item, attribute))?,
            None => solid(item.clone())?,
        };
        let key = folded(key, case_sensitive);
        let better = match &best {
            None => true,
            Some((other, _)) => {
                let order = compare(&key, other, if largest { ">" } else { "<" })?;
                order == Some(if largest { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less })
            }
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map_or_else(|| Fault::undefined("the list is empty").into_value(), |(_, item)| item))
}

fn generator(seed: Option<&Value>) -> Random {
    match seed {
        None => Random::from_system(),
        Some(seed) => match data::integer(seed) {
            Some(number) => Random::from_number(number.unsigned_abs()),
            None => Random::from_text(&show(seed)),
        },
    }
}

fn random(call: &mut Call<'_, '_>) -> Eval {
    let mut random = generator(call.some(2));
    if let Some(end) = data::integer(&call.input) {
        let (start, step) = (i128::from(call.int_or(0, 0)?), i128::from(call.int_or(1, 1)?));
        if step == 0 {
            return Err(call.error("`step` cannot be zero"));
        }
        let width = end - start;
        let count = if step > 0 { (width + step - 1) / step } else { (width + step + 1) / step };
        let count = u128::try_from(count)
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| call.error(format!("there is no number from {start} below {end}")))?;
        let chosen = i128::try_from(random.below(count)).unwrap_or(0);
        return Ok(data::int(start + step * chosen));
    }
    if call.some(0).is_some() || call.some(1).is_some() {
        return Err(call.error("`start` and `step` are for numbers, not for lists"));
    }
    let items = call.input_items()?;
    if items.is_empty() {
        return Ok(Fault::undefined("the list is empty").into_value());
    }
    let at = usize::try_from(random.below(items.len() as u128)).unwrap_or(0);
    Ok(items.into_iter().nth(at).unwrap_or_default())
}

/// The bytes, or bits, a text like `10 KB` names; the error is a message.
pub(crate) fn to_bytes(text: &str, default_unit: Option<&str>, bits: Option<bool>) -> Result<i128, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| format!("`{text}` is not a size"))?;
    let unit = match unit.trim() {
        "" => default_unit.unwrap_or(""),
        unit => unit,
    };
    let Some(letter) = unit.chars().next() else { return Ok(rounded(number)) };
    let size = UNITS.iter().find(|(known, _)| *known == letter.to_ascii_uppercase()).map(|(_, size)| *size);
    let size = size.ok_or_else(|| format!("`{unit}` is no unit; it is one of Y, Z, E, P, T, G, M, K and B"))?;
    let rest = unit.get(letter.len_utf8()..).unwrap_or("");
    let kind = bits.map(|bits| if bits { "b" } else { "B" });
    let wrong = || format!("`{unit}` is no unit of {}", if bits == Some(true) { "bits" } else { "bytes" });
    let fits = match (letter.to_ascii_uppercase(), rest) {
        (_, "") => true,
        ('B', rest) => matches!(rest.to_lowercase().as_str(), "yte" | "ytes" | "it" | "its"),
        (_, "b" | "B") => kind.is_none_or(|kind| kind == rest),
        (_, rest) => matches!(rest.to_lowercase().as_str(), "byte" | "bytes" | "bit" | "bits"),
    };
    if fits { Ok(rounded(number * size)) } else { Err(wrong()) }
}

#[expect(clippy::cast_possible_truncation, reason = "sizes fit into 128 bits")]
fn rounded(number: f64) -> i128 {
    number.round() as i128
}
