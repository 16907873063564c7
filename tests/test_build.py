"""The build: what is committed is what the manuscript gives, again and again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

from course import build, paths

MANUSCRIPTS = sorted(paths.MANUSCRIPT.rglob("*.md"))
pytestmark = pytest.mark.filterwarnings("ignore")


def test_nothing_committed_differs_from_what_the_manuscript_gives() -> None:
    assert build.drift() == []


def test_drift_is_noticed(clone: Path, environment: dict[str, str]) -> None:
    manuscript = clone / paths.manuscript("01_rnn_cell").relative_to(paths.ROOT)
    before = manuscript.read_text(encoding="utf-8")
    manuscript.write_text(before.replace("## The idea", "## An idea"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "course.build", "check"],
        cwd=clone,
        env=environment | {"PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
    )
    manuscript.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    assert "01_rnn_cell.ipynb is not what the manuscript gives" in done.stderr


@pytest.mark.parametrize("path", MANUSCRIPTS, ids=lambda path: path.stem)
def test_ids_are_stable_and_unique(path: Path) -> None:
    ids = [cell.id for cell in build.read_manuscript(path).cells]
    assert ids == [cell.id for cell in build.read_manuscript(path).cells]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", MANUSCRIPTS, ids=lambda path: path.stem)
def test_a_manuscript_is_in_the_form_in_which_jupyterlab_saves_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    config = jupytext.config.load_jupytext_config(str(path))
    notebook = jupytext.read(path)
    saved = jupytext.writes(notebook, fmt="md:myst", config=config)
    kept = [line for line in saved.splitlines() if "jupytext_version:" not in line]
    assert kept == text.splitlines()


def test_an_edit_saved_in_jupyterlab_reaches_the_manuscript(clone: Path, tmp_path: Path) -> None:
    for name in ("pyproject.toml", "manuscript/01_rnn_cell", "source/01_rnn_cell"):
        origin, target = clone / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if origin.is_dir() else shutil.copy)(origin, target)
    manager = build_sync_jupytext_contents_manager_class(LargeFileManager)(root_dir=str(tmp_path))
    place = "source/01_rnn_cell/01_rnn_cell.ipynb"
    opened = manager.get(place)
    opened["content"]["cells"][0]["source"] += "\n\nA sentence added in the browser."
    manager.save({"type": "notebook", "format": "json", "content": opened["content"]}, place)

    manuscript = tmp_path / "manuscript/01_rnn_cell/01_rnn_cell.md"
    changed = manuscript.read_text(encoding="utf-8")
    assert "A sentence added in the browser." in changed
    original = paths.manuscript("01_rnn_cell").read_text(encoding="utf-8")
    assert changed.replace("\n\nA sentence added in the browser.", "") == original


def test_building_gives_the_same_bytes_again(tmp_path: Path) -> None:
    assignment = "01_rnn_cell"
    build.build_assignment(assignment, tmp_path)
    for fresh in (tmp_path / assignment).rglob("*"):
        kept = paths.SOURCE / assignment / fresh.relative_to(tmp_path / assignment)
        if fresh.suffix == ".ipynb":
            assert nbformat.read(fresh, as_version=4) == nbformat.read(kept, as_version=4)
        elif fresh.is_file() and fresh.suffix != ".json":
            assert fresh.read_bytes() == kept.read_bytes()


def test_notebooks_tell_neither_machine_nor_time() -> None:
    for path in [*paths.SOURCE.rglob("*.ipynb"), *paths.RELEASE.rglob("*.ipynb")]:
        notebook = nbformat.read(path, as_version=4)
        assert "version" not in notebook.metadata.language_info
        assert all("execution" not in cell.metadata for cell in notebook.cells)
        assert str(paths.ROOT) not in path.read_text(encoding="utf-8")
