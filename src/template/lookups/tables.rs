//! Values out of CSV and INI files.

use minijinja::Value;

use super::{Lookup, Request, inline_options};
use crate::template::fault::Eval;
use crate::template::files;
use crate::template::pattern;

pub(super) static TABLE: &[Lookup] = &[
    Lookup {
        name: "csvfile",
        options: &["file", "delimiter", "col", "keycol", "default", "encoding"],
        doc: "A column of the row of a CSV file whose first column is the term.",
        example: "q('csvfile', 'x', file='/dev/null', default='none')",
        gives: "['none']",
        run: csvfile,
    },
    Lookup {
        name: "ini",
        options: &[
            "file",
            "section",
            "default",
            "re",
            "type",
            "encoding",
            "case_sensitive",
            "interpolation",
            "allow_no_value",
            "allow_none",
        ],
        doc: "The value of a key in a section of an INI file, or of a properties file.",
        example: "lookup('ini', 'key', file='/dev/null', default='none')",
        gives: "none",
        run: ini,
    },
];

/// The options of one term: those written in it win over those given by name.
struct Options<'a, 'r> {
    request: &'a Request<'r>,
    inline: Vec<(String, String)>,
}

impl Options<'_, '_> {
    fn text(&self, name: &str, default: &str) -> String {
        let inline = self.inline.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
        inline.unwrap_or_else(|| self.request.text_or(name, default))
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        match self.inline.iter().find(|(given, _)| given == name) {
            Some((_, value)) => crate::template::filters::to_bool(&Value::from(value.as_str())).is_true(),
            None => self.request.flag(name, default),
        }
    }

    fn number(&self, name: &str, default: i64) -> Eval<usize> {
        let number = match self.inline.iter().find(|(given, _)| given == name) {
            Some((_, value)) => value.parse().map_err(|_| self.request.error(format!("`{name}` must be a whole number")))?,
            None => self.request.int_or(name, default)?,
        };
        usize::try_from(number).map_err(|_| self.request.error(format!("`{name}` cannot be negative")))
    }

    /// The text of the file.
    fn read(&self, default: &str) -> Eval<String> {
        let encoding = self.text("encoding", "utf-8").to_lowercase();
        let path = self.request.find_file(&self.text("file", default), "files")?;
        match encoding.as_str() {
            "utf-8" | "utf8" | "ascii" => files::read_text(&path, &self.request.ctx.core),
            "latin-1" | "latin1" | "iso-8859-1" => {
                Ok(files::read_bytes(&path, &self.request.ctx.core)?.into_iter().map(char::from).collect())
            }
            other => Err(self.request.error(format!("the encoding `{other}` is not supported")).hint("utf-8 and latin-1 are")),
        }
    }
}

fn csvfile(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let mut values = Vec::new();
    for term in request.text_terms() {
        let (key, inline) = inline_options(&term);
        let options = Options { request, inline };
        let delimiter = match options.text("delimiter", "TAB").as_str() {
            "TAB" | "\\t" => '\t',
            text => match (text.chars().next(), text.chars().count()) {
                (Some(c), 1) => c,
                _ => return Err(request.error("`delimiter` must be one character")),
            },
        };
        let (column, key_column) = (options.number("col", 1)?, options.number("keycol", 0)?);
        let text = options.read("ansible.csv")?;
        let row = rows(&text, delimiter).into_iter().find(|row| row.get(key_column) == Some(&key));
        match row {
            Some(row) => match row.into_iter().nth(column) {
                Some(value) => values.push(Value::from(value)),
                None => return Err(request.error(format!("the row of `{key}` has no column {column}"))),
            },
            None => values.extend(
                request
                    .option("default")
                    .cloned()
                    .or_else(|| options.inline.iter().find(|(name, _)| name == "default").map(|(_, value)| Value::from(value.as_str()))),
            ),
        }
    }
    Ok(values)
}

