//! A session: one identity on one host. Its runner is started by the first task that needs one.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio_util::sync::CancellationToken;

use super::bootstrap::script;
use super::elevate::{self, Prompt};
use super::ending::Ender;
use super::exec::Exec;
use super::fallback::{ShellMachine, Watch};
use super::hub::Common;
use super::link::{CallError, Link, Reason};
use super::predictions::{Predictions, Told};
use super::quote::quote;
use super::running::{Behind, Running, Unfinished};
use super::start::{Failed, How, StartFailure, Started, Streams, start};
use super::{Become, ContentSource, LiveSender, RawCommand, RawOutput, Session, Stage, Target, Unreachable, Via, inline, local, ssh};
use crate::runner;
use crate::wire::{Hello, OnFailure, Reply, Request, TaskReply, TaskRequest};

/// How long the reason of a lost connection may take to become known.
const REASON: Duration = Duration::from_millis(300);

/// Where the commands of a session run.
#[derive(Clone)]
pub(super) enum Place {
    /// At the end of a connection.
    Ssh(Arc<ssh::Connection>),
    /// Here.
    Local,
}

/// One identity on one host. Cheap to clone.
#[derive(Clone)]
pub(super) struct HostSession(Arc<Inner>);

struct Inner {
    target: Target,
    to: Option<Become>,
    place: Place,
    common: Arc<Common>,
    predictions: Arc<Predictions>,
    runner: Mutex<Option<Starting>>,
    /// Root, who predicts for a user that only check mode knows.
    stand_in: OnceLock<HostSession>,
}

type Starting = Shared<BoxFuture<'static, Result<Arc<Running>, Unreachable>>>;

impl HostSession {
    pub(super) fn new(target: Target, to: Option<Become>, place: Place, common: Arc<Common>, predictions: Arc<Predictions>) -> Self {
        let (runner, stand_in) = (Mutex::new(None), OnceLock::new());
        Self(Arc::new(Inner { target, to, place, common, predictions, runner, stand_in }))
    }

    /// Whether it is worth keeping.
    pub(super) fn is_usable(&self) -> bool {
        match &self.0.place {
            Place::Ssh(connection) => !connection.is_closed(),
            Place::Local => true,
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.0.place
    }

    pub(super) fn identity(&self) -> Option<&Become> {
        self.0.to.as_ref()
    }

    pub(super) fn common(&self) -> &Common {
        &self.0.common
    }

    /// Ends the runner in an orderly way.
    pub(super) async fn close(&self) {
        let running = self.0.runner.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Ok(running)) = running.and_then(|starting| starting.peek().cloned()) {
            running.link.bye().await;
        }
        if let Some(stand_in) = self.0.stand_in.get() {
            Box::pin(stand_in.close()).await;
        }
    }

    /// Who predicts what the user of this session would do, when `refused` says that it is not there and check mode knows that an
    /// earlier task would make it.
    fn stand_in(&self, requests: &[TaskRequest], refused: &Unreachable) -> Option<&HostSession> {
        let Inner { target, to, place, common, predictions, stand_in, .. } = &*self.0;
        let to = to.as_ref().filter(|to| refused.stage == Stage::Become && predictions.know_user(&to.user))?;
        if !requests.iter().all(|request| request.check) {
            return None;
        }
        let root = Become { user: "root".to_owned(), ..to.clone() };
        let logged_in_as_root = matches!(place, Place::Ssh(_)) && target.host.user == root.user;
        let to = if logged_in_as_root { None } else { Some(root) };
        Some(stand_in.get_or_init(|| Self::new(target.clone(), to, place.clone(), Arc::clone(common), Arc::clone(predictions))))
    }

