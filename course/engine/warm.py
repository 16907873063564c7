"""The warm process inside the sandbox: everything slow is loaded once, then forked for each job.

For each job it forks the student's process into namespaces of its own, watches over it, and
reports how it ended. This process is trusted; it sees a submission's cells but no test and no
reference.
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
from functools import partial
from types import ModuleType
from typing import Any

from . import cells, isolation, seccomp, student, tracebacks, wire
from .watch import SAMPLE_SECONDS, Watch


def main() -> None:
    """Serve jobs that come over the socket whose number is given."""
    settings = json.loads(sys.argv[1])
    if settings["drop_root"]:
        isolation.drop_root(isolation.NOBODY)
    control = socket.socket(fileno=settings["control"])
    shell = cells.make_shell()
    cells.warm_up(shell, figures=settings["figures"])
    isolation.adopt_orphans()
    seccomp.program(os.uname().machine)  # built once
    gc.collect()
    gc.freeze()
    wire.send(control, {"ready": True, "pid": os.getpid()})
    _Nursery(control, shell, settings).serve()


class _Nursery:
    """Starts students' processes and watches over them."""

    def __init__(
        self, control: socket.socket, shell: cells.Shell, settings: dict[str, Any]
    ) -> None:
        self.control, self.shell, self.settings = control, shell, settings
        self.supports: dict[str, _Support] = {}
        self.watches: list[Watch] = []
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN | select.POLLHUP)

    def serve(self) -> None:
        """Do what comes over the socket until that is closed."""
        while True:
            wait = SAMPLE_SECONDS * 1000 if self.watches else None
            ready = {number for number, _ in self.poll.poll(wait)}
            self.watches = [watch for watch in self.watches if not watch.look(ready)]
            if self.control.fileno() in ready:
                try:
                    job, descriptors = wire.receive_with_descriptors(self.control)
                except wire.WireError:
                    return
                self._take(job, descriptors)

    def _take(self, job: dict[str, Any], descriptors: list[int]) -> None:
        if "files" in job:
            home = os.path.join(isolation.HOME, job["folder"]) if self.settings["isolated"] else ""
            self.supports[job["name"]] = _Support(job["files"], home)
            gc.collect()
            gc.freeze()
            return
        channel, orders = (socket.socket(fileno=number) for number in descriptors)
        isolated = self.settings["isolated"]
        begin = _Beginning(self.shell, job, self.supports[job["support"]], self.settings)
        try:
            # Matplotlib asks to be told, because of its open font files.
            apart = partial(isolation.fork_apart, tell=self.settings["figures"])
            child = isolation.in_child(
                partial(begin.run, channel, orders), apart if isolated else None
            )
        except OSError as error:
            with contextlib.suppress(wire.WireError):
                wire.send(orders, {"refused": str(error)})
            orders.close()
            return
        finally:
            channel.close()
        limits = isolation.Limits(**job["limits"])
        self.watches.append(Watch(child, orders, limits, isolated, self.poll))


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
        source = self.files[f"{name}.py"]
        try:
            exec(compile(source, path, "exec"), module.__dict__)
            tracebacks.look_through(path, source.decode())
        except Exception:
            return
        self.modules[name] = module


class _Beginning:
    """The student's process before it runs anything of the student's."""

    def __init__(
        self,
        shell: cells.Shell,
        job: dict[str, Any],
        support: _Support,
        settings: dict[str, Any],
    ) -> None:
        self.shell, self.job, self.support, self.settings = shell, job, support, settings
        self.isolated = settings["isolated"]
        self.limits = isolation.Limits(**job["limits"])
        self.user, self.group = os.geteuid(), os.getegid()

    def run(self, channel: socket.socket, orders: socket.socket) -> None:
        """Set up the place, give up all rights, and run the cells."""
        isolation.die_with_parent()
        try:
            if self.isolated:
                isolation.become_nobody_inside(self.user, self.group)
                isolation.mount_private_places(self.limits.disk, self.settings["cover_tmp"])
            else:
                os.setsid()
            home = self._prepare_home()
        except OSError as error:
            wire.send(orders, {"refused": str(error)})
            return
        orders.close()
        self._give_up_rights(home, channel)
        student.run_submission(self.shell, self.job, channel)

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

    def _give_up_rights(self, home: str, channel: socket.socket) -> None:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        # Where there is no namespace to count in, the count would take in the whole user's.
        counted = self.isolated and isolation.processes_are_counted_per_namespace()
        isolation.set_limits(self.limits, count_processes=counted)
        isolation.close_descriptors({channel.fileno()})
        os.chdir(home)
        os.environ["HOME"] = os.path.dirname(home)
        if self.isolated:
            os.environ["TMPDIR"] = isolation.SCRATCH
        sys.path.insert(0, "")
        if self.isolated:
            isolation.give_up_privileges()
        signal.signal(signal.SIGINT, signal.default_int_handler)
