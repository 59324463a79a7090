"""What a run did, in one form for both tools, and the comparison of two runs."""

from dataclasses import dataclass, field

# What the tools say of a command that they do not run in check mode.
WOULD_RUN = ("the command would run", "Command would have run if not in check mode")
# What kconf says of a task that depends on something which only the real run tells.
UNSURE = "it would run; what it does is known only then"


@dataclass
class Step:
    """One task on one host."""

    status: str
    items: list[str] = field(default_factory=list)
    # A command that was not run because of check mode.
    would_run: bool = False
    unsure: bool = False
    message: str = ""

    def shown(self):
        if self.would_run or self.unsure:
            return "would run"
        return self.status if len(set(self.items)) < 2 else f"{self.status} ({', '.join(self.items)})"


@dataclass
class Trace:
    """A run: its tasks by name and number (of equal names), in order."""

    steps: dict = field(default_factory=dict)
    # What went wrong with the run as a whole.
    trouble: str = ""

    def add(self, name, step):
        number = sum(known == name for known, _ in self.steps)
        self.steps[name, number] = step


@dataclass
class Comparison:
    """How well a check predicted a run."""

    tasks: int = 0
    # Those of `right` that are commands of which both tools can only say that they would run.
    commands: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    # What failed in the real run, on purpose or not.
    failed: list[str] = field(default_factory=list)
    # What a second run changed.
    again: list[str] = field(default_factory=list)


def step(status, message, items=()):
    """A task's step from what a tool reported."""
    message = str(message or "")
    return Step(
        status,
        list(items),
        would_run=status == "skipped" and message.startswith(WOULD_RUN),
        unsure=status == "skipped" and message.startswith(UNSURE),
        message=message,
    )


def compare(check, real, again, expected):
    """Holds a check against the run that followed, and looks at what a second run changed beside what is expected to."""
    result = Comparison()
    for key in dict.fromkeys([*real.steps, *check.steps]):
        result.tasks += 1
        said, done = check.steps.get(key), real.steps.get(key)
        if said and done and said.would_run and done.status in ("ok", "changed", "failed"):
            result.commands += 1
            result.right += 1
        elif said and done and not said.unsure and (said.status, said.items) == (done.status, done.items):
            result.right += 1
        else:
            predicted = said.shown() if said else "not reached"
            came = done.shown() if done else "not run"
            why = f" ({said.message})" if said and said.status == "failed" else ""
            result.wrong.append(f"{key[0]}: {predicted}{why}, then {came}")
    result.failed = [name for (name, _), done in real.steps.items() if done.status in ("failed", "unreachable")]
    if check.trouble or real.trouble:
        result.wrong.append(check.trouble or real.trouble)
    changed = [key for key, step in again.steps.items() if step.status == "changed"]
    # What fails at each run was told the first time.
    failed = [key for key, step in again.steps.items() if step.status == "failed" and real.steps.get(key) != step]
    result.again = [name for name, _ in changed + failed if name not in expected]
    if again.trouble:
        result.again.append(again.trouble)
    return result
