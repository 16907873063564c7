"""What every known mistake gives in the visible checks, boiled down to numbers students may have.

A student's copy of the course recognises a mistake by these numbers alone: it holds no code that
would compute a wrong variant, nor the right one.
"""

from __future__ import annotations

import contextlib
import copy
import io
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import rnn_utils

from .mistakes import variants
from .solutions import namespace

HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS.*?^### END HIDDEN TESTS\n?", re.M | re.S)
# Enough digits to tell mistakes apart; few enough to be the same on every machine.
DIGITS = 12


def visible(test_cell: str) -> str:
    """Return a test cell without its hidden part."""
    return HIDDEN.sub("", test_cell)


def of_assignment(functions: Iterable[str], test_cells: list[str]) -> dict[str, list[dict]]:
    """Return, for each function, its calls in the visible checks and what each mistake gives there.

    Arguments: functions, those written in the assignment; test_cells, their sources.
    """
    return {function: _of_function(function, test_cells) for function in functions}


def _of_function(function: str, test_cells: list[str]) -> list[dict]:
    cases: dict[float, list[dict]] = {}
    right = dict(_calls(function, namespace(), test_cells))
    for mistake, names in variants(function):
        for inputs, gives in _calls(function, names, test_cells):
            known = cases.setdefault(inputs, [])
            if gives != right[inputs] and all(gives != other["gives"] for other in known):
                known.append({"when": mistake.when, "gives": gives})
    return [{"inputs": inputs, "mistakes": known} for inputs, known in cases.items() if known]


def _calls(function: str, names: dict[str, Any], test_cells: list[str]) -> list[tuple[float, dict]]:
    """Run the visible checks with these functions and note every call: (inputs, outputs)."""
    seen: list[tuple[float, dict]] = []

    def noting(called: Callable, *inputs: Any, returns: str) -> rnn_utils.Answer:
        before = rnn_utils.fingerprints({"inputs": copy.deepcopy(inputs)})["inputs"]
        answer = rnn_utils.Answer(called.__name__, inputs, returns.split())
        try:
            answer.store(called(*inputs))
        except rnn_utils.CheckFailed:
            raise
        except Exception as error:
            answer.outputs = {"raises": f"{type(error).__name__}: {error}"}
        if called.__name__ == function:
            seen.append((_rounded(before), _rounded(rnn_utils.fingerprints(answer.outputs))))
        return answer

    original, rnn_utils.ask = rnn_utils.ask, noting
    try:
        for cell in test_cells:
            _run_quietly(visible(cell), names)
    finally:
        rnn_utils.ask = original
    return seen


def _run_quietly(code: str, names: dict[str, Any]) -> None:
    """Run a check for its calls only: what it says and whether it passes does not matter here."""
    with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(code, names)
        except Exception:
            return


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else str(value)
