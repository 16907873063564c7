"""How the gradient from the last step's output travels back in time: RNN above, LSTM below."""

from __future__ import annotations

from course.figures.canvas import Canvas
from course.figures.palette import FORGET, FRAME, GRADIENT, GRADIENT_CELL, INK, Role

STEPS = [0, 1, 2, 3, 4]
PITCH, FIRST, HALF = 128, 68, 46  # columns, and half the width of a cell
RNN_KEEPS, LSTM_KEEPS = 0.6, 0.95  # an example: the share of the gradient that survives a step
BAR_HEIGHT = 48
GATES_SHIFT = 10  # the gates stand a little left: the loss turns up to c beside them
BODY = Role(INK.line, FRAME, 1.4)


def column(step: int) -> float:
    return FIRST + PITCH * step


def shares(kept: float) -> list[float]:
    """How much of the last step's gradient arrives at each step."""
    return [kept ** (STEPS[-1] - step) for step in STEPS]


def draw() -> Canvas:
    canvas = Canvas(
        650,
        "How gradients flow back through time",
        "Read from right to left: how much of the last step's gradient is left at earlier steps.",
        foot=14,
    )
    _rnn(canvas, 492, 380)
    _lstm(canvas, 212, 62)
    notes = [
        f"Example: an RNN step keeps {RNN_KEEPS:.0%}, a forget gate {LSTM_KEEPS:.0%}; "
        "the thicker the arrow, the more is left.",
        "With factors above 100% the gradient grows at every step back instead: it explodes.",
    ]
    for number, note in enumerate(notes):
        canvas.words(22, 30 - 22 * number, note, size=13, anchor="left")
    return canvas


def _bars(canvas: Canvas, base: float, kept: float, name: str) -> None:
    for step, share in zip(STEPS, shares(kept), strict=True):
        canvas.bar(column(step) - 18, base, 40, BAR_HEIGHT * share, GRADIENT)
        canvas.code(column(step) + 8, base + 10, f"{share:.0%}", size=14, anchor="left")
    left, right = FIRST - HALF, column(STEPS[-1]) + HALF
    canvas.line([(left, base), (right, base)], INK, 1.4)
    canvas.code(700, base + 28, name, GRADIENT, size=13, bold=True)
    canvas.words(700, base + 8, "left at step t", size=13)


def _thickness(share: float) -> float:
    return 1.6 + 5.0 * share


def _rnn(canvas: Canvas, row: float, base: float) -> None:
    title = "RNN: every step back multiplies by Waa.T and by the slope of tanh"
    canvas.words(22, row + 68, title, bold=True, anchor="left")
    _loss(canvas, row)
    canvas.arrow([(652, row), (column(STEPS[-1]) + HALF, row)], GRADIENT, _thickness(1))
    for step, share in zip(STEPS[1:], shares(RNN_KEEPS), strict=False):
        start, end = (column(step) - HALF, row), (column(step - 1) + HALF, row)
        canvas.arrow([start, end], GRADIENT, _thickness(share))
    for step in STEPS:
        x = column(step)
        canvas.box(x, row, 2 * HALF, 82, [], BODY)
        canvas.code(x, row + 24, f"t={step}", bold=True)
        canvas.code(x, row - 1, "* (1-a**2)", size=13, room=2 * HALF - 8)
        canvas.code(x, row - 22, "Waa.T @", size=13, room=2 * HALF - 8)
    _bars(canvas, base, RNN_KEEPS, "da")


def _loss(canvas: Canvas, row: float) -> None:
    """Where the gradient from the last step's output comes in."""
    canvas.pill(700, row, "da[:, :, 4]", GRADIENT, "(n_a, m)", width=96, size=13)
    canvas.words(700, row - 37, "from the output", size=13)


def _lstm(canvas: Canvas, row: float, base: float) -> None:
    title = "LSTM: a step back multiplies dc by ft only; da takes the thin road through the gates"
    canvas.words(22, row + 98, title, bold=True, anchor="left")
    lane, low = row + 14, row - 40
    for step in STEPS:
        canvas.box(column(step), row, 2 * HALF, 142, [], BODY)
    _loss(canvas, low)
    _cell_lane(canvas, lane, low)
    _hidden_lane(canvas, low)
    for step in STEPS:
        canvas.code(column(step), row + 57, f"t={step}", bold=True)
    _bars(canvas, base, LSTM_KEEPS, "dc")


def _cell_lane(canvas: Canvas, lane: float, low: float) -> None:
    """The road of c: straight through every cell, past one product with ft."""
    turn = column(STEPS[-1]) + 40
    start = [(652, low), (turn, low), (turn, lane), (column(STEPS[-1]) + 13, lane)]
    canvas.arrow(start, GRADIENT_CELL, _thickness(1))
    canvas.arrow([(turn, low), (column(STEPS[-1]) + 27 - GATES_SHIFT, low)], GRADIENT, 1.6)
    canvas.dot(turn, low, GRADIENT)
    for step, share in zip(STEPS[1:], shares(LSTM_KEEPS), strict=False):
        ends = [(column(step) - 13, lane), (column(step - 1) + 13, lane)]
        canvas.arrow(ends, GRADIENT_CELL, _thickness(share))
    for step in STEPS:
        canvas.operator(column(step), lane, "x")
        canvas.code(column(step), lane + 23, "ft", FORGET, bold=True)


def _hidden_lane(canvas: Canvas, low: float) -> None:
    """The road of a: through the gates, as in an RNN."""
    left, right = 27 + GATES_SHIFT, 27 - GATES_SHIFT
    for step in STEPS[1:]:
        ends = [(column(step) - left, low), (column(step - 1) + right, low)]
        canvas.arrow(ends, GRADIENT, 1.6)
    for step in STEPS:
        canvas.box(column(step) - GATES_SHIFT, low, 54, 26, [], INK)
        canvas.words(column(step) - GATES_SHIFT, low, "gates", size=14)
