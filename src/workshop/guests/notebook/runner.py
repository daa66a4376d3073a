"""Runs a notebook's cells and then serves the functions that they define. In a container, or as a local process; needs IPython and redis-py.

Messages are JSON lines on the descriptors that were standard input and output at the start; whatever the notebook prints goes elsewhere.
    {"do": "run", "cells": [[number, source], …], "url": …, "skip": […], "limit": 5}
        {"cell": number} before each, {"ran": [{"cell", "type", "message", "line"}, …]} with those that failed, at the end
    {"do": "call", "id": 1, "name": …, "args": […], "kwargs": {…}}
        {"id": 1, "ready": true, "took": seconds} once a fresh client is connected, with what that took;
        or {"id": 1, "missing": true} or {"id": 1, "empty": true}; then
        {"id": 1, "value": …} or {"id": 1, "error": {…}}; {"id": 1, "gone": true} where the call ended its own process
        {"id": 1, "time_out": seconds} in between, for each connection that the function makes and that gives up some day
    {"do": "kill", "id": 1}
    {"do": "rest"} ends all calls, and what they started; {"rests": true} once that is so
    {"do": "outline", "name": …} {"outline": …}; see outline.py
    {"do": "leave"} ends it all, as the end of the requests does

Three processes, so that nothing that a student starts outlives its time. The first only waits; it clears away what ends (in a container it is
host.py). The second runs the cells, and is ended after them with all that they started: threads, programs. Its fork serves the calls. Each call runs in a child process of its
own, so that it can be ended and leaves nothing behind. The child of the next call is forked, and its client connected, while the grader looks at
what the last call did.
"""

from __future__ import annotations

import contextlib
import gc
import json
import linecache
import os
import pathlib
import re
import selectors
import signal
import sys
import time
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import calling  # type: ignore[import-not-found]  # beside this file
import outline  # type: ignore[import-not-found]
import redis

CELL = "<cell %d>"
IPYTHONS_OWN = re.compile(r"\b(?:get_ipython|display|IPython|_ih|_oh|In|Out)\b")
FORK_LIMIT = 5.0  # seconds
STARTED_TOO_MUCH = (calling.OutOfTime, BlockingIOError, MemoryError)
ENDS = {"value", "error", "unconnected"}  # what the last message about a call has
LINE_LIMIT = 4 * calling.ANSWER_LIMIT  # bytes


