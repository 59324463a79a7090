use serde_json::{Value, json};

use super::*;
use crate::modules::shared::lvm_cases::{args, ran};
use crate::modules::testing::{apply, apply_on, apply_once, predict, predict_after, refused};
use crate::system::fake::Fake;

const PROGRAMS: &[&str] =
    &["vgs", "pvs", "lvs", "pvcreate", "vgcreate", "vgextend", "vgreduce", "vgchange", "vgremove", "pvresize", "pvchange"];
const SIZES: &[&str] = &["/usr/sbin/pvs", "--noheadings", "--nosuffix", "--units", "b", "--separator"];
/// Before [`SIZES`].
const OTHER_SIZES: &[&str] = &["/usr/sbin/pvs", "--noheadings", "--nosuffix", "--units", "b", "--separator", ";"];
const NO_GROUPS: (&str, &str) = ("", "  /srv/d3;\n");
/// The group `g` on `d1` and `d2`, `other` on `d4`; `d3` is a physical volume.
const GROUPS: (&str, &str) = ("  g;2\n  other;0\n", "  /srv/d1;g\n  /srv/d2;g\n  [unknown];g\n  /srv/d3;\n  /srv/d4;other\n");

/// What LVM 2.03.16 tells.
fn machine((groups, volumes): (&str, &str)) -> Fake {
    let fake = PROGRAMS.iter().fold(Fake::new(), |fake, name| fake.program(&format!("/usr/sbin/{name}")));
    let fake = ["d1", "d2", "d3", "d4", "d5"].iter().fold(fake, |fake, name| fake.file(&format!("/srv/{name}"), ""));
    fake.link("/srv/link", "/srv/d2")
        .answer(&["/usr/sbin/vgs", "--noheadings", "--nosuffix", "--units", "b", "-o", "vg_name,lv_count"], 0, groups, "")
        .answer(&["/usr/sbin/vgs", "--noheadings", "-o", "vg_autoactivation"], 0, "    enabled\n", "")
        .answer(&["/usr/sbin/pvs", "--noheadings", "--nosuffix", "--units", "b", "-o", "pv_name,vg_name"], 0, volumes, "")
        .answer(SIZES, 0, "  209715200;205520896;1048576;4194304\n", "")
        .answer(&["/usr/sbin/lvs", "--noheadings", "--nosuffix", "--units", "b", "-o", "lv_attr"], 0, "  -wi-a-----\n  -wi-ao----\n", "")
}

#[test]
fn a_group_is_made() {
    for (more, calls) in [
        (json!({"pvs": ["/srv/d1"]}), "pvcreate -f /srv/d1; vgcreate -s 4 g /srv/d1"),
        (json!({"pvs": "/srv/d3,/srv/d5", "pesize": "128K"}), "pvcreate -f /srv/d5; vgcreate -s 128K g /srv/d3 /srv/d5"),
        (json!({"pvs": ["/srv/link", "/srv/d2"]}), "pvcreate -f /srv/link; vgcreate -s 4 g /srv/link"),
        (
            json!({"pvs": ["/srv/d1"], "pv_options": "--metadatacopies 2", "vg_options": "--addtag 'a b'"}),
            "pvcreate --metadatacopies 2 -f /srv/d1; vgcreate --addtag a b -s 4 g /srv/d1",
        ),
        (json!({"pvs": ["/srv/d3"], "state": "active"}), "vgcreate --setautoactivation y -s 4 g /srv/d3"),
        (json!({"pvs": ["/srv/d3"], "state": "inactive"}), "vgcreate --setautoactivation n -s 4 g /srv/d3"),
        (
            json!({"pvs": ["/srv/d3"], "state": "inactive", "vg_options": "--setautoactivation y"}),
            "vgcreate --setautoactivation y -s 4 g /srv/d3",
        ),
    ] {
        let made = apply_once(&MODULE, machine(NO_GROUPS), args(more.clone()));
        assert_eq!((made.changed, ran(&made).as_str()), (true, calls), "{more}");
        let predicted = predict(&MODULE, machine(NO_GROUPS), args(more));
        assert!(predicted.changed && predicted.machine.runs().is_empty());
        assert!(json!(predicted.diff).to_string().contains("volume group g: absent -> present"));
    }
}

