//! Password-protected key files (web3 secret storage, version 3, with PBKDF2).
//!
//! The work factor is low on purpose: these files only ever hold keys of a lab.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use serde_json::{Value, json};
use sha2::Sha256;

use super::keys::NodeKey;
use super::{keccak, random};

const ROUNDS: u32 = 4096;

/// The key store JSON of `key` under `password`.
pub fn seal(key: &NodeKey, password: &str) -> Result<Value, String> {
    let salt = random::<32>()?;
    let iv = random::<16>()?;
    let mut derived = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, ROUNDS, &mut derived);
    let mut secret = key.to_bytes();
    let mut cipher = Ctr128BE::<Aes128>::new_from_slices(&derived[..16], &iv).map_err(|e| format!("failed to encrypt a key: {e}"))?;
    cipher.apply_keystream(&mut secret);
    let mac = keccak(&[&derived[16..], &secret[..]].concat());
    Ok(json!({
        "address": hex::encode(key.address().0),
        "crypto": {
            "cipher": "aes-128-ctr",
            "ciphertext": hex::encode(secret),
            "cipherparams": { "iv": hex::encode(iv) },
            "kdf": "pbkdf2",
            "kdfparams": { "c": ROUNDS, "dklen": 32, "prf": "hmac-sha256", "salt": hex::encode(salt) },
            "mac": hex::encode(mac),
        },
        "id": uuid()?,
        "version": 3,
    }))
}

fn uuid() -> Result<String, String> {
    let mut bytes = random::<16>()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    Ok([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

/// A password of 16 letters and digits.
pub fn password() -> Result<String, String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    Ok(random::<16>()?.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}
