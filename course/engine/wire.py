"""Framed messages over a Unix socket: a JSON head, and raw blobs behind it.

Both ends of every channel use this module. One end may be hostile, so a reader never trusts a
length, never waits past its deadline, and turns whatever it cannot understand into `Malformed`.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

_PREFIX = struct.Struct("!II")
MAX_MESSAGE = 64 * 1024 * 1024


class WireError(Exception):
    """The base of everything that can go wrong with a channel."""


class Closed(WireError):
    """The other end has gone."""


class TooLate(WireError):
    """The deadline passed before a whole message was there."""


class Malformed(WireError):
    """What came is not a message."""


def _remaining(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TooLate("the deadline has passed")
    return left


def _receive_exactly(sock: socket.socket, count: int, deadline: float | None) -> bytearray:
    buffer = bytearray(count)
    view = memoryview(buffer)
    done = 0
    while done < count:
        sock.settimeout(_remaining(deadline))
        try:
            got = sock.recv_into(view[done:])
        except TimeoutError:
            raise TooLate("the deadline has passed") from None
        except OSError as error:
            raise Closed(str(error)) from None
        if got == 0:
            raise Closed("the other end has gone")
        done += got
    return buffer


_to_json = json.JSONEncoder(separators=(",", ":")).encode


def pack(head: Any, blobs: Sequence[bytes] = ()) -> bytes:
    """One message as bytes."""
    sizes = [len(blob) for blob in blobs]
    text = _to_json([head, sizes]).encode("ascii")
    return b"".join([_PREFIX.pack(len(text), sum(sizes)), text, *blobs])


def send(
    sock: socket.socket,
    head: Any,
    blobs: Sequence[bytes] = (),
    deadline: float | None = None,
) -> None:
    """Send one message."""
    send_packed(sock, pack(head, blobs), deadline)


def send_packed(sock: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send what `pack` has made."""
    sock.settimeout(_remaining(deadline))
    try:
        sock.sendall(message)
    except TimeoutError:
        raise TooLate("the other end does not read") from None
    except OSError as error:
        raise Closed(str(error)) from None


def receive(
    sock: socket.socket, deadline: float | None = None, limit: int = MAX_MESSAGE
) -> tuple[Any, list[bytes]]:
    """Wait for one message; give its head and its blobs."""
    return unpack(receive_packed(sock, deadline, limit))


def receive_packed(
    sock: socket.socket, deadline: float | None = None, limit: int = MAX_MESSAGE
) -> bytes:
    """Wait for one message; give it as it came, for `unpack`."""
    prefix = _receive_exactly(sock, _PREFIX.size, deadline)
    size = sum(_PREFIX.unpack(prefix))
    if size > limit:
        raise Malformed(f"a message of {size} bytes; at most {limit} are read")
    return bytes(prefix + _receive_exactly(sock, size, deadline))


def unpack(message: bytes) -> tuple[Any, list[bytes]]:
    """The head and the blobs of a whole message."""
    text_size, blob_size = _PREFIX.unpack_from(message)
    start = _PREFIX.size + text_size
    try:
        head, sizes = json.loads(message[_PREFIX.size : start])
        if type(sizes) is not list or any(type(n) is not int or n < 0 for n in sizes):
            raise ValueError("blob sizes")
        if sum(sizes) != blob_size:
            raise ValueError("blob sizes")
    except (ValueError, TypeError, RecursionError) as error:
        raise Malformed(f"not a message: {error}") from None
    blobs = []
    for size in sizes:
        blobs.append(message[start : start + size])
        start += size
    return head, blobs


def send_with_descriptors(sock: socket.socket, head: Any, descriptors: Sequence[int]) -> None:
    """Send one message, and open file descriptors with its first byte."""
    sock.settimeout(None)
    data = pack(head)
    # In one call as far as it goes, so that a sender that is killed leaves no half message.
    sent = socket.send_fds(sock, [data], list(descriptors))
    sock.sendall(memoryview(data)[sent:])


def receive_with_descriptors(sock: socket.socket, most: int = 4) -> tuple[Any, list[int]]:
    """The other half of `send_with_descriptors`; only ever used between trusted processes."""
    sock.settimeout(None)
    first, descriptors, _, _ = socket.recv_fds(sock, 1, most)
    if not first:
        raise Closed("the other end has gone")
    rest = _receive_exactly(sock, _PREFIX.size - 1, None)
    text_size, _ = _PREFIX.unpack(bytes(first) + bytes(rest))
    head, _ = json.loads(_receive_exactly(sock, text_size, None))
    return head, descriptors
