//! `blockinfile`: lines between two marker lines.

mod block;

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::edit::{EDIT_OPTIONS, Edit, Manner};
use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::folder;
use super::shared::state::State;
use super::spec::{BUILTIN, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place as Runs, Return, Rule, Spec};
use crate::base::regex::{BytesRegex, Flags};
use block::{Block, Place};

const OWN: &[Opt] = &[
    Opt::new("block", Kind::Str, "The lines. Without any the block is removed, with its markers.").default("\"\"").aliases(&["content"]),
    Opt::new("state", Kind::Str, "Whether the block is to be there.").default("\"present\"").choices(&["absent", "present"]),
    Opt::new(
        "marker",
        Kind::Str,
        "The marker lines, with `{mark}` where `marker_begin` and `marker_end` go. Several blocks in one file need different markers, and the marker \
         should be a comment to who reads the file.",
    )
    .default("\"# {mark} ANSIBLE MANAGED BLOCK\""),
    Opt::new("marker_begin", Kind::Str, "What `{mark}` is in the line above the block.").default("\"BEGIN\""),
    Opt::new("marker_end", Kind::Str, "What `{mark}` is in the line below the block.").default("\"END\""),
    Opt::new(
        "insertafter",
        Kind::Str,
        "Where a new block goes: behind the last line that this regular expression matches, or `EOF`, the end, which is also the place when nothing \
         matches. One that begins with `(?m)` is sought in the whole text, and its first match counts.",
    ),
    Opt::new("insertbefore", Kind::Str, "Where a new block goes: in front of the line that this regular expression matches, or `BOF`, the beginning."),
    Opt::new("prepend_newline", Kind::Bool, "Whether an empty line stands in front of the block, unless the file begins there.").default("false"),
    Opt::new("append_newline", Kind::Bool, "Whether an empty line stands behind the block, unless the file ends there.").default("false"),
    Opt::new("create", Kind::Bool, "Make the file, and its directories, when it is not there.").default("false"),
];

const EDIT: [Opt; OWN.len() + EDIT_OPTIONS.len()] = join(EDIT_OPTIONS, OWN);
static OPTIONS: [Opt; EDIT.len() + FILE_OPTIONS.len()] = join(&EDIT, FILE_OPTIONS);

/// The declaration of `blockinfile`.
pub static MODULE: Spec = Spec {
    name: "blockinfile",
    collections: BUILTIN,
    summary: "Manage a block of lines in a text file",
    description: &["Puts lines into a file between two marker lines, by which later runs find, change and remove them."],
    options: &OPTIONS,
    rules: &[Rule::Exclusive(&["insertbefore", "insertafter"])],
    free_form: None,
    returns: &[Return { name: "backup_file", kind: "str", when: "backup and changed", doc: "Path of the copy." }],
    examples: "
- name: The nodes by name
  blockinfile:
    path: /etc/hosts
    block: |
      10.0.1.5 scn1
      10.0.1.6 scn2

- name: One host for ssh, and a marker of its own
  blockinfile:
    path: /etc/ssh/ssh_config
    marker: '# {mark} bastion'
    insertbefore: BOF
    append_newline: true
    block: |
      Host bastion
        HostName 10.0.0.2
",
    place: Runs::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: PathBuf,
    block: String,
    state: State,
    marker: String,
    marker_begin: String,
    marker_end: String,
    insertafter: Option<String>,
    insertbefore: Option<String>,
    prepend_newline: bool,
    append_newline: bool,
    create: bool,
    backup: bool,
    validate: Option<String>,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let edit = Edit::open(ctx, &args.path)?;
    if edit.old.is_none() && !args.create {
        return Err(folder::missing_file(ctx.system, &edit.path, Some("with `create: true` the file is made"))?);
    }
    if edit.old.is_none() && args.state == State::Absent {
        return Ok(Outcome::new().with("msg", "file not present"));
    }
    let line = |mark: &str| format!("{}\n", args.marker.replace("{mark}", mark)).into_bytes();
    let is_present = args.state == State::Present;
    let block = Block {
        begin: line(&args.marker_begin),
        end: line(&args.marker_end),
        lines: Some(args.block.as_str()).filter(|block| is_present && !block.is_empty()),
        place: place(&args)?,
        space_before: args.prepend_newline && is_present,
        space_after: args.append_newline && is_present,
    };
    let new = block.apply(edit.old.as_deref().unwrap_or_default()).map_err(|error| refusal(&args, &error))?;
    let done = match &edit.old {
        Some(old) if *old == new => "",
        None => "File created",
        Some(_) if block.lines.is_some() => "Block inserted",
        Some(_) => "Block removed",
    };
    let manner = Manner { options: &options, validate: args.validate.as_deref(), backup: args.backup };
    let edited = edit.finish(ctx, Some(&new), manner)?;
    let mut outcome = Outcome::new().with("msg", edited.message(done));
    if edited.kept.is_some() {
        outcome = outcome.with("backup_file", edited.backup());
    }
    let same_markers = block.begin == block.end;
    Ok(if same_markers { outcome.warn("both marker lines are the same; `{mark}` in `marker` makes them differ") } else { outcome })
}

fn refusal(args: &Arguments, reason: &impl std::fmt::Display) -> Failure {
    Failure::new(format!("failed to edit `{}`: {reason}", args.path.display()))
}

fn place(args: &Arguments) -> Result<Place, Failure> {
    let regex = |pattern: &str| BytesRegex::new(pattern, Flags::default()).map_err(|error| refusal(args, &error));
    Ok(match (args.insertafter.as_deref(), args.insertbefore.as_deref()) {
        (None | Some("EOF"), None) => Place::End,
        (Some(pattern), _) => Place::After(regex(pattern)?),
        (None, Some("BOF")) => Place::Start,
        (None, Some(pattern)) => Place::Before(regex(pattern)?),
    })
}

#[cfg(test)]
mod tests;
