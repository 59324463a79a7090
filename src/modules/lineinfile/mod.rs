//! `lineinfile`: one line of a file.

mod lines;

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::edit::{EDIT_OPTIONS, Edit, Manner};
use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::folder;
use super::shared::state::State;
use super::spec::{BUILTIN, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place as Runs, Return, Rule, Spec};
use crate::base::regex::{BytesRegex, Flags};
use lines::{Place, Sought, Wish};

const OWN: &[Opt] = &[
    Opt::new("line", Kind::Str, "The line. With `backrefs` it may hold `\\1`, `\\g<name>` for what groups of `regexp` matched.").aliases(&["value"]),
    Opt::new(
        "regexp",
        Kind::Str,
        "A regular expression in Python's notation, sought anywhere in each line. The last line it matches becomes `line`; with `state: absent` all \
         that it matches go. It should match the line also as it will be, else the line is added again and again.",
    )
    .aliases(&["regex"]),
    Opt::new("search_string", Kind::Str, "As `regexp`, but a plain text that is sought anywhere in each line."),
    Opt::new("state", Kind::Str, "Whether the line is to be there.").default("\"present\"").choices(&["absent", "present"]),
    Opt::new("backrefs", Kind::Bool, "Fill in groups of `regexp` in `line`. Then a file in which nothing matches stays as it is.").default("false"),
    Opt::new(
        "insertafter",
        Kind::Str,
        "Where a new line goes: behind the last line that this regular expression matches, or `EOF`, the end, which is also the place when nothing matches.",
    ),
    Opt::new("insertbefore", Kind::Str, "Where a new line goes: in front of the last line that this regular expression matches, or `BOF`, the beginning."),
    Opt::new("firstmatch", Kind::Bool, "Whether the first line that matches counts instead of the last.").default("false"),
    Opt::new("create", Kind::Bool, "Make the file, and its directories, when it is not there.").default("false"),
];

const EDIT: [Opt; OWN.len() + EDIT_OPTIONS.len()] = join(EDIT_OPTIONS, OWN);
static OPTIONS: [Opt; EDIT.len() + FILE_OPTIONS.len()] = join(&EDIT, FILE_OPTIONS);

/// The declaration of `lineinfile`.
pub static MODULE: Spec = Spec {
    name: "lineinfile",
    collections: BUILTIN,
    summary: "Manage one line of a text file",
    description: &[
        "Makes sure that a line is in a file, changes the line that a regular expression finds, or removes lines. For more than a line use `replace`, \
         `blockinfile` or `template`.",
    ],
    options: &OPTIONS,
    rules: &[
        Rule::Exclusive(&["insertbefore", "insertafter"]),
        Rule::Exclusive(&["regexp", "search_string"]),
        Rule::Exclusive(&["backrefs", "search_string"]),
        Rule::If("state", "present", &["line"]),
        Rule::If("backrefs", "true", &["regexp"]),
        Rule::IfAny("state", "absent", &["line", "regexp", "search_string"]),
    ],
    free_form: None,
    returns: &[
        Return { name: "backup", kind: "str", when: "always", doc: "Path of the copy, or nothing." },
        Return { name: "found", kind: "int", when: "state is absent", doc: "How many lines were removed." },
    ],
    examples: "
- name: Nobody logs in as root
  lineinfile:
    path: /etc/ssh/sshd_config
    regexp: '^#?\\s*PermitRootLogin\\b'
    line: PermitRootLogin no
    validate: sshd -t -f %s

- name: A name for the node
  lineinfile:
    path: /etc/hosts
    line: 10.0.1.5 scn1
    insertafter: '^127\\.'

- name: The same port, another address
  lineinfile:
    path: /etc/app.conf
    regexp: '^listen\\s+\\S+:(\\d+)$'
    line: 'listen 0.0.0.0:\\1'
    backrefs: true
",
    place: Runs::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: PathBuf,
    line: Option<String>,
    regexp: Option<String>,
    search_string: Option<String>,
    state: State,
    backrefs: bool,
    insertafter: Option<String>,
    insertbefore: Option<String>,
    firstmatch: bool,
    create: bool,
    backup: bool,
    validate: Option<String>,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let edit = Edit::open(ctx, &args.path)?;
    let manner = Manner { options: &options, validate: args.validate.as_deref(), backup: args.backup };
    let outcome = match args.state {
        State::Present => present(ctx, &args, &edit, manner)?,
        State::Absent => absent(ctx, &args, &edit, manner)?,
    };
    Ok(match args.regexp.as_deref() {
        Some("") => outcome.warn("an empty `regexp` matches every line"),
        _ => outcome,
    })
}

fn present(ctx: &mut Context<'_>, args: &Arguments, edit: &Edit, manner: Manner<'_>) -> Result<Outcome, Failure> {
    if edit.old.is_none() && !args.create {
        return Err(folder::missing_file(ctx.system, &edit.path, Some("with `create: true` the file is made"))?);
    }
    let wish = Wish {
        line: args.line.as_deref().unwrap_or_default(),
        sought: sought(args)?,
        backrefs: args.backrefs,
        place: place(args)?,
        first: args.firstmatch,
    };
    let change = wish.apply(edit.old.as_deref().unwrap_or_default()).map_err(|error| refusal(args, &error))?;
    let (new, done) = match &change {
        Some((new, done)) => (Some(new.as_slice()), *done),
        None => (None, ""),
    };
    let edited = edit.finish(ctx, new, manner)?;
    Ok(Outcome::new().with("msg", edited.message(done)).with("backup", edited.backup()))
}

fn absent(ctx: &mut Context<'_>, args: &Arguments, edit: &Edit, manner: Manner<'_>) -> Result<Outcome, Failure> {
    let Some(old) = &edit.old else {
        return Ok(Outcome::new().with("msg", "file not present").with("found", 0).with("backup", ""));
    };
    let line = args.line.as_deref().unwrap_or_default();
    let (new, found) = lines::remove(old, sought(args)?.as_ref(), line).map_err(|error| refusal(args, &error))?;
    let done = if found > 0 { format!("{found} line(s) removed") } else { String::new() };
    let edited = edit.finish(ctx, Some(&new), manner)?;
    Ok(Outcome::new().with("msg", edited.message(&done)).with("found", found).with("backup", edited.backup()))
}

fn refusal(args: &Arguments, reason: &impl std::fmt::Display) -> Failure {
    Failure::new(format!("failed to edit `{}`: {reason}", args.path.display()))
}

fn sought(args: &Arguments) -> Result<Option<Sought>, Failure> {
    match (&args.regexp, &args.search_string) {
        (Some(pattern), _) => Ok(Some(Sought::Regex(regex(args, pattern)?))),
        (None, Some(text)) => Ok(Some(Sought::Text(text.clone().into_bytes()))),
        (None, None) => Ok(None),
    }
}

fn place(args: &Arguments) -> Result<Place, Failure> {
    Ok(match (args.insertafter.as_deref(), args.insertbefore.as_deref()) {
        (Some("BOF"), _) | (_, Some("BOF")) => Place::Start,
        (Some("EOF" | ""), _) | (None, None | Some("")) => Place::End,
        (Some(pattern), _) => Place::After(regex(args, pattern)?),
        (None, Some(pattern)) => Place::Before(regex(args, pattern)?),
    })
}

fn regex(args: &Arguments, pattern: &str) -> Result<BytesRegex, Failure> {
    BytesRegex::new(pattern, Flags::default()).map_err(|error| refusal(args, &error))
}

#[cfg(test)]
mod tests;
