"""The file system that all machines share, read-only, below a layer of each machine's own."""

import hashlib
import os
import shlex
import shutil
from pathlib import Path

from . import process
from .errors import LabError
from .settings import LAB_TREE, Lab
from .state import locked

RECIPE = LAB_TREE / "rootfs"
SUITE = "bookworm"


class Rootfs:
    """One version of the shared file system; its name follows from the recipe, so a changed recipe builds a new one.

    `python` adds what ansible-core needs on a target; plain machines have none.
    """

    def __init__(self, lab: Lab, *, python: bool = False) -> None:
        self._python = python
        digest = hashlib.sha256(f"{SUITE} python={python}".encode())
        for path in sorted(RECIPE.iterdir()):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        self._dir = lab.cache / f"rootfs-{digest.hexdigest()[:16]}"

    @property
    def root(self) -> Path:
        return self._dir / "root"

    @property
    def pool(self) -> Path:
        """The packages for the lab's apt repository that were downloaded along with it."""
        return self._dir / "pool"

    @property
    def is_built(self) -> bool:
        return self._dir.is_dir()

    def build(self) -> None:
        """Builds it, unless another lab has done so meanwhile; half a minute and 300 MB."""
        with locked(self._dir.parent / "lock"):
            if self.is_built:
                return
            draft = self._dir.with_suffix(".new")
            if str(draft) in Path("/proc/self/mountinfo").read_text():
                raise LabError(f"clear `{draft}`: something is mounted in it", f"Unmount it (findmnt | grep {draft}).")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            include = _list(RECIPE / "packages.txt")
            if self._python:
                include += _list(RECIPE / "packages-python.txt")
            places = shlex.join([str(RECIPE), str(draft / "pool")])
            hook = f'{shlex.quote(str(RECIPE / "customize.sh"))} "$1" {places}'
            command = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=" + ",".join(include)]
            command += ["--customize-hook=" + hook, SUITE, str(draft / "root")]
            mirror = os.environ.get("KCONF_LAB_DEBIAN_MIRROR")
            process.run(command + ([mirror] if mirror else []), what="build the file system of the machines")
            draft.rename(self._dir)


def _list(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]
