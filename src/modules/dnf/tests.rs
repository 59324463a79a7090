//! Answers are those that dnf 4.14 and dnf 5.2 gave to tiny packages; `tests/dnf/run` has the real programs.

use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict_after, refused};
use crate::system::fake::Fake;
use crate::system::{Command, Effect, ErrorKind, Package};

const FORMAT: &str = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\n";
const FOUR: &str = "/usr/bin/dnf-3";
const FIVE: &str = "/usr/bin/dnf5";
const LOCK: &str = "--setopt=exit_on_lock=True";
const SIGNED: &str = "--setopt=localpkg_gpgcheck=True";
const KEEP: &str = "--setopt=clean_requirements_on_remove=False";

const INSTALL: &str = "Dependencies resolved.\n================\n Package         Architecture       Version              Repository        Size\n================\nInstalling:\n \
app             noarch             1.0-1                base             5.9 k\nInstalling dependencies:\n lib             noarch             1.1-1                base             5.9 k\n\n\
Transaction Summary\n================\nInstall  2 Packages\n\nTotal size: 12 k\nInstalled size: 8  \n";
const UPGRADE: &str = "Dependencies resolved.\n====\n Package         Architecture       Version              Repository        Size\n====\nUpgrading:\n \
app             noarch             2.0-1                base             5.9 k\n\nTransaction Summary\n====\nUpgrade  1 Package\n";
const DOWNGRADE: &str = "Dependencies resolved.\n====\n Package         Architecture       Version              Repository        Size\n====\nDowngrading:\n \
app             noarch             1.0-1                base             5.9 k\n\nTransaction Summary\n====\nDowngrade  1 Package\n";
const REMOVE: &str = "Dependencies resolved.\n====\n Package         Architecture       Version             Repository         Size\n====\nRemoving:\n \
lib             noarch             1.1-1               @base                4  \nRemoving dependent packages:\n app             noarch             1.0-1               @base                4  \n\n\
Transaction Summary\n====\nRemove  2 Packages\n";
const UPGRADE_FIVE: &str = "Package          Arch   Version Repository      Size\nUpgrading:\n app             noarch 0:2.0-1 base         4.0   B\n   \
replacing app noarch 0:1.0-1 base         4.0   B\n\nTransaction Summary:\n Upgrading:          1 package\n Replacing:          1 package\n";
const NOTHING: &str = "Dependencies resolved.\nNothing to do.\nComplete!\n";
const ABORTED: &str = "Operation aborted.\n";

fn host(program: &str) -> Fake {
    let fake = Fake::new().program(program).program("/usr/bin/rpm");
    fake.answer(&["rpm", "-q", "--whatprovides"], 1, "no package provides it\n", "").answer(
        &["rpm", "-q"],
        1,
        "package is not installed\n",
        "",
    )
}

/// A host on which rpm answers each of the lines to the names, in turn.
fn with_rpm(fake: Fake, names: &[&str], answers: &[&str]) -> Fake {
    let argv: Vec<&str> = ["rpm", "-q", "--qf", FORMAT, "--"].iter().chain(names).copied().collect();
    answers.iter().fold(fake, |fake, text| fake.answer(&argv, i32::from(text.contains("not installed")), text, ""))
}

fn with_plan(fake: Fake, words: &[&str], text: &str) -> Fake {
    let argv: Vec<&str> = [FOUR, "--assumeno", LOCK, SIGNED, KEEP].iter().chain(words).copied().collect();
    fake.answer(&argv, i32::from(text != NOTHING), text, if text == NOTHING { "" } else { ABORTED })
}

/// The commands that changed something, without the options that are always there.
fn ran(applied: &Applied) -> Vec<String> {
    let lines = applied.machine.runs();
    lines
        .iter()
        .map(|command| command.argv.join(" ").replace(&format!(" -y {LOCK} {SIGNED} {KEEP}"), "").replace("/usr/bin/", ""))
        .collect()
}

const NONE: &str = "package app is not installed\n";
const OLD: &str = "app\t1.0-1\tnoarch\n";
const NEW: &str = "app\t2.0-1\tnoarch\n";

