//! `config` of the genesis file: chain id, forks, consensus and governance settings.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::crypto::types::Address;

/// Forks in the order they must be enabled; kip103 stands outside.
const FORK_ORDER: [&str; 8] = ["istanbul", "london", "ethTxType", "magma", "kore", "shanghai", "cancun", "dragon"];
/// Forks whose block may not move once it has passed, beyond those in the order.
const OTHER_FORKS: [&str; 3] = ["kip103", "randao", "kaia"];

/// The settings as written, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChainConfig(Map<String, Value>);

impl ChainConfig {
    /// Decodes and fills in the defaults of the original.
    pub fn read(value: &Value) -> Result<ChainConfig, String> {
        let mut config = value.as_object().ok_or("config: want an object")?.clone();
        let missing = |config: &Map<String, Value>, key: &str| config.get(key).is_none_or(Value::is_null);
        for key in ["chainId", "unitPrice"] {
            if config.get(key).is_some_and(|value| !value.is_null() && value.as_u64().is_none()) {
                return Err(format!("config.{key}: want a JSON number"));
            }
        }
        if missing(&config, "istanbul") && missing(&config, "clique") {
            config.insert("istanbul".to_owned(), json!({"epoch": 604_800, "policy": 0, "sub": 21}));
        }
        let given = config.get("governance").filter(|value| !value.is_null()).cloned();
        config.insert("governance".to_owned(), governance(given, config.get("magmaCompatibleBlock").is_some())?);
        Ok(ChainConfig(config))
    }

    /// The rules that end `init` with "Invalid genesis".
    pub fn validate(&self) -> Result<(), String> {
        if self.chain_id().is_none() {
            return Err("chainID is not specified".to_owned());
        }
        let has = |key: &str| self.0.get(key).is_some_and(|value| !value.is_null());
        match (has("istanbul"), has("clique")) {
            (true, true) => return Err("only one consensus engine can be configured".to_owned()),
            (false, _) => return Err("the stand-in node knows the istanbul engine only".to_owned()),
            _ => {}
        }
        let number = |key: &str| self.0["governance"]["reward"][key].as_u64();
        if number("stakingUpdateInterval") == Some(0) || number("proposerUpdateInterval") == Some(0) {
            return Err("proposerUpdateInterval and stakingUpdateInterval cannot be zero".to_owned());
        }
        if self.istanbul("policy") != 0 {
            return Err("the stand-in node knows proposer policy 0 (round robin) only".to_owned());
        }
        if self.istanbul("sub") == 0 {
            return Err("invalid committee size 0".to_owned());
        }
        Ok(())
    }

    /// The rule that ends `init` with "Failed to write genesis block".
    pub fn check_fork_order(&self) -> Result<(), String> {
        let mut last: Option<(&str, Option<u64>)> = None;
        for name in FORK_ORDER {
            let block = self.fork(&format!("{name}CompatibleBlock"));
            if let (Some((before, at)), Some(block)) = (last, block) {
                match at {
                    None => {
                        return Err(format!(
                            "unsupported fork ordering: {before}CompatibleBlock not enabled, but {name}CompatibleBlock enabled at {block}"
                        ));
                    }
                    Some(at) if at > block => {
                        return Err(format!(
                            "unsupported fork ordering: {before}CompatibleBlock enabled at {at}, but {name}CompatibleBlock enabled at {block}"
                        ));
                    }
                    Some(_) => {}
                }
            }
            last = Some((name, block));
        }
        Ok(())
    }

    /// Refuses a new config that moves a fork the chain has already passed at height `head`.
    pub fn check_compatible(&self, new: &ChainConfig, head: u64) -> Result<(), String> {
        for name in FORK_ORDER.iter().chain(&OTHER_FORKS) {
            let key = format!("{name}CompatibleBlock");
            let (have, want) = (self.fork(&key), new.fork(&key));
            let passed = |block: Option<u64>| block.is_some_and(|block| block <= head);
            if have != want && (passed(have) || passed(want)) {
                let show = |block: Option<u64>| block.map_or("<nil>".to_owned(), |block| block.to_string());
                let first = have.unwrap_or(u64::MAX).min(want.unwrap_or(u64::MAX));
                let (have, want) = (show(have), show(want));
                let rewind = first.saturating_sub(1);
                return Err(format!("mismatching {name} in database (have {have}, want {want}, rewindto {rewind})"));
            }
        }
        Ok(())
    }

    /// The block from which a fork is active, by its key in the file.
    pub fn fork(&self, key: &str) -> Option<u64> {
        self.0.get(key).and_then(Value::as_u64)
    }

    pub fn chain_id(&self) -> Option<u64> {
        self.0.get("chainId").and_then(Value::as_u64)
    }

