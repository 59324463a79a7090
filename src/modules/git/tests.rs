use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict, refused};
use crate::system::fake::Fake;

const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";
const TAG: &str = "3333333333333333333333333333333333333333";

/// A repository with `main` at the second commit and `v1`, a tag with an object of its own, at the first.
fn host() -> Fake {
    let refs = format!("ref: refs/heads/main\tHEAD\n{TWO}\tHEAD\n{TWO}\trefs/heads/main\n{TAG}\trefs/tags/v1\n{ONE}\trefs/tags/v1^{{}}\n");
    Fake::new().program("/usr/bin/git").answer(&["/usr/bin/git"], 0, "", "").answer(&["/usr/bin/git", "ls-remote"], 0, refs, "")
}

/// The same with a checkout of `main` at this commit.
fn checkout(commit: &str) -> Fake {
    host()
        .dir("/srv/app/.git")
        .answer(&["/usr/bin/git", "rev-parse", "--verify", "--quiet", "HEAD^{commit}"], 0, format!("{commit}\n"), "")
        .answer(&["/usr/bin/git", "rev-parse", "--verify", "--quiet", &format!("{ONE}^{{commit}}")], 0, format!("{ONE}\n"), "")
        .answer(&["/usr/bin/git", "rev-parse", "--verify", "--quiet", &format!("{TWO}^{{commit}}")], 0, format!("{TWO}\n"), "")
        .answer(&["/usr/bin/git", "symbolic-ref"], 0, "main\n", "")
        .answer(&["/usr/bin/git", "config", "--get", "remote.origin.url"], 0, "https://h/r.git\n", "")
}

fn args(more: Value) -> Value {
    let mut args = json!({"repo": "https://h/r.git", "dest": "/srv/app"});
    for (name, value) in more.as_object().into_iter().flatten() {
        args[name] = value.clone();
    }
    args
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/git ", "")).collect()
}

#[test]
fn a_repository_is_cloned_at_the_version() {
    for (more, commands, after) in [
        (json!({}), vec!["clone --origin origin --branch main --recursive -- https://h/r.git /srv/app"], TWO),
        (
            json!({"version": "v1", "depth": 1, "recursive": false, "remote": "up", "reference": "/srv/ref"}),
            vec!["clone --origin up --branch v1 --depth 1 --no-single-branch --reference /srv/ref -- https://h/r.git /srv/app"],
            ONE,
        ),
        (
            json!({"version": ONE, "single_branch": true}),
            vec![
                "clone --origin origin --no-checkout --single-branch -- https://h/r.git /srv/app",
                &format!("checkout --quiet --force --detach {ONE} --"),
            ],
            ONE,
        ),
        (json!({"bare": true, "depth": 0}), vec!["clone --origin origin --bare -- https://h/r.git /srv/app"], TWO),
        (
            json!({"separate_git_dir": "/srv/git"}),
            vec!["clone --origin origin --branch main --recursive --separate-git-dir /srv/git -- https://h/r.git /srv/app"],
            TWO,
        ),
        (
            json!({"version": ONE, "refspec": "refs/x/y"}),
            vec![
                "clone --origin origin --no-checkout -- https://h/r.git /srv/app",
                "fetch --quiet --force origin refs/x/y",
                &format!("checkout --quiet --force --detach {ONE} --"),
            ],
            ONE,
        ),
    ] {
        let applied = apply_once(&MODULE, host(), args(more.clone()));
        assert_eq!(ran(&applied), commands, "{more}");
        assert_eq!((applied.changed, applied.get("before"), applied.get("after")), (true, &Value::Null, &json!(after)), "{more}");
        let predicted = predict(&MODULE, host(), args(more.clone()));
        assert_eq!((predicted.changed, predicted.get("after"), predicted.machine.runs().len()), (true, &json!(after), 0), "{more}");
    }
    let local = apply_once(&MODULE, host(), json!({"repo": "/srv/r", "dest": "/srv/deep/er/app"}));
    assert!(ran(&local)[0].ends_with("-- file:///srv/r /srv/deep/er/app") && local.machine.has("/srv/deep/er"));
    let not = apply_once(&MODULE, host(), args(json!({"clone": false, "update": false})));
    assert_eq!((ran(&not).len(), not.get("after")), (0, &json!(TWO)));
}

