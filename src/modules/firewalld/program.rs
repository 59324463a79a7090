//! The programs of firewalld.

use crate::modules::shared::required_command;
use crate::modules::shared::run::{change, look, said};
use crate::modules::{Context, Failure};
use crate::system::Effect;

use super::item::Item;

const PURPOSE: &str = "set up the firewall";
/// The exit code of `firewall-cmd` for a question whose answer is no.
const NO: i32 = 1;

/// Which settings are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// Those that are read when firewalld starts.
    Permanent,
    /// Those that hold.
    Now,
}

impl Layer {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Now => "now",
        }
    }
}

pub(super) struct Firewall {
    program: String,
    /// Whether firewalld runs.
    pub(super) runs: bool,
}

impl Firewall {
    pub(super) fn find(ctx: &Context<'_>) -> Result<Self, Failure> {
        let program = required_command(ctx.system, &["firewall-cmd"], PURPOSE)?;
        let state = ctx.system.probe(&ctx.command([program.as_str(), "--state"]))?;
        if state.success() {
            return Ok(Self { program, runs: true });
        }
        let program = required_command(ctx.system, &["firewall-offline-cmd"], PURPOSE)?;
        Ok(Self { program, runs: false })
    }

    /// That something is to hold at once where firewalld does not run.
    pub(super) fn not_running(&self, ctx: &Context<'_>) -> Failure {
        let failure = Failure::new(format!("failed to {PURPOSE}: firewalld does not run, so nothing can hold at once"));
        let will_run = ctx.system.foresees() && ctx.system.service("firewalld").ok().flatten().is_some_and(|service| service.active);
        if will_run {
            return Failure { unpredictable: true, ..failure };
        }
        failure.hint("start firewalld, or set `permanent: true` and `offline: true`").missing_on(ctx.system)
    }

    pub(super) fn default_zone(&self, ctx: &Context<'_>) -> Result<String, Failure> {
        let zone = look(ctx, &ctx.command([self.program.as_str(), "--get-default-zone"]), PURPOSE)?;
        Ok(zone.stdout_text().trim().to_owned())
    }

    /// Sees to it that the zone has what is wanted; whether that is a change.
    pub(super) fn bring(
        &self,
        ctx: &mut Context<'_>,
        item: &Item,
        wanted: bool,
        zone: &str,
        layer: Layer,
        timeout: i64,
    ) -> Result<bool, Failure> {
        let value = match item {
            Item::Target(target) if wanted => target.as_str(),
            Item::Target(_) => "default",
            _ if wanted => "yes",
            _ => "no",
        };
        let what = match item {
            Item::Target(_) => "target".to_owned(),
            other => other.text(),
        };
        let subject = format!("firewalld\n{}\n{zone}\n{what}", layer.text());
        let is = match ctx.system.known(&subject) {
            Some(known) => known,
            None => self.value(ctx, item, zone, layer)?,
        };
        if is == value {
            return Ok(false);
        }
        let option = match item {
            Item::Zone => format!("--{}-zone={zone}", if wanted { "new" } else { "delete" }),
            Item::Target(_) => format!("--set-target={value}"),
            other => other.option(if wanted { "add" } else { "remove" }, !self.runs),
        };
        let mut words = self.words(item, zone, layer);
        words.push(option);
        if timeout > 0 && wanted && layer == Layer::Now && !matches!(item, Item::Value("interface" | "source", _)) {
            words.push(format!("--timeout={timeout}"));
        }
        let effects = [
            Effect::Known { subject, value: value.to_owned() },
            Effect::Other(format!("zone {zone}, {}: {what}: {is} -> {value}", layer.text())),
        ];
        let command = ctx.command(words);
        change(ctx, &command, &effects, PURPOSE)?;
        Ok(true)
    }

    /// What the zone has.
    fn value(&self, ctx: &Context<'_>, item: &Item, zone: &str, layer: Layer) -> Result<String, Failure> {
        let of_zone = format!("firewalld\n{}\n{zone}\nexistence", Layer::Permanent.text());
        if *item != Item::Zone && ctx.system.known(&of_zone).as_deref() == Some("yes") && layer == Layer::Permanent {
            // A zone that an earlier task would make has nothing yet.
            return Ok(if matches!(item, Item::Target(_)) { "default" } else { "no" }.to_owned());
        }
        let mut words = self.words(item, zone, layer);
        words.push(match item {
            Item::Zone => "--get-zones".to_owned(),
            Item::Target(_) => "--get-target".to_owned(),
            other => other.option("query", !self.runs),
        });
        let command = ctx.command(words);
        let output = ctx.system.probe(&command)?;
        let text = output.stdout_text();
        match item {
            Item::Zone if output.success() => Ok(if text.split_whitespace().any(|name| name == zone) { "yes" } else { "no" }.to_owned()),
            Item::Target(_) if output.success() => Ok(text.trim().to_owned()),
            Item::Value(..) | Item::Switch(..) if output.success() => Ok("yes".to_owned()),
            Item::Value(..) | Item::Switch(..) if output.rc == NO && text.trim() == "no" => Ok("no".to_owned()),
            _ => Err(Failure::command(format!("failed to look at the firewall: {}", said(&output)), &command.argv, &output)),
        }
    }

    /// The program, with the layer and the zone.
    fn words(&self, item: &Item, zone: &str, layer: Layer) -> Vec<String> {
        let mut words = vec![self.program.clone()];
        // The offline program knows nothing else, and not the word.
        words.extend((layer == Layer::Permanent && self.runs).then(|| "--permanent".to_owned()));
        words.extend((*item != Item::Zone).then(|| format!("--zone={zone}")));
        words
    }
}
