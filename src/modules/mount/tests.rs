use serde_json::json;

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict, refused};
use crate::system::fake::Fake;

const FSTAB_TEXT: &str = "UUID=aaa / ext4 defaults 0 1\n/dev/xvdd /data ext4 defaults 0 2\n";

fn machine() -> Fake {
    Fake::new().file("/etc/fstab", FSTAB_TEXT).program("/usr/bin/mount").program("/usr/bin/umount").dir("/data")
}

/// With `/dev/xvdd` mounted on `/data`.
fn mounted() -> Fake {
    apply_once(&MODULE, machine(), json!({"path": "/data", "src": "/dev/xvdd", "fstype": "ext4", "passno": "2", "state": "mounted"}))
        .machine
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/", "")).collect()
}

fn data(more: &[(&str, serde_json::Value)]) -> serde_json::Value {
    let mut args = json!({"path": "/data", "src": "/dev/xvdd", "fstype": "ext4", "passno": "2"});
    for (name, value) in more {
        args[*name] = value.clone();
    }
    args
}

#[test]
fn a_volume_is_entered_and_mounted_once() {
    let args = json!({"path": "/var/kend/data", "src": "UUID=bbb", "fstype": "xfs", "opts": "noatime", "boot": false, "state": "mounted", "backup": true});
    let applied = apply(&MODULE, machine(), args.clone());
    assert!(applied.changed);
    assert_eq!(ran(&applied), ["mount /var/kend/data"]);
    assert_eq!(applied.machine.text("/etc/fstab"), format!("{FSTAB_TEXT}UUID=bbb /var/kend/data xfs noatime,noauto 0 0\n"));
    assert!(applied.machine.has("/var/kend/data"));
    for (key, value) in [
        ("name", "/var/kend/data"),
        ("boot", "no"),
        ("dump", "0"),
        ("opts", "noatime,noauto"),
        ("fstab", "/etc/fstab"),
        ("src", "UUID=bbb"),
    ] {
        assert_eq!(applied.get(key), value);
    }
    let copy = applied.get("backup_file").as_str().unwrap_or_default().to_owned();
    assert_eq!(applied.machine.text(&copy), FSTAB_TEXT);
}

#[test]
fn fstab_alone() {
    for (args, expected) in [
        (data(&[("state", json!("present"))]), FSTAB_TEXT.to_owned()),
        (data(&[("state", json!("present")), ("opts", json!("ro"))]), FSTAB_TEXT.replace("/data ext4 defaults", "/data ext4 ro")),
        (
            data(&[("state", json!("present")), ("opts", json!("noauto,ro")), ("boot", json!(false))]),
            FSTAB_TEXT.replace("/data ext4 defaults", "/data ext4 noauto,ro"),
        ),
        (data(&[("state", json!("absent_from_fstab"))]), "UUID=aaa / ext4 defaults 0 1\n".to_owned()),
        (json!({"path": "/other", "state": "absent"}), FSTAB_TEXT.to_owned()),
    ] {
        let applied = apply(&MODULE, machine(), args.clone());
        assert_eq!(applied.machine.text("/etc/fstab"), expected, "{args}");
        assert_eq!(applied.changed, expected != FSTAB_TEXT, "{args}");
        assert!(ran(&applied).is_empty());
    }
    let other = apply(&MODULE, machine(), data(&[("state", json!("present")), ("fstab", json!("/etc/fstab.d/x"))]).clone());
    assert!(other.answer.is_err(), "its directory does not exist");
    let other = apply(&MODULE, machine(), data(&[("state", json!("present")), ("fstab", json!("/etc/fstab2"))]));
    assert_eq!(other.machine.text("/etc/fstab2"), "/dev/xvdd /data ext4 defaults 0 2\n");
    let linked = machine().file("/etc/real", "").link("/etc/fstab3", "real");
    let linked = apply(&MODULE, linked, data(&[("state", json!("present")), ("fstab", json!("/etc/fstab3"))]));
    assert!(linked.machine.text("/etc/real").contains("/data") && linked.machine.stat_of("/etc/fstab3").is_link());
}

#[test]
fn what_is_mounted_is_mounted_again_when_its_entry_changes() {
    let applied = apply(&MODULE, mounted(), data(&[("state", json!("mounted"))]));
    assert!(!applied.changed);
    let applied = apply(&MODULE, mounted(), data(&[("state", json!("mounted")), ("opts", json!("noatime"))]));
    assert_eq!(ran(&applied)[1..], ["mount -o remount /data"]);
    let refusing = mounted().answer(&["/usr/bin/mount", "-o"], 32, "", "cannot remount\n");
    let applied = apply(&MODULE, refusing, data(&[("state", json!("mounted")), ("opts", json!("noatime"))]));
    assert_eq!(ran(&applied)[1..], ["mount -o remount /data", "umount /data", "mount /data"]);
    let other = apply(&MODULE, mounted(), data(&[("state", json!("mounted")), ("src", json!("/dev/xvde"))]));
    assert!(other.answer.is_ok_and(|outcome| outcome.warnings[0].starts_with("`/dev/xvdd` stays mounted on `/data`")));
}

