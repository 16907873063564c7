# ruff: noqa: E501 - students' lines are as long as they are
"""Right solutions that look different from the reference. None of them may lose a point.

Each is (function, what is different, source).
"""

from __future__ import annotations

from textwrap import dedent

RIGHT: list[tuple[str, str, str]] = []


def right(function: str, difference: str, source: str) -> None:
    """Add one solution to the corpus."""
    RIGHT.append((function, difference, dedent(source).strip()))


# --- rnn_cell_forward --------------------------------------------------------------------------

right(
    "rnn_cell_forward",
    "np.dot and other names",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        p = parameters
        s = np.dot(p["Waa"], a_prev) + np.dot(p["Wax"], xt) + p["ba"]
        h = np.tanh(s)
        return h, softmax(np.dot(p["Wya"], h) + p["by"]), (h, a_prev, xt, p)
""",
)
right(
    "rnn_cell_forward",
    "einsum",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        z = np.einsum("ij,jm->im", parameters["Wax"], xt)
        z = z + np.einsum("ij,jm->im", parameters["Waa"], a_prev) + parameters["ba"]
        a_next = np.tanh(z)
        yt_pred = softmax(np.einsum("ya,am->ym", parameters["Wya"], a_next) + parameters["by"])
        return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
)
right(
    "rnn_cell_forward",
    "one product of stacked matrices",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        W = np.hstack((parameters["Waa"], parameters["Wax"], parameters["ba"]))
        z = np.vstack((a_prev, xt, np.ones((1, xt.shape[1]))))
        a_next = np.tanh(W @ z)
        yt_pred = softmax(parameters["Wya"] @ a_next + parameters["by"])
        return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
)
right(
    "rnn_cell_forward",
    "a loop over the examples",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        columns = []
        for j in range(xt.shape[1]):
            z = parameters["Wax"] @ xt[:, j] + parameters["Waa"] @ a_prev[:, j] + parameters["ba"][:, 0]
            columns.append(np.tanh(z))
        a_next = np.stack(columns, axis=1)
        yt_pred = softmax(parameters["Wya"] @ a_next + parameters["by"])
        return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
)
right(
    "rnn_cell_forward",
    "a softmax of one's own, helpers inside",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        def probabilities(v):
            shifted = np.exp(v - v.max(axis=0))
            return shifted / shifted.sum(axis=0)

        def affine(W, u, b=0):
            return np.matmul(W, u) + b

        a_next = np.tanh(affine(parameters["Wax"], xt) + affine(parameters["Waa"], a_prev, parameters["ba"]))
        yt_pred = probabilities(affine(parameters["Wya"], a_next, parameters["by"]))
        return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
)
right(
    "rnn_cell_forward",
    "tanh from exponentials, log-softmax",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        z = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"]
        small = np.exp(-2 * np.abs(z))
        a_next = np.sign(z) * (1 - small) / (1 + small)
        v = parameters["Wya"] @ a_next + parameters["by"]
        v = v - np.max(v, axis=0, keepdims=True)
        yt_pred = np.exp(v - np.log(np.sum(np.exp(v), axis=0, keepdims=True)))
        return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
)
right(
    "rnn_cell_forward",
    "a cache as a list, of copies",
    """
    def rnn_cell_forward(xt, a_prev, parameters):
        a_next = np.tanh((xt.T @ parameters["Wax"].T + a_prev.T @ parameters["Waa"].T).T + parameters["ba"])
        yt_pred = softmax(parameters["Wya"] @ a_next + parameters["by"])
        cache = [a_next.copy(), a_prev.copy(), xt.copy(), dict(parameters)]
        return a_next, yt_pred, cache
""",
)

# --- rnn_forward -------------------------------------------------------------------------------

right(
    "rnn_forward",
    "lists, then np.stack",
    """
    def rnn_forward(x, a0, parameters):
        states, predictions, caches, a = [], [], [], a0
        for t in range(x.shape[2]):
            a, y, cache = rnn_cell_forward(x[:, :, t], a, parameters)
            states.append(a)
            predictions.append(y)
            caches.append(cache)
        return np.stack(states, axis=2), np.stack(predictions, axis=2), (caches, x)
""",
)
right(
    "rnn_forward",
    "reads the previous slice back",
    """
    def rnn_forward(x, a0, parameters):
        n_y, n_a = parameters["Wya"].shape
        _, m, T_x = x.shape
        a, y_pred, caches = np.zeros((n_a, m, T_x)), np.zeros((n_y, m, T_x)), []
        for t in range(T_x):
            before = a0 if t == 0 else a[:, :, t - 1]
            a[:, :, t], y_pred[:, :, t], cache = rnn_cell_forward(x[:, :, t], before, parameters)
            caches.append(cache)
        return a, y_pred, (caches, x)
""",
)
right(
    "rnn_forward",
    "np.empty, enumerate over moved axes",
    """
    def rnn_forward(x, a0, parameters):
        T_x = x.shape[-1]
        a = np.empty((*a0.shape, T_x))
        y_pred = np.empty((parameters["Wya"].shape[0], a0.shape[1], T_x))
        caches, state = [None] * T_x, a0.copy()
        for t, xt in enumerate(np.moveaxis(x, 2, 0)):
            state, y_pred[..., t], caches[t] = rnn_cell_forward(xt, state, parameters)
            a[..., t] = state
        return a, y_pred, (caches, x)
""",
)
right(
    "rnn_forward",
    "a tuple of caches, a list as the pair",
    """
    def rnn_forward(x, a0, parameters):
        steps, a = [], a0
        for t in range(x.shape[2]):
            steps.append(rnn_cell_forward(x[:, :, t], a, parameters))
            a = steps[-1][0]
        states, predictions, caches = zip(*steps)
        return np.dstack(states), np.dstack(predictions), [caches, x]
""",
)
right(
    "rnn_forward",
    "a while loop and a helper",
    """
    def rnn_forward(x, a0, parameters):
        def put(into, what):
            return np.concatenate((into, what[:, :, None]), axis=2)

        m = x.shape[1]
        a, y_pred = np.zeros((a0.shape[0], m, 0)), np.zeros((parameters["Wya"].shape[0], m, 0))
        caches, t, state = [], 0, a0
        while t < x.shape[2]:
            state, yt_pred, cache = rnn_cell_forward(x[:, :, t], state, parameters)
            a, y_pred, caches, t = put(a, state), put(y_pred, yt_pred), caches + [cache], t + 1
        return a, y_pred, (caches, x)
""",
)
right(
    "rnn_forward",
    "recursion, and a copy of the input",
    """
    def rnn_forward(x, a0, parameters):
        def go(t, state):
            if t == x.shape[2]:
                return []
            step = rnn_cell_forward(np.ascontiguousarray(x[:, :, t]), state, parameters)
            return [step, *go(t + 1, step[0])]

        steps = go(0, a0)
        a, y_pred = (np.stack([step[i] for step in steps], axis=-1) for i in (0, 1))
        return a, y_pred, ([step[2] for step in steps], x.copy())
""",
)

# --- lstm_cell_forward -------------------------------------------------------------------------

right(
    "lstm_cell_forward",
    "all gates in one product",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        n_a = a_prev.shape[0]
        W = np.vstack([parameters["W" + k] for k in "fioc"])
        b = np.vstack([parameters["b" + k] for k in "fioc"])
        z = W @ np.vstack((a_prev, xt)) + b
        ft, it, ot = (sigmoid(part) for part in np.split(z[: 3 * n_a], 3))
        cct = np.tanh(z[3 * n_a :])
        c_next = it * cct + ft * c_prev
        a_next = np.tanh(c_next) * ot
        yt_pred = softmax(parameters["Wy"] @ a_next + parameters["by"])
        return a_next, c_next, yt_pred, (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
""",
)
right(
    "lstm_cell_forward",
    "split weights and no stacking",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        n_a = a_prev.shape[0]

        def mix(k):
            W = parameters["W" + k]
            return np.dot(W[:, :n_a], a_prev) + np.dot(W[:, n_a:], xt) + parameters["b" + k]

        ft, it, cct, ot = sigmoid(mix("f")), sigmoid(mix("i")), np.tanh(mix("c")), sigmoid(mix("o"))
        c_next = np.multiply(ft, c_prev) + np.multiply(it, cct)
        a_next = np.multiply(ot, np.tanh(c_next))
        yt_pred = softmax(np.dot(parameters["Wy"], a_next) + parameters["by"])
        return a_next, c_next, yt_pred, (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
""",
)
right(
    "lstm_cell_forward",
    "einsum and a filled array",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        n_a, m = a_prev.shape
        z = np.zeros((n_a + xt.shape[0], m))
        z[:n_a], z[n_a:] = a_prev, xt
        g = {k: np.einsum("ij,jm->im", parameters["W" + k], z) + parameters["b" + k] for k in "fico"}
        g = {k: np.tanh(v) if k == "c" else sigmoid(v) for k, v in g.items()}
        c_next = g["f"] * c_prev + g["i"] * g["c"]
        a_next = g["o"] * np.tanh(c_next)
        yt_pred = softmax(parameters["Wy"] @ a_next + parameters["by"])
        cache = (a_next, c_next, a_prev, c_prev, g["f"], g["i"], g["c"], g["o"], xt, parameters)
        return a_next, c_next, yt_pred, cache
""",
)
right(
    "lstm_cell_forward",
    "sigmoid from tanh",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        def gate(v):
            return 0.5 * (1 + np.tanh(v / 2))

        z = np.r_[a_prev, xt]
        ft = gate(parameters["Wf"] @ z + parameters["bf"])
        it = gate(parameters["Wi"] @ z + parameters["bi"])
        ot = gate(parameters["Wo"] @ z + parameters["bo"])
        cct = np.tanh(parameters["Wc"] @ z + parameters["bc"])
        c_next = ft * c_prev + it * cct
        a_next = ot * np.tanh(c_next)
        yt_pred = softmax(parameters["Wy"] @ a_next + parameters["by"])
        return a_next, c_next, yt_pred, (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
""",
)
right(
    "lstm_cell_forward",
    "a cache as a list of copies",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        z = np.append(a_prev, xt, axis=0)
        ft, it, ot = [sigmoid(parameters[f"W{k}"] @ z + parameters[f"b{k}"]) for k in "fio"]
        cct = np.tanh(parameters["Wc"] @ z + parameters["bc"])
        c_next = c_prev.copy()
        c_next *= ft
        c_next += it * cct
        a_next = ot * np.tanh(c_next)
        yt_pred = softmax(parameters["Wy"] @ a_next + parameters["by"])
        kept = [a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt]
        return a_next, c_next, yt_pred, [v.copy() for v in kept] + [dict(parameters)]
""",
)
right(
    "lstm_cell_forward",
    "examples as rows inside",
    """
    def lstm_cell_forward(xt, a_prev, c_prev, parameters):
        z = np.hstack((a_prev.T, xt.T))
        f, i, o = (sigmoid(z @ parameters["W" + k].T + parameters["b" + k].T).T for k in "fio")
        g = np.tanh(z @ parameters["Wc"].T + parameters["bc"].T).T
        c = f * c_prev + i * g
        a = o * np.tanh(c)
        y = softmax((a.T @ parameters["Wy"].T).T + parameters["by"])
        return a, c, y, (a, c, a_prev, c_prev, f, i, g, o, xt, parameters)
""",
)

# --- lstm_forward ------------------------------------------------------------------------------

right(
    "lstm_forward",
    "lists, then np.stack",
    """
    def lstm_forward(x, a0, parameters):
        a, c, steps = a0, np.zeros_like(a0), []
        for t in range(x.shape[2]):
            a, c, y, cache = lstm_cell_forward(x[:, :, t], a, c, parameters)
            steps.append((a, y, c, cache))
        A, Y, C = (np.stack([s[i] for s in steps], axis=2) for i in range(3))
        return A, Y, C, ([s[3] for s in steps], x)
""",
)
right(
    "lstm_forward",
    "reads the previous slices back",
    """
    def lstm_forward(x, a0, parameters):
        T_x, m = x.shape[2], x.shape[1]
        n_y, n_a = parameters["Wy"].shape
        a, c, y, caches = np.zeros((n_a, m, T_x)), np.zeros((n_a, m, T_x)), np.zeros((n_y, m, T_x)), []
        for t in range(T_x):
            before = (a[:, :, t - 1], c[:, :, t - 1]) if t else (a0, 0 * a0)
            a[:, :, t], c[:, :, t], y[:, :, t], cache = lstm_cell_forward(x[:, :, t], *before, parameters)
            caches.append(cache)
        return a, y, c, (caches, x)
""",
)
right(
    "lstm_forward",
    "one step more, a0 in front",
    """
    def lstm_forward(x, a0, parameters):
        T_x = x.shape[2]
        a, c = np.zeros((*a0.shape, T_x + 1)), np.zeros((*a0.shape, T_x + 1))
        a[..., 0] = a0
        y, caches = np.zeros((parameters["by"].shape[0], a0.shape[1], T_x)), ()
        for t in range(T_x):
            step = lstm_cell_forward(x[..., t], a[..., t], c[..., t], parameters)
            a[..., t + 1], c[..., t + 1], y[..., t] = step[:3]
            caches += (step[3],)
        return a[..., 1:], y, c[..., 1:], (caches, x)
""",
)
right(
    "lstm_forward",
    "dstack and a list as the pair",
    """
    def lstm_forward(x, a0, parameters):
        memory, out = (a0, np.zeros(a0.shape, dtype=np.float64)), []
        for xt in x.transpose(2, 0, 1):
            out.append(lstm_cell_forward(xt, *memory, parameters))
            memory = out[-1][:2]
        states, cells, predictions, caches = map(list, zip(*out))
        return np.dstack(states), np.dstack(predictions), np.dstack(cells), [caches, x]
""",
)
right(
    "lstm_forward",
    "copies of everything",
    """
    def lstm_forward(x, a0, parameters):
        T_x = np.size(x, 2)
        a_t, c_t = np.array(a0), np.zeros((a0.shape[0], x.shape[1]))
        a, c = (np.full((a0.shape[0], x.shape[1], T_x), np.nan) for _ in range(2))
        y = np.full((parameters["Wy"].shape[0], x.shape[1], T_x), np.nan)
        caches = []
        for t in range(0, T_x, 1):
            a_t, c_t, y_t, cache = lstm_cell_forward(x[:, :, t].copy(), a_t.copy(), c_t.copy(), parameters)
            a[:, :, t], c[:, :, t], y[:, :, t] = a_t, c_t, y_t
            caches.append(tuple(cache))
        return a, y, c, (caches, x.copy())
""",
)

# --- rnn_cell_backward -------------------------------------------------------------------------

right(
    "rnn_cell_backward",
    "np.dot, sum as a method",
    """
    def rnn_cell_backward(da_next, cache):
        a_next, a_prev, xt, p = cache
        d = da_next - da_next * np.square(a_next)
        return dict(dxt=np.dot(p["Wax"].T, d), dWax=np.dot(d, xt.T), da_prev=np.dot(p["Waa"].T, d),
                    dWaa=np.dot(d, a_prev.T), dba=d.sum(1, keepdims=True))
""",
)
right(
    "rnn_cell_backward",
    "tanh computed again",
    """
    def rnn_cell_backward(da_next, cache):
        _, a_prev, xt, parameters = cache
        z = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"]
        dz = da_next / np.cosh(z) ** 2
        return {"dba": dz.sum(axis=1)[:, None], "dWaa": dz @ a_prev.T, "da_prev": parameters["Waa"].T @ dz,
                "dWax": dz @ xt.T, "dxt": parameters["Wax"].T @ dz}
""",
)
right(
    "rnn_cell_backward",
    "einsum",
    """
    def rnn_cell_backward(da_next, cache):
        a_next, a_prev, xt, parameters = cache
        dz = (1 - a_next) * (1 + a_next) * da_next
        return {
            "dxt": np.einsum("ax,am->xm", parameters["Wax"], dz),
            "da_prev": np.einsum("ab,am->bm", parameters["Waa"], dz),
            "dWax": np.einsum("am,xm->ax", dz, xt),
            "dWaa": np.einsum("am,bm->ab", dz, a_prev),
            "dba": np.einsum("am->a", dz).reshape(-1, 1),
        }
""",
)
right(
    "rnn_cell_backward",
    "a loop over the examples",
    """
    def rnn_cell_backward(da_next, cache):
        a_next, a_prev, xt, parameters = cache
        dx, dp = np.zeros_like(xt), np.zeros_like(a_prev)
        dWax, dWaa = np.zeros_like(parameters["Wax"]), np.zeros_like(parameters["Waa"])
        dba = np.zeros((a_prev.shape[0], 1))
        for j in range(xt.shape[1]):
            d = (1 - a_next[:, j] ** 2) * da_next[:, j]
            dx[:, j], dp[:, j] = parameters["Wax"].T @ d, parameters["Waa"].T @ d
            dWax += np.outer(d, xt[:, j])
            dWaa += np.outer(d, a_prev[:, j])
            dba[:, 0] += d
        return {"dxt": dx, "da_prev": dp, "dWax": dWax, "dWaa": dWaa, "dba": dba}
""",
)
right(
    "rnn_cell_backward",
    "one stacked product, more keys than asked for",
    """
    def rnn_cell_backward(da_next, cache):
        a_next, a_prev, xt, parameters = cache
        n_a = a_prev.shape[0]
        W = np.concatenate((parameters["Waa"], parameters["Wax"]), axis=1)
        dz = (1 - a_next * a_next) * da_next
        du, dW = W.T @ dz, dz @ np.concatenate((a_prev, xt)).T
        return {"dz": dz, "dxt": du[n_a:], "da_prev": du[:n_a], "dWax": dW[:, n_a:], "dWaa": dW[:, :n_a],
                "dba": dz @ np.ones((dz.shape[1], 1))}
""",
)

# --- rnn_backward ------------------------------------------------------------------------------

right(
    "rnn_backward",
    "sums of lists",
    """
    def rnn_backward(da, caches):
        cells, x = caches
        steps, carried = [], 0
        for t in range(da.shape[2] - 1, -1, -1):
            steps.append(rnn_cell_backward(da[:, :, t] + carried, cells[t]))
            carried = steps[-1]["da_prev"]
        g = {k: sum(s[k] for s in steps) for k in ("dWax", "dWaa", "dba")}
        return g | {"dx": np.stack([s["dxt"] for s in steps[::-1]], axis=2), "da0": carried}
""",
)
right(
    "rnn_backward",
    "np.flip, zeros like the parameters",
    """
    def rnn_backward(da, caches):
        cell_caches, x = caches
        parameters = cell_caches[0][3]
        dx, carried = np.zeros_like(x), np.zeros_like(da[:, :, 0])
        dWax, dWaa = np.zeros_like(parameters["Wax"]), np.zeros_like(parameters["Waa"])
        dba = np.zeros((da.shape[0], 1))
        for t in np.flip(np.arange(x.shape[2])):
            step = rnn_cell_backward(np.add(da[..., t], carried), cell_caches[t])
            dx[..., t], carried = step["dxt"], step["da_prev"]
            dWax, dWaa, dba = dWax + step["dWax"], dWaa + step["dWaa"], dba + step["dba"]
        return {"dx": dx, "da0": carried, "dWax": dWax, "dWaa": dWaa, "dba": dba}
""",
)
right(
    "rnn_backward",
    "a copy of da that collects",
    """
    def rnn_backward(da, caches):
        (cells, x), da = caches, da.copy()
        T = da.shape[-1]
        dx, totals = np.empty(x.shape), {}
        for t in reversed(range(T)):
            step = rnn_cell_backward(da[:, :, t], cells[t])
            dx[:, :, t] = step["dxt"]
            if t > 0:
                da[:, :, t - 1] += step["da_prev"]
            else:
                totals["da0"] = step["da_prev"]
            for k in ("dWax", "dWaa", "dba"):
                totals[k] = step[k] + totals.get(k, 0)
        return totals | {"dx": dx}
""",
)
right(
    "rnn_backward",
    "zip from the end, sums first to last",
    """
    def rnn_backward(da, caches):
        cells, x = caches
        found, carried = [], np.zeros(da.shape[:2])
        for d, cache in zip(np.moveaxis(da, 2, 0)[::-1], list(cells)[::-1]):
            found.insert(0, rnn_cell_backward(d + carried, cache))
            carried = found[0]["da_prev"]
        out = {k: np.sum(np.stack([s[k] for s in found]), axis=0) for k in ("dWax", "dWaa", "dba")}
        out["dx"], out["da0"] = np.dstack([s["dxt"] for s in found]), found[0]["da_prev"]
        return out
""",
)
right(
    "rnn_backward",
    "a while loop and copies",
    """
    def rnn_backward(da, caches):
        cells, x = caches
        t, carried, dx = da.shape[2], np.zeros_like(da[:, :, 0]), np.zeros(x.shape)
        totals = None
        while t:
            t -= 1
            step = rnn_cell_backward(carried + da[:, :, t].copy(), cells[t])
            carried, dx[:, :, t] = step["da_prev"].copy(), step["dxt"]
            part = {k: v.copy() for k, v in step.items() if k not in ("dxt", "da_prev")}
            totals = part if totals is None else {k: totals[k] + part[k] for k in part}
        return {"dx": dx, "da0": carried, **totals}
""",
)

# --- lstm_cell_backward ------------------------------------------------------------------------

right(
    "lstm_cell_backward",
    "every gate written out",
    """
    def lstm_cell_backward(da_next, dc_next, cache):
        a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, p = cache
        n_a = a_next.shape[0]
        tc = np.tanh(c_next)
        do = da_next * tc * ot * (1 - ot)
        dc = dc_next + da_next * ot * (1 - tc * tc)
        dg = dc * it * (1 - cct ** 2)
        di = dc * cct * it * (1 - it)
        df = dc * c_prev * ft * (1 - ft)
        z = np.vstack((a_prev, xt))
        da_prev = p["Wf"][:, :n_a].T @ df + p["Wi"][:, :n_a].T @ di + p["Wc"][:, :n_a].T @ dg + p["Wo"][:, :n_a].T @ do
        dxt = p["Wf"][:, n_a:].T @ df + p["Wi"][:, n_a:].T @ di + p["Wc"][:, n_a:].T @ dg + p["Wo"][:, n_a:].T @ do
        s = lambda v: np.sum(v, axis=1, keepdims=True)
        return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc * ft, "dWf": df @ z.T, "dbf": s(df),
                "dWi": di @ z.T, "dbi": s(di), "dWc": dg @ z.T, "dbc": s(dg), "dWo": do @ z.T, "dbo": s(do)}
""",
)
right(
    "lstm_cell_backward",
    "one product of stacked matrices",
    """
    def lstm_cell_backward(da_next, dc_next, cache):
        a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
        n_a = a_prev.shape[0]
        dc = ot * (1 - np.tanh(c_next) ** 2) * da_next + dc_next
        d = np.vstack((dc * c_prev * ft * (1 - ft), dc * cct * it * (1 - it), it * (1 - cct**2) * dc,
                       np.tanh(c_next) * ot * (1 - ot) * da_next))
        W = np.vstack([parameters["W" + k] for k in "fico"])
        dz, dW = W.T @ d, d @ np.vstack((a_prev, xt)).T
        out = {"da_prev": dz[:n_a], "dxt": dz[n_a:], "dc_prev": ft * dc}
        for n, k in enumerate("fico"):
            rows = slice(n * n_a, (n + 1) * n_a)
            out["dW" + k], out["db" + k] = dW[rows], d[rows].sum(axis=1, keepdims=True)
        return out
""",
)
right(
    "lstm_cell_backward",
    "sums written out by term",
    """
    def lstm_cell_backward(da_next, dc_next, cache):
        a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
        back = ot * (1 - np.square(np.tanh(c_next)))
        df = (dc_next * c_prev + back * c_prev * da_next) * ft * (1 - ft)
        di = (dc_next * cct + back * cct * da_next) * it * (1 - it)
        dg = (dc_next * it + back * it * da_next) * (1 - np.square(cct))
        do = da_next * np.tanh(c_next) * ot * (1 - ot)
        dc_prev = dc_next * ft + back * ft * da_next
        z, n_a = np.concatenate((a_prev, xt)), len(a_prev)
        stacked = sum(parameters["W" + k].T @ d for k, d in zip("fico", (df, di, dg, do)))
        out = {"da_prev": stacked[:n_a, :], "dxt": stacked[n_a:, :], "dc_prev": dc_prev}
        for k, d in zip("fico", (df, di, dg, do)):
            out |= {"dW" + k: np.dot(d, z.T), "db" + k: np.sum(d, axis=1).reshape(-1, 1)}
        return out
""",
)
right(
    "lstm_cell_backward",
    "einsum",
    """
    def lstm_cell_backward(da_next, dc_next, cache):
        a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
        n_a, t = a_prev.shape[0], np.tanh(c_next)
        dc = dc_next + ot * (1 - t) * (1 + t) * da_next
        d = np.stack((dc * c_prev * (ft - ft**2), dc * cct * (it - it**2), dc * it * (1 - cct * cct),
                      da_next * t * (ot - ot**2)))
        W = np.stack([parameters["W" + k] for k in "fico"])
        z = np.concatenate((a_prev, xt), 0)
        dW, du = np.einsum("kam,zm->kaz", d, z), np.einsum("kaz,kam->zm", W, d)
        out = {f"dW{k}": dW[i] for i, k in enumerate("fico")}
        out |= {f"db{k}": d[i].sum(-1, keepdims=True) for i, k in enumerate("fico")}
        return {**out, "da_prev": du[:n_a], "dxt": du[n_a:], "dc_prev": dc * ft}
""",
)
right(
    "lstm_cell_backward",
    "a loop over the examples",
    """
    def lstm_cell_backward(da_next, dc_next, cache):
        a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
        n_a, m = a_prev.shape
        out = {"dxt": np.zeros(xt.shape), "da_prev": np.zeros((n_a, m)), "dc_prev": np.zeros((n_a, m))}
        for k in "fico":
            out["dW" + k], out["db" + k] = np.zeros(parameters["W" + k].shape), np.zeros((n_a, 1))
        for j in range(m):
            t = np.tanh(c_next[:, j])
            dc = dc_next[:, j] + ot[:, j] * (1 - t**2) * da_next[:, j]
            z = np.concatenate((a_prev[:, j], xt[:, j]))
            d = {"f": dc * c_prev[:, j] * ft[:, j] * (1 - ft[:, j]), "i": dc * cct[:, j] * it[:, j] * (1 - it[:, j]),
                 "c": dc * it[:, j] * (1 - cct[:, j] ** 2), "o": da_next[:, j] * t * ot[:, j] * (1 - ot[:, j])}
            for k in "fico":
                out["dW" + k] += np.outer(d[k], z)
                out["db" + k][:, 0] += d[k]
                back = parameters["W" + k].T @ d[k]
                out["da_prev"][:, j] += back[:n_a]
                out["dxt"][:, j] += back[n_a:]
            out["dc_prev"][:, j] = ft[:, j] * dc
        return out
""",
)

# --- lstm_backward -----------------------------------------------------------------------------

right(
    "lstm_backward",
    "sums of lists",
    """
    def lstm_backward(da, caches):
        cells, x = caches
        steps, a, c = [], 0 * da[:, :, 0], 0 * da[:, :, 0]
        for t in range(da.shape[2])[::-1]:
            steps.append(lstm_cell_backward(da[:, :, t] + a, c, cells[t]))
            a, c = steps[-1]["da_prev"], steps[-1]["dc_prev"]
        out = {k + g: sum(s[k + g] for s in steps) for k in ("dW", "db") for g in "fico"}
        return {**out, "da0": a, "dx": np.stack([s["dxt"] for s in reversed(steps)], axis=-1)}
""",
)
right(
    "lstm_backward",
    "zeros like the parameters",
    """
    def lstm_backward(da, caches):
        cells, x = caches
        parameters = cells[0][-1]
        totals = {"d" + k: np.zeros_like(v) for k, v in parameters.items() if k not in ("Wy", "by")}
        dx = np.zeros(x.shape)
        da_back, dc_back = np.zeros(da.shape[:2]), np.zeros(da.shape[:2])
        for t in np.arange(x.shape[2] - 1, -1, -1):
            g = lstm_cell_backward(np.add(da_back, da[:, :, t]), dc_back, cells[t])
            da_back, dc_back, dx[:, :, t] = g["da_prev"], g["dc_prev"], g["dxt"]
            totals = {k: v + g[k] for k, v in totals.items()}
        return totals | {"dx": dx, "da0": da_back}
""",
)
right(
    "lstm_backward",
    "a copy of da that collects",
    """
    def lstm_backward(da, caches):
        cells, x = caches
        arriving = np.concatenate((np.zeros((*da.shape[:2], 1)), da), axis=2)
        dc, dx, totals = np.zeros(da.shape[:2]), [], {}
        for t in reversed(range(da.shape[2])):
            g = dict(lstm_cell_backward(arriving[:, :, t + 1], dc, cells[t]))
            dc = g.pop("dc_prev")
            arriving[:, :, t] += g.pop("da_prev")
            dx.insert(0, g.pop("dxt"))
            for name in g:
                totals[name] = totals.get(name, 0) + g[name]
        return dict(totals, dx=np.dstack(dx), da0=arriving[:, :, 0])
""",
)
right(
    "lstm_backward",
    "eight variables",
    """
    def lstm_backward(da, caches):
        (cells, x), (n_a, m, T) = caches, da.shape
        dx, da_p, dc_p = np.zeros((x.shape[0], m, T)), np.zeros((n_a, m)), np.zeros((n_a, m))
        dWf = dWi = dWc = dWo = np.zeros((n_a, n_a + x.shape[0]))
        dbf = dbi = dbc = dbo = np.zeros((n_a, 1))
        for t in range(T - 1, -1, -1):
            g = lstm_cell_backward(da[:, :, t] + da_p, dc_p, cells[t])
            dx[:, :, t], da_p, dc_p = g["dxt"], g["da_prev"], g["dc_prev"]
            dWf, dWi, dWc, dWo = dWf + g["dWf"], dWi + g["dWi"], dWc + g["dWc"], dWo + g["dWo"]
            dbf, dbi, dbc, dbo = dbf + g["dbf"], dbi + g["dbi"], dbc + g["dbc"], dbo + g["dbo"]
        return {"dx": dx, "da0": da_p, "dWf": dWf, "dWi": dWi, "dWc": dWc, "dWo": dWo,
                "dbf": dbf, "dbi": dbi, "dbc": dbc, "dbo": dbo}
""",
)
right(
    "lstm_backward",
    "recursion",
    """
    def lstm_backward(da, caches):
        cells, x = caches
        dx, totals = np.zeros_like(x), {}

        def back(t, da_carried, dc_carried):
            if t < 0:
                return da_carried
            g = lstm_cell_backward(da[:, :, t] + da_carried, dc_carried, cells[t])
            dx[:, :, t] = g["dxt"]
            for k in g:
                if k[1] in "Wb":
                    totals[k] = totals[k] + g[k] if k in totals else g[k].copy()
            return back(t - 1, g["da_prev"], g["dc_prev"])

        zero = np.zeros(da.shape[:2])
        totals["da0"] = back(da.shape[2] - 1, zero, zero)
        return {"dx": dx, **totals}
""",
)
