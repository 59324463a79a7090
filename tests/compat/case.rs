//! One case: its folder, its options, and its run by kconf.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::server::Sshd;
use crate::{Ran, compare, document};

/// What `case.json` can say.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Further arguments.
    args: Vec<String>,
    /// The playbooks; `playbook.yml` when there are none.
    playbooks: Vec<String>,
    /// The playbooks that the oracle ran instead, since it refuses the older words in which the case says the same: for `record`.
    #[serde(rename = "oracle_playbooks")]
    _oracle_playbooks: Vec<String>,
    /// Whether the inventory is named on the command line; it is unless this says no.
    inventory: Option<bool>,
    /// Environment variables; `<case>` is its folder.
    env: BTreeMap<String, String>,
    /// What stands on standard input.
    input: String,
    /// Another command than `ansible-playbook`, with its arguments: its output is compared.
    command: Option<Vec<String>>,
    /// What is printed is compared too.
    console: bool,
    /// Hosts go by themselves: only the order of each one's tasks is compared.
    by_host: bool,
    /// The oracle needs the collections of the package `ansible`: for `record`.
    #[serde(rename = "collections")]
    _collections: bool,
    /// It needs keys, which `make-keys` makes in its folder.
    keys: bool,
    /// Whether its hosts are reached over SSH, on this machine.
    ssh: Option<Ssh>,
    /// The heading in `docs/compatibility.md` that says why kconf differs here.
    differs: Option<String>,
}

/// When a case is run over SSH.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Ssh {
    /// In both ways, each with a record of its own.
    Also,
    /// Never in another way.
    Only,
}

/// A case, and the way in which it is run.
pub struct Case {
    /// `AREA/BEHAVIOUR`, and `over SSH` when it is.
    pub name: String,
    folder: PathBuf,
    over_ssh: bool,
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat")
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

impl Case {
    /// All cases.
    pub fn all() -> Vec<Self> {
        let areas = folders(&here().join("cases"));
        let cases = areas.iter().flat_map(|area| folders(area));
        cases.flat_map(Self::ways).collect()
    }

    /// The ways in which the case in `folder` is run.
    fn ways(folder: PathBuf) -> Vec<Self> {
        let parts: Vec<&str> = folder.iter().rev().take(2).filter_map(|part| part.to_str()).collect();
        let name = format!("{}/{}", parts[1], parts[0]);
        let ssh = options(&folder).ssh;
        let mut ways = Vec::new();
        if ssh != Some(Ssh::Only) {
            ways.push(Self { name: name.clone(), folder: folder.clone(), over_ssh: false });
        }
        if ssh.is_some() {
            ways.push(Self { name: format!("{name} over SSH"), folder, over_ssh: true });
        }
        ways
    }

    /// Runs it.
    pub fn run(&self) -> Ran {
        let options = options(&self.folder);
        let record = if self.over_ssh { "recorded_ssh.json" } else { "recorded.json" };
        let differences = match fs::read_to_string(self.folder.join(record)) {
            Err(_) => vec!["there is no record: run `tests/compat/record`".to_owned()],
            Ok(text) => {
                let recorded = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {record}: {error}", self.name));
                compare::differences(&recorded, &self.given(&options), options.by_host)
            }
        };
        let explained = options.differs.filter(|heading| {
            let page = fs::read_to_string(here().join("../../docs/compatibility.md")).unwrap_or_default();
            page.lines().any(|line| line.trim_start_matches('#').trim() == heading && line.starts_with('#'))
        });
        Ran { name: self.name.clone(), differences, explained }
    }

