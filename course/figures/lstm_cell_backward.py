"""One step of the LSTM cell, backward: the forward figure, read from right to left."""

from __future__ import annotations

from course.figures.canvas import Canvas
from course.figures.palette import (
    CANDIDATE,
    FORGET,
    GRADIENT,
    GRADIENT_CELL,
    HIDDEN,
    INPUT,
    OUTPUT,
    UPDATE,
    Role,
)

# One row for each gate, in the order of the code; dz is the gradient before the squashing.
GATES: list[tuple[float, Role, str, str, str]] = [
    (448, FORGET, "forget gate Γ_{f}", "dzf = dc * c_prev", "* ft * (1 - ft)"),
    (364, UPDATE, "update gate Γ_{i}", "dzi = dc * cct", "* it * (1 - it)"),
    (280, CANDIDATE, "candidate c̃", "dzc = dc * it", "* (1 - cct**2)"),
    (172, OUTPUT, "output gate Γ_{o}", "dzo = da_next * tanh(c_next)", "* ot * (1 - ot)"),
]
FORGET_ROW, UPDATE_ROW, CANDIDATE_ROW, OUTPUT_ROW = (row for row, *_ in GATES)
TOP = 530  # dc_prev leaves here
GATE_LEFT, GATE_RIGHT = 214, 444
DZ_BUS, DC_BUS = 192, 470
SUM = 560
BOTTOM = 56  # the two gradients of a meet under the cell
RING = 13


def draw() -> Canvas:
    canvas = Canvas(
        640,
        "LSTM cell, backward: one time step",
        "Read from right to left: dc collects what reaches c_next; then every gate takes a share.",
        foot=58,
    )
    canvas.frame(112, 112, 646, 572, "lstm_cell_backward", dx=380)
    _upstream_hidden(canvas)
    _cell_state(canvas)
    _gates(canvas)
    _stack(canvas)
    _parameters(canvas)
    _key(canvas)
    return canvas


def _upstream_hidden(canvas: Canvas) -> None:
    canvas.arrow([(496, BOTTOM), (SUM - RING, BOTTOM)], GRADIENT)
    canvas.arrow([(656, BOTTOM), (SUM + RING, BOTTOM)], GRADIENT)
    canvas.arrow([(SUM, BOTTOM + RING), (SUM, 204)], GRADIENT)
    canvas.arrow([(SUM, OUTPUT_ROW), (GATE_RIGHT, OUTPUT_ROW)], GRADIENT)
    canvas.dot(SUM, OUTPUT_ROW, GRADIENT)
    canvas.operator(SUM, BOTTOM, "+")
    canvas.pill(440, BOTTOM, "da[:, :, t]", GRADIENT, "(n_a, m)", width=112)
    canvas.pill(701, BOTTOM, "da_carried", GRADIENT, "(n_a, m)", width=90, size=13)
    canvas.words(440, BOTTOM - 36, "from the output at step t", size=13)
    canvas.words(701, BOTTOM - 36, "from step t+1", size=13)
    canvas.code(570, 148, "da_next", GRADIENT, bold=True, size=13, anchor="left")
    canvas.code(570, 129, "(n_a, m)", GRADIENT, size=13, anchor="left")


