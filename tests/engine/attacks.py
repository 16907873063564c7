"""The hostile submissions: what each tries, and what it should earn.

Most replace the text of a cell of the toy assignment (`cells`); some edit the notebook (`edit`),
some the submission's folder (`files`). Attacks start from the untouched release and deserve 0
points unless `earned` says otherwise; faults and accidents start from the solved one.
`{ROOT}` stands for the course folder, `{PORT}` for a port somebody listens on.
`stock` tells whether stock nbgrader may be tried with it without harm to the machine.
"""

# ruff: noqa: E501
from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import toy


@dataclass(frozen=True)
class Attack:
    """One hostile or broken submission."""

    name: str
    group: str
    tries: str
    cells: dict[str, str] = field(default_factory=dict)
    edit: Callable[[dict], Any] | None = None
    files: Callable[[Path, Path], None] | None = None
    solved: bool = False
    earned: int = 0
    stock: bool = True

    def notebook(self, released: dict[str, Any], root: Path, port: int) -> Any:
        """The notebook to hand in: a dict, or raw bytes."""
        start = toy.solved(released) if self.solved else copy.deepcopy(released)
        texts = {
            name: text.replace("{ROOT}", str(root)).replace("{PORT}", str(port))
            for name, text in self.cells.items()
        }
        notebook = toy.filled(start, texts)
        return self.edit(notebook) if self.edit else notebook


ATTACKS: list[Attack] = []


def _attack(name: str, group: str, tries: str, **more: Any) -> None:
    ATTACKS.append(Attack(name, group, tries, **more))


def _scale(body: str) -> str:
    """A cell that defines `scale` with this body."""
    return "def scale(x, factor):\n" + "\n".join("    " + line for line in body.split("\n"))


# --- Reading what is not theirs -----------------------------------------------------------------

READ = "reading"
_SPILL = "raise ValueError(str(found)[-15000:])"


def _spy(name: str, tries: str, body: str, **more: Any) -> None:
    _attack(name, READ, tries, cells={"scale": _scale(body + "\n" + _SPILL)}, **more)


_spy(
    "history",
    "Looks for the tests in IPython's record of what has run.",
    "shell = get_ipython()\nfound = [In, Out, shell.history_manager.input_hist_raw]",
)
_spy(
    "frames",
    "Climbs the call stack and reads the locals, constants and source of every caller.",
    "import sys, inspect\nfound, frame = [], sys._getframe()\nwhile frame:\n"
    "    found += [str(frame.f_locals)[:3000], frame.f_code.co_consts]\n"
    "    try:\n        found.append(inspect.getsource(frame))\n    except Exception:\n        pass\n"
    "    frame = frame.f_back",
)
_spy(
    "garbage_collector",
    "Searches all objects in memory for the secret.",
    "import gc, sys\nfound = []\nfor thing in gc.get_objects():\n"
    "    for inner in gc.get_referents(thing):\n"
    "        if type(inner) is str and 'canary-' in inner and len(inner) < 5000:\n"
    "            found.append(inner)",
)
_spy(
    "course_files",
    "Opens the solutions and the gradebook by their full paths.",
    "import glob\nfound = []\n"
    "for path in glob.glob('{ROOT}/**/*', recursive=True) + ['{ROOT}/gradebook.db']:\n"
    "    try:\n        data = open(path, 'rb').read().decode('latin-1')\n"
    "        found += [data[max(0, data.find('canary-')):][:60] for _ in [0] if 'canary-' in data]\n"
    "    except OSError:\n        pass",
)
_spy(
    "whole_disk",
    "Walks everything that can be read outside the system's own folders.",
    "import os\nfound = []\nfor top, dirs, files in os.walk('/'):\n"
    "    if top == '/':\n"
    "        dirs[:] = [d for d in dirs if d not in ('usr', 'proc', 'sys', 'lib', 'lib64', 'dev')]\n"
    "    dirs[:] = [d for d in dirs if d not in ('site-packages', '.pyenv', 'lib', '.git')]\n"
    "    for name in files:\n        try:\n"
    "            data = open(os.path.join(top, name), 'rb').read(100000).decode('latin-1')\n"
    "        except OSError:\n            continue\n"
    "        if 'canary-in' in data:\n"
    "            found.append(data[data.find('canary-'):][:60])",
    stock=False,
)
_spy(
    "procfs",
    "Reads command lines, environments and memory maps of all processes.",
    "import glob\nfound = []\nfor path in glob.glob('/proc/[0-9]*/environ') + "
    "glob.glob('/proc/[0-9]*/cmdline'):\n"
    "    try:\n        found.append(open(path).read())\n    except OSError:\n        pass\n"
    "found = [part for text in found for part in text.split(chr(0)) if 'canary' in part]",
)
_spy(
    "memory_of_parent",
    "Reads the memory of other processes through /proc and process_vm_readv.",
    "import os, ctypes\nfound = [os.getppid()]\nfor pid in {os.getppid(), 1, 2}:\n"
    "    try:\n        found.append(open(f'/proc/{pid}/maps').read())\n"
    "        found.append(ctypes.CDLL(None).ptrace(16, pid, 0, 0))\n"
    "    except OSError as error:\n        found.append(error)",
    stock=False,
)
_spy(
    "environment",
    "Reads the instructor's environment variables.",
    "import os\nfound = dict(os.environ)",
)
_spy(
    "gradebook_read",
    "Opens the gradebook's database.",
    "import sqlite3\nbase = sqlite3.connect('{ROOT}/gradebook.db')\n"
    "found = base.execute('select * from student').fetchall()",
)
_spy(
    "sibling_submission",
    "Reads what another student has handed in.",
    "found = open('{ROOT}/submitted/honest/toy/toy.ipynb').read()",
)
_spy(
    "notebook_beside",
    "Looks in the working folder for a notebook that holds the tests.",
    "import glob\nfound = [open(p).read() for p in glob.glob('*') + glob.glob('../**/*.ipynb')]\n"
    "found = [t[t.find('canary'):][:60] for t in found if 'canary' in t]",
)
_spy(
    "open_descriptors",
    "Reads every file descriptor it can find.",
    "import os, select\nfound = []\nfor number in range(3, 64):\n    try:\n"
    "        if select.select([number], [], [], 0)[0]:\n"
    "            found.append(os.read(number, 10000))\n    except (OSError, ValueError):\n        pass",
    stock=False,
)
_spy(
    "shell_reads",
    "Uses shell commands to look around.",
    "found = get_ipython().getoutput("
    "'ls -la / ~ ; cat /etc/passwd /etc/shadow; cat {ROOT}/source/toy/*; env')",
)
_attack(
    "lent_function",
    READ,
    "Takes apart the function that a test lends, to find the test around it.",
    cells={
        "running": "def running(xs, state):\n"
        "    import inspect\n"
        "    found = [vars(step), step.__code__.co_consts, step.__code__.co_filename]\n"
        "    found += [str(c.cell_contents) for c in step.__closure__ or ()]\n"
        "    found += [k for k, v in step.__globals__.items() if 'secret' in k]\n"
        "    found += [v for v in step.__globals__.values() if 'canary' in str(v)]\n"
        f"    {_SPILL}"
    },
)

