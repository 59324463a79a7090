//! `klaytn_health`: waits until a chain is healthy. The declaration; it runs on the controller, which asks all nodes.

use super::{Kind, Opt, Place, Return, Rule, Spec};

/// The declaration of `klaytn_health`.
pub static MODULE: Spec = Spec {
    name: "klaytn_health",
    collections: &[],
    summary: "Wait until a Klaytn or Kaia service chain is healthy",
    description: &[
        "Asks all nodes at once, again and again, until the gate opens or time is up; then it fails and says what keeps the gate closed. \
         Changes nothing.",
        "`steady`: all validators answer, see each other, have the same blocks, and no turn was missed. `preflight`: steady, and the chain can go on \
         without `node`. `after_start`: `node` runs with its own key, has its peers and the others' blocks, and proposes again; for an \
         endpoint node, it answers and its bridge is connected. `rollback`: `node` may be stopped once more to get its old version back, since it takes no part or enough others do. \
         `bridge`: the bridge is connected and anchors.",
        "In check mode it asks as well, since nothing changes by it, unless an earlier task would start or stop one of the nodes.",
        "How many validators may be down follows from their number: two thirds, rounded up, must take part.",
    ],
    options: &[
        Opt::new("gate", Kind::Str, "What to wait for.").required().choices(&["steady", "preflight", "after_start", "rollback", "bridge"]),
        Opt::new("validators", Kind::List(&Kind::Str), "The hosts that are validators.").required(),
        Opt::new("endpoints", Kind::List(&Kind::Str), "The hosts that are endpoint nodes.").default("[]"),
        Opt::new("node", Kind::Str, "The host that is to be stopped, or was started."),
        Opt::new("addresses", Kind::Dict, "For hosts the address that their key must have; the check of identity is left out for others.")
            .default("{}"),
        Opt::new("anchoring", Kind::Bool, "With `bridge`: the anchored block must rise.").default("true"),
        Opt::new("url", Kind::Str, "The nodes' HTTP interface as seen from their own machines.").default("\"http://127.0.0.1:8551\""),
        Opt::new("timeout", Kind::Int, "Seconds until it gives up.").default("180"),
        Opt::new("interval", Kind::Int, "Seconds between two looks.").default("2"),
        Opt::new("soak", Kind::Int, "Seconds that the gate must stay open before it counts.").default("0"),
    ],
    rules: &[Rule::If("gate", "preflight", &["node"]), Rule::If("gate", "after_start", &["node"]), Rule::If("gate", "rollback", &["node"])],
    free_form: None,
    returns: &[
        Return { name: "summary", kind: "str", when: "always", doc: "Where the chain stands, in one line." },
        Return { name: "reasons", kind: "list", when: "on failure", doc: "What keeps the gate closed." },
        Return { name: "nodes", kind: "dict", when: "always", doc: "What each node said last, as `klaytn_node_info` returns it." },
    ],
    examples: "
- name: The chain is healthy
  klaytn_health:
    gate: steady
    validators: [scn-1, scn-2, scn-3, scn-4]
  run_once: true
",
    place: Place::Controller,
};
