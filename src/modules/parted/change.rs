//! Changing tables.

use super::place::Place;
use super::table::{Partition, Table};
use super::{Arguments, Disk};
use crate::modules::shared::run::{change, look};
use crate::modules::{Context, Failure};
use crate::system::Effect;

/// Which partition a task is about.
pub(super) struct Wanted {
    pub(super) number: u64,
    pub(super) start: Place,
    pub(super) end: Place,
}

/// Kinds of tables whose partitions have no type, which parted does not take there either.
const WITHOUT_TYPES: &[&str] = &["bsd", "loop", "sun"];

/// Kinds of tables whose partitions have names.
const WITH_NAMES: &[&str] = &["amiga", "dvh", "gpt", "mac", "pc98"];

impl Disk<'_> {
    /// Lets parted do `words`, after which the table is `foreseen`; `told` says what changes. The table as it is then.
    fn edit(
        &mut self,
        ctx: &mut Context<'_>,
        words: Vec<String>,
        told: Vec<String>,
        before: &Table,
        foreseen: &Table,
    ) -> Result<Table, Failure> {
        let args = self.args;
        let mut command = vec![self.program.clone(), "-s".to_owned(), "-m".to_owned()];
        command.extend(repairs(ctx, &self.program)?.then(|| "-f".to_owned()));
        if args.align != "undefined" {
            command.extend(["-a".to_owned(), args.align.clone()]);
        }
        command.extend([args.device.clone(), "--".to_owned()]);
        command.extend(words.iter().cloned());
        let value = serde_json::to_string(foreseen).unwrap_or_default();
        let mut effects: Vec<Effect> = told.into_iter().map(Effect::Other).collect();
        effects.extend([Effect::FileWritten(args.device.clone().into()), Effect::Known { subject: self.subject(), value }]);
        let lost = before.partitions.iter().filter(|partition| foreseen.get(partition.number).is_none());
        effects.extend(lost.filter_map(|partition| before.device_of(partition.number)).map(|device| Effect::FileRemoved(device.into())));
        let made =
            foreseen.partitions.iter().filter(|partition| before.get(partition.number).map(|old| old.begin) != Some(partition.begin));
        effects.extend(made.filter_map(|partition| foreseen.device_of(partition.number)).map(|device| Effect::FileWritten(device.into())));
        change(ctx, &ctx.command(command), &effects, &format!("change the partitions of `{}`", args.device))?;
        self.script.extend(words);
        self.read(ctx)
    }

    pub(super) fn remove(&mut self, ctx: &mut Context<'_>, before: &Table, wanted: &Wanted) -> Result<Table, Failure> {
        let number = wanted.number;
        if before.get(number).is_none() {
            return Ok(before.clone());
        }
        let mut foreseen = before.clone();
        foreseen.remove(number);
        let told = format!("partition {number} of {}: present -> absent", self.args.device);
        self.edit(ctx, vec!["rm".to_owned(), number.to_string()], vec![told], before, &foreseen)
    }

    pub(super) fn make(&mut self, ctx: &mut Context<'_>, before: &Table, wanted: &Wanted) -> Result<Table, Failure> {
        let (args, number) = (self.args, wanted.number);
        if args.name.is_some() && !WITH_NAMES.contains(&args.label.as_str()) {
            return Err(args.fail(
                &format!("name the partition {number} of"),
                &format!("partitions of a table of the kind {} have no names", args.label),
            ));
        }
        let mut table = before.clone();
        if before.label != args.label {
            table.label.clone_from(&args.label);
            table.partitions.clear();
        }
        let table = match table.get(number) {
            None => self.add(ctx, before, table, wanted)?,
            Some(old) if args.resize && !wanted.end.is_reached(old.end, &table) => self.grow(ctx, old, &table, wanted)?,
            Some(_) => table,
        };
        let Some(partition) = table.get(number).cloned() else {
            return Err(args.fail(&format!("make the partition {number} of"), "parted gave it another number").hint("correct `number`"));
        };
        self.describe(ctx, &table, &partition)
    }

    fn add(&mut self, ctx: &mut Context<'_>, before: &Table, mut table: Table, wanted: &Wanted) -> Result<Table, Failure> {
        let (args, number) = (self.args, wanted.number);
        let purpose = format!("make the partition {number} of");
        let is_logical = args.part_type == "logical";
        match table.next_number(is_logical) {
            Some(next) if next != number => {
                let why = format!("parted numbers partitions itself, and the next {} one gets the number {next}", args.part_type);
                return Err(args.fail(&purpose, &why).hint("make partitions in the order of their numbers, or correct `number`"));
            }
            _ => {}
        }
        let new = wanted.foreseen(args, &table);
        check_room(args, &table, wanted, &new).map_err(|why| args.fail(&purpose, &why))?;
        let mut words = vec!["unit".to_owned(), args.unit.clone()];
        let mut told = Vec::new();
        if before.label != table.label {
            words.extend(["mklabel".to_owned(), table.label.clone()]);
            told.push(format!("partition table of {}: {} -> {}", args.device, before.label, table.label));
        }
        told.push(format!("partition {number} of {}: absent -> present", args.device));
        words.push("mkpart".to_owned());
        words.extend(Some(args.part_type.clone()).filter(|_| !WITHOUT_TYPES.contains(&table.label.as_str())));
        words.extend(args.fs_type.clone());
        words.extend([wanted.start.text.clone(), wanted.end.text.clone()]);
        table.add(new);
        self.edit(ctx, words, told, before, &table)
    }

    fn grow(&mut self, ctx: &mut Context<'_>, old: &Partition, table: &Table, wanted: &Wanted) -> Result<Table, Failure> {
        let (args, number) = (self.args, wanted.number);
        let end = wanted.end.end(table);
        if end < old.end {
            let why = format!("it would have to shrink from byte {} to {end}, and parted does that only when it is asked by hand", old.end);
            return Err(args.fail(&format!("resize the partition {number} of"), &why).hint("correct `part_end`, or leave `resize` out"));
        }
        let mut foreseen = table.clone();
        let told = vec![format!("partition {number} of {}: its end {} -> {end}", args.device, old.end)];
        for partition in foreseen.partitions.iter_mut().filter(|partition| partition.number == number) {
            partition.end = end;
        }
        let mut words = Vec::new();
        if !wanted.end.has_unit {
            words.extend(["unit".to_owned(), args.unit.clone()]);
        }
        words.extend(["resizepart".to_owned(), number.to_string(), wanted.end.text.clone()]);
        self.edit(ctx, words, told, table, &foreseen)
    }

    /// Gives a partition its name and its flags.
    fn describe(&mut self, ctx: &mut Context<'_>, table: &Table, partition: &Partition) -> Result<Table, Failure> {
        let (args, number) = (self.args, partition.number.to_string());
        let mut new = partition.clone();
        let mut words = Vec::new();
        let mut told = Vec::new();
        if let Some(name) = args.name.as_ref().filter(|name| **name != partition.name) {
            let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
            words.extend(["name".to_owned(), number.clone(), quoted]);
            told.push(format!("partition {number} of {}: its name {} -> {name}", args.device, partition.name));
            new.name.clone_from(name);
        }
        if let Some(flags) = args.flags_on(table) {
            let on = flags.iter().filter(|flag| !partition.flags.contains(flag)).map(|flag| (flag, "on"));
            let off = partition.flags.iter().filter(|flag| !flags.contains(flag)).map(|flag| (flag, "off"));
            for (flag, state) in on.chain(off) {
                words.extend(["set".to_owned(), number.clone(), flag.clone(), state.to_owned()]);
                told.push(format!("partition {number} of {}: flag {flag} {state}", args.device));
            }
            new.flags = flags;
        }
        if words.is_empty() {
            return Ok(table.clone());
        }
        words.splice(0..0, ["unit".to_owned(), args.unit.clone()]);
        let mut foreseen = table.clone();
        foreseen.partitions.retain(|other| other.number != partition.number);
        foreseen.add(new);
        self.edit(ctx, words, told, table, &foreseen)
    }
}

