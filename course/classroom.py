"""A folder with submitted/, and nbgrader grading what is new or has changed in it."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
from nbgrader.api import SubmittedAssignment
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log, temp_attrs
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from . import paths, submissions
from .engine.intake import finished, irregularities
from .submissions import Submission


@dataclass
class Result:
    """What became of one submission."""

    digest: str
    score: float = 0.0
    out_of: float = 0.0
    graded: bool = False
    notes: list[str] = field(default_factory=list)


class Classroom:
    """A class, its gradebook, and what is known of every submission, by "student/assignment"."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.api = _nbgrader(root)
        self.report = root / "autograded" / "report.json"
        self.registered, self.results = self._load()
        self.odd: list[str] = []  # what lies in submitted/ and is no submission

    def _load(self) -> tuple[dict[str, str], dict[str, Result]]:
        """Read what an earlier run has noted, if it was with the same gradebook."""
        if not self.report.exists():
            return {}, {}
        stored = json.loads(self.report.read_text(encoding="utf-8"))
        if stored["gradebook"] != self.api.coursedir.db_url:
            return {}, {}
        results = {key: Result(**value) for key, value in stored["results"].items()}
        return stored["registered"], results

    def _save(self) -> None:
        self.report.parent.mkdir(parents=True, exist_ok=True)
        results = {key: asdict(value) for key, value in self.results.items()}
        stored = {"gradebook": self.api.coursedir.db_url, "registered": self.registered}
        fresh = self.report.with_suffix(".new")
        fresh.write_text(json.dumps(stored | {"results": results}, indent=1), encoding="utf-8")
        fresh.replace(self.report)  # in one move, so that an interrupted run leaves the old one

    def register_assignments(self) -> None:
        """Make sure that the gradebook knows the assignments as they are in source/.

        The student versions that nbgrader makes on the way go to a scratch folder: grading does
        not touch release/.
        """
        with self.api.gradebook as gradebook:
            known = {assignment.name for assignment in gradebook.assignments}
        for assignment in paths.ASSIGNMENTS:
            digest = hashlib.sha256(paths.source(assignment).read_bytes()).hexdigest()
            if assignment in known and self.registered.get(assignment) == digest:
                continue
            print(f"registering {assignment}", flush=True)
            with (
                tempfile.TemporaryDirectory() as scratch,
                temp_attrs(self.api.coursedir, release_directory=scratch),
            ):
                outcome = self.api.generate_assignment(assignment)
            if not outcome["success"]:
                sys.exit(
                    f"nbgrader could not register {assignment}. Test cells cannot be added or "
                    "removed once there are submissions: restore the cell, or start a new "
                    f"gradebook. It said: {_last_line(outcome)}"
                )
            self.registered[assignment] = digest
        self._save()

    def grade_all(self) -> None:
        """Grade what is new or has changed since the last run, assignment by assignment."""
        found, self.odd = submissions.find(self.root / "submitted")
        here = {f"{one.student}/{one.assignment}" for one in found}
        self.results = {key: result for key, result in self.results.items() if key in here}
        for assignment in paths.ASSIGNMENTS:
            self._grade_assignment(assignment, [s for s in found if s.assignment == assignment])

    def _grade_assignment(self, assignment: str, found: list[Submission]) -> None:
        digests = {one.student: one.digest() for one in found}
        scores = self._scores(assignment)
        kept = {s for s in digests if s in scores and self._is_graded(s, assignment, digests[s])}
        work = [one for one in found if one.student not in kept]
        print(f"{assignment}: {len(work)} to grade, {len(kept)} unchanged", flush=True)
        if work:
            log = self._autograde(assignment, work)
            self._read_results(assignment, {one.student: digests[one.student] for one in work}, log)
        # A score that was changed by hand since then belongs into the table and the feedback.
        by_hand = {s for s in kept if scores[s] != self.results[f"{s}/{assignment}"].score}
        for student in by_hand:
            self.results[f"{student}/{assignment}"].score = scores[student]
        self._write_feedback(assignment, {one.student for one in work} | by_hand)
        self._save()  # only now: an interruption before means that feedback is written next time

    def _scores(self, assignment: str) -> dict[str, float]:
        with self.api.gradebook as gradebook:
            submitted = gradebook.assignment_submissions(assignment)
            return {one.student.id: one.score for one in submitted}

    def _is_graded(self, student: str, assignment: str, digest: str) -> bool:
        result = self.results.get(f"{student}/{assignment}")
        return (
            result is not None
            and result.digest == digest
            and finished(self._autograded(student, assignment))
        )

    def _autograded(self, student: str, assignment: str) -> Path:
        return self.root / "autograded" / student / assignment / f"{assignment}.ipynb"

    def _autograde(self, assignment: str, work: list[Submission]) -> str:
        """Let nbgrader grade copies of these submissions; return what it logged."""
        with tempfile.TemporaryDirectory() as scratch:
            for one in work:
                # What an earlier run left must not be taken for what this one makes.
                earlier = self._autograded(one.student, assignment).parent
                shutil.rmtree(earlier, ignore_errors=True)
                one.copy_to(Path(scratch))
            with temp_attrs(self.api.coursedir, submitted_directory=scratch):
                return self._run(Autograde, assignment, len(work))

    def _write_feedback(self, assignment: str, students: set[str]) -> None:
        graded = {s for s in students if finished(self._autograded(s, assignment))}
        if not graded:
            return
        others = {path.parent.parent.name for path in self._all_autograded(assignment)} - graded
        with temp_attrs(self.api.coursedir, student_id_exclude=",".join(sorted(others))):
            log = self._run(GenerateFeedback, assignment, len(graded))
        for student in graded:
            page = self.root / "feedback" / student / assignment / f"{assignment}.html"
            if not page.exists():
                note = f"No feedback could be written: {_last_error(log, student)}"
                self.results[f"{student}/{assignment}"].notes.append(note)

    def _all_autograded(self, assignment: str) -> list[Path]:
        return list((self.root / "autograded").glob(f"*/{assignment}/{assignment}.ipynb"))

    def _run(self, step: type, assignment: str, count: int) -> str:
        course = self.api.coursedir
        with temp_attrs(course, assignment_id=assignment, student_id="*"):
            converter = step(coursedir=course, parent=self.api)
            converter.force = True
            progress = _Progress(step.__name__, count)
            converter.log.addHandler(progress)
            converter.log.setLevel(logging.INFO)
            outcome = capture_log(converter)
            converter.log.removeHandler(progress)
            progress.end()
        return f"{outcome.get('log', '')}\n{outcome.get('error', '')}"

    def _read_results(self, assignment: str, digests: dict[str, str], log: str) -> None:
        """Read what nbgrader has made of these students' submissions."""
        found = irregularities(self.root / "autograded", assignment)
        with self.api.gradebook as gradebook:
            out_of = gradebook.find_assignment(assignment).max_score
            for student, digest in digests.items():
                odd = found.get((student, assignment), {})
                result = Result(digest if odd.get("graded") else "", out_of=out_of)
                self.results[f"{student}/{assignment}"] = result
                if not odd.get("graded"):
                    result.notes.append(f"It could not be graded: {_last_error(log, student)}")
                    continue
                result.graded = odd["readable"]
                submission = gradebook.find_submission(assignment, student)
                result.score = submission.score
                result.notes += _kept_by_hand(submission)
                result.notes += odd["irregularities"]
                result.notes += self._failures(student, assignment) if result.graded else []

    def _failures(self, student: str, assignment: str) -> list[str]:
        """Return what the failing checks said, each sentence once."""
        said: dict[str, None] = {}
        notebook = nbformat.read(self._autograded(student, assignment), as_version=4)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
                lines = [(error.evalue or error.ename).splitlines()[-1] for error in errors]
                said |= dict.fromkeys(lines)
        return list(said)

    @property
    def all_graded(self) -> bool:
        """Whether everything in submitted/ could be graded."""
        return not self.odd and all(result.graded for result in self.results.values())


