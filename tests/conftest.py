"""What the machinery's tests share."""

import pytest
from missing import cannot

from workshop.runtimes import engine


@pytest.fixture(scope="session")
def has_engine():
    """Tests that take an engine ask for this: without one they are left out by name, and in CI they fail."""
    trouble = engine.trouble()
    if trouble:
        cannot(f"takes a Docker Engine, and none answers here: {trouble.hint}")
