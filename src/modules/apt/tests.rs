use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict, predict_after, refused};
use crate::system::fake::Fake;
use crate::system::{Attributes, Command, Content, Effect, Output, Package, System};

const APT: &str = "/usr/bin/apt-get";
const OPTIONS: [&str; 4] = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"];

/// A Debian machine on which `apt-get -s WORDS` answers each of the texts.
fn machine(simulations: &[(&[&str], &str)]) -> Fake {
    let tools = ["apt-get", "apt-cache", "apt-mark", "cp", "dpkg-deb", "dpkg-query", "mkdir", "rm"];
    let fake = tools.iter().fold(Fake::new(), |fake, name| fake.program(&format!("/usr/bin/{name}")));
    let fake = fake.dir("/var/lib/apt/lists").dir("/var/cache/apt/archives").package("bash", "5.2-1").package("jq", "1.6-2");
    simulations.iter().fold(fake, |fake, (words, text)| {
        let argv: Vec<&str> = [APT, "-y"].into_iter().chain(OPTIONS).chain(["-s"]).chain(words.iter().copied()).collect();
        fake.answer(&argv, 0, text, "")
    })
}

/// The commands that changed something, without the options that are always there.
fn ran(applied: &Applied) -> Vec<String> {
    let usual = OPTIONS.join(" ");
    let lines = applied.machine.runs();
    lines
        .iter()
        .map(|command| command.argv.join(" ").replace("/usr/bin/", "").replace(&format!(" -y {usual}"), "").replace(" -y", ""))
        .collect()
}

fn version(applied: &Applied, name: &str) -> Option<String> {
    System::package(&applied.machine, name).unwrap().map(|package| package.version)
}

#[test]
fn what_is_there_needs_no_apt_at_all() {
    for args in [
        json!({"name": "jq"}),
        json!({"name": ["jq", "bash"]}),
        json!({"name": "jq,bash"}),
        json!({"name": "jq=1.6*"}),
        json!({"name": "jq>=1.5"}),
        json!({"name": ""}),
    ] {
        let applied = apply(&MODULE, machine(&[]), args.clone());
        assert!(!applied.changed, "{args}");
        assert!(applied.machine.commands().is_empty(), "{args}");
        assert_eq!(applied.get("cache_updated"), false);
    }
    assert!(!apply(&MODULE, machine(&[]), json!({"name": "hello", "state": "absent"})).changed);
    assert!(!apply(&MODULE, machine(&[]), json!({"name": "hello", "only_upgrade": true})).changed);
}

#[test]
fn packages_are_installed_with_what_they_need() {
    let text = "Inst libx (2.0 L [amd64])\nInst hello (2.10-3 L [amd64])\nConf libx (2.0 L [amd64])\nConf hello (2.10-3 L [amd64])\n";
    let applied = apply(&MODULE, machine(&[(&["install", "hello"], text)]), json!({"name": ["hello", "jq"]}));
    assert!(applied.changed);
    assert_eq!(ran(&applied), ["apt-get install hello"]);
    assert_eq!((version(&applied, "hello").as_deref(), version(&applied, "libx").as_deref()), (Some("2.10-3"), Some("2.0")));
    let environment = &applied.machine.runs()[0].env;
    assert_eq!(environment.get("DEBIAN_FRONTEND").map(String::as_str), Some("noninteractive"));
}

#[test]
fn the_latest_version_is_asked_of_apt() {
    let upgradable = "Inst jq [1.6-2] (1.7-1 L [amd64])\nConf jq (1.7-1 L [amd64])\n";
    let applied = apply(&MODULE, machine(&[(&["install", "jq"], upgradable)]), json!({"name": "jq", "state": "latest"}));
    assert_eq!(ran(&applied), ["apt-get install jq"]);
    assert_eq!(version(&applied, "jq").as_deref(), Some("1.7-1"));
    assert!(!apply(&MODULE, machine(&[]), json!({"name": "jq", "state": "latest"})).changed, "apt would do nothing");
    let all = machine(&[(&["--with-new-pkgs", "upgrade"], upgradable)]);
    assert_eq!(ran(&apply(&MODULE, all, json!({"name": "*", "state": "latest"}))), ["apt-get --with-new-pkgs upgrade"]);
}

