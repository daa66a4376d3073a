r"""What keeps a service from coming up, as far as the engine, the shell or the server names it.

The order: first what was seen from outside, for the log of such a service is about something else: the memory limit,
packages that are installed at the start, the sockets. Then what is said of the container's command. This comes before
what Python says of the code (python.py), since it names the line of the Dockerfile. A message that a more general one
would match too stands above it: `exec: "app.py": permission denied` is a Python file taken for a program first.
"""

from __future__ import annotations

from typing import Any

from workshop.mistakes.mistake import mistake, said
from workshop.raised import last_in
from workshop.runtimes.evidence import Evidence, Stop

SHELL = r"^\S*sh: (?:line )?(?:\d+: )?(?:exec: )?"  # how a shell begins its messages: "/bin/sh: 1: "
NO_COMMAND = r"(?:stat [^:]+: no such file or directory|executable file not found)"


def ended(log: str = "", code: int = 1, **more: Any) -> dict[str, Any]:
    """An example: a container that has ended, and its log."""
    return {"start": Evidence(False, code, log, **more), "log": log}


def refused(start_error: str) -> dict[str, Any]:
    """An example: a container that the engine could not start."""
    return ended(code=127, start_error=f"docker: Error response from daemon: {start_error}\n")


def runs(log: str = "", **more: Any) -> dict[str, Any]:
    """An example: a container that runs and does not answer."""
    return {"start": Evidence(True, 0, log, **more), "log": log}


def messages(start: Evidence) -> str:
    """What tools said when a service ended: all lines but the indented ones, which quote source. Empty while it runs."""
    lines = [] if start.running else start.text.splitlines()
    return "\n".join(line for line in lines if not line[:1].isspace())


# Seen from outside


@mistake(example=ended(code=137, oom=True))
def out_of_memory(start):
    """The container was stopped because it used more memory than it may. What in the app grows without a limit?"""
    return start.oom and not start.running


PIP = "WARNING: Retrying (Retry(total=4)) after connection broken by 'pip._vendor.urllib3.exceptions.NewConnectionError'\n"


@mistake(example=runs(PIP))
def packages_at_the_start(start):
    """The container installs packages when it starts, each time again, and here it cannot reach the internet. Install
    them while the image is built: `RUN pip install …` in the Dockerfile.
    """
    return start.stop is Stop.INSTALLS or (not start.running and start._replace(running=True).stop is Stop.INSTALLS)


def listen_command(start: Evidence) -> str:
    """How the server is told to listen where it can be reached."""
    if "gunicorn" in start.log:
        return f"gunicorn --bind 0.0.0.0:{start.port}"
    return f'app.run(host="0.0.0.0", port={start.port}), or flask run --host 0.0.0.0 --port {start.port}'


@mistake(example=runs(" * Running on http://127.0.0.1:5000\n", listening=[("127.0.0.1", 5000)]))
def listens_on_loopback(start):
    """The app listens on {address}:{port} {where}. {there}; nothing from outside can reach it. Listen on 0.0.0.0:
    {command}.
    """
    there = (
        "There, that is the container itself"
        if start.container
        else "That is this machine alone, and in a container the container alone"
    )
    return start.stop is Stop.LOOPBACK and {
        "address": start.on_port[0],
        "port": start.port,
        "where": start.where,
        "there": there,
        "command": listen_command(start),
    }


@mistake(example=runs(listening=[("0.0.0.0", 8080)]))
def listens_on_another_port(start):
    """The app listens on port {other}, and the lesson asks for port {port} of 0.0.0.0. Set it where the server is
    started: {command}.
    """
    if start.stop is not Stop.OTHER_PORT:
        return None
    address, port = start.on_other_ports[0]
    other = f"{port} of {address}" if address.startswith("127.") else port
    return {"other": other, "port": start.port, "command": listen_command(start)}


@mistake(example=runs(listening=[("0.0.0.0", 5000)], hung=True))
def start_without_an_answer(start):
    """The app listens on port {port} and takes the request, but gives no answer in time. Does a view, or something
    before it, wait or loop forever? Is it an HTTP server that listens there?
    """
    return start.running and bool(start.hung or start.on_port) and {"port": start.port}


# What a server was told


@mistake(example=ended("Name or service not known\n"))
def host_is_no_address(start):
    """The host that the server was given is not an address. The port does not belong in it: app.run(host="0.0.0.0",
    port=5000).
    """
    pattern = r"^(?:Name or service not known|nodename nor servname provided, or not known|\[Errno 11001\] getaddrinfo failed)$"
    return said(pattern, messages(start))


