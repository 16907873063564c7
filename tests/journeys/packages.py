"""A virtual environment that holds some packages of this one, and what they need, and no others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement


def environment_with(folder: Path, *names: str) -> Path:
    """Make the environment, where it can with links in the place of copies; return its Python."""
    command = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, check=True)
    for package in _with_dependencies(names):
        for file in package.files or []:
            place = Path(file.locate()).resolve()
            if place.is_relative_to(sys.prefix):
                _link(place, folder / place.relative_to(sys.prefix))
    return folder / "bin" / "python"


def _link(file: Path, link: Path) -> None:
    """Link a file, in the hard way: Jupyter serves no file through a symbolic link."""
    if not file.is_file() or link.exists():
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.hardlink_to(file)
    except OSError:  # on another disk
        shutil.copy(file, link)


def _with_dependencies(names: tuple[str, ...]) -> Iterator[Distribution]:
    """Yield these packages and all that they require on this system, each once."""
    known: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in known:
            continue
        known.add(name)
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # required by an older Python only
        yield package
        for line in package.requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
