"""Slips in lstm_cell_backward and lstm_backward."""
# ruff: noqa: E501 - a sentence, or an edit, reads best on one line

from __future__ import annotations

from .mistake import CHANGED, FLOAT32, INTEGERS, KEEPS, ROUNDED, slips_in

# --- One step ----------------------------------------------------------------------------------

# Lines of the reference that are edited below.
STATE = "dc = dc_next + ot * (1 - np.tanh(c_next) ** 2) * da_next"
FORGET = '"f": dc * c_prev * ft * (1 - ft)'
UPDATE = '"i": dc * cct * it * (1 - it)'
CANDIDATE = '"c": dc * it * (1 - cct**2)'
OUTPUT = '"o": da_next * np.tanh(c_next) * ot * (1 - ot)'
STACK = "np.concatenate((a_prev, xt), axis=0)"
WEIGHT = 'gradients["dW" + k] = dz[k] @ concat.T'
BIAS = 'gradients["db" + k] = np.sum(dz[k], axis=1, keepdims=True)'
HIDDEN = 'gradients["da_prev"] += W[:, :n_a].T @ dz[k]'
INPUT = 'gradients["dxt"] += W[:, n_a:].T @ dz[k]'
CELL_STATE = 'gradients["dc_prev"] = ft * dc'
UNPACK = "a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache"

slip = slips_in("lstm_cell_backward")

