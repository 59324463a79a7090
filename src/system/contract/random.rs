//! Random changes on the real machine, the fake one, and check mode over the real one: each answers the same, and in the end everything
//! looks the same.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{in_dir, subjects};
use crate::system::fake::Fake;
use crate::system::{Attributes, Cancel, Content, FileKind, Follow, Os, Overlay, Result, System};

/// Places that the changes are about: few, so that they meet.
const PLACES: &[&str] = &["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "l", "l/a", "m", "a/x", "n/x"];
/// What links say.
const TARGETS: &[&str] = &["a", "d", "d/e", "../a", "l", "nowhere", "."];
/// How often it is tried; `KCONF_RANDOM_RUNS` sets another number.
const RUNS: u64 = 100;
/// The same for shells, which are slower.
const SHELL_RUNS: u64 = 4;
const CHANGES: usize = 40;

/// A small generator with a seed, so that a failure can be run again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

#[derive(Debug)]
enum Change {
    Write(&'static str, String, Option<u32>),
    InPlace(&'static str, String),
    Copy(&'static str, &'static str),
    Mode(&'static str, u32, bool),
    Owner(&'static str, u32),
    MakeDir(&'static str, u32),
    Symlink(&'static str, &'static str),
    HardLink(&'static str, &'static str),
    Rename(&'static str, &'static str),
    Remove(&'static str),
}

fn random_change(dice: &mut Dice) -> Change {
    let (place, other) = (dice.pick(PLACES), dice.pick(PLACES));
    let mode = [0o755, 0o700, 0o2775, 0o1777, 0o644, 0o4711][dice.roll(6)];
    match dice.roll(14) {
        0 | 1 => Change::Write(place, format!("text {}", dice.roll(1000)), [None, Some(mode)][dice.roll(2)]),
        2 => Change::InPlace(place, format!("in place {}", dice.roll(1000))),
        3 => Change::Copy(place, other),
        4 => Change::Mode(place, mode, dice.roll(2) == 0),
        5 => Change::Owner(place, 7),
        6 | 7 => Change::MakeDir(place, mode),
        8 | 9 => Change::Symlink(dice.pick(TARGETS), place),
        10 => Change::HardLink(place, other),
        11 | 12 => Change::Rename(place, other),
        _ => Change::Remove(place),
    }
}

fn apply(system: &mut dyn System, root: &Path, change: &Change) -> Result<()> {
    let none = Attributes::default();
    // One level down, so that no link leads out of the directory of the test.
    let at = |name: &str| in_dir(root, &format!("w/{name}"));
    match change {
        Change::Write(place, text, mode) => system.write(&at(place), Content::Bytes(text.as_bytes()), &Attributes { mode: *mode, ..none }),
        Change::InPlace(place, text) => system.write_in_place(&at(place), Content::Bytes(text.as_bytes()), &none),
        Change::Copy(from, to) => system.write(&at(to), Content::File(at(from)), &none),
        Change::Mode(place, mode, follow) => {
            let follow = if *follow { Follow::Yes } else { Follow::No };
            system.set_attributes(&at(place), &Attributes { mode: Some(*mode), ..none }, follow)
        }
        Change::Owner(place, uid) => system.set_attributes(&at(place), &Attributes { uid: Some(*uid), ..none }, Follow::No),
        Change::MakeDir(place, mode) => system.make_dir(&at(place), *mode),
        Change::Symlink(target, place) => system.symlink(Path::new(target), &at(place)),
        Change::HardLink(original, place) => system.hard_link(&at(original), &at(place)),
        Change::Rename(from, to) => system.rename(&at(from), &at(to)),
        Change::Remove(place) => system.remove(&at(place)),
    }
}

/// Everything beneath `dir`, a line each.
fn picture(system: &dyn System, dir: &Path, name: &str) -> String {
    let mut lines = String::new();
    for entry in system.list(dir).unwrap() {
        let path = dir.join(&entry.name);
        let name = format!("{name}/{}", entry.name.to_string_lossy());
        let stat = system.stat(&path, Follow::No).unwrap().unwrap();
        assert_eq!(stat.kind, entry.kind);
        write!(lines, "{name} {:?} {:o} {}:{}", stat.kind, stat.mode, stat.uid, stat.gid).unwrap();
        match stat.kind {
            FileKind::File => writeln!(lines, " {} {}", stat.links, String::from_utf8(system.read(&path).unwrap()).unwrap()).unwrap(),
            FileKind::Link => {
                let behind = system.stat(&path, Follow::Yes).ok().flatten().map(|stat| stat.kind);
                writeln!(lines, " {} {behind:?}", system.read_link(&path).unwrap().display()).unwrap();
            }
            _ => write!(lines, "\n{}", picture(system, &path, &name)).unwrap(),
        }
    }
    lines
}

/// Which of several errors is met first may differ; the cases of the contract look at each alone.
fn outcome(result: &Result<()>) -> &'static str {
    if result.is_ok() { "done" } else { "failed" }
}

fn seeds(usual: u64) -> std::ops::Range<u64> {
    0..std::env::var("KCONF_RANDOM_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn every_machine_answers_the_same() {
    for seed in seeds(RUNS) {
        let mut dice = Dice(seed);
        let (real_dir, base_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (real_root, base_root) = (real_dir.path().canonicalize().unwrap(), base_dir.path().canonicalize().unwrap());
        let mut real = Os::new(Cancel::new());
        let mut fake = Fake::new().dir("/work");
        let mut base = Os::new(Cancel::new());
        for (system, root) in [(&mut real as &mut dyn System, &real_root), (&mut fake, &PathBuf::from("/work")), (&mut base, &base_root)] {
            system.make_dir(&in_dir(root, "w"), 0o755).unwrap();
        }
        // Half of the changes are there before check mode begins.
        let changes: Vec<Change> = (0..CHANGES).map(|_| random_change(&mut dice)).collect();
        let (before, after) = changes.split_at(CHANGES / 2);
        for change in before {
            let results =
                [apply(&mut real, &real_root, change), apply(&mut fake, Path::new("/work"), change), apply(&mut base, &base_root, change)];
            assert_eq!(outcome(&results[0]), outcome(&results[1]), "seed {seed}, {change:?}: real, fake {results:?}");
        }
        let untouched = picture(&base, &base_root, "");
        let mut overlay = Overlay::new(base, std::env::temp_dir());
        for change in after {
            let results = [
                apply(&mut real, &real_root, change),
                apply(&mut fake, Path::new("/work"), change),
                apply(&mut overlay, &base_root, change),
            ];
            assert_eq!(outcome(&results[0]), outcome(&results[1]), "seed {seed}, {change:?}: real, fake {results:?}");
            assert_eq!(outcome(&results[0]), outcome(&results[2]), "seed {seed}, {change:?}: real, check mode {results:?}");
        }
        let expected = picture(&real, &real_root, "");
        assert_eq!(picture(&fake, &PathBuf::from("/work"), ""), expected, "seed {seed}: fake, real");
        assert_eq!(picture(&overlay, &base_root, ""), expected, "seed {seed}: check mode, real");
        let log = serde_json::to_string(&overlay.take_log()).unwrap();
        let base = overlay.into_inner();
        assert_eq!(picture(&base, &base_root, ""), untouched, "seed {seed}: check mode changed something");
        let mut second = Overlay::new(base, std::env::temp_dir());
        second.replay(&serde_json::from_str::<Vec<_>>(&log).unwrap());
        assert_eq!(picture(&second, &base_root, ""), expected, "seed {seed}: replayed, real");
    }
}

#[test]
fn every_shell_answers_the_same() {
    for start in [subjects::shell, subjects::busybox, subjects::few_tools] {
        let Some(mut subject) = start() else { continue };
        for seed in seeds(SHELL_RUNS) {
            let mut dice = Dice(seed);
            let real_dir = tempfile::tempdir().unwrap();
            let real_root = real_dir.path().canonicalize().unwrap();
            let root = in_dir(&subject.root, &seed.to_string());
            let mut real = Os::new(Cancel::new());
            real.make_dir(&in_dir(&real_root, "w"), 0o755).unwrap();
            real.make_dir(&root, 0o755).unwrap();
            real.make_dir(&in_dir(&root, "w"), 0o755).unwrap();
            for _ in 0..CHANGES {
                let change = random_change(&mut dice);
                let results = [apply(&mut real, &real_root, &change), apply(subject.system.as_mut(), &root, &change)];
                assert_eq!(outcome(&results[0]), outcome(&results[1]), "seed {seed}, {change:?}: real, {} {results:?}", subject.name);
            }
            let expected = picture(&real, &real_root, "");
            assert_eq!(picture(&real, &root, ""), expected, "seed {seed}: what {} made, real", subject.name);
            assert_eq!(picture(subject.system.as_ref(), &root, ""), expected, "seed {seed}: what {} sees, real", subject.name);
        }
    }
}
