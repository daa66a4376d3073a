"""What is taken for a message of the process that runs a notebook: nothing that only looks like one."""

import importlib
import json
import sys

import pytest

from workshop.course.places import ROOT
from workshop.exercises.runner import understood

ERROR = {"type": "ValueError", "message": "no", "place": 2, "line": 1, "source": "x"}
MESSAGES = [
    {"up": True, "group": 7},
    {"cell": 3},
    {"ran": []},
    {"ran": [{"cell": 2, **ERROR}]},
    {"outline": None},
    {"rests": True},
    {"id": 1, "ready": True, "took": 0.1},
    {"id": 1, "unconnected": "no answer"},
    {"id": 1, "time_out": 2},
    {"id": 1, "value": None},
    {"id": 1, "value": [{"set": [1, {"dict": [["a", {"set": []}], [[1, 2], None]]}]}, 2.5, "x"]},
    {"id": 1, "error": ERROR},
    {"id": 1, "error": {"type": "TooMuch", "message": "5000000 bytes"}},
    {"id": 1, "gone": True},
]
OTHERS = [
    "Hello",
    "{",
    "[1]",
    {},
    {"report": {"verdict": "passed"}, "value": 1, "ok": True},
    {"id": None, "value": 1},
    {"id": "1", "value": 1},
    {"cell": "3"},
    {"ran": 5},
    {"ran": [5]},
    {"ran": [ERROR]},
    {"id": 1, "ready": True},
    {"id": 1, "error": {}},
    {"id": 1, "cell": 3},
    # with what the grader could not go on
    "[" * 100_000,
    {"id": 1, "value": {"x": 1}},
    {"id": 1, "value": {}},
    {"id": 1, "value": {"set": 5}},
    {"id": 1, "value": [{"dict": [[1]]}]},
    {"id": 1, "value": {"set": [], "dict": []}},
    '{"id": 1, "value": ' + "[" * 500 + "]" * 500 + "}",
    {"id": 1, "ready": True, "took": 10**400},
    {"id": 1, "ready": True, "took": float("nan")},
    {"id": 1, "time_out": 10**400},
    {"id": 1, "error": {**ERROR, "source": {"a": 1}}},
    {"id": 1, "error": {**ERROR, "line": []}},
]


@pytest.mark.parametrize("message", MESSAGES, ids=str)
def test_the_runners_messages_are_understood(message):
    assert understood(json.dumps(message).encode() + b"\n") == message


@pytest.mark.parametrize("line", OTHERS, ids=lambda line: str(line)[:60])
def test_another_line_is_none(line):
    assert understood((line if isinstance(line, str) else json.dumps(line)).encode()) is None


def test_a_fork_at_the_limit_of_processes_is_tried_again(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "src/workshop/guests/notebook")  # it runs as a script, beside what it imports
    for name in ("calling", "outline", "runner"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    runner = importlib.import_module("runner")
    answers = [BlockingIOError(11, "Resource temporarily unavailable"), BlockingIOError(11, "again"), 4711]

    def fork():
        answer = answers.pop(0)
        if isinstance(answer, BlockingIOError):
            raise answer
        return answer

    monkeypatch.setattr(runner.os, "fork", fork)
    assert runner.forked() == 4711 and not answers
