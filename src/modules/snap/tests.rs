use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict, predict_after, refused};
use crate::system::fake::Fake;

const SNAP: &str = "/usr/bin/snap";
const VERSION: &str = "snap    2.57.6-1+deb12u1+b2\nsnapd   2.57.6-1+deb12u1+b2\nseries  16\ndebian  12\nkernel  6.1\n";
const LIST: &str = "Name  Version  Rev  Tracking         Publisher    Notes
foo   1.0      29   latest/stable    canonical**  -
off   2.0      x1   -                -            base,disabled
two   2.0      3    2/stable/…       me           classic
";
/// Said by snapd 2.57.
const EMPTY: &str = "No snaps are installed yet. Try 'snap install hello-world'.\n";
const INFO: &str = "name:      new\nsummary:   A snap\nchannels:\n  latest/stable:    6.4 2019-04-17 (29) 20kB -\n  latest/edge: 6.5 2019-04-17 (30) 20kB classic\n";

fn machine(list: &str) -> Fake {
    let said = if list.is_empty() { EMPTY } else { "" };
    let fake = Fake::new().program(SNAP).answer(&[SNAP], 0, "", "").answer(&[SNAP, "version"], 0, VERSION, "");
    fake.answer(&[SNAP, "list"], 0, list, said).answer(&[SNAP, "info"], 0, INFO, "")
}

fn ran(applied: &Applied) -> String {
    applied.machine.runs().iter().map(|command| command.argv[1..].join(" ")).collect::<Vec<_>>().join("; ")
}

#[test]
fn snaps_come_and_go() {
    for (args, calls, list) in [
        (json!({"name": "foo"}), "", json!({})),
        (json!({"name": "foo", "channel": "stable"}), "", json!({})),
        (json!({"name": "foo", "channel": "latest/stable"}), "", json!({})),
        (json!({"name": "foo", "channel": "edge"}), "refresh --channel edge foo", json!({"snaps_installed": ["foo"]})),
        (json!({"name": "foo", "channel": "2"}), "refresh --channel 2 foo", json!({"snaps_installed": ["foo"]})),
        (json!({"name": ["new", "foo", "new"]}), "install new", json!({"snaps_installed": ["new"]})),
        (
            json!({"name": "new", "classic": true, "channel": "edge", "dangerous": true}),
            "install --classic --channel edge --dangerous new",
            json!({"snaps_installed": ["new"]}),
        ),
        (json!({"name": ["new", "foo"], "state": "absent"}), "remove foo", json!({"snaps_removed": ["foo"]})),
        (json!({"name": ["foo", "off"], "state": "enabled"}), "enable off", json!({"snaps_enabled": ["off"]})),
        (json!({"name": ["foo", "off", "new"], "state": "disabled"}), "disable foo", json!({"snaps_disabled": ["foo"]})),
    ] {
        let applied = apply_once(&MODULE, machine(LIST), args.clone());
        assert_eq!((ran(&applied).as_str(), applied.changed), (calls, !calls.is_empty()), "{args}");
        let predicted = predict(&MODULE, machine(LIST), args.clone());
        assert_eq!((predicted.changed, predicted.result()), (applied.changed, applied.result()), "{args}");
        for (key, value) in list.as_object().into_iter().flatten() {
            assert_eq!(applied.get(key), value, "{args}");
        }
        let cmd = if calls.is_empty() { Value::Null } else { json!(format!("snap {calls}")) };
        assert_eq!((applied.get("cmd"), &applied.get("version")["series"]), (&cmd, &json!("16")), "{args}");
    }
    let first = apply_once(&MODULE, machine(""), json!({"name": ["new", "foo"]}));
    assert_eq!((ran(&first).as_str(), first.get("snap_names")), ("install new; install foo", &json!(["new", "foo"])));
    assert_eq!((first.get("channel"), first.get("classic")), (&json!("stable"), &json!(false)));
    let again = apply(&MODULE, machine(LIST), json!({"name": "foo"}));
    assert!(!again.changed && again.get("cmd").is_null());
}

