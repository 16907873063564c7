# ruff: noqa: E501 - students' lines are as long as they are
"""Wrong solutions written apart from the catalogue, to measure the checks on code they do not know.

Each is (function, what is wrong, source, what a message must say). For a mistake that the catalogue
knows, here in other code, a message must hold its sentence; where two are combined, that of one of
them. For a mistake that it does not know, a message must match a pattern that says where to look.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent

from course.mistakes import MISTAKES


@dataclass(frozen=True)
class HeldOut:
    """A wrong solution, and how it is expected to be named."""

    function: str
    wrong: str
    source: str
    known_as: str = ""
    pattern: str = ""

    def named_in(self, message: str) -> bool:
        """Tell whether a message says what is wrong."""
        if self.known_as:
            return any(
                m.named_in(message)
                for m in MISTAKES
                if m.function == self.function and m.name in self.known_as.split("; ")
            )
        return bool(re.search(self.pattern, message))


# Said when the first steps of a walk are right.
STEP = r"Time step \d is right and \d is not"

HELD_OUT: list[HeldOut] = []


def wrong(function: str, what: str, source: str, known_as: str = "", pattern: str = "") -> None:
    """Add one solution to the corpus."""
    HELD_OUT.append(HeldOut(function, what, dedent(source).strip(), known_as, pattern))


# --- rnn_cell_forward --------------------------------------------------------------------------

wrong(
    "rnn_cell_forward",
    "bias forgotten, in a stacked product",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        W = np.hstack((parameters["Waa"], parameters["Wax"]))
        a_next = np.tanh(W @ np.vstack((a_prev, xt)))
        yt_pred = softmax(parameters["Wya"] @ a_next + parameters["by"])
        return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
    known_as="hidden bias forgotten",
)
wrong(
    "rnn_cell_forward",
    "softmax of one's own, sum over axis 1",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        def soft(v):
            e = np.exp(v - v.max())
            return e / e.sum(axis=1, keepdims=True)
        h = np.tanh(np.dot(parameters["Wax"], xt) + np.dot(parameters["Waa"], a_prev) + parameters["ba"])
        return h, soft(np.dot(parameters["Wya"], h) + parameters["by"]), (h, a_prev, xt, parameters)
""",
    known_as="softmax along the rows",
)
wrong(
    "rnn_cell_forward",
    "both biases forgotten",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        a_next = np.tanh(parameters["Wax"].dot(xt) + parameters["Waa"].dot(a_prev))
        yt_pred = softmax(parameters["Wya"].dot(a_next))
        return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
    known_as="hidden bias forgotten; prediction bias forgotten",
)
wrong(
    "rnn_cell_forward",
    "by used in place of ba, spread over the rows",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        b = parameters["by"].sum()
        a_next = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + b)
        yt_pred = softmax(parameters["Wya"] @ a_next + parameters["by"])
        return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
    pattern=r"Changing ba does not change a_next",
)
wrong(
    "rnn_cell_forward",
    "everything transposed at the end, for one example",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        a_next = np.tanh(xt.T @ parameters["Wax"].T + a_prev.T @ parameters["Waa"].T + parameters["ba"].T)
        yt_pred = softmax((a_next @ parameters["Wya"].T + parameters["by"].T).T)
        return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
    pattern=r"should have shape \(5, 10\), but its shape is \(10, 5\)",
)

# --- rnn_forward -------------------------------------------------------------------------------

