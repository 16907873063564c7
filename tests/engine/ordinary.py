"""Run a command as an ordinary user, when the tests themselves run as root."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

USER = 65534


def cannot() -> str:
    """Why it cannot be done here; empty if it can."""
    if os.geteuid() != 0:
        return "these tests already run as an ordinary user"
    if shutil.which("setpriv") is None or shutil.which("bwrap") is None:
        return "setpriv (util-linux) or bwrap (bubblewrap) is missing"
    return ""


def command(*words: str, folder: Path) -> list[str]:
    """The command line that runs Python with these words as an ordinary user.

    The interpreter may lie in a home that only root can enter. So the command runs with a view of
    the file system in which the folders above it are open to all; nothing else differs.
    """
    opened: list[str] = []
    root = Path(__file__).resolve().parents[2]
    for place in {sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix), str(root)}:
        closed = _closed_folder_above(Path(place))
        if closed:
            opened += ["--perms", "0755", "--tmpfs", closed, *_path_to(closed, place)]
            opened += ["--bind", place, place]
    home = folder / "home"
    home.mkdir()
    os.chown(home, USER, USER)
    os.chown(folder, USER, USER)
    return [
        *("bwrap", "--dev-bind", "/", "/", *opened, "--setenv", "HOME", str(home)),
        *("--setenv", "PYTHONDONTWRITEBYTECODE", "1"),
        *("--chdir", str(root), "--", "setpriv", f"--reuid={USER}", f"--regid={USER}"),
        *("--clear-groups", "--inh-caps=-all", "--bounding-set=-all"),
        *(sys.executable, "-W", "ignore", *words),
    ]


def _closed_folder_above(place: Path) -> str:
    for folder in reversed(place.parents):
        if not folder.stat().st_mode & 0o001:
            return str(folder)
    return ""


def _path_to(closed: str, place: str) -> list[str]:
    between = [str(p) for p in reversed(Path(place).parents) if str(p).startswith(closed + "/")]
    return [word for folder in between for word in ("--perms", "0755", "--dir", folder)]
