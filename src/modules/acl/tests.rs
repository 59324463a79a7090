use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict, predict_after, refused};
use crate::system::fake::Fake;

const SET: &str = "/usr/bin/setfacl";
const GET: &str = "/usr/bin/getfacl";
const PLAIN: &str = "user::rw-\ngroup::r--\nother::r--\n\n";
const ADA: &str = "user::rw-\nuser:ada:rw-\ngroup::r--\nmask::rw-\nother::r--\n\n";

/// A machine on which `setfacl --test` says each of these, and `getfacl` shows each of those.
fn machine(tested: &[&str], lists: &[&str]) -> Fake {
    let fake = Fake::new().file("/srv/f", "").dir("/srv/d").link("/srv/l", "f").program(SET).program(GET).answer(&[SET], 0, "", "");
    let fake = tested.iter().fold(fake, |fake, text| fake.answer(&[SET, "--test"], 0, text, ""));
    lists.iter().fold(fake, |fake, text| fake.answer(&[GET], 0, text, ""))
}

fn args(path: &str, more: Value) -> Value {
    let mut args = more;
    args["path"] = json!(path);
    args
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/", "")).collect()
}

/// As `setfacl` 2.3 and `ansible.posix` 2 answer.
#[test]
fn entries_come_and_go() {
    let new = "/srv/f: u::rw-,u:ada:rw-,g::r--,m::rw-,o::r--,*\n";
    let come = apply(
        &MODULE,
        machine(&[new, new, "/srv/f: *,*\n"], &[PLAIN, PLAIN, ADA]),
        args("/srv/f", json!({"etype": "user", "entity": "ada", "permissions": "rw", "state": "present"})),
    );
    assert_eq!(ran(&come), ["setfacl -m user:ada:rw -- /srv/f"]);
    assert_eq!(*come.get("acl"), json!(["user::rw-", "user:ada:rw-", "group::r--", "mask::rw-", "other::r--"]));
    assert_eq!(come.get("msg"), "user:ada:rw is present");
    let gone = "/srv/f: u::rw-,g::r--,m::r--,o::r--,*\n";
    let left = "user::rw-\ngroup::r--\nmask::r--\nother::r--\n\n";
    let go = apply(
        &MODULE,
        machine(&[gone, gone, "/srv/f: *,*\n"], &[ADA, ADA, left]),
        args("/srv/f", json!({"entry": "u:ada", "state": "absent"})),
    );
    assert_eq!((ran(&go), go.get("msg")), (vec!["setfacl -x user:ada -- /srv/f".to_owned()], &json!("user:ada is absent")));
    let same = apply(&MODULE, machine(&["/srv/f: *,*\n"], &[ADA]), args("/srv/f", json!({"entry": "user:ada:rw-", "state": "present"})));
    assert!(!same.changed && ran(&same).is_empty());
}

#[test]
fn every_option_in_the_words_of_setfacl() {
    let group = |more: Value| {
        let mut more = more;
        (more["etype"], more["entity"], more["permissions"], more["state"]) = (json!("group"), json!("ops"), json!("rX"), json!("present"));
        args("/srv/d", more)
    };
    for (args, call) in [
        (group(json!({"default": true})), "-d -m group:ops:rX -- /srv/d"),
        (group(json!({"recurse": true})), "-R -m group:ops:rX -- /srv/d"),
        (group(json!({"follow": false})), "-P -m group:ops:rX -- /srv/d"),
        (group(json!({"recalculate_mask": "mask"})), "--mask -m group:ops:rX -- /srv/d"),
        (group(json!({"recalculate_mask": "no_mask"})), "--no-mask -m group:ops:rX -- /srv/d"),
        (args("/srv/d", json!({"etype": "other", "permissions": "-", "state": "present"})), "-m other::- -- /srv/d"),
        (args("/srv/d", json!({"etype": "mask", "permissions": "r", "state": "present"})), "-m mask::r -- /srv/d"),
        (args("/srv/d", json!({"entry": "default:g::rwx", "state": "present"})), "-d -m group::rwx -- /srv/d"),
        (args("/srv/d", json!({"entry": "d:user:ada", "state": "absent"})), "-d -x user:ada -- /srv/d"),
        (args("/srv/d", json!({"name": "/srv/f", "etype": "user", "state": "absent"})), "-x user: -- /srv/f"),
    ] {
        let mut args = args;
        if args.get("name").is_some() {
            args.as_object_mut().map(|args| args.remove("path"));
        }
        let applied = apply_once(&MODULE, machine(&["/srv/d: u::rwx,*\n"], &[PLAIN]), args.clone());
        assert_eq!(ran(&applied), [format!("setfacl {call}")], "{args}");
    }
}

#[test]
fn looking_changes_nothing() {
    let query = apply(&MODULE, machine(&[], &[ADA]), args("/srv/f", json!({})));
    assert_eq!((query.changed, query.get("msg"), query.get("acl")[1].as_str()), (false, &json!("current acl"), Some("user:ada:rw-")));
    let default = apply(&MODULE, machine(&[], &["\n"]), args("/srv/d", json!({"default": true})));
    assert_eq!(*default.get("acl"), json!([]));
    assert_eq!(default.machine.commands()[0], format!("probe {GET} --omit-header --absolute-names --no-effective -d -- /srv/d"));
    let link = args("/srv/l", json!({"follow": false, "etype": "user", "permissions": "r", "state": "present"}));
    assert_eq!(
        (apply(&MODULE, machine(&[], &[]), link.clone()).changed, apply(&MODULE, machine(&[], &[]), link).get("acl")),
        (false, &json!([]))
    );
}

