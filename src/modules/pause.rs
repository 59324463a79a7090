//! `pause`: waits for a time, or for the person at the terminal.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Rule, Spec};

/// The declaration of `pause`.
pub static MODULE: Spec = Spec {
    name: "pause",
    collections: BUILTIN,
    summary: "Wait for a time, or for somebody to answer",
    description: &[
        "With `seconds` or `minutes` it waits so long, at least one second. Without them it waits until somebody presses Enter, and what is typed is \
         the result. Runs once for all hosts.",
        "When nobody is at a terminal there is nobody to wait for, and it goes on with a warning.",
    ],
    options: &[
        Opt::new("seconds", Kind::Raw, "How long, in seconds."),
        Opt::new("minutes", Kind::Raw, "How long, in minutes."),
        Opt::new("prompt", Kind::Str, "What to say."),
        Opt::new("echo", Kind::Bool, "Show what is typed.").default("true"),
    ],
    rules: &[Rule::Exclusive(&["seconds", "minutes"])],
    free_form: None,
    returns: &[
        Return { name: "user_input", kind: "str", when: "always", doc: "What was typed." },
        Return { name: "delta", kind: "int", when: "always", doc: "Seconds that it took." },
        Return { name: "start", kind: "str", when: "always", doc: "When it began." },
        Return { name: "stop", kind: "str", when: "always", doc: "When it ended." },
        Return { name: "stdout", kind: "str", when: "always", doc: "How long it took, in words." },
        Return { name: "echo", kind: "bool", when: "always", doc: "Whether what is typed was shown." },
    ],
    examples: "
- name: Give the node time to find its peers
  pause:
    seconds: 15

- name: Ask before going on
  pause:
    prompt: Is the chain still producing blocks
",
    place: Place::Controller,
};
