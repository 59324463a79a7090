//! What LVM tells of a group and its volumes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Arguments;
use crate::modules::shared::lvm::{self, rows};
use crate::modules::{Context, Failure};

/// The group; sizes in bytes, `None` where it is there only in the prediction.
pub(super) struct Group {
    pub(super) room: Option<Room>,
}

#[derive(Clone, Copy)]
pub(super) struct Room {
    pub(super) size: u64,
    pub(super) free: u64,
    pub(super) extent: u64,
}

/// A volume, snapshot or pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Volume {
    pub(super) name: String,
    /// Bytes; `None` where only the real run will know.
    pub(super) size: Option<u64>,
    pub(super) is_active: bool,
    pub(super) kind: Kind,
    /// What it is a snapshot of.
    pub(super) origin: String,
    /// On how many devices at once it is written.
    pub(super) stripes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Plain,
    Pool,
    /// In a pool.
    Thin,
}

pub(super) fn group(ctx: &Context<'_>, args: &Arguments) -> Result<Option<Group>, Failure> {
    let known = ctx.system.known(&lvm::group_subject(&args.vg));
    if known.as_deref() == Some(lvm::ABSENT) {
        return Ok(None);
    }
    let purpose = format!("look at the volume group `{}`", args.vg);
    let listed = rows(ctx, "vgs", "vg_name,vg_size,vg_free,vg_extent_size", None, &purpose)?;
    let is_new = ctx.system.known(&lvm::volume_subject(&args.vg, None)).is_some();
    let real = listed.into_iter().find(|row| !is_new && row.first() == Some(&args.vg));
    if real.is_none() && known.is_none() {
        return Ok(None);
    }
    let room = real.and_then(|row| {
        let numbers: Vec<u64> = row.iter().skip(1).filter_map(|field| field.parse().ok()).collect();
        let [size, free, extent] = *numbers.as_slice() else { return None };
        (extent > 0).then_some(Room { size, free, extent })
    });
    // Devices that an earlier task would give to it change its size.
    Ok(Some(Group { room: room.filter(|_| known.is_none()) }))
}

pub(super) fn volumes(ctx: &Context<'_>, args: &Arguments) -> Result<Vec<Volume>, Failure> {
    let mut volumes: Vec<Volume> = Vec::new();
    if ctx.system.known(&lvm::volume_subject(&args.vg, None)).is_none() {
        let purpose = format!("look at the logical volumes of `{}`", args.vg);
        // A volume of several segments has as many lines.
        for row in rows(ctx, "lvs", "lv_name,lv_size,lv_attr,origin,data_stripes", Some(&args.vg), &purpose)? {
            let [name, size, attributes, origin, stripes, ..] = row.as_slice() else { continue };
            let stripes = stripes.parse().unwrap_or(1).max(1);
            if let Some(earlier) = volumes.iter_mut().find(|volume| volume.name == *name) {
                earlier.stripes = earlier.stripes.max(stripes);
                continue;
            }
            let is_active = !matches!(attributes.chars().nth(4), None | Some('-' | 'X'));
            let kind = match attributes.chars().next() {
                Some('V') => Kind::Thin,
                Some('t') => Kind::Pool,
                _ => Kind::Plain,
            };
            volumes.push(Volume { name: name.clone(), size: size.parse().ok(), is_active, kind, origin: origin.clone(), stripes });
        }
    }
    for name in [&args.lv, &args.thinpool, &args.snapshot].into_iter().flatten() {
        let Some(known) = ctx.system.known(&lvm::volume_subject(&args.vg, Some(name))) else { continue };
        volumes.retain(|volume| volume.name != *name);
        volumes.extend(serde_json::from_str::<Volume>(&known).ok());
    }
    Ok(volumes)
}

/// Bytes of the devices of the group that the task names, or of all.
pub(super) fn size_of_devices(ctx: &Context<'_>, args: &Arguments) -> Result<u64, Failure> {
    let purpose = format!("look at the devices of the volume group `{}`", args.vg);
    let mut named = Vec::new();
    for name in args.pvs.iter().flatten() {
        // `/dev/sdb:0-99` is a part of one.
        let name = name.split(':').next().unwrap_or_default();
        named.push(ctx.system.real_path(Path::new(name))?);
    }
    let mut size = 0_u64;
    for row in rows(ctx, "pvs", "pv_name,vg_name,pv_size", None, &purpose)? {
        let [name, group, bytes, ..] = row.as_slice() else { continue };
        let is_meant = named.is_empty() || named.contains(&ctx.system.real_path(Path::new(name))?);
        if *group == args.vg && is_meant {
            size = size.saturating_add(bytes.parse().unwrap_or(0));
        }
    }
    Ok(size)
}
