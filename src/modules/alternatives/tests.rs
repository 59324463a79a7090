use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict_after, refused};
use crate::system::System as _;
use crate::system::fake::Fake;

const PROGRAM: &str = "/usr/bin/update-alternatives";
/// Said by dpkg 1.21.
const TWO: &str = "Name: prog\nLink: /usr/bin/prog\nSlaves:\n prog.1 /usr/share/man/prog.1\nStatus: auto\nBest: /opt/b\nValue: /opt/b\n\n\
                   Alternative: /opt/a\nPriority: 50\nSlaves:\n prog.1 /opt/a.1\n\nAlternative: /opt/b\nPriority: 60\nSlaves:\n";
const MANUAL: &str = "Name: prog\nLink: /usr/bin/prog\nStatus: manual\nBest: /opt/b\nValue: /opt/a\n\nAlternative: /opt/a\nPriority: \
                      50\n\nAlternative: /opt/b\nPriority: 60\n";

fn bare(version: &str) -> Fake {
    let fake = Fake::new().dir("/etc/alternatives").program(PROGRAM).answer(&[PROGRAM], 0, "", "");
    let fake = ["/opt/a", "/opt/b", "/opt/c"].iter().fold(fake, |fake, path| fake.program(path));
    fake.answer(&[PROGRAM, "--version"], 0, version, "")
}

/// A Debian machine on which these are told, one after another; nothing is known of a name where a text is empty.
fn machine(told: &[&str]) -> Fake {
    told.iter().fold(bare("Debian update-alternatives version 1.21.22.\n"), |fake, text| {
        let (rc, said) = if text.is_empty() { (2, "update-alternatives: error: no alternatives for prog\n") } else { (0, "") };
        fake.answer(&[PROGRAM, "--query", "prog"], rc, text, said)
    })
}

fn args(path: &str, more: Value) -> Value {
    let mut args = more;
    (args["name"], args["path"]) = (json!("prog"), json!(path));
    args
}

fn ran(applied: &Applied) -> String {
    applied.machine.runs().iter().map(|command| command.argv[1..].join(" ")).collect::<Vec<_>>().join("; ")
}

/// What community.general 12 hands to update-alternatives.
#[test]
fn alternatives_are_installed_and_chosen() {
    let link = || json!({"link": "/usr/bin/prog"});
    let slaves =
        |path: &str| json!({"state": "present", "subcommands": [{"name": "prog.1", "path": path, "link": "/usr/share/man/prog.1"}]});
    for (told, args, calls) in [
        ("", args("/opt/a", link()), "--install /usr/bin/prog prog /opt/a 50; --set prog /opt/a"),
        ("", args("/opt/a", json!({"link": "/usr/bin/prog", "priority": 7, "state": "present"})), "--install /usr/bin/prog prog /opt/a 7"),
        (TWO, args("/opt/c", json!({})), "--install /usr/bin/prog prog /opt/c 50; --set prog /opt/c"),
        (TWO, args("/opt/c", json!({"priority": 70})), "--install /usr/bin/prog prog /opt/c 70; --set prog /opt/c"),
        (TWO, args("/opt/c", json!({"state": "present"})), "--install /usr/bin/prog prog /opt/c 50"),
        (TWO, args("/opt/a", json!({})), "--set prog /opt/a"),
        (TWO, args("/opt/b", json!({})), ""),
        (TWO, args("/opt/a", json!({"state": "present"})), ""),
        (TWO, args("/opt/b", json!({"state": "present", "priority": 60, "link": "/usr/bin/other"})), ""),
        (TWO, args("/opt/b", json!({"priority": 61})), "--install /usr/bin/prog prog /opt/b 61"),
        (TWO, args("/opt/b", json!({"state": "auto"})), ""),
        (MANUAL, args("/opt/b", json!({"state": "auto"})), "--auto prog"),
        (MANUAL, args("/opt/c", json!({"state": "auto"})), "--install /usr/bin/prog prog /opt/c 50; --auto prog"),
        (MANUAL, args("/opt/b", json!({"state": "present"})), ""),
        (TWO, args("/opt/a", slaves("/opt/a.1")), ""),
        (TWO, args("/opt/a", slaves("/opt/c")), "--install /usr/bin/prog prog /opt/a 50 --slave /usr/share/man/prog.1 prog.1 /opt/c"),
        (TWO, args("/opt/a", json!({"state": "present", "slaves": []})), "--install /usr/bin/prog prog /opt/a 50"),
        (
            TWO,
            args("/opt/a", json!({"state": "present", "priority": 9})),
            "--install /usr/bin/prog prog /opt/a 9 --slave /usr/share/man/prog.1 prog.1 /opt/a.1",
        ),
        (TWO, args("/opt/a", json!({"state": "absent"})), "--remove prog /opt/a"),
        (TWO, args("/opt/c", json!({"state": "absent"})), ""),
        ("", args("/opt/c", json!({"state": "absent"})), ""),
    ] {
        let applied = apply_once(&MODULE, machine(&[told]), args.clone());
        assert_eq!((ran(&applied).as_str(), applied.changed), (calls, !calls.is_empty()), "{args}");
        let earlier = |system: &mut dyn crate::system::System| drop(apply_on(&MODULE, system, &args));
        assert!(!predict_after(&MODULE, machine(&[told]), args.clone(), earlier).changed, "check mode remembers: {args}");
    }
}