impl Arguments {
    /// The flags that the partition is to have.
    fn flags_on(&self, table: &Table) -> Option<Vec<String>> {
        let mut flags = self.flags.clone().filter(|flags| !flags.is_empty())?;
        // In a GPT these are one flag with two names.
        if table.label == "gpt" && flags.iter().any(|flag| flag == "boot" || flag == "esp") {
            flags.retain(|flag| flag != "boot" && flag != "esp");
            flags.splice(0..0, ["boot".to_owned(), "esp".to_owned()]);
        }
        Some(flags)
    }
}

impl Wanted {
    /// The new partition as far as it is known before.
    fn foreseen(&self, args: &Arguments, table: &Table) -> Partition {
        let flags = match (table.label.as_str(), args.part_type.as_str()) {
            ("msdos", "extended") => vec!["lba".to_owned()],
            _ => Vec::new(),
        };
        let name = if matches!(table.label.as_str(), "gpt" | "mac") { args.part_type.clone() } else { String::new() };
        Partition { number: self.number, begin: self.start.begin(table), end: self.end.end(table), fstype: String::new(), name, flags }
    }
}

/// Whether parted can put a new partition near to where it is wanted.
fn check_room(args: &Arguments, table: &Table, wanted: &Wanted, new: &Partition) -> Result<(), String> {
    if new.begin >= new.end {
        return Err(format!("it would end (`{}`) before it begins (`{}`)", args.part_end, args.part_start));
    }
    let begin = new.begin.saturating_add(wanted.start.slack(table));
    let end = new.end.saturating_sub(wanted.end.slack(table));
    let is_beside = |other: &&Partition| table.label != "msdos" || args.part_type != "logical" || other.number >= 5;
    match table.partitions.iter().filter(is_beside).find(|other| begin <= other.end && end >= other.begin) {
        Some(other) => Err(format!("the partition {} lies there, from byte {} to {}", other.number, other.begin, other.end)),
        None => Ok(()),
    }
}

/// Whether parted can repair a table for a disk that has grown, which is new in 3.4.
fn repairs(ctx: &Context<'_>, program: &str) -> Result<bool, Failure> {
    let output = look(ctx, &ctx.command([program, "--version"]), "look at the version of parted")?;
    let text = output.stdout_text();
    let version = text.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    Ok((major, minor) >= (3, 4))
}
