//! Fixed-size byte strings, written as lower-case hex.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::keccak;

macro_rules! bytes_type {
    ($name:ident, $width:literal, $prefix:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $width]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let digits = text.strip_prefix("0x").unwrap_or(text);
                let mut bytes = [0; $width];
                hex::decode_to_slice(digits, &mut bytes)
                    .map_err(|e| format!(concat!("invalid ", stringify!($name), " `{}`: {}"), text, e))?;
                Ok($name(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

bytes_type!(Address, 20, "0x", "Last 20 bytes of the hash of a public key.");
bytes_type!(Hash, 32, "0x", "A Keccak-256 hash.");
bytes_type!(PublicId, 64, "", "A public key as X and Y, 32 bytes each; names a node in a kni.");

impl Address {
    pub const ZERO: Address = Address([0; 20]);

    /// Mixed-case form whose letters carry a checksum (EIP-55).
    pub fn checksum(&self) -> String {
        let digits = hex::encode(self.0);
        let hash = hex::encode(keccak(digits.as_bytes()));
        let mixed = digits.chars().zip(hash.chars());
        let mixed: String = mixed.map(|(c, h)| if h >= '8' { c.to_ascii_uppercase() } else { c }).collect();
        format!("0x{mixed}")
    }
}

impl Hash {
    pub const ZERO: Hash = Hash([0; 32]);
}

impl PublicId {
    /// The account this key controls.
    pub fn address(&self) -> Address {
        let hash = keccak(&self.0);
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&hash[12..]);
        Address(bytes)
    }
}