    /// The runner, started if need be. Callers at the same time wait for the same start.
    async fn running(&self) -> Result<Arc<Running>, Unreachable> {
        let starting = {
            let mut runner = self.0.runner.lock().unwrap_or_else(PoisonError::into_inner);
            let usable = runner.as_ref().filter(|starting| match starting.peek() {
                None => true,
                Some(Ok(running)) => running.is_usable(),
                Some(Err(_)) => false,
            });
            match usable {
                Some(starting) => starting.clone(),
                None => {
                    let session = self.clone();
                    // A task of its own: whoever asked first may lose interest while others still wait.
                    let task = tokio::spawn(async move { session.start().await.map(Arc::new) });
                    let lost = self.unreachable(Stage::Cancelled, "the run was cancelled", None);
                    let starting = async move { task.await.unwrap_or(Err(lost)) }.boxed().shared();
                    runner.insert(starting).clone()
                }
            }
        };
        starting.await
    }

    async fn start(&self) -> Result<Running, Unreachable> {
        let hello =
            Hello { version: crate::wire::VERSION, temp_dir: self.0.target.temp_dir.clone(), discard: self.0.common.options.no_cache };
        if matches!(self.0.place, Place::Local) && self.0.to.is_none() {
            let link = self.serve_here(runner::ThisMachine::default(), hello)?;
            return Ok(self.now_running(link, Via::InProcess, Behind::default()));
        }
        let started = self.bootstrap().await?;
        let (how, pid) = (started.how.clone(), started.pid);
        let Streams { stdin, stdout, remains, guard } = started.into_streams();
        let behind = Behind { remains, _guard: Some(guard) };
        let (via, link) = match how {
            How::Sent(bytes) => {
                self.0.common.counting.upload();
                (Via::RunnerSent(bytes), Link::start(stdout, stdin, hello))
            }
            How::Cached | How::Ready => (Via::RunnerCached, Link::start(stdout, stdin, hello)),
            How::Shell(why) => {
                let ender = Ender::new(self, pid);
                let runtime = tokio::runtime::Handle::current();
                let teaching = tokio::task::spawn_blocking(move || ShellMachine::new(stdout, stdin, runtime)).await;
                let failed = |error: &dyn std::fmt::Display| {
                    let hint = format!("its shell is used because {why}");
                    self.unreachable(Stage::RunnerStart, &error.to_string(), Some(hint))
                };
                let machine = teaching.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
                let watch = machine.watch();
                let link = self.serve_here(machine, hello)?;
                self.0.common.works_through_shell(&self.0.target.name, &why);
                self.0.common.endings.spawn(end_shell(link.ended(), link.reason(), ender, watch));
                (Via::Shell(why), link)
            }
        };
        Ok(self.now_running(link, via, behind))
    }

    fn now_running(&self, link: Link, via: Via, behind: Behind) -> Running {
        let number = self.0.common.counting.runner();
        Running { link, via, number, told: Told::default(), sent: Mutex::default(), behind, doomed: AtomicBool::new(false) }
    }

    /// The same request loop within this process.
    fn serve_here(&self, machine: impl runner::Machine, hello: Hello) -> Result<Link, Unreachable> {
        let failed = |error: std::io::Error| self.unreachable(Stage::RunnerStart, &error.to_string(), None);
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(failed)?;
        let input = theirs.try_clone().map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let (read, write) = tokio::net::UnixStream::from_std(ours).map_err(failed)?.into_split();
        let options = runner::Options { in_process: true };
        let serve = move || runner::serve(input, theirs, machine, options);
        std::thread::Builder::new().name("runner".to_owned()).spawn(serve).map_err(failed)?;
        Ok(Link::start(read, write, hello))
    }

    /// Starts the runner, anew when the one in the cache does not run, or a shell when none does.
    async fn bootstrap(&self) -> Result<Started, Unreachable> {
        let runners = &self.0.common.options.runners;
        let (mut fresh, mut shell_because) = (false, None);
        loop {
            let (line, to) = self.line(&script(runners, fresh))?;
            let exec = self.exec(&line, false).await?;
            match start(exec, to, runners, shell_because.as_deref()).await {
                Ok(started) => return Ok(started),
                Err(Failed::Stale) if !fresh => fresh = true,
                Err(Failed::DoesNotRun(why)) if shell_because.is_none() => (fresh, shell_because) = (true, Some(why)),
                Err(Failed::Stale) => return Err(self.lost_now("the runner ended before it said anything").await),
                Err(Failed::DoesNotRun(why)) => return Err(self.unreachable(Stage::RunnerStart, &why, None)),
                Err(Failed::For(failure)) => return Err(self.start_failed(failure).await),
            }
        }
    }

