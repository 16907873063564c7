"""The hostile submissions: nothing unearned, leaked or damaged, and nobody else harmed."""

from __future__ import annotations

import pytest

from . import toy
from .attacks import ATTACKS, RESOURCE
from .conftest import run_siege

NAMES = [attack.name for attack in ATTACKS]
ATTACK = {attack.name: attack for attack in ATTACKS}

# Attacks that a sandbox is there to stop. Without one they must work, or this suite shows nothing.
STOPPED_BY_SANDBOX = [
    "environment",
    "course_files",
    "gradebook_read",
    "sibling_submission",
    "shell_reads",
    "procfs",
    "network",
    "gradebook_write",
    "overwrites_source",
    "shell_escape",
]


@pytest.fixture(params=["facts", "facts_as_user"], scope="session")
def outcome(request: pytest.FixtureRequest) -> dict:
    """The outcome as whoever runs the tests, and as an ordinary user."""
    return request.getfixturevalue(request.param)


def test_there_are_enough_attacks() -> None:
    assert len(ATTACKS) >= 50
    assert len(set(NAMES)) == len(NAMES)
    assert all(attack.tries.endswith(".") for attack in ATTACKS)


@pytest.mark.parametrize("name", NAMES)
def test_earns_what_it_deserves(outcome: dict, name: str) -> None:
    came = outcome["attacks"][name]
    assert came["graded"], "some test was left without a grade"
    if ATTACK[name].group == RESOURCE:
        # Where its own hunger kills it is up to the machine; it may lose points and earns none.
        assert 0 <= came["points"] <= ATTACK[name].earned
    else:
        assert came["points"] == ATTACK[name].earned


@pytest.mark.parametrize("name", NAMES)
def test_leaks_nothing_and_shows_nothing_that_acts(outcome: dict, name: str) -> None:
    came = outcome["attacks"][name]
    assert came["leaks"] == []
    assert came["script"] == []
    assert came["malformed"] == ""


def test_the_rest_of_the_class_is_graded(outcome: dict) -> None:
    assert outcome["went_well"]
    assert outcome["errors"] == []
    assert set(outcome["honest"].values()) == {toy.FULL}


def test_nothing_is_damaged_or_left_behind(outcome: dict) -> None:
    assert outcome["changed"] == []
    assert outcome["gradebook_intact"]
    assert outcome["outside"] == []
    assert outcome["left_behind"] == []
    assert outcome["connections"] == 0


@pytest.mark.parametrize(
    "name",
    [
        *("deleted_tests", "exit_in_cell", "not_json", "link_to_gradebook", "renamed_notebook"),
        "endless_loop_in_cell",
    ],
)
def test_irregularities_are_told(outcome: dict, name: str) -> None:
    assert outcome["attacks"][name]["notes"]


def test_without_the_sandbox_the_attacks_succeed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.mktemp("open")
    came = run_siege(place, "--unsandboxed", *STOPPED_BY_SANDBOX)
    attacks = came["attacks"]
    assert toy.IN_ENVIRONMENT in attacks["environment"]["leaks"]
    assert toy.IN_SOURCE in attacks["course_files"]["leaks"]
    assert toy.IN_GRADEBOOK in attacks["gradebook_read"]["leaks"]
    assert toy.IN_OTHER_SUBMISSION in attacks["sibling_submission"]["leaks"]
    assert attacks["shell_reads"]["leaks"]
    assert attacks["procfs"]["leaks"]
    assert came["connections"] > 0
    assert not came["gradebook_intact"]
    assert any("pwned" in name for name in came["changed"])
    assert any("honest" in name for name in came["changed"])
