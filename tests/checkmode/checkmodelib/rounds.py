"""Gives every playbook a bare machine: as many at once as there are machines, then all machines are made bare again."""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

from scenariolib.harness import ALL, Lab

from . import assets
from .trace import Trace, compare


def measure(tool, playbooks, *, keep):
    """The comparison for each playbook, by its path."""
    os.environ["KCONF_LAB_PYTHON"] = "1" if tool.python else "0"
    lab = Lab()
    if not keep:
        lab.down()
    results = {}
    try:
        lab.command("up")
        lab.load_env()
        lab.env["KCONF_LAB_PYTHON"] = os.environ["KCONF_LAB_PYTHON"]
        assets.serve(lab)
        for number, chosen in enumerate(plan(playbooks)):
            if number or keep:
                lab.command("reset")
                lab.load_env()
            inventory = assets.inventory(lab)
            with ThreadPoolExecutor() as pool:
                jobs = {path: pool.submit(one, tool, lab, inventory, path, machine) for machine, path in chosen.items()}
            for path, job in jobs.items():
                results[path] = job.result()
                said = results[path]
                print(f"{path.stem:28} {said.right}/{said.tasks}", *said.wrong, *(f"again: {name}" for name in said.again), *(f"fails for real: {name}" for name in said.failed), sep="\n    ", file=sys.stderr)
    finally:
        if not keep:
            lab.down()
    return results


def one(tool, lab, inventory, path, machine):
    """Checks, runs, and (with kconf) runs again."""
    check = tool.play(lab, inventory, path, machine, True)
    real = tool.play(lab, inventory, path, machine, False)
    if tool.python:
        # Whether a playbook changes something the second time was seen with kconf.
        return compare(check, real, Trace(), [])
    expected = re.search(r"^# changes again: (.+)$", path.read_text(), re.MULTILINE)
    return compare(check, real, tool.play(lab, inventory, path, machine, False), expected[1].split(", ") if expected else [])


def plan(playbooks):
    """Rounds, each with a playbook for a machine. A playbook may ask for a machine by `# machine: NAME`."""
    waiting = {path: re.search(r"^# machine: (\S+)$", path.read_text(), re.MULTILINE) for path in playbooks}
    rounds = []
    while waiting:
        chosen = {}
        for path, wish in list(waiting.items()):
            free = [name for name in ([wish[1]] if wish else reversed(ALL)) if name not in chosen]
            if free:
                chosen[free[-1] if wish else free[0]] = path
                del waiting[path]
        rounds.append(chosen)
    return rounds
