//! The genesis file of a service chain as homi writes it.

use serde_json::{Map, Value, json};

use crate::cli::flags::Parsed;
use crate::clock;
use crate::crypto::keys::NodeKey;
use crate::crypto::types::{Address, Hash};
use crate::genesis::extra;
use crate::version::{Family, Version};

/// Chain id of the service-chain template.
const TEMPLATE_CHAIN_ID: u64 = 1000;

/// Forks a release switches on at block 0, with the release they came with. Randao is left out: it needs
/// contracts and keys this program does not have, and the chain runs without it.
const FORKS: [(&str, (u32, u32, u32)); 8] = [
    ("istanbul", (1, 9, 0)),
    ("london", (1, 9, 0)),
    ("ethTxType", (1, 9, 0)),
    ("magma", (1, 9, 0)),
    ("kore", (1, 10, 0)),
    ("kip103", (1, 10, 2)),
    ("shanghai", (1, 11, 0)),
    ("cancun", (1, 12, 0)),
];

pub fn file(version: &Version, flags: &Parsed, validators: &[NodeKey], funded: &[NodeKey]) -> Result<Value, String> {
    let chain_id = match version.family() {
        Family::Klaytn => TEMPLATE_CHAIN_ID,
        Family::Kaia => flags.number("chainID", TEMPLATE_CHAIN_ID)?,
    };
    let mut config = Map::new();
    config.insert("chainId".to_owned(), json!(chain_id));
    for (name, (major, minor, patch)) in FORKS {
        if version.since(major, minor, patch) {
            config.insert(format!("{name}CompatibleBlock"), json!(0));
        }
    }
    if version.since(1, 10, 2) {
        config.insert("kip103ContractAddress".to_owned(), json!(Address::ZERO));
    }
    let epoch = if flags.switch("servicechain-test") { 30 } else { 3600 };
    config.insert("istanbul".to_owned(), json!({ "epoch": epoch, "policy": 0, "sub": 22 }));
    config.insert("unitPrice".to_owned(), json!(0));
    config.insert("deriveShaImpl".to_owned(), json!(2));
    config.insert("governance".to_owned(), Value::Null);

    // 10^50 peb since v1.10.0; before that 10^10, which pays for nothing.
    let balance = if version.since(1, 10, 0) { "0x446c3b15f9926687d2c40534fdb564000000000000" } else { "0x2540be400" };
    let mut accounts: Vec<Address> = funded.iter().map(NodeKey::address).collect();
    for text in flags.text("funding-addr").unwrap_or_default().split(',').filter(|text| !text.is_empty()) {
        accounts.push(text.trim().parse()?);
    }
    let alloc: Map<String, Value> = accounts.iter().map(|address| (hex::encode(address.0), json!({ "balance": balance }))).collect();
    let validators: Vec<Address> = validators.iter().map(NodeKey::address).collect();
    Ok(json!({
        "config": config,
        "timestamp": format!("{:#x}", clock::now_ms() / 1000),
        "extraData": extra::encode(&validators),
        "governanceData": null,
        "blockScore": "0x1",
        "alloc": alloc,
        "number": "0x0",
        "gasUsed": "0x0",
        "parentHash": Hash::ZERO,
    }))
}
