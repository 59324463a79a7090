//! `pam_limits`: limits of what users may use of a machine.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::backup::backup;
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{Attributes, Content, Follow};

const ITEMS: &[&str] = &[
    "core",
    "data",
    "fsize",
    "memlock",
    "nofile",
    "rss",
    "stack",
    "cpu",
    "nproc",
    "as",
    "maxlogins",
    "maxsyslogins",
    "priority",
    "locks",
    "sigpending",
    "msgqueue",
    "nice",
    "rtprio",
    "chroot",
];
/// Items whose values go below 0, and have no `unlimited`.
const SIGNED: &[&str] = &["nice", "priority"];

/// The declaration of `pam_limits`.
pub static MODULE: Spec = Spec {
    name: "pam_limits",
    collections: GENERAL,
    summary: "Limit what users may use of a machine",
    description: &["Keeps lines of `/etc/security/limits.conf`, which count from the next login on. All other lines stay as they are."],
    options: &[
        Opt::new("domain", Kind::Str, "A user, `@GROUP`, `*`, or a range of numbers.").required(),
        Opt::new("limit_type", Kind::Str, "Which limit: `soft`, `hard`, or `-` for both.").required().choices(&["hard", "soft", "-"]),
        Opt::new("limit_item", Kind::Str, "What is limited.").required().choices(ITEMS),
        Opt::new("value", Kind::Str, "The limit: a number; `unlimited`, `infinity` or `-1`; `-20` to `19` for `nice` and `priority`.")
            .required(),
        Opt::new("use_max", Kind::Bool, "Whether a limit that is there stays when it is higher.").default("false"),
        Opt::new("use_min", Kind::Bool, "Whether a limit that is there stays when it is lower.").default("false"),
        Opt::new("comment", Kind::Str, "A text behind the limit.").default("\"\""),
        Opt::new("dest", Kind::Str, "The file; it is made when it is missing.").default("\"/etc/security/limits.conf\""),
        Opt::new("backup", Kind::Bool, "Keep a copy of the file, with the time in its name.").default("false"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "msg", kind: "str", when: "always", doc: "The line of the limit." },
        Return { name: "backup_file", kind: "str", when: "backup and changed", doc: "The copy of the file." },
    ],
    examples: "
- name: The node opens many files
  community.general.pam_limits:
    domain: klaytn
    limit_type: '-'
    limit_item: nofile
    value: '65536'
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    domain: String,
    limit_type: String,
    limit_item: String,
    value: String,
    use_max: bool,
    use_min: bool,
    comment: String,
    dest: PathBuf,
    backup: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let wrong = |why: &str| Failure::new(format!("failed to set the limit `{}` of `{}`: {why}", args.limit_item, args.domain));
    if args.use_max && args.use_min {
        return Err(wrong("`use_max` and `use_min` contradict each other"));
    }
    if args.domain.is_empty() || args.domain.contains(char::is_whitespace) || args.comment.contains(['\n', '\r']) {
        return Err(wrong("it would be more than one word or line in the file"));
    }
    let is_signed = SIGNED.contains(&args.limit_item.as_str());
    let wanted = limit(&args.value, is_signed).ok_or_else(|| {
        let what = if is_signed { "a number from -20 to 19" } else { "a number from 0 on, `unlimited`, `infinity` or `-1`" };
        wrong(&format!("`{}` is not {what}", args.value))
    })?;
    let is_link = ctx.system.stat(&args.dest, Follow::No)?.is_some_and(|stat| stat.is_link());
    let path = if is_link { ctx.system.real_path(&args.dest)? } else { args.dest.clone() };
    let there = ctx.system.stat(&path, Follow::Yes)?.is_some();
    let text = if there {
        String::from_utf8(ctx.system.read(&path)?).map_err(|_| wrong(&format!("`{}` is not UTF-8", path.display())))?
    } else {
        String::new()
    };
    let (lines, shown) = lines(&text, &args, wanted, is_signed);
    let new: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    let mut outcome = Outcome::new().with("msg", format!("{shown}\n"));
    if lines.iter().map(String::as_str).ne(text.lines()) {
        if args.backup
            && let Some(copy) = backup(ctx.system, &path)?
        {
            outcome = outcome.with("backup_file", copy.to_string_lossy().into_owned());
        }
        write(ctx, &path, &new)?;
    }
    Ok(outcome)
}

