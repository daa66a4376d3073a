"""Opening a lesson's text: in the browser, where there is one to see, else in the pager."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager

from workshop.course.lessons import Lesson
from workshop.course.places import shown_path, state_folder
from workshop.reports.page import page

IN_A_TERMINAL = ("w3m", "lynx", "links", "elinks", "www-browser")  # browsers that would take the window
ELSEWHERE = (
    "CODESPACES",
    "REMOTE_CONTAINERS",
    "SSH_CONNECTION",
    "SSH_TTY",
)  # the browser is on another machine, and has not this file


def browser() -> webbrowser.BaseBrowser | None:
    """The browser that can show a file of this machine, in a window of its own; None if there is none."""
    is_linux = sys.platform not in ("darwin", "win32")
    has_windows = any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))) or not is_linux
    if not has_windows or any(map(os.environ.get, ELSEWHERE)):
        return None
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    return None if getattr(found, "name", "") in IN_A_TERMINAL else found


def pager() -> list[str] | None:
    """The command of the person's pager, or of one that this machine has; None if there is none."""
    chosen = shlex.split(os.environ.get("PAGER", ""))
    return chosen or next(([name] for name in ("less", "more") if shutil.which(name)), None)


def open_text(
    lesson: Lesson,
    lent: Callable[[], AbstractContextManager[int | None]],
    held: Callable[[], AbstractContextManager[object]],
) -> str:
    """Opens the text and returns a line that says where. A pager has the terminal for itself, within `lent` and `held`."""
    if found := browser():
        file = state_folder() / "texts" / f"{lesson.name}.html"
        file.parent.mkdir(exist_ok=True)
        file.write_text(page(lesson.text, lesson.title, lesson.folder), encoding="utf-8")
        if found.open(file.resolve().as_uri()):
            return f"  {shown_path(lesson.readme)} is open in the browser."
    command = pager()
    if command is None:
        return f"  There is no browser and no pager here. The text is {shown_path(lesson.readme)}."
    with held(), lent() as terminal:
        subprocess.run([*command, str(lesson.readme)], stdin=terminal, stdout=terminal, stderr=terminal, check=False)
    return f"  {shown_path(lesson.readme)}"
