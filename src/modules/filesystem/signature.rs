//! What is on a device.

use super::Arguments;
use crate::modules::shared::required_command;
use crate::modules::shared::run::said;
use crate::modules::{Context, Failure};

/// What `blkid` finds on a device.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) fstype: Option<String>,
    pub(super) uuid: Option<String>,
    partitions: Option<String>,
    /// Several things at once.
    ambiguous: bool,
}

impl Signature {
    pub(super) fn read(ctx: &Context<'_>, args: &Arguments) -> Result<Self, Failure> {
        let purpose = format!("see what is on `{}`", args.dev.display());
        let program = required_command(ctx.system, &["blkid"], &purpose)?;
        // Its cache may be out of date, so the device itself is read.
        let command = ctx.command([program.as_str(), "-c", "/dev/null", "-p", "-o", "export", &args.dev()]);
        let output = ctx.system.probe(&command)?;
        match output.rc {
            0 => Ok(Self::parse(&output.stdout_text())),
            2 if output.stderr.is_empty() => Ok(Self::default()),
            8 => Ok(Self { ambiguous: true, ..Self::default() }),
            _ => Err(Failure::command(format!("failed to {purpose}: {}", said(&output)), &command.argv, &output)),
        }
    }

    fn parse(text: &str) -> Self {
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
            // It escapes blanks and the like.
            Some(value.replace('\\', ""))
        };
        Self { fstype: field("TYPE"), uuid: field("UUID"), partitions: field("PTTYPE"), ambiguous: false }
    }

    /// What would be overwritten; `None` when nothing is there.
    pub(super) fn what(&self) -> Option<String> {
        match (&self.fstype, &self.partitions) {
            _ if self.ambiguous => Some("signatures of several file systems".to_owned()),
            (Some(fstype), _) => Some(format!("the file system {fstype}")),
            (None, Some(kind)) => Some(format!("a partition table ({kind})")),
            (None, None) => None,
        }
    }
}
