"""What the graded notebooks share: activations, parameters, checks and gradient checking.

Columns are examples: ``n_x`` inputs, ``n_a`` hidden units, ``n_y`` outputs, ``m`` examples,
``T_x`` time steps. This file needs NumPy and nothing else, so a notebook works in any Jupyter
with this file beside it.
"""

from __future__ import annotations

import copy
import json
import math
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

# Published numbers are printed to 8 decimals, so each is exact to 5e-9. Twice that accepts every
# correct rounding and still rejects a change in the eighth decimal.
PRINTED = 1e-8
# Numbers written out in full are compared to this. float64 sums of this size, done in any order,
# agree to about 1e-14; a slip in a formula moves them by far more than 1e-10.
EXACT = 1e-10
# Sentences are broken at this many characters, where a page would cut them off or split a word.
WIDTH = 88
# Where generated fingerprints of known mistakes lie, if this copy of the file came with them.
KNOWN_MISTAKES = Path(__file__).with_name("known_mistakes.json")


# --- Activations -----------------------------------------------------------------------------


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-z)), element by element, without overflow for any finite ``z``.

    The exponential is only ever taken of a number whose real part is not positive.

    Arguments: z, any shape, real or complex. Returns: same shape.
    """
    positive = np.real(z) >= 0
    e = np.exp(np.where(positive, -z, z))
    return np.where(positive, 1, e) / (1 + e)


def softmax(z: np.ndarray) -> np.ndarray:
    """Turn each column of ``z`` into probabilities: exp(z) / sum of exp(z) over the rows.

    Subtracting the maximum of each column first changes nothing in the quotient and keeps
    every exponential at or below 1.

    Arguments: z (n_y, m), real or complex. Returns: (n_y, m), each column sums to 1.
    """
    e = np.exp(z - np.max(np.real(z), axis=0, keepdims=True))
    return e / np.sum(e, axis=0, keepdims=True)


# --- Parameters ------------------------------------------------------------------------------

Randn = Callable[..., np.ndarray]


def rnn_parameters(n_x: int, n_a: int, n_y: int, randn: Randn) -> dict[str, np.ndarray]:
    """Draw RNN parameters with ``randn``, in this order: Waa, Wax, Wya, ba, by.

    Returns: Waa (n_a, n_a), Wax (n_a, n_x), Wya (n_y, n_a), ba (n_a, 1), by (n_y, 1).
    """
    shapes = {"Waa": (n_a, n_a), "Wax": (n_a, n_x), "Wya": (n_y, n_a)}
    shapes |= {"ba": (n_a, 1), "by": (n_y, 1)}
    return {name: randn(*shape) for name, shape in shapes.items()}


def lstm_parameters(n_x: int, n_a: int, n_y: int, randn: Randn) -> dict[str, np.ndarray]:
    """Draw LSTM parameters with ``randn``, in this order: Wf, bf, Wi, bi, Wo, bo, Wc, bc, Wy, by.

    Returns: Wf, Wi, Wo, Wc (n_a, n_a + n_x); bf, bi, bo, bc (n_a, 1); Wy (n_y, n_a); by (n_y, 1).
    """
    parameters = {}
    for gate in "fioc":
        parameters["W" + gate] = randn(n_a, n_a + n_x)
        parameters["b" + gate] = randn(n_a, 1)
    return parameters | {"Wy": randn(n_y, n_a), "by": randn(n_y, 1)}


# --- Printing --------------------------------------------------------------------------------


def show(name: str, values: Any, decimals: int = 8) -> None:
    """Print ``name = numbers`` with fixed decimals, alike on every machine and NumPy version."""
    print(f"{name} = {numbers(values, decimals)}")


def numbers(values: Any, decimals: int = 8) -> str:
    """Format a number or an array (its first six entries) with fixed decimals."""
    flat = np.ravel(values)
    text = " ".join(f"{v:.{decimals}f}" for v in flat[:6])
    return text + (" …" if flat.size > 6 else "")


# --- Lending ---------------------------------------------------------------------------------


class lend:
    """Lend functions to a notebook while a block runs: ``with lend(rnn_cell_forward=toy): …``.

    Inside the block every function of the notebook that calls ``rnn_cell_forward`` gets the
    toy. Afterwards the notebook's own function is back, also when the block raises.
    """

    current: ClassVar[dict[str, Callable]] = {}  # what is on loan at this moment, by name

    def __init__(self, **functions: Callable) -> None:
        self.functions = functions

    def __enter__(self) -> None:
        self.namespace = sys._getframe(1).f_globals
        self.own = {n: self.namespace[n] for n in self.functions if n in self.namespace}
        self.namespace.update(self.functions)
        lend.current = self.functions

    def __exit__(self, *_: object) -> None:
        for name in self.functions:
            self.namespace.pop(name, None)
        self.namespace.update(self.own)
        lend.current = {}


# --- Checks ----------------------------------------------------------------------------------

# What is wrong with arrays of another dtype than float64, by NumPy's letter for their kind.
KINDS = {
    "f": "another precision; NumPy gives float64 by itself",
    "i": "whole numbers, with all fractions cut off",
    "u": "whole numbers, with all fractions cut off",
    "c": "complex numbers",
    "b": "only True and False",
    "O": "Python objects, not numbers",
}


# What to say after an error of NumPy's, by what its text matches.
ADVICE = [
    (
        r"operands could not be broadcast together with shapes \((\d+),(\d+)\) \(\2,\d+\)",
        "These shapes fit a matrix product; that is written @, and * multiplies entry by entry.",
    ),
    (
        "only integer scalar arrays can be converted to a scalar index",
        "np.concatenate takes its arrays as one tuple, in parentheses of their own.",
    ),
]


class CheckFailed(AssertionError):
    """A check that failed. Notebooks show its message alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:  # IPython calls this instead of its own
        lines = f"Check failed: {self}".splitlines()
        return [part for line in lines for part in textwrap.wrap(line, WIDTH)]


