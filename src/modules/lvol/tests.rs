use serde_json::{Value, json};

use super::*;
use crate::modules::lvg;
use crate::modules::shared::lvm_cases::{args, ran};
use crate::modules::testing::{apply, apply_on, apply_once, predict, predict_after, refused};
use crate::system::fake::Fake;

const PROGRAMS: &[&str] = &["vgs", "pvs", "lvs", "lvcreate", "lvremove", "lvextend", "lvreduce", "lvchange"];

// What LVM 2.03.16 tells of a group of 123 extents, of which 104 are free, volumes that are not active; the states are those of its manual.
const GROUP: &str = "  g;515899392;436207616;4194304\n  other;4194304;0;4194304\n";
const FULL: &str = "  g;515899392;0;4194304\n";
const DEVICES: &str = "  /srv/d1;g;205520896\n  /srv/d2;g;310378496\n  /srv/d3;;104857600\n";
const VOLUMES: &str = "  base;20971520;owi-a-s---;;1\n  snap;8388608;swi-a-s---;base;1\n  th;104857600;Vwi-a-tz--;;0\n  tp;41943040;twi-aotz--;;1\n\
    tsnap;104857600;Vwi-a-tz-k;th;0\n  off;25165824;-wi-------;;1\n  st;25165824;-wi-a-----;;2\n  two;8388608;-wi-a-----;;1\n  two;8388608;-wi-a-----;;1\n";

fn machine(group: &str) -> Fake {
    let fake = PROGRAMS.iter().fold(Fake::new(), |fake, name| fake.program(&format!("/usr/sbin/{name}")));
    fake.file("/srv/d1", "").file("/srv/d2", "").answer(&["/usr/sbin/vgs"], 0, group, "").answer(&["/usr/sbin/pvs"], 0, DEVICES, "").answer(
        &["/usr/sbin/lvs"],
        0,
        VOLUMES,
        "",
    )
}

#[test]
fn what_is_missing_is_made() {
    for (more, calls) in [
        (json!({"lv": "new", "size": 21}), "lvcreate --yes -n new -L 21m g"),
        (json!({"lv": "new", "size": "1.5G"}), "lvcreate --yes -n new -L 1.5g g"),
        (json!({"lv": "new", "size": "100%FREE"}), "lvcreate --yes -n new -l 100%FREE g"),
        (
            json!({"lv": "new", "size": "50%PVS", "pvs": "/srv/d1,/srv/d2", "opts": "-r 16 --addtag 'a b'"}),
            "lvcreate --yes -n new -l 50%PVS -r 16 --addtag a b g /srv/d1 /srv/d2",
        ),
        (json!({"lv": "new", "size": "8m", "active": false}), "lvcreate --yes -n new -L 8m g; lvchange -an g/new"),
        (json!({"thinpool": "new", "size": "40m"}), "lvcreate --yes -L 40m -T g/new"),
        (json!({"thinpool": "tp", "lv": "new", "size": "1g", "opts": "--addtag z"}), "lvcreate --yes -n new -V 1g --addtag z -T g/tp"),
        (json!({"lv": "base", "snapshot": "new", "size": "50%ORIGIN"}), "lvcreate --yes -l 50%ORIGIN -s -n new g/base"),
        (json!({"lv": "th", "snapshot": "new"}), "lvcreate --yes -s -n new g/th"),
        (json!({"lv": "th", "snapshot": "new", "size": "100m"}), "lvcreate --yes -L 100m -s -n new g/th"),
    ] {
        let made = apply_once(&MODULE, machine(GROUP), args(more.clone()));
        assert_eq!((made.changed, ran(&made).as_str(), made.get("msg")), (true, calls, &json!("")), "{more}");
        let predicted = predict(&MODULE, machine(GROUP), args(more.clone()));
        assert!(predicted.changed && predicted.machine.runs().is_empty());
        assert!(json!(predicted.diff).to_string().contains("g/new: absent -> present"), "{more}");
        let tried = predicted.machine.commands().iter().any(|command| command.starts_with("probe /usr/sbin/lvcreate --test --yes"));
        assert!(tried, "LVM says in check mode what would come of it");
    }
}

