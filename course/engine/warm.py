"""The warm process inside the sandbox: everything slow is loaded once, then forked for each job.

For each job it forks a guard. The guard sets up the submission's own namespaces, starts the
student's process in them, watches its memory, interrupts or kills it when the examiner says so,
and reports how it ended. The guard and this process are trusted; they see a submission's cells
but no test and no reference.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import select
import signal
import socket
import sys
import time
from functools import partial
from types import ModuleType
from typing import Any

from . import cells, isolation, student, wire

_SAMPLE_SECONDS = 0.03


def main() -> None:
    """Serve jobs that come over the socket whose number is given."""
    settings = json.loads(sys.argv[1])
    if settings["drop_root"]:
        isolation.drop_root(isolation.NOBODY)
    control = socket.socket(fileno=settings["control"])
    shell = cells.make_shell()
    cells.warm_up(shell, figures=settings["figures"])
    cells.fresh_namespace(shell, {})
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # guards are not waited for
    gc.collect()
    gc.freeze()
    wire.send(control, {"ready": True, "pid": os.getpid()})
    supports: dict[str, _Support] = {}
    while True:
        try:
            job, descriptors = wire.receive_with_descriptors(control)
        except wire.WireError:
            return
        if "files" in job:
            home = os.path.join(isolation.HOME, job["folder"]) if settings["isolated"] else ""
            supports[job["name"]] = _Support(job["files"], home)
            gc.collect()
            gc.freeze()
            continue
        support = supports[job["support"]]
        isolation.in_child(partial(_guard, control, shell, job, support, settings, descriptors))
        for number in descriptors:
            os.close(number)


class _Support:
    """The master's files, and their modules loaded once for all submissions."""

    def __init__(self, files: dict[str, str], home: str) -> None:
        self.files = {name: bytes.fromhex(text) for name, text in files.items()}
        self.modules: dict[str, ModuleType] = {}
        for name in self.files if home else ():
            if name.endswith(".py") and "/" not in name and name[:-3] not in sys.modules:
                self._load(name[:-3], os.path.join(home, name))

    def _load(self, name: str, path: str) -> None:
        """Load a module as if its file lay where it will lie; leave it if that does not do."""
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None:
            return
        module = importlib.util.module_from_spec(spec)
        try:
            exec(compile(self.files[f"{name}.py"], path, "exec"), module.__dict__)
        except Exception:
            return
        self.modules[name] = module


def _guard(
    control: socket.socket,
    shell: cells.Shell,
    job: dict[str, Any],
    support: _Support,
    settings: dict,
    descriptors: list[int],
) -> None:
    control.close()
    _Guard(shell, job, support, settings, descriptors).run()


class _Guard:
    def __init__(
        self,
        shell: cells.Shell,
        job: dict[str, Any],
        support: _Support,
        settings: dict[str, Any],
        descriptors: list[int],
    ) -> None:
        self.shell, self.job, self.support, self.settings = shell, job, support, settings
        self.channel, self.orders = (socket.socket(fileno=number) for number in descriptors)
        self.limits = isolation.Limits(**job["limits"])
        self.isolated = settings["isolated"]
        self.peak = 0
        self.ended_for = ""

    def run(self) -> None:
        """Start the student's process, watch it, and report its end."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        isolation.die_with_parent()
        isolation.adopt_orphans()
        self.proc = None
        base = _resident(os.open("/proc", os.O_RDONLY), os.getpid()) if _has_proc() else 0
        try:
            if self.isolated:
                self.proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
                isolation.enter_namespaces()
                isolation.mount_private_places(self.limits.disk, self.settings["cover_tmp"])
            elif _has_proc():
                self.proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
            home = self._prepare_home()
        except OSError as error:
            wire.send(self.orders, {"refused": str(error)})
            return
        child = isolation.in_child(partial(self._become_student, home))
        self.channel.close()
        usage = self._watch(child, base)
        wire.send(
            self.orders,
            {
                "ended": self.ended_for,
                "peak_kb": max(self.peak, usage.ru_maxrss),
                "cpu": usage.ru_utime + usage.ru_stime,
            },
        )

    def _prepare_home(self) -> str:
        root = isolation.HOME if self.isolated else self.job["place"]
        home = os.path.join(root, self.job["folder"])
        os.makedirs(home, exist_ok=True)
        for name, text in self.support.files.items():
            path = os.path.join(home, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text)
        sys.modules.update(self.support.modules)
        return home

    def _become_student(self, home: str) -> None:
        if not self.isolated:
            os.setsid()
        self.orders.close()
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        limits = isolation.Limits(**self.job["limits"])
        # Where there is no namespace to count in, the count would take in the whole user's.
        counted = self.isolated and isolation.processes_are_counted_per_namespace()
        isolation.set_limits(limits, count_processes=counted)
        isolation.close_descriptors({self.channel.fileno()})
        os.chdir(home)
        os.environ["HOME"] = os.path.dirname(home)
        if self.isolated:
            os.environ["TMPDIR"] = isolation.SCRATCH
        sys.path.insert(0, "")
        self.shell.user_ns  # noqa: B018 - touched before privileges go, so it is loaded
        if self.isolated:
            isolation.give_up_privileges()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        student.run_submission(self.shell, self.job, self.channel)

    def _watch(self, child: int, base: int) -> Any:
        """Wait for the student's process; give its use of resources."""
        poll = select.poll()
        poll.register(self.orders, select.POLLIN | select.POLLHUP)
        pidfd = os.pidfd_open(child) if hasattr(os, "pidfd_open") else None
        if pidfd is not None:
            poll.register(pidfd, select.POLLIN)
        while True:
            ready = [number for number, _ in poll.poll(_SAMPLE_SECONDS * 1000)]
            if pidfd is None or pidfd in ready:
                done, _, usage = os.wait4(child, os.WNOHANG)
                if done:
                    break
            if self.orders.fileno() in ready:
                order = self.orders.recv(1)
                if order == b"I":
                    os.kill(child, signal.SIGINT)
                else:
                    self.ended_for = self.ended_for or "stopped"
                    self._kill(child)
                    if not order:
                        poll.unregister(self.orders)
            if self.proc is not None:
                self._check_memory(child, base)
        self._kill_the_rest(child)
        return usage

    def _kill(self, child: int) -> None:
        try:
            if not self.isolated:
                os.killpg(child, signal.SIGKILL)
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def _kill_the_rest(self, child: int) -> None:
        """Without namespaces: end what the submission left behind, as far as it can be found."""
        if self.isolated:
            return  # the kernel has ended them all with process 1
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
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

    def _check_memory(self, child: int, base: int) -> None:
        sizes = [_resident(self.proc, pid) for pid in _tree(self.proc, child)]
        beyond = sum(max(0, size - base) for size in sizes)
        self.peak = max([self.peak, *(size // 1024 for size in sizes)])
        if beyond > self.limits.memory or _machine_is_short(self.proc):
            self.ended_for = "memory"
            self._kill(child)


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