def _nbgrader(root: Path) -> NbGraderAPI:
    """Return nbgrader's API with this course's settings, working in ``root``."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(paths.ROOT)).load_config()
    if root != paths.ROOT:
        here = Config()
        here.CourseDirectory.root = str(root)
        here.CourseDirectory.source_directory = str(paths.SOURCE)
        here.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
        config.merge(here)
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    api.log_level = logging.WARNING
    return api


def _kept_by_hand(submission: SubmittedAssignment) -> list[str]:
    """Name the checks whose points by hand stand, although the submission was graded again."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return [
        f"{grade.name}: {grade.manual_score:g} points by hand stand; the check itself now gives "
        f"{grade.auto_score:g}. Formgrader can change them."
        for grade in grades
        if None not in (grade.manual_score, grade.auto_score)
        and grade.manual_score != grade.auto_score
    ]


def _last_line(outcome: dict) -> str:
    return str(outcome.get("error") or outcome.get("log") or "nothing").strip().splitlines()[-1]


def _last_error(log: str, student: str) -> str:
    """Return the last error that nbgrader logged about a student, or a plain sentence."""
    lines = [line for line in log.splitlines() if "ERROR" in line and f"/{student}/" in line]
    return lines[-1].strip()[:200] if lines else "nbgrader gave no reason."


class _Progress(logging.Handler):
    """Shows which submission nbgrader is at, from what it logs."""

    def __init__(self, step: str, count: int) -> None:
        super().__init__(logging.INFO)
        grading = step == Autograde.__name__
        self.start = "Autograding " if grading else "Converting notebook "
        self.what = "grading" if grading else "feedback"
        self.count, self.done = count, 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count one submission when nbgrader starts with it."""
        text = record.getMessage()
        if not text.startswith(self.start):
            return
        self.done += 1
        student = Path(text.removeprefix(self.start)).parts[-3]
        line = f"  {self.what} {self.done}/{self.count}  {student}"
        # On a terminal one line that changes; in a log a line each.
        if sys.stdout.isatty():
            print(f"\r{line[:78]:78}", end="", flush=True)
        else:
            print(line, flush=True)

    def end(self) -> None:
        """Leave the line that changes."""
        if self.done and sys.stdout.isatty():
            print(flush=True)