#[test]
fn what_is_there_gets_its_size() {
    for (more, calls) in [
        (json!({"lv": "base"}), ""),
        (json!({"lv": "base", "size": 20}), ""),
        (json!({"lv": "base", "size": "17m"}), ""),
        (json!({"lv": "base", "size": "20971520b"}), ""),
        (json!({"lv": "base", "size": "40960s"}), ""),
        (json!({"lv": "base", "size": "4%VG"}), ""),
        (json!({"lv": "base", "size": "5%VG"}), "lvextend -l 5%VG g/base"),
        (json!({"lv": "base", "size": "5%FREE"}), ""),
        (json!({"lv": "base", "size": "20%PVS", "pvs": ["/srv/d1"]}), "lvextend -l 20%PVS g/base /srv/d1"),
        (json!({"lv": "base", "size": "40m", "resizefs": true}), "lvextend --resizefs -L 40m g/base"),
        (json!({"lv": "base", "size": "+8m"}), "lvextend -L +8m g/base"),
        (json!({"lv": "base", "size": "+10%FREE"}), "lvextend -l +10%FREE g/base"),
        (json!({"lv": "base", "size": "12m", "shrink": false}), ""),
        (json!({"lv": "base", "size": "12m", "force": true}), "lvreduce --force -L 12m g/base"),
        (json!({"lv": "base", "size": "-8m", "force": true}), "lvreduce --force -L -8m g/base"),
        (json!({"lv": "base", "size": "2%VG", "force": true, "resizefs": true}), "lvreduce --force --resizefs -l 2%VG g/base"),
        (json!({"lv": "st", "size": "18m"}), ""),
        (json!({"lv": "st", "size": "25m"}), "lvextend -L 25m g/st"),
        (json!({"lv": "two", "size": "8m"}), ""),
        (json!({"lv": "base", "snapshot": "snap", "size": "8m"}), ""),
        (json!({"lv": "base", "snapshot": "snap", "size": "20%ORIGIN"}), ""),
        (json!({"lv": "base", "snapshot": "snap", "size": "80%ORIGIN"}), "lvextend -l 80%ORIGIN g/snap"),
        (json!({"lv": "th", "snapshot": "tsnap"}), ""),
        (json!({"thinpool": "tp", "size": "80m"}), "lvextend -L 80m g/tp"),
        (json!({"thinpool": "tp", "lv": "th", "size": "1g"}), "lvextend -L 1g g/th"),
        (json!({"lv": "base", "active": false}), "lvchange -an g/base"),
        (json!({"lv": "off"}), "lvchange -ay g/off"),
        (json!({"lv": "off", "active": false, "size": "24m"}), ""),
        (json!({"lv": "off", "size": "40m"}), "lvextend -L 40m g/off; lvchange -ay g/off"),
        (json!({"lv": "base", "state": "absent", "force": true}), "lvremove --force g/base"),
        (json!({"lv": "base", "snapshot": "snap", "state": "absent", "force": true}), "lvremove --force g/snap"),
        (json!({"thinpool": "tp", "state": "absent", "force": true}), "lvremove --force g/tp"),
        (json!({"lv": "new", "state": "absent"}), ""),
        (json!({"lv": "none", "snapshot": "new", "state": "absent"}), ""),
    ] {
        let done = apply_once(&MODULE, machine(GROUP), args(more.clone()));
        assert_eq!((done.changed, ran(&done).as_str()), (!calls.is_empty(), calls), "{more}");
        assert_eq!(predict(&MODULE, machine(GROUP), args(more.clone())).changed, !calls.is_empty(), "{more}");
        if calls.is_empty() {
            assert!(!apply(&MODULE, machine(GROUP), args(more)).changed);
        }
    }
    let full = |size: &str| ran(&apply(&MODULE, machine(FULL), args(json!({"lv": "base", "size": size, "shrink": false}))));
    assert_eq!((full("+100%FREE"), full("100%FREE")), (String::new(), String::new()));
}

