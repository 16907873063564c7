"""Make nbgrader's many short visits to the gradebook cheap.

For each submission nbgrader opens the gradebook several times. Each time SQLAlchemy starts with an
empty cache of compiled queries, opens the file anew, and asks whether all tables and the course are
there. While `warm_gradebook` lasts, that is asked once for each database, and one engine keeps its
connection and its cache. Every change is written and committed as before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from nbgrader.api import Gradebook
from sqlalchemy.orm import scoped_session, sessionmaker


@contextlib.contextmanager
def warm_gradebook() -> Iterator[None]:
    """While this lasts, opening the gradebook again is cheap."""
    first: dict[tuple[str, str], Gradebook] = {}
    open_anew = Gradebook.__init__

    def open_again(
        self: Gradebook, db_url: str, course_id: str = "default_course", authenticator: Any = None
    ) -> None:
        known = first.get((db_url, course_id))
        if known is None:
            open_anew(self, db_url, course_id, authenticator)
            first[db_url, course_id] = self
            return
        self.engine = known.engine
        self.db = scoped_session(sessionmaker(autoflush=True, bind=self.engine, future=True))
        self.course_id, self.authenticator = course_id, authenticator

    def leave(self: Gradebook) -> None:
        self.db.remove()

    try:
        with patch.multiple(Gradebook, __init__=open_again, close=leave):
            yield
    finally:
        for gradebook in first.values():
            gradebook.close()
