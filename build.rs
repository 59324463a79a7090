//! Puts the runner into kconf (feature `embed-runner`).
//!
//! The runner for the architecture that kconf is built for is built here, statically linked, by a nested cargo with a target directory
//! of its own (`target/runner`), so that neither waits for the other's lock. A runner that is built already can be named by the variables
//! `KCONF_RUNNER_X86_64` and `KCONF_RUNNER_AARCH64`; that is also how the one for the other architecture gets in. Without the
//! feature, or for other architectures, hosts are worked on through their shell.

#![expect(clippy::disallowed_methods, reason = "a build script reads sources and starts cargo")]

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// What the runner is made of. Anything else changes without it being built again.
const SOURCES: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "build.rs",
    "src/base",
    "src/bin/kconf-runner.rs",
    "src/klaytn",
    "src/lib.rs",
    "src/modules",
    "src/runner",
    "src/system",
    "src/wire",
];

const ARCHITECTURES: &[(&str, &str)] = &[("x86_64", "KCONF_RUNNER_X86_64"), ("aarch64", "KCONF_RUNNER_AARCH64")];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let mut table = String::from("static EMBEDDED: &[(&str, &str, &[u8])] = &[\n");
    if env::var_os("CARGO_FEATURE_EMBED_RUNNER").is_some() {
        for source in SOURCES {
            println!("cargo::rerun-if-changed={source}");
        }
        for (arch, variable) in ARCHITECTURES {
            println!("cargo::rerun-if-env-changed={variable}");
            if let Some(program) = runner(arch, variable, &out)? {
                let packed = out.join(format!("kconf-runner-{arch}.gz"));
                let digest = pack(&program, &packed)?;
                table.push_str(&format!("    ({arch:?}, {digest:?}, include_bytes!({packed:?})),\n"));
            }
        }
    }
    table.push_str("];\n");
    fs::write(out.join("runners.rs"), table)?;
    Ok(())
}

/// The runner for `arch`: the one that is named, or one that is built now, when that is the architecture we build for.
fn runner(arch: &str, variable: &str, out: &Path) -> Result<Option<PathBuf>, Box<dyn Error>> {
    if let Some(path) = env::var_os(variable).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        println!("cargo::rerun-if-changed={}", path.display());
        return Ok(Some(path));
    }
    let target = env::var("TARGET")?;
    if target.starts_with(&format!("{arch}-")) && target.contains("-linux-") { build(&target, out).map(Some) } else { Ok(None) }
}

fn build(target: &str, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let source = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?);
    // OUT_DIR is TARGET_DIR/PROFILE/build/kconf-HASH/out.
    let target_dir = out.ancestors().nth(4).unwrap_or(out).join("runner");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&source).args(["build", "--locked", "--offline", "--no-default-features", "--bin", "kconf-runner"]);
    cargo.args(["--profile", "runner", "--target", target, "--target-dir"]).arg(&target_dir);
    // What the outer cargo says about this build script is nothing to the inner one; only the place in the queue for the processors is.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("CARGO_") && !matches!(&*text, "CARGO_HOME" | "CARGO_MAKEFLAGS");
        if ours
            || matches!(
                &*text,
                "RUSTC" | "RUSTDOC" | "RUSTFLAGS" | "TARGET" | "HOST" | "PROFILE" | "OPT_LEVEL" | "DEBUG" | "NUM_JOBS" | "OUT_DIR"
            )
        {
            cargo.env_remove(&name);
        }
    }
    cargo.env("RUSTFLAGS", "-C target-feature=+crt-static");
    let output = cargo.output().map_err(|error| format!("failed to start cargo for the runner: {error}"))?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        return Err(format!("failed to build the runner (leave out the feature `embed-runner` to do without):\n{log}").into());
    }
    Ok(target_dir.join(target).join("runner").join("kconf-runner"))
}

/// Compresses `program` into `packed`; its SHA-256 in hex.
fn pack(program: &Path, packed: &Path) -> Result<String, Box<dyn Error>> {
    let bytes = fs::read(program).map_err(|error| format!("failed to read the runner {}: {error}", program.display()))?;
    let mut encoder = GzEncoder::new(File::create(packed)?, Compression::best());
    encoder.write_all(&bytes)?;
    encoder.finish()?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
