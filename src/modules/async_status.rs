//! `async_status`: how a task in the background is getting on.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Spec};

/// The declaration of `async_status`.
pub static MODULE: Spec = Spec {
    name: "async_status",
    collections: BUILTIN,
    summary: "Ask for a task in the background",
    description: &[
        "A task with `async` and `poll: 0` goes on in the background; its registered result has an `ansible_job_id`. This module says whether \
         it is done and, when it is, gives its result. Use `until: result is finished` to wait for it.",
        "A task in the background belongs to the run that started it: the run waits for it at its end, at most as long as its `async` allows.",
    ],
    options: &[
        Opt::new("jid", Kind::Str, "The `ansible_job_id` of the task.").required(),
        Opt::new("mode", Kind::Str, "`status` asks, `cleanup` forgets the task.").choices(&["status", "cleanup"]).default("\"status\""),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "ansible_job_id", kind: "str", when: "success", doc: "The id of the task." },
        Return { name: "finished", kind: "bool", when: "always", doc: "Whether it is done." },
        Return { name: "started", kind: "bool", when: "always", doc: "Whether it was started." },
        Return { name: "erased", kind: "str", when: "with `mode: cleanup`", doc: "What was forgotten." },
    ],
    examples: "
- name: Start something long
  command: /usr/local/bin/reindex
  async: 3600
  poll: 0
  register: reindex

- name: Wait for it
  async_status:
    jid: \"{{ reindex.ansible_job_id }}\"
  register: job
  until: job is finished
  retries: 60
  delay: 10
",
    place: Place::Controller,
};
