"""What nbgrader prepares anew for each submission, prepared once where it is the same for all.

For each submission nbgrader lists and copies the master's files, enters the submission into the
gradebook, and sets up the steps of grading twice, with the notebook written and read between.
Here the steps are set up once and run in one go, and `SaveGrades` enters the submission.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from nbgrader.converters import BaseConverter
from nbgrader.converters.autograde import Autograde
from nbgrader.utils import find_all_files, setenv


class Shortcuts:
    """Takes the place of two methods of a converter."""

    def __init__(self, converter: Autograde) -> None:
        self.converter = converter
        self._files: dict[str, list[tuple[str, str]]] = {}

    def install(self) -> None:
        """Change the converter, whose exporter is there by now."""
        exporter = self.converter.exporter
        exporter._preprocessors = []
        for steps in (
            self.converter.sanitize_preprocessors,
            self.converter.autograde_preprocessors,
        ):
            for step in steps:
                exporter.register_preprocessor(step)
        self.converter.convert_single_notebook = self.convert_single_notebook
        if self.converter.create_student and not self.converter.exclude_overwriting:
            self.converter.init_assignment = self.init_assignment

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copy what was handed in beside the notebooks, and the master's files over that."""
        BaseConverter.init_assignment(self.converter, assignment_id, student_id)
        target = Path(self.converter._format_dest(assignment_id, student_id))
        for path, relative in self._masters_files(assignment_id):
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / relative)

    def _masters_files(self, assignment: str) -> list[tuple[str, str]]:
        if assignment not in self._files:
            course = self.converter.coursedir
            top = course.format_path(course.source_directory, ".", assignment)
            found = find_all_files(top, [*course.ignore, "*.ipynb"])
            self._files[assignment] = [(path, os.path.relpath(path, top)) for path in found]
        return self._files[assignment]

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Run all steps on one notebook and write it."""
        converter = self.converter
        resources = converter.init_single_notebook_resources(notebook_filename)
        with setenv(NBGRADER_EXECUTION="autograde"):
            output, resources = converter.exporter.from_filename(notebook_filename, resources)
        converter.write_single_notebook(output, resources)
