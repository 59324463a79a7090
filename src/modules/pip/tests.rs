use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict, predict_after, refused};
use crate::system::fake::Fake;
use crate::system::{Effect, System};

const PIP: &str = "/usr/bin/pip3";
const NEWS: &str = "Collecting new\nInstalling collected packages: new\nSuccessfully installed new-1.0\n";

/// A machine with pip and the packages foo and Bar-Baz.
fn machine() -> Fake {
    Fake::new().program(PIP).answer(&[PIP, "list"], 0, "foo==1.0\nBar-Baz==2.1\npip==23.0\n", "")
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/", "")).collect()
}

/// The words that Ansible 2.19 hands to pip.
#[test]
fn pip_is_called() {
    for (args, words) in [
        (json!({"name": "new"}), "install new"),
        (json!({"name": ["foo", "new>=1"], "extra_args": "--a 'b c'"}), "install --a b c foo new>=1"),
        (json!({"name": "new", "version": "1.0"}), "install new==1.0"),
        (json!({"name": "new", "version": ">=1,<2"}), "install new>=1,<2"),
        (json!({"name": "foo>=0.5,<2"}), "install foo>=0.5,<2"),
        (json!({"name": "new", "state": "latest"}), "install -U new"),
        (json!({"name": "foo", "state": "forcereinstall"}), "install -U --force-reinstall foo"),
        (json!({"name": "foo[extra]"}), "install foo[extra]"),
    ] {
        let fake = machine().answer(&[PIP, "install"], 0, NEWS, "");
        let applied = apply_once(&MODULE, fake, args.clone());
        assert_eq!(ran(&applied), [format!("pip3 {words}")], "{args}");
        assert!(applied.changed, "{args}");
        let all: Vec<&str> = [PIP].into_iter().chain(words.split(' ')).collect();
        let cmd = applied.get("cmd").as_array().map(|words| words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "));
        assert_eq!(cmd, Some(all.join(" ")));
        assert_eq!((applied.get("stdout"), applied.get("state")), (&json!(NEWS), args.get("state").unwrap_or(&json!("present"))));
    }
}

#[test]
fn what_is_there_is_no_change() {
    let satisfied = || machine().answer(&[PIP, "install"], 0, "Requirement already satisfied: foo in /usr/lib\n", "");
    for args in [json!({"name": "foo"}), json!({"name": "foo", "state": "latest"}), json!({"name": "foo==1.0"})] {
        assert!(!apply_once(&MODULE, satisfied(), args.clone()).changed, "{args}");
        assert!(!predict(&MODULE, satisfied(), args).changed);
    }
    let none = apply(&MODULE, machine(), json!({"name": []}));
    assert!(!none.changed && none.machine.commands().is_empty());
}

#[test]
fn pip_says_what_it_would_install() {
    let would = machine().answer(&[PIP, "install", "--dry-run", "new"], 0, "Collecting new\nWould install new-1.0\n", "");
    let args = json!({"name": "new"});
    let predicted = predict(&MODULE, would, args.clone());
    assert!(predicted.changed);
    assert_eq!(predicted.machine.commands(), [format!("probe {PIP} install --dry-run new")]);
    let keys = |applied: &Applied| applied.result().keys().filter(|key| *key != "stdout").cloned().collect::<Vec<_>>();
    let real = apply_once(&MODULE, machine().answer(&[PIP, "install"], 0, NEWS, ""), args.clone());
    assert_eq!((keys(&predicted), predicted.get("cmd")), (keys(&real), real.get("cmd")));
    let broken = machine().answer(&[PIP, "install"], 1, "", "ERROR: No matching distribution found for new\n");
    let message = "failed to install new: ERROR: No matching distribution found for new";
    assert_eq!(predict(&MODULE, broken, args.clone()).failure().message, message);
    let broken = machine().answer(&[PIP, "install"], 1, "", "ERROR: No matching distribution found for new\n");
    assert_eq!(apply_once(&MODULE, broken, args).failure().message, message);
}

#[test]
fn an_old_pip_is_not_asked_what_it_cannot_say() {
    let old = || machine().answer(&[PIP, "install", "--dry-run"], 2, "", "no such option: --dry-run\n");
    assert!(predict(&MODULE, old(), json!({"name": ["foo", "new"]})).changed);
    assert!(!predict(&MODULE, old(), json!({"name": ["foo", "bar_baz"]})).changed);
    assert!(predict(&MODULE, old(), json!({"name": "foo>=2"})).failure().unpredictable);
    assert!(predict(&MODULE, old(), json!({"name": "foo", "state": "latest"})).failure().unpredictable);
}

#[test]
fn sources_are_compared_before_and_after() {
    let fake = |after: &str| machine().answer(&[PIP, "install"], 0, NEWS, "").answer(&[PIP, "list"], 0, after, "");
    let same = "foo==1.0\nBar-Baz==2.1\npip==23.0\n";
    for args in
        [json!({"name": "git+https://example.com/x"}), json!({"name": "/srv/x", "editable": true}), json!({"requirements": "/srv/r"})]
    {
        assert!(!apply_once(&MODULE, fake(same), args.clone()).changed, "{args}");
        assert!(apply_once(&MODULE, fake("foo==1.1\n"), args.clone()).changed, "{args}");
    }
    let editable = apply_once(&MODULE, fake(same), json!({"name": "/srv/x", "editable": true}));
    assert_eq!(ran(&editable), ["pip3 install -e /srv/x"]);
    let listed = apply_once(&MODULE, fake(same).dir("/srv"), json!({"requirements": "r.txt", "chdir": "/srv", "umask": "0022"}));
    let command = &listed.machine.runs()[0];
    assert_eq!((command.cwd.clone(), command.umask, listed.get("requirements")), (Some("/srv".into()), Some(0o22), &json!("r.txt")));
    for args in [json!({"name": "git+https://example.com/x"}), json!({"name": "/srv/x", "editable": true})] {
        assert!(predict(&MODULE, machine(), args).failure().unpredictable, "pip would run what is there");
    }
    let file = machine().file("/srv/r", "new\n").answer(&[PIP, "install", "--dry-run", "-r", "/srv/r"], 0, "Would install new-1\n", "");
    assert!(predict(&MODULE, file, json!({"requirements": "/srv/r"})).changed);
}

#[test]
fn packages_are_removed() {
    let fake = || machine().answer(&[PIP, "list"], 0, "foo==1.0\nBar-Baz==2.1\n", "").answer(&[PIP, "list"], 0, "foo==1.0\n", "");
    let applied = apply(&MODULE, fake(), json!({"name": ["bar_baz", "none"], "state": "absent"}));
    assert_eq!(ran(&applied), ["pip3 uninstall -y bar_baz none"]);
    assert!(!apply(&MODULE, machine(), json!({"name": "none==1", "state": "absent"})).changed);
    let file = |text: &str| fake().file("/srv/r", text);
    let args = json!({"requirements": "/srv/r", "state": "absent"});
    let applied = apply(&MODULE, file("# c\n--no-index\nbar.baz>=1 # why\n\n"), args.clone());
    assert_eq!(ran(&applied), ["pip3 uninstall -y -r /srv/r"]);
    assert!(!apply(&MODULE, file("none\n"), args.clone()).changed);
    assert!(predict(&MODULE, file("-r other\n"), args).failure().unpredictable);
    let twice = json!({"name": "foo", "state": "absent"});
    let earlier = |system: &mut dyn System| {
        let gone = Effect::Known { subject: format!("pip {PIP}\nfoo"), value: "absent".into() };
        system.run(&crate::system::Command::new(["pip3"]), &[gone]).unwrap();
    };
    assert!(!predict_after(&MODULE, machine(), twice, earlier).changed);
}

#[test]
fn virtual_environments_are_made() {
    const VENV_PIP: &str = "/opt/v/bin/pip";
    let there = || Fake::new().file("/opt/v/bin/activate", "").program(VENV_PIP).answer(&[VENV_PIP, "install"], 0, NEWS, "");
    let args = json!({"name": "new", "virtualenv": "/opt/v"});
    assert_eq!(ran(&apply_once(&MODULE, there(), args.clone())), ["/opt/v/bin/pip install new"]);
    // The folder comes by what the command does, so the machine has half of it already.
    let coming = |help: &str| {
        Fake::new()
            .program("/usr/bin/virtualenv")
            .program("/usr/bin/python3")
            .answer(&["/usr/bin/virtualenv", "--help"], 0, help, "")
            .program(VENV_PIP)
            .answer(&["/usr/bin/virtualenv"], 0, "created\n", "")
            .answer(&["/usr/bin/python3"], 0, "", "")
            .answer(&[VENV_PIP, "install"], 0, NEWS, "")
    };
    for (more, help, command) in [
        (json!({}), "", "virtualenv /opt/v"),
        (json!({}), "  --no-site-packages", "virtualenv --no-site-packages /opt/v"),
        (
            json!({"virtualenv_site_packages": true, "virtualenv_python": "python3.9"}),
            "",
            "virtualenv --system-site-packages -ppython3.9 /opt/v",
        ),
        (json!({"virtualenv_command": "virtualenv --foo"}), "", "virtualenv --foo /opt/v"),
        (json!({"virtualenv_command": "/usr/bin/python3 -m venv"}), "", "python3 -m venv /opt/v"),
        (
            json!({"virtualenv_command": "python3 -m venv", "virtualenv_site_packages": true}),
            "",
            "python3 -m venv --system-site-packages /opt/v",
        ),
    ] {
        let mut args = args.clone();
        for (name, value) in more.as_object().into_iter().flatten() {
            args[name] = value.clone();
        }
        let applied = apply_once(&MODULE, coming(help), args.clone());
        assert_eq!(ran(&applied), [command, "/opt/v/bin/pip install new"], "{args}");
        assert!(applied.changed && predict(&MODULE, coming(help), args).changed);
    }
    let second = predict_after(&MODULE, coming(""), args.clone(), |system| {
        assert!(crate::modules::testing::apply_on(&MODULE, system, &args).0);
    });
    assert_eq!(second.failure().message, "failed to call pip: the virtual environment is there only after the real run");
    assert!(second.failure().unpredictable);
    let empty = apply_once(&MODULE, coming(""), json!({"name": [], "virtualenv": "/opt/v"}));
    assert!(empty.changed);
    let message = |fake: Fake, more: Value| {
        let mut args = more;
        args["virtualenv"] = json!("/opt/v");
        args["name"] = json!("new");
        apply_once(&MODULE, fake, args).failure().message.clone()
    };
    assert_eq!(message(Fake::new(), json!({})), "failed to make the virtual environment `/opt/v`: the machine has no `virtualenv`");
    assert!(message(coming(""), json!({"virtualenv_command": "python3 -m venv", "virtualenv_python": "x"})).contains("has no meaning"));
    let bare = Fake::new().file("/opt/v/bin/activate", "");
    assert_eq!(message(bare, json!({})), "failed to find pip: the virtual environment `/opt/v` has none");
}

#[test]
fn any_pip_will_do() {
    let python = |rc: i32| {
        let fake = Fake::new().program("/usr/bin/python3").answer(&["/usr/bin/python3", "-m", "pip", "install"], 0, NEWS, "");
        fake.answer(&["/usr/bin/python3", "-m", "pip", "--version"], rc, "", "")
    };
    assert_eq!(ran(&apply_once(&MODULE, python(0), json!({"name": "new"}))), ["python3 -m pip install new"]);
    let none = apply_once(&MODULE, python(1), json!({"name": "new"}));
    assert_eq!(none.failure().message, "failed to manage packages of Python: the machine has no pip");
    let own = machine().program("/usr/local/bin/pip3.13").answer(&["/usr/local/bin/pip3.13"], 0, NEWS, "");
    let args = json!({"name": "new", "executable": "pip3.13", "break_system_packages": true});
    let own = apply_once(&MODULE, own, args);
    assert_eq!(ran(&own), ["/usr/local/bin/pip3.13 install new"]);
    assert_eq!(own.machine.runs()[0].env.get("PIP_BREAK_SYSTEM_PACKAGES").map(String::as_str), Some("1"));
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, json!({})).contains("name"));
    assert!(refused(&MODULE, json!({"name": "a", "requirements": "b"})).contains("requirements"));
    assert!(refused(&MODULE, json!({"name": "a", "virtualenv": "/b", "executable": "c"})).contains("virtualenv"));
    for (args, message) in [
        (json!({"name": "a", "umask": "bad"}), "failed to read `umask`: `bad` is no octal number of three digits"),
        (json!({"name": "--pre"}), "failed to read `name`: a package cannot be called `--pre`"),
        (
            json!({"name": "a", "version": "1", "state": "latest"}),
            "failed to read `version`: with `state: latest` the version follows from what there is",
        ),
    ] {
        assert_eq!(apply(&MODULE, machine(), args).failure().message, message);
    }
    let managed = machine().answer(&[PIP, "install"], 1, "", "error: externally-managed-environment\n");
    let managed = apply_once(&MODULE, managed, json!({"name": "new"}));
    assert!(managed.failure().hint.as_deref().is_some_and(|hint| hint.contains("break_system_packages")));
}
