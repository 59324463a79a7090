use super::*;

#[test]
fn every_module_has_a_whole_page() {
    for page in pages(Topic::Module) {
        let text = text(&page, 60);
        assert!(text.contains("Examples") && text.to_lowercase().contains("check mode"), "{}", page.name);
        assert!(page.returns.iter().all(|key| text.contains(key.name)), "{}", page.name);
        let names = page.options.iter().flat_map(|option| std::iter::once(option.name.as_str()).chain(option.aliases.iter().copied()));
        names.for_each(|name| assert!(text.contains(name), "`{name}` of {}", page.name));
    }
}

#[test]
fn prose_is_wrapped_at_words() {
    for page in Topic::ALL.into_iter().flat_map(pages) {
        let text = anstream::adapter::strip_str(&text(&page, 60)).to_string();
        let prose = text.split("\nExample").next().unwrap_or_default();
        for line in prose.lines().filter(|line| line.starts_with("      ") && line.trim().contains(' ')) {
            assert!(line.chars().count() <= 60, "{}: {line}", page.name);
        }
    }
}

#[test]
fn every_snippet_is_a_task_with_all_options() {
    for page in pages(Topic::Module) {
        let snippet = snippet(&page);
        let name = page.names.first().unwrap_or(&page.name);
        let tasks: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_yaml::from_str(&snippet).unwrap_or_else(|error| panic!("{}: {error}\n{snippet}", page.name));
        assert!(tasks.len() == 1 && tasks[0].contains_key(name), "{snippet}");
        // What is commented out is YAML too, once it is taken in.
        let filled = snippet.replace("    # ", "    ");
        let tasks: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_yaml::from_str(&filled).unwrap_or_else(|error| panic!("{}: {error}\n{filled}", page.name));
        let written = tasks[0][name].as_object().map(serde_json::Map::len).unwrap_or_default();
        assert_eq!(written, page.options.len(), "{snippet}");
    }
}

#[test]
fn names_are_found_with_and_without_their_collections() {
    assert_eq!(find(Topic::Module, "ansible.builtin.copy").map(|page| page.name).as_deref(), Some("copy"));
    assert_eq!(find(Topic::Module, "ansible.builtin.include_role").map(|page| page.name).as_deref(), Some("include_role"));
    assert!(find(Topic::Module, "community.docker.copy").is_none());
    assert_eq!(find(Topic::Filter, "d").map(|page| page.name).as_deref(), Some("default"));
    assert_eq!(near(&[Topic::Filter], "ternry").as_deref(), Some("did you mean `ternary`?"));
}

#[test]
fn keywords_say_all_their_places() {
    let page = find(Topic::Keyword, "collections").unwrap();
    assert!(page.places.contains(&"play") && page.places.contains(&"role metadata"), "{:?}", page.places);
    assert!(find(Topic::Keyword, "debugger").is_none(), "a keyword that does not work has no page");
}

#[test]
fn everything_has_a_summary() {
    for page in Topic::ALL.into_iter().flat_map(pages) {
        assert!(page.summary.len() > 3 && !page.summary.ends_with('.'), "{} `{}`: {}", page.topic.name(), page.name, page.summary);
    }
}

#[cfg(test)]
mod language {
    use crate::playbook::language::ACTIONS;

    #[test]
    fn every_option_is_documented() {
        for option in ACTIONS.iter().flat_map(|action| action.options) {
            assert!(option.doc.ends_with('.') && !option.doc.contains("  "), "{}", option.name);
        }
    }
}
