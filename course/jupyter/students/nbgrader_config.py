"""nbgrader's settings where students work: which course this is, and where it exchanges files.

RNN_COURSE_EXCHANGE is the folder that students share with their instructor.
"""

import os
from pathlib import Path

c = get_config()  # noqa: F821 (nbgrader provides it)

course = Path(__file__).resolve().parents[3]
c.CourseDirectory.course_id = "rnn-from-scratch"
c.Exchange.root = os.environ.get("RNN_COURSE_EXCHANGE", str(course / "exchange"))
c.Execute.extra_arguments = ["--log-level=ERROR"]  # for Validate: no start-up noise from kernels
