//! `state: present` and `state: absent`, for modules that know no other.

use serde::Deserialize;

/// Whether something is to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There.
    Present,
    /// Gone.
    Absent,
}
