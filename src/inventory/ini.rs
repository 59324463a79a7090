//! INI inventories.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::literal;
use super::model::{Inventory, Vars};
use crate::base::shlex;
use crate::base::text::did_you_mean;
use crate::base::{Diagnostic, Diagnostics, Source, Span};
use crate::yaml::Node;

/// What the lines of a section are.
enum Section {
    Hosts(String),
    Children(String),
    Vars(String),
}

/// Reads `source` into `inventory`.
///
/// # Errors
/// Every line that cannot be understood, each with its place.
pub fn read(source: &Arc<Source>, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    let mut reader = Reader { source, inventory, errors: Diagnostics::default(), children: Vec::new(), vars: Vec::new() };
    let mut section = Section::Hosts("ungrouped".to_owned());
    let mut offset = 0;
    for line in source.text().split_inclusive('\n') {
        let start = offset + (line.len() - line.trim_start().len());
        let text = line.trim();
        let range = start..start + text.len();
        offset += line.len();
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        if text.starts_with('[') && !is_host_range(text) {
            if let Some(next) = reader.header(text, range) {
                section = next;
            }
            continue;
        }
        match &section {
            Section::Hosts(group) => reader.host_line(text, range, group),
            Section::Children(parent) => reader.child_line(text, range, parent),
            Section::Vars(group) => reader.vars_line(text, range, group),
        }
    }
    reader.finish()
}

/// `[a:c]x` at the start of a line is a host range, `[web]` a section: a header ends with its bracket.
fn is_host_range(text: &str) -> bool {
    !strip_comment(text).trim_end().ends_with(']')
}

fn strip_comment(text: &str) -> &str {
    match text.find(" #").or_else(|| text.find(" ;")) {
        Some(at) => text.get(..at).unwrap_or(text),
        None => text,
    }
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    inventory: &'a mut Inventory,
    errors: Diagnostics,
    /// `[x:children]` and `[x:vars]` may stand before the groups they name; they are checked at the end.
    children: Vec<(String, String, Span)>,
    vars: Vec<(String, Span)>,
}

