//! `acl`: what single users and groups may do with a file, beyond its owner and group.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::required_command;
use super::shared::run::{change, look};
use super::spec::POSIX;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Effect, Follow};

/// The declaration of `acl`.
pub static MODULE: Spec = Spec {
    name: "acl",
    collections: POSIX,
    summary: "Set or look at access control lists of files",
    description: &["Calls `setfacl` and `getfacl` of the host. A link itself has no list: with `follow: false` nothing is done to one."],
    options: &[
        Opt::new("path", Kind::Path, "The file or directory.").required().aliases(&["name"]),
        Opt::new(
            "state",
            Kind::Str,
            "`query`: look only. `present`: there is an entry with these permissions. `absent`: there is no such entry.",
        )
        .choices(&["absent", "present", "query"])
        .default("\"query\""),
        Opt::new("etype", Kind::Str, "Whom the entry is about.").choices(&["group", "mask", "other", "user"]),
        Opt::new("entity", Kind::Str, "The user or group; the owner or group of the file when empty.").default("\"\""),
        Opt::new(
            "permissions",
            Kind::Str,
            "The permissions: letters of `rwx`, or `X`, which means `x` for directories and where somebody has it already.",
        ),
        Opt::new(
            "entry",
            Kind::Str,
            "All of it as `ETYPE:ENTITY:PERMISSIONS`, the older way; with `default:` in front of it for `default`.",
        ),
        Opt::new("default", Kind::Bool, "Whether the entry is one that things made in the directory get.").default("false"),
        Opt::new("recursive", Kind::Bool, "Whether everything below the directory gets it too.").default("false").aliases(&["recurse"]),
        Opt::new("follow", Kind::Bool, "Whether a link at `path` is followed.").default("true"),
        Opt::new(
            "recalculate_mask",
            Kind::Str,
            "Whether the mask is made to let everything through: as `setfacl` decides, always (`mask`), or never (`no_mask`).",
        )
        .choices(&["default", "mask", "no_mask"])
        .default("\"default\""),
        Opt::new("use_nfsv4_acls", Kind::Bool, "Lists of NFS version 4, which are not supported.").default("false").choices(&["false"]),
    ],
    rules: &[
        Rule::Exclusive(&["entry", "etype"]),
        Rule::Exclusive(&["entry", "permissions"]),
        Rule::IfAny("state", "present", &["entry", "etype"]),
        Rule::IfAny("state", "absent", &["entry", "etype"]),
    ],
    free_form: None,
    returns: &[
        Return { name: "acl", kind: "list", when: "always", doc: "The list as `getfacl` shows it, without remarks." },
        Return { name: "msg", kind: "str", when: "always", doc: "What is so now." },
    ],
    examples: "
- name: The group may read the log
  ansible.posix.acl:
    path: /var/log/klaytn
    etype: group
    entity: ops
    permissions: rX
    recursive: true
    state: present
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: PathBuf,
    state: State,
    etype: Option<String>,
    entity: String,
    permissions: Option<String>,
    entry: Option<String>,
    default: bool,
    recursive: bool,
    follow: bool,
    recalculate_mask: Recalculation,
    #[serde(rename = "use_nfsv4_acls")]
    _use_nfsv4_acls: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Absent,
    Present,
    Query,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Recalculation {
    Default,
    Mask,
    NoMask,
}

/// An entry.
struct Entry {
    is_default: bool,
    /// `user:ada`
    whom: String,
    permissions: Option<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let purpose = format!("set the access control list of `{}`", args.path.display());
    let wrong = |why: &str| Failure::new(format!("failed to {purpose}: {why}"));
    let Some(stat) = ctx.system.stat(&args.path, if args.follow { Follow::Yes } else { Follow::No })? else {
        return Err(wrong("nothing is there").missing_on(ctx.system));
    };
    let entry = entry(&args).map_err(|why| wrong(&why))?;
    if args.default && args.state != State::Query && !stat.is_dir() {
        return Err(wrong("only a directory has entries for what is made in it"));
    }
    let get = required_command(ctx.system, &["getfacl"], "look at access control lists")?;
    if stat.is_link() {
        return Ok(Outcome::new().with("acl", Vec::<String>::new()).with("msg", "a link has no list of its own"));
    }
    let Some(entry) = entry else {
        return Ok(Outcome::new().with("acl", list(ctx, &args, &get, args.default)?).with("msg", "current acl"));
    };
    let set = required_command(ctx.system, &["setfacl"], "set access control lists")?;
    let words = words(&args, &entry);
    let command = |first: &str| {
        let path = args.path.to_string_lossy().into_owned();
        let all = [set.clone()].into_iter().chain((!first.is_empty()).then(|| first.to_owned())).chain(words.clone());
        all.chain(["--".to_owned(), path]).collect::<Vec<String>>()
    };
    let subject = format!("acl {}\n{} {} {}", args.path.display(), args.recursive, entry.is_default, entry.whom);
    let value = entry.permissions.clone().unwrap_or_else(|| "absent".to_owned());
    let message = match &entry.permissions {
        Some(permissions) => format!("{}:{permissions} is present", entry.whom),
        None => format!("{} is absent", entry.whom),
    };
    let is_known = ctx.system.known(&subject).as_ref() == Some(&value);
    let tested =
        look(ctx, &ctx.command(command("--test")), &purpose).map_err(|failure| unforeseen(ctx, &args.path, failure))?.stdout_text();
    let mut lines = list(ctx, &args, &get, entry.is_default)?;
    if !is_known && tested.lines().any(|line| !line.ends_with(": *,*")) {
        let would_be = foreseen(&lines, &tested, entry.is_default);
        let effects = [
            Effect::Other(format!("{}: {} -> {}", args.path.display(), lines.join(", "), would_be.join(", "))),
            Effect::Known { subject, value },
        ];
        change(ctx, &ctx.command(command("")), &effects, &purpose)?;
        lines = if ctx.system.foresees() { would_be } else { list(ctx, &args, &get, entry.is_default)? };
    }
    Ok(Outcome::new().with("acl", lines).with("msg", message))
}

/// What only an earlier task of check mode would make has no list yet.
fn unforeseen(ctx: &Context<'_>, path: &Path, failure: Failure) -> Failure {
    let is_missing = ctx.system.foresees() && failure.message.ends_with("No such file or directory");
    let message = if is_missing { format!("the list of `{}` is known when it is there", path.display()) } else { failure.message.clone() };
    Failure { unpredictable: failure.unpredictable || is_missing, message, ..failure }
}

/// The entry that is meant; `None` when there is only to look.
fn entry(args: &Arguments) -> Result<Option<Entry>, String> {
    if args.state == State::Query {
        return match (args.recursive, args.recalculate_mask) {
            (true, _) => Err("`recursive` makes no sense with `state: query`".to_owned()),
            (_, Recalculation::Mask | Recalculation::NoMask) => Err("`recalculate_mask` makes no sense with `state: query`".to_owned()),
            _ => Ok(None),
        };
    }
    let is_present = args.state == State::Present;
    let Some(text) = &args.entry else {
        let permissions = match (is_present, &args.permissions) {
            (true, None) => return Err("`permissions` is missing".to_owned()),
            (false, Some(_)) => return Err("`permissions` makes no sense with `state: absent`".to_owned()),
            (_, permissions) => permissions.clone(),
        };
        let whom = format!("{}:{}", args.etype.as_deref().unwrap_or_default(), args.entity);
        check(&whom, permissions.as_deref())?;
        return Ok(Some(Entry { is_default: args.default, whom, permissions }));
    };
    if !args.entity.is_empty() {
        return Err("`entity` makes no sense with `entry`".to_owned());
    }
    let mut parts: Vec<&str> = text.split(':').collect();
    let is_default = matches!(parts.first(), Some(&("default" | "d")));
    if is_default {
        parts.remove(0);
    }
    let (kind, entity, permissions) = match (parts.as_slice(), is_present) {
        ([kind, entity, permissions], true) => (kind, entity, Some((*permissions).to_owned())),
        ([kind, entity], false) => (kind, entity, None),
        ([kind], false) => (kind, &"", None),
        (_, true) => return Err(format!("`{text}` is no `ETYPE:ENTITY:PERMISSIONS`")),
        (_, false) => return Err(format!("`{text}` is no `ETYPE:ENTITY`")),
    };
    let kind = match *kind {
        "u" | "user" => "user",
        "g" | "group" => "group",
        "m" | "mask" => "mask",
        "o" | "other" => "other",
        _ => return Err(format!("`{kind}` is neither `user`, `group`, `mask` nor `other`")),
    };
    let whom = format!("{kind}:{entity}");
    check(&whom, permissions.as_deref())?;
    Ok(Some(Entry { is_default: is_default || args.default, whom, permissions }))
}

fn check(whom: &str, permissions: Option<&str>) -> Result<(), String> {
    let (kind, entity) = whom.split_once(':').unwrap_or_default();
    if matches!(kind, "mask" | "other") && !entity.is_empty() {
        return Err(format!("`{kind}` has no user or group"));
    }
    if entity.contains([':', ',', '\n']) {
        return Err(format!("nobody is called `{entity}`"));
    }
    match permissions {
        Some(text) if text.is_empty() || !text.chars().all(|letter| "rwxX-".contains(letter)) => {
            Err(format!("`{text}` is made of other letters than `rwxX-`"))
        }
        _ => Ok(()),
    }
}

/// What `setfacl` is told, but for the path.
fn words(args: &Arguments, entry: &Entry) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut flag = |is: bool, word: &str| {
        if is {
            words.push(word.to_owned());
        }
    };
    flag(args.recursive, "-R");
    flag(!args.follow, "-P");
    flag(args.recalculate_mask == Recalculation::Mask, "--mask");
    flag(args.recalculate_mask == Recalculation::NoMask, "--no-mask");
    flag(entry.is_default, "-d");
    let change = match &entry.permissions {
        Some(permissions) => ["-m".to_owned(), format!("{}:{permissions}", entry.whom)],
        None => ["-x".to_owned(), entry.whom.clone()],
    };
    words.into_iter().chain(change).collect()
}

