//! INI files, as Python's `configparser` reads and writes them.

use indexmap::IndexMap;
use minijinja::Value;

use crate::template::call::{Call, Filter, def};
use crate::template::data::{self, type_name};
use crate::template::fault::{Eval, Fault};
use crate::template::python::show;

/// The section whose options all others have too.
const DEFAULT: &str = "DEFAULT";

pub(super) static TABLE: &[Filter] = &[
    def("to_ini", &[], "A mapping of sections as the text of an INI file.", "{'a': {'b': 1}} | to_ini | trim", "[a]\nb = 1", to_ini)
        .also(&["community.general.to_ini"]),
    def("from_ini", &[], "The sections of an INI file as mappings.", "'[a]' | from_ini", "{'a': {}}", |call| {
        let sections = read(call.input_text()?).map_err(|fault| fault.context("`from_ini`"))?;
        let options = |options: IndexMap<String, String>| data::dict(options.into_iter().map(|(key, value)| (key.into(), value.into())));
        Ok(data::dict(sections.into_iter().map(|(name, found)| (Value::from(name), options(found)))))
    })
    .also(&["community.general.from_ini"]),
];

fn to_ini(call: &mut Call<'_, '_>) -> Eval {
    let sections = call.input_pairs()?;
    if sections.is_empty() {
        return Err(call.error("an empty mapping has no sections"));
    }
    let mut parts = Vec::new();
    for (name, options) in sections {
        let pairs = data::solid_pairs(&options)?
            .ok_or_else(|| call.error(format!("section `{}` must be a mapping of options, not `{}`", show(&name), type_name(&options))))?;
        let mut text = format!("[{}]\n", show(&name));
        for (key, value) in pairs {
            if value.is_none() {
                return Err(call.error(format!("option `{}` of section `{}` has no value", show(&key), show(&name))));
            }
            text.push_str(&format!("{} = {}\n", show(&key), show(&value).replace('\n', "\n\t")));
        }
        parts.push(text);
    }
    Ok(Value::from(parts.join("\n")))
}

type Sections = IndexMap<String, IndexMap<String, String>>;

fn read(text: &str) -> Eval<Sections> {
    let mut sections = Sections::new();
    let mut defaults: IndexMap<String, String> = IndexMap::new();
    let mut section: Option<String> = None;
    // The option that lines with more indentation go on with.
    let mut option: Option<String> = None;
    let mut indent = 0;
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: String| Fault::error(format!("line {}: {what}", number + 1));
        let content = line.trim();
        if content.starts_with(['#', ';']) {
            continue;
        }
        let depth = line.chars().take_while(|c| c.is_whitespace()).count();
        let options = match section.as_deref() {
            None => None,
            Some(DEFAULT) => Some(&mut defaults),
            Some(name) => sections.get_mut(name),
        };
        let going_on = option.as_ref().zip(options);
        match going_on {
            Some((option, options)) if content.is_empty() || depth > indent => {
                if let Some(value) = options.get_mut(option) {
                    value.push('\n');
                    value.push_str(content);
                }
                continue;
            }
            _ if content.is_empty() => continue,
            _ => {}
        }
        indent = depth;
        option = None;
        if let Some((name, _)) = content.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')).filter(|(name, _)| !name.is_empty()) {
            if name != DEFAULT && sections.insert(name.to_owned(), IndexMap::new()).is_some() {
                return Err(wrong(format!("there is a section `{name}` already")));
            }
            section = Some(name.to_owned());
            continue;
        }
        let options = match section.as_deref() {
            None => return Err(wrong("there is no section yet".to_owned())),
            Some(DEFAULT) => &mut defaults,
            Some(name) => sections.entry(name.to_owned()).or_default(),
        };
        let (key, value) = content
            .split_once(['=', ':'])
            .filter(|(key, _)| !key.trim().is_empty())
            .ok_or_else(|| wrong("this is neither a section nor an option with its value".to_owned()))?;
        let key = key.trim().to_owned();
        if options.insert(key.clone(), value.trim().to_owned()).is_some() {
            return Err(wrong(format!("there is an option `{key}` in this section already")));
        }
        option = Some(key);
    }
    let tidy = |options: &mut IndexMap<String, String>| options.values_mut().for_each(|value| *value = value.trim_end().to_owned());
    tidy(&mut defaults);
    sections.values_mut().for_each(tidy);
    if !defaults.is_empty() {
        for options in sections.values_mut() {
            let own = std::mem::replace(options, defaults.clone());
            options.extend(own);
        }
        sections.insert(DEFAULT.to_owned(), defaults);
    }
    Ok(sections)
}
