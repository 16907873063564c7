"""The figures: redrawn byte for byte, readable by everybody, and true to the code's names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import matplotlib
import pytest

from course.figures import ALT_TEXT, FIGURES, render
from course.figures.__main__ import IMAGES, main
from course.figures.canvas import Canvas, TextDoesNotFit
from course.figures.gradient_flow import LSTM_KEEPS, RNN_KEEPS, shares
from course.figures.lettering import SMALLEST, text_width
from course.figures.palette import CARD, CARD_EDGE, CELL, FRAME, HIDDEN, INK, ROLES

SVG = "{http://www.w3.org/2000/svg}"
NAMES = sorted(FIGURES)
GATES = ["forget", "update", "candidate", "output"]  # the order of the code

# What a newcomer must find in each figure, spelt as in the code.
WORDS = {
    "rnn_unrolled": "a0|x[:, :, 0]|a[:, :, 1]|y_pred[:, :, T_x-1]|(n_x, m)|Wax Waa Wya ba by",
    "rnn_cell": "a_prev|xt|Waa @|Wax @|Wya @|ba|by|tanh|softmax|a_next|yt_pred|(n_a, n_x)|(n_y, m)",
    "lstm_cell": "a_prev|c_prev|xt|ft|it|cct|ot|c_next|a_next|yt_pred|tanh|concat"
    "|ft = σ(Wf @ concat + bf)|cct = tanh(Wc @ concat + bc)|ot = σ(Wo @ concat + bo)",
    "lstm_unrolled": "zeros|a0|c[:, :, 0]|a[:, :, T_x-1]|y[:, :, 1]|Wf bf Wi bi Wc bc Wo bo Wy by",
    "rnn_cell_backward": "da[:, :, t]|da_carried|da_next|dz|1 - a_next**2|Waa.T @ dz|Wax.T @ dz"
    "|dz @ xt.T|dz @ a_prev.T|da_prev|dxt|dWax|dWaa|dba|(n_a, 1)",
    "lstm_cell_backward": "da[:, :, t]|da_carried|dc_carried|da_next|dc|dc_prev|da_prev|dxt|dc * ft"
    "|(1 - tanh(c_next)**2)|* (1 - cct**2)|dWf dWi dWc dWo|dbf dbi dbc dbo",
    "gradient_flow": "da[:, :, 4]|Waa.T @|* (1-a**2)|ft|da|dc|13%|81%|t=0",
    "stacked_product": "W|[a_prev; xt]|W[:, :n_a]|W[:, n_a:]|W[:, :n_a].T|W[:, n_a:].T|dz|da_prev"
    "|dxt|(n_a, n_a + n_x)|(n_a + n_x, m)",
}


@dataclass(frozen=True)
class Text:
    """One text of a figure and the most room it can take."""

    words: str
    color: str
    size: float
    left: float
    right: float
    top: float
    bottom: float

    def overlaps(self, other: Text) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def style_of(element: ET.Element) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part)
    return {key.strip(): value.strip() for key, value in pairs}


def texts_of(svg: str) -> list[Text]:
    """Every <text>, with a box measured by hand as the layout does."""
    found = []
    for element in ET.fromstring(svg).iter(f"{SVG}text"):
        style, words = style_of(element), "".join(element.itertext())
        size = float(style["font-size"].removesuffix("px"))
        mono, bold = "monospace" in style["font-family"], style.get("font-weight") == "700"
        width = text_width(words, size, mono=mono, bold=bold)
        x, y = float(element.get("x")), float(element.get("y"))
        left = x - width * {"middle": 0.5, "end": 1.0}.get(style.get("text-anchor"), 0.0)
        box = (left, left + width, y - 0.74 * size, y + 0.2 * size)
        found.append(Text(words, style.get("fill", "#000000"), size, *box))
    return found


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lightness(color: str) -> float:
    """CIE L*: equal distances look equal, and it is what a grey print keeps."""
    y = luminance(color)
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    return {name: render(name) for name in NAMES}


# Deterministic --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_redrawing_changes_no_byte(name: str, drawn: dict[str, str]) -> None:
    assert (IMAGES / f"{name}.svg").read_bytes() == drawn[name].encode()


def test_only_drawn_figures_are_kept() -> None:
    assert sorted(path.stem for path in IMAGES.glob("*.svg")) == NAMES


def test_another_process_and_day_draw_the_same(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.family: serif\nsvg.fonttype: path\n")
    environment = os.environ | {
        "PYTHONHASHSEED": "7",
        "SOURCE_DATE_EPOCH": "86400",
        "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
    }
    command = [sys.executable, "-m", "course.figures", "--check"]
    root = Path(__file__).resolve().parents[1]
    result = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_readers_settings_do_not_matter(drawn: dict[str, str]) -> None:
    own = {"svg.fonttype": "path", "lines.scale_dashes": False, "font.size": 40}
    with matplotlib.rc_context(own):
        assert render("rnn_cell_backward") == drawn["rnn_cell_backward"]


def test_check_sees_a_changed_byte_a_missing_file_and_a_stray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_one = {"rnn_cell": FIGURES["rnn_cell"]}  # enough here, and quicker
    monkeypatch.setattr("course.figures.__main__.FIGURES", only_one)
    folder = ["--folder", str(tmp_path)]
    assert main(folder) == 0
    assert main([*folder, "--check"]) == 0
    victim = tmp_path / "rnn_cell.svg"
    good = victim.read_bytes()
    victim.write_bytes(good.replace(b"tanh", b"tanj", 1))
    assert main([*folder, "--check"]) == 1
    victim.unlink()
    assert main([*folder, "--check"]) == 1
    victim.write_bytes(good)
    (tmp_path / "nobody_draws_me.svg").write_text("<svg/>")
    assert main([*folder, "--check"]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_day_or_the_machine_is_kept(name: str, drawn: dict[str, str]) -> None:
    svg = drawn[name]
    assert not re.search(r"matplotlib|<metadata|20\d\d-|/home/|/tmp/", svg, re.IGNORECASE)
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert ids == [f"{name}-title", f"{name}-desc"], "other ids would clash on a shared page"


# Text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_words_are_there_as_text(name: str, drawn: dict[str, str]) -> None:
    words = {text.words for text in texts_of(drawn[name])}
    missing = [word for word in WORDS[name].split("|") if word not in words]
    assert not missing
    assert "<use" not in drawn[name], "letters became drawings"


@pytest.mark.parametrize("name", ["lstm_cell", "lstm_cell_backward"])
def test_gates_are_named_in_the_order_of_the_code(name: str, drawn: dict[str, str]) -> None:
    symbols = ["Γf", "Γi", "c\u0303", "Γo"]
    rows = {}
    for text in texts_of(drawn[name]):
        for symbol in symbols:
            if symbol in text.words:
                rows[symbol] = text.top
    assert sorted(rows, key=rows.get) == symbols


@pytest.mark.parametrize("name", NAMES)
def test_text_is_large_inside_the_card_and_apart(name: str, drawn: dict[str, str]) -> None:
    width, height = (float(ET.fromstring(drawn[name]).get(key)) for key in ("width", "height"))
    texts = texts_of(drawn[name])
    for text in texts:
        assert text.size >= SMALLEST, text
        assert text.left > 2 and text.right < width - 2, text
        assert text.top > 2 and text.bottom < height - 2, text
    clashes = [(a.words, b.words) for a, b in combinations(texts, 2) if a.overlaps(b)]
    assert not clashes


def test_text_too_wide_for_its_shape_is_refused() -> None:
    with pytest.raises(TextDoesNotFit):
        Canvas(100, "A card").pill(200, 50, "much_too_long_a_name", HIDDEN, width=60)
    with pytest.raises(ValueError, match="too small"):
        Canvas(100, "A card").code(200, 50, "tiny", size=SMALLEST - 1)


# For everybody --------------------------------------------------------------------------------


def test_every_figure_has_an_alt_text() -> None:
    assert sorted(ALT_TEXT) == NAMES
    for name, text in ALT_TEXT.items():
        assert 120 < len(text) < 520, name
        assert len(re.findall(r"\.(?: |$)", text)) >= 2, f"{name}: say what the picture says"


@pytest.mark.parametrize("name", NAMES)
def test_title_and_description_are_inside(name: str, drawn: dict[str, str]) -> None:
    root = ET.fromstring(drawn[name])
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{name}-title {name}-desc"
    assert root.findtext(f"{SVG}title") == FIGURES[name]().heading
    assert root.findtext(f"{SVG}desc") == ALT_TEXT[name]


def test_percentages_in_the_alt_text_are_the_drawn_ones(drawn: dict[str, str]) -> None:
    for kept in (RNN_KEEPS, LSTM_KEEPS):
        for share in shares(kept):
            number = f"{share:.0%}".removesuffix("%")
            assert re.search(rf"\b{number}\b", ALT_TEXT["gradient_flow"]), number
            assert f">{number}%<" in drawn["gradient_flow"]


@pytest.mark.parametrize("role", ROLES)
def test_contrast_of_the_palette(role: str) -> None:
    look = ROLES[role]
    for ground in (CARD, FRAME, look.fill):
        assert contrast(look.line, ground) >= 4.5, ground  # text, and more than lines need


def test_contrast_of_the_card() -> None:
    assert contrast(CARD_EDGE, CARD) >= 3
    assert contrast(CARD, "#111111") >= 7  # the card stands out on a dark page


@pytest.mark.parametrize("name", NAMES)
def test_only_palette_colors_are_used(name: str, drawn: dict[str, str]) -> None:
    texts = {text.color for text in texts_of(drawn[name])}
    assert texts <= {look.line for look in ROLES.values()}


@pytest.mark.parametrize("name", NAMES)
def test_color_is_never_the_only_sign(name: str, drawn: dict[str, str]) -> None:
    """A colour that draws a line also letters a name, so grey and colour-blind eyes can read."""
    lettered = {text.color for text in texts_of(drawn[name])}
    lines = {look.line for look in ROLES.values()}
    strokes = {
        style_of(path).get("stroke") for path in ET.fromstring(drawn[name]).iter(f"{SVG}path")
    }
    assert strokes & lines <= lettered


def test_lines_differ_in_more_than_color() -> None:
    assert ROLES["gradient"].dash and ROLES["gradient of c"].dash
    forward = [look for name, look in ROLES.items() if "gradient" not in name]
    assert not any(look.dash for look in forward)
    assert all(CELL.width >= 1.5 * look.width for look in forward if look is not CELL)


def test_gates_differ_in_grey() -> None:
    for one, other in combinations(GATES, 2):
        distance = abs(lightness(ROLES[one].fill) - lightness(ROLES[other].fill))
        assert distance >= 3, (one, other)
    assert contrast(INK.line, FRAME) >= 7
