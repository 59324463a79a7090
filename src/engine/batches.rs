//! `serial:`: the hosts of a play in batches.

/// How many hosts a batch has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// This many; 0: all that are left.
    Number(usize),
    /// This part of all hosts of the play, in percent; at least one host.
    Percent(f64),
}

impl Size {
    /// A rendered entry of `serial:`: a number, or a text with a number or a percentage.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse().ok().filter(|p: &f64| p.is_finite() && *p >= 0.0).map(Self::Percent),
            None => text.parse::<i64>().ok().map(|number| Self::Number(usize::try_from(number).unwrap_or(0))),
        }
    }

    /// Number of hosts of a batch in a play with `total` hosts.
    fn of(self, total: usize) -> usize {
        match self {
            Self::Number(0) => total,
            Self::Number(number) => number,
            Self::Percent(percent) => percent_of(percent, total).max(1),
        }
    }
}

/// `percent` of `total`, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts of hosts are small and not negative"
)]
fn percent_of(percent: f64, total: usize) -> usize {
    ((percent / 100.0) * total as f64) as usize
}

/// `hosts` in batches; the last size holds for all that are left. No sizes: one batch.
pub fn split(hosts: &[String], sizes: &[Size]) -> Vec<Vec<String>> {
    let mut batches = Vec::new();
    let mut rest = hosts;
    let mut sizes = sizes.iter().peekable();
    let mut size = Size::Number(0);
    while !rest.is_empty() {
        if let Some(next) = sizes.next() {
            size = *next;
        }
        let (batch, others) = rest.split_at(size.of(hosts.len()).min(rest.len()));
        batches.push(batch.to_vec());
        rest = others;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(total: usize, texts: &[&str]) -> Vec<usize> {
        let hosts: Vec<String> = (0..total).map(|n| n.to_string()).collect();
        let sizes: Vec<Size> = texts.iter().filter_map(|text| Size::parse(text)).collect();
        assert_eq!(sizes.len(), texts.len());
        split(&hosts, &sizes).iter().map(Vec::len).collect()
    }

    #[test]
    fn the_last_size_holds_for_all_that_are_left() {
        assert_eq!(sizes(7, &[]), [7]);
        assert_eq!(sizes(7, &["3"]), [3, 3, 1]);
        assert_eq!(sizes(7, &["1", "2"]), [1, 2, 2, 2]);
        assert_eq!(sizes(7, &["0"]), [7]);
        assert_eq!(sizes(7, &["-1"]), [7]);
        assert_eq!(sizes(10, &["30%"]), [3, 3, 3, 1]);
        assert_eq!(sizes(3, &["10%"]), [1, 1, 1]);
        assert_eq!(sizes(10, &["1", "100%"]), [1, 9]);
        assert_eq!(sizes(0, &["1"]), [0; 0]);
    }

    #[test]
    fn nonsense_is_no_size() {
        assert_eq!(Size::parse("many"), None);
        assert_eq!(Size::parse("x%"), None);
        assert_eq!(Size::parse("1.5"), None);
    }
}
