//! `assert`: fails unless all conditions hold.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Spec};

/// The declaration of `assert`.
pub static MODULE: Spec = Spec {
    name: "assert",
    collections: BUILTIN,
    summary: "Fail unless all conditions hold",
    description: &["Evaluates conditions on the controller, with the variables of the host, and fails at the first that does not hold."],
    options: &[
        Opt::new("that", Kind::Raw, "A condition or a list of conditions, written as with `when`.").required(),
        Opt::new("fail_msg", Kind::Raw, "What to say when one does not hold.").aliases(&["msg"]),
        Opt::new("success_msg", Kind::Raw, "What to say when all hold."),
        Opt::new("quiet", Kind::Bool, "Do not say which conditions were looked at.").default("false"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "assertion", kind: "str", when: "failed and not quiet", doc: "The condition that does not hold." },
        Return { name: "evaluated_to", kind: "bool", when: "failed and not quiet", doc: "What it is." },
    ],
    examples: "
- name: The port makes sense
  assert:
    that:
      - port | int > 1024
      - port | int < 65536
    fail_msg: \"{{ port }} is no port that a user may open\"
",
    place: Place::Controller,
};
