//! What a request is to say.

use serde_json::Value;

use super::options::{Arguments, Point};
use crate::modules::shared::pki::extensions::{self, CrlPoint, Extension, id};
use crate::modules::shared::pki::names;
use crate::modules::shared::pki::public::PublicKey;
use crate::modules::shared::pki::request::Request;

/// The extensions that options speak of.
const MANAGED: [&str; 9] = [
    id::ALTERNATIVE_NAME,
    id::KEY_USAGE,
    id::EXTENDED_KEY_USAGE,
    id::BASIC_CONSTRAINTS,
    id::TLS_FEATURE,
    id::NAME_CONSTRAINTS,
    id::SUBJECT_KEY,
    id::AUTHORITY_KEY,
    id::CRL_POINTS,
];

/// What a request is to say.
pub(super) struct Wanted {
    /// The attributes of the subject.
    pub(super) parts: Vec<(String, String)>,
    /// The subject in DER.
    pub(super) subject: Vec<u8>,
    is_ordered: bool,
    /// Other names of the subject.
    pub(super) names: Option<Vec<String>>,
    extensions: Vec<Extension>,
    with_key_identifier: bool,
}

impl Wanted {
    /// # Errors
    /// When something of it cannot be said in a request.
    pub(super) fn new(args: &Arguments) -> Result<Self, String> {
        let parts = subject(args)?;
        let own_name = parts.iter().find(|(name, _)| names::is_common_name(name)).map(|(_, value)| vec![format!("DNS:{value}")]);
        let names = args.subject_alt_name.clone().filter(|names| !names.is_empty()).or(own_name.filter(|_| args.use_common_name_for_san));
        if args.create_subject_key_identifier && args.subject_key_identifier.is_some() {
            return Err("`subject_key_identifier` has no place beside `create_subject_key_identifier`".to_owned());
        }
        let subject = names::name(&parts)?;
        let extensions = extensions(args, names.as_deref())?;
        let with_key_identifier = args.create_subject_key_identifier;
        Ok(Self { parts, subject, is_ordered: args.subject_ordered.is_some(), names, extensions, with_key_identifier })
    }

    /// The extensions of a request with this key.
    pub(super) fn extensions(&self, key: &PublicKey) -> Vec<Extension> {
        let mut all = self.extensions.clone();
        if self.with_key_identifier {
            let at = all.iter().position(|one| matches!(one.oid.as_str(), id::AUTHORITY_KEY | id::CRL_POINTS)).unwrap_or(all.len());
            all.insert(at, Extension::new(id::SUBJECT_KEY, false, extensions::subject_key(&extensions::key_identifier(key))));
        }
        all
    }

    /// Whether the request says it already.
    pub(super) fn is_met_by(&self, request: &Request, key: &PublicKey) -> bool {
        let attributes = |name: &[u8]| {
            let mut attributes = names::attributes(name);
            if let Some(attributes) = attributes.as_mut().filter(|_| !self.is_ordered) {
                attributes.sort();
            }
            attributes
        };
        let meanings = |all: &[Extension]| {
            let managed = all.iter().filter(|one| MANAGED.contains(&one.oid.as_str()));
            let mut meanings: Vec<_> = managed.map(|one| (one.oid.clone(), one.meaning())).collect();
            meanings.sort();
            meanings
        };
        attributes(&self.subject) == attributes(&request.subject) && meanings(&self.extensions(key)) == meanings(&request.extensions)
    }
}

/// The attributes of the subject, in their order.
fn subject(args: &Arguments) -> Result<Vec<(String, String)>, String> {
    let mut parts = Vec::new();
    let own = [
        ("C", &args.country_name),
        ("ST", &args.state_or_province_name),
        ("L", &args.locality_name),
        ("O", &args.organization_name),
        ("OU", &args.organizational_unit_name),
        ("CN", &args.common_name),
        ("emailAddress", &args.email_address),
    ];
    let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone().filter(|value| !value.is_empty())?)));
    parts.extend(own);
    for (name, value) in args.subject.iter().flatten() {
        add(&mut parts, name, value)?;
    }
    for (number, entry) in args.subject_ordered.iter().flatten().enumerate() {
        match entry.iter().collect::<Vec<_>>().as_slice() {
            [(name, value)] => add(&mut parts, name, value)?,
            _ => return Err(format!("the entry {} of `subject_ordered` has not exactly one key", number + 1)),
        }
    }
    Ok(parts)
}

