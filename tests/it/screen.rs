//! A terminal with kconf in it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::transport::server::eventually;

/// See the module documentation. The program ends with it.
pub(crate) struct Screen {
    keyboard: File,
    terminal: OwnedFd,
    before: String,
    shown: Arc<Mutex<Vec<u8>>>,
    child: Child,
}

impl Screen {
    /// Starts the program on a terminal of 24 lines with 80 characters that is its own.
    pub(crate) fn start(command: Command) -> Self {
        Self::of_size(command, 24, 80)
    }

    /// Likewise, on one of this size.
    pub(crate) fn of_size(mut command: Command, rows: u16, columns: u16) -> Self {
        let pty = nix::pty::openpty(None, None).expect("a terminal");
        set_size(&pty.master, rows, columns);
        let stream = || pty.slave.try_clone().expect("a file");
        command.stdin(stream()).stdout(stream()).stderr(stream());
        // SAFETY: system calls between fork and exec.
        unsafe {
            command.pre_exec(|| {
                nix::unistd::setsid()?;
                nix::errno::Errno::result(nix::libc::ioctl(0, nix::libc::TIOCSCTTY, 0))?;
                Ok(())
            });
        }
        let before = format!("{:?}", tcgetattr(&pty.slave).expect("its settings"));
        let child = command.spawn().expect("kconf starts");
        let keyboard = File::from(pty.master);
        let shown = Arc::<Mutex<Vec<u8>>>::default();
        let (mut screen, sink) = (keyboard.try_clone().expect("a file"), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut piece) {
                sink.lock().expect("lock").extend_from_slice(&piece[..length]);
            }
        });
        Self { keyboard, terminal: pty.slave, before, shown, child }
    }

    /// What was shown so far.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("lock")).into_owned()
    }

    /// Waits until something is shown.
    pub(crate) fn shows(&self, text: &str) {
        eventually(&format!("`{text}` on the screen"), || self.shown().contains(text));
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("types");
    }

    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        set_size(&self.keyboard, rows, columns);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")), signal).expect("it is there");
    }

    /// Whether every key is handed on as it is.
    pub(crate) fn is_raw(&self) -> bool {
        !tcgetattr(&self.terminal).expect("its settings").local_modes.intersects(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Waits for the end of the program; gives its exit code. The terminal is as it was before then.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        let mut status = None;
        eventually("the end of kconf", || {
            status = self.child.try_wait().expect("it can be waited for");
            status.is_some()
        });
        assert_eq!(format!("{:?}", tcgetattr(&self.terminal).expect("its settings")), self.before, "{}", self.shown());
        status.and_then(|status| status.code())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn set_size(terminal: impl std::os::fd::AsFd, rows: u16, columns: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("a size");
}
