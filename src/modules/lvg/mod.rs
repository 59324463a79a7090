//! `lvg`: volume groups of LVM.

mod change;
mod look;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::Deserialize;

use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Spec};
use look::Group;

/// The declaration of `lvg`.
pub static MODULE: Spec = Spec {
    name: "lvg",
    collections: GENERAL,
    summary: "Make, extend, reduce and remove volume groups of LVM",
    description: &[
        "Calls the programs of LVM of the host. Devices that are new to the group become physical volumes first: file systems on them are lost.",
        "A group that is there keeps the size of its extents.",
    ],
    options: &[
        Opt::new("vg", Kind::Str, "The name of the group.").required(),
        Opt::new(
            "state",
            Kind::Str,
            "`present`, `absent`: whether the group is there. `active`, `inactive`: it is there, its logical volumes are active or not, and so they are after a \
             boot, where LVM can remember that.",
        )
        .choices(&["absent", "present", "active", "inactive"])
        .default("\"present\""),
        Opt::new("pvs", Kind::List(&Kind::Str), "The devices that the group lies on. A new group needs them; without them, those of a group stay."),
        Opt::new("remove_extra_pvs", Kind::Bool, "Whether other devices leave the group.").default("true"),
        Opt::new("pesize", Kind::Str, "The size of the extents of a new group: a number of megabytes, or with a unit (`128K`).").default("\"4\""),
        Opt::new("pv_options", Kind::Str, "More options for `pvcreate`, as on a command line.").default("\"\""),
        Opt::new("vg_options", Kind::Str, "More options for `vgcreate`, as on a command line.").default("\"\""),
        Opt::new("pvresize", Kind::Bool, "Whether physical volumes that are smaller than their devices grow.").default("false"),
        Opt::new("reset_vg_uuid", Kind::Bool, "Whether the group gets a new UUID, each time. Its volumes must not be active.").default("false"),
        Opt::new("reset_pv_uuid", Kind::Bool, "Whether the devices in `pvs` that are in the group get new UUIDs, each time.").default("false"),
        Opt::new("force", Kind::Bool, "Whether a group with logical volumes may be removed.").default("false"),
    ],
    rules: &[],
    free_form: None,
    returns: &[],
    examples: "
- name: The volumes of the nodes lie on two disks
  community.general.lvg:
    vg: nodes
    pvs: [/dev/xvdd, /dev/xvde]

- name: It uses all of them, also when they have grown
  community.general.lvg:
    vg: nodes
    pvs: [/dev/xvdd, /dev/xvde]
    pvresize: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    vg: String,
    state: State,
    pvs: Option<Vec<String>>,
    remove_extra_pvs: bool,
    pesize: String,
    pv_options: String,
    vg_options: String,
    pvresize: bool,
    reset_vg_uuid: bool,
    reset_pv_uuid: bool,
    force: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Absent,
    Present,
    Active,
    Inactive,
}

/// A device of `pvs`.
struct Device {
    /// As it was written.
    name: String,
    /// Without links.
    path: PathBuf,
    /// What LVM knows of it: the group that it is in, empty when it is in none; `None` when it is no physical volume.
    group: Option<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    if args.vg.is_empty() || args.vg.starts_with('-') || args.vg.contains(['/', ' ']) {
        return Err(args.fail("manage", "that is no name of a group"));
    }
    match (look::group(ctx, &args)?, args.state) {
        (None, State::Absent) => {}
        (Some(Group { volumes, .. }), State::Absent) => {
            if volumes > 0 && !args.force {
                let volumes = crate::base::text::count(volumes, "logical volume");
                return Err(args
                    .fail("remove", &format!("it has {volumes}"))
                    .hint("set `force: true` to remove them too; their data is lost then"));
            }
            args.remove(ctx)?;
        }
        (None, _) => {
            let devices = look::devices(ctx, &args)?;
            if devices.is_empty() {
                return Err(args.fail("make", "it is not there, and a new one needs devices").hint("name them in `pvs`"));
            }
            args.make(ctx, &devices)?;
        }
        (Some(group), state) => {
            let devices = look::devices(ctx, &args)?;
            if state != State::Present {
                args.activate(ctx, state == State::Active)?;
            }
            args.adapt(ctx, &group, &devices)?;
        }
    }
    Ok(Outcome::new())
}

impl Arguments {
    fn fail(&self, what: &str, reason: &str) -> Failure {
        Failure::new(format!("failed to {what} the volume group `{}`: {reason}", self.vg))
    }
}