class Notebook:
    """The namespace in which the cells run, and what they defined."""

    def __init__(self, end_strays: Callable[[], object]) -> None:
        self.end_strays, self.process = end_strays, os.getpid()
        self.module = types.ModuleType("__main__")
        self.names = self.module.__dict__
        sys.modules["__main__"] = self.module
        self.shell: Any = None
        self.current = 0
        self.sources: dict[int, str] = {}
        self.functions: dict[str, Any] = {}

    def start_shell(self) -> None:
        """Starts IPython's shell at its first use (it takes a tenth of a second): for magics, `!`, `?`, display, await."""
        from IPython.core.history import HistoryManager
        from IPython.core.interactiveshell import InteractiveShell

        HistoryManager.enabled = False  # type: ignore[assignment]
        self.shell = InteractiveShell.instance(user_module=self.module, user_ns=self.names)
        self.shell.showtraceback = lambda *_, **__: None
        self.shell.showsyntaxerror = lambda *_, **__: None
        self.shell.compile.get_code_name = lambda *_: CELL % self.current
        self.shell.ask_exit = lambda: None

    def execute(self, source: str) -> BaseException | None:
        """Runs one cell's source; raises or returns what went wrong, or None."""
        name = CELL % self.current
        if self.shell is None:
            try:
                code = None if IPYTHONS_OWN.search(source) else compile(source, name, "exec")
            except (SyntaxError, ValueError):
                code = None
            if code is not None:
                linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
                exec(code, self.names)
                return None
            self.start_shell()
        result = self.shell.run_cell(source, store_history=False, silent=True)
        problem: BaseException | None = result.error_before_exec or result.error_in_exec
        return problem

    def run(
        self, cells: list[tuple[int, str]], skip: list[int], limit: float, tell: Callable[[dict[str, Any]], None]
    ) -> list[dict[str, Any]]:
        """Runs the cells in order, those that failed once more; returns the failures."""
        self.sources = dict(cells)
        failed: dict[int, dict[str, Any]] = {}
        for turn in (1, 2):
            for number, source in cells:
                if number in skip or (turn == 2 and number not in failed):
                    continue
                if turn == 2 and failed[number]["type"] == "OutOfTime":
                    continue
                tell({"cell": number})
                failed.pop(number, None)
                if error := self.run_cell(number, source, limit):
                    failed[number] = {"cell": number, **error}
                self.keep_functions()
            if not failed:
                break
        return sorted(failed.values(), key=lambda error: error["cell"])

    def run_cell(self, number: int, source: str, limit: float) -> dict[str, Any] | None:
        """Runs one cell; returns what went wrong, or None."""
        self.current = number
        problem: BaseException | None = None
        with calling.time_limit(limit):
            try:
                problem = self.execute(source)
            except BaseException as error:
                problem = error
        if os.getpid() != self.process:
            os._exit(0)  # a process that the cell forked has come to its end
        if isinstance(problem, STARTED_TOO_MUCH):
            self.end_strays()
        return self.told(problem) if problem else None

    def keep_functions(self) -> None:
        """Keeps each function that a cell defined; one that is written is not lost to a later copy that is not."""
        for name, value in list(self.names.items()):
            if callable(value) and not name.startswith("_"):
                known = self.functions.get(name)
                if known is None or (known is not value and (not calling.is_empty(value) or calling.is_empty(known))):
                    self.functions[name] = value

    def told(self, error: BaseException) -> dict[str, Any]:
        """An exception as data, with the place in the student's cells."""
        place: int | None = None
        line: int | None = None
        traceback = error.__traceback__
        while traceback:
            name = traceback.tb_frame.f_code.co_filename
            if name.startswith("<cell "):
                place, line = int(name[6:-1]), traceback.tb_lineno
            traceback = traceback.tb_next
        if isinstance(error, SyntaxError) and (error.filename or "").startswith("<cell "):
            place, line = int(str(error.filename)[6:-1]), error.lineno
        rows = self.sources.get(place or 0, "").splitlines()
        source = rows[line - 1].strip() if line and 0 < line <= len(rows) else None
        message = str(error.msg if isinstance(error, SyntaxError) else error)[:1000]
        return {"type": type(error).__name__, "message": message, "place": place, "line": line, "source": source}


class Child(NamedTuple):
    """A process for one call: `read` has what it says; a message to `write` begins the call."""

    pid: int
    read: int
    write: int


