//! Changing files.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{CHUNK, ShellSystem, quote};
use crate::system::file::verify;
use crate::system::hash::{HashingWriter, sha256};
use crate::system::{Attributes, Civil, Content, Error, ErrorKind, FileKind, Follow, Result};

impl<S: Read + Write + Send> ShellSystem<S> {
    /// One request that changes what is at `path`.
    pub(super) fn change(&self, verb: &str, path: &Path, script: &str) -> Result<()> {
        let reply = self.ask(|| format!("{verb} `{}`", path.display()), script)?;
        if reply.rc == 0 { Ok(()) } else { Err(reply.error(verb, path)) }
    }

    pub(super) fn replace(&self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        let place = Place { path: path.to_path_buf(), name: quote::fresh() };
        let finish = format!("k_finish {} {}", quote::path(path), self.words(attributes));
        match content {
            Content::Bytes(bytes) if bytes.len() <= CHUNK => {
                let fill = self.session.borrow().storing(bytes, ">", "\"$K_X\"", "k_drop");
                self.change("write", path, &format!("{}\n{fill}\n{finish}", place.begin()))
            }
            Content::Bytes(mut bytes) => self.replace_by_parts(&place, &mut bytes, None, &finish),
            Content::File(source) => {
                let word = quote::path(&source);
                let script =
                    format!("(k_read {word} 0 1 >/dev/null) || exit 98\n{}\ncat {word} >\"$K_X\" || k_drop\n{finish}", place.begin());
                self.filled_from("write", path, &source, &script)
            }
            Content::Stream { reader, sha256: announced } => {
                let mut start = Vec::new();
                read_some(reader, &mut start).map_err(|error| lost(path, &error))?;
                if start.len() <= CHUNK {
                    verify(path, announced.as_deref(), &sha256(&start))?;
                    return self.replace(path, Content::Bytes(&start), attributes);
                }
                self.replace_by_parts(&place, &mut start.as_slice().chain(reader), announced.as_deref(), &finish)
            }
        }
    }

    fn filled_from(&self, verb: &str, path: &Path, source: &Path, script: &str) -> Result<()> {
        let reply = self.ask(|| format!("{verb} `{}`", path.display()), script)?;
        match reply.rc {
            0 => Ok(()),
            98 => Err(reply.error("read", source)),
            _ => Err(reply.error(verb, path)),
        }
    }

    fn replace_by_parts(&self, place: &Place, content: &mut dyn Read, announced: Option<&str>, finish: &str) -> Result<()> {
        self.change("write", &place.path, &place.begin())?;
        let result = self.upload(&place.temporary(), content, announced, &place.path).and_then(|()| {
            let resume = format!("k_place {}\nK_X={}\n{finish}", quote::path(&place.path), quote::path(&place.temporary()));
            self.change("write", &place.path, &resume)
        });
        if result.is_err() {
            // Best effort: the error that counts is the one there is.
            let _ = self.change("remove", &place.temporary(), &format!("k_remove {}", quote::path(&place.temporary())));
        }
        result
    }

    /// Appends everything `content` gives to the file at `temporary`, a request for each part; errors name `path`, for which it is meant.
    fn upload(&self, temporary: &Path, content: &mut dyn Read, announced: Option<&str>, path: &Path) -> Result<()> {
        let mut writer = HashingWriter::new(self.appender(temporary));
        io::copy(content, &mut writer).map_err(|error| found_in(&error).unwrap_or_else(|| lost(path, &error)))?;
        let (mut appender, digest, _) = writer.finish();
        appender.flush_part()?;
        verify(path, announced, &digest)
    }

