"""Slips in lstm_cell_forward and lstm_forward."""
# ruff: noqa: E501 - a sentence, or an edit, reads best on one line

from __future__ import annotations

from .mistake import CHANGED, FLOAT32, INTEGERS, KEEPS, ROUNDED, Mistake, slips_in

# --- One step ----------------------------------------------------------------------------------

# Lines of the reference that are edited below.
STACK = "np.concatenate((a_prev, xt), axis=0)"
FORGET = "sigmoid(Wf @ concat + bf)"
UPDATE = "sigmoid(Wi @ concat + bi)"
CANDIDATE = "np.tanh(Wc @ concat + bc)"
OUTPUT = "sigmoid(Wo @ concat + bo)"
STATE = "ft * c_prev + it * cct"
HIDDEN = "ot * np.tanh(c_next)"
PREDICTION = "softmax(Wy @ a_next + by)"
CACHE = "cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)"
RETURN = "return a_next, c_next, yt_pred, cache"

slip = slips_in("lstm_cell_forward")


def _bias_slips() -> tuple[Mistake, ...]:
    """Return one slip for each gate whose bias is forgotten."""
    gates = {"f": "forget gate, equation (1)", "i": "update gate, equation (2)"}
    gates |= {"c": "candidate, equation (3)", "o": "output gate, equation (4)"}
    return tuple(
        slip(f"b{k} forgotten", f"the bias b{k} is left out of the {gate}", (f" + b{k})", ")"))
        for k, gate in gates.items()
    )


