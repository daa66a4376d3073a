"""What the machinery's tests share."""

import shutil
import signal

import pytest
from missing import cannot

from workshop.engine import engine

# Where these are ignored, as in the background of a script and under nohup, so would what a test starts. Handled, they are its own again.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", lambda *_: None)):
    if hasattr(signal, name) and signal.getsignal(number := getattr(signal, name)) is signal.SIG_IGN:
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def has_engine():
    """Tests that take an engine ask for this: without one they are left out by name, and in CI they fail."""
    trouble = engine.trouble()
    if trouble:
        cannot(f"takes a Docker Engine, and none answers here: {trouble.hint}")


@pytest.fixture(scope="session")
def chromium():
    """Where Chromium is. Without it the tests that look at a page are left out by name, and in CI they fail."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        cannot("takes the browser chromium, and there is none on this machine: install the package of that name")
    return found