#[test]
fn a_group_gets_its_devices() {
    for (more, calls) in [
        (json!({}), ""),
        (json!({"pvs": []}), ""),
        (json!({"pvs": ["/srv/d1", "/srv/d2"]}), ""),
        (json!({"pvs": ["/srv/d1", "/srv/link"], "pesize": 8}), ""),
        (json!({"pvs": ["/srv/d1"]}), "vgreduce --force g /srv/d2"),
        (json!({"pvs": ["/srv/d1"], "remove_extra_pvs": false}), ""),
        (json!({"pvs": ["/srv/d1", "/srv/d2", "/srv/d3"]}), "vgextend g /srv/d3"),
        (json!({"pvs": ["/srv/d1", "/srv/d3", "/srv/d5"]}), "pvcreate -f /srv/d5; vgextend g /srv/d3 /srv/d5; vgreduce --force g /srv/d2"),
        (json!({"state": "absent", "force": true}), "vgremove --force g"),
        (json!({"state": "active"}), ""),
        (json!({"state": "inactive"}), "vgchange --setautoactivation n g; vgchange --activate n g"),
    ] {
        let done = apply_once(&MODULE, machine(GROUPS), args(more.clone()));
        assert_eq!((done.changed, ran(&done).as_str()), (!calls.is_empty(), calls), "{more}");
        assert_eq!(predict(&MODULE, machine(GROUPS), args(more.clone())).changed, !calls.is_empty(), "{more}");
        if calls.is_empty() {
            assert!(!apply(&MODULE, machine(GROUPS), args(more)).changed);
        }
    }
    assert!(!apply(&MODULE, machine(NO_GROUPS), args(json!({"state": "absent"}))).changed);
    let other = apply_once(&MODULE, machine(GROUPS), json!({"vg": "other", "state": "absent"}));
    assert_eq!(ran(&other), "vgremove --force other", "it has no volumes");
}

#[test]
fn physical_volumes_grow_and_get_new_names() {
    let grow = args(json!({"pvs": ["/srv/d1", "/srv/d2"], "pvresize": true}));
    let grown = "  314572800;310378496;1048576;4194304\n";
    let whole = || machine(GROUPS).answer(OTHER_SIZES, 0, grown, "");
    assert_eq!(ran(&apply(&MODULE, whole(), grow.clone())), "");
    let larger = "  314572800;205520896;1048576;4194304\n";
    let larger = || machine(GROUPS).answer(OTHER_SIZES, 0, larger, "");
    assert_eq!(ran(&apply_once(&MODULE, larger(), grow.clone())), "pvresize /srv/d1; pvresize /srv/d2");
    assert!(predict(&MODULE, larger(), grow).changed);
    let reset = args(json!({"pvs": ["/srv/d1", "/srv/d2", "/srv/d3"], "reset_vg_uuid": true, "reset_pv_uuid": true}));
    assert_eq!(
        ran(&apply_once(&MODULE, machine(GROUPS), reset)),
        "vgchange -u g; pvchange -u /srv/d1; pvchange -u /srv/d2; vgextend g /srv/d3"
    );
}