fn add(parts: &mut Vec<(String, String)>, name: &str, value: &Value) -> Result<(), String> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    for value in values {
        let text = value.as_str().ok_or_else(|| format!("the value of `{name}` is neither a text nor a list of texts"))?;
        parts.push((name.to_owned(), text.to_owned()));
    }
    Ok(())
}

fn extensions(args: &Arguments, alternative: Option<&[String]>) -> Result<Vec<Extension>, String> {
    let mut all = Vec::new();
    let mut add = |oid, critical, value| all.push(Extension::new(oid, critical, value));
    let some = |list: &Option<Vec<String>>| list.clone().filter(|list| !list.is_empty());
    if let Some(names) = alternative {
        add(id::ALTERNATIVE_NAME, args.subject_alt_name_critical, extensions::alternative_names(names)?);
    }
    if let Some(words) = some(&args.key_usage) {
        add(id::KEY_USAGE, args.key_usage_critical, extensions::key_usage(&words)?);
    }
    if let Some(words) = some(&args.extended_key_usage) {
        add(id::EXTENDED_KEY_USAGE, args.extended_key_usage_critical, extensions::extended_key_usage(&words)?);
    }
    if let Some(words) = some(&args.basic_constraints) {
        add(id::BASIC_CONSTRAINTS, args.basic_constraints_critical, extensions::basic_constraints(&words)?);
    }
    if args.ocsp_must_staple {
        add(id::TLS_FEATURE, args.ocsp_must_staple_critical, extensions::must_staple());
    }
    let (permitted, excluded) = (some(&args.name_constraints_permitted), some(&args.name_constraints_excluded));
    if permitted.is_some() || excluded.is_some() {
        let value = extensions::name_constraints(&permitted.unwrap_or_default(), &excluded.unwrap_or_default())?;
        add(id::NAME_CONSTRAINTS, args.name_constraints_critical, value);
    }
    if let Some(text) = &args.subject_key_identifier {
        add(id::SUBJECT_KEY, false, extensions::subject_key(&extensions::identifier(text)?));
    }
    let identifier = args.authority_key_identifier.as_deref().map(extensions::identifier).transpose()?;
    if identifier.is_some() || args.authority_cert_issuer.is_some() {
        let serial = args.authority_cert_serial_number.as_ref().map(serial).transpose()?;
        let value = extensions::authority_key(identifier.as_deref(), args.authority_cert_issuer.as_deref(), serial.as_deref())?;
        add(id::AUTHORITY_KEY, false, value);
    }
    if let Some(points) = args.crl_distribution_points.as_ref().filter(|points| !points.is_empty()) {
        let points: Vec<Vec<u8>> = points.iter().map(Point::written).collect::<Result<_, _>>()?;
        let value = crate::modules::shared::pki::der::tlv(crate::modules::shared::pki::der::tag::SEQUENCE, &[&points.concat()]);
        add(id::CRL_POINTS, false, value);
    }
    Ok(all)
}

/// The bytes of a serial number.
fn serial(number: &Value) -> Result<Vec<u8>, String> {
    let bytes = number.to_string().parse::<u128>().map(|number| number.to_be_bytes().to_vec());
    bytes.map_err(|_| format!("`{number}` is no serial number of at most 128 bits"))
}

impl Point {
    fn written(&self) -> Result<Vec<u8>, String> {
        let point = CrlPoint {
            full: self.full_name.as_deref(),
            relative: self.relative_name.as_deref(),
            issuer: self.crl_issuer.as_deref(),
            reasons: self.reasons.as_deref(),
        };
        point.written()
    }
}
