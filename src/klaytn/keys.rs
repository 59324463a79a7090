//! Node keys and what follows from them: public key, address, kni.
//!
//! Source: `crypto/crypto.go` and `networks/p2p/discover/node.go` of klaytn/klaytn.

use std::fmt;
use std::net::IpAddr;

use k256::SecretKey;
use k256::elliptic_curve::sec1::ToSec1Point;
use sha3::{Digest, Keccak256};

/// A secp256k1 private key: 32 bytes between 1 and the order of the curve.
#[derive(Clone)]
pub struct NodeKey(SecretKey);

/// The last 20 bytes of the Keccak-256 of a public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 20]);

/// Why a text is no node key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The node would take it as missing and make a new key without a word.
    #[error("a node key is 64 hexadecimal digits without `0x`")]
    NotHex,
    /// Zero or not below the order of the curve.
    #[error("the number is not a valid secp256k1 key")]
    OutOfRange,
}

impl NodeKey {
    /// A new key from the system's random numbers.
    pub fn generate() -> Self {
        loop {
            let bytes: [u8; 32] = rand::random();
            // All but about one in 2^128 numbers are valid.
            if let Ok(key) = SecretKey::from_slice(&bytes) {
                return Self(key);
            }
        }
    }

    /// Reads the content of a `nodekey` file: 64 hexadecimal digits, possibly with a line break behind them.
    ///
    /// # Errors
    /// It is anything else.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let digits = text.trim_end_matches(['\n', '\r']);
        if digits.len() != 64 {
            return Err(KeyError::NotHex);
        }
        let bytes = hex::decode(digits).map_err(|_| KeyError::NotHex)?;
        SecretKey::from_slice(&bytes).map(Self).map_err(|_| KeyError::OutOfRange)
    }

    /// The content of a `nodekey` file: 64 lower-case hexadecimal digits, no line break.
    pub fn expose_hex(&self) -> String {
        hex::encode(self.0.to_bytes())
    }

    /// The public key: X and Y, 32 bytes each, without the leading 04 of the SEC1 form.
    pub fn public(&self) -> Vec<u8> {
        let point = self.0.public_key().to_sec1_point(false);
        point.as_bytes().get(1..).map(<[u8]>::to_vec).unwrap_or_default()
    }

    /// The address.
    pub fn address(&self) -> Address {
        let digest = Keccak256::digest(self.public());
        let mut address = [0; 20];
        address.copy_from_slice(&digest[12..]);
        Address(address)
    }

    /// The node's place in a network: `kni://PUBLIC@HOST:PORT?discport=0&ntype=cn`; `ntype` is left out when `None`.
    /// An IPv6 address is put in brackets.
    pub fn kni(&self, host: &str, port: u16, ntype: Option<&str>) -> String {
        let host = match host.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => host.to_owned(),
        };
        let ntype = ntype.map(|ntype| format!("&ntype={ntype}")).unwrap_or_default();
        format!("kni://{}@{host}:{port}?discport=0{ntype}", hex::encode(self.public()))
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKey({})", self.address())
    }
}

impl Address {
    /// Reads `0x` and 40 hexadecimal digits; the prefix may be missing and capitals do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let bytes = hex::decode(digits).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// 40 lower-case digits without prefix.
    pub fn digits(&self) -> String {
        hex::encode(self.0)
    }
}

/// `0x` and lower-case digits.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", self.digits())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The keys of `homi setup --mnemonic "test junk"`, public and for tests only: key, address, public key.
    pub const VECTORS: [(&str, &str, &str); 4] = [
        (
            "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
            "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
            "8318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8696646f2f3acb08e31016afac23e630c5d11f59f61fef57b0d2aa5",
        ),
        (
            "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
            "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
            "ba5734d8f7091719471e7f7ed6b9df170dc70cc661ca05e688601ad984f068b0d67351e5f06073092499336ab0839ef8a521afd334e53807205fa2f08eec74f4",
        ),
        (
            "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
            "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
            "9d9031e97dd78ff8c15aa86939de9b1e791066a0224e331bc962a2099a7b1f0464b8bbafe1535f2301c72c2cb3535b172da30b02686ab0393d348614f157fbdb",
        ),
        (
            "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
            "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
            "20b871f3ced029e14472ec4ebc3c0448164942b123aa6af91a3386c1c403e0ebd3b4a5752a2b6c49e574619e6aa0549eb9ccd036b9bbc507e1f7f9712a236092",
        ),
    ];

    #[test]
    fn known_keys_have_their_known_addresses() {
        for (key, address, public) in VECTORS {
            let key = NodeKey::parse(key).unwrap();
            assert_eq!(key.address().to_string(), address);
            assert_eq!(hex::encode(key.public()), public);
        }
        let other = NodeKey::parse("289c2857d4598e37fb9647507e47a309d6133539bf21a8b9cb6df88fd5232032\n").unwrap();
        assert_eq!(other.address().to_string(), "0x970e8128ab834e8eac17ab8e3812f010678cf791");
    }

    #[test]
    fn what_the_node_would_silently_replace_is_refused() {
        for text in ["", "abc", &"0".repeat(64), &format!("0x{}", "1".repeat(64)), &"f".repeat(64)] {
            assert!(NodeKey::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_new_key_survives_its_file() {
        let key = NodeKey::generate();
        assert_eq!(NodeKey::parse(&key.expose_hex()).unwrap().address(), key.address());
        assert!(!format!("{key:?}").contains(&key.expose_hex()));
    }

    #[test]
    fn kni_forms() {
        let key = NodeKey::parse(VECTORS[0].0).unwrap();
        let public = VECTORS[0].2;
        assert_eq!(key.kni("10.0.100.11", 22323, Some("cn")), format!("kni://{public}@10.0.100.11:22323?discport=0&ntype=cn"));
        assert_eq!(key.kni("fe80::1", 50505, None), format!("kni://{public}@[fe80::1]:50505?discport=0"));
    }
}
