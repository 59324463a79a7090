"""Scenarios on the lab: see `tests/lab/scenarios`."""