/// The list as `getfacl` shows it; those of several files with an empty line between.
fn list(ctx: &Context<'_>, args: &Arguments, program: &str, default: bool) -> Result<Vec<String>, Failure> {
    let purpose = format!("look at the access control list of `{}`", args.path.display());
    let mut words = vec![program, "--omit-header", "--absolute-names", "--no-effective"];
    words.extend([(default, "-d"), (args.recursive, "-R"), (!args.follow, "-P")].iter().filter(|(is, _)| *is).map(|(_, word)| *word));
    let path = args.path.to_string_lossy();
    words.extend(["--", &path]);
    let output = look(ctx, &ctx.command(words), &purpose).map_err(|failure| unforeseen(ctx, &args.path, failure))?;
    Ok(output.stdout_text().trim_end().lines().map(|line| line.trim_end().to_owned()).collect())
}

/// The list as it is to be, from what `setfacl --test` says: a line `PATH: LIST,DEFAULTS` for each file, with `*` for what stays.
fn foreseen(now: &[String], tested: &str, default: bool) -> Vec<String> {
    let blocks: Vec<&[String]> = now.split(String::is_empty).collect();
    let lines: Vec<&str> = tested.lines().filter_map(|line| line.rsplit_once(": ").map(|(_, entries)| entries)).collect();
    if blocks.len() != lines.len() {
        return now.to_vec();
    }
    let changed = blocks.iter().zip(lines).map(|(block, line)| {
        let entries: Vec<&str> = line.split(',').collect();
        let (own, defaults): (Vec<&str>, Vec<&str>) =
            entries.iter().copied().filter(|entry| *entry != "*").partition(|entry| !entry.starts_with("d:"));
        let kept = |is_default: bool| block.iter().filter(move |line| line.starts_with("default:") == is_default).cloned();
        let own: Vec<String> = if own.is_empty() { kept(false).collect() } else { own.iter().map(|entry| long(entry)).collect() };
        let prefix = if default { "" } else { "default:" };
        let defaults = defaults.iter().filter_map(|entry| entry.strip_prefix("d:")).map(|entry| format!("{prefix}{}", long(entry)));
        let defaults: Vec<String> = match (line.ends_with('*'), default) {
            (true, true) => block.to_vec(),
            (true, false) => kept(true).collect(),
            (false, _) => defaults.collect(),
        };
        if default { defaults } else { own.into_iter().chain(defaults).collect() }
    });
    let changed: Vec<Vec<String>> = changed.collect();
    changed.join(&String::new())
}

/// `u:ada:rw-` as `user:ada:rw-`.
fn long(entry: &str) -> String {
    let (kind, rest) = entry.split_once(':').unwrap_or((entry, ""));
    let kind = match kind {
        "u" => "user",
        "g" => "group",
        "m" => "mask",
        "o" => "other",
        other => other,
    };
    format!("{kind}:{rest}")
}

#[cfg(test)]
mod tests;
