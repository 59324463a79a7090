//! Groups by their names: dnf 5 takes only their ids.

use super::names::{Kind, Wanted};
use super::perform::Job;
use super::program::Version;
use crate::modules::{Context, Failure};

impl Job<'_> {
    /// Puts ids in the place of names of groups, where dnf needs them.
    pub(super) fn name_groups(&self, ctx: &Context<'_>, wanted: &mut [Wanted]) -> Result<(), Failure> {
        // No id has a blank in it.
        let named = |one: &&mut Wanted| one.kind == Kind::Group && one.text.contains(' ');
        for one in wanted.iter_mut().filter(named).filter(|_| self.dnf.version == Version::Five) {
            let name = one.text.trim_start_matches('@').to_owned();
            for kind in ["group", "environment"] {
                let words = ["-q", kind, "info", &name].map(str::to_owned);
                let (_, output) = self.dnf.ask(ctx, "--assumeno", &words)?;
                if let Some(id) = id_of(&output.stdout_text(), &name) {
                    one.word = format!("@{id}");
                    break;
                }
            }
        }
        Ok(())
    }
}

/// The id beside a name.
fn id_of(text: &str, name: &str) -> Option<String> {
    let mut id = None;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        match key.trim() {
            "Id" => id = Some(value.trim()),
            "Name" if value.trim() == name => return id.map(str::to_owned),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_beside_ids() {
        let text = "Id                   : other\nName                 : Other\n\nId                   : mygrp\nName                 : My Group\nDescription          : x\n";
        assert_eq!(id_of(text, "My Group").as_deref(), Some("mygrp"));
        assert_eq!(id_of(text, "Mine"), None);
    }
}
