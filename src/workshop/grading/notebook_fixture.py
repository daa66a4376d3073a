"""The fixtures of graders that stand between the student's code and Redis: `relay` and `notebook`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from workshop.grading.bench import Bench

if TYPE_CHECKING:  # each is loaded where it is needed: a check should begin at once
    from workshop.exercises.remote import RemoteNotebook
    from workshop.wire.probe import RedisProbe
    from workshop.wire.rivals import RelayProbe


@pytest.fixture(scope="module")
def relay(bench: Bench) -> RelayProbe:
    """The relay before Redis, through which a rival can act between two commands of the student's code."""
    from workshop.wire.rivals import RelayProbe

    return RelayProbe(bench.runtime.redis().relay())


@pytest.fixture(scope="module")
def _notebook(bench: Bench, redis: RedisProbe) -> Iterator[RemoteNotebook]:
    # `redis` comes with it: a mistake may look into Redis though its check did not.
    made = bench.notebook()
    yield made
    made.close()


@pytest.fixture
def notebook(_notebook: RemoteNotebook) -> RemoteNotebook:
    """The student's notebook: its functions can be called, `r` comes first by itself. Redis is empty at the start of each check."""
    _notebook.fresh()
    return _notebook
