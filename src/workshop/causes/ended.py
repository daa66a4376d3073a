"""What is left where no log names a cause: how the service ended, or that it listens on nothing.

The order: a cause that the command itself shows, and which command that was; the program that it starts, read; then the exit codes
that mean something; at last the code alone.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from typing import Any

from workshop.causes.start import ended, messages, runs
from workshop.mistakes.mistake import mistake
from workshop.probes.inside import Inside, known
from workshop.probes.program import Kind, Missed, why_no_server
from workshop.runtimes.evidence import Evidence

SHELLS = re.compile(r"(?:/usr)?(?:/bin/)?(?:ba|da|a)?sh")
PYTHON = re.compile(r"(?:\S*/)?python[\d.]*")
# How gunicorn, uvicorn and granian log a signal to end.
TOLD_TO_END = re.compile(
    r"^(?:\[[^\]]+\] \[\d+\] \[INFO\] Handling signal: (?:term|int|quit)|INFO: +Shutting down|\[INFO\] Shutting down granian).*$",
    re.MULTILINE,
)
SCRIPT = re.compile(r"\S+\.(?:sh|bash)|\S*(?:entrypoint|start|run)\S*")


def is_well(start: Evidence) -> bool:
    """Whether it ended at once, and by itself, and told of no failure."""
    return not start.running and start.code == 0 and not start.answered


def words_of(start: Evidence, inside: Inside | None) -> list[str]:
    """The words of the command that a container comes down to: what a shell was given, or the last line of a script."""
    words = list(start.command)
    if words and SHELLS.fullmatch(words[0]) and len(words) > 2 and words[1] == "-c":
        return split(words[2])
    script = next((word for word in words[:2] if SCRIPT.fullmatch(word) and not word.endswith(".py")), None)
    text = inside.source(script) if inside and script else None
    if (text and text.startswith("#!")) or (text and SHELLS.fullmatch(words[0])):
        lines = [
            line.strip() for line in (text or "").splitlines() if line.strip() and not line.lstrip().startswith("#")
        ]
        last = split(lines[-1]) if lines else []
        return [*split(" ".join(words[1:])), *last[2:]] if last[:2] in (["exec", "$@"], ["exec", '"$@"']) else last
    return words


def split(line: str) -> list[str]:
    """The words of a line of a shell, without `exec`."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    return words[1:] if words[:1] == ["exec"] else words


def program(start: Evidence, inside: Inside | None) -> tuple[str, Missed | None] | None:
    """The Python file that the service runs, and why it starts no server; None if it runs no file that can be read."""
    words = words_of(start, inside)
    if not start.container and not words:
        words = ["python", "app.py"]
    if not words or not inside or not PYTHON.fullmatch(words[0]):
        return None
    file = next((word for word in words[1:] if not word.startswith("-")), None)
    if not file or not file.endswith(".py") or "-m" in words or "-c" in words:
        return None
    source = inside.source(file)
    return None if source is None else (file, why_no_server(source))


def ends(kind: Kind, start: Evidence, inside: Inside | None) -> dict[str, Any] | None:
    """What fills a sentence if the service runs a file that starts no server for this reason."""
    found = program(start, inside) if is_well(start) else None
    missed = found[1] if found else None
    return (
        {"file": found[0], "line": missed.line, "name": missed.name}
        if found and missed and missed.kind is kind
        else None
    )


def app(source: str) -> dict[str, Any]:
    """An example: an app.py that ran to its end."""
    return ended(code=0, command=("python", "app.py"), inside=known(texts={"app.py": source}))


# The command


def is_cut(start: Evidence) -> bool:
    """Whether a shell was given more than one word after -c: it takes the first for its command, and the others for that command's own arguments."""
    command = start.command
    return not start.running and len(command) > 3 and bool(SHELLS.fullmatch(command[0])) and command[1] == "-c"


HALF = ended(
    code=0,
    command=("/bin/sh", "-c", "python", "app.py"),
    inside=known(dockerfile='FROM x\nENTRYPOINT python\nCMD ["app.py"]\n'),
)


@mistake(example=HALF)
def shell_entrypoint(start, inside=None):
    """ENTRYPOINT in the shell form takes nothing from CMD, so only half of the command ran. Write both as lists:
    ENTRYPOINT ["python"] and CMD ["app.py"].
    """
    dockerfile = inside.dockerfile if inside else None
    entries = dockerfile.shipped("ENTRYPOINT") if dockerfile else []
    return is_cut(start) and entries and not entries[-1].text.startswith("[")


