//! Arguments of the program ssh, as they stand in `ansible_ssh_common_args` and the like.

use super::options::{Known, Options};

/// What arguments say.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) options: Options,
    /// What `-W` names.
    pub(super) forward: Option<String>,
    /// No configuration file is to be read.
    pub(super) no_config: bool,
    /// What is no option.
    pub(super) rest: Vec<String>,
}

/// Flags without meaning here: terminals, logs, agent forwarding, compression, address families.
const NEEDLESS: &str = "46AaCfGgKkMNnqsTtVvXxYy";
/// Flags with a value and without meaning here: ciphers, MACs, log file, escape character, control socket and commands.
const NEEDLESS_WITH_VALUE: &str = "cmEeSO";

/// Takes words apart. Options may also stand behind what is no option, as ssh allows it for the destination.
///
/// # Errors
/// Names the option that makes no sense or that kconf does not know.
pub(super) fn parse(words: &[&str]) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let Some(flags) = word.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            parsed.rest.push(word.to_owned());
            // Behind a second word stands a command, whose options are not ours.
            if parsed.rest.len() == 2 {
                parsed.rest.extend(words.by_ref().map(str::to_owned));
            }
            continue;
        };
        let mut flags = flags.chars();
        while let Some(flag) = flags.next() {
            if NEEDLESS.contains(flag) {
                continue;
            }
            let joined = flags.as_str();
            let value = if joined.is_empty() { words.next() } else { Some(joined) };
            let value = value.ok_or_else(|| format!("the ssh option `-{flag}` has no value"))?;
            apply(&mut parsed, flag, value)?;
            break;
        }
    }
    Ok(parsed)
}

fn apply(parsed: &mut Parsed, flag: char, value: &str) -> Result<(), String> {
    let options = &mut parsed.options;
    let wrong = |why: String| format!("the ssh option `-{flag} {value}`: {why}");
    match flag {
        'o' => {
            let (keyword, value) = value
                .split_once(['=', ' '])
                .map(|(keyword, value)| (keyword.trim(), value.trim_start_matches(['=', ' '])))
                .ok_or_else(|| wrong("it is no `Keyword=value`".to_owned()))?;
            match options.set(keyword, value).map_err(wrong)? {
                Known::Yes | Known::Needless => Ok(()),
                Known::No => Err(wrong("kconf does not have it".to_owned())),
            }
        }
        'i' => {
            options.identity_files.push(value.to_owned());
            Ok(())
        }
        'J' => options.set("proxyjump", value).map(|_| ()).map_err(wrong),
        'l' => options.set("user", value).map(|_| ()).map_err(wrong),
        'p' => options.set("port", value).map(|_| ()).map_err(wrong),
        'W' => {
            parsed.forward = Some(value.to_owned());
            Ok(())
        }
        'F' if value == "/dev/null" || value == "none" => {
            parsed.no_config = true;
            Ok(())
        }
        'F' => Err(wrong("kconf reads `~/.ssh/config` and `/etc/ssh/ssh_config` only; `-F none` leaves them out".to_owned())),
        flag if NEEDLESS_WITH_VALUE.contains(flag) => Ok(()),
        _ => Err(wrong("kconf does not have it".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::shlex::split;
    use crate::transport::HostKeyChecking;

    fn parse_text(text: &str) -> Result<Parsed, String> {
        let words = split(text)?;
        parse(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn what_ansible_users_write() {
        let parsed = parse_text(
            "-C -o ControlMaster=auto -o ControlPersist=60s -oStrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i k1 -ik2 -p2222 -qtt \
             -o ProxyCommand=\"ssh -W %h:%p ubuntu@bastion\" -o 'ConnectTimeout 7'",
        )
        .expect("all are known");
        let options = parsed.options;
        assert_eq!(options.checking, Some(HostKeyChecking::Off));
        assert_eq!(options.identity_files, ["k1", "k2"]);
        assert_eq!((options.port, options.connect_timeout.map(|time| time.as_secs())), (Some(2222), Some(7)));
        assert_eq!(options.jumps.map(|jumps| jumps.len()), Some(1));
        assert!(parsed.rest.is_empty());
    }

    #[test]
    fn what_kconf_does_not_have_is_an_error() {
        for (text, message) in [
            ("-L 80:h:80", "the ssh option `-L 80:h:80`: kconf does not have it"),
            ("-o DynamicForward=1080", "the ssh option `-o DynamicForward=1080`: kconf does not have it"),
            ("-o Port=x", "the ssh option `-o Port=x`: `x` is no port"),
            ("-o User", "the ssh option `-o User`: it is no `Keyword=value`"),
            ("-p", "the ssh option `-p` has no value"),
        ] {
            assert_eq!(parse_text(text).expect_err(text), message);
        }
        assert!(parse_text("-F /home/me/other").is_err());
        assert!(parse_text("-F /dev/null").expect("none").no_config);
    }
}
