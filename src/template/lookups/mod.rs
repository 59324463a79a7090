//! The lookups: data from outside of the variables, one table per theme.

mod commands;
mod files;
mod lists;
mod password;
mod tables;
mod variables;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Value;

use super::call::Call;
use super::data::{self, type_name};
use super::eval::{Ctx, finish};
use super::fault::{Eval, Fault, fault_of, solid};
use super::files as disk;
use super::python::show;
use crate::base::text::did_you_mean;

pub(crate) use self::files::glob;

/// Declares a lookup.
pub(crate) struct Lookup {
    /// The name.
    pub name: &'static str,
    /// The options it takes by name.
    pub options: &'static [&'static str],
    /// What it finds, in a sentence.
    pub doc: &'static str,
    /// An expression that shows it.
    pub example: &'static str,
    /// What the example gives; for what depends on the machine, nothing.
    pub gives: &'static str,
    /// The code.
    pub run: fn(&mut Request<'_>) -> Eval<Vec<Value>>,
}

/// The tables.
pub(super) static TABLES: &[&[Lookup]] = &[lists::TABLE, variables::TABLE, files::TABLE, commands::TABLE, tables::TABLE, password::TABLE];

/// What a lookup is asked.
pub(crate) struct Request<'a> {
    pub ctx: &'a Arc<Ctx>,
    pub terms: Vec<Value>,
    options: Vec<(Arc<str>, Value)>,
    name: &'static str,
}

impl Request<'_> {
    /// An option, if it was given.
    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.options.iter().find(|(given, _)| &**given == name).map(|(_, value)| value)
    }

    /// A text option.
    pub(super) fn text_or(&self, name: &str, default: &str) -> String {
        self.option(name).filter(|value| !value.is_none()).map_or_else(|| default.to_owned(), show)
    }

    /// A boolean option.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        self.option(name).map_or(default, |value| super::filters::to_bool(value).is_true())
    }

    /// A whole number option.
    pub(super) fn int_or(&self, name: &str, default: i64) -> Eval<i64> {
        let Some(value) = self.option(name) else { return Ok(default) };
        let number = data::integer(value).and_then(|number| i64::try_from(number).ok()).or_else(|| data::text(value)?.trim().parse().ok());
        number.ok_or_else(|| self.error(format!("`{name}` must be a whole number, not `{}`", show(value))))
    }

    /// The terms as texts.
    pub(super) fn text_terms(&self) -> Vec<String> {
        self.terms.iter().map(show).collect()
    }

    /// The file `name`, looked for where files of this kind are.
    pub(super) fn find_file(&self, name: &str, kind: &str) -> Eval<PathBuf> {
        disk::first_existing(name, disk::folders(&*self.ctx.scope, kind), &self.ctx.core).ok_or_else(|| {
            let searched: Vec<String> = disk::folders(&*self.ctx.scope, kind).iter().map(|folder| folder.display().to_string()).collect();
            self.error(format!("file `{name}` was not found")).hint(if searched.is_empty() {
                "no folder is searched here, write an absolute path".to_owned()
            } else {
                format!("searched in {}", searched.join(", "))
            })
        })
    }

    /// An error that starts with the lookup's name.
    pub(super) fn error(&self, message: impl fmt::Display) -> Fault {
        Fault::error(format!("lookup `{}`: {message}", self.name))
    }
}

/// The lookup called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Lookup> {
    let plain =
        ["ansible.builtin.", "ansible.legacy.", "community.general."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    TABLES.iter().flat_map(|table| table.iter()).find(|lookup| lookup.name == plain)
}

/// All names, for suggestions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|table| table.iter()).map(|lookup| lookup.name)
}

fn run(ctx: &Arc<Ctx>, name: &str, terms: Vec<Value>, options: Vec<(Arc<str>, Value)>) -> Eval<Vec<Value>> {
    let lookup = find(name).ok_or_else(|| Fault::error(format!("unknown lookup `{name}`")).maybe_hint(did_you_mean(name, names())))?;
    for (option, _) in &options {
        if !lookup.options.contains(&&**option) {
            return Err(Fault::error(format!("lookup `{}` has no option `{option}`", lookup.name))
                .maybe_hint(did_you_mean(option, lookup.options.iter().copied())));
        }
    }
    let terms = terms.iter().map(finish).collect::<Eval<_>>()?;
    let mut request = Request { ctx, terms, options, name: lookup.name };
    (lookup.run)(&mut request)
}

/// `lookup(name, terms..., options...)`; as a list when `as_list` or when it says `wantlist`.
pub(crate) fn from_template(call: &mut Call<'_, '_>, as_list: bool) -> Eval {
    let name = show(&solid(call.need(0)?.clone())?);
    let terms = std::mem::take(&mut call.rest);
    let mut options = std::mem::take(&mut call.named);
    if let Some(fault) = terms.iter().chain(options.iter().map(|(_, value)| value)).find_map(fault_of) {
        return Err(fault);
    }
    let mut take = |name: &str| options.iter().position(|(given, _)| &**given == name).map(|at| options.remove(at).1);
    let as_list = take("wantlist").map_or(as_list, |wanted| wanted.is_true());
    let errors = take("errors").map_or_else(|| "strict".to_owned(), |errors| show(&errors));
    let found = match run(call.interp.ctx, &name, terms, options) {
        Ok(found) => found,
        Err(fault) if errors == "ignore" || errors == "warn" => {
            if errors == "warn" {
                call.interp.ctx.core.warn(format!("{}; going on without it", fault.message()));
            }
            return Ok(if as_list { data::list(Vec::new()) } else { data::none() });
        }
        Err(fault) => return Err(fault),
    };
    if as_list {
        return Ok(data::list(found));
    }
    if !found.is_empty() && found.iter().all(|item| data::text(item).is_some()) {
        return Ok(Value::from(found.iter().map(show).collect::<Vec<_>>().join(",")));
    }
    match <[Value; 1]>::try_from(found) {
        Ok([single]) => Ok(single),
        Err(several) => Ok(data::list(several)),
    }
}

/// `with_NAME: terms`.
pub(crate) fn for_loop(ctx: &Arc<Ctx>, name: &str, terms: Vec<Value>) -> Eval<Vec<Value>> {
    run(ctx, name, terms, Vec::new())
}

/// The options of a term that is written as `word key=value key=value`: the words, and the options.
pub(super) fn inline_options(term: &str) -> (String, Vec<(String, String)>) {
    let mut words = Vec::new();
    let mut options = Vec::new();
    for part in split_quoted(term) {
        match part.split_once('=') {
            Some((name, value)) if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                options.push((name.to_owned(), value.trim_matches(['"', '\'']).to_owned()));
            }
            _ => words.push(part),
        }
    }
    (words.join(" "), options)
}

/// Splits at spaces that are not inside of quotes; the quotes stay.
fn split_quoted(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n') => {
                if !part.is_empty() {
                    parts.push(std::mem::take(&mut part));
                }
                continue;
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        part.push(c);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// A list as it is, anything else as its only element.
pub(super) fn listed(value: &Value) -> Vec<Value> {
    data::items(value).unwrap_or_else(|| vec![value.clone()])
}

/// Fails unless the value is a list.
pub(super) fn need_list(request: &Request<'_>, value: &Value) -> Eval<Vec<Value>> {
    data::items(value).ok_or_else(|| request.error(format!("a list is needed, not `{}`", type_name(value))))
}
