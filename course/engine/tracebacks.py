"""Make IPython's coloured tracebacks cheap, without changing a character of them.

For every error IPython builds a lexer, a style and a formatter anew, and looks for the module of a
notebook cell, which has none, among all modules that are loaded. In a notebook of which nothing
was written yet, that takes longer than all the rest of its cells.
"""

from __future__ import annotations

import copy
import functools
import inspect
import linecache
from collections.abc import Iterable, Iterator
from typing import Any

import pygments
import stack_data
from pygments.formatters import terminal256
from pygments.lexers import Python3Lexer

_CELL = "<ipython-input-"


@functools.cache  # a second call must change nothing
def make_cheap() -> None:
    """Keep what is the same for every error, in this process."""
    stack_data.style_with_executing_node = functools.cache(stack_data.style_with_executing_node)
    terminal256.Terminal256Formatter = functools.cache(terminal256.Terminal256Formatter)
    stack_data.core._pygmented_with_ranges = _highlighted
    inspect.getmodule = functools.partial(_module, inspect.getmodule)


def look_through(path: str, text: str) -> None:
    """Take a module's source apart before an error comes up in it, as is done then."""
    lines = tuple(text.splitlines(keepends=True))
    linecache.cache[path] = (len(text), None, [*lines], path)
    source = copy.copy(_taken_apart(lines))
    source.filename = path
    known = stack_data.Source._class_local("__source_cache_with_lines", {})
    known[path, lines] = source


@functools.lru_cache(maxsize=4)  # the same module lies beside the notebooks of all assignments
def _taken_apart(lines: tuple[str, ...]) -> stack_data.Source:
    source = stack_data.Source("", lines)
    source.asttext()
    _ = source.pieces
    return source


class _Lexer(Python3Lexer):
    """Marks the part of the code that was running."""

    ranges: Iterable[tuple[int, int]] = ()

    def get_tokens(self, text: str) -> Iterator[tuple[Any, str]]:
        place = 0
        for kind, value in super().get_tokens(text):
            running = any(start <= place < end for start, end in self.ranges)
            place += len(value)
            yield (kind.ExecutingNode if running else kind), value


def _highlighted(formatter: Any, code: str, ranges: list[tuple[int, int]]) -> list[str]:
    lexer = _Lexer(stripnl=False)
    lexer.ranges = ranges
    try:
        return pygments.highlight(code, lexer, formatter).splitlines()
    except Exception:  # better without colours than not at all
        return code.splitlines()


def _module(look_up: Any, thing: Any, file: str | None = None) -> Any:
    code = thing.f_code if inspect.isframe(thing) else thing
    if inspect.iscode(code) and code.co_filename.startswith(_CELL):
        return None
    return look_up(thing, file)
