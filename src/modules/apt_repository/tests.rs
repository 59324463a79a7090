use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, predict};
use crate::system::fake::{Fake, Fault};

fn machine() -> Fake {
    Fake::new().program("/usr/bin/apt-get").dir("/etc/apt/sources.list.d")
}

fn quiet(machine: Fake, args: Value) -> Applied {
    let mut args = args;
    args["update_cache"] = json!(false);
    let applied = apply(&MODULE, machine, args);
    assert!(applied.answer.is_ok(), "{}", applied.failure());
    applied
}

#[test]
fn a_source_gets_a_list_named_by_its_uri() {
    for (repo, list, line) in [
        ("deb http://example.com/debian stable main", "example_com_debian", "deb http://example.com/debian stable main"),
        (
            "deb-src [arch=amd64  trusted=yes] https://user:pw@pkg.example.org:8443/a/b/ stable/",
            "pkg_example_org_8443_a_b",
            "deb-src [arch=amd64 trusted=yes] https://user:pw@pkg.example.org:8443/a/b/ stable/",
        ),
        ("deb   http://example.com/x  stable main # note", "example_com_x", "deb http://example.com/x stable main # note"),
    ] {
        let applied = quiet(machine(), json!({"repo": repo}));
        let path = format!("/etc/apt/sources.list.d/{list}.list");
        assert_eq!(applied.machine.text(&path), format!("{line}\n"));
        assert_eq!((applied.get("sources_added"), applied.get("repo")), (&json!([path]), &json!(repo)));
    }
    let named = quiet(machine(), json!({"repo": "deb http://x/y s m", "filename": "own", "mode": "0600"}));
    assert_eq!(named.machine.stat_of("/etc/apt/sources.list.d/own.list").mode, 0o600);
}

#[test]
fn sources_are_found_wherever_they_are() {
    let path = "/etc/apt/sources.list.d/a.list";
    let with = |text: &str| machine().file(path, text);
    let repo = "deb http://x/y s m";
    assert!(!quiet(with("# c\ndeb  http://x/y   s m # note\n"), json!({"repo": repo, "filename": "other"})).changed);
    let on = quiet(with("# c\n# deb http://x/y s m # note\ndeb http://x/z s m\n"), json!({"repo": repo}));
    assert_eq!(on.machine.text(path), "# c\ndeb http://x/y s m # note\ndeb http://x/z s m\n");
    assert_eq!(*on.get("sources_added"), json!([]));
    let less = quiet(with("deb http://x/y s m\n# deb http://x/y s m\ndeb http://x/z s m\n"), json!({"repo": repo, "state": "absent"}));
    assert_eq!(less.machine.text(path), "deb http://x/z s m\n");
    let gone = quiet(with("deb http://x/y s m\n"), json!({"repo": repo, "state": "absent"}));
    assert!(!gone.machine.has(path));
    assert_eq!(*gone.get("sources_removed"), json!([path]));
    let main = quiet(machine().file("/etc/apt/sources.list", "deb http://x/y s m\n"), json!({"repo": repo, "state": "absent"}));
    assert_eq!(main.machine.text("/etc/apt/sources.list"), "");
    let more = quiet(with("deb http://x/z s m"), json!({"repo": repo, "filename": "a"}));
    assert_eq!(more.machine.text(path), "deb http://x/z s m\ndeb http://x/y s m\n");
    let linked = machine().file("/srv/a", "").link(path, "/srv/a");
    assert!(quiet(linked, json!({"repo": repo, "filename": "a"})).machine.text("/srv/a").contains(repo));
}

#[test]
fn the_lists_of_packages_are_fetched_after_a_change_only() {
    let updates =
        |applied: &Applied| applied.machine.runs().iter().filter(|command| command.argv.ends_with(&["update".to_owned()])).count();
    let applied = apply(&MODULE, machine(), json!({"repo": "deb http://x/y s m"}));
    assert_eq!(updates(&applied), 1);
    assert_eq!(updates(&apply(&MODULE, applied.machine, json!({"repo": "deb http://x/y s m"}))), 1, "not again");
    assert!(predict(&MODULE, machine(), json!({"repo": "deb http://x/y s m"})).changed);
}

