//! Whom to trust, and who we are, in TLS.

use std::path::Path;

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::http_ciphers;
use crate::system::{Error, ErrorKind, HttpRequest, Result};

/// Where distributions keep the certificates they trust.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The settings of one request.
pub(super) fn config(request: &HttpRequest) -> Result<TlsConfig> {
    let mut config = TlsConfig::builder().disable_verification(!request.verify);
    if request.verify {
        config = config.root_certs(roots(request.ca_file.as_deref())?);
    }
    if let Some(list) = &request.ciphers {
        config = config.unversioned_rustls_crypto_provider(http_ciphers::provider(list));
    }
    if let Some(file) = &request.client_cert {
        config = config.client_cert(Some(client(file, request.client_key.as_deref().unwrap_or(file))?));
    }
    Ok(config.build())
}

fn roots(ca_file: Option<&Path>) -> Result<RootCerts> {
    if let Some(file) = ca_file {
        let found = certificates(file, &read(file)?)?;
        return Ok(RootCerts::new_with_certs(&found));
    }
    let chosen = std::env::var_os("SSL_CERT_FILE").map(std::path::PathBuf::from);
    for file in chosen.iter().map(std::path::PathBuf::as_path).chain(BUNDLES.iter().map(Path::new)) {
        if let Ok(pem) = std::fs::read(file) {
            return Ok(RootCerts::new_with_certs(&certificates(file, &pem)?));
        }
    }
    // A machine without certificates of its own: those that this program was built with.
    Ok(RootCerts::WebPki)
}

fn client(cert_file: &Path, key_file: &Path) -> Result<ClientCert> {
    let chain = certificates(cert_file, &read(cert_file)?)?;
    let key = PrivateKey::from_pem(&read(key_file)?)
        .map_err(|error| invalid(key_file, &format!("it holds no private key that can be read: {error}")))?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| Error::io("read", file, &error))
}

fn certificates(file: &Path, pem: &[u8]) -> Result<Vec<Certificate<'static>>> {
    let mut found = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(invalid(file, &error.to_string())),
        }
    }
    if found.is_empty() { Err(invalid(file, "it holds no certificate")) } else { Ok(found) }
}

fn invalid(file: &Path, reason: &str) -> Error {
    Error::new(ErrorKind::Other, format!("use the certificates in `{}`", file.display()), reason)
}
