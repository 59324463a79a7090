//! A module that was found.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::kind::{Head, Kind};
use crate::base::Diagnostic;
use crate::modules::ContentRef;
use crate::system::file::Algorithm;
use crate::system::hash;

/// A module that was found.
#[derive(Debug)]
pub struct Module {
    /// Its full name: with its collection, if it is part of one.
    pub name: String,
    /// Where it is on the controller.
    pub path: PathBuf,
    /// What it wants.
    pub kind: Kind,
    /// The words of its first line that say which program runs it; none for programs that are not text.
    pub interpreter: Vec<String>,
    /// It looks at whether it is to change anything, so that it may run in check mode.
    pub knows_check_mode: bool,
    /// Its name among the packages of Python, for [`Kind::Library`].
    pub entry: String,
    /// The version of the library that goes along, for [`Kind::Library`].
    pub(super) library_version: OnceLock<String>,
    /// What the library takes from kconf besides the arguments; anything, where that is not known.
    pub(super) internal: OnceLock<Vec<String>>,
    /// The Python of the controller that the library is installed for.
    pub(super) python: OnceLock<PathBuf>,
    pub(super) package: OnceLock<Result<Package, Diagnostic>>,
}

/// What goes to hosts.
#[derive(Clone, Debug)]
pub struct Package {
    /// All of it.
    pub bytes: Arc<Vec<u8>>,
    /// Its digests.
    pub reference: ContentRef,
}

impl Module {
    pub(super) fn new(name: String, path: PathBuf, entry: String, head: Head) -> Self {
        Self {
            name,
            path,
            kind: head.kind,
            interpreter: head.interpreter,
            knows_check_mode: head.knows_check_mode,
            entry,
            library_version: OnceLock::new(),
            internal: OnceLock::new(),
            python: OnceLock::new(),
            package: OnceLock::new(),
        }
    }

    /// What goes to hosts; [`super::Finder::find`] has made it.
    ///
    /// # Errors
    /// Why it could not be made.
    pub fn package(&self) -> Result<&Package, Diagnostic> {
        match self.package.get() {
            Some(made) => made.as_ref().map_err(Clone::clone),
            None => Err(Diagnostic::error(format!("the module `{}` was not prepared", self.name))),
        }
    }

    /// The version of the library that goes along.
    pub fn library_version(&self) -> Option<&str> {
        self.library_version.get().map(String::as_str)
    }

    /// The Python of the controller that the library is installed for: for the host that is this machine because nobody says what it is.
    pub fn controller_python(&self) -> Option<&Path> {
        self.python.get().map(PathBuf::as_path)
    }

    /// Whether the library that goes along takes the internal argument `name` (without `_ansible_`).
    pub fn takes_internal(&self, name: &str) -> bool {
        self.internal.get().is_none_or(|known| known.iter().any(|one| one == name))
    }
}

impl Package {
    /// Of these bytes.
    ///
    /// # Errors
    /// They cannot be digested.
    pub(super) fn new(bytes: Vec<u8>) -> std::io::Result<Self> {
        let reference = ContentRef {
            sha256: hash::sha256(&bytes),
            sha1: hash::digest(&mut bytes.as_slice(), Algorithm::Sha1)?,
            size: bytes.len() as u64,
        };
        Ok(Self { bytes: Arc::new(bytes), reference })
    }
}