    /// The command line that runs `script` with /bin/sh as the identity of the session.
    pub(super) fn line(&self, script: &str) -> Result<(String, Option<(&Become, Prompt)>), Unreachable> {
        match &self.0.to {
            None => Ok((format!("exec /bin/sh -c {}", quote(script)), None)),
            Some(to) => {
                let (line, prompt) = elevate::command(to, script).map_err(|why| self.unreachable(Stage::Become, &why, None))?;
                Ok((line, Some((to, prompt))))
            }
        }
    }

    pub(super) async fn exec(&self, line: &str, kill: bool) -> Result<Exec, Unreachable> {
        self.0.common.counting.channel();
        let result = match &self.0.place {
            Place::Ssh(connection) => connection.exec(line, kill).await,
            Place::Local => local::exec(line, kill),
        };
        match result {
            Ok(exec) => Ok(exec),
            Err(why) => match self.broken() {
                Some(lost) => Err(lost),
                None => Err(self.unreachable(Stage::Channel, &why, None)),
            },
        }
    }

    pub(super) async fn start_failed(&self, failure: StartFailure) -> Unreachable {
        // What ends because the connection ended is not the fault of a shell or of sudo.
        tokio::time::sleep(REASON / 10).await;
        self.broken().unwrap_or_else(|| self.unreachable(failure.stage, &failure.message, failure.hint))
    }

    pub(super) fn unreachable(&self, stage: Stage, message: &str, hint: Option<String>) -> Unreachable {
        Unreachable {
            host: self.0.target.name.clone(),
            hop: match &self.0.place {
                Place::Ssh(_) => self.0.target.host.login(),
                Place::Local => "this machine".to_owned(),
            },
            bastion: false,
            stage,
            message: message.to_owned(),
            hint,
            tried_keys: Vec::new(),
        }
    }

    /// The error of a connection that ended, if it did.
    pub(super) fn broken(&self) -> Option<Unreachable> {
        let Place::Ssh(connection) = &self.0.place else { return None };
        let (hop, why) = connection.broken()?;
        let bastion = hop.login() != self.0.target.host.login();
        Some(Unreachable { hop: ssh::hop_label(hop, bastion), bastion, ..self.unreachable(Stage::Lost, &why, None) })
    }

    /// The error of a runner that is gone. Why, is known a moment later.
    pub(super) async fn lost_now(&self, message: &str) -> Unreachable {
        for _ in 0..10 {
            if let Some(lost) = self.broken() {
                return lost;
            }
            tokio::time::sleep(REASON / 10).await;
        }
        self.unreachable(Stage::Lost, message, None)
    }

    async fn runner_lost(&self, running: &Running) -> Unreachable {
        let why = running.link.lost().unwrap_or_else(|| "the runner ended".to_owned());
        let mut lost = self.lost_now(&why).await;
        let stderr = running.behind.remains.text();
        if lost.message == why {
            if let Some(code) = running.behind.remains.exit_code() {
                lost.message = match code {
                    ..0 => format!("{why}, by signal {}", -code),
                    _ => format!("{why} with code {code}"),
                };
            }
            if !stderr.is_empty() {
                lost.message = format!("{}: {stderr}", lost.message);
            }
        }
        lost
    }

