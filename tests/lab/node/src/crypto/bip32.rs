//! Deterministic keys from a word phrase: BIP-39 seed, BIP-32 path m/44'/60'/0'/0/i.

use hmac::{Hmac, KeyInit, Mac};
use k256::Scalar;
use sha2::Sha512;

use super::keys::NodeKey;

const HARDENED: u32 = 0x8000_0000;

/// Key number `index` of the phrase.
pub fn derive(phrase: &str, index: u32) -> Result<NodeKey, String> {
    let mut seed = [0; 64];
    pbkdf2::pbkdf2_hmac::<Sha512>(phrase.as_bytes(), b"mnemonic", 2048, &mut seed);
    let (mut key, mut chain_code) = split(&hmac_sha512(b"Bitcoin seed", &[&seed])?)?;
    for step in [44 | HARDENED, 60 | HARDENED, HARDENED, 0, index] {
        let public = key.signing_key().verifying_key().to_sec1_point(true);
        let secret = key.to_bytes();
        let material: [&[u8]; 2] = if step & HARDENED != 0 { [&[0], &secret] } else { [&[], public.as_bytes()] };
        let digest = hmac_sha512(&chain_code, &[material[0], material[1], &step.to_be_bytes()])?;
        let (tweak, next_code) = split(&digest)?;
        let sum: Scalar = **key.signing_key().as_nonzero_scalar() + **tweak.signing_key().as_nonzero_scalar();
        key = NodeKey::from_bytes(&sum.to_bytes())?;
        chain_code = next_code;
    }
    Ok(key)
}

fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 64], String> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).map_err(|e| format!("failed to derive a key: {e}"))?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

/// Left half: key or tweak. Right half: chain code.
fn split(digest: &[u8; 64]) -> Result<(NodeKey, [u8; 32]), String> {
    let mut chain_code = [0; 32];
    chain_code.copy_from_slice(&digest[32..]);
    Ok((NodeKey::from_bytes(&digest[..32])?, chain_code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_phrase() {
        let phrase = format!("{}junk", "test ".repeat(11));
        let want = [
            ("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            ("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
            ("5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
            ("7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6", "0x90F79bf6EB2c4f870365E785982E1f101E93b906"),
        ];
        for (index, (key, address)) in (0..).zip(want) {
            let derived = derive(&phrase, index).unwrap();
            assert_eq!(derived.to_hex(), key);
            assert_eq!(derived.address().checksum(), address);
        }
    }
}
