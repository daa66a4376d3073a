"""Ending a piece of work of the main thread from another one, as Ctrl-C does."""

from __future__ import annotations

import _thread
import os
import signal
import threading
import time
from types import TracebackType

ARRIVES = 2.0  # seconds in which an interrupt that was sent reaches the main thread


class Stoppable:
    """A block of the main thread that `stop` ends with a KeyboardInterrupt, and that nothing ends once it is over.

    `was_stopped` tells, after the block, whether it was `stop` and not the person's own Ctrl-C.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_running = self.was_stopped = False
        self.count = 0  # blocks so far

    def __enter__(self) -> Stoppable:
        self.count += 1
        self._is_running, self.was_stopped = True, False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._is_running = False
        if self.was_stopped and kind is None:
            time.sleep(ARRIVES)  # the interrupt is on its way: it must arrive here and nowhere else

    def stop(self, count: int | None = None) -> bool:
        """Ends the block that runs; only that one, if `count` names one. Returns whether there was one to end."""
        with self._lock:
            if not self._is_running or self.was_stopped or count not in (None, self.count):
                return False
            if (
                signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            ):  # as in a shell's background: nothing can end it there
                return False
            self.was_stopped = True
            interrupt()
            return True


def interrupt() -> None:
    """Interrupts the main thread, also in a call that waits."""
    if os.name == "posix":
        main = threading.main_thread().ident
        assert main
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()