@mistake(example=ended("Cannot assign requested address\n"))
def no_such_address(start):
    """The server was given an address that the container does not have. 0.0.0.0 means every address that it has."""
    return said(r"^(?:OSError: )?(?:\[Errno 99\] )?Cannot assign requested address", messages(start))


@mistake(example=ended("Error: '' is not a valid port number.\n"))
def variable_not_set(start):
    """The server was given an empty port: its command names a variable, PORT perhaps, that nothing has set. Set it in
    the Dockerfile, ENV PORT=5000, or give a default: ${PORT:-5000}.
    """
    return said(r"^Error: '' is not a valid port number|'--port' / '-p': '' is not", messages(start))


@mistake(example=ended("Error: '$PORT' is not a valid port number.\n"))
def variable_not_replaced(start):
    """The server was given the text ${name} itself: in the exec form, CMD ["…", "…"], no shell reads the line, so
    nothing replaces ${name}. Let the program read its environment (gunicorn takes PORT by itself if it is given no
    --bind), or write CMD ["sh", "-c", "exec … ${name}"].
    """
    return said(r"(?:^Error: |'--port' / '-p': |with base 10: )'\$\{?(?P<name>\w+)", messages(start))


@mistake(example=ended("Error: Could not locate a Flask application. Use the 'flask --app' option.\n"))
def flask_app_not_found(start):
    """`flask run` finds no Flask app in the folder that it starts in. Does WORKDIR name the folder that app.py is copied
    to? A file of another name is given with --app: `flask --app NAME run`.
    """
    return said(
        r"Could not locate a Flask application"
        r"|Failed to find Flask application or factory in module '(?:app|wsgi)'",
        messages(start),
    )


@mistake(example=ended("ImportError: Failed to find application, did you mean 'app:app'?\n"))
def gunicorn_app_not_named(start):
    """Gunicorn needs the name of the module, without .py, then a colon and the name of the application. For
    `app = Flask(__name__)` in app.py that is `app:app`.
    """
    return said(
        r"^(?:ImportError: )?Failed to find application, did you mean '[^']+'"
        r"|Error: No application module specified",
        messages(start),
    )


@mistake(example=ended("Failed to find attribute 'application' in 'app'.\n"))
def app_of_another_name(start):
    """The server finds no application under the name that it was given. For `app = Flask(__name__)` in app.py the name
    is `app:app`.
    """
    return said(
        r"^(?:Error: )?(?:Could not import '[^']+'|Failed to find (?:Flask application|attribute))", messages(start)
    )


@mistake(example=ended("Error: No such option: --host 0.0.0.0\n"))
def option_and_value_in_one_string(start):
    """The server takes "{option} {value}" for the name of one option. In a list each word is a string of its own:
    "{option}", "{value}".
    """
    return said(r"No such option:? '?(?P<option>--?[\w-]+) (?P<value>[\w.:]+)", messages(start))


@mistake(example=ended("Error: Got unexpected extra argument (host=0.0.0.0)\n"))
def unexpected_word(start):
    """The server was given a word that it does not expect: {word}. The name of an option begins with two dashes:
    --host=0.0.0.0.
    """
    return said(r"Got unexpected extra arguments? \((?P<word>[^)]*)\)", messages(start))


@mistake(example=ended("Error: No such command 'flask'.\n"))
def command_for_a_command(start):
    """Flask takes the word `{word}` for one of its own commands. ENTRYPOINT and CMD are joined to one command; write
    `{word}` in one of them only.
    """
    return said(r"Error: No such command '(?P<word>flask|python3?|gunicorn)'", messages(start))


@mistake(example=ended("Error: No such command 'app.py'.\n"))
def file_for_a_command(start):
    """Flask takes {file} for one of its own commands. The file comes after --app: `flask --app {file} run --host
    0.0.0.0`.
    """
    return said(r"Error: No such command '(?P<file>[\w./-]+\.py)'", messages(start))


# What Python is told to run


@mistake(
    example=ended("  File \"/bin/sh\", line 1\nSyntaxError: Non-UTF-8 code starting with '\\x80' in file /bin/sh\n")
)
def shell_for_a_file(start):
    """ENTRYPOINT says python, and CMD in the shell form puts /bin/sh after it, so Python reads the shell. Write CMD as a
    list: CMD ["app.py"].
    """
    raised = None if start.running else last_in(start.log)
    return (
        raised
        and raised.type == "SyntaxError"
        and any(file in ("/bin/sh", "/bin/bash", "/bin/dash") for file in raised.files)
    )


