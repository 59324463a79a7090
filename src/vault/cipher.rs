//! AES-256 in counter mode under a key that PBKDF2 derives from the password, authenticated by HMAC-SHA256.
//!
//! Source: the section "Ansible Vault payload format 1.1 - 1.2" of Ansible's user guide.

use aes::Aes256;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Rounds of PBKDF2.
const ROUNDS: u32 = 10_000;
/// Block of AES, to a multiple of which the text is padded.
const BLOCK: usize = 16;

struct Keys([u8; 80]);

impl Keys {
    fn derive(password: &[u8], salt: &[u8]) -> Self {
        let mut keys = [0; 80];
        pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, ROUNDS, &mut keys);
        Self(keys)
    }

    fn apply_stream(&self, data: &mut [u8]) -> bool {
        let (key, rest) = self.0.split_at(32);
        let (_, start) = rest.split_at(32);
        match Ctr128BE::<Aes256>::new_from_slices(key, start) {
            Ok(mut stream) => {
                stream.apply_keystream(data);
                true
            }
            Err(_) => false,
        }
    }

    fn mac(&self, data: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.get(32..64)?).ok()?;
        mac.update(data);
        Some(mac)
    }
}

/// Encrypts; returns the digest and the encrypted bytes.
pub fn encrypt(password: &[u8], salt: &[u8], text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let keys = Keys::derive(password, salt);
    let padding = BLOCK - text.len() % BLOCK;
    let mut data = text.to_vec();
    data.extend(std::iter::repeat_n(padding as u8, padding));
    if !keys.apply_stream(&mut data) {
        return None;
    }
    let digest = keys.mac(&data)?.finalize().into_bytes().to_vec();
    Some((digest, data))
}

/// Decrypts; `None` when the digest does not fit: another password, or another content.
pub fn decrypt(password: &[u8], salt: &[u8], digest: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let keys = Keys::derive(password, salt);
    keys.mac(body)?.verify_slice(digest).ok()?;
    let mut data = body.to_vec();
    if !keys.apply_stream(&mut data) {
        return None;
    }
    let padding = usize::from(*data.last()?);
    if padding == 0 || padding > BLOCK || padding > data.len() {
        return None;
    }
    data.truncate(data.len() - padding);
    Some(data)
}
