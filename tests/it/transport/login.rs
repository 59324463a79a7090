//! Host keys, logging in, bastions.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use kconf::base::Secret;
use kconf::transport::{Hop, HostKeyChecking, Hub, HubOptions, LiveSender, RawCommand, Stage, Target, Unreachable};

use super::server::{Sshd, generate, target, user};

async fn log_in(target: &Target) -> Result<(), Unreachable> {
    let hub = Hub::new(HubOptions::default());
    let session = hub.session(target, None).await?;
    let output = session.raw(RawCommand { line: "echo in".into(), ..RawCommand::default() }, LiveSender::none()).await?;
    assert_eq!(output.stdout_text(), "in\n");
    hub.close().await;
    Ok(())
}

fn authorize(sshd: &Sshd, public_key: &Path) {
    fs::copy(public_key, sshd.path("authorized_keys")).expect("copies");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_key_logs_in() {
    let sshd = Sshd::start();
    for (name, options) in [
        ("ecdsa", ["-t", "ecdsa"].as_slice()),
        ("rsa", &["-t", "rsa", "-b", "2048"]),
        ("pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
        ("locked", &["-t", "ed25519", "-N", "open sesame", "-a", "4"]),
    ] {
        generate(&sshd.path(name), options);
        authorize(&sshd, &sshd.path(&format!("{name}.pub")));
        let mut hop = sshd.hop();
        hop.private_keys = vec![sshd.path(name)];
        hop.passphrase = Some(Secret::new("open sesame"));
        log_in(&target(hop, Vec::new())).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_became_of_every_key() {
    let sshd = Sshd::start();
    generate(&sshd.path("stranger"), &["-t", "ed25519"]);
    generate(&sshd.path("locked"), &["-t", "ed25519", "-N", "open sesame", "-a", "4"]);
    let mut hop = sshd.hop();
    hop.private_keys = vec![sshd.path("stranger"), sshd.path("locked"), sshd.path("none")];
    let error = log_in(&target(hop, Vec::new())).await.expect_err("nobody knows these keys");
    assert_eq!(error.stage, Stage::Authentication);
    let tried: Vec<&str> = error.tried_keys.iter().map(|key| key.outcome.as_str()).collect();
    assert_eq!(tried, ["refused by the server", "encrypted, and no passphrase was given", "no such file"]);
    assert_eq!(error.message, format!("the server accepts none of what there is for user `{}`; it takes publickey", user()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_log_in_with_is_said() {
    let sshd = Sshd::start();
    let hop = Hop { private_keys: Vec::new(), ..sshd.hop() };
    let error = log_in(&target(hop, Vec::new())).await.expect_err("no key");
    assert_eq!(
        error.message,
        format!("there is nothing to log in with as `{}`: no key, no agent, no password; the server takes publickey", user())
    );
}

/// An ssh-agent that ends with the test.
struct Agent(std::process::Child);

impl Agent {
    fn start(socket: &Path) -> Self {
        let child = Command::new("ssh-agent").arg("-D").arg("-a").arg(socket).stdout(Stdio::null()).spawn().expect("ssh-agent");
        super::server::eventually("the agent", || socket.exists());
        Self(child)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_signs_also_for_a_locked_file() {
    let sshd = Sshd::start();
    let socket = sshd.path("agent");
    let _agent = Agent::start(&socket);
    let add = |key: &Path| {
        let status = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &socket).stderr(Stdio::null()).status();
        assert!(status.expect("ssh-add").success());
    };
    generate(&sshd.path("other"), &["-t", "ed25519"]);
    add(&sshd.path("other"));
    add(&sshd.path("key"));
    let by_agent = Hop { private_keys: Vec::new(), agent: Some(socket.clone()), ..sshd.hop() };
    log_in(&target(by_agent.clone(), Vec::new())).await.expect("the agent has the key");

    // Only the keys that are named: the one that is right is not.
    let only_other = Hop { private_keys: vec![sshd.path("other")], identities_only: true, ..by_agent.clone() };
    let error = log_in(&target(only_other, Vec::new())).await.expect_err("the other key is a stranger's");
    assert_eq!(error.tried_keys.len(), 1, "{error}");

    // The file is locked and nobody says the passphrase, but the agent holds the key.
    let status =
        Command::new("ssh-keygen").args(["-q", "-p", "-N", "open sesame", "-f"]).arg(sshd.path("key")).stdout(Stdio::null()).status();
    assert!(status.expect("ssh-keygen").success());
    let locked = Hop { private_keys: vec![sshd.path("key")], identities_only: true, ..by_agent };
    log_in(&target(locked, Vec::new())).await.expect("the agent signs");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_users_and_hosts() {
    let sshd = Sshd::with("TrustedUserCAKeys @DIR@/ca.pub\nHostCertificate @DIR@/host_key-cert.pub\n");
    generate(&sshd.path("ca"), &["-t", "ed25519"]);
    generate(&sshd.path("guest"), &["-t", "ed25519"]);
    let sign = |arguments: &[&str], key: &str| {
        let status = Command::new("ssh-keygen").arg("-q").arg("-s").arg(sshd.path("ca")).args(arguments).arg(sshd.path(key)).status();
        assert!(status.expect("ssh-keygen").success());
    };
    sign(&["-I", "guest", "-n", &user(), "-V", "+1d"], "guest.pub");
    sign(&["-I", "host", "-h", "-n", "127.0.0.1", "-V", "+1d"], "host_key.pub");
    // sshd reads its certificate when it starts.
    let host = Sshd::with(&format!(
        "TrustedUserCAKeys {0}/ca.pub\nHostKey {0}/host_key\nHostCertificate {0}/host_key-cert.pub\n",
        sshd.dir.path().display()
    ));
    let ca = fs::read_to_string(sshd.path("ca.pub")).expect("reads");
    fs::write(host.path("known_hosts"), format!("@cert-authority [127.0.0.1]:* {ca}")).expect("writes");
    let hop = Hop { private_keys: vec![sshd.path("guest")], known_hosts: vec![host.path("known_hosts")], ..host.hop() };
    log_in(&target(hop.clone(), Vec::new())).await.expect("both certificates are good");

    fs::write(host.path("known_hosts"), format!("@revoked * {ca}@cert-authority * {ca}")).expect("writes");
    let error = log_in(&target(hop, Vec::new())).await.expect_err("the authority is revoked");
    assert_eq!(error.stage, Stage::HostKey, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_key_must_be_known() {
    let sshd = Sshd::start();
    let hop = sshd.hop();
    fs::write(sshd.path("known_hosts"), "").expect("writes");
    let error = log_in(&target(hop.clone(), Vec::new())).await.expect_err("unknown");
    assert_eq!(error.stage, Stage::HostKey);
    assert!(error.message.starts_with(&format!("the key of `[127.0.0.1]:{}` is not known: ssh-ed25519 SHA256:", sshd.port)), "{error}");
    assert!(fs::read_to_string(sshd.path("known_hosts")).expect("reads").is_empty(), "nothing is remembered of it");

    let accepting = Hop { host_key_checking: HostKeyChecking::AcceptNew, ..hop.clone() };
    log_in(&target(accepting.clone(), Vec::new())).await.expect("the first key is accepted");
    log_in(&target(hop.clone(), Vec::new())).await.expect("and remembered");

    // The host shows another key.
    generate(&sshd.path("other"), &["-t", "ed25519"]);
    sshd.know(&fs::read_to_string(sshd.path("other.pub")).expect("reads"));
    let error = log_in(&target(accepting, Vec::new())).await.expect_err("changed");
    assert_eq!(error.stage, Stage::HostKey);
    assert!(error.message.contains(&format!("{}:1 has ssh-ed25519 SHA256:", sshd.path("known_hosts").display())), "{error}");
    assert!(error.hint.as_deref().is_some_and(|hint| hint.contains("ssh-keygen -R")), "{error}");

    let off = Hop { host_key_checking: HostKeyChecking::Off, ..hop };
    log_in(&target(off, Vec::new())).await.expect("nobody looks");
}

#[tokio::test(flavor = "multi_thread")]
async fn hashed_names_and_a_host_with_several_keys() {
    let keys = Sshd::start();
    generate(&keys.path("second"), &["-t", "ecdsa"]);
    // The server prefers its Ed25519 key; known is only the other one, so that one must be asked for.
    let sshd = Sshd::with(&format!("HostKey {}\n", keys.path("second").display()));
    sshd.know(&fs::read_to_string(keys.path("second.pub")).expect("reads"));
    let status = Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(sshd.path("known_hosts")).stderr(Stdio::null()).status();
    assert!(status.expect("ssh-keygen").success());
    let text = fs::read_to_string(sshd.path("known_hosts")).expect("reads");
    assert!(text.starts_with("|1|"), "{text}");
    log_in(&sshd.target()).await.expect("the hashed name is found");
}

#[tokio::test(flavor = "multi_thread")]
async fn through_two_bastions_with_one_connection_to_each() {
    let (outer, inner, host, host_2) = (Sshd::start(), Sshd::start(), Sshd::start(), Sshd::start());
    let named = |name: &str, hop: Hop| Hop { name: name.to_owned(), ..hop };
    let bastions = vec![named("outer", outer.hop()), named("inner", inner.hop())];
    let hub = Hub::new(HubOptions::default());
    let line = |text: &str| RawCommand { line: text.to_owned(), ..RawCommand::default() };
    let all = [
        target(host.hop(), bastions.clone()),
        target(host_2.hop(), bastions.clone()),
        // The bastions are targets, too.
        target(inner.hop(), vec![bastions[0].clone()]),
        target(outer.hop(), Vec::new()),
    ];
    for target in &all {
        let session = hub.session(target, None).await.expect("connects");
        assert_eq!(session.raw(line("echo $SSH_CONNECTION"), LiveSender::none()).await.expect("runs").rc, 0);
    }
    assert_eq!(hub.counters().connections, 4);
    hub.close().await;
    for sshd in [&outer, &inner, &host, &host_2] {
        assert_eq!(sshd.count("Accepted publickey"), 1, "{}", sshd.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_the_hop_that_failed() {
    let (bastion, host) = (Sshd::start(), Sshd::start());
    let mut inner = Hop { name: "scn-master".to_owned(), ..bastion.hop() };
    // The host behind it does not answer.
    let mut gone = host.hop();
    gone.port = 1;
    let error = log_in(&target(gone, vec![inner.clone()])).await.expect_err("nobody is there");
    assert_eq!((error.stage, error.bastion), (Stage::Connect, false));
    assert_eq!(error.message, "the bastion cannot connect to 127.0.0.1:1");

    // The bastion itself does not.
    inner.port = 1;
    let error = log_in(&target(host.hop(), vec![inner])).await.expect_err("nobody is there");
    assert_eq!((error.stage, error.bastion, error.host.as_str()), (Stage::Connect, true, "web"));
    assert_eq!(error.summary(), format!("failed to connect (bastion scn-master, {}@127.0.0.1:1): connection refused", user()));

    let closed = Sshd::with("AllowTcpForwarding no\n");
    let error = log_in(&target(host.hop(), vec![closed.hop()])).await.expect_err("not forwarded");
    assert_eq!(error.message, "the bastion does not forward connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_servers_that_are_none() {
    let mut hop = Hop::new("nowhere", "nowhere.invalid", "root");
    let error = log_in(&target(hop.clone(), Vec::new())).await.expect_err("no such name");
    assert_eq!(error.stage, Stage::Resolve, "{error}");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    hop.address = "127.0.0.1".to_owned();
    hop.port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || {
        use std::io::Write;
        for _ in 0..3 {
            if let Ok((mut stream, _)) = listener.accept() {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            }
        }
    });
    let error = log_in(&target(hop, Vec::new())).await.expect_err("no SSH");
    assert_eq!(error.stage, Stage::Handshake, "{error}");
    drop(server);
}
