"""The fixture `stack`: the student's compose file, up from nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from workshop.grading.bench import Bench

if TYPE_CHECKING:
    from workshop.compose.stack import Stack


@pytest.fixture(scope="module")
def stack(bench: Bench) -> Iterator[Stack]:
    """The student's stack, up and answering. It needs an engine; elsewhere its checks are unchecked."""
    from workshop.compose.stack import Stack  # reading YAML takes a while to load, and one lesson needs it

    made = Stack.from_nothing(bench.docker().run, bench.copy, bench.lesson.name, bench.note)
    try:
        yield made.up()
    finally:
        made.close()
