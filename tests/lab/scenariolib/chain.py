"""The chain from bare machines."""

import json
import shutil
import subprocess

from .harness import ALL, PACKAGES, SCN, wait_until

# What check mode says of a host otherwise than the real run, by task: predicted, real, and why it cannot be otherwise.
EXPLAINED = {
    "klaytn_node : Reload the clock's servers": (
        "skipped", "changed", "a command, of which nobody knows what it does: it is told that it would run",
    ),
    "Wait until the bridge is connected and anchors": ("skipped", "ok", "it asks nodes that run only after the real run"),
    "Wait until all validators agree and blocks rise": ("skipped", "ok", "it asks nodes that run only after the real run"),
    "Show where the chain stands": ("skipped", "ok", "it shows what those nodes said"),
}

# Everything a run could change, one line each: files with attributes and times, packages, accounts, units, mounts, the empty disk.
LISTING = r"""
find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /dev -o -path /tmp -o -path /var/tmp -o -path /var/log \
    -o -path /var/lib/systemd \) -prune -o -printf '%p %y %m %U:%G %s %T@ %l\n' | sort
dpkg-query -W
getent passwd
getent group
systemctl list-unit-files --no-legend
systemctl is-active chrony kscn ken
sort /proc/mounts
head -c 1048576 /dev/xvdd 2>/dev/null | sha256sum
"""


def listing(lab):
    """What the machines hold, by host."""
    return {host: lab.on(host, LISTING).stdout.splitlines() for host in ALL}


def statuses(ran):
    """What a run said of every task, by task and host, in order where a task came more than once."""
    found = {}
    for status in ("ok", "changed", "skipped", "failed", "unreachable"):
        for pair in ran.tasks(status):
            found.setdefault(pair, []).append(status)
    return found


def scenario_check_predicts_site(lab):
    """`site.yml --check --diff` on bare machines changes nothing and predicts, to its end, what the real run then does."""
    lab.reset()
    # The program that kconf keeps on hosts is put there by any run.
    lab.kconf("ping", "all").must_succeed()
    before = listing(lab)
    predicted = lab.play("site", "--check", "--diff").must_succeed()
    after = listing(lab)
    for host in ALL:
        changed = sorted(set(before[host]) ^ set(after[host]))
        assert not changed, f"check mode changed {host}:\n" + "\n".join(changed[:20])
    assert not (lab.state / "chain").exists(), "check mode wrote the chain's files on this computer"
    real = statuses(lab.play("site").must_succeed())
    predicted = statuses(predicted)
    wrong = []
    for task, host in sorted({*predicted, *real}):
        said, done = predicted.get((task, host), ["not there"]), real.get((task, host), ["not there"])
        if said != done and [[status] for status in EXPLAINED.get(task, ())[:2]] != [said, done]:
            wrong.append(f"{host}: {task}: predicted {said}, then {done}")
    assert not wrong, "\n".join(wrong)
    again = lab.play("site", "--check", "--diff").must_succeed()
    assert not again.tasks("changed"), f"predicted for a finished chain: {again.tasks('changed')}"
    print(f"({sum(status == ['changed'] for status in predicted.values())} changes predicted) ", end="")


def scenario_site_twice(lab):
    """`site.yml` makes a running chain with a connected bridge; a second run changes nothing."""
    lab.site()
    second = lab.play("site").must_succeed()
    changed = {host: counts["changed"] for host, counts in second.recap().items() if counts["changed"]}
    assert not changed, f"changed again: {second.tasks('changed')}"
    heights = {host: lab.height(host) for host in SCN}
    wait_until("blocks rise everywhere", lambda: all((lab.height(host) or 0) > (heights[host] or 0) for host in SCN), 30)
    assert len(lab.rpc("scn-master", "subbridge_peers")) == 1


def scenario_connections_of_a_run(lab):
    """A whole site.yml run makes one connection to every machine."""
    lab.site()
    before = {host: lab.connections(host) for host in ALL}
    lab.play("site").must_succeed()
    made = {host: lab.connections(host) - before[host] for host in ALL}
    assert set(made.values()) == {1}, made


