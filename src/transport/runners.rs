//! The runners that can be sent to hosts: one program per architecture.

#![expect(clippy::disallowed_methods, reason = "runners are files of the controller")]

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// A runner for one architecture.
#[derive(Debug)]
pub(super) struct Program {
    /// As `uname -m` says it: `x86_64`, `aarch64`.
    pub(super) arch: String,
    /// Of the program itself, in lower-case hex.
    pub(super) sha256: String,
    /// The program, compressed by gzip.
    pub(super) packed: Cow<'static, [u8]>,
}

impl Program {
    /// The program itself.
    pub(super) fn unpacked(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // What is packed here was packed by us.
        let _ = GzDecoder::new(&*self.packed).read_to_end(&mut bytes);
        bytes
    }
}

/// The runners there are. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Runners(Arc<Vec<Program>>);

include!(concat!(env!("OUT_DIR"), "/runners.rs"));

impl Runners {
    /// Those that were built into this program; none without the feature `embed-runner`.
    pub fn embedded() -> Self {
        let program = |&(arch, sha256, packed): &(&str, &str, &'static [u8])| Program {
            arch: arch.to_owned(),
            sha256: sha256.to_owned(),
            packed: Cow::Borrowed(packed),
        };
        Self(Arc::new(EMBEDDED.iter().map(program).collect()))
    }

    /// None: every host is worked on through its shell.
    pub fn none() -> Self {
        Self::default()
    }

    /// One runner, from a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn from_file(arch: &str, path: &Path) -> io::Result<Self> {
        let program = std::fs::read(path)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&program)?;
        let packed = Cow::Owned(encoder.finish()?);
        Ok(Self(Arc::new(vec![Program { arch: arch.to_owned(), sha256: hex::encode(Sha256::digest(&program)), packed }])))
    }

    /// The architectures there is a runner for.
    pub fn architectures(&self) -> Vec<&str> {
        self.0.iter().map(|program| program.arch.as_str()).collect()
    }

    pub(super) fn all(&self) -> &[Program] {
        &self.0
    }

    pub(super) fn find(&self, arch: &str) -> Option<&Program> {
        self.0.iter().find(|program| program.arch == arch)
    }
}
