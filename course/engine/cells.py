"""Run notebook cells in this process and record what a Jupyter front end would show.

Used on both sides: for a student's cells in the sandbox, and for test cells at the examiner's.
An IPython shell is made once, before any fork, because making one is slow.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import os
import re
import sys
import textwrap
import types
import warnings
from collections.abc import Iterator
from types import CodeType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any as AnyTrait
from traitlets import Type

from . import tracebacks

TEST_FILE = "<test>"
MAX_TEXT = 200_000
MAX_OUTPUTS = 500
MAX_DATA = 8_000_000
_TRUNCATED = "\n... more output than is kept: the rest was dropped ...\n"


class Recorder:
    """Collects the outputs of one cell, and drops what goes over the limits."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Forget everything: a new cell begins."""
        self.outputs: list[dict[str, Any]] = []
        self.text = 0
        self.data = 0
        self.clear_next = False

    def stream(self, name: str, text: str) -> None:
        """Add to a stream; neighbours of the same stream are joined, as Jupyter does."""
        if not text or self.text > MAX_TEXT:
            return
        self.text += len(text)
        if self.text > MAX_TEXT:
            text = text[: max(0, len(text) - (self.text - MAX_TEXT))] + _TRUNCATED
        self._clear_if_due()
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["parts"].append(text)
        else:
            self._add({"output_type": "stream", "name": name, "parts": [text]})

    def rich(self, kind: str, data: dict[str, Any], metadata: dict[str, Any], **more: Any) -> None:
        """Add a display or a result."""
        size = sum(
            len(value) if isinstance(value, str | bytes) else 1000 for value in data.values()
        )
        self.data += size
        if self.data > MAX_DATA:
            self.stream("stderr", "\n... a display was too large and was dropped ...\n")
            return
        self._clear_if_due()
        data = {key: _text(value) for key, value in data.items()}
        self._add({"output_type": kind, "data": data, "metadata": metadata, **more})

    def error(self, name: str, value: str, traceback: list[str]) -> None:
        """Add an error."""
        self._clear_if_due()
        self.outputs.append(
            {
                "output_type": "error",
                "ename": name[:200],
                "evalue": value[:20_000],
                "traceback": [line[:20_000] for line in traceback[:200]],
            }
        )

    def clear(self, wait: bool) -> None:
        """What `IPython.display.clear_output` asks for."""
        if wait:
            self.clear_next = True
        else:
            self.outputs = []

    def _clear_if_due(self) -> None:
        if self.clear_next:
            self.outputs, self.clear_next = [], False

    def _add(self, output: dict[str, Any]) -> None:
        if len(self.outputs) < MAX_OUTPUTS:
            self.outputs.append(output)

    def finish(self) -> list[dict[str, Any]]:
        """The outputs in the notebook format."""
        for output in self.outputs:
            if "parts" in output:
                output["text"] = "".join(output.pop("parts"))
        return self.outputs


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode("ascii") + "\n"
    return value


class _Publisher(DisplayPublisher):
    recorder = AnyTrait()

    def publish(self, data, metadata=None, source=None, **more):
        self.recorder.rich("display_data", dict(data), dict(metadata or {}))

    def clear_output(self, wait: bool = False) -> None:
        self.recorder.clear(wait)


class _Hook(DisplayHook):
    recorder = AnyTrait()

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict, md_dict=None) -> None:
        self.recorder.rich(
            "execute_result",
            dict(format_dict),
            dict(md_dict or {}),
            execution_count=self.prompt_count,
        )

    def finish_displayhook(self) -> None:
        sys.stdout.flush()


