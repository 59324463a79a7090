//! `parted`: partitions of disks and of their images.

mod change;
mod place;
mod show;
mod table;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::required_command;
use super::shared::run::said;
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{FileKind, Follow};
use table::{Geometry, Table};

/// The declaration of `parted`.
pub static MODULE: Spec = Spec {
    name: "parted",
    collections: GENERAL,
    summary: "Make, grow and remove partitions of disks",
    description: &[
        "Calls `parted` of the host, 3.1 or later, for one partition of a disk or of a file that holds the image of one.",
        "A partition that is there stays where it is, whatever `part_start`, `part_end` and `fs_type` say; `resize` lets it grow. A disk whose table is \
         not the `label` gets a new table, and what was on it is lost.",
    ],
    options: &[
        Opt::new("device", Kind::Str, "The disk, or a file that holds the image of one.").required(),
        Opt::new("number", Kind::Int, "The number of the partition, from 1. parted numbers them itself, so the next one is the only one that can be made."),
        Opt::new("state", Kind::Str, "`present`, `absent`: whether the partition is there. `info`: nothing is changed, the result says what is there.")
            .choices(&["absent", "present", "info"])
            .default("\"info\""),
        Opt::new("label", Kind::Str, "The kind of partition table that the disk has or gets, with `state: present`.")
            .choices(&["aix", "amiga", "bsd", "dvh", "gpt", "loop", "mac", "msdos", "pc98", "sun"])
            .default("\"msdos\""),
        Opt::new(
            "part_start",
            Kind::Str,
            "Where a new partition begins: a number and a unit (`1MiB`, `10%`), from the end of the disk when it is negative. A number alone is in `unit`.",
        )
        .default("\"0%\""),
        Opt::new("part_end", Kind::Str, "Where it ends, as for `part_start`.").default("\"100%\""),
        Opt::new("part_type", Kind::Str, "The type of a new partition; tables without such types do not keep it.")
            .choices(&["extended", "logical", "primary"])
            .default("\"primary\""),
        Opt::new("fs_type", Kind::Str, "The file system that a new partition says it is for; it is not made."),
        Opt::new("name", Kind::Str, "The name of the partition, for the labels `amiga`, `dvh`, `gpt`, `mac` and `pc98`."),
        Opt::new("flags", Kind::List(&Kind::Str), "The flags that the partition has, and no others. Without any they stay as they are."),
        Opt::new("resize", Kind::Bool, "Whether a partition that is there grows to `part_end`. None shrinks.").default("false"),
        Opt::new("align", Kind::Str, "How new partitions are aligned; `undefined` leaves it to parted.")
            .choices(&["cylinder", "minimal", "none", "optimal", "undefined"])
            .default("\"optimal\""),
        Opt::new("unit", Kind::Str, "The unit of numbers in the result, and of those in `part_start` and `part_end` that have none.")
            .choices(&["s", "B", "KB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB", "%", "cyl", "chs", "compact"])
            .default("\"KiB\""),
    ],
    rules: &[Rule::If("state", "present", &["number"]), Rule::If("state", "absent", &["number"])],
    free_form: None,
    returns: &[
        Return { name: "disk", kind: "dict", when: "always", doc: "The disk: `dev`, `model`, `table`, `size`, `unit`, `logical_block`, `physical_block`." },
        Return { name: "partitions", kind: "list", when: "always", doc: "Its partitions: `num`, `begin`, `end`, `size`, `unit`, `name`, `fstype`, `flags`." },
        Return { name: "script", kind: "list", when: "always", doc: "What parted was told, in words." },
    ],
    examples: "
- name: The disk has one large partition
  community.general.parted:
    device: /dev/xvdd
    label: gpt
    number: 1
    name: data
    part_start: 1MiB
    state: present

- name: It uses all of the disk, also when that has grown
  community.general.parted:
    device: /dev/xvdd
    label: gpt
    number: 1
    part_end: 100%
    resize: true
    state: present
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    device: String,
    number: Option<i64>,
    state: State,
    label: String,
    part_start: String,
    part_end: String,
    part_type: String,
    fs_type: Option<String>,
    name: Option<String>,
    flags: Option<Vec<String>>,
    resize: bool,
    align: String,
    unit: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Present,
    Absent,
    Info,
}

