//! Command lines of the programs this binary stands in for. To add a flag: a line in [`table`]; to add a
//! command: a file here and an arm in [`main`].

mod app;
pub mod attach;
pub mod flags;
mod init;
mod options;
pub mod table;
mod text;

use std::process::ExitCode;

pub use app::App;
pub use options::{Network, Options, SubBridge as SubBridgeOptions};

use crate::version::{self, Version};
use crate::{homi, node};

/// Runs the program that the binary was called as.
pub fn main(args: Vec<String>) -> ExitCode {
    let (version, mode) = version::this();
    let mut args = args.into_iter();
    let called = args.next().unwrap_or_default();
    let args: Vec<String> = args.collect();
    let done = match App::of(&called) {
        None => homi::main(&version, &args),
        Some(app) => dispatch(app, &version, mode, &args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(app: App, version: &Version, mode: version::Mode, args: &[String]) -> Result<(), String> {
    // Flags before the command belong to the program, those after it to the command; both count.
    let global = flags::parse(&table::node(app, version), args, false)?;
    let mut rest = global.rest.iter();
    let command = rest.next().map(String::as_str);
    let rest: Vec<String> = rest.cloned().collect();
    match command {
        None if global.switch("help") => print!("{}", text::usage(app, version)),
        None if global.switch("version") => print!("{}", text::version(version)),
        None => return node::start::main(Options::new(app, version, mode, &global)?),
        Some("help") => print!("{}", text::usage(app, version)),
        Some("version") => print!("{}", text::version(version)),
        Some("init") => init::main(app, version, &global, &rest)?,
        Some("attach") => attach::main(app, version, &global, &rest)?,
        Some(other) => return Err(format!("invalid command: {other:?}")),
    }
    Ok(())
}
