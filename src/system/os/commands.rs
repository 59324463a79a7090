//! Running commands: in a session of their own, with input fed while output is drained, ended with everything they started.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, killpg, signal, sigprocmask};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, setsid};

use super::files;
use crate::system::{Cancel, Command, Error, ErrorKind, LiveSink, Output, Result, Stream};

/// How often a silent command is looked after.
const TICK: Duration = Duration::from_millis(100);
/// How long a command that is being ended may take to clean up.
const TERM_GRACE: Duration = Duration::from_secs(2);
/// How long output may stay silent after the command ended while something it left behind holds it open.
const QUIET_GRACE: Duration = Duration::from_millis(250);
/// How long output is read at most after the command ended.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);
/// How often a program that is just being written is tried.
const BUSY_ATTEMPTS: u32 = 5;

/// Runs `command` to its end; its output also goes to `live` as it comes.
pub(super) fn run(command: &Command, cancel: &Cancel, live: &mut LiveSink<'_>) -> Result<Output> {
    let Some(program) = command.argv.first().filter(|program| !program.is_empty()) else {
        return Err(Error::new(ErrorKind::Other, "run a command", "it has no program"));
    };
    let attempt = format!("run `{program}`");
    cancel.check(&attempt)?;
    let child = spawn(command, program, &attempt, Ends::Pipes)?;
    let failed = |error: io::Error| Error::new(ErrorKind::from(error.kind()), attempt.clone(), error.to_string());
    Running::new(child, command).map_err(failed)?.finish(command.timeout, cancel, &attempt, live)
}

/// What a command reads from and writes to.
#[derive(Clone, Copy)]
pub(super) enum Ends<'a> {
    /// A pipe each.
    Pipes,
    /// This side of a terminal, which controls its session.
    Terminal(BorrowedFd<'a>),
}

/// Starts a command as the leader of a session of its own.
pub(super) fn spawn(command: &Command, program: &str, attempt: &str, ends: Ends<'_>) -> Result<Child> {
    if let Some(cwd) = &command.cwd {
        let metadata = fs::metadata(cwd).map_err(|error| Error::io("change to the directory", cwd, &error))?;
        if !metadata.is_dir() {
            let attempt = format!("change to the directory `{}`", cwd.display());
            return Err(Error::new(ErrorKind::NotADirectory, attempt, "it is not a directory"));
        }
    }
    let mut attempts = 0;
    let mut program = std::ffi::OsString::from(program);
    loop {
        match prepare(command, &program, ends).and_then(|mut prepared| prepared.spawn()) {
            Ok(child) => return Ok(child),
            // Another thread that forked while we had the program open for writing still holds it for an instant.
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && attempts < BUSY_ATTEMPTS => {
                attempts += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            // Not on the search path, but in one of the folders where administration tools are.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !program.as_bytes().contains(&b'/') => {
                match program.to_str().and_then(files::which) {
                    Some(found) => program = found.into(),
                    None => return Err(explain(&program, attempt, &error)),
                }
            }
            Err(error) => return Err(explain(&program, attempt, &error)),
        }
    }
}

fn prepare(command: &Command, program: &OsStr, ends: Ends<'_>) -> io::Result<std::process::Command> {
    let mut prepared = std::process::Command::new(program);
    prepared.args(command.argv.iter().skip(1)).envs(&command.env);
    match ends {
        Ends::Pipes => {
            prepared.stdin(if has_input(command) { Stdio::piped() } else { Stdio::null() }).stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        Ends::Terminal(fd) => {
            let [stdin, stdout, stderr] = [fd.try_clone_to_owned()?, fd.try_clone_to_owned()?, fd.try_clone_to_owned()?];
            prepared.stdin(stdin).stdout(stdout).stderr(stderr);
        }
    }
    let on_terminal = matches!(ends, Ends::Terminal(_));
    if let Some(cwd) = &command.cwd {
        prepared.current_dir(cwd);
    }
    let mask = command.umask;
    let setup = move || {
        setsid()?;
        if on_terminal {
            // SAFETY: it takes two numbers; standard input is the terminal by now.
            nix::errno::Errno::result(unsafe { nix::libc::ioctl(0, nix::libc::TIOCSCTTY, 0) })?;
        }
        if let Some(mask) = mask {
            umask(Mode::from_bits_truncate(mask));
        }
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
        // SAFETY: the default action is no handler of ours.
        unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }?;
        Ok(())
    };
    // SAFETY: between fork and exec it makes only system calls; it allocates nothing and takes no lock.
    unsafe { prepared.pre_exec(setup) };
    Ok(prepared)
}

