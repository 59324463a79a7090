use serde_json::{Value, json};

use super::*;
use crate::modules::shared::edit_cases;
use crate::modules::testing::{apply, apply_once, predict};
use crate::system::fake::Fake;

const FILE: &str = "<?xml version='1.0' encoding='UTF-8'?>\n<r><a k=\"1\">t</a><a k=\"2\"/><b/></r>";

#[test]
fn files_become_what_they_become_with_ansible() {
    edit_cases::check(&MODULE, include_str!("cases.json"));
}

/// What `xpath` finds in a document, as lxml finds it.
#[test]
fn xpath_finds_what_it_should() {
    let text = "<?xml version=\"1.0\"?>\n<r xmlns:x=\"u:x\" a=\"1\"><b id=\"k1\" n=\"10\">Roch&amp;fort</b><b id=\"k2\" n=\"20\"><![CDATA[<raw>]]></b>\
                <x:b n=\"30\">t1<i/>t2</x:b><c xml:lang=\"en-GB\">Comp</c><!-- in --><?p two?><d xmlns=\"u:d\"><e/><f>  sp  ace </f></d></r>";
    for (xpath, number) in [
        ("/r/b", 2),
        ("//b", 2),
        ("(//b)[2]", 1),
        ("//*[1]", 4),
        ("//b[last()]/@id", 1),
        ("//@*", 7),
        ("//x:b", 1),
        ("//x:*", 1),
        ("//y:e", 1),
        ("//e", 0),
        ("//*[local-name()='e']", 1),
        ("//*[namespace-uri()='u:d']", 3),
        ("//*[name()='x:b']", 1),
        ("/r/node()", 7),
        ("//text()", 6),
        ("//comment()", 1),
        ("//processing-instruction('p')", 1),
        ("//processing-instruction('q')", 0),
        ("/r/b[text()='Roch&fort']", 1),
        ("/r/b[starts-with(@id, 'k') and not(@n = 10)]", 1),
        ("/r/b[1]/following-sibling::*", 4),
        ("/r/c/preceding-sibling::*[1][self::x:b]", 1),
        ("//i/ancestor-or-self::*", 3),
        ("//i/preceding::b | //i/..", 3),
        ("//b[1]/following::*", 7),
        ("/r/c[lang('EN')]", 1),
        ("/r/b[@n mod 20 = 0]", 1),
        ("//b[@n = //x:b/@n - 10]", 1),
        ("//b[position() < 2 or @id='k2']", 2),
        ("//*[normalize-space(.)='sp ace']", 2),
        ("//b[substring(@id, 2) = '2']", 1),
        ("//b[translate(@id, 'k', '') = '1']", 1),
        ("//b[string-length(@n) * 5 = sum(@n)]", 1),
        ("/r[count(b) > 1.5][round(2.5) = 3][-floor(-1.5) = 2]", 1),
        ("//b[concat(@id, '-', @n) = 'k1-10']", 1),
        ("//b[substring-after(@id, 'k') = number('2')]", 1),
        ("/r[b != 'x'][string(1 div 0) = 'Infinity'][--1 = 1]", 1),
    ] {
        let args = json!({"xmlstring": text, "xpath": xpath, "count": true, "namespaces": {"x": "u:x", "y": "u:d"}});
        assert_eq!(apply(&MODULE, Fake::new(), args).get("count"), &json!(number), "{xpath}");
    }
}

fn message(args: &Value) -> String {
    let mut args = args.clone();
    if args.get("xmlstring").is_none() {
        args["path"] = json!("/f");
    }
    apply_once(&MODULE, Fake::new().file("/f", FILE), args).failure().message.clone()
}

