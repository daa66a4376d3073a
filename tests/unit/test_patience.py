"""What is waited for, and what was begun early: without an engine."""

import time

import pytest

from workshop.patience import until


def test_the_first_truthy_answer_ends_the_wait():
    answers = iter([None, 0, "here", "later"])
    assert until(lambda: next(answers), limit=5, pause=0.001) == "here"
    assert next(answers) == "later"


def test_after_the_limit_the_last_falsy_answer_is_returned():
    asked = []
    start = time.monotonic()
    assert until(lambda: asked.append(1) or [], limit=0.1, pause=0.01) == []
    assert 0.1 <= time.monotonic() - start < 2
    assert len(asked) > 2


def test_it_is_asked_at_least_once():
    asked = []
    assert until(lambda: asked.append(1), limit=0) is None
    assert asked == [1]


def test_what_is_enough_may_be_said():
    lines = iter(["a", "ab", "abc"])
    assert until(lambda: next(lines), limit=5, pause=0.001, enough=lambda text: "b" in text) == "ab"


def test_what_asking_raises_ends_the_wait():
    with pytest.raises(ZeroDivisionError):
        until(lambda: 1 / 0, limit=5)
