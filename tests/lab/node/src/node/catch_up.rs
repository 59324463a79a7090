//! Fetching blocks that were decided without this node.

use std::collections::HashMap;
use std::sync::Arc;

use crate::crypto::types::PublicId;
use crate::p2p::peers::Peers;
use crate::p2p::wire::Message;

/// A block behind is normal while the votes for it are on the way; ask only after this long.
const PATIENCE_MS: u64 = 300;
/// A request without an answer is repeated with another peer.
const ANSWER_MS: u64 = 5000;
/// Blocks in one answer.
pub const BATCH: usize = 200;

/// Who is how far, and what was asked.
#[derive(Debug, Default)]
pub struct CatchUp {
    heights: HashMap<PublicId, u64>,
    behind_since: Option<u64>,
    asked: Option<(PublicId, u64)>,
}

impl CatchUp {
    /// A peer told its height.
    pub fn told(&mut self, peer: PublicId, height: u64) {
        self.heights.insert(peer, height);
    }

    /// A peer is gone, or its blocks were bad.
    pub fn forget(&mut self, peer: &PublicId) {
        self.heights.remove(peer);
        if self.asked.is_some_and(|(asked, _)| asked == *peer) {
            self.asked = None;
        }
    }

    /// The answer to the request came.
    pub fn answered(&mut self) {
        self.asked = None;
    }

    /// The greatest height any peer told.
    pub fn highest(&self) -> u64 {
        self.heights.values().copied().max().unwrap_or(0)
    }

    /// Whom to ask now, if anyone, at the own height `head`.
    fn whom(&mut self, head: u64, now_ms: u64) -> Option<PublicId> {
        let ahead = self.heights.iter().filter(|(_, height)| **height > head).max_by_key(|(_, height)| **height);
        let Some((peer, height)) = ahead.map(|(peer, height)| (*peer, *height)) else {
            self.behind_since = None;
            return None;
        };
        let since = *self.behind_since.get_or_insert(now_ms);
        if height == head + 1 && now_ms < since + PATIENCE_MS {
            return None;
        }
        match self.asked {
            Some((_, at)) if now_ms < at + ANSWER_MS => None,
            Some((silent, _)) => {
                self.forget(&silent);
                None
            }
            None => Some(peer),
        }
    }

    /// Sends a request if one is due.
    pub fn tick(&mut self, head: u64, now_ms: u64, peers: &Arc<Peers>) {
        let Some(id) = self.whom(head, now_ms) else { return };
        match peers.get(&id) {
            Some(peer) => {
                self.asked = Some((id, now_ms));
                peer.send(Message::GetBlocks { from: head + 1 });
            }
            None => self.forget(&id),
        }
    }

    /// The chain grew: patience starts anew.
    pub fn grew(&mut self) {
        self.behind_since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: PublicId = PublicId([1; 64]);
    const B: PublicId = PublicId([2; 64]);

    #[test]
    fn one_block_behind_waits_more_asks_at_once() {
        let mut catch_up = CatchUp::default();
        catch_up.told(A, 5);
        assert_eq!(catch_up.whom(5, 0), None);
        catch_up.told(A, 6);
        assert_eq!(catch_up.whom(5, 10), None);
        assert_eq!(catch_up.whom(5, 10 + PATIENCE_MS), Some(A));
        catch_up.grew();
        catch_up.told(A, 50);
        assert_eq!(catch_up.whom(6, 1000), Some(A));
    }

    #[test]
    fn a_silent_peer_is_given_up() {
        let mut catch_up = CatchUp::default();
        catch_up.told(A, 90);
        catch_up.told(B, 80);
        assert_eq!(catch_up.whom(5, 0), Some(A));
        catch_up.asked = Some((A, 0));
        assert_eq!(catch_up.whom(5, ANSWER_MS - 1), None);
        assert_eq!(catch_up.whom(5, ANSWER_MS), None);
        assert_eq!(catch_up.whom(5, ANSWER_MS), Some(B));
    }
}
