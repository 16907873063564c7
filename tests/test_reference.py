"""The reference functions against implementations that are not ours, and the published numbers.

Forward: the reference evaluator of ONNX, float64. Backward: complex-step derivatives of a forward
pass written separately, below; a complex step has no cancellation, so it is right to rounding.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from course import solutions
from rnn_utils import lstm_parameters, rnn_parameters

# Sums of at most a few hundred float64 products of size about one.
AGREE = {"rtol": 1e-10, "atol": 1e-10}
STEP = 1e-30

reference = solutions.namespace()


@st.composite
def sizes(draw: st.DrawFn) -> dict[str, int]:
    size = st.integers(1, 6)
    return {name: draw(size) for name in ("n_x", "n_a", "n_y", "m", "T_x")}


@st.composite
def drawn(draw: st.DrawFn) -> tuple[dict[str, int], np.random.RandomState, float]:
    scale = draw(st.sampled_from([1e-3, 1.0, 3.0]))
    return draw(sizes()), np.random.RandomState(draw(st.integers(0, 2**32 - 1))), scale


# --- Forward, against ONNX ---------------------------------------------------------------------


def run_onnx(op: str, n_a: int, inputs: dict[str, np.ndarray], outputs: list[str]) -> list:
    """Run one recurrent ONNX operator in float64. ONNX lays sequences out as (T_x, m, n_x)."""
    names = ["X", "W", "R", "B", "", "initial_h", "initial_c"]
    while names[-1] not in inputs:
        names.pop()
    node = helper.make_node(op, names, outputs, hidden_size=n_a)
    values = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, None) for n in [*inputs]]
    results = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, None) for n in outputs]
    graph = helper.make_graph([node], op, values, results)
    model = helper.make_model(graph, opset_imports=[onnx.OperatorSetIdProto(version=14)])
    return ReferenceEvaluator(model).run(None, inputs)


def onnx_softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the rows, by ONNX."""
    node = helper.make_node("Softmax", ["X"], ["Y"], axis=0)
    value = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, None) for n in "XY"]
    model = helper.make_model(helper.make_graph([node], "softmax", value[:1], value[1:]))
    return ReferenceEvaluator(model).run(None, {"X": logits})[0]


@settings(max_examples=60, deadline=None)
@given(drawn())
def test_rnn_forward_agrees_with_onnx(case: tuple) -> None:
    size, random, scale = case
    x = scale * random.randn(size["n_x"], size["m"], size["T_x"])
    a0 = random.randn(size["n_a"], size["m"])
    p = rnn_parameters(size["n_x"], size["n_a"], size["n_y"], random.randn)
    inputs = {
        "X": x.transpose(2, 1, 0),
        "W": p["Wax"][None],
        "R": p["Waa"][None],
        "B": np.concatenate([p["ba"][:, 0], np.zeros(size["n_a"])])[None],
        "initial_h": a0.T[None],
    }
    (hidden,) = run_onnx("RNN", size["n_a"], inputs, ["Y"])
    a, y_pred, _ = reference["rnn_forward"](x, a0, p)
    np.testing.assert_allclose(a, hidden[:, 0].transpose(2, 1, 0), **AGREE)
    logits = np.einsum("ya,amt->ymt", p["Wya"], a) + p["by"][:, :, None]
    np.testing.assert_allclose(y_pred, onnx_softmax(logits), **AGREE)
    one = reference["rnn_cell_forward"](x[:, :, 0], a0, p)[0]
    np.testing.assert_allclose(one, hidden[0, 0].T, **AGREE)


@settings(max_examples=60, deadline=None)
@given(drawn())
def test_lstm_forward_agrees_with_onnx(case: tuple) -> None:
    size, random, scale = case
    n_a = size["n_a"]
    x = scale * random.randn(size["n_x"], size["m"], size["T_x"])
    a0 = random.randn(n_a, size["m"])
    p = lstm_parameters(size["n_x"], n_a, size["n_y"], random.randn)
    gates = "iofc"  # ONNX's order
    bias = np.concatenate([p["b" + g][:, 0] for g in gates])
    inputs = {
        "X": x.transpose(2, 1, 0),
        "W": np.concatenate([p["W" + g][:, n_a:] for g in gates])[None],
        "R": np.concatenate([p["W" + g][:, :n_a] for g in gates])[None],
        "B": np.concatenate([bias, np.zeros(4 * n_a)])[None],
        "initial_h": a0.T[None],
        "initial_c": np.zeros((1, size["m"], n_a)),
    }
    hidden, _, last_c = run_onnx("LSTM", n_a, inputs, ["Y", "Y_h", "Y_c"])
    a, y, c, _ = reference["lstm_forward"](x, a0, p)
    np.testing.assert_allclose(a, hidden[:, 0].transpose(2, 1, 0), **AGREE)
    np.testing.assert_allclose(c[:, :, -1], last_c[0].T, **AGREE)
    logits = np.einsum("ya,amt->ymt", p["Wy"], a) + p["by"][:, :, None]
    np.testing.assert_allclose(y, onnx_softmax(logits), **AGREE)