#[test]
fn versions_are_chosen_from_those_there_are() {
    let madison = " lab-demo | 1.1 | http://x bookworm/main amd64 Packages\n lab-demo | 1.0-2 | http://x b/main amd64 Packages\n lab-demo | 1.0-1 | http://x b/main amd64 Packages\n lab-demo | 1.0-9 | http://x b/main Sources\n";
    let machine =
        |words: &[&str], text: &str| machine(&[(words, text)]).answer(&["/usr/bin/apt-cache", "madison", "lab-demo"], 0, madison, "");
    for (name, state, word, version) in [
        ("lab-demo=1.0*", "present", "lab-demo=1.0-2", "1.0-2"),
        ("lab-demo=1.0-1", "present", "lab-demo=1.0-1", "1.0-1"),
        ("lab-demo>=1.0", "present", "lab-demo=1.1", "1.1"),
        ("lab-demo=1.0*", "latest", "lab-demo=1.0-2", "1.0-2"),
    ] {
        let text = format!("Inst lab-demo ({version} L [all])\n");
        let applied = apply(&MODULE, machine(&["install", word], &text), json!({"name": name, "state": state}));
        assert_eq!(ran(&applied), [format!("apt-get install {word}")], "{name}");
    }
    let missing = apply(&MODULE, machine(&[], ""), json!({"name": "lab-demo=2*"}));
    assert_eq!(missing.failure().message, "failed to install `lab-demo=2*`: apt knows only 1.1, 1.0-2, 1.0-1");
    let newer = machine(&[], "").package("lab-demo", "1.0-2");
    assert!(!apply(&MODULE, newer, json!({"name": "lab-demo=1.0*", "state": "latest"})).changed);
}

#[test]
fn apt_does_not_go_where_it_was_not_told_to() {
    let madison = " jq | 1.5 | http://x b/main amd64 Packages\n";
    let down = "The following packages will be DOWNGRADED:\n  jq\nInst jq [1.6-2] (1.5 L [amd64])\n";
    let fake = || machine(&[(&["install", "jq=1.5"], down)]).answer(&["/usr/bin/apt-cache", "madison"], 0, madison, "");
    let refusal = apply(&MODULE, fake(), json!({"name": "jq=1.5"}));
    assert_eq!(refusal.failure().message, "failed to install jq=1.5: a newer version is installed of jq");
    let argv: Vec<&str> = [APT, "-y"].into_iter().chain(OPTIONS).chain(["--allow-downgrades", "-s", "install"]).collect();
    let allowed = apply(&MODULE, fake().answer(&argv, 0, down, ""), json!({"name": "jq=1.5", "allow_downgrade": true}));
    assert_eq!(version(&allowed, "jq").as_deref(), Some("1.5"));
    let held = "The following held packages will be changed:\n  jq\nInst jq [1.6-2] (1.7 L [amd64])\n";
    let held = apply(&MODULE, machine(&[(&["install", "jq"], held)]), json!({"name": "jq", "state": "latest"}));
    assert_eq!(held.failure().message, "failed to install jq: packages on hold would change: jq");
}

#[test]
fn packages_are_removed() {
    let fake = || machine(&[(&["remove", "jq"], "Remv jq [1.6-2]\n")]);
    let applied = apply(&MODULE, fake(), json!({"name": ["jq", "none"], "state": "absent"}));
    assert_eq!(ran(&applied), ["apt-get remove jq"]);
    assert_eq!(version(&applied, "jq"), None);
    assert!(!apply(&MODULE, fake(), json!({"name": "jq=9", "state": "absent"})).changed, "another version is installed");
    let left = fake().answer(&["/usr/bin/dpkg-query", "-W", "-f", "${db:Status-Status}\n", "old"], 0, "config-files\n", "").answer(
        &["/usr/bin/dpkg-query", "-W", "-f", "${db:Status-Status}\n", "old"],
        0,
        "not-installed\n",
        "",
    );
    let purged = apply_once(&MODULE, left, json!({"name": "old", "state": "absent", "purge": true}));
    assert_eq!(ran(&purged), ["apt-get --purge remove old"]);
}

