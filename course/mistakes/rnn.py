"""Slips in rnn_cell_forward and rnn_forward."""
# ruff: noqa: E501 - a sentence, or an edit, reads best on one line

from __future__ import annotations

from .mistake import CHANGED, FLOAT32, INTEGERS, KEEPS, ROUNDED, slips_in

# --- One step ----------------------------------------------------------------------------------

# Lines of the reference that are edited below.
STATE = "np.tanh(Wax @ xt + Waa @ a_prev + ba)"
PREDICTION = "softmax(Wya @ a_next + by)"
CACHE = "cache = (a_next, a_prev, xt, parameters)"
BIASES = 'ba, by = parameters["ba"], parameters["by"]'

slip = slips_in("rnn_cell_forward")

CELL = (
    slip(
        "hidden bias forgotten",
        "the bias ba is left out of equation (1)",
        (" + ba)", ")"),
    ),
    slip(
        "by in place of ba",
        "the bias by is used where equation (1) has ba",
        (" + ba)", " + by)"),
    ),
    slip(
        "hidden bias after the tanh",
        "the bias ba is added after the tanh of equation (1) and not inside it",
        (STATE, "np.tanh(Wax @ xt + Waa @ a_prev) + ba"),
    ),
    slip(
        "hidden bias subtracted",
        "the bias ba is subtracted in equation (1)",
        (" + ba)", " - ba)"),
    ),
    slip(
        "previous state left out",
        "the hidden state of the step before, a_prev, has no part in equation (1)",
        (" + Waa @ a_prev", ""),
    ),
    slip(
        "input left out",
        "the input xt has no part in equation (1)",
        ("Wax @ xt + ", ""),
    ),
    slip(
        "Waa transposed",
        "Waa is transposed; equation (1) uses it as it is",
        ("Waa @ a_prev", "Waa.T @ a_prev"),
    ),
    slip(
        "Wax and Waa swapped",
        "Wax meets a_prev and Waa meets xt; the second letter says what a matrix is multiplied with",
        ("Wax @ xt + Waa @ a_prev", "Waa @ xt + Wax @ a_prev"),
    ),
    slip(
        "Wya in place of Waa",
        "Wya is used where equation (1) has Waa",
        ("Waa @ a_prev", "Wya @ a_prev"),
    ),
    slip(
        "entry by entry",
        "* stands where equation (1) has a matrix product, which is written @",
        ("Waa @ a_prev", "Waa * a_prev"),
    ),
    slip(
        "sigmoid for tanh",
        "a sigmoid stands where equation (1) has tanh",
        (STATE, "1 / (1 + np.exp(-(Wax @ xt + Waa @ a_prev + ba)))"),
    ),
    slip(
        "tanh left out",
        "the tanh of equation (1) is left out",
        ("np.tanh(", "("),
    ),
    slip(
        "tanh of each term",
        "tanh is taken of the terms one by one and not of their sum, as in equation (1)",
        (STATE, "np.tanh(Wax @ xt) + np.tanh(Waa @ a_prev) + np.tanh(ba)"),
    ),
    slip(
        "relu for tanh",
        "a ReLU, which cuts negative numbers to zero, stands where equation (1) has tanh",
        (STATE, "np.maximum(0, Wax @ xt + Waa @ a_prev + ba)"),
    ),
    slip(
        "prediction bias forgotten",
        "the bias by is left out of equation (2)",
        (" + by)", ")"),
    ),
    slip(
        "prediction bias outside",
        "the bias by is added after the softmax of equation (2) and not inside it",
        (PREDICTION, "softmax(Wya @ a_next) + by"),
    ),
    slip(
        "prediction from the old state",
        "the prediction is made from a_prev; equation (2) uses the new hidden state a_next",
        ("Wya @ a_next", "Wya @ a_prev"),
    ),
    slip(
        "prediction from tanh of the state",
        "tanh is taken twice: a_next already went through it, so equation (2) uses it as it is",
        ("Wya @ a_next", "Wya @ np.tanh(a_next)"),
    ),
    slip(
        "softmax left out",
        "the softmax of equation (2) is left out",
        (PREDICTION, "(Wya @ a_next + by)"),
    ),
    slip(
        "sigmoid for softmax",
        "a sigmoid stands where equation (2) has the softmax",
        (PREDICTION, "1 / (1 + np.exp(-(Wya @ a_next + by)))"),
    ),
    slip(
        "tanh for softmax",
        "tanh stands where equation (2) has the softmax",
        (PREDICTION, "np.tanh(Wya @ a_next + by)"),
    ),
    slip(
        "softmax along the rows",
        "the softmax runs along each row, over the examples; it belongs to each column",
        (PREDICTION, "softmax((Wya @ a_next + by).T).T"),
    ),
    slip(
        "softmax over everything",
        "the softmax divides by the sum of the whole array and not by that of each column",
        (PREDICTION, "np.exp(Wya @ a_next + by) / np.sum(np.exp(Wya @ a_next + by))"),
    ),
    slip(
        "softmax that overflows",
        "a softmax of your own takes exp of large numbers, which overflows; the given one does not",
        (PREDICTION, "np.exp(Wya @ a_next + by) / np.sum(np.exp(Wya @ a_next + by), axis=0)"),
    ),
    slip(
        "softmax with one maximum for all",
        "a softmax of your own subtracts the maximum of the whole array; a column far below it "
        "turns into NaN, so each column needs its own maximum",
        (
            PREDICTION,
            "np.exp(Wya @ a_next + by - np.max(Wya @ a_next + by))\n"
            "    yt_pred = yt_pred / np.sum(yt_pred, axis=0)",
        ),
    ),
    slip(
        "class numbers for probabilities",
        "the prediction is rounded to 0 and 1; the softmax of equation (2) gives probabilities",
        (PREDICTION, "np.round(softmax(Wya @ a_next + by))"),
    ),
    slip(
        "cache in another order",
        "a_next and a_prev have changed places in the cache; a_next should come first",
        (CACHE, "cache = (a_prev, a_next, xt, parameters)"),
    ),
    slip(
        "prediction in the cache",
        "yt_pred stands where the cache should hold a_next",
        (CACHE, "cache = (yt_pred, a_prev, xt, parameters)"),
    ),
    slip(
        "input missing from the cache",
        "xt is missing from the cache",
        (CACHE, "cache = (a_next, a_prev, parameters)"),
    ),
    slip(
        "new state twice in the cache",
        "a_prev was overwritten by a_next, so the cache holds the new hidden state twice",
        (CACHE, "a_prev = a_next\n    cache = (a_next, a_prev, xt, parameters)"),
    ),
    slip(
        "results in another order",
        "yt_pred is returned before a_next",
        ("return a_next, yt_pred, cache", "return yt_pred, a_next, cache"),
    ),
    slip(
        "new state written into a_prev",
        "a_prev was overwritten by a_next, so the cache holds the new hidden state twice",
        (STATE, f"{STATE}\n    a_prev[:] = a_next"),
        says=CHANGED,
    ),
    slip(
        "parameters changed",
        "a parameter is changed with += inside the function",
        ("    a_next = np", "    ba += Waa @ a_prev[:, :1] * 0 + 1e-3\n    a_next = np"),
        says=CHANGED,
    ),
    slip(
        "rounded",
        "a_next is rounded",
        (STATE, f"np.round({STATE}, 6)"),
        says=ROUNDED,
    ),
    slip(
        "float32 in the middle",
        "something is held in float32 on the way",
        (STATE, "np.tanh((Wax @ xt + Waa @ a_prev + ba).astype(np.float32)).astype(np.float64)"),
        says=ROUNDED,
    ),
    slip(
        "float32 returned",
        "the result is turned into float32",
        (STATE, f"{STATE}.astype(np.float32)"),
        says=FLOAT32,
    ),
    slip(
        "sum cut off",
        "what goes into the tanh is clipped",
        (STATE, "np.tanh(np.clip(Wax @ xt + Waa @ a_prev + ba, -4, 4))"),
    ),
    slip(
        "ten examples only",
        "the code counts on 10 examples; m can be any number",
        (" + ba)", " + np.tile(ba, 10))"),
    ),
    slip(
        "mean of the biases",
        "one number, the mean of ba, is added in place of a column",
        (" + ba)", " + np.mean(ba))"),
    ),
    slip(
        "stale bias",
        "a variable left over from an earlier cell or call is used, here a ba that is out of date",
        (BIASES, 'by, ba = parameters["by"], globals().setdefault("old_ba", parameters["ba"])'),
    ),
    slip(
        "all from the first call",
        "the result of an earlier call is kept and returned again",
        (STATE, f'globals().setdefault("kept_a_next", {STATE})'),
    ),
)

