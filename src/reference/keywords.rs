//! Pages of keywords. Rows of the table that share a name share a page.

use super::page::{Page, Topic};
use crate::playbook::keywords::{KEYWORDS, Keyword, Kind, Status};

/// All pages: of the keywords that can be used.
pub(super) fn pages() -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for keyword in KEYWORDS.iter().filter(|keyword| keyword.status == Status::Works) {
        let places = keyword.places.iter().map(|place| place.name());
        match pages.iter_mut().find(|page| page.name == keyword.name) {
            Some(page) => page.places.extend(places),
            None => pages.push(Page { places: places.collect(), ..page(keyword) }),
        }
    }
    pages
}

fn page(keyword: &Keyword) -> Page {
    let mut summary = keyword.doc.to_owned();
    if let Some(first) = summary.get(..1).map(str::to_uppercase) {
        summary.replace_range(..1, &first);
    }
    let mut page = Page::new(Topic::Keyword, keyword.name, &summary);
    page.usage = Some(format!("{}: {}", keyword.name, takes(keyword.kind)));
    page.description = about(keyword.kind).map(str::to_owned).into_iter().collect();
    page.choices = match keyword.name {
        "order" => crate::plan::ORDERS,
        "strategy" => crate::plan::STRATEGIES,
        _ => &[],
    };
    page
}

/// What a keyword takes, in a word.
pub(super) fn takes(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Bool => "true or false",
        Kind::Int => "a whole number",
        Kind::Number => "a number",
        Kind::Percent => "a number or a percentage",
        Kind::Percents => "a number or a percentage, or a list of them",
        Kind::Name => "the name of a variable",
        Kind::TextList => "a text or a list of texts",
        Kind::Tags => "tags with commas between, or a list of them",
        Kind::Conditions => "a condition or a list of conditions",
        Kind::Vars | Kind::Mapping => "a mapping",
        Kind::Layers => "a mapping or a list of mappings",
        Kind::List => "a list",
        Kind::Paths => "a path, or a list of paths or of lists of paths",
        Kind::Tasks => "a list of tasks",
        Kind::Any => "…",
    }
}

/// What there is to know about all values of a kind.
fn about(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Conditions => Some("A condition is an expression without braces. All conditions of a list must hold."),
        Kind::Vars => Some("Values may be templates, which are rendered when they are read; names may not."),
        Kind::Name => Some("It is written out: a template cannot name a variable."),
        _ => None,
    }
}
