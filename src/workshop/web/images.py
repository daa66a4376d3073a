"""Images as the engine tells them: the student's, and, once the lesson is passed, the solution's beside it, built while somebody looks."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from datetime import datetime

from workshop.course.lessons import Lesson
from workshop.engine import builds
from workshop.engine.run import Run
from workshop.outcomes import NotUp, Unchecked
from workshop.patience import Ahead
from workshop.pictures import beside
from workshop.pictures import image as images
from workshop.pictures.canvas import State
from workshop.web.picture import Picture

SECRET = re.compile(r"--mount=\S*type=secret\S*?,id=(\w+)|--mount=\S*id=(\w+)\S*?,type=secret")
Step = tuple[str, int, float]  # instruction, bytes, when it was made in seconds since 1970


def history(run: Run, image: str) -> list[Step]:
    """The steps of an image, the topmost first."""
    done = run.docker("history", "--no-trunc", "--human=false", "--format", "{{json .}}", image)
    rows = [json.loads(line) for line in done.out.splitlines()]
    return [(row["CreatedBy"], int(row["Size"]), datetime.fromisoformat(row["CreatedAt"]).timestamp()) for row in rows]


class Images:
    """The pictures of images. What was drawn of an image stays: it is as it was built."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[object, ...], Picture] = {}
        self._solution: tuple[object, Ahead[str | None]] | None = None  # whose, and the name of its image
        self._last: str | None = None  # the student's image that was seen last

    def look(self, run: Run, lesson: Lesson, began_at: float, state: State, has_passed: bool) -> list[Picture]:
        """The student's image of the last check; if the lesson `has_passed` and no check goes on, also beside the solution's, once that is built."""
        yours = self._yours(run)
        if yours is None:
            return []
        made = [self._kept(("image", yours, began_at, state), lambda: _alone(run, yours, began_at, state))]
        if has_passed and (ours := self._ours(run, lesson)):
            made.append(self._kept(("beside", yours, ours), lambda: _beside(run, yours, ours)))
        return made

    def _kept(self, key: tuple[object, ...], draw: Callable[[], Picture]) -> Picture:
        if key not in self._drawn:
            self._drawn = {known: one for known, one in self._drawn.items() if known[0] != key[0]}
            self._drawn[key] = draw()
        return self._drawn[key]

    def _yours(self, run: Run) -> str | None:
        """The first image that the check has built."""
        label = ("--filter", f"label={run.label}", "--format", "{{.Repository}}:{{.Tag}}")
        ours = self._solution[1] if self._solution else None
        if ours and not ours.wait(0):
            return self._last
        built = run.docker("image", "ls", *label).out.split()
        names = sorted(set(built) - {f"{ours.get()}:latest" if ours else ""}, key=lambda one: (len(one), one))
        self._last = names[0] if names else None
        return self._last

    def _ours(self, run: Run, lesson: Lesson) -> str | None:
        """The solution's image, begun at the first call; None while it is not there, or if it cannot be built here."""
        if "Dockerfile" not in lesson.finished():
            return None
        key = (run.id, lesson.name)
        if self._solution is None or self._solution[0] != key:
            self._solution = (key, Ahead(lambda: _built(run, lesson)))
        ours = self._solution[1]
        return ours.get() if ours.wait(0) else None


def _built(run: Run, lesson: Lesson) -> str | None:
    """The name of the solution's image; a secret that its Dockerfile asks for is drawn. None if it cannot be had."""
    folder, flags = lesson.solved(), list[str]()
    for name in {one or other for one, other in SECRET.findall((folder / "Dockerfile").read_text(encoding="utf-8"))}:
        file = run.scratch("secret") / name
        file.write_text(secrets.token_hex(16), encoding="utf-8")
        flags += ["--secret", f"id={name},src={file}"]
    try:
        return builds.build(run, folder, flags=flags).id
    except (NotUp, Unchecked, OSError):
        return None


def _alone(run: Run, name: str, began_at: float, state: State) -> Picture:
    found = images.Image("of your Dockerfile", images.layers(history(run, name), began_at - 1), state)
    return Picture("image", "The image: its layers", images.svg(found), images.text(found))


def _beside(run: Run, yours: str, ours: str) -> Picture:
    mine, other = history(run, yours), history(run, ours)
    never = float("inf")
    pair = beside.Pair(
        images.Image(beside.YOURS, images.layers(mine, never)),
        images.Image(beside.OURS, images.layers(other, never)),
        beside.common(mine, other),
    )
    return Picture("beside", "Your image beside the solution's", beside.svg(pair), beside.text(pair))
