"""A grading engine for notebooks that students hand in: safe against what they may contain, fast.

`nbgrader_config.py` puts its parts in the place of some of nbgrader's; see `course.engine.install`.
Students' code runs in a sandbox and never in the same process as a test.
"""

from __future__ import annotations

from typing import Any

_PLACES = {
    "Examine": "grading",
    "Restore": "restore",
    "Submissions": "intake",
    "ForStudents": "feedback",
    "install": "config",
    "Engine": "engine",
    "Limits": "isolation",
    "SandboxUnavailable": "sandbox",
}
__all__ = list(_PLACES)


def __getattr__(name: str) -> Any:
    """Load a part when it is asked for: inside the sandbox, most of them never are."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
