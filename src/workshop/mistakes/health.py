"""Why a health test fails, from how it ended and what it printed.

The container first: one that has ended has no health. Then a test that could not be run, where the places that know more (a service of a
compose file, the tools that slim images leave out) come before any command; then what the test asked. A test of which only
its failure is known stands in `unexplained`, since what it printed may be a traceback.
"""

from __future__ import annotations

import json
import re

from workshop.mistakes.mistake import mistake, said
from workshop.runtimes.healthtest import HealthTest

NOT_FOUND = (
    r"exec: \"(?P<program>[^\"]+)\": [^\n]*(?:not found|no such file|permission denied)"
    r"|sh: (?:\d+: |line \d+: )?(?P<word>[\w./-]+): (?:not found|command not found|Permission denied)"
)


def not_found(output: str) -> str | None:
    """The command that could not be run, as the test's output names it."""
    named = said(NOT_FOUND, output)
    if named is None:
        return None
    return named["program"] if named["program"] != "it" else named["word"]


def of_image(output: str, code: int = 1, running: bool = True) -> dict[str, HealthTest]:
    """An example: the test of an image."""
    return {"health_test": HealthTest(code, output, running)}


def of_service(output: str, code: int = 1, ping: str = "", service: str = "redis") -> dict[str, HealthTest]:
    """An example: the test of a service in a compose file."""
    return {"health_test": HealthTest(code, output, service=service, place="docker-compose.yml, line 19", ping=ping)}


# The container


@mistake(example=of_image("", 0, running=False))
def service_ended_by_its_health_test(health_test):
    """The container has ended. A health test only reports the health of the service; whoever runs the service acts on
    it.
    """
    return not health_test.running


# A test that could not be run


ONE_WORD = 'OCI runtime exec failed: exec: "redis-cli ping": executable file not found in $PATH: unknown'


@mistake(example=of_service(ONE_WORD, -1, "PONG"))
def health_test_in_one_word(health_test):
    """{place}: the health test of `{service}` looks for one command called `{command}`, with the spaces in its name. After
    "CMD" each word is an item of its own; after "CMD-SHELL" the whole line is one item, for a shell. Here: {words}.
    """
    command = not_found(health_test.output) or ""
    return (
        health_test.service
        and health_test.cannot_run
        and " " in command
        and {
            "place": health_test.place,
            "service": health_test.service,
            "command": command,
            "words": json.dumps(
                ["CMD-SHELL", command] if re.search(r"[|&;<>$*]", command) else ["CMD", *command.split()]
            ),
        }
    )


@mistake(example=of_service("/bin/sh: 1: CMD: not found", 127, "PONG"))
def cmd_in_a_line(health_test):
    """{place}: the health test of `{service}` is one line, so a shell runs it and takes {word} for a command. {word} is
    the first item of a list: ["CMD", "redis-cli", "ping"]. A line has no {word}.
    """
    word = not_found(health_test.output)
    is_so = health_test.service and word in ("CMD", "CMD-SHELL")
    return is_so and {"place": health_test.place, "service": health_test.service, "word": word}


@mistake(example=of_service("/bin/sh: 1: curl: not found", 127, service="web"))
def service_health_test_without_its_tool(health_test):
    """{place}: the health test of `{service}` calls {tool}, and its image has no {tool}: slim images leave such tools out.
    So `{service}` is reported unhealthy, and `docker compose up --wait` fails. Python is there: let it ask, with
    urllib.request.
    """
    tool = not_found(health_test.output)
    is_so = health_test.service and not health_test.ping and tool in ("curl", "wget", "nc", "netcat", "pgrep", "ps")
    return is_so and {"place": health_test.place, "service": health_test.service, "tool": tool}


@mistake(example=of_service("/bin/sh: 1: curl: not found", 127, ping="PONG"))
def service_health_test_cannot_run(health_test):
    """{place}: the health test of `{service}` cannot be run: {what} is not in its image.{instead}"""
    otherwise = r"exceeded timeout|(?i:permission denied)"
    if not health_test.service or not health_test.cannot_run or said(otherwise, health_test.output):
        return None
    command = not_found(health_test.output)
    return {
        "place": health_test.place,
        "service": health_test.service,
        "what": f"`{command}`" if command else "its command",
        "instead": ' redis-cli is: ["CMD", "redis-cli", "ping"].' if health_test.pongs else "",
    }


