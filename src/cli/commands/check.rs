//! `kconf check`: everything that can be said of playbooks without touching a host.

use super::super::args::Check;
use super::super::context::Context;
use super::super::exit::{self, Failure};
use super::super::messages;
use crate::base::Diagnostic;
use crate::base::text::count;
use crate::plan::{self, Selection};

/// Runs the command.
pub async fn run(args: Check) -> Result<u8, Failure> {
    let context = Context::new(&args.inventory)?;
    let compiled = plan::compile(context.plan_inputs(&args.playbooks, Selection::default())).map_err(Failure::invalid)?;
    let inventory = context.inventory(&args.inventory, &args.playbooks).await?;
    let mut warnings = context.undefined(&compiled, &inventory);
    warnings.0.extend(compiled.warnings.0);
    // What may never be reached is no error.
    warnings.0.extend(compiled.later.0.into_iter().map(Diagnostic::as_warning));
    messages::errors(&warnings);
    let plays = count(compiled.plan.plays.len(), "play");
    messages::status(&format!("No errors in {} ({plays}).", count(args.playbooks.len(), "playbook")));
    Ok(exit::OK)
}
