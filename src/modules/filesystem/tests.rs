use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict, refused};
use crate::system::fake::Fake;

const BLKID: &[&str] = &["/usr/bin/blkid"];
const UUID: &str = "11111111-2222-3333-4444-555555555555";

/// With an empty device; once something was made on it, `blkid` sees `after`.
fn empty(after: &str) -> Fake {
    machine("").answer(BLKID, 0, after, "")
}

fn machine(signature: &str) -> Fake {
    let tools =
        ["mkfs.ext4", "mkfs.xfs", "mkfs.vfat", "mkswap", "pvcreate", "pvchange", "tune2fs", "xfs_admin", "wipefs", "resize2fs", "blkid"];
    let fake = tools.iter().fold(Fake::new(), |fake, name| fake.program(&format!("/usr/bin/{name}")));
    fake.special("/dev/xvdd", FileKind::Block).answer(BLKID, if signature.is_empty() { 2 } else { 0 }, signature, "")
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/", "")).collect()
}

#[test]
fn an_empty_device_gets_what_is_asked_for() {
    for (args, signature, commands) in [
        (json!({"fstype": "ext4"}), "TYPE=ext4\n", vec!["mkfs.ext4 -F /dev/xvdd"]),
        (json!({"type": "ext4", "opts": "-L 'my disk' -m 0"}), "TYPE=ext4\n", vec!["mkfs.ext4 -F -L my disk -m 0 /dev/xvdd"]),
        (json!({"fstype": "ext4", "uuid": UUID}), "TYPE=ext4\n", vec!["mkfs.ext4 -F -U 11111111-2222-3333-4444-555555555555 /dev/xvdd"]),
        (json!({"fstype": "xfs", "uuid": "generate"}), "TYPE=xfs\n", vec!["mkfs.xfs -f /dev/xvdd", "xfs_admin -U generate /dev/xvdd"]),
        (json!({"fstype": "lvm", "uuid": "x"}), "TYPE=LVM2_member\n", vec!["pvcreate -f -y /dev/xvdd", "pvchange -u /dev/xvdd"]),
        (json!({"fstype": "swap"}), "TYPE=swap\n", vec!["mkswap -f /dev/xvdd"]),
        (json!({"fstype": "vfat"}), "TYPE=vfat\n", vec!["mkfs.vfat /dev/xvdd"]),
    ] {
        let mut args = args;
        args["dev"] = json!("/dev/xvdd");
        let applied = apply_once(&MODULE, empty(signature), args.clone());
        assert_eq!(ran(&applied), commands, "{args}");
        assert!(applied.changed);
        assert!(predict(&MODULE, machine(""), args.clone()).changed);
        if args.get("uuid").is_none() {
            assert!(!apply(&MODULE, machine(signature), args).changed, "it is there");
        }
    }
}

#[test]
fn nothing_is_overwritten_unless_asked_for() {
    for (signature, rc, holds) in [
        ("TYPE=xfs\nUUID=x\n", 0, "the file system xfs"),
        ("PTTYPE=gpt\n", 0, "a partition table (gpt)"),
        ("", 8, "signatures of several file systems"),
    ] {
        let machine = || {
            let fake = ["mkfs.ext4", "blkid"].iter().fold(Fake::new(), |fake, name| fake.program(&format!("/usr/bin/{name}")));
            fake.special("/dev/xvdd", FileKind::Block).answer(BLKID, rc, signature, "")
        };
        let applied = apply(&MODULE, machine(), json!({"dev": "/dev/xvdd", "fstype": "ext4"}));
        let message = format!("failed to make the file system ext4 on `/dev/xvdd`: the device holds {holds}");
        assert_eq!(applied.failure().message, message);
        let forced = apply_once(&MODULE, machine(), json!({"dev": "/dev/xvdd", "fstype": "ext4", "force": true}));
        assert_eq!(ran(&forced), ["mkfs.ext4 -F /dev/xvdd"]);
    }
    let again = apply_once(&MODULE, machine("TYPE=ext4\n"), json!({"dev": "/dev/xvdd", "fstype": "ext4", "force": true}));
    assert_eq!(ran(&again), ["mkfs.ext4 -F /dev/xvdd"]);
}

#[test]
fn signatures_are_wiped() {
    let args = json!({"dev": "/dev/xvdd", "state": "absent"});
    let used = machine("TYPE=ext4\n").answer(BLKID, 2, "", "");
    assert_eq!(ran(&apply_once(&MODULE, used, args.clone())), ["wipefs --all /dev/xvdd"]);
    assert!(!apply(&MODULE, machine(""), args).changed);
    let missing = apply(&MODULE, machine(""), json!({"dev": "/dev/none", "state": "absent"}));
    assert_eq!(missing.get("msg"), "the device `/dev/none` does not exist");
}

