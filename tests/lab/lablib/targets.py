"""Light targets for scale tests and benchmarks: sshd over a layer, no systemd, on the public network.

They come up in milliseconds, so a hundred of them are no burden. The controller reaches them directly.
"""

import os
import shutil
import socket
import time

from . import cgroups, keys, network, process, seed
from .errors import LabError
from .rootfs import Rootfs
from .settings import FIRST_TARGET_NUMBER, LAB_TREE, MAX_TARGETS, Lab
from .state import State

_LEAF = "targets"
_READY_SECONDS = 60


def count(state: State) -> int:
    return int(state.get("targets", 0))


def address(state: State, index: int) -> str:
    return f"{state.public}.{FIRST_TARGET_NUMBER + index - 1}"


def start(lab: Lab, state: State, rootfs: Rootfs, number: int) -> None:
    """Starts targets t1 to tN; there must be none."""
    if not 0 < number <= MAX_TARGETS:
        raise LabError(f"start {number} targets", f"From 1 to {MAX_TARGETS}, or 0 to remove them.")
    keys.ensure_user_key(lab)
    hashed = seed.password_hash(lab)
    state.set("targets", number)
    for index in range(1, number + 1):
        _start_one(lab, state, rootfs, index, hashed)
    deadline = time.monotonic() + _READY_SECONDS
    for index in range(1, number + 1):
        _wait(lab, state, index, deadline)
    _write_client_files(lab, state, number)


def stop(lab: Lab, state: State) -> None:
    """Removes all targets, also those of a start that was broken off."""
    cgroups.kill(lab, _LEAF)
    prefix = lab.netns("t")
    made = [entry.name for entry in network.NETNS_DIR.glob(f"{prefix}[0-9]*")]
    network.remove(lab, [name.removeprefix(lab.prefix + "-") for name in made])
    shutil.rmtree(lab.dir / "targets", ignore_errors=True)
    state.set("targets", 0)


def _start_one(lab: Lab, state: State, rootfs: Rootfs, index: int, hashed: str) -> None:
    name = f"t{index}"
    folder = lab.dir / "targets" / name
    keys.ensure_host_keys(folder / "identity")
    (folder / "log").mkdir()
    seed.fresh_layer(folder)
    seed.seed(lab, state, folder, rootfs.root, name, hashed)
    network.attach(lab, name, FIRST_TARGET_NUMBER + index - 1, private=None, public=state.public)
    namespaces = ["--mount", "--propagation", "slave", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]
    process.spawn(
        lab,
        state,
        name,
        ["unshare", *namespaces, "/bin/sh", str(LAB_TREE / "target.sh")],
        leaf=_LEAF,
        log=folder / "console.log",
        netns=name,
        env={**os.environ, "LAB_ROOTFS": str(rootfs.root), "LAB_DIR": str(folder), "LAB_NAME": name},
    )


def _wait(lab: Lab, state: State, index: int, deadline: float) -> None:
    """Returns when the target's sshd has said its banner."""
    while True:
        try:
            with socket.create_connection((address(state, index), 22), timeout=2) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        if process.recorded_pid(state, f"t{index}") is None or time.monotonic() > deadline:
            console = process.tail(lab.dir / f"targets/t{index}/console.log")
            raise LabError(f"start the target `t{index}`; the end of its console:\n{console}")
        time.sleep(0.05)


def _write_client_files(lab: Lab, state: State, number: int) -> None:
    folder = lab.dir / "targets"
    known: list[str] = []
    inventory = ["[targets]\n"]
    config = [
        f"Host t*\n  User ubuntu\n  IdentityFile {lab.key}\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n"
    ]
    for index in range(1, number + 1):
        name = f"t{index}"
        known += keys.known_hosts_lines(folder / name / "identity", [name, address(state, index)])
        inventory.append(f"{name} ansible_host={address(state, index)}\n")
        config.append(f"Host {name}\n  HostName {address(state, index)}\n")
    inventory.append(
        f"\n[targets:vars]\nansible_user=ubuntu\nansible_ssh_private_key_file={lab.key}\n"
        f"ansible_ssh_common_args=-o UserKnownHostsFile={folder}/known_hosts -o IdentitiesOnly=yes\n"
    )
    (folder / "known_hosts").write_text("".join(known))
    (folder / "inventory.ini").write_text("".join(inventory))
    (folder / "ssh_config").write_text("\n".join(config))
