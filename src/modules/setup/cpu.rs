//! Processors.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Facts, Source};

pub(super) fn cpu(source: &Source<'_, '_>) -> Facts {
    let machine = source.system().platform().map(|platform| platform.machine).unwrap_or_default();
    source.text("/proc/cpuinfo").map(|text| facts_of(&text, &machine)).unwrap_or_default()
}

/// From the text of `/proc/cpuinfo`: one block per processor on most architectures.
fn facts_of(text: &str, machine: &str) -> Facts {
    let mut processor: Vec<Value> = Vec::new();
    let mut numbers = 0u64;
    let mut models = 0u64;
    let mut sockets: BTreeMap<String, u64> = BTreeMap::new();
    let (mut socket, mut siblings) = (None::<String>, 1u64);
    let mut flags: Vec<Value> = Vec::new();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.trim(), value.trim());
        let number = || value.parse::<u64>().unwrap_or(1).max(1);
        match name {
            "processor" => {
                numbers += 1;
                processor.push(value.into());
            }
            "model name" | "Processor" | "vendor_id" | "cpu" | "Vendor" => {
                models += u64::from(name == "model name" || name == "vendor_id" || name == "cpu");
                processor.push(value.into());
            }
            "physical id" => socket = Some(value.to_owned()),
            "siblings" => siblings = number(),
            "cpu cores" => {
                if let Some(socket) = &socket {
                    sockets.entry(socket.clone()).or_insert_with(number);
                }
            }
            "flags" | "Features" if flags.is_empty() => flags = value.split_whitespace().map(Value::from).collect(),
            _ => {}
        }
    }
    let arm = ["armv", "aarch", "ppc"].iter().any(|prefix| machine.starts_with(prefix));
    let single = if arm { numbers } else { numbers.max(models.min(numbers)) };
    let count = if sockets.is_empty() { single } else { sockets.len() as u64 };
    let cores = sockets.values().next().copied().unwrap_or(1);
    let threads = if sockets.is_empty() { 1 } else { (siblings / cores).max(1) };
    let mut facts = Facts::new();
    facts.insert("processor".into(), processor.into());
    facts.insert("processor_count".into(), count.into());
    facts.insert("processor_cores".into(), cores.into());
    facts.insert("processor_threads_per_core".into(), threads.into());
    facts.insert("processor_vcpus".into(), (count * cores * threads).into());
    facts.insert("processor_nproc".into(), numbers.into());
    if !flags.is_empty() {
        facts.insert("flags".into(), flags.into());
    }
    facts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn numbers(facts: &Facts) -> Vec<Value> {
        ["processor_count", "processor_cores", "processor_threads_per_core", "processor_vcpus", "processor_nproc"]
            .iter()
            .map(|name| facts.get(*name).cloned().unwrap_or_default())
            .collect()
    }

    #[test]
    fn counts_sockets_cores_and_threads() {
        let block = |n: u32, socket: u32| {
            format!(
                "processor\t: {n}\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nphysical id\t: {socket}\nsiblings\t: 4\ncpu cores\t: 2\nflags\t\t: fpu sse\n\n"
            )
        };
        let text: String = (0..8).map(|n| block(n, n / 4)).collect();
        let facts = facts_of(&text, "x86_64");
        assert_eq!(numbers(&facts), [json!(2), json!(2), json!(2), json!(8), json!(8)]);
        assert_eq!(facts.get("flags"), Some(&json!(["fpu", "sse"])));
        let first: Vec<Value> = facts.get("processor").and_then(Value::as_array).into_iter().flatten().take(3).cloned().collect();
        assert_eq!(first, [json!("0"), json!("GenuineIntel"), json!("Xeon")]);
    }

    #[test]
    fn arm_has_no_sockets() {
        let text = "processor\t: 0\nFeatures\t: fp asimd\n\nprocessor\t: 1\nFeatures\t: fp asimd\n";
        assert_eq!(numbers(&facts_of(text, "aarch64")), [json!(2), json!(1), json!(1), json!(2), json!(2)]);
    }
}
