//! What a text looks like.

use std::cmp::Ordering;

use crate::template::call::{Call, Test, def};
use crate::template::data;
use crate::template::fault::Eval;
use crate::template::python::show;
use crate::template::{pattern, version};

pub(super) static TABLE: &[Test] = &[
    def(
        "match",
        &["pattern", "ignorecase", "multiline"],
        "The text starts with what the regular expression matches.",
        "'abc' is match('a.')",
        "True",
        |call| matches(call, "match"),
    ),
    def(
        "search",
        &["pattern", "ignorecase", "multiline"],
        "The text has what the regular expression matches.",
        "'abc' is search('b.')",
        "True",
        |call| matches(call, "search"),
    ),
    def(
        "regex",
        &["pattern", "ignorecase", "multiline", "match_type"],
        "The text fits the regular expression: anywhere, at its start (`match`) or as a whole (`fullmatch`).",
        "'abc' is regex('^A.c$', ignorecase=true)",
        "True",
        |call| {
            let kind = call.text_or(3, "search")?;
            matches(call, &kind)
        },
    ),
    def(
        "version",
        &["version", "operator", "strict", "version_type"],
        "How the version compares with another: `==`, `<`, `>=` and so on; `version_type` is loose, strict, semver or pep440.",
        "'1.10' is version('1.9', '>')",
        "True",
        compare,
    )
    .also(&["version_compare"]),
    def("lower", &[], "The text has no upper-case letters.", "'abc' is lower", "True", |call| {
        let text = show(&call.input);
        Ok(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase))
    }),
    def("upper", &[], "The text has no lower-case letters.", "'ABC' is upper", "True", |call| {
        let text = show(&call.input);
        Ok(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase))
    }),
    def("escaped", &[], "The value is escaped already; nothing is, since nothing is escaped by itself.", "'x' is escaped", "False", |_| {
        Ok(false)
    }),
    def("vault_encrypted", &[], "The text is encrypted.", "'$ANSIBLE_VAULT;1.1;AES256' is vault_encrypted", "True", |call| {
        Ok(data::text(&call.input).is_some_and(crate::vault::is_encrypted))
    }),
    def("uri", &["schemes"], "The text is an address with a scheme.", "'mailto:me@example.com' is uri", "True", |call| {
        Ok(parts(call)?.is_some())
    }),
    def(
        "url",
        &["schemes"],
        "The text is an address with a scheme and a host or path.",
        "'https://example.com/x' is url",
        "True",
        |call| Ok(parts(call)?.is_some_and(|(_, rest)| rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty()))),
    ),
    def("urn", &[], "The text is a name of the form `urn:...:...`.", "'urn:isbn:9302910' is urn", "True", |call| {
        Ok(data::text(&call.input).is_some_and(|text| text.to_lowercase().starts_with("urn:") && text.split(':').count() >= 3))
    }),
];

fn matches(call: &mut Call<'_, '_>, kind: &str) -> Eval<bool> {
    let pattern = call.need_text(0)?;
    let text = show(&call.input);
    let regex = pattern::compile(&pattern, call.is_set(1, false), call.is_set(2, false))?;
    Ok(match kind {
        "search" => regex.is_match(&text)?,
        "match" => regex.match_start(&text)?.is_some(),
        "fullmatch" => regex.match_whole(&text)?.is_some(),
        other => return Err(call.error(format!("`{other}` is neither `match`, `fullmatch` nor `search`"))),
    })
}

fn compare(call: &mut Call<'_, '_>) -> Eval<bool> {
    let other = show(call.need(0)?);
    let operator = call.text_or(1, "eq")?;
    let kind = match (call.some(3).map(show), call.is_set(2, false)) {
        (Some(_), true) => return Err(call.error("`strict` and `version_type` exclude each other")),
        (Some(kind), false) => kind,
        (None, true) => "strict".to_owned(),
        (None, false) => "loose".to_owned(),
    };
    let own = show(&call.input);
    if own.is_empty() {
        return Err(call.error("the version is empty"));
    }
    let order = version::compare(&own, &other, &kind)?;
    Ok(match operator.as_str() {
        "==" | "=" | "eq" => order == Ordering::Equal,
        "!=" | "<>" | "ne" => order != Ordering::Equal,
        "<" | "lt" => order == Ordering::Less,
        "<=" | "le" => order != Ordering::Greater,
        ">" | "gt" => order == Ordering::Greater,
        ">=" | "ge" => order != Ordering::Less,
        other => return Err(call.error(format!("`{other}` is not an operator, use `==`, `!=`, `<`, `<=`, `>` or `>=`"))),
    })
}

/// Scheme and rest of an address, if the scheme is among those asked for.
fn parts(call: &Call<'_, '_>) -> Eval<Option<(String, String)>> {
    let Some(text) = data::text(&call.input) else { return Ok(None) };
    let Some((scheme, rest)) = text.split_once(':') else { return Ok(None) };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let wanted = match call.some(0) {
        None => true,
        Some(schemes) => data::iterate(schemes)?.iter().any(|wanted| show(wanted) == scheme),
    };
    Ok((is_scheme && !rest.is_empty() && wanted).then(|| (scheme.to_owned(), rest.to_owned())))
}
