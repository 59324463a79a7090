"""The command line of the lab."""

import argparse
import os
import sys
from collections.abc import Callable

from . import commands
from .errors import LabError
from .settings import HOSTS, Lab

Run = Callable[[Lab, argparse.Namespace], int]

_NAMES = ", ".join(host.name for host in HOSTS)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    # Administration commands are in sbin, which is not in every user's path.
    os.environ["PATH"] = os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"
    try:
        run: Run = options.run
        return run(Lab(), options)
    except LabError as error:
        print(f"error: failed to {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; `lab down` clears up", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab",
        description="Five booted machines behind a bastion, an EC2 endpoint and a package server, on this computer.",
        epilog="KCONF_LAB_ID names the lab (default `a`), KCONF_LAB_DIR its folder (default `.lab`). See README.md.",
    )
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str, run: Run) -> argparse.ArgumentParser:
        subcommand = subcommands.add_parser(name, help=text, description=text)
        subcommand.set_defaults(run=run)
        return subcommand

    add("up", "boot the lab, unless it is up", lambda lab, _: commands.up(lab))
    add("down", "remove the lab, also a half-made one", lambda lab, _: commands.down(lab))
    add("status", "show what runs; exit code 1 unless all of it does", lambda lab, _: commands.status(lab))
    add("reset", "make all machines bare again", lambda lab, _: commands.reset(lab))
    add("env", "print shell exports for users of the lab", lambda lab, _: commands.env(lab))

    one = add("ssh", "log in with OpenSSH, or run a command", lambda lab, o: commands.ssh(lab, o.host, o.command))
    _host_and_command(one, "?*")
    one = add("exec", "run a command as root, not by SSH", lambda lab, o: commands.exec_(lab, o.host, o.command))
    _host_and_command(one, "+")
    one = add("kill-host", "pull the plug of a machine", lambda lab, o: commands.kill_host(lab, o.host))
    one.add_argument("host", metavar="HOST", help=_NAMES)
    one = add("start-host", "switch a machine on again", lambda lab, o: commands.start_host(lab, o.host))
    one.add_argument("host", metavar="HOST", help=_NAMES)

    one = add("sshd", "set the limits of sshd on all machines", lambda lab, o: commands.sshd(lab, o.limits))
    one.add_argument("limits", choices=["wide", "default"])
    one = add(
        "targets",
        "run N light targets (no systemd); 0 removes them",
        lambda lab, o: commands.light_targets(lab, o.number, python=o.python),
    )
    one.add_argument("number", metavar="N", type=int)
    one.add_argument("--python", action="store_true", help="with Python on them, for other tools")
    one = add("packages", "make the stand-in node's packages", lambda lab, o: commands.packages(lab, o.binary))
    one.add_argument("--binary", metavar="FILE", help="a compiled lab-node (default: compile it)")
    return parser


def _host_and_command(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("host", metavar="HOST", help=_NAMES)
    needed = "" if what == "?*" else " (one word is a line for the shell)"
    parser.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER, help="what to run" + needed)
