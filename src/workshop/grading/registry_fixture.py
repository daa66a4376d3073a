"""The fixtures `registries` and `script`: registries of the workshop's own, and the script of the student's that publishes to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workshop.grading.bench import Bench
from workshop.outcomes import Unchecked

if TYPE_CHECKING:
    from workshop.probes.registry import Registries
    from workshop.probes.scripts import Script

NOT_OF_STRANGERS = (
    "A script that publishes needs the Docker Engine, and who has the engine has the whole machine. So a stranger's script is not run here. "
    "Its author can: `./workshop check 6`."
)


@pytest.fixture(scope="module")
def registries(bench: Bench) -> Registries:
    """Two registries on free ports of 127.0.0.1. They need an engine; without one their checks are unchecked."""
    return bench.registries()


@pytest.fixture(scope="module")
def script(bench: Bench) -> Script:
    """The student's publish.sh or publish.py, to be run as by hand."""
    from workshop.probes.scripts import script_in

    if bench.session.strangers:
        raise Unchecked(NOT_OF_STRANGERS)
    return script_in(bench.docker().run, bench.folder, bench.lesson.starter(), bench.lesson.name, "publish")
