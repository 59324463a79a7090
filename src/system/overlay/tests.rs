use std::time::Duration;

use super::*;
use crate::system::fake::Fake;
use crate::system::file::Algorithm;
use crate::system::{Executed, Group, Output, Package, Placed, User};

fn machine() -> Fake {
    Fake::new()
        .file("/etc/app/a.conf", "a\n")
        .file("/etc/app/sub/b.conf", "b\n")
        .mode("/etc/app", 0o750)
        .link("/etc/current", "app")
        .file("/etc/hosts", "hosts\n")
        .user("ada", 1000)
        .dir("/home/ada")
        .owner("/home/ada", 1000, 1000)
}

fn over(fake: Fake) -> Overlay<Fake> {
    Overlay::new(fake, std::env::temp_dir())
}

fn p(path: &str) -> &Path {
    Path::new(path)
}

const NONE: Attributes = Attributes { mode: None, uid: None, gid: None, atime: None, mtime: None };

fn put(system: &mut dyn System, path: &str, text: &str) -> Result<()> {
    system.write(p(path), Content::Bytes(text.as_bytes()), &NONE)
}

fn text(system: &dyn System, path: &str) -> Option<String> {
    system.read(p(path)).ok().map(|bytes| String::from_utf8(bytes).unwrap())
}

fn names(system: &dyn System, dir: &str) -> Vec<String> {
    system.list(p(dir)).unwrap().into_iter().map(|entry| entry.name.into_string().unwrap()).collect()
}

fn exists(system: &dyn System, path: &str) -> bool {
    system.stat(p(path), Follow::No).unwrap().is_some()
}

#[test]
fn a_user_who_is_there_only_in_the_overlay_can_act() {
    let fake = Fake::new().dir("/srv").file("/srv/secret", "s\n").mode("/srv/secret", 0o600).program("/usr/bin/id");
    let mut overlay = over(fake);
    assert_eq!(overlay.act_for("app").unwrap_err().to_string(), "failed to become `app`: there is no such user");
    let user = User { name: "app".into(), uid: 990, gid: 990, home: "/srv/app".into(), ..User::default() };
    overlay.run(&Command::new(["useradd"]), &[Effect::User(user)]).unwrap();
    overlay.make_dir(p("/srv/app"), 0o755).unwrap();
    overlay.set_attributes(p("/srv/app"), &Attributes { uid: Some(990), gid: Some(990), ..NONE }, Follow::No).unwrap();
    overlay.act_for("app").unwrap();
    assert_eq!((overlay.identity().unwrap().uid, overlay.environment().unwrap()["HOME"].as_str()), (990, "/srv/app"));
    assert_eq!(put(&mut overlay, "/srv/file", "x").unwrap_err().kind, ErrorKind::PermissionDenied);
    assert_eq!(overlay.read(p("/srv/secret")).unwrap_err().kind, ErrorKind::PermissionDenied);
    assert!(!overlay.access(p("/srv/secret")).unwrap().read, "although root, who looks, may read it");
    put(&mut overlay, "/srv/app/file", "x").unwrap();
    assert_eq!(overlay.stat(p("/srv/app/file"), Follow::No).unwrap().unwrap().uid, 990);
    let asked = overlay.probe(&Command::new(["/usr/bin/id"])).unwrap_err();
    assert_eq!(asked.kind, ErrorKind::Unpredictable);
}