    async fn call_running(
        &self,
        requests: Vec<TaskRequest>,
        on_failure: OnFailure,
        content: &dyn ContentSource,
        live: LiveSender,
        each: &mut (dyn FnMut(usize, TaskReply) + Send),
    ) -> Result<(), Unreachable> {
        let count = requests.len();
        let all_check = requests.iter().all(|request| request.check);
        let started = match self.0.stand_in.get().filter(|_| all_check) {
            Some(stand_in) => stand_in.running().await,
            None => match self.running().await {
                Err(refused) => match self.stand_in(&requests, &refused) {
                    Some(stand_in) => stand_in.running().await,
                    None => return Err(refused),
                },
                running => running,
            },
        };
        let acting_for = self.0.stand_in.get().filter(|_| all_check).and(self.0.to.as_ref()).map(|to| to.user.clone());
        let running = match (started, &acting_for) {
            (Err(refused), Some(user)) if refused.stage == Stage::Become => {
                let why = format!("the user `{user}` is there only after the real run, and root cannot look for it: {}", refused.message);
                (0..count).for_each(|index| each(index, runner::unknown(&why)));
                return Ok(());
            }
            (running, _) => running?,
        };
        let inline::Prepared { before, digests } =
            inline::prepare(&requests, content, &mut running.sent.lock().unwrap_or_else(PoisonError::into_inner));
        let predictions = &self.0.predictions;
        let check = requests.iter().any(|request| request.check);
        let foreign = if check { predictions.news(running.number, &running.told) } else { Vec::new() };
        let request = Request { id: 0, tasks: requests, contents: digests, live: false, foreign, on_failure, acting_for };
        self.0.common.counting.request();
        let mut take = |reply: Reply| {
            predictions.add(running.number, reply.recorded);
            each(reply.index, reply.reply);
        };
        let mut unfinished = Unfinished::new(&running, &self.0.common.endings);
        let called = running.link.call(&before, request, content, live, &mut take).await;
        unfinished.finished();
        match called {
            Ok(()) => Ok(()),
            Err(CallError::TooLarge(why)) => {
                let answered = if on_failure == OnFailure::Stop { count.min(1) } else { count };
                (0..answered).for_each(|index| each(index, runner::failed(&why)));
                Ok(())
            }
            Err(CallError::Lost) => Err(self.runner_lost(&running).await),
        }
    }

    /// Runs `work` unless the run is cancelled.
    async fn unless_cancelled<T>(&self, work: impl Future<Output = Result<T, Unreachable>>) -> Result<T, Unreachable> {
        tokio::select! {
            biased;
            () = self.0.common.cancelled.cancelled() => Err(self.unreachable(Stage::Cancelled, "the run was cancelled", None)),
            result = work => result,
        }
    }
}

/// Ends the shell of a host when a task that was ended leaves it behind. At the end of the run it ends by itself.
async fn end_shell(ended: CancellationToken, reason: Reason, mut ender: Ender, watch: Watch) {
    ended.cancelled().await;
    ender.remove = watch.temp_dir();
    if reason.get().as_deref() != Some(runner::GONE) {
        ender.disarm();
    }
}

#[async_trait]
impl Session for HostSession {
    async fn call_many(
        &self,
        requests: Vec<TaskRequest>,
        on_failure: OnFailure,
        content: &dyn ContentSource,
        live: LiveSender,
        each: &mut (dyn FnMut(usize, TaskReply) + Send),
    ) -> Result<(), Unreachable> {
        self.unless_cancelled(self.call_running(requests, on_failure, content, live, each)).await
    }

    async fn raw(&self, command: RawCommand, live: LiveSender) -> Result<RawOutput, Unreachable> {
        self.unless_cancelled(self.run_raw(command, live)).await
    }

    fn via(&self) -> Via {
        let runner = self.0.runner.lock().unwrap_or_else(PoisonError::into_inner);
        match runner.as_ref().and_then(|starting| starting.peek()) {
            Some(Ok(running)) => running.via.clone(),
            _ => Via::Nothing,
        }
    }

    fn lost(&self, message: &str) -> Unreachable {
        self.broken().unwrap_or_else(|| self.unreachable(Stage::Lost, message, None))
    }
}
