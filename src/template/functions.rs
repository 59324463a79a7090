//! The functions an expression can call.

use minijinja::Value;

use super::call::{Call, Function, def};
use super::data;
use super::eval::{Cycler, Joiner, Namespace};
use super::fault::{Eval, Fault};
use super::{lookups, python};

/// All functions.
pub(crate) static FUNCTIONS: &[Function] = &[
    def(
        "range",
        &["start", "stop", "step"],
        "Whole numbers from a start (0 when only one number is given) up to but without a stop.",
        "range(2, 10, 3) | list",
        "[2, 5, 8]",
        range,
    ),
    def(
        "dict",
        &["from", "**entries"],
        "A mapping of named arguments, of another mapping or of a list of pairs.",
        "dict([('a', 1)], b=2)",
        "{'a': 1, 'b': 2}",
        dict,
    )
    .undefined(),
    def(
        "namespace",
        &["from", "**attributes"],
        "An object whose attributes can be set from inside of loops and blocks.",
        "namespace(found=true).found",
        "True",
        namespace,
    )
    .undefined(),
    def("cycler", &["*items"], "Gives the next of its items at each `next()`.", "cycler('odd', 'even').next()", "odd", |call| {
        match call.rest.is_empty() {
            true => Err(call.error("at least one item is needed")),
            false => Ok(Cycler::make(std::mem::take(&mut call.rest))),
        }
    }),
    def("joiner", &["sep"], "Nothing when it is called first, then the separator.", "joiner('|')()", "", |call| {
        Ok(Joiner::make(call.get(0).cloned().unwrap_or_else(|| Value::from(", "))))
    }),
    def("lipsum", &["n", "html", "min", "max"], "Paragraphs of filler text.", "lipsum(n=1) | length > 20", "True", lipsum),
    def(
        "undef",
        &["hint"],
        "A value that is undefined; using it fails with the hint.",
        "undef('set it in group_vars') | default('not set')",
        "not set",
        |call| {
            let hint = call.text_or(0, "a variable that must be overridden is undefined")?;
            Ok(Fault::undefined(hint).into_value())
        },
    ),
    def(
        "now",
        &["utc", "fmt"],
        "The point in time, local or UTC, as a value or in the form of `strftime`.",
        "now().year > 2000",
        "True",
        |call| {
            let format = call.some(1).map(python::show);
            python::datetime::now_value(call.is_set(0, false), format.as_deref())
        },
    ),
    def(
        "lookup",
        &["name", "*terms", "**options"],
        "What a lookup finds, its results joined with commas when there are several.",
        "lookup('dict', {'a': 1}).key",
        "a",
        |call| lookups::from_template(call, false),
    )
    .undefined(),
    def(
        "query",
        &["name", "*terms", "**options"],
        "What a lookup finds, as a list.",
        "q('sequence', 'start=1 end=3')",
        "['1', '2', '3']",
        |call| lookups::from_template(call, true),
    )
    .also(&["q"])
    .undefined(),
];

/// The function called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.is_called(name))
}

fn range(call: &mut Call<'_, '_>) -> Eval {
    let first = call.int(0)?.ok_or_else(|| call.error("a number is needed"))?;
    let (start, stop) = match call.int(1)? {
        Some(stop) => (first, stop),
        None => (0, first),
    };
    let step = call.int_or(2, 1)?;
    if step == 0 {
        return Err(call.error("the step cannot be zero"));
    }
    let count = if (step > 0) == (start < stop) { start.abs_diff(stop).div_ceil(step.unsigned_abs()) } else { 0 };
    if count > 1_000_000 {
        return Err(call.error("more than a million numbers"));
    }
    let mut numbers = Vec::new();
    let mut at = start;
    for _ in 0..count {
        numbers.push(Value::from(at));
        at = at.saturating_add(step);
    }
    Ok(data::list(numbers))
}

/// The pairs of a mapping or of a list of pairs.
fn pairs_of(call: &Call<'_, '_>, value: &Value) -> Eval<Vec<(Value, Value)>> {
    if let Some(pairs) = data::pairs(value) {
        return Ok(pairs);
    }
    data::iterate(value)?
        .iter()
        .map(|pair| match data::iterate(pair)?.as_slice() {
            [key, value] => Ok((key.clone(), value.clone())),
            other => Err(call.error(format!("a pair is needed, this has {}", crate::base::text::count(other.len(), "element")))),
        })
        .collect()
}

fn dict(call: &mut Call<'_, '_>) -> Eval {
    let mut pairs = match call.get(0) {
        Some(value) => pairs_of(call, value)?,
        None => Vec::new(),
    };
    pairs.extend(std::mem::take(&mut call.named).into_iter().map(|(name, value)| (Value::from(&*name), value)));
    Ok(data::dict(pairs))
}

fn namespace(call: &mut Call<'_, '_>) -> Eval {
    let pairs = match call.get(0) {
        Some(value) => pairs_of(call, value)?,
        None => Vec::new(),
    };
    let named = std::mem::take(&mut call.named).into_iter().map(|(name, value)| (name.to_string(), value));
    Ok(Namespace::make(pairs.into_iter().map(|(key, value)| (python::show(&key), value)).chain(named)))
}

fn lipsum(call: &mut Call<'_, '_>) -> Eval {
    const SENTENCE: &str =
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua.";
    let (count, html) = (call.int_or(0, 5)?.clamp(0, 1000), call.is_set(1, true));
    let paragraph = if html { format!("<p>{SENTENCE}</p>") } else { SENTENCE.to_owned() };
    let paragraphs = vec![paragraph; usize::try_from(count).unwrap_or(0)];
    Ok(Value::from(paragraphs.join(if html { "\n" } else { "\n\n" })))
}
