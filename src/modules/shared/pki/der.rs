//! DER, a level at a time: the crate `der` reads it, and putting it together is one function.

use der::{Decode as _, Reader as _, SliceReader, asn1::AnyRef, asn1::ObjectIdentifier};

/// Tags by their octet.
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// OBJECT IDENTIFIER.
    pub const OID: u8 = 0x06;
    /// SEQUENCE.
    pub const SEQUENCE: u8 = 0x30;

    /// A tag with a number of its place.
    pub const fn context(number: u8, constructed: bool) -> u8 {
        0x80 | number | if constructed { 0x20 } else { 0 }
    }
}

/// A value with its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'d> {
    /// The octet of the tag.
    pub tag: u8,
    /// What is in it.
    pub value: &'d [u8],
    /// With tag and length.
    pub whole: &'d [u8],
}

impl<'d> Element<'d> {
    /// The elements in it; `None` when it holds none.
    pub fn children(&self) -> Option<Vec<Element<'d>>> {
        elements(self.value)
    }

    /// Its value when it has this tag.
    pub fn expect(&self, tag: u8) -> Option<&'d [u8]> {
        (self.tag == tag).then_some(self.value)
    }

    /// The object identifier it is.
    pub fn oid(&self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.expect(tag::OID)?).ok()
    }

    /// The bytes of the bit string it is, when its bits fill them.
    pub fn bits(&self) -> Option<&'d [u8]> {
        self.expect(tag::BIT_STRING)?.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bits)| bits)
    }
}

/// The elements one after another; `None` when the bytes are no DER.
pub fn elements(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let mut found = Vec::new();
    while !reader.is_finished() {
        let whole = reader.tlv_bytes().ok()?;
        let value = AnyRef::from_der(whole).ok()?.value();
        found.push(Element { tag: *whole.first()?, value, whole });
    }
    Some(found)
}

/// What is in the one sequence that the bytes are.
pub fn sequence(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    match elements(bytes)?.as_slice() {
        [only] if only.tag == tag::SEQUENCE => only.children(),
        _ => None,
    }
}

/// The element with this tag that holds the parts one after another.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut made = vec![tag];
    let octets = length.to_be_bytes();
    let octets = octets.get(octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len() - 1)..).unwrap_or_default();
    if length >= 0x80 {
        made.push(0x80 | u8::try_from(octets.len()).unwrap_or_default());
    }
    made.extend_from_slice(octets);
    parts.iter().for_each(|part| made.extend_from_slice(part));
    made
}

/// The object identifier in its dotted form, as an element.
pub fn oid(dotted: &str) -> Option<Vec<u8>> {
    ObjectIdentifier::new(dotted).ok().map(|oid| tlv(tag::OID, &[oid.as_bytes()]))
}

/// A number that is not negative, from its bytes.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let bytes = bytes.get(start..).unwrap_or_default();
    match bytes.first() {
        None => tlv(tag::INTEGER, &[&[0]]),
        Some(first) if *first >= 0x80 => tlv(tag::INTEGER, &[&[0], bytes]),
        Some(_) => tlv(tag::INTEGER, &[bytes]),
    }
}

/// How many bits a number takes.
pub fn bit_length(bytes: &[u8]) -> usize {
    let mut rest = bytes.iter().skip_while(|byte| **byte == 0);
    rest.next().map_or(0, |first| 8 - first.leading_zeros() as usize + 8 * rest.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_as_they_are_written() {
        let inner = tlv(tag::OCTET_STRING, &[&[7; 200]]);
        let outer = tlv(tag::SEQUENCE, &[&inner, &unsigned(&[0, 0x80]), &oid("1.2.840.113549").unwrap()]);
        assert_eq!((outer[..4].to_vec(), inner[..3].to_vec()), (vec![0x30, 0x81, 0xd7, 0x04], vec![0x04, 0x81, 200]));
        let found = sequence(&outer).unwrap();
        assert_eq!(found.iter().map(|one| one.tag).collect::<Vec<_>>(), [tag::OCTET_STRING, tag::INTEGER, tag::OID]);
        assert_eq!((found[0].value, found[0].whole), ([7; 200].as_slice(), inner.as_slice()));
        assert_eq!(found[1].value, [0, 0x80]);
        assert_eq!(found[2].oid().unwrap().to_string(), "1.2.840.113549");
        assert_eq!(tlv(tag::OCTET_STRING, &[&[0; 300]])[..4], [0x04, 0x82, 0x01, 0x2c]);
        assert_eq!((unsigned(&[]), bit_length(&[0, 1, 0]), bit_length(&[])), (vec![2, 1, 0], 9, 0));
    }

    #[test]
    fn what_is_no_der_is_nothing() {
        for bytes in [&[0x30][..], &[0x30, 5, 1], &[0x30, 0x80, 0, 0], &[0x30, 0x81, 1, 0]] {
            assert_eq!(elements(bytes), None, "{bytes:?}");
        }
        assert_eq!(sequence(&[0x30, 0, 0x30, 0]), None);
        assert_eq!((oid("foo"), oid("1.2.3").map(|oid| oid[2])), (None, Some(0x2a)));
    }
}
