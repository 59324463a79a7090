//! PEM: DER in base64 between two lines that say what it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A block of a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Block<'t> {
    /// What its first line says it is: `RSA PRIVATE KEY`.
    pub label: &'t str,
    /// Whether a header says that it is encrypted, as keys in the old form of OpenSSL are.
    pub is_encrypted: bool,
    /// The bytes; `None` when they are no base64.
    pub bytes: Option<Vec<u8>>,
}

/// The first block of the text.
pub fn first(text: &str) -> Option<Block<'_>> {
    let mut lines = text.lines().map(str::trim_end).skip_while(|line| !line.starts_with("-----BEGIN "));
    let label = lines.next()?.strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
    let end = format!("-----END {label}-----");
    let mut inside: Vec<&str> = Vec::new();
    loop {
        match lines.next()? {
            line if line == end => break,
            line => inside.push(line),
        }
    }
    let headers = inside.iter().take_while(|line| !line.is_empty()).filter(|line| line.contains(':')).count();
    let is_encrypted = inside.iter().any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"));
    let body: String = if headers > 0 { inside.iter().skip_while(|line| !line.is_empty()).copied().collect() } else { inside.concat() };
    Some(Block { label, is_encrypted, bytes: STANDARD.decode(body).ok() })
}

/// The bytes as a block.
pub fn encode(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    text + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_as_they_are_written() {
        let text = encode("X509 CRL", &[5; 60]);
        assert_eq!(text.lines().nth(1).map(str::len), Some(64));
        let around = format!("a remark\n{}trailing", text.replace('\n', "\r\n"));
        assert_eq!(first(&around), Some(Block { label: "X509 CRL", is_encrypted: false, bytes: Some(vec![5; 60]) }));
        let old =
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(first(old), Some(Block { label: "RSA PRIVATE KEY", is_encrypted: true, bytes: Some(vec![0; 3]) }));
        for broken in ["", "-----BEGIN A-----\nAAAA\n", "-----BEGIN A-----\nAAAA\n-----END B-----\n"] {
            assert_eq!(first(broken), None, "{broken}");
        }
        assert_eq!(first("-----BEGIN A-----\n?\n-----END A-----").and_then(|block| block.bytes), None);
    }
}