impl Reader<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source.clone(), range)
    }

    /// The bytes of `part`, a piece of `text`, which stands at `range`.
    fn place_of(&self, part: &str, text: &str, range: &Range<usize>) -> Range<usize> {
        match text.find(part) {
            Some(at) => range.start + at..range.start + at + part.len(),
            None => range.clone(),
        }
    }

    fn error(&mut self, range: Range<usize>, message: impl Into<String>) {
        let span = self.span(range);
        self.errors.push(Diagnostic::at(&span, message));
    }

    fn header(&mut self, text: &str, range: Range<usize>) -> Option<Section> {
        let inner = strip_comment(text).trim_end().strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or("").trim();
        let (name, kind) = match inner.rsplit_once(':') {
            Some((name, kind)) => (name, Some(kind)),
            None => (inner, None),
        };
        if name.is_empty() {
            self.error(range, "the section has no name");
            return None;
        }
        match kind {
            None => {
                self.inventory.add_group(name);
                Some(Section::Hosts(name.to_owned()))
            }
            Some("hosts") => {
                self.inventory.add_group(name);
                Some(Section::Hosts(name.to_owned()))
            }
            Some("children") => {
                self.inventory.add_group(name);
                Some(Section::Children(name.to_owned()))
            }
            Some("vars") => {
                let span = self.span(range);
                self.vars.push((name.to_owned(), span));
                Some(Section::Vars(name.to_owned()))
            }
            Some(kind) => {
                let span = self.span(range);
                let hint = did_you_mean(kind, ["hosts", "children", "vars"]);
                let place = self.place_of(kind, text, &(span.range()));
                let span = self.span(place);
                let error = Diagnostic::at(&span, format!("unknown kind of section `:{kind}`, expected `:children`, `:vars` or `:hosts`"));
                self.errors.push(error.maybe_hint(hint));
                None
            }
        }
    }

    fn host_line(&mut self, text: &str, range: Range<usize>, group: &str) {
        let tokens = match shlex::split_before_comment(text) {
            Ok(tokens) => tokens,
            Err(why) => {
                let quote = text.find(['"', '\'']).map_or(range.clone(), |at| range.start + at..range.start + at + 1);
                return self.error(quote, why);
            }
        };
        let Some((name, assignments)) = tokens.split_first() else { return };
        let (pattern, port) = split_port(name);
        if name.matches('[').count() != name.matches(']').count() {
            return self.error(range.start..range.start + name.len(), format!("a bracket of `{name}` is never closed"));
        }
        let hosts = match self.inventory.allowance.expand(pattern) {
            Ok(hosts) => hosts,
            Err(why) => {
                let place = match (name.find('['), name.find(']')) {
                    (Some(open), Some(close)) if open < close => open..close + 1,
                    _ => 0..name.len(),
                };
                return self.error(range.start + place.start..range.start + place.end, why);
            }
        };
        let span = self.span(range.clone());
        let mut vars = Vars::new();
        if let Some(port) = port {
            vars.insert("ansible_port".to_owned(), Arc::new(literal::value(port, &span)));
        }
        for assignment in assignments {
            match assignment.split_once('=') {
                Some((key, value)) if !key.is_empty() => {
                    vars.insert(key.to_owned(), Arc::new(literal::value(value, &span)));
                }
                _ => {
                    let place = self.place_of(assignment, text, &range);
                    let span = self.span(place.clone());
                    let error = Diagnostic::at(&span, format!("expected `key=value` behind the host, found `{assignment}`"));
                    let next = assignments.iter().skip_while(|other| *other != assignment).nth(1).filter(|next| !next.contains('='));
                    let hint = match next {
                        Some(value) => format!("write `{assignment}={value}`"),
                        None => "each host stands on a line of its own, its variables behind it".to_owned(),
                    };
                    self.errors.push(error.hint(hint));
                    return;
                }
            }
        }
        for host in hosts {
            self.inventory.add_to_group(&host, group);
            self.inventory.add_host(&host).vars.extend(vars.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
    }

    fn child_line(&mut self, text: &str, range: Range<usize>, parent: &str) {
        let child = strip_comment(text).trim();
        if child.contains([' ', '\t', '=']) {
            return self.error(range, format!("expected the name of one group, found `{child}`"));
        }
        match self.inventory.allowance.expand(child) {
            Ok(names) => {
                for name in names {
                    let span = self.span(range.clone());
                    self.children.push((parent.to_owned(), name, span));
                }
            }
            Err(why) => self.error(range, why),
        }
    }

    fn vars_line(&mut self, text: &str, range: Range<usize>, group: &str) {
        let Some((key, value)) = text.split_once('=') else {
            let span = self.span(range);
            let error = Diagnostic::at(&span, format!("expected `key=value`, found `{text}`"));
            self.errors.push(error.hint(format!("lines below `[{group}:vars]` are variables; hosts go below `[{group}]`")));
            return;
        };
        let key = key.trim();
        let start = range.start + text.len() - value.trim_start().len();
        let span = self.span(start..range.end);
        let node = literal::value(value.trim(), &span);
        set_group_var(self.inventory, group, key, node);
    }

    fn finish(mut self) -> Result<(), Diagnostics> {
        for (name, span) in std::mem::take(&mut self.vars) {
            let declared = self.source.text().lines().any(|line| declares(line, &name)) || name == "all" || name == "ungrouped";
            let is_child = self.children.iter().any(|(_, child, _)| *child == name);
            if !declared && !is_child {
                let hint = did_you_mean(&name, self.inventory.groups.keys().filter(|g| **g != name).map(String::as_str));
                let error = Diagnostic::at(&span, format!("variables for the group `{name}`, which is defined nowhere"));
                self.errors.push(error.maybe_hint(hint));
            }
        }
        for (parent, child, span) in std::mem::take(&mut self.children) {
            let declared = self.inventory.groups.contains_key(&child);
            if !declared {
                let hint = did_you_mean(&child, self.inventory.groups.keys().map(String::as_str));
                let error = Diagnostic::at(&span, format!("the child group `{child}` is defined nowhere"));
                self.errors.push(error.maybe_hint(hint));
            } else if let Err(why) = self.inventory.add_child(&parent, &child) {
                self.errors.push(Diagnostic::at(&span, why));
            }
        }
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}

/// Whether `line` opens the section of hosts or children of the group `name`.
fn declares(line: &str, name: &str) -> bool {
    let inner = strip_comment(line.trim()).trim_end().strip_prefix('[').and_then(|l| l.strip_suffix(']'));
    inner.is_some_and(|inner| inner == name || inner.strip_suffix(":children") == Some(name) || inner.strip_suffix(":hosts") == Some(name))
}

/// Sets a variable of a group; `ansible_group_priority` becomes its priority.
pub fn set_group_var(inventory: &mut Inventory, group: &str, key: &str, node: Node) {
    let group = inventory.add_group(group);
    if key == "ansible_group_priority" {
        let number = match &node.value {
            crate::yaml::Value::Int(number) => Some(*number),
            _ => node.as_str().and_then(|text| text.parse().ok()),
        };
        if let Some(number) = number {
            group.priority = number;
        }
    }
    group.vars.insert(key.to_owned(), Arc::new(node));
}

/// `host:2222` or `[fe80::1]:2222`, but not `fe80::1`.
pub fn split_port(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !inside_range(host) => {
            if host.contains(':') && !host.ends_with(']') {
                return (name, None);
            }
            match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
                Some(inner) if inner.contains("::") || inner.matches(':').count() > 2 => (inner, Some(port)),
                _ => (host, Some(port)),
            }
        }
        _ => (name, None),
    }
}

