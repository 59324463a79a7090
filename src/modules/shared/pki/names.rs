//! Names of X.509: of whom a request or a certificate speaks, and the other names that extensions hold.

use std::net::IpAddr;

use super::der::{Element, elements, oid, sequence, tag, tlv};

const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const IA5: u8 = 0x16;

/// Attributes of names: what they are called, their object identifier, the tag of their text.
const ATTRIBUTES: &[(&[&str], &str, u8)] = &[
    (&["CN", "commonName"], "2.5.4.3", UTF8),
    (&["SN", "surname"], "2.5.4.4", UTF8),
    (&["serialNumber"], "2.5.4.5", PRINTABLE),
    (&["C", "countryName"], "2.5.4.6", PRINTABLE),
    (&["L", "localityName"], "2.5.4.7", UTF8),
    (&["ST", "stateOrProvinceName"], "2.5.4.8", UTF8),
    (&["street", "streetAddress"], "2.5.4.9", UTF8),
    (&["O", "organizationName"], "2.5.4.10", UTF8),
    (&["OU", "organizationalUnitName"], "2.5.4.11", UTF8),
    (&["title"], "2.5.4.12", UTF8),
    (&["description"], "2.5.4.13", UTF8),
    (&["businessCategory"], "2.5.4.15", UTF8),
    (&["postalAddress"], "2.5.4.16", UTF8),
    (&["postalCode"], "2.5.4.17", UTF8),
    (&["name"], "2.5.4.41", UTF8),
    (&["GN", "givenName"], "2.5.4.42", UTF8),
    (&["initials"], "2.5.4.43", UTF8),
    (&["generationQualifier"], "2.5.4.44", UTF8),
    (&["dnQualifier"], "2.5.4.46", PRINTABLE),
    (&["pseudonym"], "2.5.4.65", UTF8),
    (&["organizationIdentifier"], "2.5.4.97", UTF8),
    (&["UID", "userId"], "0.9.2342.19200300.100.1.1", UTF8),
    (&["DC", "domainComponent"], "0.9.2342.19200300.100.1.25", IA5),
    (&["emailAddress"], "1.2.840.113549.1.9.1", IA5),
    (&["unstructuredName"], "1.2.840.113549.1.9.2", UTF8),
    (&["jurisdictionL", "jurisdictionLocalityName"], "1.3.6.1.4.1.311.60.2.1.1", UTF8),
    (&["jurisdictionST", "jurisdictionStateOrProvinceName"], "1.3.6.1.4.1.311.60.2.1.2", UTF8),
    (&["jurisdictionC", "jurisdictionCountryName"], "1.3.6.1.4.1.311.60.2.1.3", PRINTABLE),
];

/// Those with codes of countries in two letters.
const COUNTRIES: [&str; 2] = ["2.5.4.6", "1.3.6.1.4.1.311.60.2.1.3"];

/// The object identifier of a common name.
pub const COMMON_NAME: &str = "2.5.4.3";

/// The object identifier that an attribute has, and the tag of its text.
fn attribute(name: &str) -> Result<(String, u8), String> {
    if let Some((_, oid, tag)) = ATTRIBUTES.iter().find(|(names, oid, _)| names.contains(&name) || *oid == name) {
        return Ok(((*oid).to_owned(), *tag));
    }
    match oid(name) {
        Some(_) => Ok((name.to_owned(), UTF8)),
        None => Err(format!("no attribute of names is called `{name}`")),
    }
}

/// Whether the attribute is the common name.
pub fn is_common_name(name: &str) -> bool {
    attribute(name).is_ok_and(|(oid, _)| oid == COMMON_NAME)
}

