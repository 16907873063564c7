"""An RNN and an LSTM arranged for speed, and what it takes to train them.

``rnn_forward``, ``rnn_backward``, ``lstm_forward`` and ``lstm_backward`` take the same arguments
and return the same results as the functions of the lessons, so one can stand in for the other
(only the cache, which nobody but the backward function reads, looks different). Inside, they are
organised in another way: there is no function for a single cell, time is the first axis, the
gates are one array, and whatever does not depend on the step before is computed for all steps in
one product. The companion "From NumPy to frameworks, and fast" builds up to them.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

from rnn_utils import softmax

Parameters = dict[str, np.ndarray]
Gradients = dict[str, np.ndarray]

GATES = "fico"  # the order of the gates in the stacked arrays: forget, update, candidate, output


# --- Layout ------------------------------------------------------------------------------------


def time_first(v: np.ndarray) -> np.ndarray:
    """Copy (n, m, T_x) to (T_x, n, m), so that each time step is one block of memory."""
    return np.ascontiguousarray(np.moveaxis(v, 2, 0))


def time_last(v: np.ndarray) -> np.ndarray:
    """Look at (T_x, n, m) as (n, m, T_x), the layout of the lessons; nothing is copied."""
    return np.moveaxis(v, 0, 2)


def flat(v: np.ndarray) -> np.ndarray:
    """Copy (T_x, n, m) to (n, T_x m): all steps of all examples side by side."""
    return v.transpose(1, 0, 2).reshape(v.shape[1], -1)


# --- RNN ---------------------------------------------------------------------------------------


def rnn_forward(x: np.ndarray, a0: np.ndarray, parameters: Parameters) -> tuple:
    """Read whole sequences with an RNN.

    Arguments: x (n_x, m, T_x), a0 (n_a, m), parameters as in the lessons.
    Returns: a (n_a, m, T_x), y_pred (n_y, m, T_x), cache for rnn_backward.
    """
    steps, Waa = time_first(x), parameters["Waa"]
    a = np.empty((len(steps) + 1, *a0.shape))  # a[t] is the state before step t
    a[0] = a0
    a[1:] = parameters["Wax"] @ steps + parameters["ba"]  # what the inputs add, for all steps
    for t in range(len(steps)):
        a[t + 1] += Waa @ a[t]
        np.tanh(a[t + 1], out=a[t + 1])
    y_pred = softmax(time_last(parameters["Wya"] @ a[1:] + parameters["by"]))
    return time_last(a[1:]), y_pred, (a, steps, parameters)


def rnn_backward(da: np.ndarray, cache: tuple) -> Gradients:
    """Move the gradient back through a whole RNN.

    Arguments: da (n_a, m, T_x), from the outputs; cache of rnn_forward.
    Returns: dict with dx, da0, dWax, dWaa, dba.
    """
    a, steps, parameters = cache
    back, dz = parameters["Waa"].T.copy(), time_first(da)
    slope = 1 - a[1:] * a[1:]
    da_carried = np.zeros(dz.shape[1:])
    for t in reversed(range(len(steps))):
        dz[t] += da_carried
        dz[t] *= slope[t]
        da_carried = back @ dz[t]
    every = flat(dz)
    return {
        "dx": time_last(parameters["Wax"].T @ dz),
        "da0": da_carried,
        "dWax": every @ flat(steps).T,
        "dWaa": every @ flat(a[:-1]).T,
        "dba": every.sum(axis=1, keepdims=True),
    }


# --- LSTM --------------------------------------------------------------------------------------


def stack_gates(parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Put the four gates on top of each other: W (4 n_a, n_a + n_x) and b (4 n_a, 1)."""
    W = np.concatenate([parameters["W" + gate] for gate in GATES])
    b = np.concatenate([parameters["b" + gate] for gate in GATES])
    return W, b


def lstm_forward(x: np.ndarray, a0: np.ndarray, parameters: Parameters) -> tuple:
    """Read whole sequences with an LSTM whose four gates are one array.

    A sigmoid is a tanh in disguise, sigmoid(z) = (1 + tanh(z / 2)) / 2, so a single tanh serves
    all four rows of gates.

    Arguments: x (n_x, m, T_x), a0 (n_a, m), parameters as in the lessons; c starts at zero.
    Returns: a (n_a, m, T_x), y (n_y, m, T_x), c (n_a, m, T_x), cache for lstm_backward.
    """
    steps, (n_a, m) = time_first(x), a0.shape
    W, b = stack_gates(parameters)
    half = np.repeat([[0.5], [0.5], [1.0], [0.5]], n_a, axis=0)  # 1 for the candidate
    rest = 1 - half
    Wa, Wx = half * W[:, :n_a], half * W[:, n_a:]
    gates = Wx @ steps + half * b  # what the inputs add, for all steps, (T_x, 4 n_a, m)
    a, c = np.empty((2, len(steps) + 1, n_a, m))  # a[t] and c[t] are the states before step t
    a[0], c[0], tanh_c = a0, 0, np.empty((len(steps), n_a, m))
    for t, gate in enumerate(gates):
        gate += Wa @ a[t]
        np.tanh(gate, out=gate)
        gate *= half
        gate += rest
        ft, it, cct, ot = gate.reshape(4, n_a, m)
        np.multiply(ft, c[t], out=c[t + 1])
        c[t + 1] += it * cct
        np.tanh(c[t + 1], out=tanh_c[t])
        np.multiply(ot, tanh_c[t], out=a[t + 1])
    y = softmax(time_last(parameters["Wy"] @ a[1:] + parameters["by"]))
    return time_last(a[1:]), y, time_last(c[1:]), (a, c, tanh_c, gates, steps, W)