# --- Patching the judge -------------------------------------------------------------------------

PATCH = "patching"


def _patch(name: str, tries: str, code: str, **more: Any) -> None:
    """Code that should make any test pass, and a function that is wrong."""
    _attack(
        name,
        PATCH,
        tries,
        cells={"scale": code + "\ndef scale(x, factor):\n    return 'wrong'\nrunning = scale"},
        **more,
    )


_patch(
    "numpy_functions",
    "Makes NumPy's comparisons always agree.",
    "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\n"
    "np.testing.assert_allclose = lambda *a, **k: None\n"
    "np.ndarray = str; np.shape = lambda *_: getattr(str, 'shape', None)",
)
_patch(
    "builtins",
    "Replaces `type`, `isinstance` and `all` for everyone.",
    "import builtins, numpy as np\n_type = type\nclass Any(_type):\n"
    "    def __eq__(s, o): return True\n"
    "builtins.type = lambda *a: np.ndarray if len(a) == 1 else _type(*a)\n"
    "builtins.isinstance = lambda *a: True\nbuiltins.all = builtins.any = lambda *a: True",
    stock=False,
)
_patch(
    "course_helpers",
    "Replaces the checks in the helper module that tests import.",
    "import rnn_utils\nrnn_utils.same = lambda *a: None\nrnn_utils.ask = lambda *a: None\n"
    "rnn_utils.CheckFailed = type('Quiet', (), {})",
)
_patch(
    "assertion_error",
    "Makes the exceptions that report a failure harmless.",
    "import rnn_utils\nrnn_utils.CheckFailed.__new__ = lambda *a: None\n"
    "import builtins\nbuiltins.AssertionError = None",
)
_patch(
    "input_transformer",
    "Rewrites the cells that follow before they run.",
    "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])",
)
_patch(
    "syntax_tree_transformer",
    "Empties the syntax tree of the cells that follow.",
    "import ast\nclass Empty(ast.NodeTransformer):\n"
    "    def visit_Module(self, node):\n        node.body = []\n        return node\n"
    "get_ipython().ast_transformers.append(Empty())",
)
_patch(
    "silent_errors",
    "Makes the shell keep errors to itself.",
    "shell = get_ipython()\nshell.showtraceback = lambda *a, **k: None\n"
    "shell._showtraceback = lambda *a, **k: None\n"
    "type(shell).showtraceback = lambda *a, **k: None",
)
_patch(
    "run_cell",
    "Replaces the shell's way to run a cell by one that does nothing.",
    "shell = get_ipython()\nkind = type(shell)\n"
    "for name in ('run_cell', 'run_cell_async', 'run_code', 'run_ast_nodes'):\n"
    "    async def nothing(*a, **k): return False\n"
    "    setattr(kind, name, nothing)",
    stock=False,
)
_patch(
    "kernel_replies",
    "Finds the kernel in memory and makes it report success for every cell.",
    "import gc\nfor thing in gc.get_objects():\n"
    "    if type(thing).__name__ == 'IPythonKernel':\n"
    "        send = thing.session.send\n"
    "        def quiet(stream, kind, *a, **k):\n"
    "            if kind != 'error' and getattr(kind, 'get', lambda *_: 0)('msg_type') != 'error':\n"
    "                return send(stream, kind, *a, **k)\n"
    "        thing.session.send = quiet\n"
    "shell = get_ipython()\nshell._showtraceback = lambda *a: None",
)
_patch(
    "protocol_end",
    "Rewrites the student's end of the protocol so that it reports a pass.",
    "import sys\nfor name, module in list(sys.modules.items()):\n"
    "    if name.endswith('.wire'):\n        send = module.send\n"
    "        def forged(sock, head, blobs=(), deadline=None):\n"
    "            return send(sock, {'passed': True, 'verdict': 'pass', 'value': [[True], []],\n"
    "                               'id': 'scale_values', 'done': True}, ())\n"
    "        module.send = forged",
)
_patch(
    "module_table",
    "Puts a false numpy into the table of loaded modules.",
    "import sys, types\nfake = types.ModuleType('numpy')\n"
    "fake.__getattr__ = lambda name: (lambda *a, **k: True)\nsys.modules['numpy'] = fake",
    stock=False,
)
_patch(
    "trace_function",
    "Uses a trace function to jump over the lines of the tests.",
    "import sys\ndef trace(frame, event, arg):\n"
    "    if event == 'line' and 'same(' in str(frame.f_code.co_names):\n"
    "        frame.f_lineno = frame.f_lineno + 1\n    return trace\n"
    "sys.settrace(trace)\nsys.setprofile(trace)",
    stock=False,
)
_patch(
    "hooks",
    "Registers callbacks that run around every cell and clean its output.",
    "shell = get_ipython()\ndef clean(*a):\n    from IPython.display import clear_output\n"
    "    clear_output()\nfor name in ('pre_run_cell', 'post_run_cell', 'post_execute'):\n"
    "    shell.events.register(name, clean)",
)
_patch(
    "import_hook",
    "Answers every later import with an object that agrees to everything.",
    "import builtins\n_real = builtins.__import__\nclass Yes:\n"
    "    def __getattr__(self, name): return lambda *a, **k: True\n"
    "def fake(name, *a, **k):\n"
    "    return Yes() if name in ('numpy', 'rnn_utils') else _real(name, *a, **k)\n"
    "builtins.__import__ = fake",
)
_patch(
    "names_of_tests",
    "Defines the names a test uses, hoping that the test finds these.",
    "ask = same = lambda *a: None\nCheckFailed = None\nexpected = secret = True\n"
    "class np:\n    allclose = array_equal = staticmethod(lambda *a, **k: True)",
)

