"""The examiner's process: trusted, runs each test cell, asks the student's process for values.

The verdict is made here, from what the cell itself found: a cell that ran to its end without an
error passes, everything else fails.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from types import CodeType
from typing import Any

import numpy as np

from . import cells, isolation, wire
from .session import Session
from .task import Test
from .transcripts import Transcripts


def main() -> None:
    """Serve jobs that come over the socket whose number is given.

    They are done by a worker, a fork that has the helpers of the assignment loaded. It serves many
    submissions, until one is odd in any way; then the next has a new worker.
    """
    settings = json.loads(sys.argv[1])
    isolation.die_with_parent()
    control = socket.socket(fileno=settings["control"])
    shell = cells.make_shell()
    shell.plain_errors = True
    cells.warm_up(shell, figures=False)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    wire.send(control, {"ready": True, "pid": os.getpid()})
    warm_for = ""
    worker: socket.socket | None = None
    while True:
        try:
            job, descriptors = wire.receive_with_descriptors(control)
        except wire.WireError:
            return
        if job["folder"] != warm_for:
            if warm_for:
                _forget_helpers(warm_for)
            warm_for = job["folder"]
            _import_helpers(job)
            gc.collect()
            gc.freeze()
            if worker is not None:
                worker.close()  # it ends with that
                worker = None
        worker = _pass_on(job, descriptors, worker, partial(_work, shell))
        for number in descriptors:
            os.close(number)


def _pass_on(
    job: dict[str, Any],
    descriptors: list[int],
    worker: socket.socket | None,
    work: Callable[[socket.socket], None],
) -> socket.socket:
    """Give a job to the worker, or to a new one where that has left."""
    if worker is not None:
        try:
            wire.send_with_descriptors(worker, job, descriptors)
            return worker
        except OSError:
            worker.close()
    worker, theirs = socket.socketpair()
    isolation.in_child(partial(work, theirs))
    theirs.close()
    wire.send_with_descriptors(worker, job, descriptors)
    return worker


def _work(shell: cells.Shell, jobs: socket.socket) -> None:
    isolation.close_descriptors({jobs.fileno()})
    isolation.die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    room = _Room(shell)
    randomness = np.random.get_state()
    odd = False
    while not odd:
        try:
            job, descriptors = wire.receive_with_descriptors(jobs)
        except wire.WireError:
            return
        np.random.set_state(randomness)
        odd = _examine(room, job, jobs, descriptors)


def _import_helpers(job: dict[str, Any]) -> None:
    """Load what test cells import, from the master's own files."""
    sys.path[:0] = [job["folder"]]
    for name in job["helpers"]:
        try:
            module = importlib.import_module(name)
            getattr(module, "warm_up", lambda: None)()
        except ImportError:
            pass  # a course without hidden helpers


def _forget_helpers(folder: str) -> None:
    """Unload the helpers of another assignment."""
    sys.path.remove(folder)
    own = os.path.dirname(os.path.abspath(__file__)) + os.sep
    course = os.path.dirname(os.path.dirname(own)) + os.sep
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        helper = file.startswith((folder + os.sep, course)) and not file.startswith(own)
        package = os.path.basename(file) == "__init__.py" and name == "course"
        if helper and not package and "site-packages" not in file:
            del sys.modules[name]


def _examine(room: _Room, job: dict[str, Any], jobs: socket.socket, descriptors: list[int]) -> bool:
    """Run all test cells of one submission; report each as soon as it is done.

    Gives whether anything was odd. If so, the line for further jobs was closed before the last
    report, after which the next job may come.
    """
    channel, results = (socket.socket(fileno=number) for number in descriptors)
    limits = isolation.Limits(**job["limits"])
    session = Session(channel, limits, job["names"], job["proven"])
    signal.signal(signal.SIGALRM, session.out_of_time)
    os.chdir(job["folder"])
    odd = False
    beside = " ".join([job["support"], *job["names"]])  # what a verdict depends on besides
    with channel, results:
        for test in job["tests"]:
            started = time.monotonic()
            verdict = room.verdict(beside, Test(**test), session, limits)
            if session.broken is not None:
                odd = True
                jobs.close()
            seconds = time.monotonic() - started
            lost = odd and job["proven"]  # the student's own process may hang, or be gone
            wire.send(results, {"id": test["id"], "seconds": seconds, "lost": lost, **verdict})
            if lost:
                break
        session.line.close()
    return odd


class _Room:
    """Where test cells run, and what is remembered from one submission to the next."""

    def __init__(self, shell: cells.Shell) -> None:
        self.shell = shell
        self.transcripts = Transcripts()
        self.code: dict[str, list[CodeType] | None] = {}

    def verdict(
        self, beside: str, test: Test, session: Session, limits: isolation.Limits
    ) -> dict[str, Any]:
        """What a test cell finds: as remembered, or by running it.

        That depends on the cell and on what is `beside` it.
        """
        session.begin_cell()
        cell = beside, test.source
        step = session.follow(self.transcripts.first_step(cell))
        if step is not None and step.verdict is not None:
            return step.verdict
        verdict = self._run(test.source, session, limits)
        if session.asks_something_else:
            self.transcripts.is_unsteady(cell)
            session.begin_cell(fresh=True)
            verdict = self._run(test.source, session, limits)
        only_named = session.called <= {*test.names_of(session.functions)}
        verdict["general"] = only_named and not session.quotes
        if session.broken is None:
            self.transcripts.remember(cell, session.exchanges, verdict)
        return verdict

    def _run(self, test: str, session: Session, limits: isolation.Limits) -> dict[str, Any]:
        if test not in self.code:
            self.code[test] = cells.prepared(self.shell, test)
        ready = self.code[test]
        cells.fresh_namespace(self.shell, {"__name__": "__main__", **session.functions})
        signal.setitimer(signal.ITIMER_REAL, limits.cell_seconds + 2)
        try:
            outputs = (
                cells.run_prepared(self.shell, ready) if ready else cells.run(self.shell, test)
            )
            passed = self.shell.last_cell_succeeded
        except BaseException:  # the alarm, while outputs were gathered
            outputs, passed = [], False
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        passed = passed and not any(output["output_type"] == "error" for output in outputs)
        return {"passed": passed, "outputs": outputs}
