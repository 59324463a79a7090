use serde_json::json;

use super::super::spec::{Place, Rule};
use super::*;

static USER: &[Opt] = &[
    Opt::new("name", Kind::Str, "Name.").required(),
    Opt::new("level", Kind::Int, "Level.").default("3"),
    Opt::new("token", Kind::Str, "Token.").secret(),
];

static SPEC: Spec = Spec {
    name: "sample",
    collections: &["ansible.builtin"],
    summary: "A sample",
    description: &[],
    options: &[
        Opt::new("path", Kind::Path, "Path.").required().aliases(&["dest", "name"]),
        Opt::new("state", Kind::Str, "State.").choices(&["present", "absent"]).default("\"present\""),
        Opt::new("force", Kind::Bool, "Force.").default("false"),
        Opt::new("tags", Kind::List(&Kind::Str), "Tags.").choices(&["alpha", "beta"]),
        Opt::new("users", Kind::List(&Kind::Dict), "Users.").suboptions(USER),
        Opt::new("password", Kind::Str, "Password.").secret(),
        Opt::new("src", Kind::Str, "Source."),
        Opt::new("content", Kind::Raw, "Content."),
        Opt::new("owner", Kind::Str, "Owner."),
        Opt::new("count", Kind::Int, "Count."),
        Opt::new("_content", Kind::Content, "Content."),
    ],
    rules: &[
        Rule::Exclusive(&["src", "content"]),
        Rule::If("force", "true", &["src"]),
        Rule::IfAny("state", "absent", &["owner", "count"]),
        Rule::By("owner", &["count"]),
    ],
    free_form: None,
    returns: &[],
    examples: "",
    place: Place::Controller,
};

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no mapping"),
    }
}

fn messages(given: Value) -> Vec<String> {
    resolve(&SPEC, map(given)).map_or_else(|errors| errors.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

fn static_messages(given: Value) -> Vec<String> {
    check_static(&SPEC, &map(given), &|text| text.contains("{{")).iter().map(ToString::to_string).collect()
}

#[test]
fn every_option_is_there_coerced_and_under_its_own_name() {
    let args = resolve(&SPEC, map(json!({"dest": "/x", "force": "no", "users": [{"name": 5}], "count": "7"})));
    assert_eq!(
        args.map(|args| Value::Object(args.0)),
        Ok(json!({
            "path": "/x", "state": "present", "force": false, "tags": null,
            "users": [{"name": "5", "level": 3, "token": null}],
            "password": null, "src": null, "content": null, "owner": null, "count": 7, "_content": null,
        }))
    );
}

#[test]
fn everything_wrong_is_told_at_once_with_what_was_meant() {
    assert_eq!(
        messages(json!({"pat": "/x", "state": "presnt", "tags": "alpha,gamma", "count": "many"})),
        [
            "`sample` has no option `pat` (did you mean `path`?)",
            "`sample` needs the option `path`",
            "`state` of `sample` must be one of `present` and `absent`, not `presnt` (did you mean `present`?)",
            "`tags` of `sample` must be one of `alpha` and `beta`, not `gamma`",
            "`count` of `sample` must be a whole number, not `'many'`",
        ]
    );
}

#[test]
fn paths_lead_to_the_suboption() {
    let errors = resolve(&SPEC, map(json!({"path": "/x", "users": [{"name": "a"}, {"nam": "b", "level": "x"}]}))).err().unwrap_or_default();
    let found: Vec<(Vec<String>, bool, &str)> = errors.iter().map(|e| (e.path.clone(), e.is_name, e.message.as_str())).collect();
    let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            (path(&["users", "1", "nam"]), true, "`users.1` of `sample` has no option `nam`"),
            (path(&["users", "1"]), false, "`users.1` of `sample` needs the option `name`"),
            (path(&["users", "1", "level"]), false, "`users.1.level` of `sample` must be a whole number, not `'x'`"),
        ]
    );
}

#[test]
fn rules_between_options() {
    assert_eq!(
        messages(json!({"path": "/x", "src": "a", "content": "b"})),
        ["only one of the options `src` and `content` of `sample` can be given"]
    );
    assert_eq!(messages(json!({"path": "/x", "force": 1})), ["`sample` with `force: true` needs `src`"]);
    assert_eq!(messages(json!({"path": "/x", "state": "absent"})), ["`sample` with `state: absent` needs one of `owner` and `count`"]);
    assert_eq!(messages(json!({"path": "/x", "owner": "a"})), ["`owner` of `sample` needs `count` too"]);
    assert_eq!(messages(json!({"path": "/x", "owner": null})), [""; 0]);
}

#[test]
fn what_holds_a_template_is_not_judged() {
    assert_eq!(static_messages(json!({"path": "{{ p }}", "count": "{{ n }}", "users": [{"name": "{{ x }}", "level": "x"}]})), [""; 0]);
    assert_eq!(static_messages(json!({"path": "/x", "src": "{{ a }}", "content": "{{ b }}"})), [""; 0]);
    assert_eq!(static_messages(json!({"path": "/x", "force": "yes", "src": "{{ a }}"})), [""; 0]);
    assert_eq!(static_messages(json!({"path": "/x", "force": "{{ f }}"})), [""; 0]);
    assert_eq!(
        static_messages(json!({"count": "x", "owner": "{{ o }}"})),
        ["`sample` needs the option `path`", "`count` of `sample` must be a whole number, not `'x'`"]
    );
}

#[test]
fn options_of_ours_cannot_be_written() {
    assert_eq!(messages(json!({"path": "/x", "_content": {}})).len(), 1);
    assert_eq!(check_names(&SPEC, ["path", "_content", "dest"]).len(), 1);
}

#[test]
fn secrets_are_masked_for_display_and_in_errors() {
    let given = map(json!({"path": "/x", "password": "hunter2", "users": [{"name": "a", "token": "t0ken"}]}));
    assert_eq!(
        Value::Object(mask_secrets(SPEC.options, &given)),
        json!({"path": "/x", "password": MASK, "users": [{"name": "a", "token": MASK}]})
    );
    assert_eq!(secret_values(SPEC.options, &given), ["hunter2", "t0ken"]);
    assert_eq!(mask_secrets(SPEC.options, &map(json!({"users": "name=a token=t0ken"}))).get("users"), Some(&Value::from(MASK)));
}
