//! Digest authentication, as RFC 7616 describes it: MD5 and SHA-256, with the quality of protection `auth` or none.

use crate::system::file::Algorithm;
use crate::system::hash;

/// What a server asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As the server named it.
    named: Option<String>,
    algorithm: Algorithm,
    /// Whether the nonces go into the digest of the login.
    session: bool,
    /// Whether the protection `auth` is offered.
    auth: bool,
}

impl Challenge {
    /// The challenge in a `WWW-Authenticate`; `None` when it is no digest that is known.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let parameters = header.trim().get(..6).filter(|scheme| scheme.eq_ignore_ascii_case("digest")).and(header.trim().get(6..))?;
        let all = parse_parameters(parameters);
        let get = |name: &str| all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let named = get("algorithm");
        let lower = named.clone().unwrap_or_default().to_lowercase();
        let (name, session) = lower.strip_suffix("-sess").map_or((lower.as_str(), false), |name| (name, true));
        let algorithm = match name {
            "" | "md5" => Algorithm::Md5,
            "sha-256" => Algorithm::Sha256,
            _ => return None,
        };
        let qop = get("qop");
        let auth = qop.as_deref().is_some_and(|qop| qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some() && !auth {
            return None;
        }
        Some(Self { realm: get("realm")?, nonce: get("nonce")?, opaque: get("opaque"), named, algorithm, session, auth })
    }

    /// The `Authorization` of a request; `fresh` is a text that was never used before.
    pub(super) fn answer(&self, user: &str, password: &str, method: &str, uri: &str, fresh: &str) -> String {
        let hash = |text: String| hash::digest(&mut text.as_bytes(), self.algorithm).unwrap_or_default();
        let (realm, nonce) = (&self.realm, &self.nonce);
        let mut login = hash(format!("{user}:{realm}:{password}"));
        if self.session {
            login = hash(format!("{login}:{nonce}:{fresh}"));
        }
        let what = hash(format!("{method}:{uri}"));
        let response = if self.auth { format!("{login}:{nonce}:00000001:{fresh}:auth:{what}") } else { format!("{login}:{nonce}:{what}") };
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let mut header = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{}\"",
            quoted(user),
            quoted(realm),
            quoted(nonce),
            hash(response)
        );
        if let Some(named) = &self.named {
            header.push_str(&format!(", algorithm={named}"));
        }
        if let Some(opaque) = &self.opaque {
            header.push_str(&format!(", opaque=\"{}\"", quoted(opaque)));
        }
        if self.auth {
            header.push_str(&format!(", qop=auth, nc=00000001, cnonce=\"{fresh}\""));
        }
        header
    }
}

/// `a=b, c="d, e"` with names in lower case.
fn parse_parameters(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']).to_lowercase();
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after.get(..end).unwrap_or_default().trim().to_owned(), after.get(end..).unwrap_or_default())
            }
        };
        all.push((name, value));
        rest = next;
    }
    all
}

/// A text up to its closing quote, and what comes behind it.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_those_of_the_standards() {
        let old =
            "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc\"";
        let new = |algorithm: &str| {
            format!(
                "digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQ\""
            )
        };
        let fresh = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (header, password, fresh, response) in [
            (old.to_owned(), "Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"),
            (new("MD5"), "Circle of Life", fresh, "8ca523f5e9506fed4657c9700eebdbec"),
            (new("SHA-256"), "Circle of Life", fresh, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let answer = Challenge::parse(&header).unwrap().answer("Mufasa", password, "GET", "/dir/index.html", fresh);
            assert!(answer.contains(&format!("response=\"{response}\"")), "{answer}");
            assert!(answer.contains("qop=auth, nc=00000001") && answer.contains("opaque="), "{answer}");
        }
    }

    #[test]
    fn other_challenges_are_left_alone() {
        for header in [
            "Basic realm=\"x\"",
            "Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512-256",
            "Digest realm=\"x\"",
            "Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"",
            "Dig",
            "",
        ] {
            assert_eq!(Challenge::parse(header), None, "{header}");
        }
        let plain = Challenge::parse("Digest realm=\"a\\\"b\", nonce=n").unwrap();
        let answer = plain.answer("u", "p", "GET", "/", "f");
        assert!(answer.contains("realm=\"a\\\"b\"") && !answer.contains("cnonce"), "{answer}");
    }
}