#[test]
fn check_mode_tells_the_list() {
    let present = |more: Value| {
        let mut more = more;
        (more["etype"], more["entity"], more["permissions"], more["state"]) = (json!("user"), json!("ada"), json!("rwX"), json!("present"));
        args("/srv/d", more)
    };
    let list = |tested: &str, now: &str, more: Value| predict(&MODULE, machine(&[tested], &[now]), present(more)).get("acl").clone();
    let now = "user::rwx\ngroup::r-x\nother::r-x\ndefault:user::rwx\ndefault:group::r-x\ndefault:other::r-x\n\n";
    assert_eq!(
        list("/srv/d: u::rwx,u:ada:rwx,m::rwx,*\n", now, json!({})),
        json!(["user::rwx", "user:ada:rwx", "mask::rwx", "default:user::rwx", "default:group::r-x", "default:other::r-x"])
    );
    assert_eq!(list("/srv/d: *,d:u::rwx,d:u:ada:rwx\n", "user::rwx\n\n", json!({"default": true})), json!(["user::rwx", "user:ada:rwx"]));
    assert_eq!(
        list(
            "/srv/d: *,*\n/srv/d/a: u::rw-,u:ada:rw-,*\n",
            "user::rwx\nother::r-x\n\nuser::rw-\nother::r--\n\n",
            json!({"recursive": true})
        ),
        json!(["user::rwx", "other::r-x", "", "user::rw-", "user:ada:rw-"])
    );
    let again = predict_after(&MODULE, machine(&["/srv/d: u::rwx,u:ada:rwx,*\n"], &[PLAIN]), present(json!({})), |system| {
        assert!(apply_on(&MODULE, system, &present(json!({}))).0);
    });
    assert!(!again.changed);
    let missing = Fake::new().dir("/srv/d").program(GET).program(SET).answer(&[SET], 1, "", "setfacl: /srv/d: No such file or directory\n");
    assert!(predict(&MODULE, missing, present(json!({}))).failure().unpredictable);
}

#[test]
fn what_does_not_fit_is_refused() {
    for (more, word) in [
        (json!({"state": "present"}), "entry"),
        (json!({"state": "present", "entry": "u:a:r", "etype": "user"}), "etype"),
        (json!({"state": "present", "entry": "u:a:r", "permissions": "r"}), "permissions"),
        (json!({"use_nfsv4_acls": true}), "must be one of"),
        (json!({"etype": "owner"}), "must be one of"),
    ] {
        assert!(refused(&MODULE, args("/srv/f", more.clone())).contains(word), "{more}");
    }
    let message = |fake: Fake, path: &str, more: Value| apply_once(&MODULE, fake, args(path, more)).failure().message.clone();
    for (more, why) in [
        (json!({"recursive": true}), "`recursive` makes no sense with `state: query`"),
        (json!({"recalculate_mask": "mask"}), "`recalculate_mask` makes no sense with `state: query`"),
        (json!({"state": "present", "etype": "user"}), "`permissions` is missing"),
        (json!({"state": "absent", "etype": "user", "permissions": "r"}), "`permissions` makes no sense with `state: absent`"),
        (json!({"state": "present", "entry": "a:b"}), "`a:b` is no `ETYPE:ENTITY:PERMISSIONS`"),
        (json!({"state": "absent", "entry": "u:b:r"}), "`u:b:r` is no `ETYPE:ENTITY`"),
        (json!({"state": "present", "entry": "x:b:r"}), "`x` is neither `user`, `group`, `mask` nor `other`"),
        (json!({"state": "present", "entry": "u:b:r", "entity": "c"}), "`entity` makes no sense with `entry`"),
        (json!({"state": "present", "etype": "mask", "entity": "c", "permissions": "r"}), "`mask` has no user or group"),
        (json!({"state": "present", "etype": "user", "entity": "c,u:root", "permissions": "r"}), "nobody is called `c,u:root`"),
        (json!({"state": "present", "etype": "user", "permissions": "r,u::w"}), "`r,u::w` is made of other letters than `rwxX-`"),
        (
            json!({"state": "present", "etype": "user", "permissions": "r", "default": true}),
            "only a directory has entries for what is made in it",
        ),
    ] {
        assert_eq!(message(machine(&[], &[]), "/srv/f", more), format!("failed to set the access control list of `/srv/f`: {why}"));
    }
    assert_eq!(message(machine(&[], &[]), "/none", json!({})), "failed to set the access control list of `/none`: nothing is there");
    assert_eq!(
        message(Fake::new().file("/f", ""), "/f", json!({})),
        "failed to look at access control lists: the machine has no `getfacl`"
    );
    let closed = Fake::new().file("/f", "").program(GET).program(SET).answer(&[SET], 1, "", "setfacl: /f: Operation not supported\n");
    let present = json!({"etype": "user", "permissions": "r", "state": "present"});
    assert!(message(closed, "/f", present).ends_with("setfacl: /f: Operation not supported"));
}
