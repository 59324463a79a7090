"""Keys and passwords of one lab, made when it comes up and deleted when it goes."""

import os
import secrets
from pathlib import Path

from . import process
from .settings import HOSTS, Lab
from .state import State

KEY_TYPES = ("ed25519", "ecdsa")


def ensure_user_key(lab: Lab) -> None:
    """The key that opens all machines of the lab."""
    if not lab.key.exists():
        lab.dir.mkdir(parents=True, exist_ok=True)
        _keygen(lab.key, "ed25519", "kconf-lab")
        _give_to_caller(lab.key)
    if not lab.sudo_password.exists():
        lab.sudo_password.touch(mode=0o600)
        lab.sudo_password.write_text(secrets.token_urlsafe(12) + "\n")
        _give_to_caller(lab.sudo_password)


def ensure_host_keys(folder: Path) -> None:
    """The SSH identity of one machine, kept in `folder` so that it survives `reset`."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KEY_TYPES:
        key = folder / f"ssh_host_{kind}_key"
        if not key.exists():
            _keygen(key, kind, "lab")


def known_hosts_lines(folder: Path, names: list[str]) -> list[str]:
    """Entries for one machine under all its names and addresses."""
    lines = []
    for kind in KEY_TYPES:
        algorithm, key = (folder / f"ssh_host_{kind}_key.pub").read_text().split()[:2]
        lines.append(f"{','.join(names)} {algorithm} {key}\n")
    return lines


def write_client_files(lab: Lab, state: State) -> None:
    """The `known_hosts` and the `ssh_config` with which plain OpenSSH reaches every machine by its name."""
    known: list[str] = []
    master = next(host for host in HOSTS if host.public)
    sections = [
        f"Host *\n  User ubuntu\n  IdentityFile {lab.key}\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {lab.known_hosts}\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n"
    ]
    for host in HOSTS:
        private = f"{state.private}.{host.number}"
        names = [host.name, private]
        if host.public:
            public = f"{state.public}.{host.number}"
            names.append(public)
            sections.append(f"Host {host.name}\n  HostName {public}\n")
        else:
            sections.append(f"Host {host.name}\n  HostName {private}\n  ProxyJump {master.name}\n")
        known += known_hosts_lines(lab.host_dir(host.name) / "identity", names)
    lab.known_hosts.write_text("".join(known))
    # The first value that matches wins, so what holds for all comes last.
    lab.ssh_config.write_text("\n".join(sections[1:] + sections[:1]))


def _give_to_caller(path: Path) -> None:
    """Lets the user who called sudo read it, so that only the lab's own commands need root."""
    if "SUDO_UID" in os.environ:
        os.chown(path, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))


def _keygen(path: Path, kind: str, comment: str) -> None:
    process.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", comment, "-f", str(path)])