#[test]
fn a_checkout_is_brought_to_the_version() {
    let same = apply(&MODULE, checkout(TWO), args(json!({})));
    assert_eq!((same.changed, ran(&same).len(), same.get("before"), same.get("after")), (false, 0, &json!(TWO), &json!(TWO)));
    assert_eq!(*same.get("remote_url_changed"), json!(false));
    let newer = apply_once(&MODULE, checkout(ONE), args(json!({})));
    assert_eq!(
        ran(&newer),
        [
            "fetch --quiet --force --tags origin +refs/heads/main:refs/remotes/origin/main",
            "checkout --quiet --force -B main origin/main --"
        ]
    );
    assert_eq!((newer.changed, newer.get("after")), (true, &json!(TWO)));
    let older = apply_once(&MODULE, checkout(TWO), args(json!({"version": "v1", "depth": 3})));
    assert_eq!(
        ran(&older),
        ["fetch --quiet --force --depth 3 origin +refs/tags/v1:refs/tags/v1", "checkout --quiet --force --detach refs/tags/v1 --"]
    );
    assert_eq!(*older.get("after"), json!(ONE));
    let known = apply_once(&MODULE, checkout(TWO), args(json!({"version": ONE})));
    assert_eq!(ran(&known), [format!("checkout --quiet --force --detach {ONE} --")], "what is there is not fetched");
    assert!(predict(&MODULE, checkout(ONE), args(json!({}))).changed);
    let kept = apply(&MODULE, checkout(ONE), args(json!({"update": false})));
    assert_eq!((kept.changed, kept.get("after")), (false, &json!(ONE)));
}

#[test]
fn another_repository_is_a_change() {
    let other = checkout(TWO).answer(&["/usr/bin/git", "config", "--get", "remote.up.url"], 0, "https://old/r.git\n", "");
    let applied = apply_once(&MODULE, other, args(json!({"remote": "up"})));
    assert_eq!(ran(&applied), ["remote set-url up https://h/r.git"]);
    assert_eq!((applied.changed, applied.get("remote_url_changed")), (true, &json!(true)));
}

#[test]
fn changes_on_the_host_are_kept_unless_they_are_thrown_away() {
    let modified = || checkout(TWO).answer(&["/usr/bin/git", "status"], 0, " M f\n", "");
    let failed = apply(&MODULE, modified(), args(json!({})));
    assert_eq!(failed.failure().message, "failed to update the checkout: tracked files of `/srv/app` are modified");
    let forced = apply_once(&MODULE, modified(), args(json!({"force": true})));
    assert_eq!(ran(&forced), ["reset --quiet --hard HEAD"]);
    assert!(forced.changed);
}

#[test]
fn submodules_follow() {
    let status = ["/usr/bin/git", "submodule", "status", "--recursive"];
    let fake = || checkout(TWO).file("/srv/app/.gitmodules", "");
    let stale = apply_once(&MODULE, fake().answer(&status, 0, "-1234 lib\n", ""), args(json!({})));
    assert_eq!(ran(&stale), ["submodule --quiet sync --recursive", "submodule --quiet update --init --recursive --force"]);
    assert!(stale.changed);
    assert!(!apply(&MODULE, fake().answer(&status, 0, " 1234 lib\n", ""), args(json!({}))).changed);
    let tracked = fake().answer(&status, 0, " 1234 lib\n", "").answer(&status, 0, " 5678 lib\n", "");
    assert!(apply_once(&MODULE, tracked, args(json!({"track_submodules": true}))).changed);
    assert!(ran(&apply_once(&MODULE, fake(), args(json!({"recursive": false})))).is_empty());
}