#[test]
fn what_cannot_be_listed_is_taken_back() {
    let broken =
        || machine().answer(&["/usr/bin/apt-get"], 100, "", "E: The repository 'http://x/y s Release' does not have a Release file.\n");
    let args = json!({"repo": "deb http://x/y s m", "update_cache_retries": 1});
    let failed = crate::modules::testing::apply_once(&MODULE, broken(), args.clone());
    assert!(failed.failure().message.contains("does not have a Release file"), "{}", failed.failure());
    assert!(!failed.machine.has("/etc/apt/sources.list.d/x_y.list"));
    let old = "# deb http://x/y s m\n";
    let failed = crate::modules::testing::apply_once(&MODULE, broken().file("/etc/apt/sources.list", old), args);
    assert_eq!(failed.machine.text("/etc/apt/sources.list"), old);
}

#[test]
fn archives_of_launchpad_bring_their_key() {
    let fingerprint = "A".repeat(40);
    let fake = || {
        machine()
            .http(
                "GET",
                "https://api.launchpad.net/1.0/~own/+archive/ubuntu/nam",
                200,
                &[],
                json!({"signing_key_fingerprint": fingerprint}).to_string(),
            )
            .http(
                "GET",
                &format!("https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x{fingerprint}"),
                200,
                &[],
                "-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
            )
            .dir("/etc/apt/trusted.gpg.d")
    };
    let applied = quiet(fake(), json!({"repo": "ppa:own/nam", "codename": "jammy"}));
    let (list, key) = ("/etc/apt/sources.list.d/ppa_own_nam_jammy.list", "/etc/apt/trusted.gpg.d/own-ubuntu-nam.asc");
    assert_eq!(applied.machine.text(list), "deb https://ppa.launchpadcontent.net/own/nam/ubuntu jammy main\n");
    assert!(applied.machine.has(key));
    let gone = quiet(applied.machine, json!({"repo": "ppa:own/nam", "codename": "jammy", "state": "absent"}));
    assert!(!gone.machine.has(list));
    let none = machine().http("GET", "https://api.launchpad.net/1.0/~own/+archive/ubuntu/ppa", 404, &[], "");
    let none = apply(&MODULE, none, json!({"repo": "ppa:own"}));
    assert!(
        none.failure()
            .message
            .starts_with("failed to get the key of `ppa:own/ppa` from `https://api.launchpad.net/1.0/~own/+archive/ubuntu/ppa`: "),
        "{}",
        none.failure()
    );
    assert!(!none.machine.has("/etc/apt/sources.list.d/ppa_own_ppa_bookworm.list"));
}

#[test]
fn what_does_not_fit_is_refused() {
    for (repo, message) in [
        ("garbage", "failed to read the repository `garbage`: it is no line of a list of sources"),
        ("# deb http://x/y s m", "failed to read the repository `# deb http://x/y s m`: it is no line of a list of sources"),
        ("ppa:../x", "failed to read the repository `ppa:../x`: an archive of Launchpad is `ppa:OWNER/NAME`"),
    ] {
        assert_eq!(apply(&MODULE, machine(), json!({"repo": repo})).failure().message, message);
    }
    let full = apply(&MODULE, machine().fault(Fault::NoSpace, "/etc/apt"), json!({"repo": "deb http://x/y s m"}));
    assert_eq!(full.failure().message, "failed to write `/etc/apt/sources.list.d/x_y.list`: No space left on device");
    let alpine = apply(&MODULE, Fake::new(), json!({"repo": "deb http://x/y s m"}));
    assert_eq!(alpine.failure().message, "failed to manage packages: the machine has no `apt-get`");
}
