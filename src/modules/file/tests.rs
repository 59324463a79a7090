use serde_json::json;

use super::MODULE;
use crate::modules::testing::{apply, apply_once, predict, refused};
use crate::system::FileKind;
use crate::system::fake::{Fake, Fault};

fn tree() -> Fake {
    Fake::new().file("/srv/a/f", "x").dir("/srv/a/b").file("/srv/t", "t").link("/srv/a/ln", "/srv/t").user("app", 1000)
}

#[test]
fn a_directory_is_made_with_its_parents_and_all_get_the_attributes() {
    let applied = apply(&MODULE, tree(), json!({"path": "/srv/x/y/z", "state": "directory", "mode": "0700", "owner": "app"}));
    assert!(applied.changed);
    assert_eq!((applied.get("state"), applied.get("mode"), applied.get("owner")), (&json!("directory"), &json!("0700"), &json!("app")));
    for path in ["/srv/x", "/srv/x/y", "/srv/x/y/z"] {
        let stat = applied.machine.stat_of(path);
        assert_eq!((stat.kind, stat.mode, stat.uid), (FileKind::Directory, 0o700, 1000), "{path}");
    }
    assert!(!apply(&MODULE, applied.machine, json!({"path": "/srv/x/y", "state": "directory"})).changed);
}

#[test]
fn a_new_directory_follows_the_umask() {
    let applied = apply(&MODULE, Fake::new().umask(0o027), json!({"path": "/srv/x", "state": "directory"}));
    assert_eq!(applied.get("mode"), "0750");
}

#[test]
fn recursion_reaches_everything_and_follows_links() {
    let args = json!({"path": "/srv/a", "state": "directory", "mode": "u=rwX,g=rX,o=", "recurse": true});
    let machine = apply(&MODULE, tree().mode("/srv/a/f", 0o666), args).machine;
    let modes = ["/srv/a", "/srv/a/b", "/srv/a/f", "/srv/t"].map(|path| machine.stat_of(path).mode);
    assert_eq!(modes, [0o750, 0o750, 0o640, 0o640]);
    let args = json!({"path": "/srv/a", "recurse": true, "state": "directory", "owner": "app", "follow": false});
    let machine = apply(&MODULE, tree(), args).machine;
    assert_eq!(["/srv/a/f", "/srv/a/ln", "/srv/t"].map(|path| machine.stat_of(path).uid), [1000, 1000, 0]);
}

#[test]
fn recursion_ends_where_links_go_in_circles() {
    let machine = tree().link("/srv/a/b/up", "/srv/a");
    let machine = apply(&MODULE, machine, json!({"path": "/srv/a", "state": "directory", "recurse": true, "owner": "app"})).machine;
    assert_eq!(machine.stat_of("/srv/a/b").uid, 1000);
}

#[test]
fn a_file_must_be_there() {
    let failed = apply(&MODULE, tree(), json!({"path": "/srv/nope", "state": "file"}));
    assert_eq!(failed.failure().result.get("state"), Some(&json!("absent")));
    assert!(failed.failure().message.contains("`/srv/nope`"), "{}", failed.failure());
    assert!(apply(&MODULE, tree(), json!({"path": "/srv/nope"})).answer.is_err());
    let applied = apply(&MODULE, tree(), json!({"path": "/srv/t", "mode": "a-rwx,u+r"}));
    assert_eq!((applied.changed, applied.get("mode"), applied.get("state")), (true, &json!("0400"), &json!("file")));
}

#[test]
fn absent_takes_everything() {
    let applied = apply(&MODULE, tree(), json!({"path": "/srv/a", "state": "absent"}));
    assert!(applied.changed && !applied.machine.has("/srv/a") && applied.machine.has("/srv/t"));
    assert!(!apply(&MODULE, tree(), json!({"path": "/srv/nope", "state": "absent"})).changed);
}

#[test]
fn touch_makes_an_empty_file_and_sets_times() {
    let applied = apply_once(&MODULE, tree(), json!({"path": "/srv/new", "state": "touch", "mode": "0600"}));
    assert_eq!((applied.machine.text("/srv/new").as_str(), applied.get("dest")), ("", &json!("/srv/new")));
    assert_eq!(applied.machine.stat_of("/srv/new").mode, 0o600);
    assert!(apply_once(&MODULE, tree().mtime("/srv/t", 1.0), json!({"path": "/srv/t", "state": "touch"})).changed);
    let keep = json!({"path": "/srv/t", "state": "touch", "access_time": "preserve", "modification_time": "preserve"});
    assert!(!apply(&MODULE, tree(), keep).changed);
}

#[test]
fn a_time_is_read_by_its_format_in_the_time_zone_of_the_machine() {
    let machine = tree().answer(&["date", "-d", "2020-05-06 00:00:00", "+%s"], 0, "1588690800\n", "");
    let args = json!({"path": "/srv/t", "modification_time": "2020-05-06", "modification_time_format": "%Y-%m-%d"});
    let applied = apply(&MODULE, machine, args);
    assert!(applied.changed);
    assert!((applied.machine.stat_of("/srv/t").mtime - 1_588_690_800.0).abs() < 1e-6);
    let wrong = apply(&MODULE, tree(), json!({"path": "/srv/t", "state": "touch", "modification_time": "2020"}));
    assert!(wrong.failure().message.contains("`2020`"), "{}", wrong.failure());
}

