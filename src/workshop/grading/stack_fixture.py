"""The fixtures `coming` and `stack`: the student's compose file, on its way up, and up from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workshop.grading.bench import Bench

if TYPE_CHECKING:
    from workshop.probes.stacks import DrilledStack


@pytest.fixture(scope="module")
def coming(bench: Bench) -> DrilledStack:
    """The student's stack, on its way up: copies of it can be begun. It needs an engine; without one its checks are unchecked."""
    return bench.stack()


@pytest.fixture(scope="module")
def stack(coming: DrilledStack) -> DrilledStack:
    """The student's stack, up and answering."""
    return coming.wait()
