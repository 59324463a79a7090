//! What people see when a template is wrong.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::sync::Arc;

use super::{Binding, MapScope, Scope, Templates, Value};
use crate::base::Source;
use crate::yaml::{Node, load};

fn vars(text: &str) -> Node {
    load(&Source::new("vars.yml", text)).unwrap().unwrap()
}

/// Renders the entry `msg` of `task` with the variables of `vars`; the message.
fn message(variables: &str, task: &str) -> String {
    let scope: Arc<dyn Scope> = Arc::new(MapScope::new().with_node(&vars(variables)));
    let node = load(&Source::new("task.yml", task)).unwrap().unwrap();
    let node = node.as_map().unwrap().get("msg").unwrap();
    Templates::without_vault().render_node(node, &scope).expect_err(task).to_string()
}

#[test]
fn an_undefined_variable_is_named_with_its_place_and_what_was_meant() {
    assert_eq!(
        message("servers: []", "msg: \"list of {{ server | join(', ') }}\""),
        "error: `server` is undefined\n --> task.yml:1:18\n  |\n1 | msg: \"list of {{ server | join(', ') }}\"\n  |                  ^^^^^^\n  hint: did you mean `servers`?"
    );
}

#[test]
fn a_missing_key_is_named_with_the_way_to_it() {
    assert_eq!(
        message("db: {host: a, port: 1}", "msg: '{{ db.hots }}'"),
        "error: `db` has no key `hots`\n --> task.yml:1:10\n  |\n1 | msg: '{{ db.hots }}'\n  |          ^^^^^^^\n  hint: did you mean `host`?"
    );
    assert!(message("l: [1, 2]", "msg: '{{ l[5] }}'").starts_with("error: `l`, a `list`, has no element `5`"));
    assert!(message("n: 5", "msg: '{{ n.x.y }}'").starts_with("error: `n`, a `int`, has no attribute `x`"));
}

#[test]
fn a_fault_inside_of_a_variable_shows_both_places() {
    let shown = message("url: \"http://{{ host }}:{{ prot }}\"\nhost: h\nport: 80", "msg: |\n  first line\n  see {{ url }}");
    assert!(shown.starts_with("error: `prot` is undefined\n --> vars.yml:1:28"), "{shown}");
    assert!(shown.contains("::: task.yml:3:10"), "{shown}");
    assert!(shown.contains("variable `url` is used here") && shown.contains("did you mean `port`?"), "{shown}");
}

#[test]
fn cycles_name_the_variables() {
    let shown = message("a: '{{ b }}'\nb: '{{ c.x }}'\nc: {x: '{{ a }}'}", "msg: '{{ a }}'");
    assert!(
        shown.contains("variable `a` refers to itself: `a` → `b` → `a`") || shown.contains("refers to itself: `a` → `b` → `c` → `a`"),
        "{shown}"
    );
}

#[test]
fn syntax_errors_point_into_the_text() {
    for (task, text, place) in [
        ("msg: '{{ a b }}'", "unexpected `b`", "task.yml:1:12"),
        ("msg: '{% if a %}x'", "`{% if %}` has no `{% endif %}`", "task.yml:1"),
        ("msg: |\n  ok\n  {{ x | nofilter }}", "unknown filter `nofilter`", "task.yml:3:10"),
        ("msg: '{{ x | defualt(1) }}'", "did you mean `default`?", "task.yml:1:14"),
        ("msg: '{{ x is defind }}'", "unknown test `defind`", "task.yml:1:15"),
        ("msg: '{{ 1 + }}'", "the expression ends too early", "task.yml:1:14"),
        ("msg: '{{ a } b'", "here is only one `}`", "task.yml:1:12"),
        ("msg: '{{ a'", "`{{` is never closed by `}}`", "task.yml:1:7"),
        ("msg: \"{{ a | join(', ) }}\"", "this quote is never closed", "task.yml:1:19"),
        ("msg: '{{ a[{{ b }}] }}'", "without braces: `b`", "task.yml:1:12"),
        ("msg: '{{ a ? b }}'", "use `A if CONDITION else B`", "task.yml:1:12"),
        ("msg: '{% for i in a %}{% endif %}'", "`{% for %}` is open here", "task.yml:1:26"),
        ("msg: '{{ lookup(\"fiel\", 1) }}'", "did you mean `file`?", "task.yml:1:17"),
        ("msg: '{{ upper(a) }}'", "`upper` is a filter: write `value | upper`", "task.yml:1:10"),
    ] {
        let shown = message("x: 1", task);
        assert!(shown.contains(text) && shown.contains(place), "{task}\n{shown}");
    }
}

#[test]
fn wrong_types_say_which() {
    for (expression, text) in [
        ("1 + 'a'", "`+` cannot be applied to `int` and `str`"),
        ("'10' > 5", "convert the text with `| int`"),
        ("'a' in 5", "`in` needs a list, a mapping or a text on its right, not `int`"),
        ("[1] | join(', ', 'x', 'y')", "filter `join` takes at most 2 arguments"),
        ("'a' | indent(widht=2)", "filter `indent` has no argument `widht`"),
        ("'x'.foo()", "a `str` has no method `foo`"),
        ("'x'.uper()", "did you mean `upper`?"),
        ("5 | first", "`first`: `int` cannot be iterated over"),
        ("{'a': 1}.items", "call it: put `()` behind its name"),
        ("x()", "unknown function `x`"),
        ("lookup('fil', 'a')", "did you mean `file`?"),
        ("lookup('file', '/no/such')", "lookup `file`: file `/no/such` was not found"),
        ("1 / 0", "division by zero"),
        ("'%d' % 'x'", "`%d` needs a number, not `str`"),
    ] {
        let shown = message("x: 1", &format!("msg: \"{{{{ {expression} }}}}\""));
        assert!(shown.contains(text), "{expression}\n{shown}");
    }
}

