//! Running a module in a test, the way the runner does, on a fake machine.
//!
//! [`apply`] always does three things: it predicts the result in check mode, applies the module for real and demands that the prediction
//! said the same, and applies it again and demands that nothing changes. A module that cannot promise the latter two
//! (a command) is tested by [`apply_once`]. Where it is possible, each real application is also made on two copies of the machine, one that
//! is reached by system calls and one behind a shell: see [`twins`](super::twins).
//!
//! ```text
//! let applied = apply(&MODULE, Fake::new(), json!({"path": "/srv/x", "state": "directory"}));
//! assert!(applied.changed);
//! assert!(applied.machine.has("/srv/x"));
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::tally::{self, What};
use super::twins::Twins;
use super::{Args, ContentRef, Context, Failure, Kind, Opt, Outcome, Place, Spec, Transfer, expand, resolve};
use crate::system::fake::Fake;
use crate::system::file::Algorithm;
use crate::system::{self, Error, ErrorKind, Overlay, Recorded, System, hash};

thread_local! {
    /// What [`content`] was given in this test.
    static CONTENTS: RefCell<BTreeMap<String, Vec<u8>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Keys of results whose values only the real run knows.
const UNPREDICTABLE_KEYS: &[&str] =
    &["start", "end", "delta", "elapsed", "backup_file", "atime", "mtime", "ctime", "inode", "warnings", "diff"];

/// What a module did.
pub(crate) struct Applied {
    /// The machine afterwards.
    pub machine: Fake,
    /// Whether it changed anything.
    pub changed: bool,
    /// The differences.
    pub diff: Vec<Value>,
    /// The module's own answer.
    pub answer: Result<Outcome, Failure>,
    /// What it sent to the controller, by name.
    pub sent: BTreeMap<String, Vec<u8>>,
}

impl Applied {
    /// The result of a module that did not fail.
    pub(crate) fn result(&self) -> &Map<String, Value> {
        match &self.answer {
            Ok(outcome) => &outcome.result,
            Err(failure) => panic!("the module failed: {failure} {:?}", failure.result),
        }
    }

    /// One key of the result of a module that did not fail; null when it is not there.
    pub(crate) fn get(&self, key: &str) -> &Value {
        self.result().get(key).unwrap_or(&Value::Null)
    }

    /// The message of a module that failed.
    pub(crate) fn failure(&self) -> &Failure {
        match &self.answer {
            Ok(outcome) => panic!("the module did not fail: {:?}", outcome.result),
            Err(failure) => failure,
        }
    }
}

/// The value of an option that takes content of the controller.
pub(crate) fn content(bytes: impl AsRef<[u8]>) -> Value {
    let bytes = bytes.as_ref();
    let sha1 = hash::digest(&mut &*bytes, Algorithm::Sha1).expect("a digest in memory");
    let reference = ContentRef { sha256: hash::sha256(bytes), sha1, size: bytes.len() as u64 };
    CONTENTS.with_borrow_mut(|contents| contents.insert(reference.sha256.clone(), bytes.to_vec()));
    json!(reference)
}

/// Predicts, applies, and applies again; see the module documentation. A module that fails is neither compared nor run again.
pub(crate) fn apply(spec: &Spec, machine: Fake, args: Value) -> Applied {
    let (machine, predicted) = predict_on(spec, machine, &args);
    let mut applied = apply_once(spec, machine, args.clone());
    let Ok(outcome) = &applied.answer else { return applied };
    match &predicted.1 {
        Err(failure) if failure.unpredictable => {}
        Err(failure) => panic!("check mode failed where the real run did not: {failure}"),
        Ok(prediction) => {
            assert_eq!(predicted.0, applied.changed, "check mode said `changed: {}`, the real run {}", predicted.0, applied.changed);
            assert_eq!(prediction.skipped, outcome.skipped, "check mode and the real run differ in `skipped`");
            assert_eq!(
                comparable(&prediction.result),
                comparable(&outcome.result),
                "check mode (left) and the real run (right) differ in their results"
            );
            tally::count(spec.name, What::Predicted);
        }
    }
    let (again, machine) = act(spec, applied.machine, &args);
    let again = self::applied(again, machine);
    assert!(!again.changed, "a second run changes something again: {:?} {:?}", again.diff, again.machine.commands());
    assert!(again.answer.is_ok(), "a second run fails: {}", again.failure());
    applied.machine = again.machine;
    applied
}

/// Applies once, for modules that do something each time.
pub(crate) fn apply_once(spec: &Spec, machine: Fake, args: Value) -> Applied {
    let twins = Twins::of(spec, &machine);
    let (run, machine) = act(spec, machine, &args);
    tally::count(spec.name, What::Applied);
    if let Some(twins) = twins {
        twins.compare(spec, &args, &run, &machine);
    }
    applied(run, machine)
}

fn act(spec: &Spec, mut machine: Fake, args: &Value) -> (Run, Fake) {
    let run = run(spec, &mut machine, args);
    assert_eq!(machine.scratch_left(), 0, "the module did not discard its scratch files");
    (run, machine)
}

fn applied(run: Run, machine: Fake) -> Applied {
    Applied { machine, changed: run.changed, diff: run.diff, answer: run.answer, sent: run.sent }
}

/// Applies once on any machine; whether it changed, and the module's own answer.
pub(crate) fn apply_on(spec: &Spec, machine: &mut dyn System, args: &Value) -> (bool, Result<Outcome, Failure>) {
    let run = run(spec, machine, args);
    (run.changed, run.answer)
}

/// The result in check mode; the machine is as it was.
pub(crate) fn predict(spec: &Spec, machine: Fake, args: Value) -> Applied {
    predict_after(spec, machine, args, |_| {})
}

/// The result in check mode behind what earlier tasks would do.
pub(crate) fn predict_after(spec: &Spec, machine: Fake, args: Value, earlier: impl FnOnce(&mut dyn System)) -> Applied {
    let mut overlay = Overlay::new(machine, std::env::temp_dir());
    earlier(&mut overlay);
    let run = run(spec, &mut overlay, &args);
    Applied { machine: overlay.into_inner(), changed: run.changed, diff: run.diff, answer: run.answer, sent: run.sent }
}

/// What is wrong with arguments, one message a line.
pub(crate) fn refused(spec: &Spec, args: Value) -> String {
    let Value::Object(args) = args else { panic!("arguments are a mapping") };
    let errors = resolve(spec, args).err().unwrap_or_default();
    tally::count(spec.name, What::Refused);
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn predict_on(spec: &Spec, machine: Fake, args: &Value) -> (Fake, (bool, Result<Outcome, Failure>)) {
    let predicted = predict(spec, machine, args.clone());
    (predicted.machine, (predicted.changed, predicted.answer))
}

fn comparable(result: &Map<String, Value>) -> Map<String, Value> {
    let kept = result.iter().filter(|(key, _)| !UNPREDICTABLE_KEYS.contains(&key.as_str()));
    let values = kept.map(|(key, value)| {
        let value = match value {
            Value::Object(map) => Value::Object(comparable(map)),
            other => other.clone(),
        };
        (key.clone(), value)
    });
    values.collect()
}

/// What a module did on a machine.
pub(super) struct Run {
    pub(super) changed: bool,
    pub(super) diff: Vec<Value>,
    pub(super) answer: Result<Outcome, Failure>,
    pub(super) sent: BTreeMap<String, Vec<u8>>,
}

/// What [`content`] was given in this test.
pub(super) fn contents() -> BTreeMap<String, Vec<u8>> {
    CONTENTS.with_borrow(Clone::clone)
}

/// Makes that known to another thread of the test.
pub(super) fn know(contents: BTreeMap<String, Vec<u8>>) {
    CONTENTS.set(contents);
}

pub(super) fn run(spec: &Spec, machine: &mut dyn System, args: &Value) -> Run {
    let Value::Object(given) = args else { panic!("arguments are a mapping") };
    // Content is filled in by the controller after users' arguments are checked.
    let is_content = |name: &str| name.starts_with('_') || spec.options.iter().any(|opt| opt.name == name && opt.kind == Kind::Content);
    let (filled, given): (Map<_, _>, Map<_, _>) = given.clone().into_iter().partition(|(name, _)| is_content(name));
    let Args(mut args) = resolve(spec, given).unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("the arguments are refused:\n{}", lines.join("\n"))
    });
    args.extend(filled);
    let environment = BTreeMap::new();
    expand::expand_paths(spec.options, &mut args, machine, &environment).expect("paths can be expanded");
    let Place::Target(module) = spec.place else { panic!("`{}` does not run on the target", spec.name) };
    let mut transfer = TestTransfer::default();
    let mut recorded = Recorded::new(machine, true);
    let answer = {
        let mut live = |_, _: &[u8]| {};
        let mut context =
            Context { system: &mut recorded, transfer: &mut transfer, live: &mut live, temp_dir: PathBuf::from("/tmp"), environment };
        module(&mut context, Args(args))
    };
    let made = recorded.changed();
    let changed = answer.as_ref().map_or(made, |outcome| outcome.changed.unwrap_or(made));
    let diff = recorded.diff();
    Run { changed, diff, answer, sent: transfer.sent }
}