#[test]
fn a_mount_that_fails_leaves_nothing_behind() {
    let machine = machine().answer(&["/usr/bin/mount"], 32, "", "mount: /new/point: special device UUID=x does not exist.\n");
    let applied = apply_once(&MODULE, machine, json!({"path": "/new/point", "src": "UUID=x", "fstype": "ext4", "state": "mounted"}));
    assert_eq!(applied.failure().message, "failed to mount `/new/point`: mount: /new/point: special device UUID=x does not exist.");
    assert_eq!(applied.machine.text("/etc/fstab"), FSTAB_TEXT);
    assert!(!applied.machine.has("/new"));
}

#[test]
fn what_goes_goes_whole() {
    let applied = apply(&MODULE, mounted(), json!({"path": "/data", "state": "unmounted"}));
    assert_eq!(ran(&applied)[1..], ["umount /data"]);
    assert_eq!(applied.machine.text("/etc/fstab"), FSTAB_TEXT);
    let applied = apply(&MODULE, mounted(), json!({"path": "/data", "state": "absent"}));
    assert_eq!(ran(&applied)[1..], ["umount /data"]);
    assert_eq!(applied.machine.text("/etc/fstab"), "UUID=aaa / ext4 defaults 0 1\n");
    assert!(!applied.machine.has("/data"));
    let busy = mounted().answer(&["/usr/bin/umount"], 32, "", "umount: /data: target is busy.\n");
    let applied = apply_once(&MODULE, busy, json!({"path": "/data", "state": "absent"}));
    assert_eq!(applied.failure().message, "failed to unmount `/data`: umount: /data: target is busy.");
    assert_eq!(applied.machine.text("/etc/fstab"), FSTAB_TEXT);
    let full = apply(&MODULE, machine().file("/data/kept", ""), json!({"path": "/data", "state": "absent"}));
    assert_eq!(full.failure().message, "failed to remove the mount point `/data`: the directory is not empty");
    assert_eq!(full.machine.text("/etc/fstab"), FSTAB_TEXT);
}

#[test]
fn without_fstab() {
    let args = json!({"path": "/srv/www", "src": "/data", "fstype": "none", "opts": "bind", "state": "ephemeral"});
    let applied = apply_once(&MODULE, machine(), args.clone());
    assert_eq!(ran(&applied), ["mount -t none -o bind /data /srv/www"]);
    assert!(applied.changed && applied.machine.text("/etc/fstab") == FSTAB_TEXT);
    let again = apply_once(&MODULE, applied.machine, args);
    assert!(again.changed, "done each time");
    assert_eq!(ran(&again)[1..], ["mount -o remount,bind /srv/www"]);
    let other = apply(&MODULE, again.machine, json!({"path": "/srv/www", "src": "/other", "fstype": "none", "state": "ephemeral"}));
    assert_eq!(other.failure().message, "failed to mount `/srv/www`: `/data` is mounted there, not `/other`");
    let applied = apply_once(&MODULE, mounted(), json!({"path": "/data", "state": "remounted", "opts": "ro"}));
    assert_eq!(ran(&applied)[1..], ["mount -o remount,ro /data"]);
    assert!(predict(&MODULE, mounted(), json!({"path": "/data", "state": "remounted"})).changed);
    assert_eq!(
        apply(&MODULE, machine(), json!({"path": "/data", "state": "remounted"})).failure().message,
        "failed to remount `/data`: nothing is mounted there"
    );
}

#[test]
fn sources_are_recognised_under_their_other_names() {
    let info = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 8:16 / /data rw - ext4 /dev/xvdd rw\n31 22 8:1 /var/www /srv/www rw - ext4 /dev/sda1 rw\n";
    let machine = || {
        machine()
            .file("/proc/self/mountinfo", info)
            .special("/dev/xvdd", crate::system::FileKind::Block)
            .link("/dev/disk/by-uuid/bbb", "../../xvdd")
            .dir("/var/www")
            .dir("/srv/www")
    };
    for (path, src, known) in [
        ("/data", "UUID=bbb", true),
        ("/data", "/dev/disk/by-uuid/bbb", true),
        ("/data", "UUID=ccc", false),
        ("/srv/www", "/var/www", true),
        ("/srv/www", "/var", false),
    ] {
        let applied = apply_once(&MODULE, machine(), json!({"path": path, "src": src, "fstype": "ext4", "state": "ephemeral"}));
        assert_eq!(applied.answer.is_ok(), known, "{path} {src}");
    }
}

#[test]
fn secrets_in_options_are_not_told() {
    let args =
        json!({"path": "/share", "src": "//nas/x", "fstype": "cifs", "opts": "password=hidden", "opts_no_log": true, "state": "present"});
    let applied = apply(&MODULE, machine(), args);
    assert!(!format!("{:?}", applied.result()).contains("hidden"));
    assert_eq!(applied.get("diff"), &json!([]));
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, json!({"path": "/x", "state": "mounted", "src": "/dev/x"})).contains("fstype"));
    let swap = apply(&MODULE, machine(), json!({"path": "none", "state": "mounted", "src": "/swap", "fstype": "swap"}));
    assert_eq!(swap.failure().message, "failed to mount `none`: a swap area cannot be mounted");
}
