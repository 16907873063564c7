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
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log, temp_attrs
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
        self.registered, self.results = self._load()

    def _load(self) -> tuple[dict[str, str], dict[str, Result]]:
        if not self.report.exists():
            return {}, {}
        stored = json.loads(self.report.read_text(encoding="utf-8"))
        results = {key: Result(**value) for key, value in stored["results"].items()}
        return stored["registered"], results

    def _save(self) -> None:
        self.report.parent.mkdir(parents=True, exist_ok=True)
        results = {key: asdict(value) for key, value in self.results.items()}
        fresh = self.report.with_suffix(".new")
        stored = {"registered": self.registered, "results": results}
        fresh.write_text(json.dumps(stored, indent=1), encoding="utf-8")
        fresh.replace(self.report)  # in one move, so that an interrupted run leaves the old one

    def register_assignments(self) -> None:
        """Make sure that the gradebook knows the assignments as they are in source/."""
        with self.api.gradebook as gradebook:
            known = {assignment.name for assignment in gradebook.assignments}
        for assignment in paths.ASSIGNMENTS:
            digest = hashlib.sha256(paths.source(assignment).read_bytes()).hexdigest()
            if assignment not in known or self.registered.get(assignment) != digest:
                print(f"registering {assignment}", flush=True)
                _insist(self.api.generate_assignment(assignment), f"register {assignment}")
                self.registered[assignment] = digest
        self._save()

    def grade_all(self) -> None:
        """Grade what is new or has changed since the last run, assignment by assignment."""
        for assignment in paths.ASSIGNMENTS:
            folders = sorted((self.root / "submitted").glob(f"*/{assignment}/"))
            digests = {f.parent.name: self._digest(f, assignment) for f in folders}
            kept = [s for s in digests if self._is_graded(s, assignment, digests[s])]
            work = [student for student in digests if student not in kept]
            print(f"{assignment}: {len(work)} to grade, {len(kept)} unchanged", flush=True)
            if not work:
                continue
            log = self._run(Autograde, assignment, kept, len(work))
            self._read_results(assignment, {student: digests[student] for student in work}, log)
            self._run(GenerateFeedback, assignment, kept, len(work))
            self._save()

    def _is_graded(self, student: str, assignment: str, digest: str) -> bool:
        result = self.results.get(f"{student}/{assignment}")
        return result is not None and result.digest == digest

    def _run(self, step: type, assignment: str, kept: list[str], count: int) -> str:
        """Let nbgrader do one step for all students but those whose grade is kept."""
        course = self.api.coursedir
        leave_out = ",".join(kept)
        with temp_attrs(
            course, assignment_id=assignment, student_id="*", student_id_exclude=leave_out
        ):
            converter = step(coursedir=course, parent=self.api)
            converter.force = True
            progress = _Progress(step.__name__, count)
            converter.log.addHandler(progress)
            converter.log.setLevel(logging.INFO)
            outcome = capture_log(converter)
            converter.log.removeHandler(progress)
            if sys.stdout.isatty():
                print(flush=True)
        return f"{outcome.get('log', '')}\n{outcome.get('error', '')}"

    def _read_results(self, assignment: str, digests: dict[str, str], log: str) -> None:
        """Read what nbgrader has made of these students' submissions."""
        found = irregularities(self.root / "autograded", assignment)
        with self.api.gradebook as gradebook:
            out_of = gradebook.find_assignment(assignment).max_score
            for student, digest in digests.items():
                result = Result(digest, out_of=out_of)
                self.results[f"{student}/{assignment}"] = result
                odd = found.get((student, assignment), {})
                if not odd.get("graded"):
                    result.digest = ""  # try again next time
                    said = [line for line in log.splitlines() if student in line] or [log]
                    result.notes.append(f"It could not be graded: {said[-1].strip()[-200:]}")
                    continue
                result.graded = odd["readable"]
                result.score = gradebook.find_submission(assignment, student).score
                result.notes += odd["irregularities"][: None if result.graded else 1]
                result.notes += self._failures(student, assignment) if result.graded else []

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

    def _digest(self, folder: Path, assignment: str) -> str:
        """Fingerprint a submission and what it is graded with; changed bytes mean grading anew."""
        digest = hashlib.sha256(paths.source(assignment).read_bytes())
        for path in sorted(folder.rglob("*")):
            digest.update(os.fsencode(path.relative_to(folder)))
            if path.is_file() and not path.is_symlink():
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


class _Progress(logging.Handler):
    """Shows which submission nbgrader is at, from what it logs."""

    def __init__(self, step: str, count: int) -> None:
        super().__init__(logging.INFO)
        self.step, self.count, self.done = step, count, 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count one submission when nbgrader starts with it."""
        text = record.getMessage()
        start = "Autograding " if self.step == "Autograde" else "Converting notebook "
        if text.startswith(start):
            self.done += 1
            student = Path(text.removeprefix(start)).parts[-3]
            what = "grading" if self.step == "Autograde" else "feedback"
            line = f"  {what} {self.done}/{self.count}  {student}"
            # On a terminal one line that changes; in a log a line each.
            if sys.stdout.isatty():
                print(f"\r{line[:78]:78}", end="", flush=True)
            else:
                print(line, flush=True)


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
