//! What the modules for LVM have in common: reading its lists, and the names under which check mode knows what earlier tasks would do.

use std::path::Path;

use super::required_command;
use super::run::look;
use crate::modules::{Context, Failure};

/// What is known of a group or volume that is gone.
pub const ABSENT: &str = "absent";

/// Of a group its devices are known, a line each.
pub fn group_subject(group: &str) -> String {
    format!("volume group\n{group}")
}

/// Of a logical volume its state is known, of all of a group together that those are gone that were there.
pub fn volume_subject(group: &str, volume: Option<&str>) -> String {
    let volume = volume.map(|volume| format!("\n{volume}"));
    format!("logical volume\n{group}{}", volume.unwrap_or_default())
}

/// That volumes of a group came, went or changed their size.
pub fn room_subject(group: &str) -> String {
    format!("room in a volume group\n{group}")
}

/// Of a device the group is known that it is in.
pub fn device_subject(device: &Path) -> String {
    format!("physical volume\n{}", device.display())
}

/// Whether the volumes of a group are active: `active` or `inactive`.
pub fn activation_subject(group: &str) -> String {
    format!("activation of a volume group\n{group}")
}

/// The fields of what `vgs`, `pvs` or `lvs` lists, of one group or all; sizes in bytes.
///
/// # Errors
/// When the machine has no such program or it fails, saying `purpose`.
pub fn rows(ctx: &Context<'_>, program: &str, fields: &str, group: Option<&str>, purpose: &str) -> Result<Vec<Vec<String>>, Failure> {
    let program =
        required_command(ctx.system, &[program], purpose).map_err(|failure| failure.hint("install the package lvm2 on the host"))?;
    let command = ctx.command(
        [program.as_str(), "--noheadings", "--nosuffix", "--units", "b", "-o", fields, "--separator", ";"].into_iter().chain(group),
    );
    let text = look(ctx, &command, purpose)?.stdout_text();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(|line| line.split(';').map(|field| field.trim().to_owned()).collect()).collect())
}
