"""What a terminal shows while a check is asked, and that nothing of it stays."""

import io

from workshop.engine import notice
from workshop.report import Check, Outcome
from workshop.reports.terminal import Terminal


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
