use serde_json::json;

use super::*;
use crate::modules::shared::edit_cases;
use crate::modules::testing::{apply, apply_once};
use crate::system::fake::{Fake, Fault};

/// Answered by community.general 11.
#[test]
fn files_become_what_they_are_to_be() {
    edit_cases::check(&MODULE, include_str!("cases.json"));
}

#[test]
fn a_second_run_changes_nothing() {
    let text = "; top\nglobal = 1\n\n[a]\nx = 1\n#y = 2\nx=2\n\n[b]\nk=v\nflag\n";
    for args in [
        json!({"section": "a", "option": "x", "values": ["7", "8", "9"]}),
        json!({"section": "a", "option": "y", "value": "  blanks "}),
        json!({"section": "b", "option": "flag", "value": "1", "allow_no_value": true}),
        json!({"section": "b", "option": "k", "allow_no_value": true}),
        json!({"section": "a", "section_has_values": [{"option": "x", "value": "7"}], "option": "q", "value": "1"}),
        json!({"section": "new", "allow_no_value": true}),
        json!({"option": "global", "state": "absent"}),
    ] {
        let mut args = args;
        args["path"] = json!("/etc/app.ini");
        assert!(apply(&MODULE, Fake::new().file("/etc/app.ini", text), args).changed);
    }
}

#[test]
fn the_file_and_its_attributes() {
    let args = json!({"path": "/etc/app/x/app.ini", "section": "a", "option": "b", "value": "c", "mode": "0600", "backup": true});
    let new = apply(&MODULE, Fake::new(), args.clone());
    assert_eq!(new.machine.text("/etc/app/x/app.ini"), "\n[a]\nb = c\n");
    assert_eq!(
        (new.get("mode"), new.get("path"), new.get("backup_file")),
        (&json!("0600"), &json!("/etc/app/x/app.ini"), &serde_json::Value::Null)
    );
    let marked = apply(&MODULE, Fake::new().file("/etc/app/x/app.ini", "\u{feff}[a]\nb = d\n"), args.clone());
    assert_eq!(marked.machine.text("/etc/app/x/app.ini"), "[a]\nb = c\n");
    let copy = marked.get("backup_file").as_str().unwrap_or_default().to_owned();
    assert_eq!(marked.machine.text(&copy), "\u{feff}[a]\nb = d\n");
    let linked = || Fake::new().file("/srv/real", "[a]\n").link("/etc/app.ini", "/srv/real");
    let args = |follow: bool| json!({"path": "/etc/app.ini", "section": "a", "option": "b", "value": "c", "follow": follow});
    let followed = apply(&MODULE, linked(), args(true));
    assert_eq!(followed.machine.text("/srv/real"), "[a]\nb = c\n");
    let replaced = apply(&MODULE, linked(), args(false));
    assert!(!replaced.machine.stat_of("/etc/app.ini").is_link() && replaced.machine.text("/srv/real") == "[a]\n");
}

#[test]
fn what_does_not_fit_is_refused() {
    let message = |fake: Fake, more: serde_json::Value| {
        let mut args = json!({"path": "/etc/app.ini"});
        for (name, value) in more.as_object().into_iter().flatten() {
            args[name] = value.clone();
        }
        apply_once(&MODULE, fake, args).failure().message.clone()
    };
    let value = || json!({"section": "a", "option": "b", "value": "c"});
    assert_eq!(
        message(Fake::new(), json!({"state": "absent"})),
        "failed to edit `/etc/app.ini`: neither `section` nor `option` says what is meant"
    );
    assert_eq!(message(Fake::new(), json!({"section": "a", "option": "b"})), "failed to edit `/etc/app.ini`: `value` is missing");
    assert_eq!(
        message(Fake::new(), json!({"section": "a", "option": "b", "value": "c\nd"})),
        "failed to edit `/etc/app.ini`: a line break would end the line"
    );
    assert_eq!(message(Fake::new().dir("/etc/app.ini"), value()), "failed to edit `/etc/app.ini`: it is not a regular file");
    assert_eq!(message(Fake::new().file("/etc/app.ini", [0xff]), value()), "failed to edit `/etc/app.ini`: it is not UTF-8");
    let mut missing = value();
    missing["create"] = json!(false);
    assert_eq!(message(Fake::new(), missing), "failed to edit `/etc/app.ini`: nothing is there");
    let full = Fake::new().dir("/etc").fault(Fault::NoSpace, "/etc");
    assert_eq!(message(full, value()), "failed to write `/etc/app.ini`: No space left on device");
}
