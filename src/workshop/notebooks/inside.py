"""`check` inside a notebook: the lesson's own grader, run in the student's process on their own Redis. No pytest, no other process."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from workshop.course import lessons
from workshop.exercises.cells import read, source_of
from workshop.exercises.here import Here, HereNotebook
from workshop.exercises.pocket import PocketHere, PocketNotebook, PocketProbe
from workshop.exercises.source import TAG
from workshop.grading import resting
from workshop.grading.judge import BROKEN, Judge, Scene, fault_in
from workshop.grading.some import Some
from workshop.notebooks.showing import trips
from workshop.outcomes import Blocked, NotUp
from workshop.report import Check, Outcome
from workshop.reports.notebook import Key, Shown, keys_of
from workshop.wire.pocket import here, is_needed, open_pocket
from workshop.wire.probe import RedisProbe
from workshop.wire.rivals import RelayProbe
from workshop.wire.trail import Trail

DEFAULT_URL = "redis://127.0.0.1:6379/0"


def check(function: Any, lesson: int | str | None = None) -> None:
    """Runs the checks of the exercise that `function` is, and shows what they found."""
    name = getattr(function, "__name__", str(function))
    found = lesson_with(name, lesson)
    if found is None:
        print(f"No lesson has an exercise called {name}. Leave the functions' names as they were handed out.")
        return
    Shown(name, *run(found, checks_of(found, name), function)).show()


def lesson_with(name: str, asked: int | str | None = None, root: Path = lessons.ROOT) -> lessons.Lesson | None:
    """The notebook lesson whose grader has checks for the function `name`: of several the one whose notebook is open here."""
    chosen = (
        [lessons.find(str(asked), root)]
        if asked is not None
        else [one for one in lessons.catalogue(root) if one.notebook]
    )
    open_here = Path(os.environ.get("JPY_SESSION_NAME", "")).stem
    return next((one for one in sorted(chosen, key=lambda one: one.name != open_here) if checks_of(one, name)), None)


def exercises_of(lesson: lessons.Lesson) -> list[str]:
    """The functions that a notebook lesson asks for, in their order."""
    assert lesson.notebook
    cells = [cell for cell in read(lesson.notebook)["cells"] if TAG in cell.get("metadata", {}).get("tags", [])]
    return [
        node.name
        for cell in cells
        for node in lessons.parsed(source_of(cell)).body
        if isinstance(node, ast.FunctionDef)
    ]


def checks_of(lesson: lessons.Lesson, name: str) -> list[str]:
    """The checks of one exercise: `test_NAME…`, unless the name of another exercise fits better."""
    exercises = exercises_of(lesson)

    def owner(test: str) -> str | None:
        return max((one for one in exercises if f"{test}_".startswith(f"test_{one}_")), key=len, default=None)

    return [test for test in lesson.promises if owner(test) == name]


def run(lesson: lessons.Lesson, tests: list[str], function: Any) -> tuple[list[Check], list[Key], list[str]]:
    """Runs the named checks of a lesson's grader on `function`; returns them, what was in Redis after the first that failed, and if a rival
    came in it, what was sent to Redis, trip by trip.
    """
    import redis

    checks: list[Check] = []
    keys: list[Key] = []
    sent: list[str] = []
    try:
        grader = _grader_of(lesson)
    except Exception as error:  # a fault of the grader's file, told as that
        fault = fault_in(error, lesson)
        return (
            [Check(test, lesson.promises[test], Outcome.UNCHECKED, hint=BROKEN, fault=fault) for test in tests],
            [],
            [],
        )
    server, seed = _server(), secrets.randbelow(10**6)
    judge = Judge(lesson.promises.__getitem__)
    down: Exception | None = None
    try:
        client = server.client()
        for test in tests:
            made, ending = Check(test, lesson.promises[test], Outcome.PASSED), down
            scene = Scene(lesson, constants=vars(grader))
            if down is None:
                client.flushdb()
                some = Some(seed, test)
                ending = _ending_of(
                    getattr(grader, test), scene, {one.id: one for one in checks}, function, server, some, sent
                )
                down = ending if isinstance(ending, NotUp) else None
            checks.append(judge.judged(made, ending, scene))
            if checks[-1].outcome is Outcome.FAILED and not keys:
                keys = keys_of(client)
        client.flushdb()
        client.close()
    except redis.ConnectionError as error:
        hint = "No Redis answers here. `./workshop lab` starts one with the notebooks."
        checks.append(Check("redis", "Redis answers", Outcome.UNCHECKED, hint=hint, actual=str(error)))
    finally:
        server.close()
    return checks, keys, sent


def _server() -> Here:
    """The student's own Redis: that of this process where there is no other."""
    if is_needed():
        open_pocket()
    pocket = here()
    return PocketHere(pocket) if pocket else Here(os.environ.get("REDIS_URL") or DEFAULT_URL)


def _grader_of(lesson: lessons.Lesson) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"grader_of_{lesson.name}", lesson.grader)
    assert spec and spec.loader
    grader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(grader)
    return grader


def _ending_of(
    test: Callable[..., None],
    scene: Scene,
    before: dict[str, Check],
    function: Any,
    server: Here,
    some: Some,
    sent: list[str],
) -> Exception | None:
    """What one test ended with; None if all was well. The scene is told its fixtures and what was asked, `sent` what went by where a rival came."""
    asked: list[str] = []
    calls = Trail()
    ended: Exception | None = None
    notebook: HereNotebook
    if isinstance(server, PocketHere):
        server.pocket.beyond.clear()  # what the cells before asked for
        notebook = PocketNotebook(function, server, asked.append, calls)
        look: RedisProbe = PocketProbe(server, asked.append, calls)
    else:
        notebook, look = HereNotebook(function, server, asked.append, calls), RedisProbe(server, asked.append, calls)
    scene.fixtures = {"notebook": notebook, "redis": look, "some": some}
    try:
        resting.look(test, before)
        with notebook.checked():
            scene.fixtures["relay"] = RelayProbe(server.relay())
            test(**{name: scene.fixtures[name] for name in inspect.signature(test).parameters})
    except Exception as error:  # judged by whoever asked
        ended = error
        if notebook.rivals and notebook.rivals[-1].acts and not sent:
            sent += trips(notebook.rivals[-1], notebook.rivals[-1].rival)
    finally:
        scene.asked = asked[-1] if asked else None
    beyond = server.beyond(scene.lesson.number) if isinstance(server, PocketHere) else None
    return ended if beyond is None or isinstance(ended, (NotUp, Blocked)) else beyond