#[test]
fn what_a_package_brings_is_there() {
    let fake = Fake::new().dir("/usr/lib").link("/lib", "usr/lib").file("/etc/clock.conf", "mine\n").dir("/run/systemd/system");
    let mut overlay = over(fake);
    let place = |path: &str, mode, what| Effect::Placed { path: path.into(), mode, what };
    let file = |content: Option<&str>| Placed::File { size: 5, content: content.map(|text| text.as_bytes().to_vec()) };
    let effects = [
        Effect::PackageInstalled(Package { name: "clock".into(), version: "1".into(), ..Package::default() }),
        place("/lib", 0o755, Placed::Directory),
        place("/lib/systemd/system/clock.service", 0o644, file(Some("[Unit]\n[Install]\n"))),
        place("/etc/clock.d", 0o750, Placed::Directory),
        place("/usr/bin/clockd", 0o755, file(None)),
        place("/usr/bin/clock", 0o777, Placed::Link("clockd".into())),
        Effect::Service { name: "clock.service".into(), active: Some(true), enabled: Some(true), masked: None },
    ];
    overlay.run(&Command::new(["apt-get"]), &effects).unwrap();
    assert_eq!(overlay.stat(p("/lib"), Follow::No).unwrap().unwrap().kind, FileKind::Link, "the link stands for its directory");
    assert_eq!(overlay.which("clock").unwrap(), Some("/usr/bin/clock".into()));
    assert_eq!(overlay.read(p("/usr/bin/clockd")).unwrap_err().kind, ErrorKind::Unpredictable);
    assert_eq!(overlay.stat(p("/etc/clock.d"), Follow::No).unwrap().unwrap().mode, 0o750);
    put(&mut overlay, "/etc/clock.d/own.conf", "x").unwrap();
    let service = overlay.service("clock").unwrap().unwrap();
    assert!(service.active && service.enabled);
    assert!(text(&overlay, "/usr/lib/systemd/system/clock.service").is_some());
    assert_eq!(put(&mut overlay, "/srv/other/file", "x").unwrap_err().kind, ErrorKind::Unpredictable, "its scripts may do anything");
}

#[test]
fn a_removed_directory_hides_its_children_and_is_empty_when_made_again() {
    let mut overlay = over(machine());
    overlay.remove(p("/etc/app")).unwrap();
    for path in ["/etc/app", "/etc/app/a.conf", "/etc/app/sub/b.conf", "/etc/current/a.conf"] {
        assert!(!exists(&overlay, path), "{path}");
    }
    assert!(!names(&overlay, "/etc").contains(&"app".to_owned()));
    assert_eq!(overlay.stat(p("/etc/current"), Follow::Yes).unwrap(), None, "a link that leads nowhere");
    assert_eq!(put(&mut overlay, "/etc/app/c", "c").unwrap_err().kind, ErrorKind::NotFound);
    overlay.make_dir(p("/etc/app"), 0o700).unwrap();
    assert_eq!(names(&overlay, "/etc/app"), Vec::<String>::new());
    put(&mut overlay, "/etc/app/a.conf", "new").unwrap();
    assert_eq!(text(&overlay, "/etc/current/a.conf").as_deref(), Some("new"));
    let fake = overlay.into_inner();
    assert_eq!(fake.text("/etc/app/a.conf"), "a\n", "nothing was done");
}

#[test]
fn a_moved_directory_takes_everything_along() {
    let mut overlay = over(machine());
    put(&mut overlay, "/etc/app/sub/new", "new").unwrap();
    overlay.remove(p("/etc/app/a.conf")).unwrap();
    overlay.rename(p("/etc/app"), p("/srv/app")).unwrap();
    assert_eq!(names(&overlay, "/srv/app"), ["sub"]);
    assert_eq!(names(&overlay, "/srv/app/sub"), ["b.conf", "new"]);
    assert_eq!(text(&overlay, "/srv/app/sub/b.conf").as_deref(), Some("b\n"));
    assert_eq!(overlay.stat(p("/srv/app"), Follow::No).unwrap().unwrap().mode, 0o750);
    assert!(!exists(&overlay, "/etc/app/sub"));
    overlay.rename(p("/srv/app/sub/b.conf"), p("/etc/hosts")).unwrap();
    assert_eq!(text(&overlay, "/etc/hosts").as_deref(), Some("b\n"));
    assert_eq!(overlay.rename(p("/srv/app"), p("/srv/app/sub/x")).unwrap_err().kind, ErrorKind::Other);
    assert_eq!(overlay.rename(p("/etc/hosts"), p("/srv/app")).unwrap_err().kind, ErrorKind::IsADirectory);
}

