//! Tasks through runners: sent, cached, in this process, as another user.

use std::fs;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kconf::modules::ContentRef;
use kconf::system::Stream;
use kconf::transport::{Become, ContentSource, Hub, HubOptions, Incoming, LiveSender, NoContent, Runners, Session, Stage, Target, Via};
use kconf::wire::{OnFailure, TaskRequest};
use serde_json::{Map, Value, json};
use sha2::Digest;

use super::server::{Sshd, eventually, is_running};

/// The runner as the tests were built with it, without what only a debugger wants.
pub(crate) fn runners() -> Runners {
    static RUNNERS: std::sync::OnceLock<Runners> = std::sync::OnceLock::new();
    let load = || {
        let copy = tempfile::NamedTempFile::new().expect("a file").into_temp_path();
        let built = env!("CARGO_BIN_EXE_kconf-runner");
        let stripped = std::process::Command::new("strip").arg("-o").arg(&copy).arg(built).status().is_ok_and(|status| status.success());
        let program = if stripped { &copy } else { std::path::Path::new(built) };
        Runners::from_file(std::env::consts::ARCH, program).expect("reads")
    };
    RUNNERS.get_or_init(load).clone()
}

pub(crate) fn hub() -> Hub {
    Hub::new(HubOptions { runners: runners(), ..HubOptions::default() })
}

/// A task as the engine would send it: every declared option is there.
pub(crate) fn task(module: &str, args: Value) -> TaskRequest {
    let mut all = Map::new();
    for option in kconf::modules::find(module).expect("a module").options {
        let default = option.default.map_or(Value::Null, |json| serde_json::from_str(json).expect("JSON"));
        all.insert(option.name.to_owned(), default);
    }
    all.extend(args.as_object().expect("a mapping").clone());
    TaskRequest { module: module.to_owned(), args: all, check: false, diff: false, environment: Default::default() }
}

/// The result of a task that goes well.
pub(crate) async fn run(session: &Arc<dyn Session>, request: TaskRequest) -> Map<String, Value> {
    let result = session.call(request, &NoContent, LiveSender::none()).await.expect("is reached").result;
    assert!(!result.contains_key("failed") || result.contains_key("timedout"), "{result:?}");
    result
}

