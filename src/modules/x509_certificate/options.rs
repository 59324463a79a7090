//! The options of `x509_certificate`.

use std::path::PathBuf;

use serde::Deserialize;

use crate::modules::shared::file_options::FILE_OPTIONS;
use crate::modules::shared::state::State;
use crate::modules::spec::join;
use crate::modules::{Kind, Opt};

const IDENTIFIERS: &[&str] = &["create_if_not_provided", "always_create", "never_create"];
const FROM: &str =
    "From when on the certificate is valid: `+` or `-` and a time (`w`, `d`, `h`, `m`, `s`: `+1w2d`) from now on, or `YYYYMMDDHHMMSSZ`.";
const UNTIL: &str = "Until when the certificate is valid, as above.";
const IDENTIFIER: &str = "Whether the identifier of the key is made of the key: where the request has none, always, or never.";

const OWN: &[Opt] = &[
    Opt::new("path", Kind::Path, "The file.").required(),
    Opt::new("state", Kind::Str, "Whether the certificate is to be there.").choices(&["absent", "present"]).default("\"present\""),
    Opt::new("provider", Kind::Str, "Who signs: the key of the certificate itself, or an authority of one's own. Needed with `state: present`.")
        .choices(&["ownca", "selfsigned"]),
    Opt::new("csr_path", Kind::Path, "The file of the request. Without one, a certificate that signs itself says nothing but its key."),
    Opt::new("csr_content", Kind::Str, "The request itself."),
    Opt::new("privatekey_path", Kind::Path, "The file of the private key of the certificate. `selfsigned` signs with it; with `ownca` it is only compared."),
    Opt::new("privatekey_content", Kind::Str, "That private key itself.").secret(),
    Opt::new("privatekey_passphrase", Kind::Str, "What protects that private key.").secret(),
    Opt::new("ownca_path", Kind::Path, "The file of the certificate of the authority."),
    Opt::new("ownca_content", Kind::Str, "That certificate itself."),
    Opt::new("ownca_privatekey_path", Kind::Path, "The file of the private key of the authority."),
    Opt::new("ownca_privatekey_content", Kind::Str, "That private key itself.").secret(),
    Opt::new("ownca_privatekey_passphrase", Kind::Str, "What protects the private key of the authority.").secret(),
    Opt::new("selfsigned_digest", Kind::Str, "The digest of a new signature with `selfsigned`.").default("\"sha256\""),
    Opt::new("ownca_digest", Kind::Str, "The digest of a new signature with `ownca`.").default("\"sha256\""),
    Opt::new("selfsigned_not_before", Kind::Str, FROM).default("\"+0s\"").aliases(&["selfsigned_notBefore"]),
    Opt::new("selfsigned_not_after", Kind::Str, UNTIL).default("\"+3650d\"").aliases(&["selfsigned_notAfter"]),
    Opt::new("ownca_not_before", Kind::Str, FROM).default("\"+0s\""),
    Opt::new("ownca_not_after", Kind::Str, UNTIL).default("\"+3650d\""),
    Opt::new("ignore_timestamps", Kind::Bool, "Whether a certificate stays that is valid at other times. Times from now on make a new one each time otherwise.")
        .default("true"),
    Opt::new("selfsigned_create_subject_key_identifier", Kind::Str, IDENTIFIER).choices(IDENTIFIERS).default("\"create_if_not_provided\""),
    Opt::new("ownca_create_subject_key_identifier", Kind::Str, IDENTIFIER).choices(IDENTIFIERS).default("\"create_if_not_provided\""),
    Opt::new(
        "ownca_create_authority_key_identifier",
        Kind::Bool,
        "Whether the certificate names the key of the authority, by the identifier in its certificate or one made of the key; else what the request says stays.",
    )
    .default("true"),
    Opt::new("selfsigned_version", Kind::Int, "The version of the certificate; there is only one.").choices(&["3"]).default("3"),
    Opt::new("ownca_version", Kind::Int, "As `selfsigned_version`.").choices(&["3"]).default("3"),
    Opt::new("force", Kind::Bool, "Whether a new certificate is made each time.").default("false"),
    Opt::new("return_content", Kind::Bool, "Whether the result holds the certificate (`certificate`).").default("false"),
    Opt::new("backup", Kind::Bool, "Whether a copy of a certificate that is replaced or removed is kept.").default("false"),
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
    pub(super) provider: Option<Provider>,
    pub(super) csr_path: Option<PathBuf>,
    pub(super) csr_content: Option<String>,
    pub(super) privatekey_path: Option<PathBuf>,
    pub(super) privatekey_content: Option<String>,
    pub(super) privatekey_passphrase: Option<String>,
    pub(super) ownca_path: Option<PathBuf>,
    pub(super) ownca_content: Option<String>,
    pub(super) ownca_privatekey_path: Option<PathBuf>,
    pub(super) ownca_privatekey_content: Option<String>,
    pub(super) ownca_privatekey_passphrase: Option<String>,
    selfsigned_digest: String,
    ownca_digest: String,
    selfsigned_not_before: String,
    selfsigned_not_after: String,
    ownca_not_before: String,
    ownca_not_after: String,
    pub(super) ignore_timestamps: bool,
    selfsigned_create_subject_key_identifier: Identifier,
    ownca_create_subject_key_identifier: Identifier,
    pub(super) ownca_create_authority_key_identifier: bool,
    #[serde(rename = "selfsigned_version")]
    _selfsigned_version: i64,
    #[serde(rename = "ownca_version")]
    _ownca_version: i64,
    pub(super) force: bool,
    pub(super) return_content: bool,
    pub(super) backup: bool,
    #[serde(rename = "select_crypto_backend")]
    _backend: String,
}

/// Who signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Provider {
    Ownca,
    Selfsigned,
}

/// When the identifier of the key is made of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Identifier {
    CreateIfNotProvided,
    AlwaysCreate,
    NeverCreate,
}

/// The options that both providers have, each its own.
pub(super) struct Terms<'a> {
    pub(super) digest: &'a str,
    pub(super) from: &'a str,
    pub(super) until: &'a str,
    pub(super) identifier: Identifier,
}

impl Arguments {
    pub(super) fn terms(&self, provider: Provider) -> Terms<'_> {
        match provider {
            Provider::Selfsigned => Terms {
                digest: &self.selfsigned_digest,
                from: &self.selfsigned_not_before,
                until: &self.selfsigned_not_after,
                identifier: self.selfsigned_create_subject_key_identifier,
            },
            Provider::Ownca => Terms {
                digest: &self.ownca_digest,
                from: &self.ownca_not_before,
                until: &self.ownca_not_after,
                identifier: self.ownca_create_subject_key_identifier,
            },
        }
    }
}
