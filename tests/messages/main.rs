//! What kconf says when something is wrong: every case under `cases/` is a small broken project, and the whole text that a person gets.
//!
//! A case is one file, `cases/AREA/MISTAKE.txt`: the commands (as `sh` runs them), then each file of the project behind a line
//! `-- PATH --`, and last, behind `-- message --`, what is printed on both streams and the exit code. Paths and times are made alike.
//!
//! `cargo test --test messages` compares all; `cargo test --test messages -- WORD...` those whose name contains one of the words;
//! with `--renew` what is printed now becomes what is expected. Read it as the person who gets it before it is committed.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use regex::Regex;

/// The names under which kconf is started.
const PROGRAMS: [&str; 6] = ["kconf", "ansible", "ansible-playbook", "ansible-inventory", "ansible-vault", "ansible-doc"];
/// The part of a case that is expected.
const MESSAGE: &str = "message";

struct Case {
    name: String,
    path: PathBuf,
    commands: String,
    /// Path and text of each file.
    files: Vec<(String, String)>,
    expected: String,
}

fn main() -> ExitCode {
    let (flags, words): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|word| word.starts_with('-'));
    let renew = flags.iter().any(|flag| flag == "--renew");
    let mut cases = Case::all();
    cases.retain(|case| words.is_empty() || words.iter().any(|word| case.name.contains(word)));
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let said = case.said();
                    if said != case.expected {
                        wrong.lock().expect("no worker panics while it holds the list").push((case, said));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().expect("all workers are done");
    wrong.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    for (case, said) in &wrong {
        if renew {
            case.renew(said);
            println!("renewed: {}", case.name);
        } else {
            println!("\n{} (`-` expected, `+` printed)", case.name);
            let difference = similar::TextDiff::from_lines(case.expected.as_str(), said.as_str());
            print!("{}", difference.unified_diff().context_radius(3));
        }
    }
    println!("\n{} messages, {} different", cases.len(), wrong.len());
    if renew || wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Case {
    /// All cases, by name.
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/cases");
        let areas = entries(&root).into_iter().flat_map(|area| entries(&area));
        areas.map(|path| Self::read(&root, path)).collect()
    }

    fn read(root: &Path, path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).expect("a case can be read");
        let mut commands = String::new();
        let mut files: Vec<(String, String)> = Vec::new();
        for line in text.split_inclusive('\n') {
            let name = line.trim_end().strip_prefix("-- ").and_then(|line| line.strip_suffix(" --"));
            match (name, files.last_mut()) {
                (Some(name), _) => files.push((name.to_owned(), String::new())),
                (None, Some((_, text))) => text.push_str(line),
                (None, None) => commands.push_str(line),
            }
        }
        let expected = files.pop_if(|(name, _)| name == MESSAGE).map(|(_, text)| text).unwrap_or_default();
        let name = path.strip_prefix(root).expect("the case is below").with_extension("").display().to_string();
        Self { name, path, commands, files, expected }
    }

    /// What is printed, and the exit code, the same on every machine.
    fn said(&self) -> String {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let top = root.path().canonicalize().expect("the folder is there");
        let (folder, home, bin) = (top.join("case"), top.join("home"), top.join("bin"));
        for path in [&folder, &home, &bin] {
            fs::create_dir_all(path).expect("a folder can be made");
        }
        for (name, text) in &self.files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
            fs::write(path, text).expect("a file can be written");
        }
        for name in PROGRAMS {
            symlink(env!("CARGO_BIN_EXE_kconf"), bin.join(name)).expect("a link can be made");
        }
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{}", self.commands)])
            .current_dir(&folder)
            .env_clear()
            .env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default()))
            .env("HOME", &home)
            .envs([("LANG", "C.UTF-8"), ("TZ", "UTC"), ("NO_COLOR", "1")])
            .stdin(Stdio::null())
            .output()
            .expect("sh can be started");
        let printed = String::from_utf8_lossy(&output.stdout);
        let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
        format!("{}[exit {code}]\n", alike(&printed, &folder, &top))
    }

    /// Makes `said` what is expected.
    fn renew(&self, said: &str) {
        let files: String = self.files.iter().map(|(name, text)| format!("-- {name} --\n{text}")).collect();
        fs::write(&self.path, format!("{}{files}-- {MESSAGE} --\n{said}", self.commands)).expect("a case can be written");
    }
}

/// `text` without what differs from run to run.
fn alike(text: &str, folder: &Path, top: &Path) -> String {
    let mut text = text.replace(&folder.display().to_string(), "<case>").replace(&top.display().to_string(), "<top>");
    for (pattern, with) in [
        (r"Took [0-9.]+ (ms|s|min)\.", "Took <time>."),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", "<when>"),
        (r"\d:\d\d:\d\d\.\d{6}", "<duration>"),
        // What is encrypted differs each time.
        (r"[0-9a-f]{60,}", "<digits>"),
    ] {
        text = Regex::new(pattern).expect("the patterns are right").replace_all(&text, with).into_owned();
    }
    text
}

/// What lies in a folder, by name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}
