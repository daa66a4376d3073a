"""Whether this machine is too busy for a time that was measured on it to mean anything."""

from __future__ import annotations

from workshop.engine.engine import must
from workshop.engine.helpers import helper
from workshop.engine.limits import LIMITS
from workshop.engine.run import Run

BUSY = 3  # times as long as alone; what is promised in 2 s takes a good service less than half a second alone
PROGRAM = """
import time
start = time.monotonic()
while time.process_time() < 0.5: pass
print((time.monotonic() - start) / 0.5)
"""


def is_too_busy(run: Run) -> bool:
    """Whether a container that only computes takes much longer than it would alone: then a slow service tells nothing of itself."""
    done = must(helper(run, "python", "-c", PROGRAM, flags=LIMITS, timeout=60))
    return float(done.out) > BUSY
