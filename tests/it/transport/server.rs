//! An sshd that belongs to one test, and the keys to log in to it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kconf::transport::{Hop, Kind, Target};
use tempfile::TempDir;

/// An sshd. Ends with everything it started when dropped.
pub(crate) struct Sshd {
    pub(crate) dir: TempDir,
    pub(crate) port: u16,
    child: Child,
}

/// The lines of sshd's configuration that all tests share, also those of `tests/compat` and what records their oracle. The login's cache is
/// a directory of the test; with a higher level bash does not read the start-up file of whoever runs the tests.
const CONFIG: &str = include_str!("sshd_config");

impl Sshd {
    /// With the configuration of all tests.
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// On a machine without a directory that one can write to and execute from.
    pub(crate) fn without_execution() -> Self {
        Self::launch("SetEnv XDG_CACHE_HOME=@DIR@/cache SHLVL=5 HOME=@DIR@\n", true)
    }

    /// With lines of its own, which come first and therefore win. `@DIR@` is its directory.
    pub(crate) fn with(config: &str) -> Self {
        Self::launch(config, false)
    }

    fn launch(config: &str, no_execution: bool) -> Self {
        let dir = tempfile::Builder::new().prefix("kconf-sshd-").tempdir().expect("a directory");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
        // sshd refuses to start without the directory it locks itself into.
        fs::create_dir_all("/run/sshd").expect("/run/sshd");
        generate(&dir.path().join("host_key"), &["-t", "ed25519"]);
        generate(&dir.path().join("key"), &["-t", "ed25519"]);
        fs::copy(dir.path().join("key.pub"), dir.path().join("authorized_keys")).expect("copies");
        let text = format!("{config}{CONFIG}").replace("@DIR@", &dir.path().display().to_string());
        fs::write(dir.path().join("config"), text).expect("writes");
        // Another test may take the port between the moment it is found free and sshd's start.
        for _ in 0..5 {
            let port = free_port();
            let mut child = spawn(dir.path(), port, no_execution);
            if answers(port, &mut child) {
                return Self { dir, port, child };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("sshd does not start: {}", fs::read_to_string(dir.path().join("log")).unwrap_or_default());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The way to log in: with the key of the test, the host's key known.
    pub(crate) fn hop(&self) -> Hop {
        let known = self.path("known_hosts");
        if !known.exists() {
            self.know(&self.host_key());
        }
        let mut hop = Hop::new("127.0.0.1", "127.0.0.1", user());
        hop.port = self.port;
        hop.private_keys = vec![self.path("key")];
        hop.known_hosts = vec![known];
        hop
    }

    /// A host that is reached directly.
    pub(crate) fn target(&self) -> Target {
        target(self.hop(), Vec::new())
    }

    /// The host's public key, as it stands in its file.
    pub(crate) fn host_key(&self) -> String {
        fs::read_to_string(self.path("host_key.pub")).expect("reads")
    }

    /// Makes `key` the only known one of this host.
    pub(crate) fn know(&self, key: &str) {
        fs::write(self.path("known_hosts"), format!("[127.0.0.1]:{} {key}", self.port)).expect("writes");
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).expect("reads")
    }

    /// Lines of the log that contain `text`.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.log().lines().filter(|line| line.contains(text)).count()
    }

    /// Cuts all connections, as a network that fails does: ends the processes of sshd that serve them, and nothing else.
    pub(crate) fn cut_connections(&self) {
        for (pid, parent, _) in processes().collect::<Vec<_>>() {
            if parent == self.child.id() {
                kill(pid);
            }
        }
    }

    /// Ends everything at once: the processes that serve them, and the sshd.
    pub(crate) fn cut(&mut self) {
        kill_tree(self.child.id());
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        kill_tree(self.child.id());
        let _ = self.child.wait();
    }
}

/// A host with the name of a test.
pub(crate) fn target(host: Hop, bastions: Vec<Hop>) -> Target {
    Target { name: "web".to_owned(), kind: Kind::Ssh, host, bastions, temp_dir: None }
}

/// Makes a key pair.
pub(crate) fn generate(path: &Path, options: &[&str]) {
    let passphrase: &[&str] = if options.contains(&"-N") { &[] } else { &["-N", ""] };
    let status = Command::new("ssh-keygen").args(options).args(passphrase).args(["-q", "-f"]).arg(path).status().expect("ssh-keygen");
    assert!(status.success());
}

/// The login name of whoever runs the tests.
pub(crate) fn user() -> String {
    nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().expect("a user").name
}

/// Waits until `condition` holds; a test that waits in vain fails.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < Duration::from_secs(20), "{what} does not come about");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process whose command line contains `text` is running.
pub(crate) fn is_running(text: &str) -> bool {
    processes().any(|(_, _, line)| line.contains(text))
}

fn processes() -> impl Iterator<Item = (u32, u32, String)> {
    fs::read_dir("/proc").expect("/proc").flatten().filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let after = stat.rsplit_once(") ")?.1;
        let mut fields = after.split(' ');
        let state = fields.next()?;
        let parent: u32 = fields.next()?.parse().ok()?;
        if state == "Z" {
            return None;
        }
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        Some((pid, parent, String::from_utf8_lossy(&line).replace('\0', " ")))
    })
}

fn kill_tree(root: u32) {
    let mut doomed = vec![root];
    let all: Vec<(u32, u32, String)> = processes().collect();
    while let Some(pid) = doomed.pop() {
        doomed.extend(all.iter().filter(|(_, parent, _)| *parent == pid).map(|(child, _, _)| *child));
        kill(pid);
    }
}

fn kill(pid: u32) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).expect("a pid"));
    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("an address").port()
}

/// Runs what follows with the temporary directories mounted so that nothing in them can be executed.
const NO_EXECUTION: &str = "mount --make-rprivate / && for d in /tmp /var/tmp; do mount --bind $d $d && \
                            mount -o remount,bind,noexec $d || exit 1; done; exec \"$@\"";

fn spawn(dir: &Path, port: u16, no_execution: bool) -> Child {
    let log = fs::File::create(dir.join("log")).expect("a log");
    let mut command = if no_execution {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", NO_EXECUTION, "sh", "/usr/sbin/sshd"]);
        command
    } else {
        Command::new("/usr/sbin/sshd")
    };
    // It ends with the test, also when that is killed.
    // SAFETY: a system call between fork and exec.
    unsafe { command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?)) };
    command
        .args(["-D", "-e", "-p", &port.to_string(), "-f"])
        .arg(dir.join("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("sshd")
}

fn answers(port: u16, child: &mut Child) -> bool {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(10) {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return true;
        }
        if !matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}
