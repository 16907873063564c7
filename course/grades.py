"""Grades for the outside: nbgrader's CSV, with the optional assignment as extra credit."""

from __future__ import annotations

import csv
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin

from .paths import OPTIONAL


class ExtraCreditExport(CsvExportPlugin):
    """Export as nbgrader does, with max_score 0 for the optional assignment.

    Whoever adds up the columns score and max_score then gets a total that the optional
    assignment can raise and cannot lower.
    """

    def export(self, gradebook: Gradebook) -> None:
        """Write the CSV file, ``grades.csv`` unless ``--to`` names another."""
        super().export(gradebook)
        path = Path(self.to or "grades.csv")
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["assignment"] in OPTIONAL:
                row["max_score"] = "0.0"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0].keys() if rows else ["assignment"])
            writer.writeheader()
            writer.writerows(rows)
