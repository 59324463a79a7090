//! The request loop.

#![expect(clippy::disallowed_methods, reason = "the runner removes its own socket")]

use std::collections::HashMap;
use std::io::{BufReader, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::machine::{Access, Condition, Machine};
use super::output::Output;
use super::task;
use super::transfer::{Contents, Event, TaskTransfer, Transfers};
use crate::system::{Cancel, FileKind};
use crate::wire::{Hello, Message, OnFailure, Reply, Request, VERSION, Welcome, WireError, read_message};

/// How long tasks that are being ended may take before the runner goes without them.
const END_GRACE: Duration = Duration::from_secs(4);

/// How a runner is set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// It runs within the controller: its process goes on when it ends.
    pub in_process: bool,
}

/// Serves one controller until `input` ends or it says good-bye, then ends everything that still runs and removes what it made.
pub fn serve(input: impl Read, output: impl Write + Send + 'static, machine: impl Machine, options: Options) -> ExitCode {
    Server::new(output, machine, options).serve(input)
}

/// A runner.
pub(super) struct Server<M: Machine> {
    state: Arc<State<M>>,
    /// Small contents that were sent, by SHA-256 in hex.
    kept: Contents,
    wanted_temp_dir: Option<String>,
    options: Options,
}

/// What has to be seen to in the end, whichever way it comes.
pub(super) struct State<M: Machine> {
    output: Arc<Output>,
    transfers: Arc<Transfers>,
    machine: M,
    running: Mutex<HashMap<u32, Cancel>>,
    temp_dir: Mutex<Option<PathBuf>>,
    /// Remove the file of this program in the end.
    discard: AtomicBool,
}

impl<M: Machine> Server<M> {
    pub(super) fn new(output: impl Write + Send + 'static, machine: M, options: Options) -> Self {
        let state = State {
            output: Arc::new(Output::new(output)),
            transfers: Arc::default(),
            machine,
            running: Mutex::default(),
            temp_dir: Mutex::default(),
            discard: AtomicBool::new(false),
        };
        Self { state: Arc::new(state), kept: HashMap::new(), wanted_temp_dir: None, options }
    }

    pub(super) fn state(&self) -> Arc<State<M>> {
        Arc::clone(&self.state)
    }

