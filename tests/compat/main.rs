//! The cases under `cases/`, run by kconf and held against what ansible-core made of them (`recorded.json`, made by `record`).
//!
//! A case is a folder `cases/AREA/BEHAVIOUR` with a `playbook.yml` and what belongs to it; `hosts` beside this file is the inventory of
//! those that have none. What else there is to say about a case stands in its `case.json` (see [`case::Options`]).
//!
//! `cargo test --test compat` runs all; `cargo test --test compat -- NAME...` those whose name contains one of the words.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

mod case;
mod compare;
mod console;
mod document;
#[path = "../it/transport/server.rs"]
#[expect(dead_code, reason = "the tests of the transport do more with their servers")]
mod server;
mod table;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use case::Case;

/// What came of a case.
pub struct Ran {
    /// `AREA/BEHAVIOUR`.
    pub name: String,
    /// Where kconf and the record differ.
    pub differences: Vec<String>,
    /// The heading of `docs/compatibility.md` that explains the difference.
    pub explained: Option<String>,
}

impl Ran {
    /// Whether kconf does what it should: as the record, or different where that is written down.
    pub fn is_good(&self) -> bool {
        self.differences.is_empty() != self.explained.is_some()
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let cases: Vec<Case> =
        Case::all().into_iter().filter(|case| words.is_empty() || words.iter().any(|word| case.name.contains(word))).collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let ran = case.run();
                    done.lock().expect("no worker panics while it holds the list").push(ran);
                }
            });
        }
    });
    let mut done = done.into_inner().expect("all workers are done");
    done.sort_by(|a, b| a.name.cmp(&b.name));
    table::print(&done);
    if done.iter().all(Ran::is_good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
