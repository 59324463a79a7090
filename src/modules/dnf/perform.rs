//! Doing what dnf says it would do, and telling what came of it.

use super::installed::Rpm;
use super::names::Wanted;
use super::options::Arguments;
use super::program::{Dnf, Version, unavailable};
use super::table::{Row, Step, Transaction, shown};
use crate::modules::{Context, Failure};
use crate::system::{Effect, Package};

/// A task at work.
pub(super) struct Job<'j> {
    pub(super) dnf: &'j Dnf,
    pub(super) rpm: Rpm,
    pub(super) args: &'j Arguments,
    /// What is told at the end.
    pub(super) results: Vec<String>,
    pub(super) changed: bool,
}

impl Job<'_> {
    /// Lets dnf do `verb` to what is wanted. Without `allow_downgrade` what would become older stays as it is.
    pub(super) fn perform(&mut self, ctx: &mut Context<'_>, verb: &[&str], mut wanted: Vec<Wanted>) -> Result<(), Failure> {
        let all = wanted.is_empty();
        loop {
            let words: Vec<String> = verb.iter().map(|word| (*word).to_owned()).chain(wanted.iter().map(|one| one.word.clone())).collect();
            let names: Vec<&str> = wanted.iter().map(|one| one.text.as_str()).collect();
            let purpose = purpose(verb.first().unwrap_or(&""), &names);
            let plan = self.dnf.plan(ctx, &words, &purpose)?;
            if !plan.without_advisory.is_empty() {
                let before = wanted.len();
                wanted.retain(|one| !plan.without_advisory.contains(&one.word));
                if wanted.is_empty() || wanted.len() == before {
                    return Ok(());
                }
                continue;
            }
            let mut transaction = plan.transaction;
            if !self.args.allow_downgrade && !all {
                let before = wanted.len();
                let down = || transaction.rows.iter().filter(|row| row.step == Step::Downgrade).map(|row| &row.package);
                wanted.retain(|one| !down().any(|package| one.means(package)));
                if wanted.is_empty() {
                    return Ok(());
                }
                if wanted.len() < before {
                    continue;
                }
            }
            match verb {
                ["remove"] => {
                    self.results.extend(plan.text.lines().filter(|line| line.contains("out by exclude filtering")).map(str::to_owned))
                }
                _ => self.results.extend(unavailable(&plan.text)),
            }
            self.leave_out_what_is_there(ctx, &mut transaction)?;
            if transaction.is_nothing() {
                return Ok(());
            }
            let told = self.told(ctx, &transaction)?;
            self.dnf.run(ctx, &words, &self.effects(&transaction), &purpose)?;
            self.results.extend(told);
            self.changed = true;
            return Ok(());
        }
    }

    /// What earlier tasks of check mode would have done already is not done again.
    fn leave_out_what_is_there(&self, ctx: &Context<'_>, transaction: &mut Transaction) -> Result<(), Failure> {
        let foreseen = self.rpm.foreseen(ctx);
        if foreseen.is_empty() {
            return Ok(());
        }
        let mut kept = Vec::new();
        for row in transaction.rows.drain(..) {
            let there =
                if foreseen.contains(&row.package.name) { ctx.system.package(&row.package.name)? } else { Some(Package::default()) };
            let done = match row.step {
                Step::Remove | Step::Replaced => there.is_none(),
                _ => there.is_some_and(|there| there.version == row.package.version),
            };
            if !done {
                kept.push(row);
            }
        }
        transaction.rows = kept;
        Ok(())
    }

    /// The lines of `results`.
    fn told(&self, ctx: &Context<'_>, transaction: &Transaction) -> Result<Vec<String>, Failure> {
        if self.args.download_only {
            return Ok(transaction.coming().map(|package| format!("Downloaded: {}", shown(package))).collect());
        }
        let five = self.dnf.version == Version::Five;
        let mut lines = Vec::new();
        for Row { step, package } in &transaction.rows {
            match step {
                Step::Install | Step::Upgrade => lines.push(format!("Installed: {}", shown(package))),
                Step::Downgrade if five => lines.push(format!("Downgrade: {}", shown(package))),
                Step::Downgrade => lines.push(format!("Installed: {}", shown(package))),
                Step::Remove | Step::Replaced => {}
            }
        }
        lines.extend(transaction.going().map(|package| format!("Removed: {}", shown(package))));
        if !five {
            lines.extend(self.older(ctx, transaction)?.iter().map(|package| format!("Removed: {}", shown(package))));
        }
        Ok(lines)
    }

    /// The versions that others take the place of, of which dnf 4 does not speak.
    fn older(&self, ctx: &Context<'_>, transaction: &Transaction) -> Result<Vec<Package>, Failure> {
        let rows = transaction.rows.iter().filter(|row| matches!(row.step, Step::Upgrade | Step::Downgrade));
        let new: Vec<&Package> = rows.map(|row| &row.package).collect();
        let names: Vec<&str> = new.iter().map(|package| package.name.as_str()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let is_same = |old: &Package, new: &Package| old.name == new.name && old.architecture == new.architecture;
        let installed = self.rpm.of_names(ctx, &names)?;
        let of = |package: &Package| {
            let same: Vec<Package> = installed.iter().filter(|old| is_same(old, package)).cloned().collect();
            // Packages become ones for all architectures, and back.
            if same.is_empty() { installed.iter().filter(|old| old.name == package.name).cloned().collect() } else { same }
        };
        Ok(new.into_iter().flat_map(of).collect())
    }

    fn effects(&self, transaction: &Transaction) -> Vec<Effect> {
        if self.args.download_only {
            return transaction.coming().map(|package| Effect::Other(format!("{} downloaded", shown(package)))).collect();
        }
        if self.dnf.root.is_some() {
            let coming = transaction.coming().map(|package| Effect::Other(format!("{} installed", shown(package))));
            return coming.chain(transaction.going().map(|package| Effect::Other(format!("{} removed", shown(package))))).collect();
        }
        let stays = |name: &str| transaction.coming().any(|package| package.name == name);
        let going = transaction.going().filter(|package| !stays(&package.name)).map(|package| Effect::PackageRemoved(package.name.clone()));
        let coming = transaction.coming().cloned().map(Effect::PackageInstalled);
        let notes = transaction.notes.iter().cloned().map(Effect::Other);
        going.chain(coming).chain(notes).collect()
    }
}

impl Transaction {
    /// Whether nothing would change but what dnf remembers of groups.
    fn is_nothing(&self) -> bool {
        self.rows.is_empty() && !self.notes.iter().any(|note| note.starts_with("Enabling") || note.starts_with("Switching"))
    }
}

fn purpose(verb: &str, names: &[&str]) -> String {
    match (verb, names) {
        ("autoremove", _) => "remove packages that are not needed any more".to_owned(),
        (_, []) => format!("{verb} packages"),
        (_, names) => format!("{verb} {}", names.join(", ")),
    }
}
