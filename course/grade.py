"""Grade a class: look at every submission, grade it with nbgrader, write feedback, print a table.

    python -m course.grade            what is in submitted/
    python -m course.grade demo       a small sample class, in demo/

The exit status is 1 if something in submitted/ could not be graded; all else is graded all the
same. Students' code runs in a sandbox. Where there can be none, real submissions are refused.
"""

from __future__ import annotations

import os
import sys
import warnings

from nbformat.warnings import MissingIDFieldWarning
from sqlalchemy.exc import SQLAlchemyError

from . import paths
from .classroom import Classroom, Result
from .engine import sandbox
from .sample_class import write_sample_class

NOTES_SHOWN = 3


def print_table(classroom: Classroom) -> None:
    """Print students by assignments, then what there is to say, then where the feedback is."""
    results = classroom.results
    students = sorted({key.split("/")[0] for key in results})
    width = max(map(len, [*students, "student"]))
    heads = [f"{name[:16]:>16}" for name in paths.ASSIGNMENTS]
    print(f"\n{'student':{width}}", *heads, f"{'total':>10}")
    for student in students:
        mine = [results.get(f"{student}/{name}") for name in paths.ASSIGNMENTS]
        total = sum(result.score for result in mine if result)
        print(f"{student:{width}}", *(f"{_cell(one):>16}" for one in mine), f"{total:>10g}")
    print("\nThe optional assignment is extra credit: it adds to a total and cannot lower it.")
    _print_notes(classroom)
    pages = sorted((classroom.root / "feedback").rglob("*.html"))
    if pages:
        print(f"\nFeedback for students: {len(pages)} pages. For example:\n  {pages[0]}")


def _print_notes(classroom: Classroom) -> None:
    told = {key: result.notes for key, result in sorted(classroom.results.items()) if result.notes}
    if told or classroom.odd:
        print("\nWhat went wrong, or was odd:")
    for sentence in classroom.odd:
        print(f"  submitted/: {sentence}")
    for key, notes in told.items():
        for note in notes[:NOTES_SHOWN]:
            print(f"  {key}: {note}")
        if len(notes) > NOTES_SHOWN:
            print(f"  {key}: … and {len(notes) - NOTES_SHOWN} more, in the feedback.")


def _cell(result: Result | None) -> str:
    if result is None:
        return "–"
    return f"{result.score:g}/{result.out_of:g}" if result.graded else "not graded"


def _make_sure_of_a_sandbox(demo: bool) -> None:
    """Refuse to run strangers' code without a sandbox, unless told to in so many words."""
    if sandbox.unsandboxed_by_environment():
        print("WARNING: students' code runs WITHOUT A SANDBOX, with all your rights.\n")
        return
    problem = sandbox.refusal()
    if problem and not demo:
        sys.exit(problem)
    if problem:
        print(f"{problem}\nThe sample class is our own, so it is graded without one.\n")
        os.environ[sandbox.UNSANDBOXED_VARIABLE] = sandbox.UNSANDBOXED_VALUE


def main() -> None:
    """Run the command line described at the top of this file."""
    # nbgrader's own: cells that it adds back without an id.
    warnings.simplefilter("ignore", MissingIDFieldWarning)
    demo = sys.argv[1:] == ["demo"]
    root = paths.ROOT / "demo" if demo else paths.ROOT
    if demo:
        write_sample_class(root / "submitted")
    if not (root / "submitted").is_dir():
        sys.exit("There is no folder submitted/. Collect the students' work first: see README.md.")
    _make_sure_of_a_sandbox(demo)
    try:
        classroom = Classroom(root)
        classroom.register_assignments()
        classroom.grade_all()
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        sys.exit(f"The gradebook could not be used; look at RNN_COURSE_DB. It said: {reason}")
    print_table(classroom)
    if not classroom.all_graded and not demo:
        print("\nNot everything in submitted/ could be graded; see the sentences above.")
    sys.exit(0 if classroom.all_graded or demo else 1)


if __name__ == "__main__":
    main()
