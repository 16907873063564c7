"""A course folder in which tests hand in, grade and look at what came of it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader, NbGraderAPI
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course.engine.config import install

from . import toy

# nbgrader calls alembic by name, which fails where the virtual environment is not activated.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])


class Classroom:
    """A course with the toy assignment, generated and ready to take submissions."""

    def __init__(self, root: Path, *, engine: bool = True, settings: dict | None = None) -> None:
        self.root = root
        self.engine = engine
        self.settings = settings or {}
        self.logs: list[str] = []
        if not (root / "source").exists():
            root.mkdir(parents=True, exist_ok=True)
            toy.write_source(root)
            self._generate()
        path = root / "release" / toy.ASSIGNMENT / f"{toy.ASSIGNMENT}.ipynb"
        self.released = json.loads(path.read_text(encoding="utf-8"))

    # --- nbgrader ------------------------------------------------------------------------------

    def config(self) -> Config:
        """What `nbgrader_config.py` would say."""
        c = Config()
        c.CourseDirectory.root = str(self.root)
        c.CourseDirectory.db_url = f"sqlite:///{self.root}/gradebook.db"
        c.CourseDirectory.course_id = "toy-course"
        c.NbGrader.logfile = ""
        c.GenerateAssignment.preprocessors = [
            f"nbgrader.preprocessors.{name}"
            for name in [
                "LockCells",
                "ClearSolutions",
                "ClearOutput",
                "CheckCellMetadata",
                "ComputeChecksums",
                "SaveCells",
                "ClearHiddenTests",
                "ComputeChecksums",
                "CheckCellMetadata",
            ]
        ]
        if self.engine:
            install(c)
        for name, value in self.settings.items():
            c.Examine[name] = value
        return c

    def _application(self) -> NbGrader:
        config = self.config()
        application = NbGrader(config=config)
        application.log.handlers = [_Collect(self.logs)]
        application.log.setLevel(logging.INFO)
        application.log.propagate = False
        application.coursedir = CourseDirectory(parent=application)
        return application

    def _generate(self) -> None:
        application = self._application()
        api = NbGraderAPI(application.coursedir, parent=application)
        done = api.generate_assignment(toy.ASSIGNMENT)
        assert done["success"], done

    def _convert(self, kind: type, student: str, force: bool) -> bool:
        application = self._application()
        application.coursedir.assignment_id = toy.ASSIGNMENT
        application.coursedir.student_id = student
        converter = kind(coursedir=application.coursedir, parent=application)
        converter.force = force
        place = os.getcwd()
        try:
            converter.start()
        except NbGraderException:
            return False
        finally:
            os.chdir(place)
        return True

    def autograde(self, student: str = "*", *, force: bool = False) -> bool:
        """`nbgrader autograde toy`; says whether it went without an error."""
        return self._convert(Autograde, student, force)

    def feedback(self, student: str = "*") -> bool:
        """`nbgrader generate_feedback toy`."""
        return self._convert(GenerateFeedback, student, True)

    # --- submissions ---------------------------------------------------------------------------

    def place(self, student: str) -> Path:
        """The folder of a student's submission."""
        return self.root / "submitted" / student / toy.ASSIGNMENT

    def hand_in(self, student: str, notebook: Any, name: str = f"{toy.ASSIGNMENT}.ipynb") -> Path:
        """Put a notebook (a dict, or raw bytes) where `nbgrader collect` would."""
        folder = self.place(student)
        folder.mkdir(parents=True, exist_ok=True)
        data = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
        (folder / name).write_bytes(data)
        return folder

    # --- results -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def gradebook(self) -> Any:
        """The open gradebook."""
        with Gradebook(f"sqlite:///{self.root}/gradebook.db", "toy-course") as gradebook:
            yield gradebook

    def scores(self) -> dict[str, dict[str, float | None]]:
        """Points by student and test; None where a test was not graded."""
        found: dict[str, dict[str, float | None]] = {}
        with self.gradebook() as gradebook:
            for submission in gradebook.assignment_submissions(toy.ASSIGNMENT):
                notebook = submission.notebooks[0]
                found[submission.student.id] = {
                    grade.name: grade.auto_score for grade in notebook.grades
                }
        return found

    def total(self, student: str) -> float:
        """A student's points."""
        return sum(points or 0 for points in self.scores().get(student, {}).values())

    def graded(self, student: str) -> dict[str, Any]:
        """A student's graded notebook."""
        path = self.root / "autograded" / student / toy.ASSIGNMENT / f"{toy.ASSIGNMENT}.ipynb"
        return json.loads(path.read_text(encoding="utf-8"))

    def outputs(self, student: str) -> str:
        """All outputs of a graded notebook, as one text."""
        cells = self.graded(student)["cells"]
        return json.dumps([cell.get("outputs", []) for cell in cells])

    def feedback_page(self, student: str) -> str:
        """A student's feedback."""
        path = self.root / "feedback" / student / toy.ASSIGNMENT / f"{toy.ASSIGNMENT}.html"
        return path.read_text(encoding="utf-8")


class _Collect(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