def ask(function: Callable, *inputs: Any, returns: str) -> Answer:
    """Call ``function`` and keep what it returns for the checks of class Answer.

    Arguments: ``returns`` names the values that come back, separated by spaces.
    Raises: CheckFailed, with one sentence, if the call raises or returns something else.
    """
    answer = Answer(function, inputs, returns.split())
    try:
        value = function(*inputs)
    except NotImplementedError as error:
        text = f"is not finished: it still raises NotImplementedError. {error}"
        raise CheckFailed(f"{unfinished(function, error)} {text}") from None
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        answer.outputs = {"raises": text}
        answer.fail(
            f"{answer.function} raised {_short(text)}{where_raised(function, error)}", "raises"
        )
    answer.store(value)
    return answer


def unfinished(function: Callable, error: NotImplementedError) -> str:
    """Return the name of the function that is not written yet: the one called, or one it calls."""
    inner = traceback.extract_tb(error.__traceback__)[-1].name
    return inner if inner.isidentifier() else function.__name__


def passed(check: str, graded: bool = True) -> None:
    """Say that the public part of a check passed, and no more than that.

    Arguments: graded, whether points hang on the check and further tests run at grading.
    """
    if graded:
        print(f"{check}: public checks passed. Further checks run at grading.")
    else:
        print(f"{check}: passed. This check has no points.")