#[test]
fn signatures_are_demanded() {
    let verify = ["/usr/bin/git", "verify-tag", "--raw", "v1"];
    let key = "ABCD";
    let fake = |rc| checkout(TWO).answer(&verify, rc, "", format!("[GNUPG:] VALIDSIG {key} 2024\n"));
    let wanted = |more: Value| {
        let mut args = args(json!({"version": "v1", "verify_commit": true}));
        if !more.is_null() {
            args["gpg_allowlist"] = more;
        }
        args
    };
    assert!(apply_once(&MODULE, fake(0), wanted(Value::Null)).changed);
    assert!(apply_once(&MODULE, fake(0), wanted(json!(["ab cd"]))).changed);
    let other = apply_once(&MODULE, fake(0), wanted(json!(["EF"])));
    assert_eq!(
        other.failure().message,
        "failed to verify the signature of `v1`: it is by the key ABCD, which `gpg_allowlist` does not have"
    );
    let unsigned = apply_once(&MODULE, fake(1), wanted(Value::Null));
    assert!(unsigned.failure().message.starts_with("failed to verify the signature of `v1` of `https://h/r.git`"));
    assert!(!ran(&unsigned).iter().any(|command| command.starts_with("checkout")), "what is not signed is not checked out");
}

#[test]
fn how_git_is_called() {
    let more = json!({"repo": "git@h:r.git", "key_file": "/root/k", "accept_newhostkey": true, "ssh_opts": "-o X=y", "umask": "0077"});
    let applied = apply_once(&MODULE, host(), args(more));
    let command = applied.machine.runs().remove(0);
    assert_eq!(
        command.env["GIT_SSH_COMMAND"],
        "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o IdentitiesOnly=yes -i /root/k -o X=y"
    );
    assert_eq!((command.env["GIT_TERMINAL_PROMPT"].as_str(), command.umask), ("0", Some(0o077)));
    let own =
        apply_once(&MODULE, Fake::new().answer(&["/opt/git"], 0, format!("{TWO}\tHEAD\n"), ""), args(json!({"executable": "/opt/git"})));
    assert!(own.machine.runs()[0].argv[0] == "/opt/git");
}

#[test]
fn archives() {
    let tar = ["/usr/bin/git", "archive", "--format=tar", "--prefix=p/", TWO];
    let applied = apply(&MODULE, checkout(TWO).answer(&tar, 0, "TAR", ""), args(json!({"archive": "/srv/a.tar", "archive_prefix": "p/"})));
    assert_eq!((applied.changed, applied.machine.text("/srv/a.tar").as_str()), (true, "TAR"));
    let odd = apply_once(&MODULE, checkout(TWO), args(json!({"archive": "/srv/a.rar"})));
    assert!(odd.failure().message.starts_with("failed to make the archive `/srv/a.rar`: its name must end with"));
}

#[test]
fn what_cannot_be_is_said() {
    for (machine, more, message) in [
        (
            host(),
            json!({"version": "nope"}),
            "failed to check out `nope` of `https://h/r.git`: the repository has neither a branch nor a tag of this name",
        ),
        (host().file("/srv/app/x", ""), json!({}), "failed to clone into `/srv/app`: it is a directory that is not empty, and no checkout"),
        (host().file("/srv/app", ""), json!({}), "failed to clone into `/srv/app`: it is not a directory, and no checkout"),
        (Fake::new(), json!({}), "failed to check out `https://h/r.git`: the machine has no `git`"),
        (host(), json!({"version": "--upload-pack=x"}), "failed to check out `https://h/r.git`: `version` cannot be `--upload-pack=x`"),
        (host(), json!({"umask": "999"}), "failed to read `umask`: `\"999\"` is no octal number of three digits"),
    ] {
        assert_eq!(apply(&MODULE, machine, args(more)).failure().message, message);
    }
    let denied =
        host().answer(&["/usr/bin/git", "ls-remote", "--symref", "https://ada:secret@h/p.git"], 128, "", "fatal: Authentication failed\n");
    let denied = apply(&MODULE, denied, args(json!({"repo": "https://ada:secret@h/p.git"})));
    assert_eq!(denied.failure().message, "failed to ask the repository `https://h/p.git`: fatal: Authentication failed");
    assert!(refused(&MODULE, args(json!({"archive_prefix": "p"}))).contains("archive"));
}
