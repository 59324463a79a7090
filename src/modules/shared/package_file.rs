//! Package files that a task names by their URL.

use std::path::{Path, PathBuf};

use super::http;
use super::run::look;
use crate::modules::{Context, Failure};

/// Fetches a package file. Package managers know such a file by the end of its name, so it gets one. To be given back with [`discard`].
///
/// # Errors
/// When the server does not hand it out, or the machine has no room for it.
pub fn fetch(ctx: &Context<'_>, url: &str, verify: bool, suffix: &str) -> Result<PathBuf, Failure> {
    let request = http::get(ctx, url, verify);
    let mut head = None;
    let path = ctx.system.scratch(0o644, &mut |file| {
        head = Some(ctx.system.http_probe(&request, file)?);
        Ok(())
    })?;
    match head {
        Some(head) if head.status == 200 => {
            let (from, to) = (path.to_string_lossy(), format!("{}.{suffix}", path.display()));
            look(ctx, &ctx.command(["mv", &from, &to]), "rename a temporary file")?;
            Ok(PathBuf::from(to))
        }
        head => {
            ctx.system.discard(&path);
            let answer = head.map(|head| format!("{} {}", head.status, head.reason)).unwrap_or_default();
            Err(Failure::new(format!("failed to fetch the package file `{}`: the server answers {answer}", http::shown(url))))
        }
    }
}

/// Removes a file that [`fetch`] made.
pub fn discard(ctx: &Context<'_>, path: &Path) {
    ctx.system.discard(&path.with_extension(""));
    ctx.system.discard(path);
}
