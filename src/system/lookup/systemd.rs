//! Services of systemd.

use std::collections::BTreeMap;

use super::{plain, unit_name};
use crate::system::{Error, ErrorKind, Result, Service, System};

/// The unit `name`.
pub(super) fn service(system: &dyn System, name: &str) -> Result<Option<Service>> {
    let unit = unit_name(name);
    let output = system.probe(&plain(["systemctl", "--no-pager", "show", "--", &unit]))?;
    if !output.success() {
        let stderr = output.stderr_text();
        // A template without instance, or a name that no unit can have.
        if stderr.contains("neither a valid invocation ID nor unit name")
            || stderr.contains("not a valid unit name")
            || stderr.contains("Unit name")
        {
            return Ok(None);
        }
        return Err(Error::new(ErrorKind::Other, format!("ask systemd about `{unit}`"), stderr.trim()));
    }
    Ok(from_show(unit, &output.stdout_text()))
}

/// The unit as the output of `systemctl show` describes it; `None` when the manager knows no such unit.
pub fn from_show(unit: String, text: &str) -> Option<Service> {
    from_properties(unit, parse(text))
}

/// `None` when the manager has neither a file of the unit nor a running process of it.
fn from_properties(unit: String, properties: BTreeMap<String, String>) -> Option<Service> {
    let property = |name: &str| properties.get(name).map_or("", String::as_str);
    let active = matches!(property("ActiveState"), "active" | "activating" | "reloading");
    if property("LoadState") == "not-found" && !active {
        return None;
    }
    // The states for which `systemctl is-enabled` says yes, without those that only point to another unit.
    let enabled = matches!(property("UnitFileState"), "enabled" | "enabled-runtime" | "static" | "generated" | "transient");
    let masked = property("LoadState") == "masked";
    Some(Service { name: unit, active, enabled, masked, properties })
}

/// `Name=value` lines; a value that spans lines goes on until the next line of that form.
fn parse(text: &str) -> BTreeMap<String, String> {
    let mut properties: BTreeMap<String, String> = BTreeMap::new();
    let mut last: Option<String> = None;
    for line in text.lines() {
        match line
            .split_once('=')
            .filter(|(name, _)| name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric()))
        {
            Some((name, value)) => {
                properties.insert(name.to_owned(), value.to_owned());
                last = Some(name.to_owned());
            }
            None => {
                if let Some(value) = last.as_ref().and_then(|name| properties.get_mut(name)) {
                    value.push('\n');
                    value.push_str(line);
                }
            }
        }
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_say_what_state_a_unit_is_in() {
        let table = [
            ("LoadState=loaded\nActiveState=active\nUnitFileState=enabled", Some((true, true, false))),
            ("LoadState=loaded\nActiveState=activating\nUnitFileState=disabled", Some((true, false, false))),
            ("LoadState=loaded\nActiveState=failed\nUnitFileState=static", Some((false, true, false))),
            ("LoadState=loaded\nActiveState=inactive\nUnitFileState=indirect", Some((false, false, false))),
            ("LoadState=masked\nActiveState=inactive\nUnitFileState=masked", Some((false, false, true))),
            ("LoadState=not-found\nActiveState=inactive", None),
            ("LoadState=not-found\nActiveState=active", Some((true, false, false))),
        ];
        for (text, expected) in table {
            let found = from_properties("x.service".into(), parse(text));
            assert_eq!(found.map(|s| (s.active, s.enabled, s.masked)), expected, "{text}");
        }
    }

    #[test]
    fn values_may_span_lines() {
        let properties = parse("Id=x\nEnvironment=A=1 B=2\nDescription=one\ntwo = three\nNames=x");
        assert_eq!(properties["Environment"], "A=1 B=2");
        assert_eq!(properties["Description"], "one\ntwo = three");
        assert_eq!(properties["Names"], "x");
    }
}
