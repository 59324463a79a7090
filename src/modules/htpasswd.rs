//! `htpasswd`: users and their passwords in a file that web servers read.

use std::path::PathBuf;

use base64::Engine as _;
use serde::Deserialize;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::make_parents;
use super::shared::state::State;
use super::shared::write::{self, NewFile, Source};
use super::spec::{GENERAL, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::base::{crypt, des_crypt};
use crate::system::{Follow, Stat};

const SCHEMES: &[&str] = &["apr_md5_crypt", "md5_crypt", "sha256_crypt", "sha512_crypt", "bcrypt", "des_crypt", "ldap_sha1", "plaintext"];

const OWN: &[Opt] = &[
    Opt::new("path", Kind::Path, "The file.").required().aliases(&["dest", "destfile"]),
    Opt::new("name", Kind::Str, "The user.").required().aliases(&["username"]),
    Opt::new("password", Kind::Str, "The password. Needed with `state: present`.").secret(),
    Opt::new(
        "hash_scheme",
        Kind::Str,
        "How a password is kept that is written. One that is there stays when it is the right one, however it is kept. Apache and nginx know \
         `apr_md5_crypt`; what else a server knows depends on its system.",
    )
    .choices(SCHEMES)
    .default("\"apr_md5_crypt\"")
    .aliases(&["crypt_scheme"]),
    Opt::new("state", Kind::Str, "Whether the user is to be there.").choices(&["present", "absent"]).default("\"present\""),
    Opt::new("create", Kind::Bool, "Whether the file is made when it is missing.").default("true"),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `htpasswd`.
pub static MODULE: Spec = Spec {
    name: "htpasswd",
    collections: GENERAL,
    summary: "Keep users and passwords for web servers",
    description: &["Keeps lines `NAME:HASH` of a file. Nothing has to be installed on the host for it. A diff does not show hashes."],
    options: &OPTIONS,
    rules: &[],
    free_form: None,
    returns: &[Return { name: "msg", kind: "str", when: "always", doc: "What was done." }],
    examples: "
- name: The dashboard asks for a password
  community.general.htpasswd:
    path: /etc/nginx/dashboard.users
    name: ops
    password: '{{ dashboard_password }}'
    owner: root
    group: www-data
    mode: '0640'
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: PathBuf,
    name: String,
    password: Option<String>,
    hash_scheme: Scheme,
    state: State,
    create: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scheme {
    AprMd5Crypt,
    Md5Crypt,
    Sha256Crypt,
    Sha512Crypt,
    Bcrypt,
    DesCrypt,
    LdapSha1,
    Plaintext,
}

/// What becomes of the file.
struct Change {
    text: String,
    message: String,
    /// The user before and after, for the diff.
    sides: [&'static str; 2],
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let wrong = |why: &str| Failure::new(format!("failed to keep the user `{}` in `{}`: {why}", args.name, args.path.display()));
    if args.name.is_empty() || args.name.contains([':', '\n', '\r']) || args.name.starts_with('#') {
        return Err(wrong("a user cannot be called so"));
    }
    let is_link = ctx.system.stat(&args.path, Follow::No)?.is_some_and(|stat| stat.is_link());
    let path = if is_link { ctx.system.real_path(&args.path)? } else { args.path.clone() };
    let there = ctx.system.stat(&path, Follow::Yes)?;
    if there.as_ref().is_some_and(|stat| !stat.is_file()) {
        return Err(wrong("it is not a regular file"));
    }
    let text = match there {
        Some(_) => Some(String::from_utf8(ctx.system.read(&path)?).map_err(|_| wrong("it is not UTF-8"))?),
        None => None,
    };
    let lines = lines(text.as_deref().unwrap_or_default())
        .map_err(|number| wrong(&format!("line {number} is neither a comment nor `NAME:HASH`")))?;
    let change = match args.state {
        State::Absent => without(&lines, &args.name),
        State::Present => {
            let password = args.password.as_deref().ok_or_else(|| wrong("`password` is missing"))?;
            if args.hash_scheme == Scheme::Plaintext && password.contains(['\n', '\r']) {
                return Err(wrong("a line break would end the line"));
            }
            if text.is_none() && !args.create {
                return Err(wrong("the file is not there").hint("`create: true` makes it").missing_on(ctx.system));
            }
            with(&lines, &args, password).map_err(|why| wrong(&why))?
        }
    };
    let mut outcome = Outcome::new();
    let message = match (change, text) {
        (Ok(change), text) => {
            if text.is_none() {
                make_parents(ctx, &path, None)?;
            }
            let content = Source::Bytes(change.text.as_bytes());
            write::put(ctx, &NewFile { path: &path, source: content, options: &options, validate: None, backup: false })?;
            outcome = outcome.with("diff", json!([diff(&args, &change.sides)]));
            match text {
                Some(_) => change.message,
                None => format!("Created {} and added {}", args.path.display(), args.name),
            }
        }
        (Err(message), Some(_)) => {
            options.apply(ctx, &path, Follow::Yes)?;
            message
        }
        (Err(message), None) => message,
    };
    let attributes = |stat: &Stat| (stat.mode, stat.uid, stat.gid);
    let now = ctx.system.stat(&path, Follow::Yes)?;
    let message = match there.zip(now).is_some_and(|(old, new)| attributes(&old) != attributes(&new)) {
        true => format!("{message} and ownership or permissions changed"),
        false => message,
    };
    Ok(outcome.with("msg", message))
}

fn diff(args: &Arguments, sides: &[&str; 2]) -> serde_json::Value {
    let path = args.path.to_string_lossy();
    let [before, after] = sides.map(|side| format!("{}: {side}\n", args.name));
    json!({"before_header": path, "after_header": path, "before": before, "after": after})
}

/// A line of the file, and its user and hash where it has them.
type Line<'t> = (&'t str, Option<(&'t str, &'t str)>);

/// The lines; the number of the first one that makes no sense.
fn lines(text: &str) -> Result<Vec<Line<'_>>, usize> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let is_passed_over = line.trim().is_empty() || line.starts_with('#');
        let pair = line.split_once(':').filter(|_| !is_passed_over);
        if pair.is_none() && !is_passed_over {
            return Err(number + 1);
        }
        lines.push((line, pair));
    }
    Ok(lines)
}

fn text<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The file without the user, or what is said when it is not in it.
fn without(lines: &[Line<'_>], name: &str) -> Result<Change, String> {
    let is_own = |line: &Line<'_>| line.1.is_some_and(|(user, _)| user == name);
    if !lines.iter().any(is_own) {
        return Err(format!("{name} not present"));
    }
    let text = text(lines.iter().filter(|line| !is_own(line)).map(|(line, _)| *line));
    Ok(Change { text, message: format!("Remove {name}"), sides: ["there", "absent"] })
}

/// The file with the user, or what is said when the password is the right one already.
fn with(lines: &[Line<'_>], args: &Arguments, password: &str) -> Result<Result<Change, String>, String> {
    let name = &args.name;
    let own = lines.iter().position(|(_, pair)| pair.is_some_and(|(user, _)| user == name));
    let old = own.and_then(|at| lines.get(at)).and_then(|(_, pair)| pair.map(|(_, hash)| hash));
    if old.is_some_and(|hash| is_right(args.hash_scheme, password, hash.trim_end())) {
        return Ok(Err(format!("{name} already present")));
    }
    let new = format!("{name}:{}", hash(args.hash_scheme, password)?);
    let kept = lines.iter().enumerate().map(|(at, (line, _))| if Some(at) == own { new.as_str() } else { *line });
    let added = own.is_none().then_some(new.as_str());
    let text = text(kept.chain(added));
    let sides = [if old.is_some() { "another password" } else { "absent" }, "the password of the task"];
    Ok(Ok(Change { text, message: format!("Add/update {name}"), sides }))
}

/// Whether what the file has is a hash of the password, or itself. Servers do not know MD5-crypt of itself, so it counts only where asked for.
fn is_right(scheme: Scheme, password: &str, kept: &str) -> bool {
    if let Some(digest) = kept.strip_prefix("{SHA}") {
        return digest == sha1(password);
    }
    if kept.starts_with("$1$") && scheme != Scheme::Md5Crypt {
        return false;
    }
    let is_des = kept.len() == 13 && des_crypt::hash(password, kept).is_some_and(|again| again == kept);
    crypt::verify(password, kept).unwrap_or(is_des || kept == password)
}

fn sha1(password: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha1::digest(password.as_bytes()))
}

fn hash(scheme: Scheme, password: &str) -> Result<String, String> {
    let made = |scheme| crypt::hash(scheme, password, &crypt::Options::default());
    match scheme {
        Scheme::AprMd5Crypt => Ok(crypt::md5_crypt(password.as_bytes(), &crypt::random_salt(8), "$apr1$")),
        Scheme::Md5Crypt => made(crypt::Scheme::Md5),
        Scheme::Sha256Crypt => made(crypt::Scheme::Sha256),
        Scheme::Sha512Crypt => made(crypt::Scheme::Sha512),
        Scheme::Bcrypt => made(crypt::Scheme::Bcrypt),
        Scheme::DesCrypt => des_crypt::hash(password, &crypt::random_salt(2)).ok_or_else(|| "the password cannot be hashed so".to_owned()),
        Scheme::LdapSha1 => Ok(format!("{{SHA}}{}", sha1(password))),
        Scheme::Plaintext => Ok(password.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict, refused};
    use crate::system::fake::{Fake, Fault};

    const FILE: &str = "/etc/nginx/users";
    /// In all schemes the password is `secret`.
    const TEXT: &str = "# users\n\nada:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\nsha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\ndes:abNANd1rDfiNc\n\
                        sha5:$5$rounds=1000$abc$Mz4DiYKTnNKbZLo/mIp3d8Y4aQBhv3uhSwxLDy55/Y8\nmd5:$1$mysalt$n/EfEiV74OYgBdqhKQzSW/\n\
                        blow:$2b$04$....................../dCAsp4PpJoDgv6BeaLP6BKrXlBV1oi\nplain:secret";

    fn machine() -> Fake {
        Fake::new().file(FILE, TEXT)
    }

    fn args(name: &str, more: Value) -> Value {
        let mut args = more;
        (args["path"], args["name"]) = (json!(FILE), json!(name));
        args
    }

    fn line(applied: &Applied, name: &str) -> String {
        let text = applied.machine.text(FILE);
        text.lines().find(|line| line.split(':').next() == Some(name)).unwrap_or_default().to_owned()
    }

    #[test]
    fn the_right_password_stays_however_it_is_kept() {
        for name in ["ada", "sha", "des", "sha5", "blow", "plain"] {
            let same = apply(&MODULE, machine(), args(name, json!({"password": "secret"})));
            assert!(!same.changed, "{name}");
            assert_eq!((same.get("msg"), same.machine.text(FILE).as_str()), (&json!(format!("{name} already present")), TEXT));
            let other = apply(&MODULE, machine(), args(name, json!({"password": "other", "crypt_scheme": "ldap_sha1"})));
            assert!(other.changed, "{name}");
            assert_eq!(line(&other, name), format!("{name}:{{SHA}}0JQeaNqPOBUf+Gph/Fn3xc+fyqI="));
            assert_eq!(other.get("msg"), &json!(format!("Add/update {name}")));
        }
        assert!(!apply(&MODULE, machine(), args("md5", json!({"password": "secret", "hash_scheme": "md5_crypt"}))).changed);
        assert!(apply(&MODULE, machine(), args("md5", json!({"password": "secret", "hash_scheme": "plaintext"}))).changed);
    }

    #[test]
    fn every_scheme() {
        for (scheme, start) in [
            ("apr_md5_crypt", "$apr1$"),
            ("md5_crypt", "$1$"),
            ("sha256_crypt", "$5$rounds=535000$"),
            ("sha512_crypt", "$6$rounds=656000$"),
            ("bcrypt", "$2b$12$"),
            ("des_crypt", ""),
            ("ldap_sha1", "{SHA}"),
            ("plaintext", "geheim"),
        ] {
            let mut machine = machine();
            let args = args("new", json!({"password": "geheim", "hash_scheme": scheme}));
            assert!(apply_on(&MODULE, &mut machine, &args).0, "{scheme}");
            let text = machine.text(FILE);
            let line = text.strip_prefix(&format!("{TEXT}\n")).unwrap_or_default();
            assert!(line.starts_with(&format!("new:{start}")) && line.ends_with('\n'), "{scheme}: {line}");
            // How long these take to compute again is the point of them.
            if !matches!(scheme, "sha256_crypt" | "sha512_crypt" | "bcrypt") {
                assert!(!apply_on(&MODULE, &mut machine, &args).0, "{scheme}");
            }
        }
        assert!(refused(&MODULE, args("new", json!({"hash_scheme": "portable_apache22"}))).contains("must be one of"));
    }

    #[test]
    fn users_go() {
        let twice = Fake::new().file(FILE, "a:1\nb:2\n# c\na:3\n");
        let gone = apply(&MODULE, twice, args("a", json!({"state": "absent"})));
        assert_eq!((gone.machine.text(FILE).as_str(), gone.get("msg")), ("b:2\n# c\n", &json!("Remove a")));
        let none = apply(&MODULE, machine(), args("zed", json!({"state": "absent"})));
        assert_eq!((none.changed, none.get("msg")), (false, &json!("zed not present")));
        let nothing = apply(&MODULE, Fake::new(), args("zed", json!({"state": "absent", "mode": "0600"})));
        assert!(!nothing.changed && !nothing.machine.has(FILE));
    }

    #[test]
    fn the_file_and_its_attributes() {
        let plain = |more: Value| {
            let mut more = more;
            (more["password"], more["hash_scheme"]) = (json!("x"), json!("plaintext"));
            args("new", more)
        };
        let made = apply(&MODULE, Fake::new(), plain(json!({"mode": "0640"})));
        assert_eq!((made.machine.text(FILE).as_str(), made.machine.stat_of(FILE).mode), ("new:x\n", 0o640));
        assert_eq!(made.get("msg"), &json!(format!("Created {FILE} and added new")));
        let closed = apply(&MODULE, made.machine, plain(json!({"mode": "0600"})));
        assert_eq!(closed.get("msg"), "new already present and ownership or permissions changed");
        assert!(closed.changed && closed.machine.stat_of(FILE).mode == 0o600);
        let linked = Fake::new().file("/srv/real", "").link(FILE, "/srv/real");
        assert_eq!(apply(&MODULE, linked, plain(json!({}))).machine.text("/srv/real"), "new:x\n");
    }

    #[test]
    fn a_diff_shows_no_hashes() {
        let predicted = predict(&MODULE, machine(), args("ada", json!({"password": "other"})));
        let shown = predicted.get("diff").to_string();
        assert!(predicted.changed && !shown.contains("$apr1$") && !shown.contains("other\""), "{shown}");
        assert!(MODULE.options.iter().any(|opt| opt.name == "password" && opt.secret));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let message = |fake: Fake, name: &str, more: Value| {
            let mut args = args(name, more);
            args["hash_scheme"] = json!("plaintext");
            apply_once(&MODULE, fake, args).failure().message.clone()
        };
        let start = |name: &str| format!("failed to keep the user `{name}` in `{FILE}`: ");
        let password = || json!({"password": "x"});
        for name in ["", "a:b", "a\nb", "#a"] {
            assert_eq!(message(machine(), name, password()), start(name) + "a user cannot be called so");
        }
        assert_eq!(message(machine(), "a", json!({})), start("a") + "`password` is missing");
        assert_eq!(message(machine(), "a", json!({"password": "x\ny"})), start("a") + "a line break would end the line");
        assert_eq!(message(Fake::new(), "a", json!({"password": "x", "create": false})), start("a") + "the file is not there");
        let broken = Fake::new().file(FILE, "a:1\nbroken\n");
        assert_eq!(message(broken, "a", password()), start("a") + "line 2 is neither a comment nor `NAME:HASH`");
        assert_eq!(message(Fake::new().file(FILE, [0xff]), "a", password()), start("a") + "it is not UTF-8");
        assert_eq!(message(Fake::new().dir(FILE), "a", password()), start("a") + "it is not a regular file");
        let full = machine().fault(Fault::NoSpace, "/etc");
        assert_eq!(message(full, "a", password()), format!("failed to write `{FILE}`: No space left on device"));
    }
}