#[test]
fn a_branch_is_asked_for() {
    let info = |tracking: &str| format!("name:      two\ntracking:     {tracking}\n");
    for (tracking, calls) in [("2/stable/fix", ""), ("2/stable/other", "refresh --channel 2/stable/fix two")] {
        let fake = machine(LIST).answer(&[SNAP, "info", "two"], 0, info(tracking), "");
        assert_eq!(ran(&apply_once(&MODULE, fake, json!({"name": "two", "channel": "2/stable/fix"}))), calls);
    }
    for (channel, whole) in [("edge", "latest/edge"), ("edge/fix", "latest/edge/fix"), ("2", "2/stable"), ("2/beta", "2/beta")] {
        assert_eq!(snapd::whole_channel(channel), whole);
    }
}

#[test]
fn files_are_installed_once() {
    let file = "/srv/foo_1.snap";
    let info = "path:      \"/srv/foo_1.snap\"\nname:      foo\nversion:   1.0 -\n";
    let fake = |list: &str| machine(list).answer(&[SNAP, "info", file], 0, info, "");
    let args = json!({"name": file, "dangerous": true});
    let new = apply_once(&MODULE, fake(""), args.clone());
    assert_eq!(ran(&new), format!("install --dangerous {file}"));
    assert_eq!((new.get("snaps_installed"), new.get("snap_names")), (&json!([file]), &json!(["foo"])));
    assert!(!apply(&MODULE, fake(LIST), args).changed);
}

#[test]
fn settings() {
    let there = "{\n\t\"a\": \"b\",\n\t\"c\": {\n\t\t\"d\": 1\n\t},\n\t\"on\": true\n}\n";
    let fake = |list: &str| machine(list).answer(&[SNAP, "get", "-d"], 0, there, "");
    let set = |list: &str, name: Value, options: Value| {
        let applied = apply_once(&MODULE, fake(list), json!({"name": name, "options": options}));
        (ran(&applied), applied.get("options_changed").clone())
    };
    for (options, calls, changed) in [
        (json!(["a=b", "c.d=1", "foo:on=true", "gone=null"]), "", Value::Null),
        (json!(["a=c", "c.d=\"1\""]), "set foo a=c c.d=\"1\"", json!(["foo:a=c", "foo:c.d=\"1\""])),
        (json!(["foo:c={\"d\":1}", "c.e=x=y", "a.b=1"]), "set foo c.e=x=y a.b=1", json!(["foo:c.e=x=y", "foo:a.b=1"])),
    ] {
        assert_eq!(set(LIST, json!("foo"), options), (calls.to_owned(), changed));
    }
    let both = set(LIST, json!(["foo", "two"]), json!(["x=1", "two:y=2"]));
    assert_eq!(both, ("set foo x=1; set two x=1 y=2".to_owned(), json!(["foo:x=1", "two:x=1", "two:y=2"])));
    let old = machine(LIST).answer(&[SNAP, "get"], 1, "", "error: snap \"foo\" has no configuration\n");
    assert_eq!(ran(&apply_once(&MODULE, old, json!({"name": "foo", "options": ["a=b"]}))), "set foo a=b");
    let new = apply_once(&MODULE, machine("").answer(&[SNAP, "get"], 0, "{}", ""), json!({"name": "new", "options": ["a=b"]}));
    assert_eq!(ran(&new), "install new; set new a=b");
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let after = |now: Value, earlier: &[Value]| {
        let earlier = earlier.to_vec();
        let fake = machine(LIST).answer(&[SNAP, "get"], 0, "{}", "");
        predict_after(&MODULE, fake, now, |system| {
            earlier.iter().for_each(|earlier| assert!(apply_on(&MODULE, system, earlier).0, "{earlier}"));
        })
    };
    let new = json!({"name": "new", "channel": "stable", "options": ["a=1"]});
    let gone = json!({"name": "foo", "state": "absent"});
    let edge = json!({"name": "foo", "channel": "edge"});
    let off = json!({"name": "foo", "state": "disabled"});
    let set = json!({"name": "foo", "options": ["a=1"]});
    for (now, earlier, changed) in [
        (new.clone(), vec![new.clone()], false),
        (gone.clone(), vec![gone.clone()], false),
        (edge.clone(), vec![edge.clone()], false),
        (off.clone(), vec![off.clone()], false),
        (set.clone(), vec![set.clone()], false),
        (set.clone(), vec![set.clone(), edge.clone(), off.clone()], false),
        (json!({"name": "foo", "channel": "stable"}), vec![edge], true),
        (json!({"name": "foo", "state": "enabled"}), vec![off.clone()], true),
        (json!({"name": "foo"}), vec![gone.clone()], true),
        (set.clone(), vec![set, gone, json!({"name": "foo"})], true),
        (json!({"name": "new", "state": "absent"}), vec![new.clone()], true),
        (off, vec![json!({"name": "foo", "state": "absent"})], false),
    ] {
        assert_eq!(after(now.clone(), &earlier).changed, changed, "{now} after {earlier:?}");
    }
    let options = after(json!({"name": "new", "options": ["a=2"]}), &[new]);
    assert_eq!(options.get("options_changed"), &json!(["new:a=2"]));
}

