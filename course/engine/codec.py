"""Values that travel between the student's process and the examiner's, as plain data.

What travels exactly: None, bool, int, float, complex, str, tuple, list, dict, NumPy scalars and
plain NumPy arrays of numbers. Anything else arrives as an `Opaque` whose class carries the name of
the original type, so that a check that looks at the type fails and can say what came instead.
Nothing here runs code of the other side: there is no pickle, no `__reduce__`, no `__eq__`.

A message holds a table of nodes (arrays and containers; each refers only to nodes before it, so
there are no cycles and no recursion) and a slot for each root. An object that occurs twice is one
node, so sharing survives the journey. The encoder hands back the objects behind the nodes, in
order, and so does the decoder: that is what lets changes made in place be sent home again.
"""

from __future__ import annotations

import functools
import operator
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .wire import Malformed

MAX_NODES = 200_000
MAX_EXPANDED = 2_000_000
MAX_DEPTH = 64
MAX_TEXT = 4_000_000
MAX_NAME = 120
_BIG_INT = 2**63
_FLOAT = struct.Struct("!d")
_DTYPE = re.compile(r"[<>|=][biufc][0-9]{1,2}")
_NUMBER_KINDS = frozenset("biufc")
_PLAIN = frozenset([bool, int, float, str])
_HAVE_NODES = frozenset([np.ndarray, tuple, list, dict])


class Opaque:
    """Stands for a value that does not travel. Its class has the original type's name."""

    __slots__ = ("handle",)

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def opaque(name: str, handle: int) -> Opaque:
    """An `Opaque` whose class is called `name`."""
    return type(name[:MAX_NAME], (Opaque,), {"__slots__": ()})(handle)


class Untransferable(TypeError):
    """A value of the examiner's own that cannot be sent."""


@dataclass
class Encoded:
    """Slots and nodes ready for the wire, with the objects behind the nodes kept alive."""

    slots: list[Any]
    nodes: list[Any]
    blobs: list[bytes]
    objects: list[Any]

    def head(self) -> list[Any]:
        """The JSON part of the message."""
        return [self.slots, self.nodes]


class Shared:
    """Values that both sides hold: numbered alike, and looked at for changes since they travelled.

    What is unchanged on this side is named by its number instead of being sent again, so the other
    side gets its own object, as it would within one process.
    """

    def __init__(self, objects: list[Any], nodes: list[Any], blobs: Sequence[bytes]) -> None:
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}  # by id
        self._as_sent: list[tuple] = []
        self._seen: dict[int, bool] = {}
        self.grow(objects, nodes, blobs)
        self._first = len(objects)

    def grow(self, objects: list[Any], nodes: list[Any], blobs: Sequence[bytes]) -> None:
        """Add what has travelled in another message, one way or the other."""
        for thing, node in zip(objects, nodes, strict=True):
            self.numbers[id(thing)] = len(self.objects)
            self.objects.append(thing)
            if node[0] == "a":
                state = _state(thing, blobs[node[3]])
            else:
                items = _items(thing)
                numbers = map(self.numbers.get, map(id, items))
                state = items, [number for number in numbers if number is not None]
            self._as_sent.append(state)

    def look_again(self) -> Shared:
        """Begin a message: what was found unchanged before may have changed meanwhile."""
        self._seen = {}
        return self

    def first_are_unchanged(self) -> bool:
        """Whether every value of the first message still is what it was."""
        return all(map(self.is_unchanged, range(self._first)))

    def is_unchanged(self, number: int) -> bool:
        """Whether a value is what it was when it travelled."""
        known = self._seen.get(number)
        if known is None:
            thing, state = self.objects[number], self._as_sent[number]
            if type(thing) is np.ndarray:
                known = state == _state(thing, thing.tobytes())
            else:
                known = self._holds_the_same(thing, *state)
            self._seen[number] = known
        return known

    def _holds_the_same(self, thing: Any, items: tuple, numbers: list[int]) -> bool:
        """Whether a container holds the very objects it held, and those are unchanged."""
        now = _items(thing)
        if len(now) != len(items) or any(map(operator.is_not, now, items)):
            return False
        return all(map(self.is_unchanged, numbers))


def _state(array: np.ndarray, contents: bytes) -> tuple:
    return array.dtype, array.shape, array.flags.writeable, contents


def _items(container: Any) -> tuple:
    if type(container) is dict:
        return (*container, *container.values())
    return tuple(container)


