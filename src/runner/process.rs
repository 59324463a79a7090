//! The runner as a program of its own.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use sha2::{Digest, Sha256};

use super::ThisMachine;
use super::server::{Options, Server};

/// The program: `serve` talks to a controller over standard input and output, `verify SHA256` says by its exit code whether its own
/// file has that digest.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<String> = arguments.into_iter().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["serve", ..] => serve(),
        ["verify", digest, ..] => verify(digest),
        _ => Err(io::Error::other("this program is started by kconf; its commands are `serve` and `verify SHA256`")),
    };
    result.unwrap_or_else(|error| {
        eprintln!("kconf-runner: {error}");
        ExitCode::FAILURE
    })
}

fn verify(digest: &str) -> io::Result<ExitCode> {
    let mut file = File::open("/proc/self/exe")?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hasher.update(buffer.get(..n).unwrap_or_default()),
        }
    }
    if hex::encode(hasher.finalize()) == digest {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(io::Error::other("the file is not the one that was sent"))
    }
}

enum End {
    Served(ExitCode),
    Signal(i32),
}

fn serve() -> io::Result<ExitCode> {
    // Unbuffered and without the line breaks of the standard library in the way: every message is one write.
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let server = Server::new(output, ThisMachine::default(), Options::default());
    let state = server.state();
    // Whoever ends the runner by a signal ends what it runs, too. Blocked here, the signals come to one thread only; commands start
    // with none blocked.
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT].into_iter().collect();
    signals.thread_block()?;
    let (sender, ends) = channel();
    let by_signal = sender.clone();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if let Ok(signal) = signals.wait() {
            let _ = by_signal.send(End::Signal(signal as i32));
        }
    })?;
    thread::Builder::new().name("reader".to_owned()).spawn(move || {
        let _ = sender.send(End::Served(server.serve(input)));
    })?;
    Ok(match ends.recv() {
        Ok(End::Served(code)) => code,
        Ok(End::Signal(signal)) => {
            state.end();
            ExitCode::from(u8::try_from(128 + signal).unwrap_or(255))
        }
        Err(_) => ExitCode::FAILURE,
    })
}