    /// Price of a unit of gas in peb.
    pub fn unit_price(&self) -> u64 {
        self.0.get("unitPrice").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Committee size.
    pub fn sub(&self) -> usize {
        usize::try_from(self.istanbul("sub")).unwrap_or(usize::MAX)
    }

    fn istanbul(&self, key: &str) -> u64 {
        self.0["istanbul"][key].as_u64().unwrap_or_default()
    }

    pub fn governance_mode(&self) -> String {
        self.0["governance"]["governanceMode"].as_str().unwrap_or_default().to_lowercase()
    }

    /// Lower-case address.
    pub fn governing_node(&self) -> String {
        self.0["governance"]["governingNode"].as_str().unwrap_or_default().to_lowercase()
    }

    /// What of the config is part of block 0, in a fixed order.
    pub fn governance_items(&self) -> String {
        let governance = &self.0["governance"];
        let mut items = vec![
            self.governance_mode(),
            self.governing_node(),
            self.unit_price().to_string(),
            ["epoch", "policy", "sub"].map(|key| self.istanbul(key).to_string()).join(","),
            sorted(&governance["reward"]),
        ];
        if self.fork("magmaCompatibleBlock") == Some(0) {
            items.push(sorted(&governance["kip71"]));
        }
        items.join(";")
    }

    /// The whole object, as `governance_chainConfig` answers it.
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

fn sorted(value: &Value) -> String {
    let mut pairs: Vec<String> = value.as_object().into_iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.sort();
    pairs.join(",")
}

fn governance(given: Option<Value>, magma: bool) -> Result<Value, String> {
    let given = given.unwrap_or_else(|| json!({}));
    let given = given.as_object().ok_or("config.governance: want an object")?;
    let part = |key: &str| given.get(key).filter(|value| !value.is_null());
    let text = |key: &str, default: String| part(key).and_then(Value::as_str).map_or(default, str::to_owned);
    let mut out = json!({
        "governanceMode": text("governanceMode", "none".to_owned()),
        "governingNode": text("governingNode", Address::ZERO.to_string()),
        "reward": filled(part("reward"), json!({
            "mintingAmount": 0, "ratio": "100/0/0", "useGiniCoeff": false, "deferredTxFee": false,
            "stakingUpdateInterval": 86400, "proposerUpdateInterval": 3600, "minimumStake": 2_000_000,
        })),
    });
    if magma || part("kip71").is_some() {
        out["kip71"] = filled(
            part("kip71"),
            json!({
                "lowerboundbasefee": 25_000_000_000_u64, "upperboundbasefee": 750_000_000_000_u64, "gastarget": 30_000_000,
                "maxblockgasusedforbasefee": 60_000_000, "basefeedenominator": 20,
            }),
        );
    }
    Ok(out)
}

/// `defaults`, overlaid with what is given.
fn filled(given: Option<&Value>, mut defaults: Value) -> Value {
    for (key, value) in given.and_then(Value::as_object).into_iter().flatten() {
        defaults[key] = value.clone();
    }
    defaults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(forks: &[(&str, u64)]) -> ChainConfig {
        let mut value = json!({"chainId": 1002, "istanbul": {"epoch": 3600, "policy": 0, "sub": 22}});
        for (name, block) in forks {
            value[format!("{name}CompatibleBlock")] = json!(block);
        }
        ChainConfig::read(&value).unwrap()
    }

    #[test]
    fn fork_order() {
        assert!(config(&[]).check_fork_order().is_ok());
        assert!(config(&[("istanbul", 0), ("london", 0), ("ethTxType", 5)]).check_fork_order().is_ok());
        let gap = config(&[("istanbul", 0), ("ethTxType", 0)]).check_fork_order().unwrap_err();
        assert!(gap.contains("londonCompatibleBlock not enabled, but ethTxTypeCompatibleBlock enabled at 0"), "{gap}");
        assert!(config(&[("istanbul", 5), ("london", 3)]).check_fork_order().is_err());
    }

    #[test]
    fn a_passed_fork_does_not_move() {
        let old = config(&[("istanbul", 0)]);
        let new = config(&[("istanbul", 0), ("london", 100)]);
        assert!(old.check_compatible(&new, 50).is_ok());
        let error = old.check_compatible(&new, 100).unwrap_err();
        assert_eq!(error, "mismatching london in database (have <nil>, want 100, rewindto 99)");
    }

    #[test]
    fn defaults() {
        let governance = config(&[]).to_json()["governance"].clone();
        assert_eq!(governance["governanceMode"], "none");
        assert_eq!(governance["reward"]["stakingUpdateInterval"], 86400);
        assert!(ChainConfig::read(&json!({"chainId": "1002"})).is_err(), "a string is no number here");
    }
}
