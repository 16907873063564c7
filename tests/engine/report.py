"""Print the table of hostile submissions: what each tries, and what came of it.

`python -m tests.engine.report` grades them all with the engine; `--measure-stock` also grades the
harmless ones among them with stock nbgrader, each alone and in a course of its own, and keeps
what it did in `stock.json`, from which the table's last column is printed.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from . import toy
from .attacks import ATTACKS, Attack
from .classroom import Classroom
from .siege import Listener, lay

STOCK = Path(__file__).with_name("stock.json")


def verdict(attack: Attack, facts: dict) -> str:
    """One word or sentence on what the engine made of an attack."""
    problems = []
    if not facts["graded"]:
        problems.append("left without a grade")
    if facts["points"] != attack.earned:
        problems.append(f"{facts['points']:g} points, {attack.earned} earned")
    problems += [f"leaked {secret}" for secret in facts["leaks"]]
    problems += [f"script shown: {mark}" for mark in facts["script"]]
    return "; ".join(problems) or "held"


def measure_stock() -> dict[str, str]:
    """What stock nbgrader does with each attack that it may be tried with."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder, "template")
        Classroom(template, engine=False)
        for number, attack in enumerate(a for a in ATTACKS if a.stock):
            root = Path(folder, f"course-{number}")
            shutil.copytree(template, root)
            found[attack.name] = _try_stock(Classroom(root, engine=False), attack)
            print(f"{attack.name}: {found[attack.name]}", flush=True)
            shutil.rmtree(root, ignore_errors=True)
    return found


def _try_stock(room: Classroom, attack: Attack) -> str:
    listener = Listener()
    room.hand_in("honest", toy.filled(toy.solved(room.released), {"end": f"# {toy.SECRETS[-1]}"}))
    folder = room.hand_in(attack.name, attack.notebook(room.released, room.root, listener.port))
    if attack.files:
        attack.files(folder, room.root)
    with room.gradebook() as gradebook:
        gradebook.update_or_create_student("honest", first_name=toy.IN_GRADEBOOK)
    room.autograde(attack.name)
    scores = room.scores().get(attack.name, {})
    what = []
    if not scores or any(points is None for points in scores.values()):
        what.append("no grade")
    else:
        points = sum(scores.values())
        if points > attack.earned:
            what.append(f"{points:g} points for {attack.earned} earned")
        elif points < attack.earned:
            what.append(f"{points:g} points for {attack.earned} earned (lost)")
    try:
        outputs = room.outputs(attack.name)
    except (OSError, ValueError):
        outputs = ""
    leaks = [secret for secret in toy.SECRETS if secret in outputs]
    what += [f"leaked {secret.rsplit('-', 1)[0]}" for secret in leaks]
    with room.gradebook() as gradebook:
        if gradebook.find_student("honest").first_name != toy.IN_GRADEBOOK:
            what.append("the gradebook was changed")
    if (room.root / "pwned").exists():
        what.append("wrote into the course")
    if listener.calls:
        what.append("reached the network")
    return "; ".join(what) or "held"


def main() -> None:
    """Run from the command line."""
    if "--measure-stock" in sys.argv:
        STOCK.write_text(json.dumps(measure_stock(), indent=1) + "\n", encoding="utf-8")
    stock = json.loads(STOCK.read_text(encoding="utf-8")) if STOCK.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        facts = lay(Path(folder, "course"))
    held = 0
    group = ""
    for attack in ATTACKS:
        if attack.group != group:
            group = attack.group
            print(f"\n{group}")
        said = verdict(attack, facts["attacks"][attack.name])
        held += said == "held"
        beside = stock.get(attack.name, "not measured")
        print(f"  {attack.name:34} {attack.tries}\n{'':37}engine: {said}; stock: {beside}")
    print(f"\n{held} of {len(ATTACKS)} held.")
    print(f"Honest students: {facts['honest']} of {toy.FULL} points each.")
    damage = [*facts["changed"], *facts["left_behind"], *facts["outside"]]
    print(f"Damaged or left behind: {damage or 'nothing'}. Connections: {facts['connections']}.")
    tried = list(stock.values())
    print(f"Stock nbgrader, where measured: {tried.count('held')} of {len(tried)} held.")
    sys.exit(held != len(ATTACKS) or bool(damage))


if __name__ == "__main__":
    main()
