//! `stat`: what is at a path of the host.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::shared::{describe, owner};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::file::Algorithm;
use crate::system::{Command, ErrorKind, Follow, Output, Stat, System};

/// The declaration of `stat`.
pub static MODULE: Spec = Spec {
    name: "stat",
    collections: BUILTIN,
    summary: "Tell what is at a path",
    description: &["Returns whether something is at a path, and its kind, permissions, owner, size, times and checksum."],
    options: &[
        Opt::new("path", Kind::Path, "The path.").required().aliases(&["dest", "name"]),
        Opt::new("follow", Kind::Bool, "Tell of what a symbolic link points to instead of the link.").default("false"),
        Opt::new("get_checksum", Kind::Bool, "Whether to compute the checksum of a regular file.").default("true"),
        Opt::new("checksum_algorithm", Kind::Str, "With which digest.")
            .default("\"sha1\"")
            .choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
            .aliases(&["checksum", "checksum_algo"]),
        Opt::new(
            "get_mime",
            Kind::Bool,
            "Whether to ask `file` of the host for type and character set; without that command they are `unknown`.",
        )
        .default("true")
        .aliases(&["mime", "mime_type", "mime-type"]),
        Opt::new("get_attributes", Kind::Bool, "Whether to ask `lsattr` of the host for the flags of the file system, where it has it.")
            .default("true")
            .aliases(&["attr", "attributes"]),
    ],
    rules: &[],
    free_form: None,
    returns: &[Return {
        name: "stat",
        kind: "dict",
        when: "success",
        doc: "`exists`, and when that is true `path`, `mode`, `isdir`, `isreg`, `islnk`, `ischr`, `isblk`, `isfifo`, `issock`, `isuid`, `isgid`, \
              `uid`, `gid`, `pw_name`, `gr_name`, `size`, `inode`, `dev`, `nlink`, `atime`, `mtime`, `ctime`, `rusr` to `xoth`, `readable`, \
              `writeable`, `executable`, `block_size`, `blocks`, `device_type`; for a link `lnk_source` and `lnk_target`; as asked for `checksum`, \
              `mimetype`, `charset`, `attributes`, `attr_flags`, `version`.",
    }],
    examples: "
- name: Is it installed?
  stat:
    path: /opt/app/bin/app
    get_checksum: false
  register: program
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: PathBuf,
    follow: bool,
    get_checksum: bool,
    checksum_algorithm: Algorithm,
    get_mime: bool,
    get_attributes: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let follow = if args.follow { Follow::Yes } else { Follow::No };
    let Some(stat) = ctx.system.stat(&args.path, follow)? else {
        return Ok(Outcome::new().with("stat", json!({"exists": false})).changed(false));
    };
    let mut result = attributes(ctx.system, &args.path, &stat)?;
    if stat.is_link() {
        let text = ctx.system.read_link(&args.path)?;
        result.insert("lnk_source".into(), end_of_link(ctx.system, &args.path, &text)?.to_string_lossy().into());
        result.insert("lnk_target".into(), text.to_string_lossy().into());
    }
    if args.get_checksum && stat.is_file() && ctx.system.access(&args.path)?.read {
        match ctx.system.checksum(&args.path, args.checksum_algorithm) {
            Ok(checksum) => drop(result.insert("checksum".into(), checksum.into())),
            // In check mode, of a file that a command would write, all else is known.
            Err(error) if error.kind == ErrorKind::Unpredictable => {}
            Err(error) => return Err(error.into()),
        }
    }
    if args.get_mime {
        let (mimetype, charset) = mime(ctx.system, &args.path)?;
        result.insert("mimetype".into(), mimetype.into());
        result.insert("charset".into(), charset.into());
    }
    if args.get_attributes {
        let (version, flags) = flags(ctx.system, &args.path)?;
        let names: Vec<&str> = flags.chars().filter_map(flag_name).collect();
        result.insert("version".into(), version.into());
        result.insert("attributes".into(), names.into());
        result.insert("attr_flags".into(), flags.into());
    }
    Ok(Outcome::new().with("stat", result).changed(false))
}

