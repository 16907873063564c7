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
        """Put a student's own submissions first: the first one is what gets collected."""
        return sorted(super()._sort_by_timestamp(records), key=self._is_foreign)

    def copy_files(self) -> None:
        """Collect, and say what was left out."""
        foreign = [record for record in self.src_records if self._is_foreign(record)]
        for record in foreign:
            self.log.error(
                "%s was left out: it bears the name of %s, and another user has made it.",
                self._folder(record),
                record["username"],
            )
        self.src_records = [record for record in self.src_records if record not in foreign]
        super().copy_files()

    def _folder(self, record: Record) -> Path:
        return Path(self.inbound_path, record["filename"])

    def _is_foreign(self, record: Record) -> bool:
        try:
            student = pwd.getpwnam(record["username"])
        except KeyError:  # no user of this machine: the name was given with the submission
            return False
        return self._folder(record).stat().st_uid != student.pw_uid
