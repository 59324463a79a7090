//! What the network sees: how often it is waited for, and what happens when it fails.

use std::net::TcpListener;
use std::time::Duration;

use kconf::transport::{Hop, HostKeyChecking, Hub, HubOptions, LiveSender, NoContent, RawCommand, Stage, Target};
use kconf::wire::OnFailure;
use serde_json::json;

use super::proxy::Proxy;
use super::server::{Sshd, target};
use super::tasks::{Store, hub, run, task};

/// The way to `sshd` through `proxy`.
fn through(sshd: &Sshd, proxy: &Proxy, change: impl FnOnce(&mut Hop)) -> Target {
    let mut hop = Hop { port: proxy.port, host_key_checking: HostKeyChecking::Off, ..sshd.hop() };
    change(&mut hop);
    target(hop, Vec::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_one_round_trip() {
    let sshd = Sshd::start();
    let proxy = Proxy::start(sshd.port, 0);
    let target = through(&sshd, &proxy, |_| {});
    let first = hub();
    run(&first.session(&target, None).await.expect("connects"), task("ping", json!({}))).await;
    first.close().await;

    let hub = hub();
    let session = hub.session(&target, None).await.expect("connects");
    let before = proxy.turns();
    run(&session, task("ping", json!({}))).await;
    // A channel, the cached runner in it, and the task.
    assert_eq!(proxy.turns() - before, 3, "the start of a cached runner with the first task");

    let before = proxy.turns();
    for _ in 0..20 {
        run(&session, task("ping", json!({}))).await;
    }
    assert_eq!(proxy.turns() - before, 20, "20 tasks");

    let before = proxy.turns();
    let mut replies = 0;
    let many = vec![task("ping", json!({})); 20];
    session.call_many(many, OnFailure::GoOn, &NoContent, LiveSender::none(), &mut |_, _| replies += 1).await.expect("is reached");
    assert_eq!((replies, proxy.turns() - before), (20, 1), "a loop of 20");

    let mut store = Store::default();
    let content = store.add(b"a small file\n".to_vec());
    let copy = task("copy", json!({ "dest": sshd.path("copy").display().to_string(), "_content": content, "mode": "0600" }));
    for changed in [true, false] {
        let before = proxy.turns();
        let result = session.call(copy.clone(), &store, LiveSender::none()).await.expect("is reached").result;
        assert_eq!((&result["changed"], proxy.turns() - before), (&json!(changed), 1), "{result:?}");
    }
    assert_eq!((proxy.connections(), hub.counters().channels), (2, 1));
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_fails_is_tried_again_as_often_as_is_said() {
    let sshd = Sshd::start();
    // Two times a server may hang up without that counting, as busy ones do.
    for (retries, reached) in [(2, true), (1, false)] {
        let proxy = Proxy::start(sshd.port, 4);
        let hub = Hub::new(HubOptions::default());
        let result = hub.session(&through(&sshd, &proxy, |hop| hop.retries = retries), None).await.map(|_| ());
        assert_eq!(result.is_ok(), reached, "{result:?}");
        assert_eq!(result.err().map(|error| error.stage), (!reached).then_some(Stage::Handshake));
        assert_eq!(proxy.connections(), usize::try_from(retries).expect("a small number") + 3);
        hub.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_gone_is_noticed() {
    let sshd = Sshd::start();
    let proxy = Proxy::start(sshd.port, 0);
    let target = through(&sshd, &proxy, |hop| (hop.keepalive, hop.keepalive_max) = (Duration::from_secs(1), 1));
    let hub = Hub::new(HubOptions::default());
    let session = hub.session(&target, None).await.expect("connects");
    let line = |text: &str| RawCommand { line: text.to_owned(), ..RawCommand::default() };
    assert_eq!(session.raw(line("echo there"), LiveSender::none()).await.expect("runs").stdout_text(), "there\n");
    proxy.freeze();
    let error = session.raw(line("echo gone"), LiveSender::none()).await.expect_err("nobody answers");
    assert_eq!(error.stage, Stage::Lost, "{error}");
    assert!(error.summary().contains(&format!("127.0.0.1:{}", proxy.port)), "{error}");
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_waited_for_as_long_as_is_said() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut hop = Hop::new("web", "127.0.0.1", "deploy");
    hop.port = silent.local_addr().expect("an address").port();
    hop.connect_timeout = Duration::from_secs(1);
    let hub = Hub::new(HubOptions::default());
    let error = hub.session(&target(hop, Vec::new()), None).await.err().expect("says nothing");
    assert!(error.message.contains("1 second"), "{error}");
    hub.close().await;
}
