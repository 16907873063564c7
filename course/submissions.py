"""What lies in submitted/: which folders are submissions, and one sentence on what is not."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import paths
from .engine.reading import MAX_FILE

# nbgrader treats these characters as patterns or separators, or cannot match them at all.
UNUSABLE = re.compile(r"^\.|[\x00-\x1f,*?\[\]\\]")


@dataclass(frozen=True)
class Submission:
    """One student's folder for one assignment."""

    student: str
    assignment: str
    folder: Path

    def digest(self) -> str:
        """Fingerprint what was handed in and what it is graded with."""
        digest = hashlib.sha256(_material(self.assignment))
        for path in sorted(self.folder.rglob("*")):
            about = path.lstat()
            link = path.readlink() if path.is_symlink() else ""
            digest.update(f"{path.relative_to(self.folder)!r} {about.st_size} {link}\n".encode())
            if not link and path.is_file() and about.st_size <= MAX_FILE:
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def copy_to(self, submitted: Path) -> None:
        """Copy the folder, links as links and without oversized files, for nbgrader to work on."""
        target = submitted / self.student / self.assignment
        shutil.copytree(self.folder, target, symlinks=True, ignore=_oversized)


def _oversized(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(folder, name).lstat().st_size > MAX_FILE]


@cache
def _material(assignment: str) -> bytes:
    """Fingerprint everything a submission of an assignment is graded with."""
    files = [*(paths.SOURCE / assignment).glob("*.*"), *(paths.ROOT / "course").rglob("*.py")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.digest()


def find(submitted: Path) -> tuple[list[Submission], list[str]]:
    """Return the submissions in a folder, and a sentence for everything else that lies there."""
    found, odd = [], []
    for student in sorted(submitted.iterdir()):
        if reason := _why_no_student(student):
            odd.append(f"{student.name!r} {reason}")
            continue
        for one, problem in _of_student(student):
            if problem:
                odd.append(problem)
            else:
                found.append(one)
    return found, odd


def _why_no_student(folder: Path) -> str:
    if folder.is_symlink():
        return "is a link and was left out: put the folder itself there."
    if not folder.is_dir():
        return "is a file and was left out: work belongs in submitted/STUDENT/ASSIGNMENT/."
    if UNUSABLE.search(folder.name):
        return "cannot be a student's name for nbgrader and was left out: rename the folder."
    return ""


def _of_student(student: Path) -> Iterator[tuple[Submission, str]]:
    for folder in sorted(student.iterdir()):
        one = Submission(student.name, folder.name, folder)
        place = f"{student.name}/{folder.name!r}"
        if folder.is_symlink() or not folder.is_dir():
            yield one, f"{place} is no folder of an assignment and was left out."
        elif folder.name not in paths.ASSIGNMENTS:
            names = ", ".join(paths.ASSIGNMENTS)
            yield one, f"{place} was left out: the assignments are called {names}."
        else:
            yield one, ""
