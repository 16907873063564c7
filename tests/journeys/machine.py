"""A machine with people of its own: users who exist in one group of processes and nowhere else.

Processes are shown another /etc/passwd and /etc/group than the system's, by bubblewrap. So their
users, homes and permissions are real, no one is added to the tester's system, and when the first
process ends, the kernel ends all others.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.engine import ordinary

FIRST_ID = 7001


class Machine:
    """Users, groups, and a folder that all of them can reach."""

    def __init__(self, folder: Path, names: list[str], members: dict[str, list[str]]) -> None:
        self.folder, self.members = folder, members
        self.ids = {name: FIRST_ID + index for index, name in enumerate(names)}
        self.homes = {name: folder / name for name in names}
        for name, home in self.homes.items():
            home.mkdir()
            self.give(home, name)
        self.groups = {name: FIRST_ID + 100 + index for index, name in enumerate(members)}
        users = [f"{n}:x:{i}:{i}::{self.homes[n]}:/bin/sh" for n, i in self.ids.items()]
        personal = [f"{name}:x:{number}:" for name, number in self.ids.items()]
        shared = [f"{n}:x:{i}:{','.join(members[n])}" for n, i in self.groups.items()]
        self._write("passwd", users)
        self._write("group", personal + shared)

    def _write(self, name: str, lines: list[str]) -> None:
        """Write one of the system's two files anew; of two lines with one name the first counts."""
        system = Path("/etc", name).read_text(encoding="utf-8")
        (self.folder / name).write_text("\n".join([*lines, system]), encoding="utf-8")

    def give(self, place: Path, name: str, mode: int = 0o700) -> None:
        """Give a folder, with all that is in it, to a user."""
        for path in [place, *place.rglob("*")]:
            os.chown(path, self.ids[name], self.ids[name], follow_symlinks=False)
        place.chmod(mode)

    def command(self, *words: str) -> list[str]:
        """The command line that runs these words as root of this machine."""
        people = [str(self.folder / "passwd"), "/etc/passwd"]
        groups = [str(self.folder / "group"), "/etc/group"]
        # Not with bubblewrap's own --proc: under that, the engine could build no sandbox.
        return [
            *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
            *("bwrap", "--dev-bind", "/", "/", *ordinary.opened()),
            *("--bind", *people, "--bind", *groups, "--die-with-parent", "--", *words),
        ]

    def command_of(self, name: str, *words: str) -> list[str]:
        """The command line that runs these words with a user's rights, anywhere on the system."""
        number = str(self.ids[name])
        groups = [str(i) for group, i in self.groups.items() if name in self.members[group]]
        user = ["--reuid", number, "--regid", number, "--groups", ",".join(groups)]
        return ["setpriv", *user, "--inh-caps=-all", "--bounding-set=-all", "--", *words]
