"""What the graded notebooks share: activations, parameters, checks and gradient checking.

Columns are examples: ``n_x`` inputs, ``n_a`` hidden units, ``n_y`` outputs, ``m`` examples,
``T_x`` time steps. This file needs NumPy and nothing else, so a notebook works in any Jupyter
with this file beside it.
"""

from __future__ import annotations

import copy
import json
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

# Published numbers are printed to 8 decimals, so each is exact to 5e-9. Twice that accepts every
# correct rounding and still rejects a change in the eighth decimal.
PRINTED = 1e-8
# Numbers written out in full are compared to this. float64 sums of this size, done in any order,
# agree to about 1e-14; a slip in a formula moves them by far more than 1e-10.
EXACT = 1e-10
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

    current: dict[str, Callable] = {}  # what is on loan at this moment, by name

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


class CheckFailed(AssertionError):
    """A check that failed. Notebooks show its message alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:  # IPython calls this instead of its own
        return [f"Check failed: {self}"]


def ask(function: Callable, *inputs: Any, returns: str) -> Answer:
    """Call ``function`` and keep what it returns for the checks of class Answer.

    Arguments: ``returns`` names the values that come back, separated by spaces.
    Raises: CheckFailed, with one sentence, if the call raises or returns something else.
    """
    answer = Answer(function.__name__, inputs, returns.split())
    try:
        value = function(*inputs)
    except NotImplementedError as error:
        raise CheckFailed(f"{answer.function} is not finished: {error}") from None
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        answer.outputs = {"raises": text}
        answer.fail(f"{answer.function} raised {text}{_where(function, error)}.", "raises")
    answer.store(value)
    return answer


def passed(check: str) -> None:
    """Say that the public part of a check passed, and no more than that."""
    print(f"{check}: public checks passed. Further checks run at grading.")


class Answer:
    """What a function returned, and questions about it.

    A place in it is written as in code: ``"a_next[4, :3]"``, ``"caches[0][2][1]"``,
    ``"gradients['dxt'][1, 2]"``.
    """

    def __init__(self, function: str, inputs: tuple, names: list[str]) -> None:
        self.function, self.names = function, names
        self.inputs, self.inputs_before = inputs, copy.deepcopy(inputs)
        self.outputs: dict[str, Any] = {}

    def store(self, value: Any) -> None:
        """Give each returned value its name, or fail if their number is wrong."""
        expected = f"{self.function} should return {', '.join(self.names)}"
        if value is None:
            self.fail(f"{expected}, but it returned None: is the return statement missing?")
        if len(self.names) == 1:
            self.outputs = {self.names[0]: value}
            return
        if type(value) is not tuple:
            self.fail(f"{expected} (a tuple), but it returned {_a(value)}.")
        if len(value) != len(self.names):
            self.fail(f"{expected}: {len(self.names)} values, but it returned {len(value)}.")
        self.outputs = dict(zip(self.names, value, strict=True))

    def at(self, place: str) -> Any:
        """Return the value at ``place``, or fail with a sentence if there is none."""
        name, value = re.match(r"\w+", place)[0], None
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
            has = ", ".join(map(str, value)) or "nothing"
            self.fail(f"{place} lacks {', '.join(missing)}; it has {has}.", place)

    def has_shape(self, place: str, shape: tuple[int, ...]) -> None:
        """Check for exactly a NumPy array of float64 with this shape and only finite numbers."""
        value = self.at(place)
        if type(value) is not np.ndarray:
            self.fail(f"{place} should be a NumPy array, but it is {_a(value)}.", place)
        if value.dtype == object:
            self.fail(f"{place} holds Python objects (dtype object), not numbers.", place)
        if value.dtype != np.float64:
            self.fail(f"{place} should hold float64 numbers, but its dtype is {value.dtype}.", place)
        if value.shape != shape:
            self.fail(f"{place} should have shape {shape}, but its shape is {value.shape}.", place)
        if not np.all(np.isfinite(value)):
            first = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
            self.fail(f"{place} is not a finite number at {list(first)}: NaN or infinity.", place)

    def equals(self, place: str, expected: Any, tolerance: float = EXACT) -> None:
        """Check numbers: |got - expected| <= tolerance * max(1, |expected|), entry by entry."""
        expected = np.asarray(expected, dtype=np.float64)
        array = re.sub(r"\[[^]'\"]*[,:][^]]*\]$", "", place)
        self.has_shape(array, expected.shape if array == place else np.shape(self.at(array)))
        got = self.at(place)
        if np.shape(got) != expected.shape:
            self.fail(f"{place} should be {numbers(expected)}, but {array} is {_a(self.at(array))}.", place)
        off = np.abs(got - expected) > tolerance * np.maximum(1, np.abs(expected))
        if np.any(off):
            self.fail(
                f"{place} should be {numbers(expected)}, but it is {numbers(got)}."
                if expected.size <= 4
                else _first_difference(place, got, expected, off),
                place,
            )

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

    def fail(self, sentence: str, place: str = "") -> None:
        """Raise CheckFailed with the sentence and, if the numbers are known, the likely mistake."""
        known = recognise(self, place) if place else ""
        raise CheckFailed(f"{sentence}\n{known}" if known else sentence)


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
    """Describe a value by its type, with its size: ``a list of 3``, ``an array of shape (5, 10)``."""
    if type(value) is np.ndarray:
        return f"an array of shape {value.shape}"
    kind = type(value).__name__
    size = f" of {len(value)}" if isinstance(value, (tuple, list, dict)) else ""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}{size}"


def _where(function: Callable, error: Exception) -> str:
    """Quote the line of the student's function in which the error came up, if it is known."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == file and frame.line:
            return f"\nIt came up in this line: {frame.line}"
    return ""


