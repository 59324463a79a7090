//! Running commands on a pseudo-terminal, in a session of their own, and talking to them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::{Duration, Instant};

use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::Pid;

use super::commands::{self, Ends};
use crate::system::terminal::{HESITATION, SIZE};
use crate::system::{Cancel, Command, Conversed, Error, ErrorKind, Listener, Result, Terminal};

/// How often a silent command is looked after.
const TICK: Duration = Duration::from_millis(50);
/// How long a command whose terminal was hung up may take to clean up.
const HANGUP_GRACE: Duration = Duration::from_secs(2);
/// How long the terminal may stay silent after the command ended while something it left behind holds it open.
const QUIET_GRACE: Duration = Duration::from_millis(250);
/// How long it is read at most after the command ended.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);

/// Runs `command` on a terminal of its own to its end, and lets `listen` answer.
pub(super) fn converse(command: &Command, terminal: &Terminal, cancel: &Cancel, listen: &mut Listener<'_>) -> Result<Conversed> {
    let Some(program) = command.argv.first().filter(|program| !program.is_empty()) else {
        return Err(Error::new(ErrorKind::Other, "run a command", "it has no program"));
    };
    let attempt = format!("run `{program}`");
    cancel.check(&attempt)?;
    let (master, slave) =
        open_pair(terminal.echo).map_err(|errno| Error::new(ErrorKind::Other, format!("open a terminal for `{program}`"), errno.desc()))?;
    let child = commands::spawn(command, program, &attempt, Ends::Terminal(slave.as_fd()))?;
    drop(slave);
    let mut running = Conversation::new(child, master);
    let result = running.hold(terminal, cancel, &attempt, listen);
    match result {
        Ok(Conversed::Ended(_)) => running.reap(&attempt).map(Conversed::Ended),
        other => {
            running.end();
            other
        }
    }
}

/// Both sides of a new terminal. Not by `openpty`: that of some C libraries looks up a group, which a static program must not.
fn open_pair(echo: bool) -> nix::Result<(PtyMaster, OwnedFd)> {
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    unlockpt(&master)?;
    let slave = open(ptsname_r(&master)?.as_str(), OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC, Mode::empty())?;
    let mut modes = tcgetattr(&slave)?;
    modes.local_flags.set(LocalFlags::ECHO, echo);
    tcsetattr(&slave, SetArg::TCSANOW, &modes)?;
    let size = libc::winsize { ws_row: SIZE.0, ws_col: SIZE.1, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the pointer is to a live value of the type that this request reads.
    nix::errno::Errno::result(unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) })?;
    Ok((master, slave))
}

struct Conversation {
    child: Child,
    /// The session of the command, which has its number.
    session: Pid,
    /// Our side of the terminal; `None` when it is hung up.
    master: Option<File>,
    /// Answers that the terminal has not taken yet.
    pending: Vec<u8>,
    reaped: bool,
}

impl Conversation {
    fn new(child: Child, master: PtyMaster) -> Self {
        let session = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        // SAFETY: the descriptor is open and nothing else owns it any more.
        let master = unsafe { File::from_raw_fd(master.into_raw_fd()) };
        Self { child, session, master: Some(master), pending: Vec::new(), reaped: false }
    }

    /// Until the command has ended (its exit code is not known yet), or there was nothing to answer for too long.
    fn hold(&mut self, terminal: &Terminal, cancel: &Cancel, attempt: &str, listen: &mut Listener<'_>) -> Result<Conversed> {
        let failed = |error: io::Error| Error::new(ErrorKind::from(error.kind()), attempt, error.to_string());
        let mut buffer = vec![0; 1 << 14];
        let (mut answered, mut last_output) = (Instant::now(), Instant::now());
        let mut exited: Option<Instant> = None;
        loop {
            cancel.check(attempt)?;
            let now = Instant::now();
            match exited {
                Some(at) => {
                    let quiet = now.duration_since(last_output.max(at)) >= QUIET_GRACE || now.duration_since(at) >= OUTPUT_GRACE;
                    if self.master.is_none() || quiet {
                        return Ok(Conversed::Ended(0));
                    }
                }
                None if terminal.patience.is_some_and(|patience| now.duration_since(answered) >= patience) => {
                    return Ok(Conversed::TooLong);
                }
                None => {}
            }
            let n = self.read(&mut buffer).map_err(failed)?;
            if n > 0 {
                last_output = Instant::now();
                let mut new = buffer.get(..n).unwrap_or_default();
                while let Some(answer) = listen(new)? {
                    cancel.sleep(HESITATION)?;
                    self.pending.extend_from_slice(answer.expose().as_bytes());
                    self.write().map_err(failed)?;
                    answered = Instant::now();
                    new = &[];
                }
            }
            if exited.is_none() && commands::has_exited(self.session).map_err(failed)? {
                exited = Some(Instant::now());
            }
        }
    }

    /// What there is to read within a tick; none when it is hung up.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(master) = &mut self.master else {
            std::thread::sleep(TICK / 10);
            return Ok(0);
        };
        let wanted = if self.pending.is_empty() { PollFlags::POLLIN } else { PollFlags::POLLIN | PollFlags::POLLOUT };
        let mut fds = [PollFd::new(master.as_fd(), wanted)];
        match poll(&mut fds, PollTimeout::try_from(TICK).unwrap_or(PollTimeout::ZERO)) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => return Ok(0),
            Ok(_) => {}
            Err(errno) => return Err(errno.into()),
        }
        self.write()?;
        let Some(master) = &mut self.master else { return Ok(0) };
        match master.read(buffer) {
            Ok(n) if n > 0 => Ok(n),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
            // Nobody has the other side open any more, which the kernel tells as an error.
            Err(error) if error.raw_os_error() != Some(libc::EIO) => Err(error),
            Ok(_) | Err(_) => {
                self.master = None;
                Ok(0)
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let Some(master) = self.master.as_mut().filter(|_| !self.pending.is_empty()) else { return Ok(()) };
        match master.write(&self.pending) {
            Ok(n) => drop(self.pending.drain(..n)),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) if error.raw_os_error() == Some(libc::EIO) => self.pending.clear(),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn reap(&mut self, attempt: &str) -> Result<i32> {
        self.reaped = true;
        let status = self.child.wait().map_err(|error| Error::new(ErrorKind::from(error.kind()), attempt, error.to_string()))?;
        Ok(status.code().or_else(|| status.signal().map(|number| -number)).unwrap_or(-1))
    }

    /// Hangs up, which programs on terminals take as the order to end, and kills what is left of the session.
    fn end(&mut self) {
        if self.reaped {
            return;
        }
        self.master = None;
        let since = Instant::now();
        // The leader is not reaped before, so that its number stays that of the session.
        while !members(self.session).is_empty() && since.elapsed() < HANGUP_GRACE {
            std::thread::sleep(TICK / 5);
        }
        loop {
            let left = members(self.session);
            if left.is_empty() {
                break;
            }
            // One that is started meanwhile is found in the next round.
            for pid in left {
                let _ = kill(pid, Signal::SIGKILL);
            }
            std::thread::sleep(TICK / 5);
        }
        self.reaped = true;
        let _ = self.child.wait();
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        // Only after a panic of the listener is it still running.
        self.end();
    }
}

/// The processes of a session that have not ended.
fn members(session: Pid) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let belongs = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name in parentheses may hold anything; behind it: state, parent, group, session.
        let mut fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let state = fields.next();
        !matches!(state, Some("Z" | "X") | None) && fields.nth(2) == Some(session.to_string().as_str())
    };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| belongs(*pid)).map(Pid::from_raw).collect()
}
