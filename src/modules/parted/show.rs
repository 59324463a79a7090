//! Tables as results show them: numbers in a unit.

use serde_json::{Value, json};

use super::place::bytes_of;
use super::table::{Geometry, Table};

/// `disk` and `partitions` of the result.
pub(super) fn show(table: &Table, unit: &str) -> (Value, Value) {
    let scale = Scale::of(table, unit);
    let mut disk = json!({
        "dev": table.device, "model": table.model, "table": table.label, "unit": scale.name,
        "logical_block": table.sector, "physical_block": table.physical_sector, "size": scale.size_of_disk(),
    });
    if let (Some(geometry), true) = (&table.geometry, matches!(unit, "cyl" | "chs")) {
        let size = geometry.cylinder_size.trim_end_matches(|sign: char| sign.is_ascii_alphabetic());
        disk["chs_info"] = json!({
            "cylinders": geometry.cylinders, "heads": geometry.heads, "sectors": geometry.sectors,
            "cyl_size": size.parse::<f64>().ok(), "cyl_size_unit": geometry.cylinder_size[size.len()..].to_lowercase(),
        });
    }
    let partitions = table.partitions.iter().map(|partition| {
        json!({
            "num": partition.number, "name": partition.name, "fstype": partition.fstype, "flags": partition.flags, "unit": scale.name,
            "begin": scale.place(partition.begin), "end": scale.place(partition.end),
            "size": scale.length(partition.end.saturating_sub(partition.begin).saturating_add(1)),
        })
    });
    (disk, partitions.collect())
}

struct Scale<'a> {
    table: &'a Table,
    /// In lower case, as results have it.
    name: String,
    step: Step<'a>,
}

enum Step<'a> {
    Bytes(u64),
    Sectors,
    Percent,
    Cylinders(&'a Geometry),
    Chs(&'a Geometry),
}

impl<'a> Scale<'a> {
    fn of(table: &'a Table, unit: &str) -> Self {
        let (name, step) = match (unit, &table.geometry) {
            ("cyl", Some(geometry)) => (unit, Step::Cylinders(geometry)),
            ("chs", Some(geometry)) => (unit, Step::Chs(geometry)),
            ("%", _) => (unit, Step::Percent),
            ("s", _) => (unit, Step::Sectors),
            ("compact", _) => {
                // In results all numbers have the unit of the disk's size.
                let fits = |name: &&str| bytes_of(name).is_some_and(|bytes| table.size >= bytes.saturating_mul(10));
                let name = ["TB", "GB", "MB", "kB"].into_iter().find(fits).unwrap_or("B");
                (name, Step::Bytes(bytes_of(name).unwrap_or(1)))
            }
            _ => (unit, Step::Bytes(bytes_of(unit).unwrap_or(1))),
        };
        let name = if matches!(step, Step::Bytes(1)) { "b".to_owned() } else { name.to_lowercase() };
        Self { table, name, step }
    }

    fn size_of_disk(&self) -> Value {
        match self.step {
            // parted names the last one.
            Step::Cylinders(_) | Step::Chs(_) => self.place(self.table.size.saturating_sub(1)),
            _ => self.length(self.table.size),
        }
    }

    /// Where the sector is that holds a byte.
    fn place(&self, byte: u64) -> Value {
        let sector = byte / self.table.sector;
        match self.step {
            Step::Chs(geometry) => {
                let within = sector % geometry.cylinder();
                json!({"cylinder": sector / geometry.cylinder(), "head": within / geometry.sectors, "sector": within % geometry.sectors})
            }
            _ => self.length_with_sectors(byte, sector),
        }
    }

    fn length(&self, bytes: u64) -> Value {
        match self.step {
            Step::Chs(_) => json!(""),
            _ => self.length_with_sectors(bytes, bytes / self.table.sector),
        }
    }

    fn length_with_sectors(&self, bytes: u64, sectors: u64) -> Value {
        match self.step {
            Step::Sectors => json!(float(sectors)),
            Step::Cylinders(geometry) | Step::Chs(geometry) => json!(float(sectors / geometry.cylinder())),
            Step::Bytes(1) => json!(float(bytes)),
            Step::Bytes(unit) => json!(rounded(float(bytes) / float(unit))),
            Step::Percent => json!(rounded(float(bytes) * 100.0 / float(self.table.size.max(1)))),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "results have numbers with a decimal point")]
fn float(number: u64) -> f64 {
    number as f64
}

/// With two digits behind the point below ten, one below a hundred, else none.
fn rounded(value: f64) -> f64 {
    let digits = match value {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$}").parse().unwrap_or(value)
}