wrong(
    "rnn_forward",
    "lists with a0 in front",
    """
    def rnn_forward(x, a0, parameters):
        states, ys, caches = [a0], [], []
        for t in range(x.shape[2]):
            h, y, cache = rnn_cell_forward(x[:, :, t], states[-1], parameters)
            states.append(h); ys.append(y); caches.append(cache)
        return np.stack(states[:-1], axis=2), np.stack(ys, axis=2), (caches, x)
""",
    known_as="states one step late",
)
wrong(
    "rnn_forward",
    "stacked along the first axis",
    """
    def rnn_forward(x, a0, parameters):
        h, out = a0, []
        for t in range(x.shape[2]):
            h, y, cache = rnn_cell_forward(x[:, :, t], h, parameters)
            out.append((h, y, cache))
        return np.stack([o[0] for o in out]), np.stack([o[1] for o in out]), ([o[2] for o in out], x)
""",
    pattern=r"a should have shape \(3, 2, 5\), but its shape is \(5, 3, 2\)",
)
wrong(
    "rnn_forward",
    "a0 forgotten after a first step made apart",
    """
    def rnn_forward(x, a0, parameters):
        h, y, cache = rnn_cell_forward(x[:, :, 0], a0, parameters)
        H, Y, caches = [h], [y], [cache]
        for t in range(1, x.shape[2]):
            h, y, cache = rnn_cell_forward(x[:, :, t], a0, parameters)
            H.append(h); Y.append(y); caches.append(cache)
        return np.dstack(H), np.dstack(Y), (caches, x)
""",
    known_as="a0 at every step",
)
wrong(
    "rnn_forward",
    "the state is halved on its way",
    """
    def rnn_forward(x, a0, parameters):
        h, out = a0, []
        for t in range(x.shape[2]):
            out.append(rnn_cell_forward(x[:, :, t], h, parameters))
            h = 0.5 * out[-1][0]
        return np.dstack([o[0] for o in out]), np.dstack([o[1] for o in out]), ([o[2] for o in out], x)
""",
    pattern=STEP,
)
wrong(
    "rnn_forward",
    "starts at zero and drops the input from the caches",
    """
    def rnn_forward(x, a0, parameters):
        h, H, Y, C = np.zeros_like(a0), [], [], []
        for t in range(x.shape[2]):
            h, y, c = rnn_cell_forward(x[:, :, t], h, parameters)
            H += [h]; Y += [y]; C += [c]
        return np.dstack(H), np.dstack(Y), C
""",
    known_as="zeros in place of a0; input missing from the caches",
)

# --- lstm_cell_forward -------------------------------------------------------------------------