#[test]
fn a_file_system_grows_to_the_size_of_its_device() {
    let with_size = |bytes: &str| {
        machine("TYPE=ext4\n")
            .program("/usr/bin/blockdev")
            .answer(&["/usr/bin/blockdev", "--getsize64"], 0, format!("{bytes}\n"), "")
            .answer(&["/usr/bin/tune2fs", "-l"], 0, "Block count:              1000\nBlock size:               4096\n", "")
    };
    let args = json!({"dev": "/dev/xvdd", "fstype": "ext4", "resizefs": true});
    let whole = apply(&MODULE, with_size("4099000"), args.clone());
    assert!(!whole.changed && ran(&whole).is_empty());
    let growing = apply_once(&MODULE, with_size("8192000"), args.clone());
    assert_eq!(ran(&growing), ["resize2fs /dev/xvdd"]);
    assert!(growing.changed && predict(&MODULE, with_size("8192000"), args.clone()).changed);
    let useless =
        with_size("8192000").answer(&["/usr/bin/resize2fs"], 0, "The filesystem is already 1000 blocks long.  Nothing to do!\n", "");
    assert!(!apply_once(&MODULE, useless, args).changed);
    let swap = apply(&MODULE, machine("TYPE=swap\n"), json!({"dev": "/dev/xvdd", "fstype": "swap", "resizefs": true}));
    assert_eq!(swap.failure().message, "failed to grow the file system on `/dev/xvdd`: file systems of the type swap cannot grow");
}

#[test]
fn some_grow_only_while_mounted() {
    let machine = || {
        let tools = ["xfs_info", "xfs_growfs", "blockdev"]
            .iter()
            .fold(machine("TYPE=xfs\n"), |fake, name| fake.program(&format!("/usr/bin/{name}")));
        tools.answer(&["/usr/bin/blockdev"], 0, "81920000", "").answer(
            &["/usr/bin/xfs_info"],
            0,
            "meta-data=/dev/xvdd isize=512\ndata     =   bsize=4096   blocks=1000, imaxpct=25\nlog = bsize=4096 blocks=5\n",
            "",
        )
    };
    let args = json!({"dev": "/dev/xvdd", "fstype": "xfs", "resizefs": true});
    let message = apply(&MODULE, machine(), args.clone()).failure().message.clone();
    assert!(message.contains("it is not mounted"), "{message}");
    let mounted = machine().file("/proc/mounts", "/dev/xvdd /srv/my\\040data xfs rw 0 0\n");
    let applied = apply_once(&MODULE, mounted, args);
    assert_eq!(ran(&applied), ["xfs_growfs /srv/my data"]);
}

#[test]
fn a_uuid_that_is_there_is_no_change() {
    let args = |uuid: &str| json!({"dev": "/dev/xvdd", "fstype": "ext4", "uuid": uuid});
    let signature = format!("TYPE=ext4\nUUID={UUID}\n");
    assert!(!apply(&MODULE, machine(&signature), args(&UUID.to_uppercase())).changed);
    assert_eq!(ran(&apply_once(&MODULE, machine(&signature), args("random"))), ["tune2fs -U random /dev/xvdd"]);
    let swap = apply(&MODULE, machine(""), json!({"dev": "/dev/xvdd", "fstype": "swap", "uuid": UUID}));
    assert!(swap.failure().message.ends_with("`uuid` cannot be set for this file system"));
}

#[test]
fn what_goes_wrong_is_explained() {
    for (args, message) in [
        (json!({"dev": "/dev/none", "fstype": "ext4"}), "failed to find the device `/dev/none`: it does not exist"),
        (json!({"dev": "/srv", "fstype": "ext4"}), "failed to use `/srv`: it is neither a device nor a file"),
        (
            json!({"dev": "/dev/xvdd", "fstype": "btrfs"}),
            "failed to make the file system btrfs on `/dev/xvdd`: the machine has no `mkfs.btrfs`",
        ),
    ] {
        assert_eq!(apply(&MODULE, machine(""), args).failure().message, message);
    }
    let denied = Fake::new().special("/dev/xvdd", FileKind::Block).program("/usr/bin/blkid").answer(
        BLKID,
        2,
        "",
        "blkid: error: /dev/xvdd: Permission denied\n",
    );
    let denied = apply(&MODULE, denied, json!({"dev": "/dev/xvdd", "fstype": "ext4"}));
    assert!(denied.failure().message.ends_with("Permission denied"));
    assert!(refused(&MODULE, json!({"dev": "/dev/xvdd"})).contains("fstype"));
    assert!(refused(&MODULE, json!({"dev": "/dev/xvdd", "fstype": "ufs"})).contains("must be one of"));
    assert!(!refused(&MODULE, json!({"dev": "/dev/xvdd", "fstype": "ext4", "uuid": "x", "resizefs": true})).is_empty());
    assert_eq!(Value::Null, *apply(&MODULE, machine("TYPE=ext4\n"), json!({"dev": "/dev/xvdd", "fstype": "ext4"})).get("msg"));
}

#[test]
fn every_name_is_a_type() {
    for name in kinds::NAMES {
        let kind: FsKind = serde_json::from_value(json!(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(kind.name(), *name);
    }
}
