"""The EC2 endpoint: moto's server, filled with the machines of the lab (see `ec2_seed.py`)."""

import json
import socket
import sys
import time
import urllib.error
import urllib.request

from . import process
from .errors import LabError
from .settings import HOSTS, LAB_TREE, REGION, Lab
from .state import State

NAME = "ec2"
_REQUIREMENTS = LAB_TREE / "requirements.txt"


def is_installed(lab: Lab) -> bool:
    stamp = lab.venv / "installed-from"
    return stamp.exists() and stamp.read_text() == _REQUIREMENTS.read_text()


def install(lab: Lab) -> None:
    """Makes the virtual environment, which needs a package index once."""
    if is_installed(lab):
        return
    process.run([sys.executable, "-m", "venv", "--clear", str(lab.venv)], what="make a virtual environment")
    pip = [str(lab.venv / "bin/pip"), "install", "--quiet", "--requirement", str(_REQUIREMENTS)]
    process.run(pip, what="install the EC2 endpoint")
    (lab.venv / "installed-from").write_text(_REQUIREMENTS.read_text())


def start(lab: Lab, state: State) -> None:
    """Starts the server on a free port of 127.0.0.1; `fill` waits for it."""
    port = _free_port(15000 + lab.preferred_subnet)
    state.set("ec2_port", port)
    # Without its list of thousands of images it starts in half the time; any image id is good for a machine.
    environment = {"PATH": "/usr/bin:/bin", "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    command = [str(lab.venv / "bin/moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    process.spawn(lab, state, NAME, command, leaf=NAME, log=lab.dir / "ec2.log", env=environment)


def endpoint(state: State) -> str:
    return f"http://127.0.0.1:{state.require('ec2_port')}"


def fill(lab: Lab, state: State) -> None:
    """Puts the machines of the lab, and some odd ones, into the endpoint."""
    _wait(lab, state)
    wanted = {
        "endpoint": endpoint(state),
        "region": REGION,
        "private": state.private,
        "public": state.public,
        "hosts": [vars(host) for host in HOSTS],
    }
    script = LAB_TREE / "lablib/ec2_seed.py"
    process.run([str(lab.venv / "bin/python"), str(script)], stdin=json.dumps(wanted), what="fill the EC2 endpoint")


def _wait(lab: Lab, state: State, patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(endpoint(state) + "/moto-api/data.json", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            gone = process.recorded_pid(state, NAME) is None
            if gone or time.monotonic() > deadline:
                raise LabError(
                    f"start the EC2 endpoint; the end of its log:\n{process.tail(lab.dir / 'ec2.log')}"
                ) from None
            time.sleep(0.1)


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise LabError("find a free port on 127.0.0.1")
