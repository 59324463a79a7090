//! The managers of systemd and what they know of a unit.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Scope, systemctl};
use crate::modules::shared::exists;
use crate::modules::shared::run::said;
use crate::modules::{Context, Failure};
use crate::system::lookup::{from_show, unit_name};
use crate::system::{Command, FileKind, Follow, Service};

/// A manager of units, as `systemctl` reaches it.
pub(super) struct Manager {
    program: String,
    scope: Scope,
    offline: bool,
    /// Where the socket of a user's manager is.
    runtime_dir: Option<String>,
}

/// What a manager knows of a unit.
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) exists: bool,
    pub(super) active: bool,
    pub(super) stopping: bool,
    pub(super) enabled: Enabled,
    pub(super) masked: bool,
    properties: Map<String, Value>,
}

/// Whether a unit starts at boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enabled {
    Yes,
    No,
    /// It can be neither enabled nor disabled itself.
    Fixed,
}

impl Manager {
    pub(super) fn new(ctx: &Context<'_>, scope: Scope) -> Result<Self, Failure> {
        let program = systemctl(ctx)?;
        // The directory exists exactly while systemd is the init of the machine; see sd_booted(3).
        let booted = exists(ctx.system, Path::new("/run/systemd/system"))?;
        let runtime_dir = match scope {
            Scope::User
                if !ctx.environment.contains_key("XDG_RUNTIME_DIR") && !ctx.system.environment()?.contains_key("XDG_RUNTIME_DIR") =>
            {
                Some(format!("/run/user/{}", ctx.system.identity()?.uid))
            }
            _ => None,
        };
        Ok(Self { program, scope, offline: !booted, runtime_dir })
    }

    pub(super) fn is_system(&self) -> bool {
        self.scope == Scope::System
    }

    /// Whether there is no manager to talk to: systemd does not run, or the settings of all users are meant.
    pub(super) fn is_offline(&self) -> bool {
        self.offline || self.scope == Scope::Global
    }

    pub(super) fn command<'w>(&self, ctx: &Context<'_>, words: impl IntoIterator<Item = &'w str>) -> Command {
        let scope: &[&str] = match self.scope {
            Scope::System => &[],
            Scope::User => &["--user"],
            Scope::Global => &["--global"],
        };
        let start = [self.program.as_str()].into_iter().chain(scope.iter().copied()).map(str::to_owned);
        let command = ctx.command(start.chain(words.into_iter().map(str::to_owned)));
        match &self.runtime_dir {
            Some(dir) => command.env("XDG_RUNTIME_DIR", dir.as_str()),
            None => command,
        }
    }

    pub(super) fn unit(&self, ctx: &Context<'_>, name: &str) -> Result<Unit, Failure> {
        let unit = unit_name(name);
        if self.is_offline() {
            return self.offline_unit(ctx, unit);
        }
        let service = if self.is_system() {
            ctx.system.service(&unit)?
        } else {
            let output = ctx.system.probe(&self.command(ctx, ["show", "--", &unit]))?;
            if !output.success() {
                return Err(Failure::new(format!("failed to ask the manager of the user about the unit `{unit}`: {}", said(&output)))
                    .hint("the user has to be logged in, or to linger: `loginctl enable-linger USER`"));
            }
            from_show(unit.clone(), &output.stdout_text())
        };
        match service {
            None => Ok(Unit::unknown(unit)),
            Some(service) => {
                let enabled = self.enabled(ctx, &service)?;
                Ok(Unit::known(unit, service, enabled))
            }
        }
    }

    fn enabled(&self, ctx: &Context<'_>, service: &Service) -> Result<Enabled, Failure> {
        let state = service.properties.get("UnitFileState").map_or("", String::as_str);
        Ok(match state {
            "enabled" | "enabled-runtime" => Enabled::Yes,
            // A script in `/etc/init.d`, of which other links say whether it starts.
            "generated" if self.is_system() && has_script(ctx, &service.name)? => {
                let output = ctx.system.probe(&self.command(ctx, ["is-enabled", &service.name]))?;
                if output.success() { Enabled::Yes } else { Enabled::No }
            }
            "static" | "indirect" | "generated" | "transient" | "alias" => Enabled::Fixed,
            "" if service.enabled => Enabled::Yes,
            _ => Enabled::No,
        })
    }

    /// What the unit files alone say.
    fn offline_unit(&self, ctx: &Context<'_>, unit: String) -> Result<Unit, Failure> {
        let output = ctx.system.probe(&self.command(ctx, ["is-enabled", &unit]))?;
        let state = output.stdout_text().trim().to_owned();
        if state.is_empty() || state == "not-found" {
            return Ok(Unit::unknown(unit));
        }
        let enabled = match state.as_str() {
            "enabled" | "enabled-runtime" => Enabled::Yes,
            "static" | "indirect" | "generated" | "transient" | "alias" => Enabled::Fixed,
            _ => Enabled::No,
        };
        let masked = state.starts_with("masked");
        let properties = [("Id".to_owned(), unit.as_str().into()), ("UnitFileState".to_owned(), state.into())].into_iter().collect();
        Ok(Unit { name: unit, exists: true, active: false, stopping: false, enabled, masked, properties })
    }
}

fn has_script(ctx: &Context<'_>, unit: &str) -> Result<bool, Failure> {
    Ok(exists(ctx.system, &Path::new("/etc/init.d").join(unit.strip_suffix(".service").unwrap_or(unit)))?)
}

impl Unit {
    fn known(name: String, service: Service, enabled: Enabled) -> Self {
        let stopping = service.properties.get("ActiveState").is_some_and(|state| state == "deactivating");
        let properties = service.properties.into_iter().map(|(name, value)| (name, value.into())).collect();
        Self { name, exists: true, active: service.active, stopping, enabled, masked: service.masked, properties }
    }

    /// As systemd shows a unit that it does not know.
    fn unknown(name: String) -> Self {
        let properties =
            [("Id", name.as_str()), ("LoadState", "not-found"), ("ActiveState", "inactive"), ("SubState", "dead"), ("UnitFileState", "")];
        let properties = properties.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        Self { name, exists: false, active: false, stopping: false, enabled: Enabled::No, masked: false, properties }
    }

    pub(super) fn status(&self) -> Map<String, Value> {
        self.properties.clone()
    }

    /// Whether the unit's own file is where the link of a mask has to be.
    pub(super) fn file_in_the_way(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        let path = Path::new("/etc/systemd/system").join(&self.name);
        Ok(ctx.system.stat(&path, Follow::No)?.is_some_and(|stat| stat.kind == FileKind::File))
    }
}
