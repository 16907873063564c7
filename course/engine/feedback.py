"""What students may see of a graded notebook: never a hidden line, never anything that acts."""

from __future__ import annotations

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List

from .hidden import without_hidden
from .outputs import Markup, clean

HIDDEN = "# (Further checks run here at grading. They are not shown.)"


class ForStudents(NbGraderPreprocessor):
    """Removes hidden tests and anything that could act from a notebook before feedback."""

    # nbconvert sets it for every step, and complains where it may not.
    display_data_priority = List().tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Clean a whole notebook."""
        self.markup = Markup()
        return super().preprocess(nb, resources)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, cell_index: int
    ) -> tuple[NotebookNode, dict]:
        """Clean one cell."""
        if "HIDDEN TESTS" in cell.source and cell.metadata.get("nbgrader"):
            shown = without_hidden(cell.source).rstrip()
            cell.source = f"{shown}\n\n{HIDDEN}".lstrip()
        if cell.cell_type == "code":
            outputs = clean(list(cell.outputs), self.markup)
            cell.outputs = [NotebookNode(output) for output in outputs]
            for output in cell.outputs:
                if "data" in output:
                    output["data"] = NotebookNode(output["data"])
                    output["metadata"] = NotebookNode()
        return cell, resources
