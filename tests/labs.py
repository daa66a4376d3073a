"""A lab on a checkout of its own, so that a test's notebooks and settings are not the developer's."""

import contextlib
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import websocket
import yaml
from calling import COMMAND
from missing import cannot

from workshop.course.places import ROOT
from workshop.engine import engine, packages
from workshop.wire.sockets import free_port

ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/(\S*)\?token=(\w+)")
PATIENCE = 60.0  # seconds in which JupyterLab starts on a busy machine


def checkout(folder, *more):
    """A copy of what the lab needs of this checkout, and of `more`; returns the folder."""
    unwanted = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("lessons", "notebooks", "src", *more):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


class Lab:
    """`./workshop lab --no-browser WORDS`, called in a copy of the checkout, with Jupyter's settings in there as well."""

    def __init__(self, folder, *words, **env):
        self.folder = folder
        own = {f"JUPYTER_{name}_DIR": str(folder / "jupyter" / name.lower()) for name in ("CONFIG", "DATA")}
        own |= {
            "IPYTHONDIR": str(folder / "ipython"),
            "PYTHONPATH": str(folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.process = subprocess.Popen(
            [*COMMAND, "lab", "--no-browser", *words],
            cwd=folder,
            env={**os.environ, **own, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines = queue.Queue()
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def line_with(self, pattern):
        """Waits for a line in which the pattern is found, and returns the match."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=1)
                assert line is not None, f"the lab ended: {self.said}"
                self.said += line
                if found := re.search(pattern, line):
                    return found
        raise AssertionError(f"nothing like {pattern!r} in: {self.said}")

    def rest(self):
        """All that it has said, once it has ended."""
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            self.said += line
        return self.said

    def wait_until_up(self):
        """Waits for the address that it prints, and until it answers there; afterwards `base`, `path` and `token` are known."""
        self.base, self.path, self.token = self.line_with(ADDRESS).groups()
        end = time.monotonic() + PATIENCE
        while True:
            try:
                assert ask(f"{self.base}/api")[0] == 200
                return self
            except urllib.error.URLError:
                assert self.process.poll() is None and time.monotonic() < end, self.said
                time.sleep(0.05)

    def interrupt(self):
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def close(self):
        """Ends it where it still runs: with Ctrl-C, and if that does not help, harder."""
        self.interrupt()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._reader.join(20)
        self.process.wait()
        self.process.stdout.close()


class Composed:
    """What compose.workshop.yaml brings up, out of a copy of the checkout, under a name of its own."""

    def __init__(self, folder, project):
        self.folder, self.page_port, self.port = folder, free_port(), free_port()
        files = [word for name in ("compose.workshop.yaml", "override.yaml") for word in ("--file", name)]
        self.words = ("docker", "compose", "--project-name", project, *files)

    def compose(self, *args):
        """What `docker compose ARGS` prints."""
        ports = {"LAB_PORT": str(self.port), "PAGE_PORT": str(self.page_port)}
        env = {**os.environ, **ports, "PWD": str(self.folder)}
        done = subprocess.run(
            [*self.words, *args], cwd=self.folder, env=env, capture_output=True, text=True, timeout=400, check=False
        )
        if done.returncode:  # why a service ended stands in its log alone
            logs = subprocess.run(
                [*self.words, "logs", "--tail", "50"],
                cwd=self.folder,
                env=env,
                capture_output=True,
                text=True,
                check=False,
            )
            raise AssertionError(f"{done.stdout}{done.stderr}{logs.stdout}")
        return done.stdout

    def inside(self, *command):
        """What a command prints in the workshop's container, with the rights of the terminal there."""
        who = f"{self.folder.stat().st_uid}:{Path('/var/run/docker.sock').stat().st_gid}"
        return self.compose("exec", "--no-TTY", "--user", who, "workshop", *command)


def _reaching_packages(place, scratch):
    """What a compose file adds so that a build reaches packages as this machine does; the Dockerfile gets its mounts."""
    dockerfile = place / "src" / "workshop" / "alone" / "Dockerfile"
    flags, text = packages.for_build(dockerfile.read_text(encoding="utf-8"), scratch)
    dockerfile.write_text(text, encoding="utf-8")
    told = list(zip(flags[::2], flags[1::2], strict=True))
    secrets = dict(re.fullmatch("id=(.*?),src=(.*)", value).groups() for flag, value in told if flag == "--secret")
    build = {"secrets": list(secrets), "args": [value for flag, value in told if flag == "--build-arg"]}
    services = {name: {"build": build} for name in ("workshop", "lab")}
    return {"services": services, "secrets": {name: {"file": path} for name, path in secrets.items()}}


@contextlib.contextmanager
def by_docker_alone(folder, *more):
    """The checkout's compose file with all that it needs, and `more`, in a copy below `folder`; taken down with the block."""
    if engine.is_remote():
        cannot("mounts a folder of this machine")
    place = checkout(folder / "checkout", "compose.workshop.yaml", ".dockerignore", "requirements.txt", *more)
    (place / "override.yaml").write_text(yaml.safe_dump(_reaching_packages(place, folder)), encoding="utf-8")
    if os.name == "posix" and os.getuid() == 0:  # as on a student's machine, where the checkout is not root's
        for path in [place, *place.rglob("*")]:
            os.chown(path, 1234, 1234)
    made = Composed(place, f"workshop-lab-{os.getpid()}")
    try:
        yield made
    finally:
        made.compose("--profile", "*", "down", "--volumes", "--rmi", "local", "--timeout", "30")  # `lab` has a profile


def ask(address, token=None, data=None, method=None):
    """(status, body) of one request; redirects are not followed."""
    request = urllib.request.Request(
        address, data=data, method=method, headers={"Authorization": f"token {token}"} if token else {}
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=20) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")


def run(base, token, path, *cells):
    """Runs cells in the kernel of a notebook, as the browser does; returns what they print and show, as plain text."""
    asked = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    status, body = ask(f"{base}/api/sessions", token, json.dumps(asked).encode(), "POST")
    assert status == 201, body
    kernel = json.loads(body)["kernel"]["id"]
    address = f"ws{base.removeprefix('http')}/api/kernels/{kernel}/channels?token={token}"
    said = []
    with contextlib.closing(websocket.create_connection(address, timeout=PATIENCE)) as channels:
        for cell in cells:
            said += _outputs(channels, cell)
    return "".join(said)


def _outputs(channels, cell):
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "username": "",
        "session": uuid.uuid4().hex,
        "version": "5.3",
    }
    content = {
        "code": cell,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    request = {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }
    channels.send(json.dumps(request))
    while True:
        answer = json.loads(channels.recv())
        content = answer["content"]
        if answer["parent_header"].get("msg_id") != header["msg_id"] or answer["channel"] != "iopub":
            continue
        if answer["msg_type"] == "status" and content["execution_state"] == "idle":
            return
        if "text" in content or "data" in content:
            yield content.get("text") or content["data"]["text/plain"]
        if answer["msg_type"] == "error":
            yield "\n".join(content["traceback"])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None
