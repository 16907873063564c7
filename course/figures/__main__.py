"""Redraw the figures, or check that redrawing would change nothing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from course.figures import FIGURES, render

IMAGES = Path(__file__).resolve().parents[2] / "images"


def changed(folder: Path) -> list[str]:
    """Names of the figures that a redraw would change, and of files nothing draws."""
    names = []
    for name in FIGURES:
        path = folder / f"{name}.svg"
        if not path.exists() or path.read_bytes() != render(name).encode():
            names.append(name)
    strays = sorted(path.stem for path in folder.glob("*.svg") if path.stem not in FIGURES)
    return names + strays


def write(folder: Path) -> None:
    """Draw every figure into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FIGURES:
        (folder / f"{name}.svg").write_bytes(render(name).encode())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m course.figures", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a change")
    parser.add_argument("--folder", type=Path, default=IMAGES, help="where the figures are kept")
    options = parser.parse_args(arguments)
    if not options.check:
        write(options.folder)
        print(f"{len(FIGURES)} figures drawn")
        return 0
    stale = changed(options.folder)
    for name in stale:
        print(f"{name}.svg is not what the code draws; run: python -m course.figures")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
