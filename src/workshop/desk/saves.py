"""Noticing saves in a folder, also where the folder itself goes and comes back, as `git checkout` does it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from workshop.course.handin import PASSED_OVER

SETTLE = 10  # milliseconds without a further change after which a save is over
LOOK = 0.5  # seconds between two looks at whether the folder is the same one


def identity(folder: Path) -> tuple[int, int] | None:
    """What stays the same as long as it is this very folder; None if there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Saves:
    """Calls `saved` after each change in `folder`, in a thread of its own, from the block's begin to its end."""

    def __init__(self, folder: Path, saved: Callable[[], object]) -> None:
        self._folder, self._saved = folder, saved
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Saves:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(2)

    def _follow(self) -> None:
        while not self._stop.is_set():
            known = identity(self._folder)
            if known is None:
                self._stop.wait(LOOK)
                if identity(self._folder) is None:
                    continue
            elif not self._watch_while(known):
                return
            self._saved()

    def _watch_while(self, known: tuple[int, int]) -> bool:
        """Watches until the folder is another one, or gone: then true. False when the block ended."""
        from watchfiles import Change, DefaultFilter, watch

        passed_over = DefaultFilter(ignore_dirs=tuple(PASSED_OVER))
        options = {"debounce": 1000, "step": SETTLE, "rust_timeout": int(LOOK * 1000), "yield_on_timeout": True}
        try:
            for changes in watch(self._folder, watch_filter=passed_over, stop_event=self._stop, **options):  # type: ignore[arg-type]
                removed = (Change.deleted, str(self._folder))  # the next folder may get the number of this one
                if removed in changes or identity(self._folder) != known:
                    return True
                if changes:
                    self._saved()
        except FileNotFoundError:  # gone between two looks
            return True
        return False
