//! Variables, and what the environment of the program says.

use minijinja::Value;

use super::{Lookup, Request};
use crate::base::text::did_you_mean;
use crate::template::data;
use crate::template::fault::{Eval, Fault, solid};
use crate::template::pattern;
use crate::template::python::show;

pub(super) static TABLE: &[Lookup] = &[
    Lookup {
        name: "vars",
        options: &["default"],
        doc: "The values of the variables with these names.",
        example: "lookup('vars', 'nowhere', default='none')",
        gives: "none",
        run: vars,
    },
    Lookup {
        name: "varnames",
        options: &[],
        doc: "The names of the variables that fit one of the regular expressions.",
        example: "q('varnames', '^no_such_variable$')",
        gives: "[]",
        run: |request| {
            let mut names = request.ctx.scope.names();
            names.sort();
            names.dedup();
            let mut found = Vec::new();
            for term in request.text_terms() {
                let regex = pattern::compile(&term, false, false)?;
                for name in &names {
                    if regex.is_match(name)? {
                        found.push(Value::from(name.as_str()));
                    }
                }
            }
            Ok(found)
        },
    },
    Lookup {
        name: "env",
        options: &["default"],
        doc: "Environment variables of the controller.",
        example: "lookup('env', 'NO_SUCH_VARIABLE', default='none')",
        gives: "none",
        run: |request| {
            let default = request.option("default").cloned().unwrap_or_else(|| Value::from(""));
            Ok(request.text_terms().iter().map(|name| std::env::var(name.trim()).map_or(default.clone(), Value::from)).collect())
        },
    },
    Lookup {
        name: "inventory_hostnames",
        options: &[],
        doc: "The hosts a pattern names.",
        example: "q('inventory_hostnames', 'all')",
        gives: "",
        run: inventory_hostnames,
    },
];

fn vars(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let mut values = Vec::new();
    for term in &request.terms {
        let Some(name) = data::text(term) else {
            return Err(request.error(format!("the name of a variable must be text, not `{}`", data::type_name(term))));
        };
        values.push(match (request.ctx.variable(name), request.option("default")) {
            (Some(value), None) => solid(value)?,
            (Some(value), Some(default)) => match crate::template::fault::fault_of(&value) {
                Some(fault) if fault.is_undefined() => default.clone(),
                _ => solid(value)?,
            },
            (None, Some(default)) => default.clone(),
            (None, None) => {
                let names = request.ctx.scope.names();
                return Err(
                    Fault::undefined(format!("`{name}` is undefined")).maybe_hint(did_you_mean(name, names.iter().map(String::as_str)))
                );
            }
        });
    }
    Ok(values)
}

/// Host patterns over the variable `groups`: names, globs, `~regex`, joined by `:` or `,`, with `!` for without and `&` for also in.
fn inventory_hostnames(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let groups = solid(request.ctx.variable("groups").unwrap_or_else(|| data::dict([])))?;
    let groups: Vec<(String, Vec<String>)> = data::pairs(&groups)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, hosts)| (show(&name), data::items(&hosts).unwrap_or_default().iter().map(show).collect()))
        .collect();
    let all: Vec<String> = groups.iter().find(|(name, _)| name == "all").map(|(_, hosts)| hosts.clone()).unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for term in request.text_terms() {
        let (mut add, mut also, mut without) = (Vec::new(), Vec::new(), Vec::new());
        for part in term.split([':', ',']).map(str::trim).filter(|part| !part.is_empty()) {
            match part.chars().next() {
                Some('!') => without.extend(named(part.trim_start_matches('!'), &groups, &all)?),
                Some('&') => also.push(named(part.trim_start_matches('&'), &groups, &all)?),
                _ => add.extend(named(part, &groups, &all)?),
            }
        }
        if add.is_empty() && (!also.is_empty() || !without.is_empty()) {
            add.clone_from(&all);
        }
        add.retain(|host| also.iter().all(|hosts| hosts.contains(host)) && !without.contains(host));
        for host in add {
            if !found.contains(&host) {
                found.push(host);
            }
        }
    }
    Ok(found.into_iter().map(Value::from).collect())
}

fn named(part: &str, groups: &[(String, Vec<String>)], all: &[String]) -> Eval<Vec<String>> {
    if matches!(part, "all" | "*") {
        return Ok(all.to_vec());
    }
    let regex = match part.strip_prefix('~') {
        Some(regex) => pattern::compile(&format!("\\A(?:{regex})"), false, false)?,
        None => pattern::compile(&format!("(?s:{})\\Z", glob(part)), false, false)?,
    };
    let fits = |name: &str| regex.match_start(name).map(|found| found.is_some());
    let mut found = Vec::new();
    for (name, hosts) in groups {
        if fits(name)? {
            found.extend(hosts.iter().cloned());
        }
    }
    for host in all {
        if fits(host)? {
            found.push(host.clone());
        }
    }
    Ok(found)
}

/// A glob as a regular expression.
fn glob(pattern: &str) -> String {
    pattern
        .chars()
        .map(|c| match c {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            '[' | ']' => c.to_string(),
            c => crate::base::regex::escape(&c.to_string()),
        })
        .collect()
}
