use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict, predict_after, refused};
use crate::system::fake::Fake;

const PARTED: &str = "/usr/sbin/parted";
const IMAGE: &str = "/srv/disk.img";
const UNKNOWN: &str = "Error: /srv/disk.img: unrecognised disk label\n";

// What parted 3.5 says of an image of 100 MiB.
const EMPTY: &str = "BYT;\n/srv/disk.img:104857600B:file:512:512:unknown::;\n";
const NEW: &str = "BYT;\n/srv/disk.img:104857600B:file:512:512:gpt::;\n1:1048576B:20971519B:19922944B::primary:;\n";
const NAMED: &str = "BYT;\n/srv/disk.img:104857600B:file:512:512:gpt::;\n1:1048576B:20971519B:19922944B::x y:boot, esp;\n";
const WHOLE: &str = "BYT;\n/srv/disk.img:104857600B:file:512:512:gpt::;\n1:1048576B:104840703B:103792128B::x:;\n";
const MSDOS: &str = "BYT;\n/srv/disk.img:104857600B:file:512:512:msdos::;\n1:512B:20971519B:20971008B:::boot;\n\
    2:20971520B:41943039B:20971520B:ext4::;\n3:41943040B:62914559B:20971520B:::lba;\n5:42991616B:52428799B:9437184B:::;\n";
const MSDOS_WITHOUT_2: &str = "BYT;\n/srv/disk.img:104857600B:file:512:512:msdos::;\n1:512B:20971519B:20971008B:::boot;\n\
    3:41943040B:62914559B:20971520B:::lba;\n5:42991616B:52428799B:9437184B:::;\n";
const CYLINDERS: &str = "CYL;\n/srv/disk.img:1599cyl:file:512:512:msdos::;\n1600:4:32:65.5kB;\n1:0cyl:319cyl:319cyl:::boot;\n";

/// A machine on which parted tells one table after the other.
fn machine(tables: &[&str]) -> Fake {
    with_version(tables, "parted (GNU parted) 3.5\nCopyright\n")
}

fn with_version(tables: &[&str], version: &str) -> Fake {
    let fake = Fake::new().file(IMAGE, "").program(PARTED).answer(&[PARTED, "--version"], 0, version, "").answer(&[PARTED], 0, "", "");
    let fake = fake.answer(&[PARTED, "-s", "-m", IMAGE, "--", "unit", "cyl", "print"], 0, CYLINDERS, "");
    tables.iter().fold(fake, |fake, table| {
        let is_empty = table.contains("unknown");
        fake.answer(
            &[PARTED, "-s", "-m", IMAGE, "--", "unit", "B", "print"],
            i32::from(is_empty),
            table,
            if is_empty { UNKNOWN } else { "" },
        )
    })
}

fn args(more: Value) -> Value {
    let mut args = more;
    args["device"] = json!(IMAGE);
    if args.get("state").is_none() {
        args["state"] = json!("present");
    }
    args
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv[1..].join(" ").replace(&format!("{IMAGE} -- "), "")).collect()
}

