//! `wait_for`: until a port, a file, a text in either, or the end of connections.

mod connections;

use std::io::{ErrorKind as IoErrorKind, Read};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::shared::describe::describe;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::base::regex::{BytesRegex, Flags, Found};
use crate::base::text;
use crate::system::{Error, ErrorKind, Follow, Stat};

/// The declaration of `wait_for`.
pub static MODULE: Spec = Spec {
    name: "wait_for",
    collections: BUILTIN,
    summary: "Wait until something is the case",
    description: &[
        "Waits until a TCP port answers or no longer does, a file is there or gone, a text appears in a file or in what a port sends, or the \
         connections to a port are over. Without `port` and `path` it waits for `timeout` seconds.",
        "In check mode nobody waits: what is not the case already is reported as something that would be waited for.",
    ],
    options: &[
        Opt::new("host", Kind::Str, "Name or address to connect to, as seen from the host. With `state: drained`: the own address that is connected to.")
            .default("\"127.0.0.1\""),
        Opt::new("port", Kind::Int, "The port to try."),
        Opt::new("path", Kind::Path, "The file to look for; symbolic links are followed."),
        Opt::new(
            "state",
            Kind::Str,
            "`started`, `present`: the port answers, the file is there. `stopped`, `absent`: it does not, it is not; `stopped` for ports only. `drained`: \
             nobody is connected to the port any more.",
        )
        .default("\"started\"")
        .choices(&["absent", "drained", "present", "started", "stopped"]),
        Opt::new(
            "search_regex",
            Kind::Str,
            "A regular expression in Python's notation that must be found in the file or in what the port sends. `^` and `$` match at every line.",
        ),
        Opt::new("timeout", Kind::Int, "Seconds after which the task fails.").default("300"),
        Opt::new("delay", Kind::Int, "Seconds to wait before the first look.").default("0"),
        Opt::new("sleep", Kind::Int, "Seconds between two looks.").default("1"),
        Opt::new("connect_timeout", Kind::Int, "Seconds that one attempt to connect may take.").default("5"),
        Opt::new("active_connection_states", Kind::List(&Kind::Str), "With `state: drained`: the states in which a connection counts.")
            .default("[\"ESTABLISHED\", \"FIN_WAIT1\", \"FIN_WAIT2\", \"SYN_RECV\", \"SYN_SENT\", \"TIME_WAIT\"]")
            .choices(&["ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV", "SYN_SENT", "TIME_WAIT"]),
        Opt::new("exclude_hosts", Kind::List(&Kind::Str), "With `state: drained`: names or addresses whose connections do not count."),
        Opt::new("msg", Kind::Str, "The message of the failure, in place of the usual one."),
    ],
    rules: &[Rule::Exclusive(&["path", "port"])],
    free_form: None,
    returns: &[
        Return { name: "elapsed", kind: "int", when: "always", doc: "Seconds that passed." },
        Return { name: "match_groups", kind: "list", when: "success", doc: "The groups of `search_regex` as they matched." },
        Return { name: "match_groupdict", kind: "dict", when: "success", doc: "The named groups of `search_regex` as they matched." },
        Return { name: "state", kind: "str", when: "success", doc: "What `state` said; with a `path` that is there: `file`, `directory`, `link` or `hard`." },
        Return { name: "path", kind: "str", when: "success", doc: "The path, and where something is there its `mode`, `owner`, `group` and `size`." },
        Return { name: "port", kind: "int", when: "success", doc: "The port." },
        Return { name: "search_regex", kind: "str", when: "success", doc: "The regular expression." },
    ],
    examples: "
- name: The node answers
  wait_for:
    port: 8551
    timeout: 60

- name: The log says that it is ready
  wait_for:
    path: /var/log/app.log
    search_regex: 'ready on port (\\d+)'

- name: The last client is gone
  wait_for:
    host: 0.0.0.0
    port: 443
    state: drained
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    host: String,
    port: Option<i64>,
    path: Option<PathBuf>,
    state: State,
    search_regex: Option<String>,
    timeout: i64,
    delay: i64,
    sleep: i64,
    connect_timeout: i64,
    active_connection_states: Vec<String>,
    exclude_hosts: Option<Vec<String>>,
    msg: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Absent,
    Drained,
    Present,
    Started,
    Stopped,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Drained => "drained",
            Self::Present => "present",
            Self::Started => "started",
            Self::Stopped => "stopped",
        }
    }

    fn is_gone(self) -> bool {
        matches!(self, Self::Absent | Self::Stopped)
    }
}