CELL = (
    slip(
        "cell gradient ignored",
        "dc_next is left out of equation (9)",
        ("dc = dc_next + ot", "dc = ot"),
    ),
    slip(
        "hidden gradient kept out of the cell state",
        "only dc_next goes into dc; equation (9) adds what flows in from da_next",
        (STATE, "dc = dc_next"),
    ),
    slip(
        "parenthesis misplaced",
        "a parenthesis is misplaced: in equation (9), 1 - tanh² is one factor, and da_next is another",
        (STATE, "dc = dc_next + ot * (1 - np.tanh(c_next) ** 2 * da_next)"),
    ),
    slip(
        "parenthesis misplaced, gate by gate",
        "the parenthesis of equation (9) closes too late: ot * (1 - tanh² * … * da_next) stands where "
        "ot * (1 - tanh²) * … * da_next belongs",
        (
            FORGET,
            '"f": (dc_next * c_prev + ot * (1 - np.tanh(c_next) ** 2 * c_prev * da_next)) * ft * (1 - ft)',
        ),
        (
            UPDATE,
            '"i": (dc_next * cct + ot * (1 - np.tanh(c_next) ** 2 * cct * da_next)) * it * (1 - it)',
        ),
        (
            CANDIDATE,
            '"c": (dc_next * it + ot * (1 - np.tanh(c_next) ** 2 * it * da_next)) * (1 - cct**2)',
        ),
        (
            CELL_STATE,
            'gradients["dc_prev"] = dc_next * ft + ot * (1 - np.tanh(c_next) ** 2 * ft * da_next)',
        ),
    ),
    slip(
        "sum without parentheses",
        "the sum dc is written out without parentheses, so that the gate's slope multiplies one of "
        "its two terms alone",
        (
            FORGET,
            '"f": dc_next * c_prev + ot * (1 - np.tanh(c_next) ** 2) * c_prev * da_next * ft * (1 - ft)',
        ),
        (
            UPDATE,
            '"i": dc_next * cct + ot * (1 - np.tanh(c_next) ** 2) * cct * da_next * it * (1 - it)',
        ),
        (
            CANDIDATE,
            '"c": dc_next * it + ot * (1 - np.tanh(c_next) ** 2) * it * da_next * (1 - cct**2)',
        ),
    ),
    slip(
        "square left out",
        "the tanh of equation (9) is not squared",
        (STATE, "dc = dc_next + ot * (1 - np.tanh(c_next)) * da_next"),
    ),
    slip(
        "tanh left out",
        "c_next is squared without its tanh; equation (9) has 1 - tanh²(c_next)",
        (STATE, "dc = dc_next + ot * (1 - c_next**2) * da_next"),
    ),
    slip(
        "hidden state for the tanh",
        "a_next² stands where equation (9) has tanh²(c_next); a_next is that tanh times the output gate",
        (STATE, "dc = dc_next + ot * (1 - a_next**2) * da_next"),
    ),
    slip(
        "slope left out",
        "the slope 1 - tanh²(c_next) is left out of equation (9)",
        (STATE, "dc = dc_next + ot * da_next"),
    ),
    slip(
        "output gate left out",
        "the output gate ot is left out of equation (9)",
        (STATE, "dc = dc_next + (1 - np.tanh(c_next) ** 2) * da_next"),
    ),
    slip(
        "slope at the old cell state",
        "c_prev stands where equation (9) has c_next",
        (STATE, "dc = dc_next + ot * (1 - np.tanh(c_prev) ** 2) * da_next"),
    ),
    slip(
        "slope on both terms",
        "the slope of equation (9) multiplies dc_next, too; it belongs to da_next alone",
        (STATE, "dc = ot * (1 - np.tanh(c_next) ** 2) * (dc_next + da_next)"),
    ),
    slip(
        "tanh of the candidate again",
        "tanh is taken of the candidate, which is a tanh already; equation (12) has 1 - cct * cct",
        (CANDIDATE, '"c": dc * it * (1 - np.tanh(cct) ** 2)'),
    ),
    slip(
        "candidate not squared",
        "the candidate is not squared in equation (12)",
        (CANDIDATE, '"c": dc * it * (1 - cct)'),
    ),
    slip(
        "candidate with a sigmoid's slope",
        "the slope of a sigmoid, cct * (1 - cct), stands where equation (12) has that of tanh",
        (CANDIDATE, '"c": dc * it * cct * (1 - cct)'),
    ),
    slip(
        "candidate with the wrong factor",
        "equation (12) multiplies by the candidate; it needs the update gate, the other factor",
        (CANDIDATE, '"c": dc * cct * (1 - cct**2)'),
    ),
    slip(
        "update gate with the wrong factor",
        "equation (11) multiplies by the update gate; it needs the candidate, the other factor",
        (UPDATE, '"i": dc * it * it * (1 - it)'),
    ),
    slip(
        "forget gate with the new cell state",
        "c_next stands where equation (10) has c_prev",
        (FORGET, '"f": dc * c_next * ft * (1 - ft)'),
    ),
    slip(
        "slope of the forget gate left out",
        "the slope ft * (1 - ft) is left out of equation (10)",
        (FORGET, '"f": dc * c_prev'),
    ),
    slip(
        "slope of the update gate left out",
        "the slope it * (1 - it) is left out of equation (11)",
        (UPDATE, '"i": dc * cct'),
    ),
    slip(
        "slope of the output gate left out",
        "the slope ot * (1 - ot) is left out of equation (13)",
        (OUTPUT, '"o": da_next * np.tanh(c_next)'),
    ),
    slip(
        "slope of the forget gate cut short",
        "one factor is missing: the slope of the forget gate in (10) is ft * (1 - ft), not 1 - ft",
        (FORGET, '"f": dc * c_prev * (1 - ft)'),
    ),
    slip(
        "slope of tanh at the forget gate",
        "the slope of tanh stands where the forget gate, equation (10), needs that of the sigmoid",
        (FORGET, '"f": dc * c_prev * (1 - ft**2)'),
    ),
    slip(
        "output gate without tanh",
        "the tanh around c_next is left out of equation (13)",
        (OUTPUT, '"o": da_next * c_next * ot * (1 - ot)'),
    ),
    slip(
        "output gate from the hidden state",
        "a_next stands where equation (13) has tanh(c_next)",
        (OUTPUT, '"o": da_next * a_next * ot * (1 - ot)'),
    ),
    slip(
        "output gate from the cell gradient",
        "dc stands where equation (13) has da_next",
        (OUTPUT, '"o": dc * np.tanh(c_next) * ot * (1 - ot)'),
    ),
    slip(
        "upstream gradient ignored",
        "da_next is left out of equation (13)",
        (OUTPUT, '"o": np.tanh(c_next) * ot * (1 - ot)'),
    ),
    slip(
        "forget and update gate swapped",
        "the forget gate and the update gate have changed places in the dict dz",
        (FORGET, '"i": dc * c_prev * ft * (1 - ft)'),
        (UPDATE, '"f": dc * cct * it * (1 - it)'),
    ),
    slip(
        "input on top",
        "concat is stacked in the wrong order, with xt on top; a_prev belongs on top of xt",
        (STACK, "np.concatenate((xt, a_prev), axis=0)"),
    ),
    slip(
        "new state stacked",
        "a_next is stacked on xt; concat holds a_prev, as in the forward pass",
        (STACK, "np.concatenate((a_next, xt), axis=0)"),
    ),
    slip(
        "gates cut at n_x",
        "the weights are cut after n_x columns; the first n_a columns belong to a_prev",
        (HIDDEN, 'gradients["da_prev"] += W[:, xt.shape[0]:].T @ dz[k]'),
        (INPUT, 'gradients["dxt"] += W[:, : xt.shape[0]].T @ dz[k]'),
    ),
    slip(
        "rows cut for columns",
        "the weights are cut by rows, as in W[:n_a, :]; equation (16) cuts columns, W[:, :n_a]",
        (HIDDEN, 'gradients["da_prev"] += W[:n_a, :].T @ dz[k]'),
        (INPUT, 'gradients["dxt"] += W[n_a:, :].T @ dz[k]'),
    ),
    slip(
        "weights not transposed",
        "the weights are not transposed in da_prev, equation (16)",
        (HIDDEN, 'gradients["da_prev"] += W[:, :n_a] @ dz[k]'),
    ),
    slip(
        "one gate only for the hidden state",
        "da_prev is overwritten by each gate; equation (16) adds all four terms",
        (HIDDEN, 'gradients["da_prev"] = W[:, :n_a].T @ dz[k]'),
    ),
    slip(
        "one gate only for the input",
        "dxt is overwritten by each gate; equation (16) adds all four terms",
        (INPUT, 'gradients["dxt"] = W[:, n_a:].T @ dz[k]'),
    ),
    slip(
        "output gate missing from the sums",
        "the output gate's term is missing from the sums of equation (16)",
        (HIDDEN, f'if k != "o":\n            {HIDDEN}'),
        (INPUT, f'if k != "o":\n            {INPUT}'),
    ),
    slip(
        "keepdims missing",
        "keepdims=True is missing in equation (15), so that the bias gradients lose their column",
        (BIAS, 'gradients["db" + k] = np.sum(dz[k], axis=1)'),
    ),
    slip(
        "bias summed over the rows",
        "the bias sums of equation (15) run over axis 0; the examples are axis 1",
        (BIAS, 'gradients["db" + k] = np.sum(dz[k], axis=0, keepdims=True)'),
    ),
    slip(
        "bias averaged",
        "the bias gradients are means over the examples; equation (15) has sums",
        (BIAS, 'gradients["db" + k] = np.mean(dz[k], axis=1, keepdims=True)'),
    ),
    slip(
        "weights averaged",
        "the gradients of the weights are divided by the number of examples; equation (15) has sums",
        (WEIGHT, 'gradients["dW" + k] = dz[k] @ concat.T / concat.shape[1]'),
    ),
    slip(
        "carried gradient without dc",
        "dc_prev is made from dc_next alone; equation (14) uses dc, the sum",
        (CELL_STATE, 'gradients["dc_prev"] = ft * dc_next'),
    ),
    slip(
        "carried gradient with the update gate",
        "the update gate stands where equation (14) has the forget gate",
        (CELL_STATE, 'gradients["dc_prev"] = it * dc'),
    ),
    slip(
        "carried gradient not gated",
        "the forget gate is left out of equation (14)",
        (CELL_STATE, 'gradients["dc_prev"] = dc'),
    ),
    slip(
        "carried gradient with the cell state",
        "c_prev is multiplied into dc_prev; equation (14) has only the forget gate and dc",
        (CELL_STATE, 'gradients["dc_prev"] = ft * dc * c_prev'),
    ),
    slip(
        "cell gradient not returned",
        "dc_prev is missing from the dict that is returned",
        (f"    {CELL_STATE}\n", ""),
    ),
    slip(
        "cache unpacked in another order",
        "the gates are unpacked from the cache in another order; it is ft, it, cct, ot",
        (UNPACK, "a_next, c_next, a_prev, c_prev, ft, it, ot, cct, xt, parameters = cache"),
    ),
    slip(
        "gradient changed in place",
        "dc_next is changed with += inside the function",
        (STATE, "dc = dc_next\n    dc += ot * (1 - np.tanh(c_next) ** 2) * da_next"),
        says=CHANGED,
    ),
    slip(
        "cache changed in place",
        "c_next in the cache is overwritten by its tanh",
        (STATE, "np.tanh(c_next, out=c_next)\n    dc = dc_next + ot * (1 - c_next**2) * da_next"),
        says=CHANGED,
    ),
    slip(
        "rounded",
        "dc is rounded",
        (STATE, f"{STATE}\n    dc = np.round(dc, 7)"),
        says=ROUNDED,
    ),
    slip(
        "float32 returned",
        "a gradient is turned into float32",
        (CELL_STATE, 'gradients["dc_prev"] = (ft * dc).astype(np.float32)'),
        says=FLOAT32,
    ),
    slip(
        "five hidden units only",
        "the code counts on 5 hidden units; n_a can be any number",
        ("n_a = a_prev.shape[0]", "n_a = 5"),
    ),
)

