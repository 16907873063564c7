"""Turn a matplotlib figure into the SVG text that is committed.

What depends on the day, on the matplotlib version or on the installed fonts is left out, so that
redrawing changes no byte.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import matplotlib
from matplotlib.figure import Figure

from course.figures.lettering import MONO_STACK, SANS_STACK, SUBSCRIPT, SUBSCRIPT_SCALE

# Faces that ship inside matplotlib stand for the two stacks while drawing.
MONO_FACE = "DejaVu Sans Mono"
SANS_FACE = "DejaVu Sans"

SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "figures", "path.simplify": False}
NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with matplotlib's defaults and ours, whatever the reader's own settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def to_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """Return the figure as SVG with text as text, a title and a description."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    svg = _own_head(buffer.getvalue(), name, title, description)
    svg = svg.replace(f"'{MONO_FACE}'", MONO_STACK).replace(f"'{SANS_FACE}'", SANS_STACK)
    svg = _subscripts(svg)
    # Names such as patch_7 say nothing and would clash when two figures share one page.
    svg = re.sub(r' id="\w+_\d+"', "", svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", svg)
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


def _own_head(svg: str, name: str, title: str, description: str) -> str:
    """Replace everything before the first group by a head of our own."""
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups()
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" stroke-linejoin="round">\n'
        f' <title id="{name}-title">{escape(title)}</title>\n'
        f' <desc id="{name}-desc">{escape(description)}</desc>\n'
    )
    return '<?xml version="1.0" encoding="utf-8"?>\n' + head + svg[svg.index(" <g ") :]


def _subscripts(svg: str) -> str:
    """Write _{f} as a lowered, smaller span: it follows the letter in any font."""
    return re.sub(r"(<text [^>]*>)([^<]*)</text>", _with_subscript, svg)


def _with_subscript(match: re.Match[str]) -> str:
    opening, words = match.groups()
    before, *pieces = SUBSCRIPT.split(words)  # before, subscript, after, subscript, after ...
    if not pieces:
        return match[0]
    size = float(re.search(r"font-size: ([\d.]+)px", opening)[1])
    small, drop = f"{SUBSCRIPT_SCALE * size:g}", f"{0.22 * size:g}"
    spans = []
    for lowered, after in zip(pieces[::2], pieces[1::2], strict=True):
        spans.append(f'<tspan dy="{drop}" style="font-size: {small}px">{lowered}</tspan>')
        if after:
            spans.append(f'<tspan dy="-{drop}">{after}</tspan>')
    return f"{opening}{before}{''.join(spans)}</text>"
