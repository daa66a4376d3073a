"""`beside`: a check that mostly waits, or a fixture that takes its time. It goes on beside the other checks and is told at its place."""

from __future__ import annotations

import copy
import functools
import inspect
import threading
from collections.abc import Callable, Collection, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from workshop.grading.resting import MARK
from workshop.grading.some import Some
from workshop.patience import Ahead

if TYPE_CHECKING:
    from workshop.grading.bench import Bench

F = TypeVar("F", bound=Callable[..., Any])
NAME = "__beside__"  # where a grader's module keeps its company
TURN = 1.0  # seconds for which the end is waited for at a time: on Windows, Ctrl-C ends no wait without a limit


def beside(*, after: str | None = None) -> Callable[[F], F]:
    """Marks a check that mostly waits, or, below `@pytest.fixture(scope="module")`, a fixture that takes its time.

    It begins in a thread of its own as soon as the fixtures that it asks for are there, the checks that it rests on have passed, and the check
    `after` has ended, well or not. What it returns or raises is told at its place: the order of the report and its data are the same as
    without. Until then nobody else may change what it works on.
    """

    def marked(function: F) -> F:
        if inspect.isgeneratorfunction(function):
            raise TypeError(f"{function.__name__} goes on beside others and cannot have a `yield`")
        company: Company = function.__globals__.setdefault(NAME, Company())

        @functools.wraps(function)
        def at_its_place(**given: Any) -> Any:
            return company.result_of(function.__name__, functools.partial(function, **given))

        company.add(at_its_place, after)
        return at_its_place  # type: ignore[return-value]

    return marked


def company_of(module: ModuleType) -> Company:
    """What goes on beside the checks of a grader."""
    found = vars(module).get(NAME)
    return found if isinstance(found, Company) else Company()


class Company:
    """What goes on beside the checks of one grader: what waits for its beginning, and what has begun."""

    def __init__(self) -> None:
        self._waiting: dict[str, Callable[..., Any]] = {}
        self._begun: dict[str, _Begun] = {}
        self._there: dict[str, Any] = {}  # the fixtures that are there, by name
        self._after: dict[str, str | None] = {}
        self._ended: dict[str, bool] = {}  # the checks that have ended, and whether they passed
        self._bench: Bench | None = None
        self._wanted: Collection[str] = ()
        self._lock = threading.RLock()

    def add(self, marked: Callable[..., Any], after: str | None) -> None:
        """One more that may go on beside the others, once the check `after` has ended."""
        self._waiting[marked.__name__], self._after[marked.__name__] = marked, after

    def open(self, bench: Bench, wanted: Collection[str]) -> None:
        """From now on, what is among the `wanted` checks and fixtures may begin."""
        self._bench, self._wanted = bench, wanted

    def is_there(self, fixture: str, value: Any) -> None:
        """A fixture has its value. A service is kept as it is now: it may be started again for the other checks."""
        with self._lock:
            self._there[fixture] = copy.copy(value) if fixture == "service" else value
            self._begin_what_can()

    def has_ended(self, check: str, passed: bool) -> None:
        """A check has ended, whether it was told already or not."""
        with self._lock:
            self._ended[check] = passed
            self._begin_what_can()

    def result_of(self, name: str, act: Callable[[], Any]) -> Any:
        """What the check or fixture came to: waited for if it has begun, else done now."""
        with self._lock:
            self._waiting.pop(name, None)
            begun = self._begun.get(name)
        return begun.result() if begun else act()

    def is_at_work(self) -> bool:
        """Whether something that has begun has not ended."""
        with self._lock:
            return any(not begun.ahead.wait(0) for begun in self._begun.values())

    def wait(self) -> None:
        """Returns once all that has begun has ended; nothing more begins."""
        with self._lock:
            self._wanted = ()
        for begun in self._begun.values():
            begun.ahead.wait()

    def _begin_what_can(self) -> None:
        for name in [name for name, marked in self._waiting.items() if name in self._wanted and self._can(marked)]:
            marked = self._waiting.pop(name)
            given = {asked: self._value(asked, name) for asked in inspect.signature(marked).parameters}
            self._begun[name] = _Begun(functools.partial(self._do, marked, given), self._bench)

    def _can(self, marked: Callable[..., Any]) -> bool:
        after = self._after[marked.__name__]
        if after in self._wanted and after not in self._ended:
            return False
        missing = inspect.signature(marked).parameters.keys() - self._there.keys() - {"some", "drill"}
        return not missing and all(self._ended.get(check) for check in getattr(marked, MARK, ()))

    def _value(self, fixture: str, name: str) -> Any:
        assert self._bench
        if fixture == "some":
            return Some(self._bench.seed, name)
        return self._bench.drill(name) if fixture == "drill" else self._there[fixture]

    def _do(self, marked: Callable[..., Any], given: Mapping[str, Any]) -> Any:
        name, passed = marked.__name__, False
        try:
            value = inspect.unwrap(marked)(**given)
            passed = True
        finally:
            if name.startswith("test_"):
                self.has_ended(name, passed)
        if not name.startswith("test_"):
            self.is_there(name, value)
        return value


class _Begun:
    """What has begun, with what it asked last."""

    def __init__(self, act: Callable[[], Any], bench: Bench | None) -> None:
        assert bench
        self._act, self._bench, self._asked = act, bench, None
        self.ahead: Ahead[Any] = Ahead(self._run)

    def _run(self) -> Any:
        self._bench.asked = None
        try:
            return self._act()
        finally:
            self._asked = self._bench.asked

    def result(self) -> Any:
        """What it returned. Raises what it raised."""
        while not self.ahead.wait(TURN):
            pass
        self._bench.asked = self._asked
        return self.ahead.get()
