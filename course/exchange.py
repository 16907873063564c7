"""The exchange: collecting from one that many can write to, and returning feedback through it."""

from __future__ import annotations

import pwd
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.utils import temp_attrs

Record = dict[str, Any]


class OwnSubmissions(ExchangeCollect):
    """Collects what students have handed in themselves.

    Anyone can put a folder with another student's name into the exchange, and nbgrader would take
    it with a warning in its log. Where students are users of the machine, the folder's owner says
    who made it.
    """

    def _sort_by_timestamp(self, records: list[Record]) -> list[Record]:
        """Put a student's own first, since nbgrader takes the first, and name the others."""
        for record in filter(self._is_foreign, records):
            self.log.error(
                "%s was left out: it bears the name of %s, and another user has made it.",
                self._folder(record),
                record["username"],
            )
        return sorted(super()._sort_by_timestamp(records), key=self._is_foreign)

    def copy_files(self) -> None:
        """Collect the students' own submissions."""
        self.src_records = [one for one in self.src_records if not self._is_foreign(one)]
        super().copy_files()

    def _folder(self, record: Record) -> Path:
        return Path(self.inbound_path, record["filename"])

    def _is_foreign(self, record: Record) -> bool:
        try:
            student = pwd.getpwnam(record["username"])
        except KeyError:  # no user of this machine: the name was given with the submission
            return False
        return self._folder(record).stat().st_uid != student.pw_uid


class FeedbackToSubmitters(ExchangeReleaseFeedback):
    """Returns feedback to those who submitted through the exchange, and names the others.

    A student finds feedback by a secret that `submit` has made. nbgrader gives up on the whole
    class when one submission came another way.
    """

    def copy_files(self) -> None:
        """Release what can be found by its student."""
        pages = list(Path(self.src_path).parent.parent.glob(f"*/{self.coursedir.assignment_id}"))
        needed = ("timestamp.txt", "submission_secret.txt")
        others = {
            page.parent.name for page in pages if not all((page / name).exists() for name in needed)
        }
        for student in sorted(others):
            self.log.warning(
                "%s did not submit through the exchange: send the page from feedback/ another way.",
                student,
            )
        excluded = ",".join(filter(None, [self.coursedir.student_id_exclude, *sorted(others)]))
        with temp_attrs(self.coursedir, student_id_exclude=excluded):
            super().copy_files()
