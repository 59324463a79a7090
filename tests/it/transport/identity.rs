//! Becoming another user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kconf::base::Secret;
use kconf::transport::{Become, BecomeMethod, LiveSender, NoContent, RawCommand, Stage, Target, Unreachable, Via};
use serde_json::json;

use super::server::{Sshd, is_running};
use super::tasks::{hub, run, task};

fn command(line: &str) -> kconf::wire::TaskRequest {
    task("shell", json!({ "cmd": line }))
}

/// Keeps tests apart in which there is a runner of `nobody`, who has no home: all would share its cache. Removes it in the end.
pub(crate) struct Nobody(#[expect(dead_code, reason = "it is held")] MutexGuard<'static, ()>);

impl Nobody {
    pub(crate) fn alone() -> Self {
        static ONE: Mutex<()> = Mutex::new(());
        Self(ONE.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Nobody {
    fn drop(&mut self) {
        let nobody = nix::unistd::User::from_name("nobody").ok().flatten().expect("nobody").uid;
        let _ = fs::remove_dir_all(format!("/var/tmp/kconf-{nobody}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_identities_share_one_connection_and_each_has_a_runner() {
    let _nobody = Nobody::alone();
    let sshd = Sshd::start();
    for expected in [Via::RunnerSent(0), Via::RunnerCached] {
        let hub = hub();
        let me = hub.session(&sshd.target(), None).await.expect("connects");
        let nobody = hub.session(&sshd.target(), Some(&Become::sudo("nobody"))).await.expect("connects");
        assert_eq!(run(&me, command("id -un")).await["stdout"], super::server::user());
        assert_eq!(run(&nobody, command("id -un; echo $HOME")).await["stdout"], "nobody\n/nonexistent");
        assert_eq!(std::mem::discriminant(&nobody.via()), std::mem::discriminant(&expected), "{:?}", nobody.via());
        let output = nobody.raw(RawCommand { line: "id -un".into(), ..RawCommand::default() }, LiveSender::none()).await.expect("runs");
        assert_eq!((output.stdout_text().as_str(), output.stderr_text().as_str()), ("nobody\n", ""));
        hub.close().await;
    }
    assert_eq!(sshd.count("Accepted publickey"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_su() {
    let _nobody = Nobody::alone();
    let sshd = Sshd::start();
    let hub = hub();
    let to = Become { method: BecomeMethod::Su, user: "nobody".into(), password: None, flags: Some("-s /bin/sh".into()), exe: None };
    let session = hub.session(&sshd.target(), Some(&to)).await.expect("connects");
    assert_eq!(run(&session, command("id -un")).await["stdout"], "nobody");
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_this_machine() {
    let _nobody = Nobody::alone();
    let hub = hub();
    let session = hub.session(&Target::local("localhost"), Some(&Become::sudo("nobody"))).await.expect("is here");
    assert_eq!(run(&session, command("id -un")).await["stdout"], "nobody");
    hub.close().await;
}

/// A sudo that asks like the real one, for users who have no password here.
const SUDO: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do case $1 in
  -n) n=1; shift;; -p) p=$2; shift 2;; -u) u=$2; shift 2;; -*) shift;; *) break;;
esac; done
case $u in
  stranger) echo "deploy is not in the sudoers file.  This incident will be reported." >&2; exit 1;;
  tty) echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1;;
esac
[ "$n" ] && { echo "sudo: a password is required" >&2; exit 1; }
[ "$u" = chatty ] && { p="Passwort für deploy: "; echo "We trust you have received the usual lecture:" >&2; }
for i in 1 2 3; do
  printf %s "$p" >&2
  IFS= read -r password || exit 1
  [ "$password" = "open sesame" ] && exec "$@"
  echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2; exit 1
"#;

async fn become_with(sshd: &Sshd, user: &str, password: Option<&str>) -> Result<String, Unreachable> {
    let sudo = sshd.path("sudo");
    fs::write(&sudo, SUDO).expect("writes");
    fs::set_permissions(&sudo, fs::Permissions::from_mode(0o755)).expect("chmod");
    let to = Become {
        method: BecomeMethod::Sudo,
        user: user.into(),
        password: password.map(Secret::new),
        flags: None,
        exe: Some(sudo.display().to_string()),
    };
    let hub = hub();
    let session = hub.session(&sshd.target(), Some(&to)).await?;
    let reply = session.call(command("echo in; cat"), &NoContent, LiveSender::none()).await?;
    assert!(!is_running("open sesame"), "the password is in no command line");
    // A command without a runner gets its own input, not the password.
    let line = RawCommand { line: "echo raw; cat".into(), stdin: b"input".to_vec(), ..RawCommand::default() };
    let output = session.raw(line, LiveSender::none()).await?;
    assert_eq!(output.stdout_text(), "raw\ninput");
    hub.close().await;
    Ok(reply.result["stdout"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_given_when_it_is_asked_for() {
    let sshd = Sshd::start();
    assert_eq!(become_with(&sshd, "app", Some("open sesame")).await, Ok("in".to_owned()));
    // Asked for in other words, after a lecture.
    assert_eq!(become_with(&sshd, "chatty", Some("open sesame")).await, Ok("in".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn says_why_somebody_does_not_become_another() {
    let sshd = Sshd::start();
    for (user, password, message) in [
        ("app", Some("wrong"), "sudo does not accept the password"),
        ("app", None, "sudo asks for a password and none was given"),
        ("stranger", None, "sudo does not allow this login to become `stranger`"),
        ("tty", Some("open sesame"), "sudo insists on a terminal"),
    ] {
        let error = become_with(&sshd, user, password).await.expect_err(message);
        assert_eq!((error.stage, error.message.as_str()), (Stage::Become, message));
        assert!(error.hint.is_some());
    }
    let hub = hub();
    let session = hub.session(&sshd.target(), Some(&Become::sudo("no-such-user"))).await.expect("connects");
    let error = session.call(task("ping", json!({})), &NoContent, LiveSender::none()).await.expect_err("no user");
    assert_eq!(error.message, "there is no user `no-such-user` on the host");
    hub.close().await;
}
