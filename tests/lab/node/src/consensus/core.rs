//! The state machine of one validator.

use std::collections::BTreeMap;

use super::message::{Kind, Message, Prepared};
use super::timeout;
use super::votes::{RoundChanges, Votes};
use crate::chain::block::Block;
use crate::chain::validators::{Validators, faults, quorum};
use crate::crypto::types::{Address, Hash};

/// A proposal may be this far ahead of the own clock.
const ALLOWED_FUTURE_MS: u64 = 1000;
/// Block period.
const PERIOD_S: u64 = 1;
/// Messages about the next block that are kept until it is its turn.
const BACKLOG: usize = 256;

/// What the driver has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send to all other validators.
    Broadcast(Message),
    /// Append to the chain, then call [`Core::new_height`].
    Commit(Block),
    /// The round moved (for the log): from, to, whether a quorum asked for it.
    Round(u64, u64, bool),
}

/// One validator's view of the block being decided.
#[derive(Debug)]
pub struct Core {
    me: Address,
    validators: Validators,
    base_timeout_ms: u64,
    head: Block,
    committee: Vec<Address>,
    round: u64,
    /// A round change was asked for and is not yet agreed.
    waiting: bool,
    proposals: BTreeMap<Hash, Block>,
    /// Proposals for the present or a coming round, until they can be judged: by round.
    early: BTreeMap<u64, Block>,
    /// Accepted proposal of the present round.
    accepted: Option<Hash>,
    prepares: Votes,
    commits: Votes,
    changes: RoundChanges,
    /// The block this node sent a commit for.
    lock: Option<Prepared>,
    decided: bool,
    timer_ms: u64,
    propose_at_ms: Option<u64>,
    backlog: Vec<(Address, Message)>,
    /// The time of the call being handled.
    now_ms: u64,
    out: Vec<Action>,
}

impl Core {
    /// Starts on top of `head`.
    pub fn new(me: Address, validators: Validators, base_timeout_ms: u64, head: Block, now_ms: u64) -> Core {
        let mut core = Core {
            me,
            validators,
            base_timeout_ms,
            head: head.clone(),
            committee: Vec::new(),
            round: 0,
            waiting: false,
            proposals: BTreeMap::new(),
            early: BTreeMap::new(),
            accepted: None,
            prepares: Votes::default(),
            commits: Votes::default(),
            changes: RoundChanges::default(),
            lock: None,
            decided: false,
            timer_ms: 0,
            propose_at_ms: None,
            backlog: Vec::new(),
            now_ms,
            out: Vec::new(),
        };
        core.reset(head);
        core
    }

    /// The block being decided.
    pub fn number(&self) -> u64 {
        self.head.number + 1
    }

    #[cfg(test)]
    pub fn round(&self) -> u64 {
        self.round
    }

    /// When [`Core::tick`] has something to do next.
    pub fn wake_at_ms(&self) -> u64 {
        let judging = !self.waiting && self.accepted.is_none();
        let judge = self.early.get(&self.round).filter(|_| judging);
        let judge = judge.map(|block| block.timestamp.saturating_mul(1000).saturating_sub(ALLOWED_FUTURE_MS));
        [self.propose_at_ms, judge].into_iter().flatten().fold(self.timer_ms, u64::min)
    }

    /// The chain has a new head: start over with the block after it.
    pub fn new_height(&mut self, head: Block, now_ms: u64) -> Vec<Action> {
        self.now_ms = now_ms;
        self.reset(head);
        for (from, message) in std::mem::take(&mut self.backlog) {
            self.receive(from, message);
        }
        std::mem::take(&mut self.out)
    }

    /// A message of another validator.
    pub fn message(&mut self, from: Address, message: Message, now_ms: u64) -> Vec<Action> {
        self.now_ms = now_ms;
        self.receive(from, message);
        std::mem::take(&mut self.out)
    }

    /// Time passed.
    pub fn tick(&mut self, now_ms: u64) -> Vec<Action> {
        self.now_ms = now_ms;
        if self.propose_at_ms.is_some_and(|at| at <= now_ms) {
            self.propose();
        }
        self.judge();
        if self.timer_ms <= now_ms && !self.decided {
            self.timed_out();
        }
        std::mem::take(&mut self.out)
    }

    fn reset(&mut self, head: Block) {
        self.head = head;
        self.proposals.clear();
        self.early.clear();
        self.prepares = Votes::default();
        self.commits = Votes::default();
        self.changes = RoundChanges::default();
        self.lock = None;
        self.decided = false;
        self.enter(0, false);
    }

    /// Moves to `round`, restarts its timer and, as its proposer, gets ready to propose.
    fn enter(&mut self, round: u64, waiting: bool) {
        self.round = round;
        self.waiting = waiting;
        self.accepted = None;
        self.committee = self.validators.committee(&self.head.hash, self.last_proposer(), round);
        self.timer_ms = self.now_ms + timeout::of_round_ms(self.base_timeout_ms, round);
        let mine = !waiting && self.proposer(round) == Some(self.me);
        self.propose_at_ms = mine.then_some(((self.head.timestamp + PERIOD_S) * 1000).max(self.now_ms));
    }

