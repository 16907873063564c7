"""nbgrader's settings for this course. Every `nbgrader …` command run in this folder reads them.

Two environment variables move shared data elsewhere:
RNN_COURSE_DB, a database URL, and RNN_COURSE_EXCHANGE, a folder that all users can reach.
"""

import os
import sys
from pathlib import Path

root = Path(__file__).resolve().parent
# nbgrader looks classes up by name; the course's own are found from here.
sys.path.insert(0, str(root))
# nbgrader calls alembic by name, which otherwise fails where the environment is not activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

c = get_config()  # noqa: F821 (nbgrader provides it)

# --- Where things are ---
c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "rnn-from-scratch"
c.CourseDirectory.db_url = os.environ.get("RNN_COURSE_DB", f"sqlite:///{root / 'gradebook.db'}")
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc"]
c.Exchange.root = os.environ.get("RNN_COURSE_EXCHANGE", str(root / "exchange"))
c.Exchange.assignment_dir = os.environ.get("RNN_COURSE_STUDENT_DIR", ".")

# --- Release: each exercise says in one sentence what to write ---
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "course.release.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# --- Grading ---
c.Autograde.pre_convert_hook = "course.intake.check_submission"
c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = 30
c.Execute.extra_arguments = ["--log-level=ERROR"]  # no start-up noise from kernels
c.LimitOutput.max_lines = 200
c.LimitOutput.max_traceback = 40

# --- Feedback: no hidden tests, no script ---
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "course.feedback.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.sanitize_html = True

# --- Grades: the optional assignment adds to a total and not to what it is out of ---
c.ExportApp.plugin_class = "course.grades.ExtraCreditExport"
