//! The contract of [`System`], as tests that every implementation passes: the real machine, the fake one, check mode over either, a
//! shell with GNU's tools, with busybox's, and with hardly any.
//!
//! Built for tests only. To add a case: a function in the file of its kind, and a line in that file's table. To add an implementation: a
//! subject in `subjects.rs`.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

mod commands;
mod contents;
mod places;
mod random;
pub(in crate::system) mod subjects;

use std::path::{Path, PathBuf};

use super::{Attributes, Content, Error, ErrorKind, Follow, Result, Stat, System};
pub(crate) use subjects::LocalShell;
use subjects::Subject;

/// A case: what it is about, and what must hold on a machine, in an empty directory.
type Case = (&'static str, fn(&mut dyn System, &Path));

const NONE: Attributes = Attributes { mode: None, uid: None, gid: None, atime: None, mtime: None };

/// Runs all cases of a table, each in a directory of its own, and tells which one failed.
fn check(subject: &mut Subject, cases: &[Case]) {
    for (index, (name, case)) in cases.iter().enumerate() {
        let dir = subject.root.join(format!("case {index}"));
        subject.system.make_dir(&dir, 0o755).unwrap();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(subject.system.as_mut(), &dir)));
        if let Err(cause) = outcome {
            eprintln!("the case `{name}` fails on {}", subject.name);
            std::panic::resume_unwind(cause);
        }
    }
}

fn put(system: &mut dyn System, path: &Path, content: impl AsRef<[u8]>) {
    system.write(path, Content::Bytes(content.as_ref()), &NONE).unwrap();
}

fn text(system: &dyn System, path: &Path) -> String {
    String::from_utf8(system.read(path).unwrap()).unwrap()
}

fn stat(system: &dyn System, path: &Path) -> Stat {
    system.stat(path, Follow::No).unwrap().unwrap_or_else(|| panic!("nothing is at {}", path.display()))
}

fn names(system: &dyn System, dir: &Path) -> Vec<String> {
    system.list(dir).unwrap().into_iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect()
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it did not fail"),
        Err(Error { kind, .. }) => kind,
    }
}

/// For tables of errors.
fn expect<T>(what: &str, result: Result<T>, expected: ErrorKind) {
    match result {
        Ok(_) => panic!("{what}: it did not fail"),
        Err(error) => assert_eq!(error.kind, expected, "{what}: {error}"),
    }
}

fn in_dir(dir: &Path, name: &str) -> PathBuf {
    dir.join(name)
}

macro_rules! contract {
    ($($name:ident: $subject:expr, $with_commands:expr;)*) => {$(
        mod $name {
            #[test]
            fn contents() {
                if let Some(mut subject) = $subject {
                    super::check(&mut subject, super::contents::CASES);
                }
            }

            #[test]
            fn places() {
                if let Some(mut subject) = $subject {
                    super::check(&mut subject, super::places::CASES);
                }
            }

            #[test]
            fn commands() {
                if let Some(mut subject) = $subject.filter(|_| $with_commands) {
                    super::check(&mut subject, super::commands::CASES);
                }
            }
        }
    )*};
}

contract! {
    the_real_machine: crate::system::contract::subjects::os(), true;
    the_fake_machine: crate::system::contract::subjects::fake(), false;
    check_mode_over_the_fake_machine: crate::system::contract::subjects::overlay_over_fake(), false;
    check_mode_over_the_real_machine: crate::system::contract::subjects::overlay_over_os(), false;
    a_shell: crate::system::contract::subjects::shell(), true;
    a_shell_of_busybox: crate::system::contract::subjects::busybox(), true;
    a_shell_with_few_tools: crate::system::contract::subjects::few_tools(), true;
    check_mode_over_a_shell: crate::system::contract::subjects::overlay_over_shell(), false;
}
