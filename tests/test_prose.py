"""What every manuscript must have: texts for pictures, headings in order, links, spelling, symbols.

Each check is a function from a text (and where needed a place) to a list of complaints, so that the
last tests can feed it a doctored copy and see it complain.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from spellchecker import SpellChecker

from course import paths
from course.build import companions
from course.engine.hidden import without_hidden

LONGEST_CELL = 32
LESSONS = [paths.manuscript(assignment) for assignment in paths.ASSIGNMENTS]
MANUSCRIPTS = [*LESSONS, *companions()]
GUIDES = sorted((paths.ROOT / "guides").glob("*.md"))
WORDS = Path(__file__).with_name("words.txt")

CODE = re.compile(
    r"^```\{code-cell\}[^\n]*\n(?:---\n.*?\n---\n|(?::[^\n]*\n)+)?(.*?)^```$", re.M | re.S
)
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
HEADER = re.compile(r"\A---\n.*?\n---\n", re.S)
IMAGE = re.compile(r"!\[([^]]*)\]\(([^)]+)\)")
LINK = re.compile(r"(?<!!)\[[^]]+\]\(([^)#]+)(?:#[^)]*)?\)")
DISPLAY = re.compile(r"\$\$(.*?)\$\$", re.S)

every_guide = pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
every_manuscript = pytest.mark.parametrize("path", MANUSCRIPTS, ids=lambda path: path.stem)


def prose(text: str) -> str:
    """Return a manuscript without its header and its fenced blocks."""
    return FENCE.sub("", HEADER.sub("", text, count=1))


def code_cells(text: str) -> list[str]:
    """Return the code of every code cell, without its options."""
    return [cell.strip("\n") for cell in CODE.findall(text)]


# --- Pictures ------------------------------------------------------------------------------------


def alt_text_complaints(text: str) -> list[str]:
    """Find pictures without words: in Markdown, and drawn in code."""
    found = [
        f"{target}: alt text {alt!r}"
        for alt, target in IMAGE.findall(prose(text))
        if not _says(alt)
    ]
    for cell in code_cells(text):
        if "plt.show" in cell or "%matplotlib" in cell:
            found.append("a figure is shown without show_figure and so without words")
        for node in ast.walk(ast.parse(_python(cell))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "show_figure":
                says = node.args[1] if len(node.args) > 1 else None
                if isinstance(says, ast.Constant) and not _says(str(says.value)):
                    found.append(f"show_figure says {says.value!r}")
                if says is None:
                    found.append("show_figure says nothing")
    return found


def _says(words: str) -> bool:
    """Tell whether a text is more than a file name or a title: a sentence of some length."""
    return len(words.split()) >= 8 and not re.search(r"\.(svg|png)\b", words)


def _python(cell: str) -> str:
    """Return a cell as plain Python: without IPython's magics."""
    return re.sub(r"^\s*[%!].*$", "pass", cell, flags=re.M)


# --- Headings and links --------------------------------------------------------------------------


def heading_complaints(text: str) -> list[str]:
    """Find headings that skip a level."""
    levels = [(len(marks), title) for marks, title in re.findall(r"^(#+) (.*)$", prose(text), re.M)]
    found = [] if levels and levels[0][0] == 1 else ["the first heading is not of level 1"]
    for (before, _), (level, title) in pairwise(levels):
        if level > before + 1:
            found.append(f"{title!r} is of level {level} below one of level {before}")
    return found


def link_complaints(text: str, folder: Path) -> list[str]:
    """Find links and images that lead nowhere from ``folder``, minding upper and lower case."""
    targets = [target for _, target in IMAGE.findall(prose(text))] + LINK.findall(prose(text))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    return [f"{target} does not exist" for target in local if not _exists(folder, target)]


def _exists(folder: Path, target: str) -> bool:
    """Follow a relative link part by part through the names that are really in each folder."""
    for part in Path(target).parts:
        if part == "..":
            folder = folder.parent
        elif not folder.is_dir() or part not in {path.name for path in folder.iterdir()}:
            return False
        else:
            folder = folder / part
    return True


def home(path: Path) -> Path:
    """Return the folder in which the notebook made from a manuscript is opened."""
    return paths.NOTEBOOKS if path in companions() else paths.release(path.stem).parent


# --- Spelling ------------------------------------------------------------------------------------