/// The rows of CSV text: fields in quotes may have delimiters, line breaks and doubled quotes.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            c if quoted => field.push(c),
            c if c == delimiter => row.push(std::mem::take(&mut field)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

fn ini(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let mut values = Vec::new();
    for term in request.text_terms() {
        let (key, inline) = inline_options(&term);
        let options = Options { request, inline };
        let properties = match options.text("type", "ini").as_str() {
            "ini" => false,
            "properties" => true,
            other => return Err(request.error(format!("`type` must be `ini` or `properties`, not `{other}`"))),
        };
        let without_values = options.flag("allow_no_value", false) || options.flag("allow_none", false);
        let file = Ini::parse(&options.read("ansible.ini")?, options.flag("case_sensitive", false), without_values)
            .map_err(|message| request.error(message))?;
        let section = if properties { String::new() } else { options.text("section", "global") };
        let interpolate = options.flag("interpolation", true) && !properties;
        if options.flag("re", false) {
            let regex = pattern::compile(&key, false, false)?;
            for (name, _) in file.entries(&section) {
                if regex.match_start(name)?.is_some() {
                    let value = file.get(&section, name, interpolate).map_err(|message| request.error(message))?;
                    values.extend(value.map(Value::from));
                }
            }
            continue;
        }
        let found = file.get(&section, &key, interpolate).map_err(|message| request.error(message))?;
        match found {
            Some(value) => values.push(Value::from(value)),
            None => values.push(Value::from(options.text("default", ""))),
        }
    }
    Ok(values)
}

/// An INI file: sections in their order with their entries. What stands before the first section is in one without a name.
struct Ini {
    sections: Vec<(String, Vec<(String, String)>)>,
    case_sensitive: bool,
}

impl Ini {
    fn parse(text: &str, case_sensitive: bool, without_values: bool) -> Result<Self, String> {
        let mut sections: Vec<(String, Vec<(String, String)>)> = vec![(String::new(), Vec::new())];
        for (number, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
                sections.push((name.to_owned(), Vec::new()));
                continue;
            }
            let Some((_, entries)) = sections.last_mut() else { continue };
            // An indented line goes on with the value above it.
            if let Some((_, value)) = entries.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
                value.push('\n');
                value.push_str(trimmed);
                continue;
            }
            let (key, value) = match trimmed.find(['=', ':']) {
                Some(at) => {
                    let (key, value) = trimmed.split_at(at);
                    (key.trim_end(), value.get(1..).unwrap_or("").trim_start())
                }
                None if without_values => (trimmed, ""),
                None => return Err(format!("line {} is neither a section nor `key=value`", number + 1)),
            };
            let key = if case_sensitive { key.to_owned() } else { key.to_lowercase() };
            entries.push((key, value.to_owned()));
        }
        Ok(Self { sections, case_sensitive })
    }

    fn entries<'s>(&'s self, section: &'s str) -> impl Iterator<Item = &'s (String, String)> {
        self.sections.iter().filter(move |(name, _)| name == section).flat_map(|(_, entries)| entries)
    }

    fn raw(&self, section: &str, key: &str) -> Option<&str> {
        let key = if self.case_sensitive { key.to_owned() } else { key.to_lowercase() };
        let of = |section: &str| {
            self.sections.iter().filter(|(name, _)| name == section).flat_map(|(_, entries)| entries).rfind(|(name, _)| *name == key)
        };
        of(section).or_else(|| of("DEFAULT")).map(|(_, value)| value.as_str())
    }

    /// A value with references to others (`%(key)s`) filled in.
    fn get(&self, section: &str, key: &str, interpolate: bool) -> Result<Option<String>, String> {
        match self.raw(section, key) {
            Some(value) if interpolate => self.filled(section, value, 0).map(Some),
            value => Ok(value.map(str::to_owned)),
        }
    }

    fn filled(&self, section: &str, value: &str, depth: usize) -> Result<String, String> {
        if depth > 10 {
            return Err(format!("the value `{value}` refers to itself"));
        }
        let mut out = String::new();
        let mut rest = value;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            if let Some(tail) = after.strip_prefix('%') {
                out.push('%');
                rest = tail;
                continue;
            }
            let reference = after.strip_prefix('(').and_then(|inner| inner.split_once(")s"));
            let Some((name, tail)) = reference else { return Err(format!("a `%` in `{value}` must be written twice, or be `%(key)s`")) };
            let inner = self.raw(section, name).ok_or_else(|| format!("`{value}` refers to `{name}`, which is not there"))?;
            out.push_str(&self.filled(section, inner, depth + 1)?);
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_rows() {
        assert_eq!(rows("a,\"b \"\"x\"\"\",c\n1,2\n", ','), [vec!["a", "b \"x\"", "c"], vec!["1", "2"]]);
        assert_eq!(rows("a\tb", '\t'), [vec!["a", "b"]]);
    }

    #[test]
    fn ini_values() {
        let file = Ini::parse("[DEFAULT]\nd=1\n[s]\nKey = v\nmulti = a\n  b\nref = %(key)s-100%%\nloop=%(loop)s\n", false, false).unwrap();
        assert_eq!(file.get("s", "KEY", true).unwrap().as_deref(), Some("v"));
        assert_eq!(file.get("s", "multi", true).unwrap().as_deref(), Some("a\nb"));
        assert_eq!(file.get("s", "ref", true).unwrap().as_deref(), Some("v-100%"));
        assert_eq!(file.get("s", "d", true).unwrap().as_deref(), Some("1"));
        assert_eq!(file.get("s", "nope", true).unwrap(), None);
        assert!(file.get("s", "loop", true).is_err());
        assert!(Ini::parse("[s]\nnonsense\n", false, false).is_err());
    }
}
