"""How a solution becomes an exercise."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions as StockClearSolutions

BEGIN = re.compile(r"^(\s*)### BEGIN SOLUTION (\S.*)$", re.M)


class ClearSolutions(StockClearSolutions):
    """Replace each solution by an error that says in one sentence what to write.

    The sentence stands in the manuscript behind ``### BEGIN SOLUTION``.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clear one cell, with its own sentence as the stub."""
        sentence = BEGIN.search(cell.source)
        if sentence:
            stub = "# Write your code here, in place of the error below.\n"
            stub += f'raise NotImplementedError("{sentence[2]}")'
            self.code_stub = {"python": stub}
        return super().preprocess_cell(cell, resources, cell_index)
