//! What is mounted, from the kernel's table.

use std::path::{Path, PathBuf};

use super::fstab::unescape;
use crate::modules::shared::ids::text_of;
use crate::modules::{Context, Failure};
use crate::system::Follow;

/// Something that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) source: String,
    target: PathBuf,
    /// The directory of the file system that is shown; `/` except for bind mounts.
    root: String,
    device: String,
}

/// What is mounted on `path`; the last one when there are several.
pub(super) fn find(ctx: &Context<'_>, path: &Path) -> Result<Option<Mount>, Failure> {
    let place = real(ctx, path)?;
    Ok(all(ctx)?.into_iter().rev().find(|mount| mount.target == place))
}

/// Whether `mount` shows what `src` names: a device, a tag such as `UUID=…`, a directory, a share.
pub(super) fn is_source(ctx: &Context<'_>, mount: &Mount, src: &str) -> Result<bool, Failure> {
    if mount.source == src {
        return Ok(true);
    }
    let named = match src.split_once('=') {
        Some((tag, value)) => match tag {
            "UUID" | "LABEL" | "PARTUUID" | "PARTLABEL" => {
                Path::new("/dev/disk").join(format!("by-{}", tag.to_lowercase())).join(value.trim_matches('"'))
            }
            _ => PathBuf::from(src),
        },
        None => PathBuf::from(src),
    };
    let named = real(ctx, &named)?;
    if mount.source.starts_with('/') && real(ctx, Path::new(&mount.source))? == named {
        return Ok(true);
    }
    // A bind mount shows a directory that lies elsewhere in a file system that is mounted too.
    let wholes = all(ctx)?.into_iter().filter(|other| other.device == mount.device && other.root == "/");
    let origins: Vec<PathBuf> = wholes.map(|whole| whole.target.join(mount.root.trim_start_matches('/'))).collect();
    Ok(mount.root != "/" && origins.contains(&named))
}

fn all(ctx: &Context<'_>) -> Result<Vec<Mount>, Failure> {
    Ok(text_of(ctx.system, "/proc/self/mountinfo")?.lines().filter_map(parse).collect())
}

/// A line of `/proc/self/mountinfo`; see proc(5).
fn parse(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut fields = before.split(' ').skip(2);
    let (device, root, target) = (fields.next()?, fields.next()?, fields.next()?);
    let source = after.split(' ').nth(1)?;
    Some(Mount { source: unescape(source), target: PathBuf::from(unescape(target)), root: unescape(root), device: device.to_owned() })
}

/// The path without links; as it is when it leads nowhere.
fn real(ctx: &Context<'_>, path: &Path) -> Result<PathBuf, Failure> {
    match ctx.system.stat(path, Follow::Yes)? {
        Some(_) => Ok(ctx.system.real_path(path)?),
        None => Ok(path.components().collect()),
    }
}
