//! Certificates, read and put together.

use super::moment;
use crate::modules::shared::pki::der::{sequence, tag, tlv, unsigned};
use crate::modules::shared::pki::extensions::{self, Extension};
use crate::modules::shared::pki::pem;
use crate::modules::shared::pki::public::PublicKey;

/// The label of a certificate.
pub(super) const LABEL: &str = "CERTIFICATE";

/// A certificate.
pub(super) struct Certificate {
    /// All of it, in DER.
    pub(super) whole: Vec<u8>,
    /// The bytes of its serial number.
    pub(super) serial: Vec<u8>,
    /// Who signed it, in DER.
    pub(super) issuer: Vec<u8>,
    /// From when until when it is valid.
    pub(super) validity: (u64, u64),
    /// Of whom it speaks, in DER.
    pub(super) subject: Vec<u8>,
    pub(super) key: PublicKey,
    pub(super) extensions: Vec<Extension>,
}

impl Certificate {
    /// Out of a text in PEM; `None` when it holds none.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let block = pem::first(std::str::from_utf8(content).ok()?)?;
        let whole = block.bytes.filter(|_| matches!(block.label, LABEL | "X509 CERTIFICATE"))?;
        let parts = sequence(&whole)?;
        let mut fields = parts.first()?.children()?;
        if fields.first()?.tag == tag::context(0, true) {
            fields.remove(0);
        }
        let [serial, _, issuer, validity, subject, key, others @ ..] = fields.as_slice() else { return None };
        let times: Vec<u64> = validity.children()?.iter().filter_map(|time| moment::read(time.tag, time.value)).collect();
        let [from, until] = times.as_slice() else { return None };
        let extensions = match others.iter().find(|other| other.tag == tag::context(3, true)) {
            Some(list) => extensions::read(list.value)?,
            None => Vec::new(),
        };
        let (serial, issuer, subject) = (serial.expect(tag::INTEGER)?.to_vec(), issuer.whole.to_vec(), subject.whole.to_vec());
        let (validity, key) = ((*from, *until), PublicKey::from_info(key.whole)?);
        Some(Self { serial, issuer, validity, subject, key, extensions, whole: whole.clone() })
    }

    /// An extension.
    pub(super) fn extension(&self, oid: &str) -> Option<&Extension> {
        self.extensions.iter().find(|one| one.oid == oid)
    }
}

/// What a certificate says.
pub(super) struct Content<'a> {
    pub(super) serial: &'a [u8],
    pub(super) issuer: &'a [u8],
    pub(super) validity: (u64, u64),
    pub(super) subject: &'a [u8],
    pub(super) key: &'a PublicKey,
    pub(super) extensions: &'a [Extension],
}

impl Content<'_> {
    /// What is signed of it; `algorithm` says how, in DER.
    pub(super) fn written(&self, algorithm: &[u8]) -> Vec<u8> {
        let version = tlv(tag::context(0, true), &[&[tag::INTEGER, 1, 2]]);
        let validity = tlv(tag::SEQUENCE, &[&moment::written(self.validity.0), &moment::written(self.validity.1)]);
        let extensions = match self.extensions {
            [] => Vec::new(),
            some => tlv(tag::context(3, true), &[&extensions::write(some)]),
        };
        let parts = [&version, &unsigned(self.serial), algorithm, self.issuer, &validity, self.subject, &self.key.info, &extensions];
        tlv(tag::SEQUENCE, &parts)
    }
}

/// A number, from its bytes, in decimal digits.
pub(super) fn decimal(bytes: &[u8]) -> String {
    let mut digits = vec![0_u32];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = *digit * 256 + carry;
            (*digit, carry) = (value % 10, value / 10);
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    digits.iter().rev().map(u32::to_string).collect()
}
