//! Certificate signing requests.

use super::der::{sequence, tag, tlv};
use super::extensions::{self, Extension};
use super::pem;
use super::public::PublicKey;

/// The attribute of a request that holds extensions.
const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
/// The label of a request.
pub const LABEL: &str = "CERTIFICATE REQUEST";

/// A request.
pub struct Request {
    /// All of it, in DER.
    pub whole: Vec<u8>,
    /// Of whom it speaks, in DER.
    pub subject: Vec<u8>,
    /// The key.
    pub key: PublicKey,
    /// What it asks for.
    pub extensions: Vec<Extension>,
}

impl Request {
    /// Out of a text in PEM; `None` when it holds none.
    pub fn read(content: &[u8]) -> Option<Self> {
        let block = pem::first(std::str::from_utf8(content).ok()?)?;
        let whole = block.bytes.filter(|_| matches!(block.label, LABEL | "NEW CERTIFICATE REQUEST"))?;
        let (subject, key, extensions) = {
            let outer = sequence(&whole)?;
            let info = outer.first()?.children()?;
            let [_, subject, key, attributes @ ..] = info.as_slice() else { return None };
            let mut extensions = Vec::new();
            for attribute in attributes.first().map_or(Some(Vec::new()), |attributes| attributes.children())? {
                let parts = attribute.children()?;
                if parts.first()?.oid()?.to_string() == EXTENSION_REQUEST {
                    extensions = extensions::read(parts.get(1)?.children()?.first()?.whole)?;
                }
            }
            (subject.whole.to_vec(), PublicKey::from_info(key.whole)?, extensions)
        };
        Some(Self { whole, subject, key, extensions })
    }
}

/// What is signed of a request.
pub fn content(subject: &[u8], key: &PublicKey, extensions: &[Extension]) -> Vec<u8> {
    let attribute = match extensions {
        [] => Vec::new(),
        some => {
            let oid = super::der::oid(EXTENSION_REQUEST).unwrap_or_default();
            tlv(tag::SEQUENCE, &[&oid, &tlv(0x31, &[&extensions::write(some)])])
        }
    };
    tlv(tag::SEQUENCE, &[&[tag::INTEGER, 1, 0], subject, &key.info, &tlv(tag::context(0, true), &[&attribute])])
}
