//! Public keys, as `SubjectPublicKeyInfo` holds them.

use serde::Deserialize;

use super::der::{bit_length, sequence, tag};

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Kind {
    /// Two primes.
    #[serde(rename = "RSA")]
    Rsa,
    /// The old standard for signatures.
    #[serde(rename = "DSA")]
    Dsa,
    /// On a curve that has a name.
    #[serde(rename = "ECC")]
    Ecc,
    /// Signatures on Curve25519.
    Ed25519,
    /// Signatures on Curve448.
    Ed448,
    /// Exchange of keys on Curve25519.
    X25519,
    /// Exchange of keys on Curve448.
    X448,
}

impl Kind {
    /// The object identifier of keys of this kind.
    pub fn oid(self) -> &'static str {
        match self {
            Self::Rsa => "1.2.840.113549.1.1.1",
            Self::Dsa => "1.2.840.10040.4.1",
            Self::Ecc => "1.2.840.10045.2.1",
            Self::X25519 => "1.3.101.110",
            Self::X448 => "1.3.101.111",
            Self::Ed25519 => "1.3.101.112",
            Self::Ed448 => "1.3.101.113",
        }
    }

    /// As options and results name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Dsa => "DSA",
            Self::Ecc => "ECC",
            Self::X25519 => "X25519",
            Self::X448 => "X448",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
        }
    }
}

/// Curves: the name that options have, the one of `openssl`, the object identifier.
pub const CURVES: &[(&str, &str, &str)] = &[
    ("secp224r1", "secp224r1", "1.3.132.0.33"),
    ("secp256k1", "secp256k1", "1.3.132.0.10"),
    ("secp256r1", "prime256v1", "1.2.840.10045.3.1.7"),
    ("secp384r1", "secp384r1", "1.3.132.0.34"),
    ("secp521r1", "secp521r1", "1.3.132.0.35"),
    ("secp192r1", "prime192v1", "1.2.840.10045.3.1.1"),
    ("brainpoolP256r1", "brainpoolP256r1", "1.3.36.3.3.2.8.1.1.7"),
    ("brainpoolP384r1", "brainpoolP384r1", "1.3.36.3.3.2.8.1.1.11"),
    ("brainpoolP512r1", "brainpoolP512r1", "1.3.36.3.3.2.8.1.1.13"),
    ("sect163k1", "sect163k1", "1.3.132.0.1"),
    ("sect163r2", "sect163r2", "1.3.132.0.15"),
    ("sect233k1", "sect233k1", "1.3.132.0.26"),
    ("sect233r1", "sect233r1", "1.3.132.0.27"),
    ("sect283k1", "sect283k1", "1.3.132.0.16"),
    ("sect283r1", "sect283r1", "1.3.132.0.17"),
    ("sect409k1", "sect409k1", "1.3.132.0.36"),
    ("sect409r1", "sect409r1", "1.3.132.0.37"),
    ("sect571k1", "sect571k1", "1.3.132.0.38"),
    ("sect571r1", "sect571r1", "1.3.132.0.39"),
];

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its kind.
    pub kind: Kind,
    /// All of it, in DER.
    pub info: Vec<u8>,
    /// The bits in which keys of its kind differ.
    pub bits: Vec<u8>,
    /// Bits of an RSA or DSA key.
    pub size: Option<usize>,
    /// The curve of an ECC key, by the name that options have, else by its object identifier.
    pub curve: Option<String>,
    /// The numbers of an RSA key (modulus, exponent) or a DSA key (p, q, g, y).
    pub numbers: Vec<Vec<u8>>,
}

impl PublicKey {
    /// Out of a `SubjectPublicKeyInfo`; `None` when it is none of a known kind.
    pub fn from_info(info: &[u8]) -> Option<Self> {
        let parts = sequence(info)?;
        let [algorithm, key] = parts.as_slice() else { return None };
        let algorithm = algorithm.children()?;
        let oid = algorithm.first()?.oid()?.to_string();
        let kinds = [Kind::Rsa, Kind::Dsa, Kind::Ecc, Kind::Ed25519, Kind::Ed448, Kind::X25519, Kind::X448];
        let kind = kinds.into_iter().find(|kind| kind.oid() == oid)?;
        let bits = key.bits()?;
        let integers =
            |bytes| Some(sequence(bytes)?.iter().filter_map(|one| one.expect(tag::INTEGER)).map(<[u8]>::to_vec).collect::<Vec<_>>());
        let numbers = match kind {
            Kind::Rsa => integers(bits)?,
            Kind::Dsa => {
                let mut numbers = integers(algorithm.get(1)?.whole)?;
                numbers.push(super::der::elements(bits)?.first()?.expect(tag::INTEGER)?.to_vec());
                numbers
            }
            _ => Vec::new(),
        };
        let curve = match kind {
            Kind::Ecc => algorithm.get(1)?.oid().map(|oid| oid.to_string()),
            _ => None,
        };
        let curve = curve.map(|oid| CURVES.iter().find(|(_, _, other)| *other == oid).map_or(oid, |(name, ..)| (*name).to_owned()));
        let size = numbers.first().map(|number| bit_length(number));
        Some(Self { kind, info: info.to_vec(), bits: bits.to_vec(), size, curve, numbers })
    }
}
