"""kconf and Ansible, run on one machine of the lab, with what they did as a `Trace`."""

import json
import subprocess
import tempfile
from pathlib import Path

from scenariolib.harness import TOP

from .trace import Trace, step

# Tasks that bring in others have no result of their own with Ansible.
INCLUDES = ("include_tasks", "import_tasks", "include_role", "import_role", "meta")
TIMEOUT = 300


def command_line(program, inventory, playbook, machine, check):
    line = [program, "-i", inventory, "--limit", machine, "--diff", playbook]
    return [*line, "--check"] if check else line


class Kconf:
    """kconf, on machines without Python."""

    python = False

    def __init__(self, program):
        self.program = program

    def play(self, lab, inventory, playbook, machine, check):
        first, *rest = command_line(self.program, inventory, playbook, machine, check)
        done = run([first, "run", "-o", "jsonl", *rest], lab.env)
        trace, names = Trace(), {}
        items = {}
        for line in done.stdout.splitlines():
            if not line.startswith('{"event"'):
                continue
            event = json.loads(line)
            kind = event["event"]
            if kind == "task_started" and event["task"]["module"].split(".")[-1] not in INCLUDES:
                task = event["task"]
                names[task["id"]] = f"{task['role']} : {task['name']}" if task["role"] else task["name"]
                items[task["id"]] = []
            elif kind == "item" and event["task"] in names:
                items[event["task"]].append(event["status"])
            elif kind == "host_done" and event["task"] in names:
                message = event["result"].get("msg")
                trace.add(names[event["task"]], step(event["status"], message, items[event["task"]]))
        if not trace.steps:
            trace.trouble = f"no task ran: {done.stderr.strip()[-2000:]}"
        return trace


class Oracle:
    """Ansible, on machines with Python."""

    python = True

    def __init__(self, venv):
        self.program = venv / "bin" / "ansible-playbook"

    def play(self, lab, inventory, playbook, machine, check):
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            config = lab.state / "ansible.cfg"
            config.write_text("[defaults]\n")
            env = {
                **lab.env,
                "ANSIBLE_CONFIG": str(config),
                "ANSIBLE_CALLBACK_PLUGINS": str(TOP / "tests" / "compat" / "oracle"),
                "ANSIBLE_CALLBACKS_ENABLED": "compat",
                "ANSIBLE_PIPELINING": "1",
                "ANSIBLE_ROLES_PATH": str(TOP / "roles"),
                "COMPAT_OUT": out.name,
            }
            done = run(command_line(self.program, inventory, playbook, machine, check), env)
            text = Path(out.name).read_text()
        trace = Trace()
        if not text:
            trace.trouble = f"it ended early: {(done.stderr or done.stdout).strip()[-2000:]}"
            return trace
        for entry in json.loads(text)["steps"]:
            for result in entry["hosts"].values() if "task" in entry else ():
                if "status" in result:
                    message = result.get("result", {}).get("msg")
                    trace.add(entry["task"], step(result["status"], message, [item["status"] for item in result["items"]]))
        return trace


def run(words, env):
    return subprocess.run(words, cwd=TOP, env=env, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