def _cell_state(canvas: Canvas) -> None:
    slope = ["* ot *", "(1 - tanh(c_next)**2)"]
    canvas.arrow([(SUM, 248), (SUM, FORGET_ROW - RING)], GRADIENT)
    canvas.box(SUM - 7, 226, 178, 44, slope, size=13)
    canvas.arrow([(656, FORGET_ROW), (SUM + RING, FORGET_ROW)], GRADIENT_CELL)
    canvas.line([(SUM - RING, FORGET_ROW), (DC_BUS, FORGET_ROW)], GRADIENT_CELL)
    canvas.arrow([(DC_BUS, FORGET_ROW), (DC_BUS, TOP), (372, TOP)], GRADIENT_CELL)
    canvas.arrow([(288, TOP), (104, TOP)], GRADIENT_CELL)
    canvas.box(330, TOP, 84, 32, ["dc * ft"])
    canvas.dot(DC_BUS, FORGET_ROW, GRADIENT_CELL)
    canvas.operator(SUM, FORGET_ROW, "+")
    canvas.pill(62, TOP, "dc_prev", GRADIENT, "(n_a, m)")
    canvas.pill(701, FORGET_ROW, "dc_carried", GRADIENT, "(n_a, m)", width=90, size=13)
    canvas.words(701, FORGET_ROW - 36, "from step t+1", size=13)
    canvas.code(701, FORGET_ROW + 36, "= dc_next", GRADIENT, size=13, bold=True)
    canvas.code(509, FORGET_ROW + 17, "dc", GRADIENT, bold=True)
    canvas.code(509, FORGET_ROW - 18, "(n_a, m)", GRADIENT, size=13)


def _gates(canvas: Canvas) -> None:
    middle, width = (GATE_LEFT + GATE_RIGHT) / 2, GATE_RIGHT - GATE_LEFT
    canvas.line([(DC_BUS, FORGET_ROW), (DC_BUS, CANDIDATE_ROW)], GRADIENT)
    canvas.line([(DZ_BUS, FORGET_ROW), (DZ_BUS, OUTPUT_ROW)], GRADIENT)
    for row, role, name, first, second in GATES:
        if role is not OUTPUT:
            canvas.arrow([(DC_BUS, row), (GATE_RIGHT, row)], GRADIENT)
        canvas.line([(GATE_LEFT, row), (DZ_BUS, row)], GRADIENT)
        canvas.box(middle, row, width, 70, [], role)
        canvas.words(middle, row + 20, name, role, bold=True, room=width)
        canvas.code(middle, row, first, role, size=13, room=width)
        canvas.code(middle, row - 19, second, role, size=13, room=width)


def _stack(canvas: Canvas) -> None:
    """The gradient of [a_prev; xt], cut where the vector was stacked."""
    canvas.arrow([(DZ_BUS, 323), (156, 323)], GRADIENT)
    canvas.arrow([(139, 342), (104, 342)], GRADIENT)
    canvas.arrow([(139, 278), (104, 278)], GRADIENT)
    canvas.matrix(147, 342, 5, 1, HIDDEN, 16)
    canvas.matrix(147, 278, 3, 1, INPUT, 16)
    canvas.pill(62, 342, "da_prev", GRADIENT, "(n_a, m)")
    canvas.pill(62, 278, "dxt", GRADIENT, "(n_x, m)")
    canvas.code(174, 366, "n_a", HIDDEN, size=13)
    canvas.code(174, 278, "n_x", INPUT, size=13)
    canvas.words(150, 416, "sum of", size=13)
    canvas.code(150, 398, "W.T @ dz", size=13)


def _parameters(canvas: Canvas) -> None:
    weights, biases, split = DZ_BUS - 88, DZ_BUS + 76, 98
    for x in (weights, biases):
        way = [(DZ_BUS, OUTPUT_ROW), (DZ_BUS, split), (x, split), (x, BOTTOM + 23)]
        canvas.arrow(way, GRADIENT)
    canvas.pill(weights, BOTTOM, "dWf dWi dWc dWo", GRADIENT, "(n_a, n_a + n_x)", width=152)
    canvas.pill(biases, BOTTOM, "dbf dbi dbc dbo", GRADIENT, "(n_a, 1)", width=152)


def _key(canvas: Canvas) -> None:
    left = [
        "da_prev = sum over gates of W[:, :n_a].T @ dz",
        "dxt = sum over gates of W[:, n_a:].T @ dz",
    ]
    right = ["dWf = dzf @ concat.T", "dbf = dzf summed over m"]
    for number, (first, second) in enumerate(zip(left, right, strict=True)):
        canvas.code(22, -8 - 24 * number, first, size=13, anchor="left")
        canvas.code(430, -8 - 24 * number, second, size=13, anchor="left")
    canvas.words(630, -20, "and so for i, c, o", size=13, anchor="left")
