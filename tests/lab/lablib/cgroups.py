"""The lab's control groups: `kconf-lab-ID/LEAF` in every mounted hierarchy (version 1) or in the one (version 2).

They are what makes `down` certain: whatever a machine of the lab starts stays inside. They also count CPU time.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from .errors import LabError
from .settings import Lab


def hierarchies() -> list[Path]:
    """The mount points in use, the one that is best for finding processes first."""
    found: list[tuple[int, Path]] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        mount_point = Path(left.split()[4])
        kind, _, options = right.split()[:3]
        if kind == "cgroup2":
            found.append((1, mount_point))
        elif kind == "cgroup" and "cpuset" not in options.split(","):
            # A new cpuset admits nobody before it is filled in, and the lab does not need it.
            found.append((0 if "name=systemd" in options.split(",") else 2, mount_point))
    if not found:
        raise LabError("find a control group hierarchy in /proc/self/mountinfo", "Mount one under /sys/fs/cgroup.")
    return [path for _, path in sorted(dict.fromkeys(found))]


def _tops(lab: Lab) -> list[Path]:
    return [path / f"kconf-lab-{lab.id}" for path in hierarchies()]


def make(lab: Lab, leaf: str) -> list[Path]:
    """Makes the control group `leaf` in all hierarchies."""
    paths = [top / leaf for top in _tops(lab)]
    for path in paths:
        path.mkdir(parents=True, exist_ok=True)
    return paths


def pids(lab: Lab, leaf: str = "") -> set[int]:
    """All processes of the lab, or of one leaf and what is below it."""
    found: set[int] = set()
    for top in _tops(lab):
        for folder, _, _ in os.walk(top / leaf):
            try:
                found.update(int(word) for word in Path(folder, "cgroup.procs").read_text().split())
            except OSError:
                continue
    # Processes of a pid namespace that this one cannot see are listed as 0.
    return found - {0}


def cpu_seconds(lab: Lab, leaf: str) -> float | None:
    """CPU time used by one leaf since it was made."""
    for top in _tops(lab):
        try:
            return int((top / leaf / "cpuacct.usage").read_text()) / 1e9
        except OSError:
            pass
        try:
            return int((top / leaf / "cpu.stat").read_text().split()[1]) / 1e6
        except OSError:
            pass
    return None


def exists(lab: Lab) -> bool:
    return any(top.exists() for top in _tops(lab))


def others_exist(lab: Lab) -> bool:
    """Whether another lab of this machine is up."""
    return any(p.name != f"kconf-lab-{lab.id}" for h in hierarchies() for p in h.glob("kconf-lab-*"))


def kill(lab: Lab, leaf: str = "", patience: float = 20.0) -> None:
    """Kills every process of the lab (or of a leaf) and removes the control groups."""
    deadline = time.monotonic() + patience
    while alive := pids(lab, leaf):
        if time.monotonic() > deadline:
            raise LabError(f"kill the processes {sorted(alive)} of the lab")
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    for top in _tops(lab):
        _remove(top / leaf, deadline)


def _remove(top: Path, deadline: float) -> None:
    for folder, _, _ in os.walk(top, topdown=False):
        while True:
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                pass
            except OSError as error:
                # A group stays busy for a moment after its last process has gone.
                if time.monotonic() > deadline:
                    raise LabError(f"remove the control group `{folder}`: {error}") from error
                time.sleep(0.05)
                continue
            break
