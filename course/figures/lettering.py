"""How wide a text may become, estimated by hand.

A browser chooses the font, so the layout cannot measure it. The widths below are those of the
widest usual face (DejaVu), rounded up: Arial, Helvetica, Liberation, Menlo and Consolas need less.
"""

from __future__ import annotations

import re

MONO_STACK = "Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
SANS_STACK = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

SMALLEST = 13  # pixels at the width of the figure; nothing is set smaller
SUBSCRIPT = re.compile(r"_\{([^}]*)\}")  # Γ_{f} prints f as a subscript; a bare _ stays a _
SUBSCRIPT_SCALE = 0.75
COMBINING_TILDE = "\u0303"

# Widths of the proportional face as fractions of the font size; what is not listed gets _OTHER.
_WIDTHS = {
    0.38: "ijl' ,.IJ-/:;|f",
    0.42: "!()[]rt",
    0.56: "szck?FLΓ_*",
    0.63: "aeovxyTPY",
    0.66: "bdghnpquSEKσ0123456789",
    0.84: "w+<=>M×→−",
    1.00: "m@%W…",
}
_EM = {char: width for width, chars in _WIDTHS.items() for char in chars}
_OTHER = 0.80
_MONO = 0.605
_BOLD = 1.12


def _em(char: str, mono: bool) -> float:
    """Width of one character as a fraction of the font size."""
    if char == COMBINING_TILDE:
        return 0.0
    return _MONO if mono else _EM.get(char, _OTHER)


def text_width(text: str, size: float, *, mono: bool = True, bold: bool = False) -> float:
    """Upper estimate of the width of ``text`` in pixels."""
    subscripts = "".join(SUBSCRIPT.findall(text))
    body = SUBSCRIPT.sub("", text)
    ems = sum(_em(char, mono) for char in body)
    ems += SUBSCRIPT_SCALE * sum(_em(char, mono) for char in subscripts)
    return ems * size * (_BOLD if bold and not mono else 1.0)
