"""Hidden tests: a student's function against the reference on fresh inputs, and what went wrong.

Everything here runs on the examiner's side. Messages name sizes, places and mistakes; they never
show an input or an expected number.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

import rnn_utils
from rnn_utils import EXACT, Answer, CheckFailed, ask, lend, lstm_parameters, rnn_parameters

from . import narrow
from .mistakes import variants
from .solutions import namespace

# --- Inputs ----------------------------------------------------------------------------------


def rnn_cell_inputs(
    n_x: int, n_a: int, n_y: int, m: int, seed: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray, dict]:
    """Draw (xt, a_prev, parameters) for an RNN cell; ``scale`` multiplies xt."""
    randn = np.random.RandomState(seed).randn
    xt, a_prev = scale * randn(n_x, m), np.tanh(randn(n_a, m))
    return xt, a_prev, rnn_parameters(n_x, n_a, n_y, randn)


def rnn_inputs(
    n_x: int, n_a: int, n_y: int, m: int, T_x: int, seed: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray, dict]:
    """Draw (x, a0, parameters) for an RNN; ``scale`` multiplies x."""
    randn = np.random.RandomState(seed).randn
    x, a0 = scale * randn(n_x, m, T_x), np.tanh(randn(n_a, m))
    return x, a0, rnn_parameters(n_x, n_a, n_y, randn)


def lstm_cell_inputs(
    n_x: int, n_a: int, n_y: int, m: int, seed: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict]:
    """Draw (xt, a_prev, c_prev, parameters) for an LSTM cell; ``scale`` multiplies xt."""
    randn = np.random.RandomState(seed).randn
    xt, a_prev, c_prev = scale * randn(n_x, m), np.tanh(randn(n_a, m)), randn(n_a, m)
    return xt, a_prev, c_prev, lstm_parameters(n_x, n_a, n_y, randn)


def lstm_inputs(
    n_x: int, n_a: int, n_y: int, m: int, T_x: int, seed: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray, dict]:
    """Draw (x, a0, parameters) for an LSTM; ``scale`` multiplies x."""
    randn = np.random.RandomState(seed).randn
    x, a0 = scale * randn(n_x, m, T_x), np.tanh(randn(n_a, m))
    return x, a0, lstm_parameters(n_x, n_a, n_y, randn)


def rnn_cell_backward_inputs(
    n_x: int, n_a: int, n_y: int, m: int, seed: int
) -> tuple[np.ndarray, tuple]:
    """Draw (da_next, cache) for an RNN cell, with a cache from the reference forward pass."""
    cache = reference("rnn_cell_forward")(*rnn_cell_inputs(n_x, n_a, n_y, m, seed))[-1]
    return np.random.RandomState(seed + 1000).randn(n_a, m), cache


def rnn_backward_inputs(
    n_x: int, n_a: int, n_y: int, m: int, T_x: int, seed: int
) -> tuple[np.ndarray, tuple]:
    """Draw (da, caches) for an RNN, with caches from the reference forward pass."""
    caches = reference("rnn_forward")(*rnn_inputs(n_x, n_a, n_y, m, T_x, seed))[-1]
    return np.random.RandomState(seed + 1000).randn(n_a, m, T_x), caches


def lstm_cell_backward_inputs(
    n_x: int, n_a: int, n_y: int, m: int, seed: int
) -> tuple[np.ndarray, np.ndarray, tuple]:
    """Draw (da_next, dc_next, cache) for an LSTM cell, with a cache from the reference."""
    cache = reference("lstm_cell_forward")(*lstm_cell_inputs(n_x, n_a, n_y, m, seed))[-1]
    randn = np.random.RandomState(seed + 1000).randn
    return randn(n_a, m), randn(n_a, m), cache


def lstm_backward_inputs(
    n_x: int, n_a: int, n_y: int, m: int, T_x: int, seed: int
) -> tuple[np.ndarray, tuple]:
    """Draw (da, caches) for an LSTM, with caches from the reference forward pass."""
    caches = reference("lstm_forward")(*lstm_inputs(n_x, n_a, n_y, m, T_x, seed))[-1]
    return np.random.RandomState(seed + 1000).randn(n_a, m, T_x), caches


def reference(function: str) -> Callable:
    """Return the reference version of a function that students write."""
    return namespace()[function]


# --- Verdicts --------------------------------------------------------------------------------


def examine(function: Callable, *inputs: Any, returns: str) -> Examination:
    """Call a student's function and the reference on the same inputs, under the same loans.

    Raises: CheckFailed if the student's function raises or returns something else.
    """
    fresh = copy.deepcopy(inputs)
    return Examination(ask(function, *inputs, returns=returns), fresh, dict(lend.current))


class Examination:
    """What a student's function gave on hidden inputs, beside what the reference gives."""

    def __init__(self, answer: Answer, inputs: tuple, loans: dict[str, Callable]) -> None:
        self.answer, self.inputs, self.loans = answer, inputs, loans
        self.expected = self._run(namespace())

    def _run(self, names: dict[str, Any]) -> dict[str, Any]:
        """Run the function of this name from a namespace of reference functions."""
        names.update(self.loans)
        value = names[self.answer.function](*copy.deepcopy(self.inputs))
        named = self.answer.names
        return {named[0]: value} if len(named) == 1 else dict(zip(named, value, strict=True))

    def shapes(self, judged: str) -> None:
        """Check type, dtype and shape of the returned values named in ``judged``."""
        for name in judged.split():
            self._compare(name, self.expected[name], self.answer.outputs[name], numbers=False)

    def values(self, judged: str, tolerance: float = EXACT) -> None:
        """Check the returned values named in ``judged``, caches and dicts entry by entry."""
        for name in judged.split():
            self._compare(name, self.expected[name], self.answer.outputs[name], True, tolerance)

    def left_inputs_unchanged(self) -> None:
        """Check that the student's function changed none of its arguments."""
        self.answer.left_inputs_unchanged()

    def _compare(
        self, place: str, want: Any, got: Any, numbers: bool, tolerance: float = EXACT
    ) -> None:
        if isinstance(want, np.ndarray):
            self._compare_arrays(place, want, numbers, tolerance)
        elif isinstance(want, dict):
            self.answer.has_keys(place, want)
            for key in want:
                self._compare(f"{place}['{key}']", want[key], got[key], numbers, tolerance)
        elif isinstance(want, (tuple, list)):
            self.answer.has_length(place, len(want))
            for i, (w, g) in enumerate(zip(want, got, strict=True)):
                self._compare(f"{place}[{i}]", w, g, numbers, tolerance)
        elif want != got:
            self._fail(f"{place} is not what it should be.", place)

    def _compare_arrays(self, place: str, want: np.ndarray, numbers: bool, tol: float) -> None:
        try:
            self.answer.has_shape(place, want.shape)
        except CheckFailed as failure:
            self._fail(str(failure).split("\n")[0], place)
        if not numbers:
            return
        got = self.answer.at(place)
        off = np.abs(got - want) > tol * np.maximum(1, np.abs(want))
        if np.any(off):
            self._fail(f"{place} has wrong numbers for {self._sizes()}.", place, off, got - want)

    def _sizes(self) -> str:
        return narrow.sizes(self.inputs)

    def _fail(
        self,
        sentence: str,
        place: str,
        off: np.ndarray | None = None,
        gap: np.ndarray | None = None,
    ) -> None:
        """Raise with the known mistake that gives these numbers, or with where they go wrong."""
        second = self._likely_mistake(place)
        if not second and off is not None:
            second = narrow.describe(self.answer, self.expected, place, off, gap)
        raise CheckFailed(f"{sentence}\n{second}" if second else sentence)

    def _likely_mistake(self, place: str) -> str:
        """Run every known mistake of this function on the same inputs and look for a match."""
        known = []
        for mistake, names in variants(self.answer.function):
            try:
                known.append((mistake.when, rnn_utils.fingerprints(self._run(names))))
            except Exception:
                continue  # a mistake that raises on these inputs cannot have given these numbers
        return rnn_utils.likely(known, self.answer, place)
