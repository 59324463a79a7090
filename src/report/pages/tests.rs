use super::*;
use crate::event::Status;
use crate::journal::{End, Journal, Start, State};
use crate::report::record::testing::{self, HOSTILE};

fn about() -> About {
    let start = Start {
        kconf: "0.1.0".to_owned(),
        started: "2026-11-29T01:25:13Z".to_owned(),
        user: "ops".to_owned(),
        directory: format!("/srv/{HOSTILE}"),
        command: vec!["run".to_owned(), "--extra-vars=a=<b>".to_owned(), "site.yml".to_owned()],
        playbooks: vec!["site.yml".to_owned()],
        inventory: vec!["hosts".to_owned()],
        limit: Some("web:!<db>".to_owned()),
        check: false,
        resumes: Some(41),
    };
    let end = End { code: 2, at_ms: 12_345, ..End::default() };
    About::new(&Journal { id: 42, path: "x".into(), start: Some(start), state: State::Ended(end) }, 1)
}

fn page(page: Page) -> String {
    render(page, Some(&about()), &testing::record(&testing::events())).unwrap()
}

#[test]
fn html_shows_all_and_escapes_all() {
    let html = page(Page::Html);
    assert!(!html.contains("<script") && !html.contains("alert('x')") && !html.contains('\u{1b}') && !html.contains('\0'));
    // Nothing is loaded from elsewhere.
    assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("src=") && !html.contains("@import"));
    for expected in
        ["Web &lt;servers&gt;", "&lt;script&gt;", "What failed", "no such disk", "site.yml:8:7", "{{ 7 * 7 }}", "goes on with", "1 line of"]
    {
        assert!(html.contains(expected), "{expected}");
    }
    for status in [Status::Ok, Status::Changed, Status::Skipped, Status::Failed, Status::Unreachable] {
        let word = serde_json::to_value(status).unwrap();
        assert!(html.contains(&format!("<span class=\"pill {0}\">{0}</span>", word.as_str().unwrap())), "{word}");
    }
    assert!(html.contains(">ignored</span>") && html.contains(">rescued</span>"));
    assert!(html.contains("<span class=\"del\">-old"));
    // What failed stands before what went well.
    assert!(html.find("What failed") < html.find("<h2>Hosts</h2>"));
}

#[test]
fn html_is_well_formed() {
    // All but the document type and the elements without an end is XML.
    let html = page(Page::Html).replace("<!DOCTYPE html>", "").replace(" checked>", "/>");
    let html = [
        "<meta charset=\"utf-8\">",
        "content=\"light dark\">",
        "initial-scale=1\">",
        "'unsafe-inline'\">",
        "id=\"show-changes\">",
        "id=\"show-failures\">",
    ]
    .iter()
    .fold(html, |html, tag| html.replace(tag, &tag.replace('>', "/>")));
    if let Err(error) = roxmltree::Document::parse(&html) {
        let line = html.lines().nth(error.pos().row as usize - 1).unwrap_or_default();
        panic!("{error}: {line}");
    }
}

#[test]
fn junit_is_xml_whatever_a_host_says() {
    let xml = page(Page::Junit);
    let document = roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{error}\n{xml}"));
    let root = document.root_element();
    let of = |name: &str| root.attribute(name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!([of("tests"), of("failures"), of("errors"), of("skipped"), of("time")], ["12", "2", "1", "1", "12.345"]);
    let suites: Vec<_> = root.children().filter(|node| node.has_tag_name("testsuite")).collect();
    assert_eq!(suites.iter().map(|suite| suite.attribute("name").unwrap()).collect::<Vec<_>>(), ["Nobody", "Web <servers>"]);
    let cases: Vec<_> = suites[1].children().filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(cases.len(), 12);
    let case = |name: &str| *cases.iter().find(|case| case.attribute("name") == Some(name)).unwrap_or_else(|| panic!("no {name}\n{xml}"));
    let child = |name: &str, tag: &str| case(name).children().find(|node| node.has_tag_name(tag));
    let text = |name: &str, tag: &str| child(name, tag).and_then(|node| node.text()).unwrap_or_default().to_owned();
    assert_eq!(child("Break [b]", "failure").unwrap().attribute("message"), Some("non-zero return code"));
    assert!(text("Break [b]", "failure").starts_with("site.yml:8:7\n") && text("Break [b]", "failure").contains("no such disk"));
    assert_eq!(child("Ping [c]", "error").unwrap().attribute("type"), Some("unreachable"));
    assert!(child("base : Write the page [b]", "skipped").is_some());
    // What the playbook says to pass over or handles is no failure of the run.
    assert!(child("May fail [a]", "failure").is_none() && text("May fail [a]", "system-out").contains("ignored, as the playbook says"));
    assert!(child("Is rescued [a]", "failure").is_none() && text("Is rescued [a]", "system-out").contains("rescued"));
    assert!(text("Say it [a]", "system-out").contains("<script>alert('x')</script> & \"quoted\" ]]> red"));
    assert_eq!((case("Ping [a]").attribute("file"), case("Ping [a]").attribute("line")), (Some("site.yml"), Some("1")));
    assert_eq!(case("Ping [a]").attribute("time"), Some("1.500"));
}

#[test]
fn markdown_is_text_and_fences_hold() {
    let text = page(Page::Markdown);
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open.len() && line.trim_matches('`').is_empty() => fence = None,
            Some(_) => {}
            None if ticks >= 3 => fence = Some(&line[..ticks]),
            // Outside of fences no sign of a host begins anything.
            None => assert!(!line.contains("<script") && !line.contains("<!--"), "{line}"),
        }
    }
    assert_eq!(fence, None);
    assert!(text.starts_with("# site.yml: failed\n"), "{text}");
    for expected in [
        "## What failed",
        "### Break: a, b",
        "| a | 5 | 2 | 0 | 1 |",
        "- **changed** base : Write the page (1 changed, 1 skipped)",
        "```diff",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert!(!text.contains("\n\n\n"), "{text}");
}

#[test]
fn json_has_everything() {
    let document: serde_json::Value = serde_json::from_str(&page(Page::Json)).unwrap();
    assert_eq!(document["about"]["id"], 42);
    assert_eq!(document["about"]["result"], "failed");
    assert_eq!(document["plays"][1]["tasks"][7]["results"][0]["outcome"]["rc"], 7);
    assert_eq!(document["failures"].as_array().unwrap().len(), 2);
    assert_eq!(document["recap"][2]["unreachable"], 1);
}

#[test]
fn a_run_of_which_nothing_is_known_can_be_shown() {
    let journal = Journal { id: 1, path: "x".into(), start: None, state: State::Died };
    for kind in [Page::Html, Page::Markdown, Page::Junit, Page::Json] {
        for about in [None, Some(About::new(&journal, 0))] {
            assert!(!render(kind, about.as_ref(), &Record::default()).unwrap().is_empty());
        }
    }
}

#[test]
fn what_is_hidden_stays_hidden() {
    for kind in [Page::Html, Page::Markdown, Page::Junit, Page::Json] {
        let text = page(kind);
        assert!(text.contains("Hidden") && !text.contains("hunter2"));
    }
}
