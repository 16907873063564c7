"""Put a submission's graded cells back as the master has them; keep what the student wrote.

Whatever was done to a test cell or to its metadata (deleted, doubled, retyped, renamed, other
points, other text), the outcome is the master's cell, once, in a sensible place. A cell with an
unknown id, or a second cell with the same id, is an ordinary cell of the student's.
"""

from __future__ import annotations

import re
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from . import courses
from .master import Master, MasterCell

MARK = "rnn_course"


class Restore(NbGraderPreprocessor):
    """Takes the place of nbgrader's steps that clear, deduplicate, overwrite and check cells."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Restore a whole notebook."""
        about = resources["nbgrader"]
        master = courses.master(about["db_url"], about["assignment"], about["notebook"])
        notes = restore(nb, master)
        mark = nb.metadata.setdefault(MARK, {})
        if mark.get("readable", True):  # where there is no notebook, every cell is missing
            mark["irregularities"] = [*mark.get("irregularities", []), *notes]
        if master.kernelspec:
            nb.metadata["kernelspec"] = master.kernelspec
        return nb, resources


def restore(nb: Any, master: Master) -> list[str]:
    """Restore a notebook in place; give one sentence for each thing that was not as released."""
    notes: list[str] = []
    places = _find_places(nb.cells, master, notes)
    for cell in nb.cells:
        cell.metadata.pop("nbgrader", None)
    for known in master.cells:
        if known.id in places:
            _overwrite(places[known.id], known, master, notes)
    _insert_missing(nb, master, places, notes)
    used: set[str] = set()
    for number, cell in enumerate(nb.cells):
        if cell.get("id", "") in used or not cell.get("id"):
            cell["id"] = f"restored-{number + 1}"
        used.add(cell["id"])
    return notes


def _find_places(cells: list[Any], master: Master, notes: list[str]) -> dict[str, Any]:
    """The submission's cell for each of the master's; of several, the last."""
    known = master.by_id()
    places: dict[str, Any] = {}
    for cell in cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if not name:
            continue
        if name not in known:
            notes.append(f"A cell with the unknown id {name[:60]!r} was taken as an ordinary cell.")
        elif name in places:
            notes.append(f"The cell {name!r} was there more than once; the last one counts.")
            places[name] = cell
        else:
            places[name] = cell
    taken = {id(cell) for cell in places.values()}
    for cell in master.cells:
        if cell.id not in places and cell.is_test:
            twin = _same_text(cells, master.release.get(cell.id, ""), taken)
            if twin is not None:
                notes.append(
                    f"The cell {cell.id!r} had lost its id; it was recognised by its text."
                )
                places[cell.id] = twin
                taken.add(id(twin))
    return places


def _same_text(cells: list[Any], text: str, taken: set[int]) -> Any:
    wanted = text.strip()
    for cell in cells:
        if wanted and id(cell) not in taken and cell.source.strip() == wanted:
            return cell
    return None


def _overwrite(cell: Any, known: MasterCell, master: Master, notes: list[str]) -> None:
    if cell.cell_type != known.kind:
        notes.append(
            f"The cell {known.id!r} had become a {cell.cell_type} cell; it is a {known.kind} cell."
        )
        _retype(cell, known.kind)
    if known.locked or known.task:
        if cell.source.strip() not in (known.source.strip(), master.release[known.id].strip()):
            notes.append(f"The read-only cell {known.id!r} had been edited; it was restored.")
        cell.source = known.source
    cell.metadata["nbgrader"] = known.metadata()


def _retype(cell: Any, kind: str) -> None:
    cell["cell_type"] = kind
    if kind == "code":
        cell.pop("attachments", None)
        cell["outputs"], cell["execution_count"] = [], None
    else:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _insert_missing(nb: Any, master: Master, places: dict[str, Any], notes: list[str]) -> None:
    """Add deleted cells after the nearest cell that precedes them in the master.

    A deleted solution cell that nobody marks by hand is not added: its place-holder could undo
    what the student wrote elsewhere.
    """
    before: Any = None
    for known in master.cells:
        if known.id in places:
            before = places[known.id]
            continue
        if known.solution and not known.grade:
            notes.append(f"The cell {known.id!r} was missing.")
            continue
        cell = NotebookNode(
            cell_type=known.kind,
            id=re.sub(r"[^A-Za-z0-9_-]", "-", f"restored-{known.id}")[:64],
            metadata=NotebookNode(nbgrader=NotebookNode(known.metadata())),
            source=known.source,
        )
        if known.kind == "code":
            cell["outputs"], cell["execution_count"] = [], None
        position = 0 if before is None else _index(nb.cells, before) + 1
        nb.cells.insert(position, cell)
        places[known.id] = before = cell
        notes.append(f"The cell {known.id!r} was missing; it was put back.")


def _index(cells: list[Any], cell: Any) -> int:
    return next(number for number, other in enumerate(cells) if other is cell)