/// Where a link leads in the end. Of a way that breaks off, the part that is there is followed and the rest is taken as written.
fn end_of_link(system: &dyn System, link: &Path, text: &Path) -> Result<PathBuf, Failure> {
    let target = link.parent().unwrap_or(Path::new("/")).join(text);
    for there in target.ancestors() {
        match system.real_path(there) {
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Unpredictable) => {}
            found => {
                let real = found?;
                return Ok(target
                    .strip_prefix(there)
                    .ok()
                    .filter(|rest| *rest != Path::new(""))
                    .map_or(real.clone(), |rest| real.join(rest)));
            }
        }
    }
    Ok(target)
}

fn attributes(system: &dyn System, path: &Path, stat: &Stat) -> Result<Map<String, Value>, Failure> {
    let access = system.access(path)?;
    let mut facts = describe::facts(path, stat);
    let more = [
        ("exists", json!(true)),
        ("blocks", json!(stat.blocks)),
        ("block_size", json!(stat.block_size)),
        ("device_type", json!(stat.device_type)),
        ("readable", json!(access.read)),
        ("writeable", json!(access.write)),
        ("executable", json!(access.execute)),
        ("pw_name", json!(owner::user_name(system, stat.uid)?)),
        ("gr_name", json!(owner::group_name(system, stat.gid)?)),
    ];
    facts.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Ok(facts)
}

