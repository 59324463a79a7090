//! What is known of a common name, and how the programs tell it.

use serde::Deserialize;

/// A link that changes together with the chosen alternative.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slave {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) link: String,
}

/// Something that a name can mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) path: String,
    pub(super) priority: i64,
    pub(super) family: Option<String>,
    pub(super) slaves: Vec<Slave>,
}

/// All that a name can mean, and what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) link: Option<String>,
    pub(super) is_auto: bool,
    pub(super) value: Option<String>,
    pub(super) choices: Vec<Choice>,
}

impl Group {
    /// What `update-alternatives --query` of Debian says; `None` when that is nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut group = Self::default();
        let mut links: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if let Some(slave) = line.strip_prefix(' ') {
                let Some((name, place)) = slave.split_once(' ') else { continue };
                match group.choices.last_mut() {
                    None => links.push((name.to_owned(), place.to_owned())),
                    Some(choice) => {
                        let link = links.iter().find(|(other, _)| other == name).map(|(_, link)| link.clone()).unwrap_or_default();
                        choice.slaves.push(Slave { name: name.to_owned(), path: place.to_owned(), link });
                    }
                }
                continue;
            }
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match key {
                "Link" => group.link = Some(value.to_owned()),
                "Status" => group.is_auto = value == "auto",
                "Value" => group.value = Some(value.to_owned()).filter(|value| value != "none"),
                "Alternative" => {
                    group.choices.push(Choice { path: value.to_owned(), priority: 0, family: None, slaves: Vec::new() });
                }
                "Priority" => {
                    if let Some(choice) = group.choices.last_mut() {
                        choice.priority = value.parse().unwrap_or_default();
                    }
                }
                // Only in what is handed on in check mode.
                "Family" => {
                    if let Some(choice) = group.choices.last_mut() {
                        choice.family = Some(value.to_owned());
                    }
                }
                _ => {}
            }
        }
        (!group.choices.is_empty()).then_some(group)
    }

    /// What `alternatives --display` of Red Hat says, which does not tell any links; `None` when that is nothing.
    pub(super) fn parse_display(text: &str) -> Option<Self> {
        let mut group = Self::default();
        for line in text.lines() {
            if let Some((_, status)) = line.split_once(" - status is ") {
                group.is_auto = status.trim_end_matches('.') == "auto";
            } else if let Some(value) = line.trim().strip_prefix("link currently points to ") {
                group.value = Some(value.to_owned());
            } else if let Some(slave) = line.trim().strip_prefix("slave ").or_else(|| line.trim().strip_prefix("follower ")) {
                if let (Some((name, path)), Some(choice)) = (slave.split_once(": "), group.choices.last_mut()) {
                    choice.slaves.push(Slave { name: name.to_owned(), path: path.to_owned(), link: String::new() });
                }
            } else if let Some((path, rest)) = line.split_once(" - ").filter(|(path, _)| path.starts_with('/')) {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let behind = |key: &str| words.windows(2).find(|pair| pair.first() == Some(&key)).and_then(|pair| pair.get(1).copied());
                let priority = behind("priority").and_then(|number| number.parse().ok()).unwrap_or_default();
                group.choices.push(Choice {
                    path: path.to_owned(),
                    priority,
                    family: behind("family").map(str::to_owned),
                    slaves: Vec::new(),
                });
            }
        }
        (!group.choices.is_empty()).then_some(group)
    }

    /// In the form that [`Group::parse`] reads.
    pub(super) fn query(&self) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: &str| text.push_str(&format!("{key}: {value}\n"));
        if let Some(link) = &self.link {
            line("Link", link);
        }
        line("Status", if self.is_auto { "auto" } else { "manual" });
        line("Value", self.value.as_deref().unwrap_or("none"));
        for slave in self.choices.iter().flat_map(|choice| &choice.slaves) {
            text.push_str(&format!(" {} {}\n", slave.name, slave.link));
        }
        for choice in &self.choices {
            text.push_str(&format!("Alternative: {}\nPriority: {}\n", choice.path, choice.priority));
            if let Some(family) = &choice.family {
                text.push_str(&format!("Family: {family}\n"));
            }
            for slave in &choice.slaves {
                text.push_str(&format!(" {} {}\n", slave.name, slave.path));
            }
        }
        text
    }

    /// In automatic mode the highest priority decides.
    pub(super) fn settle(&mut self) {
        if self.is_auto {
            self.value = self.choices.iter().max_by_key(|choice| choice.priority).map(|choice| choice.path.clone());
        }
    }

    pub(super) fn install(&mut self, link: &str, choice: Choice) {
        self.is_auto |= self.choices.is_empty();
        self.link = Some(link.to_owned());
        self.choices.retain(|other| other.path != choice.path);
        self.choices.push(choice);
        self.settle();
    }

    pub(super) fn remove(&mut self, path: &str) {
        self.choices.retain(|choice| choice.path != path);
        // Without what was chosen by hand, the highest priority decides again.
        self.is_auto |= self.value.as_deref() == Some(path);
        self.settle();
    }
}
