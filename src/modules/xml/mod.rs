//! `xml`: elements, attributes and texts of XML files.

mod children;
mod document;
mod edit;
mod names;
mod target;
mod write;
mod xpath;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use uppsala::{Document, NodeId};

use super::shared::file_options::FileOptions;
use super::shared::state::State;
use super::shared::write::{NewFile, Source, put};
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::Follow;
use xpath::Found;

/// The declaration of `xml`.
pub static MODULE: Spec = Spec {
    name: "xml",
    collections: GENERAL,
    summary: "Set, remove and look at parts of XML files",
    description: &[
        "A file that changes is written anew as UTF-8 with its declaration; the blanks and marks in it stay, those inside tags do not.",
        "What `xpath` does not find is made, when it says by names, attributes and conditions like `[@a='b']` what that would be.",
        "With several found elements new children get into the last of them.",
    ],
    options: &[
        Opt::new("path", Kind::Path, "The file, which has to be there.").aliases(&["dest", "file"]),
        Opt::new("xmlstring", Kind::Str, "XML to work on instead of a file; the result has the new text."),
        Opt::new("xpath", Kind::Str, "What is meant, in XPath 1.0. Names of namespaces need prefixes, which `namespaces` explains."),
        Opt::new("namespaces", Kind::Dict, "Prefixes and the namespaces they stand for.").default("{}"),
        Opt::new("state", Kind::Str, "Whether what `xpath` finds is to be there.")
            .choices(&["absent", "present"])
            .default("\"present\"")
            .aliases(&["ensure"]),
        Opt::new("attribute", Kind::Raw, "An attribute of the found elements, to be set to `value`."),
        Opt::new("value", Kind::Raw, "The text that the found elements begin with, or the value of `attribute`; a text or a number."),
        Opt::new(
            "add_children",
            Kind::List(&Kind::Raw),
            "Elements to add: each a name, or a mapping of a name to its text, or of a name to attributes, with the text as `+value` and more \
             elements as `_`.",
        ),
        Opt::new(
            "set_children",
            Kind::List(&Kind::Raw),
            "The elements that the found ones are to have and no others, as in `add_children`.",
        ),
        Opt::new("count", Kind::Bool, "Only count what `xpath` finds.").default("false"),
        Opt::new("print_match", Kind::Bool, "Only say where `xpath` finds something.").default("false"),
        Opt::new("pretty_print", Kind::Bool, "Whether the file is laid out with an element on each line when it is written.")
            .default("false"),
        Opt::new("content", Kind::Str, "Only give the attributes or texts of what `xpath` finds.").choices(&["attribute", "text"]),
        Opt::new("input_type", Kind::Str, "Whether new elements are described as above or are XML text.")
            .choices(&["xml", "yaml"])
            .default("\"yaml\""),
        Opt::new("backup", Kind::Bool, "Keep a copy of the file, with the time in its name.").default("false"),
        Opt::new("strip_cdata_tags", Kind::Bool, "Whether texts lose their `<![CDATA[` marks; they say the same without.").default("false"),
        Opt::new("insertbefore", Kind::Bool, "Whether `add_children` puts its elements before the first found one.").default("false"),
        Opt::new("insertafter", Kind::Bool, "Whether `add_children` puts its elements behind the last found one.").default("false"),
    ],
    rules: &[
        Rule::OneOf(&["path", "xmlstring"]),
        Rule::Exclusive(&["path", "xmlstring"]),
        Rule::Exclusive(&["add_children", "content", "count", "print_match", "set_children", "value"]),
        Rule::Exclusive(&["insertbefore", "insertafter"]),
        Rule::By("add_children", &["xpath"]),
        Rule::By("set_children", &["xpath"]),
        Rule::By("content", &["xpath"]),
        Rule::By("value", &["xpath"]),
        Rule::By("attribute", &["value"]),
        Rule::If("count", "true", &["xpath"]),
        Rule::If("print_match", "true", &["xpath"]),
        Rule::If("insertbefore", "true", &["xpath"]),
        Rule::If("insertafter", "true", &["xpath"]),
    ],
    free_form: None,
    returns: &[
        Return { name: "actions", kind: "dict", when: "with xpath", doc: "`xpath`, `namespaces` and `state`." },
        Return { name: "count", kind: "int", when: "with count or content", doc: "How many nodes were found." },
        Return {
            name: "matches",
            kind: "list",
            when: "with content",
            doc: "The attributes or texts; for `print_match` `msg` has the places.",
        },
        Return { name: "msg", kind: "str", when: "with count, print_match or content", doc: "What was found." },
        Return { name: "xmlstring", kind: "str", when: "with xmlstring", doc: "The XML afterwards." },
        Return { name: "backup_file", kind: "str", when: "backup and changed", doc: "The copy of the file." },
    ],
    examples: "
- name: The server listens on another port
  community.general.xml:
    path: /opt/app/conf/server.xml
    xpath: /Server/Service/Connector
    attribute: port
    value: '8081'
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: Option<PathBuf>,
    xmlstring: Option<String>,
    xpath: Option<String>,
    namespaces: BTreeMap<String, String>,
    state: State,
    attribute: Option<Value>,
    value: Value,
    add_children: Option<Vec<Value>>,
    set_children: Option<Vec<Value>>,
    count: bool,
    print_match: bool,
    pretty_print: bool,
    content: Option<String>,
    input_type: String,
    backup: bool,
    strip_cdata_tags: bool,
    insertbefore: bool,
    insertafter: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    if let Some(Value::Object(namespaces)) = args.0.get("namespaces") {
        for (prefix, uri) in namespaces {
            if !uri.is_string() || prefix.is_empty() {
                return Err(Failure::new(format!(
                    "failed to read `namespaces`: `{prefix}: {uri}` is no prefix with the text of a namespace"
                )));
            }
        }
    }
    let args: Arguments = args.parse()?;
    let name = args.path.as_ref().map_or_else(|| "`xmlstring`".to_owned(), |path| format!("`{}`", path.display()));
    let failed = |why: &str| Failure::new(format!("failed to edit {name}: {why}"));
    let text = match (&args.path, &args.xmlstring) {
        (Some(path), _) => {
            match ctx.system.stat(path, Follow::Yes)? {
                None => return Err(failed("no file is there").missing_on(ctx.system)),
                Some(stat) if !stat.is_file() => return Err(failed("it is not a regular file")),
                Some(_) => {}
            }
            let bytes = ctx.system.read(path)?;
            document::decode(&bytes).map_err(|why| failed(&why))?
        }
        (None, text) => text.clone().unwrap_or_default(),
    };
    let mut document = document::read(&text, args.pretty_print, args.strip_cdata_tags).map_err(|why| failed(&why))?;
    let root = document.document_element().ok_or_else(|| failed("it has no element"))?;
    let Some(xpath) = &args.xpath else {
        if !args.pretty_print {
            return Err(failed("neither `xpath` nor `pretty_print` says what to do"));
        }
        let new = write::document(&document, true);
        let changed = new != text || args.path.is_none();
        return finish(ctx, &args, &new, changed, Outcome::new());
    };
    let wrong = |why: &str| failed(&format!("`xpath: {xpath}`: {why}"));
    let expression =
        xpath::parse(xpath, &args.namespaces).map_err(|error| wrong(&format!("at character {}: {}", error.at, error.message)))?;
    let actions =
        json!({"xpath": xpath, "namespaces": args.namespaces, "state": if args.state == State::Absent { "absent" } else { "present" }});
    let outcome = Outcome::new().with("actions", actions);
    if args.count || args.print_match || args.content.is_some() {
        let found = edit::find(&document, &expression).map_err(|why| wrong(&why))?;
        let outcome = look(&document, &args, xpath, &found, outcome).map_err(|why| wrong(&why))?;
        return finish(ctx, &args, &write::document(&document, args.pretty_print), false, outcome);
    }
    let has_namespaces = document.element(root).is_some_and(|element| !element.namespace_declarations.is_empty());
    let changed = edit::edit(&mut document, &args, &expression).map_err(|why| {
        let failure = wrong(&why);
        let is_plain = has_namespaces && args.namespaces.is_empty();
        if is_plain {
            failure.hint("the document has namespaces: give them prefixes in `namespaces`, and use those in `xpath`")
        } else {
            failure
        }
    })?;
    finish(ctx, &args, &write::document(&document, args.pretty_print), changed, outcome)
}

