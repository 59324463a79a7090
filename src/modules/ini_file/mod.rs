//! `ini_file`: options in files of sections, `[section]` and `option = value`.

mod sections;

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::describe::describe;
use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::folder;
use super::shared::make_parents;
use super::shared::state::State;
use super::shared::write::{self, NewFile, Source};
use super::spec::{GENERAL, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::Follow;
use sections::{Change, Wanted};

const HAS: &[Opt] = &[
    Opt::new("option", Kind::Str, "An option that the section has to have.").required(),
    Opt::new("value", Kind::Str, "The value that the option has to have; any when neither this nor `values` is given."),
    Opt::new("values", Kind::List(&Kind::Str), "The values that the option has to have, when there are several."),
];

const OWN: &[Opt] = &[
    Opt::new("path", Kind::Path, "The file.").required().aliases(&["dest"]),
    Opt::new("section", Kind::Str, "The section; without it the lines above the first section are meant."),
    Opt::new(
        "section_has_values",
        Kind::List(&Kind::Dict),
        "Which of several sections of the same name is meant: the first one that has these options.",
    )
    .suboptions(HAS),
    Opt::new("option", Kind::Str, "The option. Without it and with `state: absent` the whole section goes."),
    Opt::new("value", Kind::Str, "Its value."),
    Opt::new("values", Kind::List(&Kind::Str), "Its values, when it comes several times."),
    Opt::new("state", Kind::Str, "Whether it is to be there.").choices(&["absent", "present"]).default("\"present\""),
    Opt::new(
        "exclusive",
        Kind::Bool,
        "Whether other lines of the same option go. Without it values are only added, or only those that are given are removed.",
    )
    .default("true"),
    Opt::new("allow_no_value", Kind::Bool, "Whether the option may stand without a value and `=`.").default("false"),
    Opt::new("no_extra_spaces", Kind::Bool, "Whether `=` stands without blanks around it.").default("false"),
    Opt::new("ignore_spaces", Kind::Bool, "Whether a line that differs only in blanks around `=` stays as it is.").default("false"),
    Opt::new("modify_inactive_option", Kind::Bool, "Whether a line of the option behind `#` or `;` counts as one to replace.")
        .default("true"),
    Opt::new("create", Kind::Bool, "Whether the file is made when it is missing.").default("true"),
    Opt::new("follow", Kind::Bool, "Whether a link at `path` leads to the file. Without it a file takes the place of the link.")
        .default("false"),
    Opt::new("backup", Kind::Bool, "Keep a copy of the file, with the time in its name.").default("false"),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `ini_file`.
pub static MODULE: Spec = Spec {
    name: "ini_file",
    collections: GENERAL,
    summary: "Set options in files of sections",
    description: &["Changes the lines of one option, or removes a section; all other lines stay as they are."],
    options: &OPTIONS,
    rules: &[Rule::Exclusive(&["value", "values"])],
    free_form: None,
    returns: &[
        Return { name: "msg", kind: "str", when: "always", doc: "What was done." },
        Return {
            name: "path",
            kind: "str",
            when: "always",
            doc: "The file; and its `mode`, `owner`, `group`, `uid`, `gid`, `size` and `state` when it is there.",
        },
        Return { name: "backup_file", kind: "str", when: "backup and changed", doc: "The copy of the file." },
    ],
    examples: "
- name: The database listens on all addresses
  community.general.ini_file:
    path: /etc/mysql/conf.d/own.cnf
    section: mysqld
    option: bind-address
    value: 0.0.0.0
    mode: '0644'
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: PathBuf,
    section: Option<String>,
    section_has_values: Option<Vec<Has>>,
    option: Option<String>,
    value: Option<String>,
    values: Option<Vec<String>>,
    state: State,
    exclusive: bool,
    allow_no_value: bool,
    no_extra_spaces: bool,
    ignore_spaces: bool,
    modify_inactive_option: bool,
    create: bool,
    follow: bool,
    backup: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Has {
    option: String,
    value: Option<String>,
    values: Option<Vec<String>>,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let wanted = wanted(&args)?;
    let is_link = ctx.system.stat(&args.path, Follow::No)?.is_some_and(|stat| stat.is_link());
    let path = if args.follow && is_link { ctx.system.real_path(&args.path)? } else { args.path.clone() };
    let there = ctx.system.stat(&path, Follow::Yes)?;
    if there.as_ref().is_some_and(|stat| !stat.is_file()) {
        return Err(Failure::new(format!("failed to edit `{}`: it is not a regular file", path.display())));
    }
    if there.is_none() && !args.create {
        return Err(folder::missing_file(ctx.system, &path, None)?);
    }
    let text = match there {
        Some(_) => String::from_utf8(ctx.system.read(&path)?)
            .map_err(|_| Failure::new(format!("failed to edit `{}`: it is not UTF-8", path.display())))?,
        None => String::new(),
    };
    let change = sections::change(text.trim_start_matches('\u{feff}'), &wanted);
    let mut outcome = Outcome::new().with("path", path.to_string_lossy().into_owned());
    match change {
        Some(Change { text, message }) => {
            make_parents(ctx, &path, None)?;
            let file =
                NewFile { path: &path, source: Source::Bytes(text.as_bytes()), options: &options, validate: None, backup: args.backup };
            if let Some(copy) = write::put(ctx, &file)? {
                outcome = outcome.with("backup_file", copy.to_string_lossy().into_owned());
            }
            outcome = outcome.with("msg", message);
        }
        None => {
            if there.is_some() {
                options.apply(ctx, &path, Follow::Yes)?;
            }
            outcome = outcome.with("msg", "OK");
        }
    }
    describe(ctx.system, &path, &mut outcome.result)?;
    Ok(outcome)
}

/// What is asked for.
fn wanted(args: &Arguments) -> Result<Wanted<'_>, Failure> {
    let wrong = |why: &str| Failure::new(format!("failed to edit `{}`: {why}", args.path.display()));
    let mut values: Vec<&str> = Vec::new();
    for value in args.value.iter().chain(args.values.iter().flatten()) {
        if !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    if args.section.is_none() && args.option.is_none() {
        return Err(wrong("neither `section` nor `option` says what is meant"));
    }
    if args.state == State::Present && values.is_empty() && !args.allow_no_value {
        return Err(wrong("`value` is missing").hint("set `allow_no_value: true` for an option without one"));
    }
    let texts = [args.section.as_deref(), args.option.as_deref()].into_iter().flatten().chain(values.iter().copied());
    if texts.into_iter().any(|text| text.contains(['\n', '\r'])) {
        return Err(wrong("a line break would end the line"));
    }
    if args.option.as_deref().is_some_and(|option| option.trim().is_empty()) {
        return Err(wrong("`option` is empty"));
    }
    let mut has = Vec::new();
    for one in args.section_has_values.iter().flatten() {
        if one.value.is_some() && one.values.is_some() {
            return Err(wrong("`section_has_values` takes `value` or `values`, not both"));
        }
        let values: Vec<&str> = one.value.iter().chain(one.values.iter().flatten()).map(String::as_str).collect();
        has.push((one.option.as_str(), values));
    }
    Ok(Wanted {
        section: args.section.as_deref(),
        has,
        option: args.option.as_deref(),
        values,
        present: args.state == State::Present,
        exclusive: args.exclusive,
        equals: if args.no_extra_spaces { "=" } else { " = " },
        ignore_spaces: args.ignore_spaces,
        inactive: args.modify_inactive_option,
    })
}

#[cfg(test)]
mod tests;
