"""Whether a notebook's functions provably keep nothing from one call to the next.

Each test asks a fresh child of the student's process, so that nothing left by one test reaches the
next. Where nothing can be left, the process answers all tests itself, which saves most of their
time. The proof is a strict look at the source: everything that is not on the lists below, however
harmless, means "not proven", and then each test has its own child.

A function may use its arguments, its local names, constants, the listed builtins, NumPy functions
and methods, and functions that pass the same look. It can reach nothing that outlives the call:
no global data, no attribute to set, no default that could change, no random numbers. Code outside
functions may do a little more, but nothing that could change what those names mean. What `np.empty`
leaves open is NaN while calls are answered (see `student`). The one thing let pass is that a text
may show the address of an object, which depends on what else was in memory.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import marshal
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING

from .cells import as_ipython_reads, looks_plain

if TYPE_CHECKING:
    from .task import Support

_ALLOWED = frozenset(
    [
        *(ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Pass, ast.Assert),
        *(ast.If, ast.For, ast.While, ast.Break, ast.Continue, ast.Raise),
        *(ast.Constant, ast.Name, ast.Attribute, ast.Call, ast.keyword, ast.Starred),
        *(ast.Subscript, ast.Slice, ast.Tuple, ast.List, ast.Dict),
        *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp),
        *(ast.JoinedStr, ast.FormattedValue, ast.comprehension),
    ]
)
_COMPREHENSIONS = (ast.ListComp, ast.DictComp, ast.GeneratorExp)
_WITHOUT_PARTS = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BUILTINS = _words(
    "abs all any bool dict enumerate float int isinstance len list map max min print range "
    "reversed round slice sorted str sum tuple zip ArithmeticError AssertionError Exception "
    "IndexError KeyError NotImplementedError TypeError ValueError"
)
_NUMPY = _words(
    "abs add all allclose any append arange arctanh argmax array array_equal asarray "
    "ascontiguousarray atleast_2d broadcast_to c_ clip column_stack concatenate copy cosh diag "
    "divide dot dstack einsum empty empty_like exp expand_dims expm1 eye finfo flip float32 "
    "float64 full full_like hstack identity inf int64 isfinite isnan linspace log log1p logaddexp "
    "matmul max maximum mean min minimum moveaxis multiply nan ndim negative newaxis ones "
    "ones_like outer pi power prod r_ real repeat reshape round shape sign sin sinh size split "
    "sqrt square squeeze stack subtract sum swapaxes tanh tensordot tile transpose vstack where "
    "zeros zeros_like"
)
_METHODS = _words(
    "T all any append argmax astype clip copy dot dtype extend flat flatten get insert max mean "
    "min ndim pop ravel real repeat reshape reverse round shape size squeeze std sum swapaxes "
    "tolist transpose update values var"
)
# Python's own, and those that IPython writes to.
_SPECIAL = re.compile(r"__.*|_+|_i+|_i?\d+|_[dio]h|In|Out|exit|quit|open|get_ipython|display")
_ARRAY_TYPE = {("np", "ndarray"), ("numpy", "ndarray")}
_JOINS = frozenset(["c_", "r_"])  # with one text between the brackets, they read global data
# What only code outside functions may use besides.
_OUTSIDE = _words("RandomState default_rng normal rand randn random seed standard_normal")


@dataclass
class _Uses:
    """The names from outside that a piece of code uses, by the way it uses them."""

    calls: set[str] = field(default_factory=set)
    attributes: set[tuple[str, str]] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)

    def add(self, more: _Uses) -> None:
        """Use what another piece of code uses, too."""
        self.calls |= more.calls
        self.attributes |= more.attributes
        self.reads |= more.reads

    def without(self, bound: set[str]) -> _Uses:
        """What is left when these names are the code's own, and hold data of its own.

        Such data may be called: it can only hold what the lists above let it get hold of.
        """
        own = {pair for pair in self.attributes if pair[0] in bound}
        if not {attribute for _, attribute in own} <= _METHODS:
            raise _NotProven
        return _Uses(self.calls - bound, self.attributes - own, self.reads - bound)


@dataclass(frozen=True)
class _Function:
    """One definition of a function, and what it uses."""

    name: str
    uses: _Uses


@dataclass
class _Cell:
    """What a cell binds, and what it uses."""

    functions: list[_Function] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    data: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)  # in a module: what is not from elsewhere
    uses: _Uses = field(default_factory=_Uses)
    code: bytes = b""  # of what stands outside of functions
    # In order: (name, code) of a definition, ("", code) of an import, `_OTHER` of the rest.
    steps: list[tuple[str, bytes]] = field(default_factory=list)


_OTHER = "", b""
MAX_CODE = 100_000  # characters; what is longer takes long to look through


class _NotProven(Exception):
    pass


def prove(cells: Iterable[str], asked: Iterable[str], support: Support) -> Program | None:
    """The program, if it can be proven that calls of these functions leave nothing behind.

    Arguments: cells, the source of all code that the student's process runs, in order; asked, the
    functions that tests call; support, the master's files, whose modules the cells may import.
    """
    cells = [*cells]
    if sum(map(len, cells)) > MAX_CODE:
        return None
    try:
        program = Program([_cell(source) for source in cells], _helpers(support))
        return program if program.proves({*asked}) else None
    except (_NotProven, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class Program:
    """All cells of a notebook: the functions in them, and what stands outside of functions."""

    def __init__(self, cells: list[_Cell], helpers: dict[str, _Cell]) -> None:
        self.helpers = helpers
        self.functions: dict[str, list[_Function]] = {}
        self.modules: dict[str, str] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        self.data: set[str] = set()
        self.cells = cells
        for cell in cells:
            for function in cell.functions:
                self.functions.setdefault(function.name, []).append(function)
            for own, new in ((self.modules, cell.modules), (self.imported, cell.imported)):
                if any(own.get(name, what) != what for name, what in new.items()):
                    raise _NotProven
                own.update(new)
            self.data |= cell.data
        if not set(self.modules.values()) <= {"numpy", *helpers}:
            raise _NotProven
        for module, name in self.imported.values():
            if module not in helpers or name not in helpers[module].defined:
                raise _NotProven
        kinds = [set(self.functions), set(self.modules), set(self.imported), self.data]
        if sum(map(len, kinds)) != len(set().union(*kinds, _BUILTINS)) - len(_BUILTINS):
            raise _NotProven  # one name for two kinds of things, or for a builtin
        if any(map(_SPECIAL.fullmatch, set().union(*kinds))):
            raise _NotProven

    def proves(self, asked: set[str]) -> bool:
        """Whether nothing is kept by these functions."""
        if not self.data.isdisjoint(asked) or not {*self.modules, *self.imported}.isdisjoint(asked):
            return False  # what is asked for must be a function with a source to look at
        outside = [cell.uses for cell in self.cells]
        every = [one.uses for several in self.functions.values() for one in several]
        return (
            all(self._is_harmless(uses, _NUMPY | {"random"}, _OUTSIDE) for uses in outside)
            and all(self._is_harmless(uses, _NUMPY, frozenset()) for uses in every)
            and all(self._is_pure(one.uses) for one in self._reached(asked))
        )

    def behind(self, asked: Iterable[str]) -> str | None:
        """The same for two programs that were proven and in which these functions do the same.

        What stands outside of functions must be the same too; comments and layout need not. None
        where something else than imports and definitions stands beside what is asked for in one
        cell: an error there would decide which of them there are.
        """
        reached = {one.name for one in self._reached(asked)}
        steps = []
        for cell in self.cells:
            if any(name in reached or (not name and code) for name, code in cell.steps):
                if _OTHER in cell.steps:
                    return None
                steps.append(cell.steps)
        outside = [cell.code for cell in self.cells if cell.code]
        return hashlib.sha256(marshal.dumps([outside, steps], 2)).hexdigest()

    def _is_harmless(self, uses: _Uses, numpy: frozenset[str], methods: frozenset[str]) -> bool:
        """Whether code changes nothing but data of its own, when it runs."""
        known = {*self.functions, *self.imported, *self.data}
        for base, attribute in uses.attributes:
            if self.modules.get(base) == "numpy":
                if attribute not in numpy:
                    return False
            elif base in self.modules:
                if attribute.startswith("_"):
                    return False
            elif base not in known or attribute not in _METHODS | methods:
                return False
        return uses.calls <= known | _BUILTINS and uses.reads <= known | _BUILTINS

    def _reached(self, asked: Iterable[str]) -> Iterator[_Function]:
        """All definitions of these functions and of those that they call."""
        todo, seen = list(asked), set()
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                for one in self.functions.get(name, []):
                    yield one
                    todo += one.uses.calls

    def _is_pure(self, uses: _Uses) -> bool:
        """Whether a function uses nothing that outlives a call."""
        for base, attribute in uses.attributes:
            module = self.modules.get(base)
            if module is None or (
                module != "numpy" and not _helper_is_pure(self.helpers[module], attribute)
            ):
                return False
        for name in uses.calls:
            if name in self.imported:
                module, own_name = self.imported[name]
                if not _helper_is_pure(self.helpers[module], own_name):
                    return False
            elif name not in self.functions and name not in _BUILTINS:
                return False
        return uses.reads <= _BUILTINS


def _helper_is_pure(module: _Cell, name: str) -> bool:
    """The same question for a function of the master's, whose module is trusted as such."""
    found = [one.uses for one in module.functions if one.name == name]
    builtins = _BUILTINS - module.data - {one.name for one in module.functions}
    return bool(found) and all(
        uses.calls | uses.reads <= builtins
        and all(
            module.modules.get(base) == "numpy" and attribute in _NUMPY
            for base, attribute in uses.attributes
        )
        for uses in found
    )