@mistake(example=ended(code=0, command=("sh", "-c", "python", "app.py")))
def words_after_a_shells_command(start):
    """Only half of the command ran: {shell} -c takes one word for its command, here `{word}`, and hands it none of those behind. Write one string:
    "{shell}", "-c", "{whole}".
    """
    return is_cut(start) and {
        "shell": start.command[0],
        "word": start.command[2],
        "whole": " ".join(start.command[2:]),
    }


@mistake(
    example=ended(code=0, command=("python3",), inside=known(dockerfile="FROM python:3.13-slim\nCOPY app.py .\n"))
)
def no_cmd(start, inside=None):
    """The Dockerfile has no CMD in its last stage, so the container started what the base image names, `{command}`, which ended at once. Let CMD start
    the server.
    """
    dockerfile = inside.dockerfile if inside else None
    has = dockerfile.shipped("CMD", "ENTRYPOINT") if dockerfile else []
    return is_well(start) and dockerfile and not has and start.command and {"command": shlex.join(start.command)}


@mistake(example=ended(code=0, command=("python",)))
def python_without_a_file(start):
    """The container's command is `{command}` alone. Without the name of a file Python reads its standard input, which is empty here, and ends. Name the
    file: CMD ["python", "app.py"].
    """
    words = words_of(start, None)
    return is_well(start) and len(words) == 1 and PYTHON.fullmatch(words[0]) and {"command": words[0]}


TWICE = 'FROM x\nCMD ["python", "app.py"]\nCMD echo started\n'


@mistake(example=ended(code=0, command=("/bin/sh", "-c", "echo started"), inside=known(dockerfile=TWICE)))
def last_cmd_counts(start, inside=None):
    """The Dockerfile has {count} CMD lines, and only the last counts: `{last}`. That ended at once, with exit code 0."""
    dockerfile = inside.dockerfile if inside else None
    own = dockerfile.all("CMD", stage=dockerfile.last_stage) if dockerfile else []
    return is_well(start) and len(own) > 1 and {"count": len(own), "last": own[-1].whole}


@mistake(example=ended(code=0, command=("/bin/sh", "-c", "python app.py &")))
def started_in_the_background(start, inside=None):
    """The server was started in the background: the command ends in `&`. The shell then had nothing more to do and ended, and the container with it.
    Leave the `&` out.
    """
    return is_well(start) and (words_of(start, inside) or [""])[-1].endswith("&")


@mistake(example=ended(code=0, command=("gunicorn", "--daemon", "app:app")))
def server_sent_to_the_background(start, inside=None):
    """The server was told to go into the background ({option}): what was started ends at once, and the container with it. Leave that out."""
    words = words_of(start, inside)
    options = [word for word in words if word in ("--daemon", "-D", "--daemonize", "-d")]
    server = any(re.search(r"gunicorn|uwsgi|nginx|waitress|uvicorn", word) for word in words)
    return is_well(start) and server and options and {"option": options[0]}


# The program that it starts


@mistake(example=app('def healthz():\n    return {}\n    app.run(host="0.0.0.0")\n'))
def start_below_a_return(start, inside=None):
    """{file} ran to its end and started no server. Its start, in line {line}, is indented: it belongs to the function `{name}`, and there it is below
    the return, so it is never reached. It must begin at the left edge.
    """
    return ends(Kind.BEHIND_THE_END, start, inside)


@mistake(example=app('@app.get("/")\ndef index():\n    app.run()\n'))
def start_inside_a_view(start, inside=None):
    """{file} ran to its end and started no server. Its start, in line {line}, is indented: it belongs to the function `{name}`, which is called only once
    there is a server. It must begin at the left edge.
    """
    return ends(Kind.IN_A_VIEW, start, inside)


@mistake(example=app("def main():\n    app.run()\n"))
def start_in_a_function(start, inside=None):
    """{file} ran to its end and started no server. Its start, in line {line}, is in the function `{name}`, and nothing calls that."""
    return ends(Kind.IN_A_FUNCTION, start, inside)


@mistake(example=app('if __name__ == "main":\n    app.run()\n'))
def start_under_a_wrong_if(start, inside=None):
    """{file} ran to its end and started no server. The start is below `if {name}:` (line {line}), and that is not true: a file that is run has
    the name "__main__", with two underscores on each side.
    """
    return ends(Kind.GUARDED, start, inside)


