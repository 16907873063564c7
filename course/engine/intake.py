"""What nbgrader gets to see of what students handed in: a vetted copy, never the folder itself.

`Submissions` is nbgrader's notebook exporter for autograding. While nbgrader converts, its
`submitted` folder is a copy that holds, for each student, the expected notebooks (rebuilt from
what could be read) and nothing else but the time of submission and files that were allowed.
The students' own folder is only read.
"""

from __future__ import annotations

import contextlib
import fnmatch
import gc
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters.autograde import Autograde
from nbgrader.utils import parse_utc
from traitlets import List, Unicode

from . import courses, reading
from .engine import scratch_folder
from .master import Master
from .restore import MARK
from .shortcuts import Shortcuts
from .warm_gradebook import warm_gradebook

MAX_EXTRA_FILE = 5 * 1024 * 1024
# nbgrader's `submit` writes it, and `release_feedback` finds the student's feedback by it.
SECRET = "submission_secret.txt"
_QUIET = {"timestamp.txt", ".ipynb_checkpoints", "__pycache__", ".DS_Store", SECRET}


class Submissions(NotebookExporter):
    """Reads submissions for autograding, through a vetted copy of what was handed in."""

    allowed_files = List(
        Unicode(), help="Patterns of other files that students may hand in beside their notebooks."
    ).tag(config=True)

    def __init__(self, config: Any = None, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        if isinstance(self.parent, Autograde):
            self._guard(self.parent)

    def _guard(self, converter: Autograde) -> None:
        convert = converter.convert_notebooks

        def convert_vetted() -> None:
            Shortcuts(converter).install()
            gc.freeze()  # what is there by now need not be looked through for garbage again
            try:
                with warm_gradebook(), vetted(converter, self.allowed_files):
                    convert()
            finally:
                gc.unfreeze()

        converter.convert_notebooks = convert_vetted

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        """Export a notebook that `vetted` or an earlier step has written."""
        with open(filename, encoding="utf-8") as file:
            nb = nbformat.from_dict(json.load(file))
        resources = resources if resources is not None else {}
        resources["metadata"] = {"name": Path(filename).stem, "path": os.path.dirname(filename)}
        return self.from_notebook_node(nb, resources=resources, **kwargs)

    def from_notebook_node(self, nb: Any, resources: Any = None, **kwargs: Any) -> Any:
        """Run the steps on the notebook itself: it was read for this, and needs no copy.

        Its parts were put together here, so it is not looked at again whether they are well-formed.
        """
        resources = self._init_resources(resources)
        for step in self._preprocessors:
            nb, resources = step(nb, resources)
        resources["output_suffix"] = ".nbconvert"
        return json.dumps(nb, ensure_ascii=False), resources


@contextlib.contextmanager
def vetted(converter: Autograde, allowed: list[str]) -> Iterator[None]:
    """While this lasts, the converter's submissions are the vetted copies."""
    course = converter.coursedir
    own = course.submitted_directory
    masters = _masters(course)
    if not masters:
        yield  # nothing is known of this assignment; nbgrader says so itself
        return
    _forget_unfinished(converter, masters)
    place = scratch_folder()
    try:
        for folder, student in _submissions(course):
            target = Path(place, student, course.assignment_id)
            target.mkdir(parents=True)
            for name, notes in _vet(folder, target, masters, allowed).items():
                for note in notes:
                    converter.log.warning("%s, %s: %s", student, name, note)
        course.submitted_directory = place
        if any(Path(place).iterdir()):
            converter.init_notebooks()
        yield
    finally:
        course.submitted_directory = own
        shutil.rmtree(place, ignore_errors=True)


def _masters(course: Any) -> list[Master]:
    folder = Path(course.format_path(course.source_directory, ".", course.assignment_id))
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            return courses.refresh(gradebook, course.db_url, course.assignment_id, folder)
        except MissingEntry:
            return []


def _submissions(course: Any) -> Iterator[tuple[Path, str]]:
    """Each student's folder for this assignment, and the student's id."""
    root = Path(course.format_path(course.submitted_directory, ".", "."))
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        inner = folder / course.assignment_id
        if folder.is_symlink() or inner.is_symlink() or not inner.is_dir():
            continue
        if course.student_id in ("*", folder.name):
            yield inner, folder.name


def _vet(
    folder: Path, target: Path, masters: list[Master], allowed: list[str]
) -> dict[str, list[str]]:
    """Copy what is expected; give, for each notebook, sentences about what was not."""
    notes: list[str] = []
    found = _regular_files(folder, notes)
    _copy_timestamp(found.pop("timestamp.txt", None), target, notes)
    _copy_secret(found.pop(SECRET, None), target)
    notebooks = {name: found.pop(name) for name in list(found) if name.endswith(".ipynb")}
    expected = {f"{master.notebook}.ipynb": master for master in masters}
    spare = {name: path for name, path in notebooks.items() if name not in expected}
    told: dict[str, list[str]] = {}
    for name in expected:
        own: list[str] = []
        path = notebooks.get(name)
        if path is None and len(spare) == 1 and len(expected) == 1:
            other, path = spare.popitem()
            own.append(f"The notebook was called {_shown(other)}; it was read as {name}.")
        told[name] = _write_notebook(path, target / name, name, own)
    support = {name for master in masters for name in master.support.files}
    for name in spare:
        notes.append(f"{_shown(name)} is not a notebook of this assignment and was left out.")
    for name, path in found.items():
        asked_for = any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed)
        if asked_for and "/" not in name and path.stat().st_size <= MAX_EXTRA_FILE:
            shutil.copyfile(path, target / name, follow_symlinks=False)
            continue
        if name in support:
            continue  # released with the assignment; the master's own copy is used
        notes.append(f"The file {_shown(name)} was not asked for and was left out.")
    _add_notes(target, notes)
    return {name: [*own, *notes] for name, own in told.items()}


