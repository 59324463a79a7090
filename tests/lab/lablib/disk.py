"""The second disk of a machine: a sparse file behind a loop device."""

from pathlib import Path

from . import process
from .settings import Lab


def attach(lab: Lab, name: str, mebibytes: int) -> str:
    """Gives the loop device of the machine's disk, made empty if there is none yet."""
    image = _image(lab, name)
    device = _device(image)
    if device:
        return device
    if not image.exists():
        with open(image, "wb") as handle:
            handle.truncate(mebibytes * 1024 * 1024)
    return process.run(["losetup", "--find", "--show", str(image)], what="attach a disk").strip()


def detach(lab: Lab, name: str, *, wipe: bool) -> None:
    """Takes the loop device away, and the disk's content with it if told so."""
    image = _image(lab, name)
    while device := _device(image):
        process.run(["losetup", "--detach", device])
    if wipe:
        image.unlink(missing_ok=True)


def _image(lab: Lab, name: str) -> Path:
    return lab.host_dir(name) / "disk.img"


def _device(image: Path) -> str | None:
    # Not by `--associated`, which does not find a file that is deleted while in use.
    listed = process.run(["losetup", "--list", "--noheadings", "--raw", "--output", "NAME,BACK-FILE"])
    for line in listed.splitlines():
        device, _, backing = line.partition(" ")
        if backing in (str(image), f"{image} (deleted)", f"{image}\\x20(deleted)"):
            return device
    return None
