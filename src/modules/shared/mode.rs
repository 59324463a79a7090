//! File modes: octal and symbolic.

/// A mode as a user writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// These bits.
    Bits(u32),
    /// Changes to the bits that are there.
    Symbolic(Vec<Change>),
}

/// One change: `ug+rx`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// For whom: letters of `ugo`.
    users: String,
    /// No one was named: what the umask takes away stays away.
    umasked: bool,
    /// `+`, `-` or `=`.
    operator: char,
    /// Letters of `rwxXstugo`.
    permissions: String,
}

/// Reads `0644`, `u=rw,g=r,o=`, `+x`.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<Mode, String> {
    let text = text.trim();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        return match u32::from_str_radix(digits, 8) {
            Ok(bits) if bits <= 0o7777 => Ok(Mode::Bits(bits)),
            Ok(_) => Err(format!("`{text}` has more than the twelve bits of a mode")),
            Err(_) => Err(format!("`{text}` is no octal number")),
        };
    }
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let mut changes = Vec::new();
    for clause in text.split(',') {
        parse_clause(clause, &mut changes)?;
    }
    Ok(Mode::Symbolic(changes))
}

fn parse_clause(clause: &str, changes: &mut Vec<Change>) -> Result<(), String> {
    let is_operator = |c: char| matches!(c, '+' | '-' | '=');
    let (users, mut rest) = clause.split_at(clause.find(is_operator).unwrap_or(clause.len()));
    let umasked = users.is_empty();
    let users = if umasked || users == "a" { "ugo" } else { users };
    if !users.chars().all(|c| "ugo".contains(c)) {
        return Err(format!("`{clause}` is no octal number and names none of `u`, `g`, `o` or `a`"));
    }
    while let Some(operator) = rest.chars().next() {
        rest = rest.get(operator.len_utf8()..).unwrap_or("");
        let (permissions, after) = rest.split_at(rest.find(is_operator).unwrap_or(rest.len()));
        if let Some(wrong) = permissions.chars().find(|c| !"rwxXstugo".contains(*c)) {
            return Err(format!("`{wrong}` in `{clause}` is none of `r`, `w`, `x`, `X`, `s`, `t`, `u`, `g`, `o`"));
        }
        changes.push(Change { users: users.to_owned(), umasked, operator, permissions: permissions.to_owned() });
        rest = after;
    }
    Ok(())
}

impl Mode {
    /// The bits that come of it for something that has the bits `current`.
    pub fn apply(&self, current: u32, is_dir: bool, umask: u32) -> u32 {
        match self {
            Self::Bits(bits) => *bits,
            Self::Symbolic(changes) => changes.iter().fold(current, |bits, change| change.apply(bits, is_dir, umask)),
        }
    }
}

impl Change {
    fn apply(&self, current: u32, is_dir: bool, umask: u32) -> u32 {
        let executable = is_dir || current & 0o111 != 0;
        let mut all = current;
        for user in self.users.chars() {
            let (shift, special, sticky) = match user {
                'u' => (6, 0o4000, 0),
                'g' => (3, 0o2000, 0),
                _ => (0, 0, 0o1000),
            };
            let mut bits = 0;
            for permission in self.permissions.chars() {
                bits |= match permission {
                    'r' => 4 << shift,
                    'w' => 2 << shift,
                    'x' => 1 << shift,
                    'X' if executable => 1 << shift,
                    's' => special,
                    't' => sticky,
                    'u' => (current >> 6 & 7) << shift,
                    'g' => (current >> 3 & 7) << shift,
                    'o' => (current & 7) << shift,
                    _ => 0,
                };
            }
            if self.umasked {
                bits &= !umask;
            }
            match self.operator {
                '+' => all |= bits,
                '-' => all &= !bits,
                _ => all = all & !(7 << shift | special | sticky) | bits,
            }
        }
        all
    }
}

/// `0644`: four octal digits, as results show modes.
pub fn show(bits: u32) -> String {
    format!("{bits:04o}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbolic_modes_change_what_is_there() {
        for (current, is_dir, text, expected) in [
            (0o644, false, "u=rw", 0o644),
            (0o644, false, "+x", 0o755),
            (0o644, false, "u+s", 0o4644),
            (0o644, false, "+s", 0o6644),
            (0o644, false, "o+t", 0o1644),
            (0o644, false, "u=rwX,g=rX,o=rX", 0o644),
            (0o744, false, "u=rwX,g=rX,o=rX", 0o755),
            (0o744, false, "u=rw,u+X", 0o644),
            (0o644, false, "u-x+w", 0o644),
            (0o644, false, "go=u", 0o666),
            (0o644, false, "o-g", 0o640),
            (0o755, true, "u=", 0o055),
            (0o7777, true, "u=rw", 0o3677),
            (0o7777, true, "o=", 0o6770),
            (0o7777, true, "go=u", 0o4777),
            (0o7777, true, "=r", 0o444),
            (0o7777, true, "=", 0),
            (0o7777, true, "-w", 0o7577),
            (0o000, false, "+w", 0o200),
            (0o644, false, "a=t", 0o1000),
            (0o644, false, "u+rw,", 0o644),
            (0o000, false, "u+rwxg", 0o700),
            (0o755, true, "0640", 0o640),
        ] {
            let mode = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(show(mode.apply(current, is_dir, 0o022)), show(expected), "{text} on {current:o}");
        }
    }

    #[test]
    fn refuses_what_is_no_mode() {
        for text in ["", "ua+x", "rwx", "X", "u+q", "0899", "77777", "preserve", "-1", "0x1ff"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