def _helpers(support: Support) -> dict[str, _Cell]:
    return {
        name[:-3]: _module(data)
        for name, data in support.files.items()
        if name.endswith(".py") and "/" not in name
    }


@functools.lru_cache(maxsize=64)
def _module(data: bytes) -> _Cell:
    """A module of the master's: its functions as far as they are simple, and NumPy's name in it."""
    cell = _Cell()
    for statement in ast.parse(data).body:
        if isinstance(statement, ast.Import):
            cell.modules |= {alias.asname or alias.name: alias.name for alias in statement.names}
        elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
            cell.defined.add(statement.name)
            if isinstance(statement, ast.FunctionDef):
                with contextlib.suppress(_NotProven):
                    cell.functions.append(_Function(statement.name, _function(statement)))
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
            cell.data |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    cell.defined |= cell.data
    return cell


@dataclass(frozen=True)
class _Compiled:
    """A cell that is Python as it stands. Two are equal if their code is the same."""

    code: bytes
    source: str = field(compare=False)


@functools.lru_cache(maxsize=512)  # given cells are the same in every notebook of a class
def _cell(source: str) -> _Cell:
    # Each `finally` within another doubles what is compiled.
    if not looks_plain(source) or "finally" in source:
        raise _NotProven
    text = as_ipython_reads(source)
    with warnings.catch_warnings(action="ignore"):  # the student is told when the cell runs
        return _look_through(_Compiled(_code(text), text))