#[test]
fn symbolic_links() {
    let applied = apply(&MODULE, tree(), json!({"path": "/srv/l", "src": "t", "state": "link"}));
    assert_eq!((applied.changed, applied.get("src"), applied.get("state")), (true, &json!("t"), &json!("link")));
    let changed = apply(&MODULE, applied.machine, json!({"path": "/srv/l", "src": "/srv/a", "state": "link"}));
    assert_eq!((changed.changed, changed.get("src")), (true, &json!("/srv/a")));
    // Without `src` the link stays, and attributes go to what it points to.
    let kept = apply(&MODULE, tree(), json!({"path": "/srv/a/ln", "mode": "0600"}));
    assert_eq!((kept.get("src"), kept.machine.stat_of("/srv/t").mode), (&json!("/srv/t"), 0o600));
    let own = apply(&MODULE, tree(), json!({"path": "/srv/a/ln", "state": "link", "src": "/srv/t", "follow": false, "owner": "app"}));
    assert_eq!((own.machine.stat_of("/srv/a/ln").uid, own.machine.stat_of("/srv/t").uid), (1000, 0));
}

#[test]
fn links_replace_only_what_may_be_replaced() {
    let to = |path: &str, force: bool| json!({"path": path, "src": "/srv/t", "state": "link", "force": force});
    let machine = || tree().dir("/srv/empty").file("/srv/file", "");
    assert!(apply(&MODULE, machine(), to("/srv/a", false)).answer.is_err());
    assert!(apply(&MODULE, machine(), to("/srv/a", true)).failure().message.contains("not empty"));
    assert!(apply(&MODULE, machine(), to("/srv/empty", false)).answer.is_err());
    assert!(apply(&MODULE, machine(), to("/srv/empty", true)).changed);
    assert!(apply(&MODULE, machine(), to("/srv/file", false)).answer.is_err());
    assert!(apply(&MODULE, machine(), to("/srv/file", true)).changed);
    let dangling = json!({"path": "/srv/l", "src": "nowhere", "state": "link"});
    assert!(apply(&MODULE, machine(), dangling).failure().hint.is_some());
    let forced = apply(&MODULE, machine(), json!({"path": "/srv/l", "src": "nowhere", "state": "link", "force": true, "mode": "0600"}));
    assert!(forced.changed && forced.answer.is_ok_and(|outcome| outcome.warnings.len() == 1));
}

#[test]
fn hard_links() {
    let applied = apply(&MODULE, tree(), json!({"path": "/srv/h", "src": "/srv/t", "state": "hard"}));
    assert_eq!((applied.changed, applied.get("state")), (true, &json!("hard")));
    assert_eq!(applied.machine.stat_of("/srv/h").links, 2);
    let inside = apply(&MODULE, tree(), json!({"path": "/srv/a", "src": "/srv/t", "state": "hard"}));
    assert_eq!(inside.get("dest"), "/srv/a/t");
    assert!(apply(&MODULE, tree(), json!({"path": "/srv/a/f", "src": "/srv/t", "state": "hard"})).answer.is_err());
    let forced = apply(&MODULE, tree(), json!({"path": "/srv/a/f", "src": "/srv/t", "state": "hard", "force": true}));
    assert_eq!(forced.machine.text("/srv/a/f"), "t");
    assert!(apply(&MODULE, tree(), json!({"path": "/srv/h", "src": "/none", "state": "hard"})).answer.is_err());
}

#[test]
fn check_mode_composes() {
    let predicted = predict(&MODULE, tree(), json!({"path": "/srv/x/y", "state": "directory", "mode": "0700"}));
    assert!(predicted.changed && !predicted.diff.is_empty());
    assert_eq!(predicted.get("mode"), "0700");
}

#[test]
fn what_cannot_be_done_is_told() {
    for (args, part) in [
        (json!({"path": "/srv/t", "state": "directory"}), "already"),
        (json!({"path": "/srv/t/x", "state": "directory"}), "/srv/t"),
        (json!({"path": "/srv/t", "owner": "nobody-here"}), "no such user"),
        (json!({"path": "/srv/t", "recurse": true}), "`recurse`"),
        (json!({"path": "/srv/t", "src": "/srv/a", "state": "file"}), "`src`"),
        (json!({"path": "", "state": "directory"}), "`path` is empty"),
        (json!({"path": "/srv/t", "setype": "etc_t"}), "SELinux is not enabled"),
        (json!({"path": "/srv/t", "attributes": "+i"}), "no `chattr`"),
        (json!({"path": "/srv/none/x", "state": "touch"}), "/srv/none/x"),
    ] {
        let failed = apply(&MODULE, tree(), args.clone());
        assert!(failed.failure().message.contains(part), "{args}: {}", failed.failure());
    }
    let failed = apply(&MODULE, tree().fault(Fault::ReadOnly, "/srv"), json!({"path": "/srv/x", "state": "directory"}));
    assert!(failed.failure().message.contains("Read-only file system"), "{}", failed.failure());
    assert!(refused(&MODULE, json!({"path": "/x", "mode": "0899"})).contains("file mode"));
}

#[test]
fn flags_of_the_file_system_change_only_when_they_differ() {
    let machine = || {
        tree()
            .answer(&["/usr/bin/lsattr"], 0, "--------------e------- /srv/t\n", "")
            .answer(&["/usr/bin/lsattr"], 0, "--------------e------- /srv/t\n", "")
            .program("/usr/bin/lsattr")
            .program("/usr/bin/chattr")
    };
    let applied = apply_once(&MODULE, machine(), json!({"path": "/srv/t", "attributes": "+i"}));
    assert!(applied.changed);
    assert!(applied.machine.commands().contains(&"run /usr/bin/chattr +i /srv/t".to_owned()), "{:?}", applied.machine.commands());
    assert!(!apply(&MODULE, machine(), json!({"path": "/srv/t", "attributes": "+e"})).changed);
}