/// An attribute and its value, as DER.
fn pair(name: &str, value: &str) -> Result<Vec<u8>, String> {
    let (dotted, kind) = attribute(name)?;
    let is_printable = |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || " '()+,-./:=?".contains(letter));
    if value.is_empty() {
        return Err(format!("the value of `{name}` is empty"));
    }
    if COUNTRIES.contains(&dotted.as_str()) && value.chars().count() != 2 {
        return Err(format!("`{value}` is no code of a country, which has two letters"));
    }
    if kind == PRINTABLE && !is_printable(value) || kind == IA5 && !value.is_ascii() {
        return Err(format!("`{value}` has letters that `{name}` cannot have"));
    }
    let dotted = oid(&dotted).ok_or_else(|| format!("no attribute of names is called `{name}`"))?;
    Ok(tlv(tag::SEQUENCE, &[&dotted, &tlv(kind, &[value.as_bytes()])]))
}

/// The name with these attributes, each a part of its own.
///
/// # Errors
/// When an attribute is not known or cannot have its value.
pub fn name(parts: &[(String, String)]) -> Result<Vec<u8>, String> {
    let parts: Vec<Vec<u8>> = parts.iter().map(|(name, value)| Ok(tlv(0x31, &[&pair(name, value)?]))).collect::<Result<_, String>>()?;
    Ok(tlv(tag::SEQUENCE, &[&parts.concat()]))
}

/// The attributes of a name and their values, whatever their tags; `None` when it is none.
pub fn attributes(name: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut found = Vec::new();
    for part in sequence(name)? {
        for pair in part.children()? {
            let pair: Vec<Element<'_>> = pair.children()?;
            let [oid, value] = pair.as_slice() else { return None };
            found.push((oid.value.to_vec(), value.value.to_vec()));
        }
    }
    Some(found)
}

/// Splits `CN=a,O=b` or `/CN=a/O=b` into attributes. A backslash takes its meaning from the next sign, or stands for a byte in hex.
fn split(text: &str) -> Result<Vec<(String, String)>, String> {
    let (separator, text) = text.strip_prefix('/').map_or((b',', text), |rest| (b'/', rest));
    let wrong = |why: &str| format!("`{text}` is no name: {why}");
    let (mut parts, mut part, mut rest) = (Vec::new(), Vec::new(), text.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match *byte {
            b'\\' => {
                let hex = rest
                    .get(..2)
                    .and_then(|two| std::str::from_utf8(two).ok())
                    .filter(|two| two.bytes().all(|sign| sign.is_ascii_hexdigit()));
                let (byte, length) = match (hex.and_then(|two| u8::from_str_radix(two, 16).ok()), rest.first()) {
                    (Some(byte), _) => (byte, 2),
                    (None, Some(sign)) => (*sign, 1),
                    (None, None) => return Err(wrong("it ends in a backslash")),
                };
                part.push(byte);
                rest = rest.get(length..).unwrap_or_default();
            }
            b'+' => return Err(wrong("parts with several attributes are not supported; `\\+` is the sign itself")),
            byte if byte == separator => parts.push(std::mem::take(&mut part)),
            byte => part.push(byte),
        }
    }
    if !part.is_empty() || !parts.is_empty() {
        parts.push(part);
    }
    let pairs = parts.into_iter().map(|part| {
        let part = String::from_utf8(part).map_err(|_| wrong("it is not UTF-8"))?;
        let (name, value) = part.split_once('=').ok_or_else(|| wrong(&format!("`{part}` has no `=`")))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    });
    pairs.collect()
}

/// One part of a name out of texts `CN=a`.
///
/// # Errors
/// As [`name`], and for a text that is none.
pub fn relative(texts: &[String]) -> Result<Vec<u8>, String> {
    let mut pairs = Vec::new();
    for text in texts {
        match split(text)?.as_slice() {
            [(name, value)] if !text.starts_with('/') => pairs.push(pair(name, value)?),
            _ => return Err(format!("`{text}` is not one attribute of a name: `CN=example`")),
        }
    }
    pairs.sort();
    Ok(pairs.concat())
}

