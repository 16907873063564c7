"""The examiner's process: trusted, runs each test cell, asks the student's process for values.

In a test cell's namespace the assigned functions are stand-ins. A call sends the arguments to the
student's process as plain data and waits for plain data. The verdict is made here, from what the
cell itself found: a cell that ran to its end without an error passes, everything else fails.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import json
import linecache
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

from . import cells, codec, isolation, wire

_STUDENT_FILE = "<the student's function>"


class ProcessEnded(RuntimeError):
    """The student's code ended its process, or cut the line to the examiner."""


class TookTooLong(RuntimeError):
    """A call did not come back in time."""


class NotPlainData(RuntimeError):
    """The student's process sent something that is not a value."""


class _CellOutOfTime(BaseException):
    """The test cell as a whole used up its time."""


class Session:
    """The line to one submission's process, over all its test cells."""

    def __init__(
        self, channel: socket.socket, limits: isolation.Limits, names: list[str], stateless: bool
    ) -> None:
        self.channel, self.limits, self.stateless = channel, limits, stateless
        self.line: socket.socket | None = None
        self.patience = limits.call_seconds
        self.broken: Exception | None = None
        self.functions = {name: self._stand_in(name) for name in names}

    def begin_cell(self) -> None:
        """The next call goes to a fresh child of the student's process.

        Where calls provably leave nothing behind, one child serves until something goes wrong.
        """
        if self.line is not None and not (self.stateless and self.broken is None):
            self.close()
        self.broken = None
        self.deadline = time.monotonic() + self.limits.cell_seconds

    def out_of_time(self, *_: object) -> None:
        """What the alarm does when a test cell as a whole takes too long."""
        self.broken = TookTooLong("this check did not finish in time")
        raise _CellOutOfTime(str(self.broken))

    def close(self) -> None:
        """End the child that answers calls."""
        if self.line is not None:
            self.line.close()
        self.line = None

    def _stand_in(self, name: str) -> Callable[..., Any]:
        session = self

        def stand_in(*arguments: Any, **keywords: Any) -> Any:
            return session.call(name, arguments, keywords)

        stand_in.__name__ = stand_in.__qualname__ = name
        stand_in.__code__ = stand_in.__code__.replace(co_filename=_STUDENT_FILE)
        return stand_in

    def _open_line(self) -> socket.socket:
        if self.line is None:
            ours, theirs = socket.socketpair()
            try:
                self.channel.settimeout(self.limits.call_seconds)
                socket.send_fds(self.channel, [b"C"], [theirs.fileno()])
            except OSError:
                raise ProcessEnded("your code ended the Python process it ran in") from None
            finally:
                theirs.close()
            self.line = ours
        return self.line

    def call(self, name: str, arguments: tuple, keywords: dict[str, Any]) -> Any:
        """Call a function of the student's; give its value, or raise what it raised."""
        if self.broken is not None:
            raise type(self.broken)(str(self.broken))
        try:
            return self._call(name, arguments, keywords)
        except (ProcessEnded, TookTooLong, NotPlainData) as error:
            self.broken = error
            raise

    def _call(self, name: str, arguments: tuple, keywords: dict[str, Any]) -> Any:
        deadline = min(self.deadline, time.monotonic() + self.patience)
        sent = codec.encode([list(arguments), keywords])
        # What `lend` has on loan is kept by `lend` itself, on the class.
        lend = getattr(sys.modules.get("rnn_utils"), "lend", None)
        loans = dict(getattr(lend, "current", None) or {})
        shared = codec.Shared(sent.objects, sent.nodes, sent.blobs) if loans else None
        request = {"call": name, "arguments": sent.head(), "lent": list(loans)}
        try:
            line = self._open_line()
            wire.send(line, request, sent.blobs, deadline)
            while True:
                reply, blobs = wire.receive(line, deadline)
                if type(reply) is not dict:
                    raise wire.Malformed("not a reply")
                if "lent" not in reply:
                    return self._result(reply, blobs, sent)
                self._answer_loan(line, loans, reply, blobs, deadline, shared)
        except wire.Closed:
            raise ProcessEnded("your code ended the Python process it ran in") from None
        except wire.TooLate:
            seconds = self.patience
            # Whoever loops for ever in one test does so in the next: do not wait as long again.
            self.patience = min(self.patience, max(1.0, self.limits.call_seconds / 5))
            raise TookTooLong(f"the call did not come back within {seconds:g} seconds") from None
        except wire.Malformed as error:
            raise NotPlainData(f"what came back could not be read as values ({error})") from None

    def _result(self, reply: dict[str, Any], blobs: list[Any], sent: codec.Encoded) -> Any:
        if "changed" in reply:
            head, first = reply["changed"]
            if type(first) is not int or not 0 <= first <= len(blobs):
                raise wire.Malformed("the state of the arguments")
            state, _ = codec.decode(head, blobs[first:])
            originals = [thing for thing in sent.objects if type(thing) is not tuple]
            if len(state) != len(originals):
                raise wire.Malformed("the state of the arguments")
            try:
                codec.restore_in_place(originals, state)
            except ValueError as error:
                raise wire.Malformed(str(error)) from None
        if "error" in reply:
            _raise_like(reply)
        values, _ = codec.decode(reply.get("value"), blobs, known=sent.objects)
        if len(values) != 1:
            raise wire.Malformed("not one value")
        return values[0]

    def _answer_loan(
        self,
        line: socket.socket,
        loans: dict[str, Callable[..., Any]],
        reply: dict[str, Any],
        blobs: list[Any],
        deadline: float,
        shared: codec.Shared | None,
    ) -> None:
        """Run a function that is on loan, for the student's code that called it."""
        if shared is None or reply["lent"] not in loans:
            raise wire.Malformed("a call of a function that is not on loan")
        given = reply.get("arguments")
        roots, theirs = codec.decode(given, blobs, known=shared.objects)
        if len(roots) != 2 or type(roots[0]) is not list or type(roots[1]) is not dict:
            raise wire.Malformed("the arguments of a function on loan")
        try:
            value = loans[reply["lent"]](*roots[0], **roots[1])
        except Exception as error:
            answer = {"error": type(error).__name__, "text": cells.text_of(error)}
            wire.send(line, answer, deadline=deadline)
            return
        # Whatever the caller passed and gets back is the caller's own object, not a copy of it.
        known = shared.and_also(theirs, given[1], blobs)
        answer = codec.encode([value], known=known)
        wire.send(line, {"value": answer.head()}, answer.blobs, deadline)


