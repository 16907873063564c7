"""One step of the plain recurrent cell, forward."""

from __future__ import annotations

from course.figures.canvas import Canvas
from course.figures.palette import HIDDEN, INK, INPUT, PARAMETER, PREDICTION

ROW = 232  # the recurrence runs along this row, from left to right
SUM, BRANCH = 320, 530  # where the input joins the row, and where the prediction leaves it


def draw() -> Canvas:
    canvas = Canvas(
        520, "RNN cell, forward: one time step", "a_next goes to step t+1 and to yt_pred."
    )
    canvas.frame(124, 104, 640, 448, "rnn_cell_forward")
    _recurrence(canvas)
    _prediction(canvas)
    _notes(canvas)
    return canvas


def _weight(canvas: Canvas, x: float, y: float, name: str, shape: str) -> None:
    canvas.box(x, y, 96, 48, [f"{name} @", shape], PARAMETER)


def _recurrence(canvas: Canvas) -> None:
    canvas.arrow([(104, ROW), (158, ROW)], HIDDEN)
    canvas.arrow([(254, ROW), (SUM - 13, ROW)], INK)
    canvas.arrow([(SUM, 83), (SUM, 122)], INPUT)
    canvas.arrow([(SUM, 170), (SUM, ROW - 13)], INK)
    canvas.arrow([(SUM, 293), (SUM, ROW + 13)], PARAMETER)
    canvas.arrow([(SUM + 13, ROW), (382, ROW)], INK)
    canvas.arrow([(442, ROW), (656, ROW)], HIDDEN)
    canvas.pill(62, ROW, "a_prev", HIDDEN, "(n_a, m)")
    canvas.pill(SUM, 60, "xt", INPUT, "(n_x, m)")
    canvas.pill(698, ROW, "a_next", HIDDEN, "(n_a, m)")
    canvas.pill(SUM, 316, "ba", PARAMETER, "(n_a, 1)")
    _weight(canvas, 206, ROW, "Waa", "(n_a, n_a)")
    _weight(canvas, SUM, 146, "Wax", "(n_a, n_x)")
    canvas.operator(SUM, ROW, "+")
    canvas.box(412, ROW, 60, 34, ["tanh"])


def _prediction(canvas: Canvas) -> None:
    canvas.arrow([(BRANCH, ROW), (BRANCH, 274)], HIDDEN)
    canvas.arrow([(BRANCH, 322), (BRANCH, 349)], INK)
    canvas.arrow([(462, 362), (BRANCH - 13, 362)], PARAMETER)
    canvas.arrow([(BRANCH, 375), (BRANCH, 398)], INK)
    canvas.arrow([(BRANCH, 430), (BRANCH, 462)], PREDICTION)
    canvas.dot(BRANCH, ROW, HIDDEN)
    _weight(canvas, BRANCH, 298, "Wya", "(n_y, n_a)")
    canvas.pill(420, 362, "by", PARAMETER, "(n_y, 1)")
    canvas.operator(BRANCH, 362, "+")
    canvas.box(BRANCH, 414, 84, 32, ["softmax"])
    canvas.pill(BRANCH, 485, "yt_pred", PREDICTION, "(n_y, m)")


def _notes(canvas: Canvas) -> None:
    canvas.words(390, 74, "Every arrow into a sum carries (n_a, m) or", size=13, anchor="left")
    canvas.words(390, 48, "(n_y, m); biases broadcast over the columns", size=13, anchor="left")
    canvas.words(22, 74, "@ is the matrix product", size=13, anchor="left")
    canvas.words(22, 48, "Shapes stand under the names", size=13, anchor="left")
