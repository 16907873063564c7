"""The checks are judged like code: by the wrong solutions they catch and the right they accept."""

from __future__ import annotations

import ast
import builtins
import pickle
import re
import time
from collections import Counter
from functools import cache

import pytest
from held_out import HELD_OUT, HeldOut
from right_solutions import RIGHT

import rnn_utils
from course import mutants, paths
from course.engine.hidden import without_hidden
from course.mistakes import MISTAKES, Mistake
from course.solutions import namespace, sources

FUNCTIONS = list(sources())
# A number written with decimals, as no message of a hidden test may hold; "1.2e-05" is a gap.
DECIMALS = re.compile(r"\d\.\d{2,}")


# --- The catalogue -----------------------------------------------------------------------------


def test_the_catalogue_is_large() -> None:
    counts = Counter(m.function for m in MISTAKES)
    assert len(MISTAKES) >= 100
    assert counts.keys() == set(FUNCTIONS)
    assert min(counts.values()) >= 12
    assert len({(m.function, m.name) for m in MISTAKES}) == len(MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.function}: {m.name}")
def test_a_mistake_reads_well(mistake: Mistake) -> None:
    ast.parse(mistake.source())
    assert mistake.source() != sources()[mistake.function]
    assert not mistake.when.endswith(".")
    assert not mistake.when[0].isspace()
    assert "\n" not in mistake.when
    assert len(mistake.when) <= 150


def test_an_edit_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="exactly once"):
        Mistake("rnn_cell_forward", "no such text", "x", (("no such text", "y"),)).source()


# --- What is caught, named and accepted --------------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_wrong_solution_is_caught(function: str) -> None:
    assert [o.mistake.name for o in mutants.outcomes(function) if not o.caught] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_visible_checks_catch_nearly_all(function: str) -> None:
    found = mutants.outcomes(function)
    assert sum(o.score.caught_by_visible for o in found) >= 0.95 * len(found)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nearly_all_are_named(function: str) -> None:
    found = mutants.outcomes(function)
    assert sum(o.named for o in found) >= 0.9 * len(found)


def test_right_solutions_are_many() -> None:
    assert len(RIGHT) >= 40
    assert set(Counter(function for function, _, _ in RIGHT)) == set(FUNCTIONS)


@pytest.mark.parametrize(
    ("function", "what", "source"), RIGHT, ids=[f"{f}: {w}" for f, w, _ in RIGHT]
)
def test_a_right_solution_loses_nothing(function: str, what: str, source: str) -> None:
    assert mutants.score(function, source).messages == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_reference_loses_nothing(function: str) -> None:
    assert mutants.score(function, sources()[function]).messages == []


def test_a_figure_that_falls_is_reported() -> None:
    assert mutants.Row(10, 10, 10, 10, 5, 5).falls() == []
    falls = mutants.Row(10, 8, 9, 5, 5, 4).falls()
    assert [line.split(":")[0] for line in falls] == [
        "caught in all",
        "caught by visible checks",
        "named",
        "right solutions accepted",
    ]


def test_a_wrong_name_does_not_count_as_named() -> None:
    own, other = MISTAKES[:2]
    verdict = mutants.Verdict("x", 1, f"off\nThis is what comes out when {own.when}.", "")
    misled = mutants.Verdict("y", 1, f"off\nThis is what comes out when {other.when}.", "")
    assert mutants.Outcome(own, mutants.Score((verdict,))).named
    assert not mutants.Outcome(own, mutants.Score((verdict, misled))).named
    assert not mutants.Outcome(own, mutants.Score((misled,))).named


# --- Wrong solutions that the catalogue was not made from --------------------------------------


@cache
def held_out_score(number: int) -> mutants.Score:
    return mutants.score(HELD_OUT[number].function, HELD_OUT[number].source)


@pytest.mark.parametrize("number", range(len(HELD_OUT)), ids=[h.wrong for h in HELD_OUT])
def test_a_held_out_solution_is_caught(number: int) -> None:
    assert held_out_score(number).lost > 0
    assert held_out_score(number).caught_by_visible


def test_most_held_out_solutions_are_named() -> None:
    def named(number: int, solution: HeldOut) -> bool:
        return any(map(solution.named_in, held_out_score(number).messages))

    missed = [h.wrong for n, h in enumerate(HELD_OUT) if not named(n, h)]
    assert len(missed) <= 0.1 * len(HELD_OUT), missed


# --- Values that are no arrays of float64 ------------------------------------------------------

