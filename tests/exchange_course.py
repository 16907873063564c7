"""A clone, an exchange and a gradebook elsewhere, and nbgrader's verbs run as a person would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from traitlets.config import Config


class Course:
    """A clone, and two students' folders, in which nbgrader's verbs are run as a person would."""

    def __init__(self, clone: Path, scratch: Path, environment: dict[str, str]) -> None:
        self.root, self.scratch = clone, scratch
        self.exchange = scratch / "exchange"
        self.environment = environment | {"RNN_COURSE_EXCHANGE": str(self.exchange)}
        self.environment["RNN_COURSE_DB"] = f"sqlite:///{scratch / 'elsewhere.db'}"
        self.exchange.mkdir()
        self.exchange.chmod(0o777)

    def nbgrader(self, *words: str, cwd: Path | None = None, ok: bool = True) -> str:
        """Run one verb and return what it printed; it must succeed, or with ``ok=False`` fail."""
        return self._python("-m", "nbgrader", *words, cwd=cwd, ok=ok)

    def in_turn(self, *verbs: str) -> None:
        """Run several verbs in one process, which saves most of their time."""
        lines = ["from jupyter_core.application import NoStart"]
        lines += ["from nbgrader.apps.nbgraderapp import NbGraderApp"]
        for verb in verbs:
            lines += ["app = NbGraderApp()", f"app.initialize({verb.split()!r})"]
            lines += [
                "try:",
                "    app.start()",
                "except NoStart:",
                "    app.subapp.clear_instance()",
            ]
        self._python("-c", "\n".join(lines))

    def _python(self, *words: str, cwd: Path | None = None, ok: bool = True) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=cwd or self.root,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done.stdout + done.stderr

    def student(self, name: str) -> Path:
        """Make a student's folder, with the settings a student has."""
        home = self.scratch / name
        home.mkdir()
        (home / "nbgrader_config.py").write_text(
            "c = get_config()\n"
            "c.CourseDirectory.course_id = 'rnn-from-scratch'\n"
            f"c.Exchange.root = {str(self.exchange)!r}\n"
            f"c.Exchange.cache = {str(home / 'cache')!r}\n",
            encoding="utf-8",
        )
        return home

    def settings(self, student: str, assignment: str) -> Config:
        """Return nbgrader's settings for a student who works on an assignment."""
        config = Config()
        config.CourseDirectory.course_id = "rnn-from-scratch"
        config.CourseDirectory.student_id = student
        config.CourseDirectory.assignment_id = assignment
        config.Exchange.root = str(self.exchange)
        config.Exchange.assignment_dir = str(self.scratch / student)
        config.Exchange.cache = str(self.scratch / student / "cache")
        return config

    def hand_in(self, student: str, assignment: str, notebook: NotebookNode) -> None:
        """Submit a notebook as a student does, with nbgrader, in this process."""
        folder = self.scratch / student / assignment
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{assignment}.ipynb")
        self._exchange("Submit", student, assignment)

    def fetch_feedback(self, student: str, assignment: str) -> str:
        """Fetch the feedback on the student's only submission, as the student does."""
        self._exchange("FetchFeedback", student, assignment)
        (page,) = (self.scratch / student / assignment / "feedback").rglob("*.html")
        return page.read_text(encoding="utf-8")

    def _exchange(self, action: str, student: str, assignment: str) -> None:
        config = self.settings(student, assignment)
        step = getattr(ExchangeFactory(config=config), action)
        people = Authenticator(config=config)
        step(coursedir=CourseDirectory(config=config), authenticator=people, config=config).start()
