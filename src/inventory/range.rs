//! Host ranges: `web[01:20:2].example.com`, `db-[a:f]`.

/// What all ranges of an inventory may stand for together: a few letters can name more hosts than any memory holds.
const MOST_HOSTS: usize = 200_000;

/// How many hosts the ranges of an inventory may still stand for.
#[derive(Clone, Debug)]
pub struct Allowance(usize);

impl Default for Allowance {
    fn default() -> Self {
        Self(MOST_HOSTS)
    }
}

impl Allowance {
    /// All names that a pattern with ranges stands for; the name itself when it has none. Several ranges multiply out.
    ///
    /// # Errors
    /// What is wrong with a range, or that the inventory would have too many hosts.
    pub fn expand(&mut self, pattern: &str) -> Result<Vec<String>, String> {
        let mut ranges = Vec::new();
        let mut rest = pattern;
        while let Some((head, range, tail)) = split(rest) {
            ranges.push((head, values(range).map_err(|why| format!("range `[{range}]` in `{pattern}`: {why}"))?));
            rest = tail;
        }
        if ranges.is_empty() {
            return Ok(vec![pattern.to_owned()]);
        }
        let count = ranges.iter().fold(1, |count: usize, (_, values)| count.saturating_mul(values.len()));
        self.0 = self.0.checked_sub(count).ok_or_else(|| {
            format!("with `{pattern}` the ranges of the inventory stand for more than {MOST_HOSTS} hosts, which is more than can be meant")
        })?;
        let mut names = vec![rest.to_owned()];
        for (head, values) in ranges.iter().rev() {
            names = values.iter().flat_map(|value| names.iter().map(move |tail| format!("{head}{value}{tail}"))).collect();
        }
        Ok(names)
    }
}

/// The text before the first range, the range without brackets, the text behind it. A bracket without a colon (an IPv6
/// address with its port is written `[fe80::1]:22`, which has two or more) is a range only if it looks like one.
fn split(pattern: &str) -> Option<(&str, &str, &str)> {
    let open = pattern.find('[')?;
    let close = pattern.get(open..)?.find(']')? + open;
    let range = pattern.get(open + 1..close)?;
    if !range.contains(':') || range.matches(':').count() > 2 || range.contains("::") {
        return None;
    }
    Some((pattern.get(..open)?, range, pattern.get(close + 1..)?))
}

fn values(range: &str) -> Result<Vec<String>, String> {
    let parts: Vec<&str> = range.split(':').collect();
    let (first, last) = match parts.as_slice() {
        [first, last] | [first, last, _] => (*first, *last),
        _ => return Err("expected `first:last` or `first:last:step`".to_owned()),
    };
    let step: usize = match parts.get(2) {
        None => 1,
        Some(text) => text.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("the step `{text}` is not a positive number"))?,
    };
    if last.is_empty() {
        return Err("it has no end".to_owned());
    }
    let first = if first.is_empty() { "0" } else { first };
    if let (Ok(from), Ok(to)) = (first.parse::<u64>(), last.parse::<u64>()) {
        if from > to {
            return Err(format!("it starts at {from}, behind its end {to}"));
        }
        if (to - from) / step as u64 >= MOST_HOSTS as u64 {
            return Err(format!("it stands for more than {MOST_HOSTS} hosts"));
        }
        // A leading zero in the first number means a fixed width.
        let width = if first.len() > 1 && first.starts_with('0') {
            if first.len() != last.len() {
                return Err("with leading zeros both ends need the same width".to_owned());
            }
            first.len()
        } else {
            0
        };
        return Ok((from..=to).step_by(step).map(|n| format!("{n:0width$}")).collect());
    }
    match (single_letter(first), single_letter(last)) {
        (Some(from), Some(to)) if from <= to => Ok((from..=to).step_by(step).map(String::from).collect()),
        _ => Err("its ends are neither two numbers nor two letters in order".to_owned()),
    }
}

fn single_letter(text: &str) -> Option<char> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(letter), None) if letter.is_ascii_alphabetic() => Some(letter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(pattern: &str) -> Result<Vec<String>, String> {
        Allowance::default().expand(pattern)
    }

    #[test]
    fn numbers_letters_steps_and_widths() {
        assert_eq!(expand("plain").unwrap(), ["plain"]);
        assert_eq!(expand("web[01:03].x").unwrap(), ["web01.x", "web02.x", "web03.x"]);
        assert_eq!(expand("n[1:10:4]").unwrap(), ["n1", "n5", "n9"]);
        assert_eq!(expand("[a:c]-[1:2]").unwrap(), ["a-1", "a-2", "b-1", "b-2", "c-1", "c-2"]);
        assert_eq!(expand("db[:2]").unwrap(), ["db0", "db1", "db2"]);
    }

    #[test]
    fn bad_ranges_say_why() {
        assert!(expand("x[3:1]").unwrap_err().contains("behind its end"));
        assert!(expand("x[01:100]").unwrap_err().contains("same width"));
        assert!(expand("x[a:1]").unwrap_err().contains("neither"));
    }

    #[test]
    fn a_few_letters_do_not_fill_the_memory() {
        assert!(expand("x[1:9999999]").unwrap_err().contains("more than 200000 hosts"));
        assert!(expand("w[:4999].x[:4999].y").unwrap_err().contains("more than 200000 hosts"));
        assert!(expand("[a:z][a:z][a:z][a:z][a:z][a:z][a:z][a:z][a:z][a:z][a:z][a:z][a:z][a:z][a:z]").is_err());
        let mut allowance = Allowance::default();
        assert_eq!(allowance.expand("a[1:199999]").unwrap().len(), 199_999);
        assert_eq!(allowance.expand("b[1:1]").unwrap(), ["b1"]);
        assert!(allowance.expand("c[1:1]").unwrap_err().contains("with `c[1:1]`"));
        assert_eq!(allowance.expand("d").unwrap(), ["d"]);
    }

    #[test]
    fn addresses_in_brackets_are_no_ranges() {
        assert_eq!(expand("[fe80::1]").unwrap(), ["[fe80::1]"]);
    }
}
