//! Pages as Markdown.

use super::page::{OptionDoc, Page, Topic};
use super::pages;
use crate::base::text::list as quoted;

/// Says where a page comes from, so that nobody changes it by hand.
const MADE: &str = "<!-- Made by `make docs` from the declarations in `src`. -->";

/// The page of a module.
pub(super) fn module(page: &Page) -> String {
    let mut text = format!("{MADE}\n\n# {}\n\n{}.\n", page.name, page.summary);
    let also = if page.names.is_empty() { String::new() } else { format!("Also {}. ", quoted(&page.names)) };
    text.push_str(&format!("\n{also}Runs on the {}.\n", page.runs_on.unwrap_or("controller")));
    for paragraph in &page.description {
        text.push_str(&format!("\n{}\n", escaped(paragraph)));
    }
    if !page.options.is_empty() {
        text.push_str("\n## Options\n\n| option | takes | default | what it means |\n|---|---|---|---|\n");
        rows(&page.options, "", &mut text);
    }
    if let Some(option) = page.free_form {
        text.push_str(&format!("\nText behind `{}:` that is not written as `name=value` goes to `{option}`.\n", page.name));
    }
    if !page.rules.is_empty() {
        text.push_str(if page.options.is_empty() { "\n## Words\n\n" } else { "\n## Rules\n\n" });
        page.rules.iter().for_each(|rule| text.push_str(&format!("- {}\n", escaped(rule))));
    }
    if !page.returns.is_empty() {
        text.push_str("\n## Result\n\nBeside `changed`, `failed`, `msg`, `diff` and `skipped`:\n\n| key | type | when | what it means |\n|---|---|---|---|\n");
        for key in &page.returns {
            text.push_str(&format!("| `{}` | {} | {} | {} |\n", key.name, key.kind, cell(key.returned), cell(key.description)));
        }
    }
    if let Some(note) = page.check_mode {
        text.push_str(&format!("\n## Check mode\n\n{note}\n"));
    }
    for example in &page.examples {
        text.push_str(&format!("\n## Examples\n\n```yaml\n{}```\n", example.text));
    }
    text
}

fn rows(options: &[OptionDoc], above: &str, text: &mut String) {
    for option in options {
        let name = format!("{above}{}", option.name);
        let mut about = vec![cell(option.description)];
        if !option.choices.is_empty() {
            let words = if option.kind == "mode" { "Also takes" } else { "One of" };
            about.push(format!("{words} {}.", cell(&quoted(&escape_all(option.choices)))));
        }
        if !option.aliases.is_empty() {
            about.push(format!("Also called {}.", quoted(&option.aliases)));
        }
        if option.secret {
            about.push("Never shown.".to_owned());
        }
        let default = match &option.default {
            None if option.required => "required".to_owned(),
            None => String::new(),
            Some(default) => format!("`{}`", cell(&default.to_string())),
        };
        text.push_str(&format!("| `{name}` | {} | {default} | {} |\n", option.kind_in_words(), about.join(" ")));
        rows(&option.options, &format!("{name}."), text);
    }
}

fn escape_all(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.escape_debug().to_string()).collect()
}

/// The index of the modules.
pub(super) fn index() -> String {
    let mut text = format!("{MADE}\n\n# Modules\n\n| module | what it does |\n|---|---|\n");
    for page in pages(Topic::Module) {
        text.push_str(&format!("| [{0}]({0}.md) | {1} |\n", page.name, cell(&page.summary)));
    }
    text
}

/// One page for all filters, tests or lookups; functions stand behind the lookups.
pub(super) fn plugins(title: &str, about: &str, topics: &[Topic]) -> String {
    let mut text = format!("{MADE}\n\n# {title}\n\n{about}\n");
    for page in topics.iter().flat_map(|topic| pages(*topic)) {
        text.push_str(&format!("\n## {}\n\n", page.name));
        if let Some(usage) = &page.usage {
            text.push_str(&format!("    {usage}\n\n"));
        }
        text.push_str(&format!("{}.", escaped(&page.summary)));
        page.description.iter().for_each(|more| text.push_str(&format!(" {}", escaped(more))));
        if !page.names.is_empty() {
            text.push_str(&format!(" Also {}.", quoted(&page.names)));
        }
        text.push('\n');
        for example in &page.examples {
            let gives = example.gives.map(|gives| format!("\n→ {gives}")).unwrap_or_default();
            text.push_str(&format!("\n```\n{}{gives}\n```\n", example.text));
        }
    }
    text
}

/// One page for all keywords, a table for each place.
pub(super) fn keywords(about: &str) -> String {
    let pages = pages(Topic::Keyword);
    let mut places: Vec<&str> = Vec::new();
    for place in pages.iter().flat_map(|page| &page.places) {
        if !places.contains(place) {
            places.push(place);
        }
    }
    let mut text = format!("{MADE}\n\n# Keywords\n\n{about}\n");
    for place in places {
        text.push_str(&format!("\n## {}\n\n| keyword | takes | what it means |\n|---|---|---|\n", heading(place)));
        for page in pages.iter().filter(|page| page.places.contains(&place)) {
            let takes = page.usage.as_deref().and_then(|usage| usage.split_once(": ")).map_or("", |(_, takes)| takes);
            // Where the line does not name them already.
            let is_silent = !page.choices.is_empty() && !page.summary.contains('`');
            let more = if is_silent { format!(" One of {}.", quoted(page.choices)) } else { String::new() };
            let end = if page.summary.ends_with('…') { "" } else { "." };
            text.push_str(&format!("| `{}` | {takes} | {}{end}{more} |\n", page.name, cell(&page.summary)));
        }
    }
    text
}

fn heading(place: &str) -> String {
    match place {
        "import_playbook" | "loop_control" | "vars_prompt" => format!("`{place}`"),
        other => {
            let mut heading = other.to_owned();
            if let Some(first) = heading.get(..1).map(str::to_uppercase) {
                heading.replace_range(..1, &first);
            }
            heading
        }
    }
}

/// Text in which nothing outside of backticks is taken for a tag or an emphasis.
fn escaped(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(number, part)| match number % 2 {
        0 => part.replace('<', "\\<").replace('*', "\\*"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

/// As [`escaped`], for a cell of a table.
fn cell(text: &str) -> String {
    escaped(text).replace('|', "\\|").replace('\n', " ")
}
