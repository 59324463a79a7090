"""Writes what happens in a run of ansible-playbook as one document, in the form that `tests/compat/document.rs` makes of kconf's events."""

from __future__ import annotations

import json
import os

from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: compat
type: aggregate
short_description: Record a run as one document.
description: Writes plays, tasks, results and statistics to the file that the environment variable COMPAT_OUT names.
"""

# Different in every run.
NOISE = {"invocation", "start", "end", "delta", "exception", "failed_when_suppressed_exception"}


def clean(result):
    """A result as plain JSON, without what is private or different in every run."""
    kept = {key: value for key, value in result.items() if key not in NOISE and not key.startswith("_ansible_")}
    return json.loads(json.dumps(kept, default=str))


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "compat"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.steps = []
        self.done = {}

    def v2_playbook_on_play_start(self, play):
        self.steps.append({"play": play.get_name().strip()})

    def v2_playbook_on_no_hosts_matched(self):
        self.steps.append({"note": "no hosts matched"})

    def v2_playbook_on_no_hosts_remaining(self):
        self.steps.append({"note": "no hosts left"})

    def start(self, task, handler):
        self.steps.append({"task": task.get_name().strip(), "handler": handler, "id": task._uuid, "hosts": {}})

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.start(task, False)

    def v2_playbook_on_handler_task_start(self, task):
        self.start(task, True)

    def v2_playbook_on_include(self, included_file):
        label = self._get_item_label(included_file._vars) if included_file._vars else None
        hosts = [host.name for host in included_file._hosts]
        self.steps.append({"include": included_file._filename, "label": None if label is None else str(label), "hosts": hosts})

    def entry(self, result):
        task, host = result._task._uuid, result._host.get_name()
        for step in reversed(self.steps):
            if step.get("id") == task and "status" not in step["hosts"].get(host, {}):
                return step["hosts"].setdefault(host, {"items": []})
        return {"items": []}

    def finish(self, result, status, ignored=False):
        entry = self.entry(result)
        if status == "ok" and result._result.get("changed"):
            status = "changed"
        entry["status"] = status
        if ignored:
            entry["ignored"] = True
        # Each item of a loop can be delegated to another host.
        if result._task.delegate_to and not entry["items"] and status != "skipped":
            entry["delegated_to"] = result._task.delegate_to
        # The items were reported one by one.
        shown = clean(result._result)
        if entry["items"]:
            shown.pop("results", None)
        entry["result"] = shown

    def item(self, result, status):
        if status == "ok" and result._result.get("changed"):
            status = "changed"
        shown = clean(result._result)
        label = str(self._get_item_label(result._result))
        self.entry(result)["items"].append({"status": status, "label": label, "result": shown})

    def v2_runner_on_ok(self, result):
        # What an include brought was told already.
        if isinstance(result._task, TaskInclude):
            return
        self.finish(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.finish(result, "failed", ignore_errors)

    def v2_runner_on_skipped(self, result):
        self.finish(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self.finish(result, "unreachable", bool(result._task.ignore_unreachable))

    def v2_runner_item_on_ok(self, result):
        if isinstance(result._task, TaskInclude):
            return
        self.item(result, "ok")

    def v2_runner_item_on_failed(self, result):
        self.item(result, "failed")

    def v2_runner_item_on_skipped(self, result):
        self.item(result, "skipped")

    def v2_playbook_on_stats(self, stats):
        counts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        for step in self.steps:
            step.pop("id", None)
        document = {"steps": self.steps, "stats": counts, "custom": json.loads(json.dumps(stats.custom, default=str))}
        with open(os.environ["COMPAT_OUT"], "w") as out:
            json.dump(document, out)
