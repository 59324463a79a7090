"""The tarballs of the stand-in node, in the original's layout, in the folder that the package server serves."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import process
from .errors import LabError
from .settings import LAB_TREE, REPOSITORY, Lab
from .state import locked

_RELEASES = LAB_TREE / "releases.txt"
_PACKAGE = LAB_TREE / "node/package"


def exist(lab: Lab) -> bool:
    return (lab.packages / "klaytn").is_dir()


def build(lab: Lab, binary: Path | None) -> None:
    """Packages every release of `releases.txt` from one binary, which is compiled if none is given."""
    binary = binary or _compile()
    with locked(lab.base / "packages.lock"):
        for family, version, behaviour in _releases():
            target = lab.packages / family / version
            draft = target.with_name(f".{version}.new")
            shutil.rmtree(draft, ignore_errors=True)
            command = [str(_PACKAGE), str(binary), str(draft), version]
            if behaviour != "good":
                command += ["--broken", behaviour]
            sums = process.run(command, what=f"package the release {family} {version}")
            (draft / "SHA256SUMS").write_text(sums)
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)
            print(f"{family} {version}: {behaviour}", file=sys.stderr)


def _releases() -> list[tuple[str, str, str]]:
    lines = (line.split() for line in _RELEASES.read_text().splitlines() if line and not line.startswith("#"))
    return [(family, version, behaviour) for family, version, behaviour in lines]


def _compile() -> Path:
    """Compiles the stand-in with everything linked in, so that it runs whatever C library the machines have."""
    profile = os.environ.get("KCONF_LAB_PROFILE", "release")
    about = process.run(["rustc", "-vV"], what="find a Rust compiler", cwd=REPOSITORY)
    triple = next(line.split()[1] for line in about.splitlines() if line.startswith("host:"))
    flags = f"CARGO_TARGET_{triple.upper().replace('-', '_')}_RUSTFLAGS"
    target = REPOSITORY / "target"
    command = ["cargo", "build", "--package", "lab-node", "--profile", profile]
    command += ["--target", triple, "--target-dir", str(target)]
    environment = {**os.environ, flags: "-C target-feature=+crt-static"}
    if subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode != 0:
        raise LabError("compile the stand-in node", "The compiler's messages are above.")
    return target / triple / ("debug" if profile == "dev" else profile) / "lab-node"