    /// A writer that appends to a file of the host.
    pub(super) fn appender(&self, path: &Path) -> Appender<'_, S> {
        Appender { system: self, path: path.to_path_buf(), part: Vec::new() }
    }

    pub(super) fn overwrite(&self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        let word = quote::path(path);
        let check = format!(
            "if [ -d {word} ]; then k_fail is-a-directory; fi\nif [ -e {word} ] && [ ! -f {word} ]; then k_fail not-a-file; fi\nk_place {word}"
        );
        let give = format!("k_set '' {word} {}", self.words(attributes));
        match content {
            Content::Bytes(bytes) if bytes.len() <= CHUNK => {
                let fill = self.session.borrow().storing(bytes, ">", &word.to_string(), "exit 1");
                self.change("write", path, &format!("{check}\n{fill}\n{give}"))
            }
            Content::File(source) => {
                let from = quote::path(&source);
                let script = format!("(k_read {from} 0 1 >/dev/null) || exit 98\n{check}\ncat {from} >{word} || exit 1\n{give}");
                self.filled_from("write", path, &source, &script)
            }
            // Received in full and verified before the old content is given up.
            Content::Bytes(mut bytes) => self.overwrite_by_parts(path, &mut bytes, None, attributes),
            Content::Stream { reader, sha256 } => self.overwrite_by_parts(path, reader, sha256.as_deref(), attributes),
        }
    }

    fn overwrite_by_parts(&self, path: &Path, content: &mut dyn Read, announced: Option<&str>, attributes: &Attributes) -> Result<()> {
        let staged = self.session_file();
        let result =
            self.upload(&staged, content, announced, path).and_then(|()| self.overwrite(path, Content::File(staged.clone()), attributes));
        self.drop_scratch(&staged);
        result
    }

    pub(super) fn give(&self, path: &Path, attributes: &Attributes, follow: Follow) -> Result<()> {
        let itself = if follow == Follow::No { "-h" } else { "''" };
        self.change("set the attributes of", path, &format!("k_set {itself} {} {}", quote::path(path), self.words(attributes)))
    }

    pub(super) fn link(&self, original: &Path, path: &Path) -> Result<()> {
        let source = quote::path(original);
        let check = format!(
            "(k_exists {source} || {{ k_place {source}; k_fail missing; }}; if k_is_dir {source}; then k_fail link-directory; fi) || exit 98"
        );
        let script = format!("{check}\nk_hard_link {source} {} {}", quote::path(path), quote::fresh());
        let reply = self.ask(|| format!("make the hard link `{}`", path.display()), &script)?;
        match reply.rc {
            0 => Ok(()),
            98 => Err(reply.error("make a hard link to", original)),
            _ => Err(reply.error("make the hard link", path)),
        }
    }

    pub(super) fn move_to(&self, from: &Path, to: &Path) -> Result<()> {
        let source = quote::path(from);
        let check = format!("(k_exists {source} || {{ k_place {source}; k_fail missing; }}) || exit 98");
        let script = format!("{check}\nk_rename {source} {}", quote::path(to));
        let reply = self.ask(|| format!("move `{}`", from.display()), &script)?;
        match reply.rc {
            0 => Ok(()),
            98 => Err(reply.error("move", from)),
            _ => Err(reply.error("move to", to)),
        }
    }

    pub(super) fn temporary(&self, dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<PathBuf> {
        let letter = match kind {
            FileKind::File => "f",
            FileKind::Directory => "d",
            _ => return Err(Error::new(ErrorKind::Unsupported, "make a temporary entry", "only files and directories can be temporary")),
        };
        let name = format!("{prefix}{:016x}{suffix}", rand::random::<u64>());
        let script = format!("k_temporary {letter} {} {}", quote::path(dir), quote::text(&name));
        self.change("make a temporary file in", dir, &script)?;
        Ok(dir.join(name))
    }

    /// A fresh name in the directory of the session.
    pub(super) fn session_file(&self) -> PathBuf {
        let dir = self.session.borrow().dir().to_vec();
        Path::new(OsStr::from_bytes(&dir)).join(format!("s.{:016x}", rand::random::<u64>()))
    }

    pub(super) fn make_scratch(&self, mode: u32, fill: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<PathBuf> {
        let path = self.session_file();
        self.change("write", &path, &format!("umask 077; : >{}", quote::path(&path)))?;
        let mut writer = self.appender(&path);
        let result = fill(&mut writer)
            .and_then(|()| writer.flush_part())
            .and_then(|()| self.change("set the mode of", &path, &format!("chmod 0{mode:o} {}", quote::path(&path))));
        if result.is_err() {
            self.drop_scratch(&path);
        }
        result.map(|()| path)
    }

    pub(super) fn drop_scratch(&self, path: &Path) {
        let ours = path.parent().is_some_and(|parent| parent.as_os_str().as_bytes() == self.session.borrow().dir());
        if ours {
            // Best effort: what stays goes with the session.
            let _ = self.change("remove", path, &format!("k_remove {}", quote::path(path)));
        }
    }

    /// Mode, owner, group and times as the library's functions take them: five words, empty for what is left as it is.
    fn words(&self, attributes: &Attributes) -> String {
        let number = |value: Option<u32>| value.map_or("''".to_owned(), |value| value.to_string());
        let mode = attributes.mode.map_or("''".to_owned(), |mode| format!("{mode:04o}"));
        let time = |value: Option<f64>| value.map_or("''".to_owned(), |value| quote::text(self.time(value)).to_string());
        format!("{mode} {} {} {} {}", number(attributes.uid), number(attributes.gid), time(attributes.atime), time(attributes.mtime))
    }

    /// A time in the words of the host's `touch`.
    fn time(&self, seconds: f64) -> String {
        if self.session.borrow().tools().stat == "gnu" {
            return format!("-d @{seconds:.9}");
        }
        let at = Civil::at(Duration::from_secs_f64(seconds.max(0.0)), 0);
        format!("-t {:04}{:02}{:02}{:02}{:02}.{:02}", at.year, at.month, at.day, at.hour, at.minute, at.second)
    }
}

/// A file and the temporary one beside it.
struct Place {
    path: PathBuf,
    name: String,
}

impl Place {
    fn temporary(&self) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("/")).join(&self.name)
    }

    fn begin(&self) -> String {
        format!("k_begin {} {}", quote::path(&self.path), self.name)
    }
}

/// Appends to a file of the host, a request for each part.
pub(super) struct Appender<'a, S> {
    system: &'a ShellSystem<S>,
    path: PathBuf,
    part: Vec<u8>,
}

impl<S: Read + Write + Send> Appender<'_, S> {
    pub(super) fn flush_part(&mut self) -> Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        let script = self.system.session.borrow().storing(&self.part, ">>", &quote::path(&self.path).to_string(), "exit 1");
        self.part.clear();
        self.system.change("write", &self.path, &format!("umask 077\n{script}"))
    }
}

impl<S: Read + Write + Send> Write for Appender<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(CHUNK - self.part.len().min(CHUNK));
        self.part.extend_from_slice(bytes.get(..n).unwrap_or_default());
        if self.part.len() >= CHUNK {
            self.flush_part().map_err(io::Error::other)?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_part().map_err(io::Error::other)
    }
}

/// Up to one byte more than a part.
fn read_some(reader: &mut dyn Read, into: &mut Vec<u8>) -> io::Result<usize> {
    reader.take(CHUNK as u64 + 1).read_to_end(into)
}

/// The error of a request that a writer met.
fn found_in(error: &io::Error) -> Option<Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).cloned()
}

fn lost(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Other, format!("write `{}`", path.display()), format!("its content could not be received: {error}"))
}
