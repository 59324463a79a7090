//! `openssl_csr`: certificate signing requests.

mod options;
#[cfg(test)]
mod tests;
mod wanted;

use super::shared::file_options::FileOptions;
use super::shared::pki::private::PrivateKey;
use super::shared::pki::request::{self, Request};
use super::shared::pki::sign::{Signer, is_signed_by};
use super::shared::pki::{pem, place};
use super::shared::state::State;
use super::spec::CRYPTO;
use super::{Args, Context, Failure, ModuleResult, Outcome, Place, Return, Rule, Spec};
use crate::system::Follow;
use options::{Arguments, OPTIONS};
use wanted::Wanted;

/// The declaration of `openssl_csr`.
pub static MODULE: Spec = Spec {
    name: "openssl_csr",
    collections: CRYPTO,
    summary: "Make certificate signing requests",
    description: &[
        "Makes a request for a certificate, and makes it anew when its subject, its extensions or its key are not as the options say. The digest of its \
         signature is looked at for new requests only.",
        "Needs `openssl` on the host, of version 3 for keys of the types Ed25519 and Ed448. In check mode a request is made that nobody gets, so that later tasks can use it.",
    ],
    options: &OPTIONS,
    rules: &[
        Rule::IfAny("state", "present", &["privatekey_path", "privatekey_content"]),
        Rule::Exclusive(&["privatekey_path", "privatekey_content"]),
        Rule::Together(&["authority_cert_issuer", "authority_cert_serial_number"]),
        Rule::Exclusive(&["subject", "subject_ordered"]),
        Rule::Exclusive(&["common_name", "subject_ordered"]),
        Rule::Exclusive(&["country_name", "subject_ordered"]),
        Rule::Exclusive(&["email_address", "subject_ordered"]),
        Rule::Exclusive(&["locality_name", "subject_ordered"]),
        Rule::Exclusive(&["organization_name", "subject_ordered"]),
        Rule::Exclusive(&["organizational_unit_name", "subject_ordered"]),
        Rule::Exclusive(&["state_or_province_name", "subject_ordered"]),
    ],
    free_form: None,
    returns: &[
        Return { name: "filename", kind: "str", when: "always", doc: "The file." },
        Return { name: "privatekey", kind: "str", when: "always", doc: "The file of the key; null when `privatekey_content` holds it." },
        Return { name: "subject", kind: "list", when: "always", doc: "Pairs of attributes and values." },
        Return { name: "subjectAltName", kind: "list", when: "always", doc: "The names it is for beside the subject; null without any." },
        Return { name: "keyUsage", kind: "list", when: "always", doc: "What `key_usage` says." },
        Return { name: "extendedKeyUsage", kind: "list", when: "always", doc: "What `extended_key_usage` says." },
        Return { name: "basicConstraints", kind: "list", when: "always", doc: "What `basic_constraints` says." },
        Return { name: "ocspMustStaple", kind: "bool", when: "always", doc: "What `ocsp_must_staple` says." },
        Return { name: "name_constraints_permitted", kind: "list", when: "always", doc: "What the option says." },
        Return { name: "name_constraints_excluded", kind: "list", when: "always", doc: "What the option says." },
        Return { name: "csr", kind: "str", when: "`return_content`", doc: "The request; null when there is none." },
        Return { name: "backup_file", kind: "str", when: "a copy was kept", doc: "The copy." },
    ],
    examples: "
- name: A certificate for the web server is to be asked for
  community.crypto.openssl_csr:
    path: /etc/ssl/www.example.com.csr
    privatekey_path: /etc/ssl/private/www.example.com.key
    common_name: www.example.com
    subject_alt_name: ['DNS:www.example.com', 'DNS:example.com']
    extended_key_usage: [serverAuth]

- name: One for an authority
  community.crypto.openssl_csr:
    path: /etc/ca/ca.csr
    privatekey_path: /etc/ca/ca.key
    privatekey_passphrase: '{{ ca_passphrase }}'
    common_name: Our authority
    use_common_name_for_san: false
    basic_constraints: ['CA:TRUE', 'pathlen:0']
    basic_constraints_critical: true
    key_usage: [keyCertSign, cRLSign]
    key_usage_critical: true
",
    place: Place::Target(run),
};

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let wanted = Wanted::new(&args).map_err(|why| Failure::new(format!("failed to put the request together: {why}")))?;
    let content = place::content(ctx, &args.path)?;
    let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
    if args.state == State::Absent {
        let kept = place::remove(ctx, &args.path, args.backup)?;
        return Ok(answer(&args, &wanted, None, kept));
    }
    place::check_folder(ctx, &args.path)?;
    let key = key(ctx, &args)?;
    if let Some(content) = content.as_deref().filter(|_| !args.force)
        && is_as_wanted(ctx, content, &wanted, &key)?
    {
        options.apply(ctx, &args.path, Follow::Yes)?;
        return Ok(answer(&args, &wanted, Some(text(content)), None));
    }
    let extensions = wanted.extensions(&key.public);
    let signer = Signer { key: &key, passphrase: args.passphrase(), digest: &args.digest };
    let whole = signer.signed(ctx, &request::content(&wanted.subject, &key.public, &extensions))?;
    let made = pem::encode(request::LABEL, &whole);
    let kept = place::put(ctx, &args.path, made.as_bytes(), &options, args.backup)?;
    Ok(answer(&args, &wanted, Some(made), kept))
}

/// The key that signs.
fn key(ctx: &Context<'_>, args: &Arguments) -> Result<PrivateKey, Failure> {
    let content = match (&args.privatekey_content, &args.privatekey_path) {
        (Some(content), _) => content.clone().into_bytes(),
        (None, Some(path)) => place::needed(ctx, path, "the private key")?,
        (None, None) => {
            return Err(Failure::new("failed to read the private key: neither `privatekey_path` nor `privatekey_content` says which"));
        }
    };
    PrivateKey::read(ctx, &content, args.passphrase())?.map_err(|why| Failure::new(format!("failed to read the private key: {why}")))
}

fn is_as_wanted(ctx: &mut Context<'_>, content: &[u8], wanted: &Wanted, key: &PrivateKey) -> Result<bool, Failure> {
    let Some(request) = Request::read(content) else { return Ok(false) };
    Ok(request.key.info == key.public.info && wanted.is_met_by(&request, &key.public) && is_signed_by(ctx, &request.whole, &key.public)?)
}

fn answer(args: &Arguments, wanted: &Wanted, text: Option<String>, kept: Option<std::path::PathBuf>) -> Outcome {
    let pairs: Vec<Vec<&str>> = wanted.parts.iter().map(|(name, value)| vec![name.as_str(), value.as_str()]).collect();
    let mut outcome = Outcome::new()
        .with("filename", args.path.to_string_lossy().into_owned())
        .with("privatekey", args.privatekey_path.as_ref().map(|path| path.to_string_lossy().into_owned()))
        .with("subject", pairs)
        .with("subjectAltName", wanted.names.clone())
        .with("keyUsage", args.key_usage.clone())
        .with("extendedKeyUsage", args.extended_key_usage.clone())
        .with("basicConstraints", args.basic_constraints.clone())
        .with("ocspMustStaple", args.ocsp_must_staple)
        .with("name_constraints_permitted", args.name_constraints_permitted.clone().unwrap_or_default())
        .with("name_constraints_excluded", args.name_constraints_excluded.clone().unwrap_or_default());
    if args.return_content {
        outcome = outcome.with("csr", text);
    }
    match kept {
        Some(kept) => outcome.with("backup_file", kept.to_string_lossy().into_owned()),
        None => outcome,
    }
}
