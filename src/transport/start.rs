//! Starting a runner (or, where none can run, a shell) on a host, as whichever user: the conversation with the bootstrap.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::bootstrap::{Answer, MARK, Said};
use super::elevate::{Prompt, refusal};
use super::exec::{Event, Exec, Guard, Remains, Stdout};
use super::runners::Runners;
use super::{Become, Stage};

/// How long the host may keep silent while the runner starts: login shells and user directories can be slow.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long something that looks like a question must stand before it is answered.
const QUESTION: Duration = Duration::from_millis(500);
/// Bytes that are sent at once.
const PIECE: usize = 64 * 1024;
/// Bytes of noise before the bootstrap that are put up with.
const NOISE: usize = 1 << 20;

/// What was started.
pub(super) struct Started {
    pub(super) how: How,
    /// Its process id, of a shell and of what was asked for.
    pub(super) pid: Option<u32>,
    /// The command, which is now what was started.
    pub(super) exec: Exec,
    /// What was read of its standard output beyond the bootstrap.
    pub(super) pending: Vec<u8>,
    pub(super) remains: Remains,
}

/// The streams of what was started.
pub(super) struct Streams {
    pub(super) stdin: Box<dyn tokio::io::AsyncWrite + Send + Unpin>,
    pub(super) stdout: Stdout,
    pub(super) remains: Remains,
    pub(super) guard: Guard,
}

impl Started {
    /// As byte streams; standard error goes to `remains`.
    pub(super) fn into_streams(self) -> Streams {
        let Exec { stdin, events, guard } = self.exec;
        Streams { stdin, stdout: Stdout::new(self.pending, events, self.remains.clone()), remains: self.remains, guard }
    }
}

/// How.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The runner from the cache.
    Cached,
    /// The runner, sent: so many bytes.
    Sent(u64),
    /// A shell, and why.
    Shell(String),
    /// What was asked for, after [`super::bootstrap::announce`].
    Ready,
}

/// Why nothing was started.
#[derive(Clone, Debug)]
pub(super) struct StartFailure {
    pub(super) stage: Stage,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// The command ended without a word of the bootstrap.
    pub(super) mute: bool,
}

/// What is to be done about a start that failed.
pub(super) enum Failed {
    /// The runner in the cache does not run: send it anew.
    Stale,
    /// What was sent does not run; the text says why. Use a shell.
    DoesNotRun(String),
    /// Give up.
    For(StartFailure),
}

/// Talks to the bootstrap that was started as `exec` until something runs. `shell_because`: be a shell in any case.
pub(super) async fn start(
    exec: Exec,
    to: Option<(&Become, Prompt)>,
    runners: &Runners,
    shell_because: Option<&str>,
) -> Result<Started, Failed> {
    let talk =
        Talk { exec, to, remains: Remains::default(), stdout: Vec::new(), stderr: String::new(), answered: 0, over: false, sent: None };
    talk.run(runners, shell_because).await
}

struct Talk<'a> {
    exec: Exec,
    to: Option<(&'a Become, Prompt)>,
    remains: Remains,
    /// What was printed and not yet understood.
    stdout: Vec<u8>,
    /// What was printed as errors since the last question.
    stderr: String,
    /// Questions for the password that were answered.
    answered: usize,
    over: bool,
    /// Bytes of the runner that were sent, once they were.
    sent: Option<usize>,
}

