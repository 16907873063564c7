"""Known mistakes: each is one edit of a reference function, with a sentence that names it.

This is the only place a mistake is described. From here come the wrong solutions that the tests
are measured with, the fingerprints that ship to students, and what hidden tests recognise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .solutions import namespace, sources


@dataclass(frozen=True)
class Mistake:
    """A slip in ``function``. ``when`` completes "This is what comes out when …".

    Each edit is a pair (text in the reference, text in its place).
    """

    function: str
    name: str
    when: str
    edits: tuple[tuple[str, str], ...]

    def source(self) -> str:
        """Return the source of the function with this mistake in it.

        Raises: ValueError if an edit does not fit the reference exactly once.
        """
        text = sources()[self.function]
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{self.function}, {self.name}: {old!r} must occur exactly once")
            text = text.replace(old, new)
        return text


MISTAKES = (
    Mistake(
        "rnn_cell_forward",
        "hidden bias forgotten",
        "the bias ba is left out of equation (1)",
        ((" + ba)", ")"),),
    ),
)


def variants(function: str) -> Iterator[tuple[Mistake, dict[str, Any]]]:
    """Yield every known mistake of a function with a namespace in which it was made."""
    for mistake in MISTAKES:
        if mistake.function == function:
            yield mistake, namespace({function: mistake.source()})
