"""Grade a class: look at every submission, grade it with nbgrader, write feedback, print a table.

    python -m course.grade            what is in submitted/
    python -m course.grade demo       a small sample class, in demo/

The exit status is 1 if a submission could not be graded; all others are graded all the same.
Students' code runs in a sandbox. Where there can be none, real submissions are refused.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
from nbformat.warnings import MissingIDFieldWarning
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from . import paths
from .engine import sandbox
from .engine.intake import irregularities
from .sample_class import write_sample_class


@dataclass
class Result:
    """What became of one submission."""

    digest: str
    score: float = 0.0
    out_of: float = 0.0
    graded: bool = False
    notes: list[str] = field(default_factory=list)


class Classroom:
    """A folder with submitted/, and nbgrader working on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.api = _nbgrader(root)
        self.report = root / "autograded" / "report.json"
        self.results = self._load()

    def _load(self) -> dict[str, Result]:
        if not self.report.exists():
            return {}
        stored = json.loads(self.report.read_text(encoding="utf-8"))
        return {key: Result(**value) for key, value in stored.items()}

    def _save(self) -> None:
        self.report.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({key: asdict(value) for key, value in self.results.items()}, indent=1)
        fresh = self.report.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.report)  # in one move, so that an interrupted run leaves the old one

    def submissions(self) -> list[tuple[str, str]]:
        """Return (student, assignment) for every submitted folder."""
        folders = sorted((self.root / "submitted").glob("*/*/"))
        return [(f.parent.name, f.name) for f in folders if f.name in paths.ASSIGNMENTS]

    def register_assignments(self) -> None:
        """Make sure that the gradebook knows the assignments as they are in source/."""
        known = {assignment.name for assignment in self.api.gradebook.assignments}
        for assignment in paths.ASSIGNMENTS:
            if assignment not in known:
                print(f"registering {assignment}", flush=True)
                _insist(self.api.generate_assignment(assignment), f"register {assignment}")

    def grade_all(self) -> None:
        """Grade what is new or has changed since the last run, one submission after the other."""
        work = self.submissions()
        for number, (student, assignment) in enumerate(work, start=1):
            print(f"[{number:3}/{len(work)}] {student:12} {assignment:18}", end="", flush=True)
            key = f"{student}/{assignment}"
            if key in self.results and self.results[key].digest == self._digest(
                student, assignment
            ):
                print("unchanged")
                continue
            self.results[key] = result = self._grade(student, assignment)
            self._save()
            print(
                f"{result.score:g}/{result.out_of:g}" if result.graded else "NOT GRADED", flush=True
            )

    def _grade(self, student: str, assignment: str) -> Result:
        result = Result(self._digest(student, assignment))
        with self.api.gradebook as gradebook:
            result.out_of = gradebook.find_assignment(assignment).max_score
        outcome = self.api.autograde(assignment, student, force=True)
        if not outcome["success"]:
            result.notes.append(f"nbgrader could not grade it: {_last_line(outcome)}")
            return result
        odd = irregularities(self.root / "autograded", assignment)[student, assignment]
        result.graded = odd.get("readable", True)
        result.notes += odd["irregularities"]
        with self.api.gradebook as gradebook:
            result.score = gradebook.find_submission(assignment, student).score
        result.notes += self._failures(student, assignment) if result.graded else []
        outcome = self.api.generate_feedback(assignment, student, force=True)
        if not outcome["success"]:
            result.notes.append(f"no feedback could be written: {_last_line(outcome)}")
        return result

    def _failures(self, student: str, assignment: str) -> list[str]:
        """Return what the failing checks said, each sentence once."""
        path = self.root / "autograded" / student / assignment / f"{assignment}.ipynb"
        said: dict[str, None] = {}
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                for output in cell.get("outputs", []):
                    if output.output_type == "error":
                        said[output.evalue.splitlines()[-1] if output.evalue else output.ename] = (
                            None
                        )
        return list(said)

    def _digest(self, student: str, assignment: str) -> str:
        """Fingerprint a submission and what it is graded with; changed bytes mean grading anew."""
        files = sorted(p for p in (self.root / "submitted" / student / assignment).rglob("*"))
        digest = hashlib.sha256(paths.source(assignment).read_bytes())
        for path in files:
            digest.update(str(path.name).encode())
            if path.is_file():
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def print_table(self) -> None:
        """Print students by assignments, then what went wrong, then where the feedback is."""
        students = sorted({key.split("/")[0] for key in self.results})
        width = max(map(len, [*students, "student"]))
        print(
            f"\n{'student':{width}}",
            *(f"{a[:16]:>16}" for a in paths.ASSIGNMENTS),
            f"{'total':>10}",
        )
        for student in students:
            cells = [self.results.get(f"{student}/{a}") for a in paths.ASSIGNMENTS]
            print(
                f"{student:{width}}",
                *(f"{_cell(c):>16}" for c in cells),
                f"{self._total(student):>10}",
            )
        print("\nThe optional assignment is extra credit: it adds to a total and cannot lower it.")
        print("\nWhat went wrong:")
        for key, result in sorted(self.results.items()):
            for note in result.notes[:3]:
                print(f"  {key}: {note}")
        feedback = sorted((self.root / "feedback").rglob("*.html"))
        if feedback:
            print(f"\nFeedback for students: {len(feedback)} pages. For example:\n  {feedback[0]}")

    def _total(self, student: str) -> str:
        mine = {a: self.results.get(f"{student}/{a}") for a in paths.ASSIGNMENTS}
        return f"{sum(result.score for result in mine.values() if result):g}"

    @property
    def all_graded(self) -> bool:
        """Whether every submission could be graded."""
        return all(result.graded for result in self.results.values())


