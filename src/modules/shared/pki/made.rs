//! Keys for tests. The programs of this machine make them when the tests run, so none is kept anywhere.
#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// A key or certificate in PEM, or a line.
pub(crate) type Text = LazyLock<&'static str>;
/// The same in DER.
pub(crate) type Bytes = LazyLock<&'static [u8]>;

/// The passphrase of the keys that have one, for `openssl`.
const PASSOUT: &str = "pass:sesame";

/// An RSA key of 1024 bits, as PKCS #8 and in the old form, open and protected, and its public half.
pub(crate) static RSA8: Text = LazyLock::new(|| text(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], ""));
pub(crate) static RSA1: Text = LazyLock::new(|| text(&["pkey", "-traditional"], &RSA8));
pub(crate) static PROTECTED1: Text = LazyLock::new(|| text(&["pkey", "-traditional", "-aes256", "-passout", PASSOUT], &RSA8));
pub(crate) static PROTECTED8: Text = LazyLock::new(|| text(&["pkey", "-aes256", "-passout", PASSOUT], &RSA8));
pub(crate) static RSA_INFO: Bytes = LazyLock::new(|| public(&RSA8));

/// A key on the curve brainpoolP256r1.
pub(crate) static EC8: Text = LazyLock::new(|| {
    let curve = ["-pkeyopt", "ec_paramgen_curve:brainpoolP256r1", "-pkeyopt", "ec_param_enc:named_curve"];
    text(&[&["genpkey", "-algorithm", "EC"], curve.as_slice()].concat(), "")
});
pub(crate) static EC1: Text = LazyLock::new(|| text(&["pkey", "-traditional"], &EC8));
pub(crate) static EC_INFO: Bytes = LazyLock::new(|| public(&EC8));

/// A key of the type X25519.
pub(crate) static X8: Text = LazyLock::new(|| text(&["genpkey", "-algorithm", "X25519"], ""));
pub(crate) static X8_DER: Bytes = LazyLock::new(|| openssl(&["pkey", "-outform", "DER"], &X8));
pub(crate) static X_INFO: Bytes = LazyLock::new(|| public(&X8));

/// A key of the type Ed25519.
pub(crate) static ED8: Text = LazyLock::new(|| text(&["genpkey", "-algorithm", "ED25519"], ""));
pub(crate) static ED_INFO: Bytes = LazyLock::new(|| public(&ED8));

/// Requests of the RSA key, and the certificate of the authority whose key is on the curve.
pub(crate) static REQUEST: Text =
    LazyLock::new(|| request("/CN=www", &["subjectAltName=DNS:www,DNS:web", "keyUsage=critical,digitalSignature"]));
pub(crate) static SKI_REQUEST: Text = LazyLock::new(|| request("/CN=ski", &["subjectKeyIdentifier=00:11"]));
pub(crate) static CA: Text =
    LazyLock::new(|| text(&["req", "-x509", "-new", "-key", "/dev/stdin", "-days", "20000", "-subj", "/CN=CA"], &EC8));

fn request(subject: &str, extensions: &[&str]) -> &'static str {
    let mut args = vec!["req", "-new", "-key", "/dev/stdin", "-subj", subject];
    args.extend(extensions.iter().flat_map(|extension| ["-addext", extension]));
    text(&args, &RSA8)
}

fn public(key: &str) -> &'static [u8] {
    openssl(&["pkey", "-pubout", "-outform", "DER"], key)
}

fn text(args: &[&str], input: &str) -> &'static str {
    std::str::from_utf8(openssl(args, input)).expect("PEM")
}

/// What `openssl` writes. It lives as long as the tests.
fn openssl(args: &[&str], input: &str) -> &'static [u8] {
    let mut command = Command::new("openssl");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("openssl");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("openssl reads");
    let output = child.wait_with_output().expect("openssl ends");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout.leak()
}

/// A pair of keys of `ssh-keygen`, the private one and the line of the public one.
pub(crate) fn ssh(kind: &str, comment: &str, passphrase: &str) -> (&'static str, &'static str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let done = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-C", comment, "-N", passphrase, "-f"])
        .arg(&path)
        .stdin(Stdio::null())
        .status()
        .expect("ssh-keygen");
    assert!(done.success(), "{kind}");
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("reads");
    // Behind the key comes a blank even where there is no comment.
    let line = read(&path.with_extension("pub"));
    (read(&path).leak(), format!("{}\n", line.trim_end()).leak())
}
