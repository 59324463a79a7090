"""The lab and kconf as scenarios use them."""

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
LAB = TOP / "tests" / "lab" / "lab"
PACKAGES = TOP / ".lab" / "packages"
KCONF = TOP / "target" / "release" / "kconf"
SCN = ["scn-1", "scn-2", "scn-3", "scn-master"]
ALL = [*SCN, "en-1"]


class Lab:
    """The lab of the scenarios, and kconf with the inventory that finds it."""

    def __init__(self):
        os.environ.setdefault("KCONF_LAB_ID", "s")
        self.env = dict(os.environ)

    def command(self, *args, check=True):
        """Runs the lab's own command."""
        result = subprocess.run([LAB, *args], capture_output=True, text=True, env=self.env)
        if check and result.returncode != 0:
            raise RuntimeError(f"lab {' '.join(args)} failed:\n{result.stdout}{result.stderr}")
        return result

    def up(self):
        """Packages, machines, and the variables that lead to them."""
        if not (PACKAGES / "klaytn").exists():
            self.command("packages")
        self.command("up")
        self.load_env()

    def load_env(self):
        for line in self.command("env").stdout.splitlines():
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                self.env[name] = value.strip("'\"")
            elif line.startswith("unset "):
                for name in line.split()[1:]:
                    self.env.pop(name, None)
        self.env["KCONF_INVENTORY"] = "inventory,tests/lab/inventory"
        self.env["ANSIBLE_CONFIG"] = "/dev/null"
        self.env["NO_COLOR"] = "1"
        self.state = Path(self.env["KCONF_LAB_STATE"])

    def reset(self):
        """Bare machines again, and a chain without a past."""
        self.command("reset")
        self.load_env()
        subprocess.run(["rm", "-rf", self.state / "chain"], check=True)

    def down(self):
        self.command("down", check=False)

    def on(self, host, script, check=True):
        """Runs a script as root on a machine, not by SSH."""
        result = self.command("exec", host, "sh", "-c", script, check=False)
        if check and result.returncode != 0:
            raise RuntimeError(f"on {host}: {script}\n{result.stdout}{result.stderr}")
        return result

    def kconf(self, *args, timeout=900, env=None):
        """Runs kconf to its end."""
        result = subprocess.run(
            [KCONF, *args], cwd=TOP, env={**self.env, **(env or {})}, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL
        )
        return Ran(result.returncode, result.stdout, result.stderr)

    def play(self, name, *args, **options):
        """Runs a playbook of the project and reads its events."""
        return self.kconf("run", f"playbooks/{name}.yml", "-o", "jsonl", *args, **options)

    def site(self):
        """A running chain: made when there is none yet."""
        ran = self.play("site")
        ran.must_succeed()
        return ran

    def start(self, *args):
        """Starts kconf and leaves it running; `finish` waits for it."""
        log = tempfile.TemporaryFile("w+")
        process = subprocess.Popen([KCONF, *args], cwd=TOP, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        process.log = log
        return process

    def sshd_log(self, host):
        return (self.state / "hosts" / host / "log" / "sshd.log").read_text(errors="replace")

    def connections(self, host):
        """How many SSH connections a machine has seen."""
        return sum(line.startswith("Connection from") for line in self.sshd_log(host).splitlines())

    def rpc(self, host, method, params=()):
        """Asks a node on its own machine; None when it does not answer."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        script = f"curl -s -m 3 -H 'Content-Type: application/json' -d '{body}' http://127.0.0.1:8551"
        try:
            return json.loads(self.on(host, script, check=False).stdout)["result"]
        except (ValueError, KeyError):
            return None

    def height(self, host):
        answer = self.rpc(host, "klay_blockNumber")
        return None if answer is None else int(answer, 16)


class Ran:
    """What a run of kconf left."""

    def __init__(self, code, stdout, stderr):
        self.code, self.stdout, self.stderr = code, stdout, stderr
        self.events = []
        for line in stdout.splitlines():
            if line.startswith('{"event"'):
                self.events.append(json.loads(line))

    def must_succeed(self):
        assert self.code == 0, f"exit code {self.code}\n{self.failures()}\n{self.stderr[-3000:]}"
        return self

    def must_fail(self, code):
        assert self.code == code, f"exit code {self.code} instead of {code}\n{self.failures()}\n{self.stderr[-3000:]}"
        return self

    def recap(self):
        """The counts by host."""
        for event in self.events:
            if event["event"] == "run_ended":
                return {counts["host"]: counts for counts in event["recap"]}
        raise AssertionError(f"the run did not end:\n{self.stdout[-2000:]}\n{self.stderr[-2000:]}")

    def tasks(self, status):
        """Pairs of task and host with a status, in order."""
        names = {}
        found = []
        for event in self.events:
            if event["event"] == "task_started":
                task = event["task"]
                names[task["id"]] = f"{task['role']} : {task['name']}" if task["role"] else task["name"]
            elif event["event"] == "host_done" and event["status"] == status:
                found.append((names.get(event["task"], "?"), event["host"]))
        return found

    def results(self, status):
        """The results with a status by host."""
        return [(event["host"], event["result"]) for event in self.events if event["event"] == "host_done" and event["status"] == status]

    def failures(self):
        lines = [f"{host}: {result.get('msg')}" for status in ("failed", "unreachable") for host, result in self.results(status)]
        return "\n".join(lines)

    def text(self):
        """Everything that was said."""
        return self.stdout + self.stderr


class Watch:
    """Polls the height of the chain every second, as a client would, and knows the longest time without a new block."""

    def __init__(self, lab, hosts=SCN):
        self.lab, self.hosts = lab, hosts
        self.longest = 0.0
        self.highest = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.poll, daemon=True)

    def poll(self):
        last = time.monotonic()
        while not self.stop.is_set():
            heights = [height for height in (self.lab.height(host) for host in self.hosts) if height is not None]
            now = time.monotonic()
            self.longest = max(self.longest, now - last)
            if heights and max(heights) > self.highest:
                self.highest = max(heights)
                last = now
            self.stop.wait(1)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def wait_until(what, condition, seconds=60):
    """Waits until a condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.5)
    raise AssertionError(f"after {seconds} s still not: {what}")


def interrupt(process):
    """Ctrl-C."""
    process.send_signal(signal.SIGINT)


def finish(process, timeout):
    """Waits for a process that `start` made, and returns what it left."""
    code = process.wait(timeout)
    process.log.seek(0)
    return Ran(code, process.log.read(), "")


def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()