wrong(
    "lstm_cell_forward",
    "split weights, bias of the output gate forgotten",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        n = a_prev.shape[0]
        mix = lambda k: parameters["W" + k][:, :n] @ a_prev + parameters["W" + k][:, n:] @ xt
        f, i = sigmoid(mix("f") + parameters["bf"]), sigmoid(mix("i") + parameters["bi"])
        g, o = np.tanh(mix("c") + parameters["bc"]), sigmoid(mix("o"))
        c = f * c_prev + i * g
        a = o * np.tanh(c)
        return a, c, softmax(parameters["Wy"] @ a + parameters["by"]), (a, c, a_prev, c_prev, f, i, g, o, xt, parameters)
""",
    known_as="bo forgotten",
)
wrong(
    "lstm_cell_forward",
    "all gates in one product, read in the order i f c o",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        W = np.vstack([parameters["W" + k] for k in "fico"])
        b = np.vstack([parameters["b" + k] for k in "fico"])
        i, f, g, o = np.split(W @ np.vstack((a_prev, xt)) + b, 4)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c_prev + i * g
        a = o * np.tanh(c)
        return a, c, softmax(parameters["Wy"] @ a + parameters["by"]), (a, c, a_prev, c_prev, f, i, g, o, xt, parameters)
""",
    known_as="weights of the gates swapped",
)
wrong(
    "lstm_cell_forward",
    "two gates wrong: forget from tanh, update without bias",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        z = np.concatenate((a_prev, xt))
        f = np.tanh(parameters["Wf"] @ z + parameters["bf"])
        i = sigmoid(parameters["Wi"] @ z)
        g = np.tanh(parameters["Wc"] @ z + parameters["bc"])
        o = sigmoid(parameters["Wo"] @ z + parameters["bo"])
        c = f * c_prev + i * g
        a = o * np.tanh(c)
        return a, c, softmax(parameters["Wy"] @ a + parameters["by"]), (a, c, a_prev, c_prev, f, i, g, o, xt, parameters)
""",
    known_as="forget gate from tanh; bi forgotten",
)
wrong(
    "lstm_cell_forward",
    "the candidate is made from the input alone",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        n, z = len(a_prev), np.concatenate((a_prev, xt))
        f, i, o = (sigmoid(parameters["W" + k] @ z + parameters["b" + k]) for k in "fio")
        g = np.tanh(parameters["Wc"][:, n:] @ xt + parameters["bc"])
        c = f * c_prev + i * g
        a = o * np.tanh(c)
        return a, c, softmax(parameters["Wy"] @ a + parameters["by"]), (a, c, a_prev, c_prev, f, i, g, o, xt, parameters)
""",
    pattern=r"Changing a_prev does not change cache\[6\]",
)
wrong(
    "lstm_cell_forward",
    "tanh left out and the prediction made from c",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        z = np.concatenate((a_prev, xt))
        f, i, o = (sigmoid(parameters["W" + k] @ z + parameters["b" + k]) for k in "fio")
        g = np.tanh(parameters["Wc"] @ z + parameters["bc"])
        c = np.add(f * c_prev, i * g)
        a = o * c
        return a, c, softmax(parameters["Wy"] @ c + parameters["by"]), (a, c, a_prev, c_prev, f, i, g, o, xt, parameters)
""",
    known_as="hidden state without tanh; prediction from the cell state",
)
wrong(
    "lstm_cell_forward",
    "the cell state is clipped at 1",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        z = np.concatenate((a_prev, xt))
        f, i, o = (sigmoid(parameters["W" + k] @ z + parameters["b" + k]) for k in "fio")
        g = np.tanh(parameters["Wc"] @ z + parameters["bc"])
        c = np.clip(f * c_prev + i * g, -1, 1)
        a = o * np.tanh(c)
        return a, c, softmax(parameters["Wy"] @ a + parameters["by"]), (a, c, a_prev, c_prev, f, i, g, o, xt, parameters)
""",
    pattern=r"gates in your cache are right, so look at how equation \(5\)",
)

# --- lstm_forward ------------------------------------------------------------------------------

wrong(
    "lstm_forward",
    "lists, and a new cell state at every step",
    """
    def lstm_forward(x, a0, parameters):
        a, out = a0, []
        for t in range(x.shape[-1]):
            step = lstm_cell_forward(x[..., t], a, 0 * a, parameters)
            a = step[0]
            out.append(step)
        A, C, Y, K = zip(*out)
        return np.dstack(A), np.dstack(Y), np.dstack(C), (list(K), x)
""",
    known_as="cell state not passed on",
)
wrong(
    "lstm_forward",
    "A, C, Y returned as they come from the cell",
    """
    def lstm_forward(x, a0, parameters):
        a, c, out = a0, np.zeros_like(a0), []
        for t in range(x.shape[-1]):
            out.append(lstm_cell_forward(x[..., t], a, c, parameters))
            a, c = out[-1][0], out[-1][1]
        A, C, Y, K = zip(*out)
        return np.dstack(A), np.dstack(C), np.dstack(Y), (list(K), x)
""",
    known_as="results in another order",
)
wrong(
    "lstm_forward",
    "the cell state starts at random",
    """
    def lstm_forward(x, a0, parameters):
        a, c, out = a0, np.random.randn(*a0.shape), []
        for t in range(x.shape[-1]):
            out.append(lstm_cell_forward(x[..., t], a, c, parameters))
            a, c = out[-1][:2]
        A, C, Y, K = zip(*out)
        return np.dstack(A), np.dstack(Y), np.dstack(C), (list(K), x)
""",
    pattern=r"second call .* gave something else",
)
wrong(
    "lstm_forward",
    "the cell state is carried one step late",
    """
    def lstm_forward(x, a0, parameters):
        a, c, older, out = a0, np.zeros_like(a0), np.zeros_like(a0), []
        for t in range(x.shape[-1]):
            a, new, y, k = lstm_cell_forward(x[..., t], a, older, parameters)
            older, c = c, new
            out.append((a, y, new, k))
        A, Y, C, K = zip(*out)
        return np.dstack(A), np.dstack(Y), np.dstack(C), (list(K), x)
""",
    pattern=STEP,
)

