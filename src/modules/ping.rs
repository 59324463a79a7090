//! `ping`: whether a host can be reached and runs modules.

use serde::Deserialize;

use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};

/// The declaration of `ping`.
pub static MODULE: Spec = Spec {
    name: "ping",
    collections: BUILTIN,
    summary: "Check that a host can be reached and used",
    description: &["Connects, starts what runs modules on the host, and answers `pong`. Says nothing of ICMP."],
    options: &[
        Opt::new("data", Kind::Str, "What to answer. `crash` fails on purpose, to see how failures are handled.").default("\"pong\"")
    ],
    rules: &[],
    free_form: None,
    returns: &[Return { name: "ping", kind: "str", when: "always", doc: "What `data` says." }],
    examples: "
- name: The host answers
  ping:
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    data: String,
}

fn run(_: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    if args.data == "crash" {
        return Err(Failure::new("failed as asked for with `data: crash`"));
    }
    Ok(Outcome::new().with("ping", args.data).changed(false))
}
