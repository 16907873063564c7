"""Grade tasks: start the warm processes once, then a student's process and an examiner for each.

`Engine.grade` takes a `Task` and gives a `Result`. It knows neither gradebook nor course folder.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import sandbox, wire
from .isolation import Limits
from .outputs import Markup, clean
from .programs import Programs
from .task import Result, Support, Task, Verdict

_START_SECONDS = 120
_RESTARTS = 4
_REPLY_LIMIT = 24 * 1024 * 1024
_FAULTS_OF_THE_COURSE = ("ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError")


class EngineFailed(RuntimeError):
    """The engine itself is at fault, not a submission."""


class _Warm:
    """A warm process of ours, and the socket over which it takes jobs."""

    def __init__(self, command: list[str], environment: dict[str, str], settings: dict) -> None:
        self.control, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - read when something goes wrong
        settings = json.dumps({**settings, "control": theirs.fileno()})
        self.process = subprocess.Popen(
            [*command, settings],
            env=environment,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            cwd="/",
        )
        theirs.close()
        self.sent: set[str] = set()
        self.ready = False

    def wait_until_ready(self) -> None:
        """Wait for the process to say that it is warm."""
        if self.ready:
            return
        try:
            wire.receive(self.control, time.monotonic() + _START_SECONDS)
        except wire.WireError as error:
            said = self.words()
            self.stop()
            raise EngineFailed(f"a warm process did not start ({error}): {said}") from None
        self.ready = True

    def words(self) -> str:
        """The last thing it said."""
        self.log.seek(0)
        lines = self.log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it, and with it everything that was started from it."""
        self.control.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


class _Student:
    """One submission's process, seen from outside."""

    def __init__(self, warm: _Warm, channel: socket.socket, orders: socket.socket) -> None:
        self.warm, self.channel, self.orders = warm, channel, orders
        self.report: dict[str, Any] = {}

    def interrupt(self) -> None:
        """What the stop button does."""
        with contextlib.suppress(OSError):
            self.orders.send(b"I")

    def end(self) -> dict[str, Any]:
        """Kill it with all its children; give the guard's report."""
        if not self.report:
            with contextlib.suppress(OSError):
                self.orders.send(b"K")
            self.channel.close()
            try:
                self.report, _ = wire.receive(self.orders, time.monotonic() + 10)
            except wire.WireError:
                self.report = {"ended": "lost"}
            self.orders.close()
        return self.report