# --- rnn_cell_backward -------------------------------------------------------------------------

wrong(
    "rnn_cell_backward",
    "slope of tanh from a second tanh, computed by cosh",
    """
    def rnn_cell_backward(da_next, cache):
        a_next, a_prev, xt, p = cache
        d = da_next / np.cosh(a_next) ** 2
        return {"dxt": p["Wax"].T @ d, "da_prev": p["Waa"].T @ d, "dWax": d @ xt.T, "dWaa": d @ a_prev.T,
                "dba": d.sum(axis=1, keepdims=True)}
""",
    known_as="tanh taken again",
)
wrong(
    "rnn_cell_backward",
    "everything averaged over the batch",
    """
    def rnn_cell_backward(da_next, cache):
        a_next, a_prev, xt, p = cache
        d, m = (1 - a_next * a_next) * da_next, xt.shape[1]
        return {"dxt": p["Wax"].T @ d, "da_prev": p["Waa"].T @ d, "dWax": d @ xt.T / m, "dWaa": d @ a_prev.T / m,
                "dba": d.mean(axis=1, keepdims=True)}
""",
    known_as="bias averaged; weights averaged",
)
wrong(
    "rnn_cell_backward",
    "dWax from the hidden state's product by mistake of a name",
    """
    def rnn_cell_backward(da_next, cache):
        a_next, a_prev, xt, p = cache
        d = (1 - np.power(a_next, 2)) * da_next
        dWax = d @ (2 * xt).T
        return {"dxt": p["Wax"].T @ d, "da_prev": p["Waa"].T @ d, "dWax": dWax, "dWaa": d @ a_prev.T,
                "dba": np.sum(d, 1, keepdims=True)}
""",
    pattern=r"dWax[\s\S]*(Right already: .*dxt.*dba|Right: .*dba)",
)
wrong(
    "rnn_cell_backward",
    "the gradients in a tuple",
    """
    def rnn_cell_backward(da_next, cache):
        a_next, a_prev, xt, p = cache
        d = (1 - a_next**2) * da_next
        return p["Wax"].T @ d, p["Waa"].T @ d, d @ xt.T, d @ a_prev.T, np.sum(d, 1, keepdims=True)
""",
    pattern=r"should be a dict, but it is a tuple of 5",
)

# --- rnn_backward ------------------------------------------------------------------------------

