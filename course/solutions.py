"""The reference functions, read from the manuscript, which is the only place they are written."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

import rnn_utils

from .paths import ASSIGNMENTS, manuscript

# A code cell in a manuscript: a fence, option lines, the code, a fence.
CODE_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?:---\n.*?\n---\n)?(.*?)^```$", re.M | re.S)


@cache
def sources() -> dict[str, str]:
    """Return the source text of every function that students write, by name, in course order."""
    found = {}
    for assignment in ASSIGNMENTS:
        for cell in CODE_CELL.findall(manuscript(assignment).read_text(encoding="utf-8")):
            if "### BEGIN SOLUTION" in cell:
                functions = [n for n in ast.parse(cell).body if isinstance(n, ast.FunctionDef)]
                for function in functions:
                    # A later notebook repeats an earlier function only to bring it along.
                    found.setdefault(function.name, cell.strip())
    return found


def namespace(edited: dict[str, str] | None = None) -> dict[str, Any]:
    """Run all reference functions in a fresh namespace and return it.

    Arguments: edited, source texts by function name that take the place of the reference's.
    """
    names: dict[str, Any] = {"np": np, "sigmoid": rnn_utils.sigmoid, "softmax": rnn_utils.softmax}
    for text in (sources() | (edited or {})).values():
        exec(_compiled(text), names)
    return names


@cache
def _compiled(text: str) -> CodeType:
    return compile(text, "<reference>", "exec")


@cache
def _ready() -> dict[str, Any]:
    return namespace()


def __getattr__(name: str) -> Callable:
    """Make ``from course.solutions import rnn_cell_forward`` work for every reference function."""
    if name in sources():
        return _ready()[name]
    raise AttributeError(f"course.solutions has no function {name}")
