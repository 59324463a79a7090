//! Parser events to nodes.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, ScalarStyle, Tag};

use super::mapping;
use super::node::{Node, Style, Value};
use super::resolve;
use crate::base::{Diagnostic, Diagnostics, Source, Span};

/// How many nodes all aliases of a file may expand to. A thousand hosts that each merge a hundred variables stay below it.
const ALIAS_BUDGET: usize = 500_000;
/// How deep collections may nest.
const DEPTH: usize = 100;
/// The tags of YAML itself.
const CORE: &str = "tag:yaml.org,2002:";

/// Collects the nodes of one source.
pub(super) struct Builder {
    source: Arc<Source>,
    is_json: bool,
    open: Vec<Open>,
    documents: Vec<Option<Node>>,
    anchors: HashMap<usize, Anchor>,
    expanded: usize,
    warnings: Diagnostics,
}

/// A collection that is not closed yet.
struct Open {
    start: usize,
    is_flow: bool,
    is_unsafe: bool,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { entries: Vec<(Node, Node)>, key: Option<Node> },
}

enum Anchor {
    /// Its collection is not closed yet.
    Open,
    Done {
        node: Node,
        size: usize,
    },
}

impl Builder {
    pub(super) fn new(source: &Arc<Source>, is_json: bool) -> Self {
        Self {
            source: source.clone(),
            is_json,
            open: Vec::new(),
            documents: Vec::new(),
            anchors: HashMap::new(),
            expanded: 0,
            warnings: Diagnostics::default(),
        }
    }

    pub(super) fn documents(&self) -> &[Option<Node>] {
        &self.documents
    }

    pub(super) fn warnings(&mut self) -> Diagnostics {
        std::mem::take(&mut self.warnings)
    }

    pub(super) fn finish(self) -> Vec<Option<Node>> {
        self.documents
    }

    /// Where the innermost bracket that is not closed yet stands.
    pub(super) fn open_bracket(&self) -> Option<usize> {
        self.open.last().filter(|open| open.is_flow).map(|open| open.start)
    }

