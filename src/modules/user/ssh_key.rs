//! The SSH key of a user.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Arguments;
use crate::base::shlex;
use crate::modules::shared::run::change;
use crate::modules::shared::{exists, parent, required_command};
use crate::modules::{Context, Failure, Outcome};
use crate::system::{Attributes, Effect, Error, ErrorKind, Follow, User};

/// Makes the key unless it is there, and tells of it.
pub(super) fn generate(ctx: &mut Context<'_>, args: &Arguments, user: &User, outcome: &mut Outcome) -> Result<(), Failure> {
    let file = args.ssh_key_file.clone().unwrap_or_else(|| PathBuf::from(format!(".ssh/id_{}", args.ssh_key_type)));
    let path = user.home.join(file);
    let public = PathBuf::from(format!("{}.pub", path.display()));
    if args.force || !exists(ctx.system, &path)? {
        make(ctx, args, user, &path, &public)?;
    }
    let result = &mut outcome.result;
    result.insert("ssh_key_file".to_owned(), path.to_string_lossy().into_owned().into());
    result.insert("ssh_public_key".to_owned(), read_public(ctx, &public)?);
    result.insert("ssh_fingerprint".to_owned(), fingerprint(ctx, &path)?.into());
    Ok(())
}

fn make(ctx: &mut Context<'_>, args: &Arguments, user: &User, path: &Path, public: &Path) -> Result<(), Failure> {
    let purpose = format!("make an SSH key for the user `{}`", args.name);
    let program = required_command(ctx.system, &["ssh-keygen"], &purpose)?;
    let owner = Attributes { uid: Some(user.uid), gid: Some(user.gid), ..Attributes::default() };
    let dir = parent(path);
    if !exists(ctx.system, &dir)? {
        ctx.system.make_dir(&dir, 0o700)?;
        ctx.system.set_attributes(&dir, &owner, Follow::Yes)?;
    }
    let comment = match &args.ssh_key_comment {
        Some(comment) => comment.clone(),
        None => format!("ansible-generated on {}", ctx.system.platform()?.nodename),
    };
    let mut argv = vec![program, "-q".to_owned(), "-t".to_owned(), args.ssh_key_type.clone(), "-C".to_owned(), comment];
    if let Some(bits) = args.ssh_key_bits.filter(|bits| *bits > 0) {
        argv.extend(["-b".to_owned(), bits.to_string()]);
    }
    argv.extend(["-f".to_owned(), path.to_string_lossy().into_owned()]);
    let passphrase = args.ssh_key_passphrase.as_ref().map(|secret| secret.expose()).filter(|text| !text.is_empty());
    if passphrase.is_none() {
        argv.extend(["-N".to_owned(), String::new()]);
    }
    let mut command = ctx.command(argv);
    // The answer to the question whether to overwrite.
    command.stdin = Some(b"y\n".to_vec());
    // Arguments show in lists of processes, so a passphrase goes through a program that only this user can read.
    let helper = passphrase.map(|text| ask_pass(ctx, text)).transpose()?;
    if let Some(helper) = &helper {
        command = command.env("SSH_ASKPASS", helper.to_string_lossy()).env("SSH_ASKPASS_REQUIRE", "force").env("DISPLAY", ":0");
    }
    let effects = [Effect::FileWritten(path.to_path_buf()), Effect::FileWritten(public.to_path_buf())];
    let made = change(ctx, &command, &effects, &purpose);
    if let Some(helper) = &helper {
        ctx.system.discard(helper);
    }
    made?;
    ctx.system.set_attributes(path, &Attributes { mode: Some(0o600), ..owner.clone() }, Follow::No)?;
    ctx.system.set_attributes(public, &Attributes { mode: Some(0o644), ..owner }, Follow::No)?;
    Ok(())
}

/// A program that writes the passphrase.
fn ask_pass(ctx: &Context<'_>, passphrase: &str) -> Result<PathBuf, Failure> {
    let script = format!("#!/bin/sh\nprintf '%s\\n' {}\n", shlex::quote(passphrase));
    let failed = |error: std::io::Error| Error::new(ErrorKind::Other, "write a temporary file", error.to_string());
    Ok(ctx.system.scratch(0o700, &mut |file| file.write_all(script.as_bytes()).map_err(failed))?)
}

fn read_public(ctx: &Context<'_>, public: &Path) -> Result<Value, Failure> {
    match ctx.system.read(public) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).trim().into()),
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Unpredictable) => Ok(Value::Null),
        Err(error) => Err(error.into()),
    }
}

/// The fingerprint; empty when the key is not there yet or `ssh-keygen` cannot read it.
fn fingerprint(ctx: &Context<'_>, path: &Path) -> Result<String, Failure> {
    let Some(program) = ctx.system.which("ssh-keygen")? else { return Ok(String::new()) };
    let command =
        ctx.command([program.to_string_lossy().into_owned(), "-l".to_owned(), "-f".to_owned(), path.to_string_lossy().into_owned()]);
    match ctx.system.probe(&command) {
        Ok(output) if output.success() => Ok(output.stdout_text().trim().to_owned()),
        Ok(output) => Ok(output.stderr_text().trim().to_owned()),
        Err(error) if error.kind == ErrorKind::Unpredictable => Ok(String::new()),
        Err(error) => Err(error.into()),
    }
}
