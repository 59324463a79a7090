//! `kconf doc`: what can be used, as its declaration describes it.

use std::io::IsTerminal;
use std::path::Path;

use serde_json::{Map, Value};

use super::super::args::{Doc, DocOutput, DocType};
use super::super::exit::{self, Failure};
use super::super::messages;
use crate::base::{Diagnostic, Diagnostics};
use crate::reference::{self, Page, Topic};

/// Columns of a page where there is no terminal that says how many it has.
const WIDTH: usize = 96;
/// No page is wider, since long lines are hard to read.
const WIDEST: usize = 110;
/// No page is narrower, since a column of words is no text.
const NARROWEST: usize = 40;

/// Runs the command.
pub fn run(args: &Doc) -> Result<u8, Failure> {
    if let Some(folder) = &args.write {
        return write(folder);
    }
    if args.list || args.names.is_empty() {
        if args.snippet {
            return Err(Failure::usage(Diagnostic::error("a snippet needs the name of a module").hint("`kconf doc` lists all modules")));
        }
        list(args);
        return Ok(exit::OK);
    }
    let pages = named(args)?;
    match args.output {
        DocOutput::Text if args.snippet => snippets(&pages)?,
        DocOutput::Text => {
            let pages: Vec<String> = pages.iter().map(|(_, page)| reference::text(page, width())).collect();
            messages::data(&pages.join("\n"));
        }
        DocOutput::Json => json(pages.iter().map(|(name, page)| (name.clone(), serde_json::to_value(page).unwrap_or_default()))),
        DocOutput::AnsibleJson => json(pages.iter().map(|(name, page)| (name.clone(), reference::ansible_json(page)))),
    }
    Ok(exit::OK)
}

/// The pages that the names mean, each behind its name as given.
fn named(args: &Doc) -> Result<Vec<(String, Page)>, Failure> {
    let topics = args.topic.map_or_else(|| Topic::ALL.to_vec(), |topic| vec![of(topic)]);
    let (mut pages, mut errors) = (Vec::new(), Diagnostics::default());
    for name in &args.names {
        let mut found: Vec<Page> = topics.iter().filter_map(|topic| reference::find(*topic, name)).collect();
        // A name alone means the module, if there is one; the others are named below it.
        if found.first().is_some_and(|page| page.topic == Topic::Module) || args.output != DocOutput::Text {
            let others = found.split_off(found.len().min(1));
            for other in others.iter().filter(|_| args.output == DocOutput::Text && !args.snippet) {
                let topic = other.topic.name();
                messages::status(&format!("There is also a {topic} called `{name}`: `kconf doc -t {topic} {name}`"));
            }
        }
        if found.is_empty() {
            errors.push(unknown(args.topic, &topics, name));
        }
        pages.extend(found.into_iter().map(|page| (name.clone(), page)));
    }
    if errors.0.is_empty() { Ok(pages) } else { Err(Failure { diagnostics: errors, code: exit::BAD_COMMAND_LINE }) }
}

fn unknown(topic: Option<DocType>, topics: &[Topic], name: &str) -> Diagnostic {
    let Some(topic) = topic.map(of) else {
        return Diagnostic::error(format!("kconf has nothing called `{name}`"))
            .maybe_hint(reference::near(topics, name))
            .hint("`kconf doc` lists all modules, `kconf doc -l -t TYPE` what else there is");
    };
    let what = topic.name();
    let elsewhere = Topic::ALL.into_iter().find(|other| reference::find(*other, name).is_some());
    let error = Diagnostic::error(format!("kconf has no {what} `{name}`"));
    match elsewhere {
        Some(other) => error.hint(format!("`{name}` is a {0}: `kconf doc -t {0} {name}`", other.name())),
        None => error.maybe_hint(reference::near(topics, name)).hint(format!("`kconf doc -l -t {what}` lists all of them")),
    }
}

fn list(args: &Doc) {
    let topic = args.topic.map_or(Topic::Module, of);
    let has = |page: &Page, word: &String| page.name.contains(word.as_str()) || page.summary.to_lowercase().contains(&word.to_lowercase());
    let mut pages = reference::pages(topic);
    pages.retain(|page| args.names.is_empty() || args.names.iter().any(|word| has(page, word)));
    match args.output {
        DocOutput::Text => messages::data(&reference::list(&pages, std::io::stdout().is_terminal().then(columns).flatten())),
        DocOutput::Json => json(pages.into_iter().map(|page| (page.name, page.summary.into()))),
        DocOutput::AnsibleJson => {
            json(pages.into_iter().map(|page| (page.names.into_iter().next().unwrap_or(page.name), page.summary.into())));
        }
    }
}

fn snippets(pages: &[(String, Page)]) -> Result<(), Failure> {
    if let Some((name, page)) = pages.iter().find(|(_, page)| page.topic != Topic::Module) {
        let what = format!("`{name}` is a {}, and only modules have a snippet", page.topic.name());
        return Err(Failure::usage(Diagnostic::error(what)));
    }
    let texts: Vec<String> = pages.iter().map(|(_, page)| reference::snippet(page)).collect();
    messages::data(&texts.join("\n"));
    Ok(())
}

fn json(entries: impl Iterator<Item = (String, Value)>) {
    messages::data(&format!("{:#}\n", Value::Object(entries.collect::<Map<_, _>>())));
}

#[expect(clippy::disallowed_methods, reason = "writes the files that it was asked for on this machine")]
fn write(folder: &Path) -> Result<u8, Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::from(Diagnostic::error(format!("failed to write `{}`", path.display())).caused_by(error.to_string()))
    };
    let files = reference::files();
    for (name, text) in &files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    messages::status(&format!("{} files written below {}", files.len(), folder.display()));
    Ok(exit::OK)
}

fn of(topic: DocType) -> Topic {
    match topic {
        DocType::Module => Topic::Module,
        DocType::Keyword => Topic::Keyword,
        DocType::Filter => Topic::Filter,
        DocType::Test => Topic::Test,
        DocType::Function => Topic::Function,
        DocType::Lookup => Topic::Lookup,
    }
}

fn width() -> usize {
    columns().unwrap_or(WIDTH).clamp(NARROWEST, WIDEST)
}

/// How wide the terminal is.
fn columns() -> Option<usize> {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    set.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
}