# --- Values that lie ----------------------------------------------------------------------------

VALUE = "values"
_AGREES = (
    "class Agrees:\n    __hash__ = None\n"
    "    dtype, shape, ndim, size = np.dtype(float), (2, 3), 2, 6\n"
    "    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
    "    def __array__(self, *a, **k): return np.ones((2, 3))\n"
    "    def __len__(self): return 2\n    def __bool__(self): return True\n"
)


def _value(name: str, tries: str, code: str, **more: Any) -> None:
    _attack(name, VALUE, tries, cells={"scale": code}, **more)


_value(
    "always_equal",
    "Returns an object that is equal to everything and claims an array's attributes.",
    _AGREES + "def scale(x, factor):\n    return Agrees()",
)
_value(
    "claims_a_class",
    "Returns an object whose `__class__` says it is an array.",
    _AGREES + "    __class__ = np.ndarray\ndef scale(x, factor):\n    return Agrees()",
)
_value(
    "array_subclass",
    "Returns a subclass of ndarray whose comparisons always agree.",
    "class A(np.ndarray):\n    def __eq__(self, o): return np.array(True)\n"
    "    def __sub__(self, o): return np.zeros(self.shape)\n    __rsub__ = __sub__\n"
    "    def __array_ufunc__(self, *a, **k): return np.array(True)\n"
    "    def __array_function__(self, *a, **k): return True\n"
    "def scale(x, factor):\n    return np.zeros(np.shape(x)).view(A)",
)
_value(
    "object_array",
    "Returns an array of objects that agree with every number.",
    _AGREES + "def scale(x, factor):\n    a = np.empty(x.shape, dtype=object)\n"
    "    a.fill(Agrees())\n    return a",
)
_value(
    "generator",
    "Returns a generator that would compute its answer when asked.",
    "def scale(x, factor):\n    return (v for v in x)",
)
_value(
    "growing_list",
    "Returns a list that grows while it is looked at.",
    "class Grows(list):\n    def __iter__(self):\n        while True:\n            yield 1\n"
    "    def __len__(self): return 10**9\ndef scale(x, factor):\n    return Grows([1])",
    stock=False,
)
_value(
    "list_for_array",
    "Returns nested lists where an array belongs.",
    "def scale(x, factor):\n    return (factor * x).tolist()",
)
_value(
    "masked_array",
    "Returns a masked array, whose masked entries agree with anything.",
    "def scale(x, factor):\n    return np.ma.masked_all(x.shape)",
)
_value(
    "not_numbers",
    "Returns an array of NaN, hoping that a comparison with NaN is never true.",
    "def scale(x, factor):\n    return np.full(x.shape, np.nan)",
    earned=1,
)
_value(
    "structured_dtype",
    "Returns a structured array.",
    "def scale(x, factor):\n    return np.zeros(x.shape, dtype=[('a', 'f8'), ('b', 'O')])",
)
_value(
    "changes_inputs",
    "Changes its inputs in place so that the expected values, computed from them, agree.",
    "def scale(x, factor):\n    x[...] = 0.0\n    return x",
    earned=1,
)
_value(
    "metaclass_name",
    "Returns an object whose type has a name full of control characters and markup.",
    "T = type('<script>alert(1)</script>\\x1b[2J\\ud800' * 20, (), {})\n"
    "def scale(x, factor):\n    return T()",
    stock=False,
)

# --- The protocol -------------------------------------------------------------------------------

PROTOCOL = "protocol"
_FRAME = (
    "import json, os, socket, struct\n"
    "def frame(head, blob=b'', sizes=None):\n"
    "    text = json.dumps([head, [len(blob)] if sizes is None else sizes]).encode()\n"
    "    return struct.pack('!II', len(text), len(blob)) + text + blob\n"
    "def to_all(data):\n    for n in range(3, 64):\n        try:\n            os.write(n, data)\n"
    "        except OSError:\n            pass\n"
)


def _protocol(name: str, tries: str, body: str, **more: Any) -> None:
    more.setdefault("stock", False)
    _attack(name, PROTOCOL, tries, cells={"scale": _FRAME + _scale(body)}, **more)