wrong(
    "rnn_backward",
    "nothing carried, in lists",
    """
    def rnn_backward(da, caches):
        cells, x = caches
        steps = [rnn_cell_backward(da[:, :, t], cells[t]) for t in range(da.shape[2])]
        out = {k: sum(s[k] for s in steps) for k in ("dWax", "dWaa", "dba")}
        return out | {"dx": np.dstack([s["dxt"] for s in steps]), "da0": steps[0]["da_prev"]}
""",
    known_as="not carried back",
)
wrong(
    "rnn_backward",
    "dx put together from the last step to the first",
    """
    def rnn_backward(da, caches):
        cells, x = caches
        back, dx, tot = 0, [], {"dWax": 0, "dWaa": 0, "dba": 0}
        for t in range(da.shape[2] - 1, -1, -1):
            s = rnn_cell_backward(da[:, :, t] + back, cells[t])
            back = s["da_prev"]
            dx.append(s["dxt"])
            tot = {k: tot[k] + s[k] for k in tot}
        return {**tot, "dx": np.dstack(dx), "da0": back}
""",
    known_as="dx in reverse",
)
wrong(
    "rnn_backward",
    "the carried gradient is clipped",
    """
    def rnn_backward(da, caches):
        cells, x = caches
        back, dx, tot = np.zeros(da.shape[:2]), np.zeros(x.shape), {}
        for t in range(da.shape[2] - 1, -1, -1):
            s = rnn_cell_backward(da[:, :, t] + np.clip(back, -0.5, 0.5), cells[t])
            back, dx[:, :, t] = s["da_prev"], s["dxt"]
            tot = {k: tot.get(k, 0) + s[k] for k in ("dWax", "dWaa", "dba")}
        return {**tot, "dx": dx, "da0": back}
""",
    pattern=STEP,
)
wrong(
    "rnn_backward",
    "wrong key for the gradient of a0",
    """
    def rnn_backward(da, caches):
        cells, x = caches
        back, dx, tot = np.zeros(da.shape[:2]), np.zeros(x.shape), {}
        for t in range(da.shape[2] - 1, -1, -1):
            s = rnn_cell_backward(da[:, :, t] + back, cells[t])
            back, dx[:, :, t] = s["da_prev"], s["dxt"]
            tot = {k: tot.get(k, 0) + s[k] for k in ("dWax", "dWaa", "dba")}
        return {**tot, "dx": dx, "da_0": back}
""",
    pattern=r"lacks da0; it has .*da_0",
)

# --- lstm_cell_backward ------------------------------------------------------------------------

LSTM_BACK = """
    def lstm_cell_backward(da_next, dc_next, cache):
        a_next, c_next, a_prev, c_prev, f, i, g, o, xt, p = cache
        n, t, z = len(a_prev), np.tanh(c_next), np.vstack((a_prev, xt))
        dc = {dc}
        d = dict(f={f}, i={i}, c={c}, o={o})
        u = sum(p["W" + k].T @ d[k] for k in "fico")
        out = {{"da_prev": u[:n], "dxt": u[n:], "dc_prev": {dc_prev}}}
        for k in "fico":
            out["dW" + k], out["db" + k] = d[k] @ z.T, d[k].sum(1)[:, None]
        return out
"""
PARTS = {
    "dc": "dc_next + o * (1 - t * t) * da_next",
    "f": "dc * c_prev * f * (1 - f)",
    "i": "dc * g * i * (1 - i)",
    "c": "dc * i * (1 - g * g)",
    "o": "da_next * t * o * (1 - o)",
    "dc_prev": "f * dc",
}

wrong(
    "lstm_cell_backward",
    "dc without dc_next, in stacked form",
    LSTM_BACK.format_map(PARTS | {"dc": "o * da_next * (1 - t**2)"}),
    known_as="cell gradient ignored",
)
wrong(
    "lstm_cell_backward",
    "slope of tanh at the output gate",
    LSTM_BACK.format_map(PARTS | {"o": "da_next * t * (1 - o * o)"}),
    pattern=r"equation \(13\)|Right already: .*dbc",
)
wrong(
    "lstm_cell_backward",
    "two gates: candidate again through tanh, output gate without its slope",
    LSTM_BACK.format_map(PARTS | {"c": "dc * i * (1 - np.tanh(g)**2)", "o": "t * da_next"}),
    known_as="tanh of the candidate again; slope of the output gate left out",
)
wrong(
    "lstm_cell_backward",
    "the whole of dc halved",
    LSTM_BACK.format_map(PARTS | {"dc": "0.5 * (dc_next + o * (1 - t * t) * da_next)"}),
    pattern=r"look at dc first|Right already: .*dWo",
)
wrong(
    "lstm_cell_backward",
    "x on top of a in u as well as in z",
    LSTM_BACK.format_map(PARTS).replace("u[:n]", "u[len(xt):]").replace("u[n:]", "u[:len(xt)]"),
    known_as="gates cut at n_x",
)

# --- lstm_backward -----------------------------------------------------------------------------

