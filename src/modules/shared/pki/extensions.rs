//! Extensions of requests and certificates.

use sha1::{Digest as _, Sha1};

use super::der::{Element, bit_length, elements, oid, sequence, tag, tlv, unsigned};
use super::names::{general, relative, subtree};
use super::public::PublicKey;

/// Object identifiers of extensions.
pub mod id {
    /// Subject key identifier.
    pub const SUBJECT_KEY: &str = "2.5.29.14";
    /// Key usage.
    pub const KEY_USAGE: &str = "2.5.29.15";
    /// Subject alternative name.
    pub const ALTERNATIVE_NAME: &str = "2.5.29.17";
    /// Basic constraints.
    pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    /// Name constraints.
    pub const NAME_CONSTRAINTS: &str = "2.5.29.30";
    /// CRL distribution points.
    pub const CRL_POINTS: &str = "2.5.29.31";
    /// Authority key identifier.
    pub const AUTHORITY_KEY: &str = "2.5.29.35";
    /// Extended key usage.
    pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    /// TLS features, of which OCSP must-staple is one.
    pub const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
}

/// The value of the extension that demands OCSP stapling.
const MUST_STAPLE: [u8; 5] = [0x30, 3, 2, 1, 5];

/// What keys may be used for, in the order of their bits.
const USAGES: &[&[&str]] = &[
    &["digitalSignature", "Digital Signature"],
    &["nonRepudiation", "Non Repudiation", "contentCommitment", "Content Commitment"],
    &["keyEncipherment", "Key Encipherment"],
    &["dataEncipherment", "Data Encipherment"],
    &["keyAgreement", "Key Agreement"],
    &["keyCertSign", "Certificate Sign"],
    &["cRLSign", "CRL Sign"],
    &["encipherOnly", "Encipher Only"],
    &["decipherOnly", "Decipher Only"],
];

/// The same in more detail: names and object identifier.
const EXTENDED_USAGES: &[(&[&str], &str)] = &[
    (&["serverAuth", "TLS Web Server Authentication"], "1.3.6.1.5.5.7.3.1"),
    (&["clientAuth", "TLS Web Client Authentication"], "1.3.6.1.5.5.7.3.2"),
    (&["codeSigning", "Code Signing"], "1.3.6.1.5.5.7.3.3"),
    (&["emailProtection", "E-mail Protection"], "1.3.6.1.5.5.7.3.4"),
    (&["ipsecEndSystem", "IPSec End System"], "1.3.6.1.5.5.7.3.5"),
    (&["ipsecTunnel", "IPSec Tunnel"], "1.3.6.1.5.5.7.3.6"),
    (&["ipsecUser", "IPSec User"], "1.3.6.1.5.5.7.3.7"),
    (&["timeStamping", "Time Stamping"], "1.3.6.1.5.5.7.3.8"),
    (&["OCSPSigning", "OCSP Signing"], "1.3.6.1.5.5.7.3.9"),
    (&["DVCS", "dvcs"], "1.3.6.1.5.5.7.3.10"),
    (&["ipsecIKE", "ipsec Internet Key Exchange"], "1.3.6.1.5.5.7.3.17"),
    (&["anyExtendedKeyUsage", "Any Extended Key Usage"], "2.5.29.37.0"),
    (&["msCodeInd", "Microsoft Individual Code Signing"], "1.3.6.1.4.1.311.2.1.21"),
    (&["msCodeCom", "Microsoft Commercial Code Signing"], "1.3.6.1.4.1.311.2.1.22"),
    (&["msCTLSign", "Microsoft Trust List Signing"], "1.3.6.1.4.1.311.10.3.1"),
    (&["msSGC", "Microsoft Server Gated Crypto"], "1.3.6.1.4.1.311.10.3.3"),
    (&["msEFS", "Microsoft Encrypted File System"], "1.3.6.1.4.1.311.10.3.4"),
    (&["msSmartcardLogin", "Microsoft Smartcardlogin"], "1.3.6.1.4.1.311.20.2.2"),
    (&["nsSGC", "Netscape Server Gated Crypto"], "2.16.840.1.113730.4.1"),
    (&["pkInitClientAuth", "PKINIT Client Auth"], "1.3.6.1.5.2.3.4"),
    (&["pkInitKDC", "Signing KDC Response"], "1.3.6.1.5.2.3.5"),
];