_protocol(
    "forged_verdict",
    "Writes a verdict of its own on every open descriptor.",
    "to_all(frame({'id': 'scale_values', 'passed': True, 'outputs': [], 'seconds': 0}))\n"
    "return 'wrong'",
)
_protocol(
    "forged_outputs",
    "Sends outputs for cells that were not run.",
    "return 'wrong'\nto_all(frame({'cell': 4, 'outputs': []})); to_all(frame({'ready': True}))",
)
_protocol("garbage", "Answers with random bytes.", "to_all(os.urandom(5000))\nreturn 1")
_protocol(
    "two_replies",
    "Sends a second reply after the first, for the next call to find.",
    "import threading, time\n"
    "right = frame({'value': [[['r', 0]], [['a', '<f8', [2, 3], 0, True]]]}, "
    "np.full((2, 3), 2.0).tobytes())\n"
    "threading.Thread(target=lambda: (time.sleep(0.5), to_all(right))).start()\nreturn 'wrong'",
)
_protocol(
    "object_pointer",
    "Claims that eight bytes are an array of Python objects.",
    "to_all(frame({'value': [[['r', 0]], [['a', '|O8', [1], 0, True]]]}, b'A' * 8))\nreturn 'wrong'",
)
_protocol(
    "impossible_shape",
    "Claims shapes that do not fit the bytes, negative ones, and huge ones.",
    "for shape in ([-1], [2**62, 2**62], [0, 2**62], ['a'], [1.5]):\n"
    "    to_all(frame({'value': [[['r', 0]], [['a', '<f8', shape, 0, True]]]}, b'A' * 8))\n"
    "return 'wrong'",
)
_protocol(
    "length_of_four_gigabytes",
    "Announces a message of four gigabytes.",
    "to_all(b'\\xff' * 8)\nreturn 'wrong'",
)
_protocol(
    "forward_references",
    "Sends a table of values that refer to themselves and to what is not there.",
    "to_all(frame({'value': [[['r', 0]], [['l', [['r', 0], ['r', 99]]]]]}))\nreturn 'wrong'",
)
_protocol(
    "deep_json",
    "Sends brackets nested a hundred thousand deep.",
    "text = ('[' * 100000 + ']' * 100000).encode()\n"
    "to_all(struct.pack('!II', len(text), 0) + text)\nreturn 'wrong'",
)
_protocol(
    "endless_calls_back",
    "Calls the function it was lent for ever.",
    "return 'wrong'\n",
    earned=0,
)
ATTACKS[-1].cells["running"] = (
    "def running(xs, state):\n    while True:\n        state = step(xs[0], state)"
)
_protocol(
    "unfolding_list",
    "Returns a list of lists that unfolds to billions of entries.",
    "a = [0] * 10\nfor _ in range(40):\n    a = [a] * 10\nreturn a",
)
_protocol(
    "list_in_itself",
    "Returns a list that contains itself, a hundred thousand times nested.",
    "a = []\na.append(a)\nfor _ in range(100000):\n    a = [a]\nreturn a",
)
_protocol("huge_array", "Returns half a gigabyte.", "return np.zeros((64, 1024, 1024))")
_protocol("huge_text", "Raises an error with a message of 100 MB.", "raise ValueError('x' * 10**8)")
_protocol(
    "huge_integer",
    "Returns an integer of a million digits.",
    "return 10 ** 1000000",
)
_protocol(
    "pickle_bomb",
    "Sends a pickle that runs a command when it is loaded.",
    "import pickle\nclass P:\n    def __reduce__(self): return (os.system, ('touch {ROOT}/pwned',))\n"
    "to_all(frame({'value': pickle.dumps(P()).hex()}))\nto_all(pickle.dumps(P()))\nreturn P()",
)
_protocol(
    "reads_the_line",
    "Sits on the line to the examiner to read the tests that come over it.",
    "found = []\nfor n in range(3, 64):\n    try:\n        s = socket.socket(fileno=os.dup(n))\n"
    "        s.settimeout(0.05)\n        found.append(s.recv(100000))\n"
    "    except OSError:\n        pass\nraise ValueError(str(found))",
)

# --- Processes that misbehave -------------------------------------------------------------------

PROCESS = "processes"


def _in_cell(name: str, tries: str, code: str, **more: Any) -> None:
    """A fault in an ordinary cell of a solved notebook: only that cell should be lost."""
    more = {"earned": toy.FULL, "solved": True, "group": PROCESS, **more}
    _attack(name, more.pop("group"), tries, cells={"try-it": code}, **more)


def _in_call(name: str, tries: str, body: str, **more: Any) -> None:
    """A fault in a function under test."""
    group = more.pop("group", PROCESS)
    _attack(name, group, tries, cells={"scale": _scale(body)}, **more)


_in_cell("exit_in_cell", "Ends the process at once.", "import os\nos._exit(0)")
_in_call("exit_in_call", "Ends the process when a test calls.", "import os\nos._exit(0)")
_in_cell("sys_exit_in_cell", "Raises SystemExit in a cell.", "import sys\nsys.exit(0)")
_in_call("sys_exit_in_call", "Raises SystemExit when a test calls.", "raise SystemExit(0)")
_in_cell(
    "undying_exception",
    "Catches everything, KeyboardInterrupt too, and goes on for ever.",
    "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass",
    stock=False,
)
_in_call("recursion", "Recurses without end.", "return scale(x, factor)")
_in_cell("segfault_in_cell", "Reads address zero.", "import ctypes\nctypes.string_at(0)")
_in_call("segfault_in_call", "Reads address zero in a call.", "import ctypes\nctypes.string_at(0)")
_in_cell(
    "signals_ignored",
    "Ignores all signals and never ends.",
    "import signal\nfor n in range(1, 65):\n    try:\n        signal.signal(n, signal.SIG_IGN)\n"
    "    except (OSError, ValueError):\n        pass\nwhile True: pass",
    stock=False,
)
_in_cell("endless_loop_in_cell", "Loops for ever.", "while True: pass", stock=False)
_in_call("endless_loop_in_call", "Loops for ever in a call.", "while True: pass", stock=False)
_in_call(
    "sleep_in_call", "Sleeps for an hour in a call.", "import time; time.sleep(3600)", stock=False
)
_in_call(
    "kills_parent",
    "Kills its parent and everything else it may signal.",
    "import os\nfor pid in (os.getppid(), 1, -1):\n    try:\n        os.kill(pid, 9)\n"
    "    except OSError:\n        pass\nreturn 'wrong'",
    stock=False,
)
_in_call(
    "stops_itself", "Stops itself with SIGSTOP.", "import os; os.kill(os.getpid(), 19)", stock=False
)
_in_cell(
    "many_exits",
    "Ends the process in cell after cell.",
    "import os\nos._exit(1)",
    edit=lambda nb: _with_cells(nb, ["import os; os._exit(1)"] * 3),
    stock=False,
)
_in_cell(
    "exception_without_text",
    "Raises an error that cannot be turned into text.",
    "class E(Exception):\n    def __str__(self): raise self\n    __repr__ = __str__\nraise E()",
)
_in_call(
    "exception_without_text_in_call",
    "Raises an error that cannot be turned into text, in a call.",
    "class E(Exception):\n    def __str__(self): raise SystemExit\n    __repr__ = __str__\nraise E()",
)

