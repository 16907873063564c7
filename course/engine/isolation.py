"""Put one submission's process apart from everything else, with the kernel's own means.

The warm process forks the student's process into new namespaces, where it is process 1. When that
ends, by itself or killed, the kernel ends every process that the submission started.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from . import seccomp

with contextlib.suppress(ImportError):  # Windows, where the engine refuses with a sentence
    import resource

MEBIBYTE = 1024 * 1024
NOBODY = 65534
_NEW_USER, _NEW_MOUNT, _NEW_PID, _NEW_IPC, _NEW_UTS = (
    0x10000000,
    0x00020000,
    0x20000000,
    0x08000000,
    0x04000000,
)
_SET_CHILD_TID, _CLEAR_CHILD_TID = 0x01000000, 0x00200000
_CLONE3, _SIGCHLD = 435, 17  # the same on all machines
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 1, 2, 4, 0x4000, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_GET_TID_ADDRESS = 1, 4, 36, 40
_SIGKILL = 9


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    memory: int = 1536 * MEBIBYTE  # all processes together, beyond what they share from the start
    processes: int = 48
    file_size: int = 16 * MEBIBYTE
    disk: int = 48 * MEBIBYTE
    cell_seconds: float = 30.0  # one cell of the student's, or one test cell
    call_seconds: float = 10.0  # one call of a function under test
    total_seconds: float = 180.0  # the whole submission

    def as_dict(self) -> dict[str, Any]:
        """The limits as plain data."""
        return asdict(self)


# Called while Python's lock is held, as it must be by whoever returns in the child.
_HERE = ctypes.PyDLL(None, use_errno=True) if hasattr(os, "fork") else None
_FORK = _HERE and _HERE.fork
_SYSTEM_CALL = _HERE and _HERE.syscall
if _SYSTEM_CALL:
    _SYSTEM_CALL.restype = ctypes.c_long
    _SYSTEM_CALL.argtypes = [ctypes.c_long, ctypes.c_void_p, ctypes.c_size_t]


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def fork() -> int:
    """Like `os.fork`, without Python's own work after it, which touches and so copies many pages.

    That work is for threads, and for those who asked to be told of a fork, such as matplotlib
    because of its open font files. So this is for a process that has no other threads and a child
    that goes on with the same open files.
    """
    if len(sys._current_frames()) > 1:
        return os.fork()
    child = _FORK()
    if child < 0:
        raise OSError(ctypes.get_errno(), "no new process can be made")
    return child


def in_child(work: Callable[[], None], make_child: Callable[[], int] | None = None) -> int:
    """Fork a child that does this work, and then ends whatever has come of it; give its number."""
    child = make_child() if make_child else os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    return child


def drop_root(user: int) -> None:
    """Become an ordinary user for good, if this process is root's."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    # Otherwise the kernel gives this process's files in /proc to root, and it could no longer
    # write the user map of the namespaces it makes.
    _libc().prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent is gone."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent has gone."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class _CloneArguments(ctypes.Structure):
    """What the system call clone3 takes, as far as it is used."""

    _fields_ = [
        (name, ctypes.c_uint64)
        for name in (
            *("flags", "pidfd", "child_tid", "parent_tid"),
            *("exit_signal", "stack", "stack_size", "tls"),
        )
    ]


def fork_apart(tell: bool) -> int:
    """Like `fork`; the child is process 1 of new namespaces, and has no user there yet.

    It shares the sandbox's network, which has no way out and nobody else in it.
    `tell` is whether to tell those in Python who asked to be told of a fork.
    """
    flags = _NEW_USER | _NEW_MOUNT | _NEW_PID | _NEW_IPC | _NEW_UTS
    given = _CloneArguments(flags=flags, exit_signal=_SIGCHLD)
    if address := _address_of_thread_id():
        # As in glibc's own fork: its note of which thread this is must be right in the child.
        given.child_tid, given.flags = address, flags | _SET_CHILD_TID | _CLEAR_CHILD_TID
    if tell:
        ctypes.pythonapi.PyOS_BeforeFork()
    child = _SYSTEM_CALL(_CLONE3, ctypes.byref(given), ctypes.sizeof(given))
    number = ctypes.get_errno()
    if tell and child == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    elif tell:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    if child < 0:
        raise OSError(number, f"new namespaces: {os.strerror(number)}")
    return child


def _address_of_thread_id() -> int:
    """Where glibc keeps the number of this thread; 0 if that cannot be told."""
    address = ctypes.c_void_p()
    told = _libc().prctl(_PR_GET_TID_ADDRESS, ctypes.byref(address), 0, 0, 0) == 0
    if not told or not address.value:
        return 0
    known = ctypes.c_int.from_address(address.value).value
    return address.value if known == threading.get_native_id() else 0


def become_nobody_inside(user: int, group: int) -> None:
    """In a child of `fork_apart`: let the parent's user and group be nobody here."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {user} 1"),
        ("gid_map", f"{NOBODY} {group} 1"),
    ):
        file = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(file, text.encode("ascii"))
        os.close(file)
    _checked(_libc().sethostname(b"sandbox", 7), "host name")


HOME = "/sandbox/home"
SCRATCH = "/sandbox/tmp"


def mount_private_places(disk: int, cover_tmp: bool) -> None:
    """Fresh, sized, memory-backed places to write to; an empty /proc.

    /tmp is one of them, unless the interpreter itself lies in it.
    """
    libc = _libc()
    _checked(libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "private mounts")
    plain = _MS_NOSUID | _MS_NODEV
    if cover_tmp:
        places = [(HOME, disk, plain), (SCRATCH, disk, plain), ("/tmp", disk, plain)]
    else:
        places = [(HOME, disk, plain), (SCRATCH, disk, plain)]
    for place, size, flags in (
        *places,
        ("/dev/shm", MEBIBYTE, plain),
        ("/cache", 4096, plain | _MS_RDONLY),
        ("/proc", 4096, plain | _MS_RDONLY),
    ):
        options = f"size={size},nr_inodes=4096,mode=755,uid={NOBODY},gid={NOBODY}"
        result = libc.mount(b"tmpfs", place.encode(), b"tmpfs", flags, options.encode())
        _checked(result, f"a place at {place}")


def give_up_privileges() -> None:
    """Drop every capability of the namespace and refuse system calls nobody needs."""
    libc = _libc()
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    _checked(libc.capset(header, data), "capabilities")
    seccomp.install()


def set_limits(limits: Limits, count_processes: bool) -> None:
    """Limits that the kernel keeps for each process."""
    used = _address_space()
    wanted = {
        resource.RLIMIT_AS: used + limits.memory,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_CPU: int(limits.total_seconds) + 1,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
    }
    if count_processes:
        wanted[resource.RLIMIT_NPROC] = limits.processes
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise


def _address_space() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1024 * MEBIBYTE


def processes_are_counted_per_namespace() -> bool:
    """Whether the kernel counts processes for each user namespace apart (Linux 5.14 and later)."""
    release = os.uname().release.split("-")[0].split(".")
    try:
        return (int(release[0]), int(release[1])) >= (5, 14)
    except (ValueError, IndexError):
        return False


def close_descriptors(keep: set[int]) -> None:
    """Close every open file but these."""
    last = 3
    for number in sorted(n for n in keep if n >= 3):
        os.closerange(last, number)
        last = number + 1
    os.closerange(last, 4096)
