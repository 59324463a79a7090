"""The subcommands of the lab. Each says on stderr what it does; data goes to stdout."""

import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from . import cgroups, checks, ec2, hosts, keys, machine, mirror, network, node_packages, process, targets
from .errors import LabError
from .rootfs import Rootfs
from .settings import HOSTS, REGION, Lab, host_named
from .state import State, locked


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def phase(text: str) -> Iterator[None]:
    """Says what is being done, and how long it took."""
    begin = time.monotonic()
    print(f"{text} ...", end="", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        say("")
        raise
    say(f" {time.monotonic() - begin:.1f} s")


def up(lab: Lab) -> int:
    """Boots the lab; does nothing if it is up, and clears up first if half of it is."""
    rootfs = Rootfs(lab, python=lab.python)
    checks.can_run(lab, rootfs_built=rootfs.is_built)
    with locked(lab.dir / "lock"):
        state = State(lab)
        if state.get("hosts_up"):
            if not (off := _off(lab, state)):
                say(f"The lab `{lab.id}` is already up. See `lab status`; `lab reset` makes its machines bare again.")
                return 0
            raise LabError(
                f"find all of the lab running: {', '.join(off)} off",
                "Use `lab start-host NAME`, or `lab down` and `lab up`.",
            )
        _claim(lab)
        if machine.is_there(lab):
            with phase("Clearing what a broken start left"):
                _remove_all(lab)
            state = State(lab)
        begin = time.monotonic()
        _prepare(lab, rootfs)
        with phase("Making networks, keys and layers"):
            with locked(machine.LOCK):
                machine.prepare()
                network.choose(lab, state)
                network.up_public(lab, state)
                network.up_private(lab, state)
            keys.ensure_user_key(lab)
            ec2.start(lab, state)
            mirror.start(lab, state, rootfs)
            hosts.make(lab, state, rootfs)
        with phase(f"Booting {len(HOSTS)} machines and filling the EC2 endpoint"):
            _boot_all(lab, state, rootfs)
            ec2.fill(lab, state)
            hosts.wait(lab, state, list(HOSTS))
        state.set("hosts_up", True)
    if not node_packages.exist(lab):
        say("There are no node packages to serve yet: make them with `lab packages`.")
    say(f'The lab `{lab.id}` is up after {time.monotonic() - begin:.1f} s. Try `lab ssh scn-1`, `eval "$(lab env)"`.')
    return 0


def _prepare(lab: Lab, rootfs: Rootfs) -> None:
    """What only the first start has to do: both parts need the network and hardly the processor, so at once."""
    if rootfs.is_built and ec2.is_installed(lab):
        return
    text = "Building the machines' file system and the EC2 endpoint, once"
    with phase(text), locked(lab.base / "venv.lock"), ThreadPoolExecutor() as pool:
        for job in [pool.submit(rootfs.build), pool.submit(ec2.install, lab)]:
            job.result()


def _boot_all(lab: Lab, state: State, rootfs: Rootfs) -> None:
    for host in HOSTS:
        hosts.boot(lab, state, rootfs, host)


def _off(lab: Lab, state: State) -> list[str]:
    off = [host.name for host in HOSTS if hosts.first_pid(lab, host.name) is None]
    return off + [name for name in (mirror.NAME, ec2.NAME) if process.recorded_pid(state, name) is None]


def down(lab: Lab) -> int:
    """Removes everything that the lab made, except the caches of downloads (`venv`, `packages`)."""
    _require_root()
    with locked(lab.dir / "lock"):
        _claim(lab)
        _remove_all(lab)
    say(f"The lab `{lab.id}` is down.")
    return 0


def _claim(lab: Lab) -> None:
    with locked(machine.LOCK):
        machine.claim(lab)


def _remove_all(lab: Lab) -> None:
    cgroups.kill(lab)
    hosts.remove(lab)
    with locked(machine.LOCK):
        network.down(lab)
        machine.restore(lab)
    for name in ("hosts", "runs", "targets"):
        shutil.rmtree(lab.dir / name, ignore_errors=True)
    for pattern in ("key*", "known_hosts", "ssh_config", "sudo-password", "*.log", "state.json", "lock"):
        for path in lab.dir.glob(pattern):
            path.unlink()
    if not any(lab.dir.iterdir()):
        lab.dir.rmdir()


def reset(lab: Lab) -> int:
    """Makes all machines bare again: fresh layers and disks, same keys and addresses."""
    state, rootfs = _running(lab)
    with locked(lab.dir / "lock"):
        begin = time.monotonic()
        for host in HOSTS:
            cgroups.kill(lab, host.name)
        hosts.strip(lab, state, rootfs)
        for host in HOSTS:
            network.set_links(lab, host.name, up=True)
        _boot_all(lab, state, rootfs)
        hosts.wait(lab, state, list(HOSTS))
    say(f"All machines are bare again after {time.monotonic() - begin:.1f} s.")
    return 0


def status(lab: Lab) -> int:
    """Shows what runs. The exit code is 0 if all of the lab is up, else 1."""
    state = State(lab)
    if not state.get("public"):
        print(f"The lab `{lab.id}` is down.")
        return 1
    off = _off(lab, state)
    rows = [("MACHINE", "STATE", "PRIVATE", "PUBLIC", "PID", "CPU")]
    for host in HOSTS if state.get("hosts_up") else ():
        pid, cpu = hosts.first_pid(lab, host.name), cgroups.cpu_seconds(lab, host.name)
        public = f"{state.public}.{host.number}" if host.public else "-"
        state_word = "off" if host.name in off else "up"
        times = "-" if cpu is None else f"{cpu:.1f}s"
        rows.append((host.name, state_word, f"{state.private}.{host.number}", public, str(pid or "-"), times))
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, (12, 6, 14, 14, 8, 8), strict=True)).rstrip())
    for name, place in ((mirror.NAME, mirror.base_url(state.private)), (ec2.NAME, f"port {state.get('ec2_port')}")):
        print(f"{name.ljust(12)}  {'off' if name in off else 'up'.ljust(6)}  {place}")
    print(f"{'targets'.ljust(12)}  {targets.count(state)}")
    return 1 if off or not state.get("hosts_up") else 0


