//! Looking up services: what the machine below knows, unit files that were written, and what was started or enabled since.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::View;
use super::errors::error;
use crate::system::lookup::unit_name;
use crate::system::{ErrorKind, Follow, Result, Service};

/// Where systemd looks for units, in its order.
const UNIT_DIRS: &[&str] =
    &["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

impl View<'_> {
    /// See [`crate::system::System::service`].
    pub fn service(&self, name: &str) -> Result<Option<Service>> {
        let unit = unit_name(name);
        let state = self.memory.catalogue.services.get(&unit);
        let below = match self.below {
            Some(below) => below.service(name)?,
            None => None,
        };
        let known = match below.or_else(|| state.and_then(|state| state.base.clone())) {
            Some(service) if self.lost_its_file(&service)? => None,
            Some(service) => Some(service),
            None => self.of_unit_file(&unit)?,
        };
        let mut service = match (known, state) {
            (Some(service), _) => service,
            (None, Some(state)) if [state.active, state.enabled, state.masked].contains(&Some(true)) => stopped(&unit, None, false),
            (None, _) => match self.memory.doubt() {
                Some(doubt) => {
                    let reason = format!("the service manager does not know it now; {doubt} may change that");
                    return Err(error(ErrorKind::Unpredictable, "look up the service", Path::new(&unit), reason));
                }
                None => return Ok(None),
            },
        };
        if let Some(state) = state {
            if let Some(active) = state.active {
                service.active = active;
                set(
                    &mut service,
                    &[("ActiveState", if active { "active" } else { "inactive" }), ("SubState", if active { "running" } else { "dead" })],
                );
            }
            if let Some(masked) = state.masked {
                service.masked = masked;
                set(
                    &mut service,
                    &[
                        ("LoadState", if masked { "masked" } else { "loaded" }),
                        ("UnitFileState", if masked { "masked" } else { "disabled" }),
                    ],
                );
            }
            if let Some(enabled) = state.enabled {
                service.enabled = enabled;
                set(&mut service, &[("UnitFileState", if enabled { "enabled" } else { "disabled" })]);
            }
        }
        Ok(Some(service))
    }

    /// Whether the file of a stopped service is gone.
    fn lost_its_file(&self, service: &Service) -> Result<bool> {
        let Some(file) = service.properties.get("FragmentPath").filter(|file| !file.is_empty()) else { return Ok(false) };
        Ok(!service.active && !self.memory.has_no_files() && self.stat(Path::new(file), Follow::Yes)?.is_none())
    }

    /// A service whose unit file (or template) is in memory only.
    fn of_unit_file(&self, unit: &str) -> Result<Option<Service>> {
        if self.memory.has_no_files() {
            return Ok(None);
        }
        let template = unit.split_once('@').and_then(|(name, rest)| Some(format!("{name}@.{}", rest.rsplit_once('.')?.1)));
        for name in [Some(unit.to_owned()), template].into_iter().flatten() {
            for dir in UNIT_DIRS {
                let file = Path::new(dir).join(&name);
                if self.stat(&file, Follow::Yes)?.is_some_and(|stat| stat.is_file()) {
                    // A unit that says nowhere what wants it cannot be enabled, and counts as if it were.
                    let installable =
                        self.read(&file).map_or(true, |text| String::from_utf8_lossy(&text).lines().any(|line| line.trim() == "[Install]"));
                    return Ok(Some(stopped(unit, Some(file), !installable)));
                }
            }
        }
        let script = Path::new("/etc/init.d").join(unit.strip_suffix(".service").unwrap_or(unit));
        let has_script = self.stat(&script, Follow::Yes)?.is_some_and(|stat| stat.is_file());
        Ok(has_script.then(|| stopped(unit, None, false)))
    }
}

fn stopped(unit: &str, file: Option<PathBuf>, is_static: bool) -> Service {
    let mut service = Service { name: unit.to_owned(), enabled: is_static, ..Service::default() };
    let file = file.unwrap_or_default().to_string_lossy().into_owned();
    let state = if is_static { "static" } else { "disabled" };
    let properties = [
        ("Id", unit),
        ("LoadState", "loaded"),
        ("ActiveState", "inactive"),
        ("SubState", "dead"),
        ("UnitFileState", state),
        ("FragmentPath", &file),
    ];
    service.properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>();
    service
}

/// Sets properties of a service that has any.
fn set(service: &mut Service, properties: &[(&str, &str)]) {
    if !service.properties.is_empty() {
        service.properties.extend(properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    }
}