@functools.lru_cache(maxsize=512)  # and many students write the same
def _look_through(compiled: _Compiled) -> _Cell:
    body = ast.parse(compiled.source).body
    outside = [one for one in body if not isinstance(one, ast.FunctionDef)]
    cell = _Cell(code=_code(ast.Module(outside, [])) if outside else b"")
    for statement in body:
        cell.steps += _steps(statement)
        if isinstance(statement, ast.FunctionDef):
            cell.functions.append(_Function(statement.name, _function(statement)))
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                if "." in alias.name:
                    raise _NotProven
                cell.modules[alias.asname or alias.name] = alias.name
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                if statement.level or alias.name == "*" or "." in (statement.module or "."):
                    raise _NotProven
                cell.imported[alias.asname or alias.name] = (statement.module, alias.name)
        else:
            bound, uses = _look([statement])
            cell.data |= bound
            cell.uses.add(uses)
    return cell


def _steps(statement: ast.stmt) -> list[tuple[str, bytes]]:
    if isinstance(statement, ast.FunctionDef):
        return [(statement.name, _code(ast.Module([statement], [])))]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [("", _code(ast.Module([statement], [])))]
    says_nothing = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return [] if says_nothing else [_OTHER]


def _code(source: str | ast.Module) -> bytes:
    """What a cell or a part of it does, whatever its comments and layout are."""

    def bare(code: CodeType) -> CodeType:
        parts = tuple(bare(one) if isinstance(one, CodeType) else one for one in code.co_consts)
        return code.replace(co_firstlineno=1, co_linetable=b"", co_consts=parts)

    compiled = compile(source, "", "exec", dont_inherit=True)
    return marshal.dumps(bare(compiled), 2)  # the version that depends on nothing but the contents


def _function(function: ast.FunctionDef) -> _Uses:
    """What a function uses of what lies outside of it."""
    if function.decorator_list:
        raise _NotProven
    _check_annotation(function.returns)
    bound, uses = _look(_reached_body(function))
    return uses.without(bound | _parameters(function.args))


