"""From evidence to a named mistake, once, for all lessons.

Evidence is what can be seen from outside: an exit code, the end of a log, the listening sockets. A cause has a name, a hint that a beginner
can act on, and the evidence that it rests on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

TAIL = 12  # lines of a log that a report shows


class Evidence(NamedTuple):
    """What was seen of a service. `listening` holds (address, port) pairs, or None where nobody looked."""

    running: bool
    code: int | None = None
    log: str = ""
    oom: bool = False
    listening: list[tuple[str, int]] | None = None
    port: int = 5000
    hung: bool = False
    start_error: str = ""
    container: bool = True

    @property
    def where(self) -> str:
        """Where its sockets are, in words."""
        return "inside the container" if self.container else "on this machine"


@dataclass(frozen=True)
class Cause:
    """A named mistake. `final` says that waiting longer would not change it."""

    name: str
    hint: str
    log: str = ""
    final: bool = False

    def seen(self, first: str) -> str:
        """What a report shows as actual: what came back, then the end of the log."""
        tail = last_lines(self.log)
        return f"{first}\nlog:\n{tail}" if tail else f"{first}\nlog: (empty)"


def last_lines(text: str, count: int = TAIL) -> str:
    """The last lines of a log, without terminal colours and other control characters."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|[^\S\n]*\r|[\x00-\x08\x0b-\x1f\x7f]", "", text)
    lines = [line.rstrip()[:300] for line in plain.splitlines() if line.strip()]
    return "\n".join(lines[-count:])


# Each rule: a name, what the log says, and the hint; the groups of the match fill the hint's braces.
Rule = tuple[str, str, str]

PYTHON_RULES: list[Rule] = [
    (
        "module not found",
        r"ModuleNotFoundError: No module named '([\w.]+)'",
        "Python finds no module `{0}`. If it is a package, name it in requirements.txt and install that in the image; if it is your own file, "
        "check that it is copied and spelled so.",
    ),
    (
        "syntax error",
        r'File "([^"]+)", line (\d+)(?:.*\n){1,6}?\s*(SyntaxError|IndentationError|TabError): (.*)',
        "{0}, line {1}, is not Python: {3}. The mistake is there or on the line before.",
    ),
    (
        "not utf-8",
        r"SyntaxError: (?:\(unicode error\)|Non-UTF-8 code).*",
        "The file is not saved as UTF-8. Save it again with the encoding UTF-8.",
    ),
    (
        "redis refuses",
        r"Error (?:111|61|10061)\b[^\n]*connecting to (localhost|127\.0\.0\.1|::1)",
        "The app looks for Redis on {0}. Inside a container that is the container itself, and no Redis is there. Take the address from REDIS_URL.",
    ),
    (
        "redis refuses",
        r"Error (?:111|61|10061)\b[^\n]*connecting to ([\w.:-]+)",
        "Redis at {0} refused the connection: nothing listens there now. Is the address the one in REDIS_URL, and is the port 6379?",
    ),
    (
        "redis not found",
        r"Error -(?:2|3|5)\b[^\n]*connecting to ([\w.-]+)",
        "The name `{0}` does not resolve: on this network nothing is called so. Take the address of Redis from REDIS_URL; under Compose it is "
        "the name of the service.",
    ),
    (
        "redis times out",
        r"redis\.exceptions\.TimeoutError|TimeoutError: Timeout (?:reading from|connecting to)",
        "Redis did not answer in time and the app let that exception through. Catch redis.exceptions.RedisError and answer 503.",
    ),
    (
        "redis error let through",
        r"redis\.exceptions\.(\w+Error)",
        "The app let a {0} of redis-py through. Catch redis.exceptions.RedisError where it can be answered.",
    ),
    (
        "too many processes",
        r"can't start new thread|BlockingIOError: \[Errno 11\] Resource temporarily unavailable|fork: (?:retry: )?Resource temporarily unavailable",
        "The app started processes or threads until it reached the limit. What starts them, and what ends them?",
    ),
    (
        "out of memory",
        r"^MemoryError",
        "The app asked for more memory than it may have. What in it grows without bound?",
    ),
    (
        "address in use",
        r"Address already in use|Port (\d+) is in use",
        "The app found its port taken. Does the code start two servers?",
    ),
    (
        "view returned nothing",
        r"TypeError: The view function for '(\w+)' did not return a valid response\. The function either returned None",
        "The view `{0}` returned nothing. `print` writes to the log; only what the view returns is sent to the browser. Use return.",
    ),
    (
        "view returned a wrong type",
        r"TypeError: The view function (?:for '(\w+)' )?did not return a valid response\.",
        "The view returned something that Flask cannot send. Return text, a dict, or a list.",
    ),
    (
        "not serializable",
        r"TypeError: Object of type (\w+) is not JSON serializable",
        "The answer holds a value of type {0}, which JSON cannot carry. For bytes from Redis: decode_responses=True.",
    ),
]

