"""The same code gets the same verdict: what tests said before, by what the functions do.

Where calls provably keep nothing (see `proof`), what a function answers depends on its code
alone: not on comments, layout, other functions, the time or the machine. So where a test was run on
the same code before, it need not be run again. Every submission's own cells are run all the same,
for the outputs that its feedback shows.
"""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Any

from .task import Result, Task, Test, Verdict

MAX_VERDICTS = 20_000


class Programs:
    """The verdicts on code that was examined, the latest `MAX_VERDICTS` of them."""

    def __init__(self) -> None:
        self._verdicts: dict[tuple, Verdict] = {}

    def verdicts(self, task: Task, result: Result) -> dict[str, Verdict]:
        """What is known of a proven task whose cells have run, by the ids of the tests."""
        keys, found = _Keys(task, result), {}
        for test in task.tests:
            for key in (keys.by_code(test), keys.by_text(test)):
                if key is not None and key in self._verdicts:
                    found[test.id] = self._verdicts[key]
        return found

    def remember(self, task: Task, result: Result) -> None:
        """Keep what the tests said of a proven task, unless something was odd."""
        if result.irregularities or result.known == len(task.tests):
            return
        keys = _Keys(task, result)
        for test in task.tests:
            verdict = result.verdicts[test.id]
            key = keys.by_code(test) if verdict.general else None
            key = key or keys.by_text(test)
            self._verdicts.pop(key, None)
            self._verdicts[key] = verdict
        while len(self._verdicts) > MAX_VERDICTS:
            del self._verdicts[next(iter(self._verdicts))]


class _Keys:
    """What the verdicts on one task depend on, made short."""

    def __init__(self, task: Task, result: Result) -> None:
        assert task.program is not None
        # An error says how far a cell came.
        errors = [
            (place, output)
            for place, (number, _) in enumerate(task.cells)
            for output in result.outputs.get(number, [])
            if output["output_type"] == "error"
        ]
        self.names = task.names
        self.beside = _digest([task.names, task.support.name])
        self.text = _digest([task.cells, errors])
        self.code_behind = functools.cache(task.program.behind)

    def by_code(self, test: Test) -> tuple | None:
        """The same wherever the functions that the test names do the same, if that can be told."""
        code = self.code_behind(test.names_of(self.names))
        return (test, self.beside, code) if code else None

    def by_text(self, test: Test) -> tuple:
        """The same for notebooks that are the same letter by letter, and end in the same way."""
        return test, self.beside, self.text


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
