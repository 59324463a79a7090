//! `firewalld`: zones of firewalld and what belongs to them.

mod item;
mod program;

use serde::Deserialize;

use super::spec::POSIX;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};

use item::{Forward, Item};
use program::{Firewall, Layer};

const ONE_OF_THEM: &[&str] = &[
    "icmp_block",
    "icmp_block_inversion",
    "service",
    "protocol",
    "port",
    "port_forward",
    "rich_rule",
    "interface",
    "forward",
    "masquerade",
    "source",
    "target",
];

const FORWARD_OPTIONS: &[Opt] = &[
    Opt::new("port", Kind::Str, "The port, or range of ports, that packets come to.").required(),
    Opt::new("proto", Kind::Str, "Their protocol.").required().choices(&["udp", "tcp"]),
    Opt::new("toport", Kind::Str, "The port that they are handed to.").required(),
    Opt::new("toaddr", Kind::Str, "The address that they are handed to; this host when not given."),
];

/// The declaration of `firewalld`.
pub static MODULE: Spec = Spec {
    name: "firewalld",
    collections: POSIX,
    summary: "Set up zones of firewalld",
    description: &[
        "Calls `firewall-cmd` of the host; where firewalld does not run, `firewall-offline-cmd`, which knows the permanent settings only. No Python \
         of firewalld is needed.",
        "One of the things that belong to a zone is set, or, when none of them is given, the zone itself is made or removed.",
    ],
    options: &[
        Opt::new("state", Kind::Str, "Whether the zone has it. A zone itself is `present` or `absent`; for `target` all four are known.")
            .required()
            .choices(&["absent", "disabled", "enabled", "present"]),
        Opt::new("zone", Kind::Str, "The zone; the default zone of the host when not given."),
        Opt::new("service", Kind::Str, "A service that may be reached: `https`."),
        Opt::new("protocol", Kind::Str, "A protocol that is let in: `ospf`."),
        Opt::new("port", Kind::Str, "A port that may be reached, or a range: `8081/tcp`, `161-162/udp`."),
        Opt::new("port_forward", Kind::List(&Kind::Dict), "A port whose packets are handed to another port. One element.")
            .suboptions(FORWARD_OPTIONS),
        Opt::new("rich_rule", Kind::Str, "A rule in the rich language of firewalld."),
        Opt::new("source", Kind::Str, "An address or network whose packets belong to the zone."),
        Opt::new("interface", Kind::Str, "An interface that belongs to the zone; it leaves the zone that it was in."),
        Opt::new("icmp_block", Kind::Str, "A type of ICMP that is blocked: `echo-request`."),
        Opt::new("icmp_block_inversion", Kind::Bool, "Whether all types of ICMP are blocked but those that `icmp_block` names."),
        Opt::new("masquerade", Kind::Bool, "Whether what leaves by the zone gets its address."),
        Opt::new("forward", Kind::Bool, "Whether packets are handed on between interfaces and sources of the zone."),
        Opt::new(
            "target",
            Kind::Str,
            "What becomes of packets that nothing in the zone is about. With `absent` and `disabled`: `default`.",
        )
        .choices(&["default", "ACCEPT", "DROP", "%%REJECT%%"]),
        Opt::new("permanent", Kind::Bool, "Whether it holds after a restart of firewalld.").default("false"),
        Opt::new("immediate", Kind::Bool, "Whether it holds at once. It does when `permanent` is not set.").default("false"),
        Opt::new("timeout", Kind::Int, "After how many seconds what holds at once ends by itself; 0: it does not.").default("0"),
        Opt::new("offline", Kind::Bool, "Whether `immediate` is passed over, with `permanent`, where firewalld does not run.")
            .default("false"),
    ],
    rules: &[
        Rule::Exclusive(ONE_OF_THEM),
        Rule::By("interface", &["zone"]),
        Rule::By("target", &["zone"]),
        Rule::By("source", &["permanent"]),
    ],
    free_form: None,
    returns: &[Return { name: "msg", kind: "str", when: "always", doc: "What was changed." }],
    examples: "
- name: The web server may be reached, now and after a restart
  ansible.posix.firewalld:
    service: https
    state: enabled
    permanent: true
    immediate: true

- name: A port may not be reached in a zone
  ansible.posix.firewalld:
    zone: dmz
    port: 8081/tcp
    state: disabled
    permanent: true

- name: There is a zone
  ansible.posix.firewalld:
    zone: chain
    state: present
    permanent: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    state: State,
    zone: Option<String>,
    service: Option<String>,
    protocol: Option<String>,
    port: Option<String>,
    port_forward: Option<Vec<Forward>>,
    rich_rule: Option<String>,
    source: Option<String>,
    interface: Option<String>,
    icmp_block: Option<String>,
    icmp_block_inversion: Option<bool>,
    masquerade: Option<bool>,
    forward: Option<bool>,
    target: Option<String>,
    permanent: bool,
    immediate: bool,
    timeout: i64,
    offline: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Enabled,
    Disabled,
    Present,
    Absent,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let fail = |reason: &str| Failure::new(format!("failed to set up the firewall: {reason}"));
    let item = Item::of(&args).map_err(|reason| fail(&reason))?;
    let wanted = item.wanted(args.state).map_err(|reason| fail(&reason))?;
    let mut immediate = args.immediate || !args.permanent;
    let firewall = Firewall::find(ctx)?;
    if !firewall.runs && immediate {
        if !(args.offline && args.permanent) {
            return Err(firewall.not_running(ctx));
        }
        immediate = false;
    }
    if item == Item::Zone && (immediate || !args.permanent) {
        return Err(fail("a zone is made and removed by `permanent` operations only: set `permanent: true` and leave out `immediate`"));
    }
    if matches!(item, Item::Target(_)) && immediate {
        return Err(fail("the target of a zone is set by `permanent` operations only: set `permanent: true` and leave out `immediate`"));
    }
    let zone = match args.zone {
        Some(zone) if zone.is_empty() || zone.starts_with('-') || zone.contains(char::is_whitespace) => {
            return Err(fail(&format!("`{zone}` is no name of a zone")));
        }
        Some(zone) => zone,
        None if item == Item::Zone => return Err(fail("neither a zone nor anything that belongs to one was given")),
        None => firewall.default_zone(ctx)?,
    };
    let mut done = Vec::new();
    for (layer, is_asked) in [(Layer::Permanent, args.permanent), (Layer::Now, immediate)] {
        if is_asked && firewall.bring(ctx, &item, wanted, &zone, layer, args.timeout)? {
            done.push(format!("{} of zone {zone}, {}: {}", item.text(), layer.text(), if wanted { "on" } else { "off" }));
        }
    }
    Ok(Outcome::new().with("msg", done.join(", ")))
}

#[cfg(test)]
mod tests;
