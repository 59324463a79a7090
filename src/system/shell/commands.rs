//! Running commands.

use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::session::Reply;
use super::{CHUNK, ShellSystem, quote};
use crate::base::text::seconds;
use crate::system::{Command, Error, ErrorKind, LiveSink, Output, Result, Stream};

/// Exit codes above 128 that a shell shows for the signals that usually end commands: 1 (HUP) to 15 (TERM).
const SIGNALLED: std::ops::RangeInclusive<i32> = 129..=143;

impl<S: Read + Write + Send> ShellSystem<S> {
    /// Runs `command` to its end; `live` gets its output then.
    pub(super) fn run_command(&self, command: &Command, live: &mut LiveSink<'_>) -> Result<Output> {
        let Some(program) = command.argv.first().filter(|program| !program.is_empty()) else {
            return Err(Error::new(ErrorKind::Other, "run a command", "it has no program"));
        };
        let attempt = format!("run `{program}`");
        self.cancel.check(&attempt)?;
        let has_input = command.stdin.is_some() || command.secret_stdin.is_some();
        let mut input = command.secret_stdin.as_ref().map(|secret| secret.expose().as_bytes().to_vec()).unwrap_or_default();
        input.extend_from_slice(command.stdin.as_deref().unwrap_or_default());
        let staged = if input.len() > CHUNK { Some(self.make_scratch(0o600, &mut |writer| store(writer, &input))?) } else { None };
        let start = match (&staged, has_input) {
            (Some(file), _) => format!("k_command <{}", quote::path(file)),
            (None, true) => self.session.borrow().feeding(&input, "k_command"),
            (None, false) => "k_command".to_owned(),
        };
        let script = format!("k_command() {{\n{}\n}}\n{start}", self.body(command));
        let started = Instant::now();
        let reply = self.session.borrow_mut().exchange(&script, true);
        if let Some(file) = staged {
            self.drop_scratch(&file);
        }
        let output = judge(reply?, command, &attempt, started.elapsed())?;
        for (stream, bytes) in [(Stream::Stdout, &output.stdout), (Stream::Stderr, &output.stderr)] {
            if !bytes.is_empty() {
                live(stream, bytes);
            }
        }
        Ok(output)
    }

    /// What the subshell does: everything set up, it becomes the command.
    fn body(&self, command: &Command) -> String {
        let start = match command.timeout {
            None => "exec".to_owned(),
            Some(limit) if self.session.borrow().tools().timeout => format!("exec timeout -k 2 {}", whole_seconds(limit)),
            Some(limit) => format!("k_limited {}", whole_seconds(limit)),
        };
        format!("{}\n{start} {}", preparation(command), words(command, "K_E"))
    }
}

/// Everything that a command needs is set up, and `K_E` is its program.
pub(super) fn preparation(command: &Command) -> String {
    let mut lines = Vec::new();
    if let Some(cwd) = &command.cwd {
        lines.push(format!("k_cd {}", quote::path(cwd)));
    }
    if let Some(umask) = command.umask {
        lines.push(format!("umask 0{umask:o}"));
    }
    for (name, value) in command.env.iter().filter(|(name, _)| is_name(name)) {
        lines.push(format!("{name}={}; export {name}", quote::text(value)));
    }
    lines.push(format!("k_program {}", quote::text(command.argv.first().map_or("", String::as_str))));
    lines.join("\n")
}

/// The program, which the variable `program` holds, with its arguments.
pub(super) fn words(command: &Command, program: &str) -> String {
    let mut words = Vec::new();
    let odd: Vec<_> = command.env.iter().filter(|(name, _)| !is_name(name)).collect();
    if !odd.is_empty() {
        // Names that a shell cannot set.
        words.push("env".to_owned());
        words.extend(odd.iter().map(|(name, value)| quote::text(format!("{name}={value}")).to_string()));
    }
    words.push(format!("\"${program}\""));
    words.extend(command.argv.iter().skip(1).map(|word| quote::text(word).to_string()));
    words.join(" ")
}

pub(super) fn judge(reply: Reply, command: &Command, attempt: &str, took: Duration) -> Result<Output> {
    let error = |kind, reason: &str| Err(Error::new(kind, attempt, reason));
    let cwd = || format!("change to the directory `{}`", command.cwd.as_deref().unwrap_or(Path::new(".")).display());
    match reply.reported() {
        Some("no-program") if command.argv.first().is_some_and(|program| program.contains('/')) => {
            return error(ErrorKind::NotFound, "no such program");
        }
        Some("no-program") => return error(ErrorKind::NotFound, "no such program on the search path"),
        Some("denied") => return error(ErrorKind::PermissionDenied, "Permission denied"),
        Some("no-cwd") => return Err(Error::new(ErrorKind::NotFound, cwd(), "No such file or directory")),
        Some("cwd") => return Err(Error::new(ErrorKind::NotADirectory, cwd(), "it is not a directory")),
        Some("cwd-denied") => return Err(Error::new(ErrorKind::PermissionDenied, cwd(), "Permission denied")),
        _ => {}
    }
    // What `timeout` says of a command that it ended; a command may say the same of itself, but not after so long.
    if let Some(limit) = command.timeout.filter(|limit| matches!(reply.rc, 124 | 137 | 143) && took >= *limit) {
        return error(ErrorKind::TimedOut, &format!("it took longer than {} and was ended", seconds(limit)));
    }
    if reply.rc == 127 && reply.complaint().1.ends_with("not found") {
        return error(ErrorKind::NotFound, "its interpreter (the program its first line or its header names) does not exist");
    }
    Ok(Output { rc: exit_code(reply.rc), stdout: reply.stdout, stderr: reply.stderr })
}

/// What a shell shows as exit code, with signals as Ansible shows them.
pub(super) fn exit_code(shown: i32) -> i32 {
    if SIGNALLED.contains(&shown) { 128 - shown } else { shown }
}

/// Not every `timeout` knows fractions.
fn whole_seconds(limit: Duration) -> u64 {
    (limit.as_secs() + u64::from(limit.subsec_nanos() > 0)).max(1)
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn store(writer: &mut dyn Write, bytes: &[u8]) -> Result<()> {
    writer.write_all(bytes).map_err(|error| Error::new(ErrorKind::Other, "send the input of a command", error.to_string()))
}
