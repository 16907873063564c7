"""What a known mistake is: an edit of a reference function, with a sentence that names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ..solutions import sources

Edit = tuple[str, str]

# What a message must hold where a sentence about the kind of failure says it best.
CHANGED = "in place"
KEEPS = "keeps something from call to call"
FLOAT32 = "dtype is float32"
INTEGERS = "whole numbers"
ROUNDED = "rounded"


@dataclass(frozen=True)
class Mistake:
    """A slip in ``function``. ``when`` completes "This is what comes out when …".

    Each edit is a pair (text in the reference, text in its place). ``says`` is what a message
    must hold to have named the mistake, where that is not ``when`` itself.
    """

    function: str
    name: str
    when: str
    edits: tuple[Edit, ...]
    says: str = ""

    def named_in(self, message: str) -> bool:
        """Tell whether a message names this mistake."""
        return self.when in message or bool(self.says and self.says in message)

    def source(self) -> str:
        """Return the source of the function with this mistake in it.

        Raises: ValueError if an edit does not fit the reference exactly once.
        """
        return _edited(self)


@cache
def _edited(mistake: Mistake) -> str:
    text = sources()[mistake.function]
    for old, new in mistake.edits:
        if text.count(old) != 1:
            raise ValueError(f"{mistake.function}, {mistake.name}: {old!r} must occur exactly once")
        text = text.replace(old, new)
    return text


def slips_in(function: str) -> Callable[..., Mistake]:
    """Return a short way to write Mistake(function, name, when, edits, says)."""

    def slip(name: str, when: str, *edits: Edit, says: str = "") -> Mistake:
        return Mistake(function, name, when, edits, says)

    return slip
