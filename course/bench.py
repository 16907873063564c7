"""How long grading takes: stock nbgrader, the engine, and the bare cells, on one core in one run.

`python -m course.bench` grades the same class with both, prints the ratio, where the engine's time
goes, and what one submission needs in memory. Of ten students in the class, six have solved the
assignment, in different ways, three have made one of the known mistakes, each another, and one has
written nothing yet. No two that were written in are the same text.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader, NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from .engine.config import install
from .engine.engine import Engine, shared_engine
from .engine.sandbox import unsandboxed_by_environment, would_show
from .mistakes import MISTAKES
from .mutants import assignment_of, right_solutions
from .paths import ROOT, SOURCE
from .sample_class import solved, untouched
from .solutions import sources


class _Quiet(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            print("  " + record.getMessage().strip().splitlines()[-1], file=sys.stderr)


class Bench:
    """A copy of the course with a class of its own."""

    def __init__(self, root: Path, assignments: list[str]) -> None:
        self.root, self.assignments = root, assignments
        self.db_url = f"sqlite:///{root}/gradebook.db"
        for name in assignments:
            shutil.copytree(SOURCE / name, root / "source" / name, dirs_exist_ok=True)
        for name in assignments:
            application = self._application(Config())
            api = NbGraderAPI(application.coursedir, parent=application)
            done = api.generate_assignment(name)
            if not done["success"]:
                raise SystemExit(f"{name} could not be generated:\n{done.get('error')}")

    def _application(self, config: Config) -> NbGrader:
        # `nbgrader_config.py` reads the environment and says where the course is.
        base = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
        for trait in ("exporter_class", "sanitize_preprocessors", "autograde_preprocessors"):
            base.Autograde.pop(trait, None)
        base.merge(config)
        base.CourseDirectory.root = str(self.root)
        base.CourseDirectory.db_url = self.db_url
        application = NbGrader(config=base)
        application.log.handlers = [_Quiet()]
        application.log.propagate = False
        application.coursedir = CourseDirectory(parent=application)
        return application

    def hand_in_these(self, submissions: Iterable[tuple[str, str, NotebookNode]]) -> int:
        """Make a class of (student, assignment, notebook); give the number of notebooks."""
        shutil.rmtree(self.root / "submitted", ignore_errors=True)
        shutil.rmtree(self.root / "autograded", ignore_errors=True)
        count = 0
        for student, name, notebook in submissions:
            folder = self.root / "submitted" / student / name
            folder.mkdir(parents=True)
            (folder / f"{name}.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
            count += 1
        return count

    def grade(self, engine: bool, config: Config | None = None) -> float:
        """Grade the class; give the seconds."""
        config = config or Config()
        if engine:
            install(config)
        started = time.perf_counter()
        for name in self.assignments:
            application = self._application(config)
            application.coursedir.assignment_id = name
            place = Path.cwd()
            try:
                Autograde(coursedir=application.coursedir, parent=application).start()
            finally:
                os.chdir(place)
        return time.perf_counter() - started

    def engine(self) -> Engine:
        """The engine that `grade` uses."""
        return shared_engine(not unsandboxed_by_environment(), would_show(str(self.root)))

    def scores(self) -> dict[tuple[str, str, str], float | None]:
        """Points by assignment, student and cell."""
        found = {}
        with Gradebook(self.db_url) as gradebook:
            for name in self.assignments:
                for submission in gradebook.assignment_submissions(name):
                    for grade in submission.notebooks[0].grades:
                        found[name, submission.student.id, grade.name] = grade.auto_score
        return found

    def forget_grades(self) -> None:
        """Remove all submissions from the gradebook."""
        with Gradebook(self.db_url) as gradebook:
            for student in list(gradebook.students):
                gradebook.remove_student(student.id)

    def bare(self) -> float:
        """The same cells, one after the other in one warm process; seconds for each notebook."""
        from .engine import cells

        shell = cells.make_shell()
        cells.warm_up(shell, figures=True)
        seconds, count = 0.0, 0
        for path in sorted((self.root / "autograded").rglob("*.ipynb")):
            sources = [
                "".join(c["source"]) for c in _read(path)["cells"] if c["cell_type"] == "code"
            ]
            place, sys.path[:] = Path.cwd(), [str(path.parent), *sys.path]
            os.chdir(path.parent)
            started = time.perf_counter()
            cells.fresh_namespace(shell, {})
            for source in sources:
                cells.run(shell, source)
            seconds += time.perf_counter() - started
            count += 1
            os.chdir(place)
            del sys.path[0]
        return seconds / max(count, 1)


def a_class(assignment: str, students: int) -> Iterator[tuple[str, str, NotebookNode]]:
    """Make (student, assignment, notebook) for so many students."""
    own = [name for name in sources() if assignment_of(name) == assignment]
    right = [{}, *({name: text} for name, _, text in right_solutions() if name in own)]
    wrong = [{m.function: m.source()} for m in MISTAKES if m.function in own]
    for number in range(students):
        student, group, place = f"student-{number:03}", number % 10, number // 10
        if group == 9:
            yield student, assignment, untouched(assignment)
            continue
        if group < 6:
            edited = right[(6 * place + group) % len(right)]
        else:
            edited = wrong[(3 * place + group - 6) * 7 % len(wrong)]
        notebook = solved(assignment, edited)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source += f"\n# written by {student}"
        yield student, assignment, notebook


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _one_core() -> str:
    if not hasattr(os, "sched_setaffinity"):
        return "all cores (this system cannot bind a process to one)"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return "one core"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=60, help="in the class")
    parser.add_argument("--assignments", nargs="*", default=None)
    parser.add_argument("--at-least", type=float, default=0, help="fail under this ratio")
    chosen = parser.parse_args()
    assignments = chosen.assignments or sorted(p.name for p in SOURCE.iterdir() if p.is_dir())
    where = _one_core()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder, "course"), assignments)
        submissions = [one for name in assignments for one in a_class(name, chosen.students)]
        count = len(submissions)
        print(f"{chosen.students} students, {len(assignments)} assignments, on {where}", flush=True)
        bench.hand_in_these(submissions)
        stock = bench.grade(engine=False) / count
        print(f"stock nbgrader   {stock * 1000:8.1f} ms a notebook", flush=True)
        wanted = bench.scores()
        bench.forget_grades()
        engine = bench.engine()
        started = time.perf_counter()
        engine.wait_until_warm()
        start = time.perf_counter() - started
        bench.hand_in_these(submissions)
        ours = bench.grade(engine=True) / count
        came = bench.scores()
        print(f"the engine       {ours * 1000:8.1f} ms a notebook")
        bare = bench.bare()
        print(f"bare cells       {bare * 1000:8.1f} ms a notebook, in one warm process")
        print(f"ratio            {stock / ours:8.1f} times as fast as stock")
        _where_time_goes(engine.measured, ours, start)
        engine.stop()
        different = {cell for cell in wanted if wanted[cell] != came.get(cell)}
        print(f"Grades: {len(wanted)} cells, {len(different)} differ from stock.")
        for cell in sorted(different):
            print(f"  {' '.join(cell)}: stock {wanted[cell]}, engine {came.get(cell)}")
    if different:
        raise SystemExit("the grades differ")
    if stock / ours < chosen.at_least:
        raise SystemExit(f"the ratio is under {chosen.at_least:g}")


def _where_time_goes(measured: list[dict[str, float]], ours: float, start: float) -> None:
    spent = {
        name: sum(one[name] for one in measured) / len(measured)
        for name in ("cells", "tests", "end")
    }
    print("\nWhere the engine's time goes, for one notebook:")
    print(f"  the student's process and cells   {spent['cells'] * 1000:7.1f} ms")
    print(f"  the tests                         {spent['tests'] * 1000:7.1f} ms")
    print(f"  ending the student's process      {spent['end'] * 1000:7.1f} ms")
    rest = ours - sum(spent.values())
    print(f"  nbgrader's reading and bookkeeping{rest * 1000:7.1f} ms")
    known, asked = (sum(one[name] for one in measured) for name in ("known", "asked"))
    print(f"Of the tests, {known / asked:.0%} had met the same code before, in another notebook.")
    print(f"Once for a class: {start:.1f} s to start the warm processes.")
    peak = max(one["peak_kb"] for one in measured) / 1024
    print(f"Peak memory of a submission: {peak:.0f} MB, of which most is shared with the others.")


if __name__ == "__main__":
    main()
