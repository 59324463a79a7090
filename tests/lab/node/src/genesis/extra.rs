//! extraData: 32 bytes of vanity, then RLP of `[[validators], seal of 65 bytes, [committed seals]]`.

use crate::crypto::rlp::{self, Item};
use crate::crypto::types::Address;

const VANITY: usize = 32;
const SEAL: usize = 65;

/// The validators in the order written.
pub fn validators(extra: &[u8]) -> Result<Vec<Address>, String> {
    let invalid = || "invalid istanbul header extra-data".to_owned();
    let payload = extra.get(VANITY..).ok_or_else(invalid)?;
    let Item::List(fields) = rlp::decode(payload).map_err(|_| invalid())? else { return Err(invalid()) };
    let [Item::List(addresses), Item::Bytes(_), Item::List(_)] = fields.as_slice() else { return Err(invalid()) };
    let address = |item: &Item| match item {
        Item::Bytes(bytes) => <[u8; 20]>::try_from(bytes.as_slice()).map(Address).map_err(|_| invalid()),
        Item::List(_) => Err(invalid()),
    };
    addresses.iter().map(address).collect()
}

/// extraData as the original's generator writes it: empty vanity, empty seal, no committed seals.
pub fn encode(validators: &[Address]) -> String {
    let payload = rlp::encode(&Item::List(vec![
        Item::List(validators.iter().map(|address| Item::bytes(address.0)).collect()),
        Item::bytes([0; SEAL]),
        Item::List(Vec::new()),
    ]));
    format!("0x{}{}", "00".repeat(VANITY), hex::encode(payload))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    const ADDRESSES: [&str; 4] = [
        "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    ];

    pub fn four_validators() -> String {
        encode(&ADDRESSES.map(|address| address.parse().unwrap()))
    }

    #[test]
    fn four_node_vector() {
        let want = format!(
            "0x{}f89af85494f39fd6e51aad88f6f4ce6ab8827279cfffb922669470997970c51812dc3a010c7d01b50e0d17dc79c8943c44cdddb6a900fa2b585dd299e03d12fa4293bc9490f79bf6eb2c4f870365e785982e1f101e93b906b841{}c0",
            "0".repeat(64),
            "0".repeat(130)
        );
        assert_eq!(four_validators(), want);
        let decoded = validators(&hex::decode(&want[2..]).unwrap()).unwrap();
        assert_eq!(decoded.iter().map(ToString::to_string).collect::<Vec<_>>(), ADDRESSES);
    }

    #[test]
    fn one_validator_vector() {
        let address: Address = "f8690562c0839c44b17af421f7aaaa9f12dcc62b".parse().unwrap();
        let extra = encode(&[address]);
        let start = format!("0x{}f85ad594f8690562c0839c44b17af421f7aaaa9f12dcc62bb841", "0".repeat(64));
        assert!(extra.starts_with(&start), "{extra}");
        assert_eq!(validators(&hex::decode(&extra[2..]).unwrap()).unwrap(), [address]);
    }

    #[test]
    fn refusals() {
        assert!(validators(&[0; 20]).is_err(), "no room for the vanity");
        assert!(validators(&[0; 40]).is_err(), "not a list");
        let mut extra = hex::decode(&four_validators()[2..]).unwrap();
        extra.pop();
        assert!(validators(&extra).is_err(), "cut short");
    }
}