# --- Backward, against complex steps -----------------------------------------------------------


def rnn_states(x: np.ndarray, a0: np.ndarray, p: dict) -> list[np.ndarray]:
    """Hidden states of an RNN, for complex arguments too; written apart from the course."""
    states = [a0]
    for t in range(x.shape[2]):
        z = np.einsum("ij,jm->im", p["Wax"], x[:, :, t]) + p["ba"]
        z = z + np.einsum("ij,jm->im", p["Waa"], states[-1])
        sign = np.where(z.real < 0, -1.0, 1.0)
        e = np.exp(-2 * sign * z)  # tanh from its definition; never the exponential of much
        states.append(sign * (1 - e) / (1 + e))
    return states[1:]


def lstm_states(x: np.ndarray, a0: np.ndarray, c0: np.ndarray, p: dict) -> tuple[list, list]:
    """Hidden and cell states of an LSTM, for complex arguments too."""
    a, c, hidden, cell = a0, c0, [], []
    n_a = a0.shape[0]
    for t in range(x.shape[2]):
        z = {g: p["W" + g][:, :n_a] @ a + p["W" + g][:, n_a:] @ x[:, :, t] for g in "fico"}
        gate = {g: 0.5 + 0.5 * np.tanh(0.5 * (z[g] + p["b" + g])) for g in "fio"}
        c = gate["f"] * c + gate["i"] * np.tanh(z["c"] + p["bc"])
        a = gate["o"] * np.tanh(c)
        hidden.append(a)
        cell.append(c)
    return hidden, cell


def complex_step(loss, at: np.ndarray) -> np.ndarray:
    """Gradient of a loss at an array, one imaginary step for each entry."""
    gradient = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        moved = at.astype(complex)
        moved[index] += 1j * STEP
        gradient[index] = np.imag(loss(moved)) / STEP
    return gradient


@settings(max_examples=30, deadline=None)
@given(drawn())
def test_rnn_backward_agrees_with_complex_steps(case: tuple) -> None:
    size, random, scale = case
    x = scale * random.randn(size["n_x"], size["m"], size["T_x"])
    a0 = random.randn(size["n_a"], size["m"])
    p = rnn_parameters(size["n_x"], size["n_a"], size["n_y"], random.randn)
    da = random.randn(size["n_a"], size["m"], size["T_x"])

    def loss(x=x, a0=a0, **changed):
        states = rnn_states(x, a0, p | changed)
        return sum(np.sum(da[:, :, t] * a) for t, a in enumerate(states))

    got = reference["rnn_backward"](da, reference["rnn_forward"](x, a0, p)[-1])
    np.testing.assert_allclose(got["dx"], complex_step(lambda v: loss(x=v), x), **AGREE)
    np.testing.assert_allclose(got["da0"], complex_step(lambda v: loss(a0=v), a0), **AGREE)
    for name in ("Wax", "Waa", "ba"):
        want = complex_step(lambda v, name=name: loss(**{name: v}), p[name])
        np.testing.assert_allclose(got["d" + name], want, **AGREE)
    cell = reference["rnn_cell_backward"](
        da[:, :, 0], reference["rnn_cell_forward"](x[:, :, 0], a0, p)[-1]
    )
    one = x[:, :, :1]
    want = complex_step(lambda v: np.sum(da[:, :, 0] * rnn_states(one, v, p)[0]), a0)
    np.testing.assert_allclose(cell["da_prev"], want, **AGREE)


@settings(max_examples=30, deadline=None)
@given(drawn())
def test_lstm_backward_agrees_with_complex_steps(case: tuple) -> None:
    size, random, scale = case
    x = scale * random.randn(size["n_x"], size["m"], size["T_x"])
    a0 = random.randn(size["n_a"], size["m"])
    p = lstm_parameters(size["n_x"], size["n_a"], size["n_y"], random.randn)
    da = random.randn(size["n_a"], size["m"], size["T_x"])

    def loss(x=x, a0=a0, **changed):
        hidden, _ = lstm_states(x, a0, np.zeros_like(a0), p | changed)
        return sum(np.sum(da[:, :, t] * a) for t, a in enumerate(hidden))

    got = reference["lstm_backward"](da, reference["lstm_forward"](x, a0, p)[-1])
    np.testing.assert_allclose(got["dx"], complex_step(lambda v: loss(x=v), x), **AGREE)
    np.testing.assert_allclose(got["da0"], complex_step(lambda v: loss(a0=v), a0), **AGREE)
    for name in ("Wf", "bf", "Wi", "bi", "Wc", "bc", "Wo", "bo"):
        want = complex_step(lambda v, name=name: loss(**{name: v}), p[name])
        np.testing.assert_allclose(got["d" + name], want, **AGREE)