#[test]
fn what_is_there_needs_no_dnf_at_all() {
    for (name, query) in [("app", "app"), ("app-1.0", "app-1.0"), ("app-0:1.0-1.noarch", "app-1.0-1.noarch"), (" app ,", "app")] {
        let applied = apply(&DNF, with_rpm(host(FOUR), &[query], &[OLD]), json!({"name": name}));
        assert!(!applied.changed, "{name}");
        assert_eq!((applied.get("msg"), applied.get("rc"), applied.get("results")), (&json!("Nothing to do"), &json!(0), &json!([])));
        assert!(applied.machine.commands().iter().all(|line| !line.contains("dnf")), "{:?}", applied.machine.commands());
    }
    let provided = host(FOUR).answer(&["rpm", "-q", "--whatprovides", "--qf", FORMAT, "--", "virt-tool"], 0, "tool\t1.0-1\tnoarch\n", "");
    assert!(!apply(&DNF, provided, json!({"name": "virt-tool"})).changed);
    assert!(!apply(&DNF, host(FOUR), json!({})).changed);
}

#[test]
fn packages_are_installed_with_what_they_need() {
    let fake = with_plan(with_rpm(host(FOUR), &["app"], &[NONE, NONE, OLD]), &["install", "app"], INSTALL);
    let applied = apply(&DNF, fake, json!({"name": "app"}));
    assert!(applied.changed);
    assert_eq!(ran(&applied), ["dnf-3 install app"]);
    assert_eq!(*applied.get("results"), json!(["Installed: app-1.0-1.noarch", "Installed: lib-1.1-1.noarch"]));
    let lib = crate::system::System::package(&applied.machine, "lib").unwrap();
    assert_eq!(lib.map(|package| package.version).as_deref(), Some("1.1-1"));
    assert!(!applied.diff.is_empty());
}

#[test]
fn only_the_latest_state_upgrades() {
    let fake = with_plan(with_rpm(host(FOUR), &["app"], &[OLD, OLD, OLD, OLD, NEW]), &["upgrade", "app"], UPGRADE);
    let argv = [FOUR, "--assumeno", LOCK, SIGNED, KEEP, "upgrade", "app"];
    let fake = fake.answer(&argv, 1, UPGRADE, ABORTED).answer(&argv, 0, NOTHING, "");
    let applied = apply(&DNF, fake, json!({"name": "app", "state": "latest"}));
    assert!(applied.changed);
    assert_eq!(ran(&applied), ["dnf-3 upgrade app"]);
    let once = with_plan(with_rpm(host(FOUR), &["app"], &[OLD]), &["upgrade", "app"], UPGRADE);
    let applied = apply_once(&DNF, once, json!({"name": "app", "state": "latest"}));
    assert_eq!(*applied.get("results"), json!(["Installed: app-2.0-1.noarch", "Removed: app-1.0-1.noarch"]));
    let all = with_plan(with_rpm(host(FOUR), &["app"], &[OLD]), &["upgrade-minimal", "--security"], UPGRADE);
    let applied = apply_once(&DNF, all, json!({"name": "*", "state": "latest", "security": true}));
    assert_eq!(ran(&applied), ["dnf-3 upgrade-minimal --security"]);
    let missing = apply(&DNF, host(FOUR), json!({"name": "app", "state": "latest", "update_only": true}));
    assert_eq!(*missing.get("results"), json!(["Packages providing app not installed due to update_only specified"]));
}

#[test]
fn nothing_becomes_older_unless_it_may() {
    let other = " weak            noarch             1.0-1                base             5.9 k\n";
    let both = DOWNGRADE.replace("Downgrading:\n", &format!("Installing:\n{other}Downgrading:\n"));
    let only = INSTALL.replace(" lib ", " weak").replace(" app ", " weak");
    let fake = || {
        let fake = with_rpm(host(FOUR), &["app-1.0", "weak"], &["package app-1.0 is not installed\npackage weak is not installed\n"]);
        with_plan(with_plan(fake, &["install", "app-1.0", "weak"], &both), &["install", "weak"], &only)
    };
    let applied = apply_once(&DNF, fake(), json!({"name": ["app-1.0", "weak"]}));
    assert_eq!(ran(&applied), ["dnf-3 install weak"]);
    let alone = with_plan(with_rpm(host(FOUR), &["app-1.0"], &["package app-1.0 is not installed\n"]), &["install", "app-1.0"], DOWNGRADE);
    let applied = apply(&DNF, alone, json!({"name": "app-1.0"}));
    assert!(!applied.changed && ran(&applied).is_empty());
    let allowed = with_rpm(fake(), &["app"], &[NEW]);
    let applied = apply_once(&DNF, allowed, json!({"name": ["app-1.0", "weak"], "allow_downgrade": true}));
    assert_eq!(
        *applied.get("results"),
        json!(["Installed: weak-1.0-1.noarch", "Installed: app-1.0-1.noarch", "Removed: app-2.0-1.noarch"])
    );
}

