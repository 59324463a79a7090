//! A small chain on loopback: data directories, processes, questions to them.

use std::fs;
use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const DEADLINE: Duration = Duration::from_secs(90);
/// Round timeout of the nodes under test, in milliseconds.
const ROUND_TIMEOUT: &str = "1000";

/// The binary under test, called as `name`.
pub fn program(name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab-node"));
    command.arg0(name).env("LAB_NODE_ROUND_TIMEOUT_MS", ROUND_TIMEOUT).stdin(Stdio::null());
    command
}

/// Runs to the end and returns status, stdout and stderr.
pub fn run(command: &mut Command) -> (bool, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

/// Two neighbouring ports nobody listens on.
pub fn two_ports() -> u16 {
    loop {
        let first = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("0.0.0.0", port + 1)).is_ok() {
            return port;
        }
    }
}

/// Waits until `state` gives something.
pub fn wait_for<T>(what: &str, mut state: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = state() {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "gave up waiting for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A generated chain of `count` validators.
pub struct Lab {
    dir: tempfile::TempDir,
    pub ports: Vec<u16>,
}

impl Lab {
    pub fn new(count: usize) -> Lab {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let (ok, _, stderr) = run(program("homi")
            .args(["setup", "--gen-type", "local", "--servicechain", "--cn-num"])
            .arg(count.to_string())
            .arg("-o")
            .arg(&out));
        assert!(ok, "{stderr}");
        let ports: Vec<u16> = (0..count).map(|_| two_ports()).collect();
        let mut nodes: Vec<String> = serde_json::from_slice(&fs::read(out.join("scripts/static-nodes.json")).unwrap()).unwrap();
        for (kni, port) in nodes.iter_mut().zip(&ports) {
            let id = kni.split('@').next().unwrap().to_owned();
            *kni = format!("{id}@127.0.0.1:{port}?discport=0&ntype=cn");
        }
        let lab = Lab { dir, ports };
        for index in 0..count {
            fs::create_dir_all(lab.data(index).join("klay")).unwrap();
            fs::copy(out.join(format!("keys/nodekey{}", index + 1)), lab.data(index).join("klay/nodekey")).unwrap();
            fs::write(lab.data(index).join("static-nodes.json"), json!(nodes).to_string()).unwrap();
        }
        lab
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn genesis(&self) -> PathBuf {
        self.path().join("out/scripts/genesis.json")
    }

    pub fn data(&self, index: usize) -> PathBuf {
        self.path().join(format!("n{index}"))
    }

    pub fn address(&self, index: usize) -> String {
        let text = fs::read(self.path().join(format!("out/keys/validator{}", index + 1))).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["Address"].as_str().unwrap().to_owned()
    }

    /// `init` with this file; status and stderr.
    pub fn init_with(&self, index: usize, genesis: &Path) -> (bool, String) {
        let (ok, _, stderr) = run(program("kscn").args(["init", "--datadir"]).arg(self.data(index)).arg(genesis));
        (ok, stderr)
    }

    pub fn init(&self, index: usize) -> String {
        let (ok, stderr) = self.init_with(index, &self.genesis());
        assert!(ok, "{stderr}");
        stderr
    }

    /// Starts a node, with further flags.
    pub fn start(&self, index: usize, flags: &[&str]) -> Running {
        let port = self.ports[index].to_string();
        let mut args = vec!["--port", &port, "--networkid", "3000", "--multichannel", "--ntp.disable"];
        args.extend(flags);
        Running::start("kscn", &self.data(index), &args)
    }
}

/// A node process; killed when dropped.
pub struct Running {
    child: Child,
    data: PathBuf,
    log: PathBuf,
}

impl Running {
    pub fn start(name: &str, data: &Path, flags: &[&str]) -> Running {
        let log = data.with_extension("log");
        let file = fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let child = program(name).arg("--datadir").arg(data).args(flags).stderr(file).spawn().unwrap();
        Running { child, data: data.to_owned(), log }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// A call over IPC: none while the node does not answer.
    pub fn try_call(&self, method: &str, params: Value) -> Option<Result<Value, String>> {
        let mut stream = UnixStream::connect(self.data.join("klay.ipc")).ok()?;
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        stream.write_all(request.to_string().as_bytes()).ok()?;
        let mut answers = serde_json::Deserializer::from_reader(BufReader::new(stream)).into_iter::<Value>();
        let answer = answers.next()?.ok()?;
        Some(match answer.get("error") {
            Some(error) => Err(error["message"].as_str().unwrap().to_owned()),
            None => Ok(answer["result"].clone()),
        })
    }

    pub fn call(&self, method: &str, params: Value) -> Value {
        wait_for(method, || self.try_call(method, params.clone())).unwrap()
    }

    pub fn height(&self) -> u64 {
        let text = self.call("klay_blockNumber", json!([]));
        u64::from_str_radix(text.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }

    pub fn wait_height(&self, height: u64) {
        wait_for("a block", || (self.height() >= height).then_some(()));
    }

    pub fn block(&self, number: u64) -> Value {
        self.call("klay_getBlockWithConsensusInfoByNumber", json!([number]))
    }

    pub fn peers(&self) -> usize {
        self.call("admin_peers", json!([])).as_array().unwrap().len()
    }

    pub fn wait_peers(&self, count: usize) {
        wait_for("peers", || (self.peers() == count).then_some(()));
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; whether it then ended with status 0.
    pub fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        self.child.wait().unwrap().success()
    }

    /// Waits until it ends by itself; whether with status 0.
    pub fn wait_end(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already over in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
