"""What a lab has to remember between two commands, in `state.json` of its directory."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import LabError
from .settings import Lab

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Shared by all labs of this machine.
RUN_DIR = Path("/run/kconf-lab")


class State:
    """The remembered facts of one lab; `save` writes them at once and as a whole.

    Keys: `public` and `private` (the first three parts of the networks), `ec2_port`, `rootfs`, `hosts_up`,
    `targets` (their number), `processes` (name -> [pid, start time]), `boot_id`.
    """

    def __init__(self, lab: Lab) -> None:
        self._path = lab.dir / "state.json"
        self._values: dict[str, Any] = {}
        try:
            self._values = json.loads(self._path.read_text())
        except FileNotFoundError:
            pass
        except ValueError as error:
            raise LabError(f"read `{self._path}`: {error}", "Delete the file, then run `lab down`.") from error
        # After a reboot of the real machine nothing of the lab runs and every recorded pid belongs to a stranger.
        if self._values.get("boot_id") != BOOT_ID.read_text().strip():
            self._values = {}

    def get(self, key: str, default: Any = None) -> Any:
        return self._values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self._values[key] = value
        self._values["boot_id"] = BOOT_ID.read_text().strip()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(self._values, indent=1) + "\n")
        os.replace(draft, self._path)

    def require(self, key: str) -> Any:
        """A value that exists only while the lab is up."""
        value = self.get(key)
        if value is None:
            raise LabError("find a lab that is up", "Start it with `tests/lab/lab up`.")
        return value

    @property
    def public(self) -> str:
        return str(self.require("public"))

    @property
    def private(self) -> str:
        return str(self.require("private"))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on a file, waiting for whoever has it. The file may be deleted by its holder."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not path.exists() or path.stat().st_ino != os.fstat(handle.fileno()).st_ino:
                continue
            yield
            return
