"""The fixture `stack`: the student's compose file, up from nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from workshop.grading.bench import Bench

if TYPE_CHECKING:
    from workshop.probes.stacks import DrilledStack


@pytest.fixture(scope="module")
def stack(bench: Bench) -> Iterator[DrilledStack]:
    """The student's stack, up and answering. It needs an engine; without one its checks are unchecked."""
    from workshop.probes.stacks import DrilledStack  # reading YAML takes a while to load, and one lesson needs it

    made = DrilledStack.from_nothing(bench.docker().run, bench.copy, bench.lesson.name, bench.note)
    try:
        yield made.up()
    finally:
        made.close()
