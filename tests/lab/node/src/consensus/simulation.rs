//! Four validators in one thread on a clock of their own: what the chain does when some are away.

use std::collections::VecDeque;

use super::core::{Action, Core};
use super::message::Message;
use super::timeout::DEFAULT_MS;
use crate::chain::block::Block;
use crate::chain::validators::Validators;
use crate::crypto::types::{Address, Hash};

struct Network {
    validators: Validators,
    nodes: Vec<Option<Core>>,
    chains: Vec<Vec<Block>>,
    wires: VecDeque<(usize, usize, Message)>,
    now: u64,
}

const START: u64 = 1_700_000_000_000;

impl Network {
    fn new(count: u8) -> Network {
        let addresses: Vec<Address> = (0..count).map(|n| Address([n + 1; 20])).collect();
        let genesis = Block::genesis(Hash([9; 32]), START / 1000 - 100);
        let mut network = Network {
            validators: Validators::new(&addresses, 22),
            nodes: Vec::new(),
            chains: vec![vec![genesis]; usize::from(count)],
            wires: VecDeque::new(),
            now: START,
        };
        network.nodes = (0..usize::from(count)).map(|_| None).collect();
        for index in 0..usize::from(count) {
            network.start(index);
        }
        network
    }

    /// Starts node `index` on the longest chain there is, as block sync would.
    fn start(&mut self, index: usize) {
        let best = self.chains.iter().max_by_key(|chain| chain.len()).cloned().unwrap();
        self.chains[index] = best;
        let me = self.validators.all()[index];
        let head = self.head(index);
        self.nodes[index] = Some(Core::new(me, self.validators.clone(), DEFAULT_MS, head, self.now));
    }

    fn stop(&mut self, index: usize) {
        self.nodes[index] = None;
    }

    fn head(&self, index: usize) -> Block {
        self.chains[index].last().cloned().unwrap()
    }

    fn apply(&mut self, index: usize, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Broadcast(message) => {
                    for other in (0..self.nodes.len()).filter(|other| *other != index) {
                        self.wires.push_back((index, other, message.clone()));
                    }
                }
                Action::Commit(block) => {
                    assert_eq!(block.parent, self.head(index).hash);
                    assert!(block.committers.len() >= 3);
                    self.chains[index].push(block.clone());
                    let now = self.now;
                    let more = self.nodes[index].as_mut().map(|core| core.new_height(block, now));
                    self.apply(index, more.unwrap_or_default());
                }
                Action::Round(..) => {}
            }
        }
    }

    /// Runs until `seconds` have passed; `lose` decides which messages never arrive.
    fn run_losing(&mut self, seconds: u64, lose: impl Fn(usize, usize, &Message) -> bool) {
        let end = self.now + seconds * 1000;
        loop {
            while let Some((from, to, message)) = self.wires.pop_front() {
                if lose(from, to, &message) {
                    continue;
                }
                let sender = self.validators.all()[from];
                let now = self.now;
                if let Some(core) = self.nodes[to].as_mut() {
                    let actions = core.message(sender, message, now);
                    self.apply(to, actions);
                }
            }
            let next = self.nodes.iter().flatten().map(Core::wake_at_ms).min().unwrap_or(end);
            if next > end {
                self.now = end;
                return;
            }
            self.now = self.now.max(next);
            for index in 0..self.nodes.len() {
                let now = self.now;
                if let Some(actions) = self.nodes[index].as_mut().map(|core| core.tick(now)) {
                    self.apply(index, actions);
                }
            }
        }
    }

    fn run(&mut self, seconds: u64) {
        self.run_losing(seconds, |_, _, _| false);
    }

    fn height(&self, index: usize) -> u64 {
        self.head(index).number
    }

    /// All chains agree as far as they reach.
    fn assert_one_chain(&self) {
        for number in 0.. {
            let mut blocks = self.chains.iter().filter_map(|chain| chain.get(number));
            let Some(first) = blocks.next() else { return };
            assert!(blocks.all(|block| block.hash == first.hash), "two blocks {number}");
        }
    }
}

#[test]
fn all_up_makes_a_block_a_second_in_turns() {
    let mut network = Network::new(4);
    network.run(60);
    assert!((59..=61).contains(&network.height(0)), "{}", network.height(0));
    for block in &network.chains[0][1..] {
        assert_eq!(block.round, 0);
        assert_eq!(block.proposer.0[0], ((block.number - 1) % 4 + 1) as u8);
    }
    network.assert_one_chain();
}

#[test]
fn one_down_stalls_ten_seconds_at_its_turn() {
    let mut network = Network::new(4);
    network.run(10);
    network.stop(2);
    let before = network.height(0);
    network.run(130);
    let made = network.height(0) - before;
    assert!((28..=34).contains(&made), "about 3 blocks in 13 s, made {made} in 130 s");
    let late: Vec<&Block> = network.chains[0].iter().filter(|block| block.round == 1).collect();
    assert!(late.len() >= 9, "every turn of the missing node costs a round");
    assert!(late.iter().all(|block| block.proposer != Address([3; 20])));
    network.start(2);
    network.run(20);
    let tail = &network.chains[0][network.chains[0].len() - 8..];
    assert!(tail.iter().all(|block| block.round == 0), "back to round 0 once it is back");
    assert!(tail.iter().any(|block| block.proposer == Address([3; 20])));
    network.assert_one_chain();
}

#[test]
fn two_down_halt_until_one_is_back() {
    let mut network = Network::new(4);
    network.run(10);
    network.stop(1);
    network.stop(2);
    // The votes for the present block may be complete already.
    network.run(5);
    let before = network.height(0);
    network.run(300);
    assert_eq!(network.height(0), before, "no quorum, no block");
    let round = network.nodes[0].as_ref().unwrap().round();
    assert!(round >= 5, "rounds rise while it halts: {round}");
    network.start(1);
    // Timers are minutes long by now: recovery takes up to the largest one.
    network.run(300);
    assert!(network.height(0) > before + 10);
    network.assert_one_chain();
}

#[test]
fn a_block_decided_by_one_is_kept_by_the_others() {
    let mut network = Network::new(4);
    network.run(10);
    let number = network.height(0) + 1;
    // Every commit of this height reaches node 0 only; then node 0 is gone before it can tell.
    network.run_losing(2, |_, to, message| message.number == number && matches!(message.kind, super::message::Kind::Commit(_)) && to != 0);
    assert_eq!(network.height(0), number);
    assert_eq!(network.height(1), number - 1);
    network.stop(0);
    network.run(60);
    assert!(network.height(1) > number);
    network.assert_one_chain();
    assert!(network.chains[1][number as usize].round > 0, "decided again, in a later round");
}

#[test]
fn lost_messages_never_fork() {
    let mut network = Network::new(4);
    for seed in 0..40_u64 {
        let count = std::cell::Cell::new(seed);
        network.run_losing(20, |_, _, _| {
            count.set(count.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
            count.get() >> 61 == 0
        });
        network.assert_one_chain();
        // Nodes that were left behind fetch what they missed.
        for index in 0..4 {
            if network.height(index) + 1 < network.chains.iter().map(|chain| chain.len() as u64).max().unwrap() {
                network.start(index);
            }
        }
    }
    network.run(300);
    network.run(30);
    assert!(network.height(0) > 100, "{}", network.height(0));
}

#[test]
fn three_validators_need_all() {
    let mut network = Network::new(3);
    network.run(10);
    assert!(network.height(0) >= 9);
    network.stop(0);
    network.run(2);
    let before = network.height(1);
    network.run(60);
    assert_eq!(network.height(1), before);
}
