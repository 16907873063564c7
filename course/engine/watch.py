"""Watch over one submission's process: its memory, what is ordered about it, and its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from typing import Any

from . import wire
from .isolation import Limits

SAMPLE_SECONDS = 0.03


class Watch:
    """What the warm process knows of one student's process, which is a child of it."""

    def __init__(
        self, child: int, orders: socket.socket, limits: Limits, isolated: bool, poll: select.poll
    ) -> None:
        self.child, self.orders, self.limits, self.isolated = child, orders, limits, isolated
        self.poll = poll
        self.proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY) if _has_proc() else None
        self.base = _resident(self.proc, os.getpid()) if self.proc is not None else 0
        self.pidfd = os.pidfd_open(child) if hasattr(os, "pidfd_open") else None
        self.peak = 0
        self.ended_for = ""
        self.polled = {orders.fileno(), self.pidfd} - {None}
        for number in self.polled:
            poll.register(number, select.POLLIN | select.POLLHUP)

    def look(self, ready: set[int]) -> bool:
        """Act on what has happened, of which `ready` descriptors tell; say if this is over."""
        if self.orders.fileno() in ready:
            self._obey()
        if self.proc is not None and not ready:  # time has passed, and nothing has happened
            self._check_memory()
        if self.pidfd is None or self.pidfd in ready:
            done, _, usage = os.wait4(self.child, os.WNOHANG)
            if done:
                self._report(usage)
                self._close()
                return True
        return False

    def _obey(self) -> None:
        order = b""  # as when the engine has gone
        with contextlib.suppress(OSError):
            order = self.orders.recv(1)
        if order == b"I":
            os.kill(self.child, signal.SIGINT)
            return
        self.ended_for = self.ended_for or "stopped"
        self._kill()
        if not order:
            self._stop_polling(self.orders.fileno())

    def _stop_polling(self, number: int) -> None:
        self.polled.discard(number)
        self.poll.unregister(number)

    def _report(self, usage: Any) -> None:
        self._kill_the_rest()
        report = {
            "ended": self.ended_for,
            "peak_kb": max(self.peak, usage.ru_maxrss),
            "cpu": usage.ru_utime + usage.ru_stime,
        }
        with contextlib.suppress(wire.WireError):
            wire.send(self.orders, report)

    def _close(self) -> None:
        for number in list(self.polled):
            self._stop_polling(number)
        self.orders.close()
        for number in (self.pidfd, self.proc):
            if number is not None:
                os.close(number)

    def _kill(self) -> None:
        try:
            if not self.isolated:
                os.killpg(self.child, signal.SIGKILL)
            os.kill(self.child, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def _kill_the_rest(self) -> None:
        """Without namespaces: end what the submission left behind, as far as it can be found."""
        if self.isolated:
            return  # the kernel has ended them all with process 1
        with contextlib.suppress(OSError):
            os.killpg(self.child, signal.SIGKILL)
        if self.proc is not None:
            for _ in range(20):
                left = [pid for pid in _tree(self.proc, os.getpid()) if pid != os.getpid()]
                if not left:
                    return
                for pid in left:
                    try:
                        os.kill(pid, signal.SIGKILL)
                        os.waitpid(pid, os.WNOHANG)
                    except OSError:
                        pass
                time.sleep(0.005)

    def _check_memory(self) -> None:
        sizes = [_resident(self.proc, pid) for pid in _tree(self.proc, self.child)]
        beyond = sum(max(0, size - self.base) for size in sizes)
        self.peak = max([self.peak, *(size // 1024 for size in sizes)])
        if beyond > self.limits.memory or _machine_is_short(self.proc):
            self.ended_for = "memory"
            self._kill()


def _has_proc() -> bool:
    return os.path.exists("/proc/self/statm")


def _read(proc: int, path: str) -> str:
    try:
        number = os.open(path, os.O_RDONLY, dir_fd=proc)
    except OSError:
        return ""
    try:
        return os.read(number, 4096).decode("ascii", "replace")
    except OSError:
        return ""
    finally:
        os.close(number)


def _resident(proc: int, pid: int) -> int:
    fields = _read(proc, f"{pid}/statm").split()
    return int(fields[1]) * 4096 if len(fields) > 1 else 0


def _tree(proc: int, root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for name in os.listdir(proc):
        if name.isdigit():
            fields = _read(proc, f"{name}/stat").rpartition(")")[2].split()
            if len(fields) > 1:
                children.setdefault(int(fields[1]), []).append(int(name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def _machine_is_short(proc: int) -> bool:
    """Whether the machine as a whole is about to run out of memory."""
    for line in _read(proc, "meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) < 200 * 1024
    return False
