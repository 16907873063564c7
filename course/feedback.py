"""What students get back: their code, its output and the checks' messages, and no hidden test."""

from __future__ import annotations

import re
from typing import Any

from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests

from .fingerprints import visible


class HideTests(ClearHiddenTests):
    """Take hidden tests out of the cells, and out of the tracebacks, of a graded notebook."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Hide the hidden part of one test cell; other cells stay as they are."""
        if not (utils.is_grade(cell) and cell.cell_type == "code"):
            return cell, resources
        shown = visible(cell.source).rstrip()
        if shown != cell.source.rstrip():
            cell.source = shown + "\n# Further checks ran here at grading."
        for output in cell.outputs:
            if output.output_type == "error":
                output.traceback = [_last_lines(output)]
        return cell, resources


def _last_lines(output: NotebookNode) -> str:
    """Keep the error itself: a traceback would quote the lines of the hidden test."""
    if output.ename == "CheckFailed":
        return f"Check failed: {strip_ansi(output.evalue)}"
    return f"{output.ename}: {strip_ansi(re.sub(r'<[^>]*>', '', output.evalue))}"
