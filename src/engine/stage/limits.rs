//! `max_fail_percentage`: how much may fail before the play ends.

use super::Stage;
use crate::engine::host_state::Standing;
use crate::event::Event;

impl Stage<'_, '_> {
    /// Number of hosts of the batch that failed or were lost.
    pub fn lost(&self) -> usize {
        self.hosts.values().filter(|state| matches!(state.standing(), Standing::Failed | Standing::Unreachable)).count()
    }

    /// Ends the play when more hosts failed than may.
    pub(super) fn check_limits(&mut self) {
        let Some(most) = self.max_fail else { return };
        let (lost, all) = (self.lost(), self.hosts.len());
        if lost == 0 || !exceeds(lost, all, most) {
            return;
        }
        let left: Vec<String> = self.active().map(|(host, _)| host.clone()).collect();
        for host in &left {
            self.drop_host(host, Standing::Failed);
        }
        self.broken = true;
        self.dispatcher.emit(&Event::NoHostsLeft);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of hosts are small")]
fn exceeds(lost: usize, all: usize, percent: f64) -> bool {
    lost as f64 * 100.0 > percent * all as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentage_must_be_exceeded_not_reached() {
        assert!(!exceeds(1, 4, 25.0));
        assert!(exceeds(1, 4, 24.9));
        assert!(exceeds(1, 100, 0.0));
        assert!(!exceeds(0, 100, 0.0));
    }
}
