//! What the tests of the modules for LVM have in common.

use serde_json::{Value, json};

use crate::modules::testing::Applied;

/// Arguments for the group `g`.
pub(crate) fn args(more: Value) -> Value {
    let mut args = more;
    args["vg"] = json!("g");
    args
}

/// The commands that changed something.
pub(crate) fn ran(applied: &Applied) -> String {
    let calls = applied.machine.runs().into_iter().map(|command| command.argv.join(" ").replace("/usr/sbin/", ""));
    calls.collect::<Vec<_>>().join("; ")
}
