use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict};
use crate::system::User;
use crate::system::fake::Fake;

const HASH: &str = "$6$salt$QFFfKVfcYDzPVMIQMvQ4TQXzHWmZoNUDZHSGXlRzdu4aBYOmsSkUOQn1Q5zPJNFwN0Q8rLmZLwMNqkVFMDkEX0";

fn machine() -> Fake {
    let programs = ["useradd", "usermod", "userdel", "chage", "chpasswd", "luseradd", "lgroupmod", "lchage"];
    programs
        .iter()
        .fold(Fake::new(), |fake, name| fake.program(&format!("/usr/sbin/{name}")))
        .file("/etc/login.defs", "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\nHOME_MODE 0700\nPASS_MAX_DAYS 99999\n")
        .file("/etc/default/useradd", "SHELL=/bin/sh\n")
        .file("/etc/skel/.profile", "umask 022\n")
        .file("/etc/shadow", format!("root:*:19000:0:99999:7:::\nada:{HASH}:19000:0:99999:7:::\n"))
        .mode("/etc/shadow", 0o640)
        .group("sudo", 27)
        .group("docker", 999)
        .group("ada", 1000)
        .user_with(User {
            name: "ada".into(),
            uid: 1000,
            gid: 1000,
            comment: "Ada".into(),
            home: "/home/ada".into(),
            shell: "/bin/sh".into(),
            groups: vec!["sudo".into()],
        })
        .dir("/home/ada")
        .owner("/home/ada", 1000, 1000)
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/sbin/", "")).collect()
}

#[test]
fn a_new_account_is_made_once_with_its_home() {
    let applied = apply(&MODULE, machine(), json!({"name": "eve"}));
    assert_eq!(ran(&applied), ["useradd -m eve"]);
    assert_eq!((applied.get("uid"), applied.get("group"), applied.get("home")), (&json!(1001), &json!(1001), &json!("/home/eve")));
    assert_eq!((applied.get("create_home"), applied.get("system")), (&json!(true), &json!(false)));
    let home = applied.machine.stat_of("/home/eve");
    assert_eq!((home.uid, home.gid, home.mode), (1001, 1001, 0o700));
    assert_eq!(applied.machine.stat_of("/home/eve/.profile").uid, 1001);
    assert!(applied.machine.text("/etc/shadow").ends_with("\neve:!:19675::99999::::\n"));
}

#[test]
fn options_of_a_new_account() {
    for (args, command) in [
        (json!({"system": true, "create_home": false}), "useradd -M -r eve"),
        (json!({"uid": 1000, "non_unique": true, "create_home": false}), "useradd -u 1000 -o -M eve"),
        (json!({"group": "docker", "groups": ["sudo", "docker"], "create_home": false}), "useradd -g 999 -G sudo -M eve"),
        (json!({"comment": "Eve E.", "shell": "/bin/bash", "home": "/srv/a/eve"}), "useradd -c Eve E. -d /srv/a/eve -s /bin/bash -m eve"),
        (json!({"expires": 1_893_456_000.5, "create_home": false}), "useradd -e 2030-01-01 -M eve"),
        (json!({"expires": -1, "create_home": false}), "useradd -e  -M eve"),
        (json!({"uid_min": 5000, "uid_max": 5001, "umask": "077"}), "useradd -K UMASK=077 -K UID_MIN=5000 -K UID_MAX=5001 -m eve"),
        (json!({"password_expire_account_disable": 10, "create_home": false}), "useradd -f 10 -M eve"),
        (json!({"skeleton": "/none", "create_home": false}), "useradd -M eve"),
        (json!({"local": true, "groups": "sudo"}), "luseradd eve"),
    ] {
        let mut args = args;
        args["name"] = json!("eve");
        let machine = if args["local"] == true { machine().file("/etc/passwd", "") } else { machine() };
        let applied = apply(&MODULE, machine, args.clone());
        assert_eq!(ran(&applied).first().map(String::as_str), Some(command), "{args}");
    }
    let applied = apply(&MODULE, machine().group("eve", 50), json!({"name": "eve", "create_home": false}));
    assert_eq!(ran(&applied), ["useradd -N -M eve"], "its name is taken by a group");
    assert_eq!(applied.get("group"), 100);
}

