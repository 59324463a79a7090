//! `x509_certificate`, also known as `openssl_certificate`: certificates that sign themselves or are signed by an authority of one's own.

mod certificate;
mod moment;
mod options;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use super::shared::file_options::FileOptions;
use super::shared::pki::der::{elements, tag};
use super::shared::pki::extensions::{self, Extension, id};
use super::shared::pki::private::PrivateKey;
use super::shared::pki::public::PublicKey;
use super::shared::pki::request::Request;
use super::shared::pki::sign::{Signer, is_signed_by};
use super::shared::pki::{names, pem, place};
use super::shared::state::State;
use super::spec::{BUILTIN, CRYPTO};
use super::{Args, Context, Failure, ModuleResult, Outcome, Place, Return, Rule, Spec};
use crate::system::Follow;
use certificate::{Certificate, Content, LABEL, decimal};
use options::{Arguments, Identifier, OPTIONS, Provider};

/// The declaration of `x509_certificate`.
pub static MODULE: Spec = Spec {
    name: "x509_certificate",
    collections: CRYPTO,
    summary: "Make certificates",
    description: &[
        "Makes a certificate out of a request, and makes it anew when its key, its subject, its extensions, its issuer or its signature are not as the options \
         say. The digest of its signature is looked at for new certificates only, and so are its times unless `ignore_timestamps` is off.",
        "Needs `openssl` on the host, of version 3 for keys of the types Ed25519 and Ed448. The provider `acme` of Ansible is not supported.",
    ],
    options: &OPTIONS,
    rules: RULES,
    free_form: None,
    returns: RETURNS,
    examples: "
- name: A certificate that signs itself
  community.crypto.x509_certificate:
    path: /etc/ssl/www.example.com.crt
    privatekey_path: /etc/ssl/private/www.example.com.key
    csr_path: /etc/ssl/www.example.com.csr
    provider: selfsigned

- name: One that an authority of our own signs
  community.crypto.x509_certificate:
    path: /etc/ssl/www.example.com.crt
    csr_path: /etc/ssl/www.example.com.csr
    provider: ownca
    ownca_path: /etc/ca/ca.crt
    ownca_privatekey_path: /etc/ca/ca.key
    ownca_privatekey_passphrase: '{{ ca_passphrase }}'
    ownca_not_after: +397d
",
    place: Place::Target(run),
};

/// The declaration of `openssl_certificate`, the older name.
pub static OPENSSL_CERTIFICATE: Spec = Spec {
    name: "openssl_certificate",
    collections: BUILTIN,
    summary: "Make certificates (the older name of `x509_certificate`)",
    description: &["See `x509_certificate`. Of `community.crypto` it is gone, as with Ansible."],
    options: &OPTIONS,
    rules: RULES,
    free_form: None,
    returns: RETURNS,
    examples: "
- name: A certificate that signs itself
  openssl_certificate:
    path: /etc/ssl/www.example.com.crt
    privatekey_path: /etc/ssl/private/www.example.com.key
    provider: selfsigned
",
    place: Place::Target(run),
};

const RULES: &[Rule] = &[
    Rule::If("state", "present", &["provider"]),
    Rule::Exclusive(&["csr_path", "csr_content"]),
    Rule::Exclusive(&["privatekey_path", "privatekey_content"]),
    Rule::Exclusive(&["ownca_path", "ownca_content"]),
    Rule::Exclusive(&["ownca_privatekey_path", "ownca_privatekey_content"]),
];

const RETURNS: &[Return] = &[
    Return { name: "filename", kind: "str", when: "always", doc: "The file." },
    Return { name: "csr", kind: "str", when: "always", doc: "What `csr_path` says." },
    Return { name: "privatekey", kind: "str", when: "always", doc: "What `privatekey_path` says." },
    Return { name: "ca_cert", kind: "str", when: "the provider is `ownca`", doc: "What `ownca_path` says." },
    Return { name: "ca_privatekey", kind: "str", when: "the provider is `ownca`", doc: "What `ownca_privatekey_path` says." },
    Return { name: "notBefore", kind: "str", when: "the state is `present`", doc: "From when on it is valid: `YYYYMMDDHHMMSSZ`." },
    Return { name: "notAfter", kind: "str", when: "the state is `present`", doc: "Until when it is valid." },
    Return {
        name: "serial_number",
        kind: "str",
        when: "the state is `present`",
        doc: "Its serial number in decimal digits; a text, for it has 160 bits.",
    },
    Return { name: "certificate", kind: "str", when: "`return_content`", doc: "The certificate; null when there is none." },
    Return { name: "backup_file", kind: "str", when: "a copy was kept", doc: "The copy." },
];

