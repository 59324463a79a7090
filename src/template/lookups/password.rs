//! Passwords that are made once and kept in a file.

use std::path::{Path, PathBuf};

use minijinja::Value;

use super::{Lookup, Request, inline_options, listed};
use crate::base::crypt;
use crate::template::fault::Eval;
use crate::template::files;
use crate::template::python::show;
use crate::template::random::Random;

pub(super) static TABLE: &[Lookup] = &[Lookup {
    name: "password",
    options: &["length", "chars", "encrypt", "ident", "seed"],
    doc: "A password from a file, made at random and stored there the first time; from `/dev/null`, never stored.",
    example: "lookup('password', '/dev/null', seed='abc')",
    gives: "6TTuIhBjbajOIpXYV3o6",
    run: password,
}];

fn password(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let mut passwords = Vec::new();
    for term in request.text_terms() {
        let (name, inline) = inline_options(&term);
        let option = |wanted: &str| match inline.iter().find(|(given, _)| given == wanted) {
            Some((_, value)) => Some(Value::from(value.as_str())),
            None => request.option(wanted).filter(|value| !value.is_none()).cloned(),
        };
        if let Some((unknown, _)) =
            inline.iter().find(|(name, _)| !["length", "chars", "encrypt", "ident", "seed"].contains(&name.as_str()))
        {
            return Err(request.error(format!("there is no option `{unknown}`")));
        }
        let length = match option("length") {
            None => 20,
            Some(length) => show(&length)
                .trim()
                .parse::<usize>()
                .ok()
                .filter(|length| *length > 0)
                .ok_or_else(|| request.error("`length` must be a whole number above zero"))?,
        };
        let scheme = match option("encrypt") {
            None => None,
            Some(name) => Some(crypt::Scheme::parse(&show(&name)).map_err(|message| request.error(message))?),
        };
        let chars = alphabet(option("chars").as_ref());
        if chars.is_empty() {
            return Err(request.error("`chars` names no characters"));
        }
        let path = place(request, &name);
        let stored = if path == Path::new("/dev/null") || !request.ctx.core.files().exists(&path) {
            None
        } else {
            Some(files::read_text(&path, &request.ctx.core)?)
        };
        let (mut secret, mut salt, mut ident) = stored.as_deref().map(parse).unwrap_or_default();
        let mut changed = false;
        if stored.is_none() {
            let mut random = option("seed").map_or_else(Random::from_system, |seed| Random::from_text(&show(&seed)));
            secret = (0..length).filter_map(|_| chars.get(usize::try_from(random.below(chars.len() as u128)).unwrap_or(0))).collect();
            changed = true;
        }
        if let (Some(scheme), None) = (scheme, &salt) {
            salt = Some(crypt::random_salt(scheme.salt_size()));
            changed = true;
        }
        match (option("ident").as_ref().map(show), &ident) {
            (Some(wanted), Some(stored)) if wanted != *stored => {
                return Err(request.error(format!("`{}` says the ident `{stored}`, not `{wanted}`", path.display())));
            }
            (Some(wanted), None) => {
                changed = true;
                ident = Some(wanted);
            }
            (None, None) if scheme == Some(crypt::Scheme::Bcrypt) => {
                changed = true;
                ident = Some("2b".to_owned());
            }
            _ => {}
        }
        if changed && path != Path::new("/dev/null") {
            let content = match (&salt, &ident) {
                (Some(salt), Some(ident)) => format!("{secret} salt={salt} ident={ident}\n"),
                (Some(salt), None) => format!("{secret} salt={salt}\n"),
                (None, _) => format!("{secret}\n"),
            };
            files::write_secret(&path, &content)
                .map_err(|error| request.error(format!("file `{}` cannot be written: {error}", path.display())))?;
        }
        request.ctx.core.secrets.add(&secret);
        passwords.push(Value::from(match (scheme, salt) {
            (Some(scheme), Some(salt)) => {
                let options = crypt::Options { salt: Some(&salt), ident: ident.as_deref(), ..crypt::Options::default() };
                crypt::hash(scheme, &secret, &options).map_err(|message| request.error(message))?
            }
            _ => secret,
        }));
    }
    Ok(passwords)
}

/// Where the file lies: relative paths are below the playbook's folder.
fn place(request: &Request<'_>, name: &str) -> PathBuf {
    let path = files::expand_home(name);
    match request.ctx.scope.search_path().into_iter().next_back() {
        Some(folder) if path.is_relative() => folder.join(path),
        _ => path,
    }
}

/// Password, salt and ident of a file's content.
fn parse(content: &str) -> (String, Option<String>, Option<String>) {
    let content = content.trim_end_matches(['\n', '\r']);
    match content.rsplit_once(" salt=") {
        Some((secret, rest)) => {
            let mut words = rest.split_whitespace();
            let salt = words.next().unwrap_or("").to_owned();
            (secret.to_owned(), Some(salt), words.find_map(|word| word.strip_prefix("ident=")).map(str::to_owned))
        }
        None => (content.to_owned(), None, None),
    }
}

/// The characters that names (`ascii_letters`, `digits`) and literal characters stand for.
fn alphabet(chars: Option<&Value>) -> Vec<char> {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    let parts: Vec<String> = match chars {
        None => vec!["ascii_letters".to_owned(), "digits".to_owned(), ".,:-_".to_owned()],
        Some(value) if crate::template::data::is_sequence(value) => listed(value).iter().map(show).collect(),
        Some(value) => {
            // Two commas in a row are a comma.
            let text = show(value);
            let mut parts: Vec<String> = text.replace(",,", ",").split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            if text.contains(",,") {
                parts.push(",".to_owned());
            }
            parts
        }
    };
    let expand = |part: &String| match part.as_str() {
        "ascii_letters" => format!("{LOWER}{UPPER}"),
        "ascii_lowercase" => LOWER.to_owned(),
        "ascii_uppercase" => UPPER.to_owned(),
        "digits" => "0123456789".to_owned(),
        "hexdigits" => "0123456789abcdefABCDEF".to_owned(),
        "octdigits" => "01234567".to_owned(),
        "punctuation" => PUNCTUATION.to_owned(),
        "whitespace" => " \t\n\r\u{b}\u{c}".to_owned(),
        "printable" => format!("0123456789{LOWER}{UPPER}{PUNCTUATION} \t\n\r\u{b}\u{c}"),
        literal => literal.to_owned(),
    };
    parts.iter().map(expand).collect::<String>().replace(['"', '\''], "").chars().collect()
}
