"""A stage ends at a signal, wherever the signal finds it."""

import signal
import subprocess
import sys

import pytest

from pipeline.project.run_stage import ENDING

PLACES = {
    "in plain code": "signal.raise_signal(number)",
    "in a destructor": """
class Resource:
    def __del__(self):
        signal.raise_signal(number)
        sum(range(9))

Resource()
""",
    "in the callback of a weak reference": """
class Resource:
    pass

def remove(reference):
    signal.raise_signal(number)
    sum(range(9))

resource = Resource()
reference = weakref.ref(resource, remove)
del resource
""",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_signal_ends_a_stage_with_one_line(place: str, number: signal.Signals) -> None:
    body = "\n".join("    " + line for line in PLACES[place].strip().splitlines())
    script = (
        "import signal, weakref\n"
        "from pipeline.project.run_stage import run_stage\n"
        f"number = {int(number)}\n"
        f"def main():\n{body}\n    print('goes on')\n"
        "run_stage(main)\n"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert process.returncode == 128 + number
    assert process.stdout == ""
    assert process.stderr == (
        f"Stopped by {number.name}. What is finished is kept: dvc repro goes on from it.\n"
    )