    /// See [`serve`].
    pub(super) fn serve(mut self, input: impl Read) -> ExitCode {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let ended = self.converse(&mut input);
        if let Err(why) = &ended {
            let _ = self.state.output.send(&Message::Bye(why.clone()));
        }
        self.state.end();
        if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn converse(&mut self, input: &mut impl Read) -> Result<(), String> {
        let pid = if self.options.in_process { 0 } else { std::process::id() };
        let welcome = Message::Welcome(Welcome { version: VERSION, pid });
        self.state.output.send(&welcome).map_err(|error| error.to_string())?;
        match read_message(input).map_err(|error| error.to_string())? {
            Some(Message::Hello(Hello { version: VERSION, temp_dir, discard })) => {
                self.wanted_temp_dir = temp_dir;
                self.state.discard.store(discard && !self.options.in_process, Ordering::Relaxed);
            }
            Some(Message::Hello(hello)) => {
                return Err(format!("the runner speaks version {VERSION} of the protocol, the controller version {}", hello.version));
            }
            Some(_) => return Err("the first message was no hello".to_owned()),
            None => return Ok(()),
        }
        loop {
            match read_message(input) {
                Ok(Some(Message::Bye(_)) | None) | Err(WireError::Io(_) | WireError::Truncated) => return Ok(()),
                Ok(Some(message)) => self.take(message)?,
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), String> {
        match message {
            Message::Request(request) => self.start(request),
            Message::Cancel(id) => {
                if let Some(cancel) = lock(&self.state.running).get(&id) {
                    cancel.cancel();
                }
                self.state.transfers.cancel(id);
            }
            Message::Content { sha256, bytes } => {
                self.kept.insert(hex::encode(sha256), Arc::from(bytes));
            }
            Message::Forget => self.kept.clear(),
            Message::Data { transfer, bytes } => self.state.transfers.deliver(transfer, Event::Data(bytes)),
            Message::End { transfer, error } => self.state.transfers.deliver(transfer, Event::End(error)),
            Message::Credit { transfer, bytes } => self.state.transfers.deliver(transfer, Event::Credit(bytes)),
            _ => return Err("this message goes the other way".to_owned()),
        }
        Ok(())
    }

    fn start(&mut self, request: Request) {
        let id = request.id;
        let cancel = Cancel::new();
        let contents = request.contents.iter().filter_map(|digest| Some((digest.clone(), Arc::clone(self.kept.get(digest)?)))).collect();
        let job = Job {
            transfer: TaskTransfer::new(id, contents, Arc::clone(&self.state.transfers), Arc::clone(&self.state.output), cancel.clone()),
            state: Arc::clone(&self.state),
            // Where nothing can be written, tasks that write nothing still run, and the others say what is wrong with the place.
            temp_dir: self.temp_dir().unwrap_or_else(|| "/tmp".into()),
            cancel: cancel.clone(),
        };
        lock(&self.state.running).insert(id, cancel);
        // The request stays here until the thread is there, so that it can be answered when there is none.
        let (hand_over, receive) = std::sync::mpsc::channel::<Request>();
        let thread = thread::Builder::new().name(format!("request {id}")).spawn(move || {
            if let Ok(request) = receive.recv() {
                job.run(request);
            }
        });
        match thread {
            Ok(_) => {
                let _ = hand_over.send(request);
            }
            Err(error) => {
                lock(&self.state.running).remove(&id);
                self.refuse(&request, &format!("failed to start a thread for the task: {error}"));
            }
        }
    }

    fn refuse(&self, request: &Request, why: &str) {
        for index in 0..request.tasks.len() {
            let reply = Reply { id: request.id, index, reply: super::result::failed(why), recorded: Vec::new() };
            let _ = self.state.output.send(&Message::Reply(reply));
        }
    }

    /// The directory of this run on the machine, made when it is first needed.
    fn temp_dir(&self) -> Option<PathBuf> {
        let mut made = lock(&self.state.temp_dir);
        if made.is_none() {
            let wanted = self.wanted_temp_dir.as_deref();
            *made = self.state.machine.with(false, &Cancel::new(), None, |access| make_temp_dir(access, wanted)).ok().flatten();
        }
        made.clone()
    }
}

/// The first place where a directory can be made: where it is wanted, where the environment says, the usual ones.
fn make_temp_dir<S>(access: Access<'_, S>, wanted: Option<&str>) -> Option<PathBuf> {
    let Access::Real(system) = access else { return None };
    let wanted = wanted.and_then(|dir| match dir.strip_prefix('~') {
        Some(rest) => system.identity().ok().map(|who| who.home.join(rest.trim_start_matches('/'))),
        None => Some(PathBuf::from(dir)),
    });
    let environment = system.environment().ok().and_then(|variables| variables.get("TMPDIR").map(PathBuf::from));
    let candidates = [wanted, environment, Some("/tmp".into()), Some("/var/tmp".into())];
    candidates.into_iter().flatten().find_map(|dir| system.make_temporary(&dir, "kconf-", "", FileKind::Directory).ok())
}

impl<M: Machine> State<M> {
    /// Ends all tasks, waits for them (but not for ever) and removes what was made. Once is enough, twice does no harm.
    pub(super) fn end(&self) {
        for cancel in lock(&self.running).values() {
            cancel.cancel();
        }
        self.transfers.cancel_all();
        let since = Instant::now();
        while !lock(&self.running).is_empty() && since.elapsed() < END_GRACE {
            thread::sleep(Duration::from_millis(10));
        }
        if let Some(dir) = lock(&self.temp_dir).take() {
            // A machine that is out of reach keeps it.
            let _ = self.machine.with(false, &Cancel::new(), None, |access| match access {
                Access::Real(system) => system.remove(&dir),
                Access::Check(_) => Ok(()),
            });
        }
        if self.discard.load(Ordering::Relaxed)
            && let Ok(program) = std::env::current_exe()
        {
            let _ = std::fs::remove_file(program);
        }
    }
}

/// What the thread of a request needs.
struct Job<M: Machine> {
    transfer: TaskTransfer,
    state: Arc<State<M>>,
    cancel: Cancel,
    temp_dir: PathBuf,
}

impl<M: Machine> Job<M> {
    fn run(mut self, request: Request) {
        let Request { id, tasks, live, mut foreign, on_failure, acting_for, .. } = request;
        let output = Arc::clone(&self.transfer.output);
        for (index, task) in tasks.into_iter().enumerate() {
            if self.cancel.is_cancelled() {
                break;
            }
            let (machine, acting_for) = (&self.state.machine, acting_for.as_deref());
            let place = task::Place { machine, acting_for, temp_dir: &self.temp_dir, cancel: &self.cancel };
            let mut sink = |stream, bytes: &[u8]| {
                if live {
                    let _ = output.send(&Message::Live { id, stream, bytes: bytes.to_vec() });
                }
            };
            let (reply, recorded) = task::run(task, &place, &std::mem::take(&mut foreign), &mut self.transfer, &mut sink);
            self.transfer.forget_announced();
            let condition = self.state.machine.condition();
            // A task that lost its machine has no result: its host is unreachable.
            let mut failed = false;
            if condition != Condition::Lost {
                failed = self.answer(Reply { id, index, reply, recorded });
            }
            if condition != Condition::Fine {
                let _ = output.send(&Message::Bye(super::GONE.to_owned()));
                break;
            }
            if failed && on_failure == OnFailure::Stop {
                break;
            }
        }
        lock(&self.state.running).remove(&id);
    }

    /// Sends an answer; whether it is that of a failure.
    fn answer(&self, reply: Reply) -> bool {
        let (id, index, failed) = (reply.id, reply.index, reply.reply.failed());
        if let Err(WireError::TooLarge(size)) = self.transfer.output.send(&Message::Reply(reply)) {
            let why = format!("the result has {size} bytes, more than can be sent at once; write it to a file and fetch that");
            let reply = Reply { id, index, reply: super::result::failed(&why), recorded: Vec::new() };
            let _ = self.transfer.output.send(&Message::Reply(reply));
            return true;
        }
        failed
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
