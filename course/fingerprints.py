"""What every known mistake gives in the visible checks, boiled down to numbers students may have.

A student's copy of the course recognises a mistake by these numbers alone: it holds no code that
would compute a wrong variant, nor the right one.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import rnn_utils
from rnn_utils import Print, alike

from .engine.hidden import without_hidden
from .mistakes import variants
from .solutions import namespace

# Enough digits to tell mistakes apart; few enough to be the same on every machine.
DIGITS = 12
# What the entries of a cell's cache are called, by their number.
CACHES = {
    4: ("a_next", "a_prev", "xt", "parameters"),
    10: ("a_next", "c_next", "a_prev", "c_prev", "ft", "it", "cct", "ot", "xt", "parameters"),
}

Marks = dict[str, Print]


def of_assignment(functions: Iterable[str], test_cells: list[str]) -> dict[str, list[dict]]:
    """Return, for each function, its calls in the visible checks and what mistakes get wrong there.

    Arguments: functions, those written in the assignment; test_cells, their sources.
    """
    return {function: _of_function(function, test_cells) for function in functions}


def wrong_marks(gives: Marks, right: Marks) -> Marks:
    """Return the fingerprints in ``gives`` that differ from the right ones."""
    return {name: mark for name, mark in gives.items() if not alike(mark, right.get(name))}


def needs(function: Callable, inputs: tuple, names: list[str]) -> dict[str, dict[str, str]]:
    """Return for each output the inputs that it depends on, as {where it is: its name}."""
    right = _outputs(function, inputs, names)
    found: dict[str, dict[str, str]] = {name: {} for name in right}
    for where, label in _arrays(inputs, list(inspect.signature(function).parameters)):
        after = _outputs(function, rnn_utils.moved(inputs, where.split()), names)
        for name in right:
            if not alike(right[name], after.get(name)):
                found[name][where] = label
    return found


def _outputs(function: Callable, inputs: tuple, names: list[str]) -> Marks:
    answer = rnn_utils.Answer(function, inputs, names)
    answer.store(function(*copy.deepcopy(inputs)))
    return rnn_utils.fingerprints(answer.outputs)


def _arrays(inputs: tuple, names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield where the arrays are in the arguments of a function, and what they are called."""
    for i, (name, value) in enumerate(zip(names, inputs, strict=True)):
        if isinstance(value, np.ndarray):
            yield str(i), name
        elif isinstance(value, dict):
            yield from ((f"{i} {key}", key) for key in value)
        elif isinstance(value, tuple) and len(value) in CACHES:
            for k, entry in enumerate(CACHES[len(value)]):
                if isinstance(value[k], dict):
                    yield from ((f"{i} {k} {key}", f"{key} in the cache") for key in value[k])
                else:
                    yield f"{i} {k}", f"{entry} in the cache"


def _of_function(function: str, test_cells: list[str]) -> list[dict]:
    cells = [without_hidden(cell) for cell in test_cells if function in cell]
    known: dict[Print, dict] = {}
    right: dict[Print, Marks] = {}
    for call in _calls(function, namespace(), cells):
        right[call.inputs] = call.gives
        matters = {} if call.on_loan else _needs_of_reference(function, call)
        known[call.inputs] = {"inputs": call.inputs, "mistakes": [], "needs": matters}
    for mistake, names in variants(function):
        for call in _calls(function, names, cells):
            wrong = wrong_marks(call.gives, right.get(call.inputs, call.gives))
            entry = {"when": mistake.when, "wrong": wrong}
            if wrong and entry not in known[call.inputs]["mistakes"]:
                known[call.inputs]["mistakes"].append(entry)
    return list(known.values())


@dataclass(frozen=True)
class Call:
    """One call of a function in the visible checks."""

    inputs: Print
    gives: Marks
    arguments: tuple
    returns: str
    on_loan: bool


def _calls(function: str, names: dict[str, Any], cells: list[str]) -> list[Call]:
    """Run the visible checks with these functions and note every call."""
    seen: list[Call] = []

    def noting(called: Callable, *inputs: Any, returns: str) -> rnn_utils.Answer:
        fresh = copy.deepcopy(inputs)
        answer = rnn_utils.Answer(called, inputs, returns.split())
        try:
            answer.store(called(*inputs))
        except rnn_utils.CheckFailed:
            raise
        except Exception as error:
            answer.outputs = {"raises": f"{type(error).__name__}: {error}"}
        if called.__name__ == function:
            before = rnn_utils.fingerprints({"inputs": [fresh]})["inputs[0]"]
            marks = rnn_utils.fingerprints(answer.outputs)
            rounded = {name: _rounded(mark) for name, mark in marks.items()}
            on_loan = bool(answer.loans)
            seen.append(Call(_rounded(before), rounded, fresh, returns, on_loan))
        return answer

    original, rnn_utils.ask = rnn_utils.ask, noting
    try:
        for cell in cells:
            _run_quietly(cell, names)
    finally:
        rnn_utils.ask = original
    return seen


def _needs_of_reference(function: str, call: Call) -> dict[str, dict[str, str]]:
    if not function.endswith(("cell_forward", "cell_backward")):
        return {}
    found = needs(namespace()[function], call.arguments, call.returns.split())
    return {name: where for name, where in found.items() if where}


def _run_quietly(code: str, names: dict[str, Any]) -> None:
    """Run a check for its calls only: what it says and whether it passes does not matter here."""
    with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(code, names)
        except Exception:
            return


def _rounded(mark: Print) -> Print:
    return mark[0], float(f"{mark[1]:.{DIGITS}g}")
