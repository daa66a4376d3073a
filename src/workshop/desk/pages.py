"""The page in a browser beside the desk: opened where there is a browser, its address shown in any case; and the notebooks, on request."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workshop.course.places import ROOT, state_folder
from workshop.desk.desk import Desk
from workshop.desk.reading import browser
from workshop.reports.terminal import Terminal
from workshop.web.looking import Looker
from workshop.web.server import Page

ADDRESS = re.compile(r"http://\S+\?token=\w+")
GRACE = 15.0  # seconds in which JupyterLab ends


class Notebooks:
    """JupyterLab, started when it is first asked for, ended with the block."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lab: subprocess.Popen[str] | None = None

    def open(self, _: dict[str, Any]) -> str:
        """Starts `workshop lab`; it opens a browser where there is one, and its address comes to the page."""
        if self._lab and self._lab.poll() is None:
            return "JupyterLab runs already: see its tab, or its address below."
        command = [sys.executable, "-P", "-m", "workshop.cli", "lab"]
        self._lab = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=self._read, args=(self._lab,), daemon=True).start()
        return "JupyterLab is starting. Its address comes below."

    def _read(self, lab: subprocess.Popen[str]) -> None:
        assert lab.stdout
        for line in lab.stdout:
            if found := ADDRESS.search(line):
                self._desk.live.note(lab=found[0])
        self._desk.live.note(lab=None)

    def close(self) -> None:
        """Ends it."""
        if self._lab and self._lab.poll() is None:
            self._lab.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._lab.wait(GRACE)
        if self._lab and self._lab.poll() is None:
            self._lab.kill()
            self._lab.wait()


def door(address: str) -> Path:
    """A file that leads to the address, for this user's eyes only: what a browser is called with, every user of the machine can see."""
    file = state_folder().resolve() / "page.html"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(
        f'<!doctype html><html lang="en"><title>The workshop</title><meta http-equiv="refresh" content="0;url={address}">',
        encoding="utf-8",
    )
    return file


@contextlib.contextmanager
def open_page(desk: Desk, screen: Terminal, is_wanted: bool) -> Iterator[Page]:
    """Serves the page to the block's end, and opens it if that is wanted and there is a browser to see it in."""
    notebooks = Notebooks(desk)
    looker = Looker(lambda: desk.session)
    with Page(desk.live, looker, {**desk.actions(), "notebook": notebooks.open}) as page:

        def show() -> str:
            found = browser() if is_wanted else None
            is_open = bool(found and found.open(door(page.address).as_uri()))
            return f"The page{' is open in the browser' if is_open else ''}: {page.address}"

        screen.line(f"  {show()}\n")
        desk.open_page = show
        try:
            yield page
        finally:
            notebooks.close()
            looker.close()
