//! `ufw`: the firewall that comes with Debian and Ubuntu.

mod rule;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use super::shared::required_command;
use super::shared::run::{change, look};
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Effect, ErrorKind};

const DEFAULTS: &str = "/etc/default/ufw";
const SETTINGS: &str = "/etc/ufw/ufw.conf";

/// The declaration of `ufw`.
pub static MODULE: Spec = Spec {
    name: "ufw",
    collections: GENERAL,
    summary: "Manage the firewall ufw",
    description: &[
        "Calls `ufw` of the host. What is asked for is done in this order: `state`, `logging`, `default`, `rule`.",
        "Allow the port of SSH before the firewall is enabled. Reloading and resetting are done each time.",
    ],
    options: &[
        Opt::new(
            "state",
            Kind::Str,
            "`enabled`, `disabled`: whether it works, now and after a boot. `reloaded`: it reads its rules again. `reset`: it is disabled and \
             has no rules of yours any more.",
        )
        .choices(&["disabled", "enabled", "reloaded", "reset"]),
        Opt::new("logging", Kind::Str, "How much it logs; `on` is `low` when it was off.")
            .choices(&["on", "off", "low", "medium", "high", "full"]),
        Opt::new("default", Kind::Str, "What becomes of packets that no rule is about, in the `direction`.")
            .choices(&["allow", "deny", "reject"])
            .aliases(&["policy"]),
        Opt::new(
            "direction",
            Kind::Str,
            "For `default`: `incoming`, which is meant when nothing is given, `outgoing` or `routed`. For a rule: `in` or `out`.",
        )
        .choices(&["in", "incoming", "out", "outgoing", "routed"]),
        Opt::new("rule", Kind::Str, "What becomes of the packets that the rule is about; `limit` denies whoever comes too often.")
            .choices(&["allow", "deny", "limit", "reject"]),
        Opt::new("delete", Kind::Bool, "Whether the rule goes.").default("false"),
        Opt::new("insert", Kind::Int, "The number that a new rule gets; without it the rule is the last one."),
        Opt::new("insert_relative_to", Kind::Str, "From which rule `insert` counts: `zero` from the start, so that 1 is the first.")
            .choices(&["first-ipv4", "first-ipv6", "last-ipv4", "last-ipv6", "zero"])
            .default("\"zero\""),
        Opt::new("route", Kind::Bool, "Whether the rule is about packets that are handed on.").default("false"),
        Opt::new("log", Kind::Bool, "Whether new connections that it is about are logged.").default("false"),
        Opt::new("from_ip", Kind::Str, "Where packets come from: an address or network.").default("\"any\"").aliases(&["from", "src"]),
        Opt::new("from_port", Kind::Str, "The port that they come from."),
        Opt::new("to_ip", Kind::Str, "Where they go to: an address or network.").default("\"any\"").aliases(&["dest", "to"]),
        Opt::new("to_port", Kind::Str, "The port that they go to: a number, a name, or a range like `60000:61000`.").aliases(&["port"]),
        Opt::new("proto", Kind::Str, "The protocol.")
            .choices(&["any", "tcp", "udp", "ipv6", "esp", "ah", "gre", "igmp", "vrrp"])
            .aliases(&["protocol"]),
        Opt::new("name", Kind::Str, "An application of `/etc/ufw/applications.d`, in place of ports.").aliases(&["app"]),
        Opt::new("interface", Kind::Str, "The interface, on the side that `direction` says.").aliases(&["if"]),
        Opt::new("interface_in", Kind::Str, "The interface that they come in on.").aliases(&["if_in"]),
        Opt::new("interface_out", Kind::Str, "The interface that they go out on.").aliases(&["if_out"]),
        Opt::new("comment", Kind::Str, "A remark on the rule."),
    ],
    rules: &[
        Rule::OneOf(&["state", "default", "rule", "logging"]),
        Rule::Exclusive(&["name", "proto", "logging"]),
        Rule::Exclusive(&["direction", "interface_in"]),
        Rule::Exclusive(&["direction", "interface_out"]),
        Rule::By("interface", &["direction"]),
    ],
    free_form: None,
    returns: &[
        Return { name: "msg", kind: "str", when: "always", doc: "What `ufw status verbose` says in the end." },
        Return { name: "commands", kind: "list", when: "always", doc: "The commands that changed something." },
    ],
    examples: "
- name: Everybody may come in by SSH
  community.general.ufw:
    rule: limit
    port: ssh
    proto: tcp

- name: Nothing else comes in
  community.general.ufw:
    state: enabled
    default: deny
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    state: Option<State>,
    logging: Option<String>,
    default: Option<String>,
    direction: Option<String>,
    rule: Option<String>,
    delete: bool,
    insert: Option<i64>,
    insert_relative_to: String,
    route: bool,
    log: bool,
    from_ip: String,
    from_port: Option<String>,
    to_ip: String,
    to_port: Option<String>,
    proto: Option<String>,
    name: Option<String>,
    interface: Option<String>,
    interface_in: Option<String>,
    interface_out: Option<String>,
    comment: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Enabled,
    Disabled,
    Reloaded,
    Reset,
}

