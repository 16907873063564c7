"""One submission as a test cell sees it: functions that can be called, and their values.

In a test cell's namespace the assigned functions are stand-ins. A call sends the arguments to the
student's process as plain data and waits for plain data.
"""

from __future__ import annotations

import builtins
import hashlib
import linecache
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from . import cells, codec, isolation, student, wire
from .transcripts import Exchange, Step

_STUDENT_FILE = "<the student's function>"
_STAYS_THERE = b'["o",'  # in a message: a value that does not travel


class ProcessEnded(RuntimeError):
    """The student's code ended its process, or cut the line to the examiner."""


class TookTooLong(RuntimeError):
    """A call did not come back in time."""


class NotPlainData(RuntimeError):
    """The student's process sent something that is not a value."""


class _CellStopped(BaseException):
    """Ends a test cell from within."""


class _Line:
    """The socket to the student's process or a child of it, opened when it is needed."""

    def __init__(self, channel: socket.socket, limits: isolation.Limits, proven: bool) -> None:
        self.channel, self.limits = channel, limits
        self.who = student.THIS_PROCESS if proven else student.FRESH_CHILD
        self.patience = limits.call_seconds
        self.socket: socket.socket | None = None
        self.cell_deadline = self.call_deadline = 0.0

    def ask(self, question: bytes, starts_a_call: bool) -> bytes:
        """Send a packed message, wait for another."""
        if starts_a_call:
            self.call_deadline = min(self.cell_deadline, time.monotonic() + self.patience)
        try:
            line = self._open()
            wire.send_packed(line, question, self.call_deadline)
            return wire.receive_packed(line, self.call_deadline)
        except wire.Closed:
            raise ProcessEnded("your code ended the Python process it ran in") from None
        except wire.TooLate:
            seconds = self.patience
            # Whoever loops for ever in one test does so in the next: do not wait as long again.
            self.patience = min(self.patience, max(1.0, self.limits.call_seconds / 5))
            raise TookTooLong(f"the call did not come back within {seconds:g} seconds") from None

    def _open(self) -> socket.socket:
        if self.socket is None:
            ours, theirs = socket.socketpair()
            try:
                self.channel.settimeout(self.limits.call_seconds)
                socket.send_fds(self.channel, [self.who], [theirs.fileno()])
            except OSError:
                raise ProcessEnded("your code ended the Python process it ran in") from None
            finally:
                theirs.close()
            self.socket = ours
        return self.socket

    def close(self) -> None:
        """Ask no more on this line; a child ends with it."""
        if self.socket is not None:
            self.socket.close()
        self.socket = None


