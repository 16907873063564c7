"""Outputs that came from a student's process: kept if they are well-formed and harmless."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from typing import Any

from .cells import MAX_DATA, MAX_OUTPUTS, MAX_TEXT, without_controls

_IMAGES = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8", "image/gif": b"GIF8"}
_TEXTS = {"text/plain", "text/latex"}
_MARKUP = {"text/html", "text/markdown", "image/svg+xml"}
_TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
_ATTRIBUTES = {
    "*": ["class", "title", "align", "border"],
    "a": ["href", "title"],
    "img": ["src", "alt", "width", "height"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan"],
}
MAX_WORDS, MAX_FORMULAS = 100_000, 500
MAX_MARKUP, MAX_TAGS = 20_000, 2_000
_LEFT_OUT = "(There is more markup here than is looked at: it was left out.)"
_FORMULA = re.compile(r"\\\\?[(\[]|\\begin|\$\$")
_SURROGATES = re.compile("[\ud800-\udfff]")


def printable(text: Any, limit: int = MAX_TEXT) -> str:
    """Text that every terminal, file and browser can take."""
    text = text if isinstance(text, str) else str(text)[:limit]
    return _SURROGATES.sub("\ufffd", without_controls(text[:limit]))


class Markup:
    """How much markup of one submission is still looked at.

    Cleaning and rendering take a time that grows with the square of the text. Over the limits, tags
    and formulas are shown as they were written, and long markup is left out.
    """

    def __init__(self) -> None:
        self.words, self.formulas = MAX_WORDS, MAX_FORMULAS  # of Markdown
        self.characters, self.tags = MAX_MARKUP, MAX_TAGS  # of what has to be cleaned

    def without_script(self, text: str, kind: str) -> str:
        """Markup without script, styles, frames or anything else that could act."""
        if kind == "image/svg+xml":
            return text if _SAFE_SVG.fullmatch(text) else ""
        if kind == "text/markdown":
            self.words -= len(text)
            if self.words < 0:
                return _LEFT_OUT
            self.formulas -= len(_FORMULA.findall(text))
            if self.formulas < 0:
                return html.escape(text).replace("\\", "&#92;").replace("$", "&#36;")
            if not suspicious(text):
                return text
        self.characters -= len(text)
        self.tags -= text.count("<")
        if self.characters < 0:
            return _LEFT_OUT
        harmless = _bleached(text) if self.tags >= 0 else html.escape(text)
        # In Markdown and in formulas a link needs no tag.
        return _ACTING_LINK.sub("blocked:", harmless)


def _bleached(text: str) -> str:
    import bleach

    return bleach.clean(
        text, tags=_TAGS, attributes=_ATTRIBUTES, protocols=["http", "https", "data"], strip=True
    )


def clean(outputs: Any, markup: Markup) -> list[dict[str, Any]]:
    """The outputs of one cell, rebuilt from scratch out of what is allowed in them."""
    if not isinstance(outputs, list):
        return []
    cleaned, budget = [], MAX_DATA + MAX_TEXT
    for output in outputs[: MAX_OUTPUTS + 1]:  # an error at the end comes on top
        one = _clean_one(output, markup) if isinstance(output, dict) else None
        if one is None:
            continue
        budget -= len(json.dumps(one))
        if budget >= 0 or one["output_type"] == "error":
            cleaned.append(one)
    return cleaned


def _clean_one(output: dict[str, Any], markup: Markup) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        text = printable(output.get("text", ""), MAX_TEXT + 200)
        return {"output_type": "stream", "name": name, "text": text}
    if kind == "error":
        lines = output.get("traceback")
        lines = lines[:400] if isinstance(lines, list) else []
        return {
            "output_type": "error",
            "ename": printable(output.get("ename", ""), 200),
            "evalue": printable(output.get("evalue", ""), 20_000),
            "traceback": [printable(line, 20_000) for line in lines],
        }
    if kind in ("display_data", "execute_result"):
        data = _clean_data(output.get("data"), markup)
        if not data:
            return None
        one: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
        if kind == "execute_result":
            count = output.get("execution_count")
            one["execution_count"] = count if type(count) is int and 0 <= count < 10**6 else None
        return one
    return None


def _clean_data(data: Any, markup: Markup) -> dict[str, str]:
    cleaned: dict[str, str] = {}
    if not isinstance(data, dict):
        return cleaned
    for kind, value in data.items():
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            value = "".join(value)
        if not isinstance(value, str):
            continue
        if kind in _TEXTS:
            cleaned[kind] = printable(value)
        elif kind in _IMAGES and _is_image(value, _IMAGES[kind]):
            cleaned[kind] = value
        elif kind in _MARKUP and len(value) <= MAX_DATA:
            cleaned[kind] = markup.without_script(printable(value, MAX_DATA), kind)
    return {kind: value for kind, value in cleaned.items() if value}


def _is_image(value: str, start: bytes) -> bool:
    try:
        return base64.b64decode("".join(value.split()), validate=True).startswith(start)
    except (binascii.Error, ValueError):
        return False


# An SVG image is kept only if nothing in it could run or load anything.
_SAFE_SVG = re.compile(
    r"(?!.*(<\s*(script|foreignobject|iframe|embed|object|animate|set|handler|style|image|a)\b"
    r"|\son\w+\s*=|javascript:|data:|&#|<!entity|href\s*=\s*[\"'](?!#))).*",
    re.IGNORECASE | re.DOTALL,
)
# Searched for in folded text. No part may try the same stretch of text twice (hence `++`, `*+`): a
# submission could make that take for ever.
_SUSPICIOUS_MARKUP = re.compile(
    r"<\s*+/?\s*+(script|iframe|object|embed|link|meta|style|svg|math|form|input|button|base|frame|"
    r"frameset|applet|video|audio|source|template|portal|marquee|body|html|textarea|select|"
    r"xmp|noscript|plaintext|title)\b|<[!?]|&#x?[0-9a-f]|&(colon|tab|newline);"
)
_SUSPICIOUS_WORDS = re.compile(r"(java|vb)script\s*+[:&]|data\s*+:\s*+text|srcdoc")
_ACTING_LINK = re.compile(
    r"(javascript|vbscript|data)\s*(:|&colon;|&#0*58;?|&#x0*3a;?)", re.IGNORECASE
)


_TAG = re.compile(r"<[^<>]*+")
_EVENT = re.compile(r"\bon[a-z]++\s*+=")


def suspicious(text: str) -> bool:
    """Whether Markdown holds markup that could act in a browser."""
    text = text.casefold()
    return bool(
        _SUSPICIOUS_MARKUP.search(text)
        or ("on" in text and any(map(_EVENT.search, _TAG.findall(text))))
        or _SUSPICIOUS_WORDS.search(text)
    )
