"""The pytest plugin that graders are written against.

A grader is `lessons/NN_topic/test_topic.py`. `pytest lessons/NN_topic` grades the student's own place, `--work DIR` another folder, and
`--solution` the solution; the verdicts are those of `./workshop check`. In every other test file the plugin does nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workshop.course import lessons
from workshop.course.progress import Heard
from workshop.grading import resting
from workshop.grading.bench import RUNTIMES, Assignment, Bench, Session
from workshop.grading.beside import Company, company_of
from workshop.grading.cluster_fixture import cluster  # noqa: F401  a fixture
from workshop.grading.drill import Drill
from workshop.grading.judge import Judge, Scene
from workshop.grading.notebook_fixture import _notebook, notebook, relay  # noqa: F401  fixtures
from workshop.grading.registry_fixture import registries, script  # noqa: F401  fixtures
from workshop.grading.some import Some
from workshop.grading.stack_fixture import coming, stack  # noqa: F401  fixtures
from workshop.report import EXIT_CODES, Check, Outcome, Report
from workshop.runtimes.contract import Service
from workshop.wire.probe import RedisProbe

if TYPE_CHECKING:  # loaded where it is needed: a check should begin at once
    from workshop.engine.images import Image

PLUGIN = "workshop-grading"
LETTERS = {Outcome.PASSED: ".", Outcome.FAILED: "F", Outcome.BLOCKED: "b", Outcome.UNCHECKED: "u"}


class Grading:
    """The state of one pytest session that grades: registered as a plugin, so that hooks and fixtures find it."""

    def __init__(
        self,
        assignment: Assignment | None = None,
        on_check: Callable[[Check], object] | None = None,
        on_begin: Callable[[str], object] | None = None,
    ) -> None:
        self.assignment, self.on_check, self.on_begin = assignment, on_check, on_begin
        self.checks: dict[str, Check] = {}
        self.judge = Judge(lambda name: self.checks[name].claim)
        self.fixtures: dict[str, Any] = {}  # of all checks so far: a mistake may look where its own check did not
        self.heard: list[Heard] = []
        self.with_hints = True
        self.fault: str | None = None  # why the grader's file could not be loaded
        self.bench: Bench | None = None
        self.company: Company | None = None
        self.own_session: Session | None = None
        self.was_interrupted = False

    def record(self, check: Check) -> None:
        """Keeps a check's result and tells whoever follows."""
        self.checks[check.id] = check
        if self.company:
            self.company.has_ended(check.id, check.outcome is Outcome.PASSED)
        if self.on_check:
            self.on_check(check)
        if self.bench and self.bench.has_service:
            self.bench.session.remove_let_go()

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Notes that somebody pressed Ctrl-C; an early end of pytest's own is of another type."""
        self.was_interrupted = excinfo.type is KeyboardInterrupt


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("workshop", "grading lessons")
    group.addoption("--work", type=Path, help="the folder to grade instead of the student's own place")
    group.addoption("--solution", action="store_true", help="grade the solution")
    group.addoption("--runtime", choices=RUNTIMES, default="auto", help="where the work runs")
    group.addoption("--seed", type=int, help="repeat a run's random data")


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin(PLUGIN):
        config.pluginmanager.register(Grading(), PLUGIN)


def _grading(config: pytest.Config) -> Grading:
    grading = config.pluginmanager.get_plugin(PLUGIN)
    assert isinstance(grading, Grading)
    return grading


def lesson_of(path: Path) -> lessons.Lesson | None:
    """The lesson that a test file grades, or None if it is no grader."""
    lesson = (
        lessons.Lesson(path.parent, path.parents[2])
        if len(path.parents) > 2 and lessons.FOLDER.fullmatch(path.parent.name)
        else None
    )
    return lesson if lesson and lesson.grader == path and path.parents[1].name == "lessons" else None


def _assignment(config: pytest.Config, lesson: lessons.Lesson) -> Assignment:
    grading = _grading(config)
    if grading.assignment is None or grading.assignment.lesson != lesson:
        if grading.own_session is None:
            grading.own_session = Session(config.getoption("--runtime"))
        work = config.getoption("--work") or (lesson.solved() if config.getoption("--solution") else lesson.open())
        seed = config.getoption("--seed")
        grading.assignment = Assignment(
            lesson, work, secrets.randbelow(10**6) if seed is None else seed, grading.own_session
        )
    return grading.assignment


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The student's folder, looked over and copied, with the runtime that brings it to life."""
    lesson = lesson_of(request.path)
    assert lesson, f"{request.path} is no grader of a lesson"
    made = _assignment(request.config, lesson).bench()
    grading, company = _grading(request.config), company_of(request.module)
    grading.bench, grading.company = made, company
    mine = [item for item in request.session.items if isinstance(item, pytest.Function) and item.path == request.path]
    company.open(made, {name for item in mine for name in (item.name, *item.fixturenames)})
    yield made
    made.session.done_with(made)


@pytest.fixture(scope="module")
def image(bench: Bench) -> Image:
    """The image that the student's Dockerfile makes."""
    return bench.image()


@pytest.fixture(scope="module")
def service(bench: Bench, request: pytest.FixtureRequest) -> Service:
    """The student's service, up and answering: in the image of its own Dockerfile if the lesson has one, else in the workshop's."""
    first = bench.first(request.getfixturevalue("image") if "Dockerfile" in bench.lesson.finished() else None)
    if bench.with_redis:  # a mistake may look into Redis though its check did not
        request.getfixturevalue("redis")
    return first