#[test]
fn results_say_the_size_that_it_had() {
    let told = |size: &str| {
        let applied = apply_once(&MODULE, machine(GROUP), args(json!({"lv": "base", "size": size, "force": true})));
        json!([applied.get("vg"), applied.get("lv"), applied.get("size")])
    };
    assert_eq!(told("40m"), json!(["g", "base", 20.0]));
    assert_eq!(told("1G"), json!(["g", "base", 0.02]));
    assert_eq!(told("50%VG"), json!(["g", "base", 20.0]));
    assert_eq!(told("81920s"), json!(["g", "base", 40960.0]));
    let missing = apply(&MODULE, machine("  other;4194304;0;4194304\n"), args(json!({"lv": "base", "state": "absent"})));
    assert_eq!(missing.get("stdout"), "the volume group `g` does not exist");
}

#[test]
fn what_lvm_finds_unchanged_is_no_change() {
    let said = "  Size of logical volume g/st unchanged from 24.00 MiB (6 extents).\n  Logical volume g/st successfully resized.\n";
    let fake = machine(GROUP).answer(&["/usr/sbin/lvextend"], 0, said, "");
    let done = apply_once(&MODULE, fake, args(json!({"lv": "st", "size": "+2%FREE"})));
    assert_eq!((done.changed, ran(&done).as_str()), (false, "lvextend -l +2%FREE g/st"));
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let after = |earlier: &[&Value], now: Value| {
        predict_after(&MODULE, machine(GROUP), args(now), |system| {
            for task in earlier {
                assert!(apply_on(&MODULE, system, &args((*task).clone())).0, "{task}");
            }
        })
    };
    let new = json!({"lv": "new", "size": "21m"});
    let again = after(&[&new], new.clone());
    assert_eq!((again.changed, again.get("size")), (false, &json!(24.0)));
    assert!(after(&[&new], json!({"lv": "new", "size": "30m"})).changed);
    assert!(!after(&[&new], json!({"lv": "new", "active": true})).changed);
    assert!(!after(&[&json!({"lv": "new", "size": "8m", "active": false})], json!({"lv": "new", "active": false})).changed);
    let gone = json!({"lv": "base", "state": "absent", "force": true});
    assert!(!after(&[&gone], gone.clone()).changed);
    let grown = json!({"lv": "base", "size": "40m"});
    assert!(!after(&[&grown], grown.clone()).changed);
    let room = after(&[&gone], json!({"lv": "new", "size": "100%FREE"}));
    assert!(
        room.changed && !room.machine.commands().iter().any(|command| command.contains("lvcreate --test")),
        "LVM knows nothing of that room"
    );
    let pool = [json!({"thinpool": "new", "size": "40m"}), json!({"thinpool": "new", "lv": "inside", "size": "1g"})];
    assert!(!after(&[&pool[0], &pool[1]], pool[1].clone()).changed);
}

#[test]
fn check_mode_knows_groups_that_earlier_tasks_would_make() {
    let fake = || {
        let fake = ["vgs", "pvs", "lvs", "vgcreate", "pvcreate", "lvcreate", "lvextend"]
            .iter()
            .fold(Fake::new(), |fake, name| fake.program(&format!("/usr/sbin/{name}")));
        ["vgs", "pvs"].iter().fold(fake.file("/srv/d1", ""), |fake, name| fake.answer(&[&format!("/usr/sbin/{name}")], 0, "", ""))
    };
    let after = |earlier: &[&Value], now: Value| {
        predict_after(&MODULE, fake(), args(now), |system| {
            assert!(apply_on(&lvg::MODULE, system, &args(json!({"pvs": ["/srv/d1"]}))).0);
            for task in earlier {
                assert!(apply_on(&MODULE, system, &args((*task).clone())).0, "{task}");
            }
        })
    };
    for size in ["20m", "100%FREE"] {
        let wanted = json!({"lv": "new", "size": size});
        assert!(after(&[], wanted.clone()).changed);
        assert!(!after(&[&wanted], wanted.clone()).changed);
    }
    assert!(after(&[&json!({"lv": "new", "size": "20m"})], json!({"lv": "new", "size": "+20m"})).changed);
    assert!(after(&[], json!({"lv": "new"})).failure().message.contains("needs a `size`"));
}

