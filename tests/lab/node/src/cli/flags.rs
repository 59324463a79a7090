//! Command-line flags in the style of the original: one or two dashes, `--name value` or `--name=value`,
//! an unknown one is an error.

use std::collections::BTreeMap;

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or `=true` / `=false`.
    Switch,
    Text,
    Number,
}

/// A flag a program knows.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    pub name: &'static str,
    pub kind: Kind,
}

/// The flags given and the arguments that are none.
#[derive(Debug, Default)]
pub struct Parsed {
    values: BTreeMap<String, String>,
    pub rest: Vec<String>,
}

/// Parses until the first argument that is no flag; with `anywhere`, flags may follow it.
pub fn parse(table: &[Flag], args: &[String], anywhere: bool) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let name = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')).filter(|name| !name.is_empty());
        let Some(name) = name else {
            parsed.rest.push(arg.clone());
            if arg != "--" && anywhere {
                continue;
            }
            parsed.rest.extend(args.cloned());
            break;
        };
        let (name, inline) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value.to_owned())));
        let flag = table.iter().find(|flag| flag.name == name);
        let flag = flag.ok_or_else(|| format!("flag provided but not defined: -{name}"))?;
        let value = match (flag.kind, inline) {
            (Kind::Switch, inline) => inline.unwrap_or_else(|| "true".to_owned()),
            (_, Some(value)) => value,
            (_, None) => args.next().cloned().ok_or_else(|| format!("flag needs an argument: -{name}"))?,
        };
        let fits = match flag.kind {
            Kind::Switch => matches!(value.as_str(), "true" | "false" | "1" | "0"),
            Kind::Text => true,
            Kind::Number => value.parse::<u64>().is_ok(),
        };
        if !fits {
            return Err(format!("invalid value {value:?} for flag -{name}: parse error"));
        }
        parsed.values.insert(name.to_owned(), value);
    }
    Ok(parsed)
}

impl Parsed {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub fn switch(&self, name: &str) -> bool {
        matches!(self.text(name), Some("true" | "1"))
    }

    /// The number, or `default` if it was not given.
    pub fn number<T: TryFrom<u64>>(&self, name: &str, default: T) -> Result<T, String> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let number = text.parse::<u64>().ok().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("invalid value {text:?} for flag -{name}: value out of range"))
    }

    /// Values of `self`, completed by those of `other`.
    pub fn or(mut self, other: &Parsed) -> Parsed {
        for (name, value) in &other.values {
            self.values.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [Flag; 3] =
        [Flag { name: "datadir", kind: Kind::Text }, Flag { name: "rpc", kind: Kind::Switch }, Flag { name: "port", kind: Kind::Number }];

    fn parsed(line: &str, anywhere: bool) -> Result<Parsed, String> {
        parse(&TABLE, &line.split_whitespace().map(str::to_owned).collect::<Vec<_>>(), anywhere)
    }

    #[test]
    fn forms() {
        let flags = parsed("--datadir /d -rpc --port=22323 init file", false).unwrap();
        assert_eq!(flags.text("datadir"), Some("/d"));
        assert!(flags.switch("rpc"));
        assert_eq!(flags.number::<u16>("port", 0).unwrap(), 22323);
        assert_eq!(flags.rest, ["init", "file"]);
        assert!(!parsed("--rpc=false", false).unwrap().switch("rpc"));
    }

    #[test]
    fn flags_after_the_argument_are_arguments_unless_allowed() {
        assert_eq!(parsed("file --datadir /d", false).unwrap().rest, ["file", "--datadir", "/d"]);
        let flags = parsed("file --datadir /d", true).unwrap();
        assert_eq!((flags.rest.len(), flags.text("datadir")), (1, Some("/d")));
    }

    #[test]
    fn refusals() {
        assert_eq!(parsed("--datdir /d", false).unwrap_err(), "flag provided but not defined: -datdir");
        assert_eq!(parsed("--datadir", false).unwrap_err(), "flag needs an argument: -datadir");
        assert!(parsed("--port many", false).unwrap_err().starts_with("invalid value \"many\" for flag -port"));
        assert!(parsed("--port 70000", false).unwrap().number::<u16>("port", 0).is_err());
    }
}