class Answer:
    """What a function returned, and questions about it.

    A place in it is written as in code: ``"a_next[4, :3]"``, ``"caches[0][2][1]"``,
    ``"gradients['dxt'][1, 2]"``.
    """

    def __init__(self, called: Callable, inputs: tuple, names: list[str]) -> None:
        self.called, self.function, self.names = called, called.__name__, names
        self.inputs, self.inputs_before = inputs, copy.deepcopy(inputs)
        self.outputs: dict[str, Any] = {}
        self.loans = lend.current  # what was on loan during the call
        self.call_known: dict | None = None  # what is known of such a call; read when a check fails

    @cached_property
    def prints(self) -> dict[str, Print]:
        """The fingerprints of what came back, as it was when this was first asked for."""
        return fingerprints(self.outputs)

    def store(self, value: Any) -> None:
        """Give each returned value its name, or fail if their number is wrong."""
        expected = f"{self.function} should return {', '.join(self.names)}"
        if value is None:
            self.fail(f"{expected}, but it returned None: is the return statement missing?")
        if len(self.names) == 1:
            self.outputs = {self.names[0]: value}
            return
        if type(value) is not tuple:
            hint = ": return and not yield ends a function" if _is_generator(value) else ""
            self.fail(f"{expected} (a tuple), but it returned {_a(value)}{hint}.")
        if len(value) != len(self.names):
            self.fail(f"{expected}: {len(self.names)} values, but it returned {len(value)}.")
        self.outputs = dict(zip(self.names, value, strict=True))

    def at(self, place: str) -> Any:
        """Return the value at ``place``, or fail with a sentence if there is none."""
        name = re.match(r"\w+", place)[0]
        value, so_far = self.outputs[name], name
        for index in re.findall(r"\[([^]]*)\]", place):
            try:
                value = value[_parse_index(index, value)]
            except (IndexError, KeyError, TypeError):
                self.fail(f"There is no {so_far}[{index}]: {so_far} is {_a(value)}.", place)
            so_far += f"[{index}]"
        return value

    def has_length(self, place: str, length: int, contents: str = "") -> None:
        """Check for a tuple or list of so many entries; ``contents`` says what they are.

        A dict, such as the parameters in a cache, is counted too.
        """
        value = self.at(place)
        if type(value) not in (tuple, list, dict) or len(value) != length:
            what = f"{length} entries{' ' + contents if contents else ''}"
            self.fail(f"{place} should hold {what}, but it is {_a(value)}.", place)

    def has_keys(self, place: str, keys: Iterable[str]) -> None:
        """Check for a dict that has at least these keys."""
        value = self.at(place)
        if type(value) is not dict:
            self.fail(f"{place} should be a dict, but it is {_a(value)}.", place)
        missing = [key for key in keys if key not in value]
        if missing:
            has = ", ".join(str(key)[:12] for key in value) or "nothing"
            self.fail(f"{place} lacks {', '.join(missing)}; it has {has}.", place)

    def has_shape(self, place: str, shape: tuple[int, ...]) -> None:
        """Check for exactly a NumPy array of float64 with this shape and only finite numbers."""
        value = self.at(place)
        if type(value) is not np.ndarray:
            self.fail(f"{place} should be a NumPy array, but it is {_a(value)}.", place)
        if value.dtype != np.float64:
            why = KINDS.get(value.dtype.kind, "no numbers")
            self.fail(
                f"{place} should hold float64 numbers, but its dtype is {value.dtype}: {why}.",
                place,
            )
        if value.shape != shape:
            self.fail(f"{place} should have shape {shape}, but its shape is {value.shape}.", place)
        if not np.all(np.isfinite(value)):
            index = first_true(~np.isfinite(value))
            found = "NaN (not a number)" if np.isnan(value[index]) else "infinity"
            self.fail(f"{place} holds {found} at {list(index)}: no finite number.", place)

    def equals(self, place: str, expected: Any, tolerance: float = EXACT, what: str = "") -> None:
        """Check numbers: |got - expected| <= tolerance * max(1, |expected|), entry by entry.

        ``what`` says in words what is at ``place``.
        """
        expected = np.asarray(expected, dtype=np.float64)
        array = re.sub(r"\[[^]'\"]*[,:][^]]*\]$", "", place)
        self.has_shape(array, expected.shape if array == place else np.shape(self.at(array)))
        got = self.at(place)
        if np.shape(got) != expected.shape:
            whole = _a(self.at(array))
            self.fail(f"{place} should be {_brief(expected)}, but {array} is {whole}.", place)
        gap = np.abs(got - expected) / np.maximum(1, np.abs(expected))
        if np.all(gap <= tolerance):
            return
        if expected.size <= 4:
            words = f"{place} ({what})" if what else place
            sentence = f"{words} should be {_brief(expected)}, but it is {_brief(got)}."
        else:
            index = first_true(gap > tolerance, latest="backward" in self.function)
            sentence = f"{where_off(place, gap > tolerance, index)}: expected "
            sentence += f"{_brief(expected[index])}, got {_brief(got[index])}."
        hint = nearly(float(np.max(gap)))
        if expected.ndim == 3 and not hint:
            hint = in_time(place, got, expected, gap > tolerance, "backward" in self.function)
        self.fail(sentence, place, otherwise=hint)

    def equals_each(self, expected: dict[str, Any], tolerance: float = EXACT) -> None:
        """Check the numbers at several places.

        If some are off, the failure is that of the first, or of the first that a known mistake
        explains, and says which of the others are right.
        """
        right, failures = [], []
        for place, values in expected.items():
            try:
                self.equals(place, values, tolerance)
                right.append(place)
            except CheckFailed as failure:
                failures.append(failure)
        if failures:
            rest = f"\nRight already: {', '.join(right)}." if right else ""
            explained = [failure for failure in failures if "comes out" in str(failure)]
            raise CheckFailed(f"{[*explained, *failures][0]}{rest}")

    def agrees(self, place: str, other: str) -> None:
        """Check that the numbers at ``place`` are those at ``other``, whatever those are."""
        arrays = []
        for spot in (place, other):
            value = self.at(spot)
            try:
                arrays.append(np.asarray(value))
            except ValueError:  # nested values of different sizes
                self.fail(f"{spot} should be a NumPy array, but it is {_a(value)}.", spot)
        if not same(*arrays):
            self.fail(f"{place} should hold the same numbers as {other}, but it does not.", place)

    def left_inputs_unchanged(self) -> None:
        """Check that the call changed none of its arguments in place."""
        for number, (before, after) in enumerate(
            zip(self.inputs_before, self.inputs, strict=True), start=1
        ):
            if not same(before, after):
                self.fail(
                    f"{self.function} changed its argument number {number} in place; work on a "
                    "copy, or build a new array instead of using += or writing into a slice."
                )

    def comes_out_again(self) -> None:
        """Check that a second call with the same inputs gives the same."""
        first = self.prints  # before the second call, which may change what was returned
        again = ask(self.called, *copy.deepcopy(self.inputs_before), returns=" ".join(self.names))
        second = again.prints
        if first.keys() != second.keys() or not all(alike(first[n], second[n]) for n in first):
            self.fail(
                f"A second call of {self.function} with the same inputs gave something else. "
                "Perhaps it keeps something from call to call: a global, or a default argument."
            )

    def fail(self, sentence: str, place: str = "", otherwise: str = "") -> None:
        """Raise CheckFailed with the sentence and, if the numbers are known, the likely mistake."""
        second = (recognise(self, place) if place else "") or otherwise
        if place and not second:
            second = without_influence(self, place, _known_of(self).get("needs", {}))
        raise CheckFailed(f"{sentence}\n{second}" if second else sentence)


