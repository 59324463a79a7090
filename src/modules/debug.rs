//! `debug`: shows a message or a variable.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Rule, Spec};

/// The declaration of `debug`.
pub static MODULE: Spec = Spec {
    name: "debug",
    collections: BUILTIN,
    summary: "Show a message or the value of a variable",
    description: &["Shows a text, or what a variable or an expression is on the host. Runs on the controller and touches no host."],
    options: &[
        Opt::new("msg", Kind::Raw, "What to show.").default("\"Hello world!\""),
        Opt::new("var", Kind::Str, "The variable or expression to show, written without braces."),
        Opt::new("verbosity", Kind::Int, "Show it only with at least so many `-v`; else the task is skipped.").default("0"),
    ],
    rules: &[Rule::Exclusive(&["msg", "var"])],
    free_form: None,
    returns: &[Return { name: "msg", kind: "any", when: "without var", doc: "What `msg` says. With `var` the key is what `var` says." }],
    examples: "
- name: Show the address
  debug:
    msg: \"{{ inventory_hostname }} is at {{ ansible_host }}\"

- name: Show all that was registered
  debug:
    var: result
    verbosity: 2
",
    place: Place::Controller,
};
