//! Keys, hashes and encodings of the chain. Imports nothing else of this program but the clock.
//!
//! Guarantees: byte-for-byte the formats of the original (node key file, address, RLP, kni), since the
//! deployment tool makes the same material on its own and both must agree.

pub mod bip32;
pub mod keys;
pub mod keystore;
pub mod kni;
pub mod rlp;
pub mod types;

use sha3::{Digest, Keccak256};

/// Keccak-256 with the original 0x01 padding (not SHA3-256).
pub fn keccak(data: &[u8]) -> [u8; 32] {
    Keccak256::digest(data).into()
}

/// `N` bytes from the system's random generator.
pub fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| format!("failed to read random bytes: {e}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn keccak_of_nothing() {
        let want = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
        assert_eq!(hex::encode(super::keccak(b"")), want);
    }
}
