//! `fetch`: a file of the host to the controller.
//!
//! The controller half decides where it goes and says in `_checksum` what is there already; the target half, here, sends the content
//! only when it differs.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::Follow;
use crate::system::file::Algorithm;

/// What the content is called on its way.
pub const CONTENT: &str = "content";

/// The declaration of `fetch`.
pub static MODULE: Spec = Spec {
    name: "fetch",
    collections: BUILTIN,
    summary: "Copy a file of the host to the controller",
    description: &[
        "Puts a file of the host into a folder of the controller, below the name of the host and with its path there, so that files of several hosts \
         do not overwrite each other. A file that is there with the same content is not sent again. Does nothing in check mode.",
    ],
    options: &[
        Opt::new("src", Kind::Path, "The file on the host.").required(),
        Opt::new("dest", Kind::Str, "The folder on the controller, relative to the playbook.").required(),
        Opt::new(
            "flat",
            Kind::Bool,
            "Leave out name of the host and path: `dest` is the file itself, or with `/` at its end the folder that the file is put into.",
        )
        .default("false"),
        Opt::new("fail_on_missing", Kind::Bool, "Fail when there is no such file.").default("true"),
        Opt::new("validate_checksum", Kind::Bool, "Compare the digests of both files afterwards.").default("true"),
        Opt::new("_checksum", Kind::Str, "SHA-1 digest of the file that the controller has already."),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "dest", kind: "str", when: "success", doc: "The file on the controller." },
        Return { name: "checksum", kind: "str", when: "success", doc: "SHA-1 digest of the file on the controller." },
        Return { name: "remote_checksum", kind: "str", when: "changed", doc: "SHA-1 digest of the file on the host." },
        Return { name: "md5sum", kind: "str", when: "success", doc: "MD5 digest of the file." },
        Return { name: "file", kind: "str", when: "not changed", doc: "The file on the host." },
    ],
    examples: "
- name: Keep the addresses of the nodes
  fetch:
    src: /var/lib/node/kni
    dest: fetched
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    src: PathBuf,
    #[serde(rename = "dest")]
    _dest: IgnoredAny,
    #[serde(rename = "flat")]
    _flat: IgnoredAny,
    fail_on_missing: bool,
    #[serde(rename = "validate_checksum")]
    _validate_checksum: IgnoredAny,
    _checksum: Option<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let shown = args.src.display().to_string();
    match ctx.system.stat(&args.src, Follow::Yes)? {
        None if args.fail_on_missing => return Err(Failure::new(format!("failed to fetch `{shown}`: there is no such file on the host"))),
        None => {
            let message = format!("there is no `{shown}` on the host, so nothing is fetched");
            return Ok(Outcome::new().with("msg", message).with("file", shown).changed(false));
        }
        Some(stat) if stat.is_dir() => {
            return Err(Failure::new(format!("failed to fetch `{shown}`: it is a directory, and `fetch` copies single files")));
        }
        Some(_) => {}
    }
    let checksum = ctx.system.checksum(&args.src, Algorithm::Sha1)?;
    let md5sum = ctx.system.checksum(&args.src, Algorithm::Md5)?;
    if args._checksum.as_ref() == Some(&checksum) {
        return Ok(Outcome::new().with("checksum", checksum).with("md5sum", md5sum).with("file", shown).changed(false));
    }
    let mut content = ctx.system.open(&args.src)?;
    ctx.transfer.send(CONTENT, &mut content)?;
    Ok(Outcome::new().with("checksum", checksum.clone()).with("remote_checksum", checksum).with("md5sum", md5sum).changed(true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::apply_once;
    use crate::system::fake::Fake;

    fn asked(src: &str, more: serde_json::Value) -> serde_json::Value {
        let mut args = json!({"src": src, "dest": "kept"});
        for (name, value) in more.as_object().into_iter().flatten() {
            args[name.as_str()] = value.clone();
        }
        args
    }

    #[test]
    fn content_is_sent_once_and_not_again_when_it_is_there() {
        let machine = || Fake::new().file("/etc/motd", "hi\n");
        let fetched = apply_once(&MODULE, machine(), asked("/etc/motd", json!({})));
        assert!(fetched.changed);
        assert_eq!(fetched.sent.get(CONTENT).map(Vec::as_slice), Some(&b"hi\n"[..]));
        let checksum = fetched.get("checksum").clone();
        let again = apply_once(&MODULE, machine(), asked("/etc/motd", json!({"_checksum": checksum})));
        assert!(!again.changed && again.sent.is_empty());
    }

    #[test]
    fn what_is_missing_or_a_folder_is_named() {
        let machine = || Fake::new().dir("/srv");
        for (src, said) in [("/none", "there is no such file"), ("/srv", "it is a directory")] {
            let applied = apply_once(&MODULE, machine(), asked(src, json!({})));
            assert!(applied.failure().message.contains(said), "{}", applied.failure());
        }
        let lenient = apply_once(&MODULE, machine(), asked("/none", json!({"fail_on_missing": false})));
        assert!(!lenient.changed && lenient.sent.is_empty());
    }
}