wrong(
    "lstm_backward",
    "only the cell state carried, in lists",
    """
    def lstm_backward(da, caches):
        cells, x = caches
        c, out = np.zeros(da.shape[:2]), []
        for t in range(da.shape[2])[::-1]:
            out.insert(0, lstm_cell_backward(da[..., t], c, cells[t]))
            c = out[0]["dc_prev"]
        tot = {k + g: sum(s[k + g] for s in out) for k in ("dW", "db") for g in "fico"}
        return tot | {"dx": np.dstack([s["dxt"] for s in out]), "da0": out[0]["da_prev"]}
""",
    known_as="hidden gradient not carried back",
)
wrong(
    "lstm_backward",
    "totals from the first step alone",
    """
    def lstm_backward(da, caches):
        cells, x = caches
        a = c = np.zeros(da.shape[:2])
        dx = np.zeros(x.shape)
        for t in range(da.shape[2])[::-1]:
            s = lstm_cell_backward(a + da[..., t], c, cells[t])
            a, c, dx[..., t] = s["da_prev"], s["dc_prev"], s["dxt"]
        return {**{k: s[k] for k in s if k[1] in "Wb"}, "dx": dx, "da0": a}
""",
    known_as="weights overwritten",
)
wrong(
    "lstm_backward",
    "the carried cell gradient decays",
    """
    def lstm_backward(da, caches):
        cells, x = caches
        a = c = np.zeros(da.shape[:2])
        dx, tot = np.zeros(x.shape), {}
        for t in range(da.shape[2])[::-1]:
            s = lstm_cell_backward(a + da[..., t], 0.9 * c, cells[t])
            a, c, dx[..., t] = s["da_prev"], s["dc_prev"], s["dxt"]
            tot = {k: tot.get(k, 0) + s[k] for k in s if k[1] in "Wb"}
        return {**tot, "dx": dx, "da0": a}
""",
    pattern=STEP,
)
wrong(
    "lstm_backward",
    "da of the next step, off by one",
    """
    def lstm_backward(da, caches):
        cells, x = caches
        T = da.shape[2]
        a = c = np.zeros(da.shape[:2])
        dx, tot = np.zeros(x.shape), {}
        for t in range(T)[::-1]:
            s = lstm_cell_backward(a + da[..., min(t + 1, T - 1)], c, cells[t])
            a, c, dx[..., t] = s["da_prev"], s["dc_prev"], s["dxt"]
            tot = {k: tot.get(k, 0) + s[k] for k in s if k[1] in "Wb"}
        return {**tot, "dx": dx, "da0": a}
""",
    pattern=STEP,
)

# --- Second part: written when the checks were finished -----------------------------------------