class Session:
    """The conversation with one submission, over all its test cells."""

    def __init__(
        self, channel: socket.socket, limits: isolation.Limits, names: list[str], proven: bool
    ) -> None:
        self.proven = proven
        self.line = _Line(channel, limits, proven)
        self._forget_the_last_cell()
        self._answers: dict[bytes, bytes] = {}  # by what was said since the call began
        self._call = hashlib.sha256()
        self._unsaid: list[tuple[bytes, bool]] | None = []  # of a call that was not passed on
        self.functions = {name: self._stand_in(name) for name in names}

    def begin_cell(self, fresh: bool = False) -> None:
        """The next call goes to a fresh child of the student's process.

        Where calls provably leave nothing behind, the student's process answers itself.
        """
        if fresh or not self.proven or self.broken is not None:
            self.line.close()
        self._forget_the_last_cell()
        self.line.cell_deadline = time.monotonic() + self.line.limits.cell_seconds

    def _forget_the_last_cell(self) -> None:
        self.broken: Exception | None = None
        self.exchanges: list[Exchange] = []
        self.said: deque[Exchange] = deque()
        self.asks_something_else = self.quotes = False
        self.called: set[str] = set()

    def out_of_time(self, *_: object) -> None:
        """What the alarm does when a test cell as a whole takes too long."""
        self.broken = TookTooLong("this check did not finish in time")
        raise _CellStopped(str(self.broken))

    def follow(self, step: Step | None) -> Step | None:
        """Ask what a test cell asked before, as long as the answers are those that came then.

        Gives the step that the last answer led to. What was said counts as said when the cell then
        runs all the same.
        """
        try:
            while step is not None and step.question is not None:
                answer = self._ask(step.question, step.starts_a_call)
                self.exchanges.append(Exchange(step.question, step.starts_a_call, answer))
                step = step.answered(answer)
        except (ProcessEnded, TookTooLong, wire.Malformed) as error:
            self._break(error)
            step = None
        if step is None:
            self.said, self.exchanges = deque(self.exchanges), []
        return step

    def _stand_in(self, name: str) -> Callable[..., Any]:
        session = self

        def stand_in(*arguments: Any, **keywords: Any) -> Any:
            return session.call(name, arguments, keywords)

        stand_in.__name__ = stand_in.__qualname__ = name
        stand_in.__code__ = stand_in.__code__.replace(co_filename=_STUDENT_FILE)
        return stand_in

    def call(self, name: str, arguments: tuple, keywords: dict[str, Any]) -> Any:
        """Call a function of the student's; give its value, or raise what it raised."""
        self.called.add(name)
        sent = codec.encode([list(arguments), keywords])
        # What `lend` has on loan is kept by `lend` itself, on the class.
        lend = getattr(sys.modules.get("rnn_utils"), "lend", None)
        loans = dict(getattr(lend, "current", None) or {})
        shared = codec.Shared(sent.objects, sent.nodes, sent.blobs)
        head: dict[str, Any] = {"call": name, "arguments": sent.head(), "lent": list(loans)}
        blobs: list[bytes] = sent.blobs
        try:
            reply, answer = self._exchange(head, blobs, starts_a_call=True)
            while "lent" in reply:
                head, blobs = _use_loan(loans, reply, answer, shared)
                reply, answer = self._exchange(head, blobs, starts_a_call=False)
            self.quotes = self.quotes or "line" in reply
            return _result(reply, answer, sent, shared)
        except wire.Malformed as error:
            raise self._break(error) from None

    def _exchange(
        self, head: dict[str, Any], blobs: list[bytes], starts_a_call: bool
    ) -> tuple[dict[str, Any], list[bytes]]:
        question = wire.pack(head, blobs)
        if self.said:
            exchange = self.said.popleft()
            if exchange.question != question:
                self.asks_something_else = True
                raise _CellStopped("it does not ask what it asked when it was told the same")
            answer = exchange.answer
        elif self.broken is not None:
            raise type(self.broken)(str(self.broken))
        else:
            try:
                answer = self._ask(question, starts_a_call)
            except (ProcessEnded, TookTooLong) as error:
                raise self._break(error) from None
        self.exchanges.append(Exchange(question, starts_a_call, answer))
        reply, blobs = wire.unpack(answer)
        if type(reply) is not dict:
            raise wire.Malformed("not a reply")
        return reply, blobs

    def _ask(self, question: bytes, starts_a_call: bool) -> bytes:
        """Ask the student's process, unless it is known what it would say.

        Where calls keep nothing, the answer depends on what was said since the call began. That
        does not hold for what stays in the student's process, such as an iterator.
        """
        if not self.proven:
            return self.line.ask(question, starts_a_call)
        if starts_a_call:
            self._call, self._unsaid = hashlib.sha256(), []
        self._call.update(hashlib.sha256(question).digest())
        so_far = self._call.digest()
        if self._unsaid is not None:  # so far, this call was answered from memory
            if so_far in self._answers:
                self._unsaid.append((question, starts_a_call))
                return self._answers[so_far]
            for said_before in self._unsaid:
                self.line.ask(*said_before)
            self._unsaid = None
        answer = self.line.ask(question, starts_a_call)
        if _STAYS_THERE not in question and _STAYS_THERE not in answer:
            self._answers[so_far] = answer
        return answer

    def _break(self, error: Exception) -> Exception:
        """Nothing more will be asked in this cell; give the error to raise."""
        if isinstance(error, wire.Malformed):
            error = NotPlainData(f"what came back could not be read as values ({error})")
        self.broken = error
        return error


def _result(
    reply: dict[str, Any], blobs: list[bytes], sent: codec.Encoded, shared: codec.Shared
) -> Any:
    if "changed" in reply:
        changed = reply["changed"]
        if type(changed) is not list or len(changed) != 2:
            raise wire.Malformed("the state of the arguments")
        head, first = changed
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
    values, _ = codec.decode(reply.get("value"), blobs, known=shared.objects)
    if len(values) != 1:
        raise wire.Malformed("not one value")
    return values[0]


def _use_loan(
    loans: dict[str, Callable[..., Any]],
    reply: dict[str, Any],
    blobs: list[bytes],
    shared: codec.Shared,
) -> tuple[dict[str, Any], list[bytes]]:
    """Run a function that is on loan, for the student's code that called it; give the answer."""
    name = reply["lent"]
    if type(name) is not str or name not in loans:
        raise wire.Malformed("a call of a function that is not on loan")
    given = reply.get("arguments")
    roots, theirs = codec.decode(given, blobs, known=shared.objects)
    if len(roots) != 2 or type(roots[0]) is not list or type(roots[1]) is not dict:
        raise wire.Malformed("the arguments of a function on loan")
    shared.grow(theirs, given[1], blobs)
    try:
        value = loans[name](*roots[0], **roots[1])
        # Whatever the caller passed and gets back is the caller's own object, not a copy of it.
        answer = codec.encode([value], known=shared)
    except Exception as error:
        return {"error": type(error).__name__, "text": cells.text_of(error)}, []
    shared.grow(answer.objects, answer.nodes, answer.blobs)
    return {"value": answer.head()}, answer.blobs


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
