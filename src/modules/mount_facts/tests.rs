use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply};
use crate::system::fake::Fake;

/// As Ansible 2.19 reads it.
const TABLE: &str = "# comment\nUUID=1234-abc / ext4 defaults,rw 0 1\nLABEL=data\t/data\\040dir  xfs   noatime  0  2\n  # indented\n\n\
    srv:/export /mnt nfs rw\n/dev/sda10 /y ext4 rw 1 # trailing\n";

fn points(applied: &Applied) -> Vec<String> {
    applied.get("ansible_facts")["mount_points"].as_object().map(|points| points.keys().cloned().collect()).unwrap_or_default()
}

fn warnings(applied: &Applied) -> Vec<String> {
    applied.answer.as_ref().map(|outcome| outcome.warnings.clone()).unwrap_or_default()
}

#[test]
fn lines_of_a_table() {
    let fake = Fake::new().file("/t", TABLE).dir("/y").link("/dev/disk/by-uuid/99", "../../sda10").file("/dev/sda10", "");
    let applied = apply(&MODULE, fake, json!({"sources": ["/t", "/none"], "include_aggregate_mounts": true}));
    let facts = applied.get("ansible_facts");
    let context = |line: &str| json!({"source": "/t", "source_data": line});
    let list = facts["aggregate_mounts"].as_array().cloned().unwrap_or_default();
    let known = |at: usize, key: &str| list[at].get(key).cloned().unwrap_or(Value::Null);
    assert_eq!(list.len(), 4);
    for (at, expected) in [
        json!(["UUID=1234-abc", "/", "ext4", "defaults,rw", 0, 1, "1234-abc"]),
        json!(["LABEL=data", "/data dir", "xfs", "noatime", 0, 2, null]),
        json!(["srv:/export", "/mnt", "nfs", "rw", null, null, null]),
        json!(["/dev/sda10", "/y", "ext4", "rw", 1, null, "99"]),
    ]
    .into_iter()
    .enumerate()
    {
        let keys = ["device", "mount", "fstype", "options", "dump", "passno", "uuid"];
        assert_eq!(json!(keys.map(|key| known(at, key))), expected);
    }
    assert_eq!(known(1, "ansible_context"), context("LABEL=data\t/data\\040dir  xfs   noatime  0  2"));
    assert_eq!(facts["mount_points"]["/y"], list[3]);
    let sizes = [
        "block_size",
        "block_total",
        "block_available",
        "block_used",
        "inode_total",
        "inode_available",
        "inode_used",
        "size_total",
        "size_available",
    ];
    let space = json!([4096, 1 << 20, 1 << 19, 1 << 19, 1 << 18, 1 << 17, 1 << 17, 4_294_967_296_u64, 2_147_483_648_u64]);
    assert_eq!(json!(sizes.map(|key| known(3, key))), space);
    assert_eq!(known(1, "size_total"), Value::Null, "nothing is there");
    assert!(!applied.changed);
}

#[test]
fn sources_are_read_once_and_in_order() {
    let fake = || {
        Fake::new()
            .file("/proc/mounts", "proc /proc proc rw 0 0\n/dev/a / ext4 rw 0 0\ntmpfs / tmpfs ro 0 0\n")
            .link("/etc/mtab", "/proc/mounts")
            .file("/etc/fstab", "/dev/a / ext4 defaults 0 1\n/dev/b /b ext4 noauto 0 0\n")
    };
    let applied = apply(&MODULE, fake(), json!({}));
    assert_eq!(points(&applied), ["/proc", "/", "/b"]);
    assert_eq!(applied.get("ansible_facts")["mount_points"]["/"]["ansible_context"]["source"], "/etc/mtab");
    assert_eq!(applied.get("ansible_facts")["aggregate_mounts"], json!([]));
    assert!(applied.machine.commands().is_empty());
    assert_eq!(
        warnings(&applied),
        ["more than one mount is listed for a directory, and the first one counts; left out: `/` (/etc/mtab), `/` (/etc/fstab); \
          `include_aggregate_mounts` tells of all"]
    );
    let fixed = apply(&MODULE, fake(), json!({"sources": ["static", "/proc/mounts"], "include_aggregate_mounts": false}));
    assert_eq!(fixed.get("ansible_facts")["mount_points"]["/"]["options"], "defaults");
    assert_eq!(warnings(&fixed), Vec::<String>::new());
    let all = apply(&MODULE, fake(), json!({"include_aggregate_mounts": true}));
    assert_eq!(all.get("ansible_facts")["aggregate_mounts"].as_array().map(Vec::len), Some(5));
    for (args, expected) in [
        (json!({"fstypes": ["ext*"]}), vec!["/", "/b"]),
        (json!({"devices": ["/dev/b", "proc"]}), vec!["/proc", "/b"]),
        (json!({"devices": ["/dev/*"], "fstypes": ["tmpfs"]}), vec![]),
    ] {
        assert_eq!(points(&apply(&MODULE, fake(), args)), expected);
    }
}

