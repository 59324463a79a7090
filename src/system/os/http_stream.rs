//! Connections that the HTTP library cannot make itself: to a socket file, and to a proxy that forwards plain HTTP.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};

/// Where to connect, whatever the URL says.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A socket file.
    Socket(PathBuf),
    /// The addresses that the resolver gives (those of the proxy); requests name the whole URL, which begins like this.
    Forwarding(String),
}

impl Connector for Target {
    type Out = StreamTransport;

    fn connect(&self, details: &ConnectionDetails<'_>, _chained: Option<()>) -> Result<Option<StreamTransport>, Error> {
        let timeout = details.timeout.not_zero().map(|timeout| *timeout);
        let (stream, prefix) = match self {
            Self::Socket(path) => (Stream::Unix(UnixStream::connect(path)?), None),
            Self::Forwarding(prefix) => {
                let mut last = Error::HostNotFound;
                let mut connected = None;
                for address in &details.addrs {
                    let attempt = timeout.map_or_else(|| TcpStream::connect(address), |limit| TcpStream::connect_timeout(address, limit));
                    match attempt {
                        Ok(stream) => {
                            connected = Some(stream);
                            break;
                        }
                        Err(error) => last = error.into(),
                    }
                }
                (Stream::Tcp(connected.ok_or(last)?), Some(prefix.clone()))
            }
        };
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(StreamTransport { stream, buffers, prefix }))
    }
}

enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    fn set_timeouts(&self, read: Option<Duration>, write: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_read_timeout(read).and_then(|()| stream.set_write_timeout(write)),
            Self::Tcp(stream) => stream.set_read_timeout(read).and_then(|()| stream.set_write_timeout(write)),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(buffer),
            Self::Tcp(stream) => stream.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Tcp(stream) => stream.write_all(bytes),
        }
    }
}

/// One connection.
pub(super) struct StreamTransport {
    stream: Stream,
    buffers: LazyBuffers,
    /// What goes before the path of the first line that is sent, until it has been.
    prefix: Option<String>,
}

impl fmt::Debug for StreamTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamTransport").finish_non_exhaustive()
    }
}

impl Transport for StreamTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.set_timeouts(None, timeout.not_zero().map(|timeout| *timeout))?;
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        let result = match self.prefix.take() {
            None => self.stream.write_all(output),
            Some(prefix) => {
                let method = output.iter().position(|byte| *byte == b' ').map_or(0, |at| at + 1);
                let (method, rest) = output.split_at(method.min(output.len()));
                self.stream.write_all(&[method, prefix.as_bytes(), rest].concat())
            }
        };
        result.map_err(|error| explain(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.set_timeouts(timeout.not_zero().map(|timeout| *timeout), None)?;
        let n = loop {
            match self.stream.read(self.buffers.input_append_buf()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result.map_err(|error| explain(error, timeout))?,
            }
        };
        self.buffers.input_appended(n);
        Ok(n > 0)
    }

    /// Every request has a connection of its own.
    fn is_open(&mut self) -> bool {
        false
    }
}

fn explain(error: io::Error, timeout: NextTimeout) -> Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => error.into(),
    }
}
