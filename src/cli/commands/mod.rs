//! One file per command. A command takes what was typed and returns the exit code, or what to say and the exit code.

mod adhoc;
mod check;
mod config;
mod doc;
mod exec;
mod facts;
mod history;
mod inventory;
mod ping;
mod report;
mod resume;
mod run;
mod schema;
mod ssh;
mod start;
mod vault;

pub use start::exit_code;

use super::args::{Cli, Command};
use super::exit::{self, Failure};

/// Runs the command.
pub async fn run(cli: Cli) -> Result<u8, Failure> {
    match cli.command {
        Command::Run(args) => run::run(*args).await,
        Command::Ping(args) => ping::run(*args).await,
        Command::Exec(args) => exec::run(*args).await,
        Command::Ssh(args) => ssh::run(*args).await,
        Command::Inventory(args) => inventory::run(args).await,
        Command::Check(args) => check::run(*args).await,
        Command::Facts(args) => facts::run(*args).await,
        Command::History(args) => history::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Doc(args) => doc::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Vault(args) => vault::run(args).await,
        // Handled before anything else is set up.
        Command::Completion(_) => Ok(exit::OK),
    }
}
