//! Lists of package sources in the one-line style; see sources.list(5).

use std::path::{Path, PathBuf};

use crate::modules::shared::exists;
use crate::modules::{Context, Failure};
use crate::system::{Attributes, Content, ErrorKind, Follow};

/// The main list.
const MAIN: &str = "/etc/apt/sources.list";
/// The folder of further lists.
pub(super) const PARTS: &str = "/etc/apt/sources.list.d";

/// A source as a list has it, blanks counted as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// `deb`, options, URI, suite and components.
    pub(super) text: String,
    /// Whether it is not behind a `#`.
    pub(super) enabled: bool,
    /// What stands behind it.
    pub(super) comment: String,
}

impl Source {
    /// `None` for a line that is no source.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        let plain = line.trim_start_matches(|c: char| c == '#' || c.is_whitespace());
        let (text, comment) = plain.split_once('#').unwrap_or((plain, ""));
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_source = words.len() > 1 && matches!(words.first(), Some(&("deb" | "deb-src")));
        is_source.then(|| Self { text: words.join(" "), enabled: !line.starts_with('#'), comment: comment.trim().to_owned() })
    }

    fn line(&self) -> String {
        let comment = if self.comment.is_empty() { String::new() } else { format!(" # {}", self.comment) };
        format!("{}{}{comment}", if self.enabled { "" } else { "# " }, self.text)
    }

    /// The name of a list of its own: the URI without scheme and login, with `_` for all but letters and digits.
    pub(super) fn list_name(&self) -> String {
        let without_options = match (self.text.find('['), self.text.find(']')) {
            (Some(open), Some(close)) if open < close => {
                format!("{}{}", self.text.get(..open).unwrap_or_default(), self.text.get(close + 1..).unwrap_or_default())
            }
            _ => self.text.clone(),
        };
        let uri = without_options.split_whitespace().nth(1).unwrap_or_default();
        let uri = uri.split_once("://").map_or(uri, |(_, rest)| rest);
        let uri = uri.rsplit_once('@').map_or(uri, |(_, rest)| rest);
        let words: Vec<&str> = uri.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        words.join("_")
    }
}

/// A list.
struct List {
    path: PathBuf,
    /// As it is on the machine; `None` for a new one.
    old: Option<String>,
    lines: Vec<String>,
}

impl List {
    fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    fn changed(&self) -> bool {
        match &self.old {
            Some(old) => old.lines().ne(self.lines.iter().map(String::as_str)),
            None => !self.lines.is_empty(),
        }
    }
}

/// All lists of a machine.
pub(super) struct Sources(Vec<List>);

/// What was written, and how to go back.
#[derive(Default)]
pub(super) struct Written {
    /// Lists that were not there before.
    pub(super) added: Vec<PathBuf>,
    /// Lists that are gone.
    pub(super) removed: Vec<PathBuf>,
    /// What each list held before.
    before: Vec<(PathBuf, Option<String>)>,
}

impl Sources {
    /// Reads them.
    pub(super) fn read(ctx: &Context<'_>) -> Result<Self, Failure> {
        let mut paths = vec![PathBuf::from(MAIN)];
        match ctx.system.list(Path::new(PARTS)) {
            Ok(entries) => paths.extend(
                entries
                    .iter()
                    .map(|entry| Path::new(PARTS).join(&entry.name))
                    .filter(|path| path.extension().is_some_and(|end| end == "list")),
            ),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            // In check mode: what might be there by then is taken to be missing, as it is now.
            Err(error) if error.kind == ErrorKind::Unpredictable && !exists(ctx.system, Path::new(PARTS))? => {}
            Err(error) => return Err(error.into()),
        }
        let mut lists = Vec::new();
        for path in paths {
            if !ctx.system.stat(&path, Follow::Yes)?.is_some_and(|stat| stat.is_file()) {
                continue;
            }
            let text = String::from_utf8(ctx.system.read(&path)?)
                .map_err(|_| Failure::new(format!("failed to read `{}`: it is not UTF-8", path.display())))?;
            lists.push(List { path, lines: text.lines().map(str::to_owned).collect(), old: Some(text) });
        }
        Ok(Self(lists))
    }

    /// Takes a source into use: wherever it is switched off it is switched on; where it is nowhere it goes to the end of the list at `path`.
    pub(super) fn add(&mut self, source: &Source, path: &Path) {
        let mut found = false;
        for line in self.0.iter_mut().flat_map(|list| &mut list.lines) {
            let Some(mut other) = Source::parse(line).filter(|other| other.text == source.text) else { continue };
            found = true;
            if !other.enabled {
                other.enabled = true;
                *line = other.line();
            }
        }
        if found {
            return;
        }
        match self.0.iter_mut().find(|list| list.path == path) {
            Some(list) => list.lines.push(source.line()),
            None => self.0.push(List { path: path.to_path_buf(), old: None, lines: vec![source.line()] }),
        }
    }

    /// Removes a source wherever it is.
    pub(super) fn remove(&mut self, source: &Source) {
        for list in &mut self.0 {
            list.lines.retain(|line| Source::parse(line).is_none_or(|other| other.text != source.text));
        }
    }

    /// Writes what changed; a list that is empty now is removed.
    pub(super) fn save(&self, ctx: &mut Context<'_>, mode: Option<u32>) -> Result<Written, Failure> {
        let mut written = Written::default();
        for list in self.0.iter().filter(|list| list.changed()) {
            let saved = save_one(ctx, list, mode, &mut written);
            if let Err(failure) = saved {
                written.undo(ctx)?;
                return Err(failure);
            }
        }
        Ok(written)
    }
}

fn save_one(ctx: &mut Context<'_>, list: &List, mode: Option<u32>, written: &mut Written) -> Result<(), Failure> {
    if list.lines.iter().all(|line| line.trim().is_empty()) && list.path != Path::new(MAIN) {
        ctx.system.remove(&list.path)?;
        written.removed.push(list.path.clone());
    } else {
        let is_link = ctx.system.stat(&list.path, Follow::No)?.is_some_and(|stat| stat.is_link());
        let real = if is_link { ctx.system.real_path(&list.path)? } else { list.path.clone() };
        ctx.system.write(&real, Content::Bytes(list.text().as_bytes()), &Attributes { mode, ..Attributes::default() })?;
        if list.old.is_none() {
            written.added.push(list.path.clone());
        }
    }
    written.before.push((list.path.clone(), list.old.clone()));
    Ok(())
}

impl Written {
    /// Whether anything was.
    pub(super) fn anything(&self) -> bool {
        !self.before.is_empty()
    }

    /// Puts everything back.
    pub(super) fn undo(&self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        for (path, old) in &self.before {
            match old {
                Some(old) => ctx.system.write(path, Content::Bytes(old.as_bytes()), &Attributes::default())?,
                None => ctx.system.remove(path)?,
            }
        }
        Ok(())
    }
}
