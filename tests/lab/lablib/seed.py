"""What makes a bare machine this machine: the files that its own layer starts with."""

import os
import secrets
import shutil
from pathlib import Path

from . import process
from .aptrepo import REPOSITORY_KEY, sources_entry
from .settings import CONFIG_NUMBER, HOSTS, Lab
from .state import State

USERS = ("ubuntu", "admin2", "nosudo")
_WITH_PASSWORD = ("admin2:", "nosudo:")
# The layer below has its owners by number.
_SHADOW_GROUP = 42


class Layer:
    """The writable layer of one machine, over the read-only file system `lower`."""

    def __init__(self, upper: Path, lower: Path) -> None:
        self._upper = upper
        self._lower = lower

    def write(self, path: str, content: str | bytes, mode: int = 0o644, owner: tuple[int, int] = (0, 0)) -> None:
        target = self._upper / path
        self._folders(Path(path).parent)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        os.chown(target, *owner)
        os.chmod(target, mode)

    def folder(self, path: str, mode: int, owner: tuple[int, int]) -> None:
        self._folders(Path(path).parent)
        target = self._upper / path
        target.mkdir(exist_ok=True)
        os.chown(target, *owner)
        os.chmod(target, mode)

    def _folders(self, path: Path) -> None:
        """Makes the folders on the way as they are below: the attributes of the upper layer are the ones that count."""
        for part in reversed([path, *path.parents][:-1]):
            target = self._upper / part
            if target.exists():
                continue
            target.mkdir()
            below = self._lower / part
            if below.is_dir():
                status = below.stat()
                os.chown(target, status.st_uid, status.st_gid)
                os.chmod(target, status.st_mode & 0o7777)


def fresh_layer(folder: Path) -> None:
    """Empties the writable layer of a machine that is not running."""
    for name in ("upper", "work", "root"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)


def seed(lab: Lab, state: State, folder: Path, lower: Path, name: str, password_hash: str) -> None:
    """Fills the fresh layer in `folder`: name, identity, users' keys, the sudo password and the apt source."""
    layer = Layer(folder / "upper", lower)
    layer.write("etc/hostname", name + "\n")
    layer.write("etc/hosts", _hosts_file(state, name))
    layer.write("etc/machine-id", _machine_id(folder) + "\n", 0o444)
    for key in sorted((folder / "identity").iterdir()):
        layer.write(f"etc/ssh/{key.name}", key.read_bytes(), 0o644 if key.suffix == ".pub" else 0o600)
    public_key = lab.key.with_suffix(".pub").read_text()
    users = _users(lower)
    for user in USERS:
        owner = users[user]
        layer.folder(f"home/{user}/.ssh", 0o700, owner)
        layer.write(f"home/{user}/.ssh/authorized_keys", public_key, 0o600, owner)
    shadow = (lower / "etc/shadow").read_text().splitlines()
    lines = [_with_password(line, password_hash) if line.startswith(_WITH_PASSWORD) else line for line in shadow]
    layer.write("etc/shadow", "\n".join(lines) + "\n", 0o640, (0, _SHADOW_GROUP))
    if state.get("private"):
        key_file = lab.packages / "apt" / REPOSITORY_KEY
        if key_file.exists():
            layer.write(f"etc/apt/keyrings/{REPOSITORY_KEY}", key_file.read_bytes())
        layer.write("etc/apt/sources.list.d/lab.sources", sources_entry(f"{state.private}.{CONFIG_NUMBER}", key_file))


def password_hash(lab: Lab) -> str:
    """The sudo password as /etc/shadow wants it."""
    salt = secrets.token_hex(8)
    script = f'my $p = <STDIN>; chomp $p; print crypt($p, "\\$6\\${salt}\\$")'
    return process.run(["perl", "-e", script], stdin=lab.sudo_password.read_text(), what="hash the sudo password")


def _with_password(line: str, hashed: str) -> str:
    fields = line.split(":")
    return ":".join([fields[0], hashed, *fields[2:]])


def _machine_id(folder: Path) -> str:
    path = folder / "identity-machine-id"
    if not path.exists():
        path.write_text(secrets.token_hex(16))
    return path.read_text()


def _users(lower: Path) -> dict[str, tuple[int, int]]:
    entries = (line.split(":") for line in (lower / "etc/passwd").read_text().splitlines())
    return {entry[0]: (int(entry[2]), int(entry[3])) for entry in entries}


def _hosts_file(state: State, name: str) -> str:
    lines = ["127.0.0.1 localhost", f"127.0.1.1 {name}"]
    if state.get("private"):
        lines += [f"{state.private}.{host.number} {host.name}" for host in HOSTS if host.name != name]
        lines.append(f"{state.private}.{CONFIG_NUMBER} config")
    return "\n".join(lines) + "\n"
