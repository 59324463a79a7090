//! Hashes, base64, addresses, vaults.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use minijinja::Value;
use sha2::Digest as _;

use crate::base::{Secret, crypt};
use crate::template::call::{Call, Filter, def};
use crate::template::data;
use crate::template::fault::{Eval, Fault};
use crate::template::files::vault_fault;
use crate::template::python::show;
use crate::vault::Keyring;

pub(super) static TABLE: &[Filter] = &[
    def("b64encode", &["encoding", "urlsafe"], "The text in base64.", "'hello' | b64encode", "aGVsbG8=", |call| {
        let bytes = encode(call, &show(&call.input), 0)?;
        Ok(Value::from(if call.is_set(1, false) { URL_SAFE.encode(bytes) } else { STANDARD.encode(bytes) }))
    }),
    def("b64decode", &["encoding", "urlsafe"], "The text that base64 stands for.", "'aGVsbG8=' | b64decode", "hello", |call| {
        let packed: String = show(&call.input).split_whitespace().collect();
        let engine = if call.is_set(1, false) { &URL_SAFE } else { &STANDARD };
        let bytes = engine.decode(packed).map_err(|error| call.error(format!("this is not base64: {error}")))?;
        match call.text_or(0, "utf-8")?.to_lowercase().as_str() {
            "latin-1" | "latin1" | "iso-8859-1" => Ok(Value::from(bytes.into_iter().map(char::from).collect::<String>())),
            _ => Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned())),
        }
    }),
    def(
        "hash",
        &["hashtype"],
        "The hash of the text: sha1 unless another is named.",
        "'x' | hash('md5')",
        "9dd4e461268c8034f5c8564e155c67a6",
        |call| {
            let kind = call.text_or(0, "sha1")?;
            hash(call, &kind)
        },
    ),
    def("md5", &[], "The MD5 hash.", "'x' | md5", "9dd4e461268c8034f5c8564e155c67a6", |call| hash(call, "md5")),
    def("sha1", &[], "The SHA-1 hash.", "'x' | sha1", "11f6ad8ec52a2984abaafd7c3b516503785c2072", |call| hash(call, "sha1")),
    def("checksum", &[], "The SHA-1 hash.", "'x' | checksum", "11f6ad8ec52a2984abaafd7c3b516503785c2072", |call| hash(call, "sha1")),
    def(
        "password_hash",
        &["hashtype", "salt", "salt_size", "rounds", "ident"],
        "The text hashed for `/etc/shadow`: sha512 unless sha256, md5 or bcrypt is named.",
        "'secret' | password_hash('sha512', 'mysalt', rounds=5000) | truncate(12, true, '', 0)",
        "$6$mysalt$UX",
        password_hash,
    ),
    def("to_uuid", &["namespace"], "A UUID that the text always gets.", "'x' | to_uuid", "66b2f013-1baa-5313-9c8c-e6f1182e0e90", |call| {
        let namespace = call.text_or(0, "361E6D51-FAEC-444A-9079-341386DA8E2E")?;
        let digits: String = namespace.chars().filter(|c| !matches!(c, '-' | '{' | '}')).collect();
        let mut bytes = hex::decode(digits.trim_start_matches("urn:uuid:"))
            .ok()
            .filter(|bytes| bytes.len() == 16)
            .ok_or_else(|| call.error(format!("`{namespace}` is no UUID")))?;
        bytes.extend(show(&call.input).as_bytes());
        let mut digest: Vec<u8> = sha1::Sha1::digest(&bytes).to_vec();
        digest.truncate(16);
        // Version 5, variant of RFC 4122.
        for (at, byte) in digest.iter_mut().enumerate() {
            match at {
                6 => *byte = *byte & 0x0f | 0x50,
                8 => *byte = *byte & 0x3f | 0x80,
                _ => {}
            }
        }
        let digits = hex::encode(digest);
        let mut uuid = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if matches!(at, 8 | 12 | 16 | 20) {
                uuid.push('-');
            }
            uuid.push(digit);
        }
        Ok(Value::from(uuid))
    }),
    def("urlencode", &[], "Encoded for an address; a mapping or list of pairs as a query.", "{'a': 'b c'} | urlencode", "a=b+c", |call| {
        let pairs = match (data::pairs(&call.input), data::items(&call.input)) {
            (Some(pairs), _) => Some(pairs),
            (None, Some(items)) => Some(
                items
                    .iter()
                    .map(|pair| match data::iterate(pair)?.as_slice() {
                        [key, value] => Ok((key.clone(), value.clone())),
                        _ => Err(call.error("every element must be a pair")),
                    })
                    .collect::<Eval<Vec<_>>>()?,
            ),
            (None, None) => None,
        };
        Ok(Value::from(match pairs {
            None => percent(&show(&call.input), "/", false),
            Some(pairs) => {
                let parts: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("{}={}", percent(&show(key), "", true), percent(&show(value), "", true)))
                    .collect();
                parts.join("&")
            }
        }))
    }),
    def("urldecode", &[], "The text an encoded one stands for.", "'a%20b+c' | urldecode", "a b c", |call| {
        Ok(Value::from(unpercent(&show(&call.input).replace('+', " "))))
    }),
    def(
        "urlsplit",
        &["query"],
        "The parts of an address, or one of them.",
        "'http://www.acme.com:90/x' | urlsplit('port')",
        "90",
        urlsplit,
    ),
    def(
        "vault",
        &["secret", "salt", "vault_id", "wrap_object"],
        "The text encrypted with a password.",
        "'x' | vault('made up') | unvault('made up')",
        "x",
        |call| {
            let secret = Secret::new(call.need_text(0)?);
            if call.some(1).is_some() {
                return Err(call.error("a fixed `salt` is not supported: equal texts would be seen to be equal"));
            }
            let id = call.some(2).map(show).filter(|id| id != "filter_default");
            let encrypted =
                crate::vault::encrypt(show(&call.input).as_bytes(), &secret, id.as_deref()).map_err(|error| vault_fault(&error))?;
            Ok(Value::from(encrypted))
        },
    ),
    def(
        "unvault",
        &["secret", "vault_id"],
        "The text that was encrypted with a password.",
        "'x' | vault('made up') | unvault('made up')",
        "x",
        |call| {
            let mut keyring = Keyring::default();
            keyring.add(call.text_or(1, "filter_default")?, Secret::new(call.need_text(0)?));
            let encrypted = show(&call.input);
            if !crate::vault::is_encrypted(&encrypted) {
                return Ok(Value::from(encrypted));
            }
            let bytes = keyring.decrypt(&encrypted).map_err(|error| vault_fault(&error))?;
            let text = String::from_utf8(bytes).map_err(|_| call.error("what is encrypted is not text"))?;
            call.interp.ctx.core.secrets.add(&text);
            Ok(Value::from(text))
        },
    ),
];

