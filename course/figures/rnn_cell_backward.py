"""One step of the plain recurrent cell, backward."""

from __future__ import annotations

from course.figures.canvas import Canvas
from course.figures.palette import GRADIENT, INK

ROW = 300  # the gradient runs along this row, from right to left
SUM, SLOPE = 624, 470
BUS, PRODUCTS, RESULTS = 232, 182, 72
RING = 13

# What is made of dz below the row: column, width of the box, formula, result, its shape.
BELOW: list[tuple[float, float, str, str, str]] = [
    (178, 92, "Wax.T @ dz", "dxt", "(n_x, m)"),
    (279, 92, "dz @ xt.T", "dWax", "(n_a, n_x)"),
    (391, 114, "dz @ a_prev.T", "dWaa", "(n_a, n_a)"),
    (503, 92, "sum over\nm examples", "dba", "(n_a, 1)"),
]


def draw() -> Canvas:
    canvas = Canvas(
        530,
        "RNN cell, backward: one time step",
        "Two gradients reach a_next; their sum, da_next, is taken back to all that made a_next.",
        foot=-20,
    )
    canvas.frame(124, 122, 558, 430, "rnn_cell_backward")
    _upstream(canvas)
    _through_tanh(canvas)
    _to_the_previous_step(canvas)
    _results(canvas)
    return canvas


def _upstream(canvas: Canvas) -> None:
    """The two gradients of a, each with its own name."""
    canvas.arrow([(SUM, 377), (SUM, ROW + RING)], GRADIENT)
    canvas.arrow([(660, ROW), (SUM + RING, ROW)], GRADIENT)
    canvas.arrow([(SUM - RING, ROW), (SLOPE + RING, ROW)], GRADIENT)
    canvas.operator(SUM, ROW, "+")
    canvas.pill(SUM, 400, "da[:, :, t]", GRADIENT, "(n_a, m)", width=112)
    canvas.words(SUM, 437, "from the output at step t", size=13)
    canvas.pill(704, ROW, "da_carried", GRADIENT, "(n_a, m)", width=88, size=13)
    canvas.words(704, ROW - 37, "from step t+1", size=13)
    canvas.code(521, ROW + 16, "da_next", GRADIENT, bold=True, size=13)
    canvas.code(521, ROW - 17, "(n_a, m)", GRADIENT, size=13)
    canvas.words(580, 218, "rnn_backward adds:", size=13, anchor="left")
    for number, line in enumerate(["da_next =", "da[:, :, t]", "+ da_carried"]):
        canvas.code(580, 194 - 20 * number, line, size=13, anchor="left")


def _through_tanh(canvas: Canvas) -> None:
    canvas.arrow([(SLOPE, 356), (SLOPE, ROW + RING)], INK)
    canvas.box(SLOPE, 378, 126, 44, ["1 - a_next**2", "slope of tanh"], size=13)
    canvas.operator(SLOPE, ROW, "x")


def _to_the_previous_step(canvas: Canvas) -> None:
    canvas.arrow([(SLOPE - RING, ROW), (316, ROW)], GRADIENT)
    canvas.arrow([(212, ROW), (104, ROW)], GRADIENT)
    canvas.box(264, ROW, 104, 36, ["Waa.T @ dz"])
    canvas.pill(62, ROW, "da_prev", GRADIENT, "(n_a, m)")
    canvas.words(62, ROW - 37, "to step t-1", size=13)
    canvas.code(421, ROW + 16, "dz", GRADIENT, bold=True)
    canvas.code(421, ROW - 17, "(n_a, m)", GRADIENT, size=13)


def _results(canvas: Canvas) -> None:
    first, last = BELOW[0][0], BELOW[-1][0]
    stub = 352  # where the branch leaves the row
    canvas.line([(stub, ROW), (stub, BUS)], GRADIENT)
    canvas.line([(first, BUS), (last, BUS)], GRADIENT)
    canvas.dot(stub, ROW, GRADIENT)
    for x, width, formula, name, shape in BELOW:
        canvas.arrow([(x, BUS), (x, PRODUCTS + 20)], GRADIENT)
        canvas.arrow([(x, PRODUCTS - 20), (x, RESULTS + 23)], GRADIENT)
        canvas.box(x, PRODUCTS, width, 40, formula.split("\n"), size=13)
        canvas.pill(x, RESULTS, name, GRADIENT, shape, width=90)