wrong(
    "rnn_cell_forward",
    "z scaled by 1/sqrt(n_a)",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        z = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev / np.sqrt(len(a_prev)) + parameters["ba"]
        a = np.tanh(z)
        return a, softmax(parameters["Wya"] @ a + parameters["by"]), (a, a_prev, xt, parameters)
""",
    pattern=r"term with a_prev",
)
wrong(
    "rnn_cell_forward",
    "Wya transposed loops, no by",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        a = np.tanh(sum(parameters[k] @ v for k, v in (("Wax", xt), ("Waa", a_prev))) + parameters["ba"])
        s = np.exp(parameters["Wya"] @ a)
        return a, s / s.sum(0), (a, a_prev, xt, parameters)
""",
    known_as="prediction bias forgotten",
)
wrong(
    "rnn_cell_forward",
    "yt from the pre-activation",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        z = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"]
        a = np.tanh(z)
        return a, softmax(parameters["Wya"] @ z + parameters["by"]), (a, a_prev, xt, parameters)
""",
    pattern=r"yt_pred is what comes out when the tanh of equation \(1\) is left out",
)
wrong(
    "rnn_forward",
    "loop to T_x-1 with lists padded by zeros",
    """
    def rnn_forward(x, a0, parameters):
        n_y, n_a = parameters["Wya"].shape; _, m, T = x.shape
        A, Y, K, h, t = np.zeros((n_a, m, T)), np.zeros((n_y, m, T)), [], a0, 0
        while t < T - 1:
            h, y, k = rnn_cell_forward(x[:, :, t], h, parameters)
            A[:, :, t], Y[:, :, t] = h, y
            K.append(k); t += 1
        return A, Y, (K, x)
""",
    known_as="last step skipped",
)
wrong(
    "rnn_forward",
    "y stored in both",
    """
    def rnn_forward(x, a0, parameters):
        h, out = a0, []
        for t in range(x.shape[2]):
            h, y, k = rnn_cell_forward(x[:, :, t], h, parameters)
            out.append((h, h, k))
        return np.dstack([o[0] for o in out]), np.dstack([o[1] for o in out]), ([o[2] for o in out], x)
""",
    pattern=r"y_pred should have shape",
)
wrong(
    "lstm_cell_forward",
    "c and a mixed: a from tanh of the forget gate's product",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        z = np.vstack((a_prev, xt)); P = parameters
        f, i, o = (sigmoid(P["W"+k] @ z + P["b"+k]) for k in "fio"); g = np.tanh(P["Wc"] @ z + P["bc"])
        c = f * c_prev + i * g
        a = o * np.tanh(f * c_prev)
        return a, c, softmax(P["Wy"] @ a + P["by"]), (a, c, a_prev, c_prev, f, i, g, o, xt, P)
""",
    pattern=r"Changing W[ic] does not change a_next",
)
wrong(
    "lstm_cell_forward",
    "hard sigmoid in the output gate",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        z = np.vstack((a_prev, xt)); P = parameters
        f, i = (sigmoid(P["W"+k] @ z + P["b"+k]) for k in "fi"); g = np.tanh(P["Wc"] @ z + P["bc"])
        o = np.clip(0.2 * (P["Wo"] @ z + P["bo"]) + 0.5, 0, 1)
        c = f * c_prev + i * g
        a = o * np.tanh(c)
        return a, c, softmax(P["Wy"] @ a + P["by"]), (a, c, a_prev, c_prev, f, i, g, o, xt, P)
""",
    pattern=r"cache\[7\]\[0, :3\] \(ot, the output gate\) should be",
)
wrong(
    "lstm_forward",
    "c0 taken from a0 and a0 from zero",
    """
    def lstm_forward(x, a0, parameters):
        c, a, out = a0.copy(), np.zeros_like(a0), []
        for t in range(x.shape[2]):
            a, c, y, k = lstm_cell_forward(x[:, :, t], a, c, parameters)
            out.append((a, y, c, k))
        A, Y, C, K = zip(*out)
        return np.dstack(A), np.dstack(Y), np.dstack(C), (list(K), x)
""",
    pattern=r"time step 0 already|where the loop starts",
)
wrong(
    "lstm_forward",
    "x sliced from the end, outputs in place",
    """
    def lstm_forward(x, a0, parameters):
        c, a, out = np.zeros_like(a0), a0, []
        for xt in np.moveaxis(x, 2, 0)[::-1]:
            a, c, y, k = lstm_cell_forward(xt, a, c, parameters)
            out.append((a, y, c, k))
        A, Y, C, K = zip(*out)
        return np.dstack(A), np.dstack(Y), np.dstack(C), (list(K), x)
""",
    known_as="sequence read backward",
)
wrong(
    "rnn_cell_backward",
    "dba with sum over axis 0 reshaped, square",
    """
    def rnn_cell_backward(da_next, cache):
        a, p, x, P = cache
        d = da_next * (1 - a * a)
        return {"dxt": P["Wax"].T @ d, "da_prev": P["Waa"].T @ d, "dWax": d @ x.T, "dWaa": d @ p.T, "dba": d[:, :1]}
""",
    pattern=r"dba[\s\S]*Right already: .*dWaa",
)
wrong(
    "rnn_cell_backward",
    "da_next ignored and no transposes",
    """
    def rnn_cell_backward(da_next, cache):
        a, p, x, P = cache
        d = 1 - a ** 2
        return {"dxt": P["Wax"].T @ d, "da_prev": P["Waa"] @ d, "dWax": d @ x.T, "dWaa": d @ p.T, "dba": d.sum(1, keepdims=True)}
""",
    known_as="upstream gradient ignored",
)
wrong(
    "rnn_backward",
    "carried gradient counted twice",
    """
    def rnn_backward(da, caches):
        K, x = caches; b = 0; S = []
        for t in reversed(range(len(K))):
            S.append(rnn_cell_backward(da[:, :, t] + 2 * b, K[t])); b = S[-1]["da_prev"]
        return {k: sum(s[k] for s in S) for k in ("dWax", "dWaa", "dba")} | {"dx": np.dstack([s["dxt"] for s in S[::-1]]), "da0": b}
""",
    pattern=STEP,
)
wrong(
    "lstm_cell_backward",
    "forgets c_prev in f",
    """
    def lstm_cell_backward(da_next, dc_next, cache):
        a, c, p, q, f, i, g, o, x, P = cache
        t = np.tanh(c); e = dc_next + o * (1 - t * t) * da_next; z = np.vstack((p, x)); n = len(p)
        d = dict(f=e * f * (1 - f), i=e * g * i * (1 - i), c=e * i * (1 - g * g), o=da_next * t * o * (1 - o))
        u = sum(P["W" + k].T @ d[k] for k in "fico")
        return {"da_prev": u[:n], "dxt": u[n:], "dc_prev": f * e} | {"dW" + k: d[k] @ z.T for k in d} | {"db" + k: d[k].sum(1, keepdims=True) for k in d}
""",
    pattern=r"Changing c_prev|equation \(10\)|dz_f",
)
wrong(
    "lstm_cell_backward",
    "tanh slope of dc uses sigmoid-like slope",
    """
    def lstm_cell_backward(da_next, dc_next, cache):
        a, c, p, q, f, i, g, o, x, P = cache
        t = np.tanh(c); e = dc_next + o * t * (1 - t) * da_next; z = np.vstack((p, x)); n = len(p)
        d = dict(f=e * q * f * (1 - f), i=e * g * i * (1 - i), c=e * i * (1 - g * g), o=da_next * t * o * (1 - o))
        u = sum(P["W" + k].T @ d[k] for k in "fico")
        return {"da_prev": u[:n], "dxt": u[n:], "dc_prev": f * e} | {"dW" + k: d[k] @ z.T for k in d} | {"db" + k: d[k].sum(1, keepdims=True) for k in d}
""",
    pattern=r"Right already: .*dWo|equation \(9\)",
)
wrong(
    "lstm_backward",
    "neither sums nor carries",
    """
    def lstm_backward(da, caches):
        K, x = caches; zero = np.zeros(da.shape[:2])
        S = [lstm_cell_backward(da[:, :, t], zero, K[t]) for t in range(da.shape[2])]
        return {k: S[0][k] for k in S[0] if k[1] in "Wb"} | {"dx": np.dstack([s["dxt"] for s in S]), "da0": S[0]["da_prev"]}
""",
    known_as="nothing carried back; weights overwritten",
)
wrong(
    "lstm_backward",
    "dc carried forward from zero each two steps",
    """
    def lstm_backward(da, caches):
        K, x = caches; a = c = np.zeros(da.shape[:2]); S = []
        for t in reversed(range(da.shape[2])):
            S.insert(0, lstm_cell_backward(da[:, :, t] + a, c * (t % 2), K[t]))
            a, c = S[0]["da_prev"], S[0]["dc_prev"]
        return {k: sum(s[k] for s in S) for k in S[0] if k[1] in "Wb"} | {"dx": np.dstack([s["dxt"] for s in S]), "da0": a}
""",
    pattern=STEP,
)
