"""A throw-away sshd on a free port of the loopback, for cases that run over SSH; the same as `tests/it/transport/server.rs` starts."""

from __future__ import annotations

import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time

CONFIG = pathlib.Path(__file__).resolve().parent.parent / "it/transport/sshd_config"


class Sshd:
    """Runs while it is entered."""

    def __init__(self, folder: pathlib.Path, home: pathlib.Path):
        self.folder = folder
        self.home = home

    def __enter__(self) -> Sshd:
        self.folder.mkdir(mode=0o755)
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        for name in ("host_key", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        (self.folder / "authorized_keys").write_text((self.folder / "key.pub").read_text())
        config = (pathlib.Path(__file__).resolve().parent / "sshd_config").read_text() + CONFIG.read_text()
        config = config.replace("@DIR@", str(self.folder)).replace("@HOME@", str(self.home))
        (self.folder / "config").write_text(config)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-p", str(self.port), "-f", self.folder / "config"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
        )
        key = (self.folder / "host_key.pub").read_text()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {key}")
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        raise RuntimeError(f"sshd does not start: {(self.folder / 'log').read_text()}")

    def __exit__(self, *_) -> None:
        doomed = [self.process.pid]
        while doomed:
            pid = doomed.pop()
            try:
                doomed += map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.process.wait()
        self.log.close()

    def variables(self) -> str:
        """How hosts are reached there: lines of an inventory."""
        variables = {
            "ansible_connection": "ssh",
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": pwd.getpwuid(os.getuid()).pw_name,
            "ansible_ssh_private_key_file": f"{self.folder}/key",
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={self.folder}/known_hosts",
            "sshd": self.folder,
        }
        return "".join(f"{name}={value}\n" for name, value in variables.items())