#[test]
fn what_differs_is_changed_once() {
    for (args, commands) in [
        (json!({}), vec![]),
        (json!({"comment": "Ada", "shell": "/bin/sh", "groups": "sudo", "uid": 1000, "group": "ada", "home": "/home/ada"}), vec![]),
        (json!({"comment": "A. L."}), vec!["usermod -c A. L. ada"]),
        (json!({"uid": 1500, "shell": "/bin/bash"}), vec!["usermod -u 1500 -s /bin/bash ada"]),
        (json!({"group": "docker"}), vec!["usermod -g 999 ada"]),
        (json!({"groups": ["docker"]}), vec!["usermod -G docker ada"]),
        (json!({"groups": ["docker", "sudo"], "append": true}), vec!["usermod -a -G docker ada"]),
        (json!({"groups": "sudo", "append": true}), vec![]),
        (json!({"groups": ""}), vec!["usermod -G  ada"]),
        (json!({"groups": []}), vec!["usermod -G  ada"]),
        (json!({"home": "/srv/ada", "move_home": true}), vec!["usermod -d /srv/ada -m ada"]),
        (json!({"expires": 1_893_456_000}), vec!["usermod -e 2030-01-01 ada"]),
        (json!({"expires": -1}), vec![]),
        (json!({"password_lock": true}), vec!["usermod -L ada"]),
        (json!({"password_lock": false}), vec![]),
        (json!({"password_expire_max": 99999, "password_expire_min": 0}), vec![]),
        (json!({"password_expire_max": 90, "password_expire_warn": 14}), vec!["chage -M 90 -W 14 ada"]),
        (json!({"password_expire_account_disable": 5}), vec!["usermod -f 5 ada"]),
        (json!({"password": HASH}), vec![]),
        (json!({"password": format!("!{HASH}")}), vec![]),
        (json!({"password": "*"}), vec!["chpasswd -e"]),
        (json!({"password": "*", "update_password": "on_create"}), vec![]),
    ] {
        let mut args = args;
        args["name"] = json!("ada");
        let applied = apply(&MODULE, machine(), args.clone());
        assert_eq!(ran(&applied), commands, "{args}");
        assert_eq!(applied.changed, !commands.is_empty(), "{args}");
    }
}

#[test]
fn a_password_goes_through_standard_input_only() {
    let applied = apply(&MODULE, machine(), json!({"name": "eve", "password": HASH, "password_lock": true, "create_home": false}));
    assert_eq!(ran(&applied), ["useradd -M eve", "chpasswd -e"]);
    let stdin = applied.machine.runs()[1].secret_stdin.as_ref().map(|secret| secret.expose().to_owned());
    assert_eq!(stdin, Some(format!("eve:!{HASH}\n")));
    assert_eq!(applied.get("password"), "NOT_LOGGING_PASSWORD");
    assert!(!format!("{:?}", applied.diff).contains(HASH));
    let unlocked = apply(&MODULE, applied.machine, json!({"name": "eve", "password_lock": false}));
    assert!(ran(&unlocked).ends_with(&["usermod -U eve".to_owned()]));
    let clear = apply(&MODULE, machine(), json!({"name": "ada", "password": "secret"}));
    assert!(clear.answer.is_ok_and(|outcome| outcome.warnings[0].contains("does not look like a hash")));
}

#[test]
fn an_account_without_password_cannot_be_unlocked() {
    let machine = machine().file("/etc/shadow", "ada:!:1::::::\n");
    let applied = apply(&MODULE, machine, json!({"name": "ada", "password_lock": false}));
    assert!(!applied.changed);
    assert!(applied.answer.is_ok_and(|outcome| outcome.warnings[0].contains("no password that could be unlocked")));
}

#[test]
fn a_missing_home_is_made_from_the_skeleton() {
    let machine = machine().file("/opt/skel/sub/x", "x").link("/opt/skel/y", "x").user("bob", 1001);
    let applied = apply(&MODULE, machine, json!({"name": "bob", "skeleton": "/opt/skel", "umask": "027"}));
    assert!(applied.changed);
    assert_eq!(applied.machine.text("/home/bob/sub/x"), "x");
    for path in ["/home/bob", "/home/bob/sub", "/home/bob/sub/x", "/home/bob/y"] {
        assert_eq!(applied.machine.stat_of(path).uid, 1001, "{path}");
    }
    assert!(ran(&applied).is_empty());
}

