//! The chain in memory, backed by the store, as one thread writes it and RPC threads read it.

use std::sync::{Arc, RwLock};

use super::block::Block;
use super::parent::ParentChain;
use super::store::Store;
use super::validators::{Validators, quorum};
use crate::sync::{read, write};

/// Where the blocks come from.
#[derive(Debug)]
pub enum Ledger {
    /// A chain decided by validators (kscn).
    Decided(Decided),
    /// The simulated parent chain of an endpoint node (ken).
    Parent(ParentChain),
}

/// A chain that grows by the votes of its validators.
#[derive(Debug)]
pub struct Decided {
    /// Block 0 first; never empty.
    blocks: RwLock<Vec<Block>>,
    validators: Validators,
    store: Arc<Store>,
}

impl Decided {
    /// `stored` follows on block 0.
    pub fn new(genesis: Block, stored: Vec<Block>, validators: Validators, store: Arc<Store>) -> Result<Decided, String> {
        let chain = Decided { blocks: RwLock::new(vec![genesis]), validators, store };
        for block in stored {
            chain.check(&block).map_err(|e| format!("damaged chain data: {e}"))?;
            write(&chain.blocks).push(block);
        }
        Ok(chain)
    }

    pub fn validators(&self) -> &Validators {
        &self.validators
    }

    pub fn head(&self) -> Block {
        read(&self.blocks).last().cloned().unwrap_or_else(|| unreachable!("a chain has its genesis block"))
    }

    pub fn block(&self, number: u64) -> Option<Block> {
        read(&self.blocks).get(usize::try_from(number).ok()?).cloned()
    }

    /// Up to `count` blocks from `from` on.
    pub fn range(&self, from: u64, count: usize) -> Vec<Block> {
        let blocks = read(&self.blocks);
        blocks.iter().skip(usize::try_from(from).unwrap_or(usize::MAX)).take(count).cloned().collect()
    }

    /// Checks a decided block against the head and stores it.
    pub fn append(&self, block: Block) -> Result<(), AppendError> {
        self.check(&block).map_err(AppendError::Bad)?;
        self.store.append(&block).map_err(AppendError::Disk)?;
        write(&self.blocks).push(block);
        Ok(())
    }

    fn check(&self, block: &Block) -> Result<(), String> {
        let head = self.head();
        if block.number != head.number + 1 || block.parent != head.hash {
            return Err(format!("block {} does not follow on block {} {}", block.number, head.number, head.hash));
        }
        if !block.is_sealed_right() {
            return Err(format!("block {}: hash and content differ", block.number));
        }
        if block.timestamp <= head.timestamp {
            return Err(format!("block {}: not later than its parent", block.number));
        }
        if !self.validators.contains(&block.proposer) {
            return Err(format!("block {}: proposed by {}, which is no validator", block.number, block.proposer));
        }
        let committee = self.validators.committee(&head.hash, self.proposer_of(&head), block.round);
        let mut votes: Vec<_> = block.committers.iter().filter(|address| committee.contains(address)).collect();
        votes.sort();
        votes.dedup();
        if votes.len() < quorum(committee.len()) {
            return Err(format!("block {}: {} committed seals, want {}", block.number, votes.len(), quorum(committee.len())));
        }
        Ok(())
    }

    /// The proposer that the rotation counts on from; none on block 0.
    pub fn proposer_of(&self, block: &Block) -> Option<crate::crypto::types::Address> {
        (block.number > 0).then_some(block.proposer)
    }

    /// Makes the present head survive a kill.
    pub fn flush(&self) -> Result<(), String> {
        self.store.flush(self.head().number)
    }
}

/// Why a block was not appended.
#[derive(Debug)]
pub enum AppendError {
    /// It breaks a rule.
    Bad(String),
    /// It could not be written.
    Disk(String),
}

impl Ledger {
    pub fn head(&self) -> Block {
        match self {
            Ledger::Decided(chain) => chain.head(),
            Ledger::Parent(chain) => chain.head(),
        }
    }

    pub fn block(&self, number: u64) -> Option<Block> {
        match self {
            Ledger::Decided(chain) => chain.block(number),
            Ledger::Parent(chain) => chain.block(number),
        }
    }

    /// The chain with validators, where there is one.
    pub fn decided(&self) -> Option<&Decided> {
        match self {
            Ledger::Decided(chain) => Some(chain),
            Ledger::Parent(_) => None,
        }
    }
}