/// Why a list of revoked certificates is asked for, in the order of its bits from the second on; the first one is not used.
pub const REASONS: &[&str] = &[
    "key_compromise",
    "ca_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "certificate_hold",
    "privilege_withdrawn",
    "aa_compromise",
];

/// An extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its object identifier.
    pub oid: String,
    /// Whether those who do not know it must refuse what has it.
    pub critical: bool,
    /// Its value, in DER.
    pub value: Vec<u8>,
}

impl Extension {
    /// One of those in [`id`].
    pub fn new(oid: &str, critical: bool, value: Vec<u8>) -> Self {
        Self { oid: oid.to_owned(), critical, value }
    }

    fn read(element: &Element<'_>) -> Option<Self> {
        let parts = element.children()?;
        let oid = parts.first()?.oid()?.to_string();
        let critical = parts.iter().any(|part| part.tag == tag::BOOLEAN && part.value != [0]);
        Some(Self { oid, critical, value: parts.last()?.expect(tag::OCTET_STRING)?.to_vec() })
    }

    fn written(&self) -> Vec<u8> {
        let critical = if self.critical { tlv(tag::BOOLEAN, &[&[0xff]]) } else { Vec::new() };
        tlv(tag::SEQUENCE, &[&oid(&self.oid).unwrap_or_default(), &critical, &tlv(tag::OCTET_STRING, &[&self.value])])
    }

    /// What it says, where the order of a list means nothing.
    pub fn meaning(&self) -> (bool, Vec<Vec<u8>>) {
        let parts = |bytes: &[u8]| -> Option<Vec<Vec<u8>>> {
            let mut parts: Vec<Vec<u8>> = elements(bytes)?.iter().map(|part| part.whole.to_vec()).collect();
            parts.sort();
            parts.dedup();
            Some(parts)
        };
        let said = match self.oid.as_str() {
            id::ALTERNATIVE_NAME | id::EXTENDED_KEY_USAGE => {
                sequence(&self.value).map(|all| all.iter().map(|one| one.whole).collect::<Vec<_>>().concat())
            }
            id::NAME_CONSTRAINTS => {
                let sides = sequence(&self.value).unwrap_or_default();
                let side = |side: &Element<'_>| Some(tlv(side.tag, &[&parts(side.value)?.concat()]));
                return (self.critical, sides.iter().filter_map(side).collect());
            }
            _ => None,
        };
        (self.critical, said.and_then(|all| parts(&all)).unwrap_or_else(|| vec![self.value.clone()]))
    }
}

/// The extensions in a sequence of them.
pub fn read(bytes: &[u8]) -> Option<Vec<Extension>> {
    sequence(bytes)?.iter().map(Extension::read).collect()
}

/// A sequence of them.
pub fn write(extensions: &[Extension]) -> Vec<u8> {
    tlv(tag::SEQUENCE, &[&extensions.iter().map(Extension::written).collect::<Vec<_>>().concat()])
}

/// A list of names bit by bit.
fn bits(set: impl Iterator<Item = usize>) -> Vec<u8> {
    let mut bytes = [0_u8; 2];
    for bit in set {
        if let Some(byte) = bytes.get_mut(bit / 8) {
            *byte |= 0x80 >> (bit % 8);
        }
    }
    let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let used = bytes.get(..length).unwrap_or_default();
    let unused = used.last().map_or(0, |last| last.trailing_zeros() as u8);
    tlv(tag::BIT_STRING, &[&[unused], used])
}

