"""nbval re-executes every notebook and compares every output with what is committed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from course import paths

NOTEBOOKS = sorted([*paths.SOURCE.glob("*/*.ipynb"), *paths.NOTEBOOKS.glob("*.ipynb")])


def nbval(*notebooks: Path, environment: dict[str, str]) -> subprocess.CompletedProcess:
    options = "--nbval --nbval-current-env -q -p no:xdist -p no:cacheprovider -W ignore"
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options.split(), *map(str, notebooks)],
        cwd=paths.ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_alone(notebook: Path, environment: dict[str, str]) -> None:
    done = nbval(notebook, environment=environment)
    assert done.returncode == 0, done.stdout[-4000:]


def test_assignments_in_file_order(environment: dict[str, str]) -> None:
    done = nbval(*(paths.source(a) for a in paths.ASSIGNMENTS), environment=environment)
    assert done.returncode == 0, done.stdout[-4000:]


def test_a_changed_output_is_noticed(tmp_path: Path, environment: dict[str, str]) -> None:
    original = paths.source("01_rnn_cell").read_text(encoding="utf-8")
    doctored = tmp_path / "doctored.ipynb"
    (tmp_path / "rnn_utils.py").write_bytes(paths.UTILS.read_bytes())
    assert original.count("a_next[4, :3] = 0.59584544") == 2  # the output, and the lesson's text
    doctored.write_text(original.replace("= 0.59584544", "= 0.59584545"), encoding="utf-8")
    assert nbval(doctored, environment=environment).returncode == 1