#[test]
fn the_lists_are_fetched_when_they_are_too_old() {
    let fake = |age: f64| machine(&[]).mtime("/var/lib/apt/lists", 1_700_000_000.0 - age);
    for (args, age, updated) in [
        (json!({"update_cache": true}), 0.0, true),
        (json!({"cache_valid_time": 3600}), 3000.0, false),
        (json!({"cache_valid_time": 3600}), 4000.0, true),
        (json!({"cache_valid_time": 3600, "update_cache": false}), 4000.0, false),
        (json!({"name": "jq"}), 9999.0, false),
        (json!({"name": "jq", "update_cache": true}), 100.0, true),
    ] {
        let applied = apply_once(&MODULE, fake(age), args.clone());
        assert_eq!(applied.get("cache_updated"), updated, "{args}");
        let alone = args.get("name").is_none();
        assert_eq!(applied.changed, updated && alone && age > 0.0, "{args}");
        assert_eq!(predict(&MODULE, fake(age), args.clone()).changed, applied.changed, "{args}");
        assert_eq!(ran(&applied).is_empty(), !updated);
    }
    let flaky = fake(10.0).answer(&[APT, "-y", "-o"], 100, "", "E: Failed to fetch http://x\n").answer(&[APT, "-y", "-o"], 0, "", "");
    let applied = apply_once(&MODULE, flaky, json!({"update_cache": true}));
    assert_eq!(applied.machine.runs().len(), 2);
    let down = fake(10.0).answer(
        &[APT, "-y", "-o"],
        0,
        "",
        "W: Failed to fetch http://x  Could not connect\nW: Some index files failed to download.\n",
    );
    let failed = apply_once(&MODULE, down, json!({"update_cache": true, "update_cache_retries": 3, "update_cache_retry_max_delay": 2}));
    assert!(failed.failure().message.starts_with("failed to fetch the lists of packages: Failed to fetch http://x  Could not connect"));
    assert_eq!((failed.machine.runs().len(), failed.machine.seconds()), (4, 1_700_000_005.0));
}

#[test]
fn the_lock_is_waited_for_and_its_holder_named() {
    let fake = |answers: usize| {
        let argv: Vec<&str> = [APT, "-y"].into_iter().chain(OPTIONS).chain(["install"]).collect();
        let fake = machine(&[(&["install", "hello"], "Inst hello (2.10 L [amd64])\n")]);
        let busy = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)\n";
        (0..answers).fold(fake, |fake, _| fake.answer(&argv, 100, "", busy)).answer(
            &argv,
            if answers > 5 { 100 } else { 0 },
            "",
            if answers > 5 { busy } else { "" },
        )
    };
    let applied = apply_once(&MODULE, fake(3), json!({"name": "hello"}));
    assert!(applied.changed && applied.machine.seconds() >= 1_700_000_006.0);
    let failed = apply_once(&MODULE, fake(9), json!({"name": "hello", "lock_timeout": 10}));
    let message = "failed to install hello: the process 812 (unattended-upgr) held the lock of apt for longer than 10 seconds";
    assert_eq!(failed.failure().message, message);
    assert!((1_700_000_010.0..1_700_000_013.0).contains(&failed.machine.seconds()));
}

#[test]
fn the_policy_is_put_back() {
    for own in [None, Some("exit 104\n")] {
        let mut fake = machine(&[(&["install", "hello"], "Inst hello (2.10 L [amd64])\n")]);
        if let Some(text) = own {
            fake = fake.file("/usr/sbin/policy-rc.d", text);
        }
        let applied = apply(&MODULE, fake, json!({"name": "hello", "policy_rc_d": 101}));
        assert!(applied.changed);
        assert_eq!(applied.machine.has("/usr/sbin/policy-rc.d"), own.is_some());
        if let Some(text) = own {
            assert_eq!(applied.machine.text("/usr/sbin/policy-rc.d"), text);
        }
    }
    let failing = machine(&[]).answer(&[APT], 100, "", "E: Unable to locate package nope\n");
    let failed = apply_once(&MODULE, failing, json!({"name": "nope", "policy_rc_d": 101}));
    assert_eq!(failed.failure().message, "failed to install nope: Unable to locate package nope");
    assert!(!failed.machine.has("/usr/sbin/policy-rc.d"));
}

