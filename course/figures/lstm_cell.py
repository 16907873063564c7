"""One step of the LSTM cell, forward, with its gates."""

from __future__ import annotations

from course.figures.canvas import Canvas
from course.figures.palette import (
    CANDIDATE,
    CELL,
    FORGET,
    HIDDEN,
    INK,
    INPUT,
    OUTPUT,
    PARAMETER,
    PREDICTION,
    UPDATE,
    Role,
)

# One row for each gate, in the order of the code.
GATES: list[tuple[float, Role, str, str]] = [
    (452, FORGET, "forget gate Γ_{f}: what stays", "ft = σ(Wf @ concat + bf)"),
    (366, UPDATE, "update gate Γ_{i}: what enters", "it = σ(Wi @ concat + bi)"),
    (280, CANDIDATE, "candidate c̃: new content", "cct = tanh(Wc @ concat + bc)"),
    (172, OUTPUT, "output gate Γ_{o}: what is shown", "ot = σ(Wo @ concat + bo)"),
]
FORGET_ROW, UPDATE_ROW, CANDIDATE_ROW, OUTPUT_ROW = (row for row, *_ in GATES)
TOP = 530  # c_prev enters here
WRITE_ROW = (UPDATE_ROW + CANDIDATE_ROW) / 2
PREDICTION_ROW = 98
BUS = 172  # the stacked vector runs along this column to all four gates
GATE_LEFT, GATE_RIGHT = 190, 424
PRODUCT, SUM, BRANCH, FORK = 482, 538, 586, 618
RING = 13  # radius of an operator


def draw() -> Canvas:
    canvas = Canvas(
        640,
        "LSTM cell, forward: one time step",
        "Three gates and a candidate read a_prev and xt; they rewrite c and show part of it.",
        foot=18,
    )
    canvas.frame(112, 66, 646, 572, "lstm_cell_forward")
    _stack(canvas)
    _gates(canvas)
    _cell_state(canvas)
    _hidden_state(canvas)
    _prediction(canvas)
    _key(canvas)
    return canvas


def _stack(canvas: Canvas) -> None:
    """[a_prev; xt]: to scale, with five hidden units on three inputs."""
    canvas.arrow([(104, 342), (127, 342)], HIDDEN)
    canvas.arrow([(104, 278), (127, 278)], INPUT)
    canvas.line([(147, 323), (BUS, 323)], INK)
    canvas.matrix(137, 342, 5, 1, HIDDEN, 16)
    canvas.matrix(137, 278, 3, 1, INPUT, 16)
    canvas.pill(62, 342, "a_prev", HIDDEN, "(n_a, m)")
    canvas.pill(62, 278, "xt", INPUT, "(n_x, m)")
    canvas.code(141, 238, "concat", size=13)


def _gates(canvas: Canvas) -> None:
    middle, width = (GATE_LEFT + GATE_RIGHT) / 2, GATE_RIGHT - GATE_LEFT
    canvas.line([(BUS, FORGET_ROW), (BUS, OUTPUT_ROW)], INK)
    for row, role, purpose, formula in GATES:
        canvas.arrow([(BUS, row), (GATE_LEFT, row)], INK)
        canvas.box(middle, row, width, 54, [], role)
        canvas.words(middle, row + 12, purpose, role, bold=True, size=13, room=width)
        canvas.code(middle, row - 12, formula, role, size=13, room=width)


def _cell_state(canvas: Canvas) -> None:
    canvas.arrow([(104, TOP), (PRODUCT, TOP), (PRODUCT, FORGET_ROW + RING)], CELL)
    canvas.arrow([(GATE_RIGHT, FORGET_ROW), (PRODUCT - RING, FORGET_ROW)], FORGET)
    above, below = (PRODUCT, WRITE_ROW + RING), (PRODUCT, WRITE_ROW - RING)
    canvas.arrow([(GATE_RIGHT, UPDATE_ROW), (PRODUCT, UPDATE_ROW), above], UPDATE)
    canvas.arrow([(GATE_RIGHT, CANDIDATE_ROW), (PRODUCT, CANDIDATE_ROW), below], CANDIDATE)
    canvas.arrow([(PRODUCT + RING, FORGET_ROW), (SUM - RING, FORGET_ROW)], CELL)
    canvas.arrow([(PRODUCT + RING, WRITE_ROW), (SUM, WRITE_ROW), (SUM, FORGET_ROW - RING)], INK)
    canvas.arrow([(SUM + RING, FORGET_ROW), (658, FORGET_ROW)], CELL)
    canvas.operator(PRODUCT, FORGET_ROW, "x")
    canvas.operator(PRODUCT, WRITE_ROW, "x")
    canvas.operator(SUM, FORGET_ROW, "+")
    canvas.pill(62, TOP, "c_prev", CELL, "(n_a, m)")
    canvas.pill(700, FORGET_ROW, "c_next", CELL, "(n_a, m)")
    canvas.code(445, FORGET_ROW + 15, "ft", FORGET, bold=True)
    canvas.code(445, UPDATE_ROW + 15, "it", UPDATE, bold=True)
    canvas.code(445, CANDIDATE_ROW - 15, "cct", CANDIDATE, bold=True)


def _hidden_state(canvas: Canvas) -> None:
    canvas.arrow([(BRANCH, FORGET_ROW), (BRANCH, 312)], CELL)
    canvas.arrow([(BRANCH, 280), (BRANCH, OUTPUT_ROW + RING)], INK)
    canvas.arrow([(GATE_RIGHT, OUTPUT_ROW), (BRANCH - RING, OUTPUT_ROW)], OUTPUT)
    canvas.arrow([(BRANCH + RING, OUTPUT_ROW), (658, OUTPUT_ROW)], HIDDEN)
    canvas.dot(BRANCH, FORGET_ROW, CELL)
    canvas.box(BRANCH, 296, 58, 32, ["tanh"])
    canvas.operator(BRANCH, OUTPUT_ROW, "x")
    canvas.pill(700, OUTPUT_ROW, "a_next", HIDDEN, "(n_a, m)")
    canvas.code(445, OUTPUT_ROW + 15, "ot", OUTPUT, bold=True)


def _prediction(canvas: Canvas) -> None:
    canvas.arrow([(FORK, OUTPUT_ROW), (FORK, PREDICTION_ROW + 16)], HIDDEN)
    canvas.arrow([(632, PREDICTION_ROW), (658, PREDICTION_ROW)], PREDICTION)
    canvas.dot(FORK, OUTPUT_ROW, HIDDEN)
    canvas.box(521, PREDICTION_ROW, 222, 32, ["softmax(Wy @ a_next + by)"], PARAMETER)
    canvas.pill(700, PREDICTION_ROW, "yt_pred", PREDICTION, "(n_y, m)")


def _key(canvas: Canvas) -> None:
    canvas.code(22, 40, "concat = [a_prev; xt] (n_a + n_x, m)", size=13, anchor="left")
    canvas.operator(442, 40, "x", 10)
    canvas.operator(468, 40, "+", 10)
    canvas.words(486, 40, "work entry by entry; σ is the sigmoid", size=13, anchor="left")
    canvas.code(22, 12, "Wf Wi Wc Wo (n_a, n_a + n_x)", size=13, anchor="left")
    canvas.code(282, 12, "bf bi bc bo (n_a, 1)", size=13, anchor="left")
    canvas.code(486, 12, "ft it cct ot (n_a, m)", size=13, anchor="left")
