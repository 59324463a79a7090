//! The options of `openssl_csr`.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use crate::modules::shared::file_options::FILE_OPTIONS;
use crate::modules::shared::pki::extensions::REASONS;
use crate::modules::shared::state::State;
use crate::modules::spec::join;
use crate::modules::{Kind, Opt};

const POINT: &[Opt] = &[
    Opt::new(
        "full_name",
        Kind::List(&Kind::Str),
        "Names of a list, as `URI:https://ca.example.com/revoked.crl`. Has no place beside `relative_name`.",
    ),
    Opt::new("relative_name", Kind::List(&Kind::Str), "The name of a list below that of its issuer, as attributes: `CN=revoked`."),
    Opt::new("crl_issuer", Kind::List(&Kind::Str), "Names of the issuer of the list, as `dirName:CN=Our authority`."),
    Opt::new("reasons", Kind::List(&Kind::Str), "For which reasons the list is asked.").choices(REASONS),
];

const OWN: &[Opt] = &[
    Opt::new("path", Kind::Path, "The file.").required(),
    Opt::new("state", Kind::Str, "Whether the request is to be there.").choices(&["absent", "present"]).default("\"present\""),
    Opt::new("privatekey_path", Kind::Path, "The file of the private key that signs."),
    Opt::new("privatekey_content", Kind::Str, "The private key itself.").secret(),
    Opt::new("privatekey_passphrase", Kind::Str, "What protects the private key.").secret(),
    Opt::new("digest", Kind::Str, "The digest of the signature of a new request: `md5`, `sha1`, `sha224`, `sha256`, `sha384` or `sha512`.")
        .default("\"sha256\""),
    Opt::new("version", Kind::Int, "The version of the request; there is only one.").choices(&["1"]).default("1"),
    Opt::new(
        "subject",
        Kind::Dict,
        "Attributes of the subject by name (`CN`, `O`, `serialNumber`, …) or object identifier, behind those that have options of their own; a list says \
         one several times. Their order counts for new requests only.",
    ),
    Opt::new("subject_ordered", Kind::List(&Kind::Dict), "All attributes of the subject, each a mapping with one key, in an order that counts."),
    Opt::new("country_name", Kind::Str, "The country of the subject, in two letters.").aliases(&["C", "countryName"]),
    Opt::new("state_or_province_name", Kind::Str, "The state of the subject.").aliases(&["ST", "stateOrProvinceName"]),
    Opt::new("locality_name", Kind::Str, "The place of the subject.").aliases(&["L", "localityName"]),
    Opt::new("organization_name", Kind::Str, "The organization of the subject.").aliases(&["O", "organizationName"]),
    Opt::new("organizational_unit_name", Kind::Str, "The part of the organization.").aliases(&["OU", "organizationalUnitName"]),
    Opt::new("common_name", Kind::Str, "The name of the subject.").aliases(&["CN", "commonName"]),
    Opt::new("email_address", Kind::Str, "The address of the subject for mail.").aliases(&["E", "emailAddress"]),
    Opt::new(
        "subject_alt_name",
        Kind::List(&Kind::Str),
        "Other names of the subject: `DNS:`, `IP:`, `email:`, `URI:`, `RID:`, `dirName:` (`CN=a,O=b`) or `otherName:` (`OID;UTF8:text`) and the name. \
         Domains beyond ASCII are written as `xn--`.",
    )
    .aliases(&["subjectAltName"]),
    Opt::new("subject_alt_name_critical", Kind::Bool, "Whether who does not know that extension must refuse it.")
        .default("false")
        .aliases(&["subjectAltName_critical"]),
    Opt::new("use_common_name_for_san", Kind::Bool, "Whether the common name is the other name too where there is none, as `DNS:`.")
        .default("true")
        .aliases(&["useCommonNameForSAN"]),
    Opt::new("key_usage", Kind::List(&Kind::Str), "What the key may be used for: `digitalSignature`, `keyEncipherment`, `keyCertSign`, ….").aliases(&["keyUsage"]),
    Opt::new("key_usage_critical", Kind::Bool, "Whether who does not know that extension must refuse it.").default("false").aliases(&["keyUsage_critical"]),
    Opt::new("extended_key_usage", Kind::List(&Kind::Str), "The same in more detail: `serverAuth`, `clientAuth`, …, or object identifiers.")
        .aliases(&["extKeyUsage", "extendedKeyUsage"]),
    Opt::new("extended_key_usage_critical", Kind::Bool, "Whether who does not know that extension must refuse it.")
        .default("false")
        .aliases(&["extKeyUsage_critical", "extendedKeyUsage_critical"]),
    Opt::new("basic_constraints", Kind::List(&Kind::Str), "`CA:TRUE` or `CA:FALSE`, and `pathlen:N` for an authority.").aliases(&["basicConstraints"]),
    Opt::new("basic_constraints_critical", Kind::Bool, "Whether who does not know that extension must refuse it.")
        .default("false")
        .aliases(&["basicConstraints_critical"]),
    Opt::new("ocsp_must_staple", Kind::Bool, "Whether servers with the certificate have to staple OCSP.").default("false").aliases(&["ocspMustStaple"]),
    Opt::new("ocsp_must_staple_critical", Kind::Bool, "Whether who does not know that extension must refuse it.")
        .default("false")
        .aliases(&["ocspMustStaple_critical"]),
    Opt::new("name_constraints_permitted", Kind::List(&Kind::Str), "Of which names an authority may speak, as in `subject_alt_name`; `IP:` with a network."),
    Opt::new("name_constraints_excluded", Kind::List(&Kind::Str), "Of which names an authority may not speak."),
    Opt::new("name_constraints_critical", Kind::Bool, "Whether who does not know that extension must refuse it.").default("false"),
    Opt::new("create_subject_key_identifier", Kind::Bool, "Whether the identifier of the key is made of the key.").default("false"),
    Opt::new("subject_key_identifier", Kind::Str, "The identifier of the key, in hex with colons."),
    Opt::new("authority_key_identifier", Kind::Str, "The identifier of the authority's key, in hex with colons."),
    Opt::new("authority_cert_issuer", Kind::List(&Kind::Str), "Names of the issuer of the authority's certificate, as in `subject_alt_name`."),
    Opt::new("authority_cert_serial_number", Kind::Int, "The serial number of the authority's certificate."),
    Opt::new("crl_distribution_points", Kind::List(&Kind::Dict), "Where lists of revoked certificates are.").suboptions(POINT),
    Opt::new("force", Kind::Bool, "Whether a new request is made each time.").default("false"),
    Opt::new("return_content", Kind::Bool, "Whether the result holds the request (`csr`).").default("false"),
    Opt::new("backup", Kind::Bool, "Whether a copy of a request that is replaced or removed is kept.").default("false"),
    Opt::new("select_crypto_backend", Kind::Str, "Both values mean the same: `openssl` of the host signs.")
        .choices(&["auto", "cryptography"])
        .default("\"auto\""),
];