/// A disk that parted works on.
struct Disk<'a> {
    args: &'a Arguments,
    program: String,
    /// Whether cylinders are asked for.
    with_geometry: bool,
    /// What parted was told.
    script: Vec<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let wanted = match args.state {
        State::Info => None,
        State::Absent | State::Present => Some(args.wanted()?),
    };
    match ctx.system.stat(&PathBuf::from(&args.device), Follow::Yes)?.map(|stat| stat.kind) {
        None => {
            let failure = args.fail("find the disk", "it does not exist").hint("attach the disk, or correct `device`");
            return Err(failure.missing_on(ctx.system));
        }
        Some(FileKind::Block | FileKind::File) => {}
        Some(_) => return Err(args.fail("use", "it is neither a disk nor a file")),
    }
    let program = required_command(ctx.system, &["parted"], &format!("manage partitions of `{}`", args.device))?;
    let with_geometry = ctx.system.foresees()
        || matches!(args.unit.as_str(), "cyl" | "chs")
        || wanted.as_ref().is_some_and(|wanted| wanted.start.needs_geometry() || wanted.end.needs_geometry());
    let mut disk = Disk { args: &args, program, with_geometry, script: Vec::new() };
    let before = disk.read(ctx)?;
    let after = match (&wanted, args.state) {
        (Some(wanted), State::Absent) => disk.remove(ctx, &before, wanted)?,
        (Some(wanted), _) => disk.make(ctx, &before, wanted)?,
        (None, _) => {
            disk.script = ["unit", &args.unit, "print"].map(str::to_owned).to_vec();
            before.clone()
        }
    };
    let (shown, partitions) = show::show(&after, &args.unit);
    // parted may find that there is nothing to gain.
    Ok(Outcome::new().with("disk", shown).with("partitions", partitions).with("script", disk.script).changed(before != after))
}

impl Arguments {
    fn fail(&self, what: &str, reason: &str) -> Failure {
        Failure::new(format!("failed to {what} `{}`: {reason}", self.device))
    }

    /// What is to become of which partition.
    fn wanted(&self) -> Result<change::Wanted, Failure> {
        let purpose = "manage partitions of";
        let number = self.number.and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0);
        let number = number.ok_or_else(|| self.fail(purpose, "the `number` of a partition is 1 or more"))?;
        let place = |name: &str, text: &str| {
            let why = || format!("`{name}` is `{text}`, and not a number with a unit like `10MiB` or `50%` (capitals matter)");
            place::Place::parse(text, &self.unit).ok_or_else(|| self.fail(purpose, &why()))
        };
        let words = self.flags.iter().flatten().chain(&self.fs_type);
        if let Some(word) =
            words.into_iter().find(|word| word.is_empty() || word.contains(|sign: char| sign.is_whitespace() || sign == '"'))
        {
            return Err(self.fail(purpose, &format!("`{word}` is neither a flag nor a file system")));
        }
        Ok(change::Wanted { number, start: place("part_start", &self.part_start)?, end: place("part_end", &self.part_end)? })
    }
}

impl Disk<'_> {
    /// Under this name check mode knows what earlier tasks would make of the table.
    fn subject(&self) -> String {
        format!("partition table\n{}", self.args.device)
    }

    fn read(&self, ctx: &Context<'_>) -> Result<Table, Failure> {
        if let Some(known) = ctx.system.known(&self.subject()).and_then(|known| serde_json::from_str(&known).ok()) {
            return Ok(known);
        }
        let text = self.print(ctx, "B")?;
        let odd = || self.args.fail("read the partition table of", &format!("`parted` says `{}`", text.trim()));
        let mut table = Table::parse(&text).ok_or_else(odd)?;
        if self.with_geometry {
            table.geometry = Geometry::parse(&self.print(ctx, "cyl")?);
        }
        Ok(table)
    }

    fn print(&self, ctx: &Context<'_>, unit: &str) -> Result<String, Failure> {
        let command = ctx.command([&self.program, "-s", "-m", &self.args.device, "--", "unit", unit, "print"]);
        let output = ctx.system.probe(&command)?;
        // It ends with 1 where there is no table, and tells the disk all the same.
        let is_empty = output.rc == 1 && output.stderr_text().contains("unrecognised disk label");
        if output.success() || is_empty {
            return Ok(output.stdout_text());
        }
        let message = format!("failed to read the partition table of `{}`: {}", self.args.device, said(&output));
        Err(Failure::command(message, &command.argv, &output))
    }
}
