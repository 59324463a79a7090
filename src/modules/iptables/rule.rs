//! A rule in the words of `iptables`.

use super::{Arguments, Syn};
use crate::modules::Failure;

/// Collects words; a value with `!` in front turns its meaning around where iptables knows that.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn word(&mut self, word: impl Into<String>) {
        self.0.push(word.into());
    }

    /// `FLAG VALUE`, when there is one.
    fn plain(&mut self, flag: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.word(flag);
            self.word(value);
        }
    }

    /// `FLAG VALUE` or `! FLAG VALUE`, when there is one.
    fn turned(&mut self, flag: &str, value: Option<&String>) {
        let Some(value) = value else { return };
        let rest = match value.strip_prefix('!') {
            Some(rest) => {
                self.word("!");
                rest.trim_start()
            }
            None => value,
        };
        self.word(flag);
        self.word(rest);
    }

    /// `-m NAME`, unless the task says so already.
    fn extension(&mut self, args: &Arguments, name: &str) {
        if !args.matches.iter().any(|other| other == name) {
            self.plain("-m", Some(&name.to_owned()));
        }
    }
}

/// The words of the rule, without the chain; none when the task describes no rule.
///
/// # Errors
/// When options contradict each other.
pub(super) fn words(args: &Arguments, icmp: &str) -> Result<Vec<String>, Failure> {
    let wrong = |why: &str| Failure::new(format!("failed to read the rule: {why}"));
    let mut words = Words::default();
    words.turned("-p", args.protocol.as_ref());
    words.turned("-s", args.source.as_ref());
    words.turned("-d", args.destination.as_ref());
    for name in &args.matches {
        words.plain("-m", Some(name));
    }
    if let Some(flags) = &args.tcp_flags {
        let (Some(looked_at), Some(set)) = (&flags.flags, &flags.flags_set) else {
            return Err(wrong("`tcp_flags` needs both `flags` and `flags_set`"));
        };
        words.word("--tcp-flags");
        words.word(looked_at.join(","));
        words.word(set.join(","));
    }
    let logs = args.log_prefix.is_some() || args.log_level.is_some();
    match args.jump.as_deref() {
        Some(jump) if logs && jump != "LOG" => {
            return Err(wrong("`log_prefix` and `log_level` belong to the target `LOG` only"));
        }
        None if logs => words.plain("-j", Some(&"LOG".to_owned())),
        _ => words.plain("-j", args.jump.as_ref()),
    }
    if args.jump.as_deref().is_some_and(|jump| jump.eq_ignore_ascii_case("tee")) {
        words.plain("--gateway", args.gateway.as_ref());
    }
    words.plain("--log-prefix", args.log_prefix.as_ref());
    words.plain("--log-level", args.log_level.as_ref());
    words.plain("--to-destination", args.to_destination.as_ref());
    if !args.destination_ports.is_empty() {
        words.word("-m");
        words.word("multiport");
        words.word("--dports");
        words.word(args.destination_ports.join(","));
    }
    words.plain("--to-source", args.to_source.as_ref());
    words.plain("-g", args.goto.as_ref());
    words.turned("-i", args.in_interface.as_ref());
    words.turned("-o", args.out_interface.as_ref());
    if let Some(fragment) = &args.fragment {
        if fragment.starts_with('!') {
            words.word("!");
        }
        words.word("-f");
    }
    if let Some(counters) = &args.set_counters {
        words.word("-c");
        counters.split([' ', ',']).filter(|number| !number.is_empty()).for_each(|number| words.word(number));
    }
    words.turned("--source-port", args.source_port.as_ref());
    words.turned("--destination-port", args.destination_port.as_ref());
    words.plain("--to-ports", args.to_ports.as_ref());
    for (flag, mark) in [("--set-dscp", &args.set_dscp_mark), ("--set-dscp-class", &args.set_dscp_mark_class)] {
        if mark.is_some() {
            words.plain(flag, mark.as_ref());
            if args.jump.as_deref() != Some("DSCP") {
                return Err(wrong("`set_dscp_mark` and `set_dscp_mark_class` belong to the target `DSCP` only"));
            }
        }
    }
    match args.syn {
        Syn::Ignore => {}
        Syn::Match => words.word("--syn"),
        Syn::Negate => {
            words.word("!");
            words.word("--syn");
        }
    }
    extensions(&mut words, args, icmp);
    Ok(words.0)
}

/// What extensions look at.
fn extensions(words: &mut Words, args: &Arguments, icmp: &str) {
    if !args.ctstate.is_empty() {
        let has = |name: &str| args.matches.iter().any(|other| other == name);
        let flag = if has("state") && !has("conntrack") {
            "--state"
        } else {
            words.extension(args, "conntrack");
            "--ctstate"
        };
        words.word(flag);
        words.word(args.ctstate.join(","));
    }
    if args.src_range.is_some() || args.dst_range.is_some() {
        words.extension(args, "iprange");
        words.turned("--src-range", args.src_range.as_ref());
        words.turned("--dst-range", args.dst_range.as_ref());
    }
    if let (Some(_), Some(flags)) = (&args.match_set, &args.match_set_flags) {
        words.extension(args, "set");
        words.turned("--match-set", args.match_set.as_ref());
        words.word(flags);
    }
    if args.limit.is_some() || args.limit_burst.is_some() {
        words.extension(args, "limit");
        words.plain("--limit", args.limit.as_ref());
        words.plain("--limit-burst", args.limit_burst.as_ref());
    }
    // One extension each, as in the rules that Ansible made: another one would be a rule beside those.
    for (flag, owner) in [("--uid-owner", &args.uid_owner), ("--gid-owner", &args.gid_owner)] {
        if owner.is_some() {
            words.extension(args, "owner");
            words.turned(flag, owner.as_ref());
        }
    }
    if args.reject_with.is_some() && args.jump.is_none() {
        words.plain("-j", Some(&"REJECT".to_owned()));
    }
    words.plain("--reject-with", args.reject_with.as_ref());
    words.turned(icmp, args.icmp_type.as_ref());
    if args.comment.is_some() {
        words.extension(args, "comment");
        words.plain("--comment", args.comment.as_ref());
    }
}
