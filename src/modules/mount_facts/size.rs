//! How large file systems are, for as long as one wants to wait.

use std::path::Path;
use std::time::Duration;

use crate::modules::{Context, Failure};
use crate::system::{ErrorKind, Follow, Space};

/// What came of asking.
pub(super) enum Size {
    Known(Space),
    /// Nothing is there, or it may not be seen.
    Unknown,
    TimedOut,
}

/// Asks for the size of the file system at `mount`. A file system of a server that is gone never answers; with a `timeout` a
/// command asks, which can be given up.
pub(super) fn of(ctx: &Context<'_>, mount: &Path, timeout: Option<Duration>) -> Result<Size, Failure> {
    if !mount.is_absolute() {
        return Ok(Size::Unknown);
    }
    if timeout.is_none() {
        let is_there = matches!(ctx.system.stat(mount, Follow::Yes), Ok(Some(_)));
        return Ok(if is_there { ctx.system.space(mount).map_or(Size::Unknown, Size::Known) } else { Size::Unknown });
    }
    let mut command = ctx.command(["stat", "-f", "-c", "%S %b %a %c %d", "--", &mount.to_string_lossy()]);
    command.timeout = timeout;
    let output = match ctx.system.probe(&command) {
        Err(error) if error.kind == ErrorKind::TimedOut => return Ok(Size::TimedOut),
        Err(error) if error.kind == ErrorKind::Unpredictable => return Ok(Size::Unknown),
        output => output?,
    };
    let text = output.stdout_text();
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    Ok(match numbers.as_slice() {
        [block_size, blocks, blocks_available, inodes, inodes_available] if output.success() => Size::Known(Space {
            block_size: *block_size,
            blocks: *blocks,
            blocks_available: *blocks_available,
            inodes: *inodes,
            inodes_available: *inodes_available,
        }),
        _ => Size::Unknown,
    })
}