#[test]
fn what_goes_wrong_is_explained() {
    for (more, text) in [
        (json!({"lv": "new"}), "failed to make the logical volume `g/new`: a new one needs a `size`"),
        (
            json!({"lv": "new", "size": "+8m"}),
            "failed to make the logical volume `g/new`: it is not there, so its size cannot be changed by `+8m`",
        ),
        (json!({"lv": "base", "snapshot": "new"}), "failed to make the logical volume `g/new`: a new one needs a `size`"),
        (
            json!({"lv": "none", "snapshot": "new", "size": "8m"}),
            "failed to make the logical volume `g/new`: the volume `none`, of which it is to be a snapshot, does not exist",
        ),
        (
            json!({"lv": "new", "thinpool": "none", "size": "8m"}),
            "failed to make the logical volume `g/new`: the thin pool `none` does not exist",
        ),
        (json!({"lv": "new", "thinpool": "base", "size": "8m"}), "failed to make the logical volume `g/new`: `base` is no thin pool"),
        (
            json!({"lv": "new", "thinpool": "tp", "size": "50%VG"}),
            "failed to make the logical volume `g/new`: the size of a volume in a thin pool is no percentage",
        ),
        (
            json!({"lv": "new", "size": "8m", "opts": "'"}),
            "failed to make the logical volume `g/new`: `opts` cannot be read: a single quote is not closed",
        ),
        (
            json!({"lv": "base", "size": "12m"}),
            "failed to shrink the logical volume `g/base`: it has 5 extents and `12m` asks for less, by which data is lost",
        ),
        (json!({"lv": "base", "state": "absent"}), "failed to remove the logical volume `g/base`: its data is lost then"),
        (json!({"lv": "-f"}), "failed to manage the logical volume `g/-f`: that is no name of a volume or group"),
        (
            json!({"lv": "new", "size": "120%VG"}),
            "failed to manage the logical volume `g/new`: `size` is `120%VG`, which is more than 100%",
        ),
        (
            json!({"lv": "new", "size": "20%FOO"}),
            "failed to manage the logical volume `g/new`: `size` is `20%FOO`, and percentages are of `VG`, `PVS`, `FREE` or `ORIGIN`",
        ),
    ] {
        assert_eq!(apply_once(&MODULE, machine(GROUP), args(more.clone())).failure().message, text);
        assert_eq!(predict(&MODULE, machine(GROUP), args(more)).failure().message, text, "in check mode");
    }
    let message = |fake: Fake, more: Value| apply_once(&MODULE, fake, args(more)).failure().message.clone();
    for size in ["foo", ".5g", "5x", "1e3m", "5gm"] {
        let text = message(machine(GROUP), json!({"lv": "new", "size": size}));
        assert!(text.contains(&format!("`size` is `{size}`, and not a number with a unit")), "{text}");
    }
    assert_eq!(
        message(machine(""), json!({"lv": "new", "size": "8m"})),
        "failed to manage the logical volume `g/new`: the volume group `g` does not exist"
    );
    assert_eq!(message(Fake::new(), json!({"lv": "new"})), "failed to look at the volume group `g`: the machine has no `vgs`");
    let small = "  Volume group \"g\" has insufficient free space (103 extents): 10240 required.\n";
    let full = || machine(GROUP).answer(&["/usr/sbin/lvcreate"], 5, "", small);
    let text = format!("failed to make the logical volume `g/new`: {}", small.trim());
    let wanted = json!({"lv": "new", "size": "40g"});
    assert_eq!(message(full(), wanted.clone()), text);
    assert_eq!(predict(&MODULE, full(), args(wanted)).failure().message, text, "LVM says so in check mode too");
    for (args, word) in
        [(json!({"vg": "g"}), "lv"), (json!({"lv": "x"}), "vg"), (args(json!({"lv": "x", "state": "up"})), "must be one of")]
    {
        assert!(refused(&MODULE, args.clone()).contains(word), "{args}");
    }
}
