"""What the services of both runtimes have in common: how they are asked over HTTP, and waited for."""

from __future__ import annotations

import abc
import copy
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from workshop.outcomes import NotUp, Unchecked
from workshop.patience import Limit, settled, until
from workshop.runtimes import http
from workshop.runtimes.contract import LOGGED, START_LIMIT, Service
from workshop.runtimes.evidence import Evidence, Stop
from workshop.runtimes.http import ANY, TIME_LIMIT, Answer, Problem

LOOK_AFTER = 1.0  # seconds without an answer after which the listening sockets are looked at
POLL = 0.01  # seconds between two tries
LOG_POLL = 0.02  # seconds between two looks at a log
UNREACHABLE = (
    "The app listens on port {} in its container, and {}:{}, which the engine publishes for it, refuses connections. So it is"
    " this machine that does not lead there: is there a firewall, or does something else have that port? Check again."
)
NOTICED = 2.0  # seconds in which an engine has noticed that a container whose connections broke off has ended


class Asked(abc.ABC):
    """A running service, asked over HTTP; its runtime adds how to look at it. Keeps, with that, the contract of `Service`."""

    host: str
    port: int
    up_since: float  # time.monotonic() of its first answer
    noted: Callable[..., None] = staticmethod(
        lambda asked, got=None: None
    )  # told of each thing asked, and of what came back
    another: Callable[..., Service]  # set by whoever knows the work
    _was_stopped = False  # by the grader: then its end is not the student's mistake

    @property
    def url(self) -> str:
        """The address on which it is reached from outside."""
        return f"http://{self.host}:{self.port}"

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = ANY,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: float = TIME_LIMIT,
        **query: str,
    ) -> Answer:
        """One request; keyword arguments become the query. A service that does not answer in `limit` seconds yields an Answer too."""
        mark = self.mark()
        answer = http.ask(
            method, self.host, self.port, path, query=query, json=json, data=data, headers=headers, limit=limit
        )
        asked = copy.copy(
            self
        )  # one that is started again is another container, and this answer's causes are in the old one
        answer.log = lambda: asked._log_during(answer, mark)
        answer.ended = lambda: asked._ended_during(answer)
        answer.service = asked
        self.noted(answer.asked, str(answer))
        return answer

    def get(self, path: str, **options: Any) -> Answer:
        """GET; see `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        """POST; see `request`."""
        return self.request("POST", path, **options)

    def at_once(self, count: int, path: str, **options: Any) -> list[Answer]:
        """`count` GETs in flight at the same time."""
        with ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(lambda _: self.get(path, **options), range(count)))
        self.noted(answers[-1].asked)  # in this thread, too: each has notes of its own
        return answers

    @abc.abstractmethod
    def log(self) -> str:
        """What it has printed so far, both streams in order."""

    @abc.abstractmethod
    def mark(self) -> float:
        """A place in the log: its end as it is now; see `log_since`."""

    @abc.abstractmethod
    def log_since(self, mark: float) -> str:
        """What it has printed since a mark."""

    def _log_during(self, answer: Answer, mark: float) -> str:
        """What it printed during a request, once it grows no more: a traceback may come a little later than the answer.

        Only behind an answer that nobody means to give is it waited for.
        """
        is_meant = answer.status is not None and (answer.status < 500 or answer.status == 503)
        return settled(lambda: self.log_since(mark), 0 if is_meant else LOGGED, LOG_POLL)

    def _ended_during(self, answer: Answer) -> Evidence | None:
        """What is seen of the service if it ended by itself during a request that was not answered; else None."""
        if self._was_stopped:
            return None
        limit = NOTICED if answer.problem in (Problem.REFUSED, Problem.RESET) else 0
        evidence = until(self.evidence, limit, 0.1, enough=lambda seen: not seen.running)
        return None if evidence.running else evidence._replace(answered=True)

    def log_with(self, pattern: str, seconds: float = LOGGED) -> str:
        """The log once it has a match of `pattern`, or after some seconds: what is printed comes there a moment later."""
        return until(self.log, seconds, LOG_POLL, enough=lambda log: re.search(pattern, log, re.MULTILINE))

    @abc.abstractmethod
    def evidence(self, deep: bool = False) -> Evidence:
        """What can be seen of it now; `deep` looks at its listening sockets too, which takes longer."""

    @abc.abstractmethod
    def is_running(self) -> bool:
        """Whether its first process still runs."""

    def wait_until_up(self, path: str = "/healthz", limit: float = START_LIMIT, hang: float = TIME_LIMIT) -> Self:
        """Returns once it answers HTTP at all. Raises NotUp, with what was seen of it, if it does not.

        A request that is taken and not answered for `hang` seconds ends the wait: a server that listens before it has loaded
        the app needs more of them on a busy machine. `limit` is in seconds of a machine at rest: a slower one gives more.
        """
        start = time.monotonic()
        time_left = Limit(limit)
        suspicion: Stop | None = None
        looked, pause = start, 0.3
        while True:
            answer = http.ask("GET", self.host, self.port, path, limit=min(hang, limit))
            if answer.status is not None:
                self.up_since = time.monotonic()
                return self
            now = time.monotonic()
            is_late = time_left.is_past()
            if now - looked > pause or is_late:
                pause = min(2 * pause, 1.5)
                deep = now - start > LOOK_AFTER
                evidence = self.evidence(deep=deep)
                if evidence.on_port and answer.problem is not Problem.REFUSED:
                    again = (
                        answer
                        if answer.problem is Problem.NO_ANSWER
                        else http.ask("GET", self.host, self.port, path, limit=1.0)
                    )
                    if again.status is not None:  # since; it need not read a greeting of TLS for nothing
                        self.up_since = time.monotonic()
                        return self
                    evidence = evidence._replace(tls=http.speaks_tls(self.host, self.port))
                looked = time.monotonic()
                hung = answer.problem is Problem.NO_ANSWER
                is_settled = suspicion is not None and suspicion is evidence.stop  # so at two looks in a row
                if is_late and answer.problem is Problem.REFUSED and evidence.is_within_reach:
                    if http.ask("GET", self.host, self.port, path, limit=hang).problem is Problem.REFUSED:
                        raise Unchecked(UNREACHABLE.format(evidence.port, self.host, self.port))
                    continue  # it has begun to listen since
                if not evidence.running or hung or is_late or is_settled:
                    raise NotUp(
                        service=self,
                        start=evidence._replace(hung=hung),
                        log=evidence.log,
                        asked=f"curl -i {self.url}/",
                        expected="an HTTP answer",
                        actual=evidence.shown(str(answer)),
                    )
                suspicion = evidence.stop if deep else None
            time.sleep(POLL)
