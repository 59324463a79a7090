//! The parent chain as seen by an endpoint node.
//!
//! The lab has no parent network, so this one is computed: one block a second since its genesis time, known
//! to every endpoint node without any talk, always at the head. Its height survives restarts for that reason.

use super::block::Block;
use crate::clock;
use crate::crypto::keccak;
use crate::crypto::types::{Address, Hash};

#[derive(Debug)]
pub struct ParentChain {
    genesis: Hash,
    /// Unix seconds of block 0.
    start: u64,
}

impl ParentChain {
    pub fn new(genesis: Hash, start: u64) -> ParentChain {
        ParentChain { genesis, start }
    }

    pub fn head(&self) -> Block {
        self.at((clock::now_ms() / 1000).saturating_sub(self.start))
    }

    pub fn block(&self, number: u64) -> Option<Block> {
        (number <= self.head().number).then(|| self.at(number))
    }

    fn at(&self, number: u64) -> Block {
        let mut block = Block::genesis(self.hash(number), self.start + number);
        block.number = number;
        block.parent = number.checked_sub(1).map_or(Hash::ZERO, |parent| self.hash(parent));
        block.proposer = Address::ZERO;
        block
    }

    fn hash(&self, number: u64) -> Hash {
        if number == 0 {
            return self.genesis;
        }
        Hash(keccak(&[&self.genesis.0[..], &number.to_be_bytes()[..]].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_link_and_end_at_the_head() {
        let chain = ParentChain::new(Hash([1; 32]), clock::now_ms() / 1000 - 100);
        let head = chain.head();
        assert!(head.number >= 100);
        assert_eq!(chain.block(50).unwrap().parent, chain.block(49).unwrap().hash);
        assert_eq!(chain.block(0).unwrap().hash, Hash([1; 32]));
        assert!(chain.block(head.number + 1000).is_none());
    }
}
