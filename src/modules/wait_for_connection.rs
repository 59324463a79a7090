//! `wait_for_connection`: tries until the host can be reached and used.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Spec};

/// The declaration of `wait_for_connection`.
pub static MODULE: Spec = Spec {
    name: "wait_for_connection",
    collections: BUILTIN,
    summary: "Wait until the host can be reached and used",
    description: &["Tries to connect and to run `ping` until that works, or the time is over."],
    options: &[
        Opt::new("delay", Kind::Int, "Seconds to wait before the first try.").default("0"),
        Opt::new("timeout", Kind::Int, "Seconds after which it fails.").default("600"),
        Opt::new("connect_timeout", Kind::Int, "Seconds that one try may take.").default("5"),
        Opt::new("sleep", Kind::Int, "Seconds between two tries.").default("1"),
    ],
    rules: &[],
    free_form: None,
    returns: &[Return { name: "elapsed", kind: "int", when: "always", doc: "Seconds that it took." }],
    examples: "
- name: The new machine is up
  wait_for_connection:
    delay: 10
    timeout: 300
",
    place: Place::Controller,
};