#[test]
fn conditions_should_be_booleans() {
    let templates = Templates::without_vault();
    let scope: Arc<dyn Scope> = Arc::new(MapScope::new().with_node(&vars("x: 5\nflag: 'yes'\nt: '{{ x == 5 }}'")));
    let condition = |text: &str| {
        let node = load(&Source::new("task.yml", format!("when: {text}"))).unwrap().unwrap();
        templates.condition(node.as_map().unwrap().get("when").unwrap(), &scope).map_err(|error| error.to_string())
    };
    assert_eq!(condition("[x == 5, flag | bool]"), Ok(true));
    assert_eq!(condition("[x == 5, no]"), Ok(false));
    assert_eq!(condition("t"), Ok(true));
    assert_eq!(condition("'{{ t }}'"), Ok(true));
    assert_eq!(condition("'not {{ t }}'"), Ok(false));
    assert_eq!(templates.take_warnings(), Vec::<String>::new());
    assert_eq!(condition("flag"), Ok(true));
    assert_eq!(condition("x - 5"), Ok(false));
    let warnings = templates.take_warnings();
    assert!(warnings[0].contains("a condition should be true or false, this is a `str`, taken as true"), "{warnings:?}");
    assert!(warnings[1].contains("this is a `int`, taken as false"), "{warnings:?}");
    assert!(condition("y > 1").unwrap_err().contains("`y` is undefined\n --> task.yml:1:7"));
}

#[test]
fn checks_need_no_variables() {
    let templates = Templates::without_vault();
    let node = load(&Source::new("task.yml", "a: '{{ x | nope }}'\nb: ['{{ y is nope }}', '{{ fine }}']\nc: !unsafe '{{ x | nope }}'"))
        .unwrap()
        .unwrap();
    let shown = templates.check_syntax(&node).to_string();
    assert!(shown.contains("unknown filter `nope`") && shown.contains("unknown test `nope`") && !shown.contains(":3:"), "{shown}");
    let node = load(&Source::new("task.yml", "when: '{{ x }}'")).unwrap().unwrap();
    let shown = templates.check_condition(node.as_map().unwrap().get("when").unwrap()).to_string();
    assert!(shown.starts_with("warning: a condition is an expression already") && shown.contains("write `x`"), "{shown}");
}

#[test]
fn files_name_their_own_place_and_the_included_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("part.j2"), "line\n  {{ nowhere.x }}\n").unwrap();
    let templates = Templates::without_vault();
    let scope: Arc<dyn Scope> = Arc::new(MapScope::new().with_search_path(vec![folder.path().to_path_buf()]));
    let render = |text: &str| {
        let source = Source::new(folder.path().join("main.j2").display().to_string(), text);
        templates.render_file(&source, &scope, &super::FileOptions::default()).unwrap_err().to_string()
    };
    let shown = render("a\n{% include 'part.j2' %}");
    assert!(shown.contains("`nowhere` is undefined") && shown.contains("part.j2:2:6"), "{shown}");
    let shown = render("a\n{% include 'other.j2' %}");
    assert!(shown.contains("there is no template `other.j2`") && shown.contains("main.j2:2:12") && shown.contains("looked in"), "{shown}");
    let shown = render("#jinja2: trim_blokcs: False\nx");
    assert!(shown.contains("unknown override `trim_blokcs`") && shown.contains("did you mean `trim_blocks`?"), "{shown}");
}

/// A scope whose variables never end.
struct Endless;

impl Scope for Endless {
    fn get(&self, name: &str) -> Option<Binding> {
        let number: u64 = name.strip_prefix('v')?.parse().ok()?;
        let text = format!("{{{{ v{} }}}}", number + 1);
        Some(Binding::Template(Arc::new(Node::text(crate::base::Span::synthetic("endless"), text))))
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// On the stack a thread of the program has.
#[test]
fn what_never_ends_is_an_error_and_not_a_crash() {
    let worker = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(|| {
        let templates = Templates::without_vault();
        let endless: Arc<dyn Scope> = Arc::new(Endless);
        let plain: Arc<dyn Scope> = Arc::new(MapScope::new().with_value("l", Value::from(vec![1])));
        let render = |text: &str, scope: &Arc<dyn Scope>| {
            templates.render_str(text, &crate::base::Span::synthetic("test"), scope).unwrap_err().to_string()
        };
        assert!(render("{{ v1 }}", &endless).contains("levels deep"));
        assert!(render("{{ [v1] }}", &endless).contains("levels deep"));
        assert!(render("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(1) }}", &plain).contains("levels deep"));
        assert!(render("{% set a = [] %}{% set _ = a.append(a) %}{{ a }}", &plain).contains("levels deep"));
        let deep = format!("{{{{ {}1{} }}}}", "(".repeat(500), ")".repeat(500));
        assert!(render(&deep, &plain).contains("recursion"));
        let deep = format!("{{{{ {}1{} }}}}", "[".repeat(140), "]".repeat(140));
        assert!(templates.render_str(&deep, &crate::base::Span::synthetic("test"), &plain).is_err());
    });
    worker.unwrap().join().unwrap();
}