#[test]
fn a_partition_is_made_named_and_flagged() {
    let wanted = args(json!({"label": "gpt", "number": 1, "part_start": "1MiB", "part_end": "20MiB", "name": "x y", "flags": ["esp"]}));
    let made = apply_once(&MODULE, machine(&[EMPTY, NEW, NAMED]), wanted.clone());
    assert_eq!(
        ran(&made),
        [
            "-s -m -f -a optimal unit KiB mklabel gpt mkpart primary 1MiB 20MiB",
            "-s -m -f -a optimal unit KiB name 1 \"x y\" set 1 boot on set 1 esp on"
        ]
    );
    let partition = json!([{"num": 1, "begin": 1024.0, "end": 20480.0, "size": 19456.0, "unit": "kib", "name": "x y", "fstype": "", "flags": ["boot", "esp"]}]);
    assert_eq!((made.changed, made.get("partitions")), (true, &partition));
    assert_eq!(
        *made.get("disk"),
        json!({"dev": IMAGE, "model": "", "table": "gpt", "unit": "kib", "size": 102_400.0, "logical_block": 512, "physical_block": 512})
    );
    let predicted = predict(&MODULE, machine(&[EMPTY]), wanted.clone());
    assert_eq!((predicted.changed, predicted.get("partitions"), predicted.get("script")), (true, &partition, made.get("script")));
    assert!(predicted.machine.runs().is_empty());
    let told = json!(predicted.diff).to_string();
    for line in [
        "table of /srv/disk.img: unknown -> gpt",
        "partition 1 of /srv/disk.img: absent -> present",
        "its name primary -> x y",
        "flag esp on",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let again = apply(&MODULE, machine(&[NAMED]), wanted);
    assert_eq!((again.changed, ran(&again).len(), again.get("script")), (false, 0, &json!([])));
}

#[test]
fn only_what_differs_is_changed() {
    for (more, before, after, calls) in [
        (json!({"number": 2, "state": "absent"}), MSDOS, MSDOS_WITHOUT_2, "rm 2"),
        (json!({"number": 4, "state": "absent"}), MSDOS, MSDOS, ""),
        (json!({"number": 2, "state": "absent"}), EMPTY, EMPTY, ""),
        (json!({"number": 1}), MSDOS, MSDOS, ""),
        (json!({"number": 1, "flags": ["boot"]}), MSDOS, MSDOS, ""),
        (json!({"number": 1, "flags": ["lvm"]}), MSDOS, MSDOS, "unit KiB set 1 lvm on set 1 boot off"),
        (json!({"number": 1, "label": "gpt", "flags": ["boot"]}), NAMED, NAMED, ""),
        (json!({"number": 1, "label": "gpt", "flags": []}), NAMED, NAMED, ""),
        (json!({"number": 1, "label": "gpt", "flags": ["lvm"]}), NAMED, NEW, "unit KiB set 1 lvm on set 1 boot off set 1 esp off"),
        (json!({"number": 1, "label": "gpt", "name": "a\"b"}), NEW, NAMED, "unit KiB name 1 \"a\\\"b\""),
        (json!({"number": 1, "label": "gpt", "part_end": "40MiB", "resize": true}), NEW, WHOLE, "resizepart 1 40MiB"),
        (json!({"number": 1, "label": "gpt", "part_end": "40", "unit": "MiB", "resize": true}), NEW, WHOLE, "unit MiB resizepart 1 40"),
        (json!({"number": 1, "label": "gpt", "resize": true}), NEW, WHOLE, "resizepart 1 100%"),
        (json!({"number": 1, "label": "gpt", "resize": true}), WHOLE, WHOLE, ""),
        (json!({"number": 1, "label": "gpt", "part_end": "20MiB", "resize": true}), NEW, NEW, ""),
        (json!({"number": 1, "label": "gpt", "part_end": "40959s", "resize": true}), NEW, NEW, ""),
        (json!({"number": 1, "label": "gpt", "part_end": "20%", "resize": true}), NEW, NEW, ""),
        (json!({"number": 2, "part_start": "20MiB", "part_end": "-60MiB"}), MSDOS_WITHOUT_2, MSDOS, "unit KiB mkpart primary 20MiB -60MiB"),
        (
            json!({"number": 2, "part_start": "320cyl", "part_end": "639cyl", "unit": "cyl", "fs_type": "ext4"}),
            MSDOS_WITHOUT_2,
            MSDOS,
            "unit cyl mkpart primary ext4 320cyl 639cyl",
        ),
        (
            json!({"number": 2, "part_start": "320,0,0", "part_end": "639,3,31", "unit": "chs"}),
            MSDOS_WITHOUT_2,
            MSDOS,
            "unit chs mkpart primary 320,0,0 639,3,31",
        ),
        (json!({"number": 1, "label": "msdos", "part_start": "1MiB"}), WHOLE, MSDOS, "unit KiB mklabel msdos mkpart primary 1MiB 100%"),
    ] {
        let done = apply_once(&MODULE, machine(&[before, after]), args(more.clone()));
        let calls: Vec<String> = (!calls.is_empty()).then(|| format!("-s -m -f -a optimal {calls}")).into_iter().collect();
        assert_eq!(ran(&done), calls, "{more}");
        assert_eq!(predict(&MODULE, machine(&[before]), args(more.clone())).changed, !calls.is_empty(), "{more}");
        if calls.is_empty() {
            assert!(!apply(&MODULE, machine(&[before]), args(more)).changed);
        }
    }
}

#[test]
fn the_program_gets_what_it_knows() {
    let call = |version: &str, more: Value| {
        let done = apply_once(&MODULE, with_version(&[MSDOS, MSDOS_WITHOUT_2], version), args(more));
        ran(&done).join("; ")
    };
    let gone = |align: &str| json!({"number": 2, "state": "absent", "align": align});
    assert_eq!(call("parted (GNU parted) 3.2\n", gone("undefined")), "-s -m rm 2");
    assert_eq!(call("parted (GNU parted) 3.4\n", gone("none")), "-s -m -f -a none rm 2");
    let sun = "BYT;\n/srv/disk.img:104857600B:file:512:512:sun::;\n1:0B:104857599B:104857600B:::;\n";
    let made = apply_once(&MODULE, machine(&[EMPTY, sun]), args(json!({"label": "sun", "number": 1})));
    assert_eq!(ran(&made), ["-s -m -f -a optimal unit KiB mklabel sun mkpart 0% 100%"]);
}

#[test]
fn what_is_there_is_told_in_units() {
    let told = |table: &str, unit: &str| {
        let applied = apply(&MODULE, machine(&[table]), json!({"device": IMAGE, "unit": unit}));
        assert_eq!(*applied.get("script"), json!(["unit", unit, "print"]));
        let first = applied.get("partitions")[0].clone();
        json!([applied.get("disk")["size"], applied.get("disk")["unit"], first["begin"], first["end"], first["size"]])
    };
    for (unit, numbers) in [
        ("KiB", json!([102_400.0, "kib", 0.5, 20_480.0, 20_480.0])),
        ("MiB", json!([100.0, "mib", 0.0, 20.0, 20.0])),
        ("GB", json!([0.1, "gb", 0.0, 0.02, 0.02])),
        ("compact", json!([105.0, "mb", 0.0, 21.0, 21.0])),
        ("s", json!([204_800.0, "s", 1.0, 40_959.0, 40_959.0])),
        ("B", json!([104_857_600.0, "b", 512.0, 20_971_519.0, 20_971_008.0])),
        ("%", json!([100.0, "%", 0.0, 20.0, 20.0])),
        ("cyl", json!([1599.0, "cyl", 0.0, 319.0, 319.0])),
        (
            "chs",
            json!([{"cylinder": 1599, "head": 3, "sector": 31}, "chs", {"cylinder": 0, "head": 0, "sector": 1}, {"cylinder": 319, "head": 3, "sector": 31}, ""]),
        ),
    ] {
        assert_eq!(told(MSDOS, unit), numbers, "{unit}");
    }
    let applied = apply(&MODULE, machine(&[MSDOS]), json!({"device": IMAGE, "unit": "cyl"}));
    let geometry = json!({"cylinders": 1600, "heads": 4, "sectors": 32, "cyl_size": 65.5, "cyl_size_unit": "kb"});
    assert_eq!(applied.get("disk")["chs_info"], geometry);
    let odd = "BYT;\n/srv/a\\:b:104857600B:file:512:512:gpt:My\\: disk:;\n1:1048576B:20971519B:19922944B::a\\:b;  c:;\n";
    let odd = apply(&MODULE, machine(&[odd]), json!({"device": IMAGE}));
    assert_eq!((&odd.get("disk")["model"], &odd.get("partitions")[0]["name"]), (&json!("My: disk"), &json!("a:b;  c")));
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let first = args(json!({"label": "gpt", "number": 1, "part_start": "1MiB", "part_end": "20MiB"}));
    let second = args(json!({"label": "gpt", "number": 2, "part_start": "20MiB"}));
    let tasks = [&first, &second];
    let after = |count: usize, now: &Value| {
        predict_after(&MODULE, machine(&[EMPTY]), now.clone(), |system| {
            for task in &tasks[..count] {
                assert!(apply_on(&MODULE, system, task).0);
            }
        })
    };
    assert!(!after(1, &first).changed && !after(2, &second).changed);
    let both = after(2, &json!({"device": IMAGE, "unit": "s"}));
    let ends: Vec<&Value> = both.get("partitions").as_array().into_iter().flatten().map(|partition| &partition["end"]).collect();
    assert_eq!(ends, [&json!(40_959.0), &json!(204_766.0)]);
    let gone = after(2, &args(json!({"number": 1, "state": "absent"})));
    assert_eq!((gone.changed, gone.get("partitions").as_array().map(Vec::len)), (true, Some(1)));
    assert!(after(1, &args(json!({"label": "gpt", "number": 3}))).failure().message.contains("the number 2"));
}

#[test]
fn the_devices_of_partitions_come_and_go() {
    let told = |device: &str, table: &str, more: Value| {
        let table = table.replace(IMAGE, device).replace(":file:", ":scsi:");
        let print = [PARTED, "-s", "-m", device, "--", "unit", "B", "print"];
        let fake = Fake::new().special(device, FileKind::Block).special(&format!("{device}2"), FileKind::Block).program(PARTED);
        let fake = fake.answer(&[PARTED], 0, "parted (GNU parted) 3.5\n", "").answer(&print, 0, table, "");
        let mut more = args(more);
        more["device"] = json!(device);
        json!(predict(&MODULE, fake, more).diff).to_string()
    };
    let made = json!({"number": 2, "part_start": "20MiB", "part_end": "30MiB"});
    assert!(told("/dev/sdb", MSDOS_WITHOUT_2, made.clone()).contains("file /dev/sdb2: written by a command"));
    assert!(told("/dev/nvme0n1", MSDOS_WITHOUT_2, made.clone()).contains("file /dev/nvme0n1p2:"));
    assert!(told("/dev/disk/by-id/x", MSDOS_WITHOUT_2, made).contains("file /dev/disk/by-id/x-part2:"));
    assert!(told("/dev/sdb", MSDOS, json!({"number": 2, "state": "absent"})).contains("file /dev/sdb2: present -> absent"));
}

#[test]
fn removing_takes_along_what_parted_takes_along() {
    let table = |text: &str| Table::parse(text).expect("a table");
    let numbers = |table: &Table| table.partitions.iter().map(|partition| partition.number).collect::<Vec<_>>();
    let mut extended = table(MSDOS);
    extended.remove(3);
    assert_eq!(numbers(&extended), [1, 2]);
    let mut logical = table(&format!("{MSDOS}6:53477376B:58720255B:5242880B:::;\n"));
    logical.remove(5);
    assert_eq!(numbers(&logical), [1, 2, 3, 5]);
}

#[test]
fn what_goes_wrong_is_explained() {
    let message = |fake: Fake, more: Value| apply_once(&MODULE, fake, args(more)).failure().message.clone();
    for (table, more, text) in [
        (MSDOS, json!({"number": 0}), "failed to manage partitions of `/srv/disk.img`: the `number` of a partition is 1 or more"),
        (
            MSDOS,
            json!({"number": 4, "part_start": "10mib"}),
            "failed to manage partitions of `/srv/disk.img`: `part_start` is `10mib`, and not a number with a unit like `10MiB` or `50%` (capitals matter)",
        ),
        (
            MSDOS,
            json!({"number": 1, "flags": ["boot on"]}),
            "failed to manage partitions of `/srv/disk.img`: `boot on` is neither a flag nor a file system",
        ),
        (
            MSDOS,
            json!({"number": 1, "name": "x"}),
            "failed to name the partition 1 of `/srv/disk.img`: partitions of a table of the kind msdos have no names",
        ),
        (
            MSDOS,
            json!({"number": 7, "part_type": "logical"}),
            "failed to make the partition 7 of `/srv/disk.img`: parted numbers partitions itself, and the next logical one gets the number 6",
        ),
        (
            MSDOS,
            json!({"number": 4, "part_start": "50MiB", "part_end": "90MiB"}),
            "failed to make the partition 4 of `/srv/disk.img`: the partition 3 lies there, from byte 41943040 to 62914559",
        ),
        (
            MSDOS,
            json!({"number": 4, "part_start": "90MiB", "part_end": "80MiB"}),
            "failed to make the partition 4 of `/srv/disk.img`: it would end (`80MiB`) before it begins (`90MiB`)",
        ),
        (
            WHOLE,
            json!({"number": 1, "label": "gpt", "part_end": "20MiB", "resize": true}),
            "failed to resize the partition 1 of `/srv/disk.img`: it would have to shrink from byte 104840703 to 20971519, and parted does that only when \
             it is asked by hand",
        ),
    ] {
        assert_eq!(message(machine(&[table]), more.clone()), text);
        let predicted = predict(&MODULE, machine(&[table]), args(more));
        assert_eq!(predicted.failure().message, text, "in check mode");
    }
    let bare = Fake::new().file(IMAGE, "");
    assert_eq!(message(bare, json!({"number": 1})), "failed to manage partitions of `/srv/disk.img`: the machine has no `parted`");
    assert_eq!(message(Fake::new(), json!({"number": 1})), "failed to find the disk `/srv/disk.img`: it does not exist");
    assert_eq!(message(Fake::new().dir(IMAGE), json!({"number": 1})), "failed to use `/srv/disk.img`: it is neither a disk nor a file");
    let full = machine(&[MSDOS]).answer(&[PARTED, "-s", "-m", "-f"], 1, "", "Error: Can't create any more partitions.\n");
    assert_eq!(
        message(full, json!({"number": 4, "part_start": "90MiB"})),
        "failed to change the partitions of `/srv/disk.img`: Error: Can't create any more partitions."
    );
    let stays = message(machine(&[MSDOS]), json!({"number": 4, "part_start": "90MiB"}));
    assert_eq!(stays, "failed to make the partition 4 of `/srv/disk.img`: parted gave it another number");
    let closed =
        Fake::new().file(IMAGE, "").program(PARTED).answer(&[PARTED], 1, "", "Error: Error opening /srv/disk.img: Permission denied\n");
    assert!(message(closed, json!({"number": 1})).ends_with("Error: Error opening /srv/disk.img: Permission denied"));
    let odd = Fake::new().file(IMAGE, "").program(PARTED).answer(&[PARTED], 0, "Model: x\n", "");
    assert_eq!(message(odd, json!({"number": 1})), "failed to read the partition table of `/srv/disk.img`: `parted` says `Model: x`");
    for (args, word) in [
        (json!({"device": IMAGE, "state": "present"}), "number"),
        (json!({"device": IMAGE, "state": "absent"}), "number"),
        (json!({"number": 1}), "device"),
        (json!({"device": IMAGE, "label": "dos"}), "must be one of"),
    ] {
        assert!(refused(&MODULE, args.clone()).contains(word), "{args}");
    }
}
