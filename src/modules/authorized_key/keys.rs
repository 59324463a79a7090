//! The lines of a file of authorized keys; see sshd(8).

/// Types of keys.
const KINDS: &[&str] = &[
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
];

/// A key with its options and comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) options: String,
    kind: String,
    blob: String,
    pub(super) comment: String,
}

impl Key {
    /// The key of a line; `None` when it holds none.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (first, rest) = split_field(line);
        let (options, kind, rest) = if KINDS.contains(&first) {
            ("", first, rest)
        } else {
            let (kind, rest) = split_field(rest);
            (first, kind, rest)
        };
        let (blob, comment) = split_field(rest);
        let is_base64 = !blob.is_empty() && blob.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c));
        (KINDS.contains(&kind) && is_base64).then(|| Self {
            options: options.to_owned(),
            kind: kind.to_owned(),
            blob: blob.to_owned(),
            comment: comment.to_owned(),
        })
    }

    fn is_same_key(&self, other: &Self) -> bool {
        (&self.kind, &self.blob) == (&other.kind, &other.blob)
    }

    fn line(&self) -> String {
        let fields = [&self.options, &self.kind, &self.blob, &self.comment];
        fields.into_iter().filter(|field| !field.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// The first field, which may hold blanks between double quotes, and what follows it.
fn split_field(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                let (field, rest) = text.split_at(at);
                return (field, rest.trim_start());
            }
            _ => {}
        }
    }
    (text, "")
}

/// The text with these keys as they are given; with `exclusive` nothing else is left.
pub(super) fn with(text: &str, wanted: &[Key], exclusive: bool) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut placed: Vec<&Key> = Vec::new();
    for line in text.lines() {
        let known = Key::parse(line).and_then(|key| wanted.iter().find(|other| other.is_same_key(&key)).map(|other| (key, other)));
        match known {
            Some((_, wanted)) if placed.iter().any(|other| other.is_same_key(wanted)) => {}
            Some((key, wanted)) => {
                placed.push(wanted);
                lines.push(if key == *wanted { line.to_owned() } else { wanted.line() });
            }
            None if exclusive => {}
            None => lines.push(line.to_owned()),
        }
    }
    for key in wanted {
        if !placed.iter().any(|other| other.is_same_key(key)) {
            placed.push(key);
            lines.push(key.line());
        }
    }
    joined(&lines)
}

/// The text without these keys.
pub(super) fn without(text: &str, unwanted: &[Key]) -> String {
    let is_kept = |line: &&str| !Key::parse(line).is_some_and(|key| unwanted.iter().any(|other| other.is_same_key(&key)));
    if text.lines().all(|line| is_kept(&line)) {
        return text.to_owned();
    }
    joined(&text.lines().filter(is_kept).map(str::to_owned).collect::<Vec<_>>())
}

fn joined(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}
