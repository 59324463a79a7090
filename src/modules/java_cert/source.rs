//! Where the certificate comes from, and how it gets into the keystore.

use std::borrow::Cow;
use std::path::Path;

use super::Arguments;
use super::keytool::{Answer, Entry, Keytool, Store, certificate, entries, with_copy, words};
use crate::base::url::Url;
use crate::modules::shared::pki::place;
use crate::modules::{Context, Failure};

/// What is to be in the keystore.
pub(super) struct Wanted<'a> {
    /// The entries, by their aliases there.
    pub(super) entries: Vec<(String, Entry)>,
    content: Vec<u8>,
    form: Form<'a>,
}

enum Form<'a> {
    /// One certificate.
    Certificate {
        /// The file it is from.
        path: Option<Cow<'a, str>>,
        is_authority: bool,
    },
    /// A keystore with keys.
    Pkcs12 {
        path: Cow<'a, str>,
        password: Option<&'a str>,
        /// The one that is taken in; `None`: all.
        alias: Option<String>,
        is_renamed: bool,
    },
}

/// Finds out what the arguments want.
///
/// # Errors
/// When it is not there or no certificate.
pub(super) fn wanted<'a>(ctx: &mut Context<'_>, keytool: &Keytool<'_>, args: &'a Arguments) -> Result<Wanted<'a>, Failure> {
    if let Some(path) = &args.pkcs12_path {
        return pkcs12(ctx, keytool, args, path);
    }
    let alias = args.cert_alias.clone().or_else(|| args.cert_url.clone()).filter(|alias| !alias.is_empty());
    let missing =
        || Failure::new("failed to take in the certificate: `cert_alias` is missing, which says what it is called in the keystore");
    let alias = alias.ok_or_else(missing)?;
    let (content, what) = match (&args.cert_path, &args.cert_content, &args.cert_url) {
        (Some(path), ..) => (place::needed(ctx, path, "the certificate")?, format!("`{}`", path.display())),
        (_, Some(content), _) => (content.clone().into_bytes(), "`cert_content`".to_owned()),
        (.., Some(server)) => (shown_by(ctx, keytool, server, args.cert_port)?, format!("what `{server}` shows")),
        _ => return Err(Failure::new("failed to take in a certificate: the task names none")),
    };
    let der = certificate(&content).ok_or_else(|| Failure::new(format!("failed to read the certificate: {what} is none in PEM or DER")))?;
    let path = args.cert_path.as_ref().map(|path| path.to_string_lossy());
    let form = Form::Certificate { path, is_authority: args.trust_cacert };
    Ok(Wanted { entries: vec![(alias, Entry { certificate: Some(der) })], content, form })
}

/// What a server shows.
fn shown_by(ctx: &Context<'_>, keytool: &Keytool<'_>, server: &str, port: u16) -> Result<Vec<u8>, Failure> {
    let address = format!("{server}:{port}");
    let words = [words(&["-printcert", "-rfc", "-sslserver"]), proxy(ctx)?, words(&[&address])].concat();
    let answer = keytool.ask(ctx, &words, &[], &[])?;
    if !answer.output.success() {
        return Err(answer.failure(&format!("fetch the certificate of `{address}`")).missing_on(ctx.system));
    }
    Ok(answer.output.stdout)
}

/// How Java is told of the proxy that the environment names.
fn proxy(ctx: &Context<'_>) -> Result<Vec<String>, Failure> {
    let mut variables = ctx.system.environment()?;
    variables.extend(ctx.environment.clone());
    let variable = |name: &str| {
        let value = variables.get(name).or_else(|| variables.get(&name.to_uppercase()));
        value.map(String::as_str).filter(|value| !value.is_empty())
    };
    let Some(text) = variable("https_proxy") else { return Ok(Vec::new()) };
    let wrong = |why: &str| Failure::new(format!("failed to go through the proxy that `https_proxy` names: {why}"));
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&text).ok_or_else(|| wrong("it is no address"))?;
    if url.login.is_some() {
        return Err(
            wrong("`keytool` cannot log in there").hint("name the server in `no_proxy`, or set `https_proxy` of the task to an empty text")
        );
    }
    let port = url.port.unwrap_or(if url.scheme == "https" { 443 } else { 80 });
    let mut words = vec![format!("-J-Dhttps.proxyHost={}", url.host), format!("-J-Dhttps.proxyPort={port}")];
    if let Some(list) = variable("no_proxy") {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(|name| if name.starts_with('.') { format!("*{name}") } else { name.to_owned() }).collect();
        words.push(format!("-J-Dhttp.nonProxyHosts={}", names.join("|")));
    }
    Ok(words)
}

