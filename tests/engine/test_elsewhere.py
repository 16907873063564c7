"""On systems without fork and namespaces, loading the engine works and using it says why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys, os
for name in ("resource", "fcntl"):
    sys.modules[name] = None
sys.platform = "win32" if {windows} else "darwin"
if {windows}:
    del os.fork
from course.engine.engine import Engine
from course.engine.sandbox import SandboxUnavailable
try:
    Engine().start()
except SandboxUnavailable as reason:
    print(reason)
"""


def _say(windows: bool) -> str:
    root = Path(__file__).resolve().parents[2]
    program = _PROGRAM.replace("{windows}", str(windows))
    words = [sys.executable, "-c", program]
    return subprocess.check_output(words, cwd=root, text=True).strip()


def test_refuses_on_windows() -> None:
    assert "needs Linux" in _say(True)
    assert len(_say(True).splitlines()) == 1


def test_refuses_on_macos() -> None:
    assert "needs Linux" in _say(False)
