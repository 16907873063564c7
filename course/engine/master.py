"""The master of a notebook: what the gradebook and `source/` say it consists of."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from .hidden import without_hidden
from .task import Support

_IGNORED = {"__pycache__", ".ipynb_checkpoints"}
_DEFINITION = re.compile(r"^def\s+([A-Za-z_]\w*)\s*\(", re.MULTILINE)


@dataclass(frozen=True)
class MasterCell:
    """A cell that nbgrader knows by its id."""

    id: str
    kind: str
    source: str
    locked: bool
    grade: bool
    solution: bool
    task: bool
    points: float
    checksum: str | None

    @property
    def is_test(self) -> bool:
        """Whether this is an autograder test: it decides points, and no student writes in it."""
        return self.grade and not self.solution and self.kind == "code"

    def metadata(self) -> dict[str, Any]:
        """The metadata that nbgrader expects on this cell."""
        about: dict[str, Any] = {
            "grade": self.grade,
            "grade_id": self.id,
            "locked": self.locked,
            "schema_version": 3,
            "solution": self.solution,
            "task": self.task,
            "cell_type": self.kind,
            "checksum": self.checksum,
        }
        if self.grade or self.task:
            about["points"] = self.points
        return about


@dataclass(frozen=True)
class Master:
    """A notebook's cells in order, the functions to write, and the files beside it."""

    notebook: str
    cells: list[MasterCell]
    names: list[str]
    kernelspec: dict[str, Any]
    support: Support
    release: dict[str, str] = field(default_factory=dict)  # what students see of each cell

    def by_id(self) -> dict[str, MasterCell]:
        """The cells by their ids."""
        return {cell.id: cell for cell in self.cells}


def load(gradebook: Gradebook, assignment: str, notebook: str, folder: Path) -> Master:
    """Read a master from an open gradebook, and from the assignment's folder in `source/`."""
    record = gradebook.find_notebook(notebook, assignment)
    graded = {cell.name: cell for cell in record.grade_cells}
    tasks = {cell.name: cell for cell in record.task_cells}
    solutions = {cell.name for cell in record.solution_cells}
    written = _read_source(folder / f"{notebook}.ipynb")
    order = {name: number for number, name in enumerate(written)}
    cells = []
    for source in record.source_cells:
        worth = graded.get(source.name) or tasks.get(source.name)
        cells.append(
            MasterCell(
                id=source.name,
                kind=source.cell_type,
                source=source.source or "",
                locked=bool(source.locked),
                grade=source.name in graded,
                solution=source.name in solutions,
                task=source.name in tasks,
                points=float(worth.max_score) if worth else 0.0,
                checksum=source.checksum,
            )
        )
    cells.sort(key=lambda cell: order.get(cell.id, len(order)))
    solved = [written.get(cell.id, "") + "\n\n" + cell.source for cell in cells if cell.solution]
    return Master(
        notebook=notebook,
        cells=cells,
        names=list(dict.fromkeys(name for source in solved for name in functions_in(source))),
        kernelspec=json.loads(record.kernelspec or "{}") or {},
        support=Support(_support_files(folder)),
        release={cell.id: without_hidden(cell.source) for cell in cells},
    )


def _read_source(path: Path) -> dict[str, str]:
    """Source text by id, in order, as the instructor wrote it."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found = {}
    for cell in notebook.get("cells", []):
        name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
        if name:
            found[name] = "".join(cell["source"])
    return found


def functions_in(source: str) -> list[str]:
    """The names of the functions defined at the top level of a cell."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return _DEFINITION.findall(source)
    return [node.name for node in body if isinstance(node, ast.FunctionDef)]


def _support_files(folder: Path) -> dict[str, bytes]:
    files = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and path.suffix != ".ipynb" and not _IGNORED.intersection(parts):
            files["/".join(parts)] = path.read_bytes()
    return files
