//! Personal package archives of Launchpad: `ppa:OWNER/NAME`.

use std::path::PathBuf;

use serde_json::Value;

use super::sources::Source;
use crate::modules::shared::{exists, http};
use crate::modules::{Context, Failure};
use crate::system::{Attributes, Content};

/// An archive.
pub(super) struct Ppa {
    owner: String,
    name: String,
    codename: String,
}

impl Ppa {
    /// `None` when `repo` is not written as one.
    pub(super) fn parse(ctx: &Context<'_>, repo: &str, codename: Option<&str>) -> Result<Option<Self>, Failure> {
        let Some(rest) = repo.strip_prefix("ppa:") else { return Ok(None) };
        let mut words = rest.split('/').map(str::trim);
        let (owner, name) = (words.next().unwrap_or_default(), words.next().unwrap_or("ppa"));
        let is_plain = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_alphanumeric())
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-_".contains(&byte))
        };
        if !is_plain(owner) || !is_plain(name) {
            return Err(Failure::new(format!("failed to read the repository `{repo}`: an archive of Launchpad is `ppa:OWNER/NAME`")));
        }
        let release = ctx.system.platform()?.os_release;
        let own = || release.get("UBUNTU_CODENAME").or_else(|| release.get("VERSION_CODENAME")).cloned();
        let Some(codename) = codename.map(str::to_owned).or_else(own) else {
            return Err(Failure::new(format!("failed to read the repository `{repo}`: the host does not say which release it is"))
                .hint("set `codename`"));
        };
        Ok(Some(Self { owner: owner.to_owned(), name: name.to_owned(), codename }))
    }

    /// Its source.
    pub(super) fn source(&self) -> Source {
        let text = format!("deb https://ppa.launchpadcontent.net/{}/{}/ubuntu {} main", self.owner, self.name, self.codename);
        Source { text, enabled: true, comment: String::new() }
    }

    /// The name of a list of its own.
    pub(super) fn list_name(&self) -> String {
        let name = format!("ppa {} {} {}", self.owner, self.name, self.codename);
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
    }

    fn key_file(&self) -> PathBuf {
        PathBuf::from(format!("/etc/apt/trusted.gpg.d/{}-ubuntu-{}.asc", self.owner, self.name))
    }

    /// Fetches the key that it is signed with, if the machine does not have it from an earlier task.
    pub(super) fn add_key(&self, ctx: &mut Context<'_>, verify: bool) -> Result<(), Failure> {
        let file = self.key_file();
        if exists(ctx.system, &file)? {
            return Ok(());
        }
        let about = self.get(ctx, verify, &format!("https://api.launchpad.net/1.0/~{}/+archive/ubuntu/{}", self.owner, self.name))?;
        let about: Value = serde_json::from_slice(&about).unwrap_or_default();
        let fingerprint = about.get("signing_key_fingerprint").and_then(Value::as_str).unwrap_or_default();
        if fingerprint.len() != 40 || !fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.failed("Launchpad does not say which key it is signed with"));
        }
        let key = self.get(ctx, verify, &format!("https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x{fingerprint}"))?;
        if !key.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----") {
            return Err(self.failed(&format!("the key server sends no key for {fingerprint}")));
        }
        ctx.system.write(&file, Content::Bytes(&key), &Attributes { mode: Some(0o644), ..Attributes::default() })?;
        Ok(())
    }

    fn failed(&self, why: &str) -> Failure {
        Failure::new(format!("failed to get the key of `ppa:{}/{}`: {why}", self.owner, self.name))
    }

    fn get(&self, ctx: &Context<'_>, verify: bool, url: &str) -> Result<Vec<u8>, Failure> {
        let mut request = http::get(ctx, url, verify);
        http::set_header(&mut request, "Accept", "application/json");
        http::fetch(ctx, &request, &format!("get the key of `ppa:{}/{}` from `{url}`", self.owner, self.name))
    }
}
