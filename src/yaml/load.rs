//! From text to tree: the entry points.

use std::sync::Arc;

use saphyr_parser::{Event, Parser};

use super::build::Builder;
use super::explain;
use super::node::Node;
use crate::base::{Diagnostic, Diagnostics, Source};

/// What a file holds.
#[derive(Debug)]
pub struct Document {
    /// The one document; `None` when it is empty.
    pub root: Option<Node>,
    /// What is suspicious but can be read: keys that are written twice.
    pub warnings: Diagnostics,
}

/// Reads the one YAML (or JSON) document of `source`; `None` when there is nothing but comments.
///
/// Duplicate keys are warnings, which this drops: the last one wins. Use [`read`] where warnings can be shown.
///
/// # Errors
/// All that is wrong with the text, each with the place really at fault.
pub fn load(source: &Arc<Source>) -> Result<Option<Node>, Diagnostics> {
    Ok(read(source)?.root)
}

/// [`load`], with warnings.
///
/// # Errors
/// As [`load`].
pub fn read(source: &Arc<Source>) -> Result<Document, Diagnostics> {
    let (mut documents, warnings) = parse(source, true)?;
    Ok(Document { root: documents.pop().flatten(), warnings })
}

/// Reads every document of `source`; an empty one is `None`.
///
/// # Errors
/// As [`load`].
pub fn load_all(source: &Arc<Source>) -> Result<Vec<Option<Node>>, Diagnostics> {
    Ok(parse(source, false)?.0)
}

/// Reads the documents of `source`; with `single`, a second one is an error.
fn parse(source: &Arc<Source>, single: bool) -> Result<(Vec<Option<Node>>, Diagnostics), Diagnostics> {
    // What is valid JSON is read by the rules of JSON: `1e3` is a number there and text in YAML 1.1.
    let text = source.text();
    let is_json = text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let mut builder = Builder::new(source, is_json);
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            // JSON that YAML cannot express: escaped surrogate pairs, tabs between tokens.
            Err(_) if is_json => return super::json::load(source).map(|node| (vec![Some(node)], Diagnostics::default())),
            Err(error) => return Err(explain::scan_error(source, &error, builder.open_bracket()).into()),
        };
        if single && matches!(event, Event::DocumentStart(_)) && !builder.documents().is_empty() {
            let place = builder.place(span);
            return Err(Diagnostic::at(&place, "a second YAML document starts here, only one is expected")
                .hint("move it to a file of its own, or remove the `---` line")
                .into());
        }
        builder.event(event, span)?;
    }
    let warnings = builder.warnings();
    Ok((builder.finish(), warnings))
}

#[cfg(test)]
mod tests {
    use super::super::node::Value;
    use super::*;

    fn json(text: &str) -> serde_json::Value {
        load(&Source::new("f.yml", text)).unwrap().unwrap().to_json()
    }

