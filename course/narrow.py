"""Where an answer first goes wrong, when no known mistake explains it.

Every question below looks at values that came back, and is asked in the order in which its answer
helps most. A sentence names places and terms; it never shows an expected number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rnn_utils import (
    EXACT,
    alike,
    fingerprints,
    first_true,
    in_time,
    nearly,
    where_off,
    without_influence,
)

if TYPE_CHECKING:
    from .examiner import Examination

# The parts of an LSTM cell in the order in which it computes them: where in the cache, which
# equation, what undoes the sigmoid or the tanh.
GATES = {
    4: ("forget gate ft", 1, lambda g: np.log(g / (1 - g))),
    5: ("update gate it", 2, lambda g: np.log(g / (1 - g))),
    6: ("candidate cct", 3, np.arctanh),
    7: ("output gate ot", 4, lambda g: np.log(g / (1 - g))),
}
EQUATIONS = {"f": 10, "i": 11, "c": 12, "o": 13}


def sizes(inputs: tuple) -> str:
    """Describe hidden inputs by their array shapes alone."""
    shapes = [str(value.shape) for value in inputs if isinstance(value, np.ndarray)]
    return "arguments of shape " + " and ".join(shapes) if shapes else "these sizes"


def describe(exam: Examination, place: str, off: np.ndarray) -> str:
    """Say in one line which gate, term, step or entry is off first."""
    got, want = exam.answer.at(place), exam.wanted(place)
    backward = "backward" in exam.answer.function
    questions: tuple[Callable[[], str], ...] = (
        lambda: _not_the_same_again(exam),
        lambda: nearly(float(np.max(np.abs(got - want) / np.maximum(1, np.abs(want))))),
        lambda: _without_influence(exam, place),
        lambda: in_time(place, got, want, off, backward) if want.ndim == 3 else "",
        lambda: BY_FUNCTION.get(exam.answer.function, lambda *_: "")(exam, place),
    )
    for question in questions:
        with np.errstate(all="ignore"):
            sentence = question()
        if sentence:
            return sentence
    index = first_true(off, latest=backward)
    return f"{where_off(place, off, index)}, by {abs(got[index] - want[index]):.1e}."


# --- Questions for any function ----------------------------------------------------------------


def _not_the_same_again(exam: Examination) -> str:
    """Call the function again on the same inputs."""
    first = exam.answer.prints
    again = exam.student(exam.inputs)
    if again is None:
        return ""
    second = fingerprints(again)
    if all(alike(first[name], second.get(name)) for name in first):
        return ""
    return (
        "A second call with the same inputs gave something else: it keeps something from call to "
        "call, perhaps a global or a default argument."
    )


def _without_influence(exam: Examination, place: str) -> str:
    """Change each input in turn, and look for one that should matter for ``place`` and does not."""
    return without_influence(exam.answer, place, exam.question.needs)


# --- Questions for one function ----------------------------------------------------------------


def _rnn_cell_forward(exam: Examination, place: str) -> str:
    """Look at the sum inside the tanh, or at the prediction."""
    xt, a_prev = exam.inputs[:2]
    got, want = exam.answer.outputs, exam.expected
    if place == "a_next":
        gap = np.arctanh(got["a_next"]) - np.arctanh(want["a_next"])
        terms = {"the bias ba": None, "the term with xt": xt, "the term with a_prev": a_prev}
        term = _term(gap, terms)
        return f"Inside the tanh of equation (1), {term} is off." if term else ""
    return _prediction(exam, got["yt_pred"], "a_next", "equation (2)") if place == "yt_pred" else ""


def _prediction(exam: Examination, predicted: np.ndarray, state: str, equation: str) -> str:
    """Tell a wrong softmax from a wrong state."""
    if not np.allclose(np.sum(predicted, axis=0), 1):
        return f"The columns do not sum to 1, as those of a softmax do: look at {equation}."
    if _close(exam.answer.outputs[state], exam.expected[state]):
        return (
            f"{state} and the sums of the columns are right: what does {equation} give to softmax?"
        )
    return f"{state} is off before: start there."


def _lstm_cell_forward(exam: Examination, place: str) -> str:
    """Look through the returned cache for the first part that differs, and at its equation."""
    cache, right = exam.answer.outputs["cache"], exam.expected["cache"]
    if type(cache) not in (tuple, list) or len(cache) != len(right) or place.startswith("cache"):
        return ""
    xt, a_prev = exam.inputs[:2]
    for i, (name, equation, undo) in GATES.items():
        if not _close(cache[i], right[i]):
            same_shape = np.shape(cache[i]) == right[i].shape
            gap = undo(cache[i]) - undo(right[i]) if same_shape else np.zeros(0)
            parts = {"the bias": None, "the part with xt": xt, "the part with a_prev": a_prev}
            term = _term(gap, parts) if same_shape else ""
            where = f"{term} in equation ({equation})" if term else f"equation ({equation})"
            return f"In your cache the {name} is off: look at {where}."
    if not _close(exam.answer.outputs["c_next"], right[1]):
        return "All four gates in your cache are right, so look at how equation (5) combines them."
    if not _close(exam.answer.outputs["a_next"], right[0]):
        return "The gates and c_next are right, so look at equation (6)."
    return _prediction(exam, exam.answer.outputs["yt_pred"], "a_next", "equation (7)")


def _term(gap: np.ndarray, terms: dict[str, np.ndarray | None]) -> str:
    """Name the one term of a sum that explains a gap between two sums, if one does.

    A wrong matrix in front of ``u`` makes a gap D @ u; a wrong bias makes one column for all.
    """
    if not np.all(np.isfinite(gap)) or not gap.any():
        return ""
    for name, u in terms.items():
        u = np.ones((1, gap.shape[1])) if u is None else u
        if u.shape[0] >= u.shape[1]:
            continue  # with so few examples any gap would fit
        fit = np.linalg.lstsq(u.T, gap.T, rcond=None)[0].T @ u
        if np.allclose(fit, gap, rtol=1e-6, atol=1e-8):
            return name
    return ""


def _rnn_cell_backward(exam: Examination, place: str) -> str:
    right, wrong = _sorted_gradients(exam)
    if not right:
        return "All five gradients are off, so look at dz first, equation (1)."
    return _list(right, wrong)


def _lstm_cell_backward(exam: Examination, place: str) -> str:
    """Find the gates whose gradients are off, then the equation behind them."""
    right, wrong = _sorted_gradients(exam)
    gates = [k for k in "fico" if f"db{k}" in wrong and f"dW{k}" in wrong]
    if not gates:
        return _list(right, wrong)
    if gates == ["f", "i", "c"]:
        return "All is off but what belongs to the output gate, so look at dc first, equation (9)."
    if len(gates) == 4:
        return "The gradients of all four gates are off: look at what they share, dz and concat."
    where = " and ".join(f"d{'z'}_{k}, equation ({EQUATIONS[k]})" for k in gates)
    return f"Of the four gates, only these are off: look at {where}."


def _sequence_backward(exam: Examination, place: str) -> str:
    return _list(*_sorted_gradients(exam))


def _sorted_gradients(exam: Examination) -> tuple[list[str], list[str]]:
    """Return the names of the gradients that are right, and of those that are not."""
    got, want = exam.answer.outputs["gradients"], exam.expected["gradients"]
    right = [name for name in want if _close(got.get(name), want[name])]
    return right, [name for name in want if name not in right]


def _list(right: list[str], wrong: list[str]) -> str:
    return f"Off: {', '.join(wrong)}. Right: {', '.join(right) or 'none'}."


def _close(one: Any, other: np.ndarray) -> bool:
    return (
        isinstance(one, np.ndarray)
        and one.shape == other.shape
        and np.allclose(one, other, rtol=EXACT, atol=EXACT)
    )


BY_FUNCTION: dict[str, Callable[[Examination, str], str]] = {
    "rnn_cell_forward": _rnn_cell_forward,
    "lstm_cell_forward": _lstm_cell_forward,
    "rnn_cell_backward": _rnn_cell_backward,
    "rnn_backward": _sequence_backward,
    "lstm_cell_backward": _lstm_cell_backward,
    "lstm_backward": _sequence_backward,
}