/// An alternative name out of a text `DNS:example.com`.
///
/// # Errors
/// When it is none.
pub fn general(text: &str) -> Result<Vec<u8>, String> {
    let known = "`DNS:`, `IP:`, `email:`, `URI:`, `RID:`, `dirName:` and `otherName:`";
    let Some((kind, value)) = text.split_once(':') else {
        return Err(format!("`{text}` does not begin with what it is: {known}"));
    };
    let ascii = |number: u8| match value.is_ascii() {
        true => Ok(tlv(tag::context(number, false), &[value.as_bytes()])),
        false => Err(format!("`{text}` has letters beyond ASCII: write domains in their form that begins with `xn--`")),
    };
    match kind {
        "email" => ascii(1),
        "DNS" => ascii(2),
        "URI" => ascii(6),
        "IP" => match value.parse::<IpAddr>() {
            Ok(address) => Ok(tlv(tag::context(7, false), &[&octets(address)])),
            Err(_) => Err(format!("`{value}` is no address")),
        },
        "RID" => oid(value).map(|oid| retagged(&oid, tag::context(8, false))).ok_or_else(|| format!("`{value}` is no object identifier")),
        "dirName" => {
            let mut parts = split(value)?;
            parts.reverse();
            Ok(tlv(tag::context(4, true), &[&name(&parts)?]))
        }
        "otherName" => other(value),
        _ => Err(format!("`{kind}` is no kind of names; these are: {known}")),
    }
}

/// Two of the forms of `OID;TYPE:VALUE`.
fn other(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("`{text}` is not `OID;UTF8:TEXT` or `OID;IA5:TEXT`; other values are not supported");
    let (dotted, value) = text.split_once(';').ok_or_else(wrong)?;
    let dotted = oid(dotted).ok_or_else(|| format!("`{dotted}` is no object identifier"))?;
    let value = match value.split_once(':').ok_or_else(wrong)? {
        ("UTF8" | "UTF8String", text) => tlv(UTF8, &[text.as_bytes()]),
        ("IA5" | "IA5STRING", text) if text.is_ascii() => tlv(IA5, &[text.as_bytes()]),
        _ => return Err(wrong()),
    };
    Ok(tlv(tag::context(0, true), &[&dotted, &tlv(tag::context(0, true), &[&value])]))
}

