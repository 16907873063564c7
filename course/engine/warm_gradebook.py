"""Make nbgrader's many short visits to the gradebook cheap.

For each submission nbgrader opens the gradebook several times, and each time SQLAlchemy starts
with an empty cache of compiled queries and looks whether all tables are there. While
`warm_gradebook` lasts, one engine for each database keeps its cache, and tables are looked for
once. Connections are still closed after each visit, and every change is written as before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from nbgrader import api


@contextlib.contextmanager
def warm_gradebook() -> Iterator[None]:
    """While this lasts, opening the gradebook again is cheap."""
    create, tables = api.create_engine, api.Base.metadata
    engines: dict[str, Any] = {}
    complete: set[int] = set()

    def create_once(url: str, **options: Any) -> Any:
        if url not in engines:
            engines[url] = create(url, **options)
        return engines[url]

    def create_all_once(bind: Any, **options: Any) -> None:
        if id(bind) not in complete:
            type(tables).create_all(tables, bind=bind, **options)
            complete.add(id(bind))

    api.create_engine, tables.create_all = create_once, create_all_once
    try:
        yield
    finally:
        api.create_engine = create
        del tables.create_all
