"""Booted machines: each a systemd of its own in namespaces of its own, over a layer of its own."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from . import cgroups, disk, keys, network, process, seed
from .errors import LabError
from .rootfs import Rootfs
from .settings import HOSTS, LAB_TREE, Host, Lab
from .state import State

_NSPAWN_DIR = Path("/run/systemd/nspawn")
_READY_SECONDS = 90
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


def make(lab: Lab, state: State, rootfs: Rootfs) -> None:
    """Gives every machine an identity, a place on the networks and a bare layer; boots none."""
    for host in HOSTS:
        keys.ensure_host_keys(lab.host_dir(host.name) / "identity")
        (lab.host_dir(host.name) / "log").mkdir(exist_ok=True)
        public = state.public if host.public else None
        network.attach(lab, host.name, host.number, private=state.private, public=public)
    keys.write_client_files(lab, state)
    strip(lab, state, rootfs)


def strip(lab: Lab, state: State, rootfs: Rootfs) -> None:
    """Makes every machine bare again; none may be running."""
    hashed = seed.password_hash(lab)
    for host in HOSTS:
        disk.detach(lab, host.name, wipe=True)
        folder = lab.host_dir(host.name)
        seed.fresh_layer(folder)
        seed.seed(lab, state, folder, rootfs.root, host.name, hashed)


def boot(lab: Lab, state: State, rootfs: Rootfs, host: Host) -> None:
    """Switches a machine on, with whatever its layer and disk hold; `wait` tells when it is ready."""
    folder = lab.host_dir(host.name)
    environment = {
        **os.environ,
        "LAB_ROOTFS": str(rootfs.root),
        "LAB_DIR": str(folder),
        "LAB_NETNS": lab.netns(host.name),
        "LAB_MACHINE": lab.netns(host.name),
        "LAB_DEVICE": disk.attach(lab, host.name, host.disk_mib) if host.disk_mib else "",
    }
    command = ["unshare", "--mount", "--propagation", "slave", "/bin/sh", str(LAB_TREE / "boot.sh")]
    process.spawn(lab, state, host.name, command, leaf=host.name, log=folder / "console.log", env=environment)


def wait(lab: Lab, state: State, hosts: list[Host]) -> None:
    """Returns when systemd says on every machine that its start is over, which includes sshd."""
    deadline = time.monotonic() + _READY_SECONDS
    for host in hosts:
        while True:
            answer = _systemd_state(lab, host)
            if answer in ("running", "degraded"):
                break
            gone = process.recorded_pid(state, host.name) is None
            if gone or time.monotonic() > deadline:
                console = process.tail(lab.host_dir(host.name) / "console.log")
                how = "went off while booting" if gone else f"was not ready after {_READY_SECONDS} s (`{answer}`)"
                raise LabError(f"boot `{host.name}`: it {how}; the end of its console:\n{console}")
            time.sleep(0.1)


def _systemd_state(lab: Lab, host: Host) -> str:
    if first_pid(lab, host.name) is None:
        return "no first process yet"
    command = enter_command(lab, host.name, ["systemctl", "is-system-running", "--wait"])
    try:
        done = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return "starting"
    return done.stdout.strip() or done.stderr.strip()


def first_pid(lab: Lab, name: str) -> int | None:
    """The pid, seen from outside, of a machine's first process; None if the machine is off."""
    for pid in sorted(cgroups.pids(lab, name)):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        numbers = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
        if len(numbers) == 2 and numbers[1] == "1" and "State:\tZ" not in status:
            return pid
    return None


def enter_command(lab: Lab, name: str, argv: list[str]) -> list[str]:
    """The command that runs `argv` as root inside a machine, without the network and without sshd."""
    pid = first_pid(lab, name)
    if pid is None:
        raise LabError(f"enter `{name}`: it is off", f"Switch it on with `lab start-host {name}`, or see `lab status`.")
    namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]
    return ["nsenter", f"--target={pid}", *namespaces, "--", *argv]


def execute(lab: Lab, name: str, words: list[str]) -> int:
    """Runs a command inside a machine with this terminal; one word is a shell line. Gives its exit code."""
    argv = ["/bin/sh", "-c", words[0]] if len(words) == 1 else words
    return subprocess.run(enter_command(lab, name, argv), env=_ENVIRONMENT, check=False).returncode


def kill(lab: Lab, state: State, host: Host) -> None:
    """Pulls the plug: every process gone at once and the address silent. The disk and the layer stay."""
    network.set_links(lab, host.name, up=False)
    pid = first_pid(lab, host.name)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while process.recorded_pid(state, host.name) is not None:
        if time.monotonic() > deadline:
            raise LabError(f"kill `{host.name}`: it is still there after 20 s")
        time.sleep(0.05)


def remove(lab: Lab) -> None:
    """Clears what machines leave on the real machine once all their processes are gone."""
    for host in HOSTS:
        disk.detach(lab, host.name, wipe=True)
    # nspawn clears these itself only where /run is a tmpfs.
    for host in HOSTS:
        for kind in ("propagate", "unix-export"):
            _remove_folder(_NSPAWN_DIR / kind / lab.netns(host.name))
    for folder in (_NSPAWN_DIR / "propagate", _NSPAWN_DIR / "unix-export", _NSPAWN_DIR):
        _remove_folder(folder)


def _remove_folder(folder: Path) -> None:
    """Removes a folder if nothing is in it: it may be shared with machines of others."""
    with contextlib.suppress(OSError):
        folder.rmdir()