#[test]
fn what_is_wrong_with_an_xpath_is_said_with_its_place() {
    for (xpath, why) in [
        ("/r[", "at character 4: the name of a node is missing"),
        ("/r/b[@n=", "at character 9: the name of a node is missing"),
        ("/q:r", "at character 2: `namespaces` has no prefix `q`"),
        ("//b[contain(a, 'x')]", "at character 5: XPath 1.0 has no function `contain`; did you mean `contains`?"),
        ("//b[contains(a)]", "at character 5: `contains` takes 2 arguments, not 1"),
        ("id('x')", "at character 1: the function `id` is not supported"),
        ("/r/namespace::*", "at character 4: the axis `namespace` is not supported"),
        ("/r/sibling::*", "at character 4: there is no axis `sibling`"),
        ("/r/$v", "at character 4: variables are not supported"),
        ("/r/b]", "at character 5: the expression was at its end here"),
        ("/r/b[.='x]", "at character 8: the text that begins with ' does not end"),
        ("count(//b)", "it finds no nodes, but a text, a number or a truth"),
    ] {
        let said = message(&json!({"xpath": xpath, "count": true}));
        assert!(said.starts_with(&format!("failed to edit `/f`: `xpath: {xpath}`: {why}")), "{said}");
    }
    let deep = format!("/r{}{}", "[b".repeat(100), "]".repeat(100));
    assert!(message(&json!({"xpath": deep, "count": true})).ends_with("the expression is nested too deeply"));
}

#[test]
fn what_does_not_fit_is_refused() {
    for (args, why) in [
        (json!({}), "neither `xpath` nor `pretty_print` says what to do"),
        (
            json!({"xpath": "/r/@a", "value": "x"}),
            "`xpath: /r/@a`: it finds an attribute; let `xpath` find its element and name it in `attribute`",
        ),
        (
            json!({"xpath": "/r", "state": "absent"}),
            "`xpath: /r`: it finds the outermost element or something beside it, which cannot be removed",
        ),
        (json!({"xpath": "/r/a", "value": true}), "`xpath: /r/a`: `true` is no text; put it in quotes"),
        (json!({"xpath": "/r/a", "value": "\u{1}"}), "`xpath: /r/a`: XML cannot hold the character U+0001"),
        (
            json!({"xpath": "/r/a", "attribute": "q:x", "value": "1"}),
            "`xpath: /r/a`: `q:x` is no name; write the namespace itself: `{URI}x`",
        ),
        (json!({"xpath": "/r", "add_children": [5]}), "`xpath: /r`: `5` is neither a name nor a mapping"),
        (json!({"xpath": "/r", "add_children": ["<a>"], "input_type": "xml"}), "`xpath: /r`: `<a>` is no XML: "),
        (json!({"xmlstring": "<r>", "xpath": "/r"}), ""),
    ] {
        let said = message(&args);
        assert!(said.contains(why), "{said}");
    }
    let other = Fake::new().file("/f", "<?xml version=\"1.0\" encoding=\"KOI8-R\"?><r/>");
    let failure = apply_once(&MODULE, other, json!({"path": "/f", "xpath": "/r"}));
    assert!(failure.failure().message.contains("the encoding `koi8-r` is not supported"));
    let missing = apply_once(&MODULE, Fake::new(), json!({"path": "/f", "xpath": "/r"}));
    assert_eq!(missing.failure().message, "failed to edit `/f`: no file is there");
    let directory = apply_once(&MODULE, Fake::new().dir("/f"), json!({"path": "/f", "xpath": "/r"}));
    assert_eq!(directory.failure().message, "failed to edit `/f`: it is not a regular file");
}

#[test]
fn numbers_are_texts_and_a_second_run_changes_nothing() {
    for (args, after) in [
        (json!({"xpath": "/r/b", "value": 11}), "<b>11</b>"),
        (json!({"xpath": "/r/a", "attribute": "k", "value": 1.5}), "k=\"1.5\""),
        (json!({"xpath": "/r/c[@x='1']/d", "value": "v"}), "<c x=\"1\"><d>v</d></c></r>"),
        (json!({"xpath": "/r", "set_children": [{"a": "1"}, "b"]}), "<r><a>1</a><b/></r>"),
        (json!({"xpath": "/r/a", "state": "absent"}), "<r><b/></r>"),
    ] {
        let mut args = args;
        args["path"] = json!("/f");
        let applied = apply(&MODULE, Fake::new().file("/f", FILE), args.clone());
        assert!(applied.changed && applied.machine.text("/f").contains(after), "{}", applied.machine.text("/f"));
        let predicted = predict(&MODULE, Fake::new().file("/f", FILE), args);
        assert_eq!(predicted.diff, applied.diff.clone().into_iter().filter(|_| true).collect::<Vec<_>>());
    }
}
