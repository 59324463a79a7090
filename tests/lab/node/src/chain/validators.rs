//! Who decides: quorum, proposer rotation, committee.

use crate::crypto::keccak;
use crate::crypto::types::{Address, Hash};

/// The validators of the chain, sorted by address.
#[derive(Debug, Clone)]
pub struct Validators {
    sorted: Vec<Address>,
    /// Largest committee.
    sub: usize,
}

/// Members that may fail among `n`: ceil(n/3) - 1.
pub fn faults(n: usize) -> usize {
    n.div_ceil(3).saturating_sub(1)
}

/// Votes needed among `n`: ceil(2n/3); all of them below 4.
pub fn quorum(n: usize) -> usize {
    if n < 4 { n } else { (2 * n).div_ceil(3) }
}

impl Validators {
    pub fn new(addresses: &[Address], sub: usize) -> Validators {
        let mut sorted = addresses.to_vec();
        sorted.sort();
        sorted.dedup();
        Validators { sorted, sub }
    }

    /// All of them, ascending.
    pub fn all(&self) -> &[Address] {
        &self.sorted
    }

    pub fn contains(&self, address: &Address) -> bool {
        self.sorted.binary_search(address).is_ok()
    }

    /// Round robin: the one after the parent's proposer, `round` further on. `last` is none on block 0.
    pub fn proposer(&self, last: Option<Address>, round: u64) -> Option<Address> {
        let count = u64::try_from(self.sorted.len()).ok().filter(|count| *count > 0)?;
        let seed = match last {
            Some(last) => self.sorted.binary_search(&last).map_or(0, |index| index as u64) + 1 + round,
            None => round,
        };
        usize::try_from(seed % count).ok().and_then(|index| self.sorted.get(index)).copied()
    }

    /// The committee of the block after `parent` in `round`: everyone while `sub` allows it; else the proposer,
    /// the next proposer, and others drawn by the parent's hash.
    pub fn committee(&self, parent: &Hash, last: Option<Address>, round: u64) -> Vec<Address> {
        if self.sorted.len() <= self.sub {
            return self.sorted.clone();
        }
        let mut drawn = self.sorted.clone();
        let (first, second) = (self.proposer(last, round), self.proposer(last, round + 1));
        drawn.sort_by_key(|address| {
            let place = if Some(*address) == first { 0 } else { 1 + u8::from(Some(*address) != second) };
            (place, keccak(&[&parent.0[..], &address.0[..]].concat()))
        });
        drawn.truncate(self.sub);
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(count: u8, sub: usize) -> Validators {
        // Handed over unsorted on purpose.
        Validators::new(&(1..=count).rev().map(|n| Address([n; 20])).collect::<Vec<_>>(), sub)
    }

    #[test]
    fn quorum_table() {
        let table = [(1, 0, 1), (2, 0, 2), (3, 0, 3), (4, 1, 3), (5, 1, 4), (6, 1, 4), (7, 2, 5), (8, 2, 6), (10, 3, 7)];
        for (n, f, votes) in table {
            assert_eq!((faults(n), quorum(n)), (f, votes), "N = {n}");
        }
    }

    #[test]
    fn proposers_take_turns_by_address() {
        let set = set(4, 22);
        let a = |n: u8| Some(Address([n; 20]));
        assert_eq!(set.proposer(None, 0), a(1), "block 1 starts with the lowest address");
        assert_eq!(set.proposer(a(1), 0), a(2));
        assert_eq!(set.proposer(a(4), 0), a(1));
        assert_eq!(set.proposer(a(1), 1), a(3), "a round change skips one");
        assert_eq!(set.proposer(a(3), 5), a(1));
        let nobody = Validators::new(&[], 22);
        assert_eq!(nobody.proposer(None, 0), None);
    }

    #[test]
    fn sorted_order_of_the_four_node_vector() {
        let keys = [
            "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
            "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
            "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
            "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
        ]
        .map(|address| address.parse::<Address>().unwrap());
        assert_eq!(Validators::new(&keys, 22).all(), [keys[2], keys[1], keys[3], keys[0]]);
    }

    #[test]
    fn committee_holds_the_proposer_and_the_next() {
        let set = set(9, 4);
        for round in 0..9 {
            let committee = set.committee(&Hash([round as u8; 32]), Some(Address([3; 20])), round);
            assert_eq!(committee.len(), 4);
            assert_eq!(Some(committee[0]), set.proposer(Some(Address([3; 20])), round));
            assert_eq!(Some(committee[1]), set.proposer(Some(Address([3; 20])), round + 1));
        }
        assert_eq!(super::tests::set(4, 22).committee(&Hash::ZERO, None, 0).len(), 4);
    }
}