fn has_input(command: &Command) -> bool {
    command.stdin.is_some() || command.secret_stdin.is_some()
}

fn explain(program: &OsStr, attempt: &str, error: &io::Error) -> Error {
    let mut result = Error::io("run", Path::new(program), error);
    attempt.clone_into(&mut result.attempt);
    if error.kind() == io::ErrorKind::NotFound {
        let found = Path::new(program).exists();
        result.reason = match (found, program.as_bytes().contains(&b'/')) {
            (true, _) => "its interpreter (the program its first line or its header names) does not exist".to_owned(),
            (false, true) => "no such program".to_owned(),
            (false, false) => "no such program on the search path".to_owned(),
        };
    }
    result
}

/// Why a command is being ended before it is done.
struct Ending {
    since: Instant,
    kind: ErrorKind,
    reason: String,
    killed: bool,
}

struct Running {
    child: Child,
    group: Pid,
    input: Vec<u8>,
    written: usize,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    output: Output,
    buffer: Vec<u8>,
}

impl Running {
    fn new(mut child: Child, command: &Command) -> io::Result<Self> {
        let mut input = command.secret_stdin.as_ref().map(|secret| secret.expose().as_bytes().to_vec()).unwrap_or_default();
        input.extend_from_slice(command.stdin.as_deref().unwrap_or_default());
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        for fd in
            [stdin.as_ref().map(AsFd::as_fd), stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)].into_iter().flatten()
        {
            fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        Ok(Self { child, group, input, written: 0, stdin, stdout, stderr, output: Output::default(), buffer: vec![0; 1 << 16] })
    }

    fn finish(mut self, timeout: Option<Duration>, cancel: &Cancel, attempt: &str, live: &mut LiveSink<'_>) -> Result<Output> {
        let started = Instant::now();
        let failed = |error: io::Error| Error::new(ErrorKind::from(error.kind()), attempt, error.to_string());
        let mut ending: Option<Ending> = None;
        let mut exited: Option<Instant> = None;
        let mut last_output = started;
        let mut pause = Duration::from_micros(200);
        loop {
            let now = Instant::now();
            self.end_if_due(&mut ending, now.duration_since(started), timeout, cancel);
            if let Some(at) = exited {
                let quiet = now.duration_since(last_output.max(at)) >= QUIET_GRACE || now.duration_since(at) >= OUTPUT_GRACE;
                if ending.is_some() || self.drained() || quiet {
                    break;
                }
            }
            // With all pipes closed there is nothing to wait on but the end itself, which comes at once as a rule.
            let wait = if self.drained() && self.stdin.is_none() {
                pause = (pause * 2).min(TICK / 2);
                pause
            } else {
                timeout.map_or(TICK, |limit| limit.saturating_sub(now.duration_since(started)).clamp(Duration::from_millis(1), TICK))
            };
            if self.pump(wait, live).map_err(failed)? {
                last_output = Instant::now();
            }
            if exited.is_none() && has_exited(self.group).map_err(failed)? {
                exited = Some(Instant::now());
                self.stdin = None;
            }
        }
        if ending.is_some() {
            // Before the leader is reaped its number cannot belong to anyone else.
            let _ = killpg(self.group, Signal::SIGKILL);
        }
        let status = self.child.wait().map_err(failed)?;
        if let Some(ending) = ending {
            return Err(Error::new(ending.kind, attempt, ending.reason));
        }
        self.output.rc = status.code().or_else(|| status.signal().map(|number| -number)).unwrap_or(-1);
        Ok(std::mem::take(&mut self.output))
    }

    fn drained(&self) -> bool {
        self.stdout.is_none() && self.stderr.is_none()
    }

