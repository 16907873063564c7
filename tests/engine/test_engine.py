"""The engine gives the verdict that one process would give, and says what it refuses and why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course.engine import sandbox
from course.engine.engine import Engine
from course.engine.isolation import Limits
from course.engine.proof import prove
from course.engine.task import Result, Support, Task, Test

LIMITS = Limits(cell_seconds=10, call_seconds=5, total_seconds=30)


def _grade(
    engine: Engine,
    support: Support,
    code: str,
    *tests: str,
    names: str = "f g",
    limits: Limits = LIMITS,
) -> Result:
    task = Task(
        folder="toy",
        cells=[(0, code)],
        tests=[Test(f"t{number}", source) for number, source in enumerate(tests)],
        names=names.split(),
        support=support,
        limits=limits,
    )
    return engine.grade(task)


def _verdicts(result: Result) -> list[bool]:
    return [verdict.passed for verdict in result.verdicts.values()]


def _verdicts_if_proven(
    engine: Engine, support: Support, code: str, *tests: str, names: str = "f g"
) -> list[bool]:
    """Grade code that must be proven, so that one process answers all tests."""
    assert prove([code], names.split(), support)
    return _verdicts(_grade(engine, support, code, *tests, names=names))


def _in_one_process(code: str, tests: tuple[str, ...], support: Support, place: Path) -> list[bool]:
    """The same cells as Jupyter would run them, all in one namespace."""
    (place / "rnn_utils.py").write_bytes(support.files["rnn_utils.py"])
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        f"code, tests = {code!r}, {tests!r}\n"
        "names = {}\nexec(code, names)\nfor test in tests:\n    try:\n        exec(test, names)\n"
        "        print(1)\n    except BaseException:\n        print(0)\n"
    )
    words = [sys.executable, "-c", program]
    said = subprocess.check_output(words, cwd=place, text=True)
    return [line == "1" for line in said.split()]


NP = "import numpy as np\n"
# name: (the student's code, a test that passes or fails the same in one process and in two)
SAME = {
    "value": ("def f(x): return x + 1", "assert f(1) == 2"),
    "wrong_value": ("def f(x): return x", "assert f(1) == 2"),
    "array": (NP + "def f(x): return x * 2", NP + "assert (f(np.ones(3)) == 2).all()"),
    "input_changed": (
        NP + "def f(x):\n    x += 1\n    return x",
        NP + "x = np.zeros(3)\nf(x)\nassert (x == 0).all()",
    ),
    "input_in_dict_changed": (
        "def f(p):\n    p['a'] = p['a'] + 1",
        NP + "p = {'a': np.zeros(3)}\nf(p)\nassert (p['a'] == 0).all()",
    ),
    "key_added": ("def f(p):\n    p['b'] = 1", "p = {}\nf(p)\nassert p == {}"),
    "list_grown": ("def f(p):\n    p.append(1)", "p = [1]\nf(p)\nassert p == [1]"),
    "shape_changed": (
        NP + "def f(x):\n    x.shape = (4,)",
        NP + "x = np.zeros((2, 2))\nf(x)\nassert x.shape == (2, 2)",
    ),
    "read_only_input": (
        "def f(x):\n    x[0] = 1",
        NP + "x = np.zeros(2)\nx.flags.writeable = False\n"
        "try:\n    f(x)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError",
    ),
    "error_class": (
        "def f(x): return {}[x]",
        "try:\n    f('k')\nexcept KeyError as e:\n    assert str(e) == \"'k'\"",
    ),
    "not_implemented": (
        "def f(x): raise NotImplementedError('write f')",
        "try:\n    f(1)\nexcept NotImplementedError as e:\n    assert str(e) == 'write f'",
    ),
    "own_error_class": (
        "class Odd(Exception): pass\ndef f(x): raise Odd('x')",
        "try:\n    f(1)\nexcept Exception as e:\n    assert type(e).__name__ == 'Odd'",
    ),
    "not_defined": ("h = 1", "try:\n    f(1)\nexcept NameError as e:\n    assert 'f' in str(e)"),
    "keyword_arguments": ("def f(a, *, b): return a - b", "assert f(3, b=1) == 2"),
    "lend": (
        "def g(x): return x\ndef f(x): return g(x) + 1",
        "from rnn_utils import lend\nwith lend(g=lambda x: 10 * x):\n    assert f(2) == 21",
    ),
    "lend_ends": (
        "def g(x): return x\ndef f(x): return g(x) + 1",
        "from rnn_utils import lend\nwith lend(g=lambda x: 10 * x):\n    pass\nassert f(2) == 3",
    ),
    "lend_what_is_missing": (
        "def f(x): return g(x)",
        "from rnn_utils import lend\nwith lend(g=lambda x: x):\n    assert f(2) == 2\n"
        "try:\n    f(2)\nexcept NameError:\n    pass\nelse:\n    raise AssertionError",
    ),
    "lent_function_raises": (
        "def f(x):\n    try:\n        g(x)\n    except ZeroDivisionError:\n        return 'caught'",
        "from rnn_utils import lend\nwith lend(g=lambda x: 1 / 0):\n    assert f(2) == 'caught'",
    ),
    # The toy keeps the very array that it was given; what the caller does to it later must show.
    "alias_through_lent_function": (
        NP + "def f(n):\n    out, kept = np.zeros((2, n)), []\n    for t in range(n):\n"
        "        view = out[:, 0]\n        kept.append(g(view))\n        out[:, 0] = t + 1\n"
        "    return kept",
        NP + "from rnn_utils import lend\nwith lend(g=lambda v: (v, 1)):\n    kept = f(3)\n"
        "assert [k[0][0] for k in kept] == [3.0, 3.0, 3.0]",
    ),
    "no_alias_through_lent_function": (
        NP + "def f(n):\n    out, kept = np.zeros((2, n)), []\n    for t in range(n):\n"
        "        kept.append(g(out[:, 0].copy()))\n        out[:, 0] = t + 1\n    return kept",
        NP + "from rnn_utils import lend\nwith lend(g=lambda v: (v, 1)):\n    kept = f(3)\n"
        "assert [k[0][0] for k in kept] == [0.0, 1.0, 2.0]",
    ),
    "strange_values_come_back_to_their_owner": (
        "class Box:\n    def __init__(s, v): s.v = v\ndef f(x): return Box(x)\n"
        "def g(box): return box.v",
        "assert g(f(5)) == 5",
    ),
    "exact_types": (
        NP + "def f(x): return np.float32(1), 1, 1.0, True, (1,), [1]",
        NP + "assert [type(v) for v in f(0)] == [np.float32, int, float, bool, tuple, list]",
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_same_verdict_as_in_one_process(
    engine: Engine, support: Support, tmp_path: Path, name: str
) -> None:
    code, test = SAME[name]
    names = " ".join(n for n in ("f", "g"))
    wanted = _in_one_process(code, (test,), support, tmp_path)
    assert _verdicts(_grade(engine, support, code, test, names=names)) == wanted


def test_some_of_these_pass_and_some_fail(support: Support, tmp_path: Path) -> None:
    outcomes = {_in_one_process(c, (t,), support, tmp_path)[0] for c, t in SAME.values()}
    assert outcomes == {True, False}


def test_one_test_does_not_reach_the_next(engine: Engine, support: Support) -> None:
    code = "calls = []\ndef f():\n    calls.append(1)\n    return len(calls)"
    result = _grade(engine, support, code, "assert f() == 1; assert f() == 2", "assert f() == 1")
    assert _verdicts(result) == [True, True]


def test_the_function_that_raised_is_known_to_the_test(engine: Engine, support: Support) -> None:
    code = "def g():\n    raise NotImplementedError('later')\ndef f():\n    return g()"
    test = (
        "import traceback\n"
        "try:\n    f()\nexcept NotImplementedError as error:\n"
        "    assert traceback.extract_tb(error.__traceback__)[-1].name == 'g'\n"
        "else:\n    assert False"
    )
    assert _verdicts(_grade(engine, support, code, test)) == [True]


def test_a_test_cell_sees_no_name_of_another(engine: Engine, support: Support) -> None:
    result = _grade(engine, support, "y = 1", "x = 1", "x", "y")
    assert _verdicts(result) == [True, False, False]


def test_a_failing_test_shows_its_message_and_no_line_of_itself(
    engine: Engine, support: Support
) -> None:
    test = "from rnn_utils import CheckFailed\nhidden_number = 42\nraise CheckFailed('look again')"
    error = _grade(engine, support, "1", test).verdicts["t0"].outputs[-1]
    assert error["ename"] == "CheckFailed"
    assert error["traceback"] == ["Check failed: look again"]
    error = _grade(engine, support, "1", "hidden_number = 42\n1 / 0").verdicts["t0"].outputs[-1]
    assert error["traceback"] == ["ZeroDivisionError: division by zero"]


PLUS_ONE = "def f(x):\n    return x + 1"
NOT_PROVEN = "seen = []\ndef f(x):\n    seen.append(x)\n    return x + 1"


def test_the_same_answers_get_the_verdict_that_was_given_before(
    engine: Engine, support: Support
) -> None:
    test = "import time\nassert f(1) > 0\nprint(time.monotonic_ns())"

    def said(code: str) -> str:
        (verdict,) = _grade(engine, support, code, test).verdicts.values()
        assert verdict.passed
        return verdict.outputs[0]["text"]

    first = said(PLUS_ONE)
    assert said(f"# in other words\n{NOT_PROVEN}") == first
    assert said("def f(x):\n    return x + 2") != first
    assert said(PLUS_ONE) == first


@pytest.fixture
def examined(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """The tasks for which an examiner has been asked."""
    tasks: list[Task] = []
    start = engine._start_examiner
    monkeypatch.setattr(
        engine, "_start_examiner", lambda task, *more: tasks.append(task) or start(task, *more)
    )
    return tasks


def test_the_same_program_need_not_be_examined_again(
    engine: Engine, support: Support, examined: list[Task]
) -> None:
    test = "assert f(1) == 2, f(1)"
    for code in ("def f(x):\n    return 7 + x", "def f(x):\n    return 1 + x"):
        _grade(engine, support, code, test)
    examined.clear()
    same = _grade(engine, support, "# mine\ndef f(x):\n    return (7 +\n        x)  # so", test)
    assert _verdicts(same) == [False]
    assert same.verdicts["t0"].outputs[-1]["evalue"] == "8"
    assert _verdicts(_grade(engine, support, "def f(x):\n    return 1 + x\n", test)) == [True]
    assert not examined
    for code in ("def f(x):\n    return x + 7", "def f(x):\n    return 7 + x\n\ng = 3"):
        assert _verdicts(_grade(engine, support, code, test)) == [False]
    kept = "seen = []\n\ndef f(x):\n    seen.append(x)\n    return 1 + x"
    for _ in range(2):
        assert _verdicts(_grade(engine, support, kept, test)) == [True]
    assert len(examined) == 4


def test_a_program_is_another_where_its_cells_end_otherwise(
    engine: Engine, support: Support
) -> None:
    code = (
        "import numpy as np\n\ndef f(x):\n    return x - 1\n\n"
        "assert np.random.default_rng().random() < 0.5\n\ndef f(x):\n    return x + 1"
    )
    assert prove([code], ["f"], support)
    came = {}
    for _ in range(60):
        result = _grade(engine, support, code, "assert f(1) == 2")
        defined_again = not result.outputs[0]
        assert _verdicts(result) == [defined_again]
        came[defined_again] = True
        if len(came) == 2:
            return
    pytest.fail("it went the same way 60 times")


FILL = "v = 1\n" * 30
PLUS_TWO = PLUS_ONE.replace("x + 1", "x + 2")


@pytest.mark.parametrize("defined_in_time_first", [True, False])
@pytest.mark.parametrize("fill", [FILL, "import sys\n" + FILL, "print(1)\nnp.log(-1.)\n" * 260])
def test_where_a_cell_stops_decides(
    engine: Engine, support: Support, fill: str, defined_in_time_first: bool
) -> None:
    test = f"assert f(1) == 2  # {defined_in_time_first}"
    begin = "import numpy as np\n"
    cells = {
        f"{begin}{PLUS_ONE}\n{fill}1/0\n{FILL}{PLUS_TWO}": True,
        f"{begin}{PLUS_ONE}\n{PLUS_TWO}\n{fill}1/0\n{FILL}": False,
        f"{begin}{fill}1/0\n{FILL}{PLUS_ONE}": False,
    }
    for code in sorted(cells, key=lambda one: cells[one] is not defined_in_time_first):
        result = _grade(engine, support, code, test)
        assert _verdicts(result) == [cells[code]]
        assert result.outputs[0][-1]["ename"] == "ZeroDivisionError"


def test_what_stays_in_the_students_process_is_asked_each_time(
    engine: Engine, support: Support
) -> None:
    code = (
        "def f(x):\n    return zip(x, x)\n\ndef g(z):\n    return list(z)\n\n"
        "def h(z):\n    return len(list(z))"
    )
    tests = (
        "assert g(f([1, 2])) == [(1, 1), (2, 2)]\nassert h(f([1, 2])) == 2",
        "z = f([1, 2])\nassert g(z) == [(1, 1), (2, 2)]\nassert g(z) == []",
        "assert h(f([1, 2])) == 2",
    )
    came = _verdicts_if_proven(engine, support, code, *tests, names="f g h")
    assert came == [True, True, True]


def test_a_loan_that_gives_what_does_not_travel_spoils_nothing_else(
    engine: Engine, support: Support
) -> None:
    code = "def f(x):\n    return g(x)\n\ndef g(x):\n    return x\n\ndef h(x):\n    return x * 2"
    tests = (
        "from rnn_utils import lend\nwith lend(g=lambda v: {1}):\n    f(3)",
        "assert h(4) == 8",
        "assert h(5) == 10",
    )
    came = _verdicts_if_proven(engine, support, code, *tests, names="f g h")
    assert came == [False, True, True]


def test_a_check_quotes_each_students_own_line(engine: Engine, support: Support) -> None:
    test = (
        "import traceback\ntry:\n    f(1)\nexcept ZeroDivisionError as error:\n"
        "    raise AssertionError(traceback.extract_tb(error.__traceback__)[-1].line) from None"
    )
    for own in ("mine", "yours", "mine"):
        line = f"return x / 0  # {own}"
        result = _grade(engine, support, f"def f(x):\n    {line}", test)
        assert result.verdicts["t0"].outputs[-1]["evalue"] == line


def test_what_new_arrays_hold_is_not_left_to_chance(engine: Engine, support: Support) -> None:
    code = (
        "import numpy as np\n\ndef f(x):\n    a, b = np.empty((2, 2)), np.empty_like(x)\n"
        "    a[0] = x\n    return a, b, np.empty(3, dtype=int)"
    )
    test = (
        "import numpy as np\na, b, c = f(np.array([1, 2]))\nassert np.isnan(a[1]).all()\n"
        "assert a[0].tolist() == [1, 2] and not b.any() and not c.any()"
    )
    assert _verdicts_if_proven(engine, support, code, test) == [True]


def test_what_is_on_loan_may_answer_otherwise_the_second_time(
    engine: Engine, support: Support
) -> None:
    code = "def g(x):\n    return x\n\ndef f(x):\n    return g(x) + 10 * g(x)"
    test = (
        "from rnn_utils import lend\ncount = 0\ndef counted(x):\n    global count\n"
        "    count += 1\n    return count\n"
        "with lend(g=counted):\n    assert [f(1), f(1), f(2)] == [21, 43, 65]\n"
        "assert [f(1), f(1)] == [11, 11]"
    )
    assert _verdicts_if_proven(engine, support, code, test) == [True]


def test_another_answer_is_judged_anew(engine: Engine, support: Support) -> None:
    test = "for n in range(5):\n    assert f(n) == n + 1, n"
    for last, wanted in ((9, True), (3, False), (9, True), (4, False), (2, False)):
        code = f"def f(x):\n    return x + 1 if x < {last} else x"
        result = _grade(engine, support, code, test)
        assert _verdicts(result) == [wanted]
        if not wanted:
            assert result.verdicts["t0"].outputs[-1]["evalue"] == str(last)


def test_a_check_may_ask_at_random(engine: Engine, support: Support) -> None:
    test = "import secrets\nn = secrets.randbelow(10**9)\nassert f(n) == n + 1\nassert f(0) == 1"
    wrong = "def f(x):\n    return x + 1 if x else 2"
    for code, wanted in ((PLUS_ONE, True), (wrong, False), (PLUS_ONE, True), (wrong, False)):
        assert _verdicts(_grade(engine, support, code, test)) == [wanted]


@pytest.mark.parametrize("proven", [True, False])
def test_a_call_that_hangs_costs_one_check(engine: Engine, support: Support, proven: bool) -> None:
    code = "def f(x):\n    while x > 1:\n        x = x + 1\n    return x"
    code = code if proven else f"import os\n{code}"
    assert bool(prove([code], ["f"], support)) is proven
    limits = Limits(cell_seconds=10, call_seconds=1, total_seconds=30)
    tests = ("assert f(1) == 1", "f(5)", "assert f(0) == 0", "assert f(1) == 2")
    result = _grade(engine, support, code, *tests, limits=limits)
    assert _verdicts(result) == [True, False, True, False]
    assert "within 1 seconds" in result.verdicts["t1"].outputs[-1]["evalue"]


def test_what_took_too_long_is_tried_again(
    engine: Engine, support: Support, examined: list[Task]
) -> None:
    code = "def f(x):\n    while x > 2:\n        x = x + 1\n    return x"
    limits = Limits(cell_seconds=10, call_seconds=1, total_seconds=30)
    for _ in range(2):
        result = _grade(engine, support, code, "assert f(1) == 1", "f(5)", limits=limits)
        assert _verdicts(result) == [True, False]
    assert len(examined) == 2


def test_a_test_finds_nothing_that_another_has_left(engine: Engine, support: Support) -> None:
    code = NOT_PROVEN.replace("x + 1", "len(seen)")
    assert not prove([code], ["f"], support)
    tests = ("assert f(0) == 1\nassert f(0) == 2", "assert f(0) == 1", "assert f(0) == 1")
    assert _verdicts(_grade(engine, support, code, *tests)) == [True, True, True]


def test_threads_know_each_other_apart(engine: Engine, support: Support) -> None:
    code = (
        "import threading\nlock, count = threading.RLock(), 0\ndef add():\n    global count\n"
        "    for _ in range(2000):\n        with lock, lock:\n            count += 1\n"
        "threads = [threading.Thread(target=add) for _ in range(4)]\n"
        "[t.start() for t in threads]\nadd()\n[t.join() for t in threads]\n"
        "assert threading.get_native_id() == 1\ncount"
    )
    outputs = _grade(engine, support, code).outputs[0]
    assert outputs[-1]["data"] == {"text/plain": "10000"}


def test_outputs_look_as_in_jupyter(engine: Engine, support: Support) -> None:
    code = (
        "import sys, matplotlib.pyplot as plt\nprint('out')\nprint('err', file=sys.stderr)\n"
        "plt.plot([1, 2])\nplt.show()\n6 * 7"
    )
    outputs = _grade(engine, support, code).outputs[0]
    kinds = [(o["output_type"], o.get("name")) for o in outputs]
    assert kinds == [
        ("stream", "stdout"),
        ("stream", "stderr"),
        ("display_data", None),
        ("execute_result", None),
    ]
    assert outputs[2]["data"]["image/png"].startswith("iVBOR")
    assert outputs[3]["data"] == {"text/plain": "42"}


def test_an_error_shows_the_students_line(engine: Engine, support: Support) -> None:
    error = _grade(engine, support, "a = 0\n1 / a").outputs[0][0]
    assert error["ename"] == "ZeroDivisionError"
    assert "a" in "\n".join(error["traceback"])


def test_a_dead_process_costs_only_its_cell(engine: Engine, support: Support) -> None:
    task = Task(
        folder="toy",
        cells=[(0, "def f(): return 1"), (1, "import os; os._exit(3)"), (2, "def g(): return 2")],
        tests=[Test("t", "assert f() + g() == 3")],
        names=["f", "g"],
        support=support,
        limits=LIMITS,
    )
    result = engine.grade(task)
    assert result.verdicts["t"].passed
    assert result.outputs[1][0]["ename"] == "CellEnded"
    assert any("Cell 2" in sentence for sentence in result.irregularities)


def test_refuses_with_one_sentence_without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(sandbox.SandboxUnavailable, match=r"install .*bubblewrap") as raised:
        Engine().start()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_refuses_with_one_sentence_elsewhere(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sandbox.sys, "platform", platform)
    assert "Linux" in sandbox.refusal()


def test_refuses_where_namespaces_are_forbidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    sandbox._probe.cache_clear()
    try:
        assert "allow user namespaces" in sandbox.refusal()
    finally:
        sandbox._probe.cache_clear()


def test_only_the_exact_words_switch_the_sandbox_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, wanted in (("1", False), ("yes", False), (sandbox.UNSANDBOXED_VALUE, True)):
        monkeypatch.setenv(sandbox.UNSANDBOXED_VARIABLE, value)
        assert sandbox.unsandboxed_by_environment() is wanted