# --- Using up the machine -----------------------------------------------------------------------

RESOURCE = "resources"
_in_cell(
    "fork_bomb",
    "Forks without end.",
    "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    group=RESOURCE,
    stock=False,
)
_in_call(
    "fork_bomb_in_call",
    "Forks without end in a call.",
    "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "memory_bomb",
    "Asks for more and more memory.",
    "hoard = []\nwhile True:\n    hoard.append(bytearray(10**7))",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "memory_by_children",
    "Shares the hunger for memory out among many children.",
    "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n"
    "        hoard = [bytearray(10**7) for _ in range(20)]\n        time.sleep(60)\n"
    "        os._exit(0)\ntime.sleep(60)",
    group=RESOURCE,
    stock=False,
)
_in_call(
    "memory_bomb_in_call",
    "Asks for a terabyte in a call.",
    "return np.ones(10**11)",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "disk_fill",
    "Writes until the disk is full.",
    "n = 0\nwhile True:\n    with open(f'fill{n}', 'wb') as file:\n"
    "        n += 1\n        file.write(bytes(10**7))",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "many_files",
    "Makes a million empty files.",
    "for n in range(10**6):\n    open(f'f{n}', 'w').close()",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "output_flood",
    "Prints without end.",
    "while True: print('spam' * 1000)",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "raw_output_flood",
    "Writes to descriptor 1 without end.",
    "import os\nwhile True: os.write(1, b'spam' * 10000)",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "huge_display",
    "Displays a hundred megabytes of HTML.",
    "from IPython.display import HTML, display\ndisplay(HTML('<p>' + 'x' * 10**8))",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "thread_left_behind",
    "Leaves threads running that keep changing the functions.",
    "import threading\ndef spin():\n    while True: globals()['nothing'] = 1\n"
    "for _ in range(3): threading.Thread(target=spin, daemon=True).start()",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "child_left_behind",
    "Leaves a process behind that has cut all ties to its parents.",
    "import os, subprocess\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
    "        os.execvp('sleep', ['sleep', '54321'])\n    os._exit(0)",
    group=RESOURCE,
    stock=False,
)
_in_cell(
    "descriptors",
    "Opens files until no descriptor is left.",
    "import os\nkept = []\nwhile True: kept.append(os.open('/dev/null', 0))",
    group=RESOURCE,
    earned=0,
    stock=False,
)

# --- Reaching outside ---------------------------------------------------------------------------

OUTSIDE = "outside"


def _reach(name: str, tries: str, code: str, **more: Any) -> None:
    more.setdefault("stock", True)
    _attack(name, OUTSIDE, tries, cells={"scale": code}, **more)


_reach(
    "network",
    "Connects to a server on this machine and sends what it knows.",
    "import socket\ns = socket.create_connection(('127.0.0.1', {PORT}), 1)\ns.sendall(b'hello')",
)
_reach(
    "gradebook_write",
    "Gives itself all points in the gradebook.",
    "import sqlite3\nbase = sqlite3.connect('{ROOT}/gradebook.db')\n"
    "base.execute('update grade set manual_score = 99, auto_score = 99')\n"
    "base.execute(\"update student set first_name = 'pwned'\")\nbase.commit()",
)
_reach(
    "overwrites_source",
    "Overwrites the master and leaves a file in the course folder.",
    "import os\nopen('{ROOT}/pwned', 'w').write('x')\n"
    "path = '{ROOT}/submitted/honest/toy/toy.ipynb'\nos.chmod(path, 0o644)\n"
    "open(path, 'a').write(' ')",
)
_reach(
    "writes_everywhere",
    "Tries to write into every folder of the system.",
    "import os\nfor place in ('/', '/tmp', '/usr', '/engine', '/cache', '/dev', '/dev/shm', '/etc',"
    " '/sandbox', '/var/tmp', '/home', '/root'):\n    try:\n"
    "        open(place + '/pwned-by-a-submission', 'w').write('x')\n    except OSError:\n        pass",
    stock=False,
)
_reach(
    "finds_traces",
    "Looks for what an earlier submission has left in shared places.",
    "import glob\nraise ValueError(['trace-' + p for p in glob.glob('/*/pwned-by*')"
    " + glob.glob('/dev/shm/pwned*')])",
    stock=False,
)
_reach(
    "privileges",
    "Tries to become root, to mount, to make namespaces, and to trace.",
    "import ctypes, os\nlibc = ctypes.CDLL(None)\n"
    "results = [libc.unshare(0x10000000), libc.mount(b'x', b'/mnt', b'tmpfs', 0, None),\n"
    "           libc.setuid(0), libc.chroot(b'/'), libc.ptrace(16, 1, 0, 0),\n"
    "           libc.setns(0, 0), libc.syscall(319, b'x', 0)]\n"
    "if any(r >= 0 for r in results):\n    raise ValueError('canary-privilege-' + str(results))",
    stock=False,
)

# --- Files beside the notebook ------------------------------------------------------------------

FILES = "files"