def _parameters(arguments: ast.arguments) -> set[str]:
    defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    if not all(isinstance(default, ast.Constant) for default in defaults):
        raise _NotProven
    names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names += [one for one in (arguments.vararg, arguments.kwarg) if one]
    for name in names:
        _check_annotation(name.annotation)
    return {name.arg for name in names}


def _check_annotation(annotation: ast.expr | None) -> None:
    """Let nothing but builtins and NumPy's array type be named."""
    uses = _look([annotation])[1] if annotation else _Uses()
    if uses.calls or uses.reads - _BUILTINS or uses.attributes - _ARRAY_TYPE:
        raise _NotProven


def _reached_body(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements before the first that always leaves: in a stub, all that ever runs."""
    for number, statement in enumerate(function.body):
        if isinstance(statement, ast.Raise | ast.Return):
            rest = function.body[number + 1 :]
            if any(isinstance(n, ast.Yield | ast.YieldFrom) for r in rest for n in ast.walk(r)):
                raise _NotProven  # a generator, wherever it says so
            return function.body[: number + 1]
    return function.body


def _look(parts: list[ast.AST]) -> tuple[set[str], _Uses]:
    """The names that some code binds, and what it uses; `_NotProven` for what is not listed."""
    bound: set[str] = set()
    uses = _Uses()
    todo = list(parts)
    while todo:
        node = todo.pop()
        kind = type(node)
        if kind is ast.Constant:
            continue
        if kind is ast.Name:
            if type(node.ctx) is ast.Store:
                bound.add(node.id)
            else:
                uses.reads.add(node.id)
            continue
        if kind is ast.Attribute:
            if type(node.ctx) is not ast.Load:
                raise _NotProven
            if type(node.value) is ast.Name and node.attr not in _JOINS:
                uses.attributes.add((node.value.id, node.attr))
                continue
            if node.attr not in _METHODS and node.attr not in _OUTSIDE:
                raise _NotProven
        elif kind is ast.Subscript and _joins(node):
            uses.attributes.add((node.value.value.id, node.value.attr))
            todo.append(node.slice)
            continue
        elif kind is ast.AnnAssign and not (node.simple and node.value):
            raise _NotProven  # `(name): int` binds nothing, and looks as if it did
        elif kind in (ast.For, ast.comprehension):
            todo.append(_without_view(node.iter))
            todo += _parts(node, but="iter")
            continue
        elif kind is ast.keyword and node.arg in (None, "where"):
            raise _NotProven  # where NumPy is told not to write, it leaves what was in memory
        elif kind is ast.Call and type(node.func) is ast.Name:
            uses.calls.add(node.func.id)
            todo += map(_without_view, node.args)
            todo += node.keywords
            continue
        elif kind is ast.FunctionDef:
            bound.add(node.name)
            uses.add(_function(node))
            continue
        elif kind is ast.Lambda:
            inner = _look([node.body])[1]
            uses.add(inner.without(_parameters(node.args)))
            continue
        elif kind in _COMPREHENSIONS:
            first, *others = node.generators
            todo.append(
                _without_view(first.iter)
            )  # looked at outside, before the names within are bound
            within = [first.target, *first.ifs, *others]
            own, inner = _look([*within, *_parts(node, but="generators")])
            uses.add(inner.without(own))
            continue
        elif kind not in _ALLOWED:
            raise _NotProven
        todo += _parts(node)
    return bound, uses


def _joins(node: ast.Subscript) -> bool:
    """Whether this is `np.r_[a, b]` or the like, with two parts or more."""
    asked = node.value
    named = type(asked) is ast.Attribute and type(asked.value) is ast.Name
    return named and asked.attr in _JOINS and type(node.slice) is ast.Tuple


def _without_view(node: ast.AST) -> ast.AST:
    """What `keys()` or `items()` is asked of, where the answer is only gone through in order.

    Elsewhere they could make sets, and the order of a set of objects depends on their addresses.
    """
    called = node.func if type(node) is ast.Call and not (node.args or node.keywords) else None
    is_view = type(called) is ast.Attribute and called.attr in ("keys", "items")
    return called.value if is_view else node


def _parts(node: ast.AST, but: str = "") -> Iterator[ast.AST]:
    """What a node is made of; operators and the like are left out."""
    for name in node._fields:
        part = getattr(node, name) if name != but else None
        for one in part if type(part) is list else (part,):
            if isinstance(one, ast.AST) and not isinstance(one, _WITHOUT_PARTS):
                yield one
