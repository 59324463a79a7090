//! What LVM tells of groups and devices.

use std::path::{Path, PathBuf};

use super::{Arguments, Device};
use crate::modules::shared::lvm::{self, rows};
use crate::modules::shared::required_command;
use crate::modules::shared::run::look;
use crate::modules::{Context, Failure};
use crate::system::Follow;

/// A group that is there.
pub(super) struct Group {
    /// Its devices, without links.
    pub(super) devices: Vec<PathBuf>,
    /// How many logical volumes it has.
    pub(super) volumes: usize,
}

/// Whether volumes are active, now and after a boot.
pub(super) struct Activation {
    /// All of them, also when there are none.
    pub(super) is_active: bool,
    /// None of them.
    pub(super) is_inactive: bool,
    /// `None` where LVM does not remember it.
    pub(super) at_boot: Option<bool>,
}

/// The group of the task; `None` when there is none.
pub(super) fn group(ctx: &Context<'_>, args: &Arguments) -> Result<Option<Group>, Failure> {
    let known = ctx.system.known(&lvm::group_subject(&args.vg));
    if known.as_deref() == Some(lvm::ABSENT) {
        return Ok(None);
    }
    let purpose = format!("look at the volume group `{}`", args.vg);
    let listed = rows(ctx, "vgs", "vg_name,lv_count", None, &purpose)?;
    let real = listed.iter().find(|row| row.first() == Some(&args.vg));
    // Of a group that an earlier task would make again, they are gone.
    let is_new = ctx.system.known(&lvm::volume_subject(&args.vg, None)).is_some();
    let volumes = real.filter(|_| !is_new).and_then(|row| row.get(1)?.parse().ok()).unwrap_or(0);
    if let Some(known) = known {
        let devices = known.lines().map(PathBuf::from).collect();
        return Ok(Some(Group { devices, volumes }));
    }
    if real.is_none() {
        return Ok(None);
    }
    let mut devices = Vec::new();
    for (path, group) in physical_volumes(ctx, &purpose)? {
        if group == args.vg {
            devices.push(path);
        }
    }
    Ok(Some(Group { devices, volumes }))
}

/// The devices of the task.
pub(super) fn devices(ctx: &Context<'_>, args: &Arguments) -> Result<Vec<Device>, Failure> {
    let mut devices: Vec<Device> = Vec::new();
    let names = args.pvs.as_deref().unwrap_or_default();
    if names.is_empty() {
        return Ok(devices);
    }
    let purpose = format!("look at the devices of the volume group `{}`", args.vg);
    for name in names {
        if !name.starts_with('/') || ctx.system.stat(Path::new(name), Follow::Yes)?.is_none() {
            let failure = args.fail("use a device for", &format!("`{name}` does not exist")).hint("attach the disk, or correct `pvs`");
            return Err(failure.missing_on(ctx.system));
        }
        let path = ctx.system.real_path(Path::new(name))?;
        if !devices.iter().any(|device| device.path == path) {
            devices.push(Device { name: name.clone(), path, group: None });
        }
    }
    let listed = physical_volumes(ctx, &purpose)?;
    for device in &mut devices {
        let real = || listed.iter().find(|(path, _)| *path == device.path).map(|(_, group)| group.clone());
        device.group = ctx.system.known(&lvm::device_subject(&device.path)).or_else(real);
        if let Some(group) = device.group.as_ref().filter(|group| !group.is_empty() && **group != args.vg) {
            return Err(args.fail("use a device for", &format!("`{}` is in the volume group `{group}`", device.name)));
        }
    }
    Ok(devices)
}

/// All physical volumes with their groups.
fn physical_volumes(ctx: &Context<'_>, purpose: &str) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut all = Vec::new();
    for row in rows(ctx, "pvs", "pv_name,vg_name", None, purpose)? {
        let mut fields = row.into_iter();
        let (Some(name), Some(group)) = (fields.next(), fields.next()) else { continue };
        // A missing one is called `[unknown]`.
        if name.starts_with('/') {
            all.push((ctx.system.real_path(Path::new(&name))?, group));
        }
    }
    Ok(all)
}

/// Whether volumes of the group become active at boot; `None` where LVM does not remember it.
pub(super) fn remembers(ctx: &Context<'_>, args: &Arguments, group: Option<&str>) -> Result<Option<bool>, Failure> {
    let purpose = format!("see what is active in the volume group `{}`", args.vg);
    let program = required_command(ctx.system, &["vgs"], &purpose)?;
    let command = ctx.command([program.as_str(), "--noheadings", "-o", "vg_autoactivation"].into_iter().chain(group));
    if ctx.system.probe(&command)?.stderr_text().contains("Unrecognised field") {
        return Ok(None);
    }
    Ok(Some(look(ctx, &command, &purpose)?.stdout_text().contains("enabled")))
}

pub(super) fn activation(ctx: &Context<'_>, args: &Arguments) -> Result<Activation, Failure> {
    if let Some(known) = ctx.system.known(&lvm::activation_subject(&args.vg)) {
        let is_active = known == "active";
        return Ok(Activation { is_active, is_inactive: !is_active, at_boot: Some(is_active) });
    }
    let purpose = format!("see what is active in the volume group `{}`", args.vg);
    let at_boot = remembers(ctx, args, Some(&args.vg))?;
    let volumes = rows(ctx, "lvs", "lv_attr", Some(&args.vg), &purpose)?;
    let states: Vec<char> = volumes.iter().filter_map(|row| row.first()?.chars().nth(4)).collect();
    let is_active = |state: &char| !matches!(state, '-' | 'X');
    Ok(Activation { is_active: states.iter().all(is_active), is_inactive: !states.iter().any(is_active), at_boot })
}

/// Whether a physical volume can grow by an extent or more.
pub(super) fn can_grow(ctx: &Context<'_>, args: &Arguments, device: &Device) -> Result<bool, Failure> {
    let purpose = format!("look at the size of `{}`", device.name);
    let program = required_command(ctx.system, &["pvs"], &purpose)?;
    let fields = "dev_size,pv_size,pe_start,vg_extent_size";
    let command = ctx.command([&program, "--noheadings", "--nosuffix", "--units", "b", "--separator", ";", "-o", fields, &device.name]);
    let text = look(ctx, &command, &purpose)?.stdout_text();
    let numbers: Vec<u64> = text.trim().split(';').filter_map(|field| field.trim().parse().ok()).collect();
    let [size, used, start, extent] = numbers.as_slice() else {
        return Err(args.fail("see what can grow in", &format!("`pvs` says `{}` and not the size of `{}`", text.trim(), device.name)));
    };
    Ok(size.saturating_sub(used.saturating_add(*start)) >= *extent)
}