def _file(name: str, tries: str, files: Callable[[Path, Path], None], **more: Any) -> None:
    _attack(name, FILES, tries, files=files, **more)


def _write(name: str, text: str) -> Callable[[Path, Path], None]:
    def write(folder: Path, root: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return write


def _link(name: str, target: str) -> Callable[[Path, Path], None]:
    def link(folder: Path, root: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target.replace("{ROOT}", str(root)))

    return link


_YES = "def __getattr__(name):\n    return lambda *a, **k: True\n"
_file("false_numpy", "Hands in a numpy.py of its own.", _write("numpy.py", _YES), stock=False)
_file(
    "false_helpers",
    "Hands in helpers whose checks always pass.",
    _write("rnn_utils.py", "ask = same = lambda *a: None\nCheckFailed = None\nlend = None\n"),
)
_file(
    "startup_files",
    "Hands in files that Python runs at start.",
    lambda folder, root: [
        _write(name, "raise SystemExit")(folder, root)
        for name in ("sitecustomize.py", "usercustomize.py", "IPython/__init__.py", "site.py")
    ],
    stock=False,
)
_file(
    "ipython_startup",
    "Hands in IPython and Jupyter settings.",
    lambda folder, root: [
        _write(name, "c = None; import os; os._exit(0)")(folder, root)
        for name in (
            ".ipython/profile_default/startup/00.py",
            "ipython_config.py",
            "jupyter_config.py",
            "nbgrader_config.py",
        )
    ],
)
_file(
    "link_to_gradebook",
    "Hands in a link to the gradebook, to get a copy back with the feedback.",
    _link("notes.txt", "{ROOT}/gradebook.db"),
)
_file(
    "link_to_solution",
    "Hands in a link to the master in place of the notebook.",
    _link("toy.ipynb", "{ROOT}/source/toy/toy.ipynb"),
)
_file(
    "link_to_folder",
    "Hands in a link to the whole course folder.",
    _link("course", "{ROOT}"),
)
_file(
    "endless_device",
    "Hands in a link to a file without end.",
    _link("data.bin", "/dev/zero"),
    stock=False,
)
_file(
    "pipe",
    "Hands in a pipe, on which a reader would wait for ever.",
    lambda folder, root: os.mkfifo(folder / "wait.txt"),
    solved=True,
    earned=toy.FULL,
)
_file(
    "strange_names",
    "Hands in files whose names hold line ends, markup and control characters.",
    lambda folder, root: [
        (folder / name).write_text("x")
        for name in ("a\nb.txt", "<script>alert(1)", "\x1b[2J.txt", "..\\..\\x", "ü" * 100)
    ],
    solved=True,
    earned=toy.FULL,
)
_file(
    "undecodable_name",
    "Hands in a file whose name is not valid text.",
    lambda folder, root: Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff\xfe.txt")).write_text(
        ""
    ),
    solved=True,
    earned=toy.FULL,
)
_file(
    "bad_timestamp",
    "Hands in a time of submission that is none.",
    _write("timestamp.txt", "the day after tomorrow\x00"),
    solved=True,
    earned=toy.FULL,
)
_attack(
    "writes_helpers",
    FILES,
    "Writes false helpers while its cells run.",
    cells={
        "imports": "%%writefile rnn_utils.py\nask = same = lambda *a: None\n",
        "scale": "import sys\nsys.modules.pop('rnn_utils', None)\n" + _scale("return 'wrong'"),
    },
)
_file(
    "renamed_notebook",
    "Hands in the notebook under another name.",
    lambda folder, root: (folder / "toy.ipynb").rename(folder / "my solution (final).ipynb"),
    solved=True,
    earned=toy.FULL,
)
_file(
    "folder_for_notebook",
    "Hands in a folder that has the notebook's name.",
    lambda folder, root: ((folder / "toy.ipynb").unlink(), (folder / "toy.ipynb").mkdir()),
)

# --- Metadata -----------------------------------------------------------------------------------

META = "metadata"


def _cell(nb: dict, name: str) -> dict:
    return next(c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def _about(name: str, **changes: Any) -> Callable[[dict], dict]:
    def edit(nb: dict) -> dict:
        _cell(nb, name)["metadata"]["nbgrader"].update(changes)
        return nb

    return edit


def _every_test(change: Callable[[dict], None]) -> Callable[[dict], dict]:
    def edit(nb: dict) -> dict:
        for name in toy.POINTS:
            change(_cell(nb, name))
        return nb

    return edit


def _with_cells(nb: dict, sources: list[str], kind: str = "code") -> dict:
    for number, source in enumerate(sources):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"extra-{number}", "metadata": {}}
        cell["source"] = source
        if kind == "code":
            cell.update(outputs=[], execution_count=None)
        nb["cells"].append(cell)
    return nb


def _without(nb: dict, names: list[str]) -> dict:
    lost = [_cell(nb, name) for name in names]
    nb["cells"] = [c for c in nb["cells"] if all(c is not other for other in lost)]
    return nb


def _doubled(nb: dict) -> dict:
    for name in ("scale_values", "scale"):
        nb["cells"].insert(0, copy.deepcopy(_cell(nb, name)))
    nb["cells"][0]["source"] = "pass"
    return nb


def _swapped(nb: dict) -> dict:
    one, two = _cell(nb, "scale_values"), _cell(nb, "scale")
    one["metadata"], two["metadata"] = two["metadata"], one["metadata"]
    return nb


def _meta(name: str, tries: str, edit: Callable[[dict], Any], **more: Any) -> None:
    _attack(name, META, tries, edit=edit, **more)


