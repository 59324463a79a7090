//! Places on a disk as tasks write them: `1MiB`, `50%`, `-5GB`.

use super::table::Table;

const MIB: u64 = 1 << 20;

/// The units with their bytes.
const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("KB", 1000),
    ("kB", 1000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", MIB),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];

/// The bytes of a unit that is so many of them.
pub(super) fn bytes_of(unit: &str) -> Option<u64> {
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes)
}

/// A place on a disk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// As it was written.
    pub(super) text: String,
    /// Whether its unit was written beside it.
    pub(super) has_unit: bool,
    value: f64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Sectors,
    Bytes(u64),
    Percent,
    Cylinders,
    /// A cylinder, and the head and the sector in it.
    Chs(u64, u64),
}

impl Place {
    /// Reads one; a number without a unit is in `default`.
    pub(super) fn parse(text: &str, default: &str) -> Option<Self> {
        let parts: Vec<&str> = text.trim_end_matches("chs").split(',').collect();
        if let [cylinder, head, sector] = parts.as_slice() {
            let unit = Unit::Chs(head.parse().ok()?, sector.parse().ok()?);
            let has_unit = text.ends_with("chs");
            return Some(Self { text: text.to_owned(), has_unit, value: f64::from(cylinder.parse::<u32>().ok()?), unit });
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let length = digits.find(|sign: char| !sign.is_ascii_digit() && sign != '.').unwrap_or(digits.len());
        let (number, suffix) = text.split_at(text.len() - digits.len() + length);
        let unit = match if suffix.is_empty() { default } else { suffix } {
            "s" => Unit::Sectors,
            "%" => Unit::Percent,
            "cyl" => Unit::Cylinders,
            "compact" => Unit::Bytes(1_000_000),
            name => Unit::Bytes(bytes_of(name)?),
        };
        let starts_well = digits.starts_with(|sign: char| sign.is_ascii_digit());
        let value = number.parse().ok().filter(|_| starts_well)?;
        Some(Self { text: text.to_owned(), has_unit: !suffix.is_empty(), value, unit })
    }

    pub(super) fn needs_geometry(&self) -> bool {
        matches!(self.unit, Unit::Cylinders | Unit::Chs(..))
    }

    /// The first byte of a partition that begins here, more or less.
    pub(super) fn begin(&self, table: &Table) -> u64 {
        let first = match table.label.as_str() {
            _ if !table.is_image() => MIB,
            "gpt" => 16_384 + 2 * table.sector,
            _ => table.sector,
        };
        (self.byte(table) / table.sector * table.sector).max(first)
    }

    /// The last byte of a partition that ends here, more or less.
    pub(super) fn end(&self, table: &Table) -> u64 {
        let byte = self.byte(table);
        let sector = table.sector;
        let end = match self.unit {
            // What is named is part of it.
            Unit::Sectors | Unit::Bytes(1) | Unit::Chs(..) => byte / sector * sector + sector - 1,
            Unit::Cylinders => {
                let cylinder = table.geometry.as_ref().map_or(1, super::table::Geometry::cylinder);
                byte.saturating_add(cylinder.saturating_mul(sector)).saturating_sub(1)
            }
            _ => (byte / sector * sector).saturating_sub(1),
        };
        end.min(table.last_byte())
    }

    /// How far from here parted may go.
    pub(super) fn slack(&self, table: &Table) -> u64 {
        match self.unit {
            Unit::Sectors | Unit::Chs(..) => 0,
            Unit::Bytes(size) if size == 1 || size % 1024 == 0 => 0,
            Unit::Bytes(size) => (size / 2).max(MIB),
            Unit::Percent => (table.size / 200).max(MIB),
            Unit::Cylinders => table.geometry.as_ref().map_or(MIB, |geometry| geometry.cylinder().saturating_mul(table.sector)),
        }
    }

    /// Whether a partition that ends with the byte `end` ends here.
    pub(super) fn is_reached(&self, end: u64, table: &Table) -> bool {
        let slack = match self.unit {
            // What parted does not use at the end of a disk is less than that.
            _ if self.end(table) == table.last_byte() => MIB,
            Unit::Percent => MIB,
            _ => self.slack(table).min(MIB),
        };
        end.abs_diff(self.end(table)) <= slack
    }

    fn byte(&self, table: &Table) -> u64 {
        let cylinder = table.geometry.as_ref().map_or(1, super::table::Geometry::cylinder);
        let heads = table.geometry.as_ref().map_or(1, |geometry| geometry.sectors);
        let value = self.value.abs();
        let bytes = match self.unit {
            Unit::Sectors => to_bytes(value, table.sector),
            Unit::Bytes(size) => to_bytes(value, size),
            Unit::Percent => to_bytes(value / 100.0, table.size),
            Unit::Cylinders => to_bytes(value, cylinder.saturating_mul(table.sector)),
            Unit::Chs(head, sector) => {
                let within = head.saturating_mul(heads).saturating_add(sector).saturating_mul(table.sector);
                to_bytes(value, cylinder.saturating_mul(table.sector)).saturating_add(within)
            }
        };
        if self.value.is_sign_negative() { table.size.saturating_sub(bytes) } else { bytes.min(table.size) }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a float beyond the range of bytes becomes its end"
)]
fn to_bytes(value: f64, unit: u64) -> u64 {
    (value * unit as f64).round() as u64
}