@pytest.fixture(scope="module")
def redis(bench: Bench) -> RedisProbe:
    """Redis as the grader sees it, from outside the service."""
    return RedisProbe(bench.runtime.redis(), bench.note, bench.calls if "notebook" in bench.lesson.needs else None)


@pytest.fixture
def some(request: pytest.FixtureRequest) -> Some:
    """Seeded random data, fresh in each run."""
    lesson = lesson_of(request.path)
    assert lesson
    return Some(_assignment(request.config, lesson).seed, request.node.name)


@pytest.fixture
def drill(bench: Bench, request: pytest.FixtureRequest) -> Drill:
    """The timeline of a check that kills, stops, disconnects or fills something."""
    return bench.drill(request.node.name)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if lesson_of(item.path) is None:
        return
    grading = _grading(item.config)
    resting.look(item.function, grading.checks)  # type: ignore[attr-defined]
    has_failed = any(check.outcome is Outcome.FAILED for check in list(grading.checks.values())[-1:])
    if has_failed and grading.bench and "service" in getattr(item, "fixturenames", ()):
        grading.bench.revive()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Iterator[Any]:
    value = yield
    grading = _grading(request.config)
    if fixturedef.scope == "module" and grading.company:
        grading.company.is_there(fixturedef.argname, value)
    if fixturedef.argname == "redis":
        grading.fixtures["redis"] = value
    return value


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    if nextitem is None or nextitem.path != item.path:
        _end_company(_grading(item.config))


def _end_company(grading: Grading) -> None:
    """Ends what still goes on beside the checks, before the fixtures that it uses are taken down.

    It ends as its containers go. After an interrupt nobody waits for it: the run's end takes the engine away from it.
    """
    company, grading.company = grading.company, None
    if company and company.is_at_work() and grading.bench and not grading.was_interrupted:
        grading.bench.close()
        company.wait()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if lesson_of(item.path):
        item.stash[STARTED] = time.monotonic()
        grading = _grading(item.config)
        if grading.on_begin:
            grading.on_begin(_claim(item))
        if bench := grading.bench:
            bench.asked = None
            bench.calls.clear()
    return (yield)


STARTED = pytest.StashKey[float]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if lesson_of(item.path) is None:
        return report
    grading = _grading(item.config)
    if call.excinfo is None and call.when != "call":
        return report
    if item.name in grading.checks and call.when == "teardown":
        return report  # what goes wrong while tidying up does not change what was found out
    check = _check(item, call.excinfo.value if call.excinfo else None, grading)
    if check.outcome is Outcome.PASSED and grading.bench and grading.bench.asked and grading.bench.got:
        grading.heard.append(Heard(check.claim, grading.bench.asked, grading.bench.got))
    grading.record(check)
    report.check = check
    report.outcome = {Outcome.PASSED: "passed", Outcome.FAILED: "failed"}.get(check.outcome, "skipped")
    if check.fault and check.outcome is Outcome.UNCHECKED:  # to whoever runs pytest, a broken grader is a failure
        report.outcome = "failed"
    if report.outcome == "failed":
        report.longrepr = "\n".join(f"{label:>9}  {text}" for label, text in _told(check))
    elif check.outcome is not Outcome.PASSED:
        report.longrepr = (str(item.path), 0, check.hint or "")
    return report


def _claim(item: pytest.Item) -> str:
    """The line that a student reads: the first one of the test's docstring."""
    function = item.function  # type: ignore[attr-defined]
    return str((function.__doc__ or item.name).strip().splitlines()[0])


def _told(check: Check) -> list[tuple[str, str]]:
    rows = [
        ("asked", check.asked),
        ("expected", check.expected),
        ("got", check.actual),
        ("because", check.hint),
        ("fault", check.fault),
    ]
    return [(label, text) for label, text in rows if text]


def _check(item: pytest.Item, error: BaseException | None, grading: Grading) -> Check:
    """What became of one test, from the exception it ended with."""
    lesson = lesson_of(item.path)
    assert lesson
    grading.fixtures |= getattr(item, "funcargs", {}) | ({"bench": grading.bench} if grading.bench else {})
    made = Check(
        item.name,
        _claim(item),
        Outcome.PASSED,
        timeline=grading.bench.timeline(item.name) if grading.bench else None,
        seconds=time.monotonic() - item.stash[STARTED],
    )
    constants = vars(item.module) if isinstance(item, pytest.Function) else {}
    asked = grading.bench.asked if grading.bench else None
    return grading.judge.judged(made, error, Scene(lesson, grading.fixtures, constants, asked, grading.with_hints))


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    check: Check | None = getattr(report, "check", None)
    if check is None or report.outcome != "skipped":
        return None
    return str(check.outcome), LETTERS[check.outcome], str(check.outcome).upper()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    grading = _grading(session.config)
    _end_company(grading)
    if grading.own_session is None:
        return
    was_interrupted = session.exitstatus == pytest.ExitCode.INTERRUPTED
    if grading.checks:
        report = Report("", "", 0, 0, tuple(grading.checks.values()))
        session.exitstatus = max(int(session.exitstatus), EXIT_CODES[report.verdict])
    grading.own_session.close(was_interrupted)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    grading = _grading(config)
    if grading.assignment and grading.own_session:
        runtime = grading.own_session.runtime
        terminalreporter.write_line(
            f"runtime {runtime}, seed {grading.assignment.seed}"
            + (" (isolates nothing)" if runtime == "embedded" else "")
        )
