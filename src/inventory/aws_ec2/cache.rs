//! Kept answers of EC2, as `cache: true` with the plugin `jsonfile` asks for.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::config::Config;
use crate::base::Diagnostic;
use crate::inventory::source::Options;

/// The kept answer, if there is one that is not too old and nobody asked for a new one.
#[expect(clippy::disallowed_methods, reason = "the cache of this plugin")]
pub fn fresh(config: &Config, options: &Options) -> Option<Vec<Map<String, Value>>> {
    let timeout = config.cache_timeout?;
    if options.flush_cache {
        return None;
    }
    let path = path(config);
    let age = SystemTime::now().duration_since(std::fs::metadata(&path).ok()?.modified().ok()?).ok()?;
    // 0 means for ever, as in Ansible.
    if timeout > 0 && age > Duration::from_secs(timeout) {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Keeps an answer, readable by its owner only: it names every machine of the account.
///
/// # Errors
/// The file cannot be written.
pub fn store(config: &Config, instances: &[Map<String, Value>]) -> Result<(), Diagnostic> {
    if config.cache_timeout.is_none() {
        return Ok(());
    }
    let path = path(config);
    let failed = |error: std::io::Error| {
        Diagnostic::at(&config.span, format!("failed to keep the inventory in `{}`", path.display())).caused_by(error.to_string())
    };
    write(&path, &serde_json::to_vec(instances).unwrap_or_default()).map_err(failed)
}

#[expect(clippy::disallowed_methods, reason = "the cache of this plugin")]
fn write(path: &std::path::Path, content: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    if let Some(dir) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let temporary = path.with_extension("new");
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?.write_all(content)?;
    std::fs::rename(&temporary, path)
}

/// One file for each configuration: what is asked, whom, and as whom.
fn path(config: &Config) -> PathBuf {
    let endpoint =
        config.endpoint.clone().or_else(|| std::env::var("AWS_ENDPOINT_URL_EC2").ok()).or_else(|| std::env::var("AWS_ENDPOINT_URL").ok());
    let asked = format!(
        "{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}",
        config.regions,
        config.include,
        config.exclude,
        config.profile,
        config.role,
        endpoint,
        config.keys.as_ref().map(|(access, _, _)| access)
    );
    let digest = hex::encode(Sha256::digest(asked));
    let dir = match &config.cache_dir {
        Some(dir) => PathBuf::from(dir),
        None => {
            let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
                .unwrap_or_else(std::env::temp_dir)
                .join("kconf")
        }
    };
    dir.join(format!("aws_ec2_{}.json", digest.get(..16).unwrap_or_default()))
}