CELL = (
    slip(
        "input on top",
        "concat is stacked in the wrong order, with xt on top; a_prev belongs on top of xt",
        (STACK, "np.concatenate((xt, a_prev), axis=0)"),
    ),
    slip(
        "stacked sideways",
        "a_prev and xt are joined along axis 1, side by side; they should be stacked along axis 0",
        (STACK, "np.concatenate((a_prev, xt), axis=1)"),
    ),
    slip(
        "cell state stacked",
        "c_prev is stacked on xt; concat should hold a_prev on top of xt",
        (STACK, "np.concatenate((c_prev, xt), axis=0)"),
    ),
    *_bias_slips(),
    slip(
        "gates swapped",
        "the forget gate and the update gate are swapped in equation (5)",
        (STATE, "it * c_prev + ft * cct"),
    ),
    slip(
        "weights of the gates swapped",
        "Wf, bf and Wi, bi are swapped between the forget gate (1) and the update gate (2)",
        (FORGET, "sigmoid(Wi @ concat + bi) * 1"),
        ("it = " + UPDATE, "it = sigmoid(Wf @ concat + bf)"),
    ),
    slip(
        "update gate with the forget gate's weights",
        "the update gate (2) uses Wf and bf; its own are Wi and bi",
        (UPDATE, "sigmoid(Wf @ concat + bf) * 1"),
    ),
    slip(
        "update gate with the forget gate's bias",
        "the update gate (2) adds bf, the bias of the forget gate, and not bi",
        (UPDATE, "sigmoid(Wi @ concat + bf)"),
    ),
    slip(
        "output gate with the candidate's weights",
        "the output gate (4) uses Wc and bc; its own are Wo and bo",
        (OUTPUT, "sigmoid(Wc @ concat + bc)"),
    ),
    slip(
        "candidate with the output gate's weights",
        "the candidate (3) uses Wo and bo; its own are Wc and bc",
        (CANDIDATE, "np.tanh(Wo @ concat + bo)"),
    ),
    slip(
        "candidate from a sigmoid",
        "the candidate (3) goes through a sigmoid; it is the one part of the four that needs tanh",
        (CANDIDATE, "sigmoid(Wc @ concat + bc)"),
    ),
    slip(
        "forget gate from tanh",
        "the forget gate (1) goes through tanh; a gate needs a sigmoid",
        (FORGET, "np.tanh(Wf @ concat + bf)"),
    ),
    slip(
        "update gate from tanh",
        "the update gate (2) goes through tanh; a gate needs a sigmoid",
        (UPDATE, "np.tanh(Wi @ concat + bi)"),
    ),
    slip(
        "output gate from tanh",
        "the output gate (4) goes through tanh; a gate needs a sigmoid",
        (OUTPUT, "np.tanh(Wo @ concat + bo)"),
    ),
    slip(
        "candidate without tanh",
        "the tanh of the candidate, equation (3), is left out",
        (CANDIDATE, "Wc @ concat + bc"),
    ),
    slip(
        "matrix products in the cell state",
        "@ stands where equation (5) multiplies entry by entry, with *",
        ("ft * c_prev + it * cct", "ft @ c_prev + it @ cct"),
    ),
    slip(
        "forget gate without sigmoid",
        "the sigmoid of the forget gate, equation (1), is left out",
        (FORGET, "Wf @ concat + bf"),
    ),
    slip(
        "hidden state without tanh",
        "the tanh around c_next is left out of equation (6)",
        (HIDDEN, "ot * c_next"),
    ),
    slip(
        "hidden state with a sigmoid",
        "a sigmoid stands where equation (6) has tanh",
        (HIDDEN, "ot * sigmoid(c_next)"),
    ),
    slip(
        "tanh around the product",
        "tanh is taken of the product of ot and c_next; equation (6) takes it of c_next alone",
        (HIDDEN, "np.tanh(ot * c_next)"),
    ),
    slip(
        "hidden state from the old cell state",
        "a_next is made from c_prev; equation (6) uses the new cell state c_next",
        (HIDDEN, "ot * np.tanh(c_prev)"),
    ),
    slip(
        "hidden state without the output gate",
        "the output gate ot is left out of equation (6)",
        (HIDDEN, "np.tanh(c_next)"),
    ),
    slip(
        "hidden state with the forget gate",
        "the forget gate stands where equation (6) has the output gate ot",
        (HIDDEN, "ft * np.tanh(c_next)"),
    ),
    slip(
        "hidden state from the candidate",
        "a_next is made from the candidate cct; equation (6) uses the cell state c_next",
        (HIDDEN, "ot * np.tanh(cct)"),
    ),
    slip(
        "nothing forgotten",
        "the forget gate ft is left out of equation (5), so all of c_prev is kept",
        (STATE, "c_prev + it * cct"),
    ),
    slip(
        "everything written",
        "the update gate is left out of equation (5), so all of the candidate is written",
        (STATE, "ft * c_prev + cct"),
    ),
    slip(
        "one gate for both",
        "1 - ft stands where equation (5) has the update gate",
        (STATE, "ft * c_prev + (1 - ft) * cct"),
    ),
    slip(
        "old memory lost",
        "the term ft * c_prev is missing from equation (5)",
        (STATE, "it * cct"),
    ),
    slip(
        "hidden state for the old memory",
        "a_prev stands where equation (5) has c_prev",
        (STATE, "ft * a_prev + it * cct"),
    ),
    slip(
        "cell state squashed",
        "the tanh of equation (6) is taken too early, so that c_next itself is squashed",
        (STATE, "np.tanh(ft * c_prev + it * cct)"),
        (HIDDEN, "ot * c_next"),
    ),
    slip(
        "terms subtracted",
        "the two terms of equation (5) are subtracted; they should be added",
        (STATE, "ft * c_prev - it * cct"),
    ),
    slip(
        "prediction from the cell state",
        "the prediction is made from c_next; equation (7) uses the hidden state a_next",
        ("Wy @ a_next", "Wy @ c_next"),
    ),
    slip(
        "prediction from the old state",
        "the prediction is made from a_prev; equation (7) uses the new hidden state a_next",
        ("Wy @ a_next", "Wy @ a_prev"),
    ),
    slip(
        "prediction bias forgotten",
        "the bias by is left out of equation (7)",
        (" + by)", ")"),
    ),
    slip(
        "sigmoid for softmax",
        "a sigmoid stands where equation (7) has the softmax",
        (PREDICTION, "sigmoid(Wy @ a_next + by)"),
    ),
    slip(
        "softmax left out",
        "the softmax of equation (7) is left out",
        (PREDICTION, "Wy @ a_next + by"),
    ),
    slip(
        "softmax along the rows",
        "the softmax runs along each row, over the examples; it belongs to each column",
        (PREDICTION, "softmax((Wy @ a_next + by).T).T"),
    ),
    slip(
        "softmax with one maximum for all",
        "a softmax of your own subtracts the maximum of the whole array; a column far below it "
        "turns into NaN, so each column needs its own maximum",
        (
            PREDICTION,
            "np.exp(Wy @ a_next + by - np.max(Wy @ a_next + by))\n"
            "    yt_pred = yt_pred / np.sum(yt_pred, axis=0)",
        ),
    ),
    slip(
        "sigmoid that goes wrong at large numbers",
        "a sigmoid of your own divides exp(z) by 1 + exp(z), which turns into NaN for a large z",
        (OUTPUT, "np.exp(Wo @ concat + bo) / (1 + np.exp(Wo @ concat + bo))"),
    ),
    slip(
        "gates in another order in the cache",
        "the gates stand in another order in the cache; it is ft, it, cct, ot",
        (CACHE, "cache = (a_next, c_next, a_prev, c_prev, it, ft, ot, cct, xt, parameters)"),
    ),
    slip(
        "candidate and output gate swapped in the cache",
        "cct and ot have changed places in the cache; it is ft, it, cct, ot",
        (CACHE, "cache = (a_next, c_next, a_prev, c_prev, ft, it, ot, cct, xt, parameters)"),
    ),
    slip(
        "old and new swapped in the cache",
        "the old states stand before the new ones in the cache; a_next and c_next come first",
        (CACHE, "cache = (a_prev, c_prev, a_next, c_next, ft, it, cct, ot, xt, parameters)"),
    ),
    slip(
        "hidden and cell state swapped in the cache",
        "c_next stands before a_next in the cache; a_next comes first",
        (CACHE, "cache = (c_next, a_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)"),
    ),
    slip(
        "input missing from the cache",
        "xt is missing from the cache",
        (CACHE, "cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, parameters)"),
    ),
    slip(
        "stacked vector in the cache",
        "the stacked vector concat stands where the cache should hold xt",
        (CACHE, "cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, concat, parameters)"),
    ),
    slip(
        "results in another order",
        "c_next is returned before a_next",
        (RETURN, "return c_next, a_next, yt_pred, cache"),
    ),
    slip(
        "cell state changed in place",
        "c_prev is changed with *= or += on the way to c_next",
        (STATE, "c_prev\n    c_next *= ft\n    c_next += it * cct"),
        says=CHANGED,
    ),
    slip(
        "gate scaled in place",
        "the update gate is overwritten by its product with the candidate before it goes into the cache",
        (STATE, "ft * c_prev\n    it *= cct\n    c_next += it"),
    ),
    slip(
        "tanh written over the cell state",
        "c_next is overwritten by its own tanh before it is returned",
        (HIDDEN, "ot * np.tanh(c_next, out=c_next)"),
    ),
    slip(
        "cell state rounded",
        "c_next is rounded",
        (STATE, f"np.round({STATE}, 6)"),
        says=ROUNDED,
    ),
    slip(
        "float32 in the middle",
        "something is held in float32 on the way",
        (STACK, f"{STACK}.astype(np.float32).astype(np.float64)"),
        says=ROUNDED,
    ),
    slip(
        "float32 returned",
        "the result is turned into float32",
        (HIDDEN, f"({HIDDEN}).astype(np.float32)"),
        says=FLOAT32,
    ),
    slip(
        "five hidden units only",
        "the code counts on 5 hidden units and 3 inputs; all sizes can be any number",
        (FORGET, "sigmoid(Wf[:, :5] @ concat[:5] + Wf[:, 5:] @ concat[5:8] + bf)"),
    ),
    slip(
        "sizes swapped in the split",
        "the weights are split at n_x; the first n_a columns belong to a_prev",
        (FORGET, "sigmoid(Wf[:, : xt.shape[0]] @ xt + Wf[:, xt.shape[0] :] @ a_prev + bf)"),
    ),
)