#[derive(Default)]
struct TestTransfer {
    sent: BTreeMap<String, Vec<u8>>,
}

impl Transfer for TestTransfer {
    fn open<'s>(&'s mut self, reference: &ContentRef) -> system::Result<Box<dyn Read + 's>> {
        let found = CONTENTS.with_borrow(|contents| contents.get(&reference.sha256).cloned());
        let missing = || Error::new(ErrorKind::NotFound, "open content", "the test did not make it with `content`");
        found.map(|bytes| Box::new(std::io::Cursor::new(bytes)) as Box<dyn Read>).ok_or_else(missing)
    }

    fn send(&mut self, name: &str, content: &mut dyn Read) -> system::Result<()> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(|error| Error::new(ErrorKind::Other, "send content", error.to_string()))?;
        self.sent.insert(name.to_owned(), bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::ModuleResult;
    use crate::system::fake::Fault;
    use crate::system::{Attributes, Content};

    const OPTIONS: &[Opt] = &[Opt::new("dest", Kind::Path, "Where."), Opt::new("text", Kind::Content, "What.")];

    const fn module(run: fn(&mut Context<'_>, Args) -> ModuleResult) -> Spec {
        Spec {
            name: "pretend",
            collections: &[],
            summary: "A module for tests",
            description: &[],
            options: OPTIONS,
            rules: &[],
            free_form: None,
            returns: &[],
            examples: "",
            place: Place::Target(run),
        }
    }

    fn put(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
        let reference: ContentRef = serde_json::from_value(args.0["text"].clone()).unwrap();
        let mut bytes = Vec::new();
        ctx.transfer.open(&reference)?.read_to_end(&mut bytes).unwrap();
        let dest = PathBuf::from(args.0["dest"].as_str().unwrap());
        ctx.system.write(&dest, Content::Bytes(&bytes), &Attributes::default())?;
        Ok(Outcome::new().with("size", bytes.len()))
    }

    fn args() -> Value {
        json!({"dest": "~/motd", "text": content("hello")})
    }

    #[test]
    fn an_honest_module_passes() {
        let applied = apply(&module(put), Fake::new(), args());
        assert!(applied.changed);
        assert_eq!(applied.get("size"), 5);
        assert_eq!(applied.machine.text("/root/motd"), "hello");
        assert!(!apply(&module(put), applied.machine, args()).changed);
        let failed = apply(&module(put), Fake::new().fault(Fault::NoSpace, "/root"), args());
        assert_eq!(failed.failure().message, "failed to write `/root/motd`: No space left on device");
    }

    #[test]
    fn a_prediction_leaves_the_machine_alone() {
        let predicted = predict(&module(put), Fake::new(), args());
        assert!(predicted.changed && !predicted.diff.is_empty());
        assert!(!predicted.machine.has("/root/motd"));
    }

    #[test]
    #[should_panic(expected = "a second run changes something again")]
    fn a_module_that_changes_something_each_time_is_caught() {
        fn touch(ctx: &mut Context<'_>, _: Args) -> ModuleResult {
            let path = std::path::Path::new("/srv/count");
            let old = ctx.system.read(path).unwrap_or_default();
            ctx.system.write(path, Content::Bytes(&[old.as_slice(), b"x"].concat()), &Attributes::default())?;
            Ok(Outcome::new())
        }
        apply(&module(touch), Fake::new(), json!({}));
    }

    #[test]
    #[should_panic(expected = "check mode said `changed: false`")]
    fn a_module_that_predicts_wrongly_is_caught() {
        fn peek(ctx: &mut Context<'_>, _: Args) -> ModuleResult {
            let executed = ctx.system.execute(&system::Command::new(["true"]), &mut |_, _| {})?;
            Ok(Outcome::new().changed(matches!(executed, system::Executed::Done(_))))
        }
        apply(&module(peek), Fake::new().program("/usr/bin/true"), json!({}));
    }
}
