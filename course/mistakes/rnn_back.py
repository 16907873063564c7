"""Slips in rnn_cell_backward and rnn_backward."""
# ruff: noqa: E501 - a sentence, or an edit, reads best on one line

from __future__ import annotations

from .mistake import CHANGED, FLOAT32, INTEGERS, KEEPS, ROUNDED, slips_in

# --- One step ----------------------------------------------------------------------------------

# Lines of the reference that are edited below.
SLOPE = "dz = (1 - a_next**2) * da_next"
BIAS = "dba = np.sum(dz, axis=1, keepdims=True)"
UNPACK = "a_next, a_prev, xt, parameters = cache"

slip = slips_in("rnn_cell_backward")

CELL = (
    slip(
        "upstream gradient ignored",
        "da_next is left out of equation (1), so that only the slope of the tanh is left",
        (SLOPE, "dz = 1 - a_next**2"),
    ),
    slip(
        "tanh left out",
        "the slope of the tanh, 1 - a_next * a_next, is left out of equation (1)",
        (SLOPE, "dz = da_next"),
    ),
    slip(
        "square left out",
        "a_next is not squared in equation (1)",
        (SLOPE, "dz = (1 - a_next) * da_next"),
    ),
    slip(
        "parentheses left out",
        "the parentheses of equation (1) are left out: da_next multiplies the whole of 1 - a_next²",
        (SLOPE, "dz = 1 - a_next**2 * da_next"),
    ),
    slip(
        "tanh taken again",
        "tanh is taken of a_next, which is a tanh already; equation (1) squares a_next itself",
        (SLOPE, "dz = (1 - np.tanh(a_next) ** 2) * da_next"),
    ),
    slip(
        "gradient squared",
        "da_next is squared in equation (1) in place of a_next",
        (SLOPE, "dz = (1 - da_next**2) * a_next"),
    ),
    slip(
        "slope of the sigmoid",
        "the slope of the sigmoid, a * (1 - a), stands where equation (1) has that of tanh",
        (SLOPE, "dz = a_next * (1 - a_next) * da_next"),
    ),
    slip(
        "slope at the old state",
        "a_prev stands where equation (1) has a_next",
        (SLOPE, "dz = (1 - a_prev**2) * da_next"),
    ),
    slip(
        "sign of the slope",
        "the sign of equation (1) is turned round; the slope of tanh is 1 - a_next²",
        (SLOPE, "dz = (a_next**2 - 1) * da_next"),
    ),
    slip(
        "slope counted twice",
        "the slope of the tanh is multiplied in twice",
        (SLOPE, "dz = (1 - a_next**2) ** 2 * da_next"),
    ),
    slip(
        "input gradient without dz",
        "da_next stands where equation (2) has dz, so that dxt misses the slope of the tanh",
        ("Wax.T @ dz", "Wax.T @ da_next"),
    ),
    slip(
        "state gradient without dz",
        "da_next stands where equation (3) has dz, so that da_prev misses the slope of the tanh",
        ("Waa.T @ dz", "Waa.T @ da_next"),
    ),
    slip(
        "bias gradient without dz",
        "da_next stands where equation (4) has dz, so that dba misses the slope of the tanh",
        (BIAS, "dba = np.sum(da_next, axis=1, keepdims=True)"),
    ),
    slip(
        "Waa not transposed",
        "Waa is not transposed in da_prev; equation (3) transposes it",
        ("Waa.T @ dz", "Waa @ dz"),
    ),
    slip(
        "Wax not transposed",
        "Wax is not transposed in dxt; equation (2) transposes it",
        ("Wax.T @ dz", "Wax @ dz"),
    ),
    slip(
        "dWaa transposed",
        "the product of dWaa, equation (3), is turned round and gives the transpose",
        ("dz @ a_prev.T", "a_prev @ dz.T"),
    ),
    slip(
        "dWax transposed",
        "the product of dWax, equation (2), is turned round and gives the transpose",
        ("dz @ xt.T", "xt @ dz.T"),
    ),
    slip(
        "dWaa from the new state",
        "a_next stands where dWaa, equation (3), has a_prev",
        ("dz @ a_prev.T", "dz @ a_next.T"),
    ),
    slip(
        "Wya on the way back",
        "Wya stands where da_prev, equation (3), has Waa",
        ("Waa.T @ dz", 'parameters["Wya"].T @ dz'),
    ),
    slip(
        "keepdims missing",
        "keepdims=True is missing in equation (4), so that dba loses its column",
        (BIAS, "dba = np.sum(dz, axis=1)"),
    ),
    slip(
        "bias summed over the rows",
        "the sum of equation (4) runs over axis 0; the examples are axis 1",
        (BIAS, "dba = np.sum(dz, axis=0, keepdims=True)"),
    ),
    slip(
        "bias summed over everything",
        "the sum of equation (4) runs over the whole array; each hidden unit has its own sum",
        (BIAS, "dba = np.full((dz.shape[0], 1), np.sum(dz))"),
    ),
    slip(
        "bias not summed",
        "dba is dz itself; equation (4) sums it over the examples",
        (BIAS, "dba = dz"),
    ),
    slip(
        "bias averaged",
        "dba is a mean over the examples; equation (4) has a sum",
        (BIAS, "dba = np.mean(dz, axis=1, keepdims=True)"),
    ),
    slip(
        "weights averaged",
        "the gradients of the weights are divided by the number of examples; (2) and (3) have sums",
        ("dz @ xt.T", "dz @ xt.T / xt.shape[1]"),
        ("dz @ a_prev.T", "dz @ a_prev.T / xt.shape[1]"),
    ),
    slip(
        "divided by ten",
        "the gradients of the weights are divided by 10, as if m were always 10",
        ("dz @ xt.T", "dz @ xt.T / 10"),
    ),
    slip(
        "cache unpacked in another order",
        "the cache is unpacked in another order; it is a_next, a_prev, xt, parameters",
        (UNPACK, "a_prev, a_next, xt, parameters = cache"),
    ),
    slip(
        "results under the wrong names",
        "dxt and da_prev are returned under each other's names",
        ('"dxt": dxt, "da_prev": da_prev', '"dxt": da_prev, "da_prev": dxt'),
    ),
    slip(
        "bias gradient not returned",
        "dba is missing from the dict that is returned",
        (', "dba": dba}', "}"),
    ),
    slip(
        "gradient changed in place",
        "da_next is changed with *= inside the function",
        (SLOPE, "dz = da_next\n    dz *= 1 - a_next**2"),
        says=CHANGED,
    ),
    slip(
        "cache changed in place",
        "a_next in the cache is squared in place",
        (SLOPE, "a_next **= 2\n    dz = (1 - a_next) * da_next"),
        says=CHANGED,
    ),
    slip(
        "gradients add up over the calls",
        "the gradients of the weights are added to those of earlier calls",
        (
            "    dba = np.sum",
            '    old = globals().get("old_dWax", np.zeros_like(dWax))\n'
            "    dWax = dWax + (old if old.shape == dWax.shape else 0)\n"
            '    globals()["old_dWax"] = dWax\n    dba = np.sum',
        ),
        says=KEEPS,
    ),
    slip(
        "rounded",
        "dz is rounded",
        (SLOPE, f"{SLOPE}\n    dz = np.round(dz, 7)"),
        says=ROUNDED,
    ),
    slip(
        "float32 returned",
        "a gradient is turned into float32",
        ("Wax.T @ dz", "(Wax.T @ dz).astype(np.float32)"),
        says=FLOAT32,
    ),
    slip(
        "gradient clipped",
        "the gradient da_next is clipped to the range from -1 to 1 before it is used",
        (SLOPE, "dz = (1 - a_next**2) * np.clip(da_next, -1, 1)"),
    ),
)