#[test]
fn packages_are_removed_with_what_needs_them() {
    let rpm =
        |fake| with_rpm(fake, &["lib", "nosuch"], &["lib\t1.1-1\tnoarch\n", "lib\t1.1-1\tnoarch\n", "package lib is not installed\n"]);
    let fake = with_plan(rpm(host(FOUR)), &["remove", "lib"], REMOVE);
    let applied = apply(&DNF, fake, json!({"name": ["lib", "nosuch"], "state": "absent"}));
    assert_eq!(ran(&applied), ["dnf-3 remove lib"]);
    assert_eq!(*applied.get("results"), json!(["No match for argument: nosuch", "Removed: lib-1.1-1.noarch", "Removed: app-1.0-1.noarch"]));
    let argv = [FOUR, "--assumeno", LOCK, SIGNED, "--setopt=clean_requirements_on_remove=True", "autoremove"];
    let fake = host(FOUR).answer(&argv, 1, REMOVE, ABORTED).answer(&argv, 1, REMOVE, ABORTED).answer(&argv, 0, NOTHING, "");
    assert!(apply(&DNF, fake, json!({"autoremove": true})).changed);
}

#[test]
fn what_cannot_be_had_is_named() {
    let plan = |stderr: &str| host(FOUR).answer(&[FOUR, "--assumeno"], 1, "", stderr);
    for (stderr, message, failures) in [
        (
            "No match for argument: nosuch\nError: Unable to find a match: nosuch\n",
            "failed to install nosuch: No match for argument: nosuch; Unable to find a match: nosuch",
            json!(["No package nosuch available."]),
        ),
        (
            "All matches were filtered out by exclude filtering for argument: nosuch\nError: Unable to find a match: nosuch\n",
            "failed to install nosuch: All matches were filtered out by exclude filtering for argument: nosuch; Unable to find a match: nosuch",
            json!(["nosuch All matches were filtered out by exclude filtering for argument: nosuch"]),
        ),
        (
            "Error: \n Problem: conflicting requests\n  - nothing provides nowhere needed by broken-1.0-1.noarch\n(try to add '--skip-broken' to skip uninstallable packages)\n",
            "failed to install nosuch: Problem: conflicting requests; - nothing provides nowhere needed by broken-1.0-1.noarch",
            json!([]),
        ),
    ] {
        let failed = apply(&DNF, plan(stderr), json!({"name": "nosuch"}));
        assert_eq!(failed.failure().message, message);
        assert_eq!(failed.failure().result["failures"], failures);
    }
    let strange = apply(&DNF, plan(ABORTED), json!({"name": "nosuch"}));
    assert_eq!(strange.failure().message, "failed to install nosuch: what dnf would do cannot be read");
    let five = "Failed to resolve the transaction:\nNo match for argument: nosuch\nYou can try to add to command line:\n  --skip-unavailable to skip unavailable packages\n";
    let failed = apply(&DNF5, host(FIVE).answer(&[FIVE, "--assumeno"], 1, "", five), json!({"name": "nosuch"}));
    assert_eq!(failed.failure().message, "failed to install nosuch: No match for argument: nosuch");
    let skipped = host(FOUR).answer(&[FOUR, "--assumeno"], 1, INSTALL, format!("No match for argument: nosuch\n{ABORTED}"));
    let applied = apply_once(&DNF, skipped, json!({"name": ["nosuch", "app"], "skip_broken": true}));
    assert_eq!(applied.get("results")[0], "No package nosuch available.");
}

