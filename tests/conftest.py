"""What the machinery's tests share."""

import os

import pytest

from workshop.runtimes import engine


@pytest.fixture(scope="session")
def has_engine():
    """Tests that take an engine ask for this: without one they are left out by name, and in CI they fail."""
    trouble = engine.trouble()
    if trouble and os.environ.get("CI") == "true":
        pytest.fail(f"no engine: {trouble.hint}")
    if trouble:
        pytest.skip("takes a Docker Engine, and none answers here")
