//! `script`: a script of the controller, run on the host.

use serde::Deserialize;
use serde_json::Value;

use super::raw::RAW_RETURNS;
use super::shared::commandline::{self, CommandLine};
use super::shared::write::{Source, scratch};
use super::spec::BUILTIN;
use super::{Args, ContentRef, Context, Kind, ModuleResult, Opt, Place, Spec};
use crate::base::shlex;
use crate::system::Command;

/// The declaration of `script`.
pub static MODULE: Spec = Spec {
    name: "script",
    collections: BUILTIN,
    summary: "Run a script of the controller on the host",
    description: &[
        "Takes a script from the controller to the host, runs it there through a shell, and removes it. Where it is looked for: as with `copy`, \
         in the `files` folder of the role or the playbook.",
        "Nobody knows what it does, so in check mode it does not run and the task is skipped, unless `creates` or `removes` says when there is \
         something to do.",
    ],
    options: &[
        Opt::new(
            "cmd",
            Kind::Str,
            "Path of the script on the controller, and its arguments. Also as free text behind the name of the module.",
        )
        .required(),
        Opt::new("executable", Kind::Str, "The program that runs the script; without it the first line of the script says."),
        Opt::new("chdir", Kind::Path, "The directory of the host to run it in."),
        Opt::new("creates", Kind::Path, "A path of the host. When it exists, the script does not run and the task is skipped."),
        Opt::new("removes", Kind::Path, "A path of the host. When it does not exist, the script does not run and the task is skipped."),
        Opt::new("decrypt", Kind::Bool, "Whether a script that is encrypted by the vault is decrypted.").default("true"),
        Opt::new("_content", Kind::Content, "The script."),
        Opt::new("_arguments", Kind::Str, "What stands behind the path in `cmd`."),
    ],
    rules: &[],
    free_form: Some("cmd"),
    returns: &RAW_RETURNS,
    examples: "
- name: Prepare the disk once
  script: prepare-disk.sh --label data /dev/xvdb
  args:
    creates: /data/.prepared
    executable: /bin/bash
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    cmd: String,
    executable: Option<String>,
    chdir: Option<String>,
    creates: Option<String>,
    removes: Option<String>,
    #[serde(rename = "decrypt")]
    _decrypt: bool,
    _content: ContentRef,
    _arguments: Option<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let script = scratch(ctx, Source::Reference(&args._content), 0o700)?;
    // The arguments were written for a shell, so a shell gets them.
    let mut line = shlex::quote(&script.to_string_lossy());
    if let Some(executable) = &args.executable {
        line = format!("{executable} {line}");
    }
    if let Some(arguments) = args._arguments.filter(|arguments| !arguments.is_empty()) {
        line = format!("{line} {arguments}");
    }
    let mut command = Command::shell(line);
    command.env = ctx.environment.clone();
    command.cwd = commandline::directory(args.chdir);
    let shown = Value::from(args.cmd);
    let result = commandline::run(
        ctx,
        CommandLine { shown, command, creates: args.creates, removes: args.removes, strip_empty_ends: false, is_action: true },
    );
    ctx.system.discard(&script);
    result
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{apply_once, content, predict};
    use crate::system::Output;
    use crate::system::fake::Fake;

    fn args(extra: serde_json::Value) -> serde_json::Value {
        let mut args = json!({"cmd": "prepare.sh --x 'a b'", "_arguments": "--x 'a b'", "_content": content("#!/bin/sh\n")});
        if let (Some(args), Some(extra)) = (args.as_object_mut(), extra.as_object()) {
            args.extend(extra.clone());
        }
        args
    }

    #[test]
    fn the_script_runs_with_its_arguments_and_is_removed() {
        let machine = Fake::new().dir("/srv").answer_with(&["/bin/sh", "-c"], |command| {
            let line = command.argv.get(2).cloned().unwrap_or_default();
            Ok(Output { rc: 0, stdout: line.into_bytes(), stderr: Vec::new() })
        });
        let applied = apply_once(&MODULE, machine, args(json!({"executable": "/bin/bash -e", "chdir": "/srv"})));
        let line = applied.get("stdout").as_str().unwrap_or_default();
        assert!(line.starts_with("/bin/bash -e /") && line.ends_with(" --x 'a b'"), "{line}");
        assert!(applied.changed);
    }

    #[test]
    fn a_condition_skips_it() {
        let applied = apply_once(&MODULE, Fake::new(), args(json!({"creates": "/etc"})));
        assert!(!applied.changed && applied.answer.is_ok_and(|outcome| outcome.skipped));
        assert!(predict(&MODULE, Fake::new(), args(json!({}))).answer.is_ok_and(|outcome| outcome.skipped));
    }
}
