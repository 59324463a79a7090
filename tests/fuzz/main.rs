//! A short run of the fuzz targets: the whole corpus, and each of its files changed a little in many ways. `make fuzz` runs them for as
//! long as one likes, guided by coverage.

#![expect(clippy::disallowed_methods, reason = "the corpus is a folder of files")]

mod targets;

use std::fs;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use targets::TARGETS;

/// Changed copies of each file of the corpus.
const COPIES: usize = 40;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut paths: Vec<_> = fs::read_dir(&folder).expect("there is a corpus").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths.iter().map(|path| fs::read(path).expect("reads")).collect()
}

fn changed(input: &[u8], others: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let mut data = input.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..=data.len());
        let end = random.random_range(at..=data.len().min(at + 16));
        match random.random_range(0..4) {
            0 => drop(data.drain(at..end)),
            1 => data.insert(at, random.random_range(9..127)),
            2 => {
                let piece = data.get(at..end).unwrap_or_default().repeat(random.random_range(2..20));
                data.splice(at..at, piece);
            }
            _ => {
                let other = &others[random.random_range(0..others.len())];
                let from = random.random_range(0..=other.len());
                data.splice(at..end, other[from..other.len().min(from + 32)].iter().copied());
            }
        }
    }
    data
}

fn run(name: &str) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    let corpus = corpus(name);
    let mut random = StdRng::seed_from_u64(1);
    for input in &corpus {
        target(input);
        for _ in 0..COPIES {
            target(&changed(input, &corpus, &mut random));
        }
    }
}

#[test]
fn yaml() {
    run("yaml");
}

#[test]
fn playbook() {
    run("playbook");
}

#[test]
fn ini() {
    run("ini");
}

#[test]
fn arguments() {
    run("arguments");
}

#[test]
fn pattern() {
    run("pattern");
}

#[test]
fn template() {
    run("template");
}

#[test]
fn vault() {
    run("vault");
}

#[test]
fn every_target_has_a_test() {
    let text = include_str!("main.rs");
    for (name, _) in TARGETS {
        assert!(text.contains(&format!("run(\"{name}\")")), "{name}");
    }
}
