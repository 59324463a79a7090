//! Small helpers for messages.

/// "1 host", "3 hosts": the count with the singular or the singular plus "s".
pub fn count(number: usize, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

/// "10 seconds", "0.5 seconds": a duration as it was set.
pub fn seconds(duration: std::time::Duration) -> String {
    if duration.as_secs() == 1 && duration.subsec_nanos() == 0 {
        "1 second".to_owned()
    } else {
        format!("{} seconds", duration.as_secs_f64())
    }
}

/// What the system said of an error, without its number, which helps nobody: "No such file or directory".
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// "`a`, `b` and `c`", each in backticks.
pub fn list<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// "did you mean `x`?" for the known names nearest to `wrong`, best first, at most three; `None` when none is near.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wrong_lower = wrong.to_lowercase();
    let length = wrong_lower.chars().count();
    let allowed = (wrong.chars().count() / 3).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            // Texts whose lengths are too far apart are not near, and comparing long ones takes long.
            if lower.chars().count().abs_diff(length) > allowed {
                return None;
            }
            let distance = edit_distance(&wrong_lower, &lower);
            (distance <= allowed).then_some((distance, name))
        })
        .collect();
    near.sort();
    near.dedup();
    near.truncate(3);
    let names: Vec<&str> = near.into_iter().map(|(_, name)| name).collect();
    match names.split_last() {
        None => None,
        Some((last, [])) => Some(format!("did you mean `{last}`?")),
        Some((last, rest)) => {
            let rest: Vec<String> = rest.iter().map(|n| format!("`{n}`")).collect();
            Some(format!("did you mean {} or `{last}`?", rest.join(", ")))
        }
    }
}

/// A number as Python's `repr` writes it: the shortest digits that read back the same, always with a point or an exponent.
pub fn python_float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&power) || value == 0.0 {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(did_you_mean("taks", ["tasks", "hosts"]).as_deref(), Some("did you mean `tasks`?"));
        assert_eq!(did_you_mean("xyzzy", ["tasks", "hosts"]), None);
    }

    #[test]
    fn floats_as_python_writes_them() {
        for (value, text) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (-0.0, "-0.0"),
            (1e100, "1e+100"),
        ] {
            assert_eq!(python_float(value), text);
        }
    }

    #[test]
    fn counts_and_lists() {
        assert_eq!(count(1, "host"), "1 host");
        assert_eq!(count(0, "host"), "0 hosts");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
