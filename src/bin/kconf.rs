//! `kconf`: the program on the machine of the operator.

use std::process::ExitCode;

fn main() -> ExitCode {
    kconf::cli::main()
}
