"""Whether the lab can run on this machine, and what to do if not."""

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from . import cgroups, ec2, process
from .errors import LabError
from .settings import Lab

# Command -> the Debian package that brings it.
_COMMANDS = {
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "losetup": "mount",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "dpkg-deb": "dpkg",
    "perl": "perl-base",
}
_DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def can_run(lab: Lab, *, rootfs_built: bool, with_ec2: bool = True) -> None:
    """Raises the first reason why the lab cannot run here, with what to do about it."""
    if os.geteuid() != 0:
        raise LabError("start the lab: it needs root, for namespaces and mounts", "Run it with sudo.")
    if Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]:
        raise LabError(
            "start the lab: root of a user namespace cannot make network namespaces and loop devices for it",
            "Use a virtual machine, or a privileged container without user namespaces.",
        )
    missing = {package for command, package in _COMMANDS.items() if not shutil.which(command)}
    if not rootfs_built:
        missing |= {"mmdebstrap"} if not shutil.which("mmdebstrap") else set()
        missing |= {"debian-archive-keyring"} if not _DEBIAN_KEYS.exists() else set()
    if with_ec2 and not ec2.is_installed(lab) and not importlib.util.find_spec("ensurepip"):
        missing.add("python3-venv")
    if missing:
        names = " ".join(sorted(missing))
        raise LabError(f"find what the lab needs: {names}", f"apt-get install -y --no-install-recommends {names}")
    cgroups.hierarchies()
    if not process.succeeds(["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "true"]):
        raise LabError(
            "make namespaces (`unshare --net --mount --pid true`)",
            "A container without CAP_SYS_ADMIN cannot host the lab: use a virtual machine or a privileged container.",
        )
    _can_overlay(lab)


def _can_overlay(lab: Lab) -> None:
    process.succeeds(["modprobe", "overlay"])
    lab.dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="check-", dir=lab.dir) as name:
        for part in ("lower", "upper", "work", "root"):
            Path(name, part).mkdir()
        options = f"lowerdir={name}/lower,upperdir={name}/upper,workdir={name}/work,volatile"
        mount = ["unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options, f"{name}/root"]
        if not process.succeeds(mount):
            raise LabError(
                f"mount an overlay file system in `{lab.dir}`",
                "It needs Linux 5.10 or newer and a folder on an ordinary disk file system (not itself an overlay, as "
                "inside most containers): set KCONF_LAB_DIR to one.",
            )
