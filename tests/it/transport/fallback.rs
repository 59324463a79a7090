//! Hosts on which no runner runs.

use std::fs;
use std::time::Duration;

use kconf::transport::{Become, Hub, HubOptions, LiveSender, NoContent, Runners, Stage, Via};
use kconf::wire::TaskRequest;
use serde_json::{Map, Value, json};

use super::identity::Nobody;
use super::server::{Sshd, eventually, is_running};
use super::tasks::{Store, hub, run, task};

fn without_runners() -> Hub {
    Hub::new(HubOptions { runners: Runners::none(), ..HubOptions::default() })
}

/// A directory and the tasks that are done in it.
fn tasks(dir: &str) -> Vec<TaskRequest> {
    let path = |name: &str| format!("{dir}/{name}");
    let check = |request: TaskRequest| TaskRequest { check: true, diff: true, ..request };
    let file = |args: Value| task("file", args);
    vec![
        task("ping", json!({})),
        task("shell", json!({ "cmd": "echo out; echo err >&2; exit 3" })),
        task("command", json!({ "cmd": "printf %s\\n one two", "strip_empty_ends": true })),
        check(file(json!({ "path": path("sub"), "state": "directory", "mode": "0750" }))),
        check(file(json!({ "path": path("sub/deep"), "state": "directory", "mode": "0750" }))),
        file(json!({ "path": path("sub"), "state": "directory", "mode": "0750" })),
        file(json!({ "path": path("sub"), "state": "directory", "mode": "0750" })),
        file(json!({ "path": path("sub/link"), "src": "target", "state": "link", "force": true })),
        file(json!({ "path": path("none"), "state": "file" })),
        task("lineinfile", json!({ "path": path("lines"), "line": "a = 1", "create": true, "mode": "0644" })),
        task("lineinfile", json!({ "path": path("lines"), "line": "a = 2", "regexp": "^a =" })),
        task("slurp", json!({ "src": path("lines") })),
        file(json!({ "path": path("sub"), "state": "absent" })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_results_with_and_without_a_runner() {
    let sshd = Sshd::start();
    let mut results: Vec<Vec<Map<String, Value>>> = Vec::new();
    for (hub, name) in [(hub(), "a"), (without_runners(), "b")] {
        let dir = sshd.path(name);
        fs::create_dir(&dir).expect("makes");
        let session = hub.session(&sshd.target(), None).await.expect("connects");
        let mut mine = Vec::new();
        for request in tasks(&dir.display().to_string()) {
            let mut result = session.call(request, &NoContent, LiveSender::none()).await.expect("is reached").result;
            for moment in ["start", "end", "delta"] {
                result.remove(moment);
            }
            let text = Value::Object(result).to_string().replace(&dir.display().to_string(), "DIR");
            mine.push(serde_json::from_str(&text).expect("JSON"));
        }
        assert_eq!(matches!(session.via(), Via::Shell(_)), name == "b", "{:?}", session.via());
        results.push(mine);
        hub.close().await;
    }
    let (with, without) = (&results[0], &results[1]);
    for (number, (with, without)) in with.iter().zip(without).enumerate() {
        assert_eq!(with, without, "task {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_does_not_run_there() {
    let sshd = Sshd::start();
    fs::write(sshd.path("broken"), "\x7fELF this is for another machine").expect("writes");
    let runners = Runners::from_file(std::env::consts::ARCH, &sshd.path("broken")).expect("reads");
    let hub = Hub::new(HubOptions { runners, ..HubOptions::default() });
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    assert!(matches!(session.via(), Via::Shell(why) if why.contains("does not run")), "{:?}", session.via());
    hub.close().await;
    let left: Vec<_> = fs::read_dir(sshd.path("cache/kconf")).expect("a cache").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_directory_to_execute_from() {
    if !nix::unistd::getuid().is_root() {
        eprintln!("not tried: mounting needs root");
        return;
    }
    let sshd = Sshd::without_execution();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    assert!(matches!(session.via(), Via::Shell(why) if why.contains("executed from")), "{:?}", session.via());
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn content_reaches_the_host() {
    let sshd = Sshd::start();
    let hub = without_runners();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let mut store = Store::default();
    let content = store.add((0..3_000_001u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect());
    let request = task("copy", json!({ "dest": sshd.path("copy").display().to_string(), "_content": content, "mode": "0600" }));
    let result = session.call(request, &store, LiveSender::none()).await.expect("is reached").result;
    assert_eq!(result["changed"], true, "{result:?}");
    assert_eq!(fs::read(sshd.path("copy")).expect("reads"), store.content[0]);
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_is_ended_and_the_next_task_runs() {
    let sshd = Sshd::start();
    let hub = without_runners();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let sleep = |seconds: u32| task("shell", json!({ "cmd": format!("sleep {seconds}; :") }));
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    let dropped = session.call(sleep(86431), &NoContent, LiveSender::none());
    assert!(tokio::time::timeout(Duration::from_secs(1), dropped).await.is_err());
    eventually("the end of the command", || !is_running("sleep 86431"));
    assert_eq!(run(&session, task("ping", json!({}))).await["ping"], "pong");
    // The connection is cut: that is no failure of the task. What runs then goes on to its end.
    let last = task("shell", json!({ "cmd": "sleep 5.86433; :" }));
    let running = tokio::spawn(async move { session.call(last, &NoContent, LiveSender::none()).await });
    eventually("the start of the command", || is_running("sleep 5.86433"));
    sshd.cut_connections();
    assert_eq!(running.await.expect("joins").expect_err("lost").stage, Stage::Lost);
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_ends_everything() {
    let sshd = Sshd::start();
    let hub = without_runners();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let sleep = task("shell", json!({ "cmd": "sleep 86434; :" }));
    let running = tokio::spawn(async move { session.call(sleep, &NoContent, LiveSender::none()).await });
    eventually("the start of the command", || is_running("sleep 86434"));
    hub.cancel();
    assert_eq!(running.await.expect("joins").expect_err("cancelled").stage, Stage::Cancelled);
    hub.close().await;
    assert!(!is_running("sleep 86434"), "it has ended when the connections are closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn as_another_user() {
    let _nobody = Nobody::alone();
    let sshd = Sshd::start();
    let hub = without_runners();
    let session = hub.session(&sshd.target(), Some(&Become::sudo("nobody"))).await.expect("connects");
    assert_eq!(run(&session, task("command", json!({ "cmd": "id -un" }))).await["stdout"], "nobody");
    assert!(matches!(session.via(), Via::Shell(_)), "{:?}", session.via());
    // What another user started is ended, too.
    let sleep = task("shell", json!({ "cmd": "sleep 86435; :" }));
    assert!(tokio::time::timeout(Duration::from_secs(1), session.call(sleep, &NoContent, LiveSender::none())).await.is_err());
    eventually("the end of the command", || !is_running("sleep 86435"));
    assert_eq!(run(&session, task("command", json!({ "cmd": "id -un" }))).await["stdout"], "nobody");
    hub.close().await;
    assert_eq!(hub.take_warnings().len(), 1);
}