@mistake(example=app("app = Flask(__name__)\napp.run\n"))
def start_not_called(start, inside=None):
    """{file} ran to its end and started no server. Line {line} names `{name}` and does not call it: a pair of parentheses is missing."""
    return ends(Kind.NOT_CALLED, start, inside)


@mistake(example=app("Thread(target=app.run, daemon=True).start()\n"))
def start_in_a_thread(start, inside=None):
    """{file} ran to its end. It starts the server in a thread (line {line}), and such a thread ends with the program. Call it directly."""
    return ends(Kind.IN_THE_BACKGROUND, start, inside)


@mistake(example=app("app = Flask(__name__)\n"))
def no_start(start, inside=None):
    """{file} ran to its end: no line of it starts a server.{advice}"""
    seen = ends(Kind.NOWHERE, start, inside)
    advice = (
        ' The last one does that: app.run(host="0.0.0.0", port=5000).'
        if inside and inside.is_bare
        else " Is it the file that is meant?"
    )
    return seen and {**seen, "advice": advice}


@mistake(
    example=ended(
        "[2026-11-30 00:44:57 +0000] [1] [INFO] Listening at: http://0.0.0.0:5000 (1)\n"
        "[2026-11-30 00:44:59 +0000] [1] [INFO] Handling signal: term\n",
        code=0,
        command=("gunicorn", "app:app"),
    )
)
def server_told_to_end(start):
    """The server was up and was told to end: “{line}”, says its log. It did so, with exit code 0. What in the image sends that signal: the HEALTHCHECK, a script?"""
    said = TOLD_TO_END.search(start.log)
    return is_well(start) and said and {"line": said[0].strip()}


@mistake(example=ended(code=0, command=("echo", "hello")))
def ended_at_once(start, inside=None):
    """{what} ran and ended at once, with exit code 0, and no server stayed behind.{advice}"""
    if not is_well(start):
        return None
    if not start.container or (inside and inside.is_bare):
        return {"what": "app.py", "advice": " What should keep it running?"}
    command = f", `{shlex.join(start.command)}`," if start.command else ""
    return {
        "what": f"The container's command{command}",
        "advice": " A container lives as long as its first process: its command must start the server, in the foreground.",
    }


# The exit code


@mistake(example=ended(code=137))
def killed(start):
    """The container was ended with SIGKILL (exit code 137): something stopped it by force."""
    return not start.running and start.code == 137


@mistake(example=ended(code=139))
def crashed(start):
    """The program crashed with a memory error of its own (exit code 139, signal SEGV). That happens in a library made in C, or in one that was made for
    another system.
    """
    return not start.running and start.code == 139


@mistake(example=ended(code=127))
def command_could_not_run(start):
    """The container's command could not be run (exit code {code})."""
    return not start.running and start.code in (126, 127) and {"code": start.code}


@mistake(example=ended("Bye\n", 3))
def exited(start):
    """{how}, with exit code {code}.{log}"""
    said = " The last lines of the log may say why." if messages(start).strip() else " Its log is empty."
    return not start.running and {"how": start.how, "code": start.code, "log": said}


# What runs, and does not listen


@mistake(
    example=runs("Waiting for redis (try 1)\nWaiting for redis (try 2)\nWaiting for redis (try 3)\n", listening=[])
)
def says_the_same_again_and_again(start):
    """The service runs, listens on no port {where}, and its log says again and again: “{line}”."""
    lines = [line.strip() for line in start.log.splitlines()[-20:] if line.strip() and not line[:1].isspace()]
    shapes = Counter(re.sub(r"[\d.:]+", "0", line) for line in lines)
    shape, count = shapes.most_common(1)[0] if shapes else ("", 0)
    line = next((line for line in reversed(lines) if re.sub(r"[\d.:]+", "0", line) == shape), "")
    is_so = (
        start.running and start.listening == [] and count > 2 and "Booting worker" not in line
    )  # one for each of them
    return is_so and {"where": start.where, "line": line[:200]}


@mistake(example=runs(listening=[], command=("sleep", "60")))
def not_listening(start, inside=None):
    """The service runs, but after a while it still listens on no port {where}.{command}"""
    if not start.running or start.listening != []:  # None: nobody looked
        return None
    found = program(start, inside)
    if found and found[1] is None:
        return {"where": start.where, "command": f" {found[0]} starts a server. What does it wait for before that?"}
    command = f" Its command is `{shlex.join(start.command)}`. Does that start the server?" if start.command else ""
    return {"where": start.where, "command": command}
