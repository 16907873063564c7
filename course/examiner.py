"""Hidden tests: a student's function against the reference on fresh inputs, and what went wrong.

Everything here runs on the examiner's side. Messages name sizes, places and mistakes; they never
show an input or an expected number.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import cached_property, lru_cache, wraps
from typing import Any, TypeVar

import numpy as np

import rnn_utils
from rnn_utils import (
    EXACT,
    Answer,
    CheckFailed,
    lend,
    lstm_parameters,
    rnn_parameters,
    unfinished,
    where_raised,
)

from . import narrow, solutions
from .fingerprints import Marks, needs, wrong_marks
from .mistakes import variants
from .solutions import namespace


def warm_up() -> None:
    """Compile all known mistakes, before a submission needs them."""
    for function in solutions.sources():
        for _ in variants(function):
            pass


# --- Inputs ----------------------------------------------------------------------------------


Draw = TypeVar("Draw", bound=Callable)


def _drawn_once(draw: Draw) -> Draw:
    """Draw the same inputs once for all submissions; every caller gets a copy of its own."""

    @lru_cache(maxsize=256)
    def drawn(*sizes: Any, **more: Any) -> bytes:
        return pickle.dumps(draw(*sizes, **more))

    @wraps(draw)
    def fresh(*sizes: Any, **more: Any) -> Any:
        return pickle.loads(drawn(*sizes, **more))

    return fresh


@_drawn_once
def rnn_cell_inputs(
    n_x: int, n_a: int, n_y: int, m: int, seed: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray, dict]:
    """Draw (xt, a_prev, parameters) for an RNN cell; ``scale`` multiplies xt and Wya."""
    randn = np.random.RandomState(seed).randn
    xt, a_prev = scale * randn(n_x, m), np.tanh(randn(n_a, m))
    parameters = rnn_parameters(n_x, n_a, n_y, randn)
    return xt, a_prev, parameters | {"Wya": scale * parameters["Wya"]}


@_drawn_once
def rnn_inputs(
    n_x: int, n_a: int, n_y: int, m: int, T_x: int, seed: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray, dict]:
    """Draw (x, a0, parameters) for an RNN; ``scale`` multiplies x."""
    randn = np.random.RandomState(seed).randn
    x, a0 = scale * randn(n_x, m, T_x), np.tanh(randn(n_a, m))
    return x, a0, rnn_parameters(n_x, n_a, n_y, randn)


@_drawn_once
def lstm_cell_inputs(
    n_x: int, n_a: int, n_y: int, m: int, seed: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict]:
    """Draw (xt, a_prev, c_prev, parameters) for an LSTM cell; ``scale`` multiplies xt and Wy."""
    randn = np.random.RandomState(seed).randn
    xt, a_prev, c_prev = scale * randn(n_x, m), np.tanh(randn(n_a, m)), randn(n_a, m)
    parameters = lstm_parameters(n_x, n_a, n_y, randn)
    return xt, a_prev, c_prev, parameters | {"Wy": scale * parameters["Wy"]}


@_drawn_once
def lstm_inputs(
    n_x: int, n_a: int, n_y: int, m: int, T_x: int, seed: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray, dict]:
    """Draw (x, a0, parameters) for an LSTM; ``scale`` multiplies x."""
    randn = np.random.RandomState(seed).randn
    x, a0 = scale * randn(n_x, m, T_x), np.tanh(randn(n_a, m))
    return x, a0, lstm_parameters(n_x, n_a, n_y, randn)


@_drawn_once
def rnn_cell_backward_inputs(
    n_x: int, n_a: int, n_y: int, m: int, seed: int
) -> tuple[np.ndarray, tuple]:
    """Draw (da_next, cache) for an RNN cell, with a cache from the reference forward pass."""
    cache = reference("rnn_cell_forward")(*rnn_cell_inputs(n_x, n_a, n_y, m, seed))[-1]
    return np.random.RandomState(seed + 1000).randn(n_a, m), cache


@_drawn_once
def rnn_backward_inputs(
    n_x: int, n_a: int, n_y: int, m: int, T_x: int, seed: int
) -> tuple[np.ndarray, tuple]:
    """Draw (da, caches) for an RNN, with caches from the reference forward pass."""
    caches = reference("rnn_forward")(*rnn_inputs(n_x, n_a, n_y, m, T_x, seed))[-1]
    return np.random.RandomState(seed + 1000).randn(n_a, m, T_x), caches


@_drawn_once
def lstm_cell_backward_inputs(
    n_x: int, n_a: int, n_y: int, m: int, seed: int
) -> tuple[np.ndarray, np.ndarray, tuple]:
    """Draw (da_next, dc_next, cache) for an LSTM cell, with a cache from the reference."""
    cache = reference("lstm_cell_forward")(*lstm_cell_inputs(n_x, n_a, n_y, m, seed))[-1]
    randn = np.random.RandomState(seed + 1000).randn
    return randn(n_a, m), randn(n_a, m), cache


@_drawn_once
def lstm_backward_inputs(
    n_x: int, n_a: int, n_y: int, m: int, T_x: int, seed: int
) -> tuple[np.ndarray, tuple]:
    """Draw (da, caches) for an LSTM, with caches from the reference forward pass."""
    caches = reference("lstm_forward")(*lstm_inputs(n_x, n_a, n_y, m, T_x, seed))[-1]
    return np.random.RandomState(seed + 1000).randn(n_a, m, T_x), caches


def reference(function: str) -> Callable:
    """Return the reference version of a function that students write."""
    return getattr(solutions, function)


# --- Verdicts --------------------------------------------------------------------------------


def examine(function: Callable, *inputs: Any, returns: str) -> Examination:
    """Call a student's function and the reference on the same inputs, under the same loans.

    Raises: CheckFailed if the student's function raises or returns something else. The text of
    an error is not quoted, because it may hold parts of a hidden input.
    """
    exam = Examination(Answer(function, inputs, returns.split()), dict(lend.current))
    try:
        value = function(*inputs)
    except NotImplementedError as error:
        raise CheckFailed(f"{unfinished(function, error)} is not finished.") from None
    except Exception as error:
        exam.answer.outputs = {"raises": f"{type(error).__name__}: {error}"}
        kind = type(error).__name__ if type(error).__module__ == "builtins" else "an error"
        raise CheckFailed(
            f"{function.__name__} raised {kind} with {narrow.sizes(exam.inputs)}."
            f"{where_raised(function, error)}{exam.likely_mistake('raises', before=chr(10))}"
        ) from None
    exam.answer.store(value)
    return exam


class Question:
    """A call of a function: what the reference gives, what each known mistake does, what matters.

    That is the same for every submission that is asked, so it is found out once.
    """

    def __init__(
        self, function: str, returns: list[str], inputs: tuple, loans: dict[str, Callable]
    ) -> None:
        self.function, self.returns, self.loans = function, returns, loans
        self.inputs = inputs

    @cached_property
    def expected(self) -> dict[str, Any]:
        """What the reference returns, by name."""
        return self._outputs(namespace())

    @cached_property
    def mistakes(self) -> list[tuple[str, Marks]]:
        """The sentence of every known mistake, and the fingerprints of what it gets wrong."""
        right, known = rnn_utils.fingerprints(self.expected), []
        for mistake, names in variants(self.function):
            try:
                gives = rnn_utils.fingerprints(self._outputs(names))
            except Exception as error:
                gives = rnn_utils.fingerprints({"raises": f"{type(error).__name__}: {error}"})
            known.append((mistake.when, wrong_marks(gives, right)))
        return known

    @cached_property
    def needs(self) -> dict[str, dict[str, str]]:
        """For each output the inputs that it depends on, as {where it is: its name}."""
        names = namespace()
        names.update(self.loans)
        return needs(names[self.function], self.inputs, self.returns)

    def _outputs(self, names: dict[str, Any]) -> dict[str, Any]:
        """Run the function of this name from a namespace, with what is on loan in it."""
        names.update(self.loans)
        return by_name(self.returns, names[self.function](*copy.deepcopy(self.inputs)))


def by_name(names: list[str], value: Any) -> dict[str, Any]:
    """Give each returned value its name."""
    return {names[0]: value} if len(names) == 1 else dict(zip(names, value, strict=True))


def question(answer: Answer, loans: dict[str, Callable]) -> Question:
    """Return the question that was asked, the one from before if it was asked before."""
    try:
        inputs = pickle.dumps(answer.inputs_before)
    except Exception:  # something of a student's own, such as a cache, may be among the inputs
        return Question(answer.function, answer.names, answer.inputs_before, loans)
    return _asked_before(answer.function, tuple(answer.names), inputs, tuple(loans.items()))


@lru_cache(maxsize=500)
def _asked_before(function: str, returns: tuple, inputs: bytes, loans: tuple) -> Question:
    return Question(function, [*returns], pickle.loads(inputs), dict(loans))


class Examination:
    """What a student's function gave on hidden inputs, beside what the reference gives."""

    def __init__(self, answer: Answer, loans: dict[str, Callable]) -> None:
        self.answer, self.inputs, self.loans = answer, answer.inputs_before, loans
        self.question = question(answer, loans)
        self.expected = self.question.expected

    def wanted(self, place: str) -> Any:
        """Return the expected value at ``place``."""
        right = copy.copy(self.answer)
        right.outputs = self.expected
        return right.at(place)

    def student(self, inputs: tuple) -> dict[str, Any] | None:
        """Run the student's function again, or return None if that is not the same function now."""
        if lend.current != self.loans:
            return None
        try:
            return by_name(self.answer.names, self.answer.called(*copy.deepcopy(inputs)))
        except Exception:
            return None

    def shapes(self, judged: str) -> None:
        """Check type, dtype and shape of the returned values at the places in ``judged``."""
        for place in judged.split():
            self._compare(place, self.wanted(place), self.answer.at(place), numbers=False)

    def values(self, judged: str, tolerance: float = EXACT) -> None:
        """Check the returned values at the places in ``judged``, caches and dicts by entry."""
        for place in judged.split():
            self._compare(place, self.wanted(place), self.answer.at(place), True, tolerance)

    def agrees(self, place: str, other: str) -> None:
        """Check that the numbers at one place are those at another, whatever those are."""
        self._plain(place, lambda: self.answer.agrees(place, other))

    def left_inputs_unchanged(self) -> None:
        """Check that the student's function changed none of its arguments."""
        self.answer.left_inputs_unchanged()

    def comes_out_again(self) -> None:
        """Check that a second call with the same inputs gives the same."""
        self.answer.comes_out_again()

    def _compare(
        self, place: str, want: Any, got: Any, numbers: bool, tolerance: float = EXACT
    ) -> None:
        if isinstance(want, np.ndarray):
            self._compare_arrays(place, want, numbers, tolerance)
        elif isinstance(want, dict):
            self._plain(place, lambda: self.answer.has_keys(place, want))
            for key in want:
                self._compare(f"{place}['{key}']", want[key], got[key], numbers, tolerance)
        elif isinstance(want, (tuple, list)):
            self._plain(place, lambda: self.answer.has_length(place, len(want)))
            for i, (w, g) in enumerate(zip(want, got, strict=True)):
                self._compare(f"{place}[{i}]", w, g, numbers, tolerance)
        elif want != got:
            self._fail(f"{place} is not what it should be.", place)

    def _compare_arrays(self, place: str, want: np.ndarray, numbers: bool, tol: float) -> None:
        self._plain(place, lambda: self.answer.has_shape(place, want.shape))
        if not numbers:
            return
        got = self.answer.at(place)
        gap = np.abs(got - want) / np.maximum(1, np.abs(want))
        if np.any(gap > tol):
            sentence = f"{place} has wrong numbers for {narrow.sizes(self.inputs)}."
            self._fail(sentence, place, gap > tol)

    def _plain(self, place: str, check: Callable[[], None]) -> None:
        """Run a check of types and shapes, whose sentence tells nothing of the inputs."""
        try:
            check()
        except CheckFailed as failure:
            self._fail(str(failure).split("\n")[0], place)

    def _fail(self, sentence: str, place: str, off: np.ndarray | None = None) -> None:
        """Raise with the known mistake that gives these numbers, or with where they go wrong."""
        second = self.likely_mistake(place)
        if not second and off is not None:
            second = narrow.describe(self, place, off)
        raise CheckFailed(f"{sentence}\n{second}" if second else sentence)

    def likely_mistake(self, place: str, before: str = "") -> str:
        """Look for a known mistake that gives what came back on the same inputs."""
        sentence = rnn_utils.likely(self.question.mistakes, self.answer, place)
        return f"{before}{sentence}" if sentence else ""