_FAULT = {"solved": True, "earned": toy.FULL}
_meta("deleted_tests", "Deletes all tests.", lambda nb: _without(nb, list(toy.POINTS)))
_meta(
    "deleted_tests_solved",
    "Has lost its tests by accident.",
    lambda nb: _without(nb, list(toy.POINTS)),
    **_FAULT,
)
_meta("doubled_cells", "Has cells twice, as copying and pasting gives.", _doubled, **_FAULT)
_meta(
    "more_points",
    "Makes its tests worth a thousand points each.",
    _every_test(lambda c: c["metadata"]["nbgrader"].update(points=1000)),
)
_meta(
    "negative_points",
    "Makes a test worth less than nothing.",
    _about("scale_values", points=-5),
    **_FAULT,
)
_meta(
    "points_not_a_number",
    "Makes a test worth something that is no number.",
    _about("scale_values", points="NaN"),
    **_FAULT,
)
_meta(
    "text_for_tests",
    "Turns its tests into text cells.",
    _every_test(lambda c: (c.update(cell_type="markdown"), c.pop("outputs"))),
)
_meta(
    "renamed_tests",
    "Gives its tests other ids.",
    _every_test(lambda c: c["metadata"]["nbgrader"].update(grade_id="other-" + c["id"])),
    **_FAULT,
)
_meta(
    "emptied_tests",
    "Unlocks its tests and empties them.",
    _every_test(lambda c: (c["metadata"]["nbgrader"].update(locked=False), c.update(source=""))),
)
_meta(
    "passing_tests",
    "Rewrites its tests so that they pass, and marks them as solutions.",
    _every_test(
        lambda c: (
            c["metadata"]["nbgrader"].update(locked=False, solution=True),
            c.update(source="1000"),
        )
    ),
)
_meta(
    "ungraded_tests",
    "Says of its tests that they are not graded.",
    _every_test(lambda c: c["metadata"]["nbgrader"].update(grade=False, points=0)),
)
_meta("swapped_ids", "Swaps the ids of a test and of a solution.", _swapped)
_meta(
    "future_schema",
    "Claims a schema of nbgrader's metadata from the future.",
    _about("scale_values", schema_version=99),
    **_FAULT,
)
_meta("old_schema", "Claims a schema from the past.", _about("scale", schema_version=0), **_FAULT)
_meta(
    "metadata_of_wrong_types",
    "Fills nbgrader's metadata with lists, numbers and nothing.",
    lambda nb: (
        [
            c.update(metadata=bad)
            for c, bad in zip(
                nb["cells"],
                [
                    {"nbgrader": []},
                    {"nbgrader": 5},
                    {},
                    [],
                    None,
                    {"nbgrader": {"grade_id": ["x"]}},
                ],
                strict=False,
            )
        ]
        and nb
    ),
    solved=True,
    earned=toy.FULL,
    stock=False,
)
_meta(
    "unknown_kernel",
    "Asks for a kernel of its own.",
    lambda nb: {**nb, "metadata": {"kernelspec": {"name": "mine", "argv": ["sh"]}}},
    **_FAULT,
)
_meta(
    "tags",
    "Puts tags on its tests that skip them or allow errors.",
    _every_test(
        lambda c: c["metadata"].update(tags=["skip-execution", "raises-exception", "nbgrader-skip"])
    ),
)
_meta(
    "kept_outputs",
    "Hands in tests that already show a passing output.",
    _every_test(
        lambda c: c.update(
            outputs=[
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": "1000"},
                    "metadata": {},
                    "execution_count": 1,
                }
            ]
        )
    ),
)

# --- Notebook formats ---------------------------------------------------------------------------

FORMAT = "formats"


def _format(name: str, tries: str, edit: Callable[[dict], Any], **more: Any) -> None:
    _attack(name, FORMAT, tries, edit=edit, **more)


