//! `kconf ssh`: a shell on a host, or a command with its streams as they are, by the route of every other command.

mod escape;
mod terminal;

use std::io::IsTerminal;
use std::sync::Arc;

use nix::sys::signal::Signal;
use tokio::io::{stderr, stdin, stdout};
use tokio::sync::{Notify, mpsc};

use self::escape::Escaped;
use self::terminal::{RawMode, Signals};
use super::super::args::Ssh;
use super::super::context::Context;
use super::super::exit::{Failure, UNREACHABLE};
use super::super::messages;
use crate::base::Diagnostic;
use crate::base::text::count;
use crate::engine::{self, Settings};
use crate::transport::{Attached, Ended, Hub, HubOptions, Kind, Size, Streams, Target, Unreachable};

/// Runs the command.
pub async fn run(args: Ssh) -> Result<u8, Failure> {
    let target = target(&args).await?;
    let line = (!args.command.is_empty()).then(|| args.command.join(" "));
    let typed = std::io::stdin().is_terminal();
    let sizes = terminal::sizes()?;
    let terminal = (args.tty || (line.is_none() && typed)).then(terminal::here);
    let hub = Hub::new(HubOptions::default());
    // From here on a signal ends what runs on the host and gives the terminal back before it ends kconf.
    let mut signals = Signals::new()?;
    let attaching = hub.attach(&target, None, line.as_deref(), terminal.as_ref());
    let attached = tokio::select! {
        attached = attaching => attached.map_err(|why| unreachable(&why)),
        signal = signals.next() => {
            close(&hub, &mut signals).await;
            return Ok(by_signal(signal as i32));
        }
    }?;
    for warning in hub.take_warnings() {
        messages::status(&format!("warning: {warning}"));
    }
    let raw = if terminal.is_some() && typed { Some(RawMode::enter(std::io::stdin())?) } else { None };
    let ended = carry(attached, sizes, &mut signals, raw.is_some()).await;
    drop(raw);
    close(&hub, &mut signals).await;
    match ended.map_err(|why| unreachable(&why))? {
        Ended::Exit(code @ 0..) => Ok(u8::try_from(code & 0xff).unwrap_or(u8::MAX)),
        Ended::Exit(signal) => Ok(by_signal(-signal)),
        Ended::Unheard => Ok(by_signal(Signal::SIGPIPE as i32)),
        Ended::Signal(signal) => Ok(by_signal(signal as i32)),
    }
}

/// Ends what still runs on the host, unless one more signal says that there is no time for it.
async fn close(hub: &Hub, signals: &mut Signals) {
    tokio::select! {
        () = hub.close() => {}
        _ = signals.next() => {}
    }
}

/// The exit code of what a signal ended, as shells have it.
fn by_signal(number: i32) -> u8 {
    u8::try_from(128 + number).unwrap_or(u8::MAX)
}

/// The host that was named, and the way to it.
async fn target(args: &Ssh) -> Result<Target, Failure> {
    let context = Context::new(&args.inventory)?;
    let inventory = context.inventory(&args.inventory, &[]).await?;
    let hosts = context.hosts(&inventory, &args.host, None)?;
    let host = match hosts.as_slice() {
        [host] => host.clone(),
        several => {
            let wrong = Diagnostic::error(format!("`{}` means {}: {}", args.host, count(several.len(), "host"), several.join(", ")));
            return Err(Failure::usage(wrong.hint(format!("name one of them; `{}[0]` is the first", args.host))));
        }
    };
    let settings =
        Settings { connection: context.connection(&args.login, None)?, extra_vars: context.extra_vars.clone(), ..Settings::default() };
    let target = engine::reach::target(inventory, settings, context.templates.clone(), &host).map_err(Failure::invalid)?;
    match target.kind {
        Kind::Ssh => Ok(target),
        Kind::Local => {
            let wrong = Diagnostic::error(format!("`{host}` is this machine: its connection is `local`, and nobody logs in to it"));
            Err(Failure::usage(wrong.hint("use a shell, or `kconf exec` for a module")))
        }
    }
}

/// Carries the streams of this process to the host and back, until the end or a signal.
async fn carry(attached: Attached, sizes: mpsc::Receiver<Size>, signals: &mut Signals, keys: bool) -> Result<Ended, Unreachable> {
    let leave = Arc::new(Notify::new());
    let stop = async {
        tokio::select! {
            signal = signals.next() => signal,
            () = leave.notified() => Signal::SIGHUP,
        }
    };
    if keys {
        let input = Escaped::new(stdin(), leave.clone());
        attached.carry(Streams { input, output: stdout(), errors: stderr() }, sizes, stop).await
    } else {
        attached.carry(Streams { input: stdin(), output: stdout(), errors: stderr() }, sizes, stop).await
    }
}

/// A host that cannot be reached, as one error.
fn unreachable(why: &Unreachable) -> Failure {
    let tried = why.tried_keys.iter().map(|key| format!("tried {}: {}", key.name, key.outcome));
    let wrong = Diagnostic::error(format!("`{}` cannot be reached: {}", why.host, why.summary()));
    let wrong = tried.fold(wrong, Diagnostic::caused_by).maybe_hint(why.hint.clone());
    Failure { diagnostics: wrong.into(), code: UNREACHABLE }
}
