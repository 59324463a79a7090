//! The packet filter as `iptables` shows and changes it.
//!
//! No file shows it, so in check mode each change is made known under its table and chain, and asked for before the kernel is.

use super::Arguments;
use crate::modules::shared::required_command;
use crate::modules::shared::run::{change, said};
use crate::modules::{Context, Failure};
use crate::system::{Command, Effect};

/// A table of the filter.
pub(super) struct Filter<'a> {
    /// `iptables` or `ip6tables`.
    name: &'a str,
    program: String,
    table: &'a str,
    wait: Option<&'a str>,
}

/// There is none, or it is gone.
const ABSENT: &str = "absent";
const PRESENT: &str = "present";
/// No rules are in it.
const EMPTY: &str = "empty";

impl<'a> Filter<'a> {
    pub(super) fn new(ctx: &Context<'_>, name: &'a str, args: &'a Arguments) -> Result<Self, Failure> {
        let program = required_command(ctx.system, &[name], "manage the packet filter")
            .map_err(|failure| failure.hint("install the package `iptables` in an earlier task"))?;
        Ok(Self { name, program, table: &args.table, wait: args.wait.as_deref() })
    }

    fn command(&self, ctx: &Context<'_>, action: &[&str], rest: &[String]) -> Command {
        let mut words = vec![self.program.as_str(), "-t", self.table];
        words.extend(action);
        if let Some(seconds) = self.wait {
            words.extend(["-w", seconds]);
        }
        words.extend(rest.iter().map(String::as_str));
        ctx.command(words)
    }

    fn subject(&self, kind: &str, parts: &[&str]) -> String {
        let mut subject = format!("{} {kind}\n{}", self.name, self.table);
        for part in parts {
            subject.push('\n');
            subject.push_str(part);
        }
        subject
    }

    fn act(&self, ctx: &mut Context<'_>, command: &Command, purpose: &str, known: Vec<(String, &str)>) -> Result<(), Failure> {
        let words = command.argv.get(1..).unwrap_or_default().join(" ");
        let mut effects = vec![Effect::Other(format!("{} {words}", self.name))];
        effects.extend(known.into_iter().map(|(subject, value)| Effect::Known { subject, value: value.to_owned() }));
        change(ctx, command, &effects, purpose).map(drop)
    }

    /// Whether the rule is in the chain.
    pub(super) fn has_rule(&self, ctx: &Context<'_>, chain: &str, rule: &[String]) -> Result<bool, Failure> {
        if let Some(is) = ctx.system.known(&self.subject("rules", &[chain, &rule.join(" ")])) {
            return Ok(is == PRESENT);
        }
        let emptied = [self.subject("rules", &[chain]), self.subject("rules", &[])];
        if emptied.iter().any(|subject| ctx.system.known(subject).is_some()) {
            return Ok(false);
        }
        let command = self.command(ctx, &["-C", chain], rule);
        let output = ctx.system.probe(&command)?;
        match output.rc {
            0 => Ok(true),
            1 => Ok(false),
            // It speaks of a chain that an earlier task would make.
            2 if rule.iter().any(|word| ctx.system.known(&self.subject("chains", &[word])).as_deref() == Some(PRESENT)) => Ok(false),
            _ => Err(Failure::command(
                format!("failed to look for the rule in the chain `{chain}`: {}", said(&output)),
                &command.argv,
                &output,
            )),
        }
    }

    pub(super) fn add_rule(
        &self,
        ctx: &mut Context<'_>,
        chain: &str,
        rule: &[String],
        inserts: bool,
        number: Option<&str>,
    ) -> Result<(), Failure> {
        let action: Vec<&str> = [if inserts { "-I" } else { "-A" }, chain].into_iter().chain(number).collect();
        let command = self.command(ctx, &action, rule);
        let known = vec![(self.subject("rules", &[chain, &rule.join(" ")]), PRESENT)];
        self.act(ctx, &command, &format!("add the rule to the chain `{chain}`"), known)
    }