    /// The span of an event.
    pub(super) fn place(&self, span: saphyr_parser::Span) -> Span {
        self.span(offset(&self.source, &span.start)..offset(&self.source, &span.end))
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source.clone(), range)
    }

    /// Takes one event.
    pub(super) fn event(&mut self, event: Event<'_>, span: saphyr_parser::Span) -> Result<(), Diagnostics> {
        let start = offset(&self.source, &span.start);
        let end = offset(&self.source, &span.end);
        match event {
            Event::DocumentStart(_) => {
                self.documents.push(None);
                self.anchors.clear();
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), start..end)?;
                self.done(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.start(start, anchor, tag.as_deref(), Kind::List(Vec::new())),
            Event::MappingStart(anchor, tag) => self.start(start, anchor, tag.as_deref(), Kind::Map { entries: Vec::new(), key: None }),
            Event::SequenceEnd | Event::MappingEnd => self.end(end),
            Event::Alias(id) => {
                let place = self.span(start..end);
                let node = match self.anchors.get(&id) {
                    Some(Anchor::Done { node, size }) => {
                        self.expanded += size;
                        node.clone()
                    }
                    Some(Anchor::Open) => {
                        return Err(Diagnostic::at(&place, "this alias stands inside of what it names, so it contains itself").into());
                    }
                    None => return Err(Diagnostic::at(&place, "unknown alias").into()),
                };
                if self.expanded > ALIAS_BUDGET {
                    return Err(Diagnostic::at(&place, format!("the aliases expand to more than {ALIAS_BUDGET} values")).into());
                }
                self.done(node, 0)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, range: Range<usize>) -> Result<Node, Diagnostics> {
        let start = range.start;
        let mut place = self.span(range);
        if text.is_empty() && style == ScalarStyle::Plain {
            // Nothing is written: the parser reports the next token; the place is behind the key or dash.
            place = self.span(self.behind_previous(start));
        } else {
            // The parser's end lies behind spaces and comments.
            let text = place.text();
            let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
            let written = text
                .chars()
                .next()
                .filter(|_| quoted)
                .and_then(|quote| closing_quote(text, quote))
                .map_or(text.trim_end().len(), |end| end + 1);
            place = place.part(0..written);
        }
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        if style == Style::Plain {
            self.swallowed_items(&place);
        }
        let is_unsafe = self.open.last().is_some_and(|open| open.is_unsafe);
        let text_value = |is_unsafe| Value::Str { text: text.to_owned(), style, is_unsafe };
        let value = match tag.map(name).as_deref() {
            None if style != Style::Plain => text_value(is_unsafe),
            None if self.is_json => resolve::json(text).unwrap_or_else(|| text_value(is_unsafe)),
            None => resolve::plain(text).unwrap_or_else(|| text_value(is_unsafe)),
            Some("!vault" | "!vault-encrypted") => Value::Vault(text.to_owned()),
            Some("!unsafe") => text_value(true),
            Some("!" | "!!str" | "!!timestamp" | "!!value") => text_value(is_unsafe),
            Some("!!null") => Value::Null,
            Some(core @ ("!!bool" | "!!int" | "!!float" | "!!binary")) => {
                resolve::tagged(core, text).map_err(|message| Diagnostic::at(&place, message))?
            }
            Some("!!merge") => text_value(true),
            Some(other) => return Err(unknown_tag(other, &place).into()),
        };
        Ok(Node::new(place, value))
    }

    /// Lines that look like list items, but continue a text without quotes because they are indented deeper than its dash.
    fn swallowed_items(&mut self, place: &Span) {
        let start = place.range().start;
        let mut at = 0;
        for line in place.text().split_inclusive('\n') {
            let lead = line.len() - line.trim_start().len();
            if at > 0 && line.trim_start().starts_with("- ") {
                let item = self.span(start + at + lead..start + at + line.trim_end().len());
                self.warnings.push(
                    Diagnostic::warning("this line is no list item: it continues the text above")
                        .with_span(&item)
                        .hint("indent it like the items above, or put the text in quotes"),
                );
            }
            at += line.len();
        }
    }

    /// Where nothing is written: right behind what was read last.
    fn behind_previous(&self, start: usize) -> Range<usize> {
        let end = match self.open.last().map(|open| &open.kind) {
            Some(Kind::Map { key: Some(key), .. }) => {
                let end = key.span.range().end;
                let text = self.source.text().get(end..).unwrap_or("");
                let colon = text.len() - text.trim_start_matches([' ', '\t']).len();
                if text.get(colon..).is_some_and(|rest| rest.starts_with(':')) { end + colon + 1 } else { end }
            }
            _ => start,
        };
        end..end
    }

    fn start(&mut self, start: usize, anchor: usize, tag: Option<&Tag>, kind: Kind) -> Result<(), Diagnostics> {
        let place = self.span(start..start + 1);
        if self.open.len() >= DEPTH {
            return Err(Diagnostic::at(&place, format!("nested too deeply: more than {DEPTH} levels")).into());
        }
        let mut is_unsafe = self.open.last().is_some_and(|open| open.is_unsafe);
        match (tag.map(name).as_deref(), &kind) {
            (None | Some("!"), _) | (Some("!!seq"), Kind::List(_)) | (Some("!!map"), Kind::Map { .. }) => {}
            (Some("!unsafe"), _) => is_unsafe = true,
            (Some(tag @ ("!vault" | "!vault-encrypted" | "!!str" | "!!int" | "!!float" | "!!bool" | "!!null" | "!!binary")), _) => {
                return Err(Diagnostic::at(&place, format!("the tag `{tag}` belongs before text, not before a list or mapping")).into());
            }
            (Some(other), _) => return Err(unknown_tag(other, &place).into()),
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Anchor::Open);
        }
        let is_flow = self.source.text().get(start..).is_some_and(|text| self.starts_flow(text, tag.is_some() || anchor > 0));
        self.open.push(Open { start, is_flow, is_unsafe, anchor, kind });
        Ok(())
    }

    /// Whether a collection that starts with `text` is written in brackets; tags and anchors come first.
    fn starts_flow(&self, text: &str, decorated: bool) -> bool {
        let mut rest = text;
        while decorated && rest.starts_with(['!', '&']) {
            rest = rest.trim_start_matches(|c: char| !c.is_whitespace()).trim_start();
        }
        rest.starts_with(['{', '['])
    }

    fn end(&mut self, end: usize) -> Result<(), Diagnostics> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let last_end = |nodes: &mut dyn Iterator<Item = &Node>| nodes.map(|node| node.span.range().end).max();
        let (value, inner_end) = match open.kind {
            Kind::List(items) => {
                let inner = last_end(&mut items.iter());
                (Value::List(items), inner)
            }
            Kind::Map { entries, .. } => {
                let inner = last_end(&mut entries.iter().flat_map(|(key, value)| [key, value]));
                (Value::Map(mapping::build(entries, &mut self.warnings)?), inner)
            }
        };
        // A block collection ends where its last value does; the parser only says where the next token starts. Values that
        // came from an alias lie elsewhere, but never beyond the parser's end.
        let end = if open.is_flow { end } else { inner_end.filter(|inner| (open.start..=end).contains(inner)).unwrap_or(end) };
        let node = Node::new(self.span(open.start..end), value);
        self.done(node, open.anchor)
    }

    /// A node is complete: puts it where it belongs.
    fn done(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostics> {
        if anchor > 0 {
            let size = size(&node);
            self.anchors.insert(anchor, Anchor::Done { node: node.clone(), size });
        }
        let source = self.source.clone();
        match self.open.last_mut() {
            None => {
                if let Some(document) = self.documents.last_mut() {
                    *document = Some(node);
                }
            }
            Some(Open { kind: Kind::List(items), .. }) => items.push(node),
            Some(Open { kind: Kind::Map { entries, key }, start, .. }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    if matches!(node.value, Value::List(_) | Value::Map(_)) {
                        return Err(bad_key(&source, *start, &node).into());
                    }
                    *key = Some(node);
                }
            },
        }
        Ok(())
    }
}

