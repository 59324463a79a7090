//! `slurp`: the content of a file of the host, in the result.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::Follow;

/// The declaration of `slurp`.
pub static MODULE: Spec = Spec {
    name: "slurp",
    collections: BUILTIN,
    summary: "Read a file of the host",
    description: &["Returns the content of a file in base64; the filter `b64decode` makes it readable. For large files use `fetch`."],
    options: &[Opt::new("src", Kind::Path, "The file.").required().aliases(&["path"])],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "content", kind: "str", when: "success", doc: "The content in base64." },
        Return { name: "encoding", kind: "str", when: "success", doc: "`base64`." },
        Return { name: "source", kind: "str", when: "success", doc: "The path of the file." },
    ],
    examples: "
- name: Read the host key
  slurp:
    src: /etc/ssh/ssh_host_ed25519_key.pub
  register: key
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    src: PathBuf,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let Arguments { src } = args.parse()?;
    match ctx.system.stat(&src, Follow::Yes)? {
        None => return Err(Failure::new(format!("failed to read `{}`: nothing is there", src.display())).missing_on(ctx.system)),
        Some(stat) if stat.is_dir() => return Err(Failure::new(format!("failed to read `{}`: it is a directory", src.display()))),
        Some(_) => {}
    }
    let content = ctx.system.read(&src)?;
    Ok(Outcome::new()
        .with("content", STANDARD.encode(content))
        .with("source", src.to_string_lossy())
        .with("encoding", "base64")
        .changed(false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::apply;
    use crate::system::fake::Fake;

    #[test]
    fn content_comes_in_base64() {
        let applied = apply(&MODULE, Fake::new().file("/etc/a", b"hi\n\xff"), json!({"src": "/etc/a"}));
        assert_eq!((applied.changed, applied.get("content"), applied.get("encoding")), (false, &json!("aGkK/w=="), &json!("base64")));
        assert_eq!(applied.get("source"), "/etc/a");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        assert!(apply(&MODULE, Fake::new(), json!({"src": "/none"})).failure().message.contains("nothing is there"));
        assert!(apply(&MODULE, Fake::new(), json!({"path": "/etc"})).failure().message.contains("directory"));
    }
}