#[test]
fn what_is_active() {
    let ran = |attributes: &str, at_boot: (i32, &str, &str), state: &str| {
        let fake = PROGRAMS.iter().fold(Fake::new(), |fake, name| fake.program(&format!("/usr/sbin/{name}")));
        let fake = fake
            .answer(&["/usr/sbin/vgs", "--noheadings", "--nosuffix", "--units", "b", "-o", "vg_name,lv_count"], 0, "  g;2\n", "")
            .answer(&["/usr/sbin/pvs"], 0, "  /dev/sdb;g\n", "")
            .answer(&["/usr/sbin/vgs", "--noheadings", "-o", "vg_autoactivation"], at_boot.0, at_boot.1, at_boot.2)
            .answer(&["/usr/sbin/lvs"], 0, attributes, "");
        ran(&apply_once(&MODULE, fake, args(json!({"state": state}))))
    };
    let (yes, no) = ((0, "    enabled\n", ""), (0, "         \n", ""));
    let old = (5, "", "  Unrecognised field: vg_autoactivation\n");
    assert_eq!(ran("  -wi-a-----\n  -wi-------\n", yes, "active"), "vgchange --activate y g");
    assert_eq!(ran("  -wi-a-----\n  -wi-------\n", old, "inactive"), "vgchange --activate n g");
    assert_eq!(ran("  -wi-------\n", no, "inactive"), "");
    assert_eq!(ran("  -wi-------\n", yes, "inactive"), "vgchange --setautoactivation n g");
    assert_eq!(ran("  -wi-------\n", old, "inactive"), "");
    assert_eq!(ran("", no, "active"), "vgchange --setautoactivation y g");
    assert_eq!(ran("", yes, "active"), "");
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let after = |groups: (&str, &str), earlier: &[&Value], now: Value| {
        predict_after(&MODULE, machine(groups), args(now), |system| {
            for task in earlier {
                assert!(apply_on(&MODULE, system, &args((*task).clone())).0, "{task}");
            }
        })
    };
    let made = json!({"pvs": ["/srv/d1", "/srv/d3"]});
    assert!(!after(NO_GROUPS, &[&made], json!({"pvs": ["/srv/d1", "/srv/d3"], "pvresize": true})).changed);
    assert!(after(NO_GROUPS, &[&made], json!({"pvs": ["/srv/d1"]})).changed);
    assert!(after(NO_GROUPS, &[&made, &json!({"state": "absent"})], made.clone()).changed);
    assert!(!after(GROUPS, &[&json!({"pvs": ["/srv/d1", "/srv/d5"]})], json!({"pvs": ["/srv/d5", "/srv/d1"]})).changed);
    assert!(!after(GROUPS, &[&json!({"state": "inactive"})], json!({"state": "inactive"})).changed);
    let gone = json!({"state": "absent", "force": true});
    assert!(!after(GROUPS, &[&gone], json!({"state": "absent"})).changed);
    assert!(after(GROUPS, &[&gone, &made], json!({"state": "absent"})).changed, "the volumes went with the first one");
    let taken = predict_after(&MODULE, machine(NO_GROUPS), json!({"vg": "new", "pvs": ["/srv/d1"]}), |system| {
        assert!(apply_on(&MODULE, system, &args(json!({"pvs": ["/srv/d1"]}))).0);
    });
    assert_eq!(taken.failure().message, "failed to use a device for the volume group `new`: `/srv/d1` is in the volume group `g`");
}

#[test]
fn what_goes_wrong_is_explained() {
    for (groups, more, text) in [
        (NO_GROUPS, json!({}), "failed to make the volume group `g`: it is not there, and a new one needs devices"),
        (GROUPS, json!({"state": "absent"}), "failed to remove the volume group `g`: it has 2 logical volumes"),
        (GROUPS, json!({"pvs": ["/srv/none"]}), "failed to use a device for the volume group `g`: `/srv/none` does not exist"),
        (GROUPS, json!({"pvs": ["/srv/d4"]}), "failed to use a device for the volume group `g`: `/srv/d4` is in the volume group `other`"),
        (
            NO_GROUPS,
            json!({"pvs": ["/srv/d3"], "vg_options": "'"}),
            "failed to make the volume group `g`: `vg_options` cannot be read: a single quote is not closed",
        ),
    ] {
        assert_eq!(apply_once(&MODULE, machine(groups), args(more.clone())).failure().message, text);
        assert_eq!(predict(&MODULE, machine(groups), args(more)).failure().message, text, "in check mode");
    }
    let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
    assert_eq!(message(machine(GROUPS), json!({"vg": "-f"})), "failed to manage the volume group `-f`: that is no name of a group");
    let bare = apply_once(&MODULE, Fake::new(), args(json!({})));
    assert_eq!(bare.failure().message, "failed to look at the volume group `g`: the machine has no `vgs`");
    assert_eq!(bare.failure().hint.as_deref(), Some("install the package lvm2 on the host"));
    let wrong = "  Can't parse size argument.\n  Invalid argument for --physicalextentsize: 3x\n";
    let wrong = machine(NO_GROUPS).answer(&["/usr/sbin/vgcreate"], 3, "", wrong);
    let text = message(wrong, args(json!({"pvs": ["/srv/d3"], "pesize": "3x"})));
    assert!(text.starts_with("failed to make the volume group `g`: Can't parse size argument."), "{text}");
    let odd = machine(GROUPS).answer(OTHER_SIZES, 0, "  x\n", "");
    assert_eq!(
        message(odd, args(json!({"pvs": ["/srv/d1", "/srv/d2"], "pvresize": true}))),
        "failed to see what can grow in the volume group `g`: `pvs` says `x` and not the size of `/srv/d1`"
    );
    for (args, word) in [(json!({}), "vg"), (json!({"vg": "g", "state": "started"}), "must be one of")] {
        assert!(refused(&MODULE, args.clone()).contains(word), "{args}");
    }
}