@settings(max_examples=30, deadline=None)
@given(drawn())
def test_lstm_cell_backward_agrees_with_complex_steps(case: tuple) -> None:
    size, random, scale = case
    xt = scale * random.randn(size["n_x"], size["m"])
    a_prev, c_prev, da, dc = (random.randn(size["n_a"], size["m"]) for _ in range(4))
    p = lstm_parameters(size["n_x"], size["n_a"], size["n_y"], random.randn)

    def loss(xt=xt, a_prev=a_prev, c_prev=c_prev, **changed):
        hidden, cell = lstm_states(xt[:, :, None], a_prev, c_prev, p | changed)
        return np.sum(da * hidden[0]) + np.sum(dc * cell[0])

    cache = reference["lstm_cell_forward"](xt, a_prev, c_prev, p)[-1]
    got = reference["lstm_cell_backward"](da, dc, cache)
    for name, at in [("xt", xt), ("a_prev", a_prev), ("c_prev", c_prev)]:
        want = complex_step(lambda v, name=name: loss(**{name: v}), at)
        np.testing.assert_allclose(got["d" + name], want, **AGREE)
    for name in ("Wf", "bf", "Wi", "bi", "Wc", "bc", "Wo", "bo"):
        want = complex_step(lambda v, name=name: loss(**{name: v}), p[name])
        np.testing.assert_allclose(got["d" + name], want, **AGREE)


# --- Published numbers -------------------------------------------------------------------------


def printed(value: float, text: str) -> bool:
    """Whether a number, rounded to as many significant digits as a printed one, is the same."""
    digits = len(text.lstrip("-").replace(".", "").lstrip("0"))
    return float(f"{value:.{digits}g}") == float(text)


