//! Pages as text for a terminal, with bold and faint parts that whoever prints them takes off where there is no terminal.

use anstyle::Style;

use super::page::{OptionDoc, Page, Topic};
use crate::base::text::list as quoted;

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// A page in lines of at most `width` columns (a word or an example that is longer stays whole).
pub fn text(page: &Page, width: usize) -> String {
    let mut out = Writer { text: String::new(), width };
    out.line(&format!("{BOLD}{}{BOLD:#}  {}", page.name, page.summary));
    out.faint(&subtitle(page), 0);
    for paragraph in &page.description {
        out.gap();
        out.wrapped(paragraph, 2);
    }
    if let Some(usage) = &page.usage {
        out.heading("Usage");
        out.wrapped(usage, 2);
    }
    if !page.choices.is_empty() {
        out.gap();
        out.wrapped(&format!("One of {}.", quoted(page.choices)), 2);
    }
    if !page.options.is_empty() {
        out.heading("Options");
        out.options(&page.options, 2);
    }
    if let Some(option) = page.free_form {
        out.gap();
        out.wrapped(&format!("Text behind `{}:` that is not written as `name=value` goes to `{option}`.", page.name), 2);
    }
    if !page.rules.is_empty() {
        out.heading(if page.options.is_empty() { "Words" } else { "Rules" });
        page.rules.iter().for_each(|rule| out.item(rule));
    }
    if !page.returns.is_empty() {
        out.heading("Result (beside changed, failed, msg, diff and skipped)");
        for key in &page.returns {
            out.line(&format!("  {BOLD}{}{BOLD:#}  {FAINT}{}, {}{FAINT:#}", key.name, key.kind, key.returned));
            out.wrapped(key.description, 6);
        }
    }
    if let Some(note) = page.check_mode {
        out.heading("Check mode");
        out.wrapped(note, 2);
    }
    for (number, example) in page.examples.iter().enumerate() {
        if number == 0 {
            out.heading(if page.topic == Topic::Module { "Examples" } else { "Example" });
        }
        example.text.lines().for_each(|line| out.line(&if line.is_empty() { String::new() } else { format!("  {line}") }));
        if let Some(gives) = example.gives {
            out.line(&format!("  {FAINT}gives{FAINT:#} {gives}"));
        }
    }
    out.text
}

/// Pages as a list of names and what they are, one line each, cut at `width` columns when there is one.
pub fn list(pages: &[Page], width: Option<usize>) -> String {
    let names = pages.iter().map(|page| page.name.chars().count()).max().unwrap_or(0);
    let line = |page: &Page| {
        let summary = match width.map(|width| width.saturating_sub(names + 2)) {
            Some(room) if page.summary.chars().count() > room => {
                let cut: String = page.summary.chars().take(room.saturating_sub(1)).collect();
                format!("{}…", cut.trim_end())
            }
            _ => page.summary.clone(),
        };
        format!("{BOLD}{:names$}{BOLD:#}  {summary}\n", page.name)
    };
    pages.iter().map(line).collect()
}

/// What stands below the name.
fn subtitle(page: &Page) -> String {
    let mut parts = vec![page.topic.name().to_owned()];
    match page.runs_on {
        Some("host") => parts.push("runs on the host".to_owned()),
        Some(_) => parts.push("runs on the controller".to_owned()),
        None => {}
    }
    if !page.places.is_empty() {
        parts.push(format!("of {}", page.places.join(", ")));
    }
    if !page.names.is_empty() {
        parts.push(format!("also {}", page.names.join(", ")));
    }
    parts.join(" · ")
}

struct Writer {
    text: String,
    width: usize,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn gap(&mut self) {
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.gap();
        self.line(&format!("{BOLD}{heading}{BOLD:#}"));
    }

    fn wrapped(&mut self, text: &str, indent: usize) {
        let pad = " ".repeat(indent);
        lines(text, self.width.saturating_sub(indent)).iter().for_each(|line| self.line(&format!("{pad}{line}")));
    }

    fn faint(&mut self, text: &str, indent: usize) {
        let pad = " ".repeat(indent);
        lines(text, self.width.saturating_sub(indent)).iter().for_each(|line| self.line(&format!("{pad}{FAINT}{line}{FAINT:#}")));
    }

    fn item(&mut self, text: &str) {
        for (number, line) in lines(text, self.width.saturating_sub(4)).iter().enumerate() {
            self.line(&format!("  {} {line}", if number == 0 { "-" } else { " " }));
        }
    }

    fn options(&mut self, options: &[OptionDoc], indent: usize) {
        let pad = " ".repeat(indent);
        for (number, option) in options.iter().enumerate() {
            if number > 0 {
                self.gap();
            }
            self.line(&format!("{pad}{BOLD}{}{BOLD:#}  {FAINT}{}{FAINT:#}", option.name, traits(option)));
            self.wrapped(option.description, indent + 4);
            if !option.choices.is_empty() {
                let words = if option.kind == "mode" { "Also takes" } else { "One of" };
                self.wrapped(&format!("{words} {}.", quoted(option.choices)), indent + 4);
            }
            if !option.aliases.is_empty() {
                self.wrapped(&format!("Also called {}.", quoted(&option.aliases)), indent + 4);
            }
            if !option.options.is_empty() {
                self.options(&option.options, indent + 6);
            }
        }
    }
}

/// "path, required", "text, default present".
fn traits(option: &OptionDoc) -> String {
    let mut parts = vec![option.kind_in_words()];
    if option.required {
        parts.push("required".to_owned());
    }
    if let Some(default) = &option.default {
        parts.push(format!("default {}", default.as_str().map_or_else(|| default.to_string(), shown_text)));
    }
    if option.secret {
        parts.push("never shown".to_owned());
    }
    parts.join(", ")
}

/// A text as a default: in quotes when it could be taken for nothing or for something else.
fn shown_text(text: &str) -> String {
    let plain = !text.is_empty() && text.trim() == text && !text.contains(['\n', '\r', '\t']);
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// `text` in lines of at most `width` columns, cut at blanks.
fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
