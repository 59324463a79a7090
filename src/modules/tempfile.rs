//! `tempfile`: a new file or directory with a name that nobody knows before.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::describe::describe;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{FileKind, Follow, Stat};

/// The declaration of `tempfile`.
pub static MODULE: Spec = Spec {
    name: "tempfile",
    collections: BUILTIN,
    summary: "Make a temporary file or directory",
    description: &[
        "Makes an empty file or directory that only its owner may use, each time a new one. Nobody removes it: the module `file` with `state: absent` does.",
    ],
    options: &[
        Opt::new("path", Kind::Path, "The directory to make it in; without it where `TMPDIR` points to, else `/tmp`."),
        Opt::new("state", Kind::Str, "What to make.").default("\"file\"").choices(&["directory", "file"]),
        Opt::new("prefix", Kind::Str, "How its name begins.").default("\"ansible.\""),
        Opt::new("suffix", Kind::Str, "How its name ends.").default("\"\""),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "path", kind: "str", when: "success", doc: "Its path." },
        Return {
            name: "state",
            kind: "str",
            when: "success",
            doc: "`file` or `directory`; also `mode`, `owner`, `group`, `uid`, `gid` and `size`.",
        },
    ],
    examples: "
- name: A place to unpack
  tempfile:
    state: directory
    suffix: build
  register: place

- name: And away with it
  file:
    path: \"{{ place.path }}\"
    state: absent
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: Option<PathBuf>,
    state: State,
    prefix: String,
    suffix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Directory,
    File,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    for (option, text) in [("prefix", &args.prefix), ("suffix", &args.suffix)] {
        if text.contains('/') {
            return Err(Failure::new(format!(
                "failed to make a temporary file: `{option}` is a part of its name, and `{text}` holds a `/`"
            )));
        }
    }
    let dir = match args.path {
        Some(path) => path,
        None => default_dir(ctx)?,
    };
    let kind = if args.state == State::Directory { FileKind::Directory } else { FileKind::File };
    let path = ctx.system.make_temporary(&dir, &args.prefix, &args.suffix, kind)?;
    let mut outcome = Outcome::new().with("path", path.to_string_lossy());
    describe(ctx.system, &path, &mut outcome.result)?;
    Ok(outcome)
}

/// The first that is a directory of those that variables name, then the usual ones.
fn default_dir(ctx: &Context<'_>) -> Result<PathBuf, Failure> {
    let mut variables = ctx.system.environment()?;
    variables.extend(ctx.environment.clone());
    let named = ["TMPDIR", "TEMP", "TMP"].into_iter().filter_map(|name| variables.get(name).map(String::as_str));
    for dir in named.chain(["/tmp", "/var/tmp"]).filter(|dir| !dir.is_empty()).map(Path::new) {
        if ctx.system.stat(dir, Follow::Yes)?.as_ref().is_some_and(Stat::is_dir) {
            return Ok(dir.to_path_buf());
        }
    }
    Err(Failure::new("failed to make a temporary file: the machine has neither `/tmp` nor `/var/tmp`"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{apply_once, predict};
    use super::*;
    use crate::system::fake::Fake;

    #[test]
    fn something_new_each_time() {
        let first = apply_once(&MODULE, Fake::new(), json!({"suffix": ".conf"}));
        assert!(first.changed);
        let path = first.get("path").as_str().unwrap().to_owned();
        assert!(path.starts_with("/tmp/ansible.") && path.ends_with(".conf"), "{path}");
        assert_eq!((first.get("mode"), first.get("state"), first.get("size")), (&json!("0600"), &json!("file"), &json!(0)));
        let second = apply_once(&MODULE, first.machine, json!({"suffix": ".conf"}));
        assert_ne!(second.get("path"), &Value::from(path));
    }

    #[test]
    fn a_directory_where_it_is_asked_for() {
        let applied = apply_once(&MODULE, Fake::new(), json!({"state": "directory", "path": "/srv", "prefix": "build-"}));
        let path = applied.get("path").as_str().unwrap();
        assert!(path.starts_with("/srv/build-") && applied.machine.has(path));
        assert_eq!((applied.get("mode"), applied.get("state")), (&json!("0700"), &json!("directory")));
        let applied = apply_once(&MODULE, Fake::new().variable("TMPDIR", "/opt"), json!({}));
        assert!(applied.get("path").as_str().unwrap().starts_with("/opt/ansible."));
        let applied = apply_once(&MODULE, Fake::new().variable("TMPDIR", "/none"), json!({}));
        assert!(applied.get("path").as_str().unwrap().starts_with("/tmp/ansible."));
    }

    #[test]
    fn what_cannot_be_made() {
        let message = |args: Value| apply_once(&MODULE, Fake::new(), args).failure().message.clone();
        assert_eq!(
            message(json!({"prefix": "../x"})),
            "failed to make a temporary file: `prefix` is a part of its name, and `../x` holds a `/`"
        );
        assert!(message(json!({"path": "/none"})).contains("/none"), "{}", message(json!({"path": "/none"})));
    }

    #[test]
    fn check_mode_makes_nothing() {
        let predicted = predict(&MODULE, Fake::new(), json!({}));
        assert!(predicted.changed && !predicted.machine.has(predicted.get("path").as_str().unwrap()));
    }
}
