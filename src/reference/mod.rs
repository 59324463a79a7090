//! What the declarations of modules, keywords, filters, tests, functions and lookups say: pages for people, JSON for programs, snippets,
//! and the JSON schema for editors.
//!
//! Imported by `cli`; imports `base`, `template`, `playbook`, `modules`, `plan`.
//! Guarantees: nothing is written here that a declaration says already, so a page, a check and a suggestion can never disagree. All of it
//! is a pure function of the program: the same binary gives the same bytes, and a test holds `docs/` against them.
//!
//! To add a topic: a variant of [`Topic`], and a function that makes its [`Page`]s.

mod ansible;
mod files;
mod keywords;
mod markdown;
mod modules;
mod page;
mod plugins;
mod schema;
mod snippet;
mod terminal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::base::text::did_you_mean;

pub use ansible::page as ansible_json;
pub use files::files;
pub use page::{Example, OptionDoc, Page, ResultKey, Topic};
pub use schema::{SCHEMAS, SchemaOf, schema};
pub use snippet::snippet;
pub use terminal::{list, text};

/// The pages of a topic, by name.
pub fn pages(topic: Topic) -> Vec<Page> {
    let pages = match topic {
        Topic::Module => modules::pages(),
        Topic::Keyword => keywords::pages(),
        Topic::Filter | Topic::Test | Topic::Function | Topic::Lookup => plugins::pages(topic),
    };
    let by_name: BTreeMap<String, Page> = pages.into_iter().map(|page| (page.name.clone(), page)).collect();
    by_name.into_values().collect()
}

/// The page of a topic that `name` means: its name, an alias, or either behind a collection.
pub fn find(topic: Topic, name: &str) -> Option<Page> {
    pages(topic).into_iter().find(|page| page.name == name || page.names.iter().any(|other| other == name))
}

/// "did you mean `x`?" for a name that no page of these topics has.
pub fn near(topics: &[Topic], name: &str) -> Option<String> {
    let pages: Vec<Page> = topics.iter().flat_map(|topic| pages(*topic)).collect();
    let short = name.rsplit('.').next().unwrap_or(name);
    let known = || pages.iter().flat_map(|page| std::iter::once(&page.name).chain(page.names.iter().filter(|name| !name.contains('.'))));
    did_you_mean(short, known().map(String::as_str))
}
