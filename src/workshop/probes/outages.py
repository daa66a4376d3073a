"""A service while its Redis is away: every address asked at once, and what one request tries on the wire."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from workshop.outcomes import NotUp
from workshop.runtimes.contract import Service
from workshop.runtimes.http import Answer
from workshop.wire.rivals import RelayProbe

Ask = tuple[str, str, dict[str, Any]]  # method, path, and what `Service.request` takes beside them
LATER = (
    1.3  # seconds for which what is late is waited for: loops with pauses of half a second end beside it, not at it
)
TRIES_LIMIT = 7.0  # seconds; redis-py's ten retries take up to 5


@dataclass(frozen=True)
class Tries:
    """What one request did while Redis was away: when it began to try, for how long at most, and when it was answered, if it was."""

    at: tuple[float, ...]
    longest: float
    seconds: float
    answered: bool

    @property
    def pauses(self) -> list[float]:
        """The seconds between two tries."""
        return [later - earlier for earlier, later in zip(self.at, self.at[1:], strict=False)]


@dataclass(frozen=True)
class Away:
    """What a service did while its Redis was away: its answers, and what a request that was late tried on the wire."""

    answers: list[Answer]
    tries: Tries | None = None


def while_away(service: Service, relay: RelayProbe, asks: Sequence[Ask], patience: float) -> Away:
    """Asks everything at once. What came after more than `patience` seconds, behind others, is asked again alone.

    The log of what broke is read now: later it would hold the next outage too.
    """
    limit = patience + LATER
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda ask: service.request(*ask[:2], limit=limit, **ask[2]), asks))
    late = [at for at, answer in enumerate(answers) if answer.seconds > patience]
    if late and len(late) < len(answers):
        service.get("/healthz", limit=10)
        for at in late:
            answers[at] = service.request(*asks[at][:2], limit=limit, **asks[at][2])
    for answer in answers:
        if answer.status is not None and answer.status >= 500 and answer.status != 503:
            answer.log = functools.partial(str, answer.log())
    still = [ask for ask, answer in zip(asks, answers, strict=True) if answer.seconds > patience]
    return Away(answers, tries(service, relay, still[0]) if still else None)


def tries(service: Service, relay: RelayProbe, ask: Ask) -> Tries | None:
    """What one request, to a service of its own behind the relay, tries while Redis is away; None if that cannot be seen."""
    try:
        alone = service.another(env={"REDIS_URL": relay.url})
    except NotUp:
        return None
    with relay.watch() as seen:
        answer = alone.request(*ask[:2], limit=TRIES_LIMIT, **ask[2])
    if not seen.connections:
        return None
    begun = tuple(span[0] for span in seen.connections)
    longest = max((span[1] if len(span) > 1 else answer.seconds) - span[0] for span in seen.connections)
    return Tries(begun, longest, answer.seconds, answer.status is not None)
