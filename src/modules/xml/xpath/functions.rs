//! The functions of XPath 1.0.

use uppsala::NodeKind;

use super::super::names::XML;
use super::Expr;
use super::eval::{Evaluation, Found, Place, Value, count, truth};
use crate::base::text;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Function {
    Boolean,
    Ceiling,
    Concat,
    Contains,
    Count,
    False,
    Floor,
    Lang,
    Last,
    LocalName,
    Name,
    NamespaceUri,
    NormalizeSpace,
    Not,
    Number,
    Position,
    Round,
    StartsWith,
    String,
    StringLength,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Translate,
    True,
}

/// Names, and how many arguments they take at least and at most.
const ALL: &[(&str, Function, usize, usize)] = &[
    ("boolean", Function::Boolean, 1, 1),
    ("ceiling", Function::Ceiling, 1, 1),
    ("concat", Function::Concat, 2, usize::MAX),
    ("contains", Function::Contains, 2, 2),
    ("count", Function::Count, 1, 1),
    ("false", Function::False, 0, 0),
    ("floor", Function::Floor, 1, 1),
    ("lang", Function::Lang, 1, 1),
    ("last", Function::Last, 0, 0),
    ("local-name", Function::LocalName, 0, 1),
    ("name", Function::Name, 0, 1),
    ("namespace-uri", Function::NamespaceUri, 0, 1),
    ("normalize-space", Function::NormalizeSpace, 0, 1),
    ("not", Function::Not, 1, 1),
    ("number", Function::Number, 0, 1),
    ("position", Function::Position, 0, 0),
    ("round", Function::Round, 1, 1),
    ("starts-with", Function::StartsWith, 2, 2),
    ("string", Function::String, 0, 1),
    ("string-length", Function::StringLength, 0, 1),
    ("substring", Function::Substring, 2, 3),
    ("substring-after", Function::SubstringAfter, 2, 2),
    ("substring-before", Function::SubstringBefore, 2, 2),
    ("sum", Function::Sum, 1, 1),
    ("translate", Function::Translate, 3, 3),
    ("true", Function::True, 0, 0),
];

impl Function {
    pub(super) fn find(name: &str) -> Result<Self, String> {
        if name == "id" {
            return Err("the function `id` is not supported".to_owned());
        }
        let found = ALL.iter().find(|(known, ..)| *known == name).map(|(_, function, ..)| *function);
        found.ok_or_else(|| {
            let near = text::did_you_mean(name, ALL.iter().map(|(known, ..)| *known));
            format!("XPath 1.0 has no function `{name}`{}", near.map(|near| format!("; {near}")).unwrap_or_default())
        })
    }