#[test]
fn a_command_lists_what_files_do_not() {
    let text = "/dev/sda1 on / type ext4 (rw,relatime) [root]\n//srv/share on /mnt/a b type cifs (rw,user=x)\n";
    let fake = || Fake::new().program("/usr/bin/mount").answer(&["/usr/bin/mount"], 0, text, "");
    let applied = apply(&MODULE, fake(), json!({}));
    assert_eq!(points(&applied), ["/", "/mnt/a b"]);
    let share = &applied.get("ansible_facts")["mount_points"]["/mnt/a b"];
    assert_eq!((&share["device"], &share["options"], &share["fstype"]), (&json!("//srv/share"), &json!("rw,user=x"), &json!("cifs")));
    assert_eq!(share["ansible_context"]["source"], "mount");
    assert_eq!(points(&apply(&MODULE, fake(), json!({"mount_binary": null}))), Vec::<String>::new());
    assert_eq!(points(&apply(&MODULE, fake(), json!({"sources": ["/usr/bin/mount"], "mount_binary": "/usr/bin/mount"}))).len(), 2);
    let both = fake().file("/proc/mounts", "proc /proc proc rw 0 0\n");
    assert_eq!(points(&apply(&MODULE, both, json!({"sources": ["/proc/mounts", "mount"]}))).len(), 3);
    let none = apply(&MODULE, Fake::new(), json!({"sources": ["mount"]}));
    assert_eq!(none.failure().message, "failed to list what is mounted: the machine has no `mount`");
}

#[test]
fn nobody_waits_for_ever() {
    let fake = || Fake::new().file("/t", "srv:/x /x nfs rw 0 0\n/dev/a / ext4 rw 0 0\n").program("/usr/bin/stat");
    let argv = |mount: &'static str| ["stat", "-f", "-c", "%S %b %a %c %d", "--", mount];
    let slow = || fake().answer_error(&argv("/x"), ErrorKind::TimedOut, "took too long").answer(&argv("/"), 0, "4096 10 5 8 2\n", "");
    let args = |how: &str| json!({"sources": ["/t"], "timeout": 0.5, "on_timeout": how});
    let failed = apply(&MODULE, slow(), args("error"));
    assert_eq!(failed.failure().message, "failed to gather mounts: the size of `/x` took longer than 0.5 seconds");
    let warned = apply(&MODULE, slow(), args("warn"));
    assert_eq!(warnings(&warned), ["the size of `/x` took longer than 0.5 seconds"]);
    let sizes = |applied: &Applied| ["/", "/x"].map(|mount| applied.get("ansible_facts")["mount_points"][mount]["size_total"].clone());
    assert_eq!(sizes(&warned), [json!(40960), Value::Null]);
    let ignored = apply(&MODULE, slow(), args("ignore"));
    assert_eq!((warnings(&ignored).len(), sizes(&ignored)), (0, [json!(40960), Value::Null]));
    let command = fake().answer_error(&["/usr/bin/mount"], ErrorKind::TimedOut, "took too long").program("/usr/bin/mount");
    let failed = apply(&MODULE, command, json!({"sources": ["mount"], "timeout": 1}));
    assert_eq!(failed.failure().message, "failed to gather mounts: `mount` took longer than 1 seconds");
}

#[test]
fn what_does_not_fit_is_refused() {
    for (args, message) in [
        (json!({"sources": ["/t", ""]}), "failed to read `sources`: one of them is empty"),
        (json!({"timeout": -1}), "failed to read `timeout`: it is a number of seconds greater than 0, or `null`"),
        (json!({"mount_binary": 5}), "failed to read `mount_binary`: it is the name or path of a command, or `null`"),
    ] {
        assert_eq!(apply(&MODULE, Fake::new(), args).failure().message, message);
    }
    for text in ["/dev/a /a ext4\n", "nonsense\n", "/dev/a /a ext4 rw 0 x\n", "/dev/dsk/a /dev/rdsk/a / ufs 1 no -\n"] {
        let other = apply(&MODULE, Fake::new().file("/t", text), json!({"sources": ["/t"]}));
        assert_eq!(warnings(&other), ["`/t` is no table of mounts as Linux has it, and was passed over"], "{text}");
    }
}
