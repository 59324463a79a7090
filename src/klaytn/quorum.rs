//! How many validators must take part.
//!
//! Source: `consensus/istanbul/core/core.go` (RequiredMessageCount) from v1.12.0 on, the strictest of all versions.

/// The least number of validators that must agree on a block when the committee has `committee` members:
/// two thirds rounded up, and all of them below four.
pub fn quorum(committee: usize) -> usize {
    if committee < 4 { committee } else { (2 * committee).div_ceil(3) }
}

/// How many validators may be down at the same time without stopping the chain.
pub fn may_be_down(committee: usize) -> usize {
    committee - quorum(committee)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_facts() {
        for (committee, needed, down) in
            [(1, 1, 0), (2, 2, 0), (3, 3, 0), (4, 3, 1), (5, 4, 1), (6, 4, 2), (7, 5, 2), (8, 6, 2), (10, 7, 3)]
        {
            assert_eq!((quorum(committee), may_be_down(committee)), (needed, down), "{committee}");
        }
    }
}