    fn errors(text: &str) -> String {
        load(&Source::new("f.yml", text)).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_is_none_and_the_document_mark_too() {
        for text in ["", "# only a comment\n", "---\n", "---\n...\n", "~"] {
            let root = load(&Source::new("f.yml", text)).unwrap();
            assert!(root.is_none_or(|node| node.is_null()), "{text:?}");
        }
    }

    #[test]
    fn a_second_document_is_refused_where_it_starts() {
        let shown = errors("---\na: 1\n---\nb: 2\n");
        assert!(shown.contains("f.yml:3:1") && shown.contains("second YAML document"), "{shown}");
        assert_eq!(load_all(&Source::new("f.yml", "---\na: 1\n---\nb: 2\n")).unwrap().len(), 2);
    }

    #[test]
    fn merge_keys_come_first_and_own_keys_win() {
        assert_eq!(
            json("b: &x {a: 1, c: 2}\ny: &y {a: 9, z: 8}\nd:\n  a: 5\n  <<: [*x, *y]\n  <<: {q: 1}\n")["d"].to_string(),
            r#"{"a":5,"z":8,"c":2,"q":1}"#
        );
        assert!(errors("a: {<<: 1}").contains("must be a mapping"));
    }

    #[test]
    fn duplicate_keys_warn_with_both_places_and_the_last_wins() {
        let document = read(&Source::new("f.yml", "a: 1\nb: 2\na: 3\n")).unwrap();
        assert_eq!(document.root.unwrap().to_json().to_string(), r#"{"a":3,"b":2}"#);
        let shown = document.warnings.to_string();
        assert!(shown.contains("warning: duplicate key `a`") && shown.contains("f.yml:3:1") && shown.contains("f.yml:1:1"), "{shown}");
    }

    #[test]
    fn aliases_are_bounded() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..9 {
            let uses = vec![format!("*a{}", i - 1); 10].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{uses}]\n"));
        }
        assert!(errors(&text).contains("aliases expand to more than"));
        assert!(errors("a: &a [*a]").contains("contains itself"));
        assert!(errors("a: *nope").contains("f.yml:1:4"));
        assert!(errors(&"[".repeat(200)).contains("nested too deeply"));
        assert!(errors(&"- ".repeat(20000)).contains("nested too deeply"));
    }

    #[test]
    fn tags() {
        let root = load(&Source::new(
            "f.yml",
            "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  33\nb: !unsafe [x, {k: '{{ y }}'}]\nc: !!str 12\nd: ! 1\n",
        ))
        .unwrap()
        .unwrap();
        let map = root.as_map().unwrap();
        assert!(matches!(&map.get("a").unwrap().value, Value::Vault(text) if text == "$ANSIBLE_VAULT;1.1;AES256\n33\n"));
        let inner = &map.get("b").unwrap().as_list().unwrap()[1];
        assert!(matches!(&inner.as_map().unwrap().get("k").unwrap().value, Value::Str { is_unsafe: true, .. }));
        assert_eq!(map.get("c").unwrap().as_str(), Some("12"));
        assert_eq!(map.get("d").unwrap().as_str(), Some("1"));
        assert!(errors("a: !foo bar").contains("unknown tag `!foo`"));
        assert!(errors("a: !!int x").contains("`x` is not a whole number"));
        assert!(errors("a: !vault [x]").contains("`!vault` belongs before text"));
    }

    #[test]
    fn spans_cover_exactly_what_is_written() {
        let text = "# c ü\nkey: \"va\\u00fcl\"  # x\nlist:\n  - ä: 1\n    b: [1, 2]\n  - {x: y}\nblock: |\n  one\n  two\n\nnull_value:\nlast: plain ü text   \n";
        let root = load(&Source::new("f.yml", text)).unwrap().unwrap();
        let map = root.as_map().unwrap();
        let of = |name: &str| map.get(name).unwrap().span.text().to_owned();
        assert_eq!(of("key"), "\"va\\u00fcl\"");
        assert_eq!(of("list"), "- ä: 1\n    b: [1, 2]\n  - {x: y}");
        assert_eq!(map.get("list").unwrap().as_list().unwrap()[0].span.text(), "ä: 1\n    b: [1, 2]");
        assert_eq!(of("block"), "one\n  two");
        assert_eq!(of("null_value"), "");
        assert_eq!(map.get("null_value").unwrap().span.start(), (11, 12));
        assert_eq!(of("last"), "plain ü text");
        assert_eq!(map.entry("last").unwrap().key.span.start(), (12, 1));
        assert!(root.span.text().starts_with("key:") && root.span.text().ends_with("plain ü text"));
    }

    #[test]
    fn json_is_read_as_json() {
        assert_eq!(
            json("{\"a\": 1e3, \"b\": \"\\ud83d\\ude00\\/\",\t\"c\": [true, null, -0.5]}").to_string(),
            r#"{"a":1000.0,"b":"😀/","c":[true,null,-0.5]}"#
        );
        assert_eq!(json("{\"a\": 12345678901234567890}").to_string(), r#"{"a":"12345678901234567890"}"#);
    }
}
