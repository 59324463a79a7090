//! The table at the end.

use crate::event::HostRecap;

/// One line per host with the counts in Ansible's notation.
pub fn lines(recap: &[HostRecap]) -> Vec<String> {
    let width = recap.iter().map(|r| r.host.chars().count()).max().unwrap_or(0).max(26);
    recap
        .iter()
        .map(|r| {
            format!(
                "{:width$} : ok={:<4} changed={:<4} unreachable={:<4} failed={:<4} skipped={:<4} rescued={:<4} ignored={:<4}",
                r.host, r.ok, r.changed, r.unreachable, r.failed, r.skipped, r.rescued, r.ignored
            )
        })
        .collect()
}

/// "12.3 s", "2 min 05 s": how long something took.
pub fn duration(ms: u64) -> String {
    match ms {
        0..100 => format!("{ms} ms"),
        100..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_in_the_known_order() {
        let recap = HostRecap { host: "scn-1".to_owned(), ok: 3, changed: 1, ..HostRecap::default() };
        let lines = lines(&[recap]);
        assert_eq!(
            lines[0],
            "scn-1                      : ok=3    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0   "
        );
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(45), "45 ms");
        assert_eq!(duration(12_345), "12.3 s");
        assert_eq!(duration(125_000), "2 min 05 s");
    }
}