def _raise_like(reply: dict[str, Any]) -> None:
    """Raise an error with the name and text of the one that the student's code raised."""
    name, text, line = reply["error"], reply.get("text"), reply.get("line", "")
    where = reply.get("function", "")
    if not all(type(word) is str for word in (name, text, line, where)):
        raise wire.Malformed("the description of an error")
    name, text = cells.without_controls(name[:200]), cells.without_controls(text[:20_000])
    kind = getattr(builtins, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = Exception
    like = type(name or "Exception", (kind,), {"__str__": lambda self: text})
    error = like.__new__(like)
    error.args = (text,)
    # The check may quote the line in which the error came up, as it would in one process.
    line = cells.without_controls(line[:300])
    linecache.cache[_STUDENT_FILE] = (len(line), None, [line + "\n"], _STUDENT_FILE)
    code = compile("raise error", _STUDENT_FILE, "exec")
    where = where[:200] if where.isidentifier() else code.co_name
    exec(code.replace(co_name=where), {"error": error})


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
        if job["support"] != warm_for:
            if warm_for:
                _forget_helpers(warm_for)
            warm_for = job["support"]
            _import_helpers(job)
            gc.collect()
            gc.freeze()
            worker = None
        worker = _pass_on(job, descriptors, worker, partial(_work, control, shell))
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


def _work(control: socket.socket, shell: cells.Shell, jobs: socket.socket) -> None:
    control.close()
    isolation.die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code: dict[str, list[CodeType] | None] = {}
    randomness = np.random.get_state()
    odd = False
    while not odd:
        try:
            job, descriptors = wire.receive_with_descriptors(jobs)
        except wire.WireError:
            return
        for test in job["tests"]:
            if test["source"] not in code:
                code[test["source"]] = cells.prepared(shell, test["source"])
        np.random.set_state(randomness)
        odd = _examine(shell, code, job, jobs, descriptors)


def _import_helpers(job: dict[str, Any]) -> None:
    """Load what test cells import, from the master's own files."""
    sys.path[:0] = [job["support"]]
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


def _examine(
    shell: cells.Shell,
    code: dict[str, list[CodeType] | None],
    job: dict[str, Any],
    jobs: socket.socket,
    descriptors: list[int],
) -> bool:
    """Run all test cells of one submission; report each as soon as it is done.

    Gives whether anything was odd. If so, the line for further jobs was closed before the last
    report, after which the next job may come.
    """
    channel, results = (socket.socket(fileno=number) for number in descriptors)
    limits = isolation.Limits(**job["limits"])
    session = Session(channel, limits, job["names"], job["stateless"])
    signal.signal(signal.SIGALRM, session.out_of_time)
    os.chdir(job["support"])
    odd = False
    with channel, results:
        for test in job["tests"]:
            session.begin_cell()
            verdict = _run_test(shell, session, code[test["source"]], test, limits)
            if session.broken is not None:
                odd = True
                jobs.close()
            wire.send(results, verdict)
        session.close()
    return odd


def _run_test(
    shell: cells.Shell,
    session: Session,
    ready: list[CodeType] | None,
    test: dict[str, str],
    limits: isolation.Limits,
) -> dict[str, Any]:
    """Run one test cell; give what it found."""
    started = time.monotonic()
    cells.fresh_namespace(shell, {"__name__": "__main__", **session.functions})
    signal.setitimer(signal.ITIMER_REAL, limits.cell_seconds + 2)
    try:
        outputs = cells.run_prepared(shell, ready) if ready else cells.run(shell, test["source"])
        passed = shell.last_cell_succeeded
    except _CellOutOfTime:
        outputs, passed = [], False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    passed = passed and not any(output["output_type"] == "error" for output in outputs)
    seconds = time.monotonic() - started
    return {"id": test["id"], "passed": passed, "outputs": outputs, "seconds": seconds}