def lstm_backward(da: np.ndarray, cache: tuple) -> Gradients:
    """Move the gradient back through a whole LSTM.

    Arguments: da (n_a, m, T_x), from the outputs; cache of lstm_forward.
    Returns: dict with dx, da0 and, for each gate k of f, i, c, o, dWk and dbk.
    """
    a, c, tanh_c, gates, steps, W = cache
    T_x, n_a, m = tanh_c.shape
    back, outer = W[:, :n_a].T.copy(), time_first(da)
    dz = _slopes(c, tanh_c, gates)
    show_c = gates[:, 3 * n_a :] * (1 - tanh_c * tanh_c)  # how much of c is seen in a
    da_carried, dc_carried = np.zeros((2, n_a, m))
    for t in reversed(range(T_x)):
        outer[t] += da_carried
        dc_carried += show_c[t] * outer[t]
        rows = dz[t].reshape(4, n_a, m)
        rows[:3] *= dc_carried
        rows[3] *= outer[t]
        da_carried = back @ dz[t]
        dc_carried *= gates[t, :n_a]
    every, read = flat(dz), np.concatenate((flat(a[:-1]), flat(steps)))
    dW, db = every @ read.T, every.sum(axis=1, keepdims=True)
    totals = {"dx": time_last(W[:, n_a:].T @ dz), "da0": da_carried}
    totals |= {"dW" + gate: part for gate, part in zip(GATES, np.split(dW, 4), strict=True)}
    totals |= {"db" + gate: part for gate, part in zip(GATES, np.split(db, 4), strict=True)}
    return totals


def lstm_cache(caches: tuple) -> tuple:
    """Turn the caches that a lesson's lstm_forward returns into the cache of lstm_backward.

    With it, an lstm_forward from notebook 4 can be trained before notebook 5 is done.
    """
    cells, x = caches
    a0, c0, parameters = cells[0][2], cells[0][3], cells[0][9]
    a, c = np.stack([a0, *(k[0] for k in cells)]), np.stack([c0, *(k[1] for k in cells)])
    gates = np.stack([np.concatenate(k[4:8]) for k in cells])
    return a, c, np.tanh(c[1:]), gates, time_first(x), stack_gates(parameters)[0]


def _slopes(c: np.ndarray, tanh_c: np.ndarray, gates: np.ndarray) -> np.ndarray:
    """Return, for all steps at once, what a gradient is multiplied with on its way into each gate.

    For f, i and the candidate that gradient is dc, for o it is da_next.
    """
    T_x, n_a, m = tanh_c.shape
    ft, it, cct, ot = np.moveaxis(gates.reshape(T_x, 4, n_a, m), 1, 0)
    into_f, into_i = c[:-1] * ft * (1 - ft), cct * it * (1 - it)
    into_c, into_o = it * (1 - cct * cct), tanh_c * ot * (1 - ot)
    return np.concatenate((into_f, into_i, into_c, into_o), axis=1)


# --- Training ----------------------------------------------------------------------------------


def clip(gradients: Gradients, limit: float) -> Gradients:
    """Shorten all gradients by one common factor so that their joint norm is at most ``limit``."""
    norm = np.sqrt(sum(np.sum(g * g) for g in gradients.values()))
    factor = min(1.0, limit / norm) if norm else 1.0
    return {name: factor * g for name, g in gradients.items()}


class Adam:
    """Gradient descent that gives every parameter its own step size.

    It keeps two running means for every parameter, of the gradient and of its square, corrects
    them for having started at zero, and moves by their ratio mean / sqrt(mean square).
    """

    def __init__(self, parameters: Parameters, rate: float) -> None:
        self.parameters, self.rate, self.steps = parameters, rate, 0
        self.mean = {name: np.zeros(p.shape) for name, p in parameters.items()}
        self.square = {name: np.zeros(p.shape) for name, p in parameters.items()}

    def step(self, gradients: Gradients) -> None:
        """Move every parameter W that has a gradient dW, in place."""
        self.steps += 1
        for name, p in self.parameters.items():
            if (g := gradients.get("d" + name)) is None:
                continue
            self.mean[name] += 0.1 * (g - self.mean[name])
            self.square[name] += 0.001 * (g * g - self.square[name])
            mean = self.mean[name] / (1 - 0.9**self.steps)
            square = self.square[name] / (1 - 0.999**self.steps)
            p -= self.rate * mean / (np.sqrt(square) + 1e-8)


# --- Timing ------------------------------------------------------------------------------------


def times_faster(slow: Callable[[], object], fast: Callable[[], object], rounds: int = 15) -> float:
    """Run two jobs in turn and return how many times faster the second is.

    The shortest of several runs is the one that other programs disturbed least.
    """
    best = {slow: float("inf"), fast: float("inf")}
    for _ in range(rounds):
        for job in best:
            start = perf_counter()
            job()
            best[job] = min(best[job], perf_counter() - start)
    return best[slow] / best[fast]
