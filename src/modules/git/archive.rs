//! An archive of what is checked out.

use std::path::Path;

use super::Arguments;
use super::program::Git;
use crate::modules::{Context, Failure};
use crate::system::{Attributes, Content, ErrorKind, Follow};

/// Makes the archive of `commit`, unless the same is there; whether it made one.
pub(super) fn make(ctx: &mut Context<'_>, git: &Git, args: &Arguments, path: &Path, commit: &str, changed: bool) -> Result<bool, Failure> {
    let name = path.to_string_lossy();
    let formats = [(".zip", "zip"), (".tar.gz", "tar.gz"), (".tgz", "tgz"), (".tar", "tar")];
    let Some((_, format)) = formats.iter().find(|(end, _)| name.ends_with(end)) else {
        return Err(Failure::new(format!(
            "failed to make the archive `{name}`: its name must end with `.zip`, `.tar`, `.tar.gz` or `.tgz`"
        )));
    };
    let format = format!("--format={format}");
    let prefix = args.archive_prefix.as_ref().map(|prefix| format!("--prefix={prefix}"));
    let words = ["archive", format.as_str()].into_iter().chain(prefix.as_deref()).chain([commit]);
    let command = git.command(ctx, Some(&args.dest), words);
    let output = match ctx.system.probe(&command) {
        // In check mode a checkout that is not there cannot be packed.
        Err(error) if changed && matches!(error.kind, ErrorKind::Unpredictable | ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(true);
        }
        output => output?,
    };
    if !output.success() {
        if changed && ctx.system.stat(&args.dest.join(".git"), Follow::Yes)?.is_none() {
            return Ok(true);
        }
        return Err(git.failed(&command, &output, "make an archive of"));
    }
    if ctx.system.stat(path, Follow::Yes)?.is_some_and(|stat| stat.is_file() && stat.size == output.stdout.len() as u64)
        && ctx.system.read(path)? == output.stdout
    {
        return Ok(false);
    }
    ctx.system.write(path, Content::Bytes(&output.stdout), &Attributes::default())?;
    Ok(true)
}
