//! Which ciphers TLS may use, said in the notation of OpenSSL.
//!
//! There are only safe ones to choose from, so most of what such a list excludes is not there anyway. As with OpenSSL, the list says nothing
//! of TLS 1.3, whose ciphers are always there.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

/// The ciphers of TLS 1.2 that there are: their names with us and with OpenSSL, and the words that stand for them.
const SUITES: &[(&str, &str, &[&str])] = &[
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", &["ECDSA", "AES", "AES256", "AESGCM", "SHA384"]),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", &["ECDSA", "AES", "AES128", "AESGCM", "SHA256"]),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", &["ECDSA", "CHACHA20"]),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", &["RSA", "AES", "AES256", "AESGCM", "SHA384"]),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", &["RSA", "AES", "AES128", "AESGCM", "SHA256"]),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", &["RSA", "CHACHA20"]),
];
/// Words that stand for all of them.
const COMMON: &[&str] =
    &["ALL", "DEFAULT", "COMPLEMENTOFDEFAULT", "HIGH", "ECDH", "ECDHE", "EECDH", "KECDHE", "KEECDH", "AEAD", "TLSV1.2", "FIPS"];

/// What does the cryptography, with only those ciphers that `list` allows.
pub(super) fn provider(list: &str) -> Arc<CryptoProvider> {
    let allowed = allowed(list);
    let mut provider = ring::default_provider();
    provider.cipher_suites.retain(|suite| {
        let name = format!("{:?}", suite.suite());
        suite.tls13().is_some() || allowed.contains(&name.as_str())
    });
    Arc::new(provider)
}

/// Our names of the ciphers of TLS 1.2 that `list` allows.
fn allowed(list: &str) -> Vec<&'static str> {
    let elements: Vec<&str> = list.split([':', ',', ' ', ';']).filter(|element| !element.is_empty()).collect();
    let adds = |element: &&&str| !element.starts_with(['!', '-', '+', '@']);
    let mut chosen: Vec<bool> = vec![!elements.iter().any(|element| adds(&element)); SUITES.len()];
    let mut killed = vec![false; SUITES.len()];
    for element in elements {
        let (operator, words) = match element.chars().next() {
            Some(operator @ ('!' | '-' | '+' | '@')) => (operator, element.get(1..).unwrap_or_default()),
            _ => (' ', element),
        };
        for ((suite, chosen), killed) in SUITES.iter().zip(&mut chosen).zip(&mut killed) {
            if !words.split('+').all(|word| is_meant(suite, word)) {
                continue;
            }
            match operator {
                '!' => *killed = true,
                '-' => *chosen = false,
                // They change the order and the level of security only.
                '+' | '@' => {}
                _ => *chosen = true,
            }
        }
    }
    let kept = SUITES.iter().zip(chosen.iter().zip(&killed)).filter(|(_, (chosen, killed))| **chosen && !**killed);
    kept.map(|((name, _, _), _)| *name).collect()
}

fn is_meant((name, openssl, words): &(&str, &str, &[&str]), word: &str) -> bool {
    let upper = word.to_uppercase();
    let plain = upper.strip_prefix('A').filter(|rest| matches!(*rest, "RSA" | "ECDSA")).unwrap_or(&upper);
    upper == *name || upper == *openssl || words.contains(&plain) || COMMON.contains(&upper.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_openssl() {
        for (list, count) in [
            ("@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM", 6),
            ("ECDHE-RSA-AES256-GCM-SHA384", 1),
            ("ECDHE-RSA-AES256-GCM-SHA384,ECDHE-ECDSA-CHACHA20-POLY1305", 2),
            ("HIGH:!aRSA", 3),
            ("ALL:-CHACHA20", 4),
            ("AES128:!ECDSA:ECDSA", 1),
            ("RC4:DES", 0),
            ("!CHACHA20", 4),
            ("", 6),
        ] {
            assert_eq!(allowed(list).len(), count, "{list}: {:?}", allowed(list));
        }
    }

    #[test]
    fn the_names_are_those_of_the_library() {
        let suites = ring::default_provider().cipher_suites.len();
        assert_eq!(provider("ALL").cipher_suites.len(), suites);
        assert_eq!(provider("RC4").cipher_suites.len(), suites - SUITES.len());
    }
}