    pub(super) fn remove_rule(&self, ctx: &mut Context<'_>, chain: &str, rule: &[String]) -> Result<(), Failure> {
        let command = self.command(ctx, &["-D", chain], rule);
        let known = vec![(self.subject("rules", &[chain, &rule.join(" ")]), ABSENT)];
        self.act(ctx, &command, &format!("remove the rule from the chain `{chain}`"), known)
    }

    /// Removes all rules of the chain, or of all chains.
    pub(super) fn flush(&self, ctx: &mut Context<'_>, chain: Option<&str>) -> Result<(), Failure> {
        let action: Vec<&str> = ["-F"].into_iter().chain(chain).collect();
        let command = self.command(ctx, &action, &[]);
        let parts: Vec<&str> = chain.into_iter().collect();
        let what = chain.map_or_else(|| format!("table `{}`", self.table), |chain| format!("chain `{chain}`"));
        self.act(ctx, &command, &format!("remove the rules of the {what}"), vec![(self.subject("rules", &parts), EMPTY)])
    }

    /// How the chain is set up in the words of `iptables`; `None` when there is no such chain.
    fn shown(&self, ctx: &Context<'_>, chain: &str) -> Result<Option<String>, Failure> {
        let command = self.command(ctx, &["-S", chain], &[]);
        let output = ctx.system.probe(&command)?;
        match output.rc {
            0 => Ok(Some(output.stdout_text())),
            1 => Ok(None),
            _ => Err(Failure::command(format!("failed to look at the chain `{chain}`: {}", said(&output)), &command.argv, &output)),
        }
    }

    pub(super) fn has_chain(&self, ctx: &Context<'_>, chain: &str) -> Result<bool, Failure> {
        match ctx.system.known(&self.subject("chains", &[chain])) {
            Some(is) => Ok(is == PRESENT),
            None => Ok(self.shown(ctx, chain)?.is_some()),
        }
    }

    pub(super) fn make_chain(&self, ctx: &mut Context<'_>, chain: &str) -> Result<(), Failure> {
        let command = self.command(ctx, &["-N", chain], &[]);
        let known = vec![(self.subject("chains", &[chain]), PRESENT), (self.subject("rules", &[chain]), EMPTY)];
        self.act(ctx, &command, &format!("make the chain `{chain}`"), known)
    }

    pub(super) fn remove_chain(&self, ctx: &mut Context<'_>, chain: &str) -> Result<(), Failure> {
        let command = self.command(ctx, &["-X", chain], &[]);
        let known = vec![(self.subject("chains", &[chain]), ABSENT), (self.subject("rules", &[chain]), EMPTY)];
        self.act(ctx, &command, &format!("remove the chain `{chain}`"), known)
    }

    /// Sets the policy of a chain of the kernel; whether it was another one.
    pub(super) fn set_policy(&self, ctx: &mut Context<'_>, chain: &str, policy: &str) -> Result<bool, Failure> {
        let subject = self.subject("policy", &[chain]);
        let is = match ctx.system.known(&subject) {
            Some(is) => is,
            None => {
                let shown = self.shown(ctx, chain)?.ok_or_else(|| no_policy(chain, "there is no such chain"))?;
                let policy = shown.lines().find_map(|line| line.strip_prefix("-P ")?.strip_prefix(chain)?.split_whitespace().next());
                policy.ok_or_else(|| no_policy(chain, "only chains of the kernel have one"))?.to_owned()
            }
        };
        if is == policy {
            return Ok(false);
        }
        let command = self.command(ctx, &["-P", chain], &[policy.to_owned()]);
        self.act(ctx, &command, &format!("set the policy of the chain `{chain}`"), vec![(subject, policy)])?;
        Ok(true)
    }
}

fn no_policy(chain: &str, why: &str) -> Failure {
    Failure::new(format!("failed to set the policy of the chain `{chain}`: {why}"))
}