/// The bytes of a text in the encoding that the argument at `at` names.
fn encode(call: &Call<'_, '_>, text: &str, at: usize) -> Eval<Vec<u8>> {
    match call.text_or(at, "utf-8")?.to_lowercase().as_str() {
        "utf-8" | "utf8" => Ok(text.as_bytes().to_vec()),
        "latin-1" | "latin1" | "iso-8859-1" => {
            let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            bytes.ok_or_else(|| call.error("the text has characters that latin-1 does not have"))
        }
        "ascii" | "us-ascii" if text.is_ascii() => Ok(text.as_bytes().to_vec()),
        "ascii" | "us-ascii" => Err(call.error("the text has characters that are not ASCII")),
        "utf-16-le" | "utf-16le" => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "utf-16-be" | "utf-16be" => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        "utf-16" => Ok([0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()),
        other => Err(call.error(format!("the encoding `{other}` is not supported")).hint("utf-8, utf-16, latin-1 and ascii are")),
    }
}

fn hash(call: &Call<'_, '_>, kind: &str) -> Eval {
    let text = show(&call.input);
    let bytes = text.as_bytes();
    Ok(Value::from(match kind.to_lowercase().as_str() {
        "md5" => hex::encode(md5::Md5::digest(bytes)),
        "sha1" => hex::encode(sha1::Sha1::digest(bytes)),
        "sha224" => hex::encode(sha2::Sha224::digest(bytes)),
        "sha256" => hex::encode(sha2::Sha256::digest(bytes)),
        "sha384" => hex::encode(sha2::Sha384::digest(bytes)),
        "sha512" => hex::encode(sha2::Sha512::digest(bytes)),
        "sha3_224" => hex::encode(sha3::Sha3_224::digest(bytes)),
        "sha3_256" => hex::encode(sha3::Sha3_256::digest(bytes)),
        "sha3_384" => hex::encode(sha3::Sha3_384::digest(bytes)),
        "sha3_512" => hex::encode(sha3::Sha3_512::digest(bytes)),
        other => {
            return Err(call
                .error(format!("the hash `{other}` is not supported"))
                .hint("md5, sha1, sha224, sha256, sha384, sha512 and sha3_256 and its like are"));
        }
    }))
}

fn password_hash(call: &mut Call<'_, '_>) -> Eval {
    let kind = call.text_or(0, "sha512")?;
    let salt = call.some(1).map(show);
    let salt_size = call.int(2)?.and_then(|size| usize::try_from(size).ok());
    let rounds = call.int(3)?.and_then(|rounds| u32::try_from(rounds).ok());
    let password = show(&call.input);
    let scheme = crypt::Scheme::parse(&kind).map_err(|message| call.error(message))?;
    let ident = call.some(4).map(show);
    let options = crypt::Options { salt: salt.as_deref(), salt_size, rounds, ident: ident.as_deref() };
    let hashed = crypt::hash(scheme, &password, &options).map_err(|message| call.error(message))?;
    Ok(Value::from(hashed))
}

/// Percent-encoded: letters, digits, `_.-~` and `safe` stay; blanks become `+` in a query.
pub(crate) fn percent(text: &str, safe: &str, query: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(byte)),
            b' ' if query => out.push('+'),
            _ if safe.bytes().any(|safe| safe == byte) => out.push(char::from(byte)),
            _ => {
                // Writing to a text cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn unpercent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *byte == b'%') {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn urlsplit(call: &mut Call<'_, '_>) -> Eval {
    let address = show(&call.input);
    let (rest, fragment) = address.split_once('#').unwrap_or((&address, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_lowercase(), rest),
        _ => (String::new(), rest),
    };
    let (netloc, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (login, host) = netloc.rsplit_once('@').map_or((None, netloc), |(login, host)| (Some(login), host));
    let (username, password) = match login {
        Some(login) => login.split_once(':').map_or((Some(login), None), |(name, password)| (Some(name), Some(password))),
        None => (None, None),
    };
    let (hostname, port) = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, port)) => (address, port.strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
    };
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => Value::from(port.parse::<u16>().map_err(|_| call.error(format!("`{port}` is no port")))?),
        None => data::none(),
    };
    let optional = |part: Option<&str>| part.map_or_else(data::none, Value::from);
    let parts = [
        ("fragment", Value::from(fragment)),
        ("hostname", if hostname.is_empty() { data::none() } else { Value::from(hostname.to_lowercase()) }),
        ("netloc", Value::from(netloc)),
        ("password", optional(password)),
        ("path", Value::from(path)),
        ("port", port),
        ("query", Value::from(query)),
        ("scheme", Value::from(scheme)),
        ("username", optional(username)),
    ];
    match call.some(0).map(show) {
        None => Ok(data::dict(parts.into_iter().map(|(name, value)| (Value::from(name), value)))),
        Some(wanted) => match parts.iter().find(|(name, _)| *name == wanted) {
            Some((_, value)) => Ok(value.clone()),
            None => {
                let known = parts.iter().map(|(name, _)| *name);
                Err(Fault::error(format!("`urlsplit`: an address has no part `{wanted}`"))
                    .maybe_hint(crate::base::text::did_you_mean(&wanted, known)))
            }
        },
    }
}
