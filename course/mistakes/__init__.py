"""Known mistakes: each is one edit of a reference function, with a sentence that names it.

This is the only place a mistake is described. From here come the wrong solutions that the tests
are measured with, the fingerprints that ship to students, and what hidden tests recognise.
Where two mistakes give the same numbers, one sentence speaks for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..solutions import namespace
from . import lstm, lstm_back, rnn, rnn_back
from .mistake import Mistake

MISTAKES: tuple[Mistake, ...] = (
    *rnn.MISTAKES,
    *lstm.MISTAKES,
    *rnn_back.MISTAKES,
    *lstm_back.MISTAKES,
)


def variants(function: str) -> Iterator[tuple[Mistake, dict[str, Any]]]:
    """Yield every known mistake of a function with a namespace in which it was made."""
    for mistake in MISTAKES:
        if mistake.function == function:
            yield mistake, namespace({function: mistake.source()})