/// A list or mapping in the place of a key; most often a template that lacks its quotes.
fn bad_key(source: &Arc<Source>, outer: usize, key: &Node) -> Diagnostic {
    let text = source.text().get(outer..).unwrap_or("");
    if text.starts_with("{{") {
        let line = text.lines().next().unwrap_or(text);
        return super::explain::unquoted_template(source, outer, line);
    }
    Diagnostic::at(&key.span, format!("{} cannot be a key", key.kind_name()))
}

fn unknown_tag(tag: &str, place: &Span) -> Diagnostic {
    let hint = crate::base::text::did_you_mean(tag, ["!vault", "!unsafe"]).unwrap_or_else(|| {
        "`!vault` and `!unsafe` are known, besides YAML's own tags for scalars; text that starts with `!` must be quoted".to_owned()
    });
    Diagnostic::at(place, format!("unknown tag `{tag}`")).hint(hint)
}

/// The tag as people write it.
fn name(tag: &Tag) -> String {
    if tag.handle == CORE {
        format!("!!{}", tag.suffix)
    } else if let Some(suffix) = tag.suffix.strip_prefix(CORE) {
        format!("!!{suffix}")
    } else if tag.suffix == "!" {
        "!".to_owned()
    } else {
        format!("{}{}", tag.handle, tag.suffix)
    }
}

/// How many nodes a node is.
fn size(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(map) => 1 + map.entries.iter().map(|entry| 1 + size(&entry.value)).sum::<usize>(),
        _ => 1,
    }
}

/// Where the quote that opens `text` is closed.
pub(super) fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote == '"' => {
                chars.next();
            }
            '\'' if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
            }
            _ if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// The byte offset of a parser's position. Line and column are used, as its index is not counted in bytes.
pub(super) fn offset(source: &Source, marker: &Marker) -> usize {
    let start = source.line_start(marker.line());
    let line = source.text().get(start..).unwrap_or("");
    let bytes = line.char_indices().nth(marker.col()).map_or(line.len(), |(at, _)| at);
    start + bytes
}
