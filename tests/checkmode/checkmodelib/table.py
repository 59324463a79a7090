"""The table of results."""

HEAD = "| playbook | tasks | kconf | Ansible | what differed |\n|---|---|---|---|---|\n"
# A failure takes everything behind it along; the first differences say why.
SHOWN = 3


def render(playbooks, ours, theirs):
    """Markdown, a line for each playbook and one for all."""
    lines = [row(path, ours.get(path), theirs.get(path)) for path in playbooks]
    lines.append(f"| all {len(playbooks)} | {total(ours or theirs, 'tasks')} | {figure(ours)} | {figure(theirs)} | |")
    commands = sum(result.commands for result in ours.values())
    return HEAD + "\n".join(lines) + f"\n\nOf kconf's, {commands} are commands of which only that they would run is said.\n"


def row(path, our, their):
    differed = [*notes("kconf", our), *notes("Ansible", their)]
    return f"| {path.stem} | {(our or their).tasks} | {cell(our)} | {cell(their)} | {'<br>'.join(differed)} |"


def cell(result):
    return "" if result is None else f"{result.right}/{result.tasks}"


def notes(who, result):
    if result is None:
        return
    wrong = [clean(text) for text in result.wrong]
    yield from (f"{who}: {text}" for text in wrong[:SHOWN])
    if len(wrong) > SHOWN:
        yield f"{who}: {len(wrong) - SHOWN} more"
    if result.again:
        yield f"{who} the second time: {clean(', '.join(result.again))}"


def clean(text):
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) < 160 else line[:157] + "..."


def total(results, what):
    return sum(getattr(result, what) for result in results.values())


def figure(results):
    if not results:
        return ""
    right, tasks = total(results, "right"), total(results, "tasks")
    return f"{right}/{tasks} = {100 * right / tasks:.1f}%"
