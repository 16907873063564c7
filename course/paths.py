"""Where things are in this repository, and what the assignments are called."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANUSCRIPT = ROOT / "manuscript"
COMPANIONS = MANUSCRIPT / "companions"
SOURCE = ROOT / "source"
RELEASE = ROOT / "release"
NOTEBOOKS = ROOT / "notebooks"
IMAGES = ROOT / "images"
UTILS = ROOT / "rnn_utils.py"

ASSIGNMENTS = ("01_rnn_cell", "02_rnn_forward", "03_lstm_cell", "04_lstm_forward", "05_backprop")
# Extra credit: its points are added to a student's total, and not to what the total is out of.
OPTIONAL = ("05_backprop",)


def manuscript(assignment: str) -> Path:
    """Return the manuscript of an assignment."""
    return MANUSCRIPT / assignment / f"{assignment}.md"


def source(assignment: str) -> Path:
    """Return the instructor version of an assignment's notebook."""
    return SOURCE / assignment / f"{assignment}.ipynb"


def release(assignment: str) -> Path:
    """Return the student version of an assignment's notebook."""
    return RELEASE / assignment / f"{assignment}.ipynb"
