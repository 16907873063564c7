"""The course's figures: each is drawn by one short module and kept in ``images/`` as SVG.

``python -m course.figures`` redraws them all; with ``--check`` it only compares.
"""

from __future__ import annotations

from collections.abc import Callable

from course.figures import (
    gradient_flow,
    lstm_cell,
    lstm_cell_backward,
    rnn_cell,
    rnn_cell_backward,
    stacked_product,
    unrolled,
)
from course.figures.alt_text import ALT_TEXT
from course.figures.canvas import Canvas
from course.figures.svg import own_settings, to_svg

FIGURES: dict[str, Callable[[], Canvas]] = {
    "rnn_unrolled": unrolled.draw_rnn,
    "rnn_cell": rnn_cell.draw,
    "lstm_cell": lstm_cell.draw,
    "lstm_unrolled": unrolled.draw_lstm,
    "rnn_cell_backward": rnn_cell_backward.draw,
    "lstm_cell_backward": lstm_cell_backward.draw,
    "gradient_flow": gradient_flow.draw,
    "stacked_product": stacked_product.draw,
}

__all__ = ["ALT_TEXT", "FIGURES", "render"]


def render(name: str) -> str:
    """Return the figure as the text of an SVG file."""
    with own_settings():
        canvas = FIGURES[name]()
        return to_svg(canvas.figure, name, canvas.heading, ALT_TEXT[name])