/// Answers questions.
fn look(document: &Document<'_>, args: &Arguments, xpath: &str, found: &[Found], outcome: Outcome) -> Result<Outcome, String> {
    if args.count {
        return Ok(outcome.with("count", found.len()).with("msg", format!("found {} nodes", found.len())));
    }
    let nodes: Vec<NodeId> = found.iter().filter_map(|found| if let Found::Node(node) = found { Some(*node) } else { None }).collect();
    if nodes.len() < found.len() || nodes.iter().any(|node| names::own_text(document, *node).is_some()) {
        return Err("it finds attributes or texts; let it find their elements".to_owned());
    }
    if args.print_match {
        let places: Vec<String> = nodes.iter().map(|node| names::path_of(document, *node)).collect();
        let places: Vec<String> = places.iter().map(|place| Value::from(place.as_str()).to_string()).collect();
        let message = format!("selector '{xpath}' match: [{}]", places.join(", "));
        return Ok(outcome.with("matches", Vec::<Value>::new()).with("msg", message));
    }
    let mut matches = Vec::new();
    for node in &nodes {
        let element = document.element(*node).ok_or_else(|| "it finds something that is no element".to_owned())?;
        let value = if args.content.as_deref() == Some("text") {
            let texts = names::leading(document, *node);
            let text: String = texts.iter().filter_map(|text| names::own_text(document, *text)).collect();
            if texts.is_empty() { Value::Null } else { text.into() }
        } else {
            let attributes =
                element.attributes.iter().map(|attribute| (names::full_name(&attribute.name), attribute.value.as_ref().into()));
            Value::Object(attributes.collect::<Map<String, Value>>())
        };
        matches.push(json!({names::full_name(&element.name): value}));
    }
    if matches.is_empty() {
        return Err("it finds nothing".to_owned());
    }
    Ok(outcome.with("count", matches.len()).with("msg", matches.len()).with("matches", matches))
}

/// Writes what changed.
fn finish(ctx: &mut Context<'_>, args: &Arguments, text: &str, changed: bool, outcome: Outcome) -> ModuleResult {
    let Some(path) = &args.path else { return Ok(outcome.with("xmlstring", text).changed(changed)) };
    if !changed {
        return Ok(outcome);
    }
    let is_link = ctx.system.stat(path, Follow::No)?.is_some_and(|stat| stat.is_link());
    let path = if is_link { ctx.system.real_path(path)? } else { path.clone() };
    let options = FileOptions::default();
    let file = NewFile { path: &path, source: Source::Bytes(text.as_bytes()), options: &options, validate: None, backup: args.backup };
    Ok(match put(ctx, &file)? {
        Some(copy) => outcome.with("backup_file", copy.to_string_lossy().into_owned()),
        None => outcome,
    })
}

#[cfg(test)]
mod tests;
