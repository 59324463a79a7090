//! Content of the controller on its way to hosts: measured once per run, opened when a host asks for it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::local_files::{self, LocalFiles};
use crate::base::text;
use crate::modules::ContentRef;
use crate::transport::ContentSource;
use crate::transport::content::Incoming;

/// Where content is.
#[derive(Clone)]
enum Place {
    File(PathBuf),
    Memory(Arc<Vec<u8>>),
}

/// Gives the place for what a task sends back under a name.
type Receive = dyn Fn(&str) -> io::Result<Box<dyn Incoming>> + Send + Sync;

/// The content of one task, and where it takes what is sent back.
#[derive(Default)]
pub struct Contents {
    places: HashMap<String, Place>,
    incoming: Option<Box<Receive>>,
}

impl Contents {
    /// Adds bytes.
    pub fn bytes(&mut self, bytes: Vec<u8>) -> ContentRef {
        let reference = measure(&mut bytes.as_slice()).unwrap_or_else(|_| nothing());
        self.places.insert(reference.sha256.clone(), Place::Memory(Arc::new(bytes)));
        reference
    }

    /// Adds bytes that were measured and that others have too.
    pub fn shared(&mut self, bytes: &Arc<Vec<u8>>, reference: &ContentRef) {
        self.places.insert(reference.sha256.clone(), Place::Memory(bytes.clone()));
    }

    /// Adds a file that was measured.
    pub fn file(&mut self, path: &Path, reference: &ContentRef) {
        self.places.insert(reference.sha256.clone(), Place::File(path.to_owned()));
    }

    /// Adds all that others have.
    pub fn extend(&mut self, others: Self) {
        self.places.extend(others.places);
        self.incoming = others.incoming.or(self.incoming.take());
    }

    /// Takes what is sent back.
    pub fn receive_by(&mut self, receive: impl Fn(&str) -> io::Result<Box<dyn Incoming>> + Send + Sync + 'static) {
        self.incoming = Some(Box::new(receive));
    }
}

/// The reference of no bytes at all.
fn nothing() -> ContentRef {
    ContentRef { sha256: hex::encode(Sha256::digest([])), sha1: hex::encode(Sha1::digest([])), size: 0 }
}

impl ContentSource for Contents {
    fn open(&self, content: &ContentRef) -> io::Result<Box<dyn Read + Send>> {
        match self.places.get(&content.sha256) {
            Some(Place::File(path)) => Ok(Box::new(File::open(path)?)),
            Some(Place::Memory(bytes)) => Ok(Box::new(Cursor::new(Shared(bytes.clone())))),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "this content does not belong to the task")),
        }
    }

    fn receive(&self, name: &str) -> io::Result<Box<dyn Incoming>> {
        match &self.incoming {
            Some(receive) => receive(name),
            None => Err(io::Error::new(io::ErrorKind::Unsupported, format!("this task was not expected to send back `{name}`"))),
        }
    }
}

/// Bytes that several readers share.
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Digests and size of content, in constant memory.
///
/// # Errors
/// It cannot be read.
pub fn measure(content: &mut dyn Read) -> io::Result<ContentRef> {
    let (mut sha256, mut sha1, mut size) = (Sha256::new(), Sha1::new(), 0u64);
    let mut buffer = vec![0u8; 64 * 1024];
    loop {
        let read = content.read(&mut buffer)?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        sha256.update(piece);
        sha1.update(piece);
        size += piece.len() as u64;
    }
    Ok(ContentRef { sha256: hex::encode(sha256.finalize()), sha1: hex::encode(sha1.finalize()), size })
}

/// What tells one state of a file from another.
type Stamp = (f64, u64);

/// Files of the controller that were measured in this run.
#[derive(Default)]
pub struct Measured {
    known: Mutex<HashMap<PathBuf, (Stamp, ContentRef)>>,
}

impl Measured {
    /// Digests and size of a file, read once as long as it does not change.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn file(&self, path: &Path) -> io::Result<ContentRef> {
        let about = LocalFiles::real().about(path)?;
        let stamp = (about.mtime, about.size);
        if let Some((known, reference)) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path)
            && *known == stamp
        {
            return Ok(reference.clone());
        }
        let reference = measure(&mut File::open(path)?)?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), (stamp, reference.clone()));
        Ok(reference)
    }
}

/// The same error, naming the file of the controller that it is about.
fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}` of the controller: {}", path.display(), text::reason(error)))
}

/// A file of the controller that is being received: beside its place under another name, and put there when it is complete.
pub struct IncomingFile {
    file: File,
    partial: PathBuf,
    path: PathBuf,
}

impl IncomingFile {
    /// Will be `path`; folders on the way are made.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn at(path: &Path) -> io::Result<Self> {
        let dir = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir).map_err(|error| about(dir, &error))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let partial = dir.join(format!(".{name}.{:016x}.part", rand::random::<u64>()));
        let file = File::create_new(&partial).map_err(|error| about(&partial, &error))?;
        Ok(Self { file, partial, path: path.to_owned() })
    }
}

impl Write for IncomingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Incoming for IncomingFile {
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.file.sync_all().and_then(|()| std::fs::rename(&self.partial, &self.path)).map_err(|error| about(&self.path, &error))
    }
}

impl Drop for IncomingFile {
    fn drop(&mut self) {
        // Complete or not: under this name nothing is to be left.
        local_files::remove(&self.partial);
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at the real machine")]
mod tests {
    use super::*;

    #[test]
    fn content_is_found_by_its_digest() {
        let mut contents = Contents::default();
        let reference = contents.bytes(b"hello\n".to_vec());
        assert_eq!(reference.sha1, "f572d396fae9206628714fb2ce00f72e94f2258f");
        assert_eq!(reference.size, 6);
        let mut text = String::new();
        contents.open(&reference).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello\n");
        assert!(contents.open(&nothing()).is_err());
    }

    #[test]
    fn a_changed_file_is_measured_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let measured = Measured::default();
        std::fs::write(&path, "one").unwrap();
        let first = measured.file(&path).unwrap();
        assert_eq!(measured.file(&path).unwrap(), first);
        std::fs::write(&path, "other").unwrap();
        assert_ne!(measured.file(&path).unwrap(), first);
    }

    #[test]
    fn what_is_incomplete_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/f");
        let mut incoming = Box::new(IncomingFile::at(&path).unwrap());
        incoming.write_all(b"new").unwrap();
        incoming.finish().unwrap();
        let mut lost = IncomingFile::at(&path).unwrap();
        lost.write_all(b"half").unwrap();
        drop(lost);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(dir.path().join("deep")).unwrap().count(), 1);
    }
}