class Engine:
    """Grades submissions one after the other, each in a sandbox of its own."""

    def __init__(
        self,
        *,
        sandboxed: bool = True,
        helpers: tuple[str, ...] = ("rnn_utils", "course.examiner"),
        hide: tuple[str, ...] = (),
    ) -> None:
        self.sandboxed, self.helpers, self.hide = sandboxed, helpers, hide
        self._students: dict[bool, _Warm] = {}  # without and with matplotlib loaded
        self._examiner: _Warm | None = None
        self._place = ""
        self._helpers: dict[Path, str] = {}  # which master's files lie where
        self._programs = Programs()
        self._owner = os.getpid()
        self.measured: list[dict[str, float]] = []  # for the benchmark

    def start(self) -> None:
        """Start what has to be warm; raise `SandboxUnavailable` where it cannot be safe."""
        if not self._place:
            self._refuse_where_it_cannot_be_safe()
            self._place = scratch_folder()
            atexit.register(self.stop)
        self._warm(figures=False)
        if self._examiner is None or not self._examiner.alive():
            self._examiner = _Warm(
                sandbox.plain_command("examiner"), sandbox.plain_environment(self._place), {}
            )

    def _refuse_where_it_cannot_be_safe(self) -> None:
        if not hasattr(os, "fork"):
            raise sandbox.SandboxUnavailable(
                "Students' code is only run in a sandbox, which needs Linux: "
                "grade on a Linux machine."
            )
        if self.sandboxed and (reason := sandbox.refusal()):
            raise sandbox.SandboxUnavailable(reason)

    def wait_until_warm(self) -> None:
        """Wait until the next task will not have to."""
        self.start()
        assert self._examiner is not None
        for warm in (self._warm(figures=False), self._examiner):
            warm.wait_until_ready()

    def _warm(self, figures: bool) -> _Warm:
        """The process that submissions are forked from, started where there is none.

        A fork copies the page tables, so it takes half the time without matplotlib.
        """
        warm = self._students.get(figures)
        if warm is None or not warm.alive():
            warm = self._students[figures] = self._start_warm(figures)
        return warm

    def _start_warm(self, figures: bool) -> _Warm:
        if self.sandboxed:
            command = sandbox.command([*map(os.path.realpath, self.hide)])
            settings = {
                "figures": figures,
                "isolated": True,
                "drop_root": os.geteuid() == 0,
                "cover_tmp": sandbox.tmp_may_be_covered(),
            }
            return _Warm(command, dict(os.environ), settings)
        settings = {"figures": figures, "isolated": False, "drop_root": False}
        environment = {**os.environ, **sandbox.plain_environment(self._place)}
        return _Warm(sandbox.plain_command("warm"), environment, settings)

    def stop(self) -> None:
        """End all processes and remove all scratch files."""
        if self._owner != os.getpid():
            return  # a fork of the process that the engine belongs to
        for warm in (*self._students.values(), self._examiner):
            if warm is not None:
                warm.stop()
        self._students, self._examiner, self._helpers = {}, None, {}
        if self._place:
            shutil.rmtree(self._place, ignore_errors=True)
        self._place = ""

    def __enter__(self) -> Engine:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- one task --------------------------------------------------------------------------

    def grade(self, task: Task) -> Result:
        """Run a submission's cells, then the tests against it."""
        begin = time.monotonic()
        self.start()
        self._warm(task.may_draw).wait_until_ready()
        result = Result()
        deadline = time.monotonic() + task.limits.total_seconds
        with self._scratch(task) as scratch:
            student = self._run_cells(task, result, scratch, deadline)
            ran = time.monotonic()
            try:
                student = self._examine(task, student, result, scratch, deadline)
            finally:
                examined = time.monotonic()
                self._note_end(student.end(), result)
        result.seconds = {
            "cells": ran - begin,
            "tests": examined - ran,
            "end": time.monotonic() - examined,
        }
        counted = {"peak_kb": result.peak_kb, "known": result.known, "asked": len(task.tests)}
        self.measured.append({**result.seconds, **counted})
        return result

    @contextlib.contextmanager
    def _scratch(self, task: Task) -> Iterator[str]:
        """A folder for an unsandboxed submission; the sandbox brings its own."""
        if self.sandboxed:
            yield ""
            return
        place = tempfile.mkdtemp(dir=self._place)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _start_student(self, task: Task, cells: list[tuple[int, str]], place: str) -> _Student:
        for attempt in (1, 2):
            warm = self._warm(task.may_draw)
            warm.wait_until_ready()
            try:
                return self._send_student(warm, task, cells, place)
            except OSError:
                if attempt == 2:
                    raise EngineFailed("the warm process died") from None
                warm.stop()
        raise AssertionError

    def _send_student(
        self, warm: _Warm, task: Task, cells: list[tuple[int, str]], place: str
    ) -> _Student:
        support = self._share_files(warm, task)
        channel, their_channel = socket.socketpair()
        orders, their_orders = socket.socketpair()
        job = {
            "folder": task.folder,
            "cells": cells,
            "proven": task.program is not None,
            "support": support,
            "limits": task.limits.as_dict(),
            "place": place,
        }
        wire.send_with_descriptors(
            warm.control, job, [their_channel.fileno(), their_orders.fileno()]
        )
        their_channel.close()
        their_orders.close()
        return _Student(warm, channel, orders)

    def _share_files(self, warm: _Warm, task: Task) -> str:
        """See that the process has the master's files; give the name it knows them by."""
        name = f"{task.folder}/{task.support.name}"
        if name not in warm.sent:
            files = {name: data.hex() for name, data in task.support.files.items()}
            job = {"name": name, "folder": task.folder, "files": files}
            wire.send_with_descriptors(warm.control, job, [])
            warm.sent.add(name)
        return name

    def _run_cells(self, task: Task, result: Result, place: str, deadline: float) -> _Student:
        """Run the student's cells; where one ends the process, start again without it."""
        cells = list(task.cells)
        for restart in range(_RESTARTS + 1):
            student = self._start_student(task, cells, place)
            culprit = self._follow(student, cells, task.limits, result, deadline)
            if culprit is None:
                return student
            report = student.end()
            result.peak_kb = max(result.peak_kb, report.get("peak_kb", 0))
            if "refused" in report:
                raise EngineFailed(f"the sandbox could not be set up: {report['refused']}")
            number, reason = culprit
            if report.get("ended") == "memory":
                reason = "used too much memory"
            result.outputs[number] = [_error("CellEnded", f"This cell {reason}.")]
            result.irregularities.append(
                f"Cell {number + 1} {reason}; the notebook was run again without it."
            )
            position = [number for number, _ in cells].index(number)
            cells = cells[:position] + cells[position + 1 :]
            if restart == _RESTARTS - 1 or time.monotonic() > deadline:
                for skipped, _ in cells[position:]:
                    message = "This cell was not run, because too many cells before it failed."
                    result.outputs[skipped] = [_error("CellNotRun", message)]
                cells = cells[:position]
                deadline = time.monotonic() + task.limits.cell_seconds
        raise EngineFailed("the student's process could not be started")

    def _follow(
        self,
        student: _Student,
        cells: list[tuple[int, str]],
        limits: Limits,
        result: Result,
        deadline: float,
    ) -> tuple[int, str] | None:
        """Read the outputs of the cells; give the cell that ended the process, if one did."""
        for number, _ in cells:
            try:
                outputs, stopped = self._next_outputs(student, number, limits, deadline)
            except wire.TooLate:
                return number, f"did not end within {limits.cell_seconds:g} seconds"
            except wire.Closed:
                return number, "ended the Python process"
            except wire.Malformed:
                return number, "disturbed the recording of its outputs"
            result.outputs[number] = clean(outputs, result.markup)
            if stopped:
                result.irregularities.append(
                    f"Cell {number + 1} did not end within {limits.cell_seconds:g} seconds and "
                    "was stopped."
                )
        try:
            head, _ = wire.receive(student.channel, time.monotonic() + 10, _REPLY_LIMIT)
        except wire.WireError:
            head = None
        if head != {"ready": True}:
            if not cells:
                raise EngineFailed(f"a student's process did not start: {student.warm.words()}")
            return cells[-1][0], "ended the Python process"
        return None

    def _next_outputs(
        self, student: _Student, number: int, limits: Limits, deadline: float
    ) -> tuple[Any, bool]:
        """The outputs of a cell, and whether it had to be stopped."""
        now, stopped = time.monotonic(), False
        try:
            until = min(now + limits.cell_seconds, max(deadline, now + 0.5))
            head, _ = wire.receive(student.channel, until, _REPLY_LIMIT)
        except wire.TooLate:
            student.interrupt()
            stopped = True
            head, _ = wire.receive(student.channel, time.monotonic() + 2, _REPLY_LIMIT)
        if type(head) is not dict or head.get("cell") != number:
            raise wire.Malformed("not the outputs of this cell")
        return head.get("outputs"), stopped

    # --- the tests -------------------------------------------------------------------------

    def _examine(
        self, task: Task, student: _Student, result: Result, place: str, deadline: float
    ) -> _Student:
        """Run all tests; give the student's process that is there at the end."""
        proven = task.program is not None and not result.irregularities
        if proven:
            result.verdicts = self._programs.verdicts(task, result)
            result.known = len(result.verdicts)
        todo = [test for test in task.tests if test.id not in result.verdicts]
        while todo:
            if time.monotonic() > deadline:
                self._give_up(todo, result, "the submission as a whole used up its time")
                return student
            done, lost = self._examine_some(task, todo, student, result, proven, deadline)
            todo = todo[done:]
            proven = proven and not lost
            if lost and todo:
                self._note_end(student.end(), result)
                student = self._run_cells(task, Result(), place, deadline)
        if proven:
            self._programs.remember(task, result)
        return student

    def _examine_some(
        self,
        task: Task,
        todo: list[Any],
        student: _Student,
        result: Result,
        proven: bool,
        deadline: float,
    ) -> tuple[int, bool]:
        """Have one examiner run these tests; give how many are done, and if the student is lost."""
        results = self._start_examiner(task, todo, student, proven)
        with results:
            for number, test in enumerate(todo):
                try:
                    limit = time.monotonic() + task.limits.cell_seconds + 10
                    until = max(min(limit, deadline), time.monotonic() + 1)
                    head, _ = wire.receive(results, until)
                except wire.WireError:
                    self._give_up([test], result, "this check could not be finished")
                    return number + 1, proven
                if head.get("id") != test.id:
                    raise EngineFailed("the examiner answered out of turn")
                outputs = _test_outputs(head)
                passed = head["passed"] is True
                result.verdicts[test.id] = Verdict(
                    test.id, passed, outputs, head["seconds"], head["general"]
                )
                if any(o.get("ename") in _FAULTS_OF_THE_COURSE for o in outputs):
                    result.irregularities.append(
                        f"The check {test.id!r} could not run ({outputs[-1]['evalue'][:200]}): "
                        "this is a fault of the course, not of the submission."
                    )
                if head["lost"]:
                    return number + 1, True
        return len(todo), False

    def _start_examiner(
        self, task: Task, todo: list[Any], student: _Student, proven: bool
    ) -> socket.socket:
        folder = self._place_for_helpers(task.support)
        job = {
            "support": task.support.name,
            "folder": str(folder),
            "helpers": list(self.helpers),
            "names": task.names,
            "proven": proven,
            "tests": [{"id": test.id, "source": test.source} for test in todo],
            "limits": task.limits.as_dict(),
        }
        for attempt in (1, 2):
            assert self._examiner is not None
            self._examiner.wait_until_ready()
            ours, theirs = socket.socketpair()
            try:
                wire.send_with_descriptors(
                    self._examiner.control, job, [student.channel.fileno(), theirs.fileno()]
                )
                return ours
            except OSError:
                ours.close()
                if attempt == 2:
                    raise EngineFailed("the examiner died") from None
                self._examiner.stop()
                self.start()
            finally:
                theirs.close()
        raise AssertionError

    def _place_for_helpers(self, support: Support) -> Path:
        """A folder with the master's files, the same one for all masters with the same modules.

        So the examiner need not load them again for another assignment.
        """
        folder = Path(self._place, "support", support.modules.name)
        if self._helpers.get(folder) != support.name:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name, data in support.files.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            self._helpers[folder] = support.name
        return folder

    def _give_up(self, tests: list[Any], result: Result, reason: str) -> None:
        for test in tests:
            result.verdicts[test.id] = Verdict(
                test.id, False, [_error("NotFinished", f"No points here: {reason}.")]
            )
        result.irregularities.append(f"{tests[0].id}: {reason}.")

    def _note_end(self, report: dict[str, Any], result: Result) -> None:
        result.peak_kb = max(result.peak_kb, report.get("peak_kb", 0))
        if report.get("ended") == "memory":
            result.irregularities.append("A function used too much memory and was stopped.")


