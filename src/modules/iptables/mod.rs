//! `iptables`: rules of the packet filter.

mod filter;
mod rule;

use serde::Deserialize;

use super::shared::state::State;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use filter::Filter;

const TABLES: &[&str] = &["filter", "nat", "mangle", "raw", "security"];
const LEVELS: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"];
const DIRECTIONS: &[&str] = &["src", "dst", "src,dst", "dst,src", "dst,dst", "src,src"];
const FLAGS: &[Opt] = &[
    Opt::new("flags", Kind::List(&Kind::Str), "The flags that are looked at."),
    Opt::new("flags_set", Kind::List(&Kind::Str), "Those of them that are set."),
];

/// The declaration of `iptables`.
pub static MODULE: Spec = Spec {
    name: "iptables",
    collections: BUILTIN,
    summary: "Add and remove rules of the packet filter, chains and policies",
    description: &[
        "Changes what the kernel does now. Nothing is kept for the next boot; packages like `iptables-persistent` do that.",
        "A value with `!` in front turns its meaning around, where `iptables` knows that. A rule that is there is never moved.",
    ],
    options: &[
        Opt::new("table", Kind::Str, "The table.").choices(TABLES).default("\"filter\""),
        Opt::new("state", Kind::Str, "Whether the rule (or with `chain_management` the chain) is to be there.")
            .choices(&["absent", "present"])
            .default("\"present\""),
        Opt::new("action", Kind::Str, "Where a new rule goes: `append` to the end, `insert` at the top or as `rule_num`.")
            .choices(&["append", "insert"])
            .default("\"append\""),
        Opt::new("rule_num", Kind::Str, "The number that an inserted rule gets."),
        Opt::new("ip_version", Kind::Str, "Which packets it is about: those of IPv4, of IPv6, or both.")
            .choices(&["ipv4", "ipv6", "both"])
            .default("\"ipv4\""),
        Opt::new("chain", Kind::Str, "The chain: `INPUT`, `FORWARD`, `OUTPUT`, `PREROUTING`, `POSTROUTING`, or one of your own."),
        Opt::new("protocol", Kind::Str, "The protocol: `tcp`, `udp`, `icmp`, …, `all`, or a number."),
        Opt::new("source", Kind::Str, "Where packets come from: an address, a network like `10.0.0.0/8`, or a name."),
        Opt::new("destination", Kind::Str, "Where packets go: an address, a network, or a name."),
        Opt::new("tcp_flags", Kind::Dict, "Flags of TCP.").suboptions(FLAGS),
        Opt::new("match", Kind::List(&Kind::Str), "Extensions to load; those that other options need are loaded anyway.").default("[]"),
        Opt::new("jump", Kind::Str, "What happens to packets: `ACCEPT`, `DROP`, `REJECT`, `LOG`, …, or a chain to go through."),
        Opt::new("gateway", Kind::Str, "The host that copies of packets go to, with the target `TEE`."),
        Opt::new("log_prefix", Kind::Str, "A text in front of what is logged, with the target `LOG`."),
        Opt::new("log_level", Kind::Str, "The level of what is logged, with the target `LOG`.").choices(LEVELS),
        Opt::new("goto", Kind::Str, "A chain to go on in for good."),
        Opt::new("in_interface", Kind::Str, "The interface that packets come in by; `eth+` means all that begin so."),
        Opt::new("out_interface", Kind::Str, "The interface that packets go out by."),
        Opt::new("fragment", Kind::Str, "Only second and further fragments of packets, whatever the value is; with `!` only the others."),
        Opt::new("set_counters", Kind::Str, "Packets and bytes that the rule starts to count from: `0 0`."),
        Opt::new("source_port", Kind::Str, "The port that packets come from, or a range `first:last`."),
        Opt::new("destination_port", Kind::Str, "The port that packets go to, or a range `first:last`."),
        Opt::new("destination_ports", Kind::List(&Kind::Str), "Several ports or ranges that packets go to.").default("[]"),
        Opt::new("to_ports", Kind::Str, "The port or range that packets are redirected to."),
        Opt::new("to_destination", Kind::Str, "The address that packets are sent to instead, with the target `DNAT`."),
        Opt::new("to_source", Kind::Str, "The address that packets seem to come from, with the target `SNAT`."),
        Opt::new("syn", Kind::Str, "Whether packets have to open a connection (`match`) or must not (`negate`).")
            .choices(&["ignore", "match", "negate"])
            .default("\"ignore\""),
        Opt::new("set_dscp_mark", Kind::Str, "The mark of packets, a number, with the target `DSCP`."),
        Opt::new("set_dscp_mark_class", Kind::Str, "The class of packets, like `CS1`, with the target `DSCP`."),
        Opt::new("comment", Kind::Str, "A text that the rule carries."),
        Opt::new("ctstate", Kind::List(&Kind::Str), "States of connections: `NEW`, `ESTABLISHED`, `RELATED`, `INVALID`, ….").default("[]"),
        Opt::new("src_range", Kind::Str, "A range of addresses that packets come from: `10.0.0.1-10.0.0.9`."),
        Opt::new("dst_range", Kind::Str, "A range of addresses that packets go to."),
        Opt::new("match_set", Kind::Str, "A set of addresses, by its name in `ipset`."),
        Opt::new("match_set_flags", Kind::Str, "Which addresses of packets have to be in the set.").choices(DIRECTIONS),
        Opt::new("limit", Kind::Str, "How many packets match: `5/second`, `10/minute`."),
        Opt::new("limit_burst", Kind::Str, "How many packets match before the limit counts."),
        Opt::new("uid_owner", Kind::Str, "The user whose process sends the packet, a name or a number."),
        Opt::new("gid_owner", Kind::Str, "The group whose process sends the packet, a name or a number."),
        Opt::new("reject_with", Kind::Str, "What is answered; it implies the target `REJECT`."),
        Opt::new("icmp_type", Kind::Str, "The type of ICMP, a name or a number."),
        Opt::new(
            "flush",
            Kind::Bool,
            "Remove all rules of the chain, or of the whole table when there is no `chain`. Reported as a change each time.",
        )
        .default("false"),
        Opt::new("policy", Kind::Str, "What happens to packets that no rule of a chain of the kernel decides. Rules are left alone then.")
            .choices(&["ACCEPT", "DROP", "QUEUE", "RETURN"]),
        Opt::new("wait", Kind::Str, "Seconds to wait for another process that changes the tables."),
        Opt::new(
            "chain_management",
            Kind::Bool,
            "Whether the chain is made when it is missing, and removed with `state: absent` when no rule is described.",
        )
        .default("false"),
        Opt::new("numeric", Kind::Bool, "Names are never looked up, so this changes nothing.").default("false"),
    ],
    rules: &[
        Rule::Exclusive(&["set_dscp_mark", "set_dscp_mark_class"]),
        Rule::Exclusive(&["flush", "policy"]),
        Rule::If("flush", "false", &["chain"]),
        Rule::If("jump", "TEE", &["gateway"]),
        Rule::If("jump", "tee", &["gateway"]),
        Rule::By("set_dscp_mark", &["jump"]),
        Rule::By("set_dscp_mark_class", &["jump"]),
        Rule::By("match_set", &["match_set_flags"]),
    ],
    free_form: None,
    returns: &[
        Return { name: "rule", kind: "str", when: "always", doc: "The rule in the words of `iptables`; empty when there is none." },
        Return { name: "ip_version", kind: "str", when: "always", doc: "What `ip_version` says." },
        Return { name: "table", kind: "str", when: "always", doc: "The table." },
        Return { name: "chain", kind: "str", when: "always", doc: "The chain." },
        Return { name: "flush", kind: "bool", when: "always", doc: "What `flush` says." },
        Return { name: "state", kind: "str", when: "always", doc: "What `state` says." },
        Return { name: "chain_management", kind: "bool", when: "always", doc: "What `chain_management` says." },
        Return { name: "wait", kind: "str", when: "always", doc: "What `wait` says." },
    ],
    examples: "
- name: Other nodes reach the chain
  iptables:
    chain: INPUT
    protocol: tcp
    destination_port: '32323'
    source: 10.11.0.0/16
    jump: ACCEPT
    comment: p2p

- name: Answers come in
  iptables:
    chain: INPUT
    ctstate: [ESTABLISHED, RELATED]
    jump: ACCEPT

- name: Nothing else does
  iptables:
    chain: INPUT
    policy: DROP
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    table: String,
    state: State,
    action: Action,
    rule_num: Option<String>,
    ip_version: Version,
    chain: Option<String>,
    protocol: Option<String>,
    source: Option<String>,
    destination: Option<String>,
    tcp_flags: Option<Flags>,
    #[serde(rename = "match")]
    matches: Vec<String>,
    jump: Option<String>,
    gateway: Option<String>,
    log_prefix: Option<String>,
    log_level: Option<String>,
    goto: Option<String>,
    in_interface: Option<String>,
    out_interface: Option<String>,
    fragment: Option<String>,
    set_counters: Option<String>,
    source_port: Option<String>,
    destination_port: Option<String>,
    destination_ports: Vec<String>,
    to_ports: Option<String>,
    to_destination: Option<String>,
    to_source: Option<String>,
    syn: Syn,
    set_dscp_mark: Option<String>,
    set_dscp_mark_class: Option<String>,
    comment: Option<String>,
    ctstate: Vec<String>,
    src_range: Option<String>,
    dst_range: Option<String>,
    match_set: Option<String>,
    match_set_flags: Option<String>,
    limit: Option<String>,
    limit_burst: Option<String>,
    uid_owner: Option<String>,
    gid_owner: Option<String>,
    reject_with: Option<String>,
    icmp_type: Option<String>,
    flush: bool,
    policy: Option<String>,
    wait: Option<String>,
    chain_management: bool,
    #[serde(rename = "numeric")]
    _numeric: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flags {
    flags: Option<Vec<String>>,
    flags_set: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Append,
    Insert,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Version {
    Ipv4,
    Ipv6,
    Both,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Syn {
    Ignore,
    Match,
    Negate,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let programs: &[(&str, &str)] = match args.ip_version {
        Version::Ipv4 => &[("iptables", "--icmp-type")],
        Version::Ipv6 => &[("ip6tables", "--icmpv6-type")],
        Version::Both => &[("iptables", "--icmp-type"), ("ip6tables", "--icmpv6-type")],
    };
    let mut shown = String::new();
    let mut changed = false;
    for (program, icmp) in programs {
        let rule = rule::words(&args, icmp)?;
        shown = rule.join(" ");
        let filter = Filter::new(ctx, program, &args)?;
        changed |= work(ctx, &filter, &args, &rule)?;
    }
    Ok(Outcome::new()
        .changed(changed)
        .with(
            "ip_version",
            match args.ip_version {
                Version::Ipv4 => "ipv4",
                Version::Ipv6 => "ipv6",
                Version::Both => "both",
            },
        )
        .with("table", args.table)
        .with("chain", args.chain)
        .with("flush", args.flush)
        .with("rule", shown)
        .with("state", if args.state == State::Present { "present" } else { "absent" })
        .with("chain_management", args.chain_management)
        .with("wait", args.wait))
}

/// Whether anything had to be done.
fn work(ctx: &mut Context<'_>, filter: &Filter<'_>, args: &Arguments, rule: &[String]) -> Result<bool, Failure> {
    let Some(chain) = args.chain.as_deref() else {
        filter.flush(ctx, None)?;
        return Ok(true);
    };
    if chain.is_empty() || chain.starts_with('-') || chain.contains(char::is_whitespace) {
        return Err(Failure::new(format!("failed to look at the chain `{chain}`: a chain cannot be called so")));
    }
    if args.flush {
        filter.flush(ctx, Some(chain))?;
        return Ok(true);
    }
    if let Some(policy) = &args.policy {
        return filter.set_policy(ctx, chain, policy);
    }
    if rule.is_empty() {
        if !args.chain_management || filter.has_chain(ctx, chain)? == (args.state == State::Present) {
            return Ok(false);
        }
        match args.state {
            State::Present => filter.make_chain(ctx, chain)?,
            State::Absent => filter.remove_chain(ctx, chain)?,
        }
        return Ok(true);
    }
    if filter.has_rule(ctx, chain, rule)? == (args.state == State::Present) {
        return Ok(false);
    }
    match args.state {
        State::Absent => filter.remove_rule(ctx, chain, rule)?,
        State::Present => {
            if args.chain_management && !filter.has_chain(ctx, chain)? {
                filter.make_chain(ctx, chain)?;
            }
            let number = args.rule_num.as_deref().filter(|_| args.action == Action::Insert);
            filter.add_rule(ctx, chain, rule, args.action == Action::Insert, number)?;
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
