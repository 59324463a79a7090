//! `--autorestart.enable`: the node runs its daemon script with `restart` after long without a new block.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::Node;
use crate::log;

pub fn watch(node: Arc<Node>, script: PathBuf, limit: Duration) {
    thread::spawn(move || {
        let mut height = node.ledger.head().number;
        let mut since = Instant::now();
        loop {
            thread::sleep(Duration::from_secs(1).min(limit));
            let now = node.ledger.head().number;
            if now != height {
                height = now;
                since = Instant::now();
            } else if since.elapsed() >= limit {
                log::warn("Restart node due to no block for a long time", &[("script", &script.display())]);
                if let Err(e) = Command::new(&script).arg("restart").spawn() {
                    log::error("Failed to run the restart script", &[("err", &e)]);
                }
                since = Instant::now();
            }
        }
    });
}