#[test]
fn attributes_change_and_the_rest_shows_through() {
    let mut overlay = over(machine());
    put(&mut overlay, "/etc/app/new", "new").unwrap();
    overlay.remove(p("/etc/app/new")).unwrap();
    overlay.write_in_place(p("/etc/app/a.conf"), Content::Bytes(b"changed before"), &NONE).unwrap();
    overlay.set_attributes(p("/etc/current"), &Attributes { mode: Some(0o711), uid: Some(1000), ..NONE }, Follow::Yes).unwrap();
    let stat = overlay.stat(p("/etc/app"), Follow::No).unwrap().unwrap();
    assert_eq!((stat.mode, stat.uid), (0o711, 1000));
    assert_eq!(names(&overlay, "/etc/app"), ["a.conf", "sub"]);
    assert_eq!(text(&overlay, "/etc/app/a.conf").as_deref(), Some("changed before"));
    overlay.set_attributes(p("/etc/hosts"), &Attributes { mode: Some(0o600), ..NONE }, Follow::No).unwrap();
    assert_eq!(text(&overlay, "/etc/hosts").as_deref(), Some("hosts\n"));
    put(&mut overlay, "/etc/hosts", "new").unwrap();
    assert_eq!(overlay.stat(p("/etc/hosts"), Follow::No).unwrap().unwrap().mode, 0o600, "kept from the file that was replaced");
}

#[test]
fn names_of_one_file_share_what_is_written_in_place() {
    let mut overlay = over(machine());
    overlay.hard_link(p("/etc/hosts"), p("/srv/hosts")).unwrap();
    overlay.write_in_place(p("/srv/hosts"), Content::Bytes(b"both"), &NONE).unwrap();
    assert_eq!(text(&overlay, "/etc/hosts").as_deref(), Some("both"));
    assert_eq!(overlay.stat(p("/etc/hosts"), Follow::No).unwrap().unwrap().links, 2);
    overlay.remove(p("/etc/hosts")).unwrap();
    assert_eq!(overlay.stat(p("/srv/hosts"), Follow::No).unwrap().unwrap().links, 1);
}

#[test]
fn the_errors_are_those_of_the_real_change() {
    type Act = fn(&mut dyn System) -> Result<()>;
    let table: [(&str, Act, ErrorKind, &str); 7] = [
        ("ada", |s| put(s, "/etc/x", ""), ErrorKind::PermissionDenied, "failed to write `/etc/x`: Permission denied"),
        ("ada", |s| s.remove(p("/etc/hosts")), ErrorKind::PermissionDenied, "failed to remove `/etc/hosts`: Permission denied"),
        (
            "ada",
            |s| s.read(p("/etc/app/a.conf")).map(drop),
            ErrorKind::PermissionDenied,
            "failed to read `/etc/app/a.conf`: Permission denied",
        ),
        (
            "ada",
            |s| s.set_attributes(p("/home/ada"), &Attributes { uid: Some(0), ..NONE }, Follow::Yes),
            ErrorKind::PermissionDenied,
            "failed to set the attributes of `/home/ada`: Operation not permitted",
        ),
        (
            "root",
            |s| put(s, "/etc/hosts/x", ""),
            ErrorKind::NotADirectory,
            "failed to write `/etc/hosts/x`: `/etc/hosts` is not a directory",
        ),
        ("root", |s| put(s, "/no/x", ""), ErrorKind::NotFound, "failed to write `/no/x`: the directory `/no` does not exist"),
        ("root", |s| put(s, "/etc/app", ""), ErrorKind::IsADirectory, "failed to write `/etc/app`: Is a directory"),
    ];
    for (who, act, kind, message) in table {
        let mut overlay = over(machine().acting_as(who));
        // Something is recorded, so that the overlay itself has to know.
        put(&mut overlay, if who == "root" { "/tmp/x" } else { "/home/ada/x" }, "").unwrap();
        let error = act(&mut overlay).unwrap_err();
        assert_eq!((error.kind, error.to_string().as_str()), (kind, message));
    }
}

#[test]
fn a_read_only_mount_is_known() {
    let mounts = "/dev/vda / ext4 rw 0 0\n/dev/vdb /usr ext4 ro,relatime 0 0\ntmpfs /usr/local tmpfs rw 0 0\n";
    let mut overlay = over(machine().file("/proc/mounts", mounts));
    assert_eq!(put(&mut overlay, "/usr/bin/x", "").unwrap_err().kind, ErrorKind::ReadOnly);
    put(&mut overlay, "/usr/local/bin/x", "").unwrap();
    put(&mut overlay, "/etc/x", "").unwrap();
}

