use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict, refused};
use crate::system::fake::{Fake, Fault};

const FILE: &str = "/home/ada/.ssh/config";
const TEXT: &str = "# top\nInclude conf.d/*\n\nHost foo\n  HostName foo.example.com\n  # inner\n  Port=22\n    IdentityFile ~/.ssh/a\n    IdentityFile \
                    ~/.ssh/b\n\n# about bar\nHost  *.bar !baz.bar\n\tUser = joe\n\nMatch host zed\n  User q\n\nHost *\n  ServerAliveInterval 60\n";

fn machine() -> Fake {
    Fake::new().user("ada", 1000).file(FILE, TEXT).file("/keys/a key", "")
}

fn args(host: &str, more: Value) -> Value {
    let mut args = more;
    (args["host"], args["ssh_config_file"]) = (json!(host), json!(FILE));
    args
}

fn replaced(lines: &[(&str, &str)]) -> String {
    lines.iter().fold(TEXT.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    })
}

/// The words as community.general 12 writes them.
#[test]
fn every_option_of_a_new_host() {
    let all = json!({
        "hostname": "new.example.com", "port": 2222, "remote_user": "u", "identity_file": "/keys/a key", "forward_agent": true,
        "identities_only": false, "add_keys_to_agent": true, "strict_host_key_checking": "accept-new", "proxyjump": "j",
        "user_known_hosts_file": "/dev/null", "host_key_algorithms": "+ssh-rsa", "controlmaster": "auto", "controlpath": "~/x",
        "controlpersist": "10m", "dynamicforward": "1080", "other_options": {"serveraliveinterval": "30", "compression": "yes"},
    });
    let new = apply(&MODULE, machine(), args(" new   *.new ", all));
    let lines = "Host new *.new\n    hostname new.example.com\n    port 2222\n    identityfile \"/keys/a key\"\n    identitiesonly no\n    \
                 user u\n    stricthostkeychecking accept-new\n    userknownhostsfile /dev/null\n    proxyjump j\n    hostkeyalgorithms \
                 +ssh-rsa\n    forwardagent yes\n    addkeystoagent yes\n    controlmaster auto\n    controlpath ~/x\n    controlpersist \
                 10m\n    dynamicforward 1080\n    serveraliveinterval 30\n    compression yes\n";
    assert_eq!(new.machine.text(FILE), format!("{TEXT}{lines}"));
    assert_eq!((new.get("hosts_added"), new.get("hosts_changed")), (&json!([" new   *.new "]), &json!([])));
    assert_eq!(new.machine.stat_of(FILE).mode, 0o600);
    let by_command = apply(&MODULE, machine(), args("x", json!({"proxycommand": "nc %h %p", "strict_host_key_checking": true})));
    assert!(by_command.machine.text(FILE).ends_with("Host x\n    stricthostkeychecking yes\n    proxycommand nc %h %p\n"));
}

#[test]
fn only_the_lines_of_the_options_change() {
    for (host, more, new, old) in [
        ("foo", json!({"port": "23"}), replaced(&[("Port=22", "Port 23")]), json!({"port": "22"})),
        (
            "foo",
            json!({"remote_user": "u", "hostname": "x"}),
            replaced(&[("HostName foo.example.com", "HostName x"), ("~/.ssh/b\n", "~/.ssh/b\n  user u\n")]),
            json!({}),
        ),
        (
            "foo",
            json!({"identity_file": "/keys/a key"}),
            replaced(&[("IdentityFile ~/.ssh/a", "IdentityFile \"/keys/a key\""), ("    IdentityFile ~/.ssh/b\n", "")]),
            json!({"identityfile": ["~/.ssh/a", "~/.ssh/b"]}),
        ),
        ("*.bar !baz.bar", json!({"remote_user": "eve"}), replaced(&[("User = joe", "User eve")]), json!({"user": "joe"})),
        ("*", json!({"other_options": {"serveraliveinterval": "5"}}), replaced(&[("Interval 60", "Interval 5")]), json!({})),
    ] {
        let applied = apply(&MODULE, machine(), args(host, more.clone()));
        assert_eq!(applied.machine.text(FILE), new, "{host} {more}");
        assert_eq!(*applied.get("hosts_changed"), json!([host]));
        let said = &applied.get("hosts_change_diff")[0][host];
        for (word, value) in old.as_object().into_iter().flatten() {
            assert_eq!(said["old"][word], *value);
        }
    }
    for (host, more) in [
        ("foo", json!({"port": 22, "hostname": "foo.example.com"})),
        ("*.bar !baz.bar", json!({"remote_user": "joe"})),
        ("foo", json!({})),
        ("other", json!({})),
    ] {
        let same = apply(&MODULE, machine(), args(host, more));
        assert!(!same.changed && same.machine.text(FILE) == TEXT);
        assert_eq!((same.get("hosts_added"), same.get("hosts_changed")), (&json!([]), &json!([])));
    }
}

