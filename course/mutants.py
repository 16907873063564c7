"""Measure the checks: wrong solutions they catch and name, right ones they accept.

    python -m course.mutants        print a table; exit 1 on a survivor or when a figure falls

A solution is judged as in class: the notebook's cells run in order in one namespace, with the
solution in place, first as students run them and then with the hidden tests.
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from runpy import run_path
from typing import Any

import jupytext
import numpy as np

import rnn_utils

from . import build, paths
from .engine.hidden import hidden_part, without_hidden
from .mistakes import MISTAKES, Mistake
from .solutions import sources

# The figures may not fall below these, in percent.
CAUGHT_IN_ALL = 100.0
CAUGHT_BY_VISIBLE = 97.0
NAMED = 93.0
ACCEPTED = 100.0

# How a message begins to name a mistake.
NAMING = re.compile(r"what comes out when |comes out of one of ")


@dataclass(frozen=True)
class Cell:
    """A code cell of a manuscript."""

    source: str
    name: str
    grade: bool
    points: float


@dataclass(frozen=True)
class Verdict:
    """What one test cell said to a student, and at grading; nothing ("") if it passed."""

    name: str
    points: float
    visible: str
    hidden: str


@dataclass(frozen=True)
class Score:
    """What all test cells of a function said about one solution."""

    verdicts: tuple[Verdict, ...]

    @property
    def messages(self) -> list[str]:
        """The messages of all cells that failed, in order."""
        return [v.visible or v.hidden for v in self.verdicts if v.visible or v.hidden]

    @property
    def caught_by_visible(self) -> bool:
        """Whether a check failed in a student's own notebook."""
        return any(v.visible for v in self.verdicts)

    @property
    def lost(self) -> float:
        """Points lost at grading."""
        return sum(v.points for v in self.verdicts if v.visible or v.hidden)


# --- Running a solution ------------------------------------------------------------------------


@cache
def code_cells(assignment: str) -> tuple[Cell, ...]:
    """Return the code cells of an assignment."""
    found = []
    for cell in jupytext.read(paths.manuscript(assignment)).cells:
        if cell.cell_type == "code":
            about = cell.metadata.get("nbgrader", {})
            name, points = about.get("grade_id", ""), about.get("points", 0)
            found.append(Cell(cell.source, name, about.get("grade", False), points))
    return tuple(found)


@cache
def assignment_of(function: str) -> str:
    """Return the assignment in which students write a function."""
    return next(a for a in paths.ASSIGNMENTS if any(c.name == function for c in code_cells(a)))


@cache
def test_cells(function: str) -> tuple[Cell, ...]:
    """Return the test cells that grade a function."""
    cells = code_cells(assignment_of(function))
    return tuple(c for c in cells if c.grade and c.name.startswith(function + "_"))


def score(function: str, solution: str, carried: dict[str, str] | None = None) -> Score:
    """Judge one solution of ``function``.

    Arguments: solution, its source; carried, sources of other functions in the same notebook that
    take the place of the reference's, by name.
    """
    replaced = {**(carried or {}), function: solution}
    with quiet(), known_mistakes(assignment_of(function)):
        # Two runs from the start, as a student's own and as the grader's: some mistakes show only
        # in what an earlier call has left behind.
        visible = _messages(function, replaced, without_hidden)
        graded = _messages(function, replaced, str)
    cells = test_cells(function)
    return Score(tuple(Verdict(c.name, c.points, visible[c.name], graded[c.name]) for c in cells))


def graded(function: str, solution: str, carried: dict[str, str] | None = None) -> float:
    """Return the points that a solution loses at grading, beside other functions as ``carried``."""
    replaced = {**(carried or {}), function: solution}
    with quiet(), known_mistakes(assignment_of(function)):
        said = _messages(function, replaced, str)
    return sum(cell.points for cell in test_cells(function) if said[cell.name])


def shown(function: str, solution: str) -> list[str]:
    """Return what the visible parts of the test cells say in a student's own notebook."""
    with quiet(), known_mistakes(assignment_of(function)):
        said = _messages(function, {function: solution}, without_hidden)
    return [message for message in said.values() if message]


def hidden_alone(function: str, solution: str) -> list[str]:
    """Return what the hidden parts of the test cells say, each run without its visible part."""
    with quiet():
        said = _messages(function, {function: solution}, _hidden)
    return [message for message in said.values() if message]


def _hidden(source: str) -> str:
    """Keep of a test cell its imports, the names of returned values, and its hidden part."""
    kept = [line for line in source.splitlines() if re.match(r"import|from|returns = ", line)]
    return "\n".join([*kept, hidden_part(source)])


def _messages(
    function: str, replaced: dict[str, str], shown: Callable[[str], str]
) -> dict[str, str]:
    """Run the notebook and return, for each test cell of a function, its message or nothing."""
    names: dict[str, Any] = {"__name__": "__main__"}
    found = {}
    for cell in code_cells(assignment_of(function)):
        if not cell.grade and _matters(cell, function):
            _run(_with(replaced, cell), names)
        elif cell in test_cells(function):
            found[cell.name] = _run(shown(cell.source), names)
    return found


def _matters(cell: Cell, function: str) -> bool:
    """Tell whether a cell without points has to run: it imports, defines or tries the function."""
    return any(text in cell.source for text in ("import ", "### BEGIN SOLUTION", function))


