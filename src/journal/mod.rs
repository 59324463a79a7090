//! What runs leave behind: a file of JSON lines for each, written as it happens, and read again for `history`, `report` and `--resume`.
//!
//! Imported by `report` and `cli`; imports `base` and `event`.
//! Guarantees: writing needs the same memory however long a run is; a journal never fails a run; what it holds is what reporters were
//! shown, so what is masked for them is masked here; files are for their owner alone. A journal that ends in the middle can be read up to
//! there. Whether its run is still going on is known from a lock on the file, which the system takes away however the run ends.
//!
//! To record more about a run: a field with a default in [`Start`] or [`End`].

mod lines;
mod reader;
mod store;
mod trim;
mod writer;

pub use lines::{End, Entry, Start};
pub use reader::{Events, Journal, State};
pub use store::Store;
pub use writer::{Outcome, Writer};
