"""What is waited for, and what was begun early: without an engine."""

import itertools
import threading
import time

import pytest

from workshop import patience
from workshop.patience import Ahead, slowness, until


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


class Maker:
    """Makes "made" once it is let; remembers what was tidied up."""

    def __init__(self, error=None):
        self.may_go, self.error, self.tidied = threading.Event(), error, []
        self.ahead = Ahead(self._make, tidy=self.tidied.append)

    def _make(self):
        self.may_go.wait(5)
        if self.error:
            raise self.error
        return "made"


def test_what_was_begun_early_is_there_when_it_is_asked_for():
    maker = Maker()
    assert not maker.ahead.wait(0)
    maker.may_go.set()
    assert maker.ahead.get() == "made"
    assert maker.ahead.get() == "made"
    assert maker.ahead.wait(0)


def test_a_limit_is_kept():
    maker = Maker()
    with pytest.raises(TimeoutError):
        maker.ahead.get(0.01)
    maker.may_go.set()
    assert maker.ahead.get(5) == "made"


def test_what_went_wrong_is_raised_where_it_is_asked_for():
    maker = Maker(ValueError("no engine"))
    maker.may_go.set()
    assert maker.ahead.wait(5)
    with pytest.raises(ValueError, match="no engine"):
        maker.ahead.get()


def test_what_nobody_asks_for_is_tidied_up():
    maker = Maker()
    threading.Timer(0.05, maker.may_go.set).start()
    maker.ahead.drop()
    maker.ahead.drop()
    assert maker.tidied == ["made"]


def test_what_was_asked_for_is_its_owners_to_tidy_up():
    maker = Maker()
    maker.may_go.set()
    maker.ahead.get()
    maker.ahead.drop()
    assert maker.tidied == []


def test_what_failed_and_nobody_asks_for_is_dropped_in_silence():
    maker = Maker(ValueError("no engine"))
    maker.may_go.set()
    maker.ahead.drop()
    assert maker.tidied == []


def test_a_machine_is_slower_with_more_to_do():
    assert slowness(0.02) >= 1
    stop = threading.Event()
    others = [threading.Thread(target=lambda: all(not stop.is_set() for _ in itertools.count())) for _ in range(3)]
    for other in others:
        other.start()
    slow = slowness()
    stop.set()
    assert slow > 2  # four threads, of which one at a time runs Python


@pytest.mark.parametrize(("slow", "is_past"), [(1.0, True), (2.0, False), (100.0, False)])
def test_a_limit_gives_more_on_a_slow_machine(monkeypatch, slow, is_past):
    monkeypatch.setattr(patience, "slowness", lambda: slow)
    for seconds, more, expected in ((10.0, 0.0, is_past), (10.0, 10.0, False), (1.0, 0.0, True)):
        limit = patience.Limit(seconds)
        limit._began -= 15.0
        assert limit.is_past(more) is expected
