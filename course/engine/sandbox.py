"""The sandbox's outer wall: one bubblewrap around the warm process, and whether it can be had."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

UNSANDBOXED_VARIABLE = "RNN_COURSE_UNSANDBOXED"
UNSANDBOXED_VALUE = "i-trust-these-submissions"
_PACKAGE = Path(__file__).resolve().parent
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/localtime",
)
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "HOME": "/sandbox/home",
    "USER": "student",
    "LOGNAME": "student",
    "TERM": "xterm-color",
    "MPLCONFIGDIR": "/cache/matplotlib",
    "IPYTHONDIR": "/cache/ipython",
    "JUPYTER_PLATFORM_DIRS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class SandboxUnavailable(RuntimeError):
    """There is no safe place to run students' code on this machine."""


def unsandboxed_by_environment() -> bool:
    """Whether the environment says, in so many words, to run without a sandbox."""
    return os.environ.get(UNSANDBOXED_VARIABLE) == UNSANDBOXED_VALUE


def _launch(module: str, root: str) -> str:
    return f"import sys; sys.path.insert(0, {root!r}); from {module} import main; main()"


def plain_command(module: str) -> list[str]:
    """Start one of our own modules in a process without a wall around it."""
    root = str(_PACKAGE.parent.parent)
    return [sys.executable, "-I", "-c", _launch(f"course.engine.{module}", root)]


def plain_environment(place: str) -> dict[str, str]:
    """The same environment without the wall; caches go where the user's caches are."""
    own = {"MPLCONFIGDIR", "IPYTHONDIR", "PATH"}
    kept = {key: value for key, value in _ENVIRONMENT.items() if key not in own}
    path = os.environ.get("PATH", _ENVIRONMENT["PATH"])
    more = {"IPYTHONDIR": os.path.join(place, "ipython"), "PATH": path}
    if cache := _font_cache_folder():
        more["MPLCONFIGDIR"] = cache
    return {**kept, **more}


@functools.cache
def _font_cache_folder() -> str:
    try:
        import matplotlib

        return matplotlib.get_cachedir() or ""
    except Exception:
        return ""


def _python_folders() -> list[str]:
    """Where the interpreter and its packages are, links and what they lead to."""
    found = []
    for path in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix):
        for form in (path, os.path.realpath(path)):
            if form not in found and form != "/":
                found.append(form)
    executable = os.path.realpath(sys.executable)
    if not any(executable.startswith(folder + "/") for folder in [*found, *_SYSTEM]):
        found.append(os.path.dirname(os.path.dirname(executable)))
    return found


def _covered(path: str, places: list[str]) -> bool:
    return any(path == place or path.startswith(place + "/") for place in places)


def would_show(course: str) -> tuple[str, ...]:
    """The course folder, if it lies in a folder that the sandbox shows: then it must be hidden.

    nbgrader works in the course folder, so that its current folder is the one to ask about.
    """
    place = os.path.realpath(course)
    return (place,) if _covered(place, [*_SYSTEM, *_python_folders()]) else ()


def tmp_may_be_covered() -> bool:
    """Whether nothing that the sandbox needs lies in /tmp."""
    return not any(_covered(place, ["/tmp"]) for place in _python_folders())


def _parents(place: str) -> list[str]:
    """Make the folders above a place, readable for whoever the warm process becomes."""
    folders = [str(folder) for folder in reversed(Path(place).parents) if str(folder) != "/"]
    return [word for folder in folders for word in ("--perms", "0755", "--dir", folder)]


def command(hide: list[str] | None = None) -> list[str]:
    """The bubblewrap command line for the warm process; its settings come last.

    `hide` names folders that must not be seen even if they lie in a folder that is.
    """
    root = os.geteuid() == 0
    words = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if not root:
        words += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    words += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]
    for key, value in _ENVIRONMENT.items():
        words += ["--setenv", key, value]
    seen: list[str] = []
    for place in _SYSTEM:
        if os.path.islink(place):
            words += ["--symlink", os.readlink(place), place]
        elif os.path.isdir(place):
            words += ["--ro-bind", place, place]
            seen.append(place)
    for place in _SETTINGS:
        words += ["--ro-bind-try", place, place]
    folders = _python_folders()
    hidden = [os.path.realpath(place) for place in hide or []]
    for place in hidden:
        if _covered(place, seen):
            words += ["--tmpfs", place]
            seen = [other for other in seen if not _covered(other, [place])]
    for place in folders:
        if not _covered(place, seen) or _covered(place, hidden):
            words += [*_parents(place), "--ro-bind", place, place]
    for place in hidden:  # a course that lies inside the interpreter's own folder
        if any(_covered(place, [folder]) and place != folder for folder in folders):
            words += ["--tmpfs", place, "--remount-ro", place]
    for place in ("/sandbox", "/sandbox/home", "/sandbox/tmp", "/tmp"):
        words += ["--perms", "0755", "--dir", place]
    words += ["--dev", "/dev", "--dir", "/dev/shm", "--remount-ro", "/dev", "--proc", "/proc"]
    words += [
        "--perms",
        "0777",
        "--tmpfs",
        "/cache",
        "--perms",
        "0777",
        "--dir",
        "/cache/matplotlib",
    ]
    cache = _font_cache_folder()
    if cache:
        for file in sorted(Path(cache).glob("fontlist-*.json")):
            words += ["--ro-bind", str(file), f"/cache/matplotlib/{file.name}"]
    words += [*_parents("/engine/engine"), "--ro-bind", str(_PACKAGE), "/engine/engine"]
    words += ["--remount-ro", "/"]
    words += ["--chdir", "/", "--"]
    return [*words, sys.executable, "-I", "-c", _launch("engine.warm", "/engine")]


def refusal() -> str:
    """Why there can be no sandbox here, as one sentence; empty if there can."""
    if sys.platform != "linux":
        return (
            "Students' code is only run in a sandbox, which needs Linux: grade on a Linux machine."
        )
    if shutil.which("bwrap") is None:
        return (
            "Students' code is only run in a sandbox, and bubblewrap is not installed: "
            "install it, for example with 'sudo apt-get install bubblewrap'."
        )
    return _probe()


@functools.cache
def _probe() -> str:
    words = ["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "--proc", "/proc"]
    if os.geteuid() != 0:
        words += ["--unshare-user"]
    words += ["--", "/bin/true"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Students' code is only run in a sandbox, and bubblewrap does not start: {error}."
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
    return (
        "Students' code is only run in a sandbox, and this system forbids it "
        f"(bubblewrap says: {said}): allow user namespaces, for example with "
        "'sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000' or, "
        "on Ubuntu, 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0', "
        "or in a container allow the system calls clone3, unshare and mount."
    )