def spelling_complaints(text: str) -> list[str]:
    """Find words that are in neither the dictionary nor ``words.txt``."""
    plain = prose(text)
    for pattern in (
        r"\$\$.*?\$\$",
        r"\$[^$]+\$",
        r"`[^`]*`",
        r"\]\([^)]*\)",
        r"<[^>]+>",
        r"\w*_\w+|\bdW\w+",
    ):
        plain = re.sub(pattern, " ", plain, flags=re.S)
    words = {word.strip("'’").lower() for word in re.findall(r"[A-Za-z][A-Za-z'’]+", plain)}
    words = {re.sub(r"['’]s$", "", word) for word in words}
    return sorted(dictionary().unknown(word for word in words if len(word) > 3))


def dictionary() -> SpellChecker:
    """Return the dictionary, made once: English and the words of this course."""
    if not hasattr(dictionary, "made"):
        dictionary.made = SpellChecker(language="en")
        dictionary.made.word_frequency.load_words(WORDS.read_text(encoding="utf-8").split())
    return dictionary.made


# --- Code and equations --------------------------------------------------------------------------


def cell_complaints(text: str) -> list[str]:
    """Find cells that are too long or end in a bare value, which would print as an array."""
    found = []
    for cell in code_cells(text):
        shown = without_hidden(cell)
        shown = re.sub(r"^ *### (BEGIN|END) SOLUTION.*\n?", "", shown, flags=re.M)
        lines = shown.strip("\n").count("\n") + 1
        if lines > LONGEST_CELL:
            found.append(f"{lines} lines: {cell.splitlines()[0]}")
        last = ast.parse(_python(cell)).body[-1:]
        bare = last and isinstance(last[0], ast.Expr) and not isinstance(last[0].value, ast.Call)
        if bare and not isinstance(last[0].value, ast.Constant):
            found.append(f"ends in a bare value: {cell.splitlines()[-1]}")
    return found


# Sizes and counters, which lesson 1 explains, the imaginary unit, and the dict of parameters.
EVERYWHERE = {"t", "j", "k", "m", "n_x", "n_a", "n_y", "T_x", "i", "parameters"}
FUNCTION = (
    r"\\(mathrm|text|begin|end|tag)\{[^}]*\}"
    r"|\\(tanh|sigma|sum|leftarrow|left|right|log|approx|frac|sqrt)(?![a-z])"
)
LETTER = (
    r"\\(?:hat|tilde)\{[a-z]\}|d?\\(?:Gamma|Delta|eta|tau|varepsilon)(?![a-z])"
    r"|(?<![\\A-Za-z])[A-Za-z]+"
)
SYMBOL = rf"(?:{LETTER})(?:_\{{[^}}]*\}}|_[A-Za-z0-9]+)?"


def symbols(mathematics: str) -> set[str]:
    """Return the symbols in a piece of LaTeX, without time index and brackets."""
    plain = re.sub(FUNCTION, " ", mathematics)
    plain = re.sub(r"\^\{?\\(langle.*?\\rangle|top)\}?", "", plain)
    plain = re.sub(r"\\_", "_", plain)
    plain = re.sub(r"(_[A-Za-z0-9]|_\{[^}]*\})?\[[^]]*\]", lambda found: found[1] or "", plain)
    found = {symbol.replace("{", "").replace("}", "") for symbol in re.findall(SYMBOL, plain)}
    return {symbol for symbol in found if symbol.replace("_", "")}


def symbol_complaints(text: str, earlier: str = "") -> list[str]:
    """Find symbols of displayed equations that no table explains, here or in ``earlier`` lessons.

    A table explains what stands in it as mathematics or as a name in code; ``dv`` is explained
    with ``v``: it is the gradient with respect to it.
    """
    tables = " ".join(line for line in prose(earlier + text).splitlines() if line.startswith("|"))
    explained = EVERYWHERE.union(*map(symbols, re.findall(r"\$([^$]+)\$", tables)), [])
    explained |= set(re.findall(r"`(\w+)`", tables))
    used = set().union(*map(symbols, DISPLAY.findall(prose(text))))
    return sorted(s for s in used - explained if not (s[0] == "d" and s[1:] in explained))


# --- All manuscripts -----------------------------------------------------------------------------


@every_manuscript
def test_pictures_have_words(path: Path) -> None:
    assert not alt_text_complaints(path.read_text(encoding="utf-8"))


