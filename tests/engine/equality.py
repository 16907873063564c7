"""Compare the engine's points with stock nbgrader's, cell by cell.

`python -m tests.engine.equality` takes every known mistake, every right solution of the tests and
the sample class. That is some 400 notebooks, each in a kernel of its own with stock nbgrader.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.converters.base import NbGraderException

from course.bench import Bench
from course.mistakes import MISTAKES
from course.mutants import assignment_of, right_solutions
from course.paths import ASSIGNMENTS
from course.sample_class import STUDENTS, solved
from course.solutions import sources

ATTEMPTS = 3
Points = dict[str, float | None]  # by "student cell"


def corpus(assignment: str) -> Iterator[tuple[str, str, NotebookNode]]:
    """Give (student, assignment, notebook) for all that is known of an assignment."""
    own = [function for function in sources() if assignment_of(function) == assignment]
    for number, mistake in enumerate(m for m in MISTAKES if m.function in own):
        edited = {mistake.function: mistake.source()}
        yield f"wrong-{number}", assignment, solved(assignment, edited)
    for number, (function, _, source) in enumerate(r for r in right_solutions() if r[0] in own):
        yield f"right-{number}", assignment, solved(assignment, {function: source})
    for student, hand_in in STUDENTS.items():
        yield student, assignment, hand_in(assignment)


def compare(assignment: str, every: int = 1) -> tuple[Points, Points]:
    """Grade every so many-th notebook with both; give stock's points and the engine's."""
    submissions = list(corpus(assignment))[::every]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder, "course"), [assignment])
        stock = _by_stock(bench, submissions)
        bench.forget_grades()
        bench.hand_in_these(submissions)
        bench.grade(engine=True)
        ours = _points(bench)
        bench.engine().stop()
    return stock, ours


def _by_stock(bench: Bench, submissions: list[tuple[str, str, NotebookNode]]) -> Points:
    """Grade with stock nbgrader; where its kernel did not start, grade again.

    Kernels that start at the same moment sometimes choose the same port.
    """
    for _ in range(ATTEMPTS):
        bench.hand_in_these(submissions)
        with contextlib.suppress(NbGraderException):
            bench.grade(engine=False)
        points = _points(bench)
        left = {cell.split()[0] for cell, given in points.items() if given is None}
        submissions = [one for one in submissions if one[0] in left]
        if not submissions:
            break
    return points


def _points(bench: Bench) -> Points:
    return {f"{who} {cell}": given for (_, who, cell), given in bench.scores().items()}


def _compare_to_file(assignment: str, every: int, file: str) -> None:
    Path(file).write_text(json.dumps(compare(assignment, every)), encoding="utf-8")


def main() -> None:
    """Compare all assignments, on all cores, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every so many-th notebook only")
    every = parser.parse_args().every
    cells = differ = left = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(os.cpu_count(), maxtasksperchild=1) as pool,
    ):
        files = {name: f"{folder}/{name}.json" for name in ASSIGNMENTS}
        # The longest first, so that no core is left with it at the end.
        jobs = [(name, every, files[name]) for name in reversed(ASSIGNMENTS)]
        pool.starmap(_compare_to_file, jobs, chunksize=1)
        for name, file in files.items():
            stock, ours = json.loads(Path(file).read_text(encoding="utf-8"))
            given = {cell: points for cell, points in stock.items() if points is not None}
            different = [cell for cell in given if given[cell] != ours.get(cell)]
            left += len(stock) - len(given)
            notebooks = len({cell.split()[0] for cell in stock})
            print(f"{name}: {notebooks} notebooks, {len(given)} cells, {len(different)} differ")
            for cell in different:
                print(f"  {cell}: stock {stock[cell]}, engine {ours.get(cell)}")
            cells, differ = cells + len(given), differ + len(different)
    print(f"In all {cells} cells, {differ} differ from stock.")
    print(f"Stock gave no points at all for {left} checks that a student had deleted.")
    raise SystemExit(bool(differ))


if __name__ == "__main__":
    main()