def _nbgrader(root: Path) -> NbGraderAPI:
    """Return nbgrader's API with this course's settings, working in ``root``."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(paths.ROOT)).load_config()
    if root != paths.ROOT:
        here = Config()
        here.CourseDirectory.root = str(root)
        here.CourseDirectory.source_directory = str(paths.SOURCE)
        here.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
        config.merge(here)
    coursedir = CourseDirectory(config=config)
    api = NbGraderAPI(coursedir, config=config)
    api.log_level = logging.WARNING
    return api


def _insist(outcome: dict, task: str) -> None:
    if not outcome["success"]:
        sys.exit(f"nbgrader could not {task}:\n{outcome.get('error') or outcome.get('log')}")


def _last_line(outcome: dict) -> str:
    text = str(outcome.get("error") or outcome.get("log") or "no reason given").strip()
    return text.splitlines()[-1]


def _cell(result: Result | None) -> str:
    if result is None:
        return "–"
    return f"{result.score:g}/{result.out_of:g}" if result.graded else "not graded"


def main() -> None:
    """Run the command line described at the top of this file."""
    # nbgrader's own: how it links rows, and cells that it adds back without an id.
    warnings.simplefilter("ignore", SAWarning)
    warnings.simplefilter("ignore", MissingIDFieldWarning)
    demo = sys.argv[1:] == ["demo"]
    root = paths.ROOT / "demo" if demo else paths.ROOT
    if demo:
        write_sample_class(root / "submitted")
    if not (root / "submitted").is_dir():
        sys.exit("There is no folder submitted/. Collect the students' work first: see README.md.")
    if problem := sandbox.refusal():
        if not demo and not sandbox.unsandboxed_by_environment():
            sys.exit(problem)
        print(f"{problem}\nThe sample class is our own, so it is graded without one.\n")
        os.environ[sandbox.UNSANDBOXED_VARIABLE] = sandbox.UNSANDBOXED_VALUE
    classroom = Classroom(root)
    classroom.register_assignments()
    classroom.grade_all()
    classroom.print_table()
    if not classroom.all_graded:
        print("\nSome submissions could not be graded; see the sentences above.")
    sys.exit(0 if classroom.all_graded or demo else 1)


if __name__ == "__main__":
    main()
