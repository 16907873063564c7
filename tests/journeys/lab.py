"""JupyterLab as a person works in it: the server as `make lab` starts it, and a desk in it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from .server import Server, free_port, serving

TOKEN = "journey"
# What a test needs and a person does not: no window opens, and the tester may be root.
SETTINGS = "c.ServerApp.open_browser = False\nc.ServerApp.allow_root = True\n"


def at_home(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a person with a home, and a Jupyter, of their own."""
    config = home / "config"
    config.mkdir(parents=True)
    (config / "jupyter_server_config.py").write_text(SETTINGS, encoding="utf-8")
    own = {"HOME": home, "JUPYTER_CONFIG_DIR": config, "JUPYTER_DATA_DIR": home / "data"}
    return {**environment, **{name: str(path) for name, path in own.items()}}


@contextlib.contextmanager
def make_lab(
    root: Path, environment: Mapping[str, str], log: Path, folder: str = "release"
) -> Iterator[Server]:
    """Run `make lab` in a clone, with the packages of this environment."""
    tools = Path(sys.executable).parent
    # A person does not start it from another make, as `make test` does.
    environment = {name: v for name, v in environment.items() if not name.startswith("MAKE")}
    words = ["make", "lab", f"BIN={tools}", f"DIR={folder}", "--old-file=.venv/ready"]
    with jupyter(words, root, environment, log) as server:
        yield server


@contextlib.contextmanager
def jupyter(
    command: list[str], folder: Path, environment: Mapping[str, str], log: Path
) -> Iterator[Server]:
    """Run a command that starts JupyterLab, on a free port."""
    port = str(free_port())
    own = {"JUPYTER_PORT": port, "JUPYTER_PORT_RETRIES": "0", "JUPYTER_TOKEN": TOKEN}
    place = f"http://127.0.0.1:{port}"
    with serving(
        command, place, log=log, cwd=folder, environment={**environment, **own}, answers="/api"
    ) as server:
        yield server


class Desk:
    """One person's JupyterLab in a browser."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server

    def open(self, path: str = "lab") -> None:
        """Open JupyterLab and wait until its files are listed."""
        self.page.goto(f"{self.server.url}/{path}?token={TOKEN}")
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)
        expect(self.page.locator(".jp-DirListing-item").first).to_be_attached()

    def open_file(self, *names: str) -> None:
        """Walk through folders to a file in the file browser, with double clicks."""
        for name in names:
            item = self.page.locator(".jp-DirListing-item").filter(
                has=self.page.get_by_text(name, exact=True)
            )
            item.dblclick()

    def open_notebook(self, *names: str) -> None:
        """Open a notebook and wait until its kernel is ready and its text is shown."""
        self.open_file(*names)
        self.wait_for_notebook()

    def wait_for_notebook(self) -> None:
        """Wait until the kernel is ready and the text is shown."""
        expect(self.notebook.locator(".jp-Cell").first).to_be_visible()
        expect(self.page.get_by_role("button", name="| Idle")).to_be_visible()

    @property
    def notebook(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:visible .jp-Notebook")

    def choose(self, menu: str, entry: str) -> None:
        """Choose an entry of a menu."""
        self.page.locator(".lm-MenuBar-itemLabel").get_by_text(menu, exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True).click()

    def choose_theme(self, name: str) -> None:
        """Choose a theme in the settings menu."""
        self.page.locator(".lm-MenuBar-itemLabel").get_by_text("Settings", exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text("Theme", exact=True).hover()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(name, exact=True).click()
        light = "false" if "Dark" in name else "true"
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", light)

    def cell(self, text: str) -> Locator:
        """The code cell that contains a text."""
        found = self.notebook.locator(".jp-CodeCell").filter(
            has=self.page.locator(".jp-InputArea").get_by_text(text)
        )
        return found.first

    def output(self, text: str) -> Locator:
        """The outputs of the code cell that contains a text."""
        return self.cell(text).locator(".jp-OutputArea")

    def run_all(self) -> None:
        """Restart the kernel and run all cells."""
        self.choose("Run", "Restart Kernel and Run All Cells…")
        self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()

    def run(self, cell: Locator) -> None:
        """Run one cell."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def assignment(self, state: str) -> Locator:
        """The part of the assignment list with released, fetched or submitted assignments."""
        return self.page.locator(f"#{state}_assignments_list")

    def replace_line(self, cell: Locator, old: str, new: str) -> None:
        """Type over one line of a cell; what is typed may have several lines."""
        cell.locator(".cm-line").filter(has_text=old).click()
        self.page.keyboard.press("Home")
        self.page.keyboard.press("Shift+End")
        self.page.keyboard.type(new)

    def save(self) -> None:
        """Save the notebook in front and wait until it is saved."""
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)

    def hide_files(self) -> None:
        """Hide the file browser, to make room."""
        self.page.locator(".jp-SideBar .lm-TabBar-tab[data-id=filebrowser]").click()
        expect(self.page.locator(".jp-DirListing-item:visible")).to_have_count(0)

    def validate(self) -> Locator:
        """Press Validate; return the message."""
        self.page.get_by_role("button", name="Validate").click()
        message = self.page.locator(".jp-Dialog #validation-message")
        expect(message).to_be_visible()
        return message

    def close_dialog(self) -> None:
        """Say Ok to a message."""
        self.page.locator(".jp-Dialog").get_by_role("button", name="Ok").click()
        expect(self.page.locator(".jp-Dialog")).to_have_count(0)
