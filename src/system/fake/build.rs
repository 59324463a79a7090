//! Setting a machine up for a test, and looking at it afterwards.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Fake;
use super::network::Network;
use super::script::{Fault, Script, failure};
use crate::system::memory::{Body, Delta, Memory, Source};
use crate::system::{
    Address, Clock, Command, Effect, ErrorKind, FileKind, Follow, Group, HttpRequest, HttpResponse, Identity, Output, Package, Platform,
    Result, Service, Space, Stat, System, User,
};

/// The time of everything that is there at the start.
const START: f64 = 1_700_000_000.0;

#[expect(dead_code, reason = "the helpers of the test machine are there for tests to come")]
impl Fake {
    /// A bare Debian machine (no systemd running, no packages) seen by root.
    pub(crate) fn new() -> Self {
        let root = Identity { uid: 0, gid: 0, groups: vec![0], name: "root".into(), home: "/root".into() };
        let os_release =
            [("ID", "debian"), ("VERSION_ID", "12"), ("VERSION_CODENAME", "bookworm"), ("PRETTY_NAME", "Debian GNU/Linux 12 (bookworm)")];
        let platform = Platform {
            kernel: "Linux".into(),
            kernel_release: "6.1.0".into(),
            kernel_version: "#1 SMP".into(),
            machine: "x86_64".into(),
            nodename: "fake".into(),
            os_release: os_release.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let environment =
            [("HOME", "/root"), ("LANG", "C.UTF-8"), ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")];
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let clock = Clock { epoch: Duration::from_secs_f64(START), offset: 0, zone: "UTC".into(), summer_zone: "UTC".into() };
        let mut fake = Self {
            memory: Memory::new(),
            who: root,
            umask: 0o022,
            platform,
            environment,
            clock: RefCell::new(clock),
            space: Space { block_size: 4096, blocks: 1 << 20, blocks_available: 1 << 19, inodes: 1 << 18, inodes_available: 1 << 17 },
            network: Network::default(),
            script: RefCell::new(Script::default()),
            scratch: RefCell::default(),
            faults: Vec::new(),
        };
        fake.put(Path::new("/"), FileKind::Directory, 0o755, Body::Directory { below: None });
        for (dir, mode) in [("/tmp", 0o1777), ("/root", 0o700), ("/var/tmp", 0o1777)] {
            fake = fake.dir(dir).mode(dir, mode);
        }
        for dir in [
            "/dev",
            "/etc/systemd/system",
            "/home",
            "/opt",
            "/proc",
            "/run",
            "/srv",
            "/usr/bin",
            "/usr/local/bin",
            "/usr/sbin",
            "/var/lib",
            "/var/log",
        ] {
            fake = fake.dir(dir);
        }
        fake.link("/bin", "usr/bin").link("/sbin", "usr/sbin").group("root", 0).user("root", 0)
    }

    fn put(&mut self, path: &Path, kind: FileKind, mode: u32, body: Body) {
        let size = match &body {
            Body::File(Source::Bytes(bytes)) => bytes.len() as u64,
            _ => 0,
        };
        let links = if kind == FileKind::Directory { 2 } else { 1 };
        let stat = Stat {
            mode,
            size,
            links,
            device: 1,
            blocks: size.div_ceil(4096) * 8,
            atime: START,
            mtime: START,
            ctime: START,
            ..Stat::new(kind)
        };
        self.memory.apply(&Delta::Put { path: path.to_path_buf(), stat, body });
    }

    fn put_with_parents(&mut self, path: &Path, kind: FileKind, mode: u32, body: Body) {
        let parent = path.parent().expect("a path in the tree");
        self.make_parents(parent);
        let real = self.view().real_path(parent).expect("made just now").join(path.file_name().expect("a name"));
        self.put(&real, kind, mode, body);
    }

    fn make_parents(&mut self, dir: &Path) {
        if self.view().stat(dir, Follow::Yes).expect("a path that can be resolved").is_none() {
            self.put_with_parents(dir, FileKind::Directory, 0o755, Body::Directory { below: None });
        }
    }

    /// A file of root, mode 0644; its directories are made.
    pub(crate) fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.put_with_parents(Path::new(path), FileKind::File, 0o644, Body::File(Source::Bytes(content.as_ref().into())));
        self
    }

    /// An empty executable file of root.
    pub(crate) fn program(mut self, path: &str) -> Self {
        self.put_with_parents(Path::new(path), FileKind::File, 0o755, Body::File(Source::Bytes([].into())));
        self
    }

    /// A directory of root, mode 0755, with its parents.
    pub(crate) fn dir(mut self, path: &str) -> Self {
        self.make_parents(Path::new(path));
        self
    }

    /// A symbolic link; its directories are made.
    pub(crate) fn link(mut self, path: &str, target: &str) -> Self {
        self.put_with_parents(Path::new(path), FileKind::Link, 0o777, Body::Link(target.into()));
        self
    }

    /// A pipe, socket or device.
    pub(crate) fn special(mut self, path: &str, kind: FileKind) -> Self {
        self.put_with_parents(Path::new(path), kind, 0o644, Body::Special);
        self
    }

    fn restat(&mut self, path: &str, change: impl FnOnce(&mut Stat)) {
        let path = Path::new(path);
        let mut stat = self.view().stat(path, Follow::No).expect("a path that can be resolved").expect("something at the path");
        change(&mut stat);
        let real = self.view().real_path(path.parent().unwrap_or(path)).expect("a parent");
        let real = path.file_name().map_or(real.clone(), |name| real.join(name));
        self.memory.apply(&Delta::Update { path: real, stat, body: None });
    }

    /// The mode of what is at `path`.
    pub(crate) fn mode(mut self, path: &str, mode: u32) -> Self {
        self.restat(path, |stat| stat.mode = mode);
        self
    }

    /// The owner and group of what is at `path`.
    pub(crate) fn owner(mut self, path: &str, uid: u32, gid: u32) -> Self {
        self.restat(path, |stat| (stat.uid, stat.gid) = (uid, gid));
        self
    }

    /// The time of last change of what is at `path`.
    pub(crate) fn mtime(mut self, path: &str, mtime: f64) -> Self {
        self.restat(path, |stat| stat.mtime = mtime);
        self
    }

    fn effect(&mut self, effect: Effect) {
        self.memory.apply(&Delta::Effect(effect));
    }

    /// A user with a group of the same name and number and the home `/home/NAME` (`/root` for number 0), which is not made.
    pub(crate) fn user(mut self, name: &str, uid: u32) -> Self {
        let home = if uid == 0 { PathBuf::from("/root") } else { Path::new("/home").join(name) };
        let user = User { name: name.into(), uid, gid: uid, home, shell: "/bin/sh".into(), ..User::default() };
        if self.view().group(name).expect("a lookup in memory").is_none() {
            self = self.group(name, uid);
        }
        self.user_with(user)
    }

    /// A user with these properties.
    pub(crate) fn user_with(mut self, user: User) -> Self {
        let memberships = user.groups.clone();
        let name = user.name.clone();
        self.effect(Effect::User(user));
        for group in memberships {
            let mut group = self.view().group(&group).expect("a lookup in memory").expect("the group, set up before the user");
            if !group.members.contains(&name) {
                group.members.push(name.clone());
            }
            self.effect(Effect::Group(group));
        }
        self
    }

    /// A group without members.
    pub(crate) fn group(mut self, name: &str, gid: u32) -> Self {
        self.effect(Effect::Group(Group { name: name.into(), gid, members: Vec::new() }));
        self
    }

    /// An installed package, architecture amd64.
    pub(crate) fn package(self, name: &str, version: &str) -> Self {
        self.package_with(Package { name: name.into(), version: version.into(), architecture: "amd64".into(), held: false })
    }

    /// An installed package.
    pub(crate) fn package_with(mut self, package: Package) -> Self {
        self.effect(Effect::PackageInstalled(package));
        self
    }

    /// A systemd service with the properties that follow from its state; the machine is one with systemd from here on.
    pub(crate) fn service(self, name: &str, active: bool, enabled: bool) -> Self {
        let name = crate::system::lookup::unit_name(name);
        let properties = [
            ("Id", name.as_str()),
            ("LoadState", "loaded"),
            ("ActiveState", if active { "active" } else { "inactive" }),
            ("SubState", if active { "running" } else { "dead" }),
            ("UnitFileState", if enabled { "enabled" } else { "disabled" }),
        ];
        let properties: BTreeMap<String, String> =
            properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.service_with(Service { name: name.clone(), active, enabled, masked: false, properties })
    }

    /// A systemd service, `name` being its full unit name.
    pub(crate) fn service_with(mut self, service: Service) -> Self {
        self.memory.add_service(service);
        self.dir("/run/systemd/system").program("/usr/bin/systemctl")
    }

    /// Commands that begin with these arguments answer so; a second answer to the same arguments is given the second time, the last
    /// one stays. The longest fitting arguments win. A program without slash is put into `/usr/bin`. Whether the command is
    /// probed, run or executed makes no difference; the declared effects of `run` apply when the exit code is 0.
    pub(crate) fn answer(self, argv: &[&str], rc: i32, stdout: impl AsRef<[u8]>, stderr: impl AsRef<[u8]>) -> Self {
        let output = Output { rc, stdout: stdout.as_ref().to_vec(), stderr: stderr.as_ref().to_vec() };
        self.script.borrow_mut().add(argv, Ok(output));
        self.with_program_of(argv)
    }

    /// Commands that begin with these arguments fail to run in this way (missing, timed out, cancelled).
    pub(crate) fn answer_error(self, argv: &[&str], kind: ErrorKind, reason: &str) -> Self {
        self.script.borrow_mut().add(argv, Err(failure(kind, argv.first().unwrap_or(&""), reason)));
        self
    }

    /// Commands that begin with these arguments are answered by a function.
    pub(crate) fn answer_with(self, argv: &[&str], reply: impl FnMut(&Command) -> Result<Output> + Send + 'static) -> Self {
        self.script.borrow_mut().compute(argv, Box::new(reply));
        self.with_program_of(argv)
    }

    pub(super) fn with_program_of(self, argv: &[&str]) -> Self {
        match argv.first() {
            Some(name) if !name.contains('/') && self.which(name).expect("a lookup in memory").is_none() => {
                self.program(&format!("/usr/bin/{name}"))
            }
            _ => self,
        }
    }

    /// Every change at or beneath `path` goes wrong in this way.
    pub(crate) fn fault(mut self, fault: Fault, path: &str) -> Self {
        self.faults.push((fault, path.into()));
        self
    }

    /// Nothing goes wrong any more.
    pub(crate) fn mend(&mut self) {
        self.faults.clear();
    }

    /// Everything is done as this user, whose memberships count.
    pub(crate) fn acting_as(mut self, name: &str) -> Self {
        let user = self.view().user(name).expect("a lookup in memory").expect("the user, set up before");
        let number = |group: &String| self.view().group(group).expect("a lookup in memory").map(|group| group.gid);
        let groups = user.groups.iter().filter_map(number).collect();
        self.who = Identity { uid: user.uid, gid: user.gid, groups, name: user.name, home: user.home };
        self
    }

    /// The platform, to be changed.
    pub(crate) fn platform(mut self, change: impl FnOnce(&mut Platform)) -> Self {
        change(&mut self.platform);
        self
    }

    /// A variable of the environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// The time and time zone.
    pub(crate) fn clock_with(self, clock: Clock) -> Self {
        *self.clock.borrow_mut() = clock;
        self
    }

    /// Seconds since the epoch on the machine; they pass only when something waits.
    pub(crate) fn seconds(&self) -> f64 {
        self.clock.borrow().epoch.as_secs_f64()
    }

    /// Size and free space of all file systems.
    pub(crate) fn space_with(mut self, space: Space) -> Self {
        self.space = space;
        self
    }

    /// An address of a network interface.
    pub(crate) fn address(mut self, address: Address) -> Self {
        self.network.addresses.push(address);
        self
    }

    /// A TCP port that answers with these bytes and closes; all others refuse.
    pub(crate) fn port(mut self, host: &str, port: u16, banner: impl AsRef<[u8]>) -> Self {
        self.network.ports.insert((host.into(), port), banner.as_ref().to_vec());
        self
    }

    /// What a request is answered with; a second answer to the same request is given the second time, the last one stays. Requests
    /// without an answer are refused.
    pub(crate) fn http(self, method: &str, url: &str, status: u16, headers: &[(&str, &str)], content: impl AsRef<[u8]>) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned())).collect();
        let reason = if status < 300 { "OK" } else { "Error" };
        let response = HttpResponse { status, reason: reason.into(), url: url.into(), headers };
        self.network.add_answer(method, url, response, content.as_ref().to_vec());
        self
    }

    /// The HTTP requests there were.
    pub(crate) fn requests(&self) -> Vec<HttpRequest> {
        self.network.requests()
    }

    /// How many scratch files were not given back.
    pub(crate) fn scratch_left(&self) -> usize {
        self.scratch.borrow().len()
    }

    /// The file mode creation mask.
    pub(crate) fn umask(mut self, umask: u32) -> Self {
        self.umask = umask;
        self
    }

    /// The content of the file at `path`.
    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        self.view().read(Path::new(path)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The content of the file at `path` as text.
    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path)).expect("text in the file")
    }

    /// Whether something is at `path` (a link counts, wherever it leads).
    pub(crate) fn has(&self, path: &str) -> bool {
        self.view().stat(Path::new(path), Follow::No).unwrap_or_else(|error| panic!("{error}")).is_some()
    }

    /// What is at `path`, not following a link.
    pub(crate) fn stat_of(&self, path: &str) -> Stat {
        self.view()
            .stat(Path::new(path), Follow::No)
            .unwrap_or_else(|error| panic!("{error}"))
            .unwrap_or_else(|| panic!("nothing is at {path}"))
    }

    /// The commands there were, each with how ("probe", "run", "execute", "converse") and its arguments joined by blanks.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.script.borrow().log().iter().map(|(how, command)| format!("{how} {}", command.argv.join(" "))).collect()
    }

    /// The commands there were that may have changed something, in full.
    pub(crate) fn runs(&self) -> Vec<Command> {
        self.script.borrow().log().iter().filter(|(how, _)| *how != "probe").map(|(_, command)| command.clone()).collect()
    }
}

/// A file of unknown content becomes one with a fixed text.
pub(super) fn with_known_content(delta: Delta) -> Delta {
    let known = |body: Body| match body {
        Body::File(Source::Unknown(_)) => Body::File(Source::Bytes(b"written by a command\n".as_slice().into())),
        other => other,
    };
    match delta {
        Delta::Put { path, stat, body } => Delta::Put { path, stat, body: known(body) },
        Delta::Hold { path, stat, body } => Delta::Hold { path, stat, body: known(body) },
        Delta::Update { path, stat, body } => Delta::Update { path, stat, body: body.map(known) },
        other => other,
    }
}