# --- Through time ------------------------------------------------------------------------------

LOOP = "for t in reversed(range(T_x)):"
CALL = "lstm_cell_backward(da[:, :, t] + da_carried, dc_carried, cell_caches[t])"
CARRY = 'da_carried, dc_carried = step["da_prev"], step["dc_prev"]'
STORE = 'totals["dx"][:, :, t] = step["dxt"]'
SUM = "totals[name] += step[name]"
FIRST = 'totals["da0"] = da_carried'
START = "    da_carried, dc_carried = np.zeros((n_a, m)), np.zeros((n_a, m))\n"
DX = '"dx": np.zeros((n_x, m, T_x))'

slip = slips_in("lstm_backward")

BACKWARD = (
    slip(
        "carried gradients never replaced",
        "da_carried and dc_carried are never replaced by da_prev and dc_prev (so da0 stays zero)",
        (f"        {CARRY}\n", ""),
    ),
    slip(
        "only the cell state's gradient replaced",
        "da_carried is never replaced by da_prev (so da0 stays zero)",
        (CARRY, 'dc_carried = step["dc_prev"]'),
    ),
    slip(
        "nothing carried back",
        "neither the gradient of the hidden state nor that of the cell state is carried back in time",
        (CALL, "lstm_cell_backward(da[:, :, t], np.zeros((n_a, m)), cell_caches[t])"),
    ),
    slip(
        "hidden gradient not carried back",
        "da_carried is left out of equation (17), so that step t gets da[:, :, t] alone",
        ("da[:, :, t] + da_carried,", "da[:, :, t],"),
    ),
    slip(
        "cell gradient not carried back",
        "dc_carried is not handed to the cell, which gets zeros at every step",
        (" dc_carried, cell_caches[t])", " np.zeros((n_a, m)), cell_caches[t])"),
    ),
    slip(
        "outputs ignored",
        "da[:, :, t], the gradient from the output, is left out of equation (17)",
        ("da[:, :, t] + da_carried,", "da_carried,"),
    ),
    slip(
        "last output gradient at every step",
        "the gradient da of the last step is used at every step; equation (17) has da[:, :, t]",
        ("da[:, :, t] + da_carried,", "da[:, :, -1] + da_carried,"),
    ),
    slip(
        "gradients swapped on the way in",
        "da_next and dc_next are handed to the cell in the wrong order",
        (CALL, "lstm_cell_backward(dc_carried, da[:, :, t] + da_carried, cell_caches[t])"),
    ),
    slip(
        "outputs added to the cell state",
        "da[:, :, t] is added to the gradient of the cell state as well; equation (17) hands on "
        "dc_carried as it is",
        (" dc_carried, cell_caches[t])", " dc_carried + da[:, :, t], cell_caches[t])"),
    ),
    slip(
        "carried gradients swapped",
        "da_prev is carried on as dc_carried and dc_prev as da_carried",
        (CARRY, 'dc_carried, da_carried = step["da_prev"], step["dc_prev"]'),
    ),
    slip(
        "hidden gradient carried twice",
        "da_prev is carried on for the cell state, too; equation (18) carries dc_prev there",
        (CARRY, 'da_carried, dc_carried = step["da_prev"], step["da_prev"]'),
    ),
    slip(
        "cell gradients add up",
        "dc_carried adds up over the steps; equation (18) replaces it by dc_prev",
        (CARRY, 'da_carried, dc_carried = step["da_prev"], dc_carried + step["dc_prev"]'),
    ),
    slip(
        "hidden gradients add up",
        "da_carried adds up over the steps; equation (18) replaces it by da_prev",
        (CARRY, 'da_carried, dc_carried = da_carried + step["da_prev"], step["dc_prev"]'),
    ),
    slip(
        "walk forward",
        "the walk goes from the first step to the last; gradients travel from the last to the first",
        (LOOP, "for t in range(T_x):"),
    ),
    slip(
        "first step left out",
        "the walk ends before step 0, the first time step",
        (LOOP, "for t in range(T_x - 1, 0, -1):"),
    ),
    slip(
        "last step left out",
        "the walk starts one step too early and leaves out the last time step",
        (LOOP, "for t in reversed(range(T_x - 1)):"),
    ),
    slip(
        "caches backward",
        "the caches are read in reverse order; step t should use cell_caches[t]",
        ("cell_caches[t])", "cell_caches[T_x - 1 - t])"),
    ),
    slip(
        "last cache at every step",
        "every step uses the cache of the last step; step t needs cell_caches[t]",
        ("cell_caches[t])", "cell_caches[-1])"),
    ),
    slip(
        "weights overwritten",
        "the gradients of the parameters are overwritten at each step; they should be summed over time",
        (SUM, "totals[name] = step[name]"),
    ),
    slip(
        "biases overwritten",
        "the bias gradients are overwritten at each step; they should be summed over time",
        (SUM, 'totals[name] = step[name] + (totals[name] if "W" in name else 0)'),
    ),
    slip(
        "output gate not summed",
        "dWo and dbo are never added up and stay zero",
        (
            "for name in parameter_gradients:\n            totals",
            "for name in parameter_gradients[:6]:\n            totals",
        ),
    ),
    slip(
        "weights averaged over time",
        "the gradients of the parameters are averaged over the steps; they should be summed",
        (SUM, "totals[name] += step[name] / T_x"),
    ),
    slip(
        "forget and update gate swapped",
        "the gradients of the forget gate are added to those of the update gate and the reverse",
        (
            SUM,
            'totals[name] += step[{"f": name[:2] + "i", "i": name[:2] + "f"}.get(name[2], name)]',
        ),
    ),
    slip(
        "initial gradient forgotten",
        "da0 is never set and stays zero; it should be what is carried when the walk ends",
        (f"    {FIRST}\n", ""),
    ),
    slip(
        "initial gradient of the cell state",
        "da0 is dc_carried; it should be da_carried, the gradient of the hidden state",
        (FIRST, 'totals["da0"] = dc_carried'),
    ),
    slip(
        "initial gradient one step late",
        "da0 is da_next of the first step; it should be what the cell carries back from it",
        (FIRST, 'totals["da0"] = before'),
        ("step = " + CALL, f"before = da[:, :, t] + da_carried\n        step = {CALL}"),
    ),
    slip(
        "initial gradient from the outputs",
        "da0 is da[:, :, 0]; it should be what is carried when the walk ends",
        (FIRST, 'totals["da0"] = da[:, :, 0]'),
    ),
    slip(
        "dx in reverse",
        "dx is filled in reverse order of time",
        (STORE, 'totals["dx"][:, :, T_x - 1 - t] = step["dxt"]'),
    ),
    slip(
        "dx one step off",
        "dxt is stored at t - 1; equation (18) stores it at t",
        (STORE, 'totals["dx"][:, :, t - 1] = step["dxt"]'),
    ),
    slip(
        "dx never filled",
        "dx is never filled and stays zero",
        (f"        {STORE}\n", ""),
    ),
    slip(
        "gradient written into da",
        "the carried gradient is added to da in place",
        (
            "step = " + CALL,
            "da[:, :, t] += da_carried\n"
            "        step = lstm_cell_backward(da[:, :, t], dc_carried, cell_caches[t])",
        ),
        says=CHANGED,
    ),
    slip(
        "caches popped",
        "the caches are taken off their list with pop, which leaves it empty for the next user",
        ("cell_caches[t])", "cell_caches.pop())"),
        says=CHANGED,
    ),
    slip(
        "cell gradient of the last call",
        "dc_carried does not start from zero but goes on from the call before",
        (
            START,
            '    da_carried, dc_carried = np.zeros((n_a, m)), globals().get("old_dc", np.zeros((n_a, m)))\n'
            "    dc_carried = dc_carried if dc_carried.shape == (n_a, m) else np.zeros((n_a, m))\n",
        ),
        (FIRST, f'{FIRST}\n    globals()["old_dc"] = dc_carried'),
        says=KEEPS,
    ),
    slip(
        "float32 results",
        "the arrays for the results are made as float32",
        (DX, '"dx": np.zeros((n_x, m, T_x), np.float32)'),
        says=FLOAT32,
    ),
    slip(
        "whole numbers only",
        "the arrays for the results hold whole numbers, so that fractions are cut off",
        (DX, '"dx": np.zeros((n_x, m, T_x), int)'),
        says=INTEGERS,
    ),
    slip(
        "four steps only",
        "the walk always makes 4 steps; T_x can be any number",
        (LOOP, "for t in reversed(range(4)):"),
    ),
    slip(
        "dx as long as four steps",
        "dx is made with 4 time steps; it should have as many as x",
        (DX, '"dx": np.zeros((n_x, m, 4))'),
    ),
    slip(
        "loss averaged",
        "da is divided by the number of examples; the caller has done so already where it is due",
        ("da[:, :, t] + da_carried,", "da[:, :, t] / m + da_carried,"),
    ),
    slip(
        "cut off in time",
        "the gradient is carried back over three steps only and then dropped",
        ("da[:, :, t] + da_carried,", "da[:, :, t] + da_carried * (t > T_x - 5),"),
    ),
)

MISTAKES = CELL + BACKWARD
