//! Block devices, their links, and logical volumes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Facts, Source};

/// Names below `/dev/disk/by-…` by the device they lead to.
type Links = BTreeMap<String, Vec<String>>;

struct AllLinks {
    ids: Links,
    uuids: Links,
    labels: Links,
    masters: Links,
}

pub(super) fn devices(source: &Source<'_, '_>) -> Facts {
    let blocks = source.names("/sys/block");
    let mut masters = Links::new();
    for block in &blocks {
        for slave in source.names(format!("/sys/block/{block}/slaves")) {
            masters.entry(slave).or_default().push(block.clone());
        }
    }
    let links = AllLinks { ids: links(source, "by-id"), uuids: links(source, "by-uuid"), labels: links(source, "by-label"), masters };
    let devices: Map<String, Value> = blocks.iter().map(|block| (block.clone(), device(source, block, &links))).collect();
    let mut facts = Facts::new();
    facts.insert("devices".into(), devices.into());
    facts.insert("device_links".into(), json!({"ids": links.ids, "uuids": links.uuids, "labels": links.labels, "masters": links.masters}));
    facts.insert("lvm".into(), lvm(source));
    facts
}

/// The names in a folder of `/dev/disk` by the name of the device they lead to.
fn links(source: &Source<'_, '_>, folder: &str) -> Links {
    let folder = Path::new("/dev/disk").join(folder);
    let mut links = Links::new();
    for name in source.names(&folder) {
        let target = source.system().read_link(&folder.join(&name)).ok();
        if let Some(device) = target.as_deref().and_then(Path::file_name) {
            links.entry(device.to_string_lossy().into_owned()).or_default().push(name);
        }
    }
    links
}

impl AllLinks {
    fn of(&self, device: &str) -> Value {
        let get = |links: &Links| links.get(device).cloned().unwrap_or_default();
        json!({"ids": get(&self.ids), "uuids": get(&self.uuids), "labels": get(&self.labels), "masters": get(&self.masters)})
    }
}

fn device(source: &Source<'_, '_>, block: &str, links: &AllLinks) -> Value {
    let folder = format!("/sys/block/{block}");
    let text = |name: &str| source.text(format!("{folder}/{name}"));
    let sectors: u64 = text("size").and_then(|size| size.parse().ok()).unwrap_or(0);
    let scheduler = text("queue/scheduler").unwrap_or_default();
    let mode = scheduler.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(mode, _)| mode);
    let mut partitions = Map::new();
    for name in source.names(&folder).iter().filter(|name| name.starts_with(block)) {
        if source.exists(format!("{folder}/{name}/partition")) {
            partitions.insert(name.clone(), partition(source, &folder, name, links));
        }
    }
    let mut value = json!({
        "virtual": 1,
        "links": links.of(block),
        "vendor": text("device/vendor"),
        "model": text("device/model"),
        "sas_address": text("device/sas_address"),
        "sas_device_handle": text("device/sas_device_handle"),
        "removable": text("removable"),
        "support_discard": text("queue/discard_granularity"),
        "partitions": partitions,
        "rotational": text("queue/rotational"),
        "scheduler_mode": mode,
        "sectors": sectors,
        "sectorsize": text("queue/logical_block_size"),
        "size": human(sectors.saturating_mul(512)),
        "host": "",
        "holders": holders(source, &folder),
    });
    if let (Some(wwn), Value::Object(map)) = (text("wwid"), &mut value) {
        map.insert("wwn".into(), wwn.trim_start_matches("naa.").into());
    }
    value
}

fn partition(source: &Source<'_, '_>, folder: &str, name: &str, links: &AllLinks) -> Value {
    let text = |file: &str| source.text(format!("{folder}/{name}/{file}"));
    let sectors: u64 = text("size").and_then(|size| size.parse().ok()).unwrap_or(0);
    json!({
        "links": links.of(name),
        "start": text("start"),
        "sectors": sectors,
        "sectorsize": source.text(format!("{folder}/queue/logical_block_size")),
        "size": human(sectors.saturating_mul(512)),
        "uuid": links.uuids.get(name).and_then(|names| names.first()),
        "holders": holders(source, &format!("{folder}/{name}")),
    })
}

/// What uses the device: names of device-mapper volumes, else of devices.
fn holders(source: &Source<'_, '_>, folder: &str) -> Vec<String> {
    let names = source.names(format!("{folder}/holders")).into_iter();
    names.map(|name| source.text(format!("{folder}/holders/{name}/dm/name")).unwrap_or(name)).collect()
}

/// "256.00 GB"
fn human(bytes: u64) -> String {
    let units = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];
    #[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
    let mut size = bytes as f64;
    let mut at = 0;
    while size >= 1024.0 && at + 1 < units.len() {
        size /= 1024.0;
        at += 1;
    }
    format!("{size:.2} {}", units.get(at).unwrap_or(&""))
}

/// Volume groups, logical and physical volumes; "N/A" where they cannot be told.
fn lvm(source: &Source<'_, '_>) -> Value {
    let is_root = source.system().identity().is_ok_and(|who| who.uid == 0);
    let list = |program: &str| {
        let text = source.output(&[program, "--noheadings", "--nosuffix", "--units", "g", "--separator", ","])?;
        let rows = text.lines().map(|line| line.trim().split(',').map(str::to_owned).collect::<Vec<_>>());
        Some(rows.filter(|row| row.len() > 3).collect::<Vec<_>>())
    };
    let (Some(groups), Some(logical), Some(physical)) = (list("vgs").filter(|_| is_root), list("lvs"), list("pvs")) else {
        return "N/A".into();
    };
    let field = |row: &[String], at: usize| Value::from(row.get(at).cloned().unwrap_or_default());
    let by_name = |rows: &[Vec<String>], value: &dyn Fn(&[String]) -> Value| -> Map<String, Value> {
        rows.iter().map(|row| (row.first().cloned().unwrap_or_default(), value(row))).collect()
    };
    json!({
        "vgs": by_name(&groups, &|row| json!({
            "num_pvs": field(row, 1), "num_lvs": field(row, 2), "size_g": field(row, row.len() - 2), "free_g": field(row, row.len() - 1),
        })),
        "lvs": by_name(&logical, &|row| json!({"vg": field(row, 1), "size_g": field(row, 3)})),
        "pvs": by_name(&physical, &|row| json!({"vg": field(row, 1), "size_g": field(row, 4), "free_g": field(row, 5)})),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_for_people() {
        assert_eq!(human(0), "0.00 Bytes");
        assert_eq!(human(268_435_456), "256.00 MB");
        assert_eq!(human(536_870_912 * 512), "256.00 GB");
    }
}
