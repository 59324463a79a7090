//! `kconf vault`.

mod edit;
mod file;
mod password;
mod plaintext;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use self::password::Identity;
use super::super::args::{Vault, VaultFiles, VaultRekey, VaultString};
use super::super::exit::{self, Failure};
use super::super::messages;
use super::super::settings::Settings;
use crate::base::Diagnostic;
use crate::vault::{self, Keyring, VaultError};

/// Stands for standard input, or standard output, in place of a file.
const STREAM: &str = "-";

/// Runs the command.
pub async fn run(command: Vault) -> Result<u8, Failure> {
    let settings = Settings::read()?;
    match command {
        Vault::Encrypt(args) => encrypt(&settings, &args)?,
        Vault::Decrypt(args) => decrypt(&settings, &args)?,
        Vault::View(args) => {
            for (_, content) in opened(&password::keyring(&settings, &args.secrets)?, &args.files)? {
                print(&content);
            }
        }
        Vault::Create(args) => edit::create(&settings, &args).await?,
        Vault::Edit(args) => edit::edit(&settings, &args).await?,
        Vault::Rekey(args) => rekey(&settings, &args)?,
        Vault::EncryptString(args) => encrypt_string(&settings, &args)?,
    }
    Ok(exit::OK)
}

fn encrypt(settings: &Settings, args: &VaultFiles) -> Result<(), Failure> {
    let identity = password::to_encrypt(settings, &args.secrets, args.encrypt_vault_id.as_deref())?;
    for path in sources(args)? {
        let content = input(path)?;
        if std::str::from_utf8(&content).is_ok_and(vault::is_encrypted) {
            return Err(Diagnostic::error(format!("`{}` is encrypted already", path.display()))
                .hint("`rekey` gives it another password")
                .into());
        }
        output(args.output.as_deref().unwrap_or(path), sealed(&content, &identity)?.as_bytes())?;
    }
    messages::status("Encryption successful");
    Ok(())
}

fn decrypt(settings: &Settings, args: &VaultFiles) -> Result<(), Failure> {
    let keyring = password::keyring(settings, &args.secrets)?;
    for (path, content) in opened(&keyring, sources(args)?)? {
        output(args.output.as_deref().unwrap_or(path), &content)?;
    }
    messages::status("Decryption successful");
    Ok(())
}

/// Gives files another password. None is changed unless all can be opened.
fn rekey(settings: &Settings, args: &VaultRekey) -> Result<(), Failure> {
    let files = opened(&password::keyring(settings, &args.secrets)?, &args.files)?;
    let identity = password::new_identity(args)?;
    for (path, content) in files {
        file::replace(path, sealed(&content, &identity)?.as_bytes(), file::Mode::Kept)?;
    }
    messages::status("Rekey successful");
    Ok(())
}

fn encrypt_string(settings: &Settings, args: &VaultString) -> Result<(), Failure> {
    let text = match &args.text {
        Some(text) if text != STREAM => text.clone().into_bytes(),
        _ => input(Path::new(STREAM))?,
    };
    let name = args.name.as_ref().or(args.stdin_name.as_ref());
    let identity = password::to_encrypt(settings, &args.secrets, args.encrypt_vault_id.as_deref())?;
    let encrypted = sealed(&text, &identity)?;
    let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
    let lines: String = encrypted.lines().map(|line| format!("          {line}\n")).collect();
    messages::data(&format!("{name}!vault |\n{lines}"));
    Ok(())
}

/// The files of a command; without any, standard input.
fn sources(args: &VaultFiles) -> Result<Vec<&PathBuf>, Failure> {
    if args.output.is_some() && args.files.len() > 1 {
        return Err(Failure::usage(Diagnostic::error("`--output` names one file, but there are several to write")));
    }
    static STDIN: std::sync::LazyLock<PathBuf> = std::sync::LazyLock::new(|| PathBuf::from(STREAM));
    Ok(if args.files.is_empty() { vec![&STDIN] } else { args.files.iter().collect() })
}

fn input(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    if path.as_os_str() != STREAM {
        return file::read(path);
    }
    let mut content = Vec::new();
    let failed = |error: std::io::Error| Diagnostic::error("failed to read standard input").caused_by(error.to_string());
    std::io::stdin().read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

fn output(path: &Path, content: &[u8]) -> Result<(), Diagnostic> {
    if path.as_os_str() != STREAM {
        return file::replace(path, content, file::Mode::Private);
    }
    print(content);
    Ok(())
}

/// Writes content, which may be anything, to standard output. A closed pipe is no error.
fn print(content: &[u8]) {
    let _ = std::io::stdout().write_all(content);
}

fn sealed(content: &[u8], identity: &Identity) -> Result<String, Diagnostic> {
    vault::encrypt(content, &identity.password, identity.label.as_deref()).map_err(|error| Diagnostic::error(error.to_string()))
}

/// The contents of encrypted files; all must open.
fn opened<'a>(keyring: &Keyring, files: impl IntoIterator<Item = &'a PathBuf>) -> Result<Vec<(&'a Path, Vec<u8>)>, Failure> {
    let open = |path: &'a PathBuf| {
        let text = String::from_utf8_lossy(&input(path)?).into_owned();
        Ok::<_, Failure>((path.as_path(), keyring.decrypt(&text).map_err(|error| cannot_open(path, &error))?))
    };
    files.into_iter().map(open).collect()
}

fn cannot_open(path: &Path, error: &VaultError) -> Diagnostic {
    Diagnostic::error(format!("failed to decrypt `{}`", path.display()))
        .caused_by(error.to_string())
        .maybe_hint(error.hint().map(str::to_owned))
}