@mistake(example=of_image("/bin/sh: 1: curl: not found"))
def health_test_without_its_tool(health_test):
    """The health test calls {tool}, and the image has no {tool}: slim images leave such tools out. Python is there: let
    it ask, with urllib.request; nothing needs to be installed for that.
    """
    return health_test.failed and said(
        r"\b(?P<tool>curl|wget|nc|netcat|pgrep|ps)\b[\"']?:[^\n]*not found", health_test.output
    )


@mistake(example=of_image('OCI runtime exec failed: exec: "pyhton": executable file not found in $PATH', -1))
def health_test_command_not_found(health_test):
    """The health test calls {command}, which the image does not have or may not run."""
    command = not_found(health_test.output)
    return health_test.failed and command and {"command": command}


@mistake(example=of_image("python: can't open file '/health.py': [Errno 2] No such file or directory", 2))
def health_test_file_not_found(health_test):
    """The health test runs {file}, and no such file is in the image. COPY it, to the folder that WORKDIR names."""
    return health_test.failed and said(r"can't open file '(?P<file>[^']+)'", health_test.output)


# What the test asked


@mistake(example=of_service("", 1, "NOAUTH Authentication required."))
def health_test_without_the_password(health_test):
    """{place}: Redis wants a password, and the health test of `{service}` gives none, so `redis-cli ping` is answered “{ping}”.
    Give it the password: `redis-cli -a …`, or the variable REDISCLI_AUTH under `environment` of `{service}`.
    """
    wants = health_test.failed and health_test.ping.startswith("NOAUTH") and "WRONGPASS" not in health_test.output
    return wants and {"place": health_test.place, "service": health_test.service, "ping": health_test.ping}


@mistake(example=of_service("AUTH failed: WRONGPASS invalid username-password pair or user is disabled.", 1, "NOAUTH"))
def health_test_with_another_password(health_test):
    """{place}: the health test of `{service}` gives another user or password than Redis was started with: “{said}”."""
    said_so = health_test.failed and said(r"(?P<said>WRONGPASS[^\n]*?)\.?$", health_test.output)
    return said_so and {"place": health_test.place, "service": health_test.service, **said_so}


@mistake(example=of_service("Could not connect to Redis at 127.0.0.1:6380: Connection refused", ping="PONG"))
def service_health_test_says_no(health_test):
    """{place}: `{service}` runs and answers PING, yet its health test says no. Does the test ask the right thing?"""
    pongs = health_test.failed and health_test.service and health_test.pongs
    is_no = pongs and not said(r"exceeded timeout", health_test.output)
    return is_no and {"place": health_test.place, "service": health_test.service}


@mistake(example=of_image("urllib.error.URLError: <urlopen error [Errno 111] Connection refused>"))
def health_test_refused(health_test):
    """The health test asks where nothing listens: the connection is refused. Which port does it ask, and on which does
    the service listen?
    """
    return health_test.failed and said(r"[Cc]onnection refused", health_test.output)


@mistake(example=of_image("urllib.error.HTTPError: HTTP Error 404: NOT FOUND"))
def health_test_asks_another_address(health_test):
    """The health test asks an address that the app answers with {status}. Which address reports its health?"""
    return health_test.failed and said(r"HTTP Error (?P<status>40\d)", health_test.output)


@mistake(example=of_image("", 200))
def status_as_exit_code(health_test):
    """The health test ended with exit code {code}, which looks like the status of the answer. Exit code 0 means
    healthy, 1 unhealthy: end with 0 if the status is 200, else with 1.
    """
    return health_test.code in (200, 201, 204) and {"code": health_test.code}


@mistake(example=of_image("Health check exceeded timeout (5s)", -1))
def health_test_does_not_end(health_test):
    """The health test does not end in time. What does it wait for?"""
    return health_test.failed and said(r"exceeded timeout", health_test.output)
