//! Commands on a terminal, by `script` of the host: its output goes to a file there, which is read in turns, and answers to a pipe.

use std::io::{Read, Write};
use std::time::Instant;

use super::commands::{exit_code, judge, preparation, words};
use super::session::Reply;
use super::{ShellSystem, quote};
use crate::system::terminal::{HESITATION, SIZE};
use crate::system::{Command, Conversed, Error, ErrorKind, Listener, Result, Terminal};

/// What a request knows besides the library.
const LIBRARY: &str = include_str!("terminal.sh");
const NO_TERMINAL: &str =
    "the host is worked on through its shell, and for a terminal that needs `script` of util-linux, `mkfifo` and `stty` there";

impl<S: Read + Write + Send> ShellSystem<S> {
    pub(super) fn hold_conversation(&self, command: &Command, terminal: &Terminal, listen: &mut Listener<'_>) -> Result<Conversed> {
        let Some(program) = command.argv.first().filter(|program| !program.is_empty()) else {
            return Err(Error::new(ErrorKind::Other, "run a command", "it has no program"));
        };
        let attempt = format!("run `{program}`");
        self.cancel.check(&attempt)?;
        // Without a timeout of its own: patience ends it.
        let command = Command { timeout: None, ..command.clone() };
        let dir = format!("K_D=$K_T/{}\n{LIBRARY}", quote::fresh());
        let start = format!("{dir}\n{}\nk_talk {}", preparation(&command), quote::text(on_terminal(&command, terminal)));
        let started = self.session.borrow_mut().exchange(&start, true)?;
        if started.reported() == Some("no-terminal") {
            return Err(Error::new(ErrorKind::Unsupported, format!("open a terminal for `{program}`"), NO_TERMINAL));
        }
        let started = judge(started, &command, &attempt, std::time::Duration::ZERO)?;
        if !started.success() {
            return Err(Error::new(ErrorKind::Other, attempt, started.stderr_text().trim().to_owned()));
        }
        let result = self.listen(&dir, terminal, &attempt, listen);
        let end = if matches!(result, Ok(Conversed::Ended(_))) { "" } else { "read -r K_P <\"$K_D/p\" && k_hang_up \"$K_P\"\n" };
        let swept = self.session.borrow_mut().exchange(&format!("{dir}\n{end}rm -rf \"$K_D\""), false);
        result.and_then(|conversed| swept.map(|_| conversed))
    }

    fn listen(&self, dir: &str, terminal: &Terminal, attempt: &str, listen: &mut Listener<'_>) -> Result<Conversed> {
        let mut answered = Instant::now();
        let mut heard = 0;
        loop {
            self.cancel.check(attempt)?;
            let reply = self.session.borrow_mut().exchange(&format!("{dir}\nk_hear {heard}"), false)?;
            let (state, output) = split(&reply);
            let ended = state.parse().ok();
            heard += output.len();
            let mut new = output;
            while !output.is_empty()
                && let Some(answer) = listen(new)?
            {
                self.cancel.sleep(HESITATION)?;
                // Through the standard input of small tools, so that no process list shows it.
                let mut session = self.session.borrow_mut();
                let pipe = session.feeding(answer.expose().as_bytes(), "cat 1<>\"$K_D/i\"");
                session.exchange(&format!("{dir}\n{pipe}"), false)?;
                answered = Instant::now();
                new = &[];
            }
            if let Some(rc) = ended {
                return Ok(Conversed::Ended(exit_code(rc)));
            }
            if terminal.patience.is_some_and(|patience| answered.elapsed() >= patience) {
                return Ok(Conversed::TooLong);
            }
        }
    }
}

/// The script that becomes the command on the terminal.
fn on_terminal(command: &Command, terminal: &Terminal) -> String {
    let echo = if terminal.echo { "echo" } else { "-echo" };
    format!(
        "stty rows {} cols {} {echo}\necho $$ >\"$K_D/p\"\nK_P=$K_E\n\
         if [ -n \"$K_SHELL\" ]; then SHELL=$K_SHELL; else unset SHELL; fi\nunset K_D K_E K_SHELL\nexec {}",
        SIZE.0,
        SIZE.1,
        words(command, "K_P"),
    )
}

/// How the command is, and what came from the terminal.
fn split(reply: &Reply) -> (String, &[u8]) {
    let at = reply.stdout.iter().position(|byte| *byte == b'\n').unwrap_or(reply.stdout.len());
    let (state, rest) = reply.stdout.split_at(at);
    (String::from_utf8_lossy(state).into_owned(), rest.get(1..).unwrap_or_default())
}