# --- Through time ------------------------------------------------------------------------------

START = "a_next, c_next = a0, np.zeros((n_a, m))\n"
LOOP = "for t in range(T_x):"
CALL = "lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)"
RESULTS = "a_next, c_next, yt_pred, cache = "
ZEROS = "a, c, y = np.zeros((n_a, m, T_x)), np.zeros((n_a, m, T_x)), np.zeros((n_y, m, T_x))"
SEQUENCES = "return a, y, c, (caches, x)"

slip = slips_in("lstm_forward")

FORWARD = (
    slip(
        "zeros in place of a0",
        "the hidden state starts from zeros, as a[:, :, -1] holds them; it should start from a0",
        (START, "a_next, c_next = np.zeros((n_a, m)), np.zeros((n_a, m))\n"),
    ),
    slip(
        "previous slices at step 0 too",
        "the hidden state starts from zeros, as a[:, :, -1] holds them; it should start from a0",
        (CALL, "lstm_cell_forward(x[:, :, t], a[:, :, t - 1], c[:, :, t - 1], parameters)"),
    ),
    slip(
        "cell state starts at a0",
        "the cell state starts from a0; it should start from zeros",
        (START, "a_next, c_next = a0, a0\n"),
    ),
    slip(
        "cell state starts at one",
        "the cell state starts from ones; it should start from zeros",
        (START, "a_next, c_next = a0, np.ones((n_a, m))\n"),
    ),
    slip(
        "a0 at every step",
        "the cell gets a0 at every step; from the second step on it should get the a_next before it",
        (CALL, "lstm_cell_forward(x[:, :, t], a0, c_next, parameters)"),
    ),
    slip(
        "cell state not passed on",
        "the cell state starts from zeros at every step and is never passed on",
        (CALL, "lstm_cell_forward(x[:, :, t], a_next, np.zeros((n_a, m)), parameters)"),
    ),
    slip(
        "nothing passed on",
        "neither the hidden state nor the cell state is passed on to the next step",
        (CALL, "lstm_cell_forward(x[:, :, t], a0, np.zeros((n_a, m)), parameters)"),
    ),
    slip(
        "hidden state for the cell state",
        "the hidden state is handed to the cell in place of the cell state, too",
        (CALL, "lstm_cell_forward(x[:, :, t], a_next, a_next, parameters)"),
    ),
    slip(
        "memories swapped on the way in",
        "the cell gets c_next before a_next; its order is xt, a_prev, c_prev",
        (CALL, "lstm_cell_forward(x[:, :, t], c_next, a_next, parameters)"),
    ),
    slip(
        "memories swapped on the way out",
        "what the cell returns is unpacked as c_next, a_next; its order is a_next, c_next",
        (RESULTS, "c_next, a_next, yt_pred, cache = "),
    ),
    slip(
        "what the cell returns in another order",
        "what the cell returns is unpacked in another order than a_next, c_next, yt_pred, cache",
        (RESULTS, "a_next, yt_pred, c_next, cache = "),
    ),
    slip(
        "cell state starts from a number",
        "the cell state starts from the number 0 instead of an array of zeros like a0",
        (START, "a_next, c_next = a0, 0.0\n"),
    ),
    slip(
        "slices still empty",
        "the slices at t are handed to the cell before they are filled, so all steps start from zeros",
        (CALL, "lstm_cell_forward(x[:, :, t], a[:, :, t], c[:, :, t], parameters)"),
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
        ("        caches.append(cache)", f"        caches.append(cache)\n        {SEQUENCES}"),
    ),
    slip(
        "loop over the examples",
        "the loop counts the examples (m) and not the time steps (T_x)",
        (LOOP, "for t in range(m):"),
    ),
    slip(
        "seven steps only",
        "the loop always makes 7 steps; T_x can be any number",
        (LOOP, "for t in range(7):"),
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
        "slice along the examples",
        "x is sliced along its second axis, the examples; time is the last axis",
        ("x[:, :, t], a_next", "x[:, t, :], a_next"),
    ),
    slip(
        "cell states stored as hidden states",
        "c_next is stored in a; a holds the hidden states a_next",
        ("a[:, :, t] = a_next", "a[:, :, t] = c_next"),
    ),
    slip(
        "hidden states stored as cell states",
        "a_next is stored in c; c holds the cell states c_next",
        ("c[:, :, t] = c_next", "c[:, :, t] = a_next"),
    ),
    slip(
        "cell states never stored",
        "the cell states are never stored in c, which keeps its zeros",
        ("        c[:, :, t] = c_next\n", ""),
    ),
    slip(
        "hidden states stored as predictions",
        "a_next is stored in y; y holds the predictions yt_pred",
        ("y[:, :, t] = yt_pred", "y[:, :, t] = a_next"),
    ),
    slip(
        "predictions never stored",
        "the predictions are never stored in y, which keeps its zeros",
        ("        y[:, :, t] = yt_pred\n", ""),
    ),
    slip(
        "predictions one step late",
        "each prediction is stored one step too early, at t - 1",
        ("y[:, :, t] = yt_pred", "y[:, :, t - 1] = yt_pred"),
    ),
    slip(
        "cell states one step late",
        "c holds the cell state before each step; c[:, :, t] is the one after step t",
        (RESULTS, f"before = c_next\n        {RESULTS}"),
        ("c[:, :, t] = c_next", "c[:, :, t] = before"),
    ),
    slip(
        "results in another order",
        "c is returned before y; the order is a, y, c, caches",
        (SEQUENCES, "return a, c, y, (caches, x)"),
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
        "states for caches",
        "the two states are appended to caches; the whole cache of the step belongs there",
        ("caches.append(cache)", "caches.append((a_next, c_next))"),
    ),
    slip(
        "input missing from the caches",
        "x is missing from the caches: they are a pair, (list of cell caches, x)",
        (SEQUENCES, "return a, y, c, caches"),
    ),
    slip(
        "last input in the caches",
        "the caches hold the last input x[:, :, t] where the whole x belongs",
        (SEQUENCES, "return a, y, c, (caches, x[:, :, t])"),
    ),
    slip(
        "state written into a0",
        "the new hidden state is written into a0 itself",
        (RESULTS, "a_next[:], c_next, yt_pred, cache = "),
        says=CHANGED,
    ),
    slip(
        "one array for all cell states",
        "one array is overwritten at every step, so that the caches all point to the last state",
        (RESULTS, "a_next, c_next[:], yt_pred, cache = "),
    ),
    slip(
        "cell state a view of the results",
        "c_next is a view into c that later steps write to, so that the caches change afterwards",
        (START, "a_next, c = a0, np.zeros((n_a, m, T_x + 1))\n    c_next = c[:, :, 0]\n"),
        (RESULTS, "before = c_next\n        a_next, c_new, yt_pred, cache = "),
        ("c[:, :, t] = c_next", "c[:, :, t] = c_new\n        c_next = c[:, :, t]"),
        (SEQUENCES, "return a, y, c[:, :, :T_x], (caches, x)"),
    ),
    slip(
        "caches keep growing",
        "caches is a default argument, which Python makes once and keeps from call to call",
        ("def lstm_forward(x, a0, parameters):", "def lstm_forward(x, a0, parameters, caches=[]):"),
        ("    caches = []\n", ""),
        says=KEEPS,
    ),
    slip(
        "cell state goes on from the last call",
        "the cell state starts from what the call before has left; it should start from zeros",
        (
            START,
            'a_next, c_next = a0, globals().get("last_c", np.zeros((n_a, m)))\n'
            "    c_next = c_next if c_next.shape == a0.shape else np.zeros((n_a, m))\n",
        ),
        (f"    {SEQUENCES}", f'    globals()["last_c"] = c_next\n    {SEQUENCES}'),
        says=KEEPS,
    ),
    slip(
        "float32 results",
        "the arrays for the results are made as float32",
        (ZEROS, "a, c, y = (np.zeros((n, m, T_x), np.float32) for n in (n_a, n_a, n_y))"),
        says=FLOAT32,
    ),
    slip(
        "whole numbers only",
        "the arrays for the results hold whole numbers, so that fractions are cut off",
        (ZEROS, "a, c, y = (np.zeros((n, m, T_x), int) for n in (n_a, n_a, n_y))"),
        says=INTEGERS,
    ),
    slip(
        "ten examples only",
        "the code counts on 10 examples; m can be any number",
        (START, "a_next, c_next = a0, np.zeros((n_a, 10))\n"),
    ),
)

MISTAKES = CELL + FORWARD
