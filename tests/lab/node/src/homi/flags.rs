//! The flags of `homi setup` in a release.

use crate::cli::flags::{Flag, Kind};
use crate::version::{Family, Version};

pub fn table(version: &Version) -> Vec<Flag> {
    let texts = ["output", "o", "network-id", "rpc-port", "ws-port"];
    let numbers = ["cn-num", "validators-num", "test-num", "chainID", "p2p-port"];
    let mut table: Vec<Flag> = ["servicechain", "servicechain-test"].map(|name| Flag { name, kind: Kind::Switch }).into();
    table.extend(texts.map(|name| Flag { name, kind: Kind::Text }));
    table.extend(numbers.map(|name| Flag { name, kind: Kind::Number }));
    if version.since(1, 10, 0) {
        table.extend(["gen-type", "funding-addr"].map(|name| Flag { name, kind: Kind::Text }));
    }
    if version.since(1, 11, 0) {
        table.push(Flag { name: "mnemonic", kind: Kind::Text });
    }
    if version.family() == Family::Kaia {
        table.push(Flag { name: "cn-nodekey-dir", kind: Kind::Text });
    }
    table
}
