"""Running commands, and starting the lab's long-lived processes inside its control group."""

import os
import subprocess
from pathlib import Path

from . import cgroups
from .errors import LabError
from .settings import Lab
from .state import State

# Joins the control groups given in KLAB_CGROUPS, then becomes the command. The first one is required: `down` finds
# processes by it.
_JOIN = """
for d in $KLAB_CGROUPS; do
  if ! echo $$ > "$d/cgroup.procs"; then [ -n "$joined" ] || exit 97; fi
  joined=yes
done
unset KLAB_CGROUPS joined
exec "$@"
"""


def run(argv: list[str], *, stdin: str | None = None, what: str | None = None, cwd: Path | None = None) -> str:
    """Runs a command to its end and gives its standard output; a failure is an error that shows its message."""
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False, cwd=cwd)
    except OSError as error:
        raise LabError(f"run `{argv[0]}`: {error}") from error
    if done.returncode != 0:
        told = (done.stderr or done.stdout).strip() or "it said nothing"
        raise LabError(f"{what or 'run `' + ' '.join(argv) + '`'} (exit code {done.returncode}): {told}")
    return done.stdout


def succeeds(argv: list[str]) -> bool:
    """Whether a command can be run and exits with 0; its output is dropped."""
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def spawn(
    lab: Lab,
    state: State,
    name: str,
    argv: list[str],
    *,
    leaf: str,
    log: Path,
    netns: str | None = None,
    env: dict[str, str] | None = None,
) -> int:
    """Starts a process of the lab under `name`, in the control group `leaf`, and records its pid."""
    if netns:
        argv = ["nsenter", f"--net=/run/netns/{lab.netns(netns)}", *argv]
    groups = " ".join(str(path) for path in cgroups.make(lab, leaf))
    with open(log, "ab") as output:
        child = subprocess.Popen(
            ["/bin/sh", "-c", _JOIN, "sh", *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={**(env if env is not None else os.environ), "KLAB_CGROUPS": groups},
            start_new_session=True,
        )
    started = start_time(child.pid)
    if started is not None:
        state.set("processes", {**state.get("processes", {}), name: [child.pid, started]})
    return child.pid


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot: with the pid it names a process for good."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # Field 3 (state) is the first after the command; a zombie counts as gone. Field 22 is the start time.
    return None if fields[0] in "ZX" else int(fields[19])


def recorded_pid(state: State, name: str) -> int | None:
    """The pid of a process of the lab, if it still is that process."""
    pid, started = state.get("processes", {}).get(name, (None, None))
    return pid if pid is not None and start_time(pid) == started else None


def tail(path: Path, lines: int = 15) -> str:
    """The end of a log file, for error messages."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