EXIT_RULES: list[Rule] = [
    (
        "file not found",
        r"can't open file '([^']+)': \[Errno 2\]",
        "Python finds no file {0} in the container. Is app.py copied there, and does WORKDIR name the folder that it is copied to?",
    ),
    (
        "crlf",
        r"\$'\\r'|\\r'?: (?:command )?not found|'[\w/]*python3?\\r'|/bin/(?:ba)?sh\^M|bad interpreter|illegal option -\s*$|set: Illegal option -\s",
        "A script has Windows line ends (CRLF): Linux reads the \\r as part of the command. Save it with LF line ends.",
    ),
    (
        "exec no such file",
        r"exec (\S+): no such file or directory",
        "The container cannot start {0}: either the file is not in the image, or its first line (#!…) ends in a Windows line end (CRLF), so that "
        "no such interpreter is found. Copy the file into the image and save it with LF line ends.",
    ),
    (
        "command not found",
        r'exec: \\?"([^"\\]+)\\?": (?:stat [^:]+: no such file or directory|executable file not found)',
        "The container cannot start `{0}`: there is no such command in the image. Is it spelled so, installed in the image, and copied?",
    ),
    (
        "permission denied",
        r"""(?:exec:? \\?"?|/docker-entrypoint[^\n]*|sh: (?:\d+: )?)([\w./-]+)\\?"?:[^\n]*[Pp]ermission denied""",
        "The container may not execute {0}. Make it executable (`RUN chmod +x {0}` or `git update-index --chmod=+x`), or start it with `sh {0}`.",
    ),
    (
        "permission denied",
        r"PermissionError: \[Errno 13\] Permission denied: '([^']+)'",
        "The app may not touch {0}: the user it runs as has no right to. Give that user the folder (`COPY --chown`, or `RUN chown` before USER).",
    ),
    (
        "needs a capability",
        r"(?:setpriv|gosu|su-exec|su|setuid|setgroups)[^\n]*(?:Operation not permitted|operation not permitted)",
        "The start script changes its user, and the grader's container has no capabilities to do so. Set the user in the Dockerfile: USER.",
    ),
    (
        "flask app not found",
        r"(?:Could not import '([^']+)'|Failed to find (?:Flask application|attribute))",
        "The server finds no application under the name it was given. For `app = Flask(__name__)` in app.py it is `app:app`.",
    ),
]


def _first(rules: list[Rule], log: str) -> tuple[str, str] | None:
    """The (name, hint) of the rule whose match stands last in the log; of two at one place the earlier rule."""
    best: tuple[int, str, str] | None = None
    for name, pattern, hint in rules:
        found = None
        for found in re.finditer(pattern, log, re.MULTILINE):
            pass
        if found and (best is None or found.end() > best[0]):
            best = (found.end(), name, hint.format(*(group or "it" for group in found.groups())))
    return best and (best[1], best[2])


def _python_error(log: str) -> str | None:
    """The last line of the last traceback in a log, with the place in the student's own code."""
    tracebacks = re.findall(r"Traceback \(most recent call last\):\n((?:[ \t]+.*\n|\n)*)(\w[\w.]*(?:: .*)?)", log)
    if not tracebacks:
        return None
    frames, error = tracebacks[-1]
    own = [place for place in re.findall(r'File "([^"]+)", line (\d+)', frames) if "site-packages" not in place[0] and "/lib/python" not in place[0]]
    where = f" at {own[-1][0]} line {own[-1][1]}" if own else ""
    return f"Python stopped{where}: {error.strip()[:300]}"


def of_log(log: str) -> str | None:
    """The hint for a mistake that the log names, or None."""
    named = _first(PYTHON_RULES, log)
    return named[1] if named else _python_error(log)


def of_answer(problem: str | None, seconds: float, log: str) -> str | None:
    """The hint for an answer that did not come, or came as a server error."""
    if problem and "without end" in problem:
        return "The answer never ends. Return a finished text; a generator that loops for ever keeps the client waiting."
    if problem and "had not ended" in problem:
        return "The service sent a header and then stopped: it promised a body and never finished it."
    if problem and "no answer in" in problem:
        return f"The service took the request and gave no answer in {seconds:.0f} s. Does the view wait for something, or loop for ever?"
    return of_log(log)


def of_start(seen: Evidence) -> Cause:
    """Why a service does not answer. Always a cause; its `name` is `unknown` only where the log is all there is."""
    for rule in (_exited, _listens, _silent):
        if cause := rule(seen):
            return cause
    return Cause("not listening", f"The service runs, but after a while it still listens on no port {seen.where}. Does the file end in app.run(…)?", seen.log)


