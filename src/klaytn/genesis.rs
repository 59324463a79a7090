//! genesis.json of a service chain.
//!
//! Source: `blockchain/gen_genesis.go`, `cmd/homi/setup/cmd.go` and `cmd/homi/extra/encoder.go` of klaytn/klaytn.

use serde_json::{Map, Value, json};

use super::keys::Address;
use super::rlp;

/// 10^50 peb: what homi gives every validator, so that the gas price never matters.
pub const VALIDATOR_BALANCE: &str = "0x446c3b15f9926687d2c40534fdb564000000000000";

/// Forks in the order in which they must be activated; each needs all before it.
pub const FORKS: [&str; 7] = ["istanbul", "london", "ethTxType", "magma", "kore", "shanghai", "cancun"];

/// An account with coins from the beginning.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its address.
    pub address: Address,
    /// Its balance in peb, decimal or as hexadecimal with `0x`.
    pub balance: String,
}

/// Everything that decides the first block.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// Chain id.
    pub chain_id: u64,
    /// Blocks after which votes are counted.
    pub epoch: u64,
    /// How many validators sign a block.
    pub committee_size: u64,
    /// Price of gas in peb.
    pub unit_price: u64,
    /// Forks active from the first block on: the first few of [`FORKS`].
    pub forks: Vec<String>,
    /// The validators, in the order in which they stand in the extra data.
    pub validators: Vec<Address>,
    /// Further accounts.
    pub accounts: Vec<Account>,
    /// Seconds since the epoch.
    pub timestamp: u64,
}

impl Genesis {
    /// Whether `forks` is the beginning of [`FORKS`].
    ///
    /// # Errors
    /// Says which fork is missing or unknown.
    pub fn check_forks(forks: &[String]) -> Result<(), String> {
        for fork in forks {
            if !FORKS.contains(&fork.as_str()) {
                return Err(format!("unknown fork `{fork}`; known are {}", crate::base::text::list(&FORKS)));
            }
        }
        let present: Vec<bool> = FORKS.iter().map(|fork| forks.iter().any(|f| f == fork)).collect();
        for (at, pair) in present.windows(2).enumerate() {
            if let [false, true] = pair {
                let (missing, given) = (FORKS.get(at).unwrap_or(&""), FORKS.get(at + 1).unwrap_or(&""));
                return Err(format!("the fork `{given}` needs `{missing}` too"));
            }
        }
        Ok(())
    }

    /// The extra data of the first block: 32 zero bytes, then the RLP of validators, empty seal, no committed seals.
    pub fn extra_data(validators: &[Address]) -> String {
        let addresses: Vec<Vec<u8>> = validators.iter().map(|address| rlp::bytes(&address.0)).collect();
        let body = rlp::list(&[rlp::list(&addresses), rlp::bytes(&[0; 65]), rlp::list(&[])]);
        format!("0x{}{}", "0".repeat(64), hex::encode(body))
    }

    /// The file's content as a value.
    pub fn to_json(&self) -> Value {
        let mut config = Map::new();
        config.insert("chainId".to_owned(), json!(self.chain_id));
        for fork in FORKS.iter().filter(|fork| self.forks.iter().any(|f| f == *fork)) {
            config.insert(format!("{fork}CompatibleBlock"), json!(0));
        }
        config.insert("istanbul".to_owned(), json!({"epoch": self.epoch, "policy": 0, "sub": self.committee_size}));
        config.insert("unitPrice".to_owned(), json!(self.unit_price));
        config.insert("deriveShaImpl".to_owned(), json!(2));
        config.insert("governance".to_owned(), Value::Null);
        let mut alloc = Map::new();
        for validator in &self.validators {
            alloc.insert(validator.digits(), json!({"balance": VALIDATOR_BALANCE}));
        }
        for account in &self.accounts {
            alloc.insert(account.address.digits(), json!({"balance": account.balance}));
        }
        json!({
            "config": config,
            "timestamp": format!("{:#x}", self.timestamp),
            "extraData": Self::extra_data(&self.validators),
            "governanceData": null,
            "blockScore": "0x1",
            "alloc": alloc,
            "number": "0x0",
            "gasUsed": "0x0",
            "parentHash": format!("0x{}", "0".repeat(64)),
        })
    }

    /// The file's content as text.
    pub fn to_text(&self) -> String {
        genesis_text(&self.to_json())
    }
}

/// A genesis.json, indented by 4 spaces as homi writes it, without a line break at the end.
pub fn genesis_text(genesis: &Value) -> String {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    // Writing a value to memory cannot fail.
    let _ = serde::Serialize::serialize(genesis, &mut serializer);
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::keys::NodeKey;
    use super::super::keys::tests::VECTORS;
    use super::*;

    fn validators() -> Vec<Address> {
        VECTORS.iter().map(|(key, _, _)| NodeKey::parse(key).unwrap().address()).collect()
    }

    #[test]
    fn extra_data_is_what_homi_writes() {
        let seal = "0".repeat(130);
        let expected = format!(
            "0x{}f89af85494f39fd6e51aad88f6f4ce6ab8827279cfffb922669470997970c51812dc3a010c7d01b50e0d17dc79c8943c44cdddb6a900fa2b585dd299e03d12fa4293bc9490f79bf6eb2c4f870365e785982e1f101e93b906b841{seal}c0",
            "0".repeat(64)
        );
        assert_eq!(Genesis::extra_data(&validators()), expected);
        let one = NodeKey::parse("0c28c77ce5c2ca9e495b860f190ed7dfe7bd5c1a2e5f816587eb4d3d9566df44").unwrap().address();
        assert_eq!(
            Genesis::extra_data(&[one]),
            format!("0x{}f85ad594f8690562c0839c44b17af421f7aaaa9f12dcc62bb841{seal}c0", "0".repeat(64))
        );
    }

    #[test]
    fn the_file_has_the_keys_the_node_reads() {
        let genesis = Genesis {
            chain_id: 1002,
            epoch: 3600,
            committee_size: 22,
            unit_price: 0,
            forks: vec!["istanbul".to_owned(), "london".to_owned()],
            validators: validators(),
            accounts: Vec::new(),
            timestamp: 0x60,
        };
        let value = genesis.to_json();
        assert_eq!(value["config"]["chainId"], 1002);
        assert_eq!(value["config"]["londonCompatibleBlock"], 0);
        assert!(value["config"].get("magmaCompatibleBlock").is_none());
        assert_eq!(value["timestamp"], "0x60");
        assert_eq!(value["alloc"]["f39fd6e51aad88f6f4ce6ab8827279cfffb92266"]["balance"], VALIDATOR_BALANCE);
        assert!(genesis.to_text().starts_with("{\n    \"config\": {\n        \"chainId\": 1002"));
    }

    #[test]
    fn forks_must_be_complete_from_the_first() {
        let forks = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert!(Genesis::check_forks(&forks(&[])).is_ok());
        assert!(Genesis::check_forks(&forks(&["istanbul", "london", "ethTxType", "magma"])).is_ok());
        assert!(Genesis::check_forks(&forks(&["istanbul", "magma"])).unwrap_err().contains("`ethTxType`"));
        assert!(Genesis::check_forks(&forks(&["randao"])).unwrap_err().contains("unknown fork"));
    }
}
