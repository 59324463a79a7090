//! Data as text and back: JSON, YAML, dates.

use minijinja::Value;

use crate::base::Source;
use crate::template::call::{Call, Filter, def};
use crate::template::data;
use crate::template::eval::finish;
use crate::template::fault::{Eval, Fault};
use crate::template::python::{self, JsonStyle, datetime, show};
use crate::template::value::{from_json, from_node, to_node};
use crate::yaml;

pub(super) static TABLE: &[Filter] = &[
    def("from_json", &["profile"], "The data that JSON text stands for.", "'{\"a\": [1, null]}' | from_json", "{'a': [1, None]}", |call| {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(call.input_text()?);
        match parsed {
            Ok(data) => Ok(from_json(&data)),
            Err(error) => Err(call.error(format!("this is not JSON: {error}"))),
        }
    }),
    def(
        "to_json",
        &[
            "indent",
            "sort_keys",
            "ensure_ascii",
            "separators",
            "allow_nan",
            "skipkeys",
            "check_circular",
            "preprocess_unsafe",
            "vault_to_text",
        ],
        "The data as JSON on one line.",
        "{'a': [1, none]} | to_json",
        "{\"a\": [1, null]}",
        |call| {
            let indent = call.int(0)?.filter(|indent| *indent > 0).and_then(|indent| usize::try_from(indent).ok());
            let style = json_style(call, indent, false)?;
            python::dumps(&call.input, &style).map(Value::from)
        },
    ),
    def(
        "to_nice_json",
        &[
            "indent",
            "sort_keys",
            "ensure_ascii",
            "separators",
            "allow_nan",
            "skipkeys",
            "check_circular",
            "preprocess_unsafe",
            "vault_to_text",
        ],
        "The data as JSON for people: sorted and indented.",
        "{'a': 1} | to_nice_json(indent=0) | replace('\\n', ' ')",
        "{\n\"a\": 1\n}",
        |call| {
            let indent = usize::try_from(call.int_or(0, 4)?).unwrap_or(4);
            let style = json_style(call, Some(indent), true)?;
            python::dumps(&call.input, &style).map(Value::from)
        },
    ),
    def("tojson", &["indent"], "The data as JSON that is safe inside of HTML.", "'<a>' | tojson", "\"\\u003ca\\u003e\"", |call| {
        let indent = call.int(0)?.and_then(|indent| usize::try_from(indent).ok());
        let style = JsonStyle { html: true, sort_keys: true, ..JsonStyle::new(indent) };
        python::dumps(&call.input, &style).map(Value::from)
    }),
    def("from_yaml", &[], "The data that YAML text stands for.", "'[a, yes]' | from_yaml", "['a', True]", |call| {
        if call.input.is_none() {
            return Ok(data::none());
        }
        let root = yaml::load(&Source::new("from_yaml", show(&call.input))).map_err(|found| wrong_yaml(call, &found))?;
        Ok(root.as_ref().map_or_else(data::none, from_node))
    }),
    def("from_yaml_all", &[], "The documents of YAML text, as a list.", "'[a, yes]' | from_yaml_all | list", "[['a', True]]", |call| {
        if call.input.is_none() {
            return Ok(data::list(Vec::new()));
        }
        let roots = yaml::load_all(&Source::new("from_yaml_all", show(&call.input))).map_err(|found| wrong_yaml(call, &found))?;
        Ok(data::list(roots.iter().map(|root| root.as_ref().map_or_else(data::none, from_node)).collect()))
    }),
    def(
        "to_yaml",
        &["indent", "sort_keys", "width", "default_flow_style", "allow_unicode", "explicit_start"],
        "The data as YAML.",
        "{'b': 1, 'a': 2} | to_yaml | trim",
        "{a: 2, b: 1}",
        |call| to_yaml(call, 2, yaml::Brackets::Leaves),
    ),
    def(
        "to_nice_yaml",
        &["indent", "sort_keys", "width", "default_flow_style", "allow_unicode", "explicit_start"],
        "The data as YAML for people: without brackets, four spaces a level.",
        "{'a': [1]} | to_nice_yaml | trim",
        "a:\n- 1",
        |call| to_yaml(call, 4, yaml::Brackets::Empty),
    ),
    def("pprint", &[], "The value as Python writes it.", "{'a': 'x'} | pprint", "{'a': 'x'}", |call| {
        Ok(Value::from(python::repr(&finish(&call.input)?)))
    }),
    def(
        "strftime",
        &["second", "utc"],
        "A time (now, or seconds since 1970) in the form the input names.",
        "'%Y-%m-%d' | strftime(0, true)",
        "1970-01-01",
        |call| {
            let format = show(&call.input);
            let second = match call.some(0) {
                None => None,
                Some(second) => Some(
                    data::number(second)
                        .or_else(|| data::text(second)?.trim().parse().ok())
                        .ok_or_else(|| call.error("`second` must be a number"))?,
                ),
            };
            datetime::strftime(&format, second, call.is_set(1, false)).map(Value::from)
        },
    ),
    def(
        "to_datetime",
        &["format"],
        "The point in time a text names; two of them can be subtracted.",
        "(('2024-01-02' | to_datetime('%Y-%m-%d')) - ('2024-01-01' | to_datetime('%Y-%m-%d'))).days",
        "1",
        |call| {
            let format = call.text_or(0, "%Y-%m-%d %H:%M:%S")?;
            datetime::parse(&show(&call.input), &format).map_err(|fault| call.error(fault.message()))
        },
    ),
];

fn json_style(call: &Call<'_, '_>, indent: Option<usize>, nice: bool) -> Eval<JsonStyle> {
    let mut style = JsonStyle::new(indent);
    style.sort_keys = call.is_set(1, nice);
    style.ascii = call.is_set(2, true);
    style.allow_nan = call.is_set(4, true);
    if let Some(separators) = call.some(3) {
        match data::iterate(separators)?.as_slice() {
            [item, key] => style.separators = (show(item), show(key)),
            _ => return Err(call.error("`separators` must be two texts")),
        }
    }
    Ok(style)
}

fn wrong_yaml(call: &Call<'_, '_>, found: &crate::base::Diagnostics) -> Fault {
    match found.0.first() {
        Some(first) => {
            let place = first.span().map(|span| format!(" (line {}, column {})", span.start().0, span.start().1)).unwrap_or_default();
            call.error(format!("{}{place}", first.message())).maybe_hint(first.hints().first().cloned())
        }
        None => call.error("this is not YAML"),
    }
}

fn to_yaml(call: &mut Call<'_, '_>, indent: i64, brackets: yaml::Brackets) -> Eval {
    let indent = usize::try_from(call.int_or(0, indent)?.max(0)).unwrap_or(2);
    let width = call.int(2)?.map_or(80, |width| usize::try_from(width).unwrap_or(usize::MAX));
    let brackets = match call.get(3) {
        None => brackets,
        Some(style) if style.is_none() => yaml::Brackets::Leaves,
        Some(style) if style.is_true() => yaml::Brackets::All,
        Some(_) => yaml::Brackets::Empty,
    };
    let layout = yaml::Layout { indent, width, brackets, sort_keys: call.is_set(1, true), blocks: false };
    let text = yaml::write(&to_node(&finish(&call.input)?), &layout);
    Ok(Value::from(if call.is_set(5, false) { format!("---\n{text}") } else { text }))
}