#[test]
fn packages_users_and_groups_are_as_they_would_be() {
    let mut overlay = over(machine().package("vim", "9").group("docker", 99));
    let command = Command::new(["x"]);
    let user =
        User { name: "eve".into(), uid: 2000, gid: 2000, home: "/home/eve".into(), groups: vec!["docker".into()], ..User::default() };
    let effects = [
        Effect::PackageRemoved("vim".into()),
        Effect::Group(Group { name: "eve".into(), gid: 2000, members: Vec::new() }),
        Effect::User(user.clone()),
        Effect::DirectoryMade("/home/eve".into()),
        Effect::UserRemoved("ada".into()),
    ];
    assert_eq!(overlay.run(&command, &effects).unwrap(), Output::default());
    assert_eq!(overlay.package("vim").unwrap(), None);
    assert_eq!(overlay.user("2000").unwrap(), Some(user));
    assert_eq!(overlay.group("docker").unwrap().unwrap().members, ["eve"]);
    assert_eq!(overlay.user("ada").unwrap(), None);
    assert_eq!(overlay.user("1000").unwrap(), None);
    assert_eq!(overlay.stat(p("/home/eve"), Follow::No).unwrap().unwrap().uid, 2000, "a home belongs to its user");
    let docker = Group { name: "docker".into(), gid: 99, members: vec!["root".into()] };
    overlay.run(&command, &[Effect::Group(docker)]).unwrap();
    assert_eq!(overlay.user("eve").unwrap().unwrap().groups, Vec::<String>::new(), "the last word wins");
    assert_eq!(overlay.user("root").unwrap().unwrap().groups, ["docker"]);
}

#[test]
fn a_unit_file_makes_a_service_that_can_be_started() {
    let mut overlay = over(machine().service("ssh", false, true));
    assert_eq!(overlay.service("kend").unwrap(), None);
    put(&mut overlay, "/etc/systemd/system/kend.service", "[Service]\n[Install]\nWantedBy=multi-user.target\n").unwrap();
    put(&mut overlay, "/etc/systemd/system/once.service", "[Service]\n").unwrap();
    put(&mut overlay, "/etc/systemd/system/tty@.service", "[Install]\n").unwrap();
    let state = |overlay: &Overlay<Fake>, name: &str| overlay.service(name).unwrap().map(|service| (service.active, service.enabled));
    assert_eq!(state(&overlay, "kend"), Some((false, false)));
    assert_eq!(state(&overlay, "once"), Some((false, true)), "static units count as enabled");
    assert_eq!(state(&overlay, "tty@one.service"), Some((false, false)));
    let start = |name: &str| Effect::Service { name: name.into(), active: Some(true), enabled: None, masked: None };
    overlay.run(&Command::new(["systemctl"]), &[start("kend.service"), start("ssh")]).unwrap();
    assert_eq!(state(&overlay, "kend"), Some((true, false)));
    let ssh = overlay.service("ssh").unwrap().unwrap();
    assert_eq!((ssh.active, ssh.enabled, ssh.properties["ActiveState"].as_str()), (true, true, "active"));
}

#[test]
fn mounts_show_in_the_table_and_hide_what_is_beneath() {
    let mut overlay = over(machine().file("/proc/mounts", "/dev/vda / ext4 rw 0 0\n").file("/srv/data/old", ""));
    let mount = Effect::Mounted { source: "/dev/vdb".into(), target: "/srv/data".into(), fstype: "xfs".into() };
    overlay.run(&Command::new(["mount"]), &[mount]).unwrap();
    assert_eq!(text(&overlay, "/proc/mounts").unwrap(), "/dev/vda / ext4 rw 0 0\n/dev/vdb /srv/data xfs rw,relatime 0 0\n");
    assert_eq!(names(&overlay, "/srv/data"), Vec::<String>::new());
    overlay.run(&Command::new(["umount"]), &[Effect::Unmounted("/srv/data".into())]).unwrap();
    assert_eq!(text(&overlay, "/proc/mounts").unwrap(), "/dev/vda / ext4 rw 0 0\n");
}

