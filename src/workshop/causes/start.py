r"""What keeps a service from coming up, as far as the engine, the shell or the server names it.

The order: first what was seen from outside, for the log of such a service is about something else: the memory limit,
packages that are installed at the start, the sockets. Then what the server was told, and the file that Python was told to run. This comes
before what Python says of the code, since it names the line of the Dockerfile. A message that a more general one would match too stands
above it. What the engine and the shell say of the command itself is in `commands`.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from workshop.mistakes.mistake import mistake, said
from workshop.probes.inside import File, Inside, known
from workshop.raised import last_in
from workshop.runtimes.evidence import Evidence, Stop


def ended(log: str = "", code: int = 1, inside: Inside | None = None, **more: Any) -> dict[str, Any]:
    """An example: a container that has ended, its log, and what is inside."""
    return {"start": Evidence(False, code, log, **more), "log": log, "inside": inside}


def refused(start_error: str, inside: Inside | None = None) -> dict[str, Any]:
    """An example: a container that the engine could not start."""
    return ended(code=127, start_error=f"docker: Error response from daemon: {start_error}\n", inside=inside)


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


@mistake(example=runs(listening=[("127.0.0.1", 35785)], command=("python", "-m", "pytest", "app")))
def tests_in_place_of_the_service(start):
    """The container runs tests, and not the service: its command is `{command}`. If the Dockerfile has several stages, a build takes the last one
    unless it is told another. Let the service's stage be the last, or name it: `target:` in a compose file, `--target` for docker build.
    """
    tests = any(PurePosixPath(word).name in ("pytest", "unittest") for word in start.command[:3])
    return tests and {"command": " ".join(start.command)}


def listen_command(start: Evidence) -> str:
    """How the server is told to listen where it can be reached."""
    command = " ".join(start.command)
    if "gunicorn" in start.log or "gunicorn" in command:
        return f"gunicorn --bind 0.0.0.0:{start.port}"
    if "waitress" in command:
        return f"waitress-serve --listen=0.0.0.0:{start.port}"
    if "uwsgi" in command:
        return f"http-socket = 0.0.0.0:{start.port}"
    if "flask" in command:
        return f"flask run --host 0.0.0.0 --port {start.port}"
    return f'app.run(host="0.0.0.0", port={start.port})'


@mistake(example=runs(" * Running on https://127.0.0.1:5000\n", listening=[("0.0.0.0", 5000)], tls=True))
def speaks_https(start):
    """The server speaks HTTPS on port {port}, and the lesson asks over HTTP. Leave out what switches it on: a certificate (--cert, --certfile),
    ssl_context.
    """
    return start.stop is Stop.TLS and {"port": start.port}


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


@mistake(example=runs(hung=True))
def start_without_an_answer(start):
    """The app listens on port {port} and takes the request, but gives no answer in time. Does a view, or something
    before it, wait or loop forever? Is it an HTTP server that listens there?
    """
    return start.running and start.hung and {"port": start.port}


@mistake(example={**runs(listening=[("0.0.0.0", 5000)]), "actual": "connection reset\nlog: (empty)"})
def start_without_http(start, actual):
    """The app listens on port {port}, and what came back for a request was: {came}. Is it an HTTP server that listens there?"""
    is_so = start.running and start.on_port and not start.hung
    return is_so and {"port": start.port, "came": str(actual).partition("\n")[0]}


# What a server was told


@mistake(
    example=ended(
        "Error: '= 5000' is not a valid port number.\n", inside=known(dockerfile="FROM x\nENV PORT = 5000\n")
    )
)
def spaces_around_the_equals_sign(start, inside=None):
    """`ENV {name} = {value}`: with spaces around it the = belongs to the value, so {name} is the text “= {value}”. Write ENV
    {name}={value}.
    """
    lines = inside.dockerfile.all("ENV") if not start.running and inside and inside.dockerfile else []
    found = [seen for line in lines if (seen := re.match(r"(?P<name>\w+)\s+=\s*(?P<value>.+)", line.text))]
    told = [seen for seen in found if f"= {seen['value']}" in start.text]
    return told and told[0].groupdict()


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


def shadows(inside: Inside | None, module: str) -> str | None:
    """A folder that Python takes for the module of a file beside it: it has an __init__.py. None if there is none."""
    if not inside:
        return None
    places = [name.removesuffix("/__init__.py") for name in inside.names if name.endswith("/__init__.py")]
    return next(
        (place for place in places if place.rpartition("/")[2] == module and f"{place}.py" in inside.names), None
    )


TWO_OF_ONE_NAME = known(["app.py", "app/__init__.py"])


@mistake(example=ended("Failed to find attribute 'app' in 'app'.\n", inside=TWO_OF_ONE_NAME))
def folder_called_like_the_module(start, inside=None):
    """Beside {folder}.py is a folder {folder} with an __init__.py. Python takes the folder for the module `{module}`, and what the server looks for
    is not in it. Rename one of the two, or remove the folder.
    """
    seen = said(
        r"^(?:Error: )?Failed to find (?:attribute '\w+' in|Flask application or factory in module) '(?P<module>\w+)'"
        r"|^ImportError: cannot import name '\w+' from '(?P<imported>\w+)' \(\S+/__init__\.py\)",
        messages(start),
    )
    module = next((seen[name] for name in ("module", "imported") if seen[name] != "it"), "") if seen else ""
    folder = shadows(inside, module)
    return folder and {"folder": folder, "module": module}


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


@mistake(
    example=ended(
        "ModuleNotFoundError: No module named '--threads 4'\n", command=("gunicorn", "--threads 4", "app:app")
    )
)
def option_and_value_in_one_item(start):
    """`{item}` stands in the list of the command as one item, so the server takes it for one word, with the space in it. Each word is an item
    of its own: {apart}.
    """
    told = said(
        r"(?:No module named|unrecognized arguments:|No such option:) '?(?P<item>--?[\w-]+ [^'\n]+?)'?$",
        messages(start),
    )
    if not told or told["item"] not in start.command:
        return None
    return {**told, "apart": ", ".join(f'"{word}"' for word in told["item"].split())}


@mistake(example=ended("RuntimeError: gevent worker requires gevent 24.10.1 or higher\n"))
def worker_without_its_package(start):
    """The server was told to use the worker {worker}, and the package {package} is missing or too old: “{said}”. Name it in
    requirements.txt, or choose a worker that needs none: sync or gthread.
    """
    return said(
        r"^(?:\w+Error: )?(?P<said>(?P<worker>\w+) worker requires (?P<package>[\w-]+)[^\n]*)$", messages(start)
    )


@mistake(
    example=ended(
        "\nError: 'gunicorn.conf.py' doesn't exist\n", command=("gunicorn", "-c", "gunicorn.conf.py", "app:app")
    )
)
def settings_file_not_found(start):
    """The server was told to read its settings from {file}, and finds no such file in the container. Is it copied into the image, and to the folder
    that the command begins in?
    """
    told = said(r"^Error: '(?P<file>[^'\n]+)' doesn't exist$", messages(start))
    command = " ".join(start.command)
    return told and "gunicorn" in command and told["file"] in command and told  # the app itself may say such words


@mistake(example=ended("Failed to find attribute 'application' in 'app'.\n"))
def app_of_another_name(start):
    """The server finds no application under the name that it was given{name}. For `app = Flask(__name__)` in app.py the name
    is `app:app`.
    """
    seen = said(
        r"^(?:Error: )?(?:Could not import '[^']+'|Failed to find (?:Flask application|attribute(?: '(?P<name>[^']+)')?))",
        messages(start),
    )
    name = f", `{seen['name']}`" if seen and seen.get("name") not in (None, "it") else ""
    return seen and {**seen, "name": name}


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


NO_FILE = r"can't open file '(?P<file>[^']+)': \[Errno 2\]"
NOT_THERE = "python: can't open file '/app/{}': [Errno 2] No such file or directory\n"


def named_otherwise(start: Evidence, inside: Inside | None, *places: str) -> tuple[dict[str, str], list[str]]:
    """The file that Python does not find, its name, and those of the `places` that end in that name, whatever their capitals."""
    seen = said(NO_FILE, messages(start))
    if not seen or not inside:
        return {}, []
    name = seen["file"].rpartition("/")[2]
    return {**seen, "name": name}, [one for one in places if one.rpartition("/")[2].lower() == name.lower()]


@mistake(example=ended(NOT_THERE.format("App.py"), 2, inside=known(files=["/app/app.py"])))
def file_in_other_capitals(start, inside=None):
    """Python finds no file {file}: in the image it is {near}. Linux tells capitals from small letters; Windows and macOS do not."""
    seen, places = named_otherwise(start, inside, *(inside.files if inside else ()))
    near = [one for one in places if one.lower() == seen["file"].lower() and one != seen["file"]] if seen else []
    return near and {**seen, "near": near[0]}


def mounted(destination: str) -> Inside:
    """An example: a container with app.py, and something mounted over the folder that it is in."""
    inside = known(files=["/app/app.py"])
    inside.details["Mounts"] = [{"Destination": destination}]
    return inside


@mistake(example=ended(NOT_THERE.format("app.py"), 2, inside=mounted("/app")))
def hidden_by_a_mount(start, inside=None):
    """Python finds no file {file}. The image has it, and a volume or folder that is mounted on {mount} hides what the image has there."""
    seen = said(NO_FILE, messages(start)) or {}
    over = (
        [place for place in inside.mounts if f"{seen['file']}/".startswith(f"{place.rstrip('/')}/")]
        if seen and inside
        else []
    )
    return over and seen["file"] in inside.files and {**seen, "mount": over[0]}


@mistake(example=ended("python: can't open file '//app.py': [Errno 2] No such file or directory\n", 2))
def no_workdir(start):
    """Python looks for {file}, in the container's topmost folder. WORKDIR names the folder that a container starts in;
    `RUN cd` holds for its own line only.
    """
    return said(r"can't open file '/(?P<file>/[^'/\n]+)': \[Errno 2\]", messages(start))


def elsewhere(start: Evidence, inside: Inside | None) -> dict[str, str]:
    """The file that Python does not find, one of that name that the image has at another place (or of that name and `.py`), and where the command begins."""
    seen = said(NO_FILE, messages(start))
    if not seen or not inside:
        return {}
    name = seen["file"].rstrip("/").rpartition("/")[2]
    names = {name, name if name.endswith(".py") else f"{name}.py"}
    own = [path for path in inside.files if "-packages/" not in path and "/lib/python" not in path]
    near = [path for path in own if path.rpartition("/")[2] in names and path.endswith(".py")]
    return {**seen, "near": near[0], "workdir": inside.workdir} if near else {}


@mistake(example=ended(NOT_THERE.format("app.py"), 2, inside=known(files=["/srv/app.py"])))
def starts_in_another_folder(start, inside=None):
    """Python finds no file {file}; the image has {near}. The command begins in {workdir}: let WORKDIR name the folder that the file is copied to."""
    seen = elsewhere(start, inside)
    is_bare = seen and seen["file"] == f"{seen['workdir'].rstrip('/')}/{seen['near'].rpartition('/')[2]}"
    return is_bare and seen


@mistake(example=ended(NOT_THERE.format("app/app.py"), 2, inside=known(files=["/app/app.py"])))
def command_names_another_path(start, inside=None):
    """Python finds no file {file}; the image has {near}. The command begins in {workdir}, and names the file from there or by its whole path: write
    {near} in CMD.
    """
    return elsewhere(start, inside)


@mistake(example=ended(NOT_THERE.format("server.py"), 2, inside=known(["app.py"], files=["/app/app.py"])))
def file_not_in_the_folder(start, inside=None):
    """Python finds no file {file}, neither in the image nor in your folder, which has {own}."""
    seen, places = named_otherwise(start, inside, *(inside.names if inside else ()))
    own = [name for name in inside.names if name.endswith(".py")] if seen else []
    return seen and inside.files and not places and own and {**seen, "own": ", ".join(own[:4])}


@mistake(example=ended(NOT_THERE.format("app.py"), 2, inside=known(["app.py"], files=["/app/other.py"])))
def app_not_copied(start, inside=None):
    """Python finds no file {file}. It is in your folder and was not copied into the image, or not to that place."""
    seen, places = named_otherwise(start, inside, *(inside.names if inside else ()))
    return seen and inside.files and places and seen["file"] not in inside.files and seen


@mistake(example=ended(NOT_THERE.format("app.py"), 2))
def file_not_found(start):
    """Python finds no file {file} in the container. Is it copied there, and does WORKDIR name the folder that it is
    copied to?
    """
    return said(NO_FILE, messages(start))


CLOSED = known(files=["/root/app/app.py"], User="nobody", WorkingDir="/root/app")
CLOSED.files["/root"] = File("drwx------", 0, "/root")


@mistake(example=ended("python: can't open file '/root/app/app.py': [Errno 13] Permission denied\n", 2, inside=CLOSED))
def file_in_a_closed_folder(start, inside=None):
    """The container's user, {user}, may not read {file}: the folder {folder} is closed to everybody but its owner. Copy the files to a folder
    of their own, as /app.
    """
    seen = said(r"can't open file '(?P<file>[^']+)': \[Errno 13\]", messages(start))
    if not seen or not inside or inside.user in ("root", "0"):
        return None
    above = [inside.files.get(str(path)) for path in PurePosixPath(seen["file"]).parents]
    closed = [
        one for one in above if one and one.mode.startswith("drwx") and one.mode.endswith("------") and not one.uid
    ]
    return closed and {**seen, "folder": closed[-1].path, "user": inside.user}


@mistake(example=ended("python: can't open file '/app/app.py': [Errno 13] Permission denied\n", 2))
def file_not_readable(start):
    """The container's user may not read {file}. Give the file to that user (`COPY --chown`), or let everyone read it
    (`COPY --chmod=644`).
    """
    return said(r"can't open file '(?P<file>[^']+)': \[Errno 13\]", messages(start))