    pub(super) fn check(self, given: usize) -> Result<(), String> {
        match ALL.iter().find(|(_, function, ..)| *function == self) {
            Some((name, _, least, most)) if given < *least || given > *most => {
                let takes = if least == most { least.to_string() } else { format!("{least} or more") };
                Err(format!("`{name}` takes {takes} arguments, not {given}"))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn call(eval: &Evaluation<'_, '_>, function: Function, arguments: &[Expr], place: Place) -> Result<Value, String> {
    let argument = |index: usize| match arguments.get(index) {
        Some(argument) => eval.value(argument, place),
        None => Ok(Value::Nodes(vec![place.node])),
    };
    let text = |index: usize| argument(index).map(|value| eval.text(&value));
    let number = |index: usize| argument(index).map(|value| eval.number(&value));
    let nodes = || match argument(0)? {
        Value::Nodes(nodes) => Ok(nodes),
        _ => Err("a function that takes nodes got none".to_owned()),
    };
    Ok(match function {
        Function::True => Value::Bool(true),
        Function::False => Value::Bool(false),
        Function::Boolean => Value::Bool(truth(&argument(0)?)),
        Function::Not => Value::Bool(!truth(&argument(0)?)),
        Function::Contains => Value::Bool(text(0)?.contains(&text(1)?)),
        Function::StartsWith => Value::Bool(text(0)?.starts_with(&text(1)?)),
        Function::Lang => Value::Bool(is_lang(eval, place.node, &text(0)?)),
        Function::Last => Value::Number(count(place.size)),
        Function::Position => Value::Number(count(place.position)),
        Function::Count => Value::Number(count(nodes()?.len())),
        Function::Sum => Value::Number(nodes()?.into_iter().map(|node| number_of(&eval.text_of(node))).sum()),
        Function::Number => Value::Number(number(0)?),
        Function::Floor => Value::Number(number(0)?.floor()),
        Function::Ceiling => Value::Number(number(0)?.ceil()),
        Function::Round => Value::Number(round(number(0)?)),
        Function::StringLength => Value::Number(count(text(0)?.chars().count())),
        Function::String => Value::Text(text(0)?),
        Function::Concat => {
            let mut all = String::new();
            for index in 0..arguments.len() {
                all += &text(index)?;
            }
            Value::Text(all)
        }
        Function::SubstringBefore => Value::Text(text(0)?.split_once(&text(1)?).map_or_else(String::new, |(before, _)| before.to_owned())),
        Function::SubstringAfter => Value::Text(text(0)?.split_once(&text(1)?).map_or_else(String::new, |(_, after)| after.to_owned())),
        Function::Substring => {
            let from = round(number(1)?);
            let to = if arguments.len() > 2 { from + round(number(2)?) } else { f64::INFINITY };
            let inside = |index: &usize| (count(index + 1) >= from) && (count(index + 1) < to);
            Value::Text(text(0)?.chars().enumerate().filter(|(index, _)| inside(index)).map(|(_, c)| c).collect())
        }
        Function::NormalizeSpace => {
            let text = text(0)?;
            let words = text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
            Value::Text(words.collect::<Vec<_>>().join(" "))
        }
        Function::Translate => {
            let (from, to): (Vec<char>, Vec<char>) = (text(1)?.chars().collect(), text(2)?.chars().collect());
            let translated = |c: char| match from.iter().position(|other| *other == c) {
                None => Some(c),
                Some(index) => to.get(index).copied(),
            };
            Value::Text(text(0)?.chars().filter_map(translated).collect())
        }
        Function::LocalName | Function::Name | Function::NamespaceUri => {
            Value::Text(nodes()?.first().map_or_else(String::new, |node| name(eval, *node, function)))
        }
    })
}

fn name(eval: &Evaluation<'_, '_>, found: Found, function: Function) -> String {
    let name = match found {
        Found::Attribute(element, which) => {
            eval.document.element(element).and_then(|element| element.attributes.get(which)).map(|a| &a.name)
        }
        Found::Node(node) => match eval.document.node_kind(node) {
            Some(NodeKind::Element(element)) => Some(&element.name),
            Some(NodeKind::ProcessingInstruction(instruction)) if function != Function::NamespaceUri => {
                return instruction.target.clone().into_owned();
            }
            _ => None,
        },
    };
    name.map_or_else(String::new, |name| match function {
        Function::Name => name.prefixed_name().into_owned(),
        Function::NamespaceUri => name.namespace_uri.as_deref().unwrap_or_default().to_owned(),
        _ => name.local_name.clone().into_owned(),
    })
}

fn is_lang(eval: &Evaluation<'_, '_>, found: Found, wanted: &str) -> bool {
    let first = match found {
        Found::Node(node) => Some(node),
        Found::Attribute(element, _) => Some(element),
    };
    let mut up = std::iter::successors(first, |node| eval.document.parent(*node));
    let language = up.find_map(|node| eval.document.element(node)?.get_attribute_ns(XML, "lang"));
    let (language, wanted) = (language.unwrap_or_default().to_ascii_lowercase(), wanted.to_ascii_lowercase());
    language == wanted || language.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('-'))
}

/// Halves go up.
fn round(number: f64) -> f64 {
    (number + 0.5).floor()
}

pub(super) fn number_of(text: &str) -> f64 {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.contains(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    if is_number { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

pub(super) fn number_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if number == 0.0 {
        "0".to_owned()
    } else {
        number.to_string()
    }
}