def same(before: Any, after: Any) -> bool:
    """Tell whether two nested plain values are equal to the last bit (NaN equals NaN)."""
    if type(before) is not type(after):
        return False
    if isinstance(before, np.ndarray):
        equal_nan = before.dtype.kind in "fc"
        return before.dtype == after.dtype and np.array_equal(before, after, equal_nan=equal_nan)
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(same(before[k], after[k]) for k in before)
    if isinstance(before, (tuple, list)):
        return len(before) == len(after) and all(map(same, before, after))
    return before == after


def first_true(flags: np.ndarray, latest: bool = False) -> tuple[int, ...]:
    """Return the index of the first True: by time step if there are three axes, then by position.

    With ``latest``, the last time step comes first, as in a backward pass.
    """
    if flags.ndim != 3:
        return tuple(int(i) for i in np.argwhere(flags)[0])
    steps = np.flatnonzero(flags.any(axis=(0, 1)))
    t = int(steps[-1] if latest else steps[0])
    return (*first_true(flags[:, :, t]), t)


def where_off(place: str, off: np.ndarray, index: tuple[int, ...]) -> str:
    """Say how many entries are off and where the first of them is."""
    axes = {2: ("row", "column"), 3: ("row", "example", "time step")}.get(off.ndim, ("entry",))
    spot = ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))
    return f"{int(off.sum())} of {off.size} numbers in {place} are off, the first at {spot}"


def in_time(place: str, got: np.ndarray, want: np.ndarray, off: np.ndarray, backward: bool) -> str:
    """Say at which time step things go wrong, in the order of the walk."""
    steps = list(range(want.shape[2]))[:: -1 if backward else 1]
    if len(steps) < 2:
        return ""
    if not got.any():
        return f"{place} is still all zeros: are the results of the steps stored in it?"
    close = [[bool(np.allclose(got[:, :, t], want[:, :, s])) for s in steps] for t in steps]
    if all(map(any, close)):
        return f"The right numbers are in {place}, but not at the right time steps."
    wrong = [t for t in steps if off[:, :, t].any()]
    if wrong == steps[-1:]:
        return f"Only time step {wrong[0]} of {place} is off, where the loop ends."
    if wrong[0] == steps[0]:
        return f"{place} is off at time step {wrong[0]} already, where the loop starts."
    before = steps[steps.index(wrong[0]) - 1]
    return (
        f"Time step {before} is right and {wrong[0]} is not: look at what is handed from one step "
        "to the next."
    )


