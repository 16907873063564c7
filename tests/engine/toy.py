"""A very small assignment for the engine's tests: two functions, one of them tested with `lend`.

It stands apart from the real assignments, so that these tests stay fast and never change with
them. Secrets are planted in the places that no submission may read; tests look for them in all
that students get to see.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

ASSIGNMENT = "toy"
POINTS = {"scale_shape": 1, "scale_values": 2, "running_lent": 3, "inputs_kept": 1}
FULL = sum(POINTS.values())

IN_HIDDEN_TEST = "canary-in-a-hidden-test-5b1f"
IN_SOURCE = "canary-in-the-source-folder-93ac"
IN_ENVIRONMENT = "canary-in-the-environment-e07d"
IN_GRADEBOOK = "canary-in-the-gradebook-41cc"
IN_OTHER_SUBMISSION = "canary-in-another-submission-7d20"
SECRETS = (IN_HIDDEN_TEST, IN_SOURCE, IN_ENVIRONMENT, IN_GRADEBOOK, IN_OTHER_SUBMISSION)

HELPERS = '''
"""What the toy assignment's notebooks share."""

import sys

import numpy as np


class CheckFailed(AssertionError):
    def _render_traceback_(self):
        return [f"Check failed: {self}"]


class lend:
    current = {}

    def __init__(self, **functions):
        self.functions = functions

    def __enter__(self):
        self.names = sys._getframe(1).f_globals
        self.own = {n: self.names[n] for n in self.functions if n in self.names}
        self.names.update(self.functions)
        lend.current = self.functions

    def __exit__(self, *_):
        for name in self.functions:
            self.names.pop(name, None)
        self.names.update(self.own)
        lend.current = {}


def ask(function, *inputs):
    try:
        return function(*inputs)
    except Exception as error:
        name = function.__name__
        raise CheckFailed(f"{name} raised {type(error).__name__}: {error}") from None


def same(got, wanted, what):
    if type(got) is not np.ndarray:
        raise CheckFailed(f"{what} should be an array; it is a {type(got).__name__}.")
    if got.dtype != np.float64:
        raise CheckFailed(f"{what} should hold float64; it holds {got.dtype}.")
    if got.shape != np.shape(wanted):
        raise CheckFailed(f"{what} should have the shape {np.shape(wanted)}; it has {got.shape}.")
    if not np.allclose(got, wanted, rtol=0, atol=1e-10):
        raise CheckFailed(f"{what} has wrong numbers.")
'''

SCALE = """def scale(x, factor):
    ### BEGIN SOLUTION
    # SECRET
    return factor * x
    ### END SOLUTION""".replace("SECRET", IN_SOURCE)

RUNNING = """def running(xs, state):
    ### BEGIN SOLUTION
    states = []
    for x in xs:
        state = step(x, state)
        states.append(state)
    return np.array(states), state
    ### END SOLUTION"""

STEP = """def step(x, state):
    ### BEGIN SOLUTION
    return state + x
    ### END SOLUTION"""

TESTS = {
    "scale_shape": """import numpy as np
from rnn_utils import CheckFailed, ask

got = ask(scale, np.ones((2, 3)), 2.0)
if type(got) is not np.ndarray or got.shape != (2, 3):
    raise CheckFailed("scale should return an array of the shape of x.")
print("public check passed")""",
    "scale_values": f"""import numpy as np
from rnn_utils import ask, same

same(ask(scale, np.array([1.0, -2.0]), 3.0), [3.0, -6.0], "scale(x, 3)")
### BEGIN HIDDEN TESTS
secret = "{IN_HIDDEN_TEST}"
x = np.random.RandomState(7).randn(3, 4)
for factor in (0.5, -1.25):
    same(ask(scale, x.copy(), factor), x * factor, "scale on other numbers")
### END HIDDEN TESTS""",
    "running_lent": f"""import numpy as np
from rnn_utils import ask, lend, same

with lend(step=lambda x, state: state + 2.0 * x):
    states, last = ask(running, np.array([1.0, 2.0, 3.0]), np.float64(1.0))
same(states, [3.0, 7.0, 13.0], "states")
### BEGIN HIDDEN TESTS
secret = "{IN_HIDDEN_TEST}"
with lend(step=lambda x, state: 0.5 * state - x):
    states, last = ask(running, np.array([1.0, 2.0]), np.float64(4.0))
same(states, [1.0, -1.5], "states with another step")
assert last == -1.5
### END HIDDEN TESTS""",
    "inputs_kept": """import numpy as np
from rnn_utils import CheckFailed, ask, same

x = np.arange(4.0)
same(ask(scale, x, 2.0), [0.0, 2.0, 4.0, 6.0], "scale(x, 2)")
if not np.array_equal(x, np.arange(4.0)):
    raise CheckFailed("scale changed its input.")""",
}

RIGHT = {
    "scale": "def scale(x, factor):\n    return factor * x",
    "step": "def step(x, state):\n    return state + x",
    "running": RUNNING.replace("    ### BEGIN SOLUTION\n", "").replace(
        "\n    ### END SOLUTION", ""
    ),
}


def _cell(kind: str, source: str, name: str = "", **about: Any) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": name or "plain", "metadata": {}}
    cell["source"] = source
    if kind == "code":
        cell.update(outputs=[], execution_count=None)
    if about:
        cell["metadata"]["nbgrader"] = {
            "grade_id": name,
            "schema_version": 3,
            "cell_type": kind,
            "grade": False,
            "solution": False,
            "locked": False,
            "task": False,
            **about,
        }
    return cell


def source_notebook() -> dict[str, Any]:
    """The instructor's notebook."""
    cells = [
        _cell("markdown", "# A toy assignment", "title"),
        _cell("code", "import numpy as np\nimport matplotlib.pyplot as plt", "imports"),
        _cell("code", SCALE, "scale", solution=True),
        _cell("code", "print(scale(np.ones(2), 2.0))", "try-it"),
    ]
    for name in ("scale_shape", "scale_values", "inputs_kept"):
        cells.append(_test(name))
    cells += [
        _cell("code", STEP, "step", solution=True),
        _cell("code", RUNNING, "running", solution=True),
        _test("running_lent"),
        _cell("code", "print('the end')", "end"),
    ]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _test(name: str) -> dict[str, Any]:
    return _cell("code", TESTS[name], name, grade=True, locked=True, points=POINTS[name])


def write_source(course: Path) -> None:
    """Write `source/toy` into a course folder."""
    folder = course / "source" / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(source_notebook()), encoding="utf-8")
    (folder / "rnn_utils.py").write_text(HELPERS.lstrip(), encoding="utf-8")


def solved(released: dict[str, Any], **sources: str) -> dict[str, Any]:
    """A released notebook with solution cells filled in; right ones where none is given."""
    return filled(released, {**RIGHT, **sources})


def filled(released: dict[str, Any], sources: dict[str, str]) -> dict[str, Any]:
    """A released notebook with the text of some cells replaced."""
    notebook = copy.deepcopy(released)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", cell.get("id"))
        if name in sources:
            cell["source"] = sources[name]
    return notebook
