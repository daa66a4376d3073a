"""What a terminal shows while a check is asked, and that nothing of it stays."""

import io
import re
import shlex

import pytest

from workshop.engine import notice
from workshop.report import UNTOUCHED, Check, Outcome, Report
from workshop.reports.terminal import Terminal
from workshop.reports.wrapping import paragraphs, wrapped


class Tty(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self, is_terminal):
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal

    def written(self):
        self.flush()
        return self.buffer.getvalue().decode()


def test_the_check_that_is_asked_shows_until_its_result_comes():
    stream = Tty(True)
    screen = Terminal(stream, 60)
    screen.begin("The image builds")
    assert "  … The image builds" in stream.written()
    screen.check(Check("test_it", "The image builds", Outcome.PASSED))
    before, erased, after = stream.written().rpartition("\r\x1b[K")
    assert "…" in before and erased and "✓ The image builds" in after and "…" not in after


def test_without_a_terminal_only_results_are_written():
    stream = Tty(False)
    screen = Terminal(stream, 60)
    screen.begin("The image builds")
    screen.check(Check("test_it", "The image builds", Outcome.PASSED))
    assert stream.written() == "  ✓ The image builds\n"


def test_long_work_is_told_to_whoever_listens(monkeypatch):
    monkeypatch.setattr(notice, "_listeners", [])
    notice.tell("nobody listens")
    heard = []
    notice.listen(heard.append)
    notice.tell("Pulling the image redis:8, this once.")
    assert heard == ["Pulling the image redis:8, this once."]


def told_on(is_terminal, width, *checks):
    stream = Tty(is_terminal)
    screen = Terminal(stream, width)
    screen.head(3, "A Dockerfile", "work/03", "lessons/03/README.md")
    for check in checks:
        screen.check(check)
    screen.foot(Report("03", "docker", 1, 1.0, checks), "next: fix it")
    return re.sub(r"\x1b\[[\d;]*[mK]|\r", "", stream.written())


def failed(claim, **more):
    return Check("test_it", claim, Outcome.FAILED, asked="curl -i http://127.0.0.1:5000/", actual="200", **more)


def test_on_a_terminal_only_the_first_mistake_is_explained():
    checks = (failed("One", hint="This."), failed("Two", hint="That."))
    assert told_on(True, 80, *checks).count("because") == 1
    assert told_on(False, 80, *checks).count("because") == 2


def test_the_same_failure_is_told_once():
    reason = "The image python:3.13-slim cannot be had."
    checks = [Check(f"test_{n}", f"Promise {n}", Outcome.UNCHECKED, hint=reason, actual="a\nb\nc") for n in range(5)]
    for is_terminal in (True, False):
        told = told_on(is_terminal, 80, *checks)
        assert told.count(reason) == 1 and told.count("as above") == 4


def test_of_a_starter_that_nobody_touched_all_is_told_at_once():
    told = told_on(
        False, 80, failed("One", hint="This is still the starter.", mistake=UNTOUCHED), failed("Two", hint="That.")
    )
    assert told.count("because") == 1 and "Two" in told


def test_an_unknown_cause_offers_the_next_hint():
    told = " ".join(told_on(False, 80, failed("One")).split())
    assert "cause not known" in told and "`./workshop hint 3`" in told


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_a_strangers_program_answers_cannot_speak_to_the_terminal(is_terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    evil = "200 \x1b]52;c;cm0gLXJm\x07\x1b[2J\x9b31m\u202e\rok\x00"
    check = failed("It answers").but(actual=evil, hint=evil, asked=evil, expected=evil, fault=evil)
    written = told_on(is_terminal, 80, check)
    assert "52;c;" in written and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", written)


def test_what_was_asked_can_be_copied_at_40_columns():
    line = "curl -i -H 'Content-Type: application/json' -d '{\"key\": \"a b\"}' http://127.0.0.1:5000/set"
    told = told_on(True, 40, Check("test_it", "One", Outcome.FAILED, asked=line, hint="This."))
    asked = re.search(r"asked: (.*?)\n    because:", told, re.DOTALL)[1]
    assert shlex.split(asked.replace("\\\n", "")) == shlex.split(line)
    assert all(len(row) <= 40 for row in told.splitlines() if "://" not in row and "{" not in row)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("  one two", 6, ["  one", "  two"]),
        ("日本語 日本", 7, ["日本語", "日本"]),
        ("", 10, [""]),
        ("unbreakable!", 5, ["unbreakable!"]),
    ],
)
def test_wrapped(text, width, lines):
    assert wrapped(text, width, " " * (len(text) - len(text.lstrip()))) == lines


def test_a_value_is_cut_where_it_must_be():
    assert wrapped("x" * 12, 5, cut=True) == ["xxxxx", "xxxxx", "xx"]


def test_paragraphs_keep_code_and_lists():
    text = "one\ntwo\n\n- a\n- b\n\n```sh\nx\ny\n```\nthree\nfour"
    assert paragraphs(text) == "one two\n\n- a\n- b\n\n```sh\nx\ny\n```\nthree four"
