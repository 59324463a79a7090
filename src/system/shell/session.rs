//! Requests to the shell and its replies.
//!
//! A request is a subshell whose output goes to files on the host; the reply is a line with a word nobody else knows, the number of
//! the request, the exit code and two lengths, followed by so many bytes. So no output can be taken for a reply.

use std::io::{BufRead, BufReader, ErrorKind as IoErrorKind, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::quote;
use crate::system::{Error, ErrorKind, Result, lookup};

/// What the shell is taught at the start.
const LIBRARY: &str = include_str!("library.sh");
/// How much is skipped before the first reply: banners of login shells.
const NOISE_LIMIT: u64 = 1 << 16;

/// The longest line of base64 that every decoder takes.
const LINE: usize = 76;

/// What came of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    /// Exit code of the subshell.
    pub(super) rc: i32,
    /// Standard output.
    pub(super) stdout: Vec<u8>,
    /// Standard error.
    pub(super) stderr: Vec<u8>,
}

/// How content gets to the host.
#[derive(Clone, Debug)]
enum Decoder {
    /// Through this command, which unpacks base64.
    Base64(String),
    /// Through `printf` with octal numbers.
    Printf,
}

/// One shell.
pub(super) struct Session<S> {
    stream: BufReader<S>,
    word: String,
    requests: u64,
    /// Why no further request can be made.
    broken: Option<String>,
    decoder: Decoder,
    /// The directory of the session on the host.
    dir: Vec<u8>,
    tools: Tools,
}

/// What the host has.
#[derive(Clone, Debug, Default)]
pub(super) struct Tools {
    /// How attributes are printed: `gnu`, `plain`, `bsd` or `ls`.
    pub(super) stat: String,
    /// There is a `timeout` that can kill what does not end.
    pub(super) timeout: bool,
    /// User number.
    pub(super) uid: u32,
}

impl<S: Read + Write> Session<S> {
    /// Teaches the shell and finds out what it has.
    pub(super) fn start(stream: S) -> Result<Self> {
        let word = format!("{:016x}", rand::random::<u64>());
        let mut session = Self {
            stream: BufReader::new(stream),
            word,
            requests: 0,
            broken: None,
            decoder: Decoder::Printf,
            dir: Vec::new(),
            tools: Tools::default(),
        };
        let opening = format!(
            "exec 2>/dev/null\nK_N={}\nK_PATH={}\n{LIBRARY}\nif [ -n \"$K_T\" ]; then k_tools; \
             (printf '%s\\n' \"$K_S\" \"$K_B\" \"$K_L\" \"$K_U\"; printf %s \"$K_T\") >\"$K_T/o\" 2>\"$K_T/e\"; k_end 0 0; \
             else printf 'kconf:%s:0:99:0:0\\n' \"$K_N\"; fi\n",
            session.word,
            lookup::SEARCH_PATH.join(":"),
        );
        session.send(opening.as_bytes())?;
        let reply = session.receive()?;
        if reply.rc != 0 {
            let reason = "none of $TMPDIR, /tmp, /var/tmp, the home directory, /dev/shm and /run can be written to";
            return Err(Error::new(ErrorKind::ReadOnly, "use the shell of the host", reason));
        }
        let mut fields = reply.stdout.splitn(5, |byte| *byte == b'\n');
        let mut field = || fields.next().unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        session.tools.stat = text(field());
        session.decoder = match text(field()).as_str() {
            "none" => Decoder::Printf,
            command => Decoder::Base64(command.to_owned()),
        };
        session.tools.timeout = !field().is_empty();
        session.tools.uid = text(field()).parse().unwrap_or(u32::MAX);
        session.dir = field().to_vec();
        Ok(session)
    }

    pub(super) fn round_trips(&self) -> u64 {
        self.requests
    }

    pub(super) fn tools(&self) -> &Tools {
        &self.tools
    }

    /// The directory of the session on the host, which only the identity can enter.
    pub(super) fn dir(&self) -> &[u8] {
        &self.dir
    }

    /// As if the host had no tool to unpack content.
    #[cfg(test)]
    pub(super) fn forget_tools(&mut self) {
        self.decoder = Decoder::Printf;
    }

