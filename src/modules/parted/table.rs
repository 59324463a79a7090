//! Partition tables as parted tells them.

use serde::{Deserialize, Serialize};

/// The table of a disk. All places are in bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) device: String,
    pub(super) size: u64,
    /// How the disk is attached; `file` for an image.
    pub(super) transport: String,
    /// Bytes of a sector, as programs see it and as the disk has it.
    pub(super) sector: u64,
    pub(super) physical_sector: u64,
    /// The kind of table; `unknown` where there is none.
    pub(super) label: String,
    pub(super) model: String,
    /// By number.
    pub(super) partitions: Vec<Partition>,
    pub(super) geometry: Option<Geometry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Partition {
    pub(super) number: u64,
    pub(super) begin: u64,
    /// The last byte.
    pub(super) end: u64,
    pub(super) fstype: String,
    pub(super) name: String,
    pub(super) flags: Vec<String>,
}

/// Cylinders and the like, which parted makes up for modern disks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Geometry {
    pub(super) cylinders: u64,
    pub(super) heads: u64,
    pub(super) sectors: u64,
    /// The size of a cylinder with its unit: `65.5kB`.
    pub(super) cylinder_size: String,
}

impl Table {
    /// Reads what `parted --machine` prints, places in the unit `B`; `None` when it is something else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter_map(|line| line.trim_end().strip_suffix(';')).skip_while(|line| *line != "BYT").skip(1);
        let disk = fields(lines.next()?);
        let [device, size, transport, sector, physical_sector, label, model, ..] = disk.as_slice() else { return None };
        let mut partitions = Vec::new();
        for line in lines {
            let fields = fields(line);
            let [number, begin, end, _, fstype, name, flags, ..] = fields.as_slice() else { return None };
            partitions.push(Partition {
                number: number.parse().ok()?,
                begin: bytes(begin)?,
                end: bytes(end)?,
                fstype: fstype.clone(),
                name: name.clone(),
                flags: flags.split(',').map(str::trim).filter(|flag| !flag.is_empty()).map(str::to_owned).collect(),
            });
        }
        Some(Self {
            device: device.clone(),
            size: bytes(size)?,
            transport: transport.clone(),
            sector: sector.parse().ok().filter(|size| *size > 0)?,
            physical_sector: physical_sector.parse().ok()?,
            label: label.clone(),
            model: model.clone(),
            partitions,
            geometry: None,
        })
    }

    pub(super) fn get(&self, number: u64) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.number == number)
    }

    pub(super) fn is_image(&self) -> bool {
        self.transport == "file"
    }

    /// The last byte that a partition can have.
    pub(super) fn last_byte(&self) -> u64 {
        // Behind the partitions of a GPT lies its copy.
        let behind = if self.label == "gpt" { 16_384 + self.sector } else { 0 };
        self.size.saturating_sub(behind + 1)
    }

    /// The number that parted gives to the next partition, where that is known.
    pub(super) fn next_number(&self, is_logical: bool) -> Option<u64> {
        let is_free = |number: &u64| self.get(*number).is_none();
        match self.label.as_str() {
            "gpt" => (1..).find(is_free),
            "msdos" if is_logical => (5..).find(is_free),
            "msdos" => (1..5).find(is_free),
            _ => None,
        }
    }

    /// Takes a partition away, and with it what parted takes away or renames.
    pub(super) fn remove(&mut self, number: u64) {
        let Some(gone) = self.get(number).cloned() else { return };
        let is_msdos = self.label == "msdos";
        self.partitions.retain(|other| {
            let is_inside = is_msdos && number < 5 && other.number >= 5 && (gone.begin..=gone.end).contains(&other.begin);
            other.number != number && !is_inside
        });
        for other in &mut self.partitions {
            if is_msdos && number >= 5 && other.number > number {
                other.number -= 1;
            }
        }
    }

    pub(super) fn add(&mut self, partition: Partition) {
        self.partitions.push(partition);
        self.partitions.sort_by_key(|partition| partition.number);
    }

    /// The device of a partition; `None` in an image.
    pub(super) fn device_of(&self, number: u64) -> Option<String> {
        let device = &self.device;
        match device.chars().last() {
            _ if self.is_image() => None,
            _ if device.starts_with("/dev/disk/by-") => Some(format!("{device}-part{number}")),
            Some(last) if last.is_ascii_digit() => Some(format!("{device}p{number}")),
            _ => Some(format!("{device}{number}")),
        }
    }
}

impl Geometry {
    /// Reads it from what `parted --machine` prints with places in cylinders.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let line = text.lines().filter_map(|line| line.trim_end().strip_suffix(';')).nth(2)?;
        let fields = fields(line);
        let [cylinders, heads, sectors, size] = fields.as_slice() else { return None };
        let geometry = Self {
            cylinders: cylinders.parse().ok()?,
            heads: heads.parse().ok()?,
            sectors: sectors.parse().ok()?,
            cylinder_size: size.clone(),
        };
        Some(geometry).filter(|geometry| geometry.heads > 0 && geometry.sectors > 0)
    }

    /// Sectors of a cylinder.
    pub(super) fn cylinder(&self) -> u64 {
        self.heads.saturating_mul(self.sectors).max(1)
    }
}

/// The fields of a line, in which a backslash stands before signs that are meant.
fn fields(line: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        let is_end = sign == ':';
        let sign = if sign == '\\' { signs.next() } else { Some(sign) };
        match all.last_mut() {
            Some(last) if !is_end => last.extend(sign),
            _ => all.push(String::new()),
        }
    }
    all
}

fn bytes(text: &str) -> Option<u64> {
    text.strip_suffix('B')?.parse().ok()
}
