//! `kconf config`: the settings, and where each was found.

use super::super::args::Config;
use super::super::config_file::SETTINGS;
use super::super::exit::{self, Failure};
use super::super::messages;
use super::super::settings::Settings;

/// Runs the command. What it prints can be a `kconf.toml`.
pub fn run(args: &Config) -> Result<u8, Failure> {
    let settings = Settings::read()?;
    for setting in SETTINGS {
        match settings.found(setting.name) {
            Some(found) => {
                let value = toml::Value::String(found.value.clone());
                messages::data(&format!("{} = {value}  # from {}\n", setting.name, found.origin));
            }
            None if args.only_set => {}
            None => {
                let name = setting.name;
                let own = name.to_uppercase();
                let theirs = match (setting.variable, setting.ini) {
                    (Some(theirs), Some((section, key))) => format!(", ANSIBLE_{theirs}, or {key} under [{section}] in ansible.cfg"),
                    _ => " or kconf.toml".to_owned(),
                };
                messages::data(&format!("# {name} is not set: KCONF_{own}{theirs}\n"));
            }
        }
    }
    Ok(exit::OK)
}
