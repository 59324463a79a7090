"""The other tools, in a virtual environment made once."""

import subprocess
import sys
from pathlib import Path

VENV = Path(__file__).resolve().parent.parent / ".lab" / "bench-venv"
# The package with collections: `synchronize` is in one of them.
REQUIREMENTS = ["ansible==12.*", "pyinfra<4"]


def prepare_tools():
    """Makes the environment, unless it is there."""
    done = VENV / "done-with-collections"
    if done.exists():
        return
    print("Installing the tools to compare with, once.", file=sys.stderr)
    VENV.parent.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    subprocess.run([VENV / "bin" / "pip", "-q", "install", *REQUIREMENTS], check=True)
    done.touch()