/// Under this name check mode knows things of the firewall; set itself, it makes them unknown.
const SUBJECT: &str = "ufw";

fn subject(of: &str) -> String {
    format!("{SUBJECT}\n{of}")
}

struct Firewall {
    program: String,
    /// What was called.
    commands: Vec<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    args.check().map_err(|why| Failure::new(format!("failed to set up the firewall: {why}")))?;
    let program = required_command(ctx.system, &["ufw"], "set up the firewall")?;
    let mut firewall = Firewall { program, commands: Vec::new() };
    if let Some(state) = args.state {
        firewall.bring(ctx, state)?;
    }
    if let Some(level) = &args.logging {
        let is = setting(ctx, SETTINGS, "LOGLEVEL", "logging")?;
        let is_on = !matches!(is.as_str(), "" | "off");
        let wanted = match level.as_str() {
            "on" if is_on => is.as_str(),
            "on" => "low",
            level => level,
        };
        if is != wanted {
            let known = Effect::Known { subject: subject("logging"), value: wanted.to_owned() };
            let effects = vec![known, Effect::Other(format!("logging: {is} -> {wanted}"))];
            firewall.call(ctx, &["logging", level], effects, "set what is logged")?;
        }
    }
    if let Some(policy) = &args.default {
        firewall.default(ctx, policy, args.direction.as_deref())?;
    }
    if args.rule.is_some() {
        firewall.rule(ctx, &args)?;
    }
    let status = look(ctx, &ctx.command([firewall.program.as_str(), "status", "verbose"]), "look at the firewall")?;
    Ok(Outcome::new().with("msg", status.stdout_text().trim().to_owned()).with("commands", firewall.commands))
}

/// A setting of a file, in lower case; `subject` is the name that check mode knows it by.
fn setting(ctx: &Context<'_>, file: &str, name: &str, subject: &str) -> Result<String, Failure> {
    if let Some(known) = ctx.system.known(&self::subject(subject)) {
        return Ok(known);
    }
    let text = match ctx.system.read(std::path::Path::new(file)) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    let value = text.lines().rev().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
    Ok(value.unwrap_or_default().trim().trim_matches(['"', '\'']).to_lowercase())
}

impl Firewall {
    fn call(&mut self, ctx: &mut Context<'_>, words: &[&str], effects: Vec<Effect>, purpose: &str) -> Result<(), Failure> {
        let command = ctx.command(std::iter::once(self.program.as_str()).chain(words.iter().copied()));
        self.commands.push(command.argv.join(" "));
        change(ctx, &command, &effects, purpose).map(drop)
    }

    fn is_active(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        if let Some(known) = ctx.system.known(&subject("status")) {
            return Ok(known == "active");
        }
        let status = look(ctx, &ctx.command([self.program.as_str(), "status"]), "look at the firewall")?;
        Ok(status.stdout_text().lines().any(|line| line.trim() == "Status: active"))
    }