impl Talk<'_> {
    async fn run(mut self, runners: &Runners, shell_because: Option<&str>) -> Result<Started, Failed> {
        let (mut how, mut process) = (None, None);
        loop {
            match self.next().await? {
                Said::Cached => how = Some(How::Cached),
                Said::Started => {}
                Said::Shell(pid) => process = pid,
                Said::Ready(pid) => (how, process) = (Some(How::Ready), pid),
                Said::Failed => {
                    self.drain().await;
                    return Err(Failed::DoesNotRun(format!("the runner does not run there: {}", self.words())));
                }
                Said::Need { arch, gzip } => match (shell_because, runners.find(&arch)) {
                    (None, Some(program)) => {
                        let bytes = if gzip { program.packed.to_vec() } else { program.unpacked() };
                        self.write(Answer::Put(bytes.len(), program).line().as_bytes()).await?;
                        self.write(&bytes).await?;
                        self.sent = Some(bytes.len());
                        how = Some(How::Sent(bytes.len() as u64));
                        continue;
                    }
                    (because, _) => {
                        self.write(Answer::Shell.line().as_bytes()).await?;
                        how = Some(How::Shell(because.map_or_else(|| format!("there is no runner for {arch}"), str::to_owned)));
                        continue;
                    }
                },
                Said::NoPlace => {
                    self.write(Answer::Shell.line().as_bytes()).await?;
                    how = Some(How::Shell("no directory there can be written to and executed from".to_owned()));
                    continue;
                }
                Said::NoRunner { system } => {
                    self.write(Answer::Shell.line().as_bytes()).await?;
                    how = Some(How::Shell(match shell_because {
                        Some(because) => because.to_owned(),
                        None if runners.all().is_empty() => "this kconf carries no runner".to_owned(),
                        None => format!("there is no runner for {system}"),
                    }));
                    continue;
                }
            }
            let Some(how) = how.take() else { continue };
            if how == How::Cached && self.stdout.is_empty() && !self.more().await {
                return Err(Failed::Stale);
            }
            return Ok(Started { how, pid: process, exec: self.exec, pending: self.stdout, remains: self.remains });
        }
    }

    /// The next thing that the bootstrap says; questions for the password are answered on the way.
    async fn next(&mut self) -> Result<Said, Failed> {
        let mut deadline = Instant::now() + PATIENCE;
        loop {
            while let Some(end) = self.stdout.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.stdout.drain(..=end).collect();
                if let Some(said) = said(&line) {
                    return Ok(said);
                }
            }
            if self.over {
                return Err(Failed::For(self.failure()));
            }
            let question = self.to.filter(|(to, _)| to.password.is_some());
            let perhaps = question.is_some() && Prompt::is_perhaps(&self.stderr);
            if question.is_some_and(|(_, prompt)| prompt.is_surely(&self.stderr)) {
                self.answer().await?;
                continue;
            }
            let until = if perhaps { deadline.min(Instant::now() + QUESTION) } else { deadline };
            match timeout_at(until, self.exec.events.recv()).await {
                Ok(event) => {
                    self.take(event);
                    deadline = Instant::now() + PATIENCE;
                }
                Err(_) if perhaps && until < deadline => self.answer().await?,
                Err(_) => return Err(Failed::For(self.silent("says"))),
            }
            if self.stdout.len() > NOISE {
                return Err(Failed::For(self.fail("the login shell prints without end before it runs a command", None)));
            }
        }
    }

    async fn answer(&mut self) -> Result<(), Failed> {
        self.answered += 1;
        let Some((to, _)) = self.to else { return Ok(()) };
        // Whoever asks twice did not like the first answer, and a third would only lock the account.
        let Some(password) = to.password.as_ref().filter(|_| self.answered == 1) else {
            return Err(Failed::For(self.refused(None)));
        };
        self.stderr.clear();
        let line = format!("{}\n", password.expose());
        self.write(line.as_bytes()).await?;
        Ok(())
    }

    fn take(&mut self, event: Option<Event>) {
        match event {
            Some(Event::Stdout(bytes)) => self.stdout.extend_from_slice(&bytes),
            Some(Event::Stderr(bytes)) => {
                self.remains.stderr(&bytes);
                self.stderr.push_str(&String::from_utf8_lossy(&bytes));
            }
            Some(Event::Exit(code)) => self.remains.exit(code),
            None => self.over = true,
        }
    }

    /// Whether anything more comes on standard output.
    async fn more(&mut self) -> bool {
        while self.stdout.is_empty() && !self.over {
            match timeout_at(Instant::now() + PATIENCE, self.exec.events.recv()).await {
                Ok(event) => self.take(event),
                Err(_) => return false,
            }
        }
        !self.stdout.is_empty()
    }

    async fn drain(&mut self) {
        while !self.over {
            match timeout_at(Instant::now() + QUESTION, self.exec.events.recv()).await {
                Ok(event) => self.take(event),
                Err(_) => return,
            }
        }
    }

    /// Writes, and takes what comes meanwhile: whoever has ended does not read any more. Whoever takes nothing for long is given up.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let mut seen = Vec::new();
        let mut over = false;
        let Exec { stdin, events, .. } = &mut self.exec;
        for piece in bytes.chunks(PIECE) {
            let writing = async {
                stdin.write_all(piece).await?;
                stdin.flush().await
            };
            tokio::pin!(writing);
            let deadline = Instant::now() + PATIENCE;
            let written = loop {
                tokio::select! {
                    biased;
                    // What goes wrong here shows in what comes (or does not come) back.
                    _ = &mut writing => break true,
                    event = events.recv() => {
                        over |= matches!(event, Some(Event::Exit(_)) | None);
                        seen.push(event);
                        if over {
                            break true;
                        }
                    }
                    () = sleep_until(deadline) => break false,
                }
            };
            if !written {
                return Err(Failed::For(self.silent("takes")));
            }
            if over {
                break;
            }
        }
        for event in seen {
            self.take(event);
        }
        Ok(())
    }

    fn failure(&self) -> StartFailure {
        match self.to {
            Some(_) => self.refused(self.remains.exit_code()),
            None => {
                let code = self.remains.exit_code();
                let ended = code.map_or_else(|| "the connection was closed".to_owned(), |code| format!("it ended with code {code}"));
                let hint = "the login must have a shell that runs commands: try `ssh HOST true`".to_owned();
                let failure = self.fail(&format!("no command runs in the login shell: {ended}: {}", self.words()), Some(hint));
                StartFailure { mute: code.is_some(), ..failure }
            }
        }
    }

    fn refused(&self, code: Option<i32>) -> StartFailure {
        let Some((to, _)) = self.to else { return self.fail("it was refused", None) };
        let text = self.remains.text();
        let stderr: Vec<&str> = text.lines().map(|line| line.trim()).filter(|line| !line.is_empty() && !line.contains("[kconf]")).collect();
        let refusal = refusal(to, &stderr.join("; "), code, self.answered);
        StartFailure { stage: Stage::Become, message: refusal.message, hint: Some(refusal.hint), mute: false }
    }

    /// It does not do what it should: it `says` or `takes` nothing.
    fn silent(&self, does: &str) -> StartFailure {
        let since = self.sent.map_or_else(String::new, |bytes| format!(", after the {bytes} bytes of the runner"));
        let message = format!("the host {does} nothing for {} seconds{since}", PATIENCE.as_secs());
        let hint = match self.to {
            Some((to, _)) => format!("perhaps `{}` waits for something that kconf does not understand: {}", to.method.name(), self.words()),
            None if does == "takes" => "it asked for the runner: its disk, or what watches over it, may be slow".to_owned(),
            None if self.sent.is_some() => "it got the runner: its disk, or what watches over it, may be slow".to_owned(),
            None => "its login shell hangs: look at its start-up files".to_owned(),
        };
        let stage = if self.to.is_some() { Stage::Become } else { Stage::RunnerStart };
        StartFailure { stage, message, hint: Some(hint), mute: false }
    }

    fn fail(&self, message: &str, hint: Option<String>) -> StartFailure {
        StartFailure { stage: Stage::RunnerStart, message: message.to_owned(), hint, mute: false }
    }

    /// What was printed instead of what was expected.
    fn words(&self) -> String {
        let (errors, output) = (self.remains.text(), String::from_utf8_lossy(&self.stdout).trim().to_owned());
        match (errors.is_empty(), output.is_empty()) {
            (true, true) => "it said nothing".to_owned(),
            (false, _) => errors,
            (true, false) => output,
        }
    }
}

/// What a line says, also when noise without a line break stands before it.
fn said(line: &[u8]) -> Option<Said> {
    let line = String::from_utf8_lossy(line);
    line.find(MARK).and_then(|at| line.get(at..)).and_then(Said::parse)
}
