"""Masters that are in use, so that the gradebook is asked once for each and not per submission."""

from __future__ import annotations

from pathlib import Path

from nbgrader.api import Gradebook

from .master import Master, load

_masters: dict[tuple[str, str, str], Master] = {}
_folders: dict[tuple[str, str], Path] = {}


def refresh(gradebook: Gradebook, db_url: str, assignment: str, folder: Path) -> list[Master]:
    """Read the masters of an assignment anew; `folder` is its place in `source/`."""
    names = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
    masters = [load(gradebook, assignment, name, folder) for name in names]
    _folders[db_url, assignment] = folder
    for one in masters:
        _masters[db_url, assignment, one.notebook] = one
    return masters


def master(db_url: str, assignment: str, notebook: str) -> Master:
    """The master that `refresh` has read."""
    return _masters[db_url, assignment, notebook]
