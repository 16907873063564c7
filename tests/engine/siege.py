"""Grade a whole class of hostile submissions in one run, and collect what came of it.

`python -m tests.engine.siege FOLDER [--unsandboxed NAME...]` prints the facts as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import nbformat

from . import toy
from .attacks import ATTACKS, Attack
from .classroom import Classroom

# Short, so that the many endless loops of the suite do not take long; the defaults are longer.
SETTINGS = {
    "timeout": 2.0,
    "call_timeout": 1.5,
    "total_timeout": 8.0,
    "memory": 400,
    "processes": 32,
}
HONEST = ("honest", "zz-honest")
MARKS_OF_SCRIPT = (
    "<script>document.title",
    "<script>alert",
    "<img src=x onerror",
    'src="x" onerror',
    '<svg xmlns="http://www.w3.org/2000/svg" onload',
    'href="javascript:',
    "\x1b[2J",
    "\x07",
)
LEFT_BEHIND = "54321"


class Listener:
    """A server on this machine that nobody should reach."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.calls = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()


def lay(root: Path, attacks: list[Attack] = ATTACKS, settings: dict | None = None) -> dict:
    """Grade these attacks between two honest students; give the facts."""
    os.environ["SECRET_OF_THE_INSTRUCTOR"] = toy.IN_ENVIRONMENT
    room = Classroom(root, settings={**SETTINGS, **(settings or {})})
    with room.gradebook() as gradebook:
        gradebook.update_or_create_student("honest", first_name=toy.IN_GRADEBOOK)
    for student in HONEST:
        ending = {"end": f"# {toy.IN_OTHER_SUBMISSION}\nprint('the end')"}
        room.hand_in(student, toy.filled(toy.solved(room.released), ending))
    listener = Listener()
    for attack in attacks:
        notebook = attack.notebook(room.released, root, listener.port)
        folder = room.hand_in(attack.name, notebook)
        if attack.files:
            attack.files(folder, root)
    before = _fingerprint(root)
    started = time.monotonic()
    went_well = room.autograde()
    seconds = time.monotonic() - started
    scores = room.scores()
    shown = [a.name for a in attacks if a.group in ("reading", "display", "files", "cheats")]
    for student in [*HONEST, *shown]:
        room.feedback(student)
    with room.gradebook() as gradebook:
        owner = gradebook.find_student("honest").first_name
    return {
        "went_well": went_well,
        "gradebook_intact": owner == toy.IN_GRADEBOOK,
        "seconds": seconds,
        "attacks": {a.name: _facts(room, a, scores.get(a.name, {})) for a in attacks},
        "honest": {name: sum(p or 0 for p in scores[name].values()) for name in HONEST},
        "changed": _changes(before, _fingerprint(root)),
        "connections": listener.calls,
        "left_behind": _left_behind(),
        "outside": [str(p) for p in _traces()],
        "errors": [line for line in room.logs if "Traceback" in line],
    }


def _facts(room: Classroom, attack: Attack, scores: dict[str, float | None]) -> dict[str, Any]:
    missing = set(scores) ^ set(toy.POINTS)
    graded = not missing and all(points is not None for points in scores.values())
    try:
        outputs = room.outputs(attack.name)
    except (OSError, ValueError):
        outputs = ""
    try:
        page = room.feedback_page(attack.name)
    except OSError:
        page = ""
    shown = outputs + page
    written = room.graded(attack.name) if outputs else {}
    return {
        "points": sum(points or 0 for points in scores.values()),
        "graded": graded,
        "leaks": [secret for secret in toy.SECRETS if secret in shown]
        + [
            mark
            for mark in ("canary-privilege", "canary-grading", "canary-memory", "trace-/")
            if mark in outputs
        ],
        "script": [mark for mark in MARKS_OF_SCRIPT if mark in page],
        "notes": written["metadata"]["rnn_course"]["irregularities"] if written else [],
        "malformed": _malformed(written) if written else "",
    }


def _malformed(notebook: dict[str, Any]) -> str:
    """Why the graded notebook is none, in a few words."""
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return str(error)[:300]
    return ""


def _fingerprint(root: Path) -> dict[str, str]:
    """What is in the folders that grading must not change."""
    found = {}
    for place in ("source", "release", "submitted"):
        for path in sorted((root / place).rglob("*")):
            if path.is_symlink():
                found[ascii(path)] = os.readlink(path)
            elif path.is_file():
                found[ascii(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    found.update({ascii(path): "" for path in root.glob("pwned*")})
    return found


def _changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def _left_behind() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if LEFT_BEHIND.encode() in words:
            found.append(path.parts[2])
    return found


def _traces() -> list[Path]:
    places = ("/", "/tmp", "/usr", "/dev", "/dev/shm", "/etc", "/var/tmp", "/home", "/root")
    names = [Path(place, "pwned-by-a-submission") for place in places]
    return [path for path in names if os.access(path, os.F_OK)]


def main() -> None:
    """Run from the command line; the facts are the last line of the output."""
    folder, *more = sys.argv[1:]
    attacks, settings = ATTACKS, {}
    if more and more[0] == "--unsandboxed":
        settings = {"unsandboxed": "i-trust-these-submissions"}
        more = more[1:]
    if more:
        attacks = [attack for attack in ATTACKS if attack.name in more]
    print(json.dumps(lay(Path(folder), attacks, settings)))


if __name__ == "__main__":
    main()