    fn bring(&mut self, ctx: &mut Context<'_>, state: State) -> Result<(), Failure> {
        let is_active = self.is_active(ctx)?;
        let status = |value: &str| Effect::Known { subject: subject("status"), value: value.to_owned() };
        let told = |text: &str| Effect::Other(format!("firewall: {text}"));
        match state {
            State::Enabled if !is_active => {
                self.call(ctx, &["-f", "enable"], vec![status("active"), told("inactive -> active")], "enable the firewall")
            }
            State::Disabled if is_active => {
                self.call(ctx, &["-f", "disable"], vec![status("inactive"), told("active -> inactive")], "disable the firewall")
            }
            State::Enabled | State::Disabled => Ok(()),
            State::Reloaded => self.call(ctx, &["-f", "reload"], vec![told("reloaded")], "reload the firewall"),
            State::Reset => {
                let forget = Effect::Known { subject: SUBJECT.to_owned(), value: "reset".to_owned() };
                self.call(ctx, &["-f", "reset"], vec![forget, status("inactive"), told("reset")], "reset the firewall")
            }
        }
    }

    fn default(&mut self, ctx: &mut Context<'_>, policy: &str, direction: Option<&str>) -> Result<(), Failure> {
        let name = match direction {
            Some("outgoing") => "DEFAULT_OUTPUT_POLICY",
            Some("routed") => "DEFAULT_FORWARD_POLICY",
            _ => "DEFAULT_INPUT_POLICY",
        };
        let of = format!("default {}", direction.unwrap_or("incoming"));
        let is = setting(ctx, DEFAULTS, name, &of)?;
        let target = match policy {
            "allow" => "accept",
            "deny" => "drop",
            other => other,
        };
        if is == target {
            return Ok(());
        }
        let effects =
            vec![Effect::Known { subject: subject(&of), value: target.to_owned() }, Effect::Other(format!("{of}: {is} -> {target}"))];
        let words: Vec<&str> = ["default", policy].into_iter().chain(direction).collect();
        self.call(ctx, &words, effects, "set what becomes of other packets")
    }

    fn rule(&mut self, ctx: &mut Context<'_>, args: &Arguments) -> Result<(), Failure> {
        let purpose = "set a rule of the firewall";
        let body = args.words();
        let of = subject(&format!("rule {}", body.join(" ")));
        let value = if args.delete { "absent".to_owned() } else { format!("present {}", args.comment.as_deref().unwrap_or_default()) };
        let mut words: Vec<String> = Vec::new();
        words.extend(args.route.then(|| "route".to_owned()));
        if args.delete {
            words.push("delete".to_owned());
        } else if let Some(number) = args.insert {
            let number = self.position(ctx, number, &args.insert_relative_to)?;
            words.extend(number.into_iter().flat_map(|number| ["insert".to_owned(), number.to_string()]));
        }
        words.extend(body);
        if let Some(comment) = args.comment.as_ref().filter(|_| !args.delete) {
            words.extend(["comment".to_owned(), comment.clone()]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let differs = match (ctx.system.known(&of), ctx.system.known(SUBJECT)) {
            (Some(known), _) => known != value,
            // Nothing is left behind a reset that an earlier task would do.
            (None, Some(_)) => !args.delete,
            (None, None) => {
                let dry = ctx.command([self.program.as_str(), "--dry-run"].into_iter().chain(words.iter().copied()));
                let output = look(ctx, &dry, purpose)?;
                rule::differs(&output.stdout_text(), &rule::tuples_of_files(ctx.system)?)
            }
        };
        if !differs {
            return Ok(());
        }
        let effects = vec![Effect::Known { subject: of, value }, Effect::Other(format!("rule: {}", words.join(" ")))];
        self.call(ctx, &words, effects, purpose)
    }

    /// The number for `insert`; `None` when the rule comes last.
    fn position(&self, ctx: &Context<'_>, number: i64, relative: &str) -> Result<Option<i64>, Failure> {
        if relative == "zero" {
            return Ok(Some(number));
        }
        let status = look(ctx, &ctx.command([self.program.as_str(), "status", "numbered"]), "look at the firewall")?;
        let counts = match rule::numbered(&status.stdout_text()) {
            // One that is not active shows no numbers.
            (0, 0) => rule::tuples_of_files(ctx.system)?.counts(),
            counts => counts,
        };
        Ok(rule::position(number, relative, counts))
    }
}
