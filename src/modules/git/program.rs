//! How git is called.

use std::path::Path;

use serde_json::Value;

use super::Arguments;
use super::remote::shown;
use crate::base::shlex;
use crate::modules::shared::required_command;
use crate::modules::shared::run::said;
use crate::modules::{Context, Failure};
use crate::system::{Command, Executed, Output};

/// Git as the task wants it called.
pub(super) struct Git {
    program: String,
    ssh: String,
    umask: Option<u32>,
    repo: String,
}

impl Git {
    pub(super) fn new(ctx: &Context<'_>, args: &Arguments) -> Result<Self, Failure> {
        let repo = shown(&args.repo);
        let program = match &args.executable {
            Some(path) => path.to_string_lossy().into_owned(),
            None => required_command(ctx.system, &["git"], &format!("check out `{repo}`"))
                .map_err(|failure| failure.hint("install the package `git` in an earlier task"))?,
        };
        let umask = match &args.umask {
            Value::Null => None,
            Value::Number(number) => number.as_u64().and_then(|bits| u32::try_from(bits).ok()),
            Value::String(text) => u32::from_str_radix(text.trim_start_matches("0o"), 8).ok(),
            _ => None,
        };
        if umask.is_none_or(|bits| bits > 0o777) && !args.umask.is_null() {
            return Err(Failure::new(format!("failed to read `umask`: `{}` is no octal number of three digits", args.umask)));
        }
        let mut ssh = ctx.environment.get("GIT_SSH_COMMAND").cloned().unwrap_or_else(|| "ssh".to_owned());
        ssh.push_str(" -o BatchMode=yes");
        if args.accept_hostkey {
            ssh.push_str(" -o StrictHostKeyChecking=no");
        } else if args.accept_newhostkey {
            ssh.push_str(" -o StrictHostKeyChecking=accept-new");
        }
        if let Some(key) = &args.key_file {
            ssh.push_str(&format!(" -o IdentitiesOnly=yes -i {}", shlex::join(&[key.to_string_lossy().into_owned()])));
        }
        if let Some(options) = &args.ssh_opts {
            ssh.push(' ');
            ssh.push_str(options);
        }
        Ok(Self { program, ssh, umask, repo })
    }

    /// A call that asks nobody anything.
    pub(super) fn command<'w>(&self, ctx: &Context<'_>, dir: Option<&Path>, words: impl IntoIterator<Item = &'w str>) -> Command {
        let mut command = ctx.command([self.program.clone()].into_iter().chain(words.into_iter().map(str::to_owned)));
        command.cwd = dir.map(Path::to_path_buf);
        command.umask = self.umask;
        command.env.insert("GIT_TERMINAL_PROMPT".to_owned(), "0".to_owned());
        command.env.insert("GIT_SSH_COMMAND".to_owned(), self.ssh.clone());
        command
    }

    /// Asks; what it says when the exit code is 0.
    pub(super) fn ask(&self, ctx: &Context<'_>, dir: &Path, words: &[&str]) -> Result<Option<String>, Failure> {
        let output = ctx.system.probe(&self.command(ctx, Some(dir), words.iter().copied()))?;
        Ok(output.success().then(|| output.stdout_text().trim_end().to_owned()))
    }

    /// Does something of which nobody can say what it does to files. In check mode it is not done.
    pub(super) fn perform(&self, ctx: &mut Context<'_>, dir: Option<&Path>, words: &[&str], purpose: &str) -> Result<(), Failure> {
        let command = self.command(ctx, dir, words.iter().copied());
        match ctx.system.execute(&command, &mut *ctx.live)? {
            Executed::Done(output) if !output.success() => Err(self.failed(&command, &output, purpose)),
            _ => Ok(()),
        }
    }

    /// That a call failed.
    pub(super) fn failed(&self, command: &Command, output: &Output, purpose: &str) -> Failure {
        let said = said(output);
        let failure = Failure::command(format!("failed to {purpose} `{}`: {said}", self.repo), &command.argv, output);
        if said.contains("Host key verification failed") {
            return failure.hint("make the key of the server known by `known_hosts`, or set `accept_newhostkey: true`");
        }
        failure
    }
}
