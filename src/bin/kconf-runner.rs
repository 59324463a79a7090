//! The program that kconf starts on targets.

fn main() -> std::process::ExitCode {
    kconf::runner::main(std::env::args_os())
}
