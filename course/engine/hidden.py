"""What of a test cell students see, and what they do not."""

from __future__ import annotations


def without_hidden(source: str) -> str:
    """A test cell as students get it: what is between the hidden-test marks is left out."""
    return _lines(source, hidden=False)


def hidden_part(source: str) -> str:
    """What is between the marks, without them."""
    return _lines(source, hidden=True)


def _lines(source: str, hidden: bool) -> str:
    kept, inside = [], False
    for line in source.split("\n"):
        if "### BEGIN HIDDEN TESTS" in line:
            inside = True
        elif "### END HIDDEN TESTS" in line:
            inside = False
        elif inside == hidden:
            kept.append(line)
    return "\n".join(kept)