# --- Through time ------------------------------------------------------------------------------

START = "a_next = a0\n"
LOOP = "for t in range(T_x):"
CALL = "rnn_cell_forward(x[:, :, t], a_next, parameters)"
STORE = "a[:, :, t] = a_next"
STORE_Y = "y_pred[:, :, t] = yt_pred"
ZEROS = "a, y_pred, caches = np.zeros((n_a, m, T_x)), np.zeros((n_y, m, T_x)), []"
RETURN = "return a, y_pred, (caches, x)"

slip = slips_in("rnn_forward")

FORWARD = (
    slip(
        "hidden states stored as predictions",
        "a_next is stored in y_pred; y_pred holds the predictions yt_pred",
        (STORE_Y, "y_pred[:, :, t] = a_next"),
    ),
    slip(
        "zeros in place of a0",
        "the first step starts from zeros, as a[:, :, -1] holds them, and not from a0",
        (START, "a_next = np.zeros((n_a, m))\n"),
    ),
    slip(
        "previous slice at step 0 too",
        "the first step starts from zeros, as a[:, :, -1] holds them, and not from a0",
        (CALL, "rnn_cell_forward(x[:, :, t], a[:, :, t - 1], parameters)"),
    ),
    slip(
        "a0 at every step",
        "every step starts from a0; from the second step on it should be the hidden state before it",
        (CALL, "rnn_cell_forward(x[:, :, t], a0, parameters)"),
    ),
    slip(
        "slice still empty",
        "a[:, :, t] is handed to the cell before it is filled, so every step starts from zeros",
        (CALL, "rnn_cell_forward(x[:, :, t], a[:, :, t], parameters)"),
    ),
    slip(
        "a0 for two steps",
        "a0 is used for the first two steps, and not for the first alone",
        (CALL, "rnn_cell_forward(x[:, :, t], a0 if t <= 1 else a_next, parameters)"),
    ),
    slip(
        "state from two steps before",
        "the cell gets the hidden state from two steps before",
        (START, "a_next = older = a0\n"),
        (
            "a_next, yt_pred, cache = " + CALL,
            "older, (a_next, yt_pred, cache) = a_next, "
            "rnn_cell_forward(x[:, :, t], older, parameters)",
        ),
    ),
    slip(
        "last step skipped",
        "the loop stops one step early and the last time step is never computed",
        (LOOP, "for t in range(T_x - 1):"),
    ),
    slip(
        "first step skipped",
        "the loop starts at step 1 and the first time step, step 0, is never computed",
        (LOOP, "for t in range(1, T_x):"),
    ),
    slip(
        "return inside the loop",
        "the function returns inside the loop, after the first step",
        ("        caches.append(cache)", f"        caches.append(cache)\n        {RETURN}"),
    ),
    slip(
        "loop over the examples",
        "the loop counts the examples (m) and not the time steps (T_x)",
        (LOOP, "for t in range(m):"),
    ),
    slip(
        "loop over the inputs",
        "the loop counts the inputs (n_x) and not the time steps (T_x)",
        (LOOP, "for t in range(n_x):"),
    ),
    slip(
        "four steps only",
        "the loop always makes 4 steps; T_x can be any number",
        (LOOP, "for t in range(4):"),
    ),
    slip(
        "first input at every step",
        "every step reads the first input x[:, :, 0]; step t reads x[:, :, t]",
        ("x[:, :, t], a_next", "x[:, :, 0], a_next"),
    ),
    slip(
        "sequence read backward",
        "the sequence is read from its end to its beginning",
        ("x[:, :, t], a_next", "x[:, :, T_x - 1 - t], a_next"),
    ),
    slip(
        "input one step ahead",
        "step t reads the input of step t + 1",
        ("x[:, :, t], a_next", "x[:, :, (t + 1) % T_x], a_next"),
    ),
    slip(
        "slice along the examples",
        "x is sliced along its second axis, the examples; time is the last axis",
        ("x[:, :, t], a_next", "x[:, t, :], a_next"),
    ),
    slip(
        "state and input swapped",
        "the cell gets the hidden state first and the input second; its order is xt, a_prev",
        ("rnn_cell_forward(x[:, :, t], a_next,", "rnn_cell_forward(a_next, x[:, :, t],"),
    ),
    slip(
        "states one step late",
        "a holds the hidden state before each step; a[:, :, t] is the one after step t",
        (
            "a_next, yt_pred, cache = " + CALL,
            f"before = a_next\n        a_next, yt_pred, cache = {CALL}",
        ),
        (STORE, "a[:, :, t] = before"),
    ),
    slip(
        "predictions one step late",
        "each prediction is stored one step too early, at t - 1",
        (STORE_Y, "y_pred[:, :, t - 1] = yt_pred"),
    ),
    slip(
        "predictions never stored",
        "the predictions are never stored in y_pred, which keeps its zeros",
        (STORE_Y, "y_pred_t = yt_pred"),
    ),
    slip(
        "states never stored",
        "the hidden states are never stored in a, which keeps its zeros",
        (STORE, "a_t = a_next"),
    ),
    slip(
        "states added up",
        "the hidden states are added up over time in a and not stored as they are",
        (STORE, "a[:, :, t] = a_next + (a[:, :, t - 1] if t else 0)"),
    ),
    slip(
        "results made anew at each step",
        "a and y_pred are made anew inside the loop, so that only the last step is left in them",
        (
            f"    {LOOP}\n",
            f"    {LOOP}\n        a, y_pred = np.zeros(a.shape), np.zeros(y_pred.shape)\n",
        ),
    ),
    slip(
        "caches reversed",
        "the caches are in reverse order; the first step should come first",
        ("caches.append(cache)", "caches.insert(0, cache)"),
    ),
    slip(
        "only the last cache",
        "only the cache of the last step is kept; each step appends its own",
        ("        caches.append(cache)", "    caches.append(cache)"),
    ),
    slip(
        "no cache kept",
        "no cache is appended to caches",
        ("        caches.append(cache)\n", ""),
    ),
    slip(
        "cache appended twice",
        "each cache is appended twice",
        ("caches.append(cache)", "caches.append(cache)\n        caches.append(cache)"),
    ),
    slip(
        "states for caches",
        "the hidden state is appended to caches; the whole cache of the step belongs there",
        ("caches.append(cache)", "caches.append(a_next)"),
    ),
    slip(
        "input missing from the caches",
        "x is missing from the caches: they are a pair, (list of cell caches, x)",
        (RETURN, "return a, y_pred, caches"),
    ),
    slip(
        "last input in the caches",
        "the caches hold the last input x[:, :, t] where the whole x belongs",
        (RETURN, "return a, y_pred, (caches, x[:, :, t])"),
    ),
    slip(
        "input before the caches",
        "x comes first in the caches; the list of cell caches should",
        (RETURN, "return a, y_pred, (x, caches)"),
    ),
    slip(
        "results in another order",
        "y_pred is returned before a",
        (RETURN, "return y_pred, a, (caches, x)"),
    ),
    slip(
        "state written into a0",
        "the new hidden state is written into a0 itself",
        ("a_next, yt_pred, cache = " + CALL, f"a_next[:], yt_pred, cache = {CALL}"),
        says=CHANGED,
    ),
    slip(
        "one array for all states",
        "one array is overwritten at every step, so that the caches all point to the last state",
        (START, "a_next = a0.copy()\n"),
        ("a_next, yt_pred, cache = " + CALL, f"a_next[:], yt_pred, cache = {CALL}"),
    ),
    slip(
        "caches keep growing",
        "caches is a default argument, which Python makes once and keeps from call to call",
        ("def rnn_forward(x, a0, parameters):", "def rnn_forward(x, a0, parameters, caches=[]):"),
        (ZEROS, "a, y_pred = np.zeros((n_a, m, T_x)), np.zeros((n_y, m, T_x))"),
        says=KEEPS,
    ),
    slip(
        "state goes on from the last call",
        "the last hidden state of the call before is used as a start",
        (
            START,
            'a_next = globals().get("last_a", a0)\n    a_next = a_next if a_next.shape == a0.shape else a0\n',
        ),
        (f"    {RETURN}", f'    globals()["last_a"] = a_next\n    {RETURN}'),
        says=KEEPS,
    ),
    slip(
        "float32 results",
        "the arrays for the results are made as float32",
        (
            ZEROS,
            "a, y_pred = np.zeros((n_a, m, T_x), np.float32), np.zeros((n_y, m, T_x))\n    caches = []",
        ),
        says=FLOAT32,
    ),
    slip(
        "whole numbers only",
        "the arrays for the results hold whole numbers, so that fractions are cut off",
        (
            ZEROS,
            "a, y_pred = np.zeros((n_a, m, T_x), int), np.zeros((n_y, m, T_x), int)\n    caches = []",
        ),
        says=INTEGERS,
    ),
    slip(
        "ten examples only",
        "the code counts on 10 examples; m can be any number",
        (ZEROS, "a, y_pred, caches = np.zeros((n_a, 10, T_x)), np.zeros((n_y, 10, T_x)), []"),
    ),
    slip(
        "cell written out",
        "the equations of the cell are written out in the loop; it should call rnn_cell_forward",
        (
            "a_next, yt_pred, cache = " + CALL,
            "a_prev, xt, p = a_next, x[:, :, t], parameters\n"
            '        a_next = np.tanh(p["Wax"] @ xt + p["Waa"] @ a_prev + p["ba"])\n'
            '        yt_pred = softmax(p["Wya"] @ a_next + p["by"])\n'
            "        cache = (a_next, a_prev, xt, p)",
        ),
    ),
)

MISTAKES = CELL + FORWARD
