"""The same answers get the same verdict: what test cells said before, by what they were told.

A test cell learns of a submission by asking and being answered, and of nothing else. So if a
submission answers each question with the very bytes that an earlier one answered with, the verdict
is known, and the cell need not run again. In a class, most answers are right and thus alike, and
those that are wrong are often wrong in the same way.

What is remembered is a tree for each test cell: a question, for each answer to it the next
question, and so on to the verdict. It is filled by running the cell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

TestCell = tuple[str, str]  # what it depends on besides, and its source
MAX_BYTES = 64 * 1024 * 1024
_BYTES_OF_A_STEP = 200  # about, without its question


@dataclass(slots=True)
class Step:
    """A question and what followed each answer to it; at the end of the way, a verdict."""

    question: bytes | None = None
    starts_a_call: bool = True
    after: dict[bytes, Step] = field(default_factory=dict)
    verdict: dict[str, Any] | None = None

    def answered(self, answer: bytes) -> Step | None:
        """What came after this answer, if it was met before."""
        return self.after.get(_digest(answer))


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question, as it was sent, and its answer, as it came."""

    question: bytes
    starts_a_call: bool  # and does not answer a call of a function on loan
    answer: bytes


class Transcripts:
    """All that is remembered of one assignment."""

    def __init__(self) -> None:
        self._first: dict[TestCell, Step] = {}
        self._bytes = 0
        self._unsteady: set[TestCell] = set()

    def first_step(self, test: TestCell) -> Step | None:
        """Where the tree of a test cell begins; None if nothing is known of the cell."""
        return self._first.get(test)

    def is_unsteady(self, test: TestCell) -> None:
        """Remember nothing of a cell that does not always ask the same."""
        self._unsteady.add(test)
        self._first.pop(test, None)

    def remember(
        self, test: TestCell, exchanges: Iterable[Exchange], verdict: dict[str, Any]
    ) -> None:
        """Add what a run of a test cell has asked, was told, and found."""
        if test in self._unsteady:
            return
        if self._bytes > MAX_BYTES:
            self._first, self._bytes = {}, 0
        step = self._first.setdefault(test, Step())
        for one in exchanges:
            if step.question is None:
                step.question, step.starts_a_call = one.question, one.starts_a_call
                self._bytes += len(one.question)
            elif step.question != one.question:
                self.is_unsteady(test)
                return
            self._bytes += _BYTES_OF_A_STEP
            step = step.after.setdefault(_digest(one.answer), Step())
        step.verdict = verdict


def _digest(answer: bytes) -> bytes:
    return hashlib.blake2b(answer, digest_size=16).digest()