/// A list of alternative names.
///
/// # Errors
/// When one is none.
pub fn alternative_names(names: &[String]) -> Result<Vec<u8>, String> {
    let names: Vec<Vec<u8>> = names.iter().map(|name| general(name)).collect::<Result<_, _>>()?;
    Ok(tlv(tag::SEQUENCE, &[&names.concat()]))
}

/// What the key may be used for.
///
/// # Errors
/// For a word that is not known.
pub fn key_usage(words: &[String]) -> Result<Vec<u8>, String> {
    let found = words.iter().map(|word| {
        let known = USAGES.iter().position(|names| names.contains(&word.as_str()));
        known.ok_or_else(|| format!("no use of keys is called `{word}`; these are: {}", listed(USAGES.iter().map(|names| names[0]))))
    });
    let found: Vec<usize> = found.collect::<Result<_, _>>()?;
    if !found.contains(&4) && found.iter().any(|bit| *bit > 6) {
        return Err("`encipherOnly` and `decipherOnly` mean something beside `keyAgreement` only".to_owned());
    }
    Ok(bits(found.into_iter()))
}

/// As [`key_usage`], in more detail.
///
/// # Errors
/// As there.
pub fn extended_key_usage(words: &[String]) -> Result<Vec<u8>, String> {
    let found = words.iter().map(|word| {
        let known = EXTENDED_USAGES.iter().find(|(names, _)| names.contains(&word.as_str()));
        let names = || listed(EXTENDED_USAGES.iter().map(|(names, _)| names[0]));
        oid(known.map_or(word, |(_, oid)| oid)).ok_or_else(|| format!("no purpose of keys is called `{word}`; these are: {}", names()))
    });
    Ok(tlv(tag::SEQUENCE, &[&found.collect::<Result<Vec<_>, _>>()?.concat()]))
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Whether it is an authority, and how long a chain below it may be, from `CA:TRUE` and `pathlen:0`.
///
/// # Errors
/// For another word.
pub fn basic_constraints(words: &[String]) -> Result<Vec<u8>, String> {
    let (mut is_authority, mut length) = (false, None);
    for word in words {
        match word.split_once(':') {
            Some(("CA", "TRUE")) => is_authority = true,
            Some(("CA", "FALSE")) => is_authority = false,
            Some(("pathlen" | "pathLenConstraint", number)) => {
                length = Some(number.parse::<u32>().map_err(|_| format!("`{number}` is no length of a path"))?);
            }
            _ => return Err(format!("`{word}` is no basic constraint; these are: `CA:TRUE`, `CA:FALSE` and `pathlen:N`")),
        }
    }
    if length.is_some() && !is_authority {
        return Err("`pathlen` means something beside `CA:TRUE` only".to_owned());
    }
    let authority = if is_authority { tlv(tag::BOOLEAN, &[&[0xff]]) } else { Vec::new() };
    Ok(tlv(tag::SEQUENCE, &[&authority, &length.map(|length| unsigned(&length.to_be_bytes())).unwrap_or_default()]))
}

/// That OCSP stapling is demanded.
pub fn must_staple() -> Vec<u8> {
    MUST_STAPLE.to_vec()
}

/// Of which names an authority may and may not speak.
///
/// # Errors
/// When a name is none.
pub fn name_constraints(permitted: &[String], excluded: &[String]) -> Result<Vec<u8>, String> {
    let side = |number: u8, names: &[String]| -> Result<Vec<u8>, String> {
        let subtrees: Vec<Vec<u8>> = names.iter().map(|name| subtree(name)).collect::<Result<_, _>>()?;
        Ok(if subtrees.is_empty() { Vec::new() } else { tlv(tag::context(number, true), &[&subtrees.concat()]) })
    };
    Ok(tlv(tag::SEQUENCE, &[&side(0, permitted)?, &side(1, excluded)?]))
}

/// Bytes out of hex with colons.
///
/// # Errors
/// When it is none.
pub fn identifier(text: &str) -> Result<Vec<u8>, String> {
    let bytes = hex::decode(text.replace(':', ""));
    bytes.ok().filter(|bytes| !bytes.is_empty()).ok_or_else(|| format!("`{text}` is not bytes in hex with colons between them"))
}

/// The identifier that is made of a key.
pub fn key_identifier(key: &PublicKey) -> Vec<u8> {
    Sha1::digest(&key.bits).to_vec()
}

/// The identifier of a subject's key.
pub fn subject_key(identifier: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, &[identifier])
}