#[test]
fn package_files_are_compared_with_what_is_installed() {
    let fake = |version: &str| {
        machine(&[(&["install", "/tmp/demo.deb"], "Inst demo (1.1 local-deb [all])\n")]).file("/tmp/demo.deb", "").answer(
            &["/usr/bin/dpkg-deb", "-f"],
            0,
            format!("Package: demo\nVersion: {version}\nArchitecture: all\n"),
            "",
        )
    };
    let args = json!({"deb": "/tmp/demo.deb"});
    let applied = apply(&MODULE, fake("1.1"), args.clone());
    assert_eq!(ran(&applied), ["apt-get install /tmp/demo.deb"]);
    assert!(!apply(&MODULE, fake("1.1").package("demo", "1.1"), args.clone()).changed);
    let older = apply(&MODULE, fake("1.1").package("demo", "1.2"), args);
    assert_eq!(
        older.failure().message,
        "failed to install the package file `/tmp/demo.deb`: it holds `demo` 1.1, and the newer 1.2 is installed"
    );
    let missing = apply(&MODULE, machine(&[]), json!({"deb": "/tmp/none.deb"}));
    assert!(missing.failure().message.ends_with("there is no such file on the host"));
}

#[test]
fn package_files_are_fetched() {
    let fake = |status: u16| {
        machine(&[]).program("/usr/bin/mv").http("GET", "http://x/demo.deb", status, &[], "content").answer(
            &["/usr/bin/dpkg-deb", "-f"],
            0,
            "Package: demo\nVersion: 1.1\n",
            "",
        )
    };
    let args = json!({"deb": "http://x/demo.deb"});
    assert!(!apply(&MODULE, fake(200).package("demo", "1.1"), args.clone()).changed);
    let failed = apply(&MODULE, fake(404), args);
    assert_eq!(failed.failure().message, "failed to fetch the package file `http://x/demo.deb`: the server answers 404 Error");
}

#[test]
fn options_reach_apt() {
    for (args, options) in [
        (json!({"install_recommends": false}), "-o APT::Install-Recommends=no"),
        (json!({"default_release": "bookworm-backports"}), "-t bookworm-backports"),
        (json!({"force": true}), "--allow-downgrades --allow-change-held-packages --allow-unauthenticated --allow-remove-essential"),
        (json!({"fail_on_autoremove": true, "autoremove": true}), "--no-remove --auto-remove"),
        (json!({"state": "fixed"}), ""),
        (json!({"state": "build-dep"}), ""),
    ] {
        let mut args = args;
        args["name"] = json!("hello");
        args["dpkg_options"] = json!("");
        let applied = apply_once(&MODULE, machine(&[]), args.clone());
        let probe = applied.machine.commands().into_iter().find(|line| line.contains(" -s ")).unwrap_or_default();
        let verb = match args["state"].as_str() {
            Some("fixed") => "--fix-broken install",
            Some("build-dep") => "build-dep",
            _ => "install",
        };
        let expected = format!("probe {APT} -y {options} -s {verb} hello").replace("  ", " ");
        assert_eq!(probe, expected, "{args}");
    }
}