def env(lab: Lab) -> int:
    """Prints what a user of the lab needs, as lines for a shell to evaluate."""
    state, _ = _running(lab)
    master = next(host for host in HOSTS if host.public)
    values = {
        "KCONF_LAB_ID": lab.id,
        # Runs on the lab are not among those of whoever works with it.
        "KCONF_JOURNAL": str(lab.dir / "runs"),
        "KCONF_LAB_STATE": str(lab.dir),
        "KCONF_LAB_KEY": str(lab.key),
        "KCONF_LAB_KNOWN_HOSTS": str(lab.known_hosts),
        "KCONF_LAB_SSH_CONFIG": str(lab.ssh_config),
        "KCONF_LAB_USER": "ubuntu",
        "KCONF_LAB_SUDO_USER": "admin2",
        "KCONF_LAB_SUDO_PASSWORD": lab.sudo_password.read_text().strip(),
        "KCONF_LAB_BASTION": f"{state.public}.{master.number}",
        "KCONF_LAB_PRIVATE": state.private,
        "KCONF_LAB_PACKAGES_URL": mirror.base_url(state.private) + "/klaytn",
        "KCONF_LAB_PACKAGES_URL_PUBLIC": mirror.base_url(state.public) + "/klaytn",
        "KCONF_LAB_PACKAGES_DIR": str(lab.packages),
        "AWS_ENDPOINT_URL": ec2.endpoint(state),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # The endpoint takes anything.
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    print("unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_EC2")
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def ssh(lab: Lab, name: str, words: list[str]) -> int:
    """Replaces itself by OpenSSH to a machine, through the bastion where one is needed."""
    _running(lab, hosts_needed=not _is_target(name))
    config = lab.dir / "targets/ssh_config" if _is_target(name) else lab.ssh_config
    if not _is_target(name):
        host_named(name)
    os.execvp("ssh", ["ssh", "-F", str(config), name, *words])


def exec_(lab: Lab, name: str, words: list[str]) -> int:
    """Runs a command as root inside a machine, not by SSH. Gives its exit code."""
    _require_root()
    host_named(name)
    _running(lab)
    return hosts.execute(lab, name, words)


def kill_host(lab: Lab, name: str) -> int:
    """Pulls the plug of a machine."""
    host = host_named(name)
    state, _ = _running(lab)
    hosts.kill(lab, state, host)
    say(f"`{name}` is off. Switch it on with `lab start-host {name}`.")
    return 0


def start_host(lab: Lab, name: str) -> int:
    """Switches a machine on that is off, with its layer and disk as they were left."""
    host = host_named(name)
    state, rootfs = _running(lab)
    with locked(lab.dir / "lock"):
        if hosts.first_pid(lab, name) is not None:
            say(f"`{name}` is already on.")
            return 0
        cgroups.kill(lab, name)
        network.set_links(lab, name, up=True)
        hosts.boot(lab, state, rootfs, host)
        hosts.wait(lab, state, [host])
    say(f"`{name}` is on.")
    return 0


def sshd(lab: Lab, limits: str) -> int:
    """Gives the sshd of all machines the lab's wide limits, or sshd's defaults, until the next `reset`."""
    _running(lab)
    lines = "MaxStartups 1000\\nMaxSessions 200\\n" if limits == "wide" else ""
    script = f"printf '{lines}' > /etc/ssh/sshd_config.d/20-lab-limits.conf && systemctl reload ssh"
    for host in HOSTS:
        if hosts.execute(lab, host.name, [script]) != 0:
            raise LabError(f"set the limits of sshd on `{host.name}`")
    say(f"sshd has its {limits} limits on all machines.")
    return 0


def light_targets(lab: Lab, number: int, *, python: bool) -> int:
    """Starts N light targets in place of those there are; 0 removes them."""
    rootfs = Rootfs(lab, python=python or lab.python)
    checks.can_run(lab, rootfs_built=rootfs.is_built, with_ec2=False)
    with locked(lab.dir / "lock"):
        if number and not rootfs.is_built:
            with phase("Building the targets' file system, once"):
                rootfs.build()
        _claim(lab)
        state = State(lab)
        targets.stop(lab, state)
        if not number:
            if not state.get("hosts_up"):
                _remove_all(lab)
            say("There are no targets.")
            return 0
        with phase(f"Starting {number} targets"):
            with locked(machine.LOCK):
                machine.prepare()
                network.choose(lab, state)
                network.up_public(lab, state)
            targets.start(lab, state, rootfs, number)
    say(f"Inventory: {lab.dir}/targets/inventory.ini")
    return 0


def packages(lab: Lab, binary: str | None) -> int:
    """Makes the tarballs of the stand-in node that the package server serves; the lab need not be up."""
    node_packages.build(lab, Path(binary).absolute() if binary else None)
    say(f"The packages are in {lab.packages}; with the lab up they are served at once.")
    return 0


def _is_target(name: str) -> bool:
    return name.startswith("t") and name[1:].isdigit()


def _require_root() -> None:
    if os.geteuid() != 0:
        raise LabError("change the lab: it needs root", "Run it with sudo.")


def _running(lab: Lab, *, hosts_needed: bool = True) -> tuple[State, Rootfs]:
    state = State(lab)
    if hosts_needed:
        state.require("hosts_up")
    return state, Rootfs(lab, python=lab.python)
