"""Updating the chain while it runs."""

from .harness import SCN, Watch, finish, wait_until

# With one validator of four down, its turn makes the others wait a round timeout of 10 s; two such waits may follow each other
# while it starts. Longer than this and the chain stood still.
LONGEST_STALL = 90


def current(lab, host):
    program = "ken" if host == "en-1" else "kscn"
    return lab.on(host, f"readlink /opt/klaytn/{program}/current").stdout.strip()


def scenario_rolling_update(lab):
    """All nodes go to a new version one after another; the chain never stands still."""
    lab.site()
    target = other_version(lab)
    with Watch(lab) as watch:
        ran = lab.play("rolling_update", "-e", f"klaytn_version={target}", "-e", "update_soak=2")
        ran.must_succeed()
    for host in [*SCN, "en-1"]:
        assert target in current(lab, host), f"{host}: {current(lab, host)}"
    order = [host for task, host in ran.tasks("changed") if task == "Switch to the new version"]
    assert order == ["scn-1", "scn-2", "scn-3", "en-1", "scn-master"], order
    assert watch.longest < LONGEST_STALL, f"no block for {watch.longest:.0f} s"
    print(f"(longest time without a block {watch.longest:.0f} s) ", end="")


def scenario_rolling_update_again(lab):
    """A second rolling update to the same version touches nothing."""
    lab.site()
    version = current(lab, "scn-1").split("/")[4]
    ran = lab.play("rolling_update", "-e", f"klaytn_version={version}").must_succeed()
    assert not ran.tasks("changed"), ran.tasks("changed")


def broken(lab, version, reason):
    """A version that does not work: the first node gets its old one back, the others are left alone, the chain goes on."""
    lab.site()
    before = {host: current(lab, host) for host in SCN}
    with Watch(lab) as watch:
        ran = lab.play("rolling_update", "-e", f"klaytn_version={version}", "-e", "update_timeout=40").must_fail(2)
    assert {host: current(lab, host) for host in SCN} == before
    switched = [host for task, host in ran.tasks("changed") if task == "Switch to the new version"]
    assert switched == ["scn-1"], switched
    assert "No further node was touched" in ran.failures() and reason in ran.failures(), ran.failures()
    assert watch.longest < LONGEST_STALL, f"no block for {watch.longest:.0f} s"
    lab.play("health").must_succeed()


def scenario_rolling_update_broken(lab):
    """A version that exits at once."""
    broken(lab, "v1.12.2-broken", "it does not come up")


def scenario_rolling_update_deaf(lab):
    """A version that runs and answers, but takes no part in consensus."""
    broken(lab, "v1.12.3-broken", "What it said last")


def other_version(lab):
    return "v1.12.0" if "v1.12.1" in current(lab, "scn-1") else "v1.12.1"


def stop_node(lab, host):
    """The node is gone at once, as when its machine loses power, and stays away."""
    lab.on(host, "systemctl mask --runtime kscn; systemctl kill -s KILL kscn; systemctl stop kscn; true")


def start_node(lab, host):
    lab.on(host, "systemctl unmask --runtime kscn; systemctl start kscn")


def scenario_rolling_update_node_lost_before(lab):
    """With a validator down already the update stops no other one."""
    lab.site()
    before = {host: current(lab, host) for host in SCN}
    stop_node(lab, "scn-3")
    try:
        ran = lab.play("rolling_update", "-e", f"klaytn_version={other_version(lab)}", "-e", "update_preflight_timeout=5").must_fail(2)
        assert "scn-1 may not be stopped now" in ran.failures() and "scn-3 does not answer" in ran.failures(), ran.failures()
        assert {host: current(lab, host) for host in SCN} == before
    finally:
        start_node(lab, "scn-3")
    lab.play("health").must_succeed()


def scenario_rolling_update_node_lost(lab):
    """A validator is lost while another one is updated: that one is not stopped again, since the chain would stand still."""
    lab.site()
    before, target = {host: current(lab, host) for host in SCN}, other_version(lab)
    update = lab.start(
        "run", "playbooks/rolling_update.yml", "-o", "jsonl", "-e", f"klaytn_version={target}", "-e", "update_timeout=20"
    )
    try:
        wait_until("scn-1 is switched", lambda: target in current(lab, "scn-1"), 60)
        stop_node(lab, "scn-3")
        failures = finish(update, 300).must_fail(2).failures()
        assert "scn-1 takes part, `scn-3` not" in failures and "No further node was touched" in failures, failures
        assert {host: current(lab, host) for host in SCN} == {**before, "scn-1": current(lab, "scn-1")}
        assert target in current(lab, "scn-1")
        start = lab.height("scn-1")
        wait_until("the other three make blocks", lambda: (lab.height("scn-1") or 0) > start, 60)
    finally:
        update.kill()
        start_node(lab, "scn-3")
    lab.play("rolling_update", "-e", f"klaytn_version={target}", "-e", "update_soak=2").must_succeed()
    for host in SCN:
        assert target in current(lab, host), f"{host}: {current(lab, host)}"