# (what becomes of the first value that the right function returns, what a message must say)
ODD_VALUES = {
    "a list": ("value.tolist()", "should be a NumPy array, but it is a list"),
    "an object array": ("value.astype(object)", "dtype is object: Python objects, not numbers"),
    "NaN": ("value * np.nan", r"NaN \(not a number\)"),
    "infinity": ("value + np.inf", "holds infinity"),
    "float32": ("value.astype(np.float32)", "dtype is float32: another precision"),
    "integers": ("value.astype(int)", "dtype is int64: whole numbers"),
    "complex": ("value + 0j", "dtype is complex128: complex numbers"),
    "booleans": ("value > 0", "dtype is bool: only True and False"),
    "None inside": ("None", "should be a NumPy array, but it is None"),
    "a generator inside": (
        "(row for row in value)",
        "should be a NumPy array, but it is a generator",
    ),
    "a subclass": (
        "value.view(type('Sly', (np.ndarray,), {'__eq__': lambda *_: True}))",
        "should be a NumPy array, but it is a Sly",
    ),
    "a masked array": ("np.ma.array(value)", "should be a NumPy array, but it is a MaskedArray"),
    "a number": ("float(value.ravel()[0])", "should be a NumPy array, but it is a float"),
    "an axis lost": ("value[0]", "should have shape"),
}
# (what the function returns or does in place of its right result, what a message must say)
ODD_RESULTS = {
    "None": ("None", r"should return .*, but it returned None: is the return statement missing"),
    "an error": ("1 / 0", "raised ZeroDivisionError: division by zero"),
    "an unknown name": ("not_defined", "raised NameError: name 'not_defined' is not defined"),
    "not written": (
        "unwritten()",
        r"is not finished: it still raises NotImplementedError\. write me",
    ),
    "a string": ("'done'", "a str"),
    "one value more": ("(*result, 1)", "values, but it returned"),
    "one value fewer": ("result[:-1]", "values, but it returned"),
    "a list of values": ("list(result)", r"\(a tuple\), but it returned a list of"),
    "a generator": ("(v for v in result)", r"but it returned a generator: return and not yield"),
}
ODD_DICTS = {
    "a key missing": ("dict(list(result.items())[1:])", "lacks .*; it has "),
    "a key misspelt": (
        "{k.replace('a', 'A'): v for k, v in result.items()}",
        "lacks .*; it has .*A",
    ),
    "a tuple": ("tuple(result.values())", "should be a dict, but it is a tuple"),
    "None": ("None", "returned None"),
    "an error": ("1 / 0", "raised ZeroDivisionError: division by zero"),
    "not written": (
        "unwritten()",
        r"is not finished: it still raises NotImplementedError\. write me",
    ),
    "a generator": ("(v for v in result)", "should be a dict, but it is a generator"),
}


def wrapped(function: str, result: str, solution: str = "") -> str:
    """Return the source of a function that makes something else of the result of a solution."""
    inner = (solution or sources()[function]).replace(f"def {function}(", f"def right_{function}(")
    return f"""{inner}

def unwritten():
    raise NotImplementedError("write me")

def {function}(*inputs):
    result = right_{function}(*inputs)
    return {result}
"""


def odd_cases() -> list[tuple[str, str, str, str]]:
    """Return (function, what is odd, what is returned, what a message must say)."""
    found = []
    for function in FUNCTIONS:
        backward = function.endswith("backward")
        one = "{**result, key: value}" if backward else "(value, *result[1:])"
        first = "next(iter(result.items()))" if backward else "('', result[0])"
        for what, (value, says) in ODD_VALUES.items():
            code = f"(lambda key, value: {one.replace('value', value)})(*{first})"
            found.append((function, what, code, says))
        for what, (value, says) in (ODD_DICTS if backward else ODD_RESULTS).items():
            found.append((function, what, value, says))
    return found


@pytest.mark.parametrize(
    ("function", "what", "result", "says"), odd_cases(), ids=lambda v: v if len(v) < 30 else ""
)
def test_an_odd_result_gets_its_own_sentence(
    function: str, what: str, result: str, says: str
) -> None:
    messages = mutants.shown(function, wrapped(function, result))
    assert messages
    assert re.search(says, messages[0]), messages[0]
    assert messages[0].startswith("CheckFailed: ")
    assert messages[0].count("\n") <= 2


# --- Earlier errors do not cascade -------------------------------------------------------------

SEQUENCES = {
    "rnn_forward": "rnn_cell_forward",
    "lstm_forward": "lstm_cell_forward",
    "rnn_backward": "rnn_cell_backward",
    "lstm_backward": "lstm_cell_backward",
}


@pytest.mark.parametrize("function", SEQUENCES)
def test_a_wrong_cell_costs_its_sequence_nothing(function: str) -> None:
    cell = SEQUENCES[function]
    wrong = [m for m in MISTAKES if m.function == cell]
    wrong.append(Mistake(cell, "empty", "", ((sources()[cell], f"def {cell}(*_):\n    1 / 0"),)))
    for mistake in wrong:
        carried = {cell: mistake.source()}
        assert mutants.graded(function, sources()[function], carried) == 0, mistake.name


def test_wrong_forward_functions_cost_the_backward_ones_nothing() -> None:
    forward = [f for f in FUNCTIONS if f.endswith("forward")]
    broken = {name: f"def {name}(*_):\n    return None" for name in forward}
    for function in FUNCTIONS:
        if function.endswith("backward"):
            assert mutants.graded(function, sources()[function], broken) == 0