class _Stream(io.TextIOBase):
    """Takes the place of `sys.stdout` or `sys.stderr`."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, recorder: Recorder, name: str, number: int) -> None:
        self.recorder, self.stream_name, self.number = recorder, name, number
        self.name = f"<{name}>"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.recorder.stream(self.stream_name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.number

    def isatty(self) -> bool:
        return False


class NoInput(RuntimeError):
    """Raised by `input`, since nobody is there to answer."""


def _no_input(prompt: object = "") -> str:
    raise NoInput("input() was called, but nobody can answer while a notebook is graded.")


class Shell(InteractiveShell):
    """An IPython shell whose outputs go to a `Recorder`."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    plain_errors = False  # True: no source line ever appears in a traceback
    last_cell_succeeded = False

    def init_history(self) -> None:
        self.config.HistoryManager.enabled = False
        super().init_history()

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no event loop to integrate with."""

    def transform_cell(self, raw_cell: str) -> str:
        """Look for what IPython adds to Python only where there is any: that takes long."""
        if is_plain(raw_cell):
            return as_ipython_reads(raw_cell)
        return super().transform_cell(raw_cell)

    def should_run_async(self, raw_cell: str, **known: Any) -> bool:
        """Whether a cell waits for something outside of functions."""
        told = "await" in raw_cell or "async" in raw_cell
        return told and super().should_run_async(raw_cell, **known)

    def _format_exception_for_storage(self, *args: Any, **kwargs: Any) -> None:
        """IPython would render each error a second time, for a history that nobody saves."""

    def ask_exit(self) -> None:
        """`exit` in a cell stops a console, not a notebook."""

    def system_piped(self, cmd: str) -> None:
        from IPython.utils.process import system

        if cmd.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        self.user_ns["_exit_code"] = system(self.var_expand(cmd, depth=1))

    system = system_piped

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        if not self.plain_errors:
            super().showtraceback(*args, **kwargs)
            return
        kind, value, _ = sys.exc_info()
        self._showtraceback(kind, value, _plain_traceback(kind, value))

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        if not self.plain_errors:
            super().showsyntaxerror(*args, **kwargs)
            return
        self.showtraceback()

    def showindentationerror(self) -> None:
        self.showtraceback()

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = [stb] if isinstance(stb, str) else [str(line) for line in stb]
        self.recorder.error(
            getattr(etype, "__name__", str(etype)), text_of(evalue), "\n".join(lines).split("\n")
        )


def text_of(error: Any) -> str:
    """`str(error)`, also for an error that cannot be turned into text."""
    try:
        return str(error)
    except BaseException as again:
        return f"<no text: {type(again).__name__}>"


def _plain_traceback(kind: Any, value: Any) -> list[str]:
    render = getattr(value, "_render_traceback_", None)
    if callable(render):
        try:
            return [str(line) for line in render()]
        except Exception:
            pass
    return [f"{getattr(kind, '__name__', kind)}: {text_of(value)}"]


def make_shell() -> Shell:
    """Make the one shell of this process, with figures shown inline."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    shell = Shell.instance(colors="neutral", banner1="", cache_size=1000)
    shell.recorder = Recorder()
    shell.displayhook.recorder = shell.recorder
    shell.display_pub.recorder = shell.recorder
    shell.autoindent = False
    tracebacks.make_cheap()
    builtins.input = _no_input
    return shell


# NumPy loads some of its parts at first use only; shell commands and errors need the rest.
_OFTEN_USED = (
    *("numpy.random", "numpy.linalg"),
    *("copy", "inspect", "json", "linecache", "math", "time", "typing", "warnings"),
    *("pexpect", "IPython.display", "IPython.core.magics.script"),
)


def warm_up(shell: Shell, figures: bool) -> None:
    """Do once what the first cell, the first figure and the first error of a notebook pay for."""
    run(shell, "\n".join(f"import {name}" for name in _OFTEN_USED))
    run(shell, "import numpy as np; np.random.RandomState(1).randn(2, 2) @ np.eye(2)")
    run(shell, "1 + 1")
    run(shell, "def f():\n    raise ValueError('warm')\nf()")
    if figures:
        run(shell, "import matplotlib.pyplot as plt\nplt.plot([0, 1], [0, 1]); plt.title('$a$')")
        run(shell, "plt.close('all')")
    fresh_namespace(shell, {})


_PROMPT = re.compile(r"\s*(>>>|\.\.\.|In \[|\[\w+\]In\b)")


def is_plain(source: str) -> bool:
    """Whether a cell is Python as it stands, so that IPython would change nothing that counts."""
    if not looks_plain(source):
        return False
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def looks_plain(source: str) -> bool:
    """Whether a cell, if it is Python at all, is Python as it stands.

    What IPython adds to the language is not Python, except for single lines such as `ls`, for
    prompts that were pasted along, and for empty lines at the top.
    """
    lines = source.splitlines()[:2]
    return len(lines) == 2 and bool(lines[0].strip()) and not any(map(_PROMPT.match, lines))


def as_ipython_reads(source: str) -> str:
    """A plain cell as IPython would hand it to Python: without blanks on lines of nothing else."""
    return textwrap.dedent(source if source.endswith("\n") else f"{source}\n")


