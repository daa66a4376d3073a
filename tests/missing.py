"""What a test needs and this machine lacks."""

import os
from typing import NoReturn

import pytest


def cannot(reason: str) -> NoReturn:
    """Leaves a test out by name, for a reason; in CI, where everything must be there, it fails for it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
