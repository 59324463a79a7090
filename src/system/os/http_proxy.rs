//! Which proxy is between this machine and an HTTP server.

use std::collections::BTreeMap;

use crate::base::url::Url;

/// The proxy that the variables name for `url`, in lower case before upper case.
pub(super) fn proxy_for(url: &Url, variables: &BTreeMap<String, String>) -> Option<Url> {
    let variable = |name: &str| {
        let value = variables.get(name).or_else(|| variables.get(&name.to_uppercase()));
        value.map(String::as_str).filter(|value| !value.is_empty())
    };
    if variable("no_proxy").is_some_and(|list| is_excepted(url, list)) {
        return None;
    }
    let text = variable(&format!("{}_proxy", url.scheme)).or_else(|| variable("all_proxy"))?;
    Url::parse(text).or_else(|| Url::parse(&format!("http://{text}")))
}

fn is_excepted(url: &Url, list: &str) -> bool {
    let host = url.host.trim_matches(['[', ']']).to_lowercase();
    list.split(',').map(|entry| entry.trim().to_lowercase()).filter(|entry| !entry.is_empty()).any(|entry| {
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.contains(':') => (name, port.parse().ok()),
            _ => (entry.as_str(), None),
        };
        let name = name.trim_start_matches("*.").trim_start_matches('.');
        let in_domain = host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
        entry == "*" || (in_domain && (port.is_none() || port == url.port))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_name_the_proxy() {
        let table = [
            ("http://a.example/", "", Some("p")),
            ("https://a.example/", "", Some("s")),
            ("http://a.example/", "example", None),
            ("http://a.example/", ".example,x", None),
            ("http://aexample/", "example", Some("p")),
            ("http://a.example:81/", "a.example:80", Some("p")),
            ("http://a/", "*", None),
        ];
        for (url, exceptions, expected) in table {
            let variables = [("http_proxy", "p:3128"), ("HTTPS_PROXY", "http://s:3129"), ("no_proxy", exceptions)];
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let found = proxy_for(&Url::parse(url).unwrap(), &variables);
            assert_eq!(found.map(|proxy| proxy.host).as_deref(), expected, "{url} {exceptions}");
        }
    }
}