    fn last_proposer(&self) -> Option<Address> {
        (self.head.number > 0).then_some(self.head.proposer)
    }

    fn proposer(&self, round: u64) -> Option<Address> {
        self.validators.proposer(self.last_proposer(), round)
    }

    /// Whether the votes of `address` count in `round`.
    fn is_member(&self, round: u64, address: Address) -> bool {
        self.validators.committee(&self.head.hash, self.last_proposer(), round).contains(&address)
    }

    fn quorum(&self) -> usize {
        quorum(self.committee.len())
    }

    fn receive(&mut self, from: Address, message: Message) {
        if message.number == self.number() + 1 && self.backlog.len() < BACKLOG {
            self.backlog.push((from, message));
            return;
        }
        let round = message.round;
        if message.number != self.number() || self.decided || !self.is_member(round, from) {
            return;
        }
        match message.kind {
            Kind::Preprepare(block) => {
                let follows = block.number == self.number() && block.parent == self.head.hash;
                let fits = follows && block.timestamp > self.head.timestamp && block.is_sealed_right();
                if fits && round >= self.round && self.proposer(round) == Some(from) {
                    self.early.insert(round, block);
                    self.judge();
                }
            }
            Kind::Prepare(hash) => {
                self.prepares.add(round, hash, from);
                self.check_prepared();
            }
            Kind::Commit(hash) => {
                self.commits.add(round, hash, from);
                self.check_committed(round, hash);
            }
            Kind::RoundChange(prepared) => self.round_change(round, from, prepared),
        }
    }

    /// Sends to the others and counts the own vote.
    fn broadcast(&mut self, round: u64, kind: Kind) {
        let message = Message { number: self.number(), round, kind };
        self.out.push(Action::Broadcast(message.clone()));
        self.receive(self.me, message);
    }

    /// Proposes the block that a quorum of the last round may be bound to; else a new one.
    fn propose(&mut self) {
        self.propose_at_ms = None;
        let bound = self.changes.highest_prepared(self.round).into_iter().chain(self.lock.clone());
        let block = match bound.max_by_key(|prepared| prepared.round) {
            Some(prepared) => prepared.block,
            None => {
                let time = (self.head.timestamp + PERIOD_S).max(self.now_ms / 1000);
                Block::new(self.number(), self.head.hash, self.me, time)
            }
        };
        self.broadcast(self.round, Kind::Preprepare(block));
    }

    /// Accepts the proposal of the present round once it is not from the future.
    fn judge(&mut self) {
        if self.waiting || self.accepted.is_some() || self.decided {
            return;
        }
        let due = |block: &Block| block.timestamp.saturating_mul(1000) <= self.now_ms + ALLOWED_FUTURE_MS;
        let Some(block) = self.early.get(&self.round).filter(|block| due(block)).cloned() else { return };
        let (round, hash) = (self.round, block.hash);
        self.early.remove(&round);
        self.accepted = Some(hash);
        self.proposals.insert(hash, block);
        self.broadcast(round, Kind::Prepare(hash));
        self.check_committed(round, hash);
    }

    fn check_prepared(&mut self) {
        let Some(hash) = self.accepted.filter(|_| !self.waiting) else { return };
        let round = self.round;
        let bound = self.lock.as_ref().is_some_and(|lock| lock.round == round && lock.block.hash == hash);
        if bound || self.prepares.count(round, hash) < self.quorum() {
            return;
        }
        if let Some(block) = self.proposals.get(&hash).cloned() {
            self.lock = Some(Prepared { round, block });
            self.broadcast(round, Kind::Commit(hash));
        }
    }

    /// A quorum of commits decides, also when it completes after this node left the round.
    fn check_committed(&mut self, round: u64, hash: Hash) {
        if self.decided || self.commits.count(round, hash) < self.quorum() {
            return;
        }
        if let Some(mut block) = self.proposals.get(&hash).cloned() {
            block.round = round;
            block.committers = self.commits.voters(round, hash);
            self.decided = true;
            self.out.push(Action::Commit(block));
        }
    }

    fn timed_out(&mut self) {
        // Others are already further: follow them, unless this node asked for a round itself.
        let ahead = self.changes.highest_with(faults(self.committee.len()) + 1).filter(|round| *round > self.round);
        let next = ahead.filter(|_| !self.waiting).unwrap_or(self.round + 1);
        self.ask_for(next);
    }

    fn ask_for(&mut self, round: u64) {
        self.out.push(Action::Round(self.round, round, false));
        self.enter(round, true);
        self.changes.clear_below(round);
        self.broadcast(round, Kind::RoundChange(self.lock.clone()));
    }

    fn round_change(&mut self, round: u64, from: Address, prepared: Option<Prepared>) {
        if round < self.round {
            return;
        }
        let asking = self.changes.add(round, from, prepared);
        if asking > faults(self.committee.len()) && round > self.round && from != self.me {
            self.ask_for(round);
        } else if asking >= self.quorum() && (self.waiting || round > self.round) {
            self.out.push(Action::Round(self.round, round, true));
            self.enter(round, false);
            self.judge();
        }
    }
}
