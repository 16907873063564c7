"""nbgrader's settings for this course. Every `nbgrader …` command run in this folder reads them.

Two environment variables move shared data elsewhere:
RNN_COURSE_DB, a database URL, and RNN_COURSE_EXCHANGE, a folder that all users can reach.
"""

import os
import sys
import warnings
from pathlib import Path

root = Path(__file__).resolve().parent
# nbgrader looks classes up by name; the course's own are found from here.
sys.path.insert(0, str(root))
# nbgrader calls alembic by name, which otherwise fails where the environment is not activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

# nbgrader's way with SQLAlchemy makes it warn, harmlessly, at every submission.
warnings.filterwarnings("ignore", "Object of type .* not in session")

from course.engine import install  # noqa: E402 (the path is set above)

c = get_config()  # noqa: F821 (nbgrader provides it)

# --- Where things are ---
c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "rnn-from-scratch"
c.CourseDirectory.db_url = os.environ.get("RNN_COURSE_DB", f"sqlite:///{root / 'gradebook.db'}")
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc"]
if "RNN_COURSE_EXCHANGE" not in os.environ:
    (root / "exchange").mkdir(exist_ok=True)  # nbgrader wants the folder to be there
c.Exchange.root = os.environ.get("RNN_COURSE_EXCHANGE", str(root / "exchange"))

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

# --- Grading and feedback: students' code runs in a sandbox, apart from the tests ---
install(c)
c.HTMLExporter.embed_images = True
c.Execute.extra_arguments = ["--log-level=ERROR"]  # for `validate`: no start-up noise from kernels

# --- The exchange: nobody hands in for another; feedback goes to those who submitted there ---
if sys.platform != "win32":
    c.ExchangeFactory.collect = "course.exchange.OwnSubmissions"
    c.ExchangeFactory.release_feedback = "course.exchange.FeedbackToSubmitters"

# --- Collecting from a learning platform: STUDENT_attempt_DATE_NOTEBOOK.ipynb ---
c.FileNameCollectorPlugin.named_regexp = (
    r"(?:.*/)?(?P<student_id>[^/_]+)_attempt_(?P<timestamp>[0-9-]+)_(?P<file_id>\w+)"
)

# --- Grades: the optional assignment adds to a total and not to what it is out of ---
c.ExportApp.plugin_class = "course.grades.ExtraCreditExport"
