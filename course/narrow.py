"""Where an answer first goes wrong, when no known mistake explains it."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_utils import EXACT, Answer

AXES = {2: ("row", "example"), 3: ("row", "example", "time step")}
# The entries of an LSTM cache that the cell computes on its way, in the order it computes them.
ON_THE_WAY = {4: "forget gate ft", 5: "update gate it", 6: "candidate cct", 7: "output gate ot"}


def sizes(inputs: tuple) -> str:
    """Describe hidden inputs by their array shapes alone."""
    shapes = [str(value.shape) for value in inputs if isinstance(value, np.ndarray)]
    return "arguments of shape " + " and ".join(shapes) if shapes else "these sizes"


def describe(
    answer: Answer, expected: dict[str, Any], place: str, off: np.ndarray, gap: np.ndarray
) -> str:
    """Say which gate, which term, which entry is off first, and by how much, in one line."""
    culprit = _first_wrong_gate(answer, expected) if not place.startswith("cache") else ""
    return culprit or _first_entry(off, gap)


def _first_wrong_gate(answer: Answer, expected: dict[str, Any]) -> str:
    """Look through the returned LSTM cache for the first part that differs from the reference."""
    if answer.function != "lstm_cell_forward":
        return ""
    cache, right = answer.outputs["cache"], expected["cache"]
    if type(cache) not in (tuple, list) or len(cache) != len(right):
        return ""
    wrong = [name for i, name in ON_THE_WAY.items() if not _close(cache[i], right[i])]
    if wrong:
        return f"In your cache the {wrong[0]} is already off: start there."
    if not _close(cache[1], right[1]):
        return "All four gates in your cache are right, so look at how c_next combines them."
    if not _close(cache[0], right[0]):
        return "The gates and c_next in your cache are right, so look at how a_next is made."
    return "The whole cache is right, so look at the line after it."


def _close(one: Any, other: np.ndarray) -> bool:
    return (
        isinstance(one, np.ndarray)
        and one.shape == other.shape
        and np.allclose(one, other, rtol=EXACT, atol=EXACT)
    )


def _first_entry(off: np.ndarray, gap: np.ndarray) -> str:
    """Name the first entry that is off: earliest in time if there is time, then by position."""
    order = [*reversed(range(off.ndim))] if off.ndim == 3 else [*range(off.ndim)]
    moved = np.argwhere(np.transpose(off, order))[0]
    index = tuple(int(moved[order.index(axis)]) for axis in range(off.ndim))
    axes = AXES.get(off.ndim, ("entry",) * off.ndim)
    spot = ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))
    return f"{int(off.sum())} of {off.size} entries are off, first {spot}, by {abs(gap[index]):.1e}."