#[test]
fn the_lock_is_waited_for_and_its_holder_named() {
    let busy = "metadata already locked by 812\n  The application with PID 812 is: packagekitd\n";
    let argv = [FOUR, "--assumeno", LOCK, SIGNED, KEEP, "install", "app"];
    let fake = host(FOUR).answer(&argv, 1, "", busy).answer(&argv, 1, "", busy).answer(&argv, 1, INSTALL, ABORTED);
    let applied = apply_once(&DNF, fake, json!({"name": "app"}));
    assert!(applied.changed && applied.machine.seconds() >= 1_700_000_002.0);
    let failed = apply_once(&DNF, host(FOUR).answer(&argv, 1, "", busy), json!({"name": "app", "lock_timeout": 3}));
    assert_eq!(failed.failure().message, "failed to run dnf: the process 812 held the lock of dnf for longer than 3 seconds");
}

#[test]
fn options_reach_dnf() {
    for (args, options) in [
        (json!({"enablerepo": "crb", "disablerepo": "*"}), "--disablerepo=* --enablerepo=crb"),
        (json!({"exclude": "a,b"}), "--exclude=a --exclude=b"),
        (json!({"releasever": 9, "disable_excludes": "all"}), "--releasever=9 --disableexcludes=all"),
        (json!({"cacheonly": true, "update_cache": true}), "--cacheonly --refresh"),
        (json!({"disable_plugin": "x", "enable_plugin": "y"}), "--disableplugin=x --enableplugin=y"),
        (json!({"skip_broken": true}), "--skip-broken"),
    ] {
        let mut args = args;
        args["name"] = json!("app");
        let applied = apply_once(&DNF, host(FOUR), args.clone());
        let asked = applied.machine.commands().into_iter().find(|line| line.contains("dnf-3")).unwrap_or_default();
        assert_eq!(asked, format!("probe {FOUR} --assumeno {LOCK} {SIGNED} {KEEP} {options} install app"), "{args}");
    }
    let settings = json!({
        "name": "app", "disable_gpg_check": true, "best": false, "sslverify": false, "install_weak_deps": false, "allowerasing": true, "download_only": true,
        "download_dir": "/srv/rpms", "installroot": "/mnt"
    });
    let asked = |spec, program| {
        let applied = apply_once(spec, host(program).answer(&["rpm", "--root"], 1, "package app is not installed\n", ""), settings.clone());
        applied.machine.commands().into_iter().find(|line| line.contains(program)).unwrap_or_default()
    };
    let (before, behind) =
        ("--setopt=install_weak_deps=False --setopt=sslverify=False", "--setopt=best=False --setopt=destdir=/srv/rpms --installroot=/mnt");
    let verb = "install --allowerasing --downloadonly app";
    assert_eq!(asked(&DNF, FOUR), format!("probe {FOUR} --assumeno {LOCK} {before} {KEEP} {behind} --nogpgcheck {verb}"));
    assert_eq!(asked(&DNF5, FIVE), format!("probe {FIVE} --assumeno {before} {KEEP} {behind} --no-gpgchecks --use-host-config {verb}"));
}

#[test]
fn package_files_are_looked_into() {
    let fake = |plan: &str, installed: &str| {
        let fake = host(FOUR).file("/srv/app.rpm", "").answer(&["rpm", "-qp"], 0, OLD, "warning: no key\n");
        with_plan(with_rpm(fake, &["app"], &[installed]), &["install", "/srv/app.rpm"], plan)
    };
    let args = json!({"name": "/srv/app.rpm"});
    let applied = apply_once(&DNF, fake(INSTALL, NONE), args.clone());
    assert_eq!(ran(&applied), ["dnf-3 install /srv/app.rpm"]);
    assert_eq!(applied.get("results")[0], "Installed /srv/app.rpm");
    assert!(!apply(&DNF, fake(INSTALL, OLD), args.clone()).changed, "it is installed");
    assert!(!apply(&DNF, fake(DOWNGRADE, NEW), args).changed, "a newer one is installed");
    let missing = apply(&DNF, host(FOUR), json!({"name": "/srv/none.rpm"}));
    assert!(missing.failure().message.ends_with("there is no such file on the host"));
    let fetched = host(FOUR).program("/usr/bin/mv").http("GET", "http://x/app.rpm", 404, &[], "");
    let failed = apply(&DNF, fetched, json!({"name": "http://x/app.rpm"}));
    assert_eq!(failed.failure().message, "failed to fetch the package file `http://x/app.rpm`: the server answers 404 Error");
}

