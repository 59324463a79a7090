//! secp256k1 keys.

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, SigningKey, VerifyingKey};

use super::random;
use super::types::{Address, PublicId};

/// The secret that gives a node its identity. It has no `Debug` and no `Display`: it must not reach a log.
#[derive(Clone)]
pub struct NodeKey(SigningKey);

impl NodeKey {
    pub fn generate() -> Result<NodeKey, String> {
        // A random string is outside [1, n-1] once in 2^128 draws.
        NodeKey::from_bytes(&random::<32>()?)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<NodeKey, String> {
        SigningKey::from_slice(bytes).map(NodeKey).map_err(|_| "invalid private key".to_owned())
    }

    /// Reads the content of a node key file: its first 64 characters must be hex digits, as the original has it.
    pub fn from_file_content(content: &[u8]) -> Result<NodeKey, String> {
        let digits = content.get(..64).ok_or("key file too short, want 64 hex characters")?;
        let bytes = hex::decode(digits).map_err(|e| format!("invalid hex in key file: {e}"))?;
        NodeKey::from_bytes(&bytes)
    }

    /// 64 lower-case hex characters, the form of the key file.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0.to_bytes())
    }

    /// The 32 secret bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }

    pub fn id(&self) -> PublicId {
        let point = self.0.verifying_key().to_sec1_point(false);
        let mut bytes = [0; 64];
        bytes.copy_from_slice(&point.as_bytes()[1..]);
        PublicId(bytes)
    }

    pub fn address(&self) -> Address {
        self.id().address()
    }

    /// Signs a 32-byte hash; 64 bytes r and s.
    pub fn sign(&self, hash: &[u8; 32]) -> Vec<u8> {
        let (signature, _) = self.0.sign_prehash_recoverable(hash);
        signature.to_bytes().to_vec()
    }

    pub(super) fn signing_key(&self) -> &SigningKey {
        &self.0
    }
}

/// Whether `signature` over `hash` was made by the key named `id`.
pub fn verify(id: &PublicId, hash: &[u8; 32], signature: &[u8]) -> bool {
    let mut point = [4; 65];
    point[1..].copy_from_slice(&id.0);
    let key = VerifyingKey::from_sec1_bytes(&point);
    let signature = Signature::from_slice(signature);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify_prehash(hash, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Node key, address (checksum form), public key: from the original's own tests and documentation.
    const VECTORS: [(&str, &str, &str); 2] = [
        (
            "289c2857d4598e37fb9647507e47a309d6133539bf21a8b9cb6df88fd5232032",
            "0x970E8128AB834E8EAC17Ab8E3812F010678CF791",
            "7db227d7094ce215c3a0f57e1bcc732551fe351f94249471934567e0f5dc1bf795962b8cccb87a2eb56b29fbe37d614e2f4c3c45b789ae4f1f51f4cb21972ffd",
        ),
        (
            "0c28c77ce5c2ca9e495b860f190ed7dfe7bd5c1a2e5f816587eb4d3d9566df44",
            "0xf8690562c0839C44B17AF421F7AaaA9F12dCc62b",
            "696614cece9be0c17d83f13a3e1350f128d3911e2e05c95e4fccdec95f1bbeab39c20b8c4cf1345d389dbae63f693f2b713eb3b8461f6a79c5cff6062528a392",
        ),
    ];

    #[test]
    fn vectors() {
        for (key, address, id) in VECTORS {
            let key = NodeKey::from_file_content(format!("{key}\n").as_bytes()).unwrap();
            assert_eq!(key.address().checksum(), address);
            assert_eq!(key.id().to_string(), id);
        }
    }

    #[test]
    fn key_file_traps() {
        let digits = VECTORS[0].0;
        assert!(NodeKey::from_file_content(&digits.as_bytes()[..63]).is_err(), "short");
        assert!(NodeKey::from_file_content(format!("0x{digits}").as_bytes()).is_err(), "0x prefix");
        assert!(NodeKey::from_file_content(&[b'0'; 64]).is_err(), "zero is no key");
    }

    #[test]
    fn signature_belongs_to_one_key_and_one_hash() {
        let key = NodeKey::generate().unwrap();
        let signature = key.sign(&[7; 32]);
        assert!(verify(&key.id(), &[7; 32], &signature));
        assert!(!verify(&key.id(), &[8; 32], &signature));
        assert!(!verify(&NodeKey::generate().unwrap().id(), &[7; 32], &signature));
    }
}
