//! Machines between, as ssh writes them: `-J`, `ProxyJump`, and the `ProxyCommand` that does the same.

use super::arguments;
use super::options::Options;
use crate::base::shlex::split;

/// A machine between.
#[derive(Clone, Debug)]
pub(super) struct Jump {
    /// Its name, to be looked up in the configuration of ssh.
    pub(super) name: String,
    /// What was set for it besides.
    pub(super) options: Options,
}

/// `[user@]host[:port]`, several separated by commas, or `none`.
pub(super) fn parse_jumps(text: &str) -> Result<Vec<Jump>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    text.split(',').map(|part| parse_destination(part.trim())).collect()
}

/// `[user@]host[:port]` or `ssh://[user@]host[:port]`.
pub(super) fn parse_destination(text: &str) -> Result<Jump, String> {
    let rest = text.strip_prefix("ssh://").unwrap_or(text).trim_end_matches('/');
    let mut options = Options::default();
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user.to_owned()), rest),
        None => (None, rest),
    };
    options.user = user;
    let (name, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, port)) => (name, port.strip_prefix(':')),
        // More than one colon is an IPv6 address without port.
        None => match rest.split_once(':') {
            Some((name, port)) if !port.contains(':') => (name, Some(port)),
            _ => (rest, None),
        },
    };
    if let Some(port) = port {
        options.set("port", port)?;
    }
    if name.is_empty() || name.contains(char::is_whitespace) || options.user.as_deref() == Some("") {
        return Err(format!("`{text}` is no `user@host:port`"));
    }
    Ok(Jump { name: name.to_owned(), options })
}

/// A proxy command that is ssh itself: `ssh -W %h:%p bastion`, or the older `ssh bastion nc %h %p`. Others are not run.
pub(super) fn parse_command(text: &str) -> Result<Vec<Jump>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    let unusable = || {
        format!(
            "kconf connects by itself and runs no proxy command: `{text}` is not `ssh -W %h:%p BASTION`; name the bastion with `-J` or `kconf_bastion`"
        )
    };
    let words = split(text)?;
    let mut words = words.iter().map(String::as_str);
    let program = words.next().map(|word| if word == "exec" { words.next() } else { Some(word) }).unwrap_or_default();
    if program.and_then(|program| program.rsplit('/').next()) != Some("ssh") {
        return Err(unusable());
    }
    let words: Vec<&str> = words.collect();
    let parsed = arguments::parse(&words)?;
    let mut rest = parsed.rest.iter().map(String::as_str);
    let destination = rest.next().ok_or_else(unusable)?;
    let rest: Vec<&str> = rest.collect();
    let netcat = matches!(rest.as_slice(), [nc, .., "%h", "%p"] if nc.ends_with("nc") || nc.ends_with("netcat"));
    let forwards = matches!(parsed.forward.as_deref(), Some("%h:%p" | "[%h]:%p")) && rest.is_empty();
    if !netcat && !forwards {
        return Err(unusable());
    }
    let Jump { name, options } = parse_destination(destination)?;
    let before = parsed.options.jumps.clone();
    let last = Jump { name, options: Options { jumps: None, ..parsed.options.or(options) } };
    let mut jumps = before.unwrap_or_default();
    jumps.push(last);
    Ok(jumps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(jumps: Result<Vec<Jump>, String>) -> Vec<String> {
        let show = |jump: Jump| {
            let Options { user, port, identity_files, .. } = jump.options;
            format!("{}@{}:{} {}", user.unwrap_or_default(), jump.name, port.unwrap_or(0), identity_files.join(","))
        };
        jumps.map(|jumps| jumps.into_iter().map(show).collect()).unwrap_or_else(|error| vec![error])
    }

    #[test]
    fn jumps_in_every_spelling() {
        assert_eq!(shown(parse_jumps("bastion")), ["@bastion:0 "]);
        assert_eq!(shown(parse_jumps("ec2-user@outer:2222, inner")), ["ec2-user@outer:2222 ", "@inner:0 "]);
        assert_eq!(shown(parse_jumps("ssh://a@[2001:db8::1]:22")), ["a@2001:db8::1:22 "]);
        assert_eq!(shown(parse_jumps("2001:db8::1")), ["@2001:db8::1:0 "]);
        assert!(shown(parse_jumps("none")).is_empty());
        assert!(parse_jumps("a b").is_err());
        assert!(parse_jumps("a:port").is_err());
        assert!(parse_jumps("").is_err());
    }

    #[test]
    fn proxy_commands_that_are_ssh() {
        assert_eq!(shown(parse_command("ssh -W %h:%p -q ubuntu@bastion -i ~/.ssh/b.pem -p 2022")), ["ubuntu@bastion:2022 ~/.ssh/b.pem"]);
        assert_eq!(shown(parse_command("/usr/bin/ssh -o User=a bastion -W [%h]:%p")), ["a@bastion:0 "]);
        assert_eq!(shown(parse_command("ssh bastion nc -q0 %h %p")), ["@bastion:0 "]);
        assert_eq!(shown(parse_command("ssh -J outer -W %h:%p inner")), ["@outer:0 ", "@inner:0 "]);
        for other in ["nc -X 5 -x proxy:1080 %h %p", "ssh bastion", "aws ssm start-session --target %h", "ssh -W other:22 bastion"] {
            assert!(parse_command(other).is_err(), "{other}");
        }
    }
}