def fresh_namespace(shell: Shell, names: dict[str, Any]) -> dict[str, Any]:
    """Give the shell an empty notebook namespace that holds just these names."""
    module = types.ModuleType("__main__", doc="The notebook's own names.")
    module.__dict__.setdefault("__builtins__", builtins)
    module.__dict__.setdefault("__builtin__", builtins)
    shell.user_module = module
    shell.user_ns = module.__dict__
    shell.user_ns_hidden.clear()
    shell.init_user_ns()
    shell.user_ns.update(names)
    sys.modules["__main__"] = module
    shell.execution_count = 1
    return shell.user_ns


def run(
    shell: Shell, source: str, raw_output: io.FileIO | None = None, *, alone: bool = False
) -> list[dict[str, Any]]:
    """Run one cell; give its outputs.

    `raw_output` is the file that descriptors 1 and 2 write to, for output that goes past Python.
    `alone` says that the cell is plain, and that neither it nor another cell uses anything of
    IPython's: then IPython only shows what comes out.
    """
    recorder = shell.recorder
    if raw_output is not None:
        os.ftruncate(raw_output.fileno(), 0)
        os.lseek(raw_output.fileno(), 0, os.SEEK_SET)
    with _recorded(shell):
        if alone:
            _run_alone(shell, source)
        else:
            shell.last_cell_succeeded = shell.run_cell(source, store_history=True).success is True
    if raw_output is not None:
        _add_raw_output(recorder, raw_output)
    return recorder.finish()


@contextlib.contextmanager
def _recorded(shell: Shell) -> Iterator[None]:
    """While this lasts, all that is printed or raised goes to the shell's recorder."""
    recorder = shell.recorder
    recorder.start()
    own = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Stream(recorder, "stdout", 1), _Stream(recorder, "stderr", 2)
    shell.last_cell_succeeded = False
    try:
        yield
    except KeyboardInterrupt:
        recorder.error("KeyboardInterrupt", "", ["KeyboardInterrupt"])
    except BaseException as error:
        recorder.error(type(error).__name__, text_of(error), [type(error).__name__])
    finally:
        sys.stdout, sys.stderr = own


def _run_alone(shell: Shell, source: str) -> None:
    """Run each statement of a plain cell as IPython would, without its hooks and magics."""
    text = as_ipython_reads(source)
    name = shell.compile.cache(text, shell.execution_count, raw_code=source)
    shell.execution_count += 1
    shell.history_manager.input_hist_parsed.append(text)  # where a semicolon at the end is seen
    with warnings.catch_warnings():
        pass  # from here on, a warning that came in an earlier cell comes again
    with shell.display_trap:
        for statement, mode in _statements(text):
            compiled = False
            try:
                code = compile(statement, name, mode, dont_inherit=True)
                compiled = True
                exec(code, shell.user_ns)
            except BaseException as error:
                above = error.__traceback__.tb_next  # without this function
                shell.showtraceback((type(error), error, above), running_compiled_code=compiled)
                return
    shell.last_cell_succeeded = True


def _statements(source: str) -> Iterator[tuple[ast.AST, str]]:
    """The statements of a cell, and how to compile each: an expression at the end is displayed."""
    body = ast.parse(source).body
    for number, statement in enumerate(body, start=1):
        if number == len(body) and isinstance(statement, ast.Expr):
            yield ast.Interactive([statement]), "single"
        else:
            yield ast.Module([statement], []), "exec"


def prepared(shell: Shell, source: str) -> list[CodeType] | None:
    """Compile a test cell ahead, once for all submissions; None if it takes a shell to run it."""
    try:
        return [
            compile(statement, TEST_FILE, mode, dont_inherit=True)
            for statement, mode in _statements(shell.transform_cell(source))
        ]
    except (SyntaxError, ValueError):
        return None


def run_prepared(shell: Shell, code: list[CodeType]) -> list[dict[str, Any]]:
    """Run what `prepared` has compiled; give its outputs."""
    with _recorded(shell), shell.display_trap:
        try:
            for part in code:
                exec(part, shell.user_ns)
            shell.last_cell_succeeded = True
        except Exception:
            shell.showtraceback()
    return shell.recorder.finish()


def _add_raw_output(recorder: Recorder, raw_output: io.FileIO) -> None:
    size = os.fstat(raw_output.fileno()).st_size
    if size:
        data = os.pread(raw_output.fileno(), MAX_TEXT, 0)
        text = data.decode("utf-8", "replace")
        recorder.stream("stdout", text + (_TRUNCATED if size > MAX_TEXT else ""))


_CONTROL = re.compile(r"\x1b(?!\[[0-9;]{0,20}m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")


def without_controls(text: str) -> str:
    """Text without terminal control characters; colours, tabs and line ends stay."""
    return _CONTROL.sub("\ufffd", text)
