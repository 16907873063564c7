"""Collecting from an exchange that many users can write to."""

from __future__ import annotations

import pwd
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

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
