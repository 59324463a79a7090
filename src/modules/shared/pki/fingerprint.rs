//! Digests of public keys, by the names that Python has for them.

use blake2::{Blake2b512, Blake2s256};
use md5::Md5;
use serde_json::{Map, Value};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use shake::digest::{ExtendableOutput as _, Update as _};
use shake::{Shake128, Shake256};

/// The digests of the bytes in colon-separated hex, by algorithm.
pub fn all(bytes: &[u8]) -> Map<String, Value> {
    let shake = |digest: Box<[u8]>| digest.to_vec();
    let digests = [
        ("blake2b", Blake2b512::digest(bytes).to_vec()),
        ("blake2s", Blake2s256::digest(bytes).to_vec()),
        ("md5", Md5::digest(bytes).to_vec()),
        ("sha1", Sha1::digest(bytes).to_vec()),
        ("sha224", Sha224::digest(bytes).to_vec()),
        ("sha256", Sha256::digest(bytes).to_vec()),
        ("sha384", Sha384::digest(bytes).to_vec()),
        ("sha3_224", Sha3_224::digest(bytes).to_vec()),
        ("sha3_256", Sha3_256::digest(bytes).to_vec()),
        ("sha3_384", Sha3_384::digest(bytes).to_vec()),
        ("sha3_512", Sha3_512::digest(bytes).to_vec()),
        ("sha512", Sha512::digest(bytes).to_vec()),
        ("shake_128", shake(Shake128::default().chain(bytes).finalize_boxed(32))),
        ("shake_256", shake(Shake256::default().chain(bytes).finalize_boxed(32))),
    ];
    digests.into_iter().map(|(name, digest)| (name.to_owned(), colons(&digest).into())).collect()
}

/// Bytes in hex with colons between them.
pub fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}
