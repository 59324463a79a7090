//! Whether packages may start their services while they are installed.

use std::path::{Path, PathBuf};

use crate::modules::{Context, Failure};
use crate::system::{Attributes, Content, Follow};

const PATH: &str = "/usr/sbin/policy-rc.d";

/// The policy of the task, in the place of the host's.
pub(super) struct Policy {
    /// Where the host's own lies meanwhile.
    aside: Option<PathBuf>,
}

impl Policy {
    pub(super) fn set(ctx: &mut Context<'_>, code: i64) -> Result<Self, Failure> {
        let path = Path::new(PATH);
        let aside = match ctx.system.stat(path, Follow::No)? {
            Some(_) => {
                let aside = PathBuf::from(format!("{PATH}.kconf"));
                ctx.system.rename(path, &aside)?;
                Some(aside)
            }
            None => None,
        };
        let policy = Self { aside };
        let script = format!("#!/bin/sh\nexit {code}\n");
        let written = ctx.system.write(path, Content::Bytes(script.as_bytes()), &Attributes { mode: Some(0o755), ..Attributes::default() });
        if let Err(error) = written {
            policy.put_back(ctx)?;
            return Err(error.into());
        }
        Ok(policy)
    }

    pub(super) fn put_back(self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        match self.aside {
            Some(aside) => ctx.system.rename(&aside, Path::new(PATH))?,
            None => ctx.system.remove(Path::new(PATH))?,
        }
        Ok(())
    }
}