@mistake(example=ended("python: can't open file '/app/app.py\\r': [Errno 2] No such file or directory\n", 2))
def crlf_in_a_file_name(start):
    r"""A script has Windows line ends (CRLF): Linux reads the \r as part of the file's name. Save the script with LF line
    ends.
    """
    return said(r"can't open file '[^'\n]*(?:\\r|\r)': \[Errno 2\]", messages(start))


@mistake(example=ended("python: can't open file '/app/flask': [Errno 2] No such file or directory\n", 2))
def command_for_a_file(start):
    """Python takes the word `{word}` for the file to run. ENTRYPOINT and CMD are joined to one command; write `{word}` in
    one of them only. A module is run with -m: `python -m flask run`.
    """
    return said(r"can't open file '[^'\n]*/(?P<word>python3?|flask|gunicorn)': \[Errno 2\]", messages(start))


@mistake(example=ended("python: can't open file '//app.py': [Errno 2] No such file or directory\n", 2))
def no_workdir(start):
    """Python looks for {file}, in the container's topmost folder. WORKDIR names the folder that a container starts in;
    `RUN cd` holds for its own line only.
    """
    return said(r"can't open file '/(?P<file>/[^'/\n]+)': \[Errno 2\]", messages(start))


@mistake(example=ended("python: can't open file '/app/app.py': [Errno 2] No such file or directory\n", 2))
def file_not_found(start):
    """Python finds no file {file} in the container. Is app.py copied there, and does WORKDIR name the folder that it is
    copied to?
    """
    return said(r"can't open file '(?P<file>[^']+)': \[Errno 2\]", messages(start))


@mistake(example=ended("python: can't open file '/app/app.py': [Errno 13] Permission denied\n", 2))
def file_not_readable(start):
    """The container's user may not read {file}. Give the file to that user (`COPY --chown`), or let everyone read it
    (`COPY --chmod=644`).
    """
    return said(r"can't open file '(?P<file>[^']+)': \[Errno 13\]", messages(start))


# What the engine and the shell say of the command


@mistake(example=refused("unable to find user app: no matching entries in passwd file"))
def no_such_user(start):
    """USER names the {kind} {name}, and the image has no {kind} of that name. Make it on a RUN line before: `RUN useradd
    {name}`, `RUN groupadd {name}`.
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
        r"\$'\\r'|\\r'?: (?:command )?not found|'[\w/]*python3?\\r'|/bin/(?:ba)?sh\^M|bad interpreter"
        r"|illegal option -\s*$|set: Illegal option -\s",
        messages(start),
    )


@mistake(example=ended("exec /app/start.sh: exec format error\n", 126))
def no_interpreter(start):
    """The container cannot execute {file}. A script's first line names its interpreter, for instance #!/bin/sh; a program
    must be made for the container's kind of processor.
    """
    return said(r"exec (?P<file>\S+): exec format error", messages(start))


@mistake(example=ended("exec /app/start.sh: no such file or directory\n", 127))
def exec_no_such_file(start):
    """The container cannot start {file}: either the file is not in the image, or its first line (#!…) ends in a Windows
    line end (CRLF), so that there is no such interpreter. Copy the file into the image and save it with LF line ends.
    """
    return said(r"exec (?P<file>\S+): no such file or directory", messages(start))


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


@mistake(example=refused('exec: "./start.sh": permission denied: unknown'))
def not_executable(start):
    """The container may not execute {file}. Make it executable (`RUN chmod +x {file}` or `git update-index --chmod=+x`),
    or start it with `sh {file}`.
    """
    return said(
        rf"""(?:exec:? \\?"?|/docker-entrypoint[^\n]*|{SHELL})(?P<file>[\w./-]+)\\?"?:[^\n]*[Pp]ermission denied""",
        messages(start),
    )


@mistake(example=ended("setpriv: setresuid failed: Operation not permitted\n"))
def needs_a_capability(start):
    """The start script changes its user, and the grader's container has no capability to do so. Set the user in the
    Dockerfile: USER.
    """
    return said(r"^\S*(?:setpriv|gosu|su-exec|su|setuid|setgroups)\b[^\n]*[Oo]peration not permitted", messages(start))
