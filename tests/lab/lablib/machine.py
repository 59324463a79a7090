"""What labs share on the real machine: its settings, which the last lab to go puts back, and the lab ids."""

from pathlib import Path

from . import cgroups, network, process
from .errors import LabError
from .network import NETNS_DIR
from .settings import Lab
from .state import RUN_DIR

LOCK = RUN_DIR / "lock"
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
_INOTIFY_WANTED = 8192
_INOTIFY_BEFORE = RUN_DIR / "inotify-before"
_MADE_NETNS_DIR = RUN_DIR / "made-netns-dir"


def prepare() -> None:
    """Every booted systemd takes about ten inotify instances of root, and the kernel's default is 128."""
    RUN_DIR.mkdir(parents=True, exist_ok=True)
    before = int(_INOTIFY.read_text())
    if before < _INOTIFY_WANTED:
        if not _INOTIFY_BEFORE.exists():
            _INOTIFY_BEFORE.write_text(str(before))
        _INOTIFY.write_text(str(_INOTIFY_WANTED))
    if not NETNS_DIR.exists():
        _MADE_NETNS_DIR.touch()


def claim(lab: Lab) -> None:
    """Takes the lab's id for its folder, or says which other folder has a lab of that id running."""
    mark = _owner_mark(lab)
    owner = mark.read_text() if mark.exists() else ""
    if owner not in ("", str(lab.base)) and Path(owner).exists() and is_there(lab):
        raise LabError(
            f"use the lab id `{lab.id}`: the lab in `{owner}` has it",
            f"Set KCONF_LAB_ID to another one, or KCONF_LAB_DIR={owner} to use that lab.",
        )
    RUN_DIR.mkdir(parents=True, exist_ok=True)
    mark.write_text(str(lab.base))


def is_there(lab: Lab) -> bool:
    """Whether anything of a lab with this id is on the real machine, running or left behind."""
    return cgroups.exists(lab) or network.left_over(lab)


def _owner_mark(lab: Lab) -> Path:
    return RUN_DIR / f"lab-{lab.id}"


def restore(lab: Lab) -> None:
    """Undoes `claim`, and `prepare` unless another lab still needs it; to be called with the lock of `RUN_DIR`."""
    _owner_mark(lab).unlink(missing_ok=True)
    if cgroups.others_exist(lab):
        return
    if _INOTIFY_BEFORE.exists():
        _INOTIFY.write_text(_INOTIFY_BEFORE.read_text())
    # `ip netns` leaves its folder mounted on itself.
    if _MADE_NETNS_DIR.exists() and not any(NETNS_DIR.iterdir()):
        process.succeeds(["umount", str(NETNS_DIR)])
        NETNS_DIR.rmdir()
    for mark in (_INOTIFY_BEFORE, _MADE_NETNS_DIR):
        mark.unlink(missing_ok=True)
    LOCK.unlink(missing_ok=True)
    if not any(RUN_DIR.iterdir()):
        RUN_DIR.rmdir()
