"""The stacked product W @ [a_prev; xt], to scale, and its slices forward and backward."""

from __future__ import annotations

from course.figures.canvas import Canvas
from course.figures.palette import GRADIENT, HIDDEN, INK, INPUT, PARAMETER, Role

N_A, N_X, M = 5, 3, 4  # the sizes drawn: five hidden units, three inputs, four examples
UNIT = 14

# A slice of W is a parameter, tinted like the part of the stacked vector that it acts on.
ON_HIDDEN = Role(PARAMETER.line, HIDDEN.fill, PARAMETER.width)
ON_INPUT = Role(PARAMETER.line, INPUT.fill, PARAMETER.width)
PLAIN = Role(INK.line, "#dfe3e9", INK.width)


def draw() -> Canvas:
    canvas = Canvas(
        584,
        "The stacked product W @ [a_prev; xt], and where it is cut",
        "To scale, for n_a = 5, n_x = 3, m = 4. W stands for Wf, Wi, Wc or Wo.",
    )
    _forward(canvas, 384)
    _backward(canvas, 164)
    _notes(canvas)
    return canvas


def _block(
    canvas: Canvas,
    x: float,
    y: float,
    size: tuple[int, int],
    role: Role,
    name: str,
    shape: str,
) -> None:
    """A matrix to scale with its name above and its shape below."""
    half = size[0] * UNIT / 2
    canvas.matrix(x, y, *size, role, UNIT)
    canvas.code(x, y + half + 14, name, role, bold=True, size=13)
    canvas.code(x, y - half - 14, shape, role, size=13)


def _signs(canvas: Canvas, y: float, signs: dict[float, str]) -> None:
    for x, sign in signs.items():
        canvas.code(x, y, sign, size=18, bold=True)


def _forward(canvas: Canvas, y: float) -> None:
    heading = "Forward: one product is the sum of two; adding b then gives z"
    canvas.words(22, y + 114, heading, bold=True, anchor="left")
    _whole(canvas, 98, y)
    _stack(canvas, 218, y)
    _block(canvas, 332, y, (N_A, N_A), ON_HIDDEN, "W[:, :n_a]", "(n_a, n_a)")
    _block(canvas, 425, y, (N_A, M), HIDDEN, "a_prev", "(n_a, m)")
    _block(canvas, 530, y, (N_A, N_X), ON_INPUT, "W[:, n_a:]", "(n_a, n_x)")
    _block(canvas, 618, y, (N_X, M), INPUT, "xt", "(n_x, m)")
    _block(canvas, 710, y, (N_A, M), PLAIN, "sum", "(n_a, m)")
    _signs(canvas, y, {172: "@", 268: "=", 382: "@", 474: "+", 570: "@", 664: "="})


def _whole(canvas: Canvas, x: float, y: float) -> None:
    """W, its columns marked by what they meet in the stacked vector."""
    cut = x - (N_A + N_X) * UNIT / 2 + N_A * UNIT
    bottom = y - N_A * UNIT / 2
    canvas.matrix(cut - N_A * UNIT / 2, y, N_A, N_A, ON_HIDDEN, UNIT)
    canvas.matrix(cut + N_X * UNIT / 2, y, N_A, N_X, ON_INPUT, UNIT)
    canvas.line([(cut, bottom - 6), (cut, y + N_A * UNIT / 2 + 6)], PARAMETER, 3.0)
    canvas.code(x, y + N_A * UNIT / 2 + 36, "W", PARAMETER, bold=True)
    canvas.code(cut - N_A * UNIT / 2, y + N_A * UNIT / 2 + 14, "n_a", HIDDEN, size=13)
    canvas.code(cut + N_X * UNIT / 2, y + N_A * UNIT / 2 + 14, "n_x", INPUT, size=13)
    canvas.code(x, bottom - 18, "(n_a, n_a + n_x)", PARAMETER, size=13)


def _stack(canvas: Canvas, x: float, y: float) -> None:
    """[a_prev; xt]: the hidden state lies on top."""
    top, bottom = y + (N_A + N_X) * UNIT / 2, y - (N_A + N_X) * UNIT / 2
    hidden, inputs = top - N_A * UNIT / 2, bottom + N_X * UNIT / 2
    canvas.matrix(x, hidden, N_A, M, HIDDEN, UNIT, grid=False)
    canvas.matrix(x, inputs, N_X, M, INPUT, UNIT, grid=False)
    canvas.code(x, hidden, "a_prev", HIDDEN, bold=True, size=13)
    canvas.code(x, inputs, "xt", INPUT, bold=True, size=13)
    canvas.code(x, top + 14, "[a_prev; xt]", size=13)
    canvas.code(x, bottom - 14, "(n_a + n_x, m)", size=13)


def _backward(canvas: Canvas, y: float) -> None:
    heading = "Backward: dz goes back to each part through that part's columns"
    canvas.words(22, y + 84, heading, bold=True, anchor="left")
    _block(canvas, 98, y, (N_A, N_A), ON_HIDDEN, "W[:, :n_a].T", "(n_a, n_a)")
    _block(canvas, 198, y, (N_A, M), GRADIENT, "dz", "(n_a, m)")
    _block(canvas, 296, y, (N_A, M), GRADIENT, "da_prev", "(n_a, m)")
    _block(canvas, 466, y, (N_X, N_A), ON_INPUT, "W[:, n_a:].T", "(n_x, n_a)")
    _block(canvas, 566, y, (N_A, M), GRADIENT, "dz", "(n_a, m)")
    _block(canvas, 664, y, (N_X, M), GRADIENT, "dxt", "(n_x, m)")
    _signs(canvas, y, {154: "@", 247: "=", 522: "@", 615: "="})


def _notes(canvas: Canvas) -> None:
    lines = [
        "The da_prev of the four gates are added up, and so are their dxt.",
        "Cut columns, not rows: W has n_a rows, so W[:n_a, :] is all of W.",
        "In the RNN the slices have names of their own: Waa = W[:, :n_a] and Wax = W[:, n_a:].",
    ]
    for number, line in enumerate(lines):
        canvas.words(22, 72 - 24 * number, line, anchor="left")
