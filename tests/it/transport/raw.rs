//! Commands without a runner.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kconf::base::Secret;
use kconf::system::Stream;
use kconf::transport::{Hub, HubOptions, LiveSender, RawCommand, Stage, Via};

use super::server::{Sshd, eventually, is_running, target};

fn line(line: &str) -> RawCommand {
    RawCommand { line: line.to_owned(), ..RawCommand::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn gives_output_errors_and_code_apart() {
    let sshd = Sshd::start();
    let hub = Hub::new(HubOptions::default());
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let live = LiveSender::new(move |stream, bytes: &[u8]| sink.lock().expect("lock").push((stream, bytes.to_vec())));
    let output = session.raw(line("echo out; echo err >&2; exit 7"), live).await.expect("runs");
    assert_eq!((output.rc, output.stdout_text().as_str(), output.stderr_text().as_str()), (7, "out\n", "err\n"));
    assert!(seen.lock().expect("lock").contains(&(Stream::Stdout, b"out\n".to_vec())));
    assert_eq!(session.via(), Via::Nothing);

    let killed = session.raw(line("kill -9 $$"), LiveSender::none()).await.expect("runs");
    assert_eq!(killed.rc, -9);
    let command = RawCommand {
        line: "cat; echo $0".to_owned(),
        stdin: b"rest\n".to_vec(),
        secret_stdin: Some(Secret::new("secret\n")),
        executable: Some("/bin/bash".to_owned()),
    };
    let fed = session.raw(command, LiveSender::none()).await.expect("runs");
    assert_eq!(fed.stdout_text(), "secret\nrest\n/bin/bash\n");
    hub.close().await;
    assert_eq!(sshd.count("Accepted publickey"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_of_output_comes_whole() {
    let sshd = Sshd::start();
    let hub = Hub::new(HubOptions::default());
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let output = session.raw(line("head -c 20000000 /dev/zero; echo end >&2"), LiveSender::none()).await.expect("runs");
    assert_eq!((output.stdout.len(), output.stderr_text().as_str()), (20_000_000, "end\n"));
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_behind_by_a_command_that_nobody_waits_for() {
    let sshd = Sshd::start();
    let hub = Hub::new(HubOptions::default());
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let command = session.raw(line("sleep 86411; :"), LiveSender::none());
    assert!(tokio::time::timeout(Duration::from_millis(700), command).await.is_err());
    eventually("the end of the command", || !is_running("sleep 86411"));

    // Given up before it is known to run.
    let command = session.raw(line("sleep 86413; :"), LiveSender::none());
    assert!(tokio::time::timeout(Duration::from_millis(1), command).await.is_err());
    let session_2 = Arc::clone(&session);
    let running = tokio::spawn(async move { session_2.raw(line("exec sleep 86412"), LiveSender::none()).await });
    eventually("the start of the command", || is_running("sleep 86412"));
    hub.cancel();
    let error = running.await.expect("joins").expect_err("cancelled");
    assert_eq!(error.stage, Stage::Cancelled);
    eventually("the end of the commands", || !is_running("sleep 86412") && !is_running("sleep 86413"));
    assert_eq!(hub.session(&sshd.target(), None).await.err().map(|error| error.stage), Some(Stage::Cancelled));
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_says_so_and_is_opened_again() {
    let mut sshd = Sshd::start();
    let hub = Hub::new(HubOptions::default());
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let running = tokio::spawn(async move { session.raw(line("exec sleep 86413"), LiveSender::none()).await });
    eventually("the start of the command", || is_running("sleep 86413"));
    sshd.cut();
    let error = running.await.expect("joins").expect_err("lost");
    assert_eq!((error.stage, error.bastion, error.hop.as_str()), (Stage::Lost, false, sshd.target().host.login().as_str()));

    let again = Sshd::start();
    let hop = again.hop();
    assert!(hub.session(&target(hop, Vec::new()), None).await.is_ok());
    let refused = hub.session(&sshd.target(), None).await.err().expect("nobody is there");
    assert_eq!((refused.stage, refused.message.as_str()), (Stage::Connect, "connection refused"));
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_the_same_time_share_one_connection() {
    // Fewer sessions than are asked for at once: who is refused one waits until another ends.
    let sshd = Sshd::with("MaxSessions 2\n");
    let hub = Hub::new(HubOptions::default());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (hub, target) = (hub.clone(), sshd.target());
        tasks.spawn(async move {
            let session = hub.session(&target, None).await.expect("connects");
            session.raw(line(&format!("echo {number}")), LiveSender::none()).await.expect("runs").stdout_text()
        });
    }
    let mut outputs = tasks.join_all().await;
    outputs.sort();
    assert_eq!(outputs.len(), 20);
    assert_eq!(hub.counters().connections, 1);
    hub.close().await;
    assert_eq!(sshd.count("Accepted publickey"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_this_machine() {
    let hub = Hub::new(HubOptions::default());
    let session = hub.session(&kconf::transport::Target::local("localhost"), None).await.expect("is here");
    let output = session.raw(line("cat; echo err >&2; exit 3"), LiveSender::none()).await.expect("runs");
    assert_eq!((output.rc, output.stderr_text().as_str()), (3, "err\n"));
    let command = session.raw(line("exec sleep 86414"), LiveSender::none());
    assert!(tokio::time::timeout(Duration::from_millis(300), command).await.is_err());
    eventually("the end of the command", || !is_running("sleep 86414"));
    hub.close().await;
}
