//! Logging in with passwords, questions and several steps, at a server that lets the test decide.

use std::sync::Arc;
use std::time::Duration;

use kconf::base::Secret;
use kconf::transport::{Hop, HostKeyChecking, Hub, HubOptions, Stage, Unreachable};
use russh::keys::{Algorithm, PrivateKey, key::safe_rng};
use russh::server::{Auth, Config, Handler, Response, VerifiedPublicKey};
use russh::{MethodKind, MethodSet};

use super::server::{Sshd, target};

#[derive(Clone, Copy)]
enum Policy {
    /// The password is right.
    Password,
    /// A question for the password, one more, and one that asks for nothing.
    Questions,
    /// A key, and then the password.
    KeyThenPassword,
}

struct Server {
    policy: Policy,
    round: usize,
}

fn only(methods: &[MethodKind], partial: bool) -> Auth {
    Auth::Reject { proceed_with_methods: Some(MethodSet::from(methods)), partial_success: partial }
}

impl Handler for Server {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, Self::Error> {
        Ok(match self.policy {
            Policy::Password => only(&[MethodKind::Password], false),
            Policy::Questions => only(&[MethodKind::KeyboardInteractive], false),
            Policy::KeyThenPassword => only(&[MethodKind::PublicKey], false),
        })
    }

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(match (self.policy, password) {
            (Policy::Password, "open sesame") => Auth::Accept,
            (Policy::KeyThenPassword, "open sesame") if self.round == 1 => Auth::Accept,
            (Policy::Questions, _) => only(&[MethodKind::KeyboardInteractive], false),
            _ => only(&[MethodKind::Password], false),
        })
    }

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        self.round = 1;
        Ok(match self.policy {
            Policy::KeyThenPassword => only(&[MethodKind::Password], true),
            _ => only(&[MethodKind::Password, MethodKind::KeyboardInteractive], false),
        })
    }

    async fn auth_keyboard_interactive<'a>(&'a mut self, _: &str, _: &str, response: Option<Response<'a>>) -> Result<Auth, Self::Error> {
        let answers: Vec<String> = response.into_iter().flatten().map(|answer| String::from_utf8_lossy(&answer).into_owned()).collect();
        self.round += 1;
        let ask = |prompts: &'static [(&'static str, bool)]| Auth::Partial {
            name: "".into(),
            instructions: "".into(),
            prompts: prompts.iter().map(|(text, echo)| ((*text).into(), *echo)).collect(),
        };
        Ok(match self.round {
            1 => ask(&[("Password: ", false)]),
            2 if answers == ["open sesame"] => ask(&[("Your name: ", true), ("Again: ", false)]),
            3 if answers == ["", "open sesame"] => ask(&[]),
            4 => Auth::Accept,
            _ => only(&[MethodKind::KeyboardInteractive], false),
        })
    }
}

/// Serves connections until the test ends; its port.
async fn serve(policy: Policy) -> u16 {
    let config = Config {
        keys: vec![PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).expect("a key")],
        auth_rejection_time: Duration::ZERO,
        ..Config::default()
    };
    let config = Arc::new(config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = Server { policy, round: 0 };
            if let Ok(session) = russh::server::run_stream(Arc::clone(&config), stream, server).await {
                tokio::spawn(session);
            }
        }
    });
    port
}

async fn log_in(port: u16, password: Option<&str>, key: Option<&Sshd>) -> Result<(), Unreachable> {
    let mut hop = Hop::new("127.0.0.1", "127.0.0.1", "deploy");
    hop.port = port;
    hop.host_key_checking = HostKeyChecking::Off;
    hop.password = password.map(Secret::new);
    hop.private_keys = key.map(|sshd| sshd.path("key")).into_iter().collect();
    let hub = Hub::new(HubOptions::default());
    let result = hub.session(&target(hop, Vec::new()), None).await.map(|_| ());
    hub.close().await;
    result
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password() {
    let port = serve(Policy::Password).await;
    log_in(port, Some("open sesame"), None).await.expect("is right");
    let error = log_in(port, Some("wrong"), None).await.expect_err("is wrong");
    assert_eq!(error.stage, Stage::Authentication);
    assert_eq!(
        error.tried_keys.iter().map(|key| (key.name.as_str(), key.outcome.as_str())).collect::<Vec<_>>(),
        [("password", "refused by the server")]
    );
    assert!(!error.to_string().contains("wrong"), "{error}");
    let error = log_in(port, None, None).await.expect_err("is missing");
    assert!(error.hint.is_some_and(|hint| hint.contains("--ask-pass")));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions() {
    let port = serve(Policy::Questions).await;
    log_in(port, Some("open sesame"), None).await.expect("is right");
    assert_eq!(log_in(port, Some("wrong"), None).await.expect_err("is wrong").stage, Stage::Authentication);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_and_then_a_password() {
    let keys = Sshd::start();
    let port = serve(Policy::KeyThenPassword).await;
    log_in(port, Some("open sesame"), Some(&keys)).await.expect("both are right");
    let error = log_in(port, None, Some(&keys)).await.expect_err("half of it");
    assert_eq!(error.message, "user `deploy` was only partly accepted; the server also takes password");
    assert_eq!(error.tried_keys[0].outcome, "accepted, but the server wants more");
}