/// Looks are never closer than this, whatever `sleep` says.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let mut wait = Wait::new(ctx, &args)?;
    if args.delay > 0 {
        ctx.system.sleep(seconds(args.delay))?;
    }
    if args.port.is_none() && args.path.is_none() {
        ctx.system.sleep(seconds(args.timeout))?;
        return wait.met(ctx, &Groups::default());
    }
    loop {
        let why = match wait.look(ctx)? {
            Look::Met(groups) => return wait.met(ctx, &groups),
            Look::Not(why) => why,
        };
        let left = wait.left(ctx)?;
        if left.is_zero() {
            return Err(wait.gave_up(ctx, &why)?);
        }
        ctx.system.sleep(seconds(args.sleep).max(SHORTEST_PAUSE).min(left))?;
    }
}

fn seconds(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0))
}

/// What was found when looking.
enum Look {
    Met(Groups),
    /// Why not.
    Not(String),
}

/// What the groups of a regular expression matched.
#[derive(Default)]
struct Groups {
    all: Vec<Value>,
    named: Map<String, Value>,
}

struct Wait<'a> {
    args: &'a Arguments,
    regex: Option<BytesRegex>,
    /// When it began, since the epoch.
    start: Duration,
    /// The file as it was when it was last searched in vain.
    searched: Option<Stat>,
}

impl<'a> Wait<'a> {
    fn new(ctx: &Context<'_>, args: &'a Arguments) -> Result<Self, Failure> {
        let refusal = |why: &str| Err(Failure::new(format!("failed to wait: {why}")).with("elapsed", 0));
        if args.path.is_some() && matches!(args.state, State::Stopped | State::Drained) {
            return refusal(&format!("`state: {}` is for ports, not for a `path`", args.state.name()));
        }
        if args.state == State::Drained && args.port.is_none() {
            return refusal("`state: drained` needs a `port`");
        }
        if args.exclude_hosts.is_some() && args.state != State::Drained {
            return refusal("`exclude_hosts` needs `state: drained`");
        }
        if args.port.is_some_and(|port| u16::try_from(port).is_err()) {
            return refusal("`port` must be a number from 0 to 65535");
        }
        let flags = Flags { multi_line: true, ..Flags::default() };
        let regex = args.search_regex.as_deref().map(|pattern| BytesRegex::new(pattern, flags)).transpose();
        let regex = regex.map_err(|error| Failure::new(format!("failed to wait: {error}")))?;
        Ok(Self { args, regex, start: ctx.system.clock()?.epoch, searched: None })
    }

    fn elapsed(&self, ctx: &Context<'_>) -> Result<Duration, Failure> {
        Ok(ctx.system.clock()?.epoch.saturating_sub(self.start))
    }

    fn left(&self, ctx: &Context<'_>) -> Result<Duration, Failure> {
        Ok(seconds(self.args.timeout).saturating_sub(self.elapsed(ctx)?))
    }

    fn look(&mut self, ctx: &Context<'_>) -> Result<Look, Failure> {
        if let Some(path) = &self.args.path {
            return self.look_at(ctx, path.clone());
        }
        let port = self.args.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
        match self.args.state {
            State::Drained => {
                let count = connections::count(ctx, self.args, port)?;
                let why =
                    || Look::Not(format!("there {} still {}", if count == 1 { "is" } else { "are" }, text::count(count, "connection")));
                Ok(if count == 0 { Look::Met(Groups::default()) } else { why() })
            }
            _ => self.look_at_port(ctx, port),
        }
    }

    fn look_at(&mut self, ctx: &Context<'_>, path: PathBuf) -> Result<Look, Failure> {
        let stat = match ctx.system.stat(&path, Follow::Yes) {
            Ok(stat) => stat,
            Err(error) => return not_yet(error),
        };
        match stat {
            None if self.args.state == State::Absent => Ok(Look::Met(Groups::default())),
            None => Ok(Look::Not("it is not there".to_owned())),
            Some(_) if self.args.state == State::Absent => Ok(Look::Not("it is still there".to_owned())),
            Some(stat) => {
                let Some(regex) = &self.regex else { return Ok(Look::Met(Groups::default())) };
                let why = format!("it does not contain what matches `{}`", self.args.search_regex.as_deref().unwrap_or_default());
                if self.searched.as_ref() == Some(&stat) {
                    return Ok(Look::Not(why));
                }
                let content = match ctx.system.read(&path) {
                    Ok(content) => content,
                    Err(error) => return not_yet(error),
                };
                let found = search(regex, &content)?;
                // A file that was written to in this very moment looks the same after the next line of its author.
                self.searched = Some(stat).filter(|stat| stat.size == content.len() as u64);
                Ok(found.map_or(Look::Not(why), Look::Met))
            }
        }
    }

