"""A sheet to draw on: the few shapes that every figure is made of.

Units are pixels at the figure's own width; y points up, and shapes are placed by their centre.
"""

from __future__ import annotations

from math import hypot

from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Patch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from course.figures.lettering import SMALLEST, text_width
from course.figures.palette import CARD, CARD_EDGE, FRAME, INK, Role
from course.figures.svg import MONO_FACE, SANS_FACE

WIDTH = 760
HEAD_LENGTH = 11.0
CORNER = 9.0
BASELINE = 0.34  # from the middle of a letter down to its baseline, in font sizes
PADDING = 8.0  # least space kept free beside a text inside its shape

Point = tuple[float, float]


class TextDoesNotFit(ValueError):
    """A text is wider than the shape that should hold it."""


class Canvas:
    """One figure: a light card with a heading."""

    def __init__(self, height: float, heading: str, subheading: str = "", foot: float = 0) -> None:
        """``foot`` is room under y = 0, for a last line of explanations."""
        self.heading = heading
        self.figure = Figure(figsize=(WIDTH / 72, (height + foot) / 72), dpi=72, frameon=False)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, WIDTH)
        self.axes.set_ylim(-foot, height)
        middle = (height - foot) / 2
        self._rounded(WIDTH / 2, middle, WIDTH - 4, height + foot - 4, CARD, CARD_EDGE, 1.0, 12)
        self.words(22, height - 28, heading, size=18, bold=True, anchor="left")
        if subheading:
            self.words(22, height - 51, subheading, size=14, anchor="left")

    # Text ---------------------------------------------------------------------------------

    def code(self, x: float, y: float, text: str, role: Role = INK, **style: object) -> None:
        """Names and formulas, spelt as in the code."""
        self._text(x, y, text, role, mono=True, **style)

    def words(self, x: float, y: float, text: str, role: Role = INK, **style: object) -> None:
        """Plain words."""
        self._text(x, y, text, role, mono=False, **style)

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        role: Role,
        *,
        mono: bool,
        size: float = 14,
        bold: bool = False,
        anchor: str = "center",
        room: float | None = None,
    ) -> None:
        if size < SMALLEST:
            raise ValueError(f"{text!r}: {size} px is too small to read")
        if room is not None and text_width(text, size, mono=mono, bold=bold) > room:
            raise TextDoesNotFit(f"{text!r} needs more than {room:.0f} px")
        # The baseline is placed by hand: centring by the font file would depend on the font.
        self.axes.text(
            x,
            y - BASELINE * size,
            text,
            color=role.line,
            fontsize=size,
            fontweight="bold" if bold else "normal",
            family=MONO_FACE if mono else SANS_FACE,
            ha=anchor,
            va="baseline",
            clip_on=False,
            parse_math=False,
        )

    # Shapes -------------------------------------------------------------------------------

    def _add(self, patch: Patch) -> None:
        patch.set_clip_on(False)
        self.axes.add_patch(patch)

    def _rounded(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str,
        edge: str,
        edge_width: float,
        radius: float,
    ) -> None:
        self._add(
            FancyBboxPatch(
                (x - width / 2, y - height / 2),
                width,
                height,
                boxstyle=f"round,pad=0,rounding_size={radius}",
                facecolor=fill,
                edgecolor=edge,
                linewidth=edge_width,
            )
        )

    def frame(
        self, left: float, bottom: float, right: float, top: float, label: str, dx: float = 14
    ) -> None:
        """The outline of a cell: what one call of a function does lies inside."""
        width, height = right - left, top - bottom
        self._rounded(
            left + width / 2, bottom + height / 2, width, height, FRAME, INK.line, 1.2, 14
        )
        self.code(left + dx, top - 17, label, size=13, anchor="left")

    def pill(
        self,
        x: float,
        y: float,
        name: str,
        role: Role,
        shape: str = "",
        width: float = 84,
        size: float = 14,
    ) -> None:
        """A value: its name and, under it, its shape."""
        self._rounded(x, y, width, 46 if shape else 28, role.fill, role.line, 1.6, 13)
        room = width - PADDING
        self.code(x, y + 9 if shape else y, name, role, bold=True, room=room, size=size)
        if shape:
            self.code(x, y - 11, shape, role, size=13, room=room)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        lines: list[str],
        role: Role = INK,
        size: float = 14,
    ) -> None:
        """An operation, or anything else that takes one or more lines of code to say."""
        self._rounded(x, y, width, height, role.fill, role.line, role_edge(role), 5)
        top = y + (len(lines) - 1) * 0.65 * size
        for number, line in enumerate(lines):
            room = width - PADDING
            self.code(x, top - number * 1.3 * size, line, role, size=size, room=room)

    def operator(self, x: float, y: float, kind: str, radius: float = 13) -> None:
        """A circle with a sign, drawn as lines: ``+`` sums, ``x`` multiplies entry by entry."""
        self._add(Circle((x, y), radius, facecolor=CARD, edgecolor=INK.line, linewidth=1.8))
        arm = radius * (0.58 if kind == "+" else 0.42)
        strokes = [(1, 0), (0, 1)] if kind == "+" else [(1, 1), (1, -1)]
        for dx, dy in strokes:
            ends = [(x - arm * dx, y - arm * dy), (x + arm * dx, y + arm * dy)]
            self._stroke(Path(ends), INK.line, 2.0)

    def dot(self, x: float, y: float, role: Role, radius: float = 4.5) -> None:
        """A junction: the same value goes two ways."""
        self._add(Circle((x, y), radius, color=role.line))

    def matrix(
        self,
        x: float,
        y: float,
        rows: int,
        columns: int,
        role: Role,
        unit: float,
        grid: bool = True,
    ) -> None:
        """A matrix to scale, ``unit`` pixels per row and column; (x, y) is its centre."""
        width, height = columns * unit, rows * unit
        left, bottom = x - width / 2, y - height / 2
        corner = (left, bottom)
        self._add(Rectangle(corner, width, height, fc=role.fill, ec="none"))
        if grid:
            for column in range(1, columns):
                ends = [(left + column * unit, bottom), (left + column * unit, bottom + height)]
                self._stroke(Path(ends), CARD, 1.2)
            for row in range(1, rows):
                ends = [(left, bottom + row * unit), (left + width, bottom + row * unit)]
                self._stroke(Path(ends), CARD, 1.2)
        self._add(Rectangle(corner, width, height, fc="none", ec=role.line, lw=1.8))

    def bar(self, x: float, base: float, width: float, height: float, role: Role) -> None:
        """A bar that stands on ``base``."""
        corner = (x - width / 2, base)
        self._add(Rectangle(corner, width, height, fc=role.fill, ec=role.line, lw=1.6))

    # Lines --------------------------------------------------------------------------------

    def _stroke(
        self, path: Path, color: str, width: float, dash: tuple[float, float] | None = None
    ) -> None:
        style = (0, tuple(part / width for part in dash)) if dash else "solid"
        self._add(
            PathPatch(
                path,
                facecolor="none",
                edgecolor=color,
                linewidth=width,
                linestyle=style,
                capstyle="butt",
            )
        )

    def line(self, points: list[Point], role: Role, width: float | None = None) -> None:
        """A line with rounded corners and no head."""
        width = width or role.width
        scale = max(1.0, width / role.width)  # a thicker line needs longer dashes to look dashed
        dash = (role.dash[0] * scale, role.dash[1] * scale) if role.dash else None
        self._stroke(rounded_path(points), role.line, width, dash)

    def arrow(self, points: list[Point], role: Role = INK, width: float | None = None) -> None:
        """A line whose head touches the last point."""
        width = width or role.width
        (x0, y0), (x1, y1) = points[-2:]
        distance = hypot(x1 - x0, y1 - y0)
        ux, uy = (x1 - x0) / distance, (y1 - y0) / distance
        base = (x1 - HEAD_LENGTH * ux, y1 - HEAD_LENGTH * uy)
        self.line([*points[:-1], base], role, width)
        half = 4.2 + 0.55 * width
        wings = [
            (base[0] - half * uy, base[1] + half * ux),
            (base[0] + half * uy, base[1] - half * ux),
        ]
        self._add(Polygon([(x1, y1), *wings], closed=True, color=role.line, lw=0))


def role_edge(role: Role) -> float:
    """Outlines are thinner than lines, and never thick."""
    return min(role.width, 1.8)


def rounded_path(points: list[Point]) -> Path:
    """A path through the points whose corners are rounded."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        vertices += [_towards(corner, before), corner, _towards(corner, after)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*vertices, points[-1]], [*codes, Path.LINETO])


def _towards(start: Point, end: Point) -> Point:
    """A point on the way from start to end, as far as a corner is rounded."""
    distance = hypot(end[0] - start[0], end[1] - start[1])
    share = min(CORNER, distance / 2) / distance
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