#[test]
fn sections_go() {
    let gone = apply(&MODULE, machine(), args("foo", json!({"state": "absent", "port": "1"})));
    let (head, _) = TEXT.split_once("Host foo").unwrap_or_default();
    let (_, tail) = TEXT.split_once("~/.ssh/b\n").unwrap_or_default();
    assert_eq!((gone.machine.text(FILE), gone.get("hosts_removed")), (format!("{head}{tail}"), &json!(["foo"])));
    let twice = Fake::new().file(FILE, "Host a\n  Port 1\nHost b\nhost a\n  Port 2\n");
    assert_eq!(apply(&MODULE, twice, args("a", json!({"state": "absent"}))).machine.text(FILE), "Host b\n");
    assert!(!apply(&MODULE, machine(), args("zed", json!({"state": "absent"}))).changed, "what `Match` names is no host");
    let nothing = apply(&MODULE, Fake::new(), args("foo", json!({"state": "absent"})));
    assert!(!nothing.changed && !nothing.machine.has(FILE));
}

fn owner(applied: &Applied, path: &str) -> (u32, u32, u32) {
    let stat = applied.machine.stat_of(path);
    (stat.uid, stat.gid, stat.mode)
}

#[test]
fn whose_file_it_is() {
    let user = |more: Value| {
        let mut args = more;
        (args["host"], args["user"], args["port"]) = (json!("x"), json!("ada"), json!(1));
        args
    };
    let bare = || Fake::new().user("ada", 1000).group("ops", 50).dir("/home/ada");
    let new = apply(&MODULE, bare(), user(json!({})));
    assert_eq!(new.machine.text(FILE), "Host x\n    port 1\n");
    assert_eq!((owner(&new, FILE), owner(&new, "/home/ada/.ssh")), ((1000, 1000, 0o600), (1000, 1000, 0o700)));
    assert_eq!(owner(&apply(&MODULE, bare(), user(json!({"group": "ops"}))), FILE), (1000, 50, 0o600));
    let whole = apply(&MODULE, Fake::new(), json!({"host": "x", "port": 1}));
    assert_eq!((whole.machine.text(SYSTEM_FILE).as_str(), owner(&whole, SYSTEM_FILE)), ("Host x\n    port 1\n", (0, 0, 0o644)));
    let linked = Fake::new().file("/srv/real", "").link(FILE, "/srv/real");
    assert_eq!(apply(&MODULE, linked, args("x", json!({"port": 1}))).machine.text("/srv/real"), "Host x\n    port 1\n");
}

#[test]
fn what_does_not_fit_is_refused() {
    for (more, word) in [
        (json!({"user": "ada"}), "user"),
        (json!({"proxyjump": "a", "proxycommand": "b"}), "proxyjump"),
        (json!({"strict_host_key_checking": "maybe"}), "must be one of"),
        (json!({"controlmaster": "maybe"}), "must be one of"),
    ] {
        assert!(refused(&MODULE, args("x", more)).contains(word));
    }
    let message = |fake: Fake, host: &str, more: Value| apply_once(&MODULE, fake, args(host, more)).failure().message.clone();
    let start = "failed to configure the host `x`: ";
    assert_eq!(message(machine(), "", json!({})), "failed to configure the host ``: a host cannot be called so");
    for (more, why) in [
        (json!({"other_options": {"Compression": "yes"}}), "`Compression` of `other_options` must be a word in lower case"),
        (json!({"other_options": {"port": "1"}}), "`port` of `other_options` has an option of its own"),
        (json!({"other_options": {"match": "all"}}), "`match` of `other_options` has an option of its own"),
        (json!({"other_options": {"compression": 1}}), "the value of `compression` in `other_options` must be a text"),
        (json!({"port": "1\nProxyCommand evil"}), "the value of `port` must be one line"),
        (json!({"hostname": " "}), "the value of `hostname` must be one line"),
        (json!({"identity_file": "/none"}), "there is no key at `/none`"),
    ] {
        assert_eq!(message(machine(), "x", more), format!("{start}{why}"));
    }
    let port = || json!({"port": 1});
    assert_eq!(message(Fake::new().dir(FILE), "x", port()), format!("{start}`{FILE}` is not a regular file"));
    assert_eq!(message(Fake::new().file(FILE, [0xff]), "x", port()), format!("{start}`{FILE}` is not UTF-8"));
    let full = machine().fault(Fault::NoSpace, "/home");
    assert_eq!(message(full, "x", port()), format!("failed to write `{FILE}`: No space left on device"));
    let nobody = predict(&MODULE, Fake::new(), json!({"host": "x", "user": "zoe", "port": 1}));
    assert_eq!(nobody.failure().message, "failed to find the user `zoe`: there is none");
}