def _shown(name: str) -> str:
    return repr(name[:80].encode("utf-8", "replace").decode())


def _regular_files(folder: Path, notes: list[str]) -> dict[str, Path]:
    """Regular files by relative name. Links, devices and pipes are never followed or opened."""
    found: dict[str, Path] = {}
    for top, folders, files in os.walk(folder, followlinks=False):
        for name in [*folders, *files]:
            path = Path(top, name)
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                notes.append(f"{_shown(name)} is a link or a special file and was left out.")
            elif not _QUIET.intersection(path.relative_to(folder).parts) or (
                name in ("timestamp.txt", SECRET) and top == str(folder)
            ):
                if len(found) >= 1000:
                    notes.append("There are more than 1000 files; the rest was left out.")
                    return found
                found[path.relative_to(folder).as_posix()] = path
        folders[:] = [name for name in folders if not Path(top, name).is_symlink()]
    return found


def _copy_timestamp(path: Path | None, target: Path, notes: list[str]) -> None:
    if path is None:
        return
    try:
        text = path.read_bytes()[:200].decode("ascii").strip()
        parse_utc(text)
    except Exception:
        notes.append("The time of submission could not be read; it was left out.")
        return
    (target / "timestamp.txt").write_text(text, encoding="ascii")


def _copy_secret(path: Path | None, target: Path) -> None:
    if path is not None and path.stat().st_size <= 200:
        shutil.copyfile(path, target / SECRET, follow_symlinks=False)


def _write_notebook(path: Path | None, target: Path, name: str, notes: list[str]) -> list[str]:
    """Write the vetted notebook; where there is none to read, one that says so."""
    readable = True
    try:
        if path is None:
            raise reading.Unreadable(f"There is no notebook {name} in this submission.")
        nb, more = reading.read(path)
        notes += more
    except (reading.Unreadable, OSError) as problem:
        readable = False
        notes.append(str(problem) + " There is nothing to grade.")
        nb = reading.notebook([])
    nb["metadata"][MARK] = {"irregularities": notes, "readable": readable}
    target.write_text(json.dumps(nb), encoding="utf-8")
    return notes


def _add_notes(target: Path, notes: list[str]) -> None:
    """What is odd about the folder as a whole is told with its first notebook."""
    for path in sorted(target.glob("*.ipynb")) if notes else []:
        nb = json.loads(path.read_text(encoding="utf-8"))
        nb["metadata"][MARK]["irregularities"] += notes
        path.write_text(json.dumps(nb), encoding="utf-8")
        return


# --- picking up after an interruption ---------------------------------------------------------


def _forget_unfinished(converter: Autograde, masters: list[Master]) -> None:
    """Remove what a killed run has left half done, so that it is graded again."""
    course = converter.coursedir
    for _, student in _submissions(course):
        place = course.format_path(course.autograded_directory, student, course.assignment_id)
        folder = Path(place)
        if folder.is_dir() and not all(
            finished(folder / f"{master.notebook}.ipynb") for master in masters
        ):
            converter.log.warning("%s: the last grading was not finished; grading again", student)
            shutil.rmtree(folder)


def finished(path: Path) -> bool:
    """Whether a graded notebook was written to its end: grades are saved before that."""
    try:
        nb = json.loads(path.read_text(encoding="utf-8"))
        return bool(nb["metadata"][MARK].get("graded"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def irregularities(autograded: Path, assignment: str = "*") -> dict[tuple[str, str], dict]:
    """What was odd, by (student, notebook), as noted in the graded notebooks."""
    found = {}
    for path in sorted(autograded.glob(f"*/{assignment}/*.ipynb")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            mark = json.loads(path.read_text(encoding="utf-8"))["metadata"][MARK]
            found[path.parts[-3], path.stem] = mark
    return found