    fn end_if_due(&self, ending: &mut Option<Ending>, running: Duration, timeout: Option<Duration>, cancel: &Cancel) {
        match ending {
            Some(ending) if !ending.killed && ending.since.elapsed() >= TERM_GRACE => {
                ending.killed = true;
                let _ = killpg(self.group, Signal::SIGKILL);
            }
            Some(_) => {}
            None => {
                let due = if cancel.is_cancelled() {
                    Some((ErrorKind::Cancelled, "the run was cancelled".to_owned()))
                } else {
                    timeout.filter(|limit| running >= *limit).map(|limit| {
                        (ErrorKind::TimedOut, format!("it took longer than {} and was ended", crate::base::text::seconds(limit)))
                    })
                };
                if let Some((kind, reason)) = due {
                    let _ = killpg(self.group, Signal::SIGTERM);
                    *ending = Some(Ending { since: Instant::now(), kind, reason, killed: false });
                }
            }
        }
    }

    /// Moves what can be moved within `wait`; whether there was output.
    fn pump(&mut self, wait: Duration, live: &mut LiveSink<'_>) -> io::Result<bool> {
        if self.written >= self.input.len() {
            self.stdin = None;
        }
        let ready = {
            let wanted: [(Option<BorrowedFd<'_>>, PollFlags); 3] = [
                (self.stdin.as_ref().map(AsFd::as_fd), PollFlags::POLLOUT),
                (self.stdout.as_ref().map(AsFd::as_fd), PollFlags::POLLIN),
                (self.stderr.as_ref().map(AsFd::as_fd), PollFlags::POLLIN),
            ];
            let mut fds: Vec<PollFd<'_>> = wanted.iter().filter_map(|(fd, flags)| fd.map(|fd| PollFd::new(fd, *flags))).collect();
            if fds.is_empty() {
                std::thread::sleep(wait);
                return Ok(false);
            }
            match poll(&mut fds, PollTimeout::try_from(wait.max(Duration::from_millis(1))).unwrap_or(PollTimeout::ZERO)) {
                Ok(0) | Err(nix::errno::Errno::EINTR) => return Ok(false),
                Ok(_) => {}
                Err(errno) => return Err(errno.into()),
            }
            let mut results = fds.iter().map(|fd| fd.any().unwrap_or(true));
            wanted.map(|(fd, _)| fd.is_some() && results.next().unwrap_or(false))
        };
        let [stdin_ready, stdout_ready, stderr_ready] = ready;
        if stdin_ready {
            self.feed()?;
        }
        let mut any = false;
        if stdout_ready {
            any |= drain(&mut self.stdout, &mut self.buffer, &mut self.output.stdout, Stream::Stdout, live)?;
        }
        if stderr_ready {
            any |= drain(&mut self.stderr, &mut self.buffer, &mut self.output.stderr, Stream::Stderr, live)?;
        }
        Ok(any)
    }

    fn feed(&mut self) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        match stdin.write(self.input.get(self.written..).unwrap_or_default()) {
            Ok(n) => self.written += n,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            // It does not want (the rest of) its input: its own business.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.stdin = None,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only when something went wrong here is it still running.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = killpg(self.group, Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

/// Whether a command that leads a group has ended. It stays a zombie, so that its group keeps its number.
pub(super) fn has_exited(leader: Pid) -> io::Result<bool> {
    match waitid(Id::Pid(leader), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG) {
        Ok(WaitStatus::StillAlive) | Err(nix::errno::Errno::EINTR) => Ok(false),
        Ok(_) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}

fn drain<R: Read>(
    pipe: &mut Option<R>,
    buffer: &mut [u8],
    into: &mut Vec<u8>,
    stream: Stream,
    live: &mut LiveSink<'_>,
) -> io::Result<bool> {
    let Some(reader) = pipe else { return Ok(false) };
    match reader.read(buffer) {
        Ok(0) => *pipe = None,
        Ok(n) => {
            let chunk = buffer.get(..n).unwrap_or_default();
            into.extend_from_slice(chunk);
            live(stream, chunk);
            return Ok(true);
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
        Err(error) => return Err(error),
    }
    Ok(false)
}

#[cfg(test)]
#[path = "commands_tests.rs"]
mod tests;
