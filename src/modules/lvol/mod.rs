//! `lvol`: logical volumes of LVM.

mod change;
mod look;
mod size;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use super::shared::lvm;
use super::shared::state::State;
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use look::{Group, Volume};
use size::Size;

/// The declaration of `lvol`.
pub static MODULE: Spec = Spec {
    name: "lvol",
    collections: GENERAL,
    summary: "Make, resize and remove logical volumes of LVM",
    description: &[
        "Calls the programs of LVM of the host for a logical volume, a snapshot of one, a thin pool or a volume in one.",
        "LVM rounds sizes up to whole extents, and so does this module before it compares. A size with a sign, or of what is `FREE`, changes the volume each time.",
    ],
    options: &[
        Opt::new("vg", Kind::Str, "The volume group.").required(),
        Opt::new("lv", Kind::Str, "The volume; with `snapshot`, the one that it is a snapshot of."),
        Opt::new("thinpool", Kind::Str, "The thin pool: itself without `lv`, else the one in which the volume is."),
        Opt::new("snapshot", Kind::Str, "The snapshot that the task is about."),
        Opt::new("state", Kind::Str, "Whether it is there.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new(
            "size",
            Kind::Str,
            "Its size: megabytes, a number with a unit (`512m`, `2g`, `1T`; in multiples of 1024), or a percentage of the group, of what is free in it, of devices \
             or of the origin (`80%VG`, `100%FREE`, `50%PVS`, `20%ORIGIN`). With a sign (`+2g`, `+100%FREE`): how much it grows or shrinks. A new one needs a size, \
             unless it is a snapshot of a thin volume.",
        ),
        Opt::new("shrink", Kind::Bool, "Whether one that is larger shrinks.").default("true"),
        Opt::new("force", Kind::Bool, "Whether one may shrink or be removed, with the data on it.").default("false"),
        Opt::new("resizefs", Kind::Bool, "Whether its file system is resized with it.").default("false"),
        Opt::new("pvs", Kind::List(&Kind::Str), "The physical volumes that it gets room from."),
        Opt::new("opts", Kind::Str, "More options for `lvcreate`, as on a command line."),
        Opt::new("active", Kind::Bool, "Whether it is active, so that the host sees it.").default("true"),
    ],
    rules: &[Rule::OneOf(&["lv", "thinpool"])],
    free_form: None,
    returns: &[
        Return { name: "vg", kind: "str", when: "it was there", doc: "The volume group." },
        Return { name: "lv", kind: "str", when: "it was there", doc: "The volume, snapshot or pool." },
        Return { name: "size", kind: "float", when: "it was there", doc: "The size that it had, in the unit of the option `size`." },
    ],
    examples: "
- name: The data has a volume of its own
  community.general.lvol:
    vg: nodes
    lv: data
    size: 20g

- name: It has all of the group
  community.general.lvol:
    vg: nodes
    lv: data
    size: 100%VG
    resizefs: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    vg: String,
    lv: Option<String>,
    thinpool: Option<String>,
    snapshot: Option<String>,
    state: State,
    size: Option<String>,
    shrink: bool,
    force: bool,
    resizefs: bool,
    pvs: Option<Vec<String>>,
    opts: Option<String>,
    active: bool,
}

/// A task that is under way.
struct Task<'a> {
    args: &'a Arguments,
    /// The snapshot, volume or pool that it is about.
    name: &'a str,
    size: Option<Size>,
    group: Group,
    volumes: Vec<Volume>,
    /// Whether something was done that LVM did not call done before.
    changed: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let names = [&args.snapshot, &args.lv, &args.thinpool];
    let is_name = |name: &&String| !name.is_empty() && !name.starts_with('-') && !name.contains(['/', ' ']);
    if let Some(name) = names.into_iter().flatten().chain([&args.vg]).find(|name| !is_name(name)) {
        return Err(args.fail("manage", name, "that is no name of a volume or group"));
    }
    let name = args.snapshot.as_deref().or(args.lv.as_deref()).or(args.thinpool.as_deref()).unwrap_or_default();
    let size = match &args.size {
        Some(text) => Some(Size::parse(text).map_err(|why| args.fail("manage", name, &why))?),
        None => None,
    };
    let Some(group) = look::group(ctx, &args)? else {
        if args.state == State::Absent {
            return Ok(Outcome::new().with("stdout", format!("the volume group `{}` does not exist", args.vg)));
        }
        let failure = args.fail("manage", name, &format!("the volume group `{}` does not exist", args.vg));
        return Err(failure.hint("make it in an earlier task, with `lvg`").missing_on(ctx.system));
    };
    let volumes = look::volumes(ctx, &args)?;
    let mut task = Task { args: &args, name, size, group, volumes, changed: false };
    let there = task.volume(name).cloned();
    let outcome = match (there, args.state) {
        (None, State::Absent) => Outcome::new().with("msg", ""),
        (Some(_), State::Absent) => {
            task.remove(ctx)?;
            Outcome::new()
        }
        (None, State::Present) => {
            task.make(ctx)?;
            Outcome::new().with("msg", "")
        }
        (Some(volume), State::Present) => {
            task.resize(ctx, &volume)?;
            task.activate(ctx, volume.is_active)?;
            let size = volume.size.map(|bytes| size::shown(bytes, task.size.as_ref()));
            Outcome::new().with("vg", args.vg.as_str()).with("lv", name).with("size", size)
        }
    };
    Ok(outcome.changed(task.changed))
}

impl Arguments {
    fn fail(&self, what: &str, name: &str, reason: &str) -> Failure {
        Failure::new(format!("failed to {what} the logical volume `{}/{name}`: {reason}", self.vg))
    }
}

impl Task<'_> {
    fn fail(&self, what: &str, reason: &str) -> Failure {
        self.args.fail(what, self.name, reason)
    }

    fn volume(&self, name: &str) -> Option<&Volume> {
        self.volumes.iter().find(|volume| volume.name == name)
    }

    /// The volume as commands name it.
    fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.args.vg)
    }

    /// Whether LVM itself can say in check mode what would come of a command: not behind earlier tasks that would change the group.
    fn can_be_tried(&self, ctx: &Context<'_>) -> bool {
        let known = |subject: String| ctx.system.known(&subject).is_some();
        ctx.system.foresees() && !known(lvm::group_subject(&self.args.vg)) && !known(lvm::room_subject(&self.args.vg))
    }
}