#[test]
fn leftovers_go() {
    let fake = machine(&[(&["autoremove"], "")]);
    assert!(!apply(&MODULE, fake, json!({"autoremove": false})).changed);
    let argv: Vec<&str> = [APT, "-y"].into_iter().chain(OPTIONS).chain(["--auto-remove", "-s", "autoremove"]).collect();
    let fake = machine(&[]).answer(&argv, 0, "Remv jq [1.6-2]\n", "").answer(&argv, 0, "", "");
    let applied = apply_once(&MODULE, fake, json!({"autoremove": true}));
    assert_eq!(version(&applied, "jq"), None);
    let cached = machine(&[]).file("/var/cache/apt/archives/x.deb", "").file("/var/cache/apt/archives/lock", "");
    let applied = apply(&MODULE, cached, json!({"clean": true}));
    assert!(applied.changed && !applied.machine.has("/var/cache/apt/archives/x.deb"));
    let old = machine(&[(&["autoclean"], "Del x 1.0 [10 kB]\n"), (&["autoclean"], "")]);
    assert_eq!(ran(&apply_once(&MODULE, old, json!({"autoclean": true}))), ["apt-get autoclean"]);
    let broken = machine(&[(&["--fix-broken", "install"], "Inst x (1 L [all])\n")]);
    assert_eq!(ran(&apply(&MODULE, broken, json!({"state": "fixed"}))), ["apt-get --fix-broken install"]);
}

#[test]
fn patterns_stand_for_the_names_that_apt_knows() {
    let fake = || {
        machine(&[(&["install", "libz1", "libz2"], "Inst libz1 (1 L [all])\nInst libz2 (1 L [all])\n")]).answer(
            &["/usr/bin/apt-cache", "pkgnames"],
            0,
            "libz2\njq\nlibz1\n",
            "",
        )
    };
    assert_eq!(ran(&apply(&MODULE, fake(), json!({"name": "libz*"}))), ["apt-get install libz1 libz2"]);
    let none = apply(&MODULE, fake(), json!({"name": "nope*"}));
    assert_eq!(none.failure().message, "failed to find packages: no name that apt knows matches `nope*`");
}

#[test]
fn a_package_that_someone_wants_is_no_leftover() {
    let fake = machine(&[]).file(
        "/var/lib/apt/extended_states",
        "Package: bash\nArchitecture: amd64\n\nPackage: jq\nArchitecture: amd64\nAuto-Installed: 1\n\n",
    );
    let applied = apply(&MODULE, fake, json!({"name": ["jq", "bash"]}));
    assert_eq!(ran(&applied)[0], "apt-mark manual jq");
    assert!(!applied.changed);
}

/// The words behind the program, without options.
fn words(command: &Command) -> Vec<&str> {
    let mut rest = command.argv.iter().skip(1).map(String::as_str);
    let mut words = Vec::new();
    while let Some(word) = rest.next() {
        match word {
            "-o" | "-c" => drop(rest.next()),
            "-y" => {}
            word => words.push(word),
        }
    }
    words
}

#[test]
fn in_check_mode_lists_are_fetched_beside_those_of_the_machine() {
    let answer = |command: &Command| {
        let elsewhere = command.argv.iter().any(|word| word == "-c");
        let (rc, stdout, stderr) = match (words(command).as_slice(), elsewhere) {
            (["update"], true) => (0, "", ""),
            (["-s", "install", "new"], true) => (0, "Inst new (1.0 L [amd64])\n", ""),
            (["--print-uris", "install", "new"], true) => (0, "'http://x/new.deb' new_1.0_amd64.deb 99999999 MD5:0\n", ""),
            (["-s", "install", "new"], false) => (100, "", "E: Unable to locate package new\n"),
            (other, _) => panic!("{other:?}"),
        };
        Ok(Output { rc, stdout: stdout.into(), stderr: stderr.into() })
    };
    let fake = || machine(&[]).answer_with(&[APT], answer);
    let predicted = predict(&MODULE, fake(), json!({"name": "new", "update_cache": true}));
    assert!(predicted.changed && predicted.answer.is_ok(), "{:?}", predicted.answer);
    let commands = predicted.machine.commands();
    assert!(commands.iter().any(|line| line.starts_with("probe ") && line.contains(" update -c ")), "{commands:?}");
    assert!(predicted.machine.runs().is_empty());
    let stale = predict(&MODULE, fake(), json!({"name": "new"}));
    assert!(stale.failure().message.contains("Unable to locate package new") && !stale.failure().unpredictable);
}

