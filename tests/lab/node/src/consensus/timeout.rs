//! How long a round may last.

/// Base timeout in milliseconds; only the environment variable for tests changes it.
pub const DEFAULT_MS: u64 = 10_000;

/// The base timeout; `LAB_NODE_ROUND_TIMEOUT_MS` shortens it for tests.
pub fn base_ms() -> u64 {
    let given = std::env::var("LAB_NODE_ROUND_TIMEOUT_MS").ok().and_then(|text| text.parse().ok());
    given.filter(|ms| *ms > 0).unwrap_or(DEFAULT_MS)
}

/// Round 0 takes the base; round r the base plus 2^r seconds (scaled along with a changed base).
pub fn of_round_ms(base: u64, round: u64) -> u64 {
    let extra = if round == 0 { 0 } else { 1000_u64.saturating_mul(1 << round.min(32)) };
    base.saturating_add(extra.saturating_mul(base) / DEFAULT_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_as_documented() {
        let seconds = |round| of_round_ms(DEFAULT_MS, round) / 1000;
        assert_eq!([0, 1, 3, 6, 8, 10].map(seconds), [10, 12, 18, 74, 266, 1034]);
        assert_eq!(of_round_ms(1000, 1), 1200);
        of_round_ms(DEFAULT_MS, u64::MAX);
    }
}
