//! The options of an `aws_ec2` file.

use crate::base::{Diagnostic, Diagnostics, Span};
use crate::inventory::constructed::{self, Rules, flag};
use crate::yaml::{Mapping, Node, Value};

/// Options beside those of `constructed`.
const KEYS: [&str; 36] = [
    "plugin",
    "regions",
    "filters",
    "include_filters",
    "exclude_filters",
    "hostnames",
    "allow_duplicated_hosts",
    "strict_permissions",
    "hostvars_prefix",
    "hostvars_suffix",
    "use_contrib_script_compatible_sanitization",
    "use_contrib_script_compatible_ec2_tag_keys",
    "cache",
    "cache_plugin",
    "cache_timeout",
    "cache_connection",
    "cache_prefix",
    "profile",
    "aws_profile",
    "boto_profile",
    "access_key",
    "aws_access_key",
    "aws_access_key_id",
    "secret_key",
    "aws_secret_key",
    "aws_secret_access_key",
    "session_token",
    "security_token",
    "aws_session_token",
    "aws_security_token",
    "endpoint_url",
    "endpoint",
    "ec2_url",
    "assume_role_arn",
    "iam_role_arn",
    "role_arn",
];

/// What EC2 is asked and what becomes of the answer.
pub struct Config {
    /// The file as a whole, for messages.
    pub span: Span,
    /// The regions to ask; empty: the one the SDK finds in environment or profile.
    pub regions: Vec<String>,
    /// One question per entry, each a list of filters that must all hold; an instance counts that is in one of the answers.
    pub include: Vec<Filters>,
    /// Instances in one of these answers do not count.
    pub exclude: Vec<Filters>,
    /// Where the name of a host comes from, best first.
    pub hostnames: Vec<HostnameRule>,
    /// An instance is a host under every name that the rules give.
    pub allow_duplicates: bool,
    /// Not being allowed to ask is an error, not an empty answer.
    pub strict_permissions: bool,
    /// Put in front of the names of all variables.
    pub hostvars_prefix: String,
    /// Put behind the names of all variables.
    pub hostvars_suffix: String,
    /// Variables `ec2_tag_NAME`.
    pub contrib_tag_keys: bool,
    /// Profile of `~/.aws`.
    pub profile: Option<String>,
    /// Access key, secret key and session token written in the file.
    pub keys: Option<(String, String, Option<String>)>,
    /// Another endpoint.
    pub endpoint: Option<String>,
    /// The role to assume.
    pub role: Option<String>,
    /// Seconds that an answer is kept; `None`: not at all.
    pub cache_timeout: Option<u64>,
    /// Folder of kept answers.
    pub cache_dir: Option<String>,
    /// `compose`, `groups`, `keyed_groups`.
    pub rules: Rules,
}

/// Filters of EC2: name and values, of which one must hold.
pub type Filters = Vec<(String, Vec<String>)>;

/// Where the name of a host comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostnameRule {
    /// An EC2 filter name, `tag:NAME`, or text with several tags.
    pub name: String,
    /// Put in front: itself a rule.
    pub prefix: Option<String>,
    /// Between prefix and name.
    pub separator: String,
}

impl Config {
    /// Reads the top level of the file.
    ///
    /// # Errors
    /// Unknown options and values of the wrong kind, all of them.
    pub fn parse(root: &Node) -> Result<Self, Diagnostics> {
        let mut errors = Diagnostics::default();
        constructed::check_keys(root, &KEYS, &constructed::KEYS, &mut errors);
        let empty = Mapping::default();
        let map = root.as_map().unwrap_or(&empty);
        if let Some(plugin) = map.get("cache_plugin").filter(|node| !matches!(node.as_str(), Some("jsonfile" | "ansible.builtin.jsonfile")))
        {
            errors.push(Diagnostic::at(&plugin.span, "the only cache plugin is `jsonfile`"));
        }
        if let Some(node) = map.get("use_contrib_script_compatible_sanitization").filter(|node| matches!(node.value, Value::Bool(true))) {
            errors.push(Diagnostic::at(
                &node.span,
                "`use_contrib_script_compatible_sanitization` is not supported: names of groups are always made safe",
            ));
        }
        let mut include: Vec<Filters> = map.get("filters").map(|node| filters(node, &mut errors)).into_iter().collect();
        include.extend(filter_list(map, "include_filters", &mut errors));
        if include.is_empty() {
            include.push(Filters::new());
        }
        let exclude = filter_list(map, "exclude_filters", &mut errors);
        let caches = flag(map, "cache", false, &mut errors);
        let text = |names: &[&str]| names.iter().find_map(|name| map.get(name)).and_then(Node::as_str).map(str::to_owned);
        let access = text(&["access_key", "aws_access_key", "aws_access_key_id"]);
        let secret = text(&["secret_key", "aws_secret_key", "aws_secret_access_key"]);
        let token = text(&["session_token", "security_token", "aws_session_token", "aws_security_token"]);
        let config = Self {
            span: root.span.clone(),
            regions: texts(map, "regions", &mut errors),
            include,
            exclude,
            hostnames: hostname_rules(map, &mut errors),
            allow_duplicates: flag(map, "allow_duplicated_hosts", false, &mut errors),
            strict_permissions: flag(map, "strict_permissions", true, &mut errors),
            hostvars_prefix: text(&["hostvars_prefix"]).unwrap_or_default(),
            hostvars_suffix: text(&["hostvars_suffix"]).unwrap_or_default(),
            contrib_tag_keys: flag(map, "use_contrib_script_compatible_ec2_tag_keys", false, &mut errors),
            profile: text(&["profile", "aws_profile", "boto_profile"]),
            keys: access.zip(secret).map(|(access, secret)| (access, secret, token)),
            endpoint: text(&["endpoint_url", "endpoint", "ec2_url"]),
            role: text(&["assume_role_arn", "iam_role_arn", "role_arn"]),
            cache_timeout: caches.then(|| seconds(map, &mut errors)),
            cache_dir: text(&["cache_connection"]),
            rules: Rules::parse(root, &mut errors),
        };
        if errors.has_errors() { Err(errors) } else { Ok(config) }
    }
}

