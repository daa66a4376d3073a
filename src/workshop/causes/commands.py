"""What the engine and the shell say of a container's command: it is not there, may not be run, or is no command at all.

A message that a more general one would match too stands above it: `exec: "app.py": permission denied` is a Python file taken for a program
first. A command that is not found is looked for in the image before it is said not to be installed.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

from workshop.causes.start import ended, messages, refused, runs
from workshop.mistakes.mistake import mistake, said
from workshop.probes.inside import Inside, known
from workshop.runtimes.evidence import Evidence

SHELL = r"^\S*sh: (?:line )?(?:\d+: )?(?:exec: )?"  # how a shell begins its messages: "/bin/sh: 1: "
SITE = "/usr/local/lib/python3.13/site-packages"
NO_COMMAND = r"(?:stat [^:]+: no such file or directory|executable file not found)"


NO_USER = "unable to find user note: no matching entries in passwd file"


@mistake(
    example=refused(NO_USER, known(dockerfile="FROM python:3.13-slim\nRUN useradd --create-home notes\nUSER note\n"))
)
def user_misspelt(start, inside=None):
    """USER names the user {name}, and the image has none of that name. The Dockerfile makes one that is called {made}: both must be spelled
    the same.
    """
    wanted = said(r"unable to find user (?P<name>[\w.-]+): no matching entries", messages(start))
    if not wanted or not inside or not inside.dockerfile:
        return None
    lines = inside.dockerfile.all("RUN")
    made = [
        name
        for line in lines
        for name in re.findall(r"\b(?:useradd|adduser)\b[^&|;]*?\s([\w.-]+)\s*(?=$|&|;)", line.text)
    ]
    near = difflib.get_close_matches(wanted["name"], made, 1) if wanted["name"] not in made else []
    return near and {**wanted, "made": near[0]}


@mistake(example=refused("unable to find user app: no matching entries in passwd file"))
def no_such_user(start):
    """USER names the {kind} {name}, and the image has no {kind} of that name. Make it on a RUN line before: `RUN {kind}add
    {name}`.
    """
    return said(r"unable to find (?P<kind>user|group) (?P<name>[\w.-]+): no matching entries", messages(start))


@mistake(example=refused('exec: "./app.py": permission denied: unknown'))
def python_file_as_a_program(start):
    """The container takes {file} for a program of its own. Python must run it: CMD ["python", "app.py"]."""
    return said(
        rf"""(?:exec:? \\?"?|{SHELL})(?P<file>[\w./-]+\.py)\\?"?: """
        r"(?:executable file not found|not found|exec format error|[^\n]*ermission denied)",
        messages(start),
    )


@mistake(example=ended("/bin/sh: 1: [python,: not found\n", 127))
def not_a_list(start):
    """CMD or ENTRYPOINT is not a list, so a shell takes the bracket for a command. The list is JSON: plain double quotes,
    commas, two brackets: CMD ["python", "app.py"].
    """
    return said(SHELL + r"\[\S*: (?:command )?not found", messages(start))


@mistake(example=ended("/usr/bin/env: 'python\\r': No such file or directory\n", 127))
def crlf_in_a_script(start):
    r"""A script has Windows line ends (CRLF): Linux reads the \r as part of the command. Save it with LF line ends."""
    return said(
        r"\$'\\r'|\\r'?: (?:command )?not found|env: \S+\\r\S*: No such file|/bin/(?:ba)?sh\^M|bad interpreter"
        r"|illegal option -\s*$|set: Illegal option -\s",
        messages(start),
    )


@mistake(example=ended("exec /app/start.sh: exec format error\n", 126))
def no_interpreter(start):
    """The container cannot execute {file}. A script's first line names its interpreter, for instance #!/bin/sh; a program
    must be made for the container's kind of processor.
    """
    return said(r"exec (?P<file>\S+): exec format error", messages(start))


NO_FILE = r"^exec (?P<file>\S+): no such file or directory"


def interpreter_of(start: Evidence, inside: Inside | None) -> dict[str, Any] | None:
    """The script that could not be started though it is there, its first line, and the program that this names."""
    seen = said(NO_FILE, messages(start))
    text = inside.source(seen["file"]) if seen and inside else None
    first = text.partition("\n")[0] if text else ""
    return (
        {**seen, "first": first, "program": first[2:].split()[0]}
        if seen and first[:2] == "#!" and first[2:].split()
        else None
    )


SAVED_ON_WINDOWS = known(texts={"start.sh": "#!/bin/sh\r\nexec python app.py\r\n"})


@mistake(example=ended("exec /app/start.sh: no such file or directory\n", 127, inside=SAVED_ON_WINDOWS))
def first_line_of_windows(start, inside=None):
    r"""The first line of {file} ends in a Windows line end (CRLF): Linux looks for a program called `{program}\r`. Save the file with LF line ends."""
    seen = interpreter_of(start, inside)
    return seen and seen["first"].endswith("\r") and seen


WITHOUT_BASH = known(texts={"start.sh": "#!/bin/bash\nexec python app.py\n"}, files=["/bin/sh*"])


@mistake(example=ended("exec /app/start.sh: no such file or directory\n", 127, inside=WITHOUT_BASH))
def no_such_interpreter(start, inside=None):
    """The first line of {file} names the program that reads the file, {program}, and the image has none there.{instead}"""
    seen = interpreter_of(start, inside)
    if not seen or not inside.files or seen["program"] in inside.files:
        return None
    name = seen["program"].rpartition("/")[2]
    others = [path for path in inside.files if path.endswith(f"/bin/{name}")]
    return seen | {"instead": f" It has {others[0]}." if others else " Every image with a shell has /bin/sh."}


@mistake(example=ended("exec /app/start.sh: no such file or directory\n", 127))
def exec_no_such_file(start):
    """The container cannot start {file}: either the file is not in the image, or its first line (#!…) names a program that is not there. A Windows
    line end (CRLF) behind that name is part of it.
    """
    return said(NO_FILE, messages(start))


@mistake(example=ended("/bin/sh: 1: python app.py: not found\n", 127))
def command_in_quotes(start):
    """The container's shell looks for one command called `{command}`. Take the quotes off, or write a list: CMD
    ["python", "app.py"].
    """
    return said(SHELL + r"(?P<command>\w+ [^:\n]+): (?:command )?not found", messages(start))


@mistake(example=refused('exec: "cd": executable file not found in $PATH: unknown'))
def shell_word_in_a_list(start):
    """`{word}` belongs to the shell, and no shell reads a list. WORKDIR names the folder, ENV sets a variable, and CMD
    starts one command.
    """
    return said(r'exec: \\?"(?P<word>cd|source|export|&&)\\?": executable file not found', messages(start))


@mistake(example=refused('exec: "python app.py": executable file not found in $PATH: unknown'))
def words_in_one_string(start):
    """The container looks for one command called `{command}`. In a list each word is a string of its own: CMD ["python",
    "app.py"].
    """
    return said(rf'exec: \\?"(?P<command>\S+ [^"\\]+)\\?": {NO_COMMAND}', messages(start))


@mistake(example=refused('exec: "start.sh": executable file not found in $PATH: unknown'))
def script_not_in_path(start):
    """The container looks for {file} where its commands are, not in its folder. Say where it is: ./{file}. It must be
    copied into the image, too.
    """
    return said(r'exec: \\?"(?P<file>[\w-]+\.(?:sh|py))\\?": executable file not found', messages(start))


def command_missing(start: Evidence) -> dict[str, Any]:
    """The command that the engine or the shell did not find; empty if each was found. Of a container that runs, nothing is said."""
    text = messages(start)
    return (
        said(rf'exec: \\?"(?P<command>[^"\\]+)\\?": {NO_COMMAND}', text)
        or said(SHELL + r"(?P<command>[^\s:\\]+): (?:command )?not found", text)
        or {}
    )


def programs(inside: Inside | None, name: str) -> list[str]:
    """Where an image has a program of this name."""
    return (
        [path for path, file in inside.files.items() if path.endswith(f"/bin/{name}") and file.is_executable]
        if inside
        else []
    )


UNKNOWN = 'exec: "gunicorn": executable file not found in $PATH: unknown'


@mistake(example=refused(UNKNOWN, inside=known(files=["/venv/pyvenv.cfg", "/venv/bin/gunicorn*"])))
def command_in_an_environment(start, inside=None):
    """The container cannot start `{command}` by its name alone: it is in the virtual environment {venv}. Put that before the other folders, `ENV
    PATH="{venv}/bin:$PATH"`, or write the whole path, {place}.
    """
    seen = command_missing(start)
    places = programs(inside, seen["command"]) if seen else []
    venvs = [place.rpartition("/bin/")[0] for place in places]
    return next(
        (
            {**seen, "place": place, "venv": venv}
            for place, venv in zip(places, venvs, strict=True)
            if f"{venv}/pyvenv.cfg" in inside.files
        ),
        None,
    )


@mistake(example=refused(UNKNOWN, inside=known(files=["/root/.local/bin/gunicorn*"], User="app")))
def command_in_a_home(start, inside=None):
    """The container cannot start `{command}`: `pip install --user` has put it into {folder}, the home of another user than the one that the container
    runs as ({user}), or PATH does not name that folder. Install without --user.
    """
    seen = command_missing(start)
    places = [place for place in programs(inside, seen["command"]) if "/.local/bin/" in place] if seen else []
    return places and {**seen, "folder": places[0].rpartition("/")[0], "user": inside.user}


@mistake(example=refused(UNKNOWN, inside=known(files=["/opt/tools/bin/gunicorn*"])))
def command_outside_path(start, inside=None):
    """The container cannot start `{command}` by its name alone. The image has it as {place}, and PATH does not name that folder. Write the whole
    path; or, if an ENV PATH of yours replaced what the base image had, keep it: `ENV PATH=…:$PATH`.
    """
    seen = command_missing(start)
    places = (
        [place for place in programs(inside, seen["command"]) if place.rpartition("/")[0] not in inside.path]
        if seen
        else []
    )
    return places and {**seen, "place": places[0]}


@mistake(example=refused(UNKNOWN, inside=known(files=[f"{SITE}/gunicorn/__init__.py"])))
def package_without_its_command(start, inside=None):
    """The container cannot start `{command}`: the package of that name is in the image ({place}), and its command is not. Commands are installed
    into /usr/local/bin: a COPY --from that takes site-packages alone leaves them behind. Copy that folder too, or write python -m {command}.
    """
    seen = command_missing(start)
    places = inside.module_places(seen["command"]) if seen and inside and seen["command"].isidentifier() else []
    sites = [place for place in places if place.endswith("-packages")]
    return sites and {**seen, "place": sites[0]}


PYTHON3_ALONE = known(files=["/usr/bin/python3*"])


@mistake(example=refused('exec: "python": executable file not found in $PATH: unknown', inside=PYTHON3_ALONE))
def python_is_called_python3(start, inside=None):
    """The container cannot start `python`. In this image it is called python3."""
    seen = command_missing(start)
    return seen and seen["command"] == "python" and programs(inside, "python3")


@mistake(
    example=refused(
        'exec: "./start.sh": stat ./start.sh: no such file or directory',
        inside=known(["start.sh"], files=["/srv/start.sh*"]),
    )
)
def script_in_another_folder(start, inside=None):
    """The container cannot start `{command}`: it begins in {workdir}, and the file is {place}. Write that path, or let WORKDIR name its folder."""
    seen = command_missing(start)
    if not seen or "/" not in seen["command"] or not inside:
        return None
    name = seen["command"].rpartition("/")[2]
    own = (
        [path for path in inside.files if path.endswith(f"/{name}")]
        if name in [one.rpartition("/")[2] for one in inside.names]
        else []
    )
    return own and {**seen, "workdir": inside.workdir, "place": own[0]}


@mistake(
    example=refused(
        'exec: "./start.sh": stat ./start.sh: no such file or directory',
        inside=known(["start.sh"], files=["/app/app.py"]),
    )
)
def script_not_copied(start, inside=None):
    """The container cannot start `{command}`: the file is in your folder, and was not copied into the image."""
    seen = command_missing(start)
    name = seen["command"].rpartition("/")[2] if seen else ""
    return inside and inside.files and name in [one.rpartition("/")[2] for one in inside.names] and seen


@mistake(example=refused('exec: "gunicorn": executable file not found in $PATH: unknown'))
def command_not_found(start):
    """The container cannot start `{command}`: there is no such command in the image. Check its spelling. Is it installed,
    or copied, into the image?
    """
    return said(rf'exec: \\?"(?P<command>[^"\\]+)\\?": {NO_COMMAND}', messages(start))


@mistake(example=ended("/bin/sh: 1: gunicorn: not found\n", 127))
def shell_command_not_found(start):
    """The shell in the container knows no command `{command}`. Check its spelling. Is it installed in the image? A list
    looks like this: CMD ["python", "app.py"].
    """
    return said(SHELL + r"(?P<command>[^\s:\\]+): (?:command )?not found", messages(start))


NOT_ALLOWED = (
    rf"""(?:exec:? \\?"?|/docker-entrypoint[^\n]*|{SHELL})(?P<file>[\w./-]+)\\?"?:[^\n]*[Pp]ermission denied"""
)
AFTER_CHMOD = 'FROM python:3.13-slim\nCOPY start.sh .\nRUN chmod +x start.sh\nCOPY . .\nENTRYPOINT ["./start.sh"]\n'


@mistake(example=refused('exec: "./start.sh": permission denied: unknown', inside=known(["start.sh"], AFTER_CHMOD)))
def chmod_undone_by_a_copy(start, inside=None):
    """The container may not execute {file}. `{chmod}` made it executable, and `{copy}`, further down, has brought the file once more as it is in your
    folder, without that right. Put the chmod below the last COPY.
    """
    seen = said(NOT_ALLOWED, messages(start)) or {}
    if not seen or not inside or not inside.dockerfile:
        return None
    name = seen["file"].rpartition("/")[2]
    chmods = [one for one in inside.dockerfile.shipped("RUN") if re.search(rf"chmod\b.*{re.escape(name)}", one.text)]
    copies = [
        one
        for one in inside.dockerfile.shipped("COPY", "ADD")
        if chmods
        and one.line > chmods[-1].line
        and brings(one.words[:-1], name)
        and not one.flag("chmod")
        and not one.flag("from")
    ]
    return copies and {**seen, "chmod": chmods[-1].whole, "copy": copies[-1].whole}


def brings(sources: list[str], name: str) -> bool:
    """Whether a COPY of these brings a file of this name: it names the file, or a folder."""
    return any(word.rpartition("/")[2] in (name, "", ".", "*", "*.sh") for word in sources)


@mistake(
    example=refused(
        'exec: "/root/start.sh": permission denied: unknown', inside=known(files=["/root/start.sh*"], User="app")
    )
)
def not_for_this_user(start, inside=None):
    """The container runs as {user}, who may not execute {file}: its mode is {mode}, or the way to it leads through a folder that is closed to {user}.
    Put it where {user} may go, or give everyone the right: RUN chmod 755 {file}.
    """
    seen = said(NOT_ALLOWED, messages(start)) or {}
    if not seen or not inside or inside.user in ("root", "0"):
        return None
    path = (
        seen["file"]
        if seen["file"].startswith("/")
        else f"{inside.workdir.rstrip('/')}/{seen['file'].removeprefix('./')}"
    )
    file = inside.files.get(path)
    return file and file.is_executable and {**seen, "user": inside.user, "mode": file.mode}


@mistake(example=refused('exec: "./start.sh": permission denied: unknown'))
def not_executable(start):
    """The container may not execute {file}. Make it executable (`RUN chmod +x {file}`, or `git update-index --chmod=+x`),
    or start it with `sh {file}`.
    """
    return said(NOT_ALLOWED, messages(start))


@mistake(example=ended("setpriv: setresuid failed: Operation not permitted\n"))
def needs_a_capability(start):
    """The start script changes its user, and the grader's container has no capability to do so. Set the user in the
    Dockerfile: USER.
    """
    return said(r"^\S*(?:setpriv|gosu|su-exec|su|setuid|setgroups)\b[^\n]*[Oo]peration not permitted", messages(start))


# What a container that runs says again and again


@mistake(example=runs("/app/start.sh: line 3: nc: command not found\n" * 3))
def waits_with_a_missing_tool(start):
    """The container runs, starts no server, and says again and again that it has no command `{tool}`. A script that waits with it for something else
    waits for ever. Slim images leave such tools out: let Python ask, or do without the wait.
    """
    tools = re.findall(r"^\S*?: (?:line )?\d+: ([\w.-]+): (?:command )?not found$", start.log, re.MULTILINE)
    return start.running and not start.on_port and len(tools) > 2 and {"tool": tools[-1]}
