"""Which walls stand between a stranger's code and the machine that grades it, and what to say where one is missing."""

from __future__ import annotations

from collections.abc import Iterable

from workshop.course.lessons import Lesson

EMBEDDED = (
    "The embedded runtime isolates nothing: a student's code would run as you, with your files and beside the grades. "
    "What others wrote is graded on a Docker Engine only."
)
BUILDS = (
    "Lesson{s} {numbers}: a RUN line of a student's Dockerfile runs with this machine's network while the image is built. "
    "Nothing here keeps it from other machines, and a build has no memory limit."
)
GATEWAY = "What listens on all addresses of the engine's host can be reached from a student's container; what listens on 127.0.0.1 only cannot."
ASK = "Grade on a machine with nothing else of value on it, and say --trust-builds."


def builds(lesson: Lesson) -> bool:
    """Whether an image is built from what the student handed in."""
    return "Dockerfile" in lesson.finished() or bool(lesson.needs & {"image", "stack", "coming"})


def missing(lessons: Iterable[Lesson]) -> list[str]:
    """What is not kept out when these lessons are graded on the engine in use, a sentence each; empty where no image is built."""
    numbers = [str(lesson.number) for lesson in lessons if builds(lesson)]
    if not numbers:
        return []
    return [BUILDS.format(s="s" if len(numbers) > 1 else "", numbers=", ".join(numbers)), GATEWAY]
