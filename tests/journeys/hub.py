"""A JupyterHub with a class, set up as guides/hub.md says, on a machine with people of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .machine import Machine
from .server import Server, free_port, serving

OWNER, COLLEAGUE, STUDENTS = "maria", "tom", ("ada", "ben")
# What a test needs beyond what the guide tells an instructor: logging in without a password,
# and ports that nobody uses.
SETTINGS = """
load_subconfig({config!r})
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
# When the hub ends, the kernel ends all others at once; the hub need not wait for them.
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False
"""
# Programs that a hub with people of its own needs, and the system's package that brings each.
PROGRAMS = {
    "configurable-http-proxy": "node and npm, then make .venv/ready-to-test anew",
    "unshare": "util-linux",
    "setpriv": "util-linux",
}
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


@dataclass(frozen=True)
class Hub:
    """A running hub: its server, its machine, the course and the exchange."""

    server: Server
    machine: Machine
    course: Path
    exchange: Path

    @property
    def url(self) -> str:
        """The hub's address."""
        return self.server.url


def missing() -> str:
    """What has to be installed before a hub can run, as one sentence; empty if nothing."""
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=PATH) is None:
            return f"A hub needs the program {program}: install {package}."
    return ""


@contextlib.contextmanager
def running_hub(clone: Path, log: Path) -> Iterator[Hub]:
    """Set up a class in a folder that all may enter, run its hub, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="hub-"))
    try:
        folder.chmod(0o755)
        groups = {"rnn-instructors": [OWNER, COLLEAGUE], "rnn-students": list(STUDENTS)}
        machine = Machine(folder, [OWNER, COLLEAGUE, *STUDENTS], groups)
        course, exchange = folder / "rnn-from-scratch", folder / "exchange"
        shutil.move(clone, course)
        machine.give(course, OWNER)
        exchange.mkdir()
        exchange.chmod(0o1777)
        settings = shutil.copytree(course / "course" / "jupyter", folder / "settings")
        subprocess.run(["chmod", "-R", "a+rX", settings], check=True)
        with _serving(machine, course, exchange, log) as server:
            yield Hub(server, machine, course, exchange)
    finally:
        shutil.rmtree(folder)


def _serving(
    machine: Machine, course: Path, exchange: Path, log: Path
) -> contextlib.AbstractContextManager[Server]:
    state = machine.folder / "state"
    state.mkdir(mode=0o700)
    url = f"http://127.0.0.1:{free_port()}"
    config = str(machine.folder / "settings" / "jupyterhub_config.py")
    text = SETTINGS.format(config=config, url=url, hub_port=free_port(), proxy_port=free_port())
    (state / "settings.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "jupyterhub", "--config", str(state / "settings.py")]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    environment = kept | {
        "HOME": str(state),
        "PATH": PATH,
        "RNN_HUB_COURSE": str(course),
        "RNN_COURSE_EXCHANGE": str(exchange),
    }
    return serving(
        machine.command(*command),
        url,
        log=log,
        cwd=state,
        environment=environment,
        answers="/hub/login",
    )


def can(hub: Hub, name: str, *words: str | Path) -> bool:
    """Whether a command succeeds for a user of the hub's machine."""
    command = hub.machine.command_of(name, *map(str, words))
    return subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0