fn seconds(map: &Mapping, errors: &mut Diagnostics) -> u64 {
    match map.get("cache_timeout").map(|node| (&node.value, node)) {
        None => 3600,
        Some((Value::Int(seconds), _)) if *seconds >= 0 => seconds.unsigned_abs(),
        Some((_, node)) => {
            errors.push(Diagnostic::at(&node.span, "`cache_timeout` must be a number of seconds"));
            0
        }
    }
}

fn texts(map: &Mapping, name: &str, errors: &mut Diagnostics) -> Vec<String> {
    let Some(node) = map.get(name) else { return Vec::new() };
    values(node).unwrap_or_else(|| {
        errors.push(Diagnostic::at(&node.span, format!("`{name}` must be a list of texts, found {}", node.kind_name())));
        Vec::new()
    })
}

/// The values of a filter: one, or a list.
fn values(node: &Node) -> Option<Vec<String>> {
    let scalar = |node: &Node| match &node.value {
        Value::Str { text, .. } => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(value) => Some(value.to_string()),
        Value::Float(value) => Some(value.to_string()),
        _ => None,
    };
    match node.as_list() {
        Some(items) => items.iter().map(scalar).collect(),
        None => scalar(node).map(|value| vec![value]),
    }
}

fn filters(node: &Node, errors: &mut Diagnostics) -> Filters {
    let Some(map) = node.as_map() else {
        if !node.is_null() {
            errors.push(Diagnostic::at(&node.span, format!("filters must be a mapping, found {}", node.kind_name())));
        }
        return Filters::new();
    };
    let mut filters = Filters::new();
    for entry in &map.entries {
        let name = entry.key.as_str().unwrap_or_default();
        match values(&entry.value) {
            Some(values) => filters.push((name.to_owned(), values)),
            None => errors.push(Diagnostic::at(&entry.value.span, format!("the filter `{name}` needs a value or a list of values"))),
        }
    }
    filters
}

fn filter_list(map: &Mapping, name: &str, errors: &mut Diagnostics) -> Vec<Filters> {
    match map.get(name) {
        None => Vec::new(),
        Some(node) => match node.as_list() {
            Some(items) => items.iter().map(|item| filters(item, errors)).collect(),
            None => {
                errors.push(Diagnostic::at(&node.span, format!("`{name}` must be a list of mappings, found {}", node.kind_name())));
                Vec::new()
            }
        },
    }
}

fn hostname_rules(map: &Mapping, errors: &mut Diagnostics) -> Vec<HostnameRule> {
    let plain = |name: &str| HostnameRule { name: name.to_owned(), prefix: None, separator: "_".to_owned() };
    let Some(node) = map.get("hostnames") else { return vec![plain("dns-name"), plain("private-dns-name")] };
    let Some(items) = node.as_list() else {
        errors.push(Diagnostic::at(&node.span, format!("`hostnames` must be a list, found {}", node.kind_name())));
        return Vec::new();
    };
    let mut rules = Vec::new();
    for item in items {
        let rule = match (item.as_str(), item.as_map()) {
            (Some(name), _) => Some(plain(name)),
            (None, Some(fields)) => {
                constructed::check_keys(item, &["name", "prefix", "separator"], &[], errors);
                let field = |name: &str| fields.get(name).and_then(Node::as_str).map(str::to_owned);
                field("name").map(|name| HostnameRule {
                    name,
                    prefix: field("prefix"),
                    separator: field("separator").unwrap_or_else(|| "_".to_owned()),
                })
            }
            _ => None,
        };
        match rule {
            Some(rule) => rules.push(rule),
            None => errors.push(Diagnostic::at(&item.span, "an entry of `hostnames` must be text, or a mapping with `name`")),
        }
    }
    rules
}