class _Encoder:
    def __init__(self, known: Shared | None, strange: Callable[[Any, str], Any]) -> None:
        self.known = known
        self.numbers = known.numbers if known is not None else {}
        self.strange = strange
        self.nodes: list[Any] = []
        self.blobs: list[bytes] = []
        self.objects: list[Any] = []
        self.memo: dict[int, int] = {}
        self.open: set[int] = set()

    def slot(self, value: Any, depth: int = 0) -> Any:
        kind = type(value)
        if kind in _HAVE_NODES:
            number = self.numbers.get(id(value))
            if number is not None and self.known.is_unchanged(number):
                return ["k", number]
            number = self.memo.get(id(value))
            if number is not None:
                return ["r", number]
            return self.array(value) if kind is np.ndarray else self.container(value, kind, depth)
        if value is None or kind is bool:
            return value
        if kind is str:
            return value if len(value) <= MAX_TEXT else self.strange(value, "very long str")
        if kind is float:  # JSON knows one NaN; there are others, such as one with a sign
            return value if value == value else ["f", _FLOAT.pack(value).hex()]
        if kind is int:
            return value if -_BIG_INT <= value < _BIG_INT else ["i", hex(value)]
        if kind is complex:
            return ["c", value.real, value.imag]
        is_scalar = isinstance(value, np.generic) and kind.__module__ == "numpy"
        if is_scalar and value.dtype.kind in _NUMBER_KINDS:
            return ["n", value.dtype.str, value.tobytes().hex()]
        return self.strange(value, kind.__name__)

    def add(self, value: Any, node: Any) -> Any:
        number = len(self.nodes)
        if number >= MAX_NODES:
            return self.strange(value, f"too large {type(value).__name__}")
        self.nodes.append(node)
        self.objects.append(value)
        self.memo[id(value)] = number
        return ["r", number]

    def array(self, value: np.ndarray) -> Any:
        dtype = value.dtype
        if dtype.kind not in _NUMBER_KINDS:
            name = "object" if dtype.kind == "O" else str(dtype)[:40]
            return self.strange(value, f"{name} array")
        self.blobs.append(value.tobytes())
        place = len(self.blobs) - 1
        return self.add(value, ["a", dtype.str, list(value.shape), place, value.flags.writeable])

    def container(self, value: Any, kind: type, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            return self.strange(value, f"too deep {kind.__name__}")
        if id(value) in self.open:
            return self.strange(value, f"{kind.__name__} that contains itself")
        self.open.add(id(value))
        try:
            if kind is dict:
                slots = [
                    [self.slot(k, depth + 1), self.slot(v, depth + 1)] for k, v in value.items()
                ]
            else:
                slots = [self.slot(item, depth + 1) for item in value]
        finally:
            self.open.discard(id(value))
        return self.add(value, [kind.__name__[0], slots])


def encode(
    roots: Sequence[Any],
    *,
    known: Shared | None = None,
    strange: Callable[[Any, str], Any] | None = None,
) -> Encoded:
    """Turn values into plain data.

    `known` are values that the other end holds too: unchanged ones are only named.
    `strange` says what to put for a value that does not travel.
    """
    encoder = _Encoder(known and known.look_again(), strange or _refuse)
    slots = [encoder.slot(root) for root in roots]
    return Encoded(slots, encoder.nodes, encoder.blobs, encoder.objects)


def _refuse(value: Any, name: str) -> Any:
    if isinstance(value, Opaque):
        return ["o", value.handle, type(value).__name__]
    raise Untransferable(f"a value of type {name} cannot be passed to the function under test")


class _Decoder:
    def __init__(
        self,
        blobs: Sequence[bytes],
        known: Sequence[Any],
        strange: Callable[[int, str], Any],
    ) -> None:
        self.blobs = blobs
        self.known = known
        self.strange = strange
        self.objects: list[Any] = []
        self.sizes: list[int] = []
        self.used = 0  # blobs

    def slot(self, slot: Any) -> tuple[Any, int]:
        """The value of a slot, and how many values it would be if sharing were written out."""
        if slot is None or type(slot) in _PLAIN:
            return slot, 1
        tag = slot[0]
        if tag == "r":
            index = _natural(slot[1])
            return self.objects[index], self.sizes[index]
        if tag == "k":
            return self.known[_natural(slot[1])], 1
        if tag == "i":
            if len(slot[1]) > 100_000:
                raise Malformed("an integer of absurd size")
            return int(slot[1], 16), 1
        if tag == "f":
            return _FLOAT.unpack(bytes.fromhex(slot[1]))[0], 1
        if tag == "c":
            return complex(float(slot[1]), float(slot[2])), 1
        if tag == "n":
            return np.frombuffer(bytes.fromhex(slot[2]), _dtype(slot[1]), count=1)[0], 1
        if tag == "o":
            return self.strange(_natural(slot[1]), _text(slot[2])), 1
        raise Malformed("an unknown kind of value")

    def node(self, node: Any) -> None:
        tag = node[0]
        size = 1
        if tag == "a":
            value: Any = self.array(node)
        elif tag == "d":
            value = {}
            for key_slot, item_slot in node[1]:
                key, key_size = self.slot(key_slot)
                value[key], item_size = self.slot(item_slot)
                size += key_size + item_size
        elif tag in ("l", "t"):
            value = []
            for item_slot in node[1]:
                item, item_size = self.slot(item_slot)
                value.append(item)
                size += item_size
            value = tuple(value) if tag == "t" else value
        else:
            raise Malformed("an unknown kind of node")
        if size > MAX_EXPANDED:
            raise Malformed("a value that unfolds to an absurd size")
        self.objects.append(value)
        self.sizes.append(size)

    def array(self, node: Any) -> np.ndarray:
        _, dtype, shape, index, writeable = node
        if type(shape) is not list or len(shape) > 32:
            raise Malformed("the shape of an array")
        for count in shape:
            _natural(count)
        if type(index) is not int or index != self.used:  # each is there for one array
            raise Malformed("the contents of an array")
        self.used += 1
        blob = self.blobs[index]
        value = np.frombuffer(blob, _dtype(dtype)).reshape(shape).copy()
        if writeable is False:
            value.flags.writeable = False
        return value


def _natural(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise Malformed("a count that is not a count")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Malformed("a name that is not text")
    return value[:MAX_NAME]


@functools.lru_cache(maxsize=256)
def _dtype(name: Any) -> np.dtype:
    if type(name) is not str or not _DTYPE.fullmatch(name):
        raise Malformed("the dtype of an array")
    return np.dtype(name)


def decode(
    head: Any,
    blobs: Sequence[bytes],
    *,
    known: Sequence[Any] = (),
    strange: Callable[[int, str], Any] | None = None,
) -> tuple[list[Any], list[Any]]:
    """Turn plain data back into values: the roots, and the objects behind all nodes.

    Whatever is not exactly what `encode` makes raises `Malformed`.
    """
    try:
        slots, nodes = head
        if type(slots) is not list or type(nodes) is not list or len(nodes) > MAX_NODES:
            raise Malformed("the table of values")
        decoder = _Decoder(blobs, known, strange or (lambda handle, name: opaque(name, handle)))
        for node in nodes:
            decoder.node(node)
        return [decoder.slot(slot)[0] for slot in slots], decoder.objects
    except Malformed:
        raise
    except Exception as error:
        raise Malformed(f"not a value: {type(error).__name__}") from None


def restore_in_place(originals: Sequence[Any], copies: Sequence[Any]) -> None:
    """Make each original look like its copy, keeping the originals' identity.

    This is how a function that changes its inputs shows that change to its caller although the
    call was made in another process.
    """
    twins = {id(copy): original for original, copy in zip(originals, copies, strict=True)}

    def home(value: Any) -> Any:
        if id(value) in twins:
            return twins[id(value)]
        if type(value) is tuple:
            return tuple(home(item) for item in value)
        return value

    for original, copy in zip(originals, copies, strict=True):
        if type(original) is not type(copy):
            raise Malformed("an argument that came back as something else")
        if type(original) is list:
            original[:] = [home(item) for item in copy]
        elif type(original) is dict:
            items = [(home(key), home(item)) for key, item in copy.items()]
            original.clear()
            original.update(items)
        else:
            _restore_array(original, copy)


def _restore_array(original: np.ndarray, copy: np.ndarray) -> None:
    if original.dtype != copy.dtype:
        raise Malformed("an argument whose dtype was changed in place")
    if original.shape != copy.shape:
        original.resize(copy.shape, refcheck=False)
    if original.tobytes() != copy.tobytes():
        original[...] = copy
