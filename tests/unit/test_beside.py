"""What goes on beside the checks: begun in time, told at its place, the same as without."""

import threading
import time
from types import SimpleNamespace

import pytest

from workshop.grading.bench import Bench
from workshop.grading.beside import Company, beside, company_of
from workshop.grading.resting import rests_on
from workshop.grading.some import Some


def a_bench():
    made = object.__new__(Bench)
    made.seed, made._notes = 7, threading.local()
    return made


class Grader(SimpleNamespace):
    """A grader's module: `define` puts a marked function into it."""

    def __init__(self):
        super().__init__(names={"log": [], "may_go": threading.Event(), "beside": beside, "rests_on": rests_on})
        self.bench = a_bench()

    def define(self, source):
        exec(source, self.names)

    def open(self, *wanted):
        self.company = self.names.get("__beside__") or Company()
        self.company.open(self.bench, wanted)
        self.company.is_there("bench", self.bench)

    @property
    def log(self):
        return self.names["log"]

    def let(self):
        self.names["may_go"].set()


@pytest.fixture
def grader():
    return Grader()


def until_it_is_so(ask):
    end = time.monotonic() + 5
    while not ask() and time.monotonic() < end:
        time.sleep(0.005)
    assert ask()


def test_a_check_begins_once_its_fixtures_are_there_and_is_told_at_its_place(grader):
    grader.define(
        "@beside()\ndef test_a(bench, image):\n    log.append(threading)\n    may_go.wait(5)\n    raise KeyError(image)"
    )
    grader.names["threading"] = "begun"
    grader.open("test_a")
    assert grader.log == []
    grader.company.is_there("image", "an image")
    until_it_is_so(lambda: grader.log == ["begun"])
    assert grader.company.is_at_work()
    grader.let()
    with pytest.raises(KeyError, match="an image"):
        grader.names["test_a"](bench=grader.bench, image="an image")
    assert grader.log == ["begun"], "it was done once"
    assert not grader.company.is_at_work()


def test_what_has_not_begun_is_done_at_its_place(grader):
    grader.define("@beside()\ndef made(image):\n    log.append(image)\n    return image * 2")
    grader.open("made")
    assert grader.names["made"](image="ab") == "abab"
    grader.company.is_there("image", "ab")
    assert grader.log == ["ab"]


def test_what_nobody_asks_for_does_not_begin(grader):
    grader.define("@beside()\ndef made(bench):\n    log.append(1)\n@beside()\ndef test_a(bench):\n    log.append(2)")
    grader.open("test_a")
    grader.company.wait()
    assert grader.log == [2]


def test_a_check_waits_for_those_that_it_rests_on(grader):
    grader.define("@rests_on('test_a')\n@beside()\ndef test_b(bench):\n    log.append('b')")
    grader.open("test_a", "test_b")
    grader.company.is_there("image", 1)
    assert not grader.log
    grader.company.has_ended("test_a", passed=True)
    until_it_is_so(lambda: grader.log == ["b"])


def test_a_chain_goes_on_by_itself(grader):
    grader.define(
        "@beside()\ndef made(bench):\n    return 3\n"
        "@beside()\ndef test_a(made):\n    log.append(made)\n"
        "@beside()\n@rests_on('test_a')\ndef test_b(made):\n    log.append(made + 1)"
    )
    grader.open("made", "test_a", "test_b")
    until_it_is_so(lambda: grader.log == [3, 4])


def test_what_rests_on_a_failed_one_never_begins(grader):
    grader.define(
        "@beside()\ndef test_a(bench):\n    1 / 0\n@rests_on('test_a')\n@beside()\ndef test_b(bench):\n    log.append('b')"
    )
    grader.open("test_a", "test_b")
    grader.company.wait()
    with pytest.raises(ZeroDivisionError):
        grader.names["test_a"](bench=grader.bench)
    assert not grader.log


def test_a_check_may_wait_for_the_end_of_another_one(grader):
    grader.define("@beside(after='test_a')\ndef test_b(bench):\n    log.append('b')")
    grader.open("test_a", "test_b")
    assert not grader.log
    grader.company.has_ended("test_a", passed=False)
    until_it_is_so(lambda: grader.log == ["b"])


def test_it_does_not_wait_for_one_that_is_not_asked(grader):
    grader.define("@beside(after='test_a')\ndef test_b(bench):\n    log.append('b')")
    grader.open("test_b")
    until_it_is_so(lambda: grader.log == ["b"])


def test_a_service_is_the_one_that_it_was(grader):
    grader.define("@beside(after='test_a')\ndef test_b(service):\n    log.append(service.name)")
    grader.open("test_a", "test_b")
    service = SimpleNamespace(name="first")
    grader.company.is_there("service", service)
    service.name = "second"
    grader.company.has_ended("test_a", passed=False)
    until_it_is_so(lambda: grader.log == ["first"])


def test_its_data_are_those_that_it_would_have_without(grader):
    grader.define("@beside()\ndef test_a(bench, some):\n    log.append(some.words(3))")
    grader.open("test_a")
    grader.company.wait()
    assert grader.log == [Some(7, "test_a").words(3)]


def test_what_it_asked_last_is_its_own(grader):
    grader.define("@beside()\ndef test_a(bench):\n    bench.note('curl a')\n    log.append(1)\n    may_go.wait(5)")
    grader.bench.note("curl b")
    grader.open("test_a")
    until_it_is_so(lambda: grader.log)
    assert grader.bench.asked == "curl b"
    grader.let()
    grader.names["test_a"](bench=grader.bench)
    assert grader.bench.asked == "curl a"


def test_after_the_end_nothing_begins(grader):
    grader.define("@beside()\ndef test_a(image):\n    log.append(1)")
    grader.open("test_a")
    grader.company.wait()
    grader.company.is_there("image", 1)
    assert not grader.log


def test_a_fixture_beside_has_no_yield():
    with pytest.raises(TypeError, match=r"made .*yield"):

        @beside()
        def made(bench):
            yield


def test_a_grader_without_one_has_an_empty_company():
    assert not company_of(SimpleNamespace()).is_at_work()
