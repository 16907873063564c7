"""A small class of made-up students, each with a typical way of handing in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from . import paths
from .mistakes import MISTAKES
from .solutions import sources

# What a student who brings an earlier function along pastes, by the name of the carry-over cell.
CARRIED_OVER = {
    "carry_over_rnn_cell_forward": ["rnn_cell_forward"],
    "carry_over_lstm_cell_forward": ["lstm_cell_forward"],
    "carry_over_rnn": ["rnn_cell_forward", "rnn_forward"],
    "carry_over_lstm": ["lstm_cell_forward", "lstm_forward"],
}


def solved(assignment: str, edited: dict[str, str] | None = None) -> NotebookNode:
    """Return a release notebook with solutions written in, as a student would.

    Arguments: edited, function sources that take the place of the reference's.
    """
    notebook = nbformat.read(paths.release(assignment), as_version=4)
    texts = {name: _typed(text) for name, text in (sources() | (edited or {})).items()}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name in texts:
            cell.source = texts[name]
        elif name in CARRIED_OVER:
            cell.source = "\n\n\n".join(texts[function] for function in CARRIED_OVER[name])
    return notebook


def _typed(text: str) -> str:
    """Return a function as a student types it, without the author's delimiters."""
    return "\n".join(line for line in text.splitlines() if " SOLUTION" not in line)


def with_mistakes(*names: str) -> Callable[[str], NotebookNode]:
    """Return a student who makes these mistakes of the catalogue, and carries them over."""
    made = {m.function: m.source() for m in MISTAKES if f"{m.function}: {m.name}" in names}
    if len(made) != len(names):
        raise ValueError(f"not in the catalogue of mistakes: {names}")
    return lambda assignment: solved(assignment, made)


def untouched(assignment: str) -> NotebookNode:
    """Return a release notebook as it is."""
    return nbformat.read(paths.release(assignment), as_version=4)


def half_done(assignment: str) -> NotebookNode:
    """Return a student who did the RNN and not yet the LSTM."""
    return solved(assignment) if "rnn" in assignment else untouched(assignment)


def without_a_test(assignment: str) -> NotebookNode:
    """Return a solved notebook from which the first test cell was deleted."""
    notebook = solved(assignment)
    tests = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    notebook.cells.remove(tests[0])
    return notebook


STUDENTS: dict[str, Callable[[str], NotebookNode]] = {
    "ada": solved,
    "bruno": with_mistakes("rnn_cell_forward: hidden bias forgotten"),
    "dilan": half_done,
    "erin": untouched,
    "goran": without_a_test,
    "hana": solved,
}


def write_sample_class(folder: Path) -> None:
    """Write every student's submissions into ``folder``; a file that is there already stays."""
    for other in {path.name for path in folder.glob("*")} - {*STUDENTS, "felix"}:
        shutil.rmtree(folder / other)  # from an earlier sample class
    for student, hand_in in STUDENTS.items():
        for assignment in paths.ASSIGNMENTS:
            # Hana renames her notebooks.
            name = f"{assignment}-hana-final" if student == "hana" else assignment
            target = folder / student / assignment / f"{name}.ipynb"
            _write(target, nbformat.writes(hand_in(assignment)))
    # Felix sends a text document under the notebook's name, once, and nothing else.
    first = paths.ASSIGNMENTS[0]
    _write(folder / "felix" / first / f"{first}.ipynb", "Dear teacher, my homework is attached.\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
