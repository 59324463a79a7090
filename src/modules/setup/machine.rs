//! Firmware, uptime, load, kernel command line, storage initiators.

use serde_json::{Map, Value, json};

use super::{Facts, Source};

/// Facts and the files below `/sys/devices/virtual/dmi/id` that hold them.
const FIRMWARE: [(&str, &str); 18] = [
    ("bios_date", "bios_date"),
    ("bios_vendor", "bios_vendor"),
    ("bios_version", "bios_version"),
    ("board_asset_tag", "board_asset_tag"),
    ("board_name", "board_name"),
    ("board_serial", "board_serial"),
    ("board_vendor", "board_vendor"),
    ("board_version", "board_version"),
    ("chassis_asset_tag", "chassis_asset_tag"),
    ("chassis_serial", "chassis_serial"),
    ("chassis_vendor", "chassis_vendor"),
    ("chassis_version", "chassis_version"),
    ("form_factor", "chassis_type"),
    ("product_name", "product_name"),
    ("product_serial", "product_serial"),
    ("product_uuid", "product_uuid"),
    ("product_version", "product_version"),
    ("system_vendor", "sys_vendor"),
];

/// Kinds of chassis by their number in SMBIOS.
const FORM_FACTORS: [&str; 37] = [
    "Unknown",
    "Other",
    "Unknown",
    "Desktop",
    "Low Profile Desktop",
    "Pizza Box",
    "Mini Tower",
    "Tower",
    "Portable",
    "Laptop",
    "Notebook",
    "Hand Held",
    "Docking Station",
    "All In One",
    "Sub Notebook",
    "Space-saving",
    "Lunch Box",
    "Main Server Chassis",
    "Expansion Chassis",
    "Sub Chassis",
    "Bus Expansion Chassis",
    "Peripheral Chassis",
    "RAID Chassis",
    "Rack Mount Chassis",
    "Sealed-case PC",
    "Multi-system",
    "CompactPCI",
    "AdvancedTCA",
    "Blade",
    "Blade Enclosure",
    "Tablet",
    "Convertible",
    "Detachable",
    "IoT Gateway",
    "Embedded PC",
    "Mini PC",
    "Stick PC",
];

pub(super) fn firmware(source: &Source<'_, '_>) -> Facts {
    let facts = FIRMWARE.iter().map(|(name, file)| {
        let value = source.text(format!("/sys/devices/virtual/dmi/id/{file}")).filter(|text| !text.is_empty());
        let value = match value {
            Some(number) if *name == "form_factor" => {
                let known = number.parse::<usize>().ok().and_then(|at| FORM_FACTORS.get(at));
                known.map_or_else(|| format!("unknown ({number})"), |name| (*name).to_owned())
            }
            Some(value) => value,
            None => "NA".to_owned(),
        };
        ((*name).to_owned(), Value::from(value))
    });
    facts.collect()
}

pub(super) fn uptime(source: &Source<'_, '_>) -> Facts {
    let seconds = source.text("/proc/uptime").and_then(|text| text.split(['.', ' ']).next()?.parse::<u64>().ok());
    seconds.map(|seconds| ("uptime_seconds".to_owned(), seconds.into())).into_iter().collect()
}

pub(super) fn load(source: &Source<'_, '_>) -> Facts {
    let Some(text) = source.text("/proc/loadavg") else { return Facts::new() };
    let mut numbers = text.split_whitespace().map(|word| word.parse::<f64>().unwrap_or(0.0));
    let mut next = || numbers.next().unwrap_or(0.0);
    let (one, five, fifteen) = (next(), next(), next());
    [("loadavg".to_owned(), json!({"1m": one, "5m": five, "15m": fifteen}))].into_iter().collect()
}

/// `cmdline` holds the last value of a parameter, `proc_cmdline` all values of one that is repeated.
pub(super) fn command_line(source: &Source<'_, '_>) -> Facts {
    let Some(text) = source.text("/proc/cmdline") else { return Facts::new() };
    let words = crate::base::shlex::split(&text).unwrap_or_else(|_| text.split_whitespace().map(str::to_owned).collect());
    let (mut last, mut all) = (Map::new(), Map::<String, Value>::new());
    for word in words {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Value::from(value)),
            None => (word, Value::from(true)),
        };
        last.insert(name.clone(), value.clone());
        let joined = match all.remove(&name) {
            None => value,
            Some(Value::Array(mut values)) => {
                values.push(value);
                Value::Array(values)
            }
            Some(first) => json!([first, value]),
        };
        all.insert(name, joined);
    }
    [("cmdline".to_owned(), last.into()), ("proc_cmdline".to_owned(), all.into())].into_iter().collect()
}

pub(super) fn fibre_channel(source: &Source<'_, '_>) -> Facts {
    let hosts = source.names("/sys/class/fc_host");
    let names = hosts.iter().filter_map(|host| source.text(format!("/sys/class/fc_host/{host}/port_name")));
    let names: Vec<String> = names.map(|name| name.trim_start_matches("0x").to_owned()).collect();
    [("fibre_channel_wwn".to_owned(), names.into())].into_iter().collect()
}

pub(super) fn iscsi(source: &Source<'_, '_>) -> Facts {
    let text = source.text("/etc/iscsi/initiatorname.iscsi").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("InitiatorName=")).unwrap_or("").to_owned();
    [("iscsi_iqn".to_owned(), name.into())].into_iter().collect()
}

pub(super) fn nvme(source: &Source<'_, '_>) -> Facts {
    let text = source.text("/etc/nvme/hostnqn").unwrap_or_default();
    let name = text.lines().find(|line| line.starts_with("nqn.")).unwrap_or("").to_owned();
    [("hostnqn".to_owned(), name.into())].into_iter().collect()
}
