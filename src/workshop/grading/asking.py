"""What a report shows as asked, for the time after the check: its service is gone then, and its port with it."""

from __future__ import annotations

import re

from workshop.course.lessons import Lesson
from workshop.report import Check
from workshop.runtimes.evidence import PORT

ADDRESS = re.compile(r"http://[\w.-]+:\d+")
NAMED = re.compile(r"--name[ =](\S+)")
OURS = re.compile(r"\bworkshop-[0-9a-f]{10}-[\w-]*\d\b")  # a container of a run; see `Run.name`
STARTED = f"http://127.0.0.1:{PORT}"  # where a service that the student starts answers


def by_hand(check: Check, lesson: Lesson) -> Check:
    """The check with a line that works for who starts the service: on its own port, in the container that the lesson's text starts."""
    if not check.asked:
        return check
    names = NAMED.findall(lesson.text)
    asked = OURS.sub(names[-1] if names else lesson.topic, ADDRESS.sub(STARTED, check.asked))
    return check.but(asked=asked)
