"""One call for `nbgrader_config.py`."""

from __future__ import annotations

from typing import Any

_FOR_STUDENTS = "course.engine.feedback.ForStudents"
_FEEDBACK = (
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
)


def install(c: Any) -> None:
    """Put the engine's parts in the place of some of nbgrader's.

    After this, `nbgrader autograde`, formgrader and `nbgrader generate_feedback` use them.
    """
    c.Autograde.exporter_class = "course.engine.intake.Submissions"
    c.Autograde.sanitize_preprocessors = ["course.engine.restore.Restore"]
    # No check of the cells' metadata at the end: `Restore` has written it, from the master.
    c.Autograde.autograde_preprocessors = [
        "course.engine.grading.Examine",
        "course.engine.save_grades.SaveGrades",
    ]
    given = c.GenerateFeedback.get("preprocessors")
    steps = list(given) if isinstance(given, list) else list(_FEEDBACK)
    if _FOR_STUDENTS not in steps:
        steps.insert(max(len(steps) - 1, 0), _FOR_STUDENTS)
    c.GenerateFeedback.preprocessors = steps
    c.HTMLExporter.sanitize_html = True
