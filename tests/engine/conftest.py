"""Fixtures that the engine's tests share: one course, one warm engine, one siege."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from course.engine.engine import Engine
from course.engine.sandbox import refusal
from course.engine.task import Support

from . import ordinary, siege, toy
from .classroom import Classroom


@pytest.fixture(scope="session")
def needs_sandbox() -> None:
    """Skip where no sandbox can be had, with the engine's own sentence; in CI there must be one."""
    if reason := refusal():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def support() -> Support:
    """The files beside the toy notebook."""
    return Support({"rnn_utils.py": toy.HELPERS.lstrip().encode()})


@pytest.fixture(scope="session")
def engine(needs_sandbox: None) -> Iterator[Engine]:
    """A warm engine for all tests that talk to it directly."""
    with Engine(helpers=("rnn_utils",)) as one:
        yield one


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder with the toy assignment, to be copied."""
    root = tmp_path_factory.mktemp("template") / "course"
    Classroom(root)
    return root


@pytest.fixture
def course(template: Path, tmp_path: Path) -> Callable[..., Classroom]:
    """Make a fresh course."""

    def make(name: str = "course", **options: object) -> Classroom:
        root = tmp_path / name
        shutil.copytree(template, root)
        settings = {**siege.SETTINGS, **options.pop("settings", {})}
        return Classroom(root, settings=settings, **options)

    return make


@pytest.fixture(scope="session")
def facts(needs_sandbox: None, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What came of the siege: all attacks, in one class, as whoever runs the tests."""
    return run_siege(tmp_path_factory.mktemp("siege"))


@pytest.fixture(scope="session")
def facts_as_user(needs_sandbox: None, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The same as an ordinary user."""
    if reason := ordinary.cannot():
        pytest.skip(reason)
    # /tmp is open to all; pytest's own folders are not.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        words = ["-m", "tests.engine.siege", str(folder / "room")]
        return _facts_of(ordinary.command(*words, folder=folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_siege(folder: Path, *words: str) -> dict:
    """Lay siege in a process of its own."""
    place = str(folder / "room")
    return _facts_of([sys.executable, "-W", "ignore", "-m", "tests.engine.siege", place, *words])


def _facts_of(command: list[str]) -> dict:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])