/// The identifier of an authority's key, and the names and the serial number of its certificate.
///
/// # Errors
/// When a name is none.
pub fn authority_key(identifier: Option<&[u8]>, names: Option<&[String]>, serial: Option<&[u8]>) -> Result<Vec<u8>, String> {
    let identifier = identifier.map(|identifier| tlv(tag::context(0, false), &[identifier])).unwrap_or_default();
    let names: Vec<Vec<u8>> = names.unwrap_or_default().iter().map(|name| general(name)).collect::<Result<_, _>>()?;
    let names = if names.is_empty() { Vec::new() } else { tlv(tag::context(1, true), &[&names.concat()]) };
    let serial = serial.map(unsigned).and_then(|number| Some(tlv(tag::context(2, false), &[elements(&number)?.first()?.value])));
    Ok(tlv(tag::SEQUENCE, &[&identifier, &names, &serial.unwrap_or_default()]))
}

/// Where lists of revoked certificates are.
pub struct CrlPoint<'a> {
    /// Whole names of a list.
    pub full: Option<&'a [String]>,
    /// Its name below that of its issuer.
    pub relative: Option<&'a [String]>,
    /// Its issuer.
    pub issuer: Option<&'a [String]>,
    /// For which reasons it is asked.
    pub reasons: Option<&'a [String]>,
}

impl CrlPoint<'_> {
    /// As DER.
    ///
    /// # Errors
    /// When a name is none.
    pub fn written(&self) -> Result<Vec<u8>, String> {
        let names = |number: u8, names: &[String]| -> Result<Vec<u8>, String> {
            let names: Vec<Vec<u8>> = names.iter().map(|name| general(name)).collect::<Result<_, _>>()?;
            Ok(tlv(tag::context(number, true), &[&names.concat()]))
        };
        let place = match (self.full, self.relative) {
            (Some(_), Some(_)) => return Err("a distribution point has `full_name` or `relative_name`, not both".to_owned()),
            (Some(full), None) => tlv(tag::context(0, true), &[&names(0, full)?]),
            (None, Some(texts)) => tlv(tag::context(0, true), &[&tlv(tag::context(1, true), &[&relative(texts)?])]),
            (None, None) => Vec::new(),
        };
        let set = self
            .reasons
            .map(|reasons| bits(reasons.iter().filter_map(|reason| REASONS.iter().position(|known| known == reason).map(|at| at + 1))));
        let reasons = set.and_then(|set| Some(tlv(tag::context(1, false), &[elements(&set)?.first()?.value]))).unwrap_or_default();
        let issuer = self.issuer.map(|issuer| names(2, issuer)).transpose()?.unwrap_or_default();
        Ok(tlv(tag::SEQUENCE, &[&place, &reasons, &issuer]))
    }
}

