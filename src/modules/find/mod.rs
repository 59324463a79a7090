//! `find`: files and directories by name, age, size, permissions and content.

mod content;
mod criteria;
mod walk;

use std::path::PathBuf;

use serde::Deserialize;

use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::file::Algorithm;
use criteria::Criteria;
use walk::Walk;

/// The declaration of `find`.
pub static MODULE: Spec = Spec {
    name: "find",
    collections: BUILTIN,
    summary: "Find files and directories",
    description: &[
        "Returns what lies in directories and fits all of the criteria. In every directory files come before directories, each by name, and what \
         is deeper comes later.",
        "What cannot be read is left out with a warning; the rest is searched all the same.",
    ],
    options: &[
        Opt::new("paths", Kind::List(&Kind::Path), "The directories to search.").required().aliases(&["name", "path"]),
        Opt::new(
            "patterns",
            Kind::List(&Kind::Str),
            "Shell patterns, or with `use_regex` regular expressions, of which the name must match one. Regular expressions are matched from \
             the start of the name.",
        )
        .default("[]")
        .aliases(&["pattern"]),
        Opt::new("excludes", Kind::List(&Kind::Str), "Patterns of the same sort, of which the name must match none.").aliases(&["exclude"]),
        Opt::new("use_regex", Kind::Bool, "Whether `patterns` and `excludes` are regular expressions in Python's notation.").default("false"),
        Opt::new("file_type", Kind::Str, "What to look for: regular files, directories, symbolic links, or anything.")
            .default("\"file\"")
            .choices(&["any", "directory", "file", "link"]),
        Opt::new("recurse", Kind::Bool, "Whether to search the directories in the directories too.").default("false"),
        Opt::new("depth", Kind::Int, "With `recurse`: how many levels to search; 1 is the directory itself."),
        Opt::new("follow", Kind::Bool, "With `recurse`: whether to search what symbolic links to directories point to.").default("false"),
        Opt::new("hidden", Kind::Bool, "Whether names that begin with a dot are found. Directories with such names are searched in any case.").default("false"),
        Opt::new(
            "age",
            Kind::Str,
            "At least this old; with a `-` in front at most. Seconds, or with a letter behind: `m` minutes, `h` hours, `d` days, `w` weeks.",
        ),
        Opt::new("age_stamp", Kind::Str, "Which time counts for `age`.").default("\"mtime\"").choices(&["atime", "ctime", "mtime"]),
        Opt::new(
            "size",
            Kind::Str,
            "At least this large; with a `-` in front at most. Bytes, or with `k`, `m`, `g`, `t` behind units of 1024 and so on. Only regular files have a size here.",
        ),
        Opt::new("mode", Kind::Mode, "The permissions it must have: an octal number in quotes, or a symbolic mode."),
        Opt::new("exact_mode", Kind::Bool, "Whether the permissions must be exactly those of `mode`, or at least those.").default("true"),
        Opt::new(
            "contains",
            Kind::Str,
            "A regular expression in Python's notation that must match a line from its start, or with `read_whole_file` anywhere in the content. Only for \
             regular files (`file_type: file`).",
        ),
        Opt::new("read_whole_file", Kind::Bool, "Whether `contains` is sought in all of the content at once.").default("false"),
        Opt::new("encoding", Kind::Str, "The encoding of the files that `contains` is sought in; without it UTF-8."),
        Opt::new("get_checksum", Kind::Bool, "Whether to compute the checksum of each file found.").default("false"),
        Opt::new("checksum_algorithm", Kind::Str, "With which digest.")
            .default("\"sha1\"")
            .choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
            .aliases(&["checksum", "checksum_algo"]),
        Opt::new("limit", Kind::Int, "Stop when so many are found."),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return {
            name: "files",
            kind: "list",
            when: "success",
            doc: "What was found: of each `path`, `mode`, `size`, `uid`, `gid`, `pw_name`, `gr_name`, the times and the other keys of `stat`, and `checksum` as asked for.",
        },
        Return { name: "matched", kind: "int", when: "success", doc: "How many were found." },
        Return { name: "examined", kind: "int", when: "success", doc: "How many were looked at." },
        Return { name: "skipped_paths", kind: "dict", when: "success", doc: "What could not be searched, and why." },
    ],
    examples: "
- name: Logs of last week and before
  find:
    paths: /var/log/app
    patterns: '*.log,*.log.gz'
    age: 1w
    recurse: true
  register: old

- name: Who opens the port
  find:
    paths: [/etc, /opt/app]
    patterns: '*.conf'
    contains: '\\s*listen\\s+8551'
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    paths: Vec<PathBuf>,
    patterns: Vec<String>,
    excludes: Option<Vec<String>>,
    use_regex: bool,
    file_type: FileType,
    recurse: bool,
    depth: Option<i64>,
    follow: bool,
    hidden: bool,
    age: Option<String>,
    age_stamp: Stamp,
    size: Option<String>,
    mode: Option<String>,
    exact_mode: bool,
    contains: Option<String>,
    read_whole_file: bool,
    encoding: Option<String>,
    get_checksum: bool,
    checksum_algorithm: Algorithm,
    limit: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FileType {
    Any,
    Directory,
    File,
    Link,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stamp {
    Atime,
    Ctime,
    Mtime,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let limit = match args.limit {
        None => usize::MAX,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(|| Failure::new(format!("failed to find files: `limit` must be at least 1, not {limit}")))?,
    };
    let criteria = Criteria::new(ctx, &args)?;
    let mut walk = Walk::new(ctx.system, &args, &criteria, limit);
    for path in &args.paths {
        walk.search(path)?;
    }
    let message = match (walk.is_full(), walk.skipped.is_empty()) {
        (true, _) => "Limit of matches reached",
        (false, true) => "All paths examined",
        (false, false) => "Not all paths examined, check warnings for details",
    };
    let warnings = walk.skipped.iter().map(|(path, why)| format!("skipped `{path}`: {}", why.as_str().unwrap_or_default())).collect();
    let outcome = Outcome::new()
        .with("msg", message)
        .with("matched", walk.found.len())
        .with("examined", walk.examined)
        .with("skipped_paths", walk.skipped)
        .with("files", walk.found);
    Ok(Outcome { warnings, ..outcome.changed(false) })
}

#[cfg(test)]
mod tests;
