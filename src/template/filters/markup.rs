//! HTML and XML.

use minijinja::Value;

use crate::template::call::{Call, Filter, def};
use crate::template::data;
use crate::template::fault::{Eval, fault_of};
use crate::template::pattern;
use crate::template::python::show;

pub(super) static TABLE: &[Filter] = &[
    def("escape", &[], "With the characters that HTML gives a meaning written as entities.", "'<a>' | escape", "&lt;a&gt;", |call| {
        Ok(Value::from(escape(&show(&call.input))))
    })
    .also(&["e", "forceescape"]),
    def("safe", &[], "The text itself: nothing is escaped unless asked.", "'<a>' | safe", "<a>", |call| Ok(Value::from(show(&call.input)))),
    def("striptags", &[], "The text without tags and comments, blanks collapsed.", "'<p>a  <b>b</b></p>' | striptags", "a b", |call| {
        let text = show(&call.input);
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, tag)) = rest.split_once('<') {
            out.push_str(before);
            let after = match tag.strip_prefix("!--") {
                Some(comment) => comment.split_once("-->").map(|(_, after)| after),
                None => tag.split_once('>').map(|(_, after)| after),
            };
            match after {
                Some(after) => rest = after,
                None => {
                    out.push('<');
                    rest = tag;
                }
            }
        }
        out.push_str(rest);
        let collapsed: Vec<&str> = out.split_whitespace().collect();
        Ok(Value::from(unescape(&collapsed.join(" "))))
    }),
    def(
        "xmlattr",
        &["autospace"],
        "A mapping as attributes of a tag, without those that are `None` or undefined.",
        "{'id': 'a', 'x': none} | xmlattr",
        " id=\"a\"",
        |call| {
            let mut attributes = Vec::new();
            for (name, value) in call.input_pairs()? {
                if value.is_none() || fault_of(&value).is_some() {
                    continue;
                }
                let name = show(&name);
                if name.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '>' | '=')) {
                    return Err(call.error(format!("`{name}` is no name of an attribute")));
                }
                attributes.push(format!("{}=\"{}\"", escape(&name), escape(&show(&value))));
            }
            let space = if call.is_set(0, true) && !attributes.is_empty() { " " } else { "" };
            Ok(Value::from(format!("{space}{}", attributes.join(" "))))
        },
    ),
    def(
        "urlize",
        &["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"],
        "With links around addresses.",
        "'see www.example.org' | urlize",
        "see <a href=\"https://www.example.org\" rel=\"noopener\">www.example.org</a>",
        urlize,
    ),
];

/// `text` with entities for the characters that HTML gives a meaning.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;").replace('"', "&#34;")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

fn urlize(call: &mut Call<'_, '_>) -> Eval {
    let limit = call.int(0)?.and_then(|limit| usize::try_from(limit).ok());
    let mut rels: Vec<String> = call.text_or(3, "")?.split_whitespace().map(str::to_owned).collect();
    if call.is_set(1, false) {
        rels.push("nofollow".to_owned());
    }
    rels.push("noopener".to_owned());
    rels.sort();
    rels.dedup();
    let schemes: Vec<String> = match call.some(4) {
        Some(schemes) => data::iterate(schemes)?.iter().map(show).collect(),
        None => Vec::new(),
    };
    let rel = format!(" rel=\"{}\"", escape(&rels.join(" ")));
    let target = call.some(2).map(|target| format!(" target=\"{}\"", escape(&show(target)))).unwrap_or_default();
    let shorten = |address: &str| match limit {
        Some(limit) if address.chars().count() > limit => format!("{}...", address.chars().take(limit).collect::<String>()),
        _ => address.to_owned(),
    };
    let web = pattern::compile(
        r"^((https?://|www\.)([\w%-]+\.)+[\w%-]+(:\d+)?|(https?://)?([\w%-]+\.)+(com|net|int|edu|gov|org|info|mil)(:\d+)?)([/?#]\S*)?$",
        true,
        false,
    )?;
    let mail = pattern::compile(r"^\S+@\w[\w.-]*\.\w+$", false, false)?;
    let escaped = escape(&show(&call.input));
    let mut out = String::new();
    for word in escaped.split_inclusive(char::is_whitespace) {
        let (text, space) = word.split_at(word.trim_end().len());
        let head = text.len() - text.trim_start_matches(['(', '<']).len();
        let (head, middle) = text.split_at(head);
        let middle_end = middle.trim_end_matches([')', '>', '.', ',', '\n']).len();
        let (middle, tail) = middle.split_at(middle_end);
        let link = if web.match_start(middle)?.is_some() {
            let address = if middle.starts_with("http://") || middle.starts_with("https://") {
                middle.to_owned()
            } else {
                format!("https://{middle}")
            };
            Some(format!("<a href=\"{address}\"{rel}{target}>{}</a>", shorten(middle)))
        } else if let Some(address) =
            middle.strip_prefix("mailto:").filter(|address| mail.match_start(address).is_ok_and(|found| found.is_some()))
        {
            Some(format!("<a href=\"{middle}\">{address}</a>"))
        } else if middle.contains('@') && !middle.starts_with("www.") && !middle.contains(':') && mail.match_start(middle)?.is_some() {
            Some(format!("<a href=\"mailto:{middle}\">{middle}</a>"))
        } else if schemes.iter().any(|scheme| middle != scheme && middle.starts_with(scheme.as_str())) {
            Some(format!("<a href=\"{middle}\"{rel}{target}>{middle}</a>"))
        } else {
            None
        };
        out.push_str(&format!("{head}{}{tail}{space}", link.as_deref().unwrap_or(middle)));
    }
    Ok(Value::from(out))
}
