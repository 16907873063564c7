"""Run a command as an ordinary user, when the tests themselves run as root."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

USER = 65534
ROOT = Path(__file__).resolve().parents[2]


def cannot() -> str:
    """Why it cannot be done here; empty if it can."""
    if os.geteuid() != 0:
        return "these tests already run as an ordinary user"
    if shutil.which("setpriv") is None or shutil.which("bwrap") is None:
        return "setpriv (util-linux) or bwrap (bubblewrap) is missing"
    return ""


def command(*words: str, folder: Path) -> list[str]:
    """The command line that runs Python with these words as an ordinary user."""
    home = folder / "home"
    home.mkdir()
    os.chown(home, USER, USER)
    os.chown(folder, USER, USER)
    return [
        *("bwrap", "--dev-bind", "/", "/", *opened(), "--setenv", "HOME", str(home)),
        *("--setenv", "PYTHONDONTWRITEBYTECODE", "1"),
        *("--chdir", str(ROOT), "--", "setpriv", f"--reuid={USER}", f"--regid={USER}"),
        *("--clear-groups", "--inh-caps=-all", "--bounding-set=-all"),
        *(sys.executable, "-W", "ignore", *words),
    ]


def opened() -> list[str]:
    """What shows bubblewrap's processes the interpreter and the course, whoever they run as.

    Both may lie in a home that only root can enter: the folders above them are shown as open to
    all; nothing else differs.
    """
    words: list[str] = []
    places = sorted({str(ROOT), sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix)})
    closed = {place: _closed_folder_above(Path(place)) for place in places}
    for folder in sorted(set(filter(None, closed.values()))):
        words += ["--perms", "0755", "--tmpfs", folder]
    for place in filter(closed.get, places):
        words += [*_path_to(closed[place], place), "--bind", place, place]
    return words


def _closed_folder_above(place: Path) -> str:
    for folder in reversed(place.parents):
        if not folder.stat().st_mode & 0o001:
            return str(folder)
    return ""


def _path_to(closed: str, place: str) -> list[str]:
    between = [str(p) for p in reversed(Path(place).parents) if str(p).startswith(closed + "/")]
    return [word for folder in between for word in ("--perms", "0755", "--dir", folder)]
