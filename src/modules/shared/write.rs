//! Putting a file in place: validated, backed up, with its attributes, at once.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::modules::{ContentRef, Context, Failure};
use crate::system::{Attributes, Content, Error, ErrorKind, Follow, Output};

use super::backup::backup;
use super::file_options::FileOptions;
use crate::base::shlex;

/// What to write.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// Content of the controller.
    Reference(&'a ContentRef),
    /// The content of another file of the machine.
    File(&'a Path),
}

/// A file to put in place.
pub struct NewFile<'a> {
    /// Where. A link there is replaced, so a caller that wants to follow it resolves the path first.
    pub path: &'a Path,
    /// What.
    pub source: Source<'a>,
    /// With which attributes.
    pub options: &'a FileOptions,
    /// A command that must accept the content first, with `%s` for the path of a temporary file that holds it.
    pub validate: Option<&'a str>,
    /// Whether to keep a copy of the file that is replaced.
    pub backup: bool,
}

/// Puts the file in place, whatever is there, and returns the path of the backup if one was made.
///
/// # Errors
/// When the validation refuses it, or the machine cannot write it; the old file is then untouched.
pub fn put(ctx: &mut Context<'_>, file: &NewFile<'_>) -> Result<Option<PathBuf>, Failure> {
    if let Some(command) = file.validate {
        validate(ctx, command, file.source)?;
    }
    let kept = if file.backup { backup(ctx.system, file.path)? } else { None };
    let stat = ctx.system.stat(file.path, Follow::No)?.filter(|stat| !stat.is_link());
    let attributes = file.options.wanted(ctx.system, stat.as_ref(), false)?;
    match write(ctx, file.path, file.source, &attributes, false) {
        Err(error)
            if file.options.unsafe_writes
                && matches!(error.kind, ErrorKind::Busy | ErrorKind::PermissionDenied | ErrorKind::ReadOnly | ErrorKind::Other) =>
        {
            write(ctx, file.path, file.source, &attributes, true)?;
        }
        other => other?,
    }
    file.options.apply(ctx, file.path, Follow::No)?;
    Ok(kept)
}

fn write(ctx: &mut Context<'_>, path: &Path, source: Source<'_>, attributes: &Attributes, in_place: bool) -> crate::system::Result<()> {
    let mut reader;
    let content = match source {
        Source::Bytes(bytes) => Content::Bytes(bytes),
        Source::File(file) => Content::File(file.to_path_buf()),
        Source::Reference(reference) => {
            reader = ctx.transfer.open(reference)?;
            Content::Stream { reader: &mut *reader, sha256: Some(reference.sha256.clone()) }
        }
    };
    if in_place { ctx.system.write_in_place(path, content, attributes) } else { ctx.system.write(path, content, attributes) }
}

/// Lets `command` judge the content.
fn validate(ctx: &mut Context<'_>, command: &str, source: Source<'_>) -> Result<(), Failure> {
    if !command.contains("%s") {
        return Err(Failure::new(format!("failed to validate: the command `{command}` has no `%s`, which stands for the file to look at")));
    }
    let words = shlex::split(command).map_err(|reason| Failure::new(format!("failed to read the command in `validate`: {reason}")))?;
    let file = scratch(ctx, source, 0o600)?;
    let words = words.iter().map(|word| word.replace("%s", &file.to_string_lossy()));
    let command = ctx.command(words);
    let output = ctx.system.probe(&command);
    ctx.system.discard(&file);
    let output = output?;
    if output.success() { Ok(()) } else { Err(refused(&command.argv, &output)) }
}

/// A scratch file of the machine that holds the content.
///
/// # Errors
/// When it cannot be written.
pub fn scratch(ctx: &mut Context<'_>, source: Source<'_>, mode: u32) -> crate::system::Result<PathBuf> {
    let mut reader: Box<dyn Read + '_> = match source {
        Source::Bytes(bytes) => Box::new(bytes),
        Source::File(path) => ctx.system.open(path)?,
        Source::Reference(reference) => ctx.transfer.open(reference)?,
    };
    ctx.system.scratch(mode, &mut |file| {
        let failed = |error: std::io::Error| Error::new(ErrorKind::from(error.kind()), "write a temporary file", error.to_string());
        std::io::copy(&mut reader, file).map(drop).map_err(failed)
    })
}

fn refused(argv: &[String], output: &Output) -> Failure {
    let said = if output.stderr.is_empty() { output.stdout_text() } else { output.stderr_text() };
    let message = format!("failed to validate: `{}` ended with exit code {}: {}", shlex::join(argv), output.rc, said.trim());
    Failure::command(message, argv, output).with("exit_status", output.rc)
}