    fn look_at_port(&self, ctx: &Context<'_>, port: u16) -> Result<Look, Failure> {
        let longest = self.left(ctx)?.max(Duration::from_secs(1));
        let stream = match ctx.system.connect(&self.args.host, port, seconds(self.args.connect_timeout).min(longest)) {
            Err(error) if matches!(error.kind, ErrorKind::Cancelled | ErrorKind::Unpredictable) => return Err(error.into()),
            Err(_) if self.args.state.is_gone() => return Ok(Look::Met(Groups::default())),
            Err(error) => return Ok(Look::Not(error.reason)),
            Ok(_) if self.args.state.is_gone() => return Ok(Look::Not("it still answers".to_owned())),
            Ok(stream) => stream,
        };
        match &self.regex {
            None => Ok(Look::Met(Groups::default())),
            Some(regex) => self.listen(ctx, stream, regex),
        }
    }

    /// Reads what the other side sends until it matches, ends or takes too long.
    fn listen(&self, ctx: &Context<'_>, mut stream: Box<dyn Read + '_>, regex: &BytesRegex) -> Result<Look, Failure> {
        let mut received = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    received.extend_from_slice(buffer.get(..length).unwrap_or_default());
                    if let Some(groups) = search(regex, &received)? {
                        return Ok(Look::Met(groups));
                    }
                }
                Err(error) if matches!(error.kind(), IoErrorKind::TimedOut | IoErrorKind::Interrupted) => {}
                Err(error) => return Ok(Look::Not(error.to_string())),
            }
            if self.left(ctx)?.is_zero() {
                break;
            }
        }
        Ok(Look::Not(format!("what it sends does not match `{}`", self.args.search_regex.as_deref().unwrap_or_default())))
    }

    fn met(&self, ctx: &Context<'_>, groups: &Groups) -> ModuleResult {
        let mut outcome = Outcome::new()
            .with("elapsed", self.elapsed(ctx)?.as_secs())
            .with("match_groups", groups.all.clone())
            .with("match_groupdict", groups.named.clone())
            .with("port", self.args.port)
            .with("search_regex", self.args.search_regex.clone())
            .with("path", self.args.path.as_ref().map(|path| path.to_string_lossy()))
            .with("state", self.args.state.name());
        if let Some(path) = &self.args.path {
            describe(ctx.system, path, &mut outcome.result)?;
        }
        Ok(outcome.changed(false))
    }

    fn gave_up(&self, ctx: &Context<'_>, why: &str) -> Result<Failure, Failure> {
        let message = self.args.msg.clone().unwrap_or_else(|| {
            let place = match (&self.args.path, self.args.port) {
                (Some(path), _) => format!("`{}`", path.display()),
                (None, port) => format!("port {} of `{}`", port.unwrap_or_default(), self.args.host),
            };
            let time = text::seconds(seconds(self.args.timeout));
            format!("timeout when waiting for {place} to be {}: after {time} {why}", self.args.state.name())
        });
        Ok(Failure::new(message).with("elapsed", self.elapsed(ctx)?.as_secs()))
    }
}

/// What cannot be looked at may still become visible; what is cancelled or not known in check mode may not.
fn not_yet(error: Error) -> Result<Look, Failure> {
    match error.kind {
        ErrorKind::Cancelled | ErrorKind::Unpredictable => Err(error.into()),
        _ => Ok(Look::Not(error.reason)),
    }
}

fn search(regex: &BytesRegex, content: &[u8]) -> Result<Option<Groups>, Failure> {
    let found = regex.search(content).map_err(|error| Failure::new(format!("failed to wait: {error}")))?;
    Ok(found.map(|found| groups(regex, content, &found)))
}

fn groups(regex: &BytesRegex, content: &[u8], found: &Found) -> Groups {
    let text = |span: &Option<std::ops::Range<usize>>| {
        let bytes = span.clone().and_then(|span| content.get(span));
        bytes.map_or(Value::Null, |bytes| String::from_utf8_lossy(bytes).into())
    };
    let all: Vec<Value> = found.groups().iter().map(text).collect();
    let named = regex.names().zip(&all).filter_map(|(name, value)| Some((name?.to_owned(), value.clone()))).collect();
    Groups { all, named }
}

#[cfg(test)]
mod tests;
