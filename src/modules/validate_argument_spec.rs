//! `validate_argument_spec`: variables against a specification.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Spec};

/// The declaration of `validate_argument_spec`.
pub static MODULE: Spec = Spec {
    name: "validate_argument_spec",
    collections: BUILTIN,
    summary: "Check variables against a specification",
    description: &[
        "Checks that variables of the host fit a specification as roles have it in `meta/argument_specs.yml`, and fails with everything that does not. \
         Roles with such a file are checked by themselves before their first task.",
    ],
    options: &[
        Opt::new("argument_spec", Kind::Dict, "The options by name, each with `type`, `required`, `choices`, `elements`, `options`.")
            .required(),
        Opt::new("provided_arguments", Kind::Dict, "Values that count instead of the variables of that name."),
        Opt::new("validate_args_context", Kind::Dict, "Where the specification is from; comes back in the result."),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "argument_errors", kind: "list", when: "failure", doc: "What does not fit." },
        Return { name: "argument_spec_data", kind: "dict", when: "failure", doc: "The specification." },
        Return { name: "validate_args_context", kind: "dict", when: "always", doc: "Where the specification is from." },
    ],
    examples: "
- name: The variables make sense
  validate_argument_spec:
    argument_spec:
      port:
        type: int
        required: true
    provided_arguments:
      port: 8080
",
    place: Place::Controller,
};