#[test]
fn groups_are_what_dnf_says_of_them() {
    let first = "Dependencies resolved.\n====\nInstalling group/module packages:\n weak             noarch             1.0-1               base             5.9 k\nInstalling Groups:\n \
        My Group                                                                      \n\nTransaction Summary\n====\nInstall  1 Package\n";
    let again = "Dependencies resolved.\n====\nInstalling Groups:\n My Group                                                                      \n\nTransaction Summary\n====\n\n";
    let argv = [FOUR, "--assumeno", LOCK, SIGNED, KEEP, "install", "@mygrp"];
    let fake = host(FOUR).answer(&argv, 1, first, ABORTED).answer(&argv, 1, first, ABORTED).answer(&argv, 1, again, ABORTED);
    let applied = apply(&DNF, fake, json!({"name": "@mygrp"}));
    assert_eq!(*applied.get("results"), json!(["Group mygrp installed.", "Installed: weak-1.0-1.noarch"]));
    let stream = "Dependencies resolved.\n====\nEnabling module streams:\n nodejs                    20                                                   \n\nTransaction Summary\n====\n\n";
    let argv = [FOUR, "--assumeno", LOCK, SIGNED, KEEP, "install", "@nodejs:20"];
    let fake = host(FOUR).answer(&argv, 1, stream, ABORTED).answer(&argv, 1, stream, ABORTED).answer(&argv, 0, NOTHING, "");
    assert!(apply(&DNF, fake, json!({"name": "@nodejs:20"})).changed);
}

#[test]
fn versions_are_compared_by_dnf() {
    let words = [FOUR, "--assumeno", LOCK, SIGNED, KEEP, "-q", "repoquery", "--installed", "--whatprovides", "app >= 1.0"];
    let there = with_rpm(host(FOUR), &["app"], &[OLD]).answer(&words, 0, "app-0:1.0-1.noarch\n", "");
    assert!(!apply(&DNF, there, json!({"name": "app >= 1.0"})).changed);
    let old = with_rpm(host(FOUR), &["app"], &[OLD]).answer(&words, 0, "", "");
    let applied = apply_once(&DNF, with_plan(old, &["install", "app >= 1.0"], UPGRADE), json!({"name": "app >= 1.0"}));
    assert_eq!(*applied.get("results"), json!(["Installed: app-2.0-1.noarch", "Removed: app-1.0-1.noarch"]));
}

