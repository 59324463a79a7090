//! `kconf vault` as people and scripts call it, on files that `ansible-vault` wrote.
//!
//! The files beside this one were written by `ansible-vault` of ansible-core 2.19 (`tests/compat/vault-interop --record` writes them
//! anew) with the two passwords below. These are passwords of this test: they stand here to be read and protect nothing.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A password of this test.
const PASSWORD: &str = "a password of a test";
/// Another one.
const OTHER: &str = "another password of a test";

/// A folder with password files, and an own one for temporary files.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir(desk.path("tmp")).expect("makes");
        desk.write("pw", PASSWORD);
        desk.write("other", OTHER);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("writes");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("reads")
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).expect("is there").permissions().mode() & 0o7777
    }

    /// Takes a file that `ansible-vault` wrote.
    fn take(&self, name: &str) {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/vault").join(name), self.path(name)).expect("copies");
    }

    /// An editor that runs these lines of shell; `$1` is the file.
    fn editor(&self, lines: &str) {
        self.write("editor", &format!("#!/bin/sh\n{lines}\n"));
        fs::set_permissions(self.path("editor"), fs::Permissions::from_mode(0o755)).expect("sets");
    }

    fn command(&self, program: &Path, args: &str) -> Command {
        let mut command = Command::new(program);
        command
            .args(args.split_whitespace())
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("TMPDIR", self.path("tmp"))
            .env("EDITOR", self.path("editor"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn vault_with(&self, args: &str, input: &[u8]) -> Output {
        let mut child = self.command(Path::new(env!("CARGO_BIN_EXE_kconf")), &format!("vault {args}")).spawn().expect("starts");
        // Who does not read it may be gone already.
        let _ = child.stdin.take().expect("a pipe").write_all(input);
        child.wait_with_output().expect("ends")
    }

    /// Runs `kconf vault`, which must succeed; its output.
    fn vault(&self, args: &str) -> Vec<u8> {
        let output = self.vault_with(args, b"");
        assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Runs `kconf vault`, which must fail; what it says.
    fn refused(&self, args: &str) -> String {
        let output = self.vault_with(args, b"");
        assert!(!output.status.success() && output.stdout.is_empty(), "{args} succeeds");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Nothing decrypted is left behind.
    fn is_clean(&self) -> bool {
        fs::read_dir(self.path("tmp")).expect("reads").next().is_none()
    }
}

fn contains(text: &str, part: &str) {
    assert!(text.contains(part), "`{part}` is not in:\n{text}");
}

#[test]
fn opens_what_ansible_vault_wrote() {
    let desk = Desk::new();
    let all_bytes: Vec<u8> = (0..=255).collect();
    for (name, ids, content) in [
        ("plain.vault", "--vault-password-file pw", b"key: value\n".as_slice()),
        ("dev.vault", "--vault-id dev@pw", b"key: dev\n"),
        ("dev.vault", "--vault-password-file pw", b"key: dev\n"),
        ("prod.vault", "--vault-id dev@pw --vault-id prod@other", b"key: prod\n"),
        ("prod.vault", "--vault-id prod@other --vault-id dev@pw", b"key: prod\n"),
        ("empty.vault", "--vault-id pw", b""),
        ("bytes.vault", "--vault-id pw", &all_bytes),
    ] {
        desk.take(name);
        assert_eq!(desk.vault(&format!("view {ids} {name}")), content, "{name} {ids}");
    }
    desk.vault("decrypt --vault-password-file pw plain.vault");
    assert_eq!((desk.read("plain.vault").as_str(), desk.mode("plain.vault")), ("key: value\n", 0o600));
}

#[test]
fn says_what_is_wrong() {
    let desk = Desk::new();
    for name in ["plain.vault", "dev.vault", "prod.vault"] {
        desk.take(name);
    }
    let text = desk.refused("view --vault-password-file other plain.vault");
    contains(&text, "failed to decrypt `plain.vault`");
    contains(&text, "none of the vault passwords fits");
    let text = desk.refused("view --vault-id dev@pw prod.vault");
    contains(&text, "wants the password with the id `prod`");
    contains(&text, "ids: dev");

    // A digit of the content, of the first line, of the end.
    let whole = desk.read("plain.vault");
    let last = whole.trim_end().len() - 1;
    let changed = if &whole[last..=last] == "1" { "2" } else { "1" };
    desk.write("changed", &format!("{}{changed}\n", &whole[..last]));
    contains(&desk.refused("view --vault-password-file pw changed"), "the text was changed");
    desk.write("cut", &whole[..200]);
    contains(&desk.refused("view --vault-password-file pw cut"), "damaged");
    desk.write("odd", &whole[..whole.trim_end().len() - 1]);
    contains(&desk.refused("view --vault-password-file pw odd"), "damaged");
    desk.write("letters", &whole.replacen("\n3", "\nx", 1).replacen("\n6", "\nx", 1));
    contains(&desk.refused("view --vault-password-file pw letters"), "damaged");
    desk.write("version", &whole.replacen("1.1", "9.9", 1));
    contains(&desk.refused("view --vault-password-file pw version"), "format 9.9");
    desk.write("text", "key: value\n");
    contains(&desk.refused("view --vault-password-file pw text"), "no vault text");
    contains(&desk.refused("view --vault-password-file nothing plain.vault"), "`nothing`");
}

#[test]
fn create_writes_what_the_editor_leaves() {
    let desk = Desk::new();
    desk.editor("test -s \"$1\" && exit 9; echo 'made: here' > \"$1\"");
    desk.vault("create --vault-password-file pw new.yml");
    assert!(desk.read("new.yml").starts_with("$ANSIBLE_VAULT;1.1;AES256\n"));
    assert_eq!((desk.mode("new.yml"), desk.is_clean()), (0o600, true));
    assert_eq!(desk.vault("view --vault-password-file pw new.yml"), b"made: here\n");
    contains(&desk.refused("create --vault-password-file pw new.yml"), "is there already");

    contains(&desk.refused("create --vault-id dev@pw --vault-id prod@other two.yml"), "--encrypt-vault-id");
    contains(&desk.refused("create --vault-id dev@pw --encrypt-vault-id prod two.yml"), "no vault password has the id `prod`");
    desk.vault("create --vault-id dev@pw --vault-id prod@other --encrypt-vault-id prod two.yml");
    assert!(desk.read("two.yml").starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"));
    assert_eq!(desk.vault("view --vault-id prod@other two.yml"), b"made: here\n");
}

#[test]
fn edit_keeps_id_mode_and_link() {
    let desk = Desk::new();
    desk.take("prod.vault");
    fs::set_permissions(desk.path("prod.vault"), fs::Permissions::from_mode(0o640)).expect("sets");
    symlink("prod.vault", desk.path("link.yml")).expect("links");
    desk.editor("stat -c %a \"$1\" \"$(dirname \"$1\")\" > seen; basename \"$1\" >> seen; echo 'more: yes' >> \"$1\"");
    desk.vault("edit --vault-id dev@pw --vault-id prod@other link.yml");
    assert_eq!(desk.read("seen"), "600\n700\nlink.yml\n");
    assert!(desk.path("link.yml").is_symlink());
    assert!(desk.read("prod.vault").starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"));
    assert_eq!((desk.mode("prod.vault"), desk.is_clean()), (0o640, true));
    assert_eq!(desk.vault("view --vault-id prod@other prod.vault"), b"key: prod\nmore: yes\n");

    let before = desk.read("prod.vault");
    desk.editor("exit 0");
    desk.vault("edit --vault-id prod@other prod.vault");
    assert_eq!(desk.read("prod.vault"), before, "what was not changed is not written");
}

#[test]
fn nothing_changes_and_nothing_is_left_when_the_editor_fails() {
    let desk = Desk::new();
    desk.take("plain.vault");
    let before = desk.read("plain.vault");
    desk.editor("echo lost >> \"$1\"; cp \"$1\" \"$1~\"; exit 3");
    let text = desk.refused("edit --vault-password-file pw plain.vault");
    contains(&text, "failed to edit");
    contains(&text, "exit status: 3");
    assert!(desk.is_clean());
    desk.editor("rm \"$1\"");
    desk.refused("edit --vault-password-file pw plain.vault");
    fs::remove_file(desk.path("editor")).expect("removes");
    contains(&desk.refused("edit --vault-password-file pw plain.vault"), "EDITOR");
    contains(&desk.refused("create --vault-password-file pw new.yml"), "EDITOR");
    assert!(!desk.path("new.yml").exists());
    assert_eq!((desk.read("plain.vault"), desk.is_clean()), (before, true));
}

#[test]
fn nothing_is_left_when_a_signal_ends_it() {
    let desk = Desk::new();
    desk.take("plain.vault");
    let before = desk.read("plain.vault");
    // A pipe that nobody writes to: the editor stays until it is ended.
    let made = Command::new("mkfifo").arg(desk.path("forever")).status().expect("runs");
    assert!(made.success());
    desk.editor("echo changed > \"$1\"; touch open; read line < forever");
    let args = "vault edit --vault-password-file pw plain.vault";
    let mut child = desk.command(Path::new(env!("CARGO_BIN_EXE_kconf")), args).spawn().expect("starts");
    while !desk.path("open").exists() {
        assert!(child.try_wait().expect("waits").is_none(), "it ended before the editor was open");
        std::thread::yield_now();
    }
    let ended = Command::new("kill").arg(child.id().to_string()).status().expect("runs");
    assert!(ended.success());
    assert!(!child.wait().expect("ends").success());
    assert_eq!((desk.read("plain.vault"), desk.is_clean()), (before, true));
}

#[test]
fn rekey_changes_all_files_or_none() {
    let desk = Desk::new();
    for name in ["plain.vault", "dev.vault", "prod.vault"] {
        desk.take(name);
    }
    fs::set_permissions(desk.path("plain.vault"), fs::Permissions::from_mode(0o644)).expect("sets");
    let before = desk.read("plain.vault");
    contains(&desk.refused("rekey --vault-password-file pw --new-vault-password-file other plain.vault prod.vault"), "`prod.vault`");
    assert_eq!(desk.read("plain.vault"), before);

    desk.vault("rekey --vault-password-file pw --new-vault-id next@other plain.vault dev.vault");
    assert!(desk.read("plain.vault").starts_with("$ANSIBLE_VAULT;1.2;AES256;next\n"));
    assert_eq!(desk.mode("plain.vault"), 0o644);
    assert_eq!(desk.vault("view --vault-id other plain.vault dev.vault"), b"key: value\nkey: dev\n");
    contains(&desk.refused("view --vault-id dev@pw plain.vault"), "id `next`");
    desk.vault("rekey --vault-id other --new-vault-password-file pw plain.vault");
    assert!(desk.read("plain.vault").starts_with("$ANSIBLE_VAULT;1.1;AES256\n"));
}

#[test]
fn works_under_the_name_of_ansible_vault_and_in_pipes() {
    let desk = Desk::new();
    let program = desk.path("ansible-vault");
    symlink(env!("CARGO_BIN_EXE_kconf"), &program).expect("links");
    desk.editor("echo 'by: name' > \"$1\"");
    let output = desk.command(&program, "create --vault-id dev@pw new.yml").output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = desk.command(&program, "encrypt_string --vault-id dev@pw --name key text").output().expect("runs");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("key: !vault |\n          $ANSIBLE_VAULT;1.2;AES256;dev\n"));

    let sealed = desk.vault_with("encrypt --vault-password-file pw --output -", b"from a pipe\n");
    assert!(sealed.stdout.starts_with(b"$ANSIBLE_VAULT;1.1;AES256\n"));
    assert_eq!(desk.vault_with("decrypt --vault-password-file pw", &sealed.stdout).stdout, b"from a pipe\n");
    desk.vault("decrypt --vault-id dev@pw --output copy new.yml");
    assert_eq!(desk.read("copy"), "by: name\n");
    assert!(desk.read("new.yml").starts_with("$ANSIBLE_VAULT;1.2;AES256;dev\n"));
}
