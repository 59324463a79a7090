//! Built-in genesis blocks of the public networks, as far as an endpoint node of the lab needs them.

use serde_json::json;

use super::{Genesis, extra};

/// Roughly when both networks began; the simulated parent chain counts from here.
const START: u64 = 1_550_000_000;

/// The genesis of the network with this id (1001 or 8217). It has no validators: nothing is decided here.
pub fn genesis(id: u64) -> Result<Genesis, String> {
    let file = json!({
        "config": {
            "chainId": id,
            "istanbul": { "epoch": 604_800, "policy": 0, "sub": 22 },
            "unitPrice": 25_000_000_000_u64,
            "deriveShaImpl": 2,
        },
        "timestamp": START.to_string(),
        "extraData": extra::encode(&[]),
        "blockScore": "0x1",
        "alloc": {},
    });
    Genesis::read(&file.to_string()).map_err(|(message, cause)| format!("{message}: {cause}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_networks() {
        assert_ne!(super::genesis(1001).unwrap().config.chain_id(), super::genesis(8217).unwrap().config.chain_id());
    }
}
