"""The two networks of a lab.

Each is a bridge in a network namespace of its own, so that no firewall or forwarding rule of the real machine meets its
frames. The controller has one leg in the public one (`klID-pub`) and none in the private one; a route of type
`unreachable` makes a direct attempt fail at once instead of leaving by the default route.
"""

import ipaddress
import json
import os
import zlib
from pathlib import Path

from . import process
from .errors import LabError
from .settings import CONTROLLER_NUMBER, PRIVATE_CANDIDATES, Lab
from .state import State

NETNS_DIR = Path("/run/netns")
PUBLIC_SWITCH = "net-pub"
PRIVATE_SWITCH = "net-priv"


def choose(lab: Lab, state: State) -> None:
    """Picks the two networks, once for each lab, so that they overlap no route of this machine."""
    if state.get("public"):
        return
    taken = _routed_networks()

    def is_free(prefix: str) -> bool:
        network = ipaddress.ip_network(f"{prefix}.0/24")
        return not any(network.overlaps(other) for other in taken)

    first = lab.preferred_subnet
    public = next((p for n in range(200) if is_free(p := f"10.99.{(first + n - 1) % 250 + 1}")), None)
    private = next((p for p in PRIVATE_CANDIDATES if is_free(p)), None)
    if not public or not private:
        raise LabError(
            "find a network range that no route of this machine uses",
            f"Tried 10.99.x.0/24 for the public and {', '.join(PRIVATE_CANDIDATES)} (.0/24) for the private network.",
        )
    state.set("public", public)
    state.set("private", private)


def _routed_networks() -> list[ipaddress.IPv4Network]:
    routes = json.loads(process.run(["ip", "-j", "-4", "route", "show", "table", "all"]))
    return [
        ipaddress.IPv4Network(route["dst"])
        for route in routes
        # The `unreachable` routes of other labs may stay: private networks never meet.
        if route["dst"] != "default" and route.get("type") != "unreachable"
    ]


def up_public(lab: Lab, state: State) -> None:
    """The public network with the controller on it; nothing to do if it is there."""
    if _exists(lab, PUBLIC_SWITCH):
        return
    _switch(lab, PUBLIC_SWITCH)
    _batch(
        lab,
        PUBLIC_SWITCH,
        [
            f"link add p{CONTROLLER_NUMBER} type veth peer name {lab.public_interface} netns {os.getpid()}",
            f"link set p{CONTROLLER_NUMBER} master br0 up",
        ],
    )
    Path(f"/proc/sys/net/ipv6/conf/{lab.public_interface}/disable_ipv6").write_text("1")
    process.run(["ip", "address", "add", f"{state.public}.{CONTROLLER_NUMBER}/24", "dev", lab.public_interface])
    process.run(["ip", "link", "set", lab.public_interface, "up"])


def up_private(lab: Lab, state: State) -> None:
    """The private network, closed to the controller."""
    _switch(lab, PRIVATE_SWITCH)
    process.run(["ip", "route", "add", *_closed_route(lab, state.private)])


def _closed_route(lab: Lab, private: str) -> list[str]:
    # A metric of its own keeps the routes of two labs apart.
    return ["unreachable", f"{private}.0/24", "metric", str(10000 + zlib.crc32(lab.id.encode()) % 10**8)]


def attach(lab: Lab, name: str, number: int, *, private: str | None, public: str | None) -> None:
    """Makes the network namespace of one machine, with `eth0` on the private and `eth1` on the public network.

    A machine with a public leg only has that one as `eth0`.
    """
    add_netns(lab, name)
    netns = lab.netns(name)
    inside = ["link set lo up"]
    interface = 0
    for switch, prefix in ((PRIVATE_SWITCH, private), (PUBLIC_SWITCH, public)):
        if prefix is None:
            continue
        port, leg = f"p{number}", f"eth{interface}"
        peer = f"peer name {leg} address {_hardware_address(switch, number)} netns {netns}"
        _batch(lab, switch, [f"link add {port} type veth {peer}", f"link set {port} master br0 up"])
        inside += [f"address add {prefix}.{number}/24 dev {leg}", f"link set {leg} up"]
        interface += 1
    _batch(lab, name, inside)


def _hardware_address(switch: str, number: int) -> str:
    """The same for the same machine, made again: else its neighbours would talk to the old one for some seconds."""
    return f"02:6b:63:00:{1 if switch == PUBLIC_SWITCH else 2:02x}:{number:02x}"


def set_links(lab: Lab, name: str, *, up: bool) -> None:
    """Plugs or pulls the cables of a machine; an address of a dead machine must not answer."""
    for leg in sorted(link["ifname"] for link in json.loads(process.run(["ip", "-j", "-n", lab.netns(name), "link"]))):
        if leg.startswith("eth"):
            process.run(["ip", "-n", lab.netns(name), "link", "set", leg, "up" if up else "down"])


def add_netns(lab: Lab, name: str) -> None:
    """A network namespace with IPv6 and forwarding off."""
    netns = lab.netns(name)
    process.run(["ip", "netns", "add", netns])
    settings = (
        "for i in all default; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done;"
        " echo 0 > /proc/sys/net/ipv4/ip_forward"
    )
    process.run(["nsenter", f"--net={NETNS_DIR / netns}", "sh", "-c", settings])


def remove(lab: Lab, names: list[str]) -> None:
    """Removes the named machines from the network."""
    for name in names:
        if _exists(lab, name):
            process.run(["ip", "netns", "delete", lab.netns(name)])


def down(lab: Lab) -> None:
    """Removes every namespace, interface and route of this lab, whatever is left of them."""
    if Path(f"/sys/class/net/{lab.public_interface}").exists():
        process.run(["ip", "link", "delete", lab.public_interface])
    if NETNS_DIR.is_dir():
        for entry in sorted(NETNS_DIR.glob(lab.prefix + "-*")):
            # A crash between making the file and mounting the namespace on it leaves a file that `ip` cannot delete.
            if not process.succeeds(["ip", "netns", "delete", entry.name]):
                entry.unlink(missing_ok=True)
    for prefix in PRIVATE_CANDIDATES:
        while process.succeeds(["ip", "route", "delete", *_closed_route(lab, prefix)]):
            pass


def left_over(lab: Lab) -> bool:
    """Whether anything of this lab is in the network."""
    return Path(f"/sys/class/net/{lab.public_interface}").exists() or any(NETNS_DIR.glob(lab.prefix + "-*"))


def _exists(lab: Lab, name: str) -> bool:
    return (NETNS_DIR / lab.netns(name)).exists()


def _switch(lab: Lab, name: str) -> None:
    add_netns(lab, name)
    _batch(lab, name, ["link set lo up", "link add br0 type bridge", "link set br0 up"])


def _batch(lab: Lab, netns: str, lines: list[str]) -> None:
    process.run(["ip", "-n", lab.netns(netns), "-batch", "-"], stdin="\n".join(lines) + "\n", what="set up the network")