    /// What kconf makes of it, in the form of a record.
    fn given(&self, options: &Options) -> Value {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let top = root.path().canonicalize().expect("the folder is there");
        let (folder, home, bin) = (top.join("case"), top.join("home"), top.join("bin"));
        copy(&self.folder, &folder);
        for path in [&folder.join("out"), &home, &bin] {
            fs::create_dir_all(path).expect("a folder can be made");
        }
        if options.keys {
            let made = Command::new(here().join("make-keys")).arg(&folder).status().expect("make-keys starts");
            assert!(made.success(), "{}: its keys cannot be made", self.name);
        }
        let mut inventory = ["hosts", "inventory"].into_iter().find(|name| folder.join(name).exists());
        if inventory.is_none() {
            fs::copy(here().join("hosts"), folder.join("hosts")).expect("the inventory can be copied");
            inventory = Some("hosts");
        }
        let sshd = self.over_ssh.then(|| over_ssh(&folder.join("hosts"), &home));
        let named = inventory.filter(|_| options.inventory.unwrap_or(true));
        let given: Vec<String> = match &options.command {
            Some(command) => command.clone(),
            None => {
                let program: &[&str] = if options.console { &["ansible-playbook"] } else { &["kconf", "run", "--output", "jsonl"] };
                let playbook = ["playbook.yml".to_owned()];
                let playbooks = if options.playbooks.is_empty() { &playbook[..] } else { &options.playbooks[..] };
                let inventory = named.into_iter().flat_map(|name| ["-i".to_owned(), name.to_owned()]);
                program.iter().map(|&word| word.to_owned()).chain(inventory).chain(playbooks.to_vec()).chain(options.args.clone()).collect()
            }
        };
        let variables = options.env.iter().map(|(name, value)| (name, value.replace("<case>", &folder.display().to_string())));
        let program = bin.join(&given[0]);
        symlink(env!("CARGO_BIN_EXE_kconf"), &program).expect("a link can be made");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut child = Command::new(&program)
            .args(&given[1..])
            .current_dir(&folder)
            .env_clear()
            .envs([("PATH", path.as_str()), ("LANG", "C.UTF-8"), ("TZ", "UTC"), ("NO_COLOR", "1")])
            .env("HOME", &home)
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kconf can be started");
        // A program that does not read its input may be gone already.
        let _ = child.stdin.take().expect("there is a pipe").write_all(options.input.as_bytes());
        let output = child.wait_with_output().expect("kconf ends");
        let stdout = String::from_utf8_lossy(&output.stdout);
        let mut given = Map::from_iter([("exit".to_owned(), json!(output.status.code()))]);
        if options.command.is_some() || options.console {
            given.insert("stdout".to_owned(), json!(stdout));
        } else {
            given.extend(document::from_events(&stdout));
        }
        given.insert("stderr".to_owned(), json!(String::from_utf8_lossy(&output.stderr)));
        given.insert("files".to_owned(), files(&folder));
        let text = serde_json::to_string(&given).expect("it is JSON");
        let mut text = text.replace(&folder.display().to_string(), "<case>").replace(&home.display().to_string(), "<home>");
        if let Some(sshd) = sshd {
            text = text.replace(&sshd.dir.path().display().to_string(), "<sshd>");
        }
        serde_json::from_str(&text).expect("it is JSON still")
    }
}

/// What `case.json` in the folder says.
fn options(folder: &Path) -> Options {
    match fs::read_to_string(folder.join("case.json")) {
        Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: case.json: {error}", folder.display())),
        Err(_) => Options::default(),
    }
}

/// An sshd on which the hosts of the inventory are that say `ansible_connection=local` on a line of its own. `record` does the same.
fn over_ssh(inventory: &Path, home: &Path) -> Sshd {
    let config = include_str!("sshd_config").replace("@HOME@", &home.display().to_string());
    let sshd = Sshd::with(&config);
    let hop = sshd.hop();
    let known = hop.known_hosts.first().map(|file| file.display().to_string()).unwrap_or_default();
    let variables = [
        ("ansible_connection", "ssh".to_owned()),
        ("ansible_host", hop.address),
        ("ansible_port", hop.port.to_string()),
        ("ansible_user", hop.user),
        ("ansible_ssh_private_key_file", sshd.path("key").display().to_string()),
        ("ansible_ssh_common_args", format!("-o UserKnownHostsFile={known}")),
        ("sshd", sshd.dir.path().display().to_string()),
    ];
    let lines: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    let hosts = fs::read_to_string(inventory).expect("the inventory can be read");
    fs::write(inventory, hosts.replace("ansible_connection=local\n", &lines)).expect("the inventory can be written");
    sshd
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the case can be read").flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_symlink() {
            symlink(fs::read_link(&path).expect("it is a link"), target).expect("a link can be made");
        } else if path.is_dir() {
            copy(&path, &target);
        } else if !["case.json", "recorded.json", "recorded_ssh.json"].contains(&entry.file_name().to_string_lossy().as_ref()) {
            fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}

/// The files under `out`, with their content and mode.
fn files(folder: &Path) -> Value {
    let mut found = Map::new();
    let mut open = vec![folder.join("out")];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            if path.is_symlink() {
                found.insert(name, json!({"link": fs::read_link(&path).unwrap_or_default()}));
            } else if path.is_dir() {
                open.push(path);
            } else {
                let mode = fs::metadata(&path).map_or(0, |data| data.permissions().mode() & 0o7777);
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
                found.insert(name, json!({"text": text, "mode": format!("{mode:o}")}));
            }
        }
    }
    Value::Object(found)
}