def _error(name: str, text: str) -> dict[str, Any]:
    line = f"{name}: {text}"
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [line]}


def _test_outputs(head: dict[str, Any]) -> list[dict[str, Any]]:
    """Outputs of a test cell, without what would confuse grading or show hidden lines."""
    outputs = [o for o in clean(head["outputs"], Markup()) if o.get("name") != "stderr"]
    if not head["passed"] and not any(o["output_type"] == "error" for o in outputs):
        outputs.append(_error("NotFinished", "No points here: the check did not reach its end."))
    return outputs


def scratch_folder() -> str:
    """A folder for this process; what processes that were killed have left is removed."""
    top = tempfile.gettempdir()
    for name in os.listdir(top):
        words = name.split("-")
        if words[0] == "rnngrading" and len(words) == 3 and words[1].isdigit():
            place = os.path.join(top, name)
            with contextlib.suppress(OSError):
                if os.stat(place).st_uid == os.geteuid() and not _runs(int(words[1])):
                    shutil.rmtree(place, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"rnngrading-{os.getpid()}-".replace("--", "-"))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


_shared: dict[tuple, Engine] = {}


def shared_engine(sandboxed: bool, hide: tuple[str, ...] = ()) -> Engine:
    """The engine of this process, started at first use and kept warm."""
    key = (sandboxed, hide)
    if key not in _shared:
        _shared[key] = Engine(sandboxed=sandboxed, hide=hide)
        _shared[key].start()
    return _shared[key]
