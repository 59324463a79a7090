//! Digests of streams in constant memory.

use std::io::{self, Read, Write};

use sha2::Digest;

use super::file::Algorithm;

/// The digest of everything `reader` gives, in lower-case hex.
///
/// # Errors
/// Those of the reader.
pub fn digest(reader: &mut dyn Read, algorithm: Algorithm) -> io::Result<String> {
    match algorithm {
        Algorithm::Md5 => digest_with::<md5::Md5>(reader),
        Algorithm::Sha1 => digest_with::<sha1::Sha1>(reader),
        Algorithm::Sha224 => digest_with::<sha2::Sha224>(reader),
        Algorithm::Sha256 => digest_with::<sha2::Sha256>(reader),
        Algorithm::Sha384 => digest_with::<sha2::Sha384>(reader),
        Algorithm::Sha512 => digest_with::<sha2::Sha512>(reader),
    }
}

/// The SHA-256 of `bytes` in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(sha2::Sha256::digest(bytes))
}

fn digest_with<D: Digest>(reader: &mut dyn Read) -> io::Result<String> {
    let mut state = D::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hex::encode(state.finalize())),
            Ok(n) => state.update(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Passes bytes on to a writer and digests them on the way.
pub struct HashingWriter<W> {
    inner: W,
    state: sha2::Sha256,
    size: u64,
}

impl<W: Write> HashingWriter<W> {
    /// Around `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, state: sha2::Sha256::new(), size: 0 }
    }

    /// The writer, the SHA-256 of what passed in lower-case hex, and how many bytes that was.
    pub fn finish(self) -> (W, String, u64) {
        (self.inner, hex::encode(self.state.finalize()), self.size)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.state.update(bytes.get(..n).unwrap_or_default());
        self.size += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standards() {
        let table = [
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            (Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ];
        for (algorithm, expected) in table {
            assert_eq!(digest(&mut "abc".as_bytes(), algorithm).unwrap(), expected, "{algorithm:?}");
        }
        assert_eq!(sha256(b"abc"), table[3].1);
        let mut writer = HashingWriter::new(Vec::new());
        writer.write_all(b"abc").unwrap();
        assert_eq!(writer.finish(), (b"abc".to_vec(), table[3].1.to_owned(), 3));
    }
}
