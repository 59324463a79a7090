//! A task to start from: every option of a module, the required ones to fill in, the others commented out with their defaults.

use super::page::{OptionDoc, Page};

/// Columns of a comment's text.
const WIDTH: usize = 90;

/// The task; YAML that can be pasted under `tasks:`.
pub fn snippet(page: &Page) -> String {
    let name = page.names.first().unwrap_or(&page.name);
    // A colon in it would be read as a mapping.
    let summary = if page.summary.contains([':', '#']) { format!("{:?}", page.summary) } else { page.summary.clone() };
    let mut text = format!("- name: {summary}\n  {name}:");
    if page.options.is_empty() {
        let word = page.rules.first().and_then(|rule| rule.split('`').nth(1)).unwrap_or_default();
        return format!("{}\n", format!("{text} {word}").trim_end());
    }
    text.push('\n');
    let (required, others): (Vec<_>, Vec<_>) = page.options.iter().partition(|option| option.required);
    for option in required.into_iter().chain(others) {
        let mark = if option.required { "" } else { "# " };
        text.push_str(&format!("    {mark}{}:{}  # {}\n", option.name, value(option), remark(option)));
    }
    text
}

fn value(option: &OptionDoc) -> String {
    match &option.default {
        Some(default) => format!(" {default}"),
        None => String::new(),
    }
}

fn remark(option: &OptionDoc) -> String {
    let kind = match option.choices {
        [] => option.kind_in_words(),
        // Words beside modes.
        _ if option.kind == "mode" => option.kind_in_words(),
        choices => choices.join(" | ").escape_debug().to_string(),
    };
    let text = format!("{kind}: {}", option.description);
    let first = text.split_once(". ").map_or(text.as_str(), |(first, _)| first).trim_end_matches('.');
    if first.chars().count() <= WIDTH {
        return first.to_owned();
    }
    let cut: String = first.chars().take(WIDTH).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole))
}
