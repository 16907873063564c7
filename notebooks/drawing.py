"""One look for all figures of the companions: colours by meaning, and words for every picture."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from IPython.display import Markdown, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# The same symbol has the same colour everywhere, in the drawings of the lessons too. Colour is
# never the only sign: every symbol also has its own line.
COLOURS = {
    "x": "#1c6b2c",
    "a": "#1b4aa8",
    "c": "#8f3f00",
    "forget": "#3f4853",
    "update": "#665400",
    "candidate": "#8c2716",
    "output": "#07596a",
    "gradient": "#a80062",
    "RNN": "#1b4aa8",
    "LSTM": "#8f3f00",
}
LINES = {
    "x": {"marker": "o", "markersize": 4, "linewidth": 1.2},
    "a": {"linestyle": "-", "linewidth": 1.8},
    "c": {"linestyle": "-", "linewidth": 3.2},
    "forget": {"linestyle": "-", "linewidth": 1.8},
    "update": {"linestyle": "--", "linewidth": 1.8},
    "candidate": {"linestyle": "-.", "linewidth": 1.8},
    "output": {"linestyle": ":", "linewidth": 2.4},
    "gradient": {"linestyle": "--", "linewidth": 2.4},
    "RNN": {"linestyle": "--", "linewidth": 2.0, "marker": "s", "markersize": 4},
    "LSTM": {"linestyle": "-", "linewidth": 2.6, "marker": "o", "markersize": 4},
}


def new_figure(
    rows: int = 1, columns: int = 1, height: float = 3.2
) -> tuple[Figure, Sequence[Axes]]:
    """Open a figure 8 inches wide with ``rows`` times ``columns`` panels, in reading order.

    Arguments: height, of one row, in inches. Returns: the figure and a flat sequence of panels.
    """
    figure, panels = plt.subplots(
        rows, columns, figsize=(8, height * rows), layout="constrained", squeeze=False
    )
    for panel in panels.flat:
        panel.grid(color="#d9dee5", linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
    return figure, panels.ravel()


def style(what: str, **more: object) -> dict:
    """Return colour, line and label for a symbol, to be passed on to ``plot``."""
    return {"color": COLOURS[what], "label": what, **LINES[what], **more}


def show_figure(figure: Figure, says: str) -> None:
    """Show a figure with ``says`` as its text for screen readers and as its caption."""
    display(figure, metadata={"image/png": {"alt": says}})
    plt.close(figure)
    display(Markdown(f"*In the picture:* {says}"))
