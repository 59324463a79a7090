//! When a chain is healthy enough to go on. Pure functions over snapshots, called again and again until they agree or time is up.

use std::collections::BTreeMap;

use super::quorum::{may_be_down, quorum};
use super::snapshot::Snapshot;

/// Heights may differ by this much between nodes that are asked one after another.
const HEIGHT_SPREAD: u64 = 2;

/// Snapshots of the nodes by host, in the order of the inventory.
pub type Nodes = BTreeMap<String, Snapshot>;

/// Whether a gate is open; if not, why: one sentence fragment per reason, most important first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What keeps it closed; empty: it is open.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// Whether nothing keeps it closed.
    pub fn is_open(&self) -> bool {
        self.reasons.is_empty()
    }

    fn demand(&mut self, holds: bool, reason: impl FnOnce() -> String) {
        if !holds {
            self.reasons.push(reason());
        }
    }
}

/// All validators answer, agree, see each other, and the last blocks came without a missed turn.
pub fn steady(validators: &Nodes) -> Verdict {
    let mut verdict = agreement(validators);
    let total = validators.len() as u64;
    for (host, node) in validators {
        let late: Vec<String> =
            node.blocks.iter().rev().take(2 * total as usize).filter(|b| b.round > 0).map(|b| b.number.to_string()).collect();
        verdict.demand(late.is_empty(), || format!("{host}: turns were missed in block {}", late.join(", ")));
        if !late.is_empty() {
            // All nodes say the same of a block.
            break;
        }
    }
    verdict
}

/// The chain can go on without `node`: it is steady, and enough validators remain. `node` may also be no validator.
pub fn preflight(validators: &Nodes, node: &str) -> Verdict {
    let mut verdict = steady(validators);
    if validators.contains_key(node) {
        let total = validators.len();
        verdict.demand(may_be_down(total) >= 1, || {
            format!("with {total} validators all {} are needed for a block: none may be stopped without stopping the chain", quorum(total))
        });
    }
    verdict
}

/// The old version may be put back on `node`, which means to stop it once more: either it takes no part in the chain anyway, or enough
/// others do. It keeps a lost third node from becoming a chain that stands still. `node` may also be no validator.
pub fn rollback(validators: &Nodes, node: &str) -> Verdict {
    let mut verdict = Verdict::default();
    let total = validators.len();
    let best = validators.values().filter_map(|n| n.height).max().unwrap_or(0);
    let takes_part = |n: &Snapshot| {
        let peers = n.peers.unwrap_or(0) as usize;
        n.answers && n.syncing == Some(false) && peers + 1 >= quorum(total) && best - n.height.unwrap_or(0).min(best) <= HEIGHT_SPREAD
    };
    let others = validators.iter().filter(|(host, n)| host.as_str() != node && takes_part(n)).count();
    if validators.get(node).is_some_and(takes_part) {
        let lost: Vec<&str> = validators.iter().filter(|(_, n)| !takes_part(n)).map(|(host, _)| host.as_str()).collect();
        verdict.demand(others >= quorum(total), || {
            format!("{node} takes part, {} not; without {node} the chain would stand still", crate::base::text::list(&lost))
        });
    }
    verdict
}

/// All answer, within two blocks of each other, with the same block at a common height and enough peers.
fn agreement(validators: &Nodes) -> Verdict {
    let mut verdict = Verdict::default();
    let total = validators.len() as u64;
    for (host, node) in validators {
        verdict.demand(node.answers, || format!("{host} does not answer{}", why(node)));
        if node.answers {
            let peers = node.peers.unwrap_or(0);
            verdict.demand(peers + 1 >= total, || format!("{host} has {peers} of {} peers", total - 1));
            verdict.demand(node.syncing == Some(false), || format!("{host} is still fetching blocks"));
            // Without them nothing could be said of agreement and missed turns, and silence must not open a gate.
            verdict.demand(!node.blocks.is_empty(), || format!("{host} does not show its newest blocks"));
        }
    }
    let heights: Vec<u64> = validators.values().filter_map(|node| node.height).collect();
    let (lowest, highest) = (heights.iter().min().copied().unwrap_or(0), heights.iter().max().copied().unwrap_or(0));
    verdict.demand(highest > 0, || "there is no block yet".to_owned());
    verdict.demand(highest - lowest <= HEIGHT_SPREAD, || format!("heights are between {lowest} and {highest}"));
    verdict.demand(same_block(validators), || "nodes have different blocks at the same height".to_owned());
    verdict
}

