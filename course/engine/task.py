"""What goes into a grading task and what comes out: plain data, no gradebook."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from .isolation import Limits
from .outputs import Markup
from .proof import Program, prove


@dataclass(frozen=True)
class Test:
    """One test cell of the master."""

    __test__ = False  # pytest need not look into it

    id: str
    source: str

    def names_of(self, functions: Iterable[str]) -> tuple[str, ...]:
        """Those of these functions whose names occur in it."""
        return _names_in(self.source, tuple(functions))


@lru_cache(maxsize=512)
def _names_in(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    words = set(re.findall(r"\w+", text))
    return tuple(name for name in names if name in words)


@dataclass(frozen=True)
class Support:
    """The master's files that lie beside a notebook, by relative name."""

    files: dict[str, bytes]

    @cached_property  # looked at several times for each submission
    def name(self) -> str:
        """A name that changes when any file does."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(name.encode() + b"\0" + hashlib.sha256(self.files[name]).digest())
        return digest.hexdigest()[:32]

    @cached_property
    def modules(self) -> Support:
        """The Python files among them."""
        return Support({n: data for n, data in self.files.items() if n.endswith(".py")})

    @cached_property
    def may_draw(self) -> bool:
        """Whether a file is likely to want matplotlib."""
        return any(b"matplotlib" in data or b"pylab" in data for data in self.files.values())


@dataclass(frozen=True)
class Task:
    """A submission to grade: the student's cells by position, and the master's tests."""

    folder: str
    cells: list[tuple[int, str]]
    tests: list[Test]
    names: list[str]  # the functions that the student was asked to write
    support: Support
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def may_draw(self) -> bool:
        """Whether matplotlib is likely to be wanted; without it being loaded, it can be had."""
        named = any("matplotlib" in source or "pylab" in source for _, source in self.cells)
        return named or self.support.may_draw

    @cached_property
    def program(self) -> Program | None:
        """The program, where calls of the functions provably leave nothing behind."""
        return prove([source for _, source in self.cells], self.names, self.support)


@dataclass
class Verdict:
    """What one test cell found."""

    id: str
    passed: bool
    outputs: list[dict[str, Any]]
    seconds: float = 0.0
    general: bool = False  # it holds wherever the functions that the test names do the same


@dataclass
class Result:
    """What came of a task."""

    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    irregularities: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_kb: int = 0
    markup: Markup = field(default_factory=Markup)
    known: int = 0  # verdicts that were there before, from the same code
