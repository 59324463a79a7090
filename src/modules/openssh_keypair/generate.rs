//! Making keys.

use super::key::SshKey;
use super::{Arguments, KeyKind, WantedFormat};
use crate::modules::shared::pki::private::{Format, PrivateKey};
use crate::modules::shared::pki::public::Kind;
use crate::modules::shared::required_command;
use crate::modules::shared::run::said;
use crate::modules::{Context, Failure};
use crate::system::Output;

/// `ssh-keygen` can write to files only: they are in a folder that nobody else can enter, in memory where the host has such a file system,
/// and gone with the shell.
pub(super) const SCRIPT: &str = "umask 077
folder=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf \"$folder\"' EXIT
trap 'exit 1' HUP INT TERM
ssh-keygen \"$@\" -f \"$folder/key\" >&2 </dev/null || exit
cat \"$folder/key\"";

/// Makes a key of `size` bits.
///
/// # Errors
/// When the machine cannot, or there is no such key.
pub(super) fn generate(ctx: &Context<'_>, kind: KeyKind, size: u32, format: WantedFormat, args: &Arguments) -> Result<SshKey, Failure> {
    match format {
        WantedFormat::Auto | WantedFormat::Ssh => by_ssh_keygen(ctx, kind, size, args),
        WantedFormat::Pkcs1 => by_openssl(ctx, kind, size, Format::Pkcs1, args.passphrase.as_deref()),
        WantedFormat::Pkcs8 => by_openssl(ctx, kind, size, Format::Pkcs8, args.passphrase.as_deref()),
    }
}

fn by_ssh_keygen(ctx: &Context<'_>, kind: KeyKind, size: u32, args: &Arguments) -> Result<SshKey, Failure> {
    let purpose = format!("make a key of the type {}", kind.name());
    required_command(ctx.system, &["ssh-keygen"], &purpose)?;
    let comment = args.comment.as_deref().unwrap_or_default();
    let size = size.to_string();
    let mut argv = vec!["sh", "-c", SCRIPT, "sh", "-q", "-N", "", "-t", kind.name()];
    if kind != KeyKind::Ed25519 {
        argv.extend(["-b", &size]);
    }
    argv.extend(["-C", comment]);
    let output = ctx.system.probe(&ctx.command(argv))?;
    if !output.success() {
        // As the shell shows a signal.
        let rc = if (129..=143).contains(&output.rc) { 128 - output.rc } else { output.rc };
        let output = Output { stdout: Vec::new(), rc, ..output };
        return Err(Failure::new(format!("failed to {purpose}: {}", said(&output)))
            .with("rc", output.rc)
            .with("stderr", output.stderr_text()));
    }
    let wrong = |why: String| Failure::new(format!("failed to {purpose}: of what `ssh-keygen` wrote {why}"));
    // Before version 7.8 it writes the forms of OpenSSL.
    SshKey::read(ctx, &output.stdout, None)?.map_err(wrong)
}

fn by_openssl(ctx: &Context<'_>, kind: KeyKind, size: u32, format: Format, passphrase: Option<&str>) -> Result<SshKey, Failure> {
    let wrong = |why: String| Failure::new(format!("failed to make a key of the type {}: {why}", kind.name()));
    let (openssl_kind, curve) = match (kind, size) {
        (KeyKind::Rsa, _) => (Kind::Rsa, None),
        (KeyKind::Dsa, _) => (Kind::Dsa, None),
        (KeyKind::Ecdsa, 384) => (Kind::Ecc, Some("secp384r1")),
        (KeyKind::Ecdsa, 521) => (Kind::Ecc, Some("secp521r1")),
        (KeyKind::Ecdsa, _) => (Kind::Ecc, Some("secp256r1")),
        (KeyKind::Ed25519, _) => (Kind::Ed25519, None),
        (KeyKind::Rsa1, _) => return Err(wrong("OpenSSL has no such keys".to_owned())),
    };
    let made = PrivateKey::generate(ctx, openssl_kind, size as usize, curve)?;
    let text = made.write(ctx, format, None, passphrase)?;
    let text = String::from_utf8(text).map_err(|_| wrong("`openssl` printed no text".to_owned()))?;
    SshKey::of_openssl(PrivateKey { text, format, public: made.public }).map_err(wrong)
}