# --- Through time ------------------------------------------------------------------------------

LOOP = "for t in reversed(range(T_x)):"
CALL = "rnn_cell_backward(da[:, :, t] + da_carried, cell_caches[t])"
CARRY = 'da_carried = step["da_prev"]'
STORE = 'totals["dx"][:, :, t] = step["dxt"]'
SUM = "totals[name] += step[name]"
FIRST = 'totals["da0"] = da_carried'
START = "    da_carried = np.zeros((n_a, m))\n"
DX = '"dx": np.zeros((n_x, m, T_x))'

slip = slips_in("rnn_backward")

BACKWARD = (
    slip(
        "not carried back",
        "the gradient is not carried from step t + 1 back to step t: equation (5) gets da[:, :, t] alone",
        ("da[:, :, t] + da_carried,", "da[:, :, t],"),
    ),
    slip(
        "carried gradient never replaced",
        "da_carried is never replaced by da_prev (so da0 stays zero)",
        (f"        {CARRY}\n", ""),
    ),
    slip(
        "outputs ignored",
        "da[:, :, t], the gradient from the output, is left out of equation (5)",
        ("da[:, :, t] + da_carried,", "da_carried,"),
    ),
    slip(
        "outputs of the last step only",
        "da is used at the last step only; equation (5) adds da[:, :, t] at every step",
        (START, "    da_carried = da[:, :, -1]\n"),
        ("da[:, :, t] + da_carried,", "da_carried,"),
    ),
    slip(
        "difference for the sum",
        "the two gradients of equation (5) are subtracted; they should be added",
        ("da[:, :, t] + da_carried,", "da[:, :, t] - da_carried,"),
    ),
    slip(
        "last output gradient at every step",
        "the gradient da of the last step is used at every step; equation (5) has da[:, :, t]",
        ("da[:, :, t] + da_carried,", "da[:, :, -1] + da_carried,"),
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
        "first cache at every step",
        "every step uses the cache of the first step; step t needs cell_caches[t]",
        ("cell_caches[t])", "cell_caches[0])"),
    ),
    slip(
        "weights overwritten",
        "the gradients of the parameters are overwritten at each step; equation (7) sums them",
        (SUM, "totals[name] = step[name]"),
    ),
    slip(
        "bias overwritten",
        "dba is overwritten at each step; equation (7) sums it",
        (SUM, 'totals[name] = step[name] + (0 if name == "dba" else totals[name])'),
    ),
    slip(
        "bias not summed",
        "dba is never added up and stays zero",
        ('for name in ("dWax", "dWaa", "dba"):', 'for name in ("dWax", "dWaa"):'),
    ),
    slip(
        "weights averaged over time",
        "the gradients of the parameters are averaged over the steps; equation (7) sums them",
        (SUM, "totals[name] += step[name] / T_x"),
    ),
    slip(
        "dWax and dWaa swapped",
        "dWaa is added to dWax and dWax to dWaa",
        (
            SUM,
            'totals[name] = totals[name] + step[{"dWax": "dWaa", "dWaa": "dWax"}.get(name, name)]',
        ),
    ),
    slip(
        "initial gradient forgotten",
        "da0 is never set and stays zero; it should be what is carried when the walk ends",
        (f"    {FIRST}\n", ""),
    ),
    slip(
        "initial gradient one step late",
        "da0 is da_next of the first step; equation (8) has what the cell carries back from it",
        (FIRST, 'totals["da0"] = before'),
        ("step = " + CALL, f"before = da[:, :, t] + da_carried\n        step = {CALL}"),
    ),
    slip(
        "initial gradient from the outputs",
        "da0 is da[:, :, 0]; equation (8) has what is carried when the walk ends",
        (FIRST, 'totals["da0"] = da[:, :, 0]'),
    ),
    slip(
        "initial gradient summed",
        "da0 adds up what all steps carry back; equation (8) has only what is left at the end",
        (CARRY, f'{CARRY}\n        totals["da0"] += da_carried'),
        (f"    {FIRST}\n", ""),
    ),
    slip(
        "carried gradients add up",
        "da_carried grows with +=; each step should replace it by its da_prev",
        (CARRY, 'da_carried = da_carried + step["da_prev"]'),
    ),
    slip(
        "carried too far",
        "da_next of the step before is carried on; equation (6) carries da_prev",
        ("step = " + CALL, f"da_next = da[:, :, t] + da_carried\n        step = {CALL}"),
        (CARRY, "da_carried = da_next"),
    ),
    slip(
        "dx in reverse",
        "dx is filled in reverse order of time",
        (STORE, 'totals["dx"][:, :, T_x - 1 - t] = step["dxt"]'),
    ),
    slip(
        "dx one step off",
        "dxt is stored at t - 1; equation (6) stores it at t",
        (STORE, 'totals["dx"][:, :, t - 1] = step["dxt"]'),
    ),
    slip(
        "dx never filled",
        "dx is never filled and stays zero",
        (f"        {STORE}\n", ""),
    ),
    slip(
        "dx summed",
        "dx adds up over time; equation (6) stores dxt of each step as it is",
        (STORE, 'totals["dx"][:, :, t:] += step["dxt"][:, :, None]'),
    ),
    slip(
        "gradient written into da",
        "the carried gradient is added to da in place",
        (
            "step = " + CALL,
            f"da[:, :, t] += da_carried\n        step = {CALL.replace(' + da_carried', '')}",
        ),
        says=CHANGED,
    ),
    slip(
        "step changed in place",
        "da_carried is added to with += and so changes what the cell returned or da itself",
        (START, "    da_carried = np.zeros((n_a, m))\n    da_t = da[:, :, T_x - 1]\n"),
        (
            "step = " + CALL,
            "da_t = da[:, :, t]\n        da_t += da_carried\n"
            "        step = rnn_cell_backward(da_t, cell_caches[t])",
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
        "gradients of earlier calls",
        "the sums do not start from zero but go on from the call before",
        (
            FIRST,
            f'{FIRST}\n    old = globals().get("old_dba", np.zeros((n_a, 1)))\n'
            '    totals["dba"] = totals["dba"] + (old if old.shape == (n_a, 1) else 0)\n'
            '    globals()["old_dba"] = totals["dba"]',
        ),
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
        "cut off in time",
        "the gradient is carried back over three steps only and then dropped",
        ("da[:, :, t] + da_carried,", "da[:, :, t] + da_carried * (t > T_x - 5),"),
    ),
    slip(
        "loss averaged",
        "da is divided by the number of examples; the caller has done so already where it is due",
        ("da[:, :, t] + da_carried,", "da[:, :, t] / m + da_carried,"),
    ),
)

MISTAKES = CELL + BACKWARD