/// Its options.
pub(super) static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// Their values.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    pub(super) path: PathBuf,
    pub(super) state: State,
    pub(super) privatekey_path: Option<PathBuf>,
    pub(super) privatekey_content: Option<String>,
    privatekey_passphrase: Option<String>,
    pub(super) digest: String,
    #[serde(rename = "version")]
    _version: i64,
    pub(super) subject: Option<IndexMap<String, Value>>,
    pub(super) subject_ordered: Option<Vec<IndexMap<String, Value>>>,
    pub(super) country_name: Option<String>,
    pub(super) state_or_province_name: Option<String>,
    pub(super) locality_name: Option<String>,
    pub(super) organization_name: Option<String>,
    pub(super) organizational_unit_name: Option<String>,
    pub(super) common_name: Option<String>,
    pub(super) email_address: Option<String>,
    pub(super) subject_alt_name: Option<Vec<String>>,
    pub(super) subject_alt_name_critical: bool,
    pub(super) use_common_name_for_san: bool,
    pub(super) key_usage: Option<Vec<String>>,
    pub(super) key_usage_critical: bool,
    pub(super) extended_key_usage: Option<Vec<String>>,
    pub(super) extended_key_usage_critical: bool,
    pub(super) basic_constraints: Option<Vec<String>>,
    pub(super) basic_constraints_critical: bool,
    pub(super) ocsp_must_staple: bool,
    pub(super) ocsp_must_staple_critical: bool,
    pub(super) name_constraints_permitted: Option<Vec<String>>,
    pub(super) name_constraints_excluded: Option<Vec<String>>,
    pub(super) name_constraints_critical: bool,
    pub(super) create_subject_key_identifier: bool,
    pub(super) subject_key_identifier: Option<String>,
    pub(super) authority_key_identifier: Option<String>,
    pub(super) authority_cert_issuer: Option<Vec<String>>,
    pub(super) authority_cert_serial_number: Option<Value>,
    pub(super) crl_distribution_points: Option<Vec<Point>>,
    pub(super) force: bool,
    pub(super) return_content: bool,
    pub(super) backup: bool,
    #[serde(rename = "select_crypto_backend")]
    _backend: String,
}

impl Arguments {
    pub(super) fn passphrase(&self) -> Option<&str> {
        self.privatekey_passphrase.as_deref().filter(|passphrase| !passphrase.is_empty())
    }
}

/// Where lists of revoked certificates are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Point {
    pub(super) full_name: Option<Vec<String>>,
    pub(super) relative_name: Option<Vec<String>>,
    pub(super) crl_issuer: Option<Vec<String>>,
    pub(super) reasons: Option<Vec<String>>,
}
