//! Documents about a run that is over: HTML, Markdown, JUnit XML, JSON.
//!
//! What they look like stands in the templates beside this file. HTML and XML are escaped wherever text is put in, by the kind of the
//! template; Markdown by its own filters. To add one: a template, a line in [`Page`] and in [`render`].

mod markdown;
mod view;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::about::About;
use super::recap;
use super::record::Record;
use crate::base::Diagnostic;

/// The kind of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// One file that needs nothing else.
    Html,
    /// For tickets and chats.
    Markdown,
    /// For programs that show test results.
    Junit,
    /// Everything, for programs.
    Json,
}

/// The document. `about` is nothing for a run whose journal is not known.
///
/// # Errors
/// A defect in a template.
pub fn render(page: Page, about: Option<&About>, record: &Record) -> Result<String, Diagnostic> {
    let failed = |error: String| Diagnostic::error("failed to make the report").caused_by(error);
    let (name, text) = match page {
        Page::Json => return json(about, record).map_err(|error| failed(error.to_string())),
        Page::Html => ("report.html", include_str!("report.html")),
        Page::Markdown => ("report.md", include_str!("report.md")),
        Page::Junit => ("junit.xml", include_str!("junit.xml")),
    };
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build().map_err(|error| failed(error.to_string()))?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| if name.ends_with(".md") { AutoEscape::None } else { AutoEscape::Html });
    environment.add_filter("duration", recap::duration);
    environment.add_filter("seconds", seconds);
    environment.add_filter("inline", |text: String| markdown::inline(&text));
    environment.add_filter("fence", |text: String, kind: String| markdown::fence(&text, &kind));
    let result = environment.add_template(name, text).and_then(|()| {
        let about = Value::from(Serde(about));
        let plays = Value::from(Serde(view::plays(record)));
        let failures = Value::from(Serde(record.failures()));
        let totals = Value::from(Serde(view::Totals::new(record)));
        environment.get_template(name)?.render(context! { about, record => Value::from(Serde(record)), plays, failures, totals })
    });
    result.map_err(|error| failed(format!("{error:#}")))
}

fn json(about: Option<&About>, record: &Record) -> serde_json::Result<String> {
    #[derive(serde::Serialize)]
    struct Document<'a> {
        about: Option<&'a About>,
        #[serde(flatten)]
        record: &'a Record,
        failures: Vec<super::record::Failure>,
    }
    serde_json::to_string_pretty(&Document { about, record, failures: record.failures() }).map(|text| text + "\n")
}

/// Milliseconds as seconds with a point, as XML has them.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

#[cfg(test)]
mod tests;