#[test]
fn a_second_run_changes_nothing() {
    let set = apply(&MODULE, machine(&[TWO, TWO, MANUAL]), args("/opt/a", json!({})));
    assert_eq!((ran(&set).as_str(), set.get("msg")), ("--set prog /opt/a", &json!("selected /opt/a")));
    assert_eq!(set.machine.read_link(Path::new("/etc/alternatives/prog")).ok(), Some(PathBuf::from("/opt/a")));
    assert_eq!(set.machine.read_link(Path::new("/usr/bin/prog")).ok(), Some(PathBuf::from("/etc/alternatives/prog")));
    let auto = apply(&MODULE, machine(&[MANUAL, MANUAL, TWO]), args("/opt/b", json!({"state": "auto"})));
    assert_eq!(auto.get("msg"), "set to automatic mode");
    let last = "Name: prog\nLink: /usr/bin/prog\nStatus: auto\nBest: /opt/a\nValue: /opt/a\n\nAlternative: /opt/a\nPriority: 50\n";
    let machine = machine(&[last, last, ""]).link("/usr/bin/prog", "/etc/alternatives/prog").link("/etc/alternatives/prog", "/opt/a");
    let gone = apply(&MODULE, machine, args("/opt/a", json!({"state": "absent"})));
    assert!(!gone.machine.has("/usr/bin/prog") && !gone.machine.has("/etc/alternatives/prog"));
    assert_eq!(gone.get("msg"), "removed /opt/a");
}

#[test]
fn those_of_red_hat() {
    let display = "prog - status is manual.\n link currently points to /opt/a\n/opt/a - family one.x86_64 priority 50\n slave prog.1: \
                   /opt/a.1\n/opt/b - family two.x86_64 priority 60\n follower prog.1: /opt/b.1\n/opt/c - priority 10\nCurrent `best' version \
                   is /opt/b.\n";
    let machine = || bare("alternatives version 1.24\n").answer(&[PROGRAM, "--display", "prog"], 0, display, "");
    let family = |family: &str, state: &str| json!({"name": "prog", "family": family, "state": state});
    let subcommand = |path: &str| json!([{"name": "prog.1", "path": path, "link": "/usr/share/man/prog.1"}]);
    for (args, calls) in [
        (args("/opt/a", json!({})), ""),
        (args("/opt/b", json!({"family": "two.x86_64"})), "--set prog /opt/b"),
        (args("/opt/b", json!({"state": "auto"})), "--auto prog"),
        (args("/opt/a", json!({"subcommands": subcommand("/opt/a.1")})), ""),
        (
            args("/opt/c", json!({"family": "three", "link": "/usr/bin/prog", "subcommands": subcommand("/opt/c.1"), "state": "present"})),
            "--install /usr/bin/prog prog /opt/c 10 --family three --slave /usr/share/man/prog.1 prog.1 /opt/c.1",
        ),
        (family("two.x86_64", "selected"), "--set prog two.x86_64"),
        (family("one.x86_64", "selected"), ""),
        (family("one.x86_64", "present"), ""),
        (family("one.x86_64", "auto"), "--auto prog"),
        (family("two.x86_64", "absent"), "--remove prog /opt/b"),
        (family("none", "absent"), ""),
    ] {
        assert_eq!(ran(&apply_once(&MODULE, machine(), args.clone())), calls, "{args}");
    }
    let message = |args: Value| apply_once(&MODULE, machine(), args).failure().message.clone();
    assert_eq!(message(family("none", "selected")), "failed to choose what `prog` means: there is no alternative of the family `none`");
    let new = args("/opt/c", json!({"priority": 11}));
    assert_eq!(message(new), "failed to choose what `prog` means: `link` is missing, which a new alternative needs");
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, json!({"name": "prog"})).contains("needs one of"));
    assert!(refused(&MODULE, args("/opt/a", json!({"subcommands": [{"name": "x"}]}))).contains("path"));
    assert!(refused(&MODULE, args("/opt/a", json!({"state": "chosen"}))).contains("must be one of"));
    let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
    let start = "failed to choose what `prog` means: ";
    assert_eq!(message(machine(&[""]), args("/opt/a", json!({}))), format!("{start}`link` is missing, which a new alternative needs"));
    assert_eq!(message(machine(&[TWO]), args("/opt/none", json!({}))), format!("{start}there is no `/opt/none`"));
    assert_eq!(
        message(machine(&[TWO]), args("/opt/a", json!({"family": "x"}))),
        format!("{start}the `update-alternatives` of this machine knows no families")
    );
    assert_eq!(
        message(Fake::new(), args("/opt/a", json!({}))),
        format!("{start}the machine has no `update-alternatives` or `alternatives`")
    );
    for name in ["", "-x", "a/b", "a b"] {
        let args = json!({"name": name, "path": "/opt/a"});
        assert_eq!(message(machine(&[TWO]), args), format!("failed to choose what `{name}` means: a name cannot be like that"));
    }
    let broken = machine(&[TWO]).answer(&[PROGRAM, "--set"], 2, "", "update-alternatives: error: unable to make a link\n");
    assert_eq!(message(broken, args("/opt/a", json!({}))), format!("{start}update-alternatives: error: unable to make a link"));
}
