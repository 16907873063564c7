# ruff: noqa: E501 - code in one line each
"""What is said to keep nothing from call to call keeps nothing; the rest is not said so."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

import rnn_utils
from course import examiner, paths
from course.bench import a_class
from course.engine.cells import as_ipython_reads, is_plain
from course.engine.proof import prove
from course.engine.task import Support
from course.mistakes import MISTAKES
from course.mutants import right_solutions
from course.solutions import namespace, sources

SUPPORT = Support({"rnn_utils.py": (paths.ROOT / "rnn_utils.py").read_bytes()})
BEGIN = "import numpy as np\n\nfrom rnn_utils import lend, rnn_parameters, sigmoid, softmax"


def _proven(*cells: str, asked: str = "f") -> bool:
    return bool(prove([BEGIN, *cells], asked.split(), SUPPORT))


PLAIN = {
    "arithmetic": "def f(x):\n    return x @ x.T + 1",
    "numpy_and_helpers": "def f(x):\n    return softmax(np.tanh(x)), sigmoid(x)",
    "locals": "def f(x):\n    y = x.copy()\n    y[0] += 1\n    z = [y]\n    z.append(x)\n    return z",
    "loops": "def f(x):\n    t = 0\n    while t < 3:\n        t += 1\n    return [t for t in range(t)]",
    "another_function": "def g(x):\n    return x\n\ndef f(x):\n    return g(x)",
    "a_function_within": "def f(x):\n    def h(y):\n        return y if y < 1 else h(y - 1)\n    return h(x)",
    "a_lambda": "def f(x):\n    s = lambda z: 1 / (1 + np.exp(-z))\n    return s(x)",
    "constant_default": "def f(x, axis=0, *, keep=True) -> np.ndarray:\n    return x.sum(axis=axis)",
    "a_stub": "def f(x):\n    y = np.zeros(3)\n    raise NotImplementedError('write me')\n    return unknown[y]",
    "data_outside": "x = np.random.RandomState(1).randn(3, 2)\nprint(x.shape)\n\ndef f(x):\n    return x",
    "entries_in_order": "def f(x):\n    for k, v in x.items():\n        x[k] = v + 1\n    return [k for k in x.keys()], sorted(x.items())",
    "memory_that_is_filled": "def f(x):\n    return np.empty(3), np.empty_like(x)",
    "joining": "def f(x):\n    return np.r_[x, x], np.c_[x, x[::-1]]",
    "a_string": 'def f(x):\n    """A text\n    ... of several lines."""\n    return f"{x}"',
}


@pytest.mark.parametrize("code", PLAIN.values(), ids=PLAIN)
def test_plain_functions_are_proven(code: str) -> None:
    assert _proven(code)


KEEPING = {
    "global": "n = 0\n\ndef f(x):\n    global n\n    n += 1\n    return x",
    "global_list": "seen = []\n\ndef f(x):\n    seen.append(x)\n    return x",
    "global_array": "seen = np.zeros(3)\n\ndef f(x):\n    seen[0] += 1\n    return x",
    "global_array_by_another_name": "seen = np.zeros(3)\n\ndef f(x):\n    y = seen\n    y += 1\n    return x",
    "global_hidden_by_a_comprehension": (
        "seen = [0]\n\ndef f(x):\n    [seen for seen in range(1)]\n    seen[0] += 1\n    return x"
    ),
    "global_hidden_by_a_function_within": (
        "seen = [0]\n\ndef f(x):\n    def g():\n        seen = 1\n    seen[0] += 1\n    return x"
    ),
    "default": "def f(x, seen=[]):\n    seen.append(x)\n    return x",
    "default_by_keyword": "def f(x, *, seen={}):\n    return x",
    "default_of_a_lambda": "def f(x):\n    return (lambda y, z=x: y)(x)",
    "attribute": "def f(x):\n    f.n = 1\n    return x",
    "attribute_of_attribute": "def f(x):\n    return f.__dict__",
    "an_alias": "def g(x):\n    return x\n\nh = g\n\ndef f(x):\n    return h(x)",
    "closure": "def make():\n    seen = []\n    return lambda x: seen.append(x)\n\nf = make()",
    "nonlocal": "def f(x):\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    return x",
    "a_class": "class Box:\n    n = 0\n\ndef f(x):\n    return x",
    "a_generator": "def f(x):\n    yield x",
    "a_generator_in_a_stub": "def f(x):\n    raise NotImplementedError\n    yield x",
    "decorator": "@print\ndef f(x):\n    return x",
    "random": "def f(x):\n    return x + np.random.rand()",
    "joining_names_in_a_text": "seen = np.zeros(3)\n\ndef f(x):\n    return np.r_['seen']",
    "joining_by_another_name": "def f(x):\n    join = np.c_\n    return join[x]",
    "memory_as_it_was_too": "def f(x):\n    return np.ndarray(3)",
    "memory_as_it_was_by_alias": "def f(x):\n    make = np.ndarray\n    return make(3)",
    "memory_not_written": "def f(x):\n    return np.add(x, x, where=False)",
    "memory_not_written_by_a_dict": "def f(x):\n    return np.add(x, x, **{'where': False})",
    "numpy_changed": "np.tanh = print\n\ndef f(x):\n    return np.tanh(x)",
    "numpy_hidden": "np = [0]\n\ndef f(x):\n    return np.copy()",
    "builtin_hidden": "seen = []\nsum = seen.append\n\ndef f(x):\n    return sum(x)",
    "builtin_hidden_by_a_function": "def sum(x):\n    return x\n\ndef f(x):\n    return sum(x)",
    "globals": "def f(x):\n    globals()['n'] = 1\n    return x",
    "getattr": "def f(x):\n    return getattr(f, '__dict__')",
    "setattr": "setattr(np, 'tanh', print)\n\ndef f(x):\n    return x",
    "exec": "def f(x):\n    exec('n = 1', {})\n    return x",
    "import_within": "def f(x):\n    import os\n    return x",
    "import_of_a_module": "import os\n\ndef f(x):\n    return x",
    "import_of_a_part": "from numpy import random\n\ndef f(x):\n    return x",
    "import_of_all": "from rnn_utils import *\n\ndef f(x):\n    return x",
    "a_module_by_way_of_the_helpers": "from rnn_utils import sys\n\nsys.modules.clear()\n\ndef f(x):\n    return x",
    "the_helpers_changed": "import rnn_utils\n\nrnn_utils.sigmoid = print\n\ndef f(x):\n    return x",
    "a_helper_that_keeps_something": "def f(x):\n    return lend(f=f)",
    "lending": "with lend(f=print):\n    pass\n\ndef f(x):\n    return x",
    "walrus": "def f(x):\n    return [y := 1, y]",
    "delete": "def f(x):\n    del f\n    return x",
    "try": "def f(x):\n    try:\n        return x\n    except Exception as error:\n        return error.__traceback__",
    "annotation": "def f(x: print(1)):\n    return x",
    "a_magic": "%time x = 1\n\ndef f(x):\n    return x",
    "a_shell_command": "x = !ls\n\ndef f(x):\n    return x",
    "a_single_line_that_is_a_magic": "who",
    "pasted_prompts": 's = """\n... import os\n"""\n\ndef f(x):\n    return x',
    "outputs_of_cells": "Out[0] = 1\n\ndef f(x):\n    return x",
    "another_function_of_that_name": "def f(x):\n    return x\n\nf = print",
    "annotated_but_not_bound": "seen = [0]\n\ndef f(x):\n    (seen): int\n    seen[0] += 1\n    return x",
    "builtins_replaced": "seen = []\n__builtins__ = {'sum': seen.append}\n\ndef f(x):\n    return sum(x)",
    "namespace_of_the_helpers": "from rnn_utils import __dict__ as d\nd.update({'sigmoid': print})\n\ndef f(x):\n    return sigmoid(x)",
    "builtins_of_the_helpers": "from rnn_utils import __builtins__ as b\n\ndef f(x):\n    return x",
    "order_of_a_set": "def f(x):\n    return [g() for g in {lambda: 1, lambda: 2}]",
    "order_of_a_set_from_a_list": "def f(x):\n    return [g() for g in set([lambda: 1, lambda: 2])]",
    "order_of_a_set_of_keys": "def f(x):\n    d = {lambda: 1: 0, lambda: 2: 0}\n    return [g() for g in d.keys() | []]",
    "order_of_a_set_of_items": "def f(x):\n    d = {lambda: 1: 0}\n    v = d.items()\n    return list(v & v)",
    "a_name_that_ipython_writes": "_i = 3\n\ndef f(x):\n    return x",
    "not_a_function": "f = [0]",
    "no_python": "def f(x):\n    return x x",
}


@pytest.mark.parametrize("code", KEEPING.values(), ids=KEEPING)
def test_what_could_keep_something_is_not_proven(code: str) -> None:
    assert not _proven(code)


def _inputs(function: str, seed: int) -> tuple:
    sizes = (3, 4, 2, 5) if "cell" in function else (3, 4, 2, 5, 3)
    return getattr(examiner, f"{function.replace('_forward', '')}_inputs")(*sizes, seed=seed)


def _answer(names: dict, function: str, seed: int) -> str:
    with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        try:
            value = names[function](*_inputs(function, seed))
        except Exception as error:
            value = f"{type(error).__name__}: {error}"
    return repr(rnn_utils.fingerprints({"value": value}))


VARIANTS = [
    *((m.function, m.name, m.source()) for m in MISTAKES),
    *((function, difference, source) for function, difference, source in right_solutions()),
]


def _is_proven(function: str, source: str) -> bool:
    texts = (sources() | {function: source}).values()
    return bool(prove([BEGIN, *texts], [function], SUPPORT))


def test_what_is_proven_answers_as_if_it_were_asked_for_the_first_time() -> None:
    kept = []
    for function, name, source in VARIANTS:
        if not _is_proven(function, source):
            continue
        names, fresh = namespace({function: source}), namespace({function: source})
        for seed in (1, 2):
            _answer(names, function, seed)
        if _answer(names, function, 3) != _answer(fresh, function, 3):
            kept.append(f"{function}: {name}")
    assert not kept


def _behind(*cells: str, asked: str = "f") -> str | None:
    program = prove([BEGIN, *cells], asked.split(), SUPPORT)
    assert program is not None
    return program.behind(asked.split())


CODE = "def f(x):\n    y = x + 1\n    return {'y': y}"
G = "def g(x):\n    return x"


@pytest.mark.parametrize(
    "cells",
    [
        [f"# in words\n{CODE} # more\n\n"],
        [CODE.replace("x + 1", "(x\n    +  1)")],
        [CODE, G],
        [CODE, G.replace("return x", "return 3")],
    ],
)
def test_comments_layout_and_other_functions_make_no_difference(cells: list[str]) -> None:
    assert _behind(*cells) == _behind(CODE)


@pytest.mark.parametrize("change", ["x + 2", "1 + x", "x + 1.0", "x + True", "x - 1", "g(x)"])
def test_whatever_a_function_does_makes_a_difference(change: str) -> None:
    assert _behind(CODE.replace("x + 1", change), G) != _behind(CODE, G)


def test_functions_that_are_called_and_code_outside_make_a_difference() -> None:
    calls = CODE.replace("x + 1", "g(x)")
    assert _behind(calls, G) != _behind(calls, G.replace("return x", "return -x"))
    assert _behind(calls, G) != _behind(calls, "z = 3\nfrom rnn_utils import sigmoid as g")
    assert _behind(CODE, "y = 1\nz = 3") != _behind(CODE)
    assert _behind(CODE, "y = 1\nz = 3") != _behind(CODE, "y = 1\nz = 4")
    assert _behind(CODE, CODE) != _behind(CODE)
    typed = "def f(x: np.ndarray):\n    return x"
    program = prove([typed, BEGIN], ["f"], SUPPORT)
    assert program is not None
    assert program.behind(["f"]) != _behind(typed)


@pytest.mark.parametrize("beside", ["v = 1\n1 / 0\n", "print(1)\n", "assert 1\n"])
def test_what_stands_beside_other_code_in_a_cell_is_told_by_its_text_only(beside: str) -> None:
    assert _behind(f"{beside}{CODE}") is None
    assert _behind(f"{CODE}\n{beside}") is None
    assert _behind(f"{CODE}\n\n{G}") is not None
    assert _behind(f'"""Words."""\n{CODE}') is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('len("""a\n   \nb""")', 'len("a\\n   \\nb")'),  # IPython takes the blanks out
        ("1e999 * 0", "-(1e999 * 0)"),
        ("0.0", "-0.0"),
        ("1", "True"),
        ("'a'", "b'a'"),
    ],
)
def test_constants_that_look_alike_make_a_difference(one: str, other: str) -> None:
    assert _behind(f"def f(x):\n    return {one}") != _behind(f"def f(x):\n    return {other}")


def test_code_that_grows_when_it_is_compiled_is_not() -> None:
    lines = ["x = 1"]
    for depth in range(40):
        indent = " " * depth
        lines += [f"{indent}try:", f"{indent} pass", f"{indent}finally:"]
    assert not _proven("\n".join([*lines, " " * 40 + "y = 1"]))
    assert not _proven("x = 1\n" * 100_000)


def test_hardly_any_notebook_is_held_up_for_nothing() -> None:
    proven = [_is_proven(function, source) for function, _, source in VARIANTS]
    assert sum(proven) / len(proven) > 0.95


# --- Cells that IPython leaves as they are ----------------------------------------------------

FRAGMENTS = [
    *("", " ", "x = 1", "def f():", "    return 1", "who", "ls -l", "%time", "%%time", "!ls"),
    *("x = !ls", "x?", "?x", "/f 1", ",f 1", ";f 1", ">>> x", "... x", "...", "In [1]: x"),
    *("   ...: x", '"""', "'%d' % 1", "# ? !", "x != 1", "await x", "\\", "(", ")", "\t", "\x0c"),
    *("[nav]In [1]: x", "    x = 1", "if x:", "pass;", "exit"),
]


