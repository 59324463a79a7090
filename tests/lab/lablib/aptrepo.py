"""A small apt repository, built from the packages that were downloaded along with the machines' file system.

The machines have no route to a registry, so this is what `apt` installs from: the packages of `rootfs/mirror.txt` and
`lab-demo` in two versions, made here, for upgrades and pins. Signed with a key made on the spot where gpg is
installed, else marked `trusted`.
"""

import gzip
import hashlib
import shutil
import tempfile
from email.utils import formatdate
from pathlib import Path

from . import process

SUITE = "lab"
REPOSITORY_KEY = "lab.gpg"
_INDEX = "main/binary-{arch}"


def sources_entry(server: str, key_file: Path) -> str:
    """The machine's entry for this repository."""
    signed = f"Signed-By: /etc/apt/keyrings/{REPOSITORY_KEY}" if key_file.exists() else "Trusted: yes"
    return f"Types: deb\nURIs: http://{server}/apt\nSuites: {SUITE}\nComponents: main\n{signed}\n"


def build(target: Path, pool: Path) -> None:
    """Makes the repository in `target` from the packages in `pool`; nothing to do if it holds just these."""
    stamp = target / "built-from"
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    wanted = "\n".join([recipe, *sorted(path.name for path in pool.iterdir())]) + "\n"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(target, ignore_errors=True)
    (target / "pool").mkdir(parents=True)
    for path in pool.iterdir():
        # An epoch's colon is written %3a in the file name, which an HTTP client would decode.
        shutil.copy(path, target / "pool" / path.name.replace("%3a", "."))
    for version in ("1.0", "1.1"):
        _demo_package(target / "pool", version)
    arch = process.run(["dpkg", "--print-architecture"]).strip()
    dist = target / "dists" / SUITE
    index = dist / _INDEX.format(arch=arch)
    index.mkdir(parents=True)
    packages = "\n".join(_entry(path, target) for path in sorted((target / "pool").iterdir()))
    (index / "Packages").write_text(packages)
    (index / "Packages.gz").write_bytes(gzip.compress(packages.encode(), mtime=0))
    (dist / "Release").write_text(_release(dist, arch))
    if shutil.which("gpg"):
        _sign(dist, target / REPOSITORY_KEY)
    stamp.write_text(wanted)


def _entry(path: Path, target: Path) -> str:
    control = process.run(["dpkg-deb", "--field", str(path)])
    content = path.read_bytes()
    return (
        f"{control.rstrip()}\nFilename: {path.relative_to(target)}\nSize: {len(content)}\n"
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
    )


def _release(dist: Path, arch: str) -> str:
    lines = [
        "Origin: kconf lab",
        "Label: kconf lab",
        f"Suite: {SUITE}",
        f"Codename: {SUITE}",
        f"Architectures: {arch}",
        "Components: main",
        f"Date: {formatdate(usegmt=True).replace('GMT', 'UTC')}",
        "SHA256:",
    ]
    for path in sorted(p for p in dist.rglob("Packages*") if p.is_file()):
        content = path.read_bytes()
        lines.append(f" {hashlib.sha256(content).hexdigest()} {len(content)} {path.relative_to(dist)}")
    return "\n".join(lines) + "\n"


def _sign(dist: Path, key_file: Path) -> None:
    """Signs with a key that nobody keeps: whoever rebuilds the repository makes a new one."""
    home = tempfile.mkdtemp(prefix="kconf-lab-gpg-")
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--yes"]
    try:
        new_key = ["--passphrase", "", "--quick-generate-key", "kconf lab", "ed25519", "sign", "never"]
        process.run([*gpg, *new_key], what="make a key for the apt repository")
        process.run([*gpg, "--output", str(key_file), "--export"])
        process.run([*gpg, "--armor", "--output", str(key_file.with_suffix(".asc")), "--export"])
        process.run([*gpg, "--clearsign", "--output", str(dist / "InRelease"), str(dist / "Release")])
        process.run([*gpg, "--armor", "--detach-sign", "--output", str(dist / "Release.gpg"), str(dist / "Release")])
    finally:
        process.succeeds(["gpgconf", "--homedir", home, "--kill", "all"])
        shutil.rmtree(home, ignore_errors=True)


def _demo_package(pool: Path, version: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN/control").write_text(
            f"Package: lab-demo\nVersion: {version}\nArchitecture: all\nMaintainer: kconf lab <lab@example.invalid>\n"
            "Description: a package with two versions, for tests of upgrades and pins\n"
        )
        (tree / "usr/share/lab-demo").mkdir(parents=True)
        (tree / "usr/share/lab-demo/version").write_text(version + "\n")
        command = ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(pool / f"lab-demo_{version}_all.deb")]
        process.run(command, what="build the package `lab-demo`")