#[test]
fn accounts_go_with_what_is_theirs() {
    for (args, command, has_home) in [
        (json!({}), "userdel ada", true),
        (json!({"remove": true}), "userdel -r ada", false),
        (json!({"remove": true, "force": true}), "userdel -f -r ada", false),
    ] {
        let mut args = args;
        args["name"] = json!("ada");
        args["state"] = json!("absent");
        let applied = apply(&MODULE, machine(), args);
        assert_eq!(ran(&applied), [command]);
        assert_eq!(applied.machine.has("/home/ada"), has_home);
        assert!(!applied.machine.text("/etc/shadow").contains("ada"));
        assert!(crate::system::System::group(&applied.machine, "ada").unwrap().is_none());
    }
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    for (args, message) in [
        (
            json!({"name": "ada", "groups": "sudo,nope"}),
            "failed to put the user `ada` into the group `nope`: the machine knows no such group",
        ),
        (json!({"name": "eve", "group": "nope"}), "failed to put the user `eve` into the group `nope`: the machine knows no such group"),
        (json!({"name": "eve", "uid": 1000}), "failed to create the user `eve`: its number 1000 belongs to the user `ada`"),
        (json!({"name": "root", "uid": 1000}), "failed to change the user `root`: its new number 1000 belongs to the user `ada`"),
        (json!({"name": "a:b"}), "failed to manage the user `a:b`: this cannot be the name of a user"),
        (json!({"name": "eve", "local": true, "umask": "022"}), "failed to manage the user `eve`: `umask` means nothing with `local`"),
        (json!({"name": "eve", "umask": "9"}), "failed to manage the user `eve`: `umask` is no octal number"),
    ] {
        assert_eq!(apply(&MODULE, machine(), args.clone()).failure().message, message, "{args}");
    }
    let bare = apply(&MODULE, Fake::new(), json!({"name": "eve"}));
    assert_eq!(bare.failure().message, "failed to create the user `eve`: the machine has no `useradd`");
}

#[test]
fn a_key_is_made_once_and_its_passphrase_shows_nowhere() {
    let machine = || {
        machine().answer(&["/usr/bin/ssh-keygen", "-q"], 0, "", "").program("/usr/bin/ssh-keygen").answer(
            &["/usr/bin/ssh-keygen", "-l"],
            0,
            "256 SHA256:x ada (ED25519)\n",
            "",
        )
    };
    let args = json!({"name": "ada", "generate_ssh_key": true, "ssh_key_type": "ed25519", "ssh_key_passphrase": "it's hidden"});
    let predicted = predict(&MODULE, machine(), args.clone());
    assert!(predicted.changed);
    assert_eq!((predicted.get("ssh_public_key"), predicted.get("ssh_fingerprint")), (&Value::Null, &json!("")));
    let applied = apply_once(&MODULE, machine(), args.clone());
    assert_eq!(applied.get("ssh_key_file"), "/home/ada/.ssh/id_ed25519");
    assert_eq!(applied.get("ssh_fingerprint"), "256 SHA256:x ada (ED25519)");
    let key = applied.machine.stat_of("/home/ada/.ssh/id_ed25519");
    assert_eq!((key.uid, key.mode, applied.machine.stat_of("/home/ada/.ssh").mode), (1000, 0o600, 0o700));
    let command = &applied.machine.runs()[0];
    assert_eq!(command.argv[1..].join(" "), "-q -t ed25519 -C ansible-generated on fake -f /home/ada/.ssh/id_ed25519");
    assert!(!format!("{command:?}").contains("hidden"));
    assert!(!apply_once(&MODULE, applied.machine, args).changed);
    let plain = apply_once(&MODULE, machine(), json!({"name": "ada", "generate_ssh_key": true, "ssh_key_file": "k", "ssh_key_bits": 3072}));
    assert!(plain.machine.runs()[0].argv.join(" ").ends_with("-b 3072 -f /home/ada/k -N "));
}

#[test]
fn hashes_are_told_from_passwords() {
    for (text, is_hash) in [
        (HASH, true),
        ("!", true),
        ("*", true),
        ("!!", true),
        ("", true),
        ("$y$j9T$abc$0123456789012345678901234567890123456789012", true),
        ("abcdefghijklm", true),
        ("secret", false),
        ("$1$x", false),
    ] {
        assert_eq!(shadow::looks_hashed(text), is_hash, "{text}");
    }
}

#[test]
fn dates() {
    for (seconds, day, date) in
        [(-1.0, "", ""), (0.0, "0", "1970-01-01"), (86_399.9, "0", "1970-01-01"), (951_782_400.0, "11016", "2000-02-29")]
    {
        assert_eq!(shadow::day(seconds), day);
        assert_eq!(shadow::date(day), date);
    }
}