def _exited(seen: Evidence) -> Cause | None:
    if seen.running:
        return None
    what = "The container" if seen.container else "The app"
    text = f"{seen.log}\n{seen.start_error}"
    shown = seen.log or seen.start_error
    if seen.oom:
        return Cause("out of memory", "The container was ended because it used more memory than it may. What in the app grows without bound?", shown)
    if named := _first(EXIT_RULES + PYTHON_RULES, text):
        return Cause(named[0], named[1], shown)
    if error := _python_error(text):
        return Cause("python error", f"{what} exited at once. {error}", shown)
    if seen.code == 0:
        return Cause(
            "ended at once",
            "The container's command ran and ended at once, with exit code 0. A container lives as long as its first process: CMD must start the "
            "server in the foreground, and app.py must call app.run(…).",
            shown,
        )
    if seen.code == 137:
        return Cause("killed", "The container was ended with SIGKILL (exit code 137): something stopped it by force.", shown)
    if seen.code in (126, 127):
        return Cause("command not found", f"The container's command could not be run (exit code {seen.code}). The last lines of the log name it.", shown)
    return Cause("exited", f"{what} exited at once with code {seen.code}. The last lines of the log say why.", shown)


def _listens(seen: Evidence) -> Cause | None:
    if seen.listening is None:
        return None
    on_port = [address for address, port in seen.listening if port == seen.port]
    if on_port and all(address.startswith("127.") or address == "::1" for address in on_port):
        there = "There, that is the container itself" if seen.container else "That is this machine alone, and in a container the container alone"
        return Cause(
            "loopback",
            f"The app listens on {on_port[0]}:{seen.port} {seen.where}. {there}; nothing from outside can reach it. Listen on 0.0.0.0.",
            seen.log,
            final=True,
        )
    others = [(address, port) for address, port in seen.listening if port != seen.port]
    if not on_port and others:
        address, port = others[0]
        return Cause(
            "other port",
            f"The app listens on port {port}{' of ' + address if address.startswith('127.') else ''}, and the lesson asks for port {seen.port}. "
            f"Use app.run(host=\"0.0.0.0\", port={seen.port}).",
            seen.log,
            final=True,
        )
    return None


def _silent(seen: Evidence) -> Cause | None:
    if seen.hung or (seen.listening and any(port == seen.port for _, port in seen.listening)):
        return Cause(
            "no answer",
            f"The app listens on port {seen.port} and takes the request, but gives no answer in time. Does a view, or something before it, wait or loop "
            "for ever? Is it HTTP that listens there?",
            seen.log,
        )
    return None


BUILD_RULES: list[Rule] = [
    (
        "package not found",
        r"(?:ERROR: )?No matching distribution found for (\S+)",
        "pip finds no package `{0}`. Is the name spelled as on PyPI, and does that version exist?",
    ),
    (
        "file not in context",
        r'(?:failed to compute cache key|failed to calculate checksum)[^\n]*"/?([^"]*)": not found',
        "COPY finds no `{0}` in the folder that is built. Only files beside the Dockerfile, and not ignored by .dockerignore, can be copied.",
    ),
    ("unknown instruction", r"unknown instruction: (\S+)", "The Dockerfile has a line that begins with `{0}`, which is no instruction. Is it spelled so?"),
    (
        "requirements not found",
        r"Could not open requirements file: [^\n]*'([^']+)'",
        "pip finds no file {0} in the image at that step. COPY it before the RUN line that reads it.",
    ),
    ("command not found", r"/bin/sh: (?:\d+: )?([\w./-]+): not found", "The image has no command `{0}` at that step."),
    (
        "image not found",
        r"([\w./:@-]+): not found",
        "There is no image {0} in its registry. Is name and tag spelled so?",
    ),
    ("too large a file", r"[Ff]ile size limit exceeded|File too large", "A step of the build wrote a file over the limit that the workshop sets."),
]

OFFLINE = re.compile(
    r"failed to (?:resolve source metadata|do request|authorize)[^\n]*(?:dial tcp|lookup|i/o timeout|no such host|TLS handshake|EOF|refused|x509)"
    r"|Temporary failure in name resolution|ReadTimeoutError|Max retries exceeded|NewConnectionError|SSLCertVerificationError|ProxyError"
)


def of_build(log: str) -> Cause:
    """Why an image did not build: the step, the cause where one is named, and the last lines."""
    step = re.search(r"^ > (\[[^\n]*)", log, re.MULTILINE)
    where = f" at the step {step[1].rstrip(':')}" if step else ""
    if named := _first(BUILD_RULES[:-2] + BUILD_RULES[-1:], log) or _first(BUILD_RULES, log):
        return Cause(named[0], f"The build failed{where}. {named[1]}", log)
    return Cause("build failed", f"The build failed{where}. Its last lines say why.", log)


def running_step(log: str) -> str:
    """The step that a build was at when its log ends, as " at the step …", or nothing."""
    steps = re.findall(r"^#\d+ (\[[^\n]+\] [A-Z]+ [^\n]*)", log, re.MULTILINE)
    return f" at the step {steps[-1]}" if steps else ""


def build_excerpt(log: str) -> str:
    """The part of a plain BuildKit log that tells of the failure: from the failed step's own summary on."""
    at = log.rfind("\n------\n > ")
    return log[at + 8 :] if at >= 0 else log


def is_offline(log: str) -> bool:
    """Whether a build failed because a registry or package index could not be reached: then it is nobody's mistake."""
    return bool(OFFLINE.search(log))

