//! Nodes to YAML text, laid out as PyYAML lays it out, so that rendered files stay the same to the byte.
//!
//! A general serializer will not do: it writes the text `yes` without quotes, which YAML 1.1 reads back as a boolean.

use super::node::{Entry, Node, Value};
use super::scalar::{Context, Out, write_scalar};
use crate::base::Span;

/// How to lay out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Spaces per level, 2 to 9; anything else counts as 2.
    pub indent: usize,
    /// Lines longer than this are folded at the next space; `usize::MAX` for never.
    pub width: usize,
    /// Which collections are written in brackets.
    pub brackets: Brackets,
    /// Mappings sorted by key instead of in their order.
    pub sort_keys: bool,
    /// Texts of several lines as literal blocks, for people to read: blanks at the ends of lines are lost.
    pub blocks: bool,
}

/// Which collections are written in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brackets {
    /// Empty ones only.
    Empty,
    /// Those that hold only scalars.
    Leaves,
    /// All.
    All,
}

impl Default for Layout {
    fn default() -> Self {
        Self { indent: 2, width: 80, brackets: Brackets::Empty, sort_keys: false, blocks: false }
    }
}

/// `data` as a YAML document, without the `---` line, ending in a line break.
pub fn to_yaml(data: &serde_json::Value, layout: &Layout) -> String {
    write(&Node::from_json(data, &Span::synthetic("data")), layout)
}

/// `node` as a YAML document, without the `---` line, ending in a line break. Encrypted values keep their tag.
pub fn write(node: &Node, layout: &Layout) -> String {
    let indent = if (2..=9).contains(&layout.indent) { layout.indent } else { 2 };
    let width = if layout.width > indent * 2 { layout.width } else { 80 };
    let mut writer = Writer { out: Out::new(indent, width), layout };
    writer.out.blocks = layout.blocks;
    writer.node(node, Context::default());
    writer.out.finish()
}

struct Writer<'a> {
    out: Out,
    layout: &'a Layout,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node, context: Context) {
        match &node.value {
            Value::List(items) => {
                if self.in_brackets(node) {
                    self.bracket_list(items);
                } else {
                    self.block_list(items, context);
                }
            }
            Value::Map(map) => {
                let mut entries: Vec<&Entry> = map.entries.iter().collect();
                if self.layout.sort_keys && comparable(&entries) {
                    entries.sort_by(|a, b| key_order(&a.key, &b.key));
                }
                if self.in_brackets(node) { self.bracket_map(&entries) } else { self.block_map(&entries) }
            }
            _ => write_scalar(&mut self.out, node, context),
        }
    }

    fn in_brackets(&self, node: &Node) -> bool {
        let is_scalar = |node: &Node| !matches!(node.value, Value::List(_) | Value::Map(_));
        if self.out.is_flow() {
            return true;
        }
        let (empty, leaves) = match &node.value {
            Value::List(items) => (items.is_empty(), items.iter().all(is_scalar)),
            Value::Map(map) => (map.is_empty(), map.entries.iter().all(|entry| is_scalar(&entry.value))),
            _ => (false, false),
        };
        empty
            || match self.layout.brackets {
                Brackets::Empty => false,
                Brackets::Leaves => leaves,
                Brackets::All => true,
            }
    }

    fn block_list(&mut self, items: &[Node], context: Context) {
        // A list that is the value of a key is not indented.
        let outer = if context.is_value && !self.out.at_indentation() { self.out.same_indent() } else { self.out.deeper(false) };
        for item in items {
            self.out.start_line();
            self.out.indicator("-", true, false, true);
            self.node(item, Context::default());
        }
        self.out.back_to(outer);
    }

    fn block_map(&mut self, entries: &[&Entry]) {
        let outer = self.out.deeper(false);
        for entry in entries {
            self.out.start_line();
            if is_simple_key(&entry.key) {
                self.node(&entry.key, Context { is_key: true, is_value: false });
                self.out.indicator(":", false, false, false);
            } else {
                self.out.indicator("?", true, false, true);
                self.node(&entry.key, Context { is_key: false, is_value: true });
                self.out.start_line();
                self.out.indicator(":", true, false, true);
            }
            self.node(&entry.value, Context { is_key: false, is_value: true });
        }
        self.out.back_to(outer);
    }

    fn bracket_list(&mut self, items: &[Node]) {
        let outer = self.out.open_bracket("[");
        for (number, item) in items.iter().enumerate() {
            self.out.next_in_brackets(number);
            self.node(item, Context::default());
        }
        self.out.close_bracket("]", outer);
    }

    fn bracket_map(&mut self, entries: &[&Entry]) {
        let outer = self.out.open_bracket("{");
        for (number, entry) in entries.iter().enumerate() {
            self.out.next_in_brackets(number);
            if is_simple_key(&entry.key) {
                self.node(&entry.key, Context { is_key: true, is_value: false });
                self.out.indicator(":", false, false, false);
            } else {
                self.out.indicator("?", true, false, false);
                self.node(&entry.key, Context { is_key: false, is_value: true });
                self.out.indicator(":", true, false, false);
            }
            self.node(&entry.value, Context { is_key: false, is_value: true });
        }
        self.out.close_bracket("}", outer);
    }
}

