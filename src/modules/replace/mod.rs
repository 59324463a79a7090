//! `replace`: everything in a file that a regular expression matches.

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::edit::{EDIT_OPTIONS, Edit, Manner};
use super::shared::encoding::Encoding;
use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::folder;
use super::spec::{BUILTIN, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::base::regex::{Flags, RegexError, Template, TextRegex};

const OWN: &[Opt] = &[
    Opt::new("regexp", Kind::Str, "A regular expression in Python's notation. `^` and `$` match at every line; `.` matches no line break.")
        .required(),
    Opt::new(
        "replace",
        Kind::Str,
        "What takes the place of each match; `\\1`, `\\g<1>` and `\\g<name>` are what groups matched. Without it matches are removed.",
    )
    .default("\"\""),
    Opt::new(
        "after",
        Kind::Str,
        "Only what comes behind the first match of this regular expression is changed. Here `.` matches line breaks too, `^` and `$` only the ends of the file.",
    ),
    Opt::new(
        "before",
        Kind::Str,
        "Only what comes in front of the match of this regular expression is changed; with `after`, the first one behind that.",
    ),
    Opt::new("encoding", Kind::Str, "The encoding of the file.").default("\"utf-8\""),
];

const EDIT: [Opt; OWN.len() + EDIT_OPTIONS.len()] = join(EDIT_OPTIONS, OWN);
static OPTIONS: [Opt; EDIT.len() + FILE_OPTIONS.len()] = join(&EDIT, FILE_OPTIONS);

/// The declaration of `replace`.
pub static MODULE: Spec = Spec {
    name: "replace",
    collections: BUILTIN,
    summary: "Replace text in a file by a regular expression",
    description: &[
        "Replaces everything in a file, or in a part of it, that a regular expression matches. What is put in must not match again, or each run changes \
         the file once more.",
    ],
    options: &OPTIONS,
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "backup_file", kind: "str", when: "backup and changed", doc: "Path of the copy." },
        Return { name: "rc", kind: "int", when: "always", doc: "0, or 257 when the file is not there, 256 when it is a directory." },
    ],
    examples: "
- name: Another port in one section
  replace:
    path: /etc/app.conf
    after: '\\[server\\]'
    before: '\\['
    regexp: '^port\\s*=.*$'
    replace: port = 8551

- name: No comments
  replace:
    path: /etc/app.conf
    regexp: '^#.*\\n'
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: PathBuf,
    regexp: String,
    replace: String,
    after: Option<String>,
    before: Option<String>,
    encoding: String,
    backup: bool,
    validate: Option<String>,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let edit = Edit::open(ctx, &args.path)?;
    let Some(old) = &edit.old else { return Err(folder::missing_file(ctx.system, &edit.path, None)?) };
    let refusal = |reason: String| Failure::new(format!("failed to edit `{}`: {reason}", args.path.display()));
    let encoding = Encoding::find(&args.encoding);
    let text = encoding.decode_all(ctx.system, old).map_err(refusal)?;
    let Some(result) = change(&args, &text).map_err(|error| refusal(error.to_string()))? else {
        return Ok(Outcome::new().with("rc", 0).with("msg", NO_SECTION).changed(false));
    };
    let (new, count) = match result {
        (new, count) if new != text => (encoding.encode_all(ctx, &new).map_err(refusal)?, count),
        _ => (old.clone(), 0),
    };
    let manner = Manner { options: &options, validate: args.validate.as_deref(), backup: args.backup };
    let edited = edit.finish(ctx, Some(&new), manner)?;
    let done = if count > 0 { format!("{count} replacements made") } else { String::new() };
    let outcome = Outcome::new().with("rc", 0).with("msg", edited.message(&done));
    Ok(if edited.kept.is_some() { outcome.with("backup_file", edited.backup()) } else { outcome })
}

const NO_SECTION: &str = "nothing in the file matches `after` and `before`";

/// The text with everything replaced, and how often; `None` when `after` and `before` match nothing.
fn change(args: &Arguments, text: &str) -> Result<Option<(String, usize)>, RegexError> {
    let regex = TextRegex::new(&args.regexp, Flags { multi_line: true, ..Flags::default() })?;
    let template = Template::new(&args.replace, &regex)?;
    let given = |option: &Option<String>| option.clone().filter(|pattern| !pattern.is_empty());
    let pattern = match (given(&args.after), given(&args.before)) {
        (None, None) => None,
        (Some(after), Some(before)) => Some(format!("{after}(?P<subsection>.*?){before}")),
        (Some(after), None) => Some(format!("{after}(?P<subsection>.*)")),
        (None, Some(before)) => Some(format!("(?P<subsection>.*){before}")),
    };
    let section = match pattern {
        None => Some(0..text.len()),
        Some(pattern) => {
            let regex = TextRegex::new(&pattern, Flags { dot_all: true, ..Flags::default() })?;
            let found = regex.search(text)?;
            found.and_then(|found| found.group(regex.number_of("subsection")?))
        }
    };
    let Some(section) = section else { return Ok(None) };
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let (new, count) = regex.replace(part(section.clone()), &template, usize::MAX)?;
    Ok(Some((format!("{}{new}{}", part(0..section.start), part(section.end..text.len())), count)))
}

#[cfg(test)]
mod tests;
