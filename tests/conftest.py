"""What the machinery's tests share."""

import signal

import pytest
from missing import cannot

from workshop.runtimes import engine

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script; what a test starts would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def has_engine():
    """Tests that take an engine ask for this: without one they are left out by name, and in CI they fail."""
    trouble = engine.trouble()
    if trouble:
        cannot(f"takes a Docker Engine, and none answers here: {trouble.hint}")