/// Whether a key fits in front of its colon on one line.
fn is_simple_key(key: &Node) -> bool {
    match key.as_str() {
        Some(text) => text.len() <= 128 && !text.contains(['\n', '\u{85}', '\u{2028}', '\u{2029}']),
        None => true,
    }
}

/// Python sorts keys only when they are of kinds that compare.
fn comparable(entries: &[&Entry]) -> bool {
    entries.iter().all(|entry| entry.key.as_str().is_some())
        || entries.iter().all(|entry| matches!(entry.key.value, Value::Int(_) | Value::Float(_) | Value::Bool(_)))
}

fn key_order(a: &Node, b: &Node) -> std::cmp::Ordering {
    let number = |node: &Node| match node.value {
        #[expect(clippy::cast_precision_loss, reason = "only the order of small integer keys matters")]
        Value::Int(value) => value as f64,
        Value::Float(value) => value,
        Value::Bool(value) => f64::from(u8::from(value)),
        _ => 0.0,
    };
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a.cmp(b),
        _ => number(a).total_cmp(&number(b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;

    fn node(text: &str) -> Node {
        super::super::load(&Source::new("f", text)).unwrap().unwrap()
    }

    /// Recorded from the filters `to_yaml` and `to_nice_yaml` of ansible-core 2.19.
    #[test]
    fn layouts_are_those_of_pyyaml() {
        let data = node("{a: {b: [1, 2], c: {d: 1}}, x: [[1, 2], [3]], y: [{k: 1, l: 2}], e: {}, f: []}");
        let nice = Layout { indent: 4, ..Layout::default() };
        assert_eq!(
            write(&data, &nice),
            "a:\n    b:\n    - 1\n    - 2\n    c:\n        d: 1\nx:\n-   - 1\n    - 2\n-   - 3\ny:\n-   k: 1\n    l: 2\ne: {}\nf: []\n"
        );
        let leaves = Layout { brackets: Brackets::Leaves, ..Layout::default() };
        assert_eq!(write(&node("[1, [2, 3], {'a': 1}]"), &leaves), "- 1\n- [2, 3]\n- {a: 1}\n");
        assert_eq!(write(&node("{b: 1, a: 2}"), &Layout { sort_keys: true, ..leaves }), "{a: 2, b: 1}\n");
        assert_eq!(write(&node("x"), &nice), "x\n");
    }

    #[test]
    fn scalars_are_quoted_and_folded_as_pyyaml_does() {
        let nice = Layout { indent: 4, ..Layout::default() };
        for (json, yaml) in [
            (r#""a\n""#, "'a\n\n    '"),
            (r#""  a\n b\n""#, r#""  a\n b\n""#),
            (r#""l1\nl2\n""#, "'l1\n\n    l2\n\n    '"),
            (r#""l1\n  l2""#, r#""l1\n  l2""#),
            (r#""{x}""#, "'{x}'"),
            (r#""a\\b""#, "a\\b"),
            (r#""a: b""#, "'a: b'"),
            (r#""12:30""#, "'12:30'"),
            (r#""2001-01-01""#, "'2001-01-01'"),
            (r#""- a""#, "'- a'"),
            (r#""\"""#, "'\"'"),
            (r#""""#, "''"),
            (r#""😀""#, r#""\U0001F600""#),
            (r#""=""#, "'='"),
            (r#""0o7""#, "0o7"),
            (r#""1e3""#, "1e3"),
            (r##""#x""##, "'#x'"),
            (r#""null""#, "'null'"),
            (r#""\n""#, "'\n\n    '"),
            (r#""0644""#, "'0644'"),
            (r#""%x""#, "'%x'"),
            (r#""it's""#, "it's"),
            (r#""'x'""#, "'''x'''"),
            (r#""?""#, "'?'"),
            (r#""yes""#, "'yes'"),
            (r#"" x""#, "' x'"),
            (r#""x ""#, "'x '"),
            (r#""a\tb""#, r#""a\tb""#),
            (r#""~""#, "'~'"),
            (r#""\u0001""#, r#""\x01""#),
            // Not as PyYAML, which would read back other texts (`docs/compatibility.md`).
            (r#""a\u0085""#, r#""a\N""#),
            (r#""a\nb\u2028\u2029""#, r#""a\nb\L\P""#),
            (r#""@x""#, "'@x'"),
            (r#""<<""#, "'<<'"),
            (r#""12345678901234567890""#, "'12345678901234567890'"),
            ("1.5", "1.5"),
            ("1e20", "1.0e+20"),
            ("null", "null"),
            ("true", "true"),
            (r#""ü""#, "ü"),
            (
                r#""aaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccc dddddddddddddddddddddddd eeeeeeeeeeeeee""#,
                "aaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccc dddddddddddddddddddddddd\n    eeeeeeeeeeeeee",
            ),
        ] {
            let data: serde_json::Value = serde_json::from_str(&format!("{{\"k\": {json}}}")).unwrap();
            assert_eq!(to_yaml(&data, &nice), format!("k: {yaml}\n"), "{json}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let data = serde_json::json!({
            "b": 1, "a": ["x", {"y": "z w", "k": []}, [1, [2]]], "e": {}, "s": "yes", "n": null, "f": 1.5, "m": "l1\nl2\n", "q": "it's",
            "octal": "0644", "under": "1_000", "hex": "0x1F", "off": "off", "tilde": "~", "colon": "a: b", "tab": "a\tb", "dot": ".5",
            "float": "1.", "on": "On", "merge": "<<", "binary": "0b1", "plus": "+1", "empty": "", "inf": ".inf", "comment": "a #b",
            "multi\nline": "key", "1": "one", "true": "yes", "trailing": "a\n\n\n", "lead": "\n\na", "cr": "a\r\nb", "nbsp": "\u{a0}", "bom": "\u{feff}x",
            "long": "word ".repeat(60), "long quoted": format!("'{}", "word ".repeat(60)), "long escaped": format!("\t{}", "word ".repeat(60)), "pipe": "|", "dash": "-", "sep": "---"
        });
        for layout in [
            Layout::default(),
            Layout { indent: 4, sort_keys: true, ..Layout::default() },
            Layout { brackets: Brackets::Leaves, ..Layout::default() },
            Layout { brackets: Brackets::All, ..Layout::default() },
        ] {
            let text = to_yaml(&data, &layout);
            assert_eq!(node(&text).to_json(), data, "{layout:?}\n{text}");
        }
    }
}
