"""A server in a process of its own: started, waited for, and ended for good."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

START_SECONDS = 60.0
END_SECONDS = 10.0


@dataclass(frozen=True)
class Server:
    """A running server: where it answers, and what it has printed so far."""

    url: str
    log: Path

    def printed(self) -> str:
        """Return what the server has written to its terminal."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    """Return a port of the loopback address that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def serving(
    command: Sequence[str],
    url: str,
    *,
    log: Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    answers: str = "",
    seconds: float = START_SECONDS,
) -> Iterator[Server]:
    """Run a server until the block ends, and enter the block once it answers.

    Arguments:
        command: program and arguments
        url: the server's address, which `Server.url` repeats
        log: the file that gets what the server prints
        answers: path below the address that is asked whether the server is up
        seconds: time limit on the start
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            server = Server(url, log)
            _wait_until_up(process, server, url + answers, seconds)
            yield server
        finally:
            _end(process)


def _wait_until_up(process: subprocess.Popen, server: Server, address: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _is_up(address):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)  # returns at once when the server has given up
            raise RuntimeError(f"the server ended before it answered:\n{server.printed()[-3000:]}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"no answer after {seconds:.0f} s:\n{server.printed()[-3000:]}")


def _is_up(address: str) -> bool:
    """Whether anything answers there; being asked to log in is an answer."""
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            address, timeout=5
        ).close()
    except urllib.error.HTTPError as refusal:
        return refusal.code in (401, 403)
    except (OSError, http.client.HTTPException):
        return False
    return True


def _end(process: subprocess.Popen) -> None:
    """Ask the server to end, then end it and all it has started, kernels in other groups too."""
    family = []
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    _signal_group(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=END_SECONDS)
    _signal_group(process.pid, signal.SIGKILL)
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()  # psutil makes sure that this is still the same process
    psutil.wait_procs(family, timeout=END_SECONDS)
    process.wait(timeout=END_SECONDS)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
