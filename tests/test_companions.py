"""The companion notebooks: their helpers, their widgets, and that they open with outputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import matplotlib
import nbformat
import numpy as np
import pytest

from course import paths
from course.build import companions
from course.figures import palette
from course.solutions import namespace
from rnn_utils import lstm_parameters, rnn_parameters

matplotlib.use("agg")
NAMES = [path.stem for path in companions()]
WIDGETS = {"skip-execution", "nbval-skip"}


@pytest.fixture(autouse=True)
def in_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where a companion works: in its folder, with the modules beside it."""
    monkeypatch.chdir(paths.NOTEBOOKS)
    monkeypatch.syspath_prepend(str(paths.NOTEBOOKS))


def code_cells(name: str) -> Iterator[nbformat.NotebookNode]:
    notebook = nbformat.read(paths.NOTEBOOKS / f"{name}.ipynb", 4)
    return (cell for cell in notebook.cells if cell.cell_type == "code")


# --- The helpers ---------------------------------------------------------------------------------

SIZES = [(3, 5, 2, 10, 7), (1, 1, 1, 1, 1), (4, 4, 4, 4, 4), (2, 6, 9, 1, 3)]


@pytest.mark.parametrize("sizes", SIZES)
def test_fast_functions_agree_with_the_lessons(sizes: tuple[int, ...]) -> None:
    import fast_recurrent as fast

    n_x, n_a, n_y, m, T_x = sizes
    randn, lesson = np.random.RandomState(7).randn, namespace()
    x, a0, da = randn(n_x, m, T_x), randn(n_a, m), randn(n_a, m, T_x)
    for kind, draw in (("rnn", rnn_parameters), ("lstm", lstm_parameters)):
        parameters = draw(n_x, n_a, n_y, randn)
        *ours, cache = getattr(fast, f"{kind}_forward")(x, a0, parameters)
        *theirs, caches = lesson[f"{kind}_forward"](x, a0, parameters)
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-12)
        expected = lesson[f"{kind}_backward"](da, caches)
        variants = [cache] if kind == "rnn" else [cache, fast.lstm_cache(caches)]
        for each in variants:
            got = getattr(fast, f"{kind}_backward")(da, each)
            assert got.keys() == expected.keys()
            for name in got:
                np.testing.assert_allclose(got[name], expected[name], rtol=1e-9, atol=1e-11)


def test_fast_functions_leave_their_inputs_unchanged() -> None:
    import fast_recurrent as fast

    randn = np.random.RandomState(8).randn
    x, a0, da = randn(3, 4, 5), randn(6, 4), randn(6, 4, 5)
    p = lstm_parameters(3, 6, 2, randn)
    kept = [v.copy() for v in (x, a0, da, *p.values())]
    fast.lstm_backward(da, fast.lstm_forward(x, a0, p)[-1])
    for before, after in zip(kept, (x, a0, da, *p.values()), strict=True):
        np.testing.assert_array_equal(before, after)


def test_clip_and_adam() -> None:
    from fast_recurrent import Adam, clip

    gradients = {"dW": np.array([[3.0]]), "db": np.array([[4.0]])}
    clipped = clip(gradients, 1.0)
    np.testing.assert_allclose([clipped["dW"][0, 0], clipped["db"][0, 0]], [0.6, 0.8])
    np.testing.assert_array_equal(clip(gradients, 10.0)["dW"], gradients["dW"])
    p = {"W": np.array([[1.0]]), "b": np.array([[2.0]])}
    Adam(p, rate=0.1).step(gradients)  # the first step of Adam has the length of the rate
    np.testing.assert_allclose([p["W"][0, 0], p["b"][0, 0]], [0.9, 1.9], atol=1e-8)


def test_the_colours_are_those_of_the_figures() -> None:
    import drawing

    roles = palette.ROLES
    for name in ("x", "a", "c", "forget", "update", "candidate", "output", "gradient"):
        assert drawing.COLOURS[name] == roles[name].line, name


def test_names() -> None:
    names = (paths.NOTEBOOKS / "names.txt").read_text(encoding="utf-8").split()
    assert len(names) > 1000 and names == sorted(set(names))
    assert all(name.isascii() and name.isalpha() for name in names)
    assert "CC0" in (paths.NOTEBOOKS / "NAMES_LICENSE").read_text(encoding="utf-8")


# --- The notebooks -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_opens_with_outputs_in_place(name: str) -> None:
    """Every cell was run, and every picture carries its text."""
    for cell in code_cells(name):
        if "skip-execution" in cell.metadata.get("tags", []):
            assert set(cell.metadata.tags) >= WIDGETS and not cell.outputs
            continue
        assert cell.execution_count, cell.source
        assert not any(output.output_type == "error" for output in cell.outputs)
        prints = "print(" in cell.source and not cell.source.startswith(("def ", "class "))
        assert cell.outputs or not prints or "def " in cell.source, cell.source
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert len(output.metadata["image/png"]["alt"]) > 60


@pytest.mark.parametrize("name", NAMES)
def test_students_need_no_course_package(name: str) -> None:
    for cell in code_cells(name):
        assert "import course" not in cell.source and "from course" not in cell.source


@pytest.mark.parametrize("name", NAMES)
def test_nbval_ignores_only_what_differs_from_machine_to_machine(name: str) -> None:
    ignored = [c for c in code_cells(name) if "nbval-ignore-output" in c.metadata.get("tags", [])]
    assert len(ignored) <= 3
    assert not any("NBVAL" in cell.source for cell in code_cells(name))


def widget_notebooks() -> list[str]:
    return [
        name
        for name in NAMES
        if any("skip-execution" in cell.metadata.get("tags", []) for cell in code_cells(name))
    ]


@pytest.mark.parametrize("name", widget_notebooks())
def test_sliders(name: str) -> None:
    """Run a notebook's sliders from end to end; no position may fail."""
    import ipywidgets

    def every_position(function: object, **sliders: ipywidgets.Widget) -> None:
        start = {key: slider.value for key, slider in sliders.items()}
        for key, slider in sliders.items():
            for position in (slider.min, slider.max):
                function(**start | {key: position})
                moved.append((key, position))

    names, moved = {}, []
    with patch.object(ipywidgets, "interact", every_position), patch("builtins.print"):
        for cell in code_cells(name):
            exec(compile(cell.source, name, "exec"), names)
            if "skip-execution" in cell.metadata.get("tags", []):
                break
    assert len(moved) >= 2


def test_name_generator_trains_with_a_students_functions() -> None:
    """Paste the lessons' functions where the notebook says so; loss and gradients stay the same."""
    names = {}
    with patch("builtins.print"):
        for cell in code_cells("09_name_generator"):
            if "display_id" in cell.source:
                break
            exec(compile(cell.source, "09", "exec"), names)
    p, batch = names["small_start"](8), ["rosa", "zea", "abies"]
    loss, gradients = names["loss_and_gradients"](p, batch)
    lesson = namespace()
    names["lstm_forward"], names["lstm_backward"] = lesson["lstm_forward"], lesson["lstm_backward"]
    names["my_forward"] = True
    for names["my_backward"] in (False, True):
        mine, my_gradients = names["loss_and_gradients"](p, batch)
        assert abs(mine - loss) < 1e-12
        for key, gradient in gradients.items():
            np.testing.assert_allclose(my_gradients[key], gradient, atol=1e-12)


def test_paths_are_relative() -> None:
    for path in [*companions(), *Path(paths.NOTEBOOKS).glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert "/home/" not in text and "/work/" not in text and "/tmp/" not in text, path