#[test]
fn a_pattern_is_left_to_dnf() {
    let fake = |args: &str| {
        let fake = host(FOUR).answer(&["rpm", "-qa"], 0, OLD, "");
        apply_once(&DNF, with_plan(with_rpm(fake, &["app"], &[OLD]), &["install", "a*"], UPGRADE), serde_json::from_str(args).unwrap())
    };
    assert_eq!(ran(&fake(r#"{"name": "a*"}"#)), ["dnf-3 install a*"]);
    assert_eq!(ran(&fake(r#"{"name": "a*", "state": "latest"}"#)), ["dnf-3 install a*"]);
    assert_eq!(ran(&fake(r#"{"name": "a*", "update_only": true}"#)), Vec::<String>::new());
    let none = fake(r#"{"name": "b*", "update_only": true}"#);
    assert_eq!(*none.get("results"), json!(["Packages providing b* not installed due to update_only specified"]));
}

#[test]
fn dnf_5_says_itself_what_is_replaced() {
    let fake = with_rpm(host(FIVE), &["app"], &[OLD]);
    let argv = [FIVE, "--assumeno", SIGNED, KEEP, "upgrade", "app"];
    let fake = fake.answer(&argv, 1, UPGRADE_FIVE, "Operation aborted by the user.\n");
    let applied = apply_once(&DNF5, fake, json!({"name": "app", "state": "latest"}));
    assert_eq!(*applied.get("results"), json!(["Installed: app-2.0-1.noarch", "Removed: app-1.0-1.noarch"]));
    assert_eq!(applied.machine.runs()[0].argv.join(" "), format!("{FIVE} -y {SIGNED} {KEEP} upgrade app"));
}

#[test]
fn dnf_5_is_asked_in_its_own_way() {
    let argv = [FIVE, "--assumeno", SIGNED, KEEP];
    let none = "Failed to resolve the transaction:\nNo match for argument 'weak' in selected advisories\n";
    let fake = with_rpm(host(FIVE), &["app", "weak"], &["app\t1.0-1\tnoarch\nweak\t1.0-1\tnoarch\n"]);
    let fake = fake.answer(&[&argv[..], &["upgrade", "--security", "app", "weak"]].concat(), 1, "", none);
    let fake = fake.answer(&[&argv[..], &["upgrade", "--security", "app"]].concat(), 1, UPGRADE_FIVE, "Operation aborted by the user.\n");
    let applied = apply_once(&DNF5, fake, json!({"name": ["app", "weak"], "state": "latest", "security": true}));
    assert_eq!(*applied.get("results"), json!(["Installed: app-2.0-1.noarch", "Removed: app-1.0-1.noarch"]));
    let removed = "Package Arch   Version Repository      Size\nRemoving:\n tool   noarch 0:1.0-1 base         4.0   B\n\nTransaction Summary:\n Removing:           1 package\n";
    let fake = host(FIVE).answer(&["rpm", "-q", "--whatprovides", "--qf", FORMAT, "--", "virt-tool"], 0, "tool\t1.0-1\tnoarch\n", "");
    let fake = fake.answer(&[&argv[..], &["-q", "group", "info", "My Group"]].concat(), 0, "Id    : mygrp\nName  : My Group\n", "");
    let fake = fake.answer(&[&argv[..], &["remove", "tool", "@mygrp"]].concat(), 1, removed, "Operation aborted by the user.\n");
    let applied = apply_once(&DNF5, fake, json!({"name": ["virt-tool", "@My Group", "nosuch"], "state": "absent"}));
    assert_eq!(*applied.get("results"), json!(["Removed: tool-1.0-1.noarch"]));
}

#[test]
fn the_host_says_which_dnf_it_uses() {
    let fedora = |fake: Fake, version: &str| {
        let version = version.to_owned();
        fake.platform(move |platform| {
            platform.os_release.insert("ID".to_owned(), "fedora".to_owned());
            platform.os_release.insert("VERSION_ID".to_owned(), version);
        })
    };
    for (fake, backend, program) in [
        (host(FOUR), "auto", FOUR),
        (host(FIVE), "auto", FIVE),
        (host(FIVE).program(FOUR), "yum", FOUR),
        (host(FIVE).program("/usr/bin/dnf"), "auto", FIVE),
        (host("/usr/bin/dnf"), "auto", "/usr/bin/dnf"),
        (fedora(host(FIVE).program(FOUR), "41"), "auto", FIVE),
        (fedora(host(FIVE).program(FOUR), "40"), "auto", FOUR),
        (fedora(host(FIVE).program(FOUR), "41"), "dnf4", FOUR),
        (host(FIVE).program(FOUR), "dnf5", FIVE),
    ] {
        let applied = apply_once(&DNF, fake, json!({"name": "app", "use_backend": backend}));
        let asked = applied.machine.commands().into_iter().find(|line| line.contains("dnf")).unwrap_or_default();
        assert!(asked.starts_with(&format!("probe {program} ")), "{backend}: {asked}");
    }
    let debian = apply(&YUM, Fake::new(), json!({"name": "app"}));
    assert_eq!(debian.failure().message, "failed to manage packages: the machine has no `dnf-3` or `dnf`");
    let debian = apply(&DNF5, Fake::new(), json!({"name": "app"}));
    assert_eq!(debian.failure().message, "failed to manage packages: the machine has no `dnf5`");
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let app = || Package { name: "app".into(), version: "1.0-1".into(), architecture: "noarch".into(), held: false };
    let after = |fake: Fake, args: Value, effect: Effect| {
        predict_after(&DNF, fake, args, |system| {
            system.run(&Command::new(["dnf"]), &[effect]).unwrap();
        })
    };
    let there = after(host(FOUR), json!({"name": ["app", "app-1.0"]}), Effect::PackageInstalled(app()));
    assert!(there.answer.is_ok() && !there.changed, "{:?}", there.answer);
    let gone =
        after(with_rpm(host(FOUR), &["app"], &[OLD]), json!({"name": "app", "state": "absent"}), Effect::PackageRemoved("app".into()));
    assert!(!gone.changed);
    let half = after(
        with_plan(host(FOUR), &["install", "app"], INSTALL),
        json!({"name": "app"}),
        Effect::PackageInstalled(Package { name: "lib".into(), version: "1.1-1".into(), ..app() }),
    );
    assert_eq!(*half.get("results"), json!(["Installed: app-1.0-1.noarch"]));
    let unsure = after(host(FOUR), json!({"name": "app > 0"}), Effect::PackageInstalled(app()));
    assert!(unsure.failure().unpredictable);
    let repository = Effect::FileContent { path: "/etc/yum.repos.d/own.repo".into(), content: b"[own]\n".to_vec() };
    let copying = || ["mkdir", "cp", "rm"].iter().fold(host(FOUR), |fake, name| fake.program(&format!("/usr/bin/{name}")));
    let with_repositories = || copying().dir("/etc/yum.repos.d");
    let own = after(with_plan(with_repositories(), &["install", "app"], INSTALL), json!({"name": "app"}), repository.clone());
    assert!(own.changed, "{:?}", own.answer);
    let commands = own.machine.commands();
    assert!(commands.iter().any(|line| line.starts_with("probe cp -- ") && line.ends_with(".dir/own.repo")), "{commands:?}");
    assert!(commands.iter().any(|line| line.contains(" install app --setopt=reposdir=") && line.ends_with(".dir")), "{commands:?}");
    assert!(own.machine.commands().last().is_some_and(|line| line.starts_with("probe rm -rf -- ")), "{commands:?}");
    let written = Effect::FileWritten("/etc/yum.repos.d/own.repo".into());
    let unsure = after(with_repositories(), json!({"name": "app"}), written);
    assert!(unsure.failure().unpredictable, "{:?}", unsure.answer);
    let unsure = after(with_repositories(), json!({"name": "app", "installroot": "/mnt"}), repository);
    assert!(unsure.failure().unpredictable, "{:?}", unsure.answer);
}

#[test]
fn lists_are_read() {
    let text = "app|0|1.1|1|noarch|base\n\nepo|2|1.0|1|noarch|base\n";
    let argv = [FOUR, "--assumeno", LOCK, SIGNED, KEEP, "-q", "repoquery"];
    let applied = apply(&DNF, host(FOUR).answer(&argv, 0, text, ""), json!({"list": "updates"}));
    assert_eq!(
        applied.get("results")[1],
        json!({"name": "epo", "epoch": "2", "version": "1.0", "release": "1", "arch": "noarch", "repo": "base", "envra": "2:epo-1.0-1.noarch", "nevra": "2:epo-1.0-1.noarch", "yumstate": "available"})
    );
    let all = host(FIVE).answer(&["rpm", "-qa"], 0, "epo\t2:1.0-1\tnoarch\n", "");
    let applied = apply(&DNF5, all, json!({"list": "installed"}));
    assert_eq!(
        (&applied.get("results")[0]["nevra"], &applied.get("results")[0]["repo"]),
        (&json!("epo-2:1.0-1.noarch"), &json!("@System"))
    );
    let argv = [FOUR, "--assumeno", LOCK, SIGNED, KEEP, "-q", "repolist"];
    let applied = apply(&DNF, host(FOUR).answer(&argv, 0, "repo id      repo name\nbase         base\n", ""), json!({"list": "repos"}));
    assert_eq!(*applied.get("results"), json!([{"repoid": "base", "state": "enabled"}]));
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(!refused(&DNF, json!({"name": "app", "list": "app"})).is_empty());
    assert!(!refused(&DNF5, json!({"name": "app", "best": true, "nobest": true})).is_empty());
    assert!(!refused(&DNF5, json!({"name": "app", "use_backend": "dnf5"})).is_empty());
    let failed = apply(&DNF, host(FOUR), json!({"name": "app", "state": "present", "autoremove": true}));
    assert!(failed.failure().message.ends_with("`autoremove` goes alone or with `state: absent`"));
    let failed = apply(&DNF, host(FOUR), json!({"name": "app", "conf_file": "/etc/none.conf"}));
    assert_eq!(failed.failure().message, "failed to read the configuration of dnf: `/etc/none.conf` is not there");
    let broken = Fake::new().program(FOUR).answer(&["rpm"], 1, "", "error: cannot open Packages database\n");
    let failed = apply(&DNF, broken, json!({"name": "app"}));
    assert_eq!(failed.failure().message, "failed to ask rpm what is installed: error: cannot open Packages database");
    let killed = host(FOUR).answer_error(&[FOUR], ErrorKind::TimedOut, "it took too long");
    assert!(apply(&DNF, killed, json!({"name": "app"})).answer.is_err());
}