def scenario_own_key_only(lab):
    """Every node has its own key, mode 0600, and no other's."""
    lab.site()
    for host in ALL:
        kind = "en" if host == "en-1" else "scn"
        kept = (lab.state / "chain" / "keys" / host / "nodekey").read_text()
        there = lab.on(host, f"stat -c %a:%U /var/lib/klaytn/{kind}/klay/nodekey; cat /var/lib/klaytn/{kind}/klay/nodekey").stdout
        mode, _, key = there.partition("\n")
        assert mode == "600:klaytn" and key.strip() == kept, f"{host}: {mode}"


def scenario_secrets_are_not_shown(lab):
    """No node key appears in any report, even with -vvv and --diff."""
    lab.site()
    said = lab.kconf("run", "playbooks/init.yml", "-vvv", "--diff", "-o", "plain").must_succeed().text()
    for host in ALL:
        key = (lab.state / "chain" / "keys" / host / "nodekey").read_text()
        assert key not in said, f"the key of {host} was shown"


def scenario_genesis_by_homi(lab):
    """When asked, homi makes keys and genesis.json; chain id and addresses are those of the inventory; a second run changes nothing."""
    work = lab.state / "by-homi"
    shutil.rmtree(work, ignore_errors=True)
    try:
        for program in ("homi", "kscn"):
            archive = PACKAGES / "klaytn" / "v1.12.1" / f"{program}-v1.12.1-0-linux-amd64.tar.gz"
            shutil.unpack_archive(archive, work)
        homi, kscn = (work / f"{program}-linux-amd64" / "bin" / program for program in ("homi", "kscn"))
        chosen = ("-e", f"service_chain_dir={work}/chain", "-e", f"service_chain_homi={homi}")
        assert lab.play("genesis", *chosen).must_succeed().tasks("changed")
        genesis = json.loads((work / "chain" / "genesis.json").read_text())
        assert genesis["config"]["chainId"] == 1002 and "koreCompatibleBlock" in genesis["config"], genesis["config"]
        addresses = json.loads((work / "chain" / "addresses.json").read_text())
        assert set(addresses) == set(SCN)
        assert all(address.removeprefix("0x") in genesis["extraData"] for address in addresses.values())
        knis = json.loads((work / "chain" / "static-nodes.json").read_text())
        assert all("@10." in kni and ":22323?" in kni for kni in knis), knis
        modes = {oct(path.stat().st_mode & 0o777) for path in (work / "chain" / "keys").glob("*/nodekey")}
        assert modes == {"0o600"}, modes
        assert not list((work / "chain").glob(".homi-*"))
        subprocess.run([kscn, "--datadir", work / "data", "init", work / "chain" / "genesis.json"], check=True, capture_output=True)
        assert not lab.play("genesis", *chosen).must_succeed().tasks("changed")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def scenario_wrong_genesis(lab):
    """A node whose chain began with another genesis is refused, and nothing on it is changed."""
    lab.site()
    lab.on("scn-2", "cp -a /var/lib/klaytn/scn/genesis.json /root/genesis.kept && sed -i 's/1002/1003/' /var/lib/klaytn/scn/genesis.json")
    try:
        said = lab.play("init", "--limit", "scn-2").must_fail(2)
        assert "another genesis.json" in said.failures(), said.failures()
        assert "1003" in lab.on("scn-2", "cat /var/lib/klaytn/scn/genesis.json").stdout
    finally:
        lab.on("scn-2", "cp -a /root/genesis.kept /var/lib/klaytn/scn/genesis.json")
    lab.play("init").must_succeed()


def scenario_missing_nodekey(lab):
    """A node that made itself a new key is found by the gate, and site.yml puts the right key back."""
    lab.site()
    lab.on("scn-3", "systemctl stop kscn && rm /var/lib/klaytn/scn/klay/nodekey && systemctl start kscn")
    wait_until("the node made itself a key", lambda: lab.on("scn-3", "test -s /var/lib/klaytn/scn/klay/nodekey", check=False).returncode == 0)
    addresses = json.loads((lab.state / "chain" / "addresses.json").read_text())
    args = json.dumps({"gate": "after_start", "validators": SCN, "node": "scn-3", "addresses": addresses, "timeout": 10})
    said = lab.kconf("exec", "scn-3", "-m", "klaytn_health", "-a", args, "-o", "jsonl").must_fail(2)
    assert "made a new one" in said.failures(), said.failures()
    lab.play("init").must_succeed()
    lab.on("scn-3", "systemctl restart kscn")
    lab.play("health").must_succeed()
