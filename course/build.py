"""Build what students and instructors open from what we write.

manuscript/ → source/ and notebooks/ (executed), and source/ → release/ (by nbgrader).

    python -m course.build source      build source/ and notebooks/
    python -m course.build release     build release/ from source/
    python -m course.build check       exit 1 if a rebuild would change what is committed
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from . import fingerprints, paths

IMAGE = re.compile(r"!\[[^]]*\]\(images/([^)]+)\)")
# The same for everyone, so that a notebook does not tell on which machine it was built.
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


# --- From manuscript to notebook ---------------------------------------------------------------


def read_manuscript(path: Path) -> NotebookNode:
    """Read a manuscript as a notebook without outputs, with stable cell ids."""
    notebook = jupytext.read(path)
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: set[str] = set()
    for cell in notebook.cells:
        cell.id = _stable_id(cell, seen)
    return notebook


def _stable_id(cell: NotebookNode, seen: set[str]) -> str:
    """Name a cell by its grade_id or else by its text, so that other cells do not change its id."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id", "").replace("_", "-")
    name = name or hashlib.sha256(f"{cell.cell_type}{cell.source}".encode()).hexdigest()[:12]
    while name in seen:
        name = hashlib.sha256(name.encode()).hexdigest()[:12]
    seen.add(name)
    return name


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run a notebook from top to bottom in its folder; an error in a cell stops the build."""
    NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # one text, however the kernel happened to cut it up
        extra_arguments=["--log-level=ERROR"],  # no start-up noise from kernels
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    notebook.metadata["language_info"] = nbformat.from_dict(LANGUAGE)


def images_of(notebook: NotebookNode) -> list[str]:
    """Return the names of the images that a notebook shows."""
    return sorted({name for cell in notebook.cells for name in IMAGE.findall(cell.source)})


def lay_out(notebook: NotebookNode, folder: Path, assignment: str | None = None) -> None:
    """Put everything a notebook needs beside it, so that its folder works on its own."""
    folder.mkdir(parents=True)
    shutil.copy(paths.UTILS, folder)
    for name in images_of(notebook):
        (folder / "images").mkdir(exist_ok=True)
        shutil.copy(paths.IMAGES / name, folder / "images")
    if assignment:
        known = json.dumps(known_mistakes(notebook), separators=(",", ":"))
        (folder / "known_mistakes.json").write_text(known + "\n", encoding="utf-8")


def known_mistakes(notebook: NotebookNode) -> dict[str, list[dict]]:
    """Return the fingerprints of known mistakes for the functions written in a notebook."""
    cells = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}
    tests = [cell.source for cell in cells.values() if cell.metadata.nbgrader.grade]
    functions = [name for name, cell in cells.items() if f"def {name}(" in cell.source]
    return fingerprints.of_assignment(functions, tests)


def build_assignment(assignment: str, target: Path) -> None:
    """Build one assignment's instructor version, executed, into ``target/assignment``.

    The old version is replaced only when the new one has run to its end.
    """
    notebook = read_manuscript(paths.manuscript(assignment))
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / assignment
        lay_out(notebook, fresh, assignment)
        execute(notebook, fresh)
        nbformat.write(notebook, fresh / f"{assignment}.ipynb")
        shutil.rmtree(fresh / "__pycache__", ignore_errors=True)
        shutil.rmtree(target / assignment, ignore_errors=True)
        shutil.copytree(fresh, target / assignment)


def build_companion(manuscript: Path, target: Path) -> None:
    """Build one companion notebook, executed, into the folder ``target``."""
    notebook = read_manuscript(manuscript)
    execute(notebook, target)
    nbformat.write(notebook, target / f"{manuscript.stem}.ipynb")


def companions() -> list[Path]:
    """Return the manuscripts of the ungraded notebooks."""
    return sorted(paths.COMPANIONS.glob("*.md"))


def build_source(target: Path = paths.ROOT) -> None:
    """Build all of source/ and notebooks/ below ``target``."""
    for assignment in paths.ASSIGNMENTS:
        print(f"source/{assignment}", flush=True)
        build_assignment(assignment, target / "source")
    for manuscript in companions():
        print(f"notebooks/{manuscript.stem}.ipynb", flush=True)
        build_companion(manuscript, target / "notebooks")


# --- From source to release --------------------------------------------------------------------


def build_release() -> None:
    """Build release/ from source/ with nbgrader, and register the assignments in the gradebook.

    Raises: SystemExit if nbgrader cannot build an assignment; its messages say why.
    """
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "--force"]
    done = subprocess.run(
        [*command, "--assignment=*"], cwd=paths.ROOT, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"nbgrader could not build release/:\n{done.stderr}")


# --- Drift -------------------------------------------------------------------------------------


def drift() -> list[str]:
    """Return one line for every committed file that differs from what the manuscript gives.

    Outputs are not compared here: nbval compares them by running the notebooks.
    """
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for assignment in paths.ASSIGNMENTS:
            notebook = read_manuscript(paths.manuscript(assignment))
            fresh, kept = Path(scratch) / assignment, paths.SOURCE / assignment
            lay_out(notebook, fresh, assignment)
            nbformat.write(notebook, fresh / f"{assignment}.ipynb")
            found += _differences(fresh, kept)
    for manuscript in companions():
        kept = paths.NOTEBOOKS / f"{manuscript.stem}.ipynb"
        if not kept.exists() or _inputs(nbformat.read(kept, 4)) != _inputs(
            read_manuscript(manuscript)
        ):
            found.append(f"{kept.relative_to(paths.ROOT)} is not what its manuscript gives")
    return found


def _differences(fresh: Path, kept: Path) -> list[str]:
    """Compare two built folders, file by file."""
    names = {p.relative_to(fresh) for p in fresh.rglob("*") if p.is_file()}
    extra = (
        {p.relative_to(kept) for p in kept.rglob("*") if p.is_file()} if kept.exists() else set()
    )
    extra = {name for name in extra if not {"__pycache__", ".ipynb_checkpoints"} & set(name.parts)}
    wrong = [name for name in names & extra if not _same(fresh / name, kept / name)]
    place = kept.relative_to(paths.ROOT)
    return [
        f"{place}/{name} is not what the manuscript gives" for name in [*wrong, *(names ^ extra)]
    ]


def _same(fresh: Path, kept: Path) -> bool:
    if fresh.suffix == ".ipynb":
        return _inputs(nbformat.read(fresh, 4)) == _inputs(nbformat.read(kept, 4))
    if fresh.suffix == ".json":
        return _alike(json.loads(fresh.read_text()), json.loads(kept.read_text()))
    return fresh.read_bytes() == kept.read_bytes()


def _alike(one: object, other: object) -> bool:
    """Compare nested JSON values; numbers may differ in the last digits from machine to machine."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9 * max(1, abs(one))
    return one == other


def _inputs(notebook: NotebookNode) -> list:
    """Return what a person wrote in a notebook: text, ids and metadata, without outputs."""
    cells = [(c.cell_type, c.id, c.source, c.metadata) for c in notebook.cells]
    return [notebook.metadata, *cells]


def main() -> None:
    """Run the command line described at the top of this file."""
    parser = argparse.ArgumentParser(prog="python -m course.build", description=__doc__)
    parser.add_argument("what", nargs="+", choices=["source", "release", "check"])
    what = parser.parse_args().what
    if "source" in what:
        build_source()
    if "release" in what:
        build_release()
    if "check" in what and (lines := drift()):
        sys.exit("\n".join([*lines, "Run `make build`."]))


if __name__ == "__main__":
    main()
