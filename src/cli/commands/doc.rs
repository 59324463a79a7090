//! `kconf doc`: modules as their declarations describe them.

use super::super::args::Doc;
use super::super::exit::{self, Failure};
use super::super::messages;
use crate::base::Diagnostic;
use crate::base::text::did_you_mean;
use crate::modules::{self, Kind, Opt, Spec};

/// Columns of the text.
const WIDTH: usize = 96;

/// Runs the command.
pub fn run(args: &Doc) -> Result<u8, Failure> {
    match &args.name {
        None => list(),
        Some(name) => match modules::find(name) {
            Some(spec) => messages::data(&page(spec)),
            None => {
                let known = modules::MODULES.iter().map(|spec| spec.name);
                return Err(Failure::usage(
                    Diagnostic::error(format!("kconf has no module `{name}`"))
                        .maybe_hint(did_you_mean(name, known))
                        .hint("`kconf doc` lists all modules"),
                ));
            }
        },
    }
    Ok(exit::OK)
}

fn list() {
    let width = modules::MODULES.iter().map(|spec| spec.name.len()).max().unwrap_or(0);
    let lines: String = modules::MODULES.iter().map(|spec| format!("{:width$}  {}\n", spec.name, spec.summary)).collect();
    messages::data(&lines);
}

fn page(spec: &Spec) -> String {
    let mut page = format!("{} - {}\n", spec.name.to_uppercase(), spec.summary);
    for paragraph in spec.description {
        page.push('\n');
        page.push_str(&wrap(paragraph, 0));
    }
    if !spec.options.is_empty() {
        page.push_str("\nOPTIONS\n");
        page.push_str(&options(spec.options, 2));
    }
    if !spec.returns.is_empty() {
        page.push_str("\nRETURNS (beside changed, failed, msg, diff, skipped)\n");
        for value in spec.returns {
            page.push_str(&format!("\n  {} ({}, {})\n{}", value.name, value.kind, value.when, wrap(value.doc, 6)));
        }
    }
    page.push_str("\nEXAMPLES\n");
    page.push_str(spec.examples);
    page
}

fn options(options: &[Opt], indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut text = String::new();
    for option in options.iter().filter(|option| !option.name.starts_with('_')) {
        let mut traits = vec![kind_name(option.kind)];
        if option.required {
            traits.push("required".to_owned());
        }
        if let Some(default) = option.default {
            traits.push(format!("default {default}"));
        }
        text.push_str(&format!("\n{pad}{} ({})\n", option.name, traits.join(", ")));
        text.push_str(&wrap(option.doc, indent + 4));
        if !option.choices.is_empty() {
            text.push_str(&wrap(&format!("One of: {}.", option.choices.join(", ")), indent + 4));
        }
        if !option.aliases.is_empty() {
            text.push_str(&wrap(&format!("Also called {}.", option.aliases.join(", ")), indent + 4));
        }
        if !option.suboptions.is_empty() {
            text.push_str(&self::options(option.suboptions, indent + 6));
        }
    }
    text
}

fn kind_name(kind: Kind) -> String {
    match kind {
        Kind::Str => "text".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Int => "whole number".to_owned(),
        Kind::Float => "number".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Mode => "file mode".to_owned(),
        Kind::Bytes => "size".to_owned(),
        Kind::Dict => "mapping".to_owned(),
        Kind::List(inner) => format!("list of {}", kind_name(*inner)),
        Kind::Json => "JSON".to_owned(),
        Kind::Raw => "anything".to_owned(),
        Kind::Content => "content".to_owned(),
    }
}

/// `text` in lines of at most [`WIDTH`] columns, each behind `indent` blanks.
fn wrap(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&format!("{pad}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push_str(&format!("{pad}{line}\n"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_has_a_page() {
        for spec in modules::MODULES {
            let page = page(spec);
            assert!(page.contains("EXAMPLES") && page.lines().count() > 5, "{}", spec.name);
        }
    }

    #[test]
    fn text_is_wrapped_at_words() {
        let wrapped = wrap(&"word ".repeat(40), 4);
        assert!(wrapped.lines().all(|line| line.chars().count() <= WIDTH && line.starts_with("    word")));
    }
}
