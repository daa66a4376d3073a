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

import websocket
from calling import COMMAND

from workshop.course.places import ROOT

ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/(\S*)\?token=(\w+)")
PATIENCE = 60.0  # seconds in which JupyterLab starts on a busy machine


def checkout(folder, *more):
    """A copy of what the lab needs of this checkout, and of `more`; returns the folder."""
    unwanted = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("lessons", "notebooks", "src", *more):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
        else:
            shutil.copyfile(ROOT / name, folder / name)
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
