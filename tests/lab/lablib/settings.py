"""Names, numbers and paths of a lab: everything that follows from its id."""

import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

LAB_TREE = Path(__file__).resolve().parent.parent
REPOSITORY = LAB_TREE.parent.parent

# The region of the first user; see the seeding of the EC2 endpoint.
REGION = "ap-northeast-2"


@dataclass(frozen=True)
class Host:
    """A booted machine. `number` is the last part of its addresses on both networks."""

    name: str
    number: int
    public: bool = False
    disk_mib: int = 0


HOSTS = (
    Host("scn-master", 10, public=True),
    Host("scn-1", 11),
    Host("scn-2", 12),
    Host("scn-3", 13),
    Host("en-1", 20, disk_mib=256),
)

CONTROLLER_NUMBER = 1
# The package server: a network namespace with a leg on both networks.
CONFIG_NUMBER = 5
# Light targets have the numbers from here on, on the public network.
FIRST_TARGET_NUMBER = 50
MAX_TARGETS = 200

# The first of these that no route of this machine overlaps becomes the private network.
PRIVATE_CANDIDATES = ("10.0.100", "10.77.100", "172.29.100", "192.168.217")


def host_named(name: str) -> Host:
    """The machine of that name, or an error that lists the names."""
    for host in HOSTS:
        if host.name == name:
            return host
    raise LabError(f"find the machine `{name}`", "The machines are: " + ", ".join(h.name for h in HOSTS))


def base_folder() -> Path:
    """Where the labs of this checkout are kept."""
    return Path(os.environ.get("KCONF_LAB_DIR") or REPOSITORY / ".lab").absolute()


def own_id(letter: str) -> str:
    """An id that begins with the letter and is another one in another folder, so that checkouts do not meet."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    number = zlib.crc32(str(base_folder()).encode())
    return letter + "".join(digits[number // 36**place % 36] for place in range(3))


class Lab:
    """Where one lab keeps its things. Making one of these touches nothing."""

    def __init__(self) -> None:
        default = own_id("a")
        self.id = os.environ.get("KCONF_LAB_ID") or default
        # A letter alone stands for a lab of this folder.
        if re.fullmatch(r"[a-z]", self.id):
            self.id = own_id(self.id)
        if not re.fullmatch(r"[a-z][a-z0-9]{0,3}", self.id):
            raise LabError(
                f"use the lab id `{self.id}`",
                "KCONF_LAB_ID is a letter followed by up to three letters or digits, all lower case.",
            )
        self.base = base_folder()
        if re.search(r"[,:\\\s]", str(self.base)):
            raise LabError(
                f"keep the lab in `{self.base}`",
                "An overlay mount cannot take a path with a comma, colon, backslash or space: set KCONF_LAB_DIR.",
            )
        self.dir = self.base if self.id == default else self.base / "labs" / self.id
        self.prefix = "kl" + self.id
        # Machines with Python, for tools that need it there.
        self.python = os.environ.get("KCONF_LAB_PYTHON") == "1"

    @property
    def cache(self) -> Path:
        """Where root file systems are kept, so that a fresh clone does not pay for them again."""
        named = os.environ.get("KCONF_LAB_CACHE")
        if named:
            return Path(named).absolute()
        shared = Path("/var/cache/kconf-lab")
        writable = os.access(shared if shared.exists() else shared.parent, os.W_OK)
        return shared if writable else self.base / "cache"

    @property
    def packages(self) -> Path:
        """What the package server serves; shared by all labs of this directory."""
        return self.base / "packages"

    @property
    def venv(self) -> Path:
        """The virtual environment with the EC2 endpoint; shared by all labs of this directory."""
        return self.base / "venv"

    @property
    def key(self) -> Path:
        return self.dir / "key"

    @property
    def known_hosts(self) -> Path:
        return self.dir / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        return self.dir / "ssh_config"

    @property
    def sudo_password(self) -> Path:
        return self.dir / "sudo-password"

    def host_dir(self, name: str) -> Path:
        return self.dir / "hosts" / name

    def netns(self, name: str) -> str:
        """The network namespace of a machine, of a target, or of a switch (`net-pub`, `net-priv`)."""
        return f"{self.prefix}-{name}"

    @property
    def public_interface(self) -> str:
        """The controller's interface on the public network."""
        return f"{self.prefix}-pub"

    @property
    def preferred_subnet(self) -> int:
        """The third part of the public network that this lab would like: the same for the same id."""
        return 30 + zlib.crc32(self.id.encode()) % 200