/// Whether a number fits where serial numbers are: at most 20 bytes.
pub fn is_serial(number: &[u8]) -> bool {
    bit_length(number) < 160
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    fn shown(made: Result<Vec<u8>, String>) -> String {
        made.map_or_else(|why| why, hex::encode)
    }

    #[test]
    fn uses_of_keys() {
        for (text, expected) in [
            ("digitalSignature", "03020780"),
            ("keyAgreement digitalSignature keyEncipherment", "030203a8"),
            ("keyAgreement decipherOnly", "0303070880"),
            ("cRLSign keyCertSign", "03020106"),
            ("encipherOnly", "`encipherOnly` and `decipherOnly` mean something beside `keyAgreement` only"),
        ] {
            assert_eq!(shown(key_usage(&words(text))), expected, "{text}");
        }
        assert!(
            shown(key_usage(&words("foo"))).starts_with("no use of keys is called `foo`; these are: `digitalSignature`, `nonRepudiation`")
        );
        assert_eq!(shown(extended_key_usage(&words("serverAuth 1.2.3"))), "300e06082b0601050507030106022a03");
        assert!(shown(extended_key_usage(&words("foo"))).starts_with("no purpose of keys is called `foo`; these are: `serverAuth`"));
    }

    #[test]
    fn constraints() {
        for (text, expected) in [
            ("CA:TRUE pathlen:0", "30060101ff020100"),
            ("CA:TRUE pathlen:200", "30070101ff020200c8"),
            ("CA:FALSE", "3000"),
            ("pathlen:1", "`pathlen` means something beside `CA:TRUE` only"),
            ("foo", "`foo` is no basic constraint; these are: `CA:TRUE`, `CA:FALSE` and `pathlen:N`"),
        ] {
            assert_eq!(shown(basic_constraints(&words(text))), expected, "{text}");
        }
        assert_eq!(shown(name_constraints(&words("DNS:.x"), &words("DNS:y"))), "300fa006300482022e78a1053003820179");
    }

    #[test]
    fn extensions_are_read_as_they_are_written_and_compared_by_their_meaning() {
        let names = |text: &str| Extension::new(id::ALTERNATIVE_NAME, true, alternative_names(&words(text)).unwrap());
        let all = [names("DNS:a DNS:b"), Extension::new(id::SUBJECT_KEY, false, subject_key(&[1, 2]))];
        assert_eq!(read(&write(&all)).unwrap(), all);
        assert_ne!(names("DNS:a DNS:b"), names("DNS:b DNS:a"));
        assert_eq!(names("DNS:a DNS:b").meaning(), names("DNS:b DNS:a").meaning());
        assert_ne!(names("DNS:a").meaning(), names("DNS:b").meaning());
        let constraints = |permitted: &str| Extension::new(id::NAME_CONSTRAINTS, false, name_constraints(&words(permitted), &[]).unwrap());
        assert_eq!(constraints("DNS:a DNS:b").meaning(), constraints("DNS:b DNS:a").meaning());
        assert_ne!(
            constraints("DNS:a").meaning(),
            Extension::new(id::NAME_CONSTRAINTS, false, name_constraints(&[], &words("DNS:a")).unwrap()).meaning()
        );
    }

    #[test]
    fn points_of_lists() {
        let (full, issuer, reasons) = (words("URI:x"), words("dirName:CN=c"), words("certificate_hold key_compromise"));
        let point = CrlPoint { full: Some(&full), relative: None, issuer: Some(&issuer), reasons: Some(&reasons) };
        assert_eq!(
            shown(point.written()),
            "301fa005a00386017881020142a212a410300e310c300a06035504030c0163"
                .replace("a212a410300e310c300a06035504030c0163", "a210a40e300c310a300806035504030c0163")
                .replace("301f", "301d")
        );
        let relative = words("CN=c");
        let point = CrlPoint { full: None, relative: Some(&relative), issuer: None, reasons: None };
        assert_eq!(shown(point.written()), "300ea00ca10a300806035504030c0163");
        assert_eq!(
            shown(authority_key(Some(&[0, 0x11]), Some(&words("DNS:x")), Some(&[0x80]))),
            "300d80020011a1038201788202 0080".replace(' ', "")
        );
        assert_eq!(identifier("00:fx"), Err("`00:fx` is not bytes in hex with colons between them".to_owned()));
    }
}
