"""A clone, an exchange and a gradebook elsewhere, and nbgrader's verbs run as a person would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


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
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
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