fn why(node: &Snapshot) -> String {
    node.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default()
}

/// Whether all that answer have the same block a little below the lowest head.
fn same_block(validators: &Nodes) -> bool {
    let Some(lowest) = validators.values().filter(|n| n.answers).filter_map(|n| n.height).min() else { return true };
    let at = lowest.saturating_sub(3);
    let hashes: Vec<&str> = validators.values().filter_map(|node| node.block(at)).map(|block| block.hash.as_str()).collect();
    hashes.windows(2).all(|pair| pair.first() == pair.get(1))
}

/// Watches one node from its start until it takes part again.
#[derive(Debug)]
pub struct AfterStart {
    node: String,
    /// The address its key must have, when known.
    expected_address: Option<String>,
    /// The height at which it had caught up: only blocks behind it count.
    joined_at: Option<u64>,
}

impl AfterStart {
    /// Watches the validator `node`.
    pub fn new(node: impl Into<String>, expected_address: Option<String>) -> Self {
        Self { node: node.into(), expected_address: expected_address.map(|a| a.to_lowercase()), joined_at: None }
    }

    /// Judges by the newest snapshots. Call it in the order in which they were taken.
    pub fn judge(&mut self, validators: &Nodes) -> Verdict {
        let mut verdict = Verdict::default();
        let name = self.node.clone();
        let Some(node) = validators.get(&name) else {
            verdict.reasons.push(format!("{name} is not among the validators"));
            return verdict;
        };
        verdict.demand(node.answers, || format!("{name} does not answer{}", why(node)));
        if !node.answers {
            self.joined_at = None;
            return verdict;
        }
        if let (Some(expected), Some(found)) = (&self.expected_address, &node.address) {
            verdict.demand(expected == &found.to_lowercase(), || {
                format!("{name} runs with the key of {found} instead of {expected}: its nodekey was missing or unreadable, and the node made a new one")
            });
        }
        let total = validators.len() as u64;
        let peers = node.peers.unwrap_or(0);
        verdict.demand(peers + 1 >= total, || format!("{name} has {peers} of {} peers", total - 1));
        verdict.demand(node.syncing == Some(false), || format!("{name} is still fetching blocks"));
        let height = node.height.unwrap_or(0);
        let best = validators.values().filter_map(|n| n.height).max().unwrap_or(0);
        verdict.demand(best - height.min(best) <= HEIGHT_SPREAD, || format!("{name} is at block {height} of {best}"));
        verdict.demand(same_block(validators), || format!("{name} has other blocks than the rest at the same height"));
        if !verdict.is_open() {
            self.joined_at = None;
            return verdict;
        }
        let joined_at = *self.joined_at.get_or_insert(height);
        let since: Vec<_> = node.blocks.iter().filter(|block| block.number > joined_at).collect();
        let last: Vec<_> = since.iter().rev().take(2 * total as usize).collect();
        verdict.demand(since.len() as u64 >= total, || {
            format!("{name} has seen {} of {total} new blocks since it caught up at block {joined_at}", since.len())
        });
        let proposed = last.iter().any(|block| node.address.as_ref().is_some_and(|a| a.eq_ignore_ascii_case(&block.proposer)));
        verdict.demand(proposed, || format!("{name} has not proposed a block since block {joined_at}"));
        // A turn missed just before it joined shows in the first block after: count the later ones.
        let late = last.iter().filter(|block| block.round > 0 && block.number > joined_at + 1).count();
        verdict.demand(late == 0, || format!("turns are still missed: {late} of the last {} blocks", last.len()));
        if late > 0 && since.len() as u64 >= 2 * total {
            // Begin again behind the missed turn.
            self.joined_at = last.iter().filter(|block| block.round > 0).map(|block| block.number).max();
        }
        verdict
    }
}

