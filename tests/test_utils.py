"""rnn_utils: activations, lending, what a check says, gradient checking."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest

import rnn_utils
from rnn_utils import CheckFailed, ask, lend, numerical_gradient, relative_error, sigmoid, softmax

HUGE = np.finfo(np.float64).max


@pytest.mark.filterwarnings("error")
def test_sigmoid_is_finite_and_right_for_any_finite_input() -> None:
    z = np.array([-HUGE, -1e4, -40.0, -1.0, 0.0, 1.0, 40.0, 1e4, HUGE])
    values = sigmoid(z)
    assert np.all(np.isfinite(values))
    for value, x in zip(values[2:7], z[2:7], strict=True):
        assert value == pytest.approx(1 / (1 + math.exp(-x)), rel=1e-15)
    assert values[0] == 0.0 and values[-1] == 1.0


@pytest.mark.filterwarnings("error")
def test_softmax_subtracts_the_maximum_of_each_column() -> None:
    z = np.array([[0.0, -1e300, 1e300], [math.log(3.0), -1e300, -1e300]])
    np.testing.assert_allclose(softmax(z), [[0.25, 0.5, 1.0], [0.75, 0.5, 0.0]], rtol=1e-15)


def test_activations_carry_complex_steps() -> None:
    step, z = 1e-30, np.linspace(-3, 3, 7).reshape(7, 1)
    slope = sigmoid(z + 1j * step).imag / step
    np.testing.assert_allclose(slope, sigmoid(z) * (1 - sigmoid(z)), rtol=1e-14)
    assert softmax(z + 1j * step).imag.max() < 1e-40  # a common shift changes no probability


def borrowed(x: float) -> float:
    return x + 1


def borrower(x: float) -> float:
    return borrowed(x)


def test_lend_swaps_a_function_and_puts_it_back_even_after_an_error() -> None:
    own = borrowed
    with pytest.raises(ZeroDivisionError), lend(borrowed=lambda x: 10 * x):
        assert borrower(2.0) == 20.0
        assert set(lend.current) == {"borrowed"}
        raise ZeroDivisionError
    assert borrowed is own and borrower(2.0) == 3.0 and lend.current == {}


def test_lend_removes_what_was_not_there_before() -> None:
    with lend(never_defined=lambda: 1):
        assert globals()["never_defined"]() == 1
    assert "never_defined" not in globals()


def test_a_failed_check_shows_no_traceback_in_a_notebook() -> None:
    with pytest.raises(CheckFailed) as caught:
        ask(lambda: np.zeros(3), returns="z").has_shape("z", (4,))
    (line,) = caught.value._render_traceback_()
    assert line == "Check failed: z should have shape (4,), but its shape is (3,)."


def test_long_sentences_are_broken_between_words() -> None:
    sentence = "one hundred and one numbers are off " * 5 + "at the end\nAnd a second line."
    lines = CheckFailed(sentence)._render_traceback_()
    assert max(map(len, lines)) <= 88 and lines[-1] == "And a second line."
    assert " ".join(lines) == f"Check failed: {sentence}".replace("\n", " ")


def test_the_function_that_is_not_written_yet_is_named() -> None:
    def inner() -> float:
        raise NotImplementedError("Paste it here.")

    def outer() -> float:
        return inner() + 1

    with pytest.raises(CheckFailed, match=r"^inner is not finished.*Paste it here\.$"):
        rnn_utils.ask(outer, returns="z")
    with pytest.raises(CheckFailed, match=r"^inner is not finished"):
        rnn_utils.ask(inner, returns="z")


def test_checks_need_no_table_of_mistakes(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(rnn_utils, "KNOWN_MISTAKES", tmp_path / "absent.json")
    with pytest.raises(CheckFailed, match=r"^z should be 1 0 0, but it is 0 0 0\.$"):
        ask(lambda: np.zeros(3), returns="z").equals("z", [1.0, 0.0, 0.0])


def test_numerical_gradient_leaves_its_input_alone() -> None:
    at = np.random.default_rng(0).standard_normal((3, 2))
    before = at.copy()
    gradient = numerical_gradient(lambda v: float(np.sum(v**3)), at)
    np.testing.assert_allclose(gradient, 3 * at**2, rtol=1e-8)
    assert np.array_equal(at, before)


def test_relative_error_of_two_zeros_is_zero() -> None:
    assert relative_error(np.zeros(3), np.zeros(3)) == 0.0
    assert relative_error(np.ones(3), -np.ones(3)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            lambda: np.ones((5, 3)) * np.ones((3, 10)),
            "These shapes fit a matrix product; that is written @, and",
        ),
        (lambda: np.ones((5, 1)) @ np.ones((3, 10)), "A has 1 column and B has 3 rows"),
        (lambda: np.ones((5, 3)) @ np.ones((1, 10)), "A has 3 columns and B has 1 row$"),
        (
            lambda: np.concatenate(np.ones((5, 3)), np.ones((3, 3))),
            "np.concatenate takes its arrays as one tuple, in parentheses of their own",
        ),
    ],
)
def test_an_error_of_numpy_comes_with_advice(wrong: Callable, says: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        ask(wrong, returns="a")
    assert re.search(says, str(caught.value).splitlines()[0])
    assert str(caught.value).count("\n") <= 2


def test_shapes_that_do_not_fit_a_product_get_no_advice_about_it() -> None:
    with pytest.raises(CheckFailed) as caught:
        ask(lambda: np.ones((5, 3)) + np.ones((4, 10)), returns="a")
    assert "matrix product" not in str(caught.value)


def test_ragged_values_fail_a_check_and_raise_nothing_else() -> None:
    answer = ask(lambda: ([[1.0], [2.0, 3.0]], np.ones(2)), returns="a b")
    with pytest.raises(CheckFailed, match="a should be a NumPy array, but it is a list"):
        answer.agrees("a", "b")


def test_a_check_without_points_promises_no_further_checks(capsys: pytest.CaptureFixture) -> None:
    rnn_utils.passed("Check 6", graded=False)
    assert capsys.readouterr().out == "Check 6: passed. This check has no points.\n"


@pytest.mark.parametrize(("number", "word"), [(2, "two"), (3, "several")])
def test_mistakes_that_fit_equally_are_numbered(number: int, word: str) -> None:
    answer = ask(lambda: np.ones(3), returns="a")
    known = [(f"mistake {k}", answer.prints) for k in range(number)]
    said = rnn_utils.likely(known, answer, "a")
    assert said == f"This comes out of one of {word} mistakes: (1) mistake 0; (2) mistake 1."
