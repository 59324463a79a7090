//! The genesis file: reading, checking, hashing. Imports `crypto` only.
//!
//! Guarantees: accepts and refuses what the original's decoder does, with its messages; the block hash
//! depends on exactly the inputs the original's depends on (see `hash`), though its value is this program's own.

pub mod config;
pub mod extra;
mod number;
pub mod public;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::crypto::keccak;
use crate::crypto::rlp::{self, Item};
use crate::crypto::types::{Address, Hash};
use config::ChainConfig;

/// A decoded genesis file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Genesis {
    pub config: ChainConfig,
    /// Unix seconds of block 0.
    pub timestamp: u64,
    /// Vanity, validators and seals; see [`extra`].
    pub extra_data: String,
    block_score: String,
    /// Address to a canonical rendering of its account.
    alloc: BTreeMap<String, String>,
}

impl Genesis {
    /// Decodes and validates; errors are those the original logs, as (message, cause).
    pub fn read(text: &str) -> Result<Genesis, (&'static str, String)> {
        let invalid_file = |cause: String| ("Invalid genesis file", cause);
        let root: Value = serde_json::from_str(text).map_err(|e| invalid_file(e.to_string()))?;
        let root = root.as_object().ok_or_else(|| invalid_file("want a JSON object".to_owned()))?;
        let field = |name: &str| root.get(name).filter(|value| !value.is_null());

        let alloc = field("alloc").ok_or_else(|| invalid_file("missing required field 'alloc' for Genesis".to_owned()))?;
        let genesis = Genesis {
            config: match field("config") {
                Some(config) => ChainConfig::read(config).map_err(invalid_file)?,
                None => return Err(("Genesis config is not set", String::new())),
            },
            timestamp: field("timestamp").map_or(Ok(0), number::quantity).map_err(invalid_file)?,
            extra_data: field("extraData").map_or(Ok(String::new()), hex_text).map_err(invalid_file)?,
            block_score: field("blockScore").map_or(Ok(String::new()), number::big).map_err(invalid_file)?,
            alloc: read_alloc(alloc).map_err(invalid_file)?,
        };
        genesis.validate().map_err(|cause| ("Invalid genesis", cause))?;
        Ok(genesis)
    }

    fn validate(&self) -> Result<(), String> {
        self.config.validate()?;
        if self.config.governance_mode() == "single" {
            let node = self.config.governing_node();
            if !self.validators()?.iter().any(|validator| validator.to_string() == node) {
                return Err("governingNode is not in the validator list".to_owned());
            }
        }
        Ok(())
    }

    /// The validators in the order of the file.
    pub fn validators(&self) -> Result<Vec<Address>, String> {
        let bytes = hex::decode(self.extra_data.trim_start_matches("0x")).map_err(|e| e.to_string())?;
        extra::validators(&bytes)
    }

    /// Block hash: over alloc, extraData, timestamp, blockScore, the governance items and which of magma,
    /// kore and randao are active at block 0. Not over chainId or later forks.
    pub fn hash(&self) -> Hash {
        let alloc = self.alloc.iter().map(|(address, account)| Item::List(vec![Item::bytes(address), Item::bytes(account)]));
        let active = ["magmaCompatibleBlock", "koreCompatibleBlock", "randaoCompatibleBlock"]
            .map(|fork| Item::uint(u64::from(self.config.fork(fork) == Some(0))));
        let item = Item::List(vec![
            Item::bytes("lab-node genesis"),
            Item::List(alloc.collect()),
            Item::bytes(self.extra_data.to_lowercase()),
            Item::uint(self.timestamp),
            Item::bytes(&self.block_score),
            Item::bytes(self.config.governance_items()),
            Item::List(active.to_vec()),
        ]);
        Hash(keccak(&rlp::encode(&item)))
    }
}

fn hex_text(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("extraData: want a string")?;
    let digits = text.strip_prefix("0x").ok_or("hex string without 0x prefix")?;
    hex::decode(digits).map_err(|_| "invalid hex string".to_owned())?;
    Ok(text.to_owned())
}

fn read_alloc(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let accounts = value.as_object().ok_or("alloc: want an object")?;
    let mut alloc = BTreeMap::new();
    for (key, account) in accounts {
        let address: Address = key.parse().map_err(|_| format!("alloc: invalid address `{key}`"))?;
        let balance = account.get("balance").ok_or("missing required field 'balance' for GenesisAccount")?;
        let text = |name: &str| account.get(name).map(Value::to_string).unwrap_or_default();
        let rendering = [number::big(balance)?, text("nonce"), text("code"), text("storage")].join("|");
        alloc.insert(address.to_string(), rendering);
    }
    Ok(alloc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn file() -> Value {
        json!({
            "config": {
                "chainId": 1002, "istanbulCompatibleBlock": 0, "londonCompatibleBlock": 0, "ethTxTypeCompatibleBlock": 0,
                "istanbul": {"epoch": 3600, "policy": 0, "sub": 22}, "unitPrice": 0, "deriveShaImpl": 2, "governance": null
            },
            "timestamp": "0x63000000",
            "extraData": extra::tests::four_validators(),
            "governanceData": null,
            "blockScore": "0x1",
            "alloc": {"f39fd6e51aad88f6f4ce6ab8827279cfffb92266": {"balance": "0x446c3b15f9926687d2c40534fdb564000000000000"}}
        })
    }

    fn hash(file: &Value) -> Hash {
        Genesis::read(&file.to_string()).unwrap().hash()
    }

    #[test]
    fn hash_depends_on_what_the_original_hash_depends_on() {
        let base = hash(&file());
        let changed = |change: fn(&mut Value)| {
            let mut file = file();
            change(&mut file);
            hash(&file)
        };
        assert_eq!(changed(|f| f["config"]["chainId"] = json!(1000)), base, "chainId is stored beside the block");
        assert_eq!(changed(|f| f["config"]["magmaCompatibleBlock"] = json!(500)), base, "a later fork is not in block 0");
        assert_eq!(changed(|f| f["timestamp"] = json!("1660944384")), base, "the same number in decimal");
        assert_ne!(changed(|f| f["config"]["magmaCompatibleBlock"] = json!(0)), base);
        assert_ne!(changed(|f| f["config"]["unitPrice"] = json!(1)), base);
        assert_ne!(changed(|f| f["config"]["istanbul"]["sub"] = json!(4)), base);
        assert_ne!(changed(|f| f["timestamp"] = json!("0x63000001")), base);
        assert_ne!(changed(|f| f["blockScore"] = json!("0x2")), base);
        assert_ne!(changed(|f| f["alloc"]["f39fd6e51aad88f6f4ce6ab8827279cfffb92266"]["balance"] = json!("5")), base);
    }

    #[test]
    fn refusals() {
        let refused = |change: fn(&mut Value)| {
            let mut file = file();
            change(&mut file);
            Genesis::read(&file.to_string()).unwrap_err()
        };
        assert_eq!(refused(|f| f["config"] = Value::Null).0, "Genesis config is not set");
        assert_eq!(refused(|f| f["alloc"] = Value::Null).1, "missing required field 'alloc' for Genesis");
        assert_eq!(refused(|f| f["config"]["chainId"] = Value::Null), ("Invalid genesis", "chainID is not specified".to_owned()));
        assert_eq!(refused(|f| f["timestamp"] = json!("soon")).0, "Invalid genesis file");
        assert_eq!(
            refused(|f| f["config"]["governance"] = json!({"governanceMode": "single"})).1,
            "governingNode is not in the validator list"
        );
        assert_eq!(Genesis::read("[").unwrap_err().0, "Invalid genesis file");
    }
}