/// Who signs, and with what.
struct Issuer {
    key: PrivateKey,
    /// The certificate of an authority; `None` when the certificate signs itself.
    authority: Option<Certificate>,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let content = place::content(ctx, &args.path)?;
    let Some(provider) = args.provider.filter(|_| args.state == State::Present) else {
        let kept = place::remove(ctx, &args.path, args.backup)?;
        return Ok(answer(&args, None, kept));
    };
    place::check_folder(ctx, &args.path)?;
    let request = request(ctx, &args)?;
    let issuer = issuer(ctx, &args, provider)?;
    let terms = args.terms(provider);
    let now = ctx.system.clock()?.epoch.as_secs();
    let time =
        |text: &str| moment::parse(text, now).map_err(|why| Failure::new(format!("failed to read a time of the certificate: {why}")));
    let validity = (time(terms.from)?, time(terms.until)?);
    if validity.0 >= validity.1 {
        return Err(Failure::new("failed to make the certificate: it would end before it begins"));
    }
    let key = match (provider, &request) {
        (Provider::Selfsigned, _) => issuer.key.public.clone(),
        (Provider::Ownca, Some(request)) => request.key.clone(),
        (Provider::Ownca, None) => return Err(Failure::new("failed to make the certificate: `ownca` needs `csr_path` or `csr_content`")),
    };
    let extensions = extensions(&args, request.as_ref(), &key, &issuer, terms.identifier)?;
    let nobody = names::name(&[]).map_err(Failure::new)?;
    let subject = request.as_ref().map_or(nobody, |request| request.subject.clone());
    let issuer_name = issuer.authority.as_ref().map_or(&subject, |authority| &authority.subject);
    let wanted = Content { serial: &[], issuer: issuer_name, validity, subject: &subject, key: &key, extensions: &extensions };
    if let Some(content) = content.as_deref().filter(|_| !args.force)
        && let Some(old) = Certificate::read(content)
        && is_as_wanted(&args, request.is_some(), &old, &wanted)
        && own_key_fits(ctx, &args, provider, &old.key)?
        && is_signed_by(ctx, &old.whole, &issuer.key.public)?
    {
        options.apply(ctx, &args.path, Follow::Yes)?;
        return Ok(answer(&args, Some((&old, String::from_utf8_lossy(content).into_owned())), None));
    }
    let passphrase = match provider {
        Provider::Selfsigned => args.privatekey_passphrase.as_deref(),
        Provider::Ownca => args.ownca_privatekey_passphrase.as_deref(),
    };
    let signer = Signer { key: &issuer.key, passphrase: passphrase.filter(|text| !text.is_empty()), digest: terms.digest };
    let mut serial: [u8; 20] = rand::random();
    // Neither negative nor shorter than others.
    serial[0] = serial[0] & 0x7f | 0x40;
    let whole = signer.signed(ctx, &Content { serial: &serial, ..wanted }.written(&signer.algorithm()?))?;
    let text = pem::encode(LABEL, &whole);
    let made = Certificate::read(text.as_bytes()).ok_or_else(|| Failure::new("failed to make the certificate: it cannot be read back"))?;
    let kept = place::put(ctx, &args.path, text.as_bytes(), &options, args.backup)?;
    Ok(answer(&args, Some((&made, text)), kept))
}

/// What an option with a file or one with its content says.
fn source(ctx: &Context<'_>, path: Option<&Path>, content: Option<&String>, what: &str) -> Result<Option<Vec<u8>>, Failure> {
    match (content, path) {
        (Some(content), _) => Ok(Some(content.clone().into_bytes())),
        (None, Some(path)) => place::needed(ctx, path, what).map(Some),
        (None, None) => Ok(None),
    }
}

fn request(ctx: &mut Context<'_>, args: &Arguments) -> Result<Option<Request>, Failure> {
    let Some(content) = source(ctx, args.csr_path.as_deref(), args.csr_content.as_ref(), "the request")? else { return Ok(None) };
    let wrong = |why: &str| Failure::new(format!("failed to read the request: {why}"));
    let request = Request::read(&content)
        .ok_or_else(|| wrong("it is no certificate signing request in PEM, or its key is of a kind that is not known"))?;
    if !is_signed_by(ctx, &request.whole, &request.key)? {
        return Err(wrong("its signature is wrong"));
    }
    Ok(Some(request))
}

fn private_key(ctx: &Context<'_>, content: &[u8], passphrase: Option<&String>, what: &str) -> Result<PrivateKey, Failure> {
    let passphrase = passphrase.map(String::as_str).filter(|text| !text.is_empty());
    PrivateKey::read(ctx, content, passphrase)?.map_err(|why| Failure::new(format!("failed to read {what}: {why}")))
}

