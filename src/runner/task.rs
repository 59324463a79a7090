//! One task: find the module, let it act on the machine, put its result together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::Value;

use super::machine::{Access, Machine};
use super::result::{self, Observed};
use crate::modules::expand::expand_paths;
use crate::modules::spec::{Place as ModulePlace, Spec};
use crate::modules::{self, Args, Context, Failure, ModuleResult, Transfer};
use crate::system::overlay::Change;
use crate::system::{Cancel, LiveSink, Recorded, System};
use crate::wire::{TaskReply, TaskRequest};

/// Where a task runs.
pub(super) struct Place<'a, M> {
    pub(super) machine: &'a M,
    /// A user that only check mode knows.
    pub(super) acting_for: Option<&'a str>,
    pub(super) temp_dir: &'a Path,
    pub(super) cancel: &'a Cancel,
}

/// Runs a task to its end; its result, and what check mode recorded on the way. Never panics, whatever the module does.
pub(super) fn run<M: Machine>(
    task: TaskRequest,
    place: &Place<'_, M>,
    foreign: &[Change],
    transfer: &mut dyn Transfer,
    live: &mut LiveSink<'_>,
) -> (TaskReply, Vec<Change>) {
    let Place { machine, acting_for, temp_dir, cancel } = *place;
    let done = machine.with(task.check, cancel, Some(temp_dir), |access| match access {
        Access::Real(system) => (act(task, system, temp_dir, transfer, live).0, Vec::new()),
        Access::Check(overlay) => {
            overlay.replay(foreign);
            if let Some(user) = acting_for
                && let Err(error) = overlay.act_for(user)
            {
                return (result::failed(&error.to_string()), Vec::new());
            }
            let module = task.module.clone();
            let (reply, unknown) = act(task, overlay, temp_dir, transfer, live);
            if unknown {
                overlay.doubt(&format!("the task with `{module}`, of which only the real run tells what it does,"));
            }
            (reply, overlay.take_log())
        }
    });
    done.unwrap_or_else(|error| (result::failed(&error.to_string()), Vec::new()))
}

/// The result of a task, and whether only the real run can tell what it does.
fn act(
    task: TaskRequest,
    system: &mut dyn System,
    temp_dir: &Path,
    transfer: &mut dyn Transfer,
    live: &mut LiveSink<'_>,
) -> (TaskReply, bool) {
    let Some(spec) = modules::find_internal(&task.module) else {
        return (result::failed(&format!("the runner has no module `{}`", task.module)), false);
    };
    let ModulePlace::Target(module) = spec.place else {
        return (result::failed(&format!("the module `{}` does not run on a target", task.module)), false);
    };
    let mut recorded = Recorded::new(system, task.diff);
    let context = Context {
        system: &mut recorded,
        transfer,
        live: &mut |stream, bytes| live(stream, bytes),
        temp_dir: temp_dir.to_owned(),
        environment: task.environment,
    };
    let outcome = guarded(spec, module, context, Args(task.args));
    let diff = task.diff.then(|| recorded.diff()).filter(|diff| !diff.is_empty());
    let observed = Observed { changed: recorded.changed(), diff: diff.map(Value::from) };
    let unknown = outcome.as_ref().is_err_and(|failure| failure.unpredictable);
    (result::reply(outcome, observed), unknown)
}

fn guarded(spec: &Spec, module: fn(&mut Context<'_>, Args) -> ModuleResult, mut context: Context<'_>, mut args: Args) -> ModuleResult {
    let name = spec.name;
    let act = || {
        expand_paths(spec.options, &mut args.0, context.system, &context.environment)?;
        module(&mut context, args)
    };
    // What the module may have left half-done lies on the machine, not in this process: all it had is dropped.
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("no reason was given");
        Err(Failure::new(format!("the module `{name}` ended unexpectedly: {text}")).hint("this is a defect of kconf: please report it"))
    })
}