def nearly(gap: float) -> str:
    """Return a sentence about numbers that are off by very little."""
    if gap > 1e-4:
        return ""
    digits = int(-np.log10(gap))
    return f"Right to {digits} digits and no further: is something rounded, or held in float32?"


def _brief(values: Any) -> str:
    """Format numbers, without decimals if they are whole."""
    whole = np.all(np.equal(np.mod(values, 1), 0))
    return numbers(values, decimals=0 if whole else 8)


def _parse_index(text: str, value: Any) -> Any:
    """Turn what stands between brackets into an index: ``4, :3``, ``2`` or ``'dxt'``."""
    if text[0] in "'\"":
        return text[1:-1]
    parts = []
    for part in text.split(","):
        ends = [int(end) if end.strip() else None for end in part.split(":")]
        parts.append(ends[0] if len(ends) == 1 else slice(*ends))
    return tuple(parts) if isinstance(value, np.ndarray) else parts[0]


def _a(value: Any) -> str:
    """Describe a value by type and size: ``a list of 3``, ``an array of shape (5, 10)``."""
    if value is None:
        return "None"
    if type(value) is np.ndarray:
        return f"an array of shape {value.shape}"
    kind = type(value).__name__[:20]
    size = f" of {len(value)}" if isinstance(value, (tuple, list, dict)) else ""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}{size}"


def _is_generator(value: Any) -> bool:
    return type(value).__name__ == "generator"


def _short(text: str) -> str:
    """Bring the text of an error to one line of bearable length, in words."""
    text = " ".join(text.split())
    mismatch = r"matmul: Input operand 1 .*\(size (\d+) is different from (\d+)\)"
    text = re.sub(mismatch, r"in a product A @ B, A has \2 columns and B has \1 rows", text)
    text = re.sub(r"\b1 (column|row)s\b", r"1 \1", text)
    text = text if len(text) <= 200 else text[:199] + "…"
    return text + next((f". {advice}" for error, advice in ADVICE if re.search(error, text)), "")


