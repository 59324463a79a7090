//! `java_cert`: certificates, and private keys with theirs, in keystores of Java.

mod keytool;
mod source;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::pki::place;
use super::shared::state::State;
use super::shared::write::{self, NewFile, Source};
use super::spec::{GENERAL, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Follow, hash};
use keytool::{Answer, Entry, Keytool, Store};

const OWN: &[Opt] = &[
    Opt::new(
        "cert_url",
        Kind::Str,
        "The name of a server that shows its certificate; with `state: absent` only the alias, where `cert_alias` names none.",
    ),
    Opt::new("cert_port", Kind::Int, "The port of that server.").default("443"),
    Opt::new("cert_path", Kind::Path, "A file of the host with the certificate, in PEM or DER."),
    Opt::new("cert_content", Kind::Str, "The certificate itself."),
    Opt::new("cert_alias", Kind::Str, "The name of the entry in the keystore. Without it, it is `cert_url`, or that of `pkcs12_path`."),
    Opt::new(
        "trust_cacert",
        Kind::Bool,
        "Whether `keytool` looks at the authorities that come with Java too when it takes the certificate in.",
    )
    .default("false"),
    Opt::new("pkcs12_path", Kind::Path, "A file of the host in the format PKCS #12, with a private key and its certificate."),
    Opt::new("pkcs12_password", Kind::Str, "The password of that file.").secret(),
    Opt::new("pkcs12_alias", Kind::Str, "The entry of that file. Without it, and without `cert_alias`, all of them are taken in."),
    Opt::new("keystore_path", Kind::Path, "The keystore."),
    Opt::new("keystore_pass", Kind::Str, "Its password.").required().secret(),
    Opt::new("keystore_create", Kind::Bool, "Whether the keystore is made when it is missing.").default("false"),
    Opt::new(
        "keystore_type",
        Kind::Str,
        "The type of the keystore: `PKCS12`, `JKS`, `JCEKS`. Without it Java finds out, and makes new ones of its usual type.",
    ),
    Opt::new("executable", Kind::Str, "`keytool`, by its name or its path.").default("\"keytool\""),
    Opt::new("state", Kind::Str, "Whether the entry is to be there. One that holds another certificate is replaced.")
        .choices(&["absent", "present"])
        .default("\"present\""),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `java_cert`.
pub static MODULE: Spec = Spec {
    name: "java_cert",
    collections: GENERAL,
    summary: "Keep certificates in keystores of Java",
    description: &[
        "Takes a certificate, or a private key with its certificate, into a keystore, or takes an entry out of it. Whether an entry is the right one is seen from \
         its first certificate.",
        "Needs `keytool` on the host. It works on a copy, which then takes the place of the keystore at once, with its attributes; passwords are on no command line.",
    ],
    options: &OPTIONS,
    rules: &[
        Rule::Together(&["keystore_path", "keystore_pass"]),
        Rule::Exclusive(&["cert_url", "cert_path", "cert_content", "pkcs12_path"]),
        Rule::IfAny("state", "present", &["cert_path", "cert_url", "cert_content", "pkcs12_path"]),
        Rule::IfAny("state", "absent", &["cert_url", "cert_alias"]),
    ],
    free_form: None,
    returns: &[
        Return {
            name: "cmd",
            kind: "list",
            when: "the keystore changed",
            doc: "How `keytool` was asked, with the keystore instead of its copy.",
        },
        Return { name: "rc", kind: "int", when: "the keystore changed", doc: "The exit code of `keytool`." },
        Return {
            name: "error",
            kind: "str",
            when: "the keystore changed",
            doc: "What `keytool` wrote to standard error, its questions for passwords among it.",
        },
        Return { name: "stdout", kind: "str", when: "the keystore changed", doc: "Empty, as with Ansible." },
        Return { name: "msg", kind: "str", when: "the keystore changed", doc: "Empty, as with Ansible." },
    ],
    examples: "
- name: Java trusts our authority
  community.general.java_cert:
    cert_path: /etc/ssl/certs/our-ca.pem
    cert_alias: our-ca
    keystore_path: /etc/ssl/certs/java/cacerts
    keystore_pass: changeit
    trust_cacert: true

- name: The key of the shop
  community.general.java_cert:
    pkcs12_path: /etc/shop/shop.p12
    pkcs12_password: '{{ shop_p12_password }}'
    cert_alias: shop
    keystore_path: /etc/shop/shop.jks
    keystore_pass: '{{ shop_keystore_password }}'
    keystore_create: true
    owner: shop
    mode: '0600'
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    cert_url: Option<String>,
    cert_port: u16,
    cert_path: Option<PathBuf>,
    cert_content: Option<String>,
    cert_alias: Option<String>,
    trust_cacert: bool,
    pkcs12_path: Option<PathBuf>,
    pkcs12_password: Option<String>,
    pkcs12_alias: Option<String>,
    keystore_path: PathBuf,
    keystore_pass: String,
    keystore_create: bool,
    keystore_type: Option<String>,
    executable: String,
    state: State,
}

/// The keystore that is to take the place of the old one.
struct Change {
    content: Vec<u8>,
    answer: Answer,
    /// The entries and what they held.
    before: Value,
    after: Value,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let mut args: Arguments = args.parse()?;
    for name in [&mut args.cert_alias, &mut args.pkcs12_alias, &mut args.keystore_type] {
        *name = name.take().filter(|text| !text.is_empty());
    }
    let keytool = Keytool::find(ctx, &args.executable)?;
    // Keystores of distributions are links.
    let is_link = ctx.system.stat(&args.keystore_path, Follow::No)?.is_some_and(|stat| stat.is_link());
    let path = if is_link { ctx.system.real_path(&args.keystore_path)? } else { args.keystore_path.clone() };
    let content = place::content(ctx, &path)?;
    if content.is_none() && !args.keystore_create {
        let failure = Failure::new(format!("failed to read the keystore `{}`: it is not there", args.keystore_path.display()));
        let failure = if args.state == State::Present { failure.hint("`keystore_create: true` makes it") } else { failure };
        return Err(failure.missing_on(ctx.system));
    }
    let shown = args.keystore_path.to_string_lossy();
    let store = Store { path: &shown, kind: args.keystore_type.as_deref(), password: &args.keystore_pass, content: content.as_deref() };
    let change = match args.state {
        State::Absent => removed(ctx, &keytool, &store, &args)?,
        State::Present => {
            let wanted = source::wanted(ctx, &keytool, &args)?;
            if content.is_none() {
                place::check_folder(ctx, &path)?;
            }
            taken_in(ctx, &keytool, &store, &wanted)?
        }
    };
    let Some(change) = change else {
        if content.is_some() {
            options.apply(ctx, &path, Follow::Yes)?;
        }
        return Ok(Outcome::new());
    };
    let new = Source::Bytes(&change.content);
    write::put(ctx, &NewFile { path: &path, source: new, options: &options, validate: None, backup: false })?;
    Ok(Outcome::new()
        .with("cmd", change.answer.cmd)
        .with("rc", change.answer.output.rc)
        .with("msg", "")
        .with("error", change.answer.output.stderr_text())
        .with("stdout", "")
        .with("diff", place::diff(Path::new(&*shown), Some(change.before), Some(change.after))))
}

/// The keystore without the entry; `None` when it has none.
fn removed(ctx: &mut Context<'_>, keytool: &Keytool<'_>, store: &Store<'_>, args: &Arguments) -> Result<Option<Change>, Failure> {
    let alias = args.cert_alias.as_deref().or(args.cert_url.as_deref()).filter(|alias| !alias.is_empty());
    let alias = alias.ok_or_else(|| Failure::new("failed to remove a certificate: `cert_alias` is empty"))?;
    let Some(old) = keytool.entry(ctx, store, alias)? else { return Ok(None) };
    let (content, answer) = keytool.remove(ctx, store, alias)?;
    Ok(Some(Change { content, answer, before: json!({alias: old.fingerprint()}), after: json!({}) }))
}

/// The keystore with all that is wanted; `None` when it is there.
fn taken_in(
    ctx: &mut Context<'_>,
    keytool: &Keytool<'_>,
    store: &Store<'_>,
    wanted: &source::Wanted<'_>,
) -> Result<Option<Change>, Failure> {
    let (mut before, mut after) = (json!({}), json!({}));
    let (mut is_right, mut in_the_way) = (true, Vec::new());
    for (alias, entry) in &wanted.entries {
        let old = keytool.entry(ctx, store, alias)?;
        if let Some(old) = &old {
            if old == entry {
                continue;
            }
            before[alias] = json!(old.fingerprint());
            in_the_way.push(alias);
        }
        is_right = false;
        after[alias] = json!(entry.fingerprint());
    }
    if is_right {
        return Ok(None);
    }
    let mut content = store.content.map(<[u8]>::to_vec);
    for alias in in_the_way {
        content = Some(keytool.remove(ctx, &Store { content: content.as_deref(), ..*store }, alias)?.0);
    }
    let (content, answer) = wanted.take_in(ctx, keytool, &Store { content: content.as_deref(), ..*store })?;
    Ok(Some(Change { content, answer, before, after }))
}

impl Entry {
    /// The digest of its certificate, for people.
    fn fingerprint(&self) -> String {
        self.certificate.as_deref().map_or_else(|| "no certificate".to_owned(), |der| format!("SHA-256 {}", hash::sha256(der)))
    }
}