fn write(ctx: &mut Context<'_>, path: &Path, text: &str) -> Result<(), Failure> {
    ctx.system.write(path, Content::Bytes(text.as_bytes()), &Attributes::default())?;
    Ok(())
}

/// A limit as a number that can be compared; without an end it is the highest.
fn limit(text: &str, is_signed: bool) -> Option<i64> {
    match text {
        "unlimited" | "infinity" | "-1" if !is_signed => Some(i64::MAX),
        number => number.parse().ok().filter(|number| if is_signed { (-20..=19).contains(number) } else { *number >= 0 }),
    }
}

/// The lines of the file with the limit, and the line of the limit.
fn lines(text: &str, args: &Arguments, wanted: i64, is_signed: bool) -> (Vec<String>, String) {
    let own = [args.domain.as_str(), &args.limit_type, &args.limit_item];
    let line = |comment: &str| {
        let line = format!("{}\t{}", own.join("\t"), args.value);
        if comment.is_empty() { line } else { format!("{line}\t#{comment}") }
    };
    let mut shown = None;
    let mut lines = Vec::new();
    for old in text.lines() {
        let (plain, comment) = old.split_once('#').unwrap_or((old, ""));
        let words: Vec<&str> = plain.split_whitespace().collect();
        let value = match words.split_last() {
            Some((value, name)) if name == own => value,
            _ => {
                lines.push(old.to_owned());
                continue;
            }
        };
        let stays = match limit(value, is_signed) {
            Some(is) => is == wanted && *value == args.value || args.use_max && is >= wanted || args.use_min && is <= wanted,
            None => false,
        };
        let new = if stays { old.to_owned() } else { line(if args.comment.is_empty() { comment } else { &args.comment }) };
        shown = Some(new.clone());
        lines.push(new);
    }
    let shown = shown.unwrap_or_else(|| {
        lines.push(line(&args.comment));
        line(&args.comment)
    });
    (lines, shown)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{apply, refused};
    use crate::system::fake::{Fake, Fault};

    const FILE: &str = "/etc/security/limits.conf";
    const TEXT: &str = "# top\n#<domain> <type> <item> <value>\nada soft nofile 100\nada\thard\tnofile\t200 # why\n*  -  core  0\n\
                        @wheel soft nproc unlimited\nbroken line\n\n# End of file\n";

    fn args(domain: &str, kind: &str, item: &str, more: Value) -> Value {
        let mut args = more;
        (args["domain"], args["limit_type"], args["limit_item"]) = (json!(domain), json!(kind), json!(item));
        args
    }

    /// As community.general 11 changes the same lines, but for comments of other lines that it brings along.
    #[test]
    fn lines_become_what_they_are_to_be() {
        let hard = |more: Value| args("ada", "hard", "nofile", more);
        let wheel = |more: Value| args("@wheel", "soft", "nproc", more);
        for (args, new) in [
            (args("ada", "soft", "nofile", json!({"value": 100})), None),
            (args("ada", "soft", "nofile", json!({"value": "300"})), Some("ada\tsoft\tnofile\t300")),
            (args("*", "-", "core", json!({"value": 0})), None),
            (args("bob", "-", "nofile", json!({"value": "300"})), Some("bob\t-\tnofile\t300")),
            (args("zed", "soft", "as", json!({"value": "1", "comment": "c"})), Some("zed\tsoft\tas\t1\t#c")),
            (args("ada", "soft", "nice", json!({"value": "-20"})), Some("ada\tsoft\tnice\t-20")),
            (hard(json!({"value": "300"})), Some("ada\thard\tnofile\t300\t# why")),
            (hard(json!({"value": "300", "comment": "new"})), Some("ada\thard\tnofile\t300\t#new")),
            (hard(json!({"value": "200", "comment": "new"})), None),
            (hard(json!({"value": "100", "use_max": true})), None),
            (hard(json!({"value": "300", "use_max": true})), Some("ada\thard\tnofile\t300\t# why")),
            (hard(json!({"value": "100", "use_min": true})), Some("ada\thard\tnofile\t100\t# why")),
            (hard(json!({"value": "300", "use_min": true})), None),
            (hard(json!({"value": "unlimited", "use_max": true})), Some("ada\thard\tnofile\tunlimited\t# why")),
            (hard(json!({"value": "unlimited", "use_min": true})), None),
            (hard(json!({"value": "-1"})), Some("ada\thard\tnofile\t-1\t# why")),
            (wheel(json!({"value": "5", "use_max": true})), None),
            (wheel(json!({"value": "5", "use_min": true})), Some("@wheel\tsoft\tnproc\t5")),
            (wheel(json!({"value": "unlimited"})), None),
        ] {
            let applied = apply(&MODULE, Fake::new().file(FILE, TEXT), args.clone());
            assert_eq!(applied.changed, new.is_some(), "{args}");
            let Some(new) = new else { continue };
            let text = applied.machine.text(FILE);
            assert!(text.lines().any(|line| line == new), "{args}: {text}");
            assert_eq!(*applied.get("msg"), json!(format!("{new}\n")));
            let others = |text: &str| TEXT.lines().filter(|line| text.lines().any(|other| other == *line)).count();
            assert!(others(&text) >= TEXT.lines().count() - 1);
        }
    }

    #[test]
    fn every_line_of_the_limit_counts() {
        let twice = "ada soft nofile 1\nada soft nofile 2\nada soft nofile 5 x y\n";
        let applied = apply(&MODULE, Fake::new().file(FILE, twice), args("ada", "soft", "nofile", json!({"value": "2", "backup": true})));
        assert_eq!(applied.machine.text(FILE), "ada\tsoft\tnofile\t2\nada soft nofile 2\nada soft nofile 5 x y\n");
        let copy = applied.get("backup_file").as_str().unwrap_or_default().to_owned();
        assert_eq!(applied.machine.text(&copy), twice);
        let new = Fake::new().dir("/srv");
        let new = apply(&MODULE, new, args("ada", "soft", "nofile", json!({"value": "2", "dest": "/srv/limits"})));
        assert_eq!(new.machine.text("/srv/limits"), "ada\tsoft\tnofile\t2\n");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(refused(&MODULE, args("a", "both", "nofile", json!({"value": "1"}))).contains("must be one of"));
        let message = |fake: Fake, item: &str, more: Value| apply(&MODULE, fake, args("ada", "soft", item, more)).failure().message.clone();
        let machine = || Fake::new().file(FILE, "");
        for value in ["x", "-5", ""] {
            assert_eq!(
                message(machine(), "nofile", json!({"value": value})),
                format!("failed to set the limit `nofile` of `ada`: `{value}` is not a number from 0 on, `unlimited`, `infinity` or `-1`")
            );
        }
        for value in ["-21", "20", "unlimited"] {
            assert!(message(machine(), "nice", json!({"value": value})).ends_with("is not a number from -20 to 19"));
        }
        assert!(message(machine(), "as", json!({"value": "1", "use_max": true, "use_min": true})).contains("contradict"));
        assert!(message(machine(), "as", json!({"value": "1", "comment": "a\nb"})).contains("more than one word or line"));
        let full = machine().fault(Fault::ReadOnly, "/etc");
        assert_eq!(message(full, "as", json!({"value": "1"})), format!("failed to write `{FILE}`: Read-only file system"));
    }
}
