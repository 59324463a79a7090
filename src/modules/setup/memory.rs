//! Memory and swap.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Facts, Source};

pub(super) fn memory(source: &Source<'_, '_>) -> Facts {
    source.text("/proc/meminfo").map(|text| facts_of(&text)).unwrap_or_default()
}

fn facts_of(text: &str) -> Facts {
    let megabytes: BTreeMap<&str, u64> = text
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim(), value.split_whitespace().next()?.parse::<u64>().ok()? / 1024))
        })
        .collect();
    let of = |name: &str| megabytes.get(name).copied().unwrap_or(0);
    let (total, free, swap_total, swap_free) = (of("MemTotal"), of("MemFree"), of("SwapTotal"), of("SwapFree"));
    let free_without_cache = free + of("Cached") + of("Buffers");
    let mut facts = Facts::new();
    for (name, value) in [("memtotal_mb", total), ("memfree_mb", free), ("swaptotal_mb", swap_total), ("swapfree_mb", swap_free)] {
        facts.insert(name.into(), value.into());
    }
    facts.insert(
        "memory_mb".into(),
        json!({
            "real": {"total": total, "used": total.saturating_sub(free), "free": free},
            "nocache": {"free": free_without_cache, "used": total.saturating_sub(free_without_cache)},
            "swap": {"total": swap_total, "free": swap_free, "used": swap_total.saturating_sub(swap_free), "cached": of("SwapCached")},
        }),
    );
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_megabytes() {
        let text = "MemTotal: 2048000 kB\nMemFree: 1024000 kB\nBuffers: 102400 kB\nCached: 204800 kB\nSwapTotal: 1024 kB\nSwapFree: 0 kB\n";
        let facts = facts_of(text);
        assert_eq!(facts.get("memtotal_mb"), Some(&json!(2000)));
        assert_eq!(
            facts.get("memory_mb"),
            Some(&json!({
                "real": {"total": 2000, "used": 1000, "free": 1000},
                "nocache": {"free": 1300, "used": 700},
                "swap": {"total": 1, "free": 0, "used": 1, "cached": 0},
            }))
        );
    }
}
