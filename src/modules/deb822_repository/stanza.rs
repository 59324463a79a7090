//! The text of a source in the deb822 style; see sources.list(5).

use super::Arguments;

/// The name of the files of a source: lower case, `-` for blanks and `_`, nothing but letters, digits and `-`.
pub(super) fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let dashed = lower.chars().map(|c| if c.is_whitespace() || c == '_' { '-' } else { c });
    dashed.filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

/// The fields that are given, in the order of the names of their options.
pub(super) fn text(args: &Arguments, signed_by: Option<&str>) -> Result<String, String> {
    let flag = |value: Option<bool>| value.map(|value| (if value { "yes" } else { "no" }).to_owned());
    let list = |value: &Option<Vec<String>>| value.as_ref().map(|items| items.join(" "));
    let fields = [
        ("Allow-Downgrade-To-Insecure", flag(args.allow_downgrade_to_insecure)),
        ("Allow-Insecure", flag(args.allow_insecure)),
        ("Allow-Weak", flag(args.allow_weak)),
        ("Architectures", list(&args.architectures)),
        ("By-Hash", flag(args.by_hash)),
        ("Check-Date", flag(args.check_date)),
        ("Check-Valid-Until", flag(args.check_valid_until)),
        ("Components", list(&args.components)),
        ("Date-Max-Future", args.date_max_future.map(|seconds| seconds.to_string())),
        ("Enabled", flag(args.enabled)),
        ("Inrelease-Path", args.inrelease_path.clone()),
        ("Languages", list(&args.languages)),
        ("X-Repolib-Name", Some(args.name.clone())),
        ("Pdiffs", flag(args.pdiffs)),
        ("Signed-By", signed_by.map(block)),
        ("Suites", list(&args.suites)),
        ("Targets", list(&args.targets)),
        ("Trusted", flag(args.trusted)),
        ("Types", Some(args.types.join(" "))),
        ("URIs", list(&args.uris)),
    ];
    let mut text = String::new();
    for (name, value) in fields {
        let Some(value) = value else { continue };
        if name != "Signed-By" && value.contains(['\n', '\r']) {
            return Err(format!("the field `{name}` has a line break"));
        }
        let blank = if value.starts_with('\n') { "" } else { " " };
        text.push_str(&format!("{name}:{blank}{value}\n"));
    }
    Ok(text)
}

/// A key as it stands in a field: on lines of its own, with a dot for an empty one.
fn block(key: &str) -> String {
    let key = key.trim();
    if !key.contains('\n') {
        return key.to_owned();
    }
    key.lines().map(|line| format!("\n    {}", if line.trim().is_empty() { "." } else { line.trim() })).collect()
}