fn shell(line: &str) -> TaskRequest {
    task("shell", json!({ "cmd": line }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_is_sent_once_and_found_again() {
    let sshd = Sshd::start();
    for expected in ["sent", "cached"] {
        let hub = hub();
        let session = hub.session(&sshd.target(), None).await.expect("connects");
        let result = run(&session, task("ping", json!({}))).await;
        assert_eq!(Value::Object(result), json!({ "changed": false, "ping": "pong" }));
        assert_eq!(matches!(session.via(), Via::RunnerSent(_)), expected == "sent", "{:?}", session.via());
        assert_eq!(matches!(session.via(), Via::RunnerCached), expected == "cached", "{:?}", session.via());
        for _ in 0..10 {
            run(&session, task("ping", json!({}))).await;
        }
        let counters = hub.counters();
        assert_eq!((counters.connections, counters.channels, counters.requests), (1, 1, 11));
        hub.close().await;
    }
    // sshd agrees: two connections, one command each.
    assert_eq!((sshd.count("Accepted publickey"), sshd.count("Starting session")), (2, 2), "{}", sshd.log());
    eventually("the end of the runner", || !is_running(&sshd.path("cache").display().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cached_file_is_the_only_thing_left_and_goes_when_asked() {
    let sshd = Sshd::start();
    let session_once = async |no_cache| {
        let hub = Hub::new(HubOptions { runners: runners(), no_cache });
        let session = hub.session(&sshd.target(), None).await.expect("connects");
        let result = run(&session, shell("echo $TMPDIR; ls -d /tmp/kconf-*/ 2>/dev/null | wc -l")).await;
        assert_eq!(result["rc"], 0);
        hub.close().await;
    };
    let cached = || fs::read_dir(sshd.path("cache/kconf")).map_or(0, |entries| entries.count());
    session_once(false).await;
    assert_eq!(cached(), 1);
    session_once(true).await;
    eventually("the file to go", || cached() == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_cached_file_is_replaced() {
    let sshd = Sshd::start();
    let hub_1 = hub();
    run(&hub_1.session(&sshd.target(), None).await.expect("connects"), task("ping", json!({}))).await;
    hub_1.close().await;
    let file = fs::read_dir(sshd.path("cache/kconf")).expect("a cache").flatten().next().expect("a file").path();
    eventually("the end of the runner", || !is_running(&file.display().to_string()));
    fs::write(&file, "\x7fELF broken").expect("writes");
    let hub_2 = hub();
    let session = hub_2.session(&sshd.target(), None).await.expect("connects");
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    assert!(matches!(session.via(), Via::RunnerSent(_)));
    hub_2.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_of_the_login_shell_does_no_harm() {
    let sshd = Sshd::with("ForceCommand echo Welcome!; printf 'no line end'; eval \"$SSH_ORIGINAL_COMMAND\"\n");
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    hub.close().await;

    let mute = Sshd::with("ForceCommand echo This account is not available.; exit 1\n");
    let session = hub_of_one(&mute).await;
    let error = session.call(task("ping", json!({})), &NoContent, LiveSender::none()).await.expect_err("no shell");
    assert_eq!(error.stage, Stage::RunnerStart);
    assert!(error.message.contains("ended with code 1"), "{error}");
}

async fn hub_of_one(sshd: &Sshd) -> Arc<dyn Session> {
    hub().session(&sshd.target(), None).await.expect("connects")
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_have_the_mask_and_the_environment_of_the_login() {
    let sshd = Sshd::with("ForceCommand umask 027; export MARK=kept; eval \"$SSH_ORIGINAL_COMMAND\"\n");
    for _ in ["sent", "cached"] {
        let hub = hub();
        let session = hub.session(&sshd.target(), None).await.expect("connects");
        assert_eq!(run(&session, shell("umask; echo $MARK; pwd")).await["stdout"], format!("0027\nkept\n{}", home()));
        hub.close().await;
    }
}

fn home() -> String {
    nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().expect("a user").dir.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_at_the_same_time_do_not_wait_for_each_other() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let gate = sshd.path("gate");
    let waiting = shell(&format!("while ! test -e {0}; do sleep 0.05; done; echo through", gate.display()));
    let slow = tokio::spawn({
        let session = Arc::clone(&session);
        async move { run(&session, waiting).await }
    });
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    run(&session, shell(&format!("touch {}", gate.display()))).await;
    assert_eq!(slow.await.expect("joins")["stdout"], "through");
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_is_one_request_and_goes_on_after_a_failure() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let requests = (0..100).map(|number| shell(&format!("echo {number}; test {number} != 3"))).collect();
    let mut seen = Vec::new();
    let mut each =
        |index, reply: kconf::wire::TaskReply| seen.push((index, reply.result["stdout"].clone(), reply.result.contains_key("failed")));
    session.call_many(requests, OnFailure::GoOn, &NoContent, LiveSender::none(), &mut each).await.expect("is reached");
    let expected: Vec<_> = (0..100).map(|number| (number, Value::from(number.to_string()), number == 3)).collect();
    assert_eq!(seen, expected);
    assert_eq!(hub.counters().requests, 1);
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_behind_one_that_fails_are_not_run_when_they_must_not_be() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let mark = sshd.path("mark");
    let requests = ["echo one", "echo two; false", &format!("touch {}", mark.display())].map(shell).to_vec();
    let mut seen = Vec::new();
    let mut each = |index, reply: kconf::wire::TaskReply| seen.push((index, reply.result["stdout"].clone()));
    session.call_many(requests, OnFailure::Stop, &NoContent, LiveSender::none(), &mut each).await.expect("is reached");
    assert_eq!(seen, [(0, Value::from("one")), (1, Value::from("two"))]);
    // The session is as good as before.
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    assert!(!mark.exists());
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_is_seen_while_a_command_runs() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let gate = sshd.path("gate");
    let seen = Arc::new(Mutex::new(String::new()));
    let live = LiveSender::new({
        let (seen, gate) = (Arc::clone(&seen), gate.clone());
        move |stream, bytes: &[u8]| {
            seen.lock().expect("lock").push_str(&String::from_utf8_lossy(bytes));
            // The command ends only after its output was seen here.
            if stream == Stream::Stdout {
                fs::write(&gate, "").expect("writes");
            }
        }
    });
    let line = format!("echo early; while ! test -e {0}; do sleep 0.05; done; echo late >&2", gate.display());
    let reply = session.call(shell(&line), &NoContent, live).await.expect("is reached");
    assert_eq!(reply.result["stdout"], "early");
    assert_eq!(*seen.lock().expect("lock"), "early\nlate\n");
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_is_ended() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    run(&session, task("ping", json!({}))).await;
    // Dropped.
    let dropped = session.call(shell("sleep 86421; :"), &NoContent, LiveSender::none());
    assert!(tokio::time::timeout(Duration::from_millis(700), dropped).await.is_err());
    eventually("the end of the command", || !is_running("sleep 86421"));
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    // The whole run is cancelled.
    let running = tokio::spawn({
        let session = Arc::clone(&session);
        async move { session.call(shell("trap '' TERM; sleep 86423; :"), &NoContent, LiveSender::none()).await }
    });
    eventually("the start of the command", || is_running("sleep 86423"));
    hub.cancel();
    assert_eq!(running.await.expect("joins").expect_err("cancelled").stage, Stage::Cancelled);
    hub.close().await;
    assert!(!is_running("sleep 86423"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_ends_what_ran_and_is_reported() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let running = tokio::spawn(async move { session.call(shell("sleep 86424; :"), &NoContent, LiveSender::none()).await });
    eventually("the start of the command", || is_running("sleep 86424"));
    sshd.cut_connections();
    let error = running.await.expect("joins").expect_err("lost");
    assert_eq!(error.stage, Stage::Lost, "{error}");
    eventually("the end of the command", || !is_running("sleep 86424"));
    // The next session connects again.
    let session = hub.session(&sshd.target(), None).await.expect("connects again");
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    hub.close().await;
}

/// Content in memory, and what came back.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) content: Vec<Vec<u8>>,
    opened: Mutex<usize>,
    received: Arc<Mutex<Vec<(String, Vec<u8>)>>>,
}

impl Store {
    pub(crate) fn add(&mut self, bytes: Vec<u8>) -> Value {
        let reference =
            json!({ "sha256": hex(&sha2::Sha256::digest(&bytes)), "sha1": hex(&sha1::Sha1::digest(&bytes)), "size": bytes.len() });
        self.content.push(bytes);
        reference
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl ContentSource for Store {
    fn open(&self, content: &ContentRef) -> io::Result<Box<dyn Read + Send>> {
        *self.opened.lock().expect("lock") += 1;
        let found = self.content.iter().find(|bytes| hex(&sha2::Sha256::digest(bytes)) == content.sha256);
        Ok(Box::new(io::Cursor::new(found.ok_or_else(|| io::Error::other("no such content"))?.clone())))
    }

    fn receive(&self, name: &str) -> io::Result<Box<dyn Incoming>> {
        Ok(Box::new(Received { name: name.to_owned(), bytes: Vec::new(), store: Arc::clone(&self.received) }))
    }
}

struct Received {
    name: String,
    bytes: Vec<u8>,
    store: Arc<Mutex<Vec<(String, Vec<u8>)>>>,
}

impl Write for Received {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Incoming for Received {
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.store.lock().expect("lock").push((self.name, self.bytes));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn content_goes_once_and_only_when_it_is_needed() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let mut store = Store::default();
    let small = store.add(b"small\n".to_vec());
    // More than the window of a transfer, and no multiple of anything.
    let large = store.add((0..11_000_003u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect());
    let copy = |content: &Value, name: &str| {
        let dest = sshd.path(name).display().to_string();
        task("copy", json!({ "dest": dest, "_content": content, "mode": "0600" }))
    };
    for (content, name, index) in [(&small, "a", 0), (&small, "b", 0), (&large, "c", 1)] {
        let result = session.call(copy(content, name), &store, LiveSender::none()).await.expect("is reached").result;
        assert_eq!(result["changed"], true, "{result:?}");
        assert_eq!(fs::read(sshd.path(name)).expect("reads"), store.content[index]);
    }
    // The small one was read once for two files; the large one is not read again when the file is there.
    assert_eq!(*store.opened.lock().expect("lock"), 2);
    let again = session.call(copy(&large, "c"), &store, LiveSender::none()).await.expect("is reached").result;
    assert_eq!(again["changed"], false);
    assert_eq!(*store.opened.lock().expect("lock"), 2);
    // Content that nobody has fails the task, not the host.
    let missing = json!({ "sha256": "00".repeat(32), "sha1": "00".repeat(20), "size": 5 });
    let failed = session.call(copy(&missing, "d"), &store, LiveSender::none()).await.expect("is reached").result;
    assert_eq!(failed["failed"], true);
    assert!(failed["msg"].as_str().is_some_and(|msg| msg.contains("no such content")), "{failed:?}");
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_files_are_one_stream() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let mut store = Store::default();
    // Too large to go along with the request, and together more than may wait on the host.
    let contents: Vec<Value> = (0..60u8).map(|number| store.add(vec![number; 100_000 + usize::from(number)])).collect();
    let entry = |(number, content): (usize, &Value)| json!({ "path": format!("f{number}"), "kind": { "file": content } });
    let tree: Vec<Value> = contents.iter().enumerate().map(entry).collect();
    let copy = || {
        let dest = sshd.path("tree").display().to_string();
        task("copy", json!({ "dest": dest, "_tree": tree, "mode": "0600", "directory_mode": "0700" }))
    };
    for changed in [true, false] {
        let result = session.call(copy(), &store, LiveSender::none()).await.expect("is reached").result;
        assert_eq!(result["changed"], changed, "{result:?}");
    }
    for (number, content) in store.content.iter().enumerate() {
        assert_eq!(fs::read(sshd.path(&format!("tree/f{number}"))).expect("reads"), *content);
    }
    assert_eq!(*store.opened.lock().expect("lock"), 60, "each was sent once");
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_mode_sees_its_own_predictions_under_every_identity() {
    let _nobody = super::identity::Nobody::alone();
    let sshd = Sshd::start();
    let hub = hub();
    let target = sshd.target();
    let me = hub.session(&target, None).await.expect("connects");
    let other = hub.session(&target, Some(&Become::sudo("nobody"))).await.expect("connects");
    let dir = sshd.path("made");
    let make =
        TaskRequest { check: true, ..task("file", json!({ "path": dir.display().to_string(), "state": "directory", "mode": "0755" })) };
    let look = TaskRequest { check: true, ..task("stat", json!({ "path": dir.display().to_string() })) };
    assert_eq!(run(&other, look.clone()).await["stat"]["exists"], false);
    assert_eq!(run(&me, make.clone()).await["changed"], true);
    assert_eq!(run(&me, make).await["changed"], false, "it would be there by now");
    assert_eq!(run(&other, look).await["stat"]["exists"], true);
    assert!(!dir.exists());
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_mode_predicts_for_a_user_who_is_not_there_yet() {
    let sshd = Sshd::start();
    let hub = hub();
    let target = sshd.target();
    let me = hub.session(&target, None).await.expect("connects");
    let app = hub.session(&target, Some(&Become::sudo("kconf-app"))).await.expect("connects");
    let look = TaskRequest { check: true, ..task("stat", json!({ "path": "/proc/self" })) };
    let refused = app.call(look.clone(), &NoContent, LiveSender::none()).await.expect_err("there is no such user");
    assert_eq!(refused.stage, Stage::Become);
    let user = TaskRequest { check: true, ..task("user", json!({ "name": "kconf-app", "create_home": false })) };
    assert_eq!(run(&me, user).await["changed"], true);
    assert_eq!(run(&app, look.clone()).await["stat"]["exists"], true);
    let command = TaskRequest { check: true, ..task("command", json!({ "argv": ["touch", "x"], "creates": "/var/lib/nothing" })) };
    assert_eq!(run(&app, command).await["changed"], true);
    let make = TaskRequest { check: true, ..task("file", json!({ "path": "/root/x", "state": "directory" })) };
    let refused = app.call(make, &NoContent, LiveSender::none()).await.expect("is reached").result;
    assert!(refused["msg"].as_str().is_some_and(|msg| msg.contains("Permission denied")), "{refused:?}");
    let refused = app.call(TaskRequest { check: false, ..look }, &NoContent, LiveSender::none()).await;
    assert!(refused.is_err(), "in earnest nobody stands in");
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_in_this_process() {
    let hub = hub();
    let session = hub.session(&Target::local("localhost"), None).await.expect("is here");
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    assert_eq!(session.via(), Via::InProcess);
    assert_eq!(run(&session, shell("echo $PPID")).await["stdout"], std::process::id().to_string());
    let dropped = session.call(shell("sleep 86425; :"), &NoContent, LiveSender::none());
    assert!(tokio::time::timeout(Duration::from_millis(500), dropped).await.is_err());
    eventually("the end of the command", || !is_running("sleep 86425"));
    hub.close().await;
}