@every_manuscript
def test_headings_are_in_order(path: Path) -> None:
    assert not heading_complaints(path.read_text(encoding="utf-8"))


@every_manuscript
def test_links_and_images_resolve(path: Path) -> None:
    assert not link_complaints(path.read_text(encoding="utf-8"), home(path))


@every_manuscript
def test_spelling(path: Path) -> None:
    assert not spelling_complaints(path.read_text(encoding="utf-8"))


@every_manuscript
def test_cells(path: Path) -> None:
    assert not cell_complaints(path.read_text(encoding="utf-8"))


@every_manuscript
def test_every_symbol_is_explained(path: Path) -> None:
    before = LESSONS[: LESSONS.index(path)] if path in LESSONS else []
    earlier = "\n".join(prose(lesson.read_text(encoding="utf-8")) for lesson in before)
    assert not symbol_complaints(path.read_text(encoding="utf-8"), f"{earlier}\n")


@every_guide
def test_guides(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not alt_text_complaints(text)
    assert not heading_complaints(text)
    assert not link_complaints(text, path.parent)
    assert not spelling_complaints(text)


def built() -> Iterator[Path]:
    """Yield every notebook with outputs."""
    yield from (paths.source(assignment) for assignment in paths.ASSIGNMENTS)
    yield from (paths.NOTEBOOKS / f"{path.stem}.ipynb" for path in companions())


def array_complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """Find outputs that show an array as NumPy prints it, which differs between its versions."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            if re.search(r"array\(|\[\[|\[\s*-?\d+\.|np\.float64", text):
                found.append(text[:80])
    return found


@pytest.mark.parametrize("path", built(), ids=lambda path: path.stem)
def test_no_output_is_a_bare_array(path: Path) -> None:
    assert not array_complaints(nbformat.read(path, 4))


# --- The checks themselves -----------------------------------------------------------------------


def lesson(number: int = 0) -> str:
    return LESSONS[number].read_text(encoding="utf-8")


def test_a_removed_alt_text_is_found() -> None:
    for path in MANUSCRIPTS:
        text = path.read_text(encoding="utf-8")
        if IMAGE.search(prose(text)):
            assert alt_text_complaints(IMAGE.sub(r"![](\2)", text)), path
            assert alt_text_complaints(IMAGE.sub(r"![rnn_cell.svg](\2)", text)), path
    silent = "# A\n\n```{code-cell} ipython3\nshow_figure(figure, 'a plot')\n```\n"
    assert alt_text_complaints(silent)
    assert alt_text_complaints(silent.replace(", 'a plot'", ""))


def test_a_skipped_heading_level_is_found() -> None:
    assert heading_complaints(lesson().replace("## The idea", "### The idea", 1))
    assert heading_complaints("## No title\n")


def test_a_broken_link_is_found() -> None:
    folder = home(LESSONS[0])
    assert not link_complaints(lesson(), folder)
    assert link_complaints(lesson().replace("rnn_cell.svg", "RNN_cell.svg"), folder)  # case
    assert link_complaints("[next](nowhere.ipynb)", folder)


def test_a_misspelt_word_is_found() -> None:
    assert spelling_complaints("The recieved gradeint") == ["gradeint", "recieved"]
    assert not spelling_complaints("The `recieved` gradient $gradeint$")


def test_a_long_cell_and_a_bare_array_are_found() -> None:
    cell = "```{code-cell} ipython3\n%s\n```\n"
    assert not cell_complaints(cell % "x = 1")
    assert cell_complaints(cell % "\n".join(["x = 1"] * (LONGEST_CELL + 1)))
    assert cell_complaints(cell % "x = 1\nx")
    output = nbformat.v4.new_output("stream", text="[[0.1 0.2]\n [0.3 0.4]]")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    assert array_complaints(notebook)


def test_an_unexplained_symbol_is_found() -> None:
    text = lesson().replace("| $b_a$ | `ba` |", "| the bias | |")
    assert symbol_complaints(text) == ["b_a"]
    assert symbols(r"dW_{ax}^{\langle t \rangle} = \hat{y} * \Gamma_f + W_k[:, :n_a]^{\top}") == {
        "dW_ax",
        r"\haty",
        r"\Gamma_f",
        "W_k",
    }
