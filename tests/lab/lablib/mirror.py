"""The package server `config`: node packages and the apt repository, for machines on both networks."""

import sys

from . import aptrepo, network, process
from .rootfs import Rootfs
from .settings import CONFIG_NUMBER, LAB_TREE, Lab
from .state import State, locked

NAME = "config"


def start(lab: Lab, state: State, rootfs: Rootfs) -> None:
    """Starts the server on port 80 of both networks, with the apt repository ready."""
    with locked(lab.base / "packages.lock"):
        aptrepo.build(lab.packages / "apt", rootfs.pool)
    network.attach(lab, NAME, CONFIG_NUMBER, private=state.private, public=state.public)
    command = [sys.executable, str(LAB_TREE / "lablib/http_server.py"), str(lab.packages)]
    process.spawn(lab, state, NAME, command, leaf=NAME, log=lab.dir / "config.log", netns=NAME)


def base_url(network_prefix: str) -> str:
    """Where the server is, for a machine on that network."""
    return f"http://{network_prefix}.{CONFIG_NUMBER}"