def _is_read_otherwise(source: str) -> bool:
    return TransformerManager().transform_cell(source) != as_ipython_reads(source)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=6))
def test_ipython_changes_nothing_in_a_plain_cell(lines: list[str]) -> None:
    source = "\n".join(lines)
    assert not (is_plain(source) and _is_read_otherwise(source))


def test_cells_of_the_course_are_plain() -> None:
    for assignment in paths.ASSIGNMENTS:
        notebook = json.loads(paths.release(assignment).read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code":
                assert is_plain(source), source
                assert not _is_read_otherwise(source)


# --- Cells that need nothing of IPython's -----------------------------------------------------

_RUN = """
import json, sys
from course.engine import cells

shell = cells.make_shell()
cells.warm_up(shell, figures=False)
for notebook in json.load(sys.stdin):
    cells.fresh_namespace(shell, {})
    alone = sys.argv[1] == "alone"
    print(json.dumps([cells.run(shell, one, alone=alone) for one in notebook]))
"""
ODD_CELLS = [
    "x = 3\nx + 1;",
    "x = 3\nx + 1",
    "def over(x):\n    return np.exp(x)\n\nover(np.full(2, 1000.0))",
    "y = 0\nover(np.full(2, 1000.0))",
    "over(np.full(2, 1000.0))\nover(np.full(2, 1000.0))",
    "a = 257\nb = 257\nprint(a is b)",
    "print(1)\nx = 3\nprint(x is 3)",
    "print(1)\nreturn 2",
    "def early(x: np.array, y: nothing_of_that_name):\n    return x",
    "x: print('evaluated') = 3\nx: 1 / 0",
    '"""What this is."""\n"""And more."""\n__doc__',
    "x = 1\n   \nprint(repr('''a\n   \nb'''))",
    "def fails(x):\n    raise ValueError('no')\n\nfails(1)",
    "try:\n    fails(1)\nexcept ValueError as error:\n    raise KeyError('other') from error",
]


def _notebooks() -> list[list[str]]:
    found = [[BEGIN, *ODD_CELLS]]
    for assignment in ("02_rnn_forward", "05_backprop"):
        for _, _, notebook in a_class(assignment, 10):
            code = [
                cell.source
                for cell in notebook.cells
                if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade")
            ]
            if prove(code, ["f"], SUPPORT):
                found.append(code)
    return found


def test_what_comes_out_is_the_same_without_ipythons_machinery() -> None:
    notebooks = _notebooks()
    said = []
    for way in ("alone", "with all"):
        words = [sys.executable, "-c", _RUN, way]
        given = json.dumps(notebooks)
        done = subprocess.run(
            words, cwd=paths.ROOT, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        said.append([json.loads(line) for line in done.stdout.splitlines()])
    assert len(notebooks) > 12
    for alone, with_all, cells in zip(*said, notebooks, strict=True):
        for one, other, source in zip(alone, with_all, cells, strict=True):
            assert one == other, source


_FAIL = """
import json, sys
sys.path.insert(0, sys.argv[1])
from course.engine import cells, tracebacks

shell = cells.make_shell()
cells.warm_up(shell, figures=False)
path = sys.argv[1] + "/helpers.py"
if sys.argv[2] == "looked through before":
    tracebacks.look_through("elsewhere.py", open(path).read())
    tracebacks.look_through(path, open(path).read())
cells.fresh_namespace(shell, {})
print(json.dumps(cells.run(shell, "import helpers\\nhelpers.apply(lambda x: 1 / x, [1, 0])")))
"""
_HELPERS = '''"""Words."""


def apply(function, values):
    """Call it."""

    found = []
    for value in values:
        found.append(
            function(value)
        )
    return f"{found!r:>20}"
'''


def test_an_error_in_a_helper_looks_the_same_if_its_source_was_looked_through(
    tmp_path: Path,
) -> None:
    (tmp_path / "helpers.py").write_text(_HELPERS, encoding="utf-8")
    said = [
        subprocess.check_output([sys.executable, "-c", _FAIL, str(tmp_path), way], cwd=paths.ROOT)
        for way in ("looked through before", "not")
    ]
    assert said[0] == said[1]
    assert b"helpers.py" in said[0]
    assert b"ZeroDivisionError" in said[0]