#[test]
fn in_check_mode_packages_come_from_sources_that_are_only_foreseen() {
    let answer = |command: &Command| {
        let (rc, stdout, stderr) = match (words(command).as_slice(), command.env.contains_key("APT_CONFIG")) {
            (["update"], true) => (0, "", ""),
            (["-s", "install", "new"], true) => (0, "Inst new (1.0 L [amd64])\n", ""),
            (["--print-uris", "install", "new"], true) => (0, "'http://x/new.deb' new_1.0_amd64.deb 99999999 MD5:0\n", ""),
            (other, _) => panic!("{other:?}"),
        };
        Ok(Output { rc, stdout: stdout.into(), stderr: stderr.into() })
    };
    let fake = || machine(&[]).file("/etc/apt/apt.conf", "").dir("/etc/apt/keyrings").answer_with(&[APT], answer);
    let source = "deb [signed-by=/etc/apt/keyrings/own.asc] http://x stable main\n";
    let sources = |system: &mut dyn System| {
        for (path, content) in [("/etc/apt/keyrings/own.asc", "a key"), ("/etc/apt/own.list", source)] {
            system.write(Path::new(path), Content::Bytes(content.as_bytes()), &Attributes::default()).unwrap();
        }
    };
    for update in [true, false] {
        let predicted = predict_after(&MODULE, fake(), json!({"name": "new", "update_cache": update}), sources);
        assert!(predicted.changed && predicted.answer.is_ok(), "{:?}", predicted.answer);
        let commands = predicted.machine.commands();
        assert_eq!(commands.iter().any(|line| line.contains(" update ")), update, "{commands:?}");
        for copy in [".dir/etc/apt.conf", ".dir/etc/own.list", ".dir/etc/keyrings/own.asc", ".dir/keys/_etc_apt_keyrings_own.asc"] {
            assert!(commands.iter().any(|line| line.starts_with("probe cp -- ") && line.ends_with(copy)), "{copy}: {commands:?}");
        }
    }
    let unknown = predict_after(&MODULE, fake(), json!({"name": "new"}), |system| {
        system.run(&Command::new(["gpg"]), &[Effect::FileWritten("/etc/apt/keyrings/own.asc".into())]).unwrap();
    });
    assert!(unknown.failure().unpredictable, "{:?}", unknown.answer);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(!refused(&MODULE, json!({"name": "jq", "upgrade": "dist"})).is_empty());
    assert!(!refused(&MODULE, json!({"name": "jq", "state": "installed"})).is_empty());
    for (args, message) in [
        (
            json!({"name": ["*"]}),
            "failed to install packages: the pattern `*` stands for all that is installed, alone and with `state: latest` only",
        ),
        (json!({"name": "a b"}), "failed to read the package `a b`: this cannot be the name of a package"),
    ] {
        assert_eq!(apply(&MODULE, machine(&[]), args).failure().message, message);
    }
    let alpine = apply(&MODULE, Fake::new(), json!({"name": "jq"}));
    assert_eq!(alpine.failure().message, "failed to manage packages: the machine has no `apt-get`");
    let held = machine(&[]).package_with(Package { name: "held".into(), version: "1".into(), architecture: "all".into(), held: true });
    assert_eq!(*apply(&MODULE, held, json!({"name": "held"})).get("stdout"), Value::Null);
}

#[test]
fn what_is_only_foreseen_is_removed_once() {
    let after = |removed: bool| {
        predict_after(&MODULE, machine(&[(&["remove", "tree"], "0 to remove\n")]), json!({"name": "tree", "state": "absent"}), |system| {
            let tree = Package { name: "tree".to_owned(), version: "2.1".to_owned(), ..Package::default() };
            system.run(&Command::new(["apt-get"]), &[Effect::PackageInstalled(tree)]).unwrap();
            if removed {
                assert!(crate::modules::testing::apply_on(&MODULE, system, &json!({"name": "tree", "state": "absent"})).0);
            }
        })
    };
    assert!(after(false).changed);
    assert!(!after(true).changed);
}
