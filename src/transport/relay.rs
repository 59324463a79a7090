//! A remote shell for programs that want to start one themselves (`rsync --rsh`): it goes through a connection that is there already.
//!
//! The program starts kconf itself with [`VARIABLE`] set. That child ([`call`]) only finds a socket by it, which nobody but the user can
//! enter, says there which line it is to run, and passes its streams on. [`Relay`] is the other end of the socket, in the run that
//! holds the connection. Each child makes two connections: one for the line and, in the end, its exit code; one for the bytes.

use std::future::pending;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream as Blocking;
use std::path::{Path, PathBuf};

use nix::libc::SIGPIPE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use super::{Attached, Ended, Streams, Unreachable};

/// The environment variable with the path of the socket.
pub const VARIABLE: &str = "KCONF_RELAY";

/// The longest line that is taken.
const LONGEST: u32 = 1024 * 1024;

/// Waits for children. The socket is gone when it is dropped.
pub struct Relay {
    /// A directory that only the user can enter, with nothing but the socket in it.
    dir: PathBuf,
    socket: PathBuf,
    listener: UnixListener,
}

/// A child that waits for its streams.
pub struct Caller {
    line: String,
    control: UnixStream,
    data: UnixStream,
}

impl Relay {
    /// On a socket of its own.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn listen() -> io::Result<Self> {
        let dir = std::env::temp_dir().join(format!("kconf-{:016x}", rand::random::<u64>()));
        std::fs::DirBuilder::new().mode(0o700).create(&dir)?;
        let socket = dir.join("relay");
        match UnixListener::bind(&socket) {
            Ok(listener) => Ok(Self { dir, socket, listener }),
            Err(error) => {
                let _ = std::fs::remove_dir_all(&dir);
                Err(error)
            }
        }
    }

    /// What [`VARIABLE`] must be.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The next child.
    ///
    /// # Errors
    /// It does not say what it wants.
    pub async fn next(&self) -> io::Result<Caller> {
        let (mut control, _) = self.listener.accept().await?;
        let length = control.read_u32().await?;
        if length > LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long"));
        }
        let mut line = Vec::new();
        (&mut control).take(length.into()).read_to_end(&mut line).await?;
        let (data, _) = self.listener.accept().await?;
        Ok(Caller { line: String::from_utf8_lossy(&line).into_owned(), control, data })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Caller {
    /// The line for the shell of the host.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Carries its streams to what runs on the host and back, until the end. What that writes to standard error goes to `errors`.
    ///
    /// # Errors
    /// When the host is lost before the end.
    pub async fn carry(mut self, attached: Attached, errors: &mut Vec<u8>) -> Result<Ended, Unreachable> {
        let (input, output) = self.data.into_split();
        let (_, sizes) = mpsc::channel(1);
        let ended = attached.carry(Streams { input, output, errors }, sizes, pending()).await?;
        let code = match ended {
            Ended::Exit(code @ 0..) => code & 0xff,
            Ended::Exit(signal) => 128 - signal,
            Ended::Unheard => 128 + SIGPIPE,
            Ended::Signal(signal) => 128 + signal as i32,
        };
        // A child that is gone has no use for it.
        let _ = self.control.write_u8(u8::try_from(code).unwrap_or(u8::MAX)).await;
        Ok(ended)
    }
}

/// The child: has `line` run and passes the streams on. Returns the exit code; 255 when the host was lost, as `ssh` does.
///
/// # Errors
/// The socket is not there or breaks.
pub fn call(socket: &Path, line: &str, mut input: impl Read + Send + 'static, mut output: impl Write) -> io::Result<u8> {
    let mut control = Blocking::connect(socket)?;
    let length = u32::try_from(line.len()).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the line is too long"))?;
    control.write_all(&length.to_be_bytes())?;
    control.write_all(line.as_bytes())?;
    let mut data = Blocking::connect(socket)?;
    let mut there = data.try_clone()?;
    // It may wait for input that never comes: whoever is left when this returns ends with the process.
    std::thread::spawn(move || {
        let _ = io::copy(&mut input, &mut there);
        let _ = there.shutdown(Shutdown::Write);
    });
    let mut piece = vec![0; 64 * 1024];
    // What ran may have ended without reading all: how it ended is said on the other connection.
    while let Ok(length @ 1..) = data.read(&mut piece) {
        let bytes = piece.get(..length).unwrap_or_default();
        output.write_all(bytes)?;
        output.flush()?;
    }
    let mut code = [255];
    match control.read_exact(&mut code) {
        Ok(()) => Ok(code[0]),
        Err(_) => Ok(255),
    }
}
