//! Commands of this machine, with the same face as those of a host.

use std::process::Stdio;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio_util::bytes::{Bytes, BytesMut};

use super::exec::{Event, Exec, Guard, QUEUE};

/// Starts `line` with `/bin/sh`. Dropped before its end it loses its streams and, with `kill`, is sent a signal.
///
/// # Errors
/// What the system says.
pub(super) fn exec(line: &str, kill: bool) -> Result<Exec, String> {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(line).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| format!("/bin/sh: {error}"))?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
        return Err("/bin/sh: its streams are not there".to_owned());
    };
    let (sender, events) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        // The end is told after all output, as a channel of SSH does.
        tokio::join!(pump(stdout, &sender, Event::Stdout), pump(stderr, &sender, Event::Stderr));
        if let Ok(status) = child.wait().await {
            use std::os::unix::process::ExitStatusExt;
            let code = status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap_or(255);
            let _ = sender.send(Event::Exit(code)).await;
        }
    });
    let guard = Guard::new(move || {
        if let Some(group) = group.filter(|_| kill) {
            let _ = killpg(group, Signal::SIGTERM);
        }
    });
    Ok(Exec { stdin: Box::new(stdin), events, guard })
}

async fn pump(mut stream: impl AsyncRead + Unpin, events: &mpsc::Sender<Event>, event: fn(Bytes) -> Event) {
    loop {
        let mut bytes = BytesMut::with_capacity(1 << 15);
        match stream.read_buf(&mut bytes).await {
            Ok(n) if n > 0 => {
                if events.send(event(bytes.freeze())).await.is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}