/// Runs a command that looks at the path; `None` in check mode, when the path is there only in the prediction.
fn probe(system: &dyn System, command: &Command) -> Result<Option<Output>, Failure> {
    match system.probe(command) {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.kind == ErrorKind::Unpredictable => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Type and character set as the host's `file` tells them.
fn mime(system: &dyn System, path: &Path) -> Result<(String, String), Failure> {
    let unknown = || ("unknown".to_owned(), "unknown".to_owned());
    let Some(program) = system.which("file")? else { return Ok(unknown()) };
    let command = Command::new([&program.to_string_lossy(), "-b", "-i", "--", &path.to_string_lossy()].map(str::to_owned));
    let Some(output) = probe(system, &command)?.filter(Output::success) else { return Ok(unknown()) };
    let text = output.stdout_text();
    let (mimetype, charset) = text.trim().split_once("; charset=").unwrap_or((text.trim(), "unknown"));
    Ok((mimetype.to_owned(), charset.to_owned()))
}

/// Version and flags as `lsattr` tells them; nothing for file systems without.
fn flags(system: &dyn System, path: &Path) -> Result<(Option<String>, String), Failure> {
    let Some(program) = system.which("lsattr")? else { return Ok((None, String::new())) };
    let command = Command::new([&program.to_string_lossy(), "-vd", &path.to_string_lossy()].map(str::to_owned));
    let Some(output) = probe(system, &command)? else { return Ok((None, String::new())) };
    let text = output.stdout_text();
    let mut words = text.split_whitespace();
    match (output.success(), words.next(), words.next()) {
        (true, Some(version), Some(flags)) => Ok((Some(version.to_owned()), flags.replace('-', ""))),
        _ => Ok((None, String::new())),
    }
}

/// What a letter of `lsattr` means.
fn flag_name(letter: char) -> Option<&'static str> {
    Some(match letter {
        'A' => "noatime",
        'a' => "append",
        'c' => "compressed",
        'C' => "nocow",
        'd' => "nodump",
        'D' => "dirsync",
        'e' => "extents",
        'E' => "encrypted",
        'h' => "blocksize",
        'i' => "immutable",
        'I' => "indexed",
        'j' => "journalled",
        'N' => "inline",
        's' => "zero",
        'S' => "synchronous",
        't' => "notail",
        'T' => "blockroot",
        'u' => "undelete",
        'X' => "compressedraw",
        'Z' => "compresseddirty",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{apply, predict_after};
    use crate::system::Effect;
    use crate::system::fake::Fake;

    fn told(machine: Fake, args: Value) -> Map<String, Value> {
        let applied = apply(&MODULE, machine, args);
        assert!(!applied.changed);
        applied.get("stat").as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn nothing_is_told_as_such() {
        assert_eq!(Value::from(told(Fake::new(), json!({"path": "/none"}))), json!({"exists": false}));
        assert_eq!(Value::from(told(Fake::new().file("/f", ""), json!({"path": "/f/below"}))), json!({"exists": false}));
    }

    #[test]
    fn a_file_is_told_in_full() {
        let machine = Fake::new().user("app", 1000).file("/srv/f", "hi\n").mode("/srv/f", 0o4751).owner("/srv/f", 1000, 0);
        let stat = told(machine, json!({"path": "/srv/f", "checksum_algorithm": "md5"}));
        let expected = json!({
            "exists": true, "path": "/srv/f", "mode": "4751", "isreg": true, "isdir": false, "islnk": false, "isuid": true, "isgid": false,
            "uid": 1000, "pw_name": "app", "gr_name": "root", "size": 3, "nlink": 1, "xusr": true, "wgrp": false, "xoth": true,
            "readable": true, "writeable": true, "executable": true, "checksum": "764efa883dda1e11db47671c4a3bbd9e", "mimetype": "unknown",
            "attributes": [], "attr_flags": "", "version": null,
        });
        for (key, value) in expected.as_object().into_iter().flatten() {
            assert_eq!(stat.get(key), Some(value), "{key}");
        }
    }

    #[test]
    fn links_are_told_or_followed() {
        let machine = || Fake::new().file("/srv/f", "x").link("/srv/l", "f");
        let link = told(machine(), json!({"path": "/srv/l"}));
        assert_eq!(
            (link.get("islnk"), link.get("lnk_target"), link.get("lnk_source")),
            (Some(&json!(true)), Some(&json!("f")), Some(&json!("/srv/f")))
        );
        assert!(!link.contains_key("checksum"));
        let file = told(machine(), json!({"path": "/srv/l", "follow": true}));
        assert_eq!((file.get("isreg"), file.get("size")), (Some(&json!(true)), Some(&json!(1))));
    }

    #[test]
    fn a_link_that_leads_nowhere_is_told_with_its_whole_way() {
        let machine =
            || Fake::new().dir("/opt/v2").link("/opt/current", "v2").link("/opt/app", "current/gone/bin").link("/opt/loose", "/none");
        for (link, end) in [("/opt/app", "/opt/v2/gone/bin"), ("/opt/loose", "/none")] {
            let stat = told(machine(), json!({"path": link}));
            assert_eq!((stat.get("exists"), stat.get("lnk_source")), (Some(&json!(true)), Some(&json!(end))));
        }
        assert_eq!(Value::from(told(machine(), json!({"path": "/opt/app", "follow": true}))), json!({"exists": false}));
    }

    #[test]
    fn what_is_not_asked_for_is_left_out() {
        let args = json!({"path": "/f", "get_checksum": false, "get_mime": false, "get_attributes": false});
        let stat = told(Fake::new().file("/f", "x"), args);
        assert!(["checksum", "mimetype", "charset", "attributes", "version"].iter().all(|key| !stat.contains_key(*key)), "{stat:?}");
    }

    #[test]
    fn of_a_file_that_a_command_would_write_all_but_its_content_is_told() {
        let predicted = predict_after(&MODULE, Fake::new().dir("/srv"), json!({"path": "/srv/made"}), |machine| {
            machine.run(&Command::new(["make"]), &[Effect::FileWritten("/srv/made".into())]).expect("is recorded");
        });
        let stat = predicted.get("stat");
        assert_eq!((&stat["exists"], &stat["mode"], stat.get("checksum")), (&json!(true), &json!("0644"), None));
    }

    #[test]
    fn programs_of_the_host_tell_type_and_flags() {
        let machine = Fake::new()
            .file("/f", "x")
            .program("/usr/bin/file")
            .program("/usr/bin/lsattr")
            .answer(&["/usr/bin/file"], 0, "text/plain; charset=us-ascii\n", "")
            .answer(&["/usr/bin/lsattr"], 0, "379256925 ----i---------e------- /f\n", "");
        let stat = told(machine, json!({"path": "/f"}));
        assert_eq!((stat.get("mimetype"), stat.get("charset")), (Some(&json!("text/plain")), Some(&json!("us-ascii"))));
        assert_eq!((stat.get("attributes"), stat.get("version")), (Some(&json!(["immutable", "extents"])), Some(&json!("379256925"))));
    }
}