def backward_parameters(random) -> dict:
    shapes = {"Wax": (5, 3), "Waa": (5, 5), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
    return {name: random(*shape) for name, shape in shapes.items()}


def rnn_cell(random) -> dict:
    xt, a_prev = random(3, 10), random(5, 10)
    a, y, _ = reference["rnn_cell_forward"](xt, a_prev, rnn_parameters(3, 5, 2, random))
    return {"a_next": a[4][:3], "yt_pred": y[1][:3]}


def rnn(random) -> dict:
    x, a0 = random(3, 10, 4), random(5, 10)
    a, y, _ = reference["rnn_forward"](x, a0, rnn_parameters(3, 5, 2, random))
    return {"a": a[4][1], "y_pred": y[1][3]}


def lstm_cell(random) -> dict:
    xt, a_prev, c_prev = random(3, 10), random(5, 10), random(5, 10)
    p = lstm_parameters(3, 5, 2, random)
    a, c, y, _ = reference["lstm_cell_forward"](xt, a_prev, c_prev, p)
    return {"a_next": a[4][:3], "c_next": c[2][:3], "yt": y[1][:3]}


def lstm(random) -> dict:
    x, a0 = random(3, 10, 7), random(5, 10)
    a, y, c, _ = reference["lstm_forward"](x, a0, lstm_parameters(3, 5, 2, random))
    return {"a": [a[4][3][6]], "y": [y[1][4][3]], "c": [c[1][2][1]]}


def rnn_cell_back(random) -> dict:
    xt, a_prev, p = random(3, 10), random(5, 10), backward_parameters(random)
    da_next = random(5, 10)
    g = reference["rnn_cell_backward"](da_next, reference["rnn_cell_forward"](xt, a_prev, p)[-1])
    places = {"dxt": (1, 2), "da_prev": (2, 3), "dWax": (3, 1), "dWaa": (1, 2), "dba": (4, 0)}
    return {name: [g[name][place]] for name, place in places.items()}


def rnn_back(random) -> dict:
    x, a0, p = random(3, 10, 4), random(5, 10), backward_parameters(random)
    da = random(5, 10, 4)
    g = reference["rnn_backward"](da, reference["rnn_forward"](x, a0, p)[-1])
    places = {"dx": (1, 2), "da0": (2, 3), "dWax": (3, 1), "dWaa": (1, 2), "dba": (4, 0)}
    return {name: np.ravel(g[name][place]) for name, place in places.items()}


LSTM_PLACES = {"dWf": (3, 1), "dWi": (1, 2), "dWc": (3, 1), "dWo": (1, 2)}
LSTM_PLACES |= dict.fromkeys(("dbf", "dbi", "dbc", "dbo"), (4, 0))


def lstm_cell_back(random) -> dict:
    xt, a_prev, c_prev = random(3, 10), random(5, 10), random(5, 10)
    p = lstm_parameters(3, 5, 2, random)
    da_next, dc_next = random(5, 10), random(5, 10)
    cache = reference["lstm_cell_forward"](xt, a_prev, c_prev, p)[-1]
    g = reference["lstm_cell_backward"](da_next, dc_next, cache)
    places = {"dxt": (1, 2), "da_prev": (2, 3), "dc_prev": (2, 3)} | LSTM_PLACES
    return {name: [g[name][place]] for name, place in places.items()}


def lstm_back(random) -> dict:
    x, a0 = random(3, 10, 7), random(5, 10)
    p = {"Wy": np.zeros((2, 5)), "by": np.zeros((2, 1))}
    for gate in "fioc":
        p["W" + gate], p["b" + gate] = random(5, 8), random(5, 1)
    da = np.zeros((5, 10, 7))
    da[:, :, :4] = random(5, 10, 4)
    g = reference["lstm_backward"](da, reference["lstm_forward"](x, a0, p)[-1])
    assert g["dx"].shape == x.shape
    return {"dx": g["dx"][1, 2, :4], "da0": [g["da0"][2, 3]]} | {
        name: [g[name][place]] for name, place in LSTM_PLACES.items()
    }


PUBLISHED = [
    (rnn_cell, "a_next", "0.59584544 0.18141802 0.61311866"),
    (rnn_cell, "yt_pred", "0.9888161 0.01682021 0.21140899"),
    (rnn, "a", "-0.99999375 0.77911235 -0.99861469 -0.99833267"),
    (rnn, "y_pred", "0.79560373 0.86224861 0.11118257 0.81515947"),
    (lstm_cell, "a_next", "-0.66408471 0.0036921 0.02088357"),
    (lstm_cell, "c_next", "0.63267805 1.00570849 0.35504474"),
    (lstm_cell, "yt", "0.79913913 0.15986619 0.22412122"),
    (lstm, "a", "0.172117767533"),
    (lstm, "y", "0.95087346185"),
    (lstm, "c", "-0.855544916718"),
    (rnn_cell_back, "dxt", "-1.3872130506"),
    (rnn_cell_back, "da_prev", "-0.152399493774"),
    (rnn_cell_back, "dWax", "0.410772824935"),
    (rnn_cell_back, "dWaa", "1.15034506685"),
    (rnn_cell_back, "dba", "0.20023491"),
    (rnn_back, "dx", "-2.07101689 -0.59255627 0.02466855 0.01483317"),
    (rnn_back, "da0", "-0.314942375127"),
    (rnn_back, "dWax", "11.2641044965"),
    (rnn_back, "dWaa", "2.30333312658"),
    (rnn_back, "dba", "-0.74747722"),
    (lstm_cell_back, "dxt", "3.23055911511"),
    (lstm_cell_back, "da_prev", "-0.0639621419711"),
    (lstm_cell_back, "dc_prev", "0.797522038797"),
    (lstm_cell_back, "dWf", "-0.147954838164"),
    (lstm_cell_back, "dWi", "1.05749805523"),
    (lstm_cell_back, "dWc", "2.30456216369"),
    (lstm_cell_back, "dWo", "0.331311595289"),
    (lstm_cell_back, "dbf", "0.18864637"),
    (lstm_cell_back, "dbi", "-0.40142491"),
    (lstm_cell_back, "dbc", "0.25587763"),
    (lstm_cell_back, "dbo", "0.13893342"),
    (lstm_back, "dx", "0.00218254 0.28205375 -0.48292508 -0.43281115"),
    (lstm_back, "da0", "0.312770310257"),
    (lstm_back, "dWf", "-0.0809802310938"),
    (lstm_back, "dWi", "0.40512433093"),
    (lstm_back, "dWc", "-0.0793746735512"),
    (lstm_back, "dWo", "0.038948775763"),
    (lstm_back, "dbf", "-0.15745657"),
    (lstm_back, "dbi", "-0.50848333"),
    (lstm_back, "dbc", "-0.42510818"),
    (lstm_back, "dbo", "-0.17958196"),
]


@pytest.mark.parametrize(("case", "name", "numbers"), PUBLISHED)
def test_published_numbers_come_out_to_all_printed_digits(case, name: str, numbers: str) -> None:
    got = case(np.random.RandomState(1).randn)[name]
    texts = numbers.split()
    assert len(got) == len(texts)
    assert all(printed(value, text) for value, text in zip(got, texts, strict=True)), got