def _as_version_3(nb: dict) -> Any:
    cells = []
    for cell in nb["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        text = "input" if cell["cell_type"] == "code" else "source"
        old[text] = cell["source"]
        if cell["cell_type"] == "code":
            old.update(language="python", outputs=[], collapsed=False)
        cells.append(old)
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


_format("not_json", "Is a text file with the name of a notebook.", lambda nb: b"Dear professor,")
_format("empty_file", "Is an empty file.", lambda nb: b"")
_format(
    "too_large",
    "Is a notebook of 25 MB.",
    lambda nb: _with_cells(nb, ["# " + "x" * 25_000_000]),
    stock=False,
)
_format(
    "too_many_cells",
    "Has ten thousand cells.",
    lambda nb: _with_cells(nb, ["1"] * 10_000),
    stock=False,
)
_format("deep_nesting", "Nests lists 200,000 deep.", lambda nb: b"[" * 200_000, stock=False)
_format("version_3", "Has the format of 2013.", _as_version_3, **_FAULT)
_format(
    "future_version",
    "Has a format that does not exist yet.",
    lambda nb: {**nb, "nbformat": 99},
    **_FAULT,
)
_format("no_cells", "Has no list of cells.", lambda nb: {**nb, "cells": None})
_format("a_list", "Is valid JSON, but a list.", lambda nb: json.dumps([nb]).encode())
_format(
    "broken_cells",
    "Has cells that are numbers, or have no source, or sources of wrong types.",
    lambda nb: {
        **nb,
        "cells": [*nb["cells"], 7, None, {}, {"cell_type": "code"}, {"source": {"a": 1}}],
    },
    solved=True,
    earned=toy.FULL,
)
_format(
    "half_characters",
    "Has characters in its text that no file can hold.",
    lambda nb: json.dumps(_with_cells(nb, ["print('\ud800')", "x = '\x00'"])).encode(),
    **_FAULT,
)
_format(
    "byte_order_mark",
    "Begins with a byte order mark.",
    lambda nb: b"\xef\xbb\xbf" + json.dumps(nb).encode(),
    **_FAULT,
)
_format(
    "same_ids",
    "Has the same cell id everywhere.",
    lambda nb: {**nb, "cells": [{**c, "id": "same"} for c in nb["cells"]]},
    **_FAULT,
)
_format(
    "truncated", "Was cut in the middle by a full disk.", lambda nb: json.dumps(nb).encode()[:2000]
)

# --- What is shown ------------------------------------------------------------------------------

SHOW = "display"
_SCRIPT = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"


def _show(name: str, tries: str, code: str, **more: Any) -> None:
    _attack(name, SHOW, tries, cells={"try-it": code}, **{**_FAULT, **more})


_show(
    "html_output",
    "Displays HTML with script in it.",
    f"from IPython.display import HTML, display\ndisplay(HTML({_SCRIPT!r}))",
)
_show(
    "javascript_output",
    "Displays JavaScript.",
    "from IPython.display import Javascript, display\ndisplay(Javascript('alert(1)'))\n"
    "get_ipython().run_cell_magic('javascript', '', 'alert(1)')",
)
_show(
    "svg_output",
    "Displays an image that carries script.",
    "from IPython.display import SVG, display\n"
    'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">'
    "<script>alert(1)</script></svg>'))",
)
_show(
    "markdown_output",
    "Displays Markdown with script and a link that runs.",
    "from IPython.display import Markdown, display\n"
    f"display(Markdown({_SCRIPT!r} + '[click](javascript:alert(1))'))",
)
_show(
    "false_image",
    "Displays text that claims to be an image.",
    "from IPython.display import display\n"
    "display({'image/png': '\"><script>alert(1)</script>'}, raw=True)",
)
_attack(
    "markdown_cell",
    SHOW,
    "Writes script into a text cell.",
    edit=lambda nb: _with_cells(nb, [_SCRIPT, "[x](javascript:alert(1))"], "markdown"),
    **_FAULT,
)
_attack(
    "raw_cell",
    SHOW,
    "Writes script into a raw cell.",
    edit=lambda nb: _with_cells(nb, [_SCRIPT], "raw"),
    **_FAULT,
)
_show(
    "markup_without_end",
    "Displays HTML, nested so deeply that cleaning it would take days.",
    "from IPython.display import HTML, display\ndisplay(HTML('<p><b>' * 200_000))",
    stock=False,
)
for _name, _tries, _text in (
    ("blanks_in_a_tag", "a tag of blanks", "<" + " " * 90_000),
    ("tags_without_end", "tags that are never closed", "<a on" * 18_000),
):
    _attack(
        _name,
        SHOW,
        f"Writes {_tries} into a text cell: looking through it naively would take days.",
        edit=lambda nb, text=_text: _with_cells(nb, [text], "markdown"),
        stock=False,
        **_FAULT,
    )
_show(
    "terminal_escapes",
    "Prints sequences that take over a terminal.",
    "print('\\x1b]0;owned\\x07\\x1b[2J\\x1b[?1049h\\x9b31m\\x1bPq')",
)
_attack(
    "script_in_error",
    SHOW,
    "Raises an error whose name and text are script.",
    cells={"scale": _scale(f"raise type({_SCRIPT!r}, (Exception,), {{}})({_SCRIPT!r})")},
)
_show(
    "stderr_noise",
    "Prints a harmless warning to stderr, in a cell and in every call.",
    "import warnings\nwarnings.warn('just so you know')",
)
_attack(
    "warning_in_call",
    SHOW,
    "Warns in a function that is right.",
    cells={
        "scale": "import sys, warnings\n"
        + _scale("warnings.warn('hm')\nprint('hm', file=sys.stderr)\nreturn factor * x")
    },
    **_FAULT,
)

# --- Magics -------------------------------------------------------------------------------------

MAGIC = "magics"
_attack(
    "shell_escape",
    MAGIC,
    "Runs shell commands to copy the course and open it to all.",
    cells={"try-it": "!cp -r {ROOT} ./stolen; touch {ROOT}/pwned; cat stolen/source/toy/*.ipynb"},
    solved=True,
    earned=toy.FULL,
)
_attack(
    "bash_cell",
    MAGIC,
    "Runs a bash cell that reads and leaves a process behind.",
    cells={"try-it": "%%bash\ncat {ROOT}/source/toy/toy.ipynb\nnohup sleep 54321 &\n"},
    solved=True,
    earned=toy.FULL,
    stock=False,
)
_attack(
    "run_magic",
    MAGIC,
    "Runs the master with %run and %load.",
    cells={"scale": "%run {ROOT}/source/toy/toy.ipynb\n%load {ROOT}/source/toy/toy.ipynb"},
)
_attack(
    "reset_magic",
    MAGIC,
    "Clears the namespace at the end.",
    cells={"end": "%reset -f"},
    solved=True,
    earned=0,
)

# --- Honest-looking cheats ----------------------------------------------------------------------

CHEAT = "cheats"
_attack(
    "published_answers",
    CHEAT,
    "Returns the published numbers whatever the input: the public part is right.",
    cells={
        "scale": "def scale(x, factor):\n"
        "    return np.array([3.0, -6.0]) if x.shape == (2,) else np.zeros(x.shape)"
    },
    earned=1,
)
_attack(
    "tells_grading",
    CHEAT,
    "Looks for signs of grading and answers differently there.",
    cells={
        "scale": "import os\nGRADING = os.environ.get('NBGRADER_EXECUTION')\n"
        + _scale("if GRADING:\n    raise SystemExit('canary-grading')\nreturn 'wrong'")
    },
)
_attack(
    "remembers_calls",
    CHEAT,
    "Keeps what it saw in one test for the next.",
    cells={
        "scale": "seen = []\n"
        + _scale(
            "seen.append(x.copy())\n"
            "if len(seen) > 1:\n    raise ValueError('canary-memory of an earlier test')\n"
            "return np.zeros((2, 3))"
        ),
        "end": "seen.clear()",
    },
    earned=1,
    stock=False,
)
_attack(
    "right_but_slow_import",
    CHEAT,
    "Is right, and imports what is not there in a cell beside.",
    cells={"try-it": "import a_module_that_does_not_exist"},
    **_FAULT,
)