class Runner:
    """Serves messages; one child process for each call."""

    def __init__(self, life: int | None = None) -> None:
        """`life` is what a host has given it, in whose container every other process is one that it started."""
        gc.disable()
        self.is_alone = life is not None
        self.requests, self.answers = os.dup(0), os.dup(1)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        self.notebook: Any = None
        self.url = ""
        self.client: Any = None  # not connected here: each child connects its own copy
        self.children: dict[int, Child] = {}  # by the number of their call
        self.spare: Child | None = None  # waits for the next call; only while no call runs, so that none can harm it
        # Calls of a spare that is not ready: what an earlier call left may have killed it.
        self.again: dict[int, dict[str, Any]] = {}
        self.rests: dict[
            int | None, bytes
        ] = {}  # the beginning of a line that a call, or the grader (None), has yet to end
        self.selector: Any = None
        self.life = life  # open as long as one of the processes lives that serve

    def watch_over(self) -> None:
        """What the first process does: it lets a fork of it serve, and clears away what ends until that one has ended. Returns in the fork."""
        life, self.life = os.pipe()
        if os.fork() == 0:
            os.close(life)
            os.setpgid(0, 0)  # with all that the cells will start
            return
        for descriptor in (self.life, self.requests, self.answers):
            os.close(descriptor)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()
        os.read(life, 1)  # the one that serves the calls is the child of another
        os._exit(0)

    def end_strays(self) -> None:
        """Ends all that the cells have started and that still runs beside this process."""
        if os.name != "posix":
            return
        if self.is_alone:
            with contextlib.suppress(OSError):
                os.kill(-1, signal.SIGKILL)  # all but this process and the host, which is another user's
            return
        os.setpgid(0, os.getpgid(os.getppid()))
        with contextlib.suppress(OSError):
            os.killpg(os.getpid(), signal.SIGKILL)
        os.setpgid(0, 0)

    def tell(self, message: dict[str, Any]) -> None:
        """Sends a message to the grader."""
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self.answers, data) :]

    def serve(self) -> None:
        """Serves until the requests end."""
        self.notebook = Notebook(self.end_strays)
        self.tell({"up": True, "group": os.getpid()})
        if os.name != "posix":
            self.serve_without_fork()
            return
        self.listen()
        while True:
            for key, _ in self.selector.select():
                if key.data is not None and key.data not in self.children:
                    continue  # ended a moment ago; what has its descriptor now is another
                chunk = os.read(key.fd, 65536)
                *lines, self.rests[key.data] = (self.rests.get(key.data, b"") + chunk).split(b"\n")
                if key.data is None:
                    if not chunk:
                        self.end_all()
                        return
                    for line in lines:
                        self.obey(json.loads(line))
                else:
                    self.hear(key.data, lines, ended=not chunk or len(self.rests[key.data]) > LINE_LIMIT)

    def listen(self) -> None:
        """From now on this process takes the requests."""
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.requests, selectors.EVENT_READ, None)

    def obey(self, message: dict[str, Any]) -> None:
        """One message of the grader."""
        what = message["do"]
        if what == "run":
            self.url = message["url"]
            self.client = calling.client_for_a_call(self.url)
            self.tell({"ran": self.notebook.run(message["cells"], message["skip"], message["limit"], self.tell)})
            with contextlib.suppress(
                redis.RedisError
            ):  # what redis-py loads and makes once, at its first connection, it need not do in each child
                calling.connect(self.client).close()
            gc.freeze()  # the children share what is there by now
            if os.name == "posix":
                self.leave_the_cells()
        elif what == "call":
            self.call(message)
        elif what == "rest":
            self.rest()
        elif what == "leave":
            self.end_all()
            os._exit(0)
        elif what == "outline":
            self.tell({"outline": outline.outline(self.notebook.sources.values(), message["name"])})
        elif message["id"] in self.children:
            self.end(message["id"])

    def leave_the_cells(self) -> None:
        """Goes on in a fork, which has no threads but its own, and ends this process with all that the cells have started."""
        self.end_strays()
        if not self.is_alone:
            os.setpgid(0, os.getpgid(os.getppid()))
        if forked() != 0:
            os._exit(0)
        self.listen()
        self.spare = self.fork()

    def rest(self) -> None:
        """Ends all calls and what they have started."""
        for number in list(self.children):
            self.end(number)
        self.tell({"rests": True})

    def end_what_is_left(self) -> None:
        """In a container: ends what the calls have started in sessions of its own."""
        known = {1, os.getpid(), *([self.spare.pid] if self.spare else [])}
        if self.is_alone and processes() - known:
            self.end_strays()
            if self.spare:
                self.remove(self.spare)
                self.spare = None

    def found(self, message: dict[str, Any]) -> Any:
        """The function that a message names; None, and told so, where there is none to call."""
        function = self.notebook.functions.get(message["name"])
        if function is None or calling.is_empty(function):
            self.tell({"id": message["id"], "missing" if function is None else "empty": True})
            return None
        return function

    def call(self, message: dict[str, Any]) -> None:
        """Has a child make one call."""
        function = self.found(message)
        if function is None:
            return
        if self.spare:
            self.again[message["id"]] = message
        child, self.spare = self.spare or self.fork(), None
        self.begin(child, message)

    def begin(self, child: Child, message: dict[str, Any]) -> None:
        """Tells a child what to call. One that is gone, or is just going, is heard to end."""
        self.children[message["id"]] = child
        self.selector.register(child.read, selectors.EVENT_READ, message["id"])
        with contextlib.suppress(OSError), os.fdopen(child.write, "wb") as whole:
            whole.write(json.dumps(message).encode())

    def fork(self) -> Child:
        """Forks a child. It does all of the work: each page of memory that this process touches between two forks is copied."""
        begun = time.monotonic()
        (read, answers), (requests, write) = os.pipe(), os.pipe()
        pid = forked()
        if pid == 0:
            with contextlib.suppress(BaseException):
                for descriptor in (read, write):
                    os.close(descriptor)
                self.be_child(requests, answers, begun)
            os._exit(0)
        os.close(answers)
        os.close(requests)
        return Child(pid, read, write)

    def be_child(self, requests: int, answers: int, begun: float) -> None:
        """What the child does: connect, wait for its call, make it, answer. Nothing that leads to the grader is open in the call but `answers`."""
        os.setsid()
        mine = (self.requests, self.answers, self.life, *(other.read for other in self.children.values()))
        for descriptor in filter(None, mine):
            os.close(descriptor)
        self.selector.close()
        self.answers = answers
        self.problem()
        took = time.monotonic() - begun
        with os.fdopen(requests, "rb") as whole:
            message = json.loads(whole.read())
        if problem := self.problem():  # asked again: Redis may have been stopped in the meantime, or may be back
            self.tell({"id": message["id"], "unconnected": problem})
            return
        number, function = message["id"], self.notebook.functions[message["name"]]
        self.tell({"id": number, "ready": True, "took": took})
        with calling.time_outs(lambda seconds: self.tell({"id": number, "time_out": seconds})):
            answer = calling.answer_of(self.notebook.told, function, self.client, message)
        self.tell({"id": number, **answer})

    def problem(self) -> str:
        """Connects the client, where it is not connected; returns why it could not be, or ""."""
        try:
            calling.connect(self.client)
        except redis.RedisError as error:
            return str(error) or type(error).__name__
        return ""

    def hear(self, number: int, lines: list[bytes], ended: bool) -> None:
        """Hands on what a child said: first that it is ready, then its answer, after which it is ended."""
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if isinstance(answer, dict) and answer.get("id") == number:
                self.again.pop(number, None)
                self.tell(answer)
                if ENDS & answer.keys():
                    self.end(number)
                    return
        if ended and number in self.children:
            again = self.again.pop(number, None)
            if again is None:
                self.tell({"id": number, "gone": True})
            self.end(number)
            if again:
                self.call(again)
                self.again.pop(number, None)  # once

    def end(self, number: int) -> None:
        """Ends a call's process and all that it started; then the next call's can be made."""
        child = self.children.pop(number)
        self.rests.pop(number, None)
        self.again.pop(number, None)
        self.selector.unregister(child.read)
        self.remove(child)
        if not self.children:
            self.end_what_is_left()
        if not self.children and self.spare is None:
            self.spare = self.fork()

    def remove(self, child: Child) -> None:
        """Ends a process and all that it started."""
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.kill(child.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.waitpid(child.pid, 0)
        os.close(child.read)

    def end_all(self) -> None:
        """Ends every call that still runs, and the process that waits for one."""
        for child in [*self.children.values(), *([self.spare] if self.spare else [])]:
            self.remove(child)
        if self.is_alone:
            self.end_strays()

    def serve_without_fork(self) -> None:
        """For Windows: a call runs in this process; the grader ends it all where one hangs."""
        with os.fdopen(self.requests, "rb") as requests:
            for line in requests:
                message = json.loads(line)
                if message["do"] == "call":
                    function = self.found(message)
                    if function is not None:
                        begun = time.monotonic()
                        client = calling.connect(calling.client_for_a_call(self.url))
                        self.tell({"id": message["id"], "ready": True, "took": time.monotonic() - begun})
                        self.tell(
                            {"id": message["id"], **calling.answer_of(self.notebook.told, function, client, message)}
                        )
                elif message["do"] in ("run", "outline"):
                    self.obey(message)
                elif message["do"] == "rest":
                    self.tell({"rests": True})


def forked() -> int:
    """What os.fork returns. At the limit of processes it tries again: those that were ended a moment ago count until they are cleared away."""
    end = time.monotonic() + FORK_LIMIT
    while True:
        try:
            return os.fork()
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def processes() -> set[int]:
    """All processes of this container."""
    return {int(path.name) for path in pathlib.Path("/proc").iterdir() if path.name.isdigit()}


class Silent:
    """What takes the place of a name of the workshop's that shows something: it takes any call, block or attribute, and does nothing."""

    def __call__(self, *_: object, **__: object) -> Silent:
        return self

    def __getattr__(self, name: str) -> Silent:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    __enter__ = __call__

    def __exit__(self, *_: object) -> None:
        """An exception in its block goes on."""


def stand_in() -> None:
    """`from workshop.notebooks import check` works here, and `check` does nothing: it is the grader who asks. Plots are not drawn."""
    package, module = types.ModuleType("workshop"), types.ModuleType("workshop.notebooks")
    vars(package).update(notebooks=module, __path__=[])
    vars(module).update(connect=calling.client_of, __getattr__=Silent().__getattr__)
    sys.modules.update({"workshop": package, "workshop.notebooks": module})
    sys.modules["matplotlib"] = None  # type: ignore[assignment]  # importing it takes a second, and the container has none


def main() -> None:
    """Serves until standard input ends."""
    stand_in()
    runner = Runner()
    if os.name == "posix":
        runner.watch_over()
    runner.serve()
    os._exit(0)  # tidying up takes Python longer than a call


if __name__ == "__main__":
    main()
