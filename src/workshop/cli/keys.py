"""Single keys from the terminal, without Enter."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def keys_into(events: queue.Queue[str]) -> Iterator[bool]:
    """Within the block each key pressed is put into `events` as "key x". Yields whether there is a terminal to press keys on."""
    if not sys.stdin.isatty():
        yield False
        return
    if os.name == "nt":
        threading.Thread(target=_windows_keys, args=(events,), daemon=True).start()
        yield True
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    threading.Thread(target=_posix_keys, args=(events,), daemon=True).start()
    try:
        yield True
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _posix_keys(events: queue.Queue[str]) -> None:
    while key := os.read(sys.stdin.fileno(), 1).decode("ascii", "ignore"):
        events.put(f"key {key}")
    events.put("key q")


def _windows_keys(events: queue.Queue[str]) -> None:
    import msvcrt

    while True:
        events.put(f"key {msvcrt.getwch()}")  # type: ignore[attr-defined,unused-ignore]
