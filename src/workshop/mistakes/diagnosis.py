"""From evidence to a named mistake, once, for all lessons.

Evidence is what can be seen from outside: an exit code, the end of a log, the listening sockets. A cause has a name, a hint that a beginner
can act on, and the evidence that it rests on.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from workshop.mistakes.python import EXIT_RULES, PYTHON_RULES, Rule
from workshop.report import last_lines
from workshop.runtimes.contract import Evidence


@dataclass(frozen=True)
class Cause:
    """A named mistake. `final` says that waiting longer would not change it."""

    name: str
    hint: str
    log: str = ""
    final: bool = False

    @property
    def slug(self) -> str:
        """The name as a report has it."""
        return self.name.replace(" ", "_").replace("-", "_")

    def seen(self, first: str) -> str:
        """What a report shows as actual: what came back, then the end of the log."""
        tail = last_lines(self.log)
        return f"{first}\nlog:\n{tail}" if tail else f"{first}\nlog: (empty)"


def _first(rules: list[Rule], log: str) -> tuple[str, str] | None:
    """The (name, hint) of the rule whose match stands last in the log; of two at one place the earlier rule."""
    best: tuple[int, str, str] | None = None
    for name, pattern, hint in rules:
        found = max(re.finditer(pattern, log, re.MULTILINE), key=re.Match.end, default=None)
        if found and (best is None or found.end() > best[0]):
            best = (found.end(), name, hint.format(*(group or "it" for group in found.groups())))
    return best and (best[1], best[2])


def _python_error(log: str) -> str | None:
    """The last line of the last traceback in a log, with the place in the student's own code."""
    tracebacks = re.findall(r"Traceback \(most recent call last\):\n((?:[ \t]+.*\n|\n)*)(\w[\w.]*(?:: .*)?)", log)
    if not tracebacks:
        return None
    frames, error = tracebacks[-1]
    own = [
        place
        for place in re.findall(r'File "([^"]+)", line (\d+)', frames)
        if "site-packages" not in place[0] and "/lib/python" not in place[0]
    ]
    where = f" at {own[-1][0]} line {own[-1][1]}" if own else ""
    return f"Python stopped{where}: {error.strip()[:300]}"


def of_log(log: str) -> str | None:
    """The hint for a mistake that the log names, or None."""
    named = _first(PYTHON_RULES, log)
    return named[1] if named else _python_error(log)


def of_answer(problem: str | None, seconds: float, log: str) -> str | None:
    """The hint for an answer that did not come, or came as a server error."""
    if problem and "without end" in problem:
        return (
            "The answer never ends. Return a finished text; a generator that loops for ever keeps the client waiting."
        )
    if problem and "had not ended" in problem:
        return "The service sent a header and then stopped: it promised a body and never finished it."
    if problem and "no answer in" in problem:
        return f"The service took the request and gave no answer in {seconds:.0f} s. Does the view wait for something, or loop for ever?"
    return of_log(log)


def of_start(seen: Evidence) -> Cause:
    """Why a service does not answer. Always a cause; its `name` is `unknown` only where the log is all there is."""
    for rule in (_exited, _installs, _listens, _silent):
        if cause := rule(seen):
            return cause
    ran = f" Its command is `{shlex.join(seen.command)}`. Does that start the server?" if seen.command else ""
    text = f"The service runs, but after a while it still listens on no port {seen.where}.{ran} Does app.py end in app.run(…)?"
    return Cause("not listening", text, seen.log)


def _exited(seen: Evidence) -> Cause | None:
    if seen.running:
        return None
    what = "The container" if seen.container else "The app"
    ended = "ended while it was asked" if seen.answered else "exited at once"
    text = f"{seen.log}\n{seen.start_error}"
    shown = seen.log or seen.start_error
    if seen.oom:
        return Cause(
            "out of memory",
            "The container was ended because it used more memory than it may. What in the app grows without bound?",
            shown,
        )
    if named := _first(EXIT_RULES + PYTHON_RULES, text):
        return Cause(named[0], named[1], shown)
    if error := _python_error(text):
        return Cause("python error", f"{what} {ended}. {error}", shown)
    if seen.command[:2] == ("/bin/sh", "-c") and len(seen.command) > 3:
        return Cause(
            "shell entrypoint",
            "ENTRYPOINT in the shell form takes nothing from CMD, so only half of the command ran. Write both as lists: "
            'ENTRYPOINT ["python"] and CMD ["app.py"].',
            shown,
        )
    if seen.code == 0:
        ran = f", `{shlex.join(seen.command)}`," if seen.command else ""
        return Cause(
            "ended at once",
            f"The container's command{ran} ran and ended at once, with exit code 0. A container lives as long as its first process: CMD must start "
            'the server in the foreground, and app.py must call app.run(…). Above it stands `if __name__ == "__main__":`, with all the underscores.',
            shown,
        )
    if seen.code == 137:
        return Cause(
            "killed", "The container was ended with SIGKILL (exit code 137): something stopped it by force.", shown
        )
    if seen.code in (126, 127):
        return Cause(
            "command not found",
            f"The container's command could not be run (exit code {seen.code}). The last lines of the log name it.",
            shown,
        )
    return Cause("exited", f"{what} {ended}, with exit code {seen.code}. The last lines of the log say why.", shown)


def _installs(seen: Evidence) -> Cause | None:
    named = _first(EXIT_RULES[:1], seen.log)
    return Cause(*named, seen.log, final=True) if named else None


def _told(seen: Evidence) -> str:
    """How the server is told to listen where it can be reached."""
    if "gunicorn" in seen.log:
        return f"gunicorn --bind 0.0.0.0:{seen.port}"
    return f'app.run(host="0.0.0.0", port={seen.port}), or flask run --host 0.0.0.0 --port {seen.port}'


def _listens(seen: Evidence) -> Cause | None:
    if seen.listening is None:
        return None
    on_port = [address for address, port in seen.listening if port == seen.port]
    if on_port and all(address.startswith("127.") or address == "::1" for address in on_port):
        there = (
            "There, that is the container itself"
            if seen.container
            else "That is this machine alone, and in a container the container alone"
        )
        return Cause(
            "loopback",
            f"The app listens on {on_port[0]}:{seen.port} {seen.where}. {there}; nothing from outside can reach it. Listen on 0.0.0.0: "
            f"{_told(seen)}.",
            seen.log,
            final=True,
        )
    others = [(address, port) for address, port in seen.listening if port != seen.port]
    if not on_port and others:
        address, port = others[0]
        return Cause(
            "other port",
            f"The app listens on port {port}{' of ' + address if address.startswith('127.') else ''}, and the lesson asks for port {seen.port} "
            f"of 0.0.0.0. Say so where it is started: {_told(seen)}.",
            seen.log,
            final=True,
        )
    return None


def _silent(seen: Evidence) -> Cause | None:
    if seen.hung or (seen.listening and any(port == seen.port for _, port in seen.listening)):
        return Cause(
            "no answer",
            f"The app listens on port {seen.port} and takes the request, but gives no answer in time. Does a view, or something before it, wait "
            "or loop for ever? Is it HTTP that listens there?",
            seen.log,
        )
    return None
