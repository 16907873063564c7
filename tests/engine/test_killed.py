"""Killed at any moment and run again, grading comes to the same gradebook."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from course.engine import engine

from . import toy
from .classroom import Classroom

KILLS = 20
_fork = multiprocessing.get_context("fork") if hasattr(os, "fork") else None


def _hand_in_class(room: Classroom) -> None:
    room.hand_in("a-right", toy.solved(room.released))
    room.hand_in("b-untouched", room.released)
    room.hand_in("c-wrong", toy.solved(room.released, scale="def scale(x, factor):\n    return x"))
    room.hand_in("d-junk", b"no notebook")


def _dump(room: Classroom) -> dict[str, Any]:
    """All that the gradebook says about grades and comments."""
    found = {}
    with room.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(toy.ASSIGNMENT):
            for notebook in submission.notebooks:
                found[submission.student.id] = (
                    sorted(
                        (g.name, g.auto_score, g.manual_score, g.needs_manual_grade)
                        for g in notebook.grades
                    ),
                    sorted((c.name, c.auto_comment) for c in notebook.comments),
                    notebook.late_submission_penalty,
                )
    return found


def _grade_and_tell(room: Classroom, pipe: Connection, own_engine: bool) -> None:
    """In a process of its own: warm up, say so, grade, say so."""
    if own_engine:
        engine._shared.clear()
    engine.shared_engine(True).wait_until_warm()
    pipe.send("warm")
    room.autograde()
    pipe.send("done")
    os._exit(0)


def _run_and_kill(room: Classroom, after: float | None, own_engine: bool = False) -> float:
    """Grade in a child; kill it after so many seconds of grading. Give how long it graded."""
    ours, theirs = _fork.Pipe()
    child = _fork.Process(target=_grade_and_tell, args=(room, theirs, own_engine))
    child.start()
    theirs.close()
    assert ours.recv() == "warm"
    started = time.monotonic()
    if after is None:
        assert ours.recv() == "done"
    else:
        time.sleep(after)
        os.kill(child.pid, signal.SIGKILL)
    child.join()
    return time.monotonic() - started


def test_twenty_kills(needs_sandbox: None, course: Callable[..., Classroom]) -> None:
    undisturbed = course("undisturbed")
    _hand_in_class(undisturbed)
    seconds = _run_and_kill(undisturbed, None)
    wanted = _dump(undisturbed)
    assert len(wanted) == 4
    chance = random.Random(20)
    # How long grading takes changes with what else the machine does: kill until enough of the
    # kills came in the middle of it.
    killed_midway = 0
    for number in range(3 * KILLS):
        if number >= KILLS and killed_midway >= KILLS // 4:
            break
        room = course(f"killed-{number}")
        _hand_in_class(room)
        # Most share one warm engine, which saves time; its own engine dies with some.
        _run_and_kill(room, chance.uniform(0, seconds * 1.1), own_engine=number % 10 == 0)
        killed_midway += _dump(room) != wanted
        assert room.autograde()
        assert _dump(room) == wanted
    assert killed_midway >= KILLS // 4, "the kills came too late to show anything"
