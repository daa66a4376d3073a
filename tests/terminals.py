"""A window with a real pseudo-terminal behind it, in which the workshop runs, and what it shows."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time

import pyte
from calling import COMMAND

from workshop.course.places import ROOT


class Window:
    """A process in a terminal of some columns and rows. `shown` is the text on it, `sent` every byte that was written to it."""

    def __init__(self, *args, columns=80, rows=24, command=COMMAND, cwd=ROOT, **env):
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock, self.sent = threading.Lock(), b""
        kept = {
            name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR", "PAGER")
        }
        self.process = subprocess.Popen(
            [*command, *args],
            cwd=cwd,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**kept, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            start_new_session=True,
        )
        self.modes = termios.tcgetattr(theirs)
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with contextlib.suppress(OSError):  # the other end is gone
            while data := os.read(self._ours, 65536):
                with self._lock:
                    self.sent += data
                    self._stream.feed(data)

    @property
    def lines(self):
        """The rows of the window, without the blanks at their ends."""
        with self._lock:
            return [line.rstrip() for line in self._screen.display]

    @property
    def shown(self):
        """The text in the window."""
        return "\n".join(self.lines)

    def press(self, keys, pause=0.05):
        """Presses keys, one after the other."""
        for key in keys:
            os.write(self._ours, key.encode() if isinstance(key, str) else key)
            time.sleep(pause)

    def wait_for(self, text, limit=30):
        """Returns the window's text once it has this one in it."""
        return self.wait_until(lambda shown: text in shown, f"{text!r}", limit)

    def wait_until(self, is_so, what, limit=30):
        """Returns the window's text once `is_so` is true of it."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if is_so(shown := self.shown):
                return shown
            time.sleep(0.02)
        raise AssertionError(f"never saw {what} in:\n{self.shown}")

    def ends(self, limit=15):
        """The exit code, once it has ended."""
        code = self.process.wait(limit)
        self._reader.join(2)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)
