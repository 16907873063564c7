"""The student's process: runs the student's cells, then answers calls of the student's functions.

It is given the student's own cells and files and nothing else. No test, no expected value and no
reference solution ever comes here. What it says is taken as a student's word, not as a verdict.
"""

from __future__ import annotations

import gc
import linecache
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from . import cells, codec, isolation, wire

FRESH_CHILD, THIS_PROCESS = b"C", b"P"  # who is to answer calls
_empty, _empty_like = np.empty, np.empty_like
_fork, _waitpid, _kill, _leave = isolation.fork, os.waitpid, os.kill, os._exit


def run_submission(shell: cells.Shell, job: dict[str, Any], channel: socket.socket) -> None:
    """Run the cells one after the other, report each, then serve calls until told to stop."""
    raw_output = _capture_descriptors(os.getcwd())
    for number, source in job["cells"]:
        outputs = cells.run(shell, source, raw_output, alone=job["proven"])
        wire.send(channel, {"cell": number, "outputs": outputs})
    wire.send(channel, {"ready": True})
    _serve(shell.user_ns, channel)


def _capture_descriptors(home: str) -> Any:
    """Send what is written past Python, to descriptors 1 and 2, into a file without a name."""
    path = os.path.join(home, ".output")
    file = open(path, "w+b", buffering=0)  # noqa: SIM115 - lives as long as the process
    os.unlink(path)
    os.dup2(file.fileno(), 1)
    os.dup2(file.fileno(), 2)
    return file


def _serve(names: dict[str, Any], channel: socket.socket) -> None:
    """Answer calls on the sockets that come over the channel.

    With `FRESH_CHILD` a fresh child of this process does, with `THIS_PROCESS` it does so itself.
    """
    gc.freeze()
    channel.settimeout(None)
    child = 0
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        wanted, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        if child:
            _end(child)
            child = 0
        if not wanted:
            return
        line = socket.socket(fileno=descriptors[0])
        if wanted == THIS_PROCESS:
            _leave_nothing_to_chance()
            _be_silent()
            _answer_calls(names, line)
            line.close()
            continue
        child = _fork()
        if child == 0:
            channel.close()
            _be_silent()
            try:
                _answer_calls(names, line)
            finally:
                _leave(0)
        line.close()


def _leave_nothing_to_chance() -> None:
    """From now on, let new arrays hold NaN where they would hold what was in memory before."""
    np.empty, np.empty_like = _filled(_empty), _filled(_empty_like)


def _filled(make: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    def filled(*arguments: Any, **keywords: Any) -> np.ndarray:
        array = make(*arguments, **keywords)
        if array.dtype.kind in "fc":
            array.fill(np.nan)
        elif array.dtype.kind != "O":  # those hold None
            array[...] = np.zeros((), array.dtype)
        return array

    return filled


def _be_silent() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)


def _end(child: int) -> None:
    try:
        _kill(child, signal.SIGKILL)
        _waitpid(child, 0)
        while _waitpid(-1, os.WNOHANG)[0]:
            pass
    except OSError:
        pass


class _Things:
    """Values that stay in this process, and the numbers the examiner knows them by."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def keep(self, value: Any, name: str) -> Any:
        self.kept.append(value)
        return ["o", len(self.kept) - 1, name]

    def find(self, handle: int, name: str) -> Any:
        return self.kept[handle]


class _Raised(Exception):
    """Carries the name and text of what a lent function raised."""


def _answer_calls(names: dict[str, Any], channel: socket.socket) -> None:
    things = _Things()
    while True:
        try:
            head, blobs = wire.receive(channel)
        except wire.WireError:
            return
        (arguments, keywords), objects = codec.decode(head["arguments"], blobs, strange=things.find)
        shared = codec.Shared(objects, head["arguments"][1], blobs)
        try:
            with _Loan(names, head["lent"], channel, things, shared):
                value = _look_up(names, head["call"])(*arguments, **keywords)
            answer = codec.encode([value], known=shared, strange=things.keep)
            reply, blobs = {"value": answer.head()}, answer.blobs
        except BaseException as error:
            reply, blobs = _describe(error), []
            shared.look_again()
        if not shared.first_are_unchanged():
            changed = [thing for thing in objects if type(thing) is not tuple]
            state = codec.encode(changed, strange=things.keep)
            reply["changed"] = [state.head(), len(blobs)]
            blobs = blobs + state.blobs
        wire.send(channel, reply, blobs)


def _look_up(names: dict[str, Any], name: str) -> Any:
    if name not in names:
        raise NameError(f"name {name!r} is not defined")
    return names[name]


def _describe(error: BaseException) -> dict[str, Any]:
    """Name, text and place of an error, as plain text."""
    reply = {"error": type(error).__name__[:200], "text": cells.text_of(error)[:20_000]}
    if isinstance(error, _Raised):
        reply = {"error": error.args[0], "text": error.args[1]}
    try:
        for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
            file = frame.f_code.co_filename
            if frame.f_globals is sys.modules["__main__"].__dict__:
                reply["line"] = linecache.getline(file, line).strip()[:300]
                reply["function"] = frame.f_code.co_name[:200]
                break
    except Exception:
        pass
    return reply


class _Loan:
    """While a call runs, some names of the notebook stand for functions at the examiner's."""

    def __init__(
        self,
        names: dict[str, Any],
        lent: list[str],
        channel: socket.socket,
        things: _Things,
        shared: codec.Shared,
    ) -> None:
        self.names, self.lent, self.channel, self.things = names, lent, channel, things
        self.shared = shared
        self.own: dict[str, Any] = {}

    def __enter__(self) -> None:
        self.own = {name: self.names[name] for name in self.lent if name in self.names}
        self.names.update({name: self.stand_in(name) for name in self.lent})

    def __exit__(self, *_: object) -> None:
        for name in self.lent:
            self.names.pop(name, None)
        self.names.update(self.own)

    def stand_in(self, name: str) -> Any:
        """A function that passes its call on to the examiner."""

        def lent(*arguments: Any, **keywords: Any) -> Any:
            sent = codec.encode(
                [list(arguments), keywords], known=self.shared, strange=self.things.keep
            )
            self.shared.grow(sent.objects, sent.nodes, sent.blobs)
            wire.send(self.channel, {"lent": name, "arguments": sent.head()}, sent.blobs)
            head, blobs = wire.receive(self.channel)
            if "error" in head:
                raise _error_like(head["error"], head["text"])
            # Whatever was passed and comes back is the caller's own object, not a copy of it.
            known, came = self.shared.objects, head["value"]
            values, objects = codec.decode(came, blobs, known=known, strange=self.things.find)
            self.shared.grow(objects, came[1], blobs)
            return values[0]

        lent.__name__ = lent.__qualname__ = name
        return lent


def _error_like(name: str, text: str) -> BaseException:
    """An error that looks like the one that was raised on the other side."""
    kind = getattr(__import__("builtins"), name, None)
    base = kind if isinstance(kind, type) and issubclass(kind, Exception) else Exception
    like = type(name, (base,), {"__str__": lambda self: text})
    return like(text) if base not in (UnicodeDecodeError, UnicodeEncodeError) else Exception(text)
