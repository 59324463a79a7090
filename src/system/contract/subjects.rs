//! The machines that are tested.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::system::fake::Fake;
use crate::system::{Cancel, Os, Overlay, ShellSystem, System};

/// A machine, and an empty directory on it.
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) system: Box<dyn System>,
    pub(super) root: PathBuf,
    /// A directory of the real machine in which nothing may have happened, if this is check mode.
    untouched: bool,
    _dirs: Vec<TempDir>,
}

impl Drop for Subject {
    fn drop(&mut self) {
        if self.untouched && !std::thread::panicking() {
            assert_eq!(std::fs::read_dir(&self.root).unwrap().count(), 0, "check mode changed the machine");
        }
    }
}

fn subject(name: &'static str, system: Box<dyn System>, root: &Path, untouched: bool, dirs: Vec<TempDir>) -> Option<Subject> {
    Some(Subject { name, system, root: root.to_path_buf(), untouched, _dirs: dirs })
}

fn temporary() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}

pub(super) fn os() -> Option<Subject> {
    let (dir, root) = temporary();
    subject("the real machine", Box::new(Os::new(Cancel::new())), &root, false, vec![dir])
}

pub(super) fn fake() -> Option<Subject> {
    subject("the fake machine", Box::new(Fake::new().dir("/work")), Path::new("/work"), false, Vec::new())
}

pub(super) fn overlay_over_fake() -> Option<Subject> {
    let overlay = Overlay::new(Fake::new().dir("/work"), std::env::temp_dir());
    subject("check mode over the fake machine", Box::new(overlay), Path::new("/work"), false, Vec::new())
}

pub(super) fn overlay_over_os() -> Option<Subject> {
    let (dir, root) = temporary();
    let overlay = Overlay::new(Os::new(Cancel::new()), std::env::temp_dir());
    subject("check mode over the real machine", Box::new(overlay), &root, true, vec![dir])
}

/// A `sh` of this machine.
pub(crate) struct LocalShell {
    child: Child,
}

impl LocalShell {
    pub(crate) fn start<S: AsRef<OsStr>>(argv: &[S], path: Option<&Path>) -> Self {
        let mut command = std::process::Command::new(&argv[0]);
        command.args(&argv[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some(path) = path {
            command.env("PATH", path);
        }
        Self { child: command.spawn().unwrap() }
    }
}

impl Read for LocalShell {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.child.stdout.as_mut().unwrap().read(buffer)
    }
}

impl Write for LocalShell {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.child.stdin.as_mut().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.child.stdin.as_mut().unwrap().flush()
    }
}

impl Drop for LocalShell {
    fn drop(&mut self) {
        drop((self.child.stdin.take(), self.child.stdout.take()));
        self.child.wait().unwrap();
    }
}

pub(super) fn shell() -> Option<Subject> {
    let (dir, root) = temporary();
    let system = ShellSystem::new(LocalShell::start(&["sh"], None)).unwrap();
    subject("a shell", Box::new(system), &root, false, vec![dir])
}

pub(super) fn overlay_over_shell() -> Option<Subject> {
    let (dir, root) = temporary();
    let system = ShellSystem::new(LocalShell::start(&["sh"], None)).unwrap();
    subject("check mode over a shell", Box::new(Overlay::new(system, std::env::temp_dir())), &root, true, vec![dir])
}

/// A machine on which every tool is busybox's; `None` where there is no busybox.
pub(super) fn busybox() -> Option<Subject> {
    let system = busybox_shell();
    if system.is_none() {
        eprintln!("not run: there is no `busybox` on this machine");
    }
    let (system, tools) = system?;
    let (dir, root) = temporary();
    subject("a shell of busybox", Box::new(system), &root, false, vec![dir, tools])
}

pub(crate) fn busybox_shell() -> Option<(ShellSystem<LocalShell>, TempDir)> {
    let found = std::process::Command::new("busybox").arg("--list").output().ok()?;
    let busybox = crate::system::lookup::SEARCH_PATH.iter().map(|dir| Path::new(dir).join("busybox")).find(|path| path.exists())?;
    let tools = tempfile::tempdir().unwrap();
    for applet in String::from_utf8_lossy(&found.stdout).lines() {
        symlink(&busybox, tools.path().join(applet)).unwrap();
    }
    let program = tools.path().join("sh");
    let system = ShellSystem::new(LocalShell::start(&[program], Some(tools.path()))).unwrap();
    Some((system, tools))
}

/// A machine without `stat`, `base64`, `readlink`, `timeout`, digests, or a `mv` that knows more than POSIX.
pub(super) fn few_tools() -> Option<Subject> {
    let tools = tempfile::tempdir().unwrap();
    let wanted = [
        "cat", "chgrp", "chmod", "chown", "date", "dd", "df", "env", "id", "ln", "ls", "mkdir", "rm", "rmdir", "sh", "sleep", "tail",
        "touch", "uname", "wc",
    ];
    for name in wanted {
        let real = crate::system::lookup::SEARCH_PATH.iter().map(|dir| Path::new(dir).join(name)).find(|path| path.exists()).unwrap();
        symlink(real, tools.path().join(name)).unwrap();
    }
    let mv = tools.path().join("mv");
    std::fs::write(&mv, "#!/bin/sh\ncase $1 in -fT) echo 'mv: invalid option' >&2; exit 1 ;; esac\nexec /bin/mv \"$@\"\n").unwrap();
    std::fs::set_permissions(&mv, std::fs::Permissions::from_mode(0o755)).unwrap();
    let system = ShellSystem::new(LocalShell::start(&["/bin/sh"], Some(tools.path()))).unwrap();
    let (dir, root) = temporary();
    subject("a shell with few tools", Box::new(system), &root, false, vec![dir, tools])
}