#[test]
fn check_mode_looks_whether_a_snap_can_be_installed() {
    let none = machine(LIST).answer(&[SNAP, "info", "none"], 1, "", "error: no snap found for \"none\"\n");
    let none = predict(&MODULE, none, json!({"name": "none"}));
    assert_eq!(none.failure().message, "failed to install the snap `none`: error: no snap found for \"none\"");
    let classic = predict(&MODULE, machine(LIST), json!({"name": "new", "channel": "edge"}));
    assert_eq!(classic.failure().message, "failed to install the snap `new`: it is not confined");
    assert!(predict(&MODULE, machine(LIST), json!({"name": "new", "channel": "edge", "classic": true})).changed);
}

#[test]
fn what_does_not_fit_is_refused() {
    for (args, word) in [(json!({}), "name"), (json!({"name": "x", "state": "latest"}), "must be one of")] {
        assert!(refused(&MODULE, args.clone()).contains(word), "{args}");
    }
    let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
    assert_eq!(message(Fake::new(), json!({"name": "foo"})), "failed to manage snaps: the machine has no `snap`");
    for (args, why) in [
        (json!({"name": "--evil"}), "failed to manage snaps: `--evil` is no name of one"),
        (json!({"name": "new", "state": "enabled"}), "failed to switch the snap `new` on: it is not installed"),
        (
            json!({"name": "foo", "options": ["novalue"]}),
            "failed to read the setting `novalue`: it is neither `key=value` nor `snap:key=value`",
        ),
        (json!({"name": "foo", "options": ["i="]}), "failed to read the setting `i=`: it is neither `key=value` nor `snap:key=value`"),
        (
            json!({"name": "foo", "options": ["other:a=b"]}),
            "failed to read the setting `other:a=b`: `other` is none of the snaps of the task",
        ),
    ] {
        assert_eq!(message(machine(LIST), args), why);
    }
    let down = "error: cannot list snaps: cannot communicate with server: dial unix /run/snapd.socket\n";
    let silent = Fake::new().program(SNAP).answer(&[SNAP, "version"], 0, VERSION, "").answer(&[SNAP, "list"], 1, "", down);
    assert_eq!(message(silent, json!({"name": "foo"})), format!("failed to ask for the snaps of the machine: {}", down.trim()));
    let unsigned = machine("").answer(&[SNAP, "info", "/x.snap"], 0, "name: x\n", "").answer(
        &[SNAP, "install"],
        1,
        "",
        "error: cannot find signatures with metadata for snap \"/x.snap\"\n",
    );
    let why = "failed to install the snap `x`: error: cannot find signatures with metadata for snap \"/x.snap\"";
    assert_eq!(message(unsigned, json!({"name": "/x.snap"})), why);
    let confined = "error: This revision of snap \"new\" was published using classic\n\n       proceed repeat the command including\n       --classic.\n";
    let failed = apply_once(&MODULE, machine("").answer(&[SNAP, "install"], 1, "", confined), json!({"name": "new"}));
    assert_eq!(failed.failure().message, "failed to install the snap `new`: it is not confined");
    assert_eq!(failed.failure().hint.as_deref(), Some("`classic: true` allows it"));
}