    /// Runs `script` in a subshell. A command keeps the locale, and may leave something running; everything else speaks the C locale.
    pub(super) fn exchange(&mut self, script: &str, is_command: bool) -> Result<Reply> {
        let number = self.requests;
        let request = if is_command {
            format!("(\n{script}\n) </dev/null >\"$K_T/o.{number}\" 2>\"$K_T/e.{number}\"; k_end_command {number} $?\n")
        } else {
            format!("(\nLC_ALL=C; export LC_ALL\n{script}\n) </dev/null >\"$K_T/o\" 2>\"$K_T/e\"; k_end {number} $?\n")
        };
        self.send(&quote::encode(&request))?;
        self.receive()
    }

    /// Lines of a script that feed `content` to the function `reader`.
    pub(super) fn feeding(&self, content: &[u8], reader: &str) -> String {
        self.decoding(content, &format!("| {reader}"))
    }

    /// Lines of a script that unpack `content` into the word `file` by the redirection `how`, or else do `otherwise`.
    pub(super) fn storing(&self, content: &[u8], how: &str, file: &str, otherwise: &str) -> String {
        // Not into the file at once: `cat` says why it cannot write, decoders do not.
        self.decoding(content, &format!("| cat {how}{file} || {otherwise}"))
    }

    fn decoding(&self, content: &[u8], target: &str) -> String {
        match &self.decoder {
            Decoder::Base64(command) => {
                let text = STANDARD.encode(content);
                let mut lines = String::with_capacity(text.len() + text.len() / LINE + 64);
                let mut rest = text.as_str();
                while !rest.is_empty() {
                    // The alphabet is ASCII, so any place is a boundary.
                    let (line, tail) = rest.split_at(rest.len().min(LINE));
                    lines.push_str(line);
                    lines.push('\n');
                    rest = tail;
                }
                format!("{command} <<'K_END' {target}\n{lines}K_END")
            }
            Decoder::Printf => {
                let mut lines = String::with_capacity(content.len() * 4 + 64);
                for part in content.chunks(1000) {
                    lines.push_str("printf '");
                    part.iter().for_each(|byte| lines.push_str(&format!("\\{byte:03o}")));
                    lines.push_str("'\n");
                }
                format!("{{\n:\n{lines}}} {target}")
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(reason) = &self.broken {
            return Err(Error::new(ErrorKind::Other, "use the shell of the host", reason.clone()));
        }
        let stream = self.stream.get_mut();
        stream.write_all(bytes).and_then(|()| stream.flush()).map_err(|error| self.lose(&error))
    }

    /// The reply to the request that was sent last.
    fn receive(&mut self) -> Result<Reply> {
        let start = format!("kconf:{}:{}:", self.word, self.requests);
        let mut skipped = 0;
        let head = loop {
            let mut line = Vec::new();
            let n = (&mut self.stream).take(NOISE_LIMIT).read_until(b'\n', &mut line).map_err(|error| self.lose(&error))?;
            if n == 0 {
                return Err(self.lose(&IoErrorKind::UnexpectedEof.into()));
            }
            if let Some(head) = String::from_utf8_lossy(&line).strip_prefix(&start) {
                break head.trim_end().to_owned();
            }
            skipped += n as u64;
            if skipped > NOISE_LIMIT {
                return Err(self.fail("it talks without end and does not answer: is it a POSIX shell?"));
            }
        };
        let mut numbers = head.split(':').map(|field| field.parse::<u64>().ok());
        let mut number = || numbers.next().flatten();
        let (Some(rc), Some(out), Some(err)) = (number(), number(), number()) else {
            return Err(self.fail("its reply has no lengths"));
        };
        self.requests += 1;
        let (stdout, stderr) = (self.take(out)?, self.take(err)?);
        Ok(Reply { rc: i32::try_from(rc).unwrap_or(i32::MAX), stdout, stderr })
    }

    fn take(&mut self, length: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let n = (&mut self.stream).take(length).read_to_end(&mut bytes).map_err(|error| self.lose(&error))?;
        if n as u64 == length { Ok(bytes) } else { Err(self.lose(&IoErrorKind::UnexpectedEof.into())) }
    }

    fn lose(&mut self, error: &std::io::Error) -> Error {
        match error.kind() {
            IoErrorKind::UnexpectedEof | IoErrorKind::BrokenPipe => self.fail("it ended"),
            _ => self.fail(&format!("the connection to it was lost: {error}")),
        }
    }

    fn fail(&mut self, reason: &str) -> Error {
        self.broken = Some(reason.to_owned());
        Error::new(ErrorKind::Other, "use the shell of the host", reason)
    }
}