def _first_difference(place: str, got: np.ndarray, expected: np.ndarray, off: np.ndarray) -> str:
    """Say how many entries are off, which is first (in time, where there is time), by how much."""
    order = [*range(off.ndim - 1, -1, -1)] if off.ndim == 3 else [*range(off.ndim)]
    moved = np.argwhere(np.transpose(off, order))[0]
    index = [int(moved[order.index(axis)]) for axis in range(off.ndim)]
    axes = {2: ("row", "example"), 3: ("row", "example", "time step")}.get(off.ndim, ("entry",))
    spot = ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))
    gap = abs(float(got[tuple(index)] - expected[tuple(index)]))
    return (
        f"{int(off.sum())} of {off.size} numbers in {place} are off, the first at {spot}: "
        f"expected {expected[tuple(index)]:.8f}, got {got[tuple(index)]:.8f} (off by {gap:.1e})."
    )


# --- Known mistakes --------------------------------------------------------------------------


def fingerprints(outputs: dict[str, Any]) -> dict[str, float | str]:
    """Boil every returned value down to one number that depends on all entries and their order.

    Entries of a dict of gradients count as values of their own, named ``gradients['dxt']``.
    """
    found: dict[str, float | str] = {}
    for name, value in outputs.items():
        if type(value) is dict:
            found |= fingerprints({f"{name}['{key}']": entry for key, entry in value.items()})
        elif isinstance(value, str):
            found[name] = value
        else:
            flat = _flatten(value)
            found[name] = float(np.sum(flat * np.cos(np.arange(flat.size) + 1.0)))
    return found


def _flatten(value: Any) -> np.ndarray:
    """Put all numbers in a nested value into one row; what is no number counts as NaN."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=str)]
    if isinstance(value, (tuple, list)):
        return np.concatenate([np.zeros(0), *map(_flatten, value)])
    try:
        return np.ravel(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError):
        return np.full(1, np.nan)


def alike(one: float | str | None, other: float | str | None) -> bool:
    """Compare two fingerprints: texts exactly, numbers to nine digits."""
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=1e-9, atol=1e-9))
    return one is not None and one == other


def recognise(answer: Answer, place: str) -> str:
    """Return the sentence of the known mistake that gives the very numbers in ``answer``."""
    if not KNOWN_MISTAKES.exists():
        return ""
    cases = json.loads(KNOWN_MISTAKES.read_text(encoding="utf-8")).get(answer.function, [])
    inputs = fingerprints({"inputs": answer.inputs_before})["inputs"]
    known = [m for case in cases if alike(case["inputs"], inputs) for m in case["mistakes"]]
    return likely([(mistake["when"], mistake["gives"]) for mistake in known], answer, place)


def likely(known: list[tuple[str, dict]], answer: Answer, place: str) -> str:
    """Pick the mistake, among (sentence, fingerprints) pairs, that explains an answer.

    A mistake that explains every returned value wins over one that explains ``place`` only.
    """
    came = fingerprints(answer.outputs)
    for names in (came, [name for name in came if place.startswith(name)]):
        for when, gives in known:
            if names and all(alike(gives.get(name), came[name]) for name in names):
                return f"This is what comes out when {when}."
    return ""


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