def where_raised(function: Callable, error: Exception) -> str:
    """Quote the line of the student's function in which the error came up, if it is known."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == file and frame.line:
            return f"\nIt came up in this line: {frame.line}"
    return ""


# --- Known mistakes --------------------------------------------------------------------------

# What a returned value is boiled down to: what it is, and one number that depends on all its
# entries and their order.
Print = tuple[str, float]


def fingerprints(outputs: dict[str, Any]) -> dict[str, Print]:
    """Boil returned values down to fingerprints.

    Entries of a dict, tuple or list count as values of their own: ``gradients['dxt']``,
    ``cache[2]``.
    """
    found: dict[str, Print] = {}
    for name, value in outputs.items():
        if isinstance(value, dict):
            parts = {f"{name}['{key}']": entry for key, entry in value.items()}
            found[name] = (" ".join(sorted(map(str, value))), 0.0)
        elif isinstance(value, (tuple, list)):
            parts = {f"{name}[{i}]": entry for i, entry in enumerate(value)}
            found[name] = (f"{len(value)} entries", 0.0)
        else:
            parts = {name: value}
        found |= {part: _fingerprint(entry) for part, entry in parts.items()}
    return found


def _fingerprint(value: Any) -> Print:
    if isinstance(value, str):
        return value, 0.0
    flat = _flatten(value)
    finite = np.where(np.isfinite(flat), flat, 7.0)
    what = f"{value.dtype.str} {value.shape}" if isinstance(value, np.ndarray) else ""
    return what, float((finite * _weights(flat.size)).sum())


@lru_cache(maxsize=64)
def _weights(size: int) -> np.ndarray:
    return np.cos(np.arange(size) + 1.0)


def _flatten(value: Any) -> np.ndarray:
    """Put all numbers in a nested value into one row; what is no number counts as NaN."""
    if isinstance(value, np.ndarray) and value.dtype == float:
        return value.ravel()
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=str)]
    if isinstance(value, (tuple, list)):
        return np.concatenate([np.zeros(0), *map(_flatten, value)])
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        return np.full(1, np.nan)
    return np.real(array).ravel().astype(float)


def alike(one: Print, other: Print | None) -> bool:
    """Compare two fingerprints: what they are exactly, numbers to nine digits."""
    return (
        other is not None
        and one[0] == other[0]
        and math.isclose(one[1], other[1], rel_tol=1e-9, abs_tol=1e-9)
    )


def _known_of(answer: Answer) -> dict:
    """Return what is known of calls with these inputs: mistakes, and which inputs matter."""
    if answer.call_known is None:
        text = KNOWN_MISTAKES.read_text(encoding="utf-8") if KNOWN_MISTAKES.exists() else "{}"
        inputs = _fingerprint(answer.inputs_before)
        calls = _catalogue(text).get(answer.function, [])
        answer.call_known = next((c for c in calls if alike(c["inputs"], inputs)), {})
    return answer.call_known


@lru_cache(maxsize=1)
def _catalogue(text: str) -> dict:
    return json.loads(text)


def recognise(answer: Answer, place: str) -> str:
    """Return the sentence of the known mistake that gives the very numbers in ``answer``."""
    mistakes = _known_of(answer).get("mistakes", [])
    return likely([(mistake["when"], mistake["wrong"]) for mistake in mistakes], answer, place)


def likely(known: list[tuple[str, dict[str, Print]]], answer: Answer, place: str) -> str:
    """Pick the known mistake that explains what came back at ``place``.

    Arguments: known, pairs of a sentence and the fingerprints of all that this mistake gets wrong.
    A mistake fits if all of that came back; the one that explains most wins. Otherwise one that
    explains ``place`` alone is named as one of several. Mistakes that nothing tells apart on these
    inputs are both named.
    """
    came = answer.prints
    name = _print_at(place, came)
    whole: dict[int, list[str]] = {}
    part = ""
    for when, wrong in known:
        if name in wrong and alike(wrong[name], came[name]):
            if all(alike(mark, came.get(n)) for n, mark in wrong.items()):
                whole.setdefault(len(wrong), []).append(when)
            part = part or f"{name} alone is what comes out when {when}; something else is off too."
    if whole:
        first, *others = dict.fromkeys(whole[max(whole)])
        if others:
            several = "two" if len(others) == 1 else "several"
            return f"This comes out of one of {several} mistakes: (1) {first}; (2) {others[0]}."
        return f"This is what comes out when {first}."
    return part


def _print_at(place: str, prints: dict[str, Print]) -> str:
    """Return the name of the fingerprint that covers a place."""
    return max((n for n in prints if place == n or place.startswith(n + "[")), key=len, default="")


def without_influence(answer: Answer, place: str, needs: dict[str, dict[str, str]]) -> str:
    """Call the function again with one input changed at a time, and name one that does nothing.

    Arguments: needs, for each output the inputs it depends on, as {where it is: its name}.
    """
    before = answer.prints
    name = _print_at(place, before)
    if answer.loans != lend.current or name not in before:
        return ""
    for where, label in needs.get(name, {}).items():
        again = Answer(answer.called, moved(answer.inputs_before, where.split()), answer.names)
        try:
            again.store(again.called(*again.inputs))
        except Exception:
            return ""
        if alike(before[name], again.prints.get(name)):
            return f"Changing {label} does not change {name}, and it should."
    return ""


def moved(value: Any, where: list[str]) -> Any:
    """Return a copy of nested values in which the array at ``where`` is changed a little."""
    if not where:
        return value + 0.01 * np.sin(np.arange(value.size) + 1.0).reshape(value.shape)
    changed = copy.deepcopy(value)
    if isinstance(value, dict):
        return changed | {where[0]: moved(value[where[0]], where[1:])}
    changed = list(changed)
    changed[int(where[0])] = moved(value[int(where[0])], where[1:])
    return tuple(changed)


# --- Gradient checking -----------------------------------------------------------------------


def numerical_gradient(
    loss: Callable[[np.ndarray], float], at: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Approximate the gradient of ``loss`` at an array by central differences.

    Each entry in turn is moved up and down by ``step``. The error of the formula is of order
    step**2 and that of rounding about 1e-16 / step, so 1e-5 leaves about ten correct digits.

    Arguments: loss, a function from an array like ``at`` to a number; at, any shape, unchanged.
    Returns: an array of the shape of ``at``.
    """
    gradient = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (loss(up) - loss(down)) / (2 * step)
    return gradient


def relative_error(one: np.ndarray, other: np.ndarray) -> float:
    """Return |one - other| / (|one| + |other|), with Euclidean norms; 0 if both are zero."""
    scale = np.linalg.norm(one) + np.linalg.norm(other)
    return float(np.linalg.norm(one - other) / scale) if scale else 0.0
