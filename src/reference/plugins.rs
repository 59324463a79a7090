//! Pages of filters, tests, functions and lookups.

use super::page::{Example, Page, Topic};
use crate::template::{Doc, documentation};

/// All pages of one of these topics.
pub(super) fn pages(topic: Topic) -> Vec<Page> {
    documentation().iter().filter(|doc| doc.kind == topic.name()).map(|doc| page(topic, doc)).collect()
}

fn page(topic: Topic, doc: &Doc) -> Page {
    let (first, rest) = doc.doc.split_once(". ").unwrap_or((doc.doc, ""));
    let mut page = Page::new(topic, doc.name, first.trim_end_matches('.'));
    page.description = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty()).into_iter().collect();
    page.names = doc.aliases.iter().map(|alias| (*alias).to_owned()).collect();
    page.usage = Some(usage(topic, doc));
    page.arguments = doc.params;
    page.examples = vec![Example { text: doc.example.to_owned(), gives: Some(doc.gives).filter(|gives| !gives.is_empty()) }];
    page
}

fn usage(topic: Topic, doc: &Doc) -> String {
    let params = doc.params.join(", ");
    let call = if params.is_empty() { doc.name.to_owned() } else { format!("{}({params})", doc.name) };
    match topic {
        Topic::Test => format!("value is {call}"),
        Topic::Function => format!("{}({params})", doc.name),
        Topic::Lookup => {
            let options: String = doc.params.iter().map(|option| format!(", {option}=…")).collect();
            format!("lookup('{}', …{options})", doc.name)
        }
        _ => format!("value | {call}"),
    }
}
