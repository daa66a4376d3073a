"""A slow backend behind the student's service: it counts its calls, and fails or waits if a check tells it to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workshop.patience import until
from workshop.runtimes.contract import Service
from workshop.runtimes.http import Answer

LIMIT = 20.0  # seconds in which a call that is sure to come is there
WAITS = 1.5  # seconds after which whoever has no answer waits for somebody else


class Backend:
    """A program of the lesson's, started beside the student's service from the lesson's own copy, whatever stands in the student's folder.

    It serves HTTP. `GET /calls` tells what it was asked, as {"GET /prices/pen": {"at": [0.52], "held": 0}}, and `PUT /plan` what becomes of a
    call: {"call": …, "status": 500}, {"call": …, "hold": 1}.
    """

    def __init__(self, start: Callable[..., Service], file: Path, port: int, env: dict[str, str]) -> None:
        """`start` is the bench's; the file is a program of one file that needs nothing but Python."""
        command = ("python", "-P", "-c", file.read_text(encoding="utf-8"))
        self.service = start(command=command, env=env, port=port, up_path="/calls")
        self.service.noted = lambda *_: None  # a report shows what the student's service was asked
        self.url = self.service.inner_url  # on which the student's service finds it

    def _seen(self, call: str) -> dict[str, Any]:
        calls: dict[str, dict[str, Any]] = self.service.get("/calls").json
        return calls.get(call, {"at": [], "held": 0})

    def times(self, call: str) -> list[float]:
        """When it was asked this, in seconds on its own clock."""
        return list(self._seen(call)["at"])

    def asked(self, call: str) -> str:
        """How often it was asked this, in words."""
        count = len(self.times(call))
        return f"asked {count} time{'s' * (count != 1)}"

    def holds(self, call: str) -> bool:
        """Whether it comes to hold a call that it was told to hold."""
        return bool(until(lambda: self._seen(call)["held"], LIMIT, 0.02))

    def plan(self, call: str, **what: int) -> None:
        """What becomes of a call from now on: `status=500` fails, `hold=1` waits until there is another plan; without either all is well."""
        self.service.request("PUT", "/plan", json={"call": call, **what}).expect(200)

    def put(self, path: str, **body: Any) -> None:
        """Changes something there, as another of its clients would."""
        self.service.request("PUT", path, json=body).expect(200)

    def get(self, path: str) -> Any:
        """What is there, as JSON."""
        return self.service.get(path).expect(200).json

    def meanwhile(self, call: str, first: Callable[[], Answer], other: Callable[[], Answer]) -> list[Answer]:
        """The answers to both: `first` leads to the call, and while that is held, `other` is asked, for a moment or until it is answered."""
        self.plan(call, hold=1)
        with ThreadPoolExecutor(2) as pool:
            slow = pool.submit(first)
            self.holds(call)
            quick = pool.submit(other)
            until(quick.done, WAITS)
            self.plan(call)
        return [slow.result(), quick.result()]