fn issuer(ctx: &Context<'_>, args: &Arguments, provider: Provider) -> Result<Issuer, Failure> {
    let missing = |names: &str| Failure::new(format!("failed to make the certificate: it needs {names}"));
    if provider == Provider::Selfsigned {
        let what = "the private key";
        let content = source(ctx, args.privatekey_path.as_deref(), args.privatekey_content.as_ref(), what)?;
        let content = content.ok_or_else(|| missing("`privatekey_path` or `privatekey_content`"))?;
        return Ok(Issuer { key: private_key(ctx, &content, args.privatekey_passphrase.as_ref(), what)?, authority: None });
    }
    let what = "the certificate of the authority";
    let content = source(ctx, args.ownca_path.as_deref(), args.ownca_content.as_ref(), what)?;
    let content = content.ok_or_else(|| missing("`ownca_path` or `ownca_content`"))?;
    let authority =
        Certificate::read(&content).ok_or_else(|| Failure::new(format!("failed to read {what}: it is no certificate in PEM")))?;
    let what = "the private key of the authority";
    let content = source(ctx, args.ownca_privatekey_path.as_deref(), args.ownca_privatekey_content.as_ref(), what)?;
    let content = content.ok_or_else(|| missing("`ownca_privatekey_path` or `ownca_privatekey_content`"))?;
    let key = private_key(ctx, &content, args.ownca_privatekey_passphrase.as_ref(), what)?;
    if key.public.info != authority.key.info {
        return Err(Failure::new("failed to make the certificate: the private key of the authority is not that of its certificate"));
    }
    Ok(Issuer { key, authority: Some(authority) })
}

/// The extensions of the certificate: those of the request, with identifiers of keys where they are to be made.
fn extensions(
    args: &Arguments,
    request: Option<&Request>,
    key: &PublicKey,
    issuer: &Issuer,
    identifier: Identifier,
) -> Result<Vec<Extension>, Failure> {
    let mut all = request.map_or_else(Vec::new, |request| request.extensions.clone());
    let has_own = all.iter().any(|one| one.oid == id::SUBJECT_KEY);
    if identifier == Identifier::AlwaysCreate {
        all.retain(|one| one.oid != id::SUBJECT_KEY);
    }
    if identifier == Identifier::AlwaysCreate || identifier == Identifier::CreateIfNotProvided && !has_own {
        all.push(Extension::new(id::SUBJECT_KEY, false, extensions::subject_key(&extensions::key_identifier(key))));
    }
    if let Some(authority) = issuer.authority.as_ref().filter(|_| args.ownca_create_authority_key_identifier) {
        all.retain(|one| one.oid != id::AUTHORITY_KEY);
        let own =
            authority.extension(id::SUBJECT_KEY).and_then(|one| Some(elements(&one.value)?.first()?.expect(tag::OCTET_STRING)?.to_vec()));
        let identifier = own.unwrap_or_else(|| extensions::key_identifier(&authority.key));
        all.push(Extension::new(id::AUTHORITY_KEY, false, extensions::authority_key(Some(&identifier), None, None).map_err(Failure::new)?));
    }
    Ok(all)
}

/// Whether the certificate says what it is to say, but for its signature.
fn is_as_wanted(args: &Arguments, has_request: bool, old: &Certificate, wanted: &Content<'_>) -> bool {
    let sorted = |all: &[Extension]| {
        let mut all: Vec<_> = all.iter().map(|one| (one.oid.clone(), one.critical, one.value.clone())).collect();
        all.sort();
        all
    };
    let says_the_same = if has_request {
        (old.subject.as_slice(), old.issuer.as_slice()) == (wanted.subject, wanted.issuer)
            && sorted(&old.extensions) == sorted(wanted.extensions)
    } else {
        // Without a request nothing is asked for but the identifier of the key.
        let identifier = |all: &[Extension]| all.iter().find(|one| one.oid == id::SUBJECT_KEY).cloned();
        old.subject == old.issuer && identifier(&old.extensions) == identifier(wanted.extensions)
    };
    says_the_same && old.key.info == wanted.key.info && (args.ignore_timestamps || old.validity == wanted.validity)
}

/// Whether the certificate is that of the private key in the arguments, which need none with an authority.
fn own_key_fits(ctx: &Context<'_>, args: &Arguments, provider: Provider, key: &PublicKey) -> Result<bool, Failure> {
    let what = "the private key";
    if provider == Provider::Selfsigned {
        return Ok(true);
    }
    match source(ctx, args.privatekey_path.as_deref(), args.privatekey_content.as_ref(), what)? {
        Some(content) => Ok(private_key(ctx, &content, args.privatekey_passphrase.as_ref(), what)?.public.info == key.info),
        None => Ok(true),
    }
}

fn answer(args: &Arguments, certificate: Option<(&Certificate, String)>, kept: Option<PathBuf>) -> Outcome {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let mut outcome = Outcome::new()
        .with("filename", args.path.to_string_lossy().into_owned())
        .with("csr", path(&args.csr_path))
        .with("privatekey", path(&args.privatekey_path));
    if args.provider == Some(Provider::Ownca) {
        outcome = outcome.with("ca_cert", path(&args.ownca_path)).with("ca_privatekey", path(&args.ownca_privatekey_path));
    }
    if let Some((certificate, _)) = &certificate {
        outcome = outcome
            .with("notBefore", moment::shown(certificate.validity.0))
            .with("notAfter", moment::shown(certificate.validity.1))
            .with("serial_number", decimal(&certificate.serial));
    }
    if args.return_content {
        outcome = outcome.with("certificate", certificate.map(|(_, text)| text));
    }
    match kept {
        Some(kept) => outcome.with("backup_file", kept.to_string_lossy().into_owned()),
        None => outcome,
    }
}
