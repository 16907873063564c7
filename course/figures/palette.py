"""One colour for each symbol, used by every figure.

A role has a dark ``line`` (lines, outlines, text) and a light ``fill`` (the inside of a shape).
Colour is never the only sign: every line is labelled in a figure that uses it, gradients are
dashed, and the cell state is drawn thickest.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """How one symbol looks: colours, line width in pixels and dash pattern."""

    line: str
    fill: str
    width: float = 2.0
    dash: tuple[float, float] | None = None


CARD = "#ffffff"  # an opaque card, so that a dark page cannot swallow the dark lines
CARD_EDGE = "#7d8793"
FRAME = "#f3f5f8"  # the inside of a cell

INK = Role("#1b2330", "#ffffff", 1.8)  # operations and plain words
PARAMETER = Role("#3a3020", "#efe6d2", 1.8)  # weights and biases

INPUT = Role("#1c6b2c", "#cfeccd", 2.0)  # x
HIDDEN = Role("#1b4aa8", "#cfe0fb", 2.4)  # a
CELL = Role("#8f3f00", "#ffd7ad", 4.4)  # c
PREDICTION = Role("#6330a0", "#e6daf8", 2.0)  # y

FORGET = Role("#3f4853", "#b9c2cd", 2.0)
UPDATE = Role("#665400", "#f6e88c", 2.0)
CANDIDATE = Role("#8c2716", "#f7c1b1", 2.0)
OUTPUT = Role("#07596a", "#b0e6ef", 2.0)

GRADIENT = Role("#a80062", "#fcdcec", 2.4, (5.0, 2.6))
GRADIENT_CELL = Role("#a80062", "#fcdcec", 4.4, (8.0, 3.4))  # the gradient of c, as thick as c

ROLES: dict[str, Role] = {
    "ink": INK,
    "parameter": PARAMETER,
    "x": INPUT,
    "a": HIDDEN,
    "c": CELL,
    "y": PREDICTION,
    "forget": FORGET,
    "update": UPDATE,
    "candidate": CANDIDATE,
    "output": OUTPUT,
    "gradient": GRADIENT,
    "gradient of c": GRADIENT_CELL,
}