/// As [`general`], for a subtree of names: an address is a network.
///
/// # Errors
/// As there.
pub fn subtree(text: &str) -> Result<Vec<u8>, String> {
    let Some(network) = text.strip_prefix("IP:") else { return Ok(tlv(tag::SEQUENCE, &[&general(text)?])) };
    let (address, length) = network.split_once('/').map_or((network, None), |(address, length)| (address, Some(length)));
    let address = octets(address.parse::<IpAddr>().map_err(|_| format!("`{network}` is no network"))?);
    let bits = address.len() * 8;
    let length = length.map_or(Some(bits), |length| length.parse().ok()).filter(|length| *length <= bits);
    let length = length.ok_or_else(|| format!("`{network}` is no network"))?;
    let octet =
        |at: usize| 0xff_u8.checked_shl(8_u32.saturating_sub(u32::try_from(length.saturating_sub(at * 8)).unwrap_or(8))).unwrap_or(0);
    let mask: Vec<u8> = (0..address.len()).map(octet).collect();
    if address.iter().zip(&mask).any(|(address, mask)| address & !mask != 0) {
        return Err(format!("`{network}` is no network: its address has bits beyond its length"));
    }
    Ok(tlv(tag::SEQUENCE, &[&tlv(tag::context(7, false), &[&address, &mask])]))
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The element with another tag.
fn retagged(element: &[u8], tag: u8) -> Vec<u8> {
    elements(element).and_then(|found| found.first().map(|one| tlv(tag, &[one.value]))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(made: Result<Vec<u8>, String>) -> String {
        made.map_or_else(|why| why, hex::encode)
    }

    #[test]
    fn alternative_names() {
        for (text, expected) in [
            ("DNS:a.b", "8203612e62"),
            ("email:a@b.c", "81056140622e63"),
            ("URI:x:y", "8603783a79"),
            ("IP:1.2.3.4", "870401020304"),
            ("IP:::1", "871000000000000000000000000000000001"),
            ("RID:1.2.3.4", "88032a0304"),
            ("dirName:CN=foo,O=bar", "a41e301c310c300a060355040a0c03626172310c300a06035504030c03666f6f"),
            ("dirName:/CN=foo/O=bar", "a41e301c310c300a060355040a0c03626172310c300a06035504030c03666f6f"),
            ("dirName:CN=a\\,\\62", "a410300e310c300a06035504030c03612c62"),
            ("otherName:1.2.3.4;UTF8:hello", "a00e06032a0304a0070c0568656c6c6f"),
            ("IP:x", "`x` is no address"),
            ("RID:x", "`x` is no object identifier"),
            ("foo:x", "`foo` is no kind of names; these are: `DNS:`, `IP:`, `email:`, `URI:`, `RID:`, `dirName:` and `otherName:`"),
            ("x", "`x` does not begin with what it is: `DNS:`, `IP:`, `email:`, `URI:`, `RID:`, `dirName:` and `otherName:`"),
            ("dirName:CN=a+O=b", "`CN=a+O=b` is no name: parts with several attributes are not supported; `\\+` is the sign itself"),
            ("DNS:ä", "`DNS:ä` has letters beyond ASCII: write domains in their form that begins with `xn--`"),
            ("otherName:1.2.3;INT:1", "`1.2.3;INT:1` is not `OID;UTF8:TEXT` or `OID;IA5:TEXT`; other values are not supported"),
        ] {
            assert_eq!(shown(general(text)), expected, "{text}");
        }
    }

    #[test]
    fn networks() {
        for (text, expected) in [
            ("IP:10.0.0.0/8", "300a87080a000000ff000000"),
            ("IP:10.64.0.0/10", "300a87080a400000ffc00000"),
            ("IP:1.2.3.4", "300a870801020304ffffffff"),
            ("IP:0.0.0.0/0", "300a87080000000000000000"),
            ("DNS:.x", "300482022e78"),
            ("IP:10.0.0.1/8", "`10.0.0.1/8` is no network: its address has bits beyond its length"),
            ("IP:10.0.0.0/33", "`10.0.0.0/33` is no network"),
        ] {
            assert_eq!(shown(subtree(text)), expected, "{text}");
        }
    }

    #[test]
    fn names_of_subjects() {
        let part = |name: &str, value: &str| shown(super::name(&[(name.to_owned(), value.to_owned())]));
        for (name, value, expected) in [
            ("CN", "x", "300c310a30080603550403 0c0178".replace(' ', "")),
            ("countryName", "DE", "300d310b3009060355040613024445".to_owned()),
            ("DC", "x", "30133111300f060a0992268993f22c64011916 0178".replace(' ', "")),
            ("1.2.3", "x", "300b3109300706022a030c0178".to_owned()),
            ("C", "DEU", "`DEU` is no code of a country, which has two letters".to_owned()),
            ("foo", "x", "no attribute of names is called `foo`".to_owned()),
            ("O", "", "the value of `O` is empty".to_owned()),
            ("serialNumber", "ä", "`ä` has letters that `serialNumber` cannot have".to_owned()),
        ] {
            assert_eq!(part(name, value), expected, "{name}");
        }
        let both = super::name(&[("CN".to_owned(), "a".to_owned()), ("O".to_owned(), "b".to_owned())]).unwrap();
        let found = attributes(&both).unwrap();
        assert_eq!(found, [(vec![0x55, 4, 3], b"a".to_vec()), (vec![0x55, 4, 10], b"b".to_vec())]);
        assert_eq!(relative(&["/CN=a".to_owned()]), Err("`/CN=a` is not one attribute of a name: `CN=example`".to_owned()));
        assert_eq!(relative(&["CN=a".to_owned()]).map(hex::encode), Ok("300806035504030c0161".to_owned()));
    }
}