fn inside_range(host: &str) -> bool {
    host.rfind('[') > host.rfind(']') || (host.contains('[') && !host.contains(']'))
}

/// Whether `path` is an INI file by its name or because it has none of the endings of other formats.
pub fn fits(path: &Path) -> bool {
    !matches!(path.extension().and_then(|e| e.to_str()), Some("yml" | "yaml" | "json" | "toml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Value;

    fn load(text: &str) -> Result<Inventory, Diagnostics> {
        let mut inventory = Inventory::default();
        read(&Source::new("hosts", text), &mut inventory)?;
        inventory.settle();
        Ok(inventory)
    }

    #[test]
    fn reads_hosts_groups_children_and_variables() {
        let inventory = load(
            "lone ansible_host=10.0.0.9 # comment\n[web]\nweb[1:2]:2200 color='dark red' size=5\n[prod:children]\nweb\n[prod:vars]\nregion=ap-northeast-2\nflag=True\nlist=[1, 2]\n",
        )
        .unwrap();
        assert_eq!(inventory.group_hosts("prod"), ["web1", "web2"]);
        assert_eq!(inventory.group_hosts("ungrouped"), ["lone"]);
        let var = |host: &str, name: &str| inventory.host_var(host, name).map(|n| n.value.clone());
        assert!(matches!(var("web1", "ansible_port"), Some(Value::Int(2200))));
        assert!(matches!(var("web2", "size"), Some(Value::Int(5))));
        assert_eq!(inventory.host_var("web1", "color").unwrap().as_str(), Some("dark red"));
        assert!(matches!(var("web1", "flag"), Some(Value::Bool(true))));
        assert_eq!(inventory.host_var("web1", "list").unwrap().as_list().map(<[Node]>::len), Some(2));
    }

    #[test]
    fn mistakes_point_at_their_line() {
        let error = load("[web]\nweb1 oops\n").unwrap_err().to_string();
        assert!(error.contains("hosts:2:6") && error.contains("expected `key=value`"), "{error}");
        let error = load("[web:childen]\n").unwrap_err().to_string();
        assert!(error.contains("did you mean `children`?"), "{error}");
        let error = load("[prod:children]\nwbe\n[web]\na\n").unwrap_err().to_string();
        assert!(error.contains("did you mean `web`?"), "{error}");
        let error = load("[wbe:vars]\nx=1\n[web]\na\n").unwrap_err().to_string();
        assert!(error.contains("defined nowhere"), "{error}");
    }
}
