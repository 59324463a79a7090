//! Commands without a runner (`raw`): a line for the login shell of the host.
//!
//! A first word of ours tells the number of the process, so that it can be ended when nobody waits for it any more. Where there is no
//! POSIX shell to say it (switches and the like), the line is sent as it is.

use tokio::io::AsyncWriteExt;

use super::bootstrap::announce;
use super::ending::Ender;
use super::exec::{Event, Exec, Remains};
use super::host::{HostSession, Place};
use super::quote::quote;
use super::start::{Failed, StartFailure, Started, start};
use super::{LiveSender, RawCommand, RawOutput, Unreachable};
use crate::system::{Output, Stream};

impl HostSession {
    /// See [`super::Session::raw`].
    pub(super) async fn run_raw(&self, command: RawCommand, live: LiveSender) -> Result<RawOutput, Unreachable> {
        let _slot = match self.place() {
            Place::Ssh(connection) => connection.slot().await,
            Place::Local => None,
        };
        // A task of its own: when nobody waits any more, the command is there all the same in a moment, and has to be ended then.
        let (session, line) = (self.clone(), command.clone());
        let starting = self.common().endings.spawn(async move {
            let started = session.announced(&line).await?;
            Ok::<_, Unreachable>(started.map(|started| (Ender::new(&session, started.pid), started)))
        });
        let Ok(started) = starting.await else { return Err(self.lost_now("the command did not start").await) };
        let Some((mut ender, started)) = started? else {
            // No shell that we know: as it is.
            let exec = self.exec(&command.line, true).await?;
            return self.finish_raw(exec, Vec::new(), &Remains::default(), &command, &live).await;
        };
        let Started { exec, pending, remains, .. } = started;
        let output = self.finish_raw(exec, pending, &remains, &command, &live).await;
        ender.disarm();
        output
    }

    /// Starts the line so that it says its process id first; `None` when what is there is no POSIX shell.
    pub(super) async fn announced(&self, command: &RawCommand) -> Result<Option<Started>, Unreachable> {
        let line = quote(&command.line);
        let (line, to) = match (&command.executable, self.identity()) {
            (Some(executable), _) => self.line(&announce(&format!("exec {} -c {line}", quote(executable))))?,
            (None, Some(_)) => self.line(&announce(&format!("exec /bin/sh -c {line}")))?,
            (None, None) => (format!("exec /bin/sh -c {} {line}", quote(&announce("exec \"${SHELL:-/bin/sh}\" -c \"$0\""))), None),
        };
        let exec = self.exec(&line, false).await?;
        match start(exec, to, &self.common().options.runners, None).await {
            Ok(started) => Ok(Some(started)),
            Err(Failed::For(StartFailure { mute: true, .. })) if command.executable.is_none() => Ok(None),
            Err(Failed::For(failure)) => Err(self.start_failed(failure).await),
            Err(Failed::Stale | Failed::DoesNotRun(_)) => Err(self.lost_now("the command did not start").await),
        }
    }

    async fn finish_raw(
        &self,
        exec: Exec,
        pending: Vec<u8>,
        remains: &Remains,
        command: &RawCommand,
        live: &LiveSender,
    ) -> Result<RawOutput, Unreachable> {
        if !pending.is_empty() {
            live.send(Stream::Stdout, &pending);
        }
        // What sudo and the like print before the command is none of its output.
        let stderr = if self.identity().is_some() { Vec::new() } else { remains.take_stderr() };
        let mut output = Output { rc: 0, stdout: pending, stderr };
        let mut exit = remains.exit_code();
        let mut input = command.secret_stdin.as_ref().map(|secret| secret.expose().as_bytes().to_vec()).unwrap_or_default();
        input.extend_from_slice(&command.stdin);
        let Exec { mut stdin, mut events, mut guard } = exec;
        let feed = async move {
            // A command that does not read its input is no failure.
            if stdin.write_all(&input).await.is_ok() {
                let _ = stdin.shutdown().await;
            }
            drop(stdin);
            std::future::pending::<()>().await;
        };
        let take = async {
            while let Some(event) = events.recv().await {
                match event {
                    Event::Stdout(bytes) => {
                        live.send(Stream::Stdout, &bytes);
                        output.stdout.extend_from_slice(&bytes);
                    }
                    Event::Stderr(bytes) => {
                        live.send(Stream::Stderr, &bytes);
                        output.stderr.extend_from_slice(&bytes);
                    }
                    Event::Exit(code) => exit = Some(code),
                }
            }
        };
        tokio::select! {
            () = feed => {}
            () = take => {}
        }
        guard.disarm();
        match exit {
            Some(code) => {
                output.rc = code;
                Ok(output)
            }
            None => Err(self.lost_now("the command ended without a result").await),
        }
    }
}