#[test]
fn what_nothing_else_shows_is_known_by_its_subject() {
    let mut overlay = over(machine());
    let mut say = |subject: &str, value: &str| {
        let effect = Effect::Known { subject: subject.into(), value: value.into() };
        overlay.run(&Command::new(["iptables"]), &[effect]).unwrap();
        ["rules", "rules\nINPUT", "rules\nINPUT\nx"].map(|subject| System::known(&overlay, subject))
    };
    assert_eq!(say("rules\nINPUT\nx", "present"), [None, None, Some("present".to_owned())]);
    assert_eq!(say("rules\nIN", "empty"), [None, None, Some("present".to_owned())], "another subject");
    assert_eq!(say("rules\nINPUT", "empty"), [None, Some("empty".to_owned()), None], "what is beneath is known no longer");
    assert_eq!(say("rules", "empty"), [Some("empty".to_owned()), None, None]);
}

#[test]
fn what_cannot_be_known_says_so() {
    let mut overlay = over(machine().program("/usr/bin/make"));
    overlay.run(&Command::new(["genkey"]), &[Effect::FileWritten("/srv/new/key".into())]).unwrap();
    assert!(exists(&overlay, "/srv/new/key"));
    let error = overlay.read(p("/srv/new/key")).unwrap_err();
    assert_eq!(error.to_string(), "failed to read `/srv/new/key`: its content is known only after the real run: `genkey` would write it");
    assert_eq!(put(&mut overlay, "/opt/app/x", "").unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(overlay.execute(&Command::new(["make", "install"]), &mut |_, _| {}).unwrap(), Executed::WouldRun);
    let error = put(&mut overlay, "/opt/app/x", "").unwrap_err();
    let expected = "failed to write `/opt/app/x`: the directory `/opt/app` does not exist now; the command `make`, which an earlier task would run, \
                    may change that";
    assert_eq!((error.kind, error.to_string().as_str()), (ErrorKind::Unpredictable, expected));
    let unknown = |result: Result<()>| assert_eq!(result.unwrap_err().kind, ErrorKind::Unpredictable);
    unknown(overlay.service("app").map(drop));
    unknown(overlay.probe(&Command::new(["app", "--version"])).map(drop));
    unknown(overlay.read(p("/opt/app/x")).map(drop));
    assert_eq!(overlay.stat(p("/opt/app"), Follow::Yes).unwrap(), None);
    assert_eq!(put(&mut overlay, "/etc/hosts/x", "").unwrap_err().kind, ErrorKind::NotADirectory, "what is known stays known");

    let mut overlay = over(machine());
    let package = Package { name: "nginx".into(), ..Package::default() };
    overlay.run(&Command::new(["apt-get"]), &[Effect::PackageInstalled(package)]).unwrap();
    unknown(put(&mut overlay, "/etc/nginx/nginx.conf", ""));
    unknown(overlay.service("nginx").map(drop));
}

#[test]
fn a_probe_runs_unless_it_would_contradict() {
    let mut overlay = over(machine().answer(&["cat"], 0, "real", "").answer(&["ls"], 0, "real", ""));
    put(&mut overlay, "/etc/app/sub/b.conf", "changed").unwrap();
    put(&mut overlay, "/usr/bin/tool", "").unwrap();
    overlay.set_attributes(p("/usr/bin/tool"), &Attributes { mode: Some(0o755), ..NONE }, Follow::No).unwrap();
    let probe = |argv: &[&str]| overlay.probe(&Command::new(argv.iter().copied())).map_err(|error| error.kind);
    assert!(probe(&["cat", "/etc/hosts", "/"]).is_ok());
    for argv in [["cat", "/etc/app/sub/b.conf"], ["cat", "/etc/current/sub/b.conf"], ["ls", "/etc"], ["ls", "--dir=/etc/app"], ["tool", ""]]
    {
        assert_eq!(probe(&argv), Err(ErrorKind::Unpredictable), "{argv:?}");
    }
    let scratch = overlay.scratch(0o600, &mut |writer| writer.write_all(b"x").map_err(|e| Error::io("write", p("x"), &e))).unwrap();
    assert!(overlay.probe(&Command::new(["cat", scratch.to_str().unwrap()])).is_ok(), "scratch files are really there");
}

#[test]
fn another_overlay_sees_what_was_recorded() {
    let mut one = over(machine());
    put(&mut one, "/srv/small", "small").unwrap();
    let large = vec![b'x'; SMALL + 1];
    one.write(p("/srv/large"), Content::Bytes(&large), &Attributes { uid: Some(1000), ..NONE }).unwrap();
    one.hard_link(p("/etc/hosts"), p("/srv/hosts")).unwrap();
    one.rename(p("/etc/app"), p("/srv/app")).unwrap();
    one.remove(p("/etc/current")).unwrap();
    one.run(&Command::new(["apt-get"]), &[Effect::PackageInstalled(Package { name: "vim".into(), ..Package::default() })]).unwrap();
    let text_of_log = serde_json::to_string(&one.take_log()).unwrap();
    assert!(one.take_log().is_empty());
    let log: Vec<Change> = serde_json::from_str(&text_of_log).unwrap();

    let mut two = over(machine().acting_as("ada"));
    two.replay(&log);
    assert_eq!(text(&two, "/srv/small").as_deref(), Some("small"));
    assert_eq!(two.checksum(p("/srv/large"), Algorithm::Sha256).unwrap(), sha256(&large));
    assert_eq!(two.stat(p("/srv/large"), Follow::No).unwrap().unwrap().uid, 1000);
    assert_eq!(two.read_at(p("/srv/large"), SMALL as u64, 10).unwrap(), b"x");
    assert!(exists(&two, "/srv/app") && !exists(&two, "/etc/app") && !exists(&two, "/etc/current"));
    assert!(two.package("vim").unwrap().is_some());
    assert!(two.take_log().is_empty(), "what came from there does not go back");
    drop(one);
    assert_eq!(two.read(p("/srv/large")).unwrap_err().kind, ErrorKind::Unpredictable, "what was put aside goes with its overlay");
}

#[test]
fn content_is_verified_and_a_wrong_one_is_not_recorded() {
    let mut overlay = over(machine());
    for size in [10, SMALL + 10] {
        let bytes = vec![7; size];
        let wrong = Content::Stream { reader: &mut bytes.as_slice(), sha256: Some("0".repeat(64)) };
        assert!(overlay.write(p("/srv/x"), wrong, &NONE).is_err());
        assert!(!exists(&overlay, "/srv/x"));
        let right = Content::Stream { reader: &mut bytes.as_slice(), sha256: Some(sha256(&bytes)) };
        overlay.write(p("/srv/x"), right, &NONE).unwrap();
        overlay.write(p("/srv/y"), Content::File("/srv/x".into()), &NONE).unwrap();
        assert_eq!(overlay.read(p("/srv/y")).unwrap(), bytes);
        overlay.remove(p("/srv/x")).unwrap();
    }
}

#[test]
fn nobody_waits_and_servers_of_the_machine_are_asked_only_while_nothing_stirs_them() {
    let mut system = over(machine().service("app", false, true).port("127.0.0.1", 80, "hi").port("other", 80, "hi"));
    let second = Duration::from_secs(1);
    let kind = |result: Result<Box<dyn Read + '_>>| result.err().map(|error| error.kind);
    assert_eq!(system.sleep(second).unwrap_err().kind, ErrorKind::Unpredictable);
    assert_eq!(kind(system.connect("127.0.0.1", 80, second)), None);
    assert_eq!(kind(system.connect("127.0.0.1", 81, second)), Some(ErrorKind::Other));
    let start = Effect::Service { name: "app".into(), active: Some(true), enabled: None, masked: None };
    system.run(&Command::new(["systemctl", "start", "app"]), &[start]).unwrap();
    assert_eq!(kind(system.connect("127.0.0.1", 80, second)), Some(ErrorKind::Unpredictable));
    assert_eq!(kind(system.connect("fake", 81, second)), Some(ErrorKind::Unpredictable));
    assert_eq!(kind(system.connect("other", 80, second)), None);
    let request = |url: &str| crate::system::HttpRequest { url: url.into(), method: "GET".into(), ..Default::default() };
    assert_eq!(system.http_probe(&request("http://localhost/"), &mut Vec::new()).unwrap_err().kind, ErrorKind::Unpredictable);
    assert_eq!(system.http_probe(&request("http://other/"), &mut Vec::new()).unwrap_err().kind, ErrorKind::Other);
}
