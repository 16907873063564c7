"""Markup of students' is cleaned in bounded time, and nothing in it can act."""

from __future__ import annotations

import json

import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from course.engine import reading
from course.engine.outputs import MAX_MARKUP, MAX_TAGS, Markup, clean, suspicious

ACTING = [
    "<script>alert(1)</script>",
    "< / SCRIPT >",
    "<img src=x onerror=alert(1)>",
    "a < b <i\nonclick = go()",
    "[x](javascript:alert(1))",
    "vbscript \n&colon;",
    "data : text/html",
    "<iframe srcdoc=x>",
    "&#x6a;avascript",
    "<!-- comment",
    "<?php",
]
HARMLESS = [
    "$a^{\\langle t \\rangle} < b$ and 3 > 2, on = off",
    "a <b>word</b> on the left; R&D; data: 3",
    "<details>\n<summary>Question</summary>\nAnswer\n</details>",
    "the script of the lesson, and what is on it =",
]


@pytest.mark.parametrize("text", ACTING)
def test_what_could_act_is_noticed_and_removed(text: str) -> None:
    assert suspicious(text)
    harmless = Markup().without_script(text, "text/markdown").lower()
    for word in (
        "<script",
        "<iframe",
        "onerror=",
        "<i\n",
        "javascript:",
        "vbscript \n&",
        "<!",
    ):
        assert word not in harmless


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert not suspicious(text)
    assert Markup().without_script(text, "text/markdown") == text


@pytest.mark.parametrize(
    "part",
    ["<", "< ", " ", "<a on", "on=", "&#", "javascript ", "data ", "</", "<p><b>", "<a x=1 ", "&"],
)
def test_no_text_is_looked_through_for_ever(part: str) -> None:
    for size in (400_000, MAX_MARKUP - 10):
        text = "<" + part * (size // len(part))
        suspicious(text)
        for kind in ("text/html", "text/markdown", "image/svg+xml"):
            Markup().without_script(text, kind)


@pytest.mark.parametrize(
    "part", ["\\begin{a}\n\n", "\\begin{a} ", "\\( ", "\\\\( ", "\\[", "$$a\n\n", "$a ", "[a]("]
)
@pytest.mark.parametrize("size", [99_000, 5_000_000])
def test_no_text_is_rendered_for_ever(part: str, size: int) -> None:
    text = Markup().without_script(part * (size // len(part)), "text/markdown")
    markdown2html_mistune(text)


def test_one_submission_cannot_have_its_markup_cleaned_without_end() -> None:
    markup = Markup()
    table = "<table>" + "<tr><td>1</td></tr>" * 100 + "</table>"
    output = {"output_type": "display_data", "data": {"text/html": table}}
    shown = [
        clean([output], markup)[0]["data"]["text/html"] for _ in range(MAX_MARKUP // len(table) + 1)
    ]
    assert shown[0] == table.replace("<tr>", "<tbody><tr>", 1).replace(
        "</table>", "</tbody></table>"
    )
    nested = shown[MAX_TAGS // table.count("<")]
    assert "<" not in nested
    assert "&lt;td&gt;1" in nested
    assert "left out" in shown[-1]


def test_text_cells_have_a_limit_together() -> None:
    cell = {"cell_type": "markdown", "source": "word " * 8000}
    data = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell] * 4})
    notebook, notes = reading.parse(data.encode(), "x.ipynb")
    lengths = [len(cell["source"]) for cell in notebook["cells"]]
    assert lengths == [40_000, 40_000, 20_000, 0]
    assert [note.split(" is")[0] for note in notes] == ["Cell 3", "Cell 4"]
