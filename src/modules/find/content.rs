//! What files must contain.

use std::io::{BufRead, BufReader};
use std::path::Path;

use super::super::Failure;
use super::super::shared::encoding::Encoding;
use super::Arguments;
use crate::base::regex::{Flags, TextRegex};
use crate::system::{ErrorKind, System};

/// A regular expression with the way in which it is sought.
pub(super) struct Contains {
    regex: TextRegex,
    encoding: Encoding,
    whole: bool,
}

/// Why a file could not be judged.
pub(super) enum Unread {
    /// It is left out.
    Skip(String),
    /// The task fails.
    Fail(Failure),
}

impl Contains {
    pub(super) fn new(args: &Arguments) -> Result<Option<Self>, Failure> {
        let Some(pattern) = args.contains.as_deref().filter(|_| args.file_type == super::FileType::File) else { return Ok(None) };
        let regex = TextRegex::new(pattern, Flags::default()).map_err(|error| Failure::new(format!("failed to find files: {error}")))?;
        let encoding = Encoding::find(args.encoding.as_deref().unwrap_or("utf-8"));
        Ok(Some(Self { regex, encoding, whole: args.read_whole_file }))
    }

    /// Whether the file at `path` contains it.
    pub(super) fn is_in(&self, system: &dyn System, path: &Path) -> Result<bool, Unread> {
        if self.whole || !self.encoding.has_plain_lines() {
            let bytes = system.read(path).map_err(skip)?;
            let text = self.decode(system, &bytes)?.replace("\r\n", "\n").replace('\r', "\n");
            return if self.whole { self.regex.is_match(&text).map_err(fail) } else { self.any_line(&text) };
        }
        let mut reader = BufReader::new(system.open(path).map_err(skip)?);
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(error) => return Err(Unread::Skip(error.to_string())),
            }
            let text = self.decode(system, &line)?.replace("\r\n", "\n").replace('\r', "\n");
            if self.any_line(&text)? {
                return Ok(true);
            }
        }
    }

    fn any_line(&self, text: &str) -> Result<bool, Unread> {
        for line in text.split_inclusive('\n') {
            if self.regex.match_start(line).map_err(fail)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn decode(&self, system: &dyn System, bytes: &[u8]) -> Result<String, Unread> {
        self.encoding.decode(system, bytes).map_err(Unread::Skip)
    }
}

fn fail(error: crate::base::regex::RegexError) -> Unread {
    Unread::Fail(Failure::new(format!("failed to find files: {error}")))
}

fn skip(error: crate::system::Error) -> Unread {
    match error.kind {
        ErrorKind::Cancelled | ErrorKind::Unpredictable => Unread::Fail(error.into()),
        _ => Unread::Skip(error.reason),
    }
}
