"""A whole sequence: the same cell at every time step, for the RNN and for the LSTM."""

from __future__ import annotations

from dataclasses import dataclass

from course.figures.canvas import Canvas
from course.figures.palette import CELL, FRAME, HIDDEN, INK, INPUT, PARAMETER, PREDICTION, Role

HALF = 42  # half the width of a cell
COLUMNS = [162.0, 350.0, 580.0]  # the middles of the cells drawn: first, second and last step
STEPS = ["0", "1", "T_x-1"]
DOTS = 464  # the steps that are left out
EXIT = 744
CELL_BOTTOM = 152
BODY = Role(INK.line, FRAME, INK.width)


@dataclass(frozen=True)
class Lane:
    """A state that travels from cell to cell, and the value it starts from."""

    y: float
    letter: str
    role: Role
    start: str


def draw_rnn() -> Canvas:
    canvas = Canvas(
        456,
        "RNN, forward: a sequence is one cell, used T_x times",
        "The hidden state a carries what was read from each step to the next.",
    )
    _belt_and_cells(canvas, 290, "RNN cell", 262, "Wax Waa Wya ba by")
    _lane(canvas, Lane(238, "a", HIDDEN, "a0"))
    _inputs_and_predictions(canvas, 290, "y_pred")
    _tensors(canvas, [("x", INPUT, "n_x"), ("a", HIDDEN, "n_a"), ("y_pred", PREDICTION, "n_y")])
    return canvas


def draw_lstm() -> Canvas:
    canvas = Canvas(
        516,
        "LSTM, forward: two states travel from step to step",
        "The cell state c is the long memory; the hidden state a is the part of it that is shown.",
    )
    _belt_and_cells(canvas, 350, "LSTM cell", 300, "Wf bf Wi bi Wc bc Wo bo Wy by")
    _lane(canvas, Lane(318, "c", CELL, "zeros"))
    _lane(canvas, Lane(238, "a", HIDDEN, "a0"))
    _inputs_and_predictions(canvas, 350, "y")
    tensors = [
        ("x", INPUT, "n_x"),
        ("a", HIDDEN, "n_a"),
        ("c", CELL, "n_a"),
        ("y", PREDICTION, "n_y"),
    ]
    _tensors(canvas, tensors)
    return canvas


def _belt_and_cells(canvas: Canvas, top: float, name: str, name_y: float, parameters: str) -> None:
    """The cells, and one belt of parameters that runs through all of them."""
    for column, step in zip(COLUMNS, STEPS, strict=True):
        middle, height = (CELL_BOTTOM + top) / 2, top - CELL_BOTTOM
        canvas.box(column, middle, 2 * HALF, height, [], BODY)
        canvas.words(column, name_y, name, size=14, bold=True)
        canvas.code(column, name_y - 24, f"t={step}", size=14)
    left, right = COLUMNS[0] - HALF, COLUMNS[-1] + HALF
    belt = CELL_BOTTOM + 25
    canvas.box((left + right) / 2, belt, right - left, 28, [], PARAMETER)
    canvas.words(left + 14, belt, "the same at every step:", PARAMETER, anchor="left")
    canvas.code(right - 14, belt, parameters, PARAMETER, anchor="right", size=13)


def _lane(canvas: Canvas, lane: Lane) -> None:
    canvas.arrow([(92, lane.y), (COLUMNS[0] - HALF, lane.y)], lane.role)
    canvas.pill(56, lane.y, lane.start, lane.role, "(n_a, m)", width=74)
    first, second, last = COLUMNS
    canvas.arrow([(first + HALF, lane.y), (second - HALF, lane.y)], lane.role)
    canvas.line([(second + HALF, lane.y), (DOTS - 16, lane.y)], lane.role)
    canvas.arrow([(DOTS + 16, lane.y), (last - HALF, lane.y)], lane.role)
    canvas.arrow([(last + HALF, lane.y), (EXIT, lane.y)], lane.role)
    for offset in (-9, 0, 9):
        canvas.dot(DOTS + offset, lane.y, lane.role, 2.6)
    middles = [(first + second) / 2, 439, (last + HALF + EXIT) / 2]
    for middle, step in zip(middles, STEPS, strict=True):
        name = f"{lane.letter}[:, :, {step}]"
        canvas.code(middle, lane.y + 15, name, lane.role, bold=True, size=13)
        canvas.code(middle, lane.y - 16, "(n_a, m)", lane.role, size=13)


def _inputs_and_predictions(canvas: Canvas, top: float, prediction: str) -> None:
    for column, step in zip(COLUMNS, STEPS, strict=True):
        canvas.arrow([(column, 119), (column, CELL_BOTTOM)], INPUT)
        canvas.arrow([(column, top), (column, top + 33)], PREDICTION)
        x_name, y_name = f"x[:, :, {step}]", f"{prediction}[:, :, {step}]"
        canvas.pill(column, 96, x_name, INPUT, "(n_x, m)", width=_pill_width(x_name))
        canvas.pill(column, top + 56, y_name, PREDICTION, "(n_y, m)", width=_pill_width(y_name))
    for offset in (-9, 0, 9):
        canvas.dot(DOTS + offset, 96, INK, 2.6)
        canvas.dot(DOTS + offset, top + 56, INK, 2.6)


def _pill_width(name: str) -> float:
    return 8.6 * len(name) + 16


def _tensors(canvas: Canvas, tensors: list[tuple[str, Role, str]]) -> None:
    """The last line: the arrays that hold all the steps."""
    canvas.words(22, 40, "All steps together:", anchor="left")
    x = 172.0
    for name, role, rows in tensors:
        text = f"{name} ({rows}, m, T_x)"
        canvas.code(x, 40, text, role, anchor="left", bold=True, size=13)
        x += 7.9 * len(text) + 18