# --- Only plain values count -------------------------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_verdict_does_not_depend_on_identity(function: str) -> None:
    """Only values travel to a function in another process and back."""
    travels = wrapped(function, "pickle.loads(pickle.dumps(result))")
    assert mutants.score(function, f"import pickle\n{travels}").messages == []
    for outcome in mutants.outcomes(function)[::7]:
        wrong = wrapped(function, "pickle.loads(pickle.dumps(result))", outcome.mistake.source())
        lost = mutants.graded(function, f"import pickle\n{wrong}")
        assert lost == outcome.score.lost, outcome.mistake.name


# --- What messages tell ------------------------------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS)
def test_hidden_tests_name_and_tell_no_numbers(function: str) -> None:
    wrong = [m for m in MISTAKES if m.function == function][::4]
    others = [h.source for h in HELD_OUT if h.function == function]
    for solution in [*(m.source() for m in wrong), *others]:
        for message in mutants.hidden_alone(function, solution):
            assert message.startswith("CheckFailed: "), message
            assert message.count("\n") <= 2, message
            assert not DECIMALS.search(message), message


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_error_cannot_carry_a_hidden_input_out(function: str) -> None:
    raises = wrapped(function, "raise_it(inputs)")
    raises += "\ndef raise_it(inputs):\n    raise ValueError(str(inputs))\n"
    messages = mutants.hidden_alone(function, raises)
    assert messages
    for message in messages:
        assert "ValueError with arguments of shape" in message
        assert not DECIMALS.search(message), message


def solution_lines() -> set[str]:
    """Return the lines that students have to write, without those that any loop has."""
    lines = set()
    for text in sources().values():
        inside = text.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
        lines |= {re.sub(r"\s+", "", line) for line in inside.splitlines()[1:]}
    return {line for line in lines if len(line) > 12 and not line.startswith("for")}


def test_nothing_that_students_get_holds_a_line_of_a_solution() -> None:
    shown = [paths.UTILS.read_text(encoding="utf-8"), *(m.when for m in MISTAKES)]
    for assignment in paths.ASSIGNMENTS:
        cells = mutants.code_cells(assignment)
        shown += [without_hidden(c.source) for c in cells if c.grade]
    squeezed = [re.sub(r"\s+", "", text) for text in shown]
    leaks = [line for line in solution_lines() if any(line in text for text in squeezed)]
    assert leaks == []


def test_what_ships_is_numbers_and_sentences() -> None:
    for function in FUNCTIONS:
        with mutants.quiet():
            known = mutants.known(mutants.assignment_of(function))[function]
        assert known
        for call in known:
            assert call.keys() == {"inputs", "mistakes", "needs"}
            assert all(m.keys() == {"when", "wrong"} for m in call["mistakes"])


# --- Rules for test cells ----------------------------------------------------------------------


@pytest.mark.parametrize("assignment", paths.ASSIGNMENTS)
def test_a_visible_check_is_short_and_self_contained(assignment: str) -> None:
    written = {c.name for c in mutants.code_cells(assignment)} & set(FUNCTIONS)
    carried = set(FUNCTIONS)
    for cell in mutants.code_cells(assignment):
        if cell.grade:
            visible = without_hidden(cell.source)
            assert len(visible.splitlines()) <= 32, cell.name
            free = _free_names(visible) - set(dir(builtins))
            assert free <= carried, (cell.name, free)
            assert free & written, cell.name


def _free_names(code: str) -> set[str]:
    tree = ast.parse(code)
    nodes = list(ast.walk(tree))
    names = [n for n in nodes if isinstance(n, ast.Name)]
    bound = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    bound |= {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
    bound |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    bound |= {n.asname or n.name for n in nodes if isinstance(n, ast.alias)}
    return {n.id for n in names} - bound


@pytest.mark.parametrize("assignment", paths.ASSIGNMENTS)
def test_all_tests_of_an_assignment_are_quick(assignment: str) -> None:
    functions = [f for f in FUNCTIONS if mutants.assignment_of(f) == assignment]
    for function in functions:
        mutants.score(function, sources()[function])  # what is computed once is not what is timed
    start = time.process_time()
    for function in functions:
        assert mutants.graded(function, sources()[function]) == 0
    assert time.process_time() - start < 2


# --- The parts ---------------------------------------------------------------------------------


def test_fingerprints_depend_on_order_shape_and_type() -> None:
    one = rnn_utils.fingerprints({"a": [1.0, 2.0]})["a[1]"]
    assert rnn_utils.alike(one, rnn_utils.fingerprints({"a": 2.0})["a"])
    right = namespace()["np"].arange(6.0).reshape(2, 3)
    base = rnn_utils.fingerprints({"a": right})["a"]
    for other in (right.T, right[::-1], right.astype("float32"), right + 1e-6, right.ravel()):
        assert not rnn_utils.alike(base, rnn_utils.fingerprints({"a": other})["a"])
    assert rnn_utils.alike(base, rnn_utils.fingerprints({"a": right + 1e-13})["a"])


def test_pickled_messages_survive() -> None:
    failure = pickle.loads(pickle.dumps(rnn_utils.CheckFailed("off")))
    assert failure._render_traceback_() == ["Check failed: off"]
