"""Read a notebook that a student handed in, whatever the file may be.

The notebook is rebuilt from scratch out of the few things that count: cell kinds, source text,
nbgrader ids, attached images. Everything else in the file is dropped.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from .outputs import MAX_WORDS, Markup, printable

MAX_FILE = 20 * 1024 * 1024
MAX_CELLS = 2000
MAX_SOURCE = 400_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IMAGES = {"image/png", "image/jpeg", "image/gif"}


class Unreadable(Exception):
    """The file is not a notebook; the text says why, in one sentence."""


def read(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Give a clean notebook (format 4.5), and sentences about what was odd."""
    if path.is_symlink() or not path.is_file():
        raise Unreadable(f"{path.name} is not a regular file.")
    if path.stat().st_size > MAX_FILE:
        raise Unreadable(f"{path.name} is larger than {MAX_FILE // 2**20} MB.")
    return parse(path.read_bytes(), path.name)


def parse(data: bytes, name: str) -> tuple[dict[str, Any], list[str]]:
    """The same for the contents of a file."""
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable(f"{name} is not a notebook: it is not valid JSON.") from None
    if not isinstance(raw, dict):
        raise Unreadable(f"{name} is not a notebook.")
    notes: list[str] = []
    version = raw.get("nbformat")
    if version != 4:
        raw = _from_other_version(raw, version, name, notes)
    cells = raw.get("cells")
    if not isinstance(cells, list):
        raise Unreadable(f"{name} is not a notebook: it has no list of cells.")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"{name} has {len(cells)} cells; at most {MAX_CELLS} are read.")
    state = _State(notes)
    clean = [_cell(cell, number, state) for number, cell in enumerate(cells)]
    return notebook([cell for cell in clean if cell]), notes


@dataclass
class _State:
    """What reading a cell needs to know of those before it."""

    notes: list[str]
    used: set[str] = field(default_factory=set)  # ids of cells
    markup: Markup = field(default_factory=Markup)
    words: int = MAX_WORDS  # characters that are left for all text cells together


def notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """A notebook made of these cells."""
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "pygments_lexer": "ipython3"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _from_other_version(
    raw: dict[str, Any], version: Any, name: str, notes: list[str]
) -> dict[str, Any]:
    if isinstance(raw.get("cells"), list) and type(version) is int and version > 4:
        notes.append(f"The notebook says it has format {version}, which is not known; read as 4.")
        return raw
    try:
        old = nbformat.reads(json.dumps(raw), as_version=4)
    except Exception:
        raise Unreadable(f"{name} is not a notebook of a format that can be read.") from None
    notes.append(f"The notebook has the old format {version}; it was converted.")
    return json.loads(json.dumps(old))


def _cell(cell: Any, number: int, state: _State) -> dict[str, Any] | None:
    if not isinstance(cell, dict):
        state.notes.append(f"Cell {number + 1} is not a cell and was left out.")
        return None
    kind = cell.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        state.notes.append(f"Cell {number + 1} has no known type and was read as text.")
        kind = "raw"
    source = _source(cell.get("source"), number, kind, state)
    clean: dict[str, Any] = {
        "cell_type": kind,
        "id": _identity(cell.get("id"), number, state.used),
        "metadata": {},
        "source": source,
    }
    if name := _grade_id(cell):
        clean["metadata"]["nbgrader"] = {"grade_id": name}
    if kind == "code":
        clean.update(outputs=[], execution_count=None)
    else:
        kind = "text/html" if kind == "raw" else "text/markdown"
        harmless = state.markup.without_script(source, kind)
        if harmless != source:
            state.notes.append(
                f"Cell {number + 1} holds markup that could act in a browser; removed."
            )
            clean["source"] = harmless
        if images := _attachments(cell.get("attachments")):
            clean["attachments"] = images
    return clean


def _source(source: Any, number: int, kind: str, state: _State) -> str:
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        state.notes.append(f"Cell {number + 1} has no text.")
        return ""
    limit = MAX_SOURCE if kind == "code" else state.words
    if kind != "code":
        state.words = max(0, state.words - len(source))
    if len(source) > limit:
        state.notes.append(f"Cell {number + 1} is too long and was cut after {limit} characters.")
    return printable(source.replace("\r\n", "\n"), limit)


def _identity(given: Any, number: int, used: set[str]) -> str:
    name = given if isinstance(given, str) and _ID.fullmatch(given) else f"cell-{number + 1}"
    while name in used:
        name = f"{name[:50]}-{number + 1}"
    used.add(name)
    return name


def _grade_id(cell: dict[str, Any]) -> str:
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = about.get("grade_id") if isinstance(about, dict) else None
    return name if isinstance(name, str) and len(name) <= 200 else ""


def _attachments(given: Any) -> dict[str, dict[str, str]]:
    """Images that were pasted into a text cell."""
    kept: dict[str, dict[str, str]] = {}
    for name, forms in given.items() if isinstance(given, dict) else ():
        if isinstance(name, str) and isinstance(forms, dict) and len(kept) < 50:
            images = {k: v for k, v in forms.items() if k in _IMAGES and isinstance(v, str)}
            if images:
                kept[printable(name, 100)] = images
    return kept