/// An endpoint node runs: it answers, has caught up, and its bridge, if it has one, is connected.
pub fn endpoint(host: &str, node: &Snapshot) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.demand(node.answers, || format!("{host} does not answer{}", why(node)));
    if node.answers {
        verdict.demand(node.syncing == Some(false), || format!("{host} is still fetching blocks"));
        verdict.demand(node.main_bridge_peers != Some(0), || format!("the bridge of {host} has no peer"));
    }
    verdict
}

/// The bridge: the sub bridge on `bridge` has its peer, each endpoint is not fetching blocks, and anchoring rises above `anchored_before`.
pub fn bridge(bridge: (&str, &Snapshot), endpoints: &Nodes, anchoring: bool, anchored_before: Option<u64>) -> Verdict {
    let mut verdict = Verdict::default();
    let (host, node) = bridge;
    verdict.demand(node.answers, || format!("{host} does not answer{}", why(node)));
    if node.answers {
        match node.sub_bridge_peers {
            Some(peers) => verdict.demand(peers == 1, || format!("the bridge of {host} has {peers} peers instead of 1")),
            None => {
                verdict.reasons.push(format!("{host} says nothing of a bridge: SC_SUB_BRIDGE is off, or `subbridge` is not in its RPC_API"))
            }
        }
    }
    for (host, node) in endpoints {
        verdict.demand(node.answers, || format!("{host} does not answer{}", why(node)));
        if node.answers {
            verdict.demand(node.main_bridge_peers.unwrap_or(0) >= 1, || format!("the bridge of {host} has no peer"));
        }
    }
    if anchoring && verdict.is_open() {
        verdict.demand(node.anchoring == Some(true), || format!("{host} does not anchor"));
        let (now, before) = (node.anchored.unwrap_or(0), anchored_before.unwrap_or(0));
        verdict.demand(now > before, || format!("the anchored block of {host} stays at {now}"));
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::Block;
    use super::*;

    fn blocks(up_to: u64, proposers: &[&str]) -> Vec<Block> {
        (up_to.saturating_sub(15)..=up_to)
            .map(|number| Block {
                number,
                hash: format!("h{number}"),
                proposer: proposers[number as usize % proposers.len()].to_owned(),
                round: 0,
            })
            .collect()
    }

    fn chain(height: u64) -> Nodes {
        ["a", "b", "c", "d"]
            .into_iter()
            .map(|name| {
                let node = Snapshot {
                    answers: true,
                    height: Some(height),
                    syncing: Some(false),
                    peers: Some(3),
                    address: Some(format!("0x{name}")),
                    blocks: blocks(height, &["0xa", "0xb", "0xc", "0xd"]),
                    ..Snapshot::default()
                };
                (name.to_owned(), node)
            })
            .collect()
    }

    #[test]
    fn a_healthy_chain_is_steady_and_one_of_four_may_stop() {
        assert!(steady(&chain(100)).is_open());
        assert!(preflight(&chain(100), "a").is_open());
    }

    #[test]
    fn a_node_that_shows_no_blocks_closes_the_gate() {
        let mut mute = chain(100);
        if let Some(node) = mute.get_mut("c") {
            node.blocks.clear();
        }
        assert_eq!(steady(&mute).reasons, ["c does not show its newest blocks"]);
    }

    #[test]
    fn three_validators_may_not_lose_one() {
        let mut three = chain(100);
        three.remove("d");
        let verdict = preflight(&three, "a");
        assert!(verdict.reasons[0].contains("none may be stopped"), "{verdict:?}");
        assert!(preflight(&three, "en").is_open(), "an endpoint node is no validator");
    }

    #[test]
    fn a_silent_node_a_fork_and_a_missed_turn_close_the_gate() {
        let mut silent = chain(100);
        silent.insert("b".to_owned(), Snapshot { error: Some("connection refused".to_owned()), ..Snapshot::default() });
        assert_eq!(preflight(&silent, "a").reasons, ["b does not answer (connection refused)"]);
        let mut forked = chain(100);
        if let Some(node) = forked.get_mut("c") {
            node.blocks.iter_mut().for_each(|b| b.hash.push('x'));
        }
        assert_eq!(steady(&forked).reasons, ["nodes have different blocks at the same height"]);
        let mut late = chain(100);
        for node in late.values_mut() {
            node.blocks[12].round = 1;
        }
        assert!(steady(&late).reasons[0].contains("turns were missed"));
    }

    #[test]
    fn a_started_node_must_propose_again() {
        let mut watch = AfterStart::new("d", Some("0xD".to_owned()));
        let mut down = chain(100);
        down.insert("d".to_owned(), Snapshot::default());
        assert!(!watch.judge(&down).is_open());
        // It caught up at 110: nothing before counts.
        assert!(watch.judge(&chain(110)).reasons[0].contains("0 of 4 new blocks"));
        assert!(!watch.judge(&chain(112)).is_open());
        assert!(watch.judge(&chain(114)).is_open());
    }

    #[test]
    fn the_old_version_is_put_back_unless_that_stops_the_chain() {
        let lost = |names: &[&str]| {
            let mut nodes = chain(100);
            names.iter().for_each(|name| drop(nodes.insert((*name).to_owned(), Snapshot::default())));
            nodes
        };
        assert!(rollback(&lost(&[]), "a").is_open());
        assert!(rollback(&lost(&["a"]), "a").is_open(), "a node that is down can only gain");
        assert_eq!(rollback(&lost(&["c"]), "a").reasons, ["a takes part, `c` not; without a the chain would stand still"]);
        assert!(rollback(&lost(&["a", "c"]), "a").is_open(), "the chain stands already");
        assert!(rollback(&lost(&["c"]), "en").is_open(), "an endpoint node is no validator");
    }

    #[test]
    fn a_replaced_nodekey_is_named() {
        let mut watch = AfterStart::new("d", Some("0xfeed".to_owned()));
        let verdict = watch.judge(&chain(100));
        assert!(verdict.reasons[0].contains("instead of 0xfeed"), "{verdict:?}");
    }

    #[test]
    fn an_endpoint_needs_its_bridge_only_if_it_has_one() {
        let node = Snapshot { answers: true, syncing: Some(false), ..Snapshot::default() };
        assert!(endpoint("en", &node).is_open());
        assert!(!endpoint("en", &Snapshot { main_bridge_peers: Some(0), ..node.clone() }).is_open());
        assert!(!endpoint("en", &Snapshot { syncing: Some(true), ..node }).is_open());
    }

    #[test]
    fn the_bridge_needs_its_peer_and_rising_anchors() {
        let endpoint = Nodes::from([("en".to_owned(), Snapshot { answers: true, main_bridge_peers: Some(1), ..Snapshot::default() })]);
        let node = Snapshot { answers: true, sub_bridge_peers: Some(1), anchoring: Some(true), anchored: Some(20), ..Snapshot::default() };
        assert!(bridge(("m", &node), &endpoint, true, Some(10)).is_open());
        assert!(!bridge(("m", &node), &endpoint, true, Some(20)).is_open());
        let alone = Snapshot { sub_bridge_peers: Some(0), ..node };
        assert!(!bridge(("m", &alone), &endpoint, false, None).is_open());
    }
}
