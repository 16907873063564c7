"""Values survive the journey between the two processes, or are named for what they are."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course.engine import codec
from course.engine.wire import Malformed


def _travel(value: Any) -> Any:
    """Encode, go through JSON text, decode."""
    sent = codec.encode([value], strange=lambda thing, name: ["o", 0, name])
    head = json.loads(json.dumps(sent.head()))
    values, _ = codec.decode(head, [bytes(blob) for blob in sent.blobs])
    return values[0]


def _same(one: Any, two: Any) -> bool:
    if type(one) is not type(two):
        return False
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(_same, one, two))
    if isinstance(one, dict):
        return list(one) == list(two) and all(_same(one[key], two[key]) for key in one)
    if isinstance(one, float):
        return math.copysign(1, one) == math.copysign(1, two) and (
            one == two or (one != one and two != two)
        )
    if isinstance(one, complex):
        return repr(one) == repr(two)
    return one == two


_DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
)
_ARRAYS = _DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0)))
_PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(st.characters(exclude_categories=[])),
    _ARRAYS,
    st.floats().map(np.float64),
    st.integers(0, 255).map(np.uint8),
)
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(_VALUES)
@example(-math.nan)
@example([-0.0, math.inf, np.array([-math.nan])])
def test_plain_values_arrive_as_they_left(value: Any) -> None:
    assert _same(_travel(value), value)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=20,
    ),
    st.lists(st.binary(max_size=20), max_size=3),
)
def test_nonsense_is_malformed_and_nothing_else(head: Any, blobs: list[bytes]) -> None:
    with contextlib.suppress(Malformed):
        codec.decode(head, blobs)


def test_sharing_survives() -> None:
    array = np.arange(3.0)
    one, two = _travel((array, {"again": array}))
    assert one is two["again"]


def test_order_of_memory_does_not_matter() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))[:, ::-1]
    assert np.array_equal(_travel(array), array)


def test_read_only_arrays_stay_read_only() -> None:
    array = np.arange(3.0)
    array.flags.writeable = False
    assert not _travel(array).flags.writeable


class _Agreeable(np.ndarray):
    pass


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (np.arange(3.0).view(_Agreeable), "_Agreeable"),
        (np.ma.masked_all(3), "MaskedArray"),
        (np.array([object()]), "object array"),
        ((n for n in [1]), "generator"),
        (type("int", (int,), {})(5), "int"),
        ({1, 2}, "set"),
    ],
)
def test_anything_else_is_named_and_is_not_what_it_claims(value: Any, name: str) -> None:
    came = _travel(value)
    assert isinstance(came, codec.Opaque)
    assert type(came).__name__ == name
    assert type(came) is not int and not isinstance(came, np.ndarray)


def test_cycles_end() -> None:
    ring: list[Any] = []
    ring.append(ring)
    assert isinstance(_travel(ring)[0], codec.Opaque)


@pytest.mark.parametrize(
    "node",
    [
        ["a", "|O8", [1], 0, True],
        ["a", "<f8", [-1], 0, True],
        ["a", "<f8", [2], 0, True],
        ["a", "<f8", [2**62, 2**62], 0, True],
        ["a", "<f8", [1], 7, True],
        ["a", "V8", [1], 0, True],
        ["l", [["r", 0]]],
        ["l", [["r", -1]]],
        ["d", [[["r", 5], 1]]],
        ["x", []],
    ],
)
def test_forged_nodes_are_refused(node: list) -> None:
    with pytest.raises(Malformed):
        codec.decode([[["r", 0]], [node]], [b"A" * 8])


def test_contents_that_are_used_twice_are_refused() -> None:
    nodes = [["a", "<f8", [1], 0, True]] * 2
    with pytest.raises(Malformed):
        codec.decode([[["r", 1]], nodes], [b"A" * 8])


def test_a_value_that_unfolds_is_refused() -> None:
    nodes: list[Any] = [["l", [0] * 10]]
    for number in range(40):
        nodes.append(["l", [["r", number]] * 10])
    with pytest.raises(Malformed):
        codec.decode([[["r", 40]], nodes], [])


def test_changes_in_place_reach_the_originals() -> None:
    array, inner = np.arange(3.0), {"a": np.zeros(2)}
    original = [array, inner, [1, 2]]
    sent = codec.encode(original)
    values, objects = codec.decode(sent.head(), sent.blobs)
    values[0][1] = 9.0
    values[1]["b"] = values[0]
    values[2].append(3)
    changed = [thing for thing in objects if type(thing) is not tuple]
    state = codec.encode(changed)
    copies, _ = codec.decode(state.head(), state.blobs)
    codec.restore_in_place([t for t in sent.objects if type(t) is not tuple], copies)
    assert array[1] == 9.0
    assert inner["b"] is array
    assert original[2] == [1, 2, 3]


def _sent(roots: list[Any]) -> tuple[codec.Encoded, codec.Shared]:
    sent = codec.encode(roots)
    return sent, codec.Shared(sent.objects, sent.nodes, sent.blobs)


def test_what_both_sides_hold_is_only_named() -> None:
    array, inner = np.arange(3.0), [np.zeros(2)]
    sent, shared = _sent([array, inner])
    again = codec.encode([(inner, array)], known=shared)
    assert not again.blobs
    values, _ = codec.decode(again.head(), again.blobs, known=sent.objects)
    assert values[0][0] is inner
    assert values[0][1] is array
    assert shared.first_are_unchanged()


@pytest.mark.parametrize(
    "change",
    [
        lambda array, inner: array.__setitem__(0, np.nan),
        lambda array, inner: setattr(array, "shape", (3, 1)),
        lambda array, inner: array.setflags(write=False),
        lambda array, inner: inner["deep"][0].__setitem__(0, 5.0),
        lambda array, inner: inner["deep"].append(1),
        lambda array, inner: inner.update(deep=[np.zeros(2)]),
        lambda array, inner: inner.pop("deep"),
    ],
)
def test_what_has_changed_is_sent_again(change: Any) -> None:
    array, inner = np.arange(3.0), {"deep": [np.zeros(2)]}
    _, shared = _sent([array, inner])
    assert codec.encode([array, inner], known=shared).slots == [["k", 0], ["k", 3]]
    change(array, inner)
    assert not shared.look_again().first_are_unchanged()
    assert codec.encode([array, inner], known=shared).slots != [["k", 0], ["k", 3]]


def test_what_comes_later_is_numbered_on() -> None:
    first, later = np.arange(3.0), np.ones(2)
    _, shared = _sent([first])
    more = codec.encode([later], known=shared)
    shared.grow(more.objects, more.nodes, more.blobs)
    assert codec.encode([later, first], known=shared).slots == [["k", 1], ["k", 0]]
    later[0] = 7.0
    assert shared.look_again().first_are_unchanged()
    assert codec.encode([later], known=shared).slots == [["r", 0]]