fn pkcs12<'a>(ctx: &mut Context<'_>, keytool: &Keytool<'_>, args: &'a Arguments, path: &'a Path) -> Result<Wanted<'a>, Failure> {
    let content = place::needed(ctx, path, "the keystore to take from")?;
    let (shown, password) = (path.to_string_lossy(), args.pkcs12_password.as_deref());
    let wrong = |why: &str| Failure::new(format!("failed to read the keystore `{shown}`: {why}"));
    let answer = with_copy(ctx, &content, |ctx, copy| {
        let alias = args.pkcs12_alias.as_deref().map(|alias| words(&["-alias", alias])).unwrap_or_default();
        let words = [words(&["-list", "-noprompt", "-keystore", copy, "-storetype", "pkcs12", "-rfc"]), alias].concat();
        keytool.ask(ctx, &words, password.as_slice(), &[(copy, &shown)])
    })?;
    if !answer.output.success() {
        let failure = answer.failure(&format!("read the keystore `{shown}`"));
        return Err(failure.with("stderr", answer.output.stderr_text()));
    }
    let found = entries(&answer.output.stdout_text());
    let (alias, entries) = match (&args.pkcs12_alias, &args.cert_alias, found.as_slice()) {
        (Some(alias), name, [_]) => (Some(alias.clone()), renamed(found, name.as_ref().unwrap_or(alias))),
        (None, Some(name), [(alias, _)]) => (Some(alias.clone()), renamed(found, name)),
        (None, None, [_, ..]) => (None, found),
        (None, Some(_), [_, _, ..]) => return Err(wrong("it has several entries").hint("`pkcs12_alias` says which one is to be taken in")),
        _ => return Err(wrong("it has no entry")),
    };
    if alias.is_some() && entries.iter().any(|(_, entry)| entry.certificate.is_none()) {
        let failure = wrong("the entry shows no certificate");
        return Err(if password.is_none() { failure.hint("`pkcs12_password` is missing") } else { failure });
    }
    Ok(Wanted { entries, content, form: Form::Pkcs12 { path: shown, password, alias, is_renamed: args.cert_alias.is_some() } })
}

/// The entries under this name.
fn renamed(found: Vec<(String, Entry)>, name: &str) -> Vec<(String, Entry)> {
    found.into_iter().map(|(_, entry)| (name.to_owned(), entry)).collect()
}

impl Wanted<'_> {
    /// The keystore with it.
    ///
    /// # Errors
    /// When `keytool` does not take it in.
    pub(super) fn take_in(&self, ctx: &mut Context<'_>, keytool: &Keytool<'_>, store: &Store<'_>) -> Result<(Vec<u8>, Answer), Failure> {
        let names: Vec<String> = self.entries.iter().map(|(alias, _)| format!("`{alias}`")).collect();
        let purpose = format!("take {} into the keystore `{}`", names.join(", "), store.path);
        with_copy(ctx, &self.content, |ctx, copy| match &self.form {
            Form::Certificate { path, is_authority } => {
                let alias = self.entries.first().map_or("", |(alias, _)| alias.as_str());
                let trust = if *is_authority { words(&["-trustcacerts"]) } else { Vec::new() };
                let words = |at: &str| {
                    let words = words(&["-importcert", "-noprompt", "-keystore", at, "-file", copy, "-alias", alias]);
                    [words, store.type_words(), trust.clone()].concat()
                };
                let shown = path.as_deref().unwrap_or(copy);
                keytool.edit(ctx, store, words, &store.passwords(), &[(copy, shown)], &purpose)
            }
            Form::Pkcs12 { path, password, alias, is_renamed } => {
                let words = |at: &str| {
                    let start = ["-importkeystore", "-noprompt", "-srcstoretype", "pkcs12", "-srckeystore", copy, "-destkeystore", at];
                    let name = self.entries.iter().filter(|_| *is_renamed).flat_map(|(name, _)| words(&["-destalias", name])).collect();
                    let alias = alias.iter().flat_map(|alias| words(&["-srcalias", alias])).collect();
                    [words(&start), name, alias, store.type_words()].concat()
                };
                let passwords = [store.passwords(), password.iter().copied().collect()].concat();
                keytool.edit(ctx, store, words, &passwords, &[(copy, path)], &purpose)
            }
        })
    }
}