def _with(replaced: dict[str, str], cell: Cell) -> str:
    """Return the source of a cell, with solutions put in place of the reference's."""
    if "### BEGIN SOLUTION" not in cell.source:
        return cell.source
    defined = re.findall(r"^def (\w+)\(", cell.source, re.M)
    texts = [replaced[name] for name in defined if name in replaced]
    kept = [] if len(texts) == len(defined) else [cell.source]
    return "\n\n".join([*kept, *texts])


def _run(source: str, names: dict[str, Any]) -> str:
    """Run a cell and return the message of its error, or nothing."""
    file = f"<cell {hash(source)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        exec(_compiled(source, file), names)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


@cache
def _compiled(source: str, file: str) -> Any:
    return compile(source, file, "exec")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what cells print, and warnings about numbers, off the screen."""
    with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        yield


@contextlib.contextmanager
def known_mistakes(assignment: str) -> Iterator[None]:
    """Put an assignment's fingerprints of known mistakes where rnn_utils looks for them."""
    before, rnn_utils.KNOWN_MISTAKES = rnn_utils.KNOWN_MISTAKES, _known_mistakes(assignment)
    try:
        yield
    finally:
        rnn_utils.KNOWN_MISTAKES = before


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@cache
def known(assignment: str) -> dict[str, list[dict]]:
    """Return the fingerprints of known mistakes that ship with an assignment."""
    return build.known_mistakes(build.read_manuscript(paths.manuscript(assignment)))


@cache
def _known_mistakes(assignment: str) -> Path:
    path = Path(_scratch().name) / f"{assignment}.json"
    path.write_text(json.dumps(known(assignment)), encoding="utf-8")
    return path


# --- Judging the checks ------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """How the checks did on one wrong solution."""

    mistake: Mistake
    score: Score

    @property
    def caught(self) -> bool:
        """Whether points are lost at grading; a check without points does not count."""
        return self.score.lost > 0

    @property
    def named(self) -> bool:
        """Whether a message names the mistake, and none names another and not this one."""
        messages = self.score.messages
        misled = [m for m in messages if NAMING.search(m) and not self.mistake.named_in(m)]
        return any(map(self.mistake.named_in, messages)) and not misled


@dataclass(frozen=True)
class Row:
    """What the table says of one function, or of all."""

    wrong: int
    visible: int
    caught: int
    named: int
    right: int
    accepted: int

    def __add__(self, other: Row) -> Row:
        return Row(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def falls(self) -> list[str]:
        """Return a line for each figure that is below what it has to be."""
        figures = {
            "caught in all": (self.caught, self.wrong, CAUGHT_IN_ALL),
            "caught by visible checks": (self.visible, self.wrong, CAUGHT_BY_VISIBLE),
            "named": (self.named, self.wrong, NAMED),
            "right solutions accepted": (self.accepted, self.right, ACCEPTED),
        }
        return [
            f"{name}: {100 * part / whole:.1f} % is below {least} %"
            for name, (part, whole, least) in figures.items()
            if whole and 100 * part / whole < least
        ]


@cache
def outcomes(function: str) -> tuple[Outcome, ...]:
    """Judge every known mistake of a function."""
    wrong = [m for m in MISTAKES if m.function == function]
    return tuple(Outcome(mistake, score(function, mistake.source())) for mistake in wrong)


def rejected(function: str, right: list[tuple[str, str, str]]) -> list[str]:
    """Return what is different in the right solutions of a function on which a check fails."""
    mine = [(what, source) for name, what, source in right if name == function]
    mine.append(("the reference", sources()[function]))
    return [what for what, source in mine if score(function, source).messages]


def row(function: str, right: list[tuple[str, str, str]]) -> Row:
    """Count how the checks of one function did."""
    found = outcomes(function)
    solutions = 1 + sum(name == function for name, _, _ in right)
    return Row(
        len(found),
        sum(o.score.caught_by_visible for o in found),
        sum(o.caught for o in found),
        sum(o.named for o in found),
        solutions,
        solutions - len(rejected(function, right)),
    )


def right_solutions() -> list[tuple[str, str, str]]:
    """Return the corpus of right solutions, which lives with the tests."""
    return run_path(str(paths.ROOT / "tests" / "right_solutions.py"))["RIGHT"]


def report() -> tuple[str, bool]:
    """Return the table and whether all is well."""
    right = right_solutions()
    rows = {function: row(function, right) for function in sources()}
    total = sum(rows.values(), Row(0, 0, 0, 0, 0, 0))
    heads = ("wrong", "visible", "caught", "named", "right", "accepted")
    lines = [" " * 20 + "".join(f"{head:>10}" for head in heads)]
    for name, counts in {**rows, "all": total}.items():
        lines.append(f"{name:20}" + "".join(f"{count:10}" for count in astuple(counts)))
    problems = [
        *(f"survives: {f}, {o.mistake.name}" for f in rows for o in outcomes(f) if not o.caught),
        *(f"rejected, but right: {f}, {what}" for f in rows for what in rejected(f, right)),
        *total.falls(),
    ]
    asides = [
        *(
            f"only by hidden tests: {f}, {o.mistake.name}"
            for f in rows
            for o in outcomes(f)
            if o.caught and not o.score.caught_by_visible
        ),
        *(f"not named: {f}, {o.mistake.name}" for f in rows for o in outcomes(f) if not o.named),
    ]
    verdict = "Survivors: none." if not problems else "NOT GOOD ENOUGH"
    return "\n".join([*lines, "", *asides, *problems, verdict]), not problems


def main() -> int:
    """Print the table; return 1 if something has to be mended."""
    text, well = report()
    print(text)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
